//! W-TinyLFU: a small LRU window in front of a segmented LRU that admits by frequency.
//!
//! New objects enter the window, 1 % of the capacity. What leaves it is the candidate for the main
//! cache, and if that is full is compared with its victim: of the two, the one asked for less often
//! of late leaves, the candidate if equal. The window is there for bursts of new objects, whose
//! frequency is not yet known. The main cache is a segmented LRU: its victims come from the
//! probationary segment, a use moves an object to the protected one, 80 % of the main cache, and what
//! overflows that goes back to the front of the probationary one. Frequencies come from a sketch of
//! 4-bit counters, all halved every 10 × capacity requests; every request counts, before any decision
//! (see `tiny-lfu` for the sketch, and for what follows from its hashing object numbers). O(1) a
//! request, amortised.
//!
//! The main cache has floor(99 %) of the capacity and the window the rest, so at least 1. As what a
//! window has no room for moves on, objects fill the main cache while the whole is not full.
//! `doorkeeper=true` adds the paper's Bloom filter; the default has none, as in Caffeine. Nothing
//! adapts the window.
//!
//! With sizes the paper has no rule. Here an object larger than the window is a candidate at once: it
//! is refused, or goes straight to the main cache. A candidate that needs the place of several is
//! compared with each in turn, one larger than the window with the first only, as a refusal must not
//! evict. libCacheSim's W-TinyLFU counts other events (hits in main, insertions and what leaves the
//! window) and cannot be compared.
//!
//! State: 9 bytes an object and 8 to 16 for each object that fits.

use cache::prelude::*;

use crate::lists::Lists;
use crate::sketch::Sketch;

cache::policy! {
    #[doc = "A small LRU window before a segmented LRU that admits by frequency"]
    WTinyLfu = "w-tiny-lfu" {
        family: Adaptive,
        aliases: ["w-tinylfu", "wtinylfu"],
        paper: ("Einziger, Friedman and Manes, TinyLFU: a highly efficient cache admission policy", "ACM Transactions on Storage 13(4), 2017", "10.1145/3149371"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Share of the capacity for the window.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub window_ratio: f64,
    /// Share of the main cache for its protected segment.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub protected_ratio: f64,
    /// Requests after which all counts are halved, for each object that fits the cache.
    #[schemars(range(min = 1))]
    pub period: u32,
    /// Keep first requests out of the counters, in a Bloom filter.
    pub doorkeeper: bool,
}

impl Default for Params {
    fn default() -> Self {
        Params { window_ratio: 0.01, protected_ratio: 0.8, period: 10, doorkeeper: false }
    }
}

const WINDOW: u8 = 0;
const PROBATION: u8 = 1;
const PROTECTED: u8 = 2;

/// The policy.
#[derive(Debug)]
pub struct WTinyLfu {
    /// Each with its last used in front.
    lists: Lists,
    sketch: Sketch,
    window_capacity: u64,
    protected_capacity: u64,
    setup: Setup,
    period: u64,
}

impl WTinyLfu {
    #[inline]
    fn count(&mut self, object: ObjectId, residents: &Residents) {
        let n_fit = match self.setup.unit {
            Unit::Objects => self.setup.capacity,
            Unit::Bytes => residents.len().max(1) as u64,
        };
        self.sketch.add(object, self.period.saturating_mul(n_fit));
    }

    #[inline]
    fn main_victim(&self) -> Option<ObjectId> {
        self.lists.back(PROBATION).or_else(|| self.lists.back(PROTECTED))
    }
}

impl Eviction for WTinyLfu {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("window-ratio", params.window_ratio)?;
        ParamError::check_share("protected-ratio", params.protected_ratio)?;
        if params.period == 0 {
            return Err(ParamError("`period` is 0, expected at least 1".into()));
        }
        let main = setup.share(1.0 - params.window_ratio);
        let n_fit = setup.capacity.min(u64::from(setup.n_objects));
        Ok(WTinyLfu {
            lists: Lists::new(setup.n_objects, 3),
            sketch: Sketch::new(n_fit, params.doorkeeper),
            window_capacity: setup.capacity - main,
            protected_capacity: (main as f64 * params.protected_ratio) as u64,
            setup: *setup,
            period: params.period.into(),
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let object = request.object;
        self.count(object, residents);
        match self.lists.home(object) {
            Some(PROBATION) => {
                self.lists.move_to_front(PROTECTED, object, residents.size_of(object));
                while self.lists.weight(PROTECTED) > self.protected_capacity {
                    let last = self.lists.back(PROTECTED).expect("it weighs something");
                    self.lists.move_to_front(PROBATION, last, residents.size_of(last));
                }
            }
            Some(list) => self.lists.move_to_front(list, object, residents.size_of(object)),
            None => unreachable!("residents have a list"),
        }
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        self.count(request.object, residents);
    }

    #[inline]
    fn accepts(&self, request: &Request, residents: &Residents) -> bool {
        let full = residents.used() + request.size > self.setup.capacity;
        if !full || request.size <= self.window_capacity {
            return true;
        }
        self.main_victim().is_none_or(|victim| {
            self.sketch.estimate(request.object) > self.sketch.estimate(victim)
        })
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, residents: &Residents) -> ObjectId {
        let overflows = incoming.size <= self.window_capacity
            && self.lists.weight(WINDOW) + incoming.size > self.window_capacity;
        let victim = match (self.main_victim(), self.lists.back(WINDOW)) {
            (Some(victim), Some(candidate)) if overflows => {
                let wins = self.sketch.estimate(candidate) > self.sketch.estimate(victim);
                if wins { victim } else { candidate }
            }
            (Some(victim), _) => victim,
            (None, candidate) => candidate.expect("called while something is resident"),
        };
        self.lists.remove(victim, residents.size_of(victim));
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        if size > self.window_capacity {
            self.lists.push_front(PROBATION, object, size);
            return true;
        }
        self.lists.push_front(WINDOW, object, size);
        while self.lists.weight(WINDOW) > self.window_capacity {
            let candidate = self.lists.back(WINDOW).expect("it weighs something");
            self.lists.move_to_front(PROBATION, candidate, residents.size_of(candidate));
        }
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.lists.remove(object, residents.size_of(object));
    }

    fn check(&self, residents: &Residents) {
        self.lists.check(|object| residents.size_of(object));
        let lists = [WINDOW, PROBATION, PROTECTED];
        for list in lists {
            assert!(self.lists.iter(list).all(|object| residents.contains(object)));
        }
        let n_listed: u64 = lists.iter().map(|list| self.lists.len(*list)).sum();
        assert_eq!(n_listed, residents.len() as u64);
        assert!(self.lists.weight(WINDOW) <= self.window_capacity);
        assert!(self.lists.weight(PROTECTED) <= self.protected_capacity);
    }

    fn state_bytes(&self) -> usize {
        self.lists.state_bytes() + self.sketch.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// Window 1, main 2. A and B were asked for twice; C, D and E pass through the window.
    #[test]
    fn a_scan_passes_through_the_window() {
        check_example("w-tiny-lfu", 3, "A B A B C D E D A B", "M M H H M M M M H H");
        check_example("lru", 3, "A B A B C D E D A B", "M M H H M M M H M M");
    }

    /// C, asked for three times in the window, displaces A, asked for twice, when D pushes it out.
    #[test]
    fn the_candidate_displaces_what_was_asked_for_less() {
        check_example("w-tiny-lfu", 3, "A A B C C C D C A B", "M H M M H H M H M H");
    }
}
