//! quick_cache, a cache library (MIT).
//!
//! Its policy is its own: a variation of CLOCK-PRO that resembles S3-FIFO, with hot and cold queues
//! and ghosts. It is `quick_cache::unsync::Cache` with the library's shares. It asks how many objects
//! to expect: with capacities in bytes that is the capacity by the mean size of the trace's objects,
//! as one who knows his workload would say.

use cache::prelude::*;
use cache::{Counts, Plan, Progress, Unit, WholeRun};
use quick_cache::unsync::{Cache, DefaultLifecycle};

use super::{Hashes, Product};

cache::whole_run! {
    #[doc = "The library quick_cache: hot and cold clocks with ghosts, as shipped"]
    QuickCache = "quick-cache" {
        family: Product,
        aliases: [],
        paper: ("quick_cache, a concurrent cache library for Rust", "the crate quick_cache 0.7", ""),
    }
}

/// quick_cache takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The product.
#[derive(Debug)]
pub struct QuickCache {
    capacity: u64,
}

/// Weighs an object by what is kept with it.
#[derive(Debug, Clone)]
struct Kept;

impl quick_cache::Weighter<u32, u64> for Kept {
    fn weight(&self, _object: &u32, weight: &u64) -> u64 {
        *weight
    }
}

/// Objects that the capacity has room for.
fn expected_objects(capacity: u64, plan: &Plan<'_>) -> usize {
    let n_objects = u64::from(plan.trace.n_objects());
    let room = match plan.unit {
        Unit::Objects => capacity,
        Unit::Bytes => {
            let footprint = plan.trace.footprint_bytes().max(1);
            (u128::from(capacity) * u128::from(n_objects) / u128::from(footprint)) as u64
        }
    };
    room.clamp(1, n_objects.max(1)) as usize
}

impl WholeRun for QuickCache {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(QuickCache { capacity: setup.capacity })
    }

    fn run(self, plan: &Plan<'_>, progress: Progress<'_>) -> Option<Counts> {
        let expected = expected_objects(self.capacity, plan);
        let lifecycle = DefaultLifecycle::default();
        let cache = Cache::with(expected, self.capacity, Kept, Hashes::default(), lifecycle);
        super::count(cache, self.capacity, plan, progress)
    }
}

impl Product for Cache<u32, u64, Kept, Hashes> {
    fn get(&mut self, object: u32) -> bool {
        Cache::get(self, &object).is_some()
    }

    fn insert(&mut self, object: u32, weight: u64) {
        Cache::insert(self, object, weight);
    }
}
