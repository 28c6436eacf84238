use cache::Request;
use trace::ObjectId;
use trace::stream::Stream;

use super::{Entry, Naive, contains, stream, take, weight};
use crate::eviction::lru_prob::Params;

/// The last inserted or promoted at the end.
pub(crate) struct NaiveLruProb {
    capacity: u64,
    probability: f64,
    draws: Stream,
    residents: Vec<Entry>,
}

impl NaiveLruProb {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        let draws = stream("lru-prob");
        NaiveLruProb { capacity, probability: params.probability, draws, residents: Vec::new() }
    }
}

impl Naive for NaiveLruProb {
    fn request(&mut self, request: &Request) -> bool {
        let residents = &mut self.residents;
        if contains(residents, request.object) {
            if self.draws.uniform() < self.probability {
                let entry = take(residents, request.object).unwrap();
                residents.push(entry);
            }
            return true;
        }
        if request.size <= self.capacity {
            while weight(residents) + request.size > self.capacity {
                residents.remove(0);
            }
            residents.push((request.object, request.size));
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        take(&mut self.residents, object);
    }
}
