use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, share, take, weight};
use crate::eviction::s3_fifo::{Params, Version};

/// An entry and its uses.
type Used = (Entry, u64);

/// Queues with their oldest first.
pub(crate) struct NaiveS3Fifo {
    capacity: u64,
    small_capacity: u64,
    ghost_capacity: u64,
    threshold: u64,
    revised: bool,
    has_evicted: bool,
    small: Vec<Used>,
    main: Vec<Used>,
    ghost: Vec<Entry>,
}

fn used_weight(queue: &[Used]) -> u64 {
    queue.iter().map(|((_, size), _)| size).sum()
}

impl NaiveS3Fifo {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveS3Fifo {
            capacity,
            small_capacity: share(capacity, params.small_ratio),
            ghost_capacity: share(capacity, params.ghost_ratio),
            threshold: params.threshold.into(),
            revised: params.version == Version::V1,
            has_evicted: false,
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
            self.main.push((entry, uses.min(3) - 1));
        }
    }

    fn evict_small(&mut self) {
        while !self.small.is_empty() {
            let (entry, uses) = self.small.remove(0);
            if uses >= self.threshold {
                self.main.push((entry, 0));
                continue;
            }
            if entry.1 <= self.ghost_capacity {
                while weight(&self.ghost) + entry.1 > self.ghost_capacity {
                    self.ghost.remove(0);
                }
                self.ghost.push(entry);
            }
            return;
        }
    }
}

impl Naive for NaiveS3Fifo {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        for ((resident, _), uses) in self.small.iter_mut().chain(&mut self.main) {
            if *resident == object {
                *uses += 1;
                return true;
            }
        }
        let known = contains(&self.ghost, object);
        take(&mut self.ghost, object);
        if size > self.capacity || size > self.small_capacity {
            return false;
        }
        while used_weight(&self.small) + used_weight(&self.main) + size > self.capacity {
            self.has_evicted = true;
            let main_over = used_weight(&self.main) > self.capacity - self.small_capacity;
            if main_over || self.small.is_empty() {
                self.evict_main();
            } else {
                self.evict_small();
            }
        }
        let small_full = used_weight(&self.small) >= self.small_capacity;
        if known || (self.revised && !self.has_evicted && small_full) {
            self.main.push(((object, size), 0));
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
