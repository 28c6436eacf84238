//! foyer-memory, the in-memory half of a hybrid cache library (Apache-2.0).
//!
//! Its policies have parameters of their own, here as shipped, in one shard. Version 0.22.3 also has a
//! SIEVE, but does not export what it takes to choose it.
//!
//! Its LRU is two lists, for a tenth of the capacity and for the rest: what ages out of the larger, newer
//! one stays in the tenth even if it is used again, so it hits less often than LRU.

use cache::prelude::*;
use cache::{Counts, Plan, Progress, WholeRun};
use foyer_memory::{
    Cache, CacheBuilder, EvictionConfig, FifoConfig, LfuConfig, LruConfig, S3FifoConfig,
};

use super::{Hashes, Product};

cache::whole_run! {
    #[doc = "The library foyer's memory cache, LRU or another of its policies, as shipped"]
    Foyer = "foyer" {
        family: Product,
        aliases: [],
        paper: ("foyer, a hybrid cache library for Rust", "the crate foyer-memory 0.22", ""),
    }
}

/// A policy of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// First in, first out.
    Fifo,
    /// Window TinyLFU.
    Lfu,
    /// LRU in two lists.
    Lru,
    /// S3-FIFO.
    S3Fifo,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The library's policy: `lru`, `fifo`, `lfu` (Window TinyLFU) or `s3-fifo`.
    pub policy: Policy,
}

impl Default for Params {
    fn default() -> Self {
        Params { policy: Policy::Lru }
    }
}

/// The product.
#[derive(Debug)]
pub struct Foyer {
    capacity: u64,
    policy: Policy,
}

impl WholeRun for Foyer {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        Ok(Foyer { capacity: setup.capacity, policy: params.policy })
    }

    fn run(self, plan: &Plan<'_>, progress: Progress<'_>) -> Option<Counts> {
        let policy: EvictionConfig = match self.policy {
            Policy::Fifo => FifoConfig::default().into(),
            Policy::Lfu => LfuConfig::default().into(),
            Policy::Lru => LruConfig::default().into(),
            Policy::S3Fifo => S3FifoConfig::default().into(),
        };
        let cache: Cache<u32, u64, Hashes> = CacheBuilder::new(self.capacity as usize)
            .with_shards(1)
            .with_eviction_config(policy)
            .with_hash_builder(Hashes::default())
            .with_weighter(|_: &u32, weight: &u64| *weight as usize)
            .build();
        super::count(cache, self.capacity, plan, progress)
    }
}

impl Product for Cache<u32, u64, Hashes> {
    fn get(&mut self, object: u32) -> bool {
        Cache::get(self, &object).is_some()
    }

    fn insert(&mut self, object: u32, weight: u64) {
        Cache::insert(self, object, weight);
    }
}
