//! CAR, CLOCK with adaptive replacement: ARC with two clocks in place of its LRU lists.
//!
//! A hit sets a bit and moves nothing. T1 holds what came in of late, T2 what was used since; the
//! hand on T1 moves used objects to T2, that on T2 gives them another round, and the first unused
//! object found leaves, for B1 or B2, the ghosts of T1 and T2. The target p for the size of T1 goes
//! up when B1 remembers a missed object and down when B2 does, by the other's length over its own,
//! at least 1; an object that was remembered enters T2. O(1) a request, amortised: each object
//! passed over was paid for by a hit. No parameter to tune.
//!
//! The target is a real number; it moves after room was made, as in the paper (ARC moves it
//! before). In the paper objects have one size. With sizes, lists count the sum of sizes, the step
//! is still that ratio, at least 1, and the replacement is repeated until the object fits. Before an
//! object that was not remembered comes in, B1 forgets its oldest while T1, B1 and the object are
//! over the capacity, then B2 while everything is over twice that: at most one, with one size.
//! Objects removed other than by eviction leave no ghost.
//!
//! State: 10 bytes an object.

use cache::prelude::*;

use crate::lists::Lists;

cache::policy! {
    #[doc = "ARC with two clocks in place of its LRU lists"]
    Car = "car" {
        family: Adaptive,
        aliases: [],
        paper: ("Bansal and Modha, CAR: clock with adaptive replacement", "FAST '04", ""),
    }
}

/// CAR takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

// Each list with its newest in front; the back of T1 and T2 is where the hand is.
/// Residents not used since they came, as far as the hand has seen.
const T1: u8 = 0;
/// Residents used since.
const T2: u8 = 1;
/// Ghosts of T1.
const B1: u8 = 2;
/// Ghosts of T2.
const B2: u8 = 3;

/// The policy.
#[derive(Debug)]
pub struct Car {
    lists: Lists,
    /// Whether a resident was used since the hand passed, by object.
    used: Vec<bool>,
    /// p: what T1 should weigh.
    target: f64,
    capacity: u64,
    /// The ghost list that remembered the object now missed, and its size there.
    ghost: Option<(u8, u64)>,
}

impl Car {
    /// Forgets the oldest of a ghost list, if there is any.
    #[inline]
    fn forget(&mut self, list: u8, residents: &Residents) -> bool {
        let oldest = self.lists.back(list);
        if let Some(oldest) = oldest {
            self.lists.remove(oldest, residents.size_of(oldest));
        }
        oldest.is_some()
    }

    /// What two of the lists weigh together.
    #[inline]
    fn weight(&self, one: u8, other: u8) -> u64 {
        self.lists.weight(one) + self.lists.weight(other)
    }
}

impl Eviction for Car {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(Car {
            lists: Lists::new(setup.n_objects, 4),
            used: vec![false; setup.n_objects as usize],
            target: 0.0,
            capacity: setup.capacity,
            ghost: None,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        self.used[request.object.index()] = true;
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        let list = self.lists.home(request.object);
        self.ghost = list.map(|list| (list, residents.size_of(request.object)));
    }

    /// The paper's replace().
    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        loop {
            let from_t1 = self.lists.weight(T1) as f64 >= self.target.max(1.0);
            let head = self.lists.back(T1).filter(|_| from_t1 || self.lists.len(T2) == 0);
            let (object, ghosts) = match head {
                Some(object) => (object, B1),
                None => (self.lists.back(T2).expect("called while something is resident"), B2),
            };
            let size = residents.size_of(object);
            if !std::mem::take(&mut self.used[object.index()]) {
                self.lists.move_to_front(ghosts, object, size);
                return object;
            }
            self.lists.move_to_front(T2, object, size);
        }
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        let list = if let Some((ghost, ghost_size)) = self.ghost {
            let (b1, b2) = (self.lists.weight(B1) as f64, self.lists.weight(B2) as f64);
            self.target = if ghost == B1 {
                (self.target + (b2 / b1).max(1.0)).min(self.capacity as f64)
            } else {
                (self.target - (b1 / b2).max(1.0)).max(0.0)
            };
            self.lists.remove(object, ghost_size);
            T2
        } else {
            while self.weight(T1, B1) + size > self.capacity && self.forget(B1, residents) {}
            while self.weight(T1, B1) + self.weight(T2, B2) + size > 2 * self.capacity
                && self.forget(B2, residents)
            {}
            T1
        };
        self.used[object.index()] = false;
        self.lists.push_front(list, object, size);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.lists.remove(object, residents.size_of(object));
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.lists.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.lists.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.lists.check(|object| residents.size_of(object));
        for (list, resident) in [(T1, true), (T2, true), (B1, false), (B2, false)] {
            assert!(self.lists.iter(list).all(|object| residents.contains(object) == resident));
        }
        assert_eq!(self.lists.len(T1) + self.lists.len(T2), residents.len() as u64);
        assert!((0.0..=self.capacity as f64).contains(&self.target));
    }

    fn state_bytes(&self) -> usize {
        self.lists.state_bytes() + self.used.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn a_scan_does_not_displace_what_was_used() {
        // The hand moves A and B to T2 when it first comes round, and C leaves.
        check_example("car", 3, "A B C A B D E F A B", "M M M H H M M M H H");
        check_example("clock", 3, "A B C A B D E F A B", "M M M H H M M M M M");
    }

    #[test]
    fn a_ghost_that_comes_back_enters_t2() {
        // A moves to T2 when C comes, B to B1. Back from there it enters T2, and D to F pass by.
        check_example("car", 3, "A A B C D B E F B", "M H M M M M M M H");
    }
}
