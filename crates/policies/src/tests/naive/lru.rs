use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, take, weight};
use crate::eviction::lru::Params;

/// Longest unused first.
pub(crate) struct NaiveLru(u64, Vec<Entry>);

impl NaiveLru {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveLru(capacity, Vec::new())
    }
}

impl Naive for NaiveLru {
    fn request(&mut self, request: &Request) -> bool {
        let NaiveLru(capacity, list) = self;
        if let Some(entry) = take(list, request.object) {
            list.push(entry);
            return true;
        }
        if request.size <= *capacity {
            while weight(list) + request.size > *capacity {
                list.remove(0);
            }
            list.push((request.object, request.size));
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        take(&mut self.1, object);
    }
}
