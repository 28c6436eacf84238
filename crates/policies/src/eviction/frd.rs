//! FRD: a small LRU filter, and a main LRU stack ordered by reuse distance.
//!
//! Most of the cache, the main part, holds objects whose reuse distance was found short; a tenth, the
//! filter, is an LRU list for what is new. Every object that enters the filter also leaves a history
//! in the stack of the main part, and moves it to the top with each hit; when it leaves the filter,
//! the history stays. A miss on an object that has one was used again within the distance of the
//! oldest main object, so it takes that one's place. Histories below the oldest main object are
//! dropped. Unlike in LIRS, hits in the filter do not promote: a burst is no proof of anything. O(1) a
//! request, amortised over dropping histories.
//!
//! The rules are the paper's as Caffeine's simulator quotes them; the paper itself was not at hand.
//! The main part is filled first, then the filter, whose first objects leave no history. The share of
//! the main part, 90 %, is Caffeine's default too.
//!
//! What they do not define: with sizes, shares count sums of sizes. Until the first eviction a new
//! object goes to the main part if it fits there. Room for a returning object comes from the main
//! part while it has none, room for a new one from the filter while it has none; otherwise, or if that
//! part is empty, from the other. An object removed other than by eviction leaves no history.
//!
//! State: 17 bytes an object.

use cache::prelude::*;

use crate::lists::Links;

cache::policy! {
    #[doc = "A small LRU filter, and an LRU stack for objects with short reuse distances"]
    Frd = "frd" {
        family: Recency,
        aliases: [],
        paper: ("Park and Park, FRD: a filtering based buffer cache algorithm that considers both frequency and reuse distance", "MSST '17", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Share of the capacity for the main part; the filter has the rest.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub main_ratio: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { main_ratio: 0.9 }
    }
}

/// In the state of an object: it is in the stack, as a main object or a history.
const STACKED: u8 = 1;
/// It is in the filter.
const FILTER: u8 = 2;
/// It is in the main part, and so in the stack.
const MAIN: u8 = 4;

/// The one list of each.
const LIST: u32 = 0;

/// The policy.
#[derive(Debug)]
pub struct Frd {
    /// The filter, last used in front.
    filter: Links,
    /// Main objects and histories, last used in front. Its back is a main object, unless it is empty.
    stack: Links,
    state: Vec<u8>,
    filter_weight: u64,
    main_weight: u64,
    filter_capacity: u64,
    main_capacity: u64,
    /// Nothing was evicted yet.
    filling: bool,
    /// The object now missed had a history.
    returns: bool,
}

impl Frd {
    #[inline]
    fn state(&self, object: ObjectId) -> u8 {
        self.state[object.index()]
    }

    /// Moves an object to the top of the stack, or puts it there.
    #[inline]
    fn put_on_top(&mut self, object: ObjectId) {
        self.unstack(object);
        self.stack.push_front(LIST, object);
        self.state[object.index()] |= STACKED;
    }

    /// Takes an object out of the stack, if it is in.
    #[inline]
    fn unstack(&mut self, object: ObjectId) {
        if self.state(object) & STACKED != 0 {
            self.stack.remove(object);
            self.state[object.index()] &= !STACKED;
        }
    }

    /// Drops the histories below the oldest main object.
    #[inline]
    fn prune(&mut self) {
        while let Some(bottom) = self.stack.back(LIST)
            && self.state(bottom) & MAIN == 0
        {
            self.unstack(bottom);
        }
    }

    #[inline]
    fn evict_filter(&mut self, residents: &Residents) -> Option<ObjectId> {
        let victim = self.filter.back(LIST)?;
        self.filter.remove(victim);
        self.state[victim.index()] &= !FILTER;
        self.filter_weight -= residents.size_of(victim);
        Some(victim)
    }

    #[inline]
    fn evict_main(&mut self, residents: &Residents) -> Option<ObjectId> {
        let victim = self.stack.back(LIST)?;
        self.stack.remove(victim);
        self.state[victim.index()] = 0;
        self.main_weight -= residents.size_of(victim);
        self.prune();
        Some(victim)
    }
}

impl Eviction for Frd {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("main-ratio", params.main_ratio)?;
        let main_capacity = setup.share(params.main_ratio);
        Ok(Frd {
            filter: Links::new(setup.n_objects, 1),
            stack: Links::new(setup.n_objects, 1),
            state: vec![0; setup.n_objects as usize],
            filter_weight: 0,
            main_weight: 0,
            filter_capacity: setup.capacity - main_capacity,
            main_capacity,
            filling: true,
            returns: false,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        if self.state(request.object) & FILTER != 0 {
            self.filter.move_to_front(LIST, request.object);
        }
        self.put_on_top(request.object);
        self.prune();
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, _residents: &Residents) {
        self.returns = self.state(request.object) & STACKED != 0;
        self.unstack(request.object);
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, residents: &Residents) -> ObjectId {
        self.filling = false;
        let from_main = if self.returns {
            self.main_weight + incoming.size > self.main_capacity
        } else {
            self.filter_weight + incoming.size <= self.filter_capacity
        };
        let victim = if from_main {
            self.evict_main(residents).or_else(|| self.evict_filter(residents))
        } else {
            self.evict_filter(residents).or_else(|| self.evict_main(residents))
        };
        victim.expect("called while something is resident")
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        if self.returns || (self.filling && self.main_weight + size <= self.main_capacity) {
            self.put_on_top(object);
            self.state[object.index()] |= MAIN;
            self.main_weight += size;
            return true;
        }
        self.filter.push_front(LIST, object);
        self.state[object.index()] |= FILTER;
        self.filter_weight += size;
        if !self.filling {
            self.put_on_top(object);
            self.prune();
        }
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        let (state, size) = (self.state(object), residents.size_of(object));
        self.unstack(object);
        if state & MAIN != 0 {
            self.main_weight -= size;
        } else {
            self.filter.remove(object);
            self.filter_weight -= size;
        }
        self.state[object.index()] = 0;
        self.prune();
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.stack.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.stack.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        let with = |flag: u8| self.state.iter().filter(|state| **state & flag != 0).count();
        let weigh = |objects: &mut dyn Iterator<Item = ObjectId>| -> u64 {
            objects.map(|object| residents.size_of(object)).sum()
        };
        assert!(self.stack.iter(LIST).all(|object| self.state(object) & STACKED != 0));
        assert_eq!(self.stack.iter(LIST).count(), with(STACKED));
        assert!(self.stack.back(LIST).is_none_or(|bottom| self.state(bottom) & MAIN != 0));
        assert!(self.filter.iter(LIST).all(|object| self.state(object) & FILTER != 0));
        assert_eq!(self.filter.iter(LIST).count(), with(FILTER));
        let mut main = self.stack.iter(LIST).filter(|object| self.state(*object) & MAIN != 0);
        assert_eq!(weigh(&mut main), self.main_weight);
        assert_eq!(weigh(&mut self.filter.iter(LIST)), self.filter_weight);
        for (object, state) in (0..).map(ObjectId).zip(&self.state) {
            assert_eq!(residents.contains(object), state & (MAIN | FILTER) != 0);
            assert!(state & MAIN == 0 || *state == MAIN | STACKED);
        }
    }

    fn state_bytes(&self) -> usize {
        self.filter.state_bytes() + self.stack.state_bytes() + self.state.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    // Capacity 3: two main objects, A and B at first; the filter has one.

    #[test]
    fn what_returns_in_time_takes_the_place_of_the_oldest_main_object() {
        // D passes through the filter and returns; A makes place. B is then used, A is gone.
        check_example("frd", 3, "A B C D E D B A", "M M M M M M H M");
        // A scan after that touches the filter only.
        check_example("frd", 3, "A B C D E D F G H B D", "M M M M M M M M M H H");
    }

    #[test]
    fn what_returns_too_late_does_not() {
        // A and B are used after D, so its history is dropped, and D is as new.
        check_example("frd", 3, "A B C D E A B D F A B D", "M M M M M H H M M H H M");
    }

    #[test]
    fn a_burst_proves_nothing() {
        check_example("frd", 3, "A B C D D D E A B", "M M M M H H M H H");
    }
}
