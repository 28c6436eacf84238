//! Redis's `volatile-ttl`: the nearest to expiry leaves, by sampling.
//!
//! Only residents with a time to live can be victims. On eviction 5 of them are drawn
//! (`maxmemory-samples`) and offered to a pool of 16 candidates, ordered by when they expire; the first
//! to expire that still has a time to live leaves. O(samples) an eviction; a hit costs nothing.
//!
//! What has no time to live stays until it is removed. If all that could be evicted would not make
//! room, the object is refused, as Redis answers a write with an out-of-memory error; Redis evicts
//! what it can before it does so, here nothing leaves. Without any times to live, as in a flat replay,
//! that is Redis's `noeviction`. If all have the same, it is FIFO by sampling.
//!
//! Redis takes its samples from neighbouring hash buckets, starting at a random one; here each is
//! drawn on its own, with replacement. Redis counts expiry in milliseconds, here it is in nanoseconds.
//! Memory is the capacity's unit, without Redis's overheads. Draws come from the stream
//! `redis-volatile-ttl` under the run's seed.
//!
//! State: 4 bytes an object and 16 a resident with a time to live. (Redis: a hash-table entry of 24
//! bytes for each.)

use cache::prelude::*;
use trace::stream::Stream;

use crate::redis_pool::Pool;
use crate::roster::Roster;

cache::policy! {
    #[doc = "The nearest to expiry, as Redis approximates it: samples, and a pool of candidates"]
    RedisVolatileTtl = "redis-volatile-ttl" {
        family: Fifo,
        aliases: [],
        paper: ("Redis, evict.c, maxmemory-policy volatile-ttl", "Redis 3.0, 2015, to 7", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Residents drawn for an eviction: Redis's maxmemory-samples.
    #[schemars(range(min = 1))]
    pub samples: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { samples: 5 }
    }
}

/// The policy.
#[derive(Debug)]
pub struct RedisVolatileTtl {
    /// Those with a time to live, and when it ends.
    volatile: Roster<u64>,
    /// Their size in sum: what eviction can free.
    volatile_size: u64,
    capacity: u64,
    pool: Pool,
    draws: Stream,
    samples: u32,
}

impl RedisVolatileTtl {
    /// The object has no time to live, or none any more.
    fn forget(&mut self, object: ObjectId, residents: &Residents) {
        if self.volatile.contains(object) {
            self.volatile.remove(object);
            self.volatile_size -= residents.size_of(object);
        }
    }
}

impl Eviction for RedisVolatileTtl {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        if params.samples == 0 {
            return Err(ParamError("`samples` is 0, expected at least 1".into()));
        }
        Ok(RedisVolatileTtl {
            volatile: Roster::new(setup.n_objects),
            volatile_size: 0,
            capacity: setup.capacity,
            pool: Pool::new(),
            draws: Stream::new(setup.seed, "redis-volatile-ttl"),
            samples: params.samples,
        })
    }

    #[inline]
    fn on_hit(&mut self, _request: &Request, _residents: &Residents) {}

    #[inline]
    fn accepts(&self, request: &Request, residents: &Residents) -> bool {
        residents.used() - self.volatile_size + request.size <= self.capacity
    }

    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        let soonness = |at: &u64| u64::MAX - at;
        let victim =
            self.pool.evict(&mut self.volatile, &mut self.draws, self.samples, soonness);
        self.volatile_size -= residents.size_of(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, _request: &Request, _residents: &Residents) -> bool {
        true
    }

    fn on_expiry(&mut self, object: ObjectId, at: u64, residents: &Residents) {
        self.forget(object, residents);
        if at < u64::MAX {
            self.volatile.push(object, at);
            self.volatile_size += residents.size_of(object);
        }
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.forget(object, residents);
    }

    fn check(&self, residents: &Residents) {
        let volatile = || self.volatile.iter().map(|(object, _)| *object);
        assert!(volatile().all(|object| residents.contains(object)));
        let size = volatile().map(|object| residents.size_of(object)).sum::<u64>();
        assert_eq!(self.volatile_size, size);
    }

    fn state_bytes(&self) -> usize {
        self.volatile.state_bytes() + self.pool.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{cache_of, requests_of};

    /// Asks for objects in order, with these times to live; who is in afterwards?
    fn residents(capacity: u64, steps: &[(u32, u64, u64)]) -> Vec<u32> {
        let sized: Vec<_> = steps.iter().map(|(object, size, _)| (*object, *size)).collect();
        let requests = requests_of(&sized);
        let mut cache =
            cache_of("redis-volatile-ttl:samples=64", capacity, Unit::Bytes, &requests);
        for (request, (_, _, at)) in requests.iter().zip(steps) {
            if cache.lookup(request, &mut |_| {})
                || cache.fill(request, &mut |_| {}) == cache::Filled::Inserted
            {
                cache.note_expiry(request.object, *at);
            }
            cache.check();
        }
        let n_objects = steps.iter().map(|step| step.0 + 1).max().unwrap_or(0);
        (0..n_objects).filter(|o| cache.residents().contains(ObjectId(*o))).collect()
    }

    const NEVER: u64 = u64::MAX;

    /// With as many samples as make it all but certain that every resident is drawn.
    #[test]
    fn the_first_to_expire_leaves() {
        assert_eq!(residents(3, &[(0, 1, 50), (1, 1, 20), (2, 1, 90), (3, 1, 70)]), [0, 2, 3]);
        // A new time counts from when it is set. (The pool is empty till the first eviction.)
        assert_eq!(
            residents(3, &[(0, 1, 50), (1, 1, 20), (1, 1, 80), (2, 1, 90), (3, 1, 70)]),
            [1, 2, 3]
        );
    }

    #[test]
    fn what_never_expires_stays_and_what_finds_no_room_is_refused() {
        assert_eq!(residents(2, &[(0, 1, NEVER), (1, 1, 20), (2, 1, 90)]), [0, 2]);
        assert_eq!(residents(2, &[(0, 1, NEVER), (1, 1, NEVER), (2, 1, 90)]), [0, 1]);
        // Object 2 needs more than what 1 could give, so 1 stays.
        assert_eq!(residents(4, &[(0, 2, NEVER), (1, 1, 20), (2, 3, 90)]), [0, 1]);
        // A time to live that is taken back makes it stay, too.
        assert_eq!(residents(2, &[(0, 1, 10), (1, 1, 20), (0, 1, NEVER), (2, 1, 90)]), [0, 2]);
    }
}
