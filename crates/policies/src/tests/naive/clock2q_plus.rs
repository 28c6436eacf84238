use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, share, take, weight};
use crate::eviction::clock2q_plus::Params;

/// An entry, its uses, and what number it had in the small queue.
type Used = (Entry, u64, u64);

/// Queues with their oldest first.
pub(crate) struct NaiveClock2QPlus {
    capacity: u64,
    small_capacity: u64,
    ghost_capacity: u64,
    threshold: u64,
    window: f64,
    n_small: u64,
    has_evicted: bool,
    small: Vec<Used>,
    main: Vec<Used>,
    ghost: Vec<Entry>,
}

fn used_weight(queue: &[Used]) -> u64 {
    queue.iter().map(|((_, size), ..)| size).sum()
}

impl NaiveClock2QPlus {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveClock2QPlus {
            capacity,
            small_capacity: share(capacity, params.small_ratio),
            ghost_capacity: share(capacity, params.ghost_ratio),
            threshold: params.threshold.into(),
            window: share(capacity, params.small_ratio) as f64 * params.window_ratio,
            n_small: 0,
            has_evicted: false,
            small: Vec::new(),
            main: Vec::new(),
            ghost: Vec::new(),
        }
    }

    fn evict_main(&mut self) {
        loop {
            let (entry, uses, _) = self.main.remove(0);
            if uses == 0 {
                return;
            }
            self.main.push((entry, 0, 0));
        }
    }

    fn evict_small(&mut self) {
        while !self.small.is_empty() {
            let (entry, uses, _) = self.small.remove(0);
            if uses >= self.threshold {
                self.main.push((entry, 0, 0));
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

impl Naive for NaiveClock2QPlus {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        for ((resident, _), uses, number) in &mut self.small {
            if *resident == object {
                *uses += u64::from((self.n_small - *number) as f64 >= self.window);
                return true;
            }
        }
        for ((resident, _), uses, _) in &mut self.main {
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
        if known || (!self.has_evicted && small_full) {
            self.main.push(((object, size), 0, 0));
        } else if size != self.small_capacity {
            self.n_small += 1;
            self.small.push(((object, size), 0, self.n_small));
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.small.retain(|((resident, _), ..)| *resident != object);
        self.main.retain(|((resident, _), ..)| *resident != object);
    }
}
