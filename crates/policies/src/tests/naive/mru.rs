use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, take, weight};
use crate::eviction::mru::Params;

/// Longest unused first.
pub(crate) struct NaiveMru(u64, Vec<Entry>);

impl NaiveMru {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveMru(capacity, Vec::new())
    }
}

impl Naive for NaiveMru {
    fn request(&mut self, request: &Request) -> bool {
        let NaiveMru(capacity, list) = self;
        if let Some(entry) = take(list, request.object) {
            list.push(entry);
            return true;
        }
        if request.size <= *capacity {
            while weight(list) + request.size > *capacity {
                list.pop();
            }
            list.push((request.object, request.size));
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        take(&mut self.1, object);
    }
}
