use cache::Request;
use trace::{ObjectId, stream::Stream};

use super::{Entry, Naive, SEED, weight};
use crate::eviction::random::Params;

/// The last takes the place of one that leaves, which is part of the definition.
pub(crate) struct NaiveRandom {
    capacity: u64,
    residents: Vec<Entry>,
    draws: Stream,
}

impl NaiveRandom {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        let draws = Stream::new(SEED, "eviction/random");
        NaiveRandom { capacity, residents: Vec::new(), draws }
    }
}

impl Naive for NaiveRandom {
    fn request(&mut self, request: &Request) -> bool {
        let hit = self.residents.iter().any(|(object, _)| *object == request.object);
        if !hit && request.size <= self.capacity {
            while weight(&self.residents) + request.size > self.capacity {
                let victim = self.draws.below(self.residents.len() as u64);
                self.residents.swap_remove(victim as usize);
            }
            self.residents.push((request.object, request.size));
        }
        hit
    }

    fn remove(&mut self, object: ObjectId) {
        if let Some(at) = self.residents.iter().position(|(there, _)| *there == object) {
            self.residents.swap_remove(at);
        }
    }
}
