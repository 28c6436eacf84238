use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, share, take, weight};
use crate::eviction::s3_fifo_d::Params;

#[derive(Clone, Copy)]
struct Slot {
    entry: Entry,
    uses: u32,
}

/// Queues with their oldest first.
pub(crate) struct NaiveS3FifoD {
    capacity: u64,
    threshold: u32,
    small: Vec<Slot>,
    main: Vec<Slot>,
    ghost: Vec<Entry>,
    left_small: Vec<Entry>,
    left_main: Vec<Entry>,
    /// What each may weigh.
    small_size: u64,
    main_size: u64,
    ghost_size: u64,
    /// Misses on what left.
    small_misses: u64,
    main_misses: u64,
}

fn occupied(queue: &[Slot]) -> u64 {
    queue.iter().map(|slot| slot.entry.1).sum()
}

fn remember(queue: &mut Vec<Entry>, entry: Entry, capacity: u64) {
    if entry.1 <= capacity {
        while weight(queue) + entry.1 > capacity {
            queue.remove(0);
        }
        queue.push(entry);
    }
}

impl NaiveS3FifoD {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        let small_size = share(capacity, params.small_ratio);
        NaiveS3FifoD {
            capacity,
            threshold: params.threshold.into(),
            small: vec![],
            main: vec![],
            ghost: vec![],
            left_small: vec![],
            left_main: vec![],
            small_size,
            main_size: capacity - small_size,
            ghost_size: capacity - small_size,
            small_misses: 0,
            main_misses: 0,
        }
    }

    fn resize(&mut self) {
        if self.left_main.is_empty() {
            (self.small_misses, self.main_misses) = (0, 0);
        }
        if self.small_misses + self.main_misses > 100 {
            let step = (self.small_size.min(self.main_size) / 1000).max(1);
            let least = self.capacity / 100;
            if self.small_misses > self.main_misses * 2 {
                if self.main_size > least {
                    self.small_size += step;
                    self.ghost_size += step;
                    self.main_size -= step;
                }
            } else if self.main_misses > self.small_misses * 2 && self.small_size > least {
                self.small_size -= step;
                self.ghost_size -= step.min(self.ghost_size);
                self.main_size += step;
            }
            self.small_misses = self.small_misses * 4 / 5;
            self.main_misses = self.main_misses * 4 / 5;
        }
    }

    fn victim_of_main(&mut self) -> Entry {
        loop {
            let slot = self.main.remove(0);
            if slot.uses == 0 {
                return slot.entry;
            }
            self.main.push(Slot { uses: slot.uses.min(3) - 1, ..slot });
        }
    }

    fn evict_main(&mut self) {
        let victim = self.victim_of_main();
        remember(&mut self.left_main, victim, self.capacity / 10);
    }

    fn evict(&mut self) {
        if self.small.is_empty() {
            return self.evict_main();
        }
        let slot = self.small.remove(0);
        if slot.uses >= self.threshold {
            self.main.push(Slot { uses: 0, ..slot });
            while occupied(&self.main) > self.main_size {
                self.evict_main();
            }
        } else {
            remember(&mut self.ghost, slot.entry, self.ghost_size);
            remember(&mut self.left_small, slot.entry, self.capacity / 10);
        }
    }
}

impl Naive for NaiveS3FifoD {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        self.resize();
        let found = self.small.iter_mut().chain(&mut self.main).find(|s| s.entry.0 == object);
        if let Some(slot) = found {
            slot.uses += 1;
            return true;
        }
        let returns = take(&mut self.ghost, object).is_some();
        self.small_misses += u64::from(take(&mut self.left_small, object).is_some());
        self.main_misses += u64::from(take(&mut self.left_main, object).is_some());
        if size > self.small_size || size > self.capacity {
            return false;
        }
        while occupied(&self.small) + occupied(&self.main) + size > self.capacity {
            self.evict();
        }
        let slot = Slot { entry: (object, size), uses: 0 };
        if !returns {
            self.small.push(slot);
        } else if size <= self.main_size {
            while occupied(&self.main) + size > self.main_size {
                self.victim_of_main();
            }
            self.main.push(slot);
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.small.retain(|slot| slot.entry.0 != object);
        self.main.retain(|slot| slot.entry.0 != object);
    }
}
