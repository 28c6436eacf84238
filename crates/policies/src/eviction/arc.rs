//! ARC, the adaptive replacement cache: recency and frequency share the cache as ghosts advise.
//!
//! Two LRU lists hold the residents: T1, objects used once of late, and T2, used at least twice. Two
//! more remember what left them: B1 and B2. A miss that B1 remembers says that T1 should have been
//! larger, one that B2 remembers that T2 should, and the target p for the size of T1 moves by the
//! other's length over its own, at least 1. The victim comes from T1 if it is larger than p, else
//! from T2. O(1) a request, and no parameter to tune.
//!
//! The target is a real number and is compared as one. Truncating it is another policy by a hair;
//! some simulators do. In the paper objects have one size. With sizes, lists count the sum of
//! sizes, the step is still that ratio, at least 1, and an eviction is one round of the paper's
//! rules, repeated until the object fits (as libCacheSim does). The step being a few bytes then,
//! the target hardly moves. Objects removed other than by eviction leave no ghost.
//!
//! State: 9 bytes an object.

use cache::prelude::*;

use crate::lists::Lists;

cache::policy! {
    #[doc = "Recency and frequency share the cache as ghost hits advise"]
    Arc = "arc" {
        family: Adaptive,
        aliases: [],
        paper: ("Megiddo and Modha, ARC: a self-tuning, low overhead replacement cache", "FAST '03", ""),
    }
}

/// ARC takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// Residents used once.
const T1: u8 = 0;
/// Residents used more.
const T2: u8 = 1;
/// Ghosts of T1.
const B1: u8 = 2;
/// Ghosts of T2.
const B2: u8 = 3;

/// The policy.
#[derive(Debug)]
pub struct Arc {
    /// Each with its last used in front.
    lists: Lists,
    /// p: what T1 should weigh.
    target: f64,
    capacity: u64,
    /// The ghost list that remembered the object now missed.
    ghost: Option<u8>,
}

impl Arc {
    /// The paper's REPLACE: the victim becomes a ghost.
    #[inline]
    fn replace(&mut self, residents: &Residents) -> ObjectId {
        let recent = self.lists.weight(T1) as f64;
        let from_recent = recent > self.target || (recent == self.target && self.ghost == Some(B2));
        let victim = self.lists.back(T1).filter(|_| from_recent || self.lists.len(T2) == 0);
        let (victim, from, to) = match victim {
            Some(victim) => (victim, T1, B1),
            None => (self.lists.back(T2).expect("called while something is resident"), T2, B2),
        };
        self.lists.move_to_front(to, victim, residents.size_of(victim));
        self.lists.touch_back(from);
        victim
    }

    #[inline]
    fn forget(&mut self, object: ObjectId, residents: &Residents) {
        let list = self.lists.home(object).expect("it is in one");
        self.lists.remove(object, residents.size_of(object));
        self.lists.touch_back(list);
    }
}

impl Eviction for Arc {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        let lists = Lists::new(setup.n_objects, 4);
        Ok(Arc { lists, target: 0.0, capacity: setup.capacity, ghost: None })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        self.lists.move_to_front(T2, request.object, residents.size_of(request.object));
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        self.ghost = self.lists.home(request.object);
        let Some(ghost) = self.ghost else { return };
        let (b1, b2) = (self.lists.weight(B1) as f64, self.lists.weight(B2) as f64);
        self.target = if ghost == B1 {
            (self.target + (b2 / b1).max(1.0)).min(self.capacity as f64)
        } else {
            (self.target - (b1 / b2).max(1.0)).max(0.0)
        };
        self.forget(request.object, residents);
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, residents: &Residents) -> ObjectId {
        if self.ghost.is_none() {
            let once = self.lists.weight(T1) + self.lists.weight(B1);
            let more = self.lists.weight(T2) + self.lists.weight(B2);
            if once + incoming.size > self.capacity {
                let Some(oldest) = self.lists.back(B1) else {
                    let victim = self.lists.back(T1).expect("T1 and B1 are not both empty");
                    self.forget(victim, residents);
                    return victim;
                };
                self.forget(oldest, residents);
            } else if once + more >= 2 * self.capacity
                && let Some(oldest) = self.lists.back(B2)
            {
                self.forget(oldest, residents);
            }
        }
        self.replace(residents)
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let list = if self.ghost.is_some() { T2 } else { T1 };
        self.lists.push_front(list, request.object, request.size);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.forget(object, residents);
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
        self.lists.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn a_scan_does_not_displace_what_was_used_twice() {
        check_example("arc", 3, "A B A B C D E A B", "M M H H M M M H H");
    }

    /// While nothing was used twice, what leaves a full T1 leaves no ghost: the paper's case IV A.
    #[test]
    fn a_full_t1_leaves_no_ghost() {
        check_example("arc", 2, "A B C A B C", "M M M M M M");
    }

    #[test]
    fn a_ghost_hit_moves_the_target() {
        // B leaves T1 for B1 and comes back: the target is 1, so T2 loses A, and C stays in T1.
        check_example("arc", 2, "A A B C B C", "M H M M M H");
        // A comes back from B2: the target is 0 again, so T1 loses C, and B stays in T2.
        check_example("arc", 2, "A A B C B A B C", "M H M M M M H M");
    }
}
