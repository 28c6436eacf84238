use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, share, take, weight};
use crate::eviction::qd_lp::Params;

/// An entry and its uses.
type Used = (Entry, u64);

/// Queues with their oldest first. The main cache is a cache of its own.
pub(crate) struct NaiveQdLp {
    capacity: u64,
    small_capacity: u64,
    ghost_capacity: u64,
    threshold: u64,
    small: Vec<Used>,
    main: Vec<Used>,
    ghost: Vec<Entry>,
}

fn used_weight(queue: &[Used]) -> u64 {
    queue.iter().map(|((_, size), _)| size).sum()
}

impl NaiveQdLp {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveQdLp {
            capacity,
            small_capacity: share(capacity, params.small_ratio),
            ghost_capacity: share(capacity, params.ghost_ratio),
            threshold: params.threshold.into(),
            small: Vec::new(),
            main: Vec::new(),
            ghost: Vec::new(),
        }
    }

    fn evict_main(&mut self) {
        loop {
            let (entry, uses) = self.main.remove(0);
            if uses == 0 {
                return;
            }
            self.main.push((entry, uses - 1));
        }
    }

    /// An ordinary request to the main cache.
    fn request_main(&mut self, entry: Entry) {
        let capacity = self.capacity - self.small_capacity;
        if entry.1 <= capacity {
            while used_weight(&self.main) + entry.1 > capacity {
                self.evict_main();
            }
            self.main.push((entry, 0));
        }
    }

    fn evict(&mut self) {
        if self.small.is_empty() {
            return self.evict_main();
        }
        let (entry, uses) = self.small.remove(0);
        if uses >= self.threshold {
            self.request_main(entry);
        } else if entry.1 <= self.ghost_capacity {
            while weight(&self.ghost) + entry.1 > self.ghost_capacity {
                self.ghost.remove(0);
            }
            self.ghost.push(entry);
        }
    }
}

impl Naive for NaiveQdLp {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        if let Some((_, uses)) = self.small.iter_mut().find(|((there, _), _)| *there == object) {
            *uses += 1;
            return true;
        }
        if let Some((_, uses)) = self.main.iter_mut().find(|((there, _), _)| *there == object) {
            *uses = (*uses + 1).min(3);
            return true;
        }
        let known = contains(&self.ghost, object);
        take(&mut self.ghost, object);
        if size > self.capacity || size > self.small_capacity {
            return false;
        }
        while used_weight(&self.small) + used_weight(&self.main) + size > self.capacity {
            self.evict();
        }
        if known {
            self.request_main((object, size));
        } else if size != self.small_capacity {
            self.small.push(((object, size), 0));
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.small.retain(|((resident, _), _)| *resident != object);
        self.main.retain(|((resident, _), _)| *resident != object);
    }
}
