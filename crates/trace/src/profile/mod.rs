//! What a trace is like, in numbers: what `trace info` prints.
//!
//! Everything is counted over all requests whatever their operation, except where it says so. An
//! object's size is the one it is first seen with; a trace without sizes has objects of 1 byte.
//!
//! Cost: a few passes over the columns and a sort of the objects by popularity. Memory: some 30
//! bytes an object and 4 bytes a request.

mod gamma;
mod objects;
mod popularity;
mod quantiles;
mod working_set;

pub use popularity::Popularity;
pub use quantiles::Quantiles;
pub use working_set::WorkingSet;

use serde::Serialize;

use crate::trace::{Keys, Labels, ObjectId, Op, Trace};
use objects::PerObject;

/// The figures of a trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Profile {
    /// Requests.
    pub n_requests: u64,
    /// Requests by operation.
    pub n_ops: Ops,
    /// Distinct objects.
    pub n_objects: u64,
    /// Distinct clients; `None` if the trace does not know them.
    pub n_clients: Option<u64>,
    /// Distinct regions; `None` if the trace does not know them.
    pub n_regions: Option<u64>,
    /// Sum of the sizes of all requests.
    pub requested_bytes: u64,
    /// Sum of the sizes of all objects.
    pub footprint_bytes: u64,
    /// When requests came; `None` if the trace does not know.
    pub time: Option<Time>,
    /// Requests an object, on average.
    pub mean_requests_per_object: f64,
    /// Objects requested once, as a share of objects.
    pub one_hit_ratio: f64,
    /// First requests for an object, as a share of requests: no cache without prefetching can have
    /// a lower object miss ratio.
    pub compulsory_miss_ratio: f64,
    /// Requests from one for an object to the next for the same: 1 is immediately again. `None` if
    /// no object is requested twice.
    pub reuse_time_requests: Option<Quantiles>,
    /// Sizes of objects; `None` if the trace has none.
    pub object_bytes: Option<Quantiles>,
    /// Objects that are not always requested with the same size.
    pub n_objects_resized: u64,
    /// The objects requested most, most requested first.
    pub top_objects: Vec<TopObject>,
    /// Zipf's law fitted to the popular objects; `None` if too few are requested often enough.
    pub popularity: Option<Popularity>,
    /// How much is in use within windows of several lengths.
    pub working_sets: Vec<WorkingSet>,
}

/// Requests by operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Ops {
    /// Reads.
    pub get: u64,
    /// Writes.
    pub set: u64,
    /// Removals.
    pub delete: u64,
}

/// Figures of the time column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Time {
    /// From the first stamp to the last.
    pub span_ns: u64,
    /// Requests a second over the span; `None` if all have the same stamp.
    pub requests_per_second: Option<f64>,
    /// What the source says two stamps can differ by at least.
    pub resolution_ns: u64,
    /// Unix time of trace time 0, where the source says.
    pub epoch_unix_ns: Option<u64>,
}

/// One of the most requested objects.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopObject {
    /// Its key, or its id if the trace has no keys.
    pub key: String,
    /// How often it is requested.
    pub n_requests: u64,
    /// That as a share of all requests.
    pub share: f64,
    /// Its size.
    pub bytes: u64,
}

/// The figures of `trace`, with its `n_top` most popular objects. Ratios of nothing to nothing are 0.
pub fn profile(trace: &Trace, n_top: usize) -> Profile {
    let columns = trace.columns();
    let (n_requests, n_objects) = (trace.n_requests() as u64, u64::from(trace.n_objects()));
    let (objects, mut reuse_times) = PerObject::count(trace);
    let ratio = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    let n_once = objects.n_requests.iter().filter(|n| **n == 1).count() as u64;
    Profile {
        n_requests,
        n_ops: ops(trace),
        n_objects,
        n_clients: columns.client.as_ref().map(n_labels),
        n_regions: columns.region.as_ref().map(n_labels),
        requested_bytes: trace.requested_bytes(),
        footprint_bytes: trace.footprint_bytes(),
        time: time(trace),
        mean_requests_per_object: ratio(n_requests, n_objects),
        one_hit_ratio: ratio(n_once, n_objects),
        compulsory_miss_ratio: ratio(n_objects, n_requests),
        reuse_time_requests: Quantiles::of(&mut reuse_times),
        object_bytes: columns.size.as_ref().and_then(|_| Quantiles::of(&mut objects.bytes.clone())),
        n_objects_resized: objects.resized.iter().filter(|resized| **resized).count() as u64,
        top_objects: top(&objects, columns.keys.as_ref(), n_requests, n_top),
        popularity: Popularity::fit(&objects.n_requests),
        working_sets: working_set::all(trace),
    }
}

fn n_labels(labels: &Labels) -> u64 {
    labels.names.len() as u64
}

fn ops(trace: &Trace) -> Ops {
    let Some(ops) = &trace.columns().op else {
        return Ops { get: trace.n_requests() as u64, ..Ops::default() };
    };
    let mut counts = Ops::default();
    for op in ops {
        match op {
            Op::Get => counts.get += 1,
            Op::Set => counts.set += 1,
            Op::Delete => counts.delete += 1,
        }
    }
    counts
}

fn time(trace: &Trace) -> Option<Time> {
    let (first, last) = trace.span_ns()?;
    let (span_ns, clock) = (last - first, trace.columns().clock);
    Some(Time {
        span_ns,
        requests_per_second: (span_ns > 0)
            .then(|| trace.n_requests() as f64 / (span_ns as f64 / 1e9)),
        resolution_ns: clock.resolution_ns,
        epoch_unix_ns: clock.epoch_unix_ns,
    })
}

/// The most requested objects; of equals, the one seen first.
fn top(objects: &PerObject, keys: Option<&Keys>, n_requests: u64, n_top: usize) -> Vec<TopObject> {
    let mut ids: Vec<u32> = (0..objects.n_requests.len() as u32).collect();
    let order = |id: &u32| (std::cmp::Reverse(objects.n_requests[*id as usize]), *id);
    if ids.len() > n_top {
        ids.select_nth_unstable_by_key(n_top, order);
        ids.truncate(n_top);
    }
    ids.sort_unstable_by_key(order);
    let describe = |id: u32| TopObject {
        key: keys.map_or_else(|| id.to_string(), |keys| keys.label(ObjectId(id)).into_owned()),
        n_requests: u64::from(objects.n_requests[id as usize]),
        share: f64::from(objects.n_requests[id as usize]) / n_requests as f64,
        bytes: objects.bytes.get(id as usize).copied().unwrap_or(1),
    };
    ids.into_iter().map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{Has, Row, TraceBuilder};
    use crate::interner::Key;
    use crate::report::ReadReport;
    use crate::trace::Columns;

    #[test]
    fn a_small_trace_by_hand() {
        let mut builder = TraceBuilder::new(Has {
            time: true,
            size: true,
            op: true,
            client: true,
            ..Has::default()
        });
        let rows: [(&[u8], u64, u64, Op); 6] = [
            (b"a", 0, 10, Op::Get),
            (b"b", 1, 20, Op::Set),
            (b"a", 1, 10, Op::Get),
            (b"c", 2, 30, Op::Get),
            (b"a", 2, 15, Op::Get),
            (b"b", 3, 20, Op::Delete),
        ];
        for (key, seconds, size, op) in rows {
            let time_ns = seconds * 1_000_000_000;
            builder.push(&Row { time_ns, size, op, ..Row::of(Key::Text(key)) }).unwrap();
        }
        let profile = profile(&builder.finish("t", "t").unwrap(), 10);
        assert_eq!((profile.n_requests, profile.n_objects, profile.n_clients), (6, 3, Some(1)));
        assert_eq!(profile.n_ops, Ops { get: 4, set: 1, delete: 1 });
        assert_eq!((profile.requested_bytes, profile.footprint_bytes), (105, 60));
        let time = profile.time.unwrap();
        assert_eq!((time.span_ns, time.requests_per_second), (3_000_000_000, Some(2.0)));
        assert_eq!(profile.mean_requests_per_object, 2.0);
        assert_eq!((profile.one_hit_ratio, profile.compulsory_miss_ratio), (1.0 / 3.0, 0.5));
        // a: 2 and 2 requests on, b: 4.
        let reuse = profile.reuse_time_requests.unwrap();
        assert_eq!((reuse.min, reuse.p50, reuse.max), (2, 2, 4));
        assert_eq!(profile.object_bytes.unwrap().p50, 20);
        assert_eq!(profile.n_objects_resized, 1);
        let top: Vec<_> = profile.top_objects.iter().map(|o| (o.key.as_str(), o.share)).collect();
        assert_eq!(top, [("a", 0.5), ("b", 2.0 / 6.0), ("c", 1.0 / 6.0)]);
        assert_eq!(profile.popularity, None);
    }

    #[test]
    fn the_top_is_by_count_then_by_appearance() {
        let trace = Trace::from_numbers("t", (0..100).chain([50, 60, 60, 3]));
        let top = profile(&trace, 10).top_objects;
        let keys: Vec<_> = top.iter().map(|object| object.key.as_str()).collect();
        assert_eq!(keys, ["60", "3", "50", "0", "1", "2", "4", "5", "6", "7"]);
    }

    #[test]
    fn nothing_has_figures_too() {
        let empty = Trace::new("t", Columns::untimed(Vec::new()), ReadReport::default()).unwrap();
        let profile = profile(&empty, 10);
        assert_eq!((profile.n_requests, profile.one_hit_ratio), (0, 0.0));
        assert!(profile.top_objects.is_empty() && profile.working_sets.is_empty());
    }
}
