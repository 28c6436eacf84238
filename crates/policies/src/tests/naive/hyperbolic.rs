use cache::Request;
use trace::ObjectId;

use super::{Naive, sample};
use crate::eviction::hyperbolic::Params;

struct Resident {
    object: ObjectId,
    size: u64,
    uses: u64,
    entered: u64,
}

/// The last takes the place of one that leaves, so that draws mean the same.
pub(crate) struct NaiveHyperbolic {
    capacity: u64,
    samples: u32,
    sizes: bool,
    /// Samples drawn.
    n_samples: u64,
    residents: Vec<Resident>,
}

impl NaiveHyperbolic {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveHyperbolic {
            capacity,
            samples: params.samples,
            sizes: params.sizes,
            n_samples: 0,
            residents: Vec::new(),
        }
    }

    fn evict(&mut self, now: u64) {
        let drawn = sample("hyperbolic", self.n_samples, self.samples, self.residents.len());
        self.n_samples += 1;
        // uses / (age × size), compared crosswise to stay exact.
        let mut worst = drawn[0];
        for at in drawn {
            let (a, b) = (&self.residents[at], &self.residents[worst]);
            let size = |r: &Resident| if self.sizes { r.size } else { 1 };
            let left = a.uses * (now - b.entered) * size(b);
            let right = b.uses * (now - a.entered) * size(a);
            if left < right {
                worst = at;
            }
        }
        self.residents.swap_remove(worst);
    }
}

impl Naive for NaiveHyperbolic {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq, .. } = *request;
        if let Some(resident) = self.residents.iter_mut().find(|r| r.object == object) {
            resident.uses += 1;
            return true;
        }
        if size <= self.capacity {
            while self.residents.iter().map(|r| r.size).sum::<u64>() + size > self.capacity {
                self.evict(seq);
            }
            self.residents.push(Resident { object, size, uses: 1, entered: seq });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if let Some(at) = self.residents.iter().position(|r| r.object == object) {
            self.residents.swap_remove(at);
        }
    }
}
