use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, take, weight};
use crate::eviction::fifo::Params;

/// Oldest first.
pub(crate) struct NaiveFifo(u64, Vec<Entry>);

impl NaiveFifo {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveFifo(capacity, Vec::new())
    }
}

impl Naive for NaiveFifo {
    fn request(&mut self, request: &Request) -> bool {
        let NaiveFifo(capacity, queue) = self;
        let hit = contains(queue, request.object);
        if !hit && request.size <= *capacity {
            while weight(queue) + request.size > *capacity {
                queue.remove(0);
            }
            queue.push((request.object, request.size));
        }
        hit
    }

    fn remove(&mut self, object: ObjectId) {
        take(&mut self.1, object);
    }
}
