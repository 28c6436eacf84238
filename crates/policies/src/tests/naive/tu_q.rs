use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, share, take, weight};
use crate::eviction::tu_q::Params;

/// Queues with their last used at the end.
pub(crate) struct NaiveTuQ {
    capacity: u64,
    hot_share: u64,
    warm_share: u64,
    hot: Vec<Entry>,
    warm: Vec<Entry>,
    cold: Vec<Entry>,
}

impl NaiveTuQ {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveTuQ {
            capacity,
            hot_share: share(capacity, params.hot_ratio),
            warm_share: share(capacity, params.warm_ratio),
            hot: vec![],
            warm: vec![],
            cold: vec![],
        }
    }
}

impl Naive for NaiveTuQ {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        if let Some(entry) = take(&mut self.hot, object) {
            self.hot.push(entry);
            return true;
        }
        if let Some(entry) = take(&mut self.warm, object) {
            self.warm.push(entry);
            return true;
        }
        if let Some(entry) = take(&mut self.cold, object) {
            self.warm.push(entry);
            while weight(&self.warm) > self.warm_share {
                self.cold.push(self.warm.remove(0));
            }
            return true;
        }
        if size > self.capacity {
            return false;
        }
        while weight(&self.hot) + weight(&self.warm) + weight(&self.cold) + size > self.capacity {
            let queues = [&mut self.cold, &mut self.hot, &mut self.warm];
            queues.into_iter().find(|queue| !queue.is_empty()).unwrap().remove(0);
        }
        self.hot.push((object, size));
        while weight(&self.hot) > self.hot_share {
            self.cold.push(self.hot.remove(0));
        }
        assert!(!contains(&self.warm, object));
        false
    }

    fn remove(&mut self, object: ObjectId) {
        for queue in [&mut self.hot, &mut self.warm, &mut self.cold] {
            take(queue, object);
        }
    }
}
