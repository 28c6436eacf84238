//! A schedule that knows the future, for objects of any size: it packs intervals, cheapest first.
//!
//! To hit, a cache must hold the object since its last request: an interval that takes up the
//! object's size for so many requests. The intervals are taken in order of size times length, each
//! if it still fits at every moment of it. What comes out is a schedule that a cache could follow, so
//! the best possible one hits no less. With `pfoo-lower` it encloses the optimum, which takes
//! exponential time to find once sizes differ.
//!
//! It does what PFOO-U is for, but is not PFOO-U, which solves a flow problem a stretch of the trace.
//! For objects of one size `belady:bypass=true` is the optimum; this one is not.
//!
//! `goal=bytes` packs for hit bytes: the order is size times length by bytes hit, which is the length if
//! sizes do not change. Counts are those of the one schedule. An object whose size changes is given
//! the largest so far. Objects larger than the capacity are never held. After a warm-up only
//! intervals that end later are packed.
//!
//! O(n log n). State: 24 bytes an object and 64 to 96 a request.

use cache::prelude::*;
use cache::{Counts, Plan, Progress, WholeRun};

use super::intervals::{Interval, Weigh, intervals};
use super::load::Load;

cache::whole_run! {
    #[doc = "Knows the future: a schedule, for any sizes, that holds what needs least space and time"]
    GreedyIntervals = "greedy-intervals" {
        family: Offline,
        aliases: [],
        paper: ("Greedy packing of the intervals between requests", "folklore; for the bound it gives see pfoo-lower", ""),
    }
}

/// What is packed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// Hits.
    Hits,
    /// Bytes hit.
    Bytes,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// What the schedule is packed for: `hits` or `bytes`.
    pub goal: Goal,
}

impl Default for Params {
    fn default() -> Self {
        Params { goal: Goal::Hits }
    }
}

/// The schedule.
#[derive(Debug)]
pub struct GreedyIntervals {
    capacity: u64,
    goal: Goal,
}

impl GreedyIntervals {
    /// What an interval needs for a unit of the goal; the earlier end first among equals.
    fn price(&self, interval: &Interval, plan: &Plan<'_>) -> (f64, u32) {
        let space = interval.weight as f64 * f64::from(interval.end - interval.start);
        let worth = match self.goal {
            Goal::Hits => 1,
            Goal::Bytes => plan.trace.size(interval.end as usize).max(1),
        };
        (space / worth as f64, interval.end)
    }
}

impl WholeRun for GreedyIntervals {
    type Params = Params;
    const NEEDS: Needs = Needs { next_use: true };

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        Ok(GreedyIntervals { capacity: setup.capacity, goal: params.goal })
    }

    fn run(self, plan: &Plan<'_>, progress: Progress<'_>) -> Option<Counts> {
        let mut counts = super::requested(plan);
        let mut by_price: Vec<_> = intervals(plan, self.capacity, Weigh::Most)
            .into_iter()
            .map(|interval| (self.price(&interval, plan), interval))
            .collect();
        by_price.sort_unstable_by(|((a, end_a), _), ((b, end_b), _)| {
            a.total_cmp(b).then(end_a.cmp(end_b))
        });
        let mut load = Load::new(plan.trace.n_requests());
        for (done, (_, Interval { start, end, weight })) in by_price.into_iter().enumerate() {
            // Moment i lies between requests i and i + 1.
            let moments = start as usize..end as usize;
            if load.peak(moments.clone()) <= self.capacity - weight {
                load.add(moments, weight);
                counts.hits += 1;
                counts.hit_bytes += plan.trace.size(end as usize);
            }
            if done % 4096 == 0 && progress(done).is_break() {
                return None;
            }
        }
        progress(plan.trace.n_requests()).is_continue().then_some(counts)
    }
}
