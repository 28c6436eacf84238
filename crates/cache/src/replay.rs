//! Flat replay: one cache, one policy, one capacity, counts only.
//!
//! Every request is a read that fills on a miss, whatever its operation, as in the reference
//! simulators; an empty cache at the start. The loop runs in blocks, so that sizes of either width
//! reach it as one type and progress is reported without a branch a request.

use std::ops::ControlFlow;

use trace::{NEVER, ObjectId, Trace};

use crate::{Access, Cache, Eviction, Request, Unit};

/// What a replay counted, after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Requests counted.
    pub requests: u64,
    /// Those whose object was resident.
    pub hits: u64,
    /// Sum of the sizes of the requests counted.
    pub bytes: u64,
    /// Sum of the sizes of the hits.
    pub hit_bytes: u64,
    /// Misses on objects larger than the capacity.
    pub oversized: u64,
    /// Misses on objects that the policy would not have.
    pub refused: u64,
    /// Misses on objects that the admission policy turned away.
    pub denied: u64,
    /// What prefetching did.
    pub prefetches: Prefetches,
}

/// What prefetching did, after warm-up. Prefetches are not requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prefetches {
    /// Objects brought in unasked.
    pub issued: u64,
    /// Those of them asked for before they left.
    pub used: u64,
    /// Those that left unused: pollution. The rest were resident and unused at the end.
    pub unused: u64,
    /// Sum of the sizes of those brought in.
    pub bytes: u64,
}

impl Counts {
    /// Requests whose object was not resident.
    pub fn misses(&self) -> u64 {
        self.requests - self.hits
    }

    /// Bytes of the misses.
    pub fn byte_misses(&self) -> u64 {
        self.bytes - self.hit_bytes
    }

    /// Misses / requests; 0 of no requests.
    pub fn miss_ratio(&self) -> f64 {
        ratio(self.misses(), self.requests)
    }

    /// Byte misses / bytes; 0 of no bytes.
    pub fn byte_miss_ratio(&self) -> f64 {
        ratio(self.byte_misses(), self.bytes)
    }

    /// Prefetches used / prefetches issued; 0 of none.
    pub fn prefetch_accuracy(&self) -> f64 {
        ratio(self.prefetches.used, self.prefetches.issued)
    }

    /// Prefetches used / these and the misses left: the share of misses spared, if each use counts as
    /// one; 0 of none.
    pub fn prefetch_coverage(&self) -> f64 {
        ratio(self.prefetches.used, self.prefetches.used + self.misses())
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// What to replay.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The requests.
    pub trace: &'a Trace,
    /// What sizes count.
    pub unit: Unit,
    /// Requests at the start that fill the cache but are not counted.
    pub warmup: usize,
    /// From [`trace::next_use`], for policies that need it.
    pub next_use: Option<&'a [u32]>,
}

const BLOCK: usize = 1 << 12;

/// Requests between the one handled and the one whose memory is fetched: enough to hide the main
/// memory's latency, few enough for the fetched lines to stay in the first-level cache.
const FAR: usize = 24;
/// Requests between the one handled and the one whose memory points to more.
const NEAR: usize = 8;

/// Replays the plan through `cache`. `progress` is told the number of requests done after each
/// block of some thousand and may stop the run, which then returns `None`.
///
/// # Panics
/// If the policy needs next uses and the plan has none: [`crate::PolicyInfo::run`] sees to that.
pub fn replay<E: Eviction>(
    plan: &Plan<'_>,
    cache: &mut Cache<E>,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Option<Counts> {
    match (plan.unit, E::NEEDS.next_use) {
        (Unit::Objects, false) => run::<E, false, false>(plan, cache, progress),
        (Unit::Objects, true) => run::<E, false, true>(plan, cache, progress),
        (Unit::Bytes, false) => run::<E, true, false>(plan, cache, progress),
        (Unit::Bytes, true) => run::<E, true, true>(plan, cache, progress),
    }
}

fn run<E: Eviction, const BYTES: bool, const FUTURE: bool>(
    plan: &Plan<'_>,
    cache: &mut Cache<E>,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Option<Counts> {
    let objects = plan.trace.objects();
    let sizes = plan.trace.columns().size.as_ref();
    let mut block_sizes = [1u64; BLOCK];
    let mut counts = Counts::default();
    let mut start = 0;
    while start < objects.len() {
        // A block never straddles the end of the warm-up.
        let limit =
            if start < plan.warmup { plan.warmup.min(objects.len()) } else { objects.len() };
        let block = &objects[start..limit.min(start + BLOCK)];
        let block_sizes = &mut block_sizes[..block.len()];
        if let Some(sizes) = sizes {
            sizes.copy_block(start, block_sizes);
        }
        let next_use = if FUTURE {
            &plan.next_use.expect("given to policies that need it")[start..start + block.len()]
        } else {
            &[]
        };
        let ahead = &objects[start..];
        let done = run_block::<E, BYTES, FUTURE>(cache, start, block, ahead, block_sizes, next_use);
        if start >= plan.warmup {
            counts.requests += done.requests;
            counts.hits += done.hits;
            counts.bytes += done.bytes;
            counts.hit_bytes += done.hit_bytes;
            counts.oversized += done.oversized;
            counts.refused += done.refused;
        }
        start += block.len();
        if progress(start).is_break() {
            return None;
        }
    }
    Some(counts)
}

/// The hot loop. It counts misses, not hits, which are most: nothing is added up on a hit.
#[inline(always)]
fn run_block<E: Eviction, const BYTES: bool, const FUTURE: bool>(
    cache: &mut Cache<E>,
    start: usize,
    block: &[ObjectId],
    ahead: &[ObjectId],
    sizes: &[u64],
    next_use: &[u32],
) -> Counts {
    let (mut misses, mut miss_bytes) = (0, 0);
    let (mut refused, mut oversized) = (0, 0);
    for (i, object) in block.iter().enumerate() {
        let request = Request {
            object: *object,
            size: if BYTES { sizes[i] } else { 1 },
            seq: (start + i) as u64,
            next_use: if FUTURE { next_use[i] } else { NEVER },
        };
        if let Some(upcoming) = ahead.get(i + FAR) {
            cache.touch(*upcoming);
            cache.approach(ahead[i + NEAR]);
        }
        let access = cache.access::<BYTES>(&request);
        if access != Access::Hit {
            misses += 1;
            miss_bytes += sizes[i];
            refused += u64::from(access == Access::Refused);
            oversized += u64::from(access == Access::Oversized);
        }
    }
    let (requests, bytes) = (block.len() as u64, sizes.iter().sum::<u64>());
    Counts {
        requests,
        hits: requests - misses,
        bytes,
        hit_bytes: bytes - miss_bytes,
        refused,
        oversized,
        ..Counts::default()
    }
}
