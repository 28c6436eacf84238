//! Redis's `allkeys-lru`: LRU by sampling, with a pool of the best candidates so far.
//!
//! An object carries the time of its last use by a clock of 24 bits. On eviction 5 residents are
//! drawn (`maxmemory-samples`) and offered to a pool of 16 candidates, ordered by how long they had
//! been idle when drawn; the longest idle that is still resident leaves. O(samples) an eviction; a hit
//! writes one number.
//!
//! Redis's clock counts seconds. Here one tick is `clock-resolution` requests, by default 1, the
//! finest; to model a server, give the requests it handles in a second. Objects used in the same tick
//! look equally idle. The clock goes round after 2^24 ticks, and objects idle for longer look young,
//! as in Redis.
//!
//! Redis takes its samples from neighbouring hash buckets, starting at a random one; here each is
//! drawn on its own, with replacement. Memory is the capacity's unit, without Redis's overheads.
//! Draws come from the stream `redis-allkeys-lru` under the run's seed.
//!
//! State: 4 bytes an object and 8 a resident. (Redis: 3 bytes a key.)

use cache::prelude::*;
use trace::stream::Stream;

use crate::redis_pool::Pool;
use crate::roster::Roster;

cache::policy! {
    #[doc = "LRU as Redis approximates it: samples, and a pool of candidates"]
    RedisLru = "redis-allkeys-lru" {
        family: Recency,
        aliases: ["redis-lru"],
        paper: ("Redis, evict.c, maxmemory-policy allkeys-lru", "Redis 3.0, 2015, to 7", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Residents drawn for an eviction: Redis's maxmemory-samples.
    #[schemars(range(min = 1))]
    pub samples: u32,
    /// Requests in a tick of the clock.
    #[schemars(range(min = 1))]
    pub clock_resolution: u64,
}

impl Default for Params {
    fn default() -> Self {
        Params { samples: 5, clock_resolution: 1 }
    }
}

/// Redis's LRU_CLOCK_MAX.
const CLOCK_MAX: u32 = (1 << 24) - 1;

/// The policy.
#[derive(Debug)]
pub struct RedisLru {
    /// With the clock at the last use.
    roster: Roster<u32>,
    pool: Pool,
    draws: Stream,
    samples: u32,
    resolution: u64,
}

impl RedisLru {
    #[inline]
    fn clock(&self, now: u64) -> u32 {
        (now / self.resolution) as u32 & CLOCK_MAX
    }
}

impl Eviction for RedisLru {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        if params.samples == 0 || params.clock_resolution == 0 {
            let what = "`samples` and `clock-resolution` are expected to be at least 1";
            return Err(ParamError(what.into()));
        }
        Ok(RedisLru {
            roster: Roster::new(setup.n_objects),
            pool: Pool::new(),
            draws: Stream::new(setup.seed, "redis-allkeys-lru"),
            samples: params.samples,
            resolution: params.clock_resolution,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        *self.roster.get_mut(request.object) = self.clock(request.seq);
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, _residents: &Residents) -> ObjectId {
        let clock = self.clock(incoming.seq);
        let idle = |used: &u32| {
            u64::from(if clock >= *used { clock - used } else { clock + (CLOCK_MAX - used) })
        };
        self.pool.evict(&mut self.roster, &mut self.draws, self.samples, idle)
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.roster.push(request.object, self.clock(request.seq));
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.roster.remove(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.roster.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.roster.touch_member(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.roster.check(residents);
    }

    fn state_bytes(&self) -> usize {
        self.roster.state_bytes() + self.pool.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// With as many samples as make it all but certain that every resident is drawn, it is LRU
    /// here.
    #[test]
    fn samples_find_the_longest_unused() {
        check_example("lru", 2, "A B C B C A B", "M M M H H M M");
        check_example("redis-allkeys-lru:samples=64", 2, "A B C B C A B", "M M M H H M M");
    }
}
