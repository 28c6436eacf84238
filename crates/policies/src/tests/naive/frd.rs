use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, share, take, weight};
use crate::eviction::frd::Params;

/// The filter, and the stack of histories and main objects, all with their last used at the end.
pub(crate) struct NaiveFrd {
    capacity: u64,
    main_share: u64,
    filling: bool,
    filter: Vec<Entry>,
    main: Vec<Entry>,
    stack: Vec<ObjectId>,
}

impl NaiveFrd {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        let main_share = share(capacity, params.main_ratio);
        NaiveFrd {
            capacity,
            main_share,
            filling: true,
            filter: vec![],
            main: vec![],
            stack: vec![],
        }
    }

    fn drop_histories(&mut self) {
        while self.stack.first().is_some_and(|bottom| !contains(&self.main, *bottom)) {
            self.stack.remove(0);
        }
    }

    fn top(&mut self, object: ObjectId) {
        self.stack.retain(|there| *there != object);
        self.stack.push(object);
        self.drop_histories();
    }

    fn evict_main(&mut self) {
        let bottom = self.stack.remove(0);
        take(&mut self.main, bottom).unwrap();
        self.drop_histories();
    }
}

impl Naive for NaiveFrd {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        if let Some(entry) = take(&mut self.filter, object) {
            self.filter.push(entry);
            self.top(object);
            return true;
        }
        if contains(&self.main, object) {
            self.top(object);
            return true;
        }
        let returns = self.stack.contains(&object);
        self.stack.retain(|there| *there != object);
        if size > self.capacity {
            return false;
        }
        while weight(&self.filter) + weight(&self.main) + size > self.capacity {
            self.filling = false;
            let main_is_full = weight(&self.main) + size > self.main_share;
            let filter_is_full = weight(&self.filter) + size > self.capacity - self.main_share;
            let main_gives = if returns { main_is_full } else { !filter_is_full };
            if self.filter.is_empty() || (main_gives && !self.main.is_empty()) {
                self.evict_main();
            } else {
                self.filter.remove(0);
            }
        }
        if returns || (self.filling && weight(&self.main) + size <= self.main_share) {
            self.main.push((object, size));
            self.top(object);
        } else {
            self.filter.push((object, size));
            if !self.filling {
                self.top(object);
            }
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        let main = take(&mut self.main, object).is_some();
        if take(&mut self.filter, object).is_some() || main {
            self.stack.retain(|there| *there != object);
            self.drop_histories();
        }
    }
}
