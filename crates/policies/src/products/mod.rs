//! Caches that others ship, run as they are: what a library does, beside what its papers say.
//!
//! Behind the cargo feature `products`, off by default. A product owns its residency and names no
//! victims, so it is no eviction policy and no tier; it is asked for an object, and given it after
//! a miss. Only what is deterministic is here: one thread, no expiry, one shard, hashes that are the
//! same on any machine, and pending work done after every call. Versions are those of Cargo.lock.
//!
//! Capacities in bytes become weights. No library is given an object larger than the capacity.
//! An object keeps the size it came in with; an empty one weighs 1.
//!
//! Left out: TinyUFO, whose hashes are seeded at random with no way to say otherwise, and mini-moka,
//! which is moka's policy once more.

pub mod foyer;
pub mod moka;
pub mod quick_cache;

use std::hash::{BuildHasherDefault, Hasher};

use cache::{Counts, Plan, Progress, Unit};

/// All products, in alphabetical order.
pub static ALL: &[&cache::PolicyInfo] = &[&foyer::INFO, &moka::INFO, &quick_cache::INFO];

/// A cache of another library, from object number to weight.
trait Product {
    /// Whether the object is there; a use.
    fn get(&mut self, object: u32) -> bool;
    /// Offers an object that is not there.
    fn insert(&mut self, object: u32, weight: u64);
}

/// Objects a progress report covers.
const BLOCK: usize = 1 << 12;

/// Runs a trace through a product; `None` if stopped.
fn count(
    mut product: impl Product,
    capacity: u64,
    plan: &Plan<'_>,
    progress: Progress<'_>,
) -> Option<Counts> {
    let mut counts = Counts::default();
    for (i, object) in plan.trace.objects().iter().enumerate() {
        let bytes = plan.trace.size(i);
        let weight = match plan.unit {
            Unit::Objects => 1,
            Unit::Bytes => bytes.max(1),
        };
        let hit = product.get(object.0);
        let oversized = !hit && weight > capacity;
        if !hit && !oversized {
            product.insert(object.0, weight);
        }
        if i >= plan.warmup {
            counts.requests += 1;
            counts.bytes += bytes;
            counts.hits += u64::from(hit);
            counts.hit_bytes += if hit { bytes } else { 0 };
            counts.oversized += u64::from(oversized);
        }
        if i % BLOCK == 0 && progress(i).is_break() {
            return None;
        }
    }
    progress(plan.trace.n_requests()).is_continue().then_some(counts)
}

/// Hashes object numbers alike on any machine: the finish of splitmix64.
#[derive(Debug, Clone, Copy, Default)]
struct Mix(u64);

/// Makes [`Mix`]es.
type Hashes = BuildHasherDefault<Mix>;

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        let mut z = (self.0 ^ u64::from(number)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = z ^ (z >> 31);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
