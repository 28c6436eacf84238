//! TinyLFU admission over LRU: who asks to come in must have been asked for more often than who
//! would have to go.
//!
//! A sketch of 4-bit counters estimates how often each object, resident or not, was requested of
//! late; all counters are halved every 10 × capacity requests. On a miss with a full cache, the
//! object is compared with LRU's victim, and comes in only if its estimate is larger. Every request
//! counts before the decision. O(1) a request, amortised over the halvings.
//!
//! The sketch (4 rows; 16 counters, 8 bytes, for each object that fits the cache; an object's counters
//! in one cache line, see `sketch`) hashes dense object
//! numbers, so the same trace with objects numbered otherwise may hit a little differently. Numbers
//! are by first appearance, so a trace always gives the same. `doorkeeper=true` adds the paper's
//! Bloom filter, which spares the counters what is asked for once.
//!
//! With sizes, an object that needs the place of several is compared with the first of them only, and
//! the number of residents stands for the capacity in the period. The paper compares objects of one
//! size. The sketch then has room for the smaller of the capacity and the objects of the trace.
//!
//! State: 8 bytes an object and 8 to 16 for each object that fits.

use cache::prelude::*;

use crate::lists::Links;
use crate::sketch::Sketch;

cache::policy! {
    #[doc = "LRU that takes in only what was asked for more often than its victim"]
    TinyLfu = "tiny-lfu" {
        family: Frequency,
        aliases: ["tinylfu"],
        paper: ("Einziger, Friedman and Manes, TinyLFU: a highly efficient cache admission policy", "ACM Transactions on Storage 13(4), 2017", "10.1145/3149371"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Requests after which all counts are halved, for each object that fits the cache.
    #[schemars(range(min = 1))]
    pub period: u32,
    /// Keep first requests out of the counters, in a Bloom filter.
    pub doorkeeper: bool,
}

impl Default for Params {
    fn default() -> Self {
        Params { period: 10, doorkeeper: false }
    }
}

/// The policy.
#[derive(Debug)]
pub struct TinyLfu {
    /// One list, last used in front.
    links: Links,
    sketch: Sketch,
    setup: Setup,
    period: u64,
}

impl TinyLfu {
    #[inline]
    fn count(&mut self, object: ObjectId, residents: &Residents) {
        let n_fit = match self.setup.unit {
            Unit::Objects => self.setup.capacity,
            Unit::Bytes => residents.len().max(1) as u64,
        };
        self.sketch.add(object, self.period.saturating_mul(n_fit));
    }
}

impl Eviction for TinyLfu {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        if params.period == 0 {
            return Err(ParamError("`period` is 0, expected at least 1".into()));
        }
        let n_fit = setup.capacity.min(u64::from(setup.n_objects));
        Ok(TinyLfu {
            links: Links::new(setup.n_objects, 1),
            sketch: Sketch::new(n_fit, params.doorkeeper),
            setup: *setup,
            period: params.period.into(),
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        self.count(request.object, residents);
        self.links.move_to_front(0, request.object);
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        self.count(request.object, residents);
    }

    #[inline]
    fn accepts(&self, request: &Request, residents: &Residents) -> bool {
        residents.used() + request.size <= self.setup.capacity
            || self.links.back(0).is_none_or(|victim| {
                self.sketch.estimate(request.object) > self.sketch.estimate(victim)
            })
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let victim = self.links.back(0).expect("called while something is resident");
        self.links.remove(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.links.push_front(0, request.object);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.links.remove(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.links.touch(upcoming);
        self.sketch.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.links.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        let mut n_listed = 0;
        for object in self.links.iter(0) {
            assert!(residents.contains(object));
            n_listed += 1;
        }
        assert_eq!(n_listed, residents.len());
    }

    fn state_bytes(&self) -> usize {
        self.links.state_bytes() + self.sketch.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// A leaves when C was asked for more often, at the third time. B, asked for once, gives way to A.
    #[test]
    fn who_comes_in_must_have_been_asked_for_more_often() {
        check_example("tiny-lfu", 2, "A A B C C C C A B", "M H M M M M H M M");
    }

    #[test]
    fn a_scan_changes_nothing() {
        check_example("tiny-lfu", 2, "A B A B C D E F A B", "M M H H M M M M H H");
    }
}
