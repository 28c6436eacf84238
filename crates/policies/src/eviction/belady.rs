//! Belady's MIN: the object whose next use is farthest away leaves.
//!
//! It knows the future. With objects of one size, no policy that takes in every object it misses
//! has fewer misses; with sizes it is only a good heuristic. `bypass=true` also lets it refuse an
//! object whose next use comes no sooner than that of every resident, when there is no room. That
//! can only help, and gives the bound for policies with admission.
//!
//! The next uses of residents are distinct request numbers. They are kept in a bitmap tree that
//! gives the largest in a handful of steps. Objects never used again are all alike: they leave
//! first, in order of insertion, which no count depends on.
//!
//! State: 8 bytes an object or request, and an eighth of a byte more.

use cache::prelude::*;
use trace::NEVER;

use crate::fifo_queue::FifoQueue;
use crate::index_set::IndexSet;

cache::policy! {
    #[doc = "Knows the future: evicts the object whose next use is farthest away"]
    Belady = "belady" {
        family: Offline,
        aliases: ["min", "opt"],
        paper: ("Belady, A study of replacement algorithms for a virtual-storage computer", "IBM Systems Journal 5(2), 1966", "10.1147/sj.52.0078"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Refuse an object whose next use comes no sooner than that of every resident, if there is no
    /// room for it.
    pub bypass: bool,
}

/// The policy.
#[derive(Debug)]
pub struct Belady {
    /// Next uses of residents.
    upcoming: IndexSet,
    /// The object that a next use is of, by request number.
    object_at: Vec<ObjectId>,
    /// Next use of each resident, or [`NEVER`], by object.
    next_use: Vec<u32>,
    /// Residents never used again.
    finished: FifoQueue,
    capacity: u64,
    bypass: bool,
}

impl Belady {
    #[inline]
    fn enter(&mut self, object: ObjectId, next_use: u32) {
        self.next_use[object.index()] = next_use;
        if next_use == NEVER {
            self.finished.push(object);
            return;
        }
        let index = next_use as usize;
        if index >= self.object_at.len() {
            self.object_at.resize(2 * (index + 1), ObjectId(0));
        }
        self.object_at[index] = object;
        self.upcoming.insert(next_use);
    }

    #[inline]
    fn leave(&mut self, object: ObjectId) {
        match self.next_use[object.index()] {
            NEVER => self.finished.remove(object),
            next_use => self.upcoming.remove(next_use),
        }
    }
}

impl Eviction for Belady {
    type Params = Params;
    const NEEDS: Needs = Needs { next_use: true };

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        let n_requests = setup.n_requests as usize;
        Ok(Belady {
            upcoming: IndexSet::new(n_requests),
            object_at: vec![ObjectId(0); n_requests],
            next_use: vec![NEVER; setup.n_objects as usize],
            finished: FifoQueue::default(),
            capacity: setup.capacity,
            bypass: params.bypass,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        self.leave(request.object);
        self.enter(request.object, request.next_use);
    }

    #[inline]
    fn accepts(&self, request: &Request, residents: &Residents) -> bool {
        let farthest = || match self.finished.len() {
            0 => self.upcoming.max().unwrap_or(0),
            _ => NEVER,
        };
        let full = residents.used() + request.size > self.capacity;
        !(self.bypass && full && request.next_use >= farthest())
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        if let Some(victim) = self.finished.pop() {
            return victim;
        }
        let farthest = self.upcoming.max().expect("called while something is resident");
        self.upcoming.remove(farthest);
        self.object_at[farthest as usize]
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.enter(request.object, request.next_use);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.leave(object);
    }

    fn check(&self, residents: &Residents) {
        assert_eq!(self.finished.len() + self.upcoming.count(), residents.len());
        for object in self.finished.iter() {
            assert!(residents.contains(object));
            assert_eq!(self.next_use[object.index()], NEVER);
        }
        for (number, object) in (0..).zip(&self.object_at) {
            if self.upcoming.contains(number) {
                assert!(residents.contains(*object));
                assert_eq!(self.next_use[object.index()], number);
            }
        }
    }

    fn state_bytes(&self) -> usize {
        4 * (self.object_at.len() + self.next_use.len())
            + self.upcoming.state_bytes()
            + self.finished.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// The textbook's reference string, with 9 faults of 20.
    #[test]
    fn the_farthest_next_use_leaves() {
        let requests = "H A B C A D A E C D A D C B C A B H A B";
        let outcome = "M M M M H M H M H H M H H M H H H M H H";
        check_example("belady", 3, requests, outcome);
    }

    #[test]
    fn bypass_refuses_what_is_wanted_last() {
        check_example("belady", 1, "A B A", "M M M");
        check_example("belady:bypass=true", 1, "A B A", "M M H");
        check_example("belady", 2, "A B C A B C", "M M M H M H");
        check_example("belady:bypass=true", 2, "A B C A B C", "M M M H H M");
    }
}
