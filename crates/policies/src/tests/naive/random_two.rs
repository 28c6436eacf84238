use cache::Request;
use trace::{ObjectId, stream::Stream};

use super::{Naive, SEED};
use crate::eviction::random_two::Params;

struct Resident {
    object: ObjectId,
    size: u64,
    last_use: u64,
}

/// The last takes the place of one that leaves, which is part of the definition.
pub(crate) struct NaiveRandomTwo {
    capacity: u64,
    residents: Vec<Resident>,
    draws: Stream,
}

impl NaiveRandomTwo {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        let draws = Stream::new(SEED, "eviction/random-two");
        NaiveRandomTwo { capacity, residents: Vec::new(), draws }
    }
}

impl Naive for NaiveRandomTwo {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq, .. } = *request;
        if let Some(resident) = self.residents.iter_mut().find(|r| r.object == object) {
            resident.last_use = seq;
            return true;
        }
        if size <= self.capacity {
            while self.residents.iter().map(|r| r.size).sum::<u64>() + size > self.capacity {
                let n = self.residents.len() as u64;
                let two = [self.draws.below(n) as usize, self.draws.below(n) as usize];
                let victim = two.into_iter().min_by_key(|at| self.residents[*at].last_use);
                self.residents.swap_remove(victim.unwrap());
            }
            self.residents.push(Resident { object, size, last_use: seq });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if let Some(at) = self.residents.iter().position(|r| r.object == object) {
            self.residents.swap_remove(at);
        }
    }
}
