//! Redis's `allkeys-lfu`: LFU by sampling, with counters of 8 bits that grow as a logarithm and decay.
//!
//! A counter starts at 5. A use adds 1 with probability 1 / ((counter - 5) × `lfu-log-factor` + 1), so
//! with the factor 10 it takes about a million uses to reach 255, where it ends. A counter loses 1 for
//! every `lfu-decay-time` since its object was last used, applied when it is looked at and kept when
//! the object is used. On eviction 5 residents are drawn (`maxmemory-samples`) and offered to a pool of
//! 16 candidates with the counters they then have; the least that is still resident leaves.
//! O(samples) an eviction.
//!
//! Redis decays by the minute. Here the decay time is in requests: `lfu-decay-time=600000`, the
//! default, is Redis's minute at 10,000 requests a second; 0 is no decay. The time of the last use
//! has 16 bits and goes round after 65,536 decay times, with Redis's arithmetic.
//!
//! Redis takes its samples from neighbouring hash buckets, starting at a random one; here each is
//! drawn on its own, with replacement. Memory is the capacity's unit, without Redis's overheads.
//! Draws come from the streams `redis-allkeys-lfu` (samples) and `redis-allkeys-lfu counter` under the
//! run's seed.
//!
//! State: 4 bytes an object and 8 a resident. (Redis: 3 bytes a key.)

use cache::prelude::*;
use trace::stream::Stream;

use crate::redis_pool::Pool;
use crate::roster::Roster;

cache::policy! {
    #[doc = "LFU as Redis approximates it: small logarithmic counters that decay, and samples"]
    RedisLfu = "redis-allkeys-lfu" {
        family: Frequency,
        aliases: ["redis-lfu"],
        paper: ("Redis, evict.c, maxmemory-policy allkeys-lfu", "Redis 4.0, 2017, to 7", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Residents drawn for an eviction: Redis's maxmemory-samples.
    #[schemars(range(min = 1))]
    pub samples: u32,
    /// The larger, the slower counters grow.
    pub lfu_log_factor: u32,
    /// Requests after which an unused counter loses 1; 0 for never.
    pub lfu_decay_time: u64,
}

impl Default for Params {
    fn default() -> Self {
        Params { samples: 5, lfu_log_factor: 10, lfu_decay_time: 600_000 }
    }
}

/// Redis's LFU_INIT_VAL.
const INITIAL: u8 = 5;

/// The policy.
#[derive(Debug)]
pub struct RedisLfu {
    /// With the time of the last use, in decay times, and the counter then.
    roster: Roster<(u16, u8)>,
    pool: Pool,
    draws: Stream,
    increments: Stream,
    samples: u32,
    log_factor: u32,
    decay_time: u64,
}

/// Now, in decay times; always 0 without decay.
#[inline]
fn period(now: u64, decay_time: u64) -> u16 {
    now.checked_div(decay_time).unwrap_or(0) as u16
}

/// The counter as it stands.
#[inline]
fn decayed((used, counter): (u16, u8), period: u16) -> u8 {
    let elapsed = if period >= used { period - used } else { u16::MAX - used + period };
    u8::try_from(u16::from(counter).saturating_sub(elapsed)).expect("less than before")
}

impl Eviction for RedisLfu {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        if params.samples == 0 {
            return Err(ParamError("`samples` is 0, expected at least 1".into()));
        }
        Ok(RedisLfu {
            roster: Roster::new(setup.n_objects),
            pool: Pool::new(),
            draws: Stream::new(setup.seed, "redis-allkeys-lfu"),
            increments: Stream::new(setup.seed, "redis-allkeys-lfu counter"),
            samples: params.samples,
            log_factor: params.lfu_log_factor,
            decay_time: params.lfu_decay_time,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let now = period(request.seq, self.decay_time);
        let entry = self.roster.get_mut(request.object);
        let mut counter = decayed(*entry, now);
        if counter < u8::MAX {
            let above = f64::from(counter.saturating_sub(INITIAL));
            let chance = 1.0 / (above * f64::from(self.log_factor) + 1.0);
            counter += u8::from(self.increments.uniform() < chance);
        }
        *entry = (now, counter);
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, _residents: &Residents) -> ObjectId {
        let now = period(incoming.seq, self.decay_time);
        let score = |known: &(u16, u8)| u64::from(u8::MAX - decayed(*known, now));
        self.pool.evict(&mut self.roster, &mut self.draws, self.samples, score)
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let now = period(request.seq, self.decay_time);
        self.roster.push(request.object, (now, INITIAL));
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
    use super::*;
    use crate::tests::check_example;

    /// With as many samples as make it all but certain that every resident is drawn.
    #[test]
    fn the_least_counter_leaves() {
        check_example("redis-allkeys-lfu:samples=64", 2, "A A B C A C", "M H M M H H");
    }

    /// Redis's documentation: with a factor of 10, the counter after 100 uses is about 10, after
    /// 1000 about 18, after 100,000 about 142, after a million 255.
    #[test]
    fn counters_grow_as_a_logarithm() {
        let setup = Setup {
            capacity: 1,
            unit: Unit::Objects,
            n_objects: 1,
            n_requests: 1,
            seed: 3,
        };
        let params = Params { lfu_decay_time: 0, ..Params::default() };
        let mut cache = cache::Cache::new(&setup, RedisLfu::new(&setup, &params).unwrap());
        let request = Request { object: ObjectId(0), size: 1, seq: 0, next_use: trace::NEVER };
        let mut uses = 0;
        for (until, low, high) in
            [(100, 7, 14), (1000, 14, 24), (100_000, 125, 160), (1_000_000, 255, 255)]
        {
            while uses < until {
                cache.access::<false>(&request);
                uses += 1;
            }
            let (_, counter) = *cache.policy().roster.get(ObjectId(0));
            assert!((low..=high).contains(&counter), "{counter} after {until} uses");
        }
    }

    #[test]
    fn counters_decay_and_the_clock_goes_round() {
        assert_eq!(decayed((3, 10), 3), 10);
        assert_eq!(decayed((3, 10), 7), 6);
        assert_eq!(decayed((3, 10), 30), 0);
        assert_eq!(decayed((65_535, 10), 4), 6);
        assert_eq!(period(65_536 * 7 + 20, 7), 2);
    }
}
