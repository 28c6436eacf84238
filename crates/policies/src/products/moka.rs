//! moka, a concurrent cache library (MIT or Apache-2.0, and Apache-2.0).
//!
//! Its default policy is TinyLFU admission before one LRU list; `policy=lru` has no admission. It is
//! `moka::sync::Cache`, whose bookkeeping is brought up to date after every call: in production it
//! lags behind by some calls. A weight has 32 bits, so an object above 4 GiB counts as 4 GiB.

use cache::prelude::*;
use cache::{Counts, Plan, Progress, Unit, WholeRun};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::{Hashes, Product};

cache::whole_run! {
    #[doc = "The library moka: TinyLFU admission before LRU, as shipped"]
    Moka = "moka" {
        family: Product,
        aliases: [],
        paper: ("moka, a concurrent cache library for Rust", "the crate moka 0.12", ""),
    }
}

/// A policy of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// TinyLFU admission and LRU eviction.
    TinyLfu,
    /// LRU alone.
    Lru,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The library's policy: `tiny-lfu` or `lru`.
    pub policy: Policy,
}

impl Default for Params {
    fn default() -> Self {
        Params { policy: Policy::TinyLfu }
    }
}

/// The product.
#[derive(Debug)]
pub struct Moka {
    capacity: u64,
    policy: Policy,
}

impl WholeRun for Moka {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        Ok(Moka { capacity: setup.capacity, policy: params.policy })
    }

    fn run(self, plan: &Plan<'_>, progress: Progress<'_>) -> Option<Counts> {
        let policy = match self.policy {
            Policy::TinyLfu => EvictionPolicy::tiny_lfu(),
            Policy::Lru => EvictionPolicy::lru(),
        };
        let builder = Cache::builder().max_capacity(self.capacity).eviction_policy(policy);
        let builder = match plan.unit {
            Unit::Objects => builder,
            Unit::Bytes => builder.weigher(|_, weight: &u32| *weight),
        };
        super::count(builder.build_with_hasher(Hashes::default()), self.capacity, plan, progress)
    }
}

impl Product for Cache<u32, u32, Hashes> {
    fn get(&mut self, object: u32) -> bool {
        let hit = Cache::get(self, &object).is_some();
        self.run_pending_tasks();
        hit
    }

    fn insert(&mut self, object: u32, weight: u64) {
        Cache::insert(self, object, weight.try_into().unwrap_or(u32::MAX));
        self.run_pending_tasks();
    }
}
