//! The working set (Denning: "The working set model for program behavior", CACM 11(5), 1968, doi
//! 10.1145/363095.363141): the distinct objects requested within a window.
//!
//! Windows lie end to end from the first request on. A last window that the trace does not fill is
//! left out, so that all are of the same length; windows of time in which nothing happens count.

use serde::Serialize;

use crate::extent::Extent;
use crate::trace::Trace;
use crate::units::Nanos;

/// Distinct objects within windows of one length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WorkingSet {
    /// Length of a window.
    pub window: Extent,
    /// How many windows there are.
    pub n_windows: u64,
    /// Distinct objects in a window, on average.
    pub mean_objects: f64,
    /// Distinct objects in the window that has the most.
    pub max_objects: u64,
    /// Sum of their sizes, each as first seen in the window, on average.
    pub mean_bytes: f64,
    /// The largest such sum.
    pub max_bytes: u64,
}

const MINUTE_NS: u64 = 60_000_000_000;

/// Working sets of 1 % and 10 % of the requests, and of a minute, an hour and a day if the trace
/// has time and lasts that long.
pub(super) fn all(trace: &Trace) -> Vec<WorkingSet> {
    let n_requests = trace.n_requests() as u64;
    let shares = [100, 10].map(|parts| Extent::Requests(n_requests / parts));
    let times = [1, 60, 24 * 60].map(|minutes| Extent::Time(Nanos(minutes * MINUTE_NS)));
    shares.into_iter().chain(times).filter_map(|window| within(trace, window)).collect()
}

/// The working set of windows as long as `window`; `None` if the trace does not fill one.
fn within(trace: &Trace, window: Extent) -> Option<WorkingSet> {
    let times = trace.columns().time_ns.as_deref();
    let (first, last) = trace.span_ns().unwrap_or((0, 0));
    let length = window.value();
    let whole = window.pick(trace.n_requests() as u64, last - first);
    let n_windows = whole.checked_div(length).filter(|n| *n > 0)?;

    // By object, the window it was last seen in, from 1.
    let mut seen = vec![0u64; trace.n_objects() as usize];
    let mut tally = Tally::default();
    for (i, object) in trace.objects().iter().enumerate() {
        let time = times.map_or(0, |times| times[i] - first);
        let window = window.pick(i as u64, time) / length + 1;
        if window > n_windows {
            break;
        }
        if std::mem::replace(&mut seen[object.index()], window) != window {
            tally.add(window, trace.size(i));
        }
    }
    tally.close();
    Some(WorkingSet {
        window,
        n_windows,
        mean_objects: tally.sum_objects as f64 / n_windows as f64,
        max_objects: tally.max_objects,
        mean_bytes: tally.sum_bytes as f64 / n_windows as f64,
        max_bytes: tally.max_bytes,
    })
}

/// Sums over the current window and over all.
#[derive(Debug, Default)]
struct Tally {
    window: u64,
    objects: u64,
    bytes: u64,
    sum_objects: u64,
    sum_bytes: u128,
    max_objects: u64,
    max_bytes: u64,
}

impl Tally {
    /// An object new to `window`; windows come in order.
    fn add(&mut self, window: u64, bytes: u64) {
        if window != self.window {
            self.close();
            self.window = window;
        }
        self.objects += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Ends the current window.
    fn close(&mut self) {
        self.sum_objects += self.objects;
        self.sum_bytes += u128::from(self.bytes);
        self.max_objects = self.max_objects.max(self.objects);
        self.max_bytes = self.max_bytes.max(self.bytes);
        (self.objects, self.bytes) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ReadReport;
    use crate::trace::Sizes;

    #[test]
    fn windows_of_requests_by_hand() {
        // 5 1 5 | 2 2 2 | 1 is left out.
        let trace = Trace::from_numbers("t", [5, 1, 5, 2, 2, 2, 1]);
        let set = within(&trace, Extent::Requests(3)).unwrap();
        assert_eq!((set.n_windows, set.max_objects, set.mean_objects), (2, 2, 1.5));
        assert_eq!(within(&trace, Extent::Requests(8)), None);
        assert_eq!(within(&trace, Extent::Time(Nanos(1))), None);
    }

    #[test]
    fn windows_of_time_count_when_empty_and_sum_bytes() {
        let mut columns = Trace::from_numbers("t", [1, 2, 1, 3]).into_columns();
        columns.time_ns = Some(vec![0, 9, 25, 30]);
        columns.size = Some(Sizes::Narrow(vec![4, 5, 6, 7]));
        let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
        // 0 to 10: objects 1 and 2; 10 to 20: none; 20 to 30: object 1, now of 6 bytes.
        let set = within(&trace, Extent::Time(Nanos(10))).unwrap();
        assert_eq!((set.n_windows, set.max_objects, set.mean_objects), (3, 2, 1.0));
        assert_eq!((set.max_bytes, set.mean_bytes), (9, 5.0));
    }
}
