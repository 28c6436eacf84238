//! The times between two requests for one object: what a cache can hold, or not.
//!
//! A hit means that the object was resident all the time since its last request, for objects come in
//! only when they are asked for. So a schedule of a cache is a choice of such intervals, and it fits
//! if at no time the chosen ones together exceed the capacity.

use cache::{Plan, Unit};

/// The time between two requests for one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    /// The earlier request.
    pub(super) start: u32,
    /// The later one, which hits if the object is held.
    pub(super) end: u32,
    /// What the object occupies.
    pub(super) weight: u64,
}

/// What an object occupies if its size changes. A resident has the size it came in with, at any of
/// its requests so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weigh {
    /// The least size so far: no less is possible.
    Least,
    /// The largest: that much is always enough.
    Most,
}

/// The intervals that end after the warm-up and fit into the capacity, in order of their ends.
pub(super) fn intervals(plan: &Plan<'_>, capacity: u64, weigh: Weigh) -> Vec<Interval> {
    let n_objects = plan.trace.n_objects() as usize;
    // Last request of each object and what it may occupy.
    let mut last: Vec<Option<(u32, u64)>> = vec![None; n_objects];
    let mut intervals = Vec::with_capacity(plan.trace.n_requests().saturating_sub(n_objects));
    for (end, object) in (0..).zip(plan.trace.objects()) {
        let size = match plan.unit {
            Unit::Objects => 1,
            Unit::Bytes => plan.trace.size(end as usize),
        };
        let seen = &mut last[object.index()];
        if let Some((start, weight)) = *seen
            && end as usize >= plan.warmup
            && weight <= capacity
        {
            intervals.push(Interval { start, end, weight });
        }
        let weight = match (*seen, weigh) {
            (None, _) => size,
            (Some((_, before)), Weigh::Least) => before.min(size),
            (Some((_, before)), Weigh::Most) => before.max(size),
        };
        *seen = Some((end, weight));
    }
    intervals
}
