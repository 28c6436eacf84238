//! A cache without limits: only the first request for an object misses.
//!
//! It ignores the capacity. Its misses are the compulsory ones, which no cache avoids.
//!
//! O(requests). State: a byte an object.

use cache::prelude::*;
use cache::{Counts, Plan, Progress, WholeRun};

cache::whole_run! {
    #[doc = "A cache of any size: only first requests miss, whatever the capacity"]
    Infinite = "infinite" {
        family: Offline,
        aliases: ["unbounded"],
        paper: ("Only compulsory misses", "folklore", ""),
    }
}

/// An infinite cache takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The bound.
#[derive(Debug)]
pub struct Infinite;

impl WholeRun for Infinite {
    type Params = Params;

    fn new(_setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(Infinite)
    }

    fn run(self, plan: &Plan<'_>, progress: Progress<'_>) -> Option<Counts> {
        let mut counts = super::requested(plan);
        let mut seen = vec![false; plan.trace.n_objects() as usize];
        for (i, object) in plan.trace.objects().iter().enumerate() {
            let hit = std::mem::replace(&mut seen[object.index()], true);
            if hit && i >= plan.warmup {
                counts.hits += 1;
                counts.hit_bytes += plan.trace.size(i);
            }
        }
        progress(plan.trace.n_requests()).is_continue().then_some(counts)
    }
}
