//! CART, CAR with temporal filtering: two uses close together do not make an object popular.
//!
//! CAR takes any second use for a sign of lasting worth. CART also marks each resident S, of
//! short-term worth, or L, of long-term. New objects come in as S, to T1; one that comes back from a
//! ghost list is L. The hand on T1 keeps used objects there, and makes them L only if they stayed
//! long: if T1 is at least as large as its target and one more, or as B1, whichever is less. Unused
//! L objects go on to T2, the first unused S object leaves for B1; used objects of T2 go back to T1.
//! A hit sets a bit. O(1) a request, amortised. No parameter to tune: the target p for the size of
//! T1 adapts as in CAR, by the numbers of S and L objects, and a target q for the size of B1 follows
//! what becomes L.
//!
//! The target p is a real number. In the paper objects have one size. With sizes, all numbers of
//! objects are sums of sizes, the steps stay those of the paper, and the replacement is repeated
//! until the object fits. Before an object that was not remembered comes in, ghosts are forgotten
//! while they weigh more than the capacity: at most one, with one size. Objects removed other than by
//! eviction leave no ghost.
//!
//! State: 10 bytes an object.

use cache::prelude::*;

use crate::lists::Lists;

cache::policy! {
    #[doc = "CAR in which uses close together do not count as popularity"]
    Cart = "cart" {
        family: Adaptive,
        aliases: [],
        paper: ("Bansal and Modha, CAR: clock with adaptive replacement", "FAST '04", ""),
    }
}

/// CART takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

// Each list with its newest in front; the back of T1 and T2 is where the hand is.
/// Residents marked S, and L while they are used.
const T1: u8 = 0;
/// Residents marked L.
const T2: u8 = 1;
/// Ghosts of T1.
const B1: u8 = 2;
/// Ghosts of T2.
const B2: u8 = 3;

// Bits of a resident.
/// Used since the hand passed.
const USED: u8 = 1;
/// Marked L.
const LONG: u8 = 2;

/// The policy.
#[derive(Debug)]
pub struct Cart {
    lists: Lists,
    bits: Vec<u8>,
    /// p: what T1 should weigh.
    target: f64,
    /// q: what B1 should weigh.
    ghost_target: i64,
    /// nS and nL: what the residents marked S and L weigh.
    short: u64,
    long: u64,
    capacity: u64,
    /// The ghost list that remembered the object now missed, and its size there.
    ghost: Option<(u8, u64)>,
}

impl Cart {
    /// More became L: B1 may grow, once there is more of L than the cache holds.
    #[inline]
    fn raise_ghost_target(&mut self) {
        let t1 = self.lists.weight(T1);
        if self.lists.weight(T2) + self.lists.weight(B2) + t1 - self.short >= self.capacity {
            self.ghost_target =
                (self.ghost_target + 1).min(2 * self.capacity as i64 - t1 as i64);
        }
    }

    /// Moves what the hands pass over. Then the head of T1, if there is any, is unused and S.
    #[inline]
    fn turn(&mut self, residents: &Residents) {
        while let Some(head) = self.lists.back(T2)
            && self.bits[head.index()] & USED != 0
        {
            self.bits[head.index()] &= !USED;
            self.lists.move_to_front(T1, head, residents.size_of(head));
            self.raise_ghost_target();
        }
        while let Some(head) = self.lists.back(T1)
            && self.bits[head.index()] != 0
        {
            let size = residents.size_of(head);
            let bits = &mut self.bits[head.index()];
            if *bits & USED == 0 {
                self.lists.move_to_front(T2, head, size);
                let t1 = self.lists.weight(T1) as i64;
                self.ghost_target = (self.ghost_target - 1).max(self.capacity as i64 - t1);
                continue;
            }
            *bits &= !USED;
            self.lists.move_to_front(T1, head, size);
            let stayed = (self.target + 1.0).min(self.lists.weight(B1) as f64);
            if *bits & LONG == 0 && self.lists.weight(T1) as f64 >= stayed {
                *bits |= LONG;
                self.short -= size;
                self.long += size;
            }
        }
    }
}

impl Eviction for Cart {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(Cart {
            lists: Lists::new(setup.n_objects, 4),
            bits: vec![0; setup.n_objects as usize],
            target: 0.0,
            ghost_target: 0,
            short: 0,
            long: 0,
            capacity: setup.capacity,
            ghost: None,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        self.bits[request.object.index()] |= USED;
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        let list = self.lists.home(request.object);
        self.ghost = list.map(|list| (list, residents.size_of(request.object)));
    }

    /// The paper's replace().
    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        self.turn(residents);
        let from_t1 = self.lists.weight(T1) as f64 >= self.target.max(1.0);
        let head = self.lists.back(T1).filter(|_| from_t1 || self.lists.len(T2) == 0);
        let (victim, ghosts) = match head {
            Some(victim) => (victim, B1),
            None => (self.lists.back(T2).expect("called while something is resident"), B2),
        };
        let size = residents.size_of(victim);
        if ghosts == B1 {
            self.short -= size;
        } else {
            self.long -= size;
        }
        self.lists.move_to_front(ghosts, victim, size);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        match self.ghost {
            None => {
                while self.lists.weight(B1) + self.lists.weight(B2) > self.capacity {
                    let from_b1 = self.lists.weight(B1) as i64 > self.ghost_target.max(0);
                    let oldest =
                        self.lists.back(B1).filter(|_| from_b1 || self.lists.len(B2) == 0);
                    let oldest = oldest.or(self.lists.back(B2)).expect("they weigh something");
                    self.lists.remove(oldest, residents.size_of(oldest));
                }
                self.bits[object.index()] = 0;
                self.short += size;
                self.lists.push_front(T1, object, size);
            }
            Some((ghost, ghost_size)) => {
                let ghosts = self.lists.weight(ghost) as f64;
                self.target = if ghost == B1 {
                    let step = (self.short as f64 / ghosts).max(1.0);
                    (self.target + step).min(self.capacity as f64)
                } else {
                    (self.target - (self.long as f64 / ghosts).max(1.0)).max(0.0)
                };
                self.lists.remove(object, ghost_size);
                self.bits[object.index()] = LONG;
                self.long += size;
                self.lists.push_front(T1, object, size);
                if ghost == B2 {
                    self.raise_ghost_target();
                }
            }
        }
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        let size = residents.size_of(object);
        let marked =
            if self.bits[object.index()] & LONG == 0 { &mut self.short } else { &mut self.long };
        *marked -= size;
        self.lists.remove(object, size);
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
        assert!(self.lists.iter(T2).all(|object| self.bits[object.index()] & LONG != 0));
        let is_short = |object: &ObjectId| self.bits[object.index()] & LONG == 0;
        let short: u64 =
            self.lists.iter(T1).filter(is_short).map(|object| residents.size_of(object)).sum();
        assert_eq!(short, self.short);
        assert_eq!(self.short + self.long, residents.used());
    }

    fn state_bytes(&self) -> usize {
        self.lists.state_bytes() + self.bits.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn a_scan_does_not_displace_what_was_used_over_time() {
        // A and B were used when the hand comes round. B1 being empty they are L at once.
        check_example("cart", 3, "A B C A B D E F A B", "M M M H H M M M H H");
        check_example("clock", 3, "A B C A B D E F A B", "M M M H H M M M M M");
    }

    #[test]
    fn a_ghost_that_comes_back_is_kept() {
        // B leaves for C and comes back as L: it goes on to T2, and D and E pass by.
        check_example("cart", 2, "A A B C B D E B", "M H M M M M M H");
    }
}
