use cache::Request;
use trace::{NEVER, ObjectId};

use super::{Naive, sample};
use crate::eviction::belady_size::{Params, Rules};

struct Resident {
    object: ObjectId,
    size: u64,
    next_use: u32,
}

/// The one that leaves is replaced by the last, which keeps the order that draws are made from.
pub(crate) struct NaiveBeladySize {
    capacity: u64,
    samples: u32,
    room_first: bool,
    /// Samples drawn.
    n_samples: u64,
    residents: Vec<Resident>,
}

impl NaiveBeladySize {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveBeladySize {
            capacity,
            samples: params.samples,
            room_first: params.rules == Rules::LibCacheSim,
            n_samples: 0,
            residents: Vec::new(),
        }
    }

    fn evict(&mut self, now: u64) {
        let candidates: Vec<usize> = match self.samples {
            0 => (0..self.residents.len()).collect(),
            samples => sample("belady-size", self.n_samples, samples, self.residents.len()),
        };
        self.n_samples += u64::from(self.samples > 0);
        let burden = |at: usize| {
            let resident = &self.residents[at];
            resident.size * (u64::from(resident.next_use) - now)
        };
        let most = candidates.iter().map(|at| burden(*at)).max().unwrap();
        let victim = candidates.iter().copied().find(|at| burden(*at) == most).unwrap();
        self.residents.swap_remove(victim);
    }
}

impl Naive for NaiveBeladySize {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq, next_use } = *request;
        if let Some(at) = self.residents.iter().position(|r| r.object == object) {
            self.residents[at].next_use = next_use;
            if next_use == NEVER {
                self.residents.swap_remove(at);
            }
            return true;
        }
        if size > self.capacity || next_use == NEVER && !self.room_first {
            return false;
        }
        while self.residents.iter().map(|r| r.size).sum::<u64>() + size > self.capacity {
            self.evict(seq);
        }
        if next_use != NEVER {
            self.residents.push(Resident { object, size, next_use });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if let Some(at) = self.residents.iter().position(|r| r.object == object) {
            self.residents.swap_remove(at);
        }
    }
}
