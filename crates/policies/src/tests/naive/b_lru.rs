use std::collections::BTreeSet;

use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, take, weight};
use crate::eviction::b_lru::Params;

/// Longest unused first.
pub(crate) struct NaiveBLru {
    capacity: u64,
    missed: BTreeSet<ObjectId>,
    list: Vec<Entry>,
}

impl NaiveBLru {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveBLru { capacity, missed: BTreeSet::new(), list: Vec::new() }
    }
}

impl Naive for NaiveBLru {
    fn request(&mut self, request: &Request) -> bool {
        if let Some(entry) = take(&mut self.list, request.object) {
            self.list.push(entry);
            return true;
        }
        let first = self.missed.insert(request.object);
        if !first && request.size <= self.capacity {
            while weight(&self.list) + request.size > self.capacity {
                self.list.remove(0);
            }
            self.list.push((request.object, request.size));
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        take(&mut self.list, object);
    }
}
