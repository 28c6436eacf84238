//! LRU at all capacities in one pass.
//!
//! LRU keeps the most recently used objects that fit, so a request hits in every cache that holds its
//! object and all that was requested since: its *depth* on the LRU stack (Mattson, Gecsei, Slutz and
//! Traiger: "Evaluation techniques for storage hierarchies", IBM Systems Journal 9(2), 1970, doi
//! 10.1147/sj.92.0078). The distribution of depths is the miss-ratio curve, exactly. How a depth is
//! found is in `recency`: O(log16 objects) a request, in memory that mostly stays in the processor's
//! caches.
//!
//! # Where the curve is exact
//!
//! Compared with a replay of `lru` at a capacity:
//!
//! - **Objects**: exact at every capacity.
//! - **Bytes**, if every object keeps its size: exact from the size of the largest object on
//!   ([`LruCurve::exact_from`]). The cache evicts from the end until the new object fits and no more,
//!   so it always holds the longest prefix of the stack that fits. Below that size it can only be too
//!   high: a cache bypasses what is larger than all of it, and such an object, which is on the stack,
//!   pushes nothing out. The misses of smaller capacities are then no function of one depth: LRU with
//!   bypass can miss more in a larger cache.
//! - **Bytes**, if objects change their sizes ([`LruCurve::resized`]): approximate. A cache charges a
//!   resident the size it had when it came in, and that depends on the capacity; the stack charges
//!   the size of the last request.
//!
//! [`crate::grid`] is exact everywhere.
//!
//! # Cost
//!
//! Memory: 8 bytes an object, and a bit and a half a slot of the axis, of which there are four an object but
//! never more than requests. In bytes 17 bytes a slot, and 8 bytes a request for the depths.
//!
//! Speed, million requests a second of CPU time on one core of a shared machine, 20 million requests,
//! Zipf 1.0 over 915,278 objects:
//!
//! | depths of objects by | |
//! |---|---|
//! | a Fenwick tree over words of 64 slots | 19 |
//! | the same with look-ahead prefetches | 37 |
//! | the tree of `recency`, with the same prefetches | 44 |
//!
//! The whole curve, counting included, took 24 to 28 in objects; in bytes 9 to 11, where sorting the
//! depths is half of it. `cargo run --release -p benches --bin curves` measures it; the first record was
//! made on a machine several times overloaded, and has 20 and 9.

use std::ops::ControlFlow;

use cache::{Progress, Unit};
use trace::{ObjectId, Sizes, Trace};

use crate::recency::{Bits, Depth, Marks, Recency, Weights};

/// Requests as this module needs them.
#[derive(Debug, Clone, Copy)]
pub struct Requests<'a> {
    /// Dense ids.
    pub objects: &'a [ObjectId],
    /// Ids are below this.
    pub n_objects: u32,
    /// Sizes, if depths are to be counted in bytes.
    pub sizes: Option<&'a Sizes>,
}

impl<'a> Requests<'a> {
    /// Those of a trace. One without sizes has objects of 1 byte.
    pub fn of(trace: &'a Trace, unit: Unit) -> Self {
        Requests {
            objects: trace.objects(),
            n_objects: trace.n_objects(),
            sizes: trace.columns().size.as_ref().filter(|_| unit == Unit::Bytes),
        }
    }

    /// Size of request `i` as it counts here.
    pub fn size(&self, i: usize) -> u64 {
        self.sizes.map_or(1, |sizes| sizes.get(i))
    }
}

const BLOCK: usize = 1 << 12;
/// Requests ahead at which the last use of an object is asked for, and then its mark.
const SOON: usize = 32;
const NEXT: usize = 16;

/// Calls `sink` with the depth of each request, or `None` at the first for its object. `progress` is
/// told the requests done after each block of some thousand, and may stop.
pub fn depths(
    requests: &Requests<'_>,
    progress: Progress<'_>,
    sink: impl FnMut(Option<Depth>),
) -> ControlFlow<()> {
    match requests.sizes {
        None => run::<Bits>(requests, progress, sink),
        Some(_) => run::<Weights>(requests, progress, sink),
    }
}

fn run<M: Marks>(
    requests: &Requests<'_>,
    progress: Progress<'_>,
    mut sink: impl FnMut(Option<Depth>),
) -> ControlFlow<()> {
    let objects = requests.objects;
    let mut recency: Recency<M> = Recency::new(requests.n_objects, objects.len());
    let mut sizes = [1; BLOCK];
    for (start, block) in (0..).step_by(BLOCK).zip(objects.chunks(BLOCK)) {
        if let Some(column) = requests.sizes {
            column.copy_block(start, &mut sizes[..block.len()]);
        }
        for (i, (object, size)) in (start..).zip(block.iter().zip(sizes)) {
            if let Some(object) = objects.get(i + SOON) {
                recency.expect_soon(object.index());
                recency.expect_next(objects[i + NEXT].index());
            }
            sink(recency.request(object.index(), size));
        }
        progress(start + block.len())?;
    }
    ControlFlow::Continue(())
}

/// The misses of LRU at every capacity.
#[derive(Debug, Clone, PartialEq)]
pub struct LruCurve {
    n_requests: u64,
    /// Capacities at which hits rise, ascending.
    depths: Vec<u64>,
    /// Hits at each of them.
    hits: Vec<u64>,
    /// Size of the largest request.
    largest: u64,
    resized: bool,
}

impl LruCurve {
    /// The curve of a trace; `None` if `progress` stopped it.
    pub fn of(trace: &Trace, unit: Unit, progress: Progress<'_>) -> Option<Self> {
        let requests = Requests::of(trace, unit);
        let steps = match requests.sizes {
            None => steps_of_objects(&requests, progress)?,
            Some(_) => steps_of_bytes(&requests, progress)?,
        };
        let mut hits = 0;
        let (depths, hits) = steps
            .into_iter()
            .map(|(depth, n)| {
                hits += n;
                (depth, hits)
            })
            .unzip();
        let n_requests = trace.n_requests() as u64;
        let largest = (0..trace.n_requests()).map(|i| requests.size(i)).max().unwrap_or(1);
        Some(LruCurve { n_requests, depths, hits, largest, resized: any_resized(&requests) })
    }

    /// Requests of the trace.
    pub fn n_requests(&self) -> u64 {
        self.n_requests
    }

    /// Misses of an LRU cache of this capacity.
    pub fn misses(&self, capacity: u64) -> u64 {
        let below = self.depths.partition_point(|depth| *depth <= capacity);
        self.n_requests - below.checked_sub(1).map_or(0, |last| self.hits[last])
    }

    /// Misses / requests; 0 of no requests.
    pub fn miss_ratio(&self, capacity: u64) -> f64 {
        self.misses(capacity) as f64 / self.n_requests.max(1) as f64
    }

    /// The capacities at which the misses fall, ascending, each with the hits that it adds.
    pub fn steps(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let before = std::iter::once(0).chain(self.hits.iter().copied());
        let added = self.hits.iter().zip(before).map(|(hits, before)| hits - before);
        self.depths.iter().copied().zip(added)
    }

    /// The least capacity from which on the curve is that of a replay; `None` if objects change their
    /// sizes.
    pub fn exact_from(&self) -> Option<u64> {
        (!self.resized).then_some(self.largest)
    }

    /// Some object is not always requested with the same size.
    pub fn resized(&self) -> bool {
        self.resized
    }
}

/// Depths and how many requests have each, ascending.
type Steps = Vec<(u64, u64)>;

fn steps_of_objects(requests: &Requests<'_>, progress: Progress<'_>) -> Option<Steps> {
    // A trace has fewer than 2^32 requests.
    let mut counts = vec![0u32; requests.n_objects as usize + 1];
    let count = |depth: Option<Depth>| {
        if let Some(depth) = depth {
            counts[depth.others as usize] += 1;
        }
    };
    depths(requests, progress, count).is_continue().then(|| {
        let counted = (1..).zip(counts).filter(|(_, n)| *n > 0);
        counted.map(|(depth, n)| (depth, u64::from(n))).collect()
    })
}

fn steps_of_bytes(requests: &Requests<'_>, progress: Progress<'_>) -> Option<Steps> {
    let mut found: Vec<u64> = Vec::with_capacity(requests.objects.len());
    let keep = |depth: Option<Depth>| found.extend(depth.map(|depth| depth.others + depth.own));
    depths(requests, progress, keep).is_continue().then(|| {
        found.sort_unstable();
        found.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect()
    })
}

fn any_resized(requests: &Requests<'_>) -> bool {
    let Some(sizes) = requests.sizes else { return false };
    // 0 is no size.
    let mut known = vec![0; requests.n_objects as usize];
    requests.objects.iter().enumerate().any(|(i, object)| {
        let size = sizes.get(i);
        let before = std::mem::replace(&mut known[object.index()], size);
        before != 0 && before != size
    })
}
