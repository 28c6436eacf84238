use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, take, weight};
use crate::eviction::s4lru::Params;

/// Four queues, each with its last used at the end.
pub(crate) struct NaiveS4Lru {
    share: u64,
    queues: [Vec<Entry>; 4],
}

impl NaiveS4Lru {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveS4Lru { share: capacity / 4, queues: Default::default() }
    }

    /// Puts an entry into a queue; what overflows it goes down, or out.
    fn enter(&mut self, queue: usize, entry: Entry) {
        self.queues[queue].push(entry);
        while weight(&self.queues[queue]) > self.share {
            let oldest = self.queues[queue].remove(0);
            if queue > 0 {
                self.enter(queue - 1, oldest);
            }
        }
    }
}

impl Naive for NaiveS4Lru {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        if let Some(queue) = self.queues.iter().position(|queue| contains(queue, object)) {
            let entry = take(&mut self.queues[queue], object).unwrap();
            self.enter(3.min(queue + 1), entry);
            return true;
        }
        if size <= self.share {
            self.enter(0, (object, size));
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        for queue in &mut self.queues {
            take(queue, object);
        }
    }
}
