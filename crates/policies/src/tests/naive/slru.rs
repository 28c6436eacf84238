use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, take, weight};
use crate::eviction::slru::{Fill, Params};

/// Segments from the lowest up, each with its last used at the end.
pub(crate) struct NaiveSlru {
    capacity: u64,
    shares: Vec<u64>,
    fill: Fill,
    segments: Vec<Vec<Entry>>,
}

impl NaiveSlru {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        let weights: Vec<u64> = params.weights.split(':').map(|w| w.parse().unwrap()).collect();
        let sum: u64 = weights.iter().sum();
        let shares: Vec<_> = weights.iter().map(|w| capacity * w / sum).collect();
        let segments = vec![Vec::new(); shares.len()];
        NaiveSlru { capacity, shares, fill: params.fill, segments }
    }

    fn used(&self) -> u64 {
        self.segments.iter().map(|segment| weight(segment)).sum()
    }

    fn evict(&mut self) {
        self.segments.iter_mut().find(|segment| !segment.is_empty()).unwrap().remove(0);
    }

    /// Moves the last of a segment down, and so on below.
    fn cool(&mut self, from: usize) {
        if from == 0 {
            return self.evict();
        }
        let last = self.segments[from].remove(0);
        self.segments[from - 1].push(last);
        self.settle(from - 1);
    }

    fn settle(&mut self, segment: usize) {
        let has_share = segment > 0 || self.fill != Fill::Lowest;
        while has_share && weight(&self.segments[segment]) > self.shares[segment] {
            self.cool(segment);
        }
    }
}

impl Naive for NaiveSlru {
    fn request(&mut self, request: &Request) -> bool {
        let at = self.segments.iter().position(|segment| contains(segment, request.object));
        if let Some(at) = at {
            let entry = take(&mut self.segments[at], request.object).unwrap();
            let top = self.segments.len() - 1;
            if at == top {
                self.segments[top].push(entry);
            } else {
                self.segments[at + 1].push(entry);
                self.settle(at + 1);
            }
            return true;
        }
        let bounded = self.fill != Fill::Lowest;
        if request.size > self.capacity || (bounded && request.size > self.shares[0]) {
            return false;
        }
        while self.used() + request.size > self.capacity {
            self.evict();
        }
        while self.fill == Fill::Share && weight(&self.segments[0]) + request.size > self.shares[0]
        {
            self.evict();
        }
        let mut enter = 0;
        if self.fill == Fill::Room {
            for segment in (0..self.segments.len()).rev() {
                if weight(&self.segments[segment]) + request.size <= self.shares[segment] {
                    enter = segment;
                }
            }
        }
        self.segments[enter].push((request.object, request.size));
        false
    }

    fn remove(&mut self, object: ObjectId) {
        for segment in &mut self.segments {
            take(segment, object);
        }
    }
}
