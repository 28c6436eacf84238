use cache::Request;
use trace::ObjectId;

use super::tiny_lfu::NaiveSketch;
use super::{Entry, Naive, World, contains, take, weight};
use crate::eviction::w_tiny_lfu::Params;

/// Lists with their last used at the end. The newcomer enters the window first, and then room is
/// made, which is how the paper tells it.
pub(crate) struct NaiveWTinyLfu {
    capacity: u64,
    bytes: bool,
    window_capacity: u64,
    protected_capacity: u64,
    period: u64,
    sketch: NaiveSketch,
    window: Vec<Entry>,
    probation: Vec<Entry>,
    protected: Vec<Entry>,
    adaptive: bool,
    /// Sample, ratio of the last one, and step.
    hits: Vec<bool>,
    last_ratio: f64,
    step: f64,
}

impl NaiveWTinyLfu {
    pub(crate) fn new(world: World, params: &Params) -> Self {
        let main = super::share(world.capacity, 1.0 - params.window_ratio);
        let n_fit = world.capacity.min(world.n_objects.into());
        NaiveWTinyLfu {
            capacity: world.capacity,
            bytes: world.bytes,
            window_capacity: world.capacity - main,
            protected_capacity: super::share(main, params.protected_ratio),
            period: params.period.into(),
            sketch: NaiveSketch::new(n_fit, params.doorkeeper),
            window: Vec::new(),
            probation: Vec::new(),
            protected: Vec::new(),
            adaptive: params.adaptive,
            hits: Vec::new(),
            last_ratio: 0.0,
            step: -0.0625 * world.capacity as f64,
        }
    }

    /// Caffeine's determineAdjustment, then increaseWindow or decreaseWindow.
    fn climb(&mut self, sample_size: u64) {
        if (self.hits.len() as u64) < sample_size {
            return;
        }
        let ratio = self.hits.iter().filter(|hit| **hit).count() as f64 / self.hits.len() as f64;
        self.hits.clear();
        let change = ratio - std::mem::replace(&mut self.last_ratio, ratio);
        let amount = if change >= 0.0 { self.step } else { -self.step };
        self.step = 0.98 * amount;
        if change.abs() >= 0.05 {
            self.step = 0.0625 * self.capacity as f64 * if amount >= 0.0 { 1.0 } else { -1.0 };
        }
        if amount > 0.0 {
            let quota = (amount as u64).min(self.protected_capacity);
            let limit = self.protected_capacity - quota;
            while weight(&self.protected) > limit {
                let demoted = self.protected.remove(0);
                self.probation.push(demoted);
            }
            let mut moved = 0;
            while moved < quota {
                let room = quota - moved;
                let from = if self.probation.first().is_some_and(|entry| entry.1 <= room) {
                    &mut self.probation
                } else if self.protected.first().is_some_and(|entry| entry.1 <= room) {
                    &mut self.protected
                } else {
                    break;
                };
                let entry = from.remove(0);
                moved += entry.1;
                self.window.push(entry);
            }
            self.window_capacity += moved;
            self.protected_capacity -= moved;
        } else {
            let quota = (-amount as u64).min(self.window_capacity.max(1) - 1);
            let mut moved = 0;
            while self.window.first().is_some_and(|entry| moved + entry.1 <= quota) {
                let entry = self.window.remove(0);
                moved += entry.1;
                self.probation.push(entry);
            }
            self.window_capacity -= moved;
            self.protected_capacity += moved;
        }
    }

    fn is_overfull(&self, more: u64) -> bool {
        let used = weight(&self.window) + weight(&self.probation) + weight(&self.protected);
        used + more > self.capacity
    }

    fn main(&mut self) -> &mut Vec<Entry> {
        if self.probation.is_empty() { &mut self.protected } else { &mut self.probation }
    }

    /// The newcomer is at the end of the window.
    fn make_room(&mut self) {
        while self.is_overfull(0) {
            if weight(&self.window) <= self.window_capacity {
                self.main().remove(0);
                continue;
            }
            let candidate = self.window[0].0;
            let Some((victim, _)) = self.main().first().copied() else {
                self.window.remove(0);
                continue;
            };
            if self.sketch.estimate(candidate) > self.sketch.estimate(victim) {
                self.main().remove(0);
            } else {
                self.window.remove(0);
            }
        }
        while weight(&self.window) > self.window_capacity {
            let candidate = self.window.remove(0);
            self.probation.push(candidate);
        }
    }
}

impl Naive for NaiveWTinyLfu {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        let n_residents = self.window.len() + self.probation.len() + self.protected.len();
        let n = if self.bytes { n_residents.max(1) as u64 } else { self.capacity };
        self.sketch.add(object, n * self.period);
        let used = weight(&self.window) + weight(&self.probation) + weight(&self.protected);
        if self.adaptive && used >= self.capacity / 2 {
            let all = [&self.window, &self.probation, &self.protected];
            self.hits.push(all.into_iter().any(|list| contains(list, object)));
            self.climb(n * self.period);
        }
        if let Some(entry) = take(&mut self.window, object) {
            self.window.push(entry);
            return true;
        }
        if let Some(entry) = take(&mut self.protected, object) {
            self.protected.push(entry);
            return true;
        }
        if let Some(entry) = take(&mut self.probation, object) {
            self.protected.push(entry);
            while weight(&self.protected) > self.protected_capacity {
                let demoted = self.protected.remove(0);
                self.probation.push(demoted);
            }
            return true;
        }
        if size > self.capacity {
            return false;
        }
        if size <= self.window_capacity {
            self.window.push((object, size));
            self.make_room();
            return false;
        }
        if self.is_overfull(size) {
            let victim = self.main().first().map(|(victim, _)| *victim);
            if victim.is_some_and(|v| self.sketch.estimate(object) <= self.sketch.estimate(v)) {
                return false;
            }
        }
        while self.is_overfull(size) {
            if self.main().is_empty() {
                self.window.remove(0);
            } else {
                self.main().remove(0);
            }
        }
        self.probation.push((object, size));
        false
    }

    fn remove(&mut self, object: ObjectId) {
        take(&mut self.window, object);
        take(&mut self.probation, object);
        take(&mut self.protected, object);
    }
}
