use cache::Request;
use trace::ObjectId;
use trace::stream::Stream;

use super::redis_lru::NaivePool;
use super::{Entry, Naive, stream, take, weight};
use crate::eviction::redis_volatile_ttl::Params;

/// Those with a time to live stand apart, each with when it ends. The last takes the place of one that
/// leaves, so that draws mean the same.
pub(crate) struct NaiveRedisVolatileTtl {
    capacity: u64,
    samples: u32,
    draws: Stream,
    pool: NaivePool,
    lasting: Vec<Entry>,
    volatile: Vec<Entry>,
    /// Of each of the volatile, in the same order.
    ends: Vec<u64>,
}

impl NaiveRedisVolatileTtl {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveRedisVolatileTtl {
            capacity,
            samples: params.samples,
            draws: stream("redis-volatile-ttl"),
            pool: NaivePool::new(),
            lasting: Vec::new(),
            volatile: Vec::new(),
            ends: Vec::new(),
        }
    }

    fn evict(&mut self) {
        loop {
            for _ in 0..self.samples {
                let at = self.draws.below(self.volatile.len() as u64) as usize;
                self.pool.populate(u64::MAX - self.ends[at], self.volatile[at].0);
            }
            if let Some(at) = self.pool.best(&self.volatile) {
                self.volatile.swap_remove(at);
                self.ends.swap_remove(at);
                return;
            }
        }
    }

    fn take(&mut self, object: ObjectId) -> Option<Entry> {
        let at = self.volatile.iter().position(|(there, _)| *there == object);
        if let Some(at) = at {
            self.ends.swap_remove(at);
            return Some(self.volatile.swap_remove(at));
        }
        take(&mut self.lasting, object)
    }
}

impl Naive for NaiveRedisVolatileTtl {
    fn request(&mut self, request: &Request) -> bool {
        let all = || self.lasting.iter().chain(&self.volatile);
        if all().any(|(there, _)| *there == request.object) {
            return true;
        }
        if weight(&self.lasting) + request.size <= self.capacity {
            while weight(&self.lasting) + weight(&self.volatile) + request.size > self.capacity {
                self.evict();
            }
            self.lasting.push((request.object, request.size));
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.take(object);
    }

    fn note_expiry(&mut self, object: ObjectId, at: u64) {
        let entry = self.take(object).expect("resident");
        if at == u64::MAX {
            self.lasting.push(entry);
        } else {
            self.volatile.push(entry);
            self.ends.push(at);
        }
    }
}
