use cache::Request;
use trace::ObjectId;
use trace::stream::Stream;

use super::{Entry, Naive, stream, weight};
use crate::eviction::redis_lru::Params;

/// Sixteen places, filled from the left, as in evict.c: scores rise, free places are on the right.
pub(crate) struct NaivePool([Option<(u64, ObjectId)>; 16]);

impl NaivePool {
    pub(crate) fn new() -> Self {
        NaivePool([None; 16])
    }

    pub(crate) fn populate(&mut self, score: u64, object: ObjectId) {
        let pool = &mut self.0;
        let mut k = 0;
        while k < 16 && pool[k].is_some_and(|(other, _)| other < score) {
            k += 1;
        }
        if k == 0 && pool[15].is_some() {
            return;
        }
        if k == 16 || pool[k].is_some() {
            if pool[15].is_none() {
                pool[k..].rotate_right(1);
            } else {
                k -= 1;
                pool[..=k].rotate_left(1);
            }
        }
        pool[k] = Some((score, object));
    }

    pub(crate) fn best(&mut self, residents: &[Entry]) -> Option<usize> {
        for place in self.0.iter_mut().rev() {
            let Some((_, object)) = place.take() else { continue };
            let at = residents.iter().position(|(there, _)| *there == object);
            if at.is_some() {
                return at;
            }
        }
        None
    }
}

/// The last takes the place of one that leaves, so that draws mean the same.
pub(crate) struct NaiveRedisLru {
    capacity: u64,
    samples: u32,
    resolution: u64,
    draws: Stream,
    pool: NaivePool,
    residents: Vec<Entry>,
    /// Of each resident, in the same order.
    used: Vec<u64>,
}

impl NaiveRedisLru {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveRedisLru {
            capacity,
            samples: params.samples,
            resolution: params.clock_resolution,
            draws: stream("redis-allkeys-lru"),
            pool: NaivePool::new(),
            residents: Vec::new(),
            used: Vec::new(),
        }
    }

    fn evict(&mut self, now: u64) {
        loop {
            for _ in 0..self.samples {
                let at = self.draws.below(self.residents.len() as u64) as usize;
                // No test runs for 2^24 ticks.
                self.pool.populate(now - self.used[at], self.residents[at].0);
            }
            if let Some(at) = self.pool.best(&self.residents) {
                self.residents.swap_remove(at);
                self.used.swap_remove(at);
                return;
            }
        }
    }
}

impl Naive for NaiveRedisLru {
    fn request(&mut self, request: &Request) -> bool {
        let now = request.seq / self.resolution;
        if let Some(at) = self.residents.iter().position(|(there, _)| *there == request.object) {
            self.used[at] = now;
            return true;
        }
        if request.size <= self.capacity {
            while weight(&self.residents) + request.size > self.capacity {
                self.evict(now);
            }
            self.residents.push((request.object, request.size));
            self.used.push(now);
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if let Some(at) = self.residents.iter().position(|(there, _)| *there == object) {
            self.residents.swap_remove(at);
            self.used.swap_remove(at);
        }
    }
}
