use std::cmp::Reverse;

use cache::Request;
use trace::ObjectId;

use super::{Naive, sample};
use crate::eviction::sampled::{Order, Params};

struct Resident {
    object: ObjectId,
    size: u64,
    uses: u64,
    entered: u64,
    last_use: u64,
}

/// The last takes the place of one that leaves, so that draws mean the same.
pub(crate) struct NaiveSampled {
    capacity: u64,
    params: Params,
    n_samples: u64,
    residents: Vec<Resident>,
}

impl NaiveSampled {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveSampled { capacity, params: params.clone(), n_samples: 0, residents: Vec::new() }
    }

    fn evict(&mut self, now: u64) {
        let n = self.residents.len();
        let drawn = sample("sampled", self.n_samples, self.params.samples, n).into_iter();
        self.n_samples += 1;
        let of = |at: &usize| &self.residents[*at];
        let victim = match self.params.order {
            Order::Lru => drawn.min_by_key(|at| of(at).last_use),
            Order::Mru => drawn.min_by_key(|at| Reverse(of(at).last_use)),
            Order::Lfu => drawn.min_by_key(|at| of(at).uses),
            Order::Mfu => drawn.min_by_key(|at| Reverse(of(at).uses)),
            Order::Fifo => drawn.min_by_key(|at| of(at).entered),
            Order::Hyperbolic => drawn.min_by(|a, b| {
                let left = of(a).uses * (now - of(b).entered);
                left.cmp(&(of(b).uses * (now - of(a).entered)))
            }),
        };
        self.residents.swap_remove(victim.unwrap());
    }
}

impl Naive for NaiveSampled {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq, .. } = *request;
        if let Some(resident) = self.residents.iter_mut().find(|r| r.object == object) {
            resident.uses += 1;
            resident.last_use = seq;
            return true;
        }
        if size <= self.capacity {
            while self.residents.iter().map(|r| r.size).sum::<u64>() + size > self.capacity {
                self.evict(seq);
            }
            self.residents.push(Resident { object, size, uses: 1, entered: seq, last_use: seq });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if let Some(at) = self.residents.iter().position(|r| r.object == object) {
            self.residents.swap_remove(at);
        }
    }
}
