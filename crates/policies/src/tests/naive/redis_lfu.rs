use cache::Request;
use trace::ObjectId;
use trace::stream::Stream;

use super::redis_lru::NaivePool;
use super::{Entry, Naive, stream, weight};
use crate::eviction::redis_lfu::Params;

#[derive(Clone, Copy)]
struct Counter {
    last_use: u64,
    value: u64,
}

/// The last takes the place of one that leaves, so that draws mean the same.
pub(crate) struct NaiveRedisLfu {
    capacity: u64,
    samples: u32,
    log_factor: u32,
    decay_time: u64,
    draws: Stream,
    increments: Stream,
    pool: NaivePool,
    residents: Vec<Entry>,
    /// Of each resident, in the same order.
    counters: Vec<Counter>,
}

impl NaiveRedisLfu {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveRedisLfu {
            capacity,
            samples: params.samples,
            log_factor: params.lfu_log_factor,
            decay_time: params.lfu_decay_time,
            draws: stream("redis-allkeys-lfu"),
            increments: stream("redis-allkeys-lfu counter"),
            pool: NaivePool::new(),
            residents: Vec::new(),
            counters: Vec::new(),
        }
    }

    /// No test runs for 2^16 decay times.
    fn value(&self, at: usize, now: u64) -> u64 {
        let Counter { last_use, value } = self.counters[at];
        value.saturating_sub(now / self.decay_time - last_use / self.decay_time)
    }

    fn evict(&mut self, now: u64) {
        loop {
            for _ in 0..self.samples {
                let at = self.draws.below(self.residents.len() as u64) as usize;
                self.pool.populate(255 - self.value(at, now), self.residents[at].0);
            }
            if let Some(at) = self.pool.best(&self.residents) {
                self.residents.swap_remove(at);
                self.counters.swap_remove(at);
                return;
            }
        }
    }
}

impl Naive for NaiveRedisLfu {
    fn request(&mut self, request: &Request) -> bool {
        let now = request.seq;
        if let Some(at) = self.residents.iter().position(|(there, _)| *there == request.object) {
            let mut value = self.value(at, now);
            if value < 255 {
                let base = value.saturating_sub(5);
                let p = 1.0 / (base as f64 * f64::from(self.log_factor) + 1.0);
                if self.increments.uniform() < p {
                    value += 1;
                }
            }
            self.counters[at] = Counter { last_use: now, value };
            return true;
        }
        if request.size <= self.capacity {
            while weight(&self.residents) + request.size > self.capacity {
                self.evict(now);
            }
            self.residents.push((request.object, request.size));
            self.counters.push(Counter { last_use: now, value: 5 });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if let Some(at) = self.residents.iter().position(|(there, _)| *there == object) {
            self.residents.swap_remove(at);
            self.counters.swap_remove(at);
        }
    }
}
