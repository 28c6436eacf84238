//! memcached's segmented LRU: three queues whose order changes at their ends only.
//!
//! New objects enter HOT. A hit moves nothing: it leaves a mark, and a second hit makes the object
//! *active*; from then on, one hit is enough. Objects are looked at when they reach the end of a
//! queue. From HOT, an active one goes to WARM, and others to COLD while HOT is over 20 % of what is
//! stored. In WARM, an active one goes back to the front, and others go to COLD while WARM is over
//! 40 %. A COLD object that becomes active goes to WARM; the end of COLD is the victim. So a scan
//! runs through HOT and COLD and leaves WARM alone. O(1) a request, amortised: each object looked at
//! lost a mark, or moved down a queue.
//!
//! The rules are those of memcached's `items.c` (1.5 and later; its `doc/new_lru.txt` describes
//! older ones) and its defaults. What is simplified:
//! - memcached moves objects in a background thread, some hundreds a turn, with pauses of a
//!   millisecond or more. Here it is as if that thread ran to its end after every request.
//! - memcached does all this within each slab class, a range of sizes with memory of its own. Here
//!   all objects share one.
//! - memcached also moves objects out of HOT and WARM by age, at 0.2 and 2 times the age of COLD's
//!   end. A policy knows no time of day, so only shares count here.
//! - No TEMP queue, no crawler, no external storage. Expired objects are removed from outside.
//!
//! With sizes, shares count sums of sizes, as there.
//!
//! State: 10 bytes an object.

use cache::prelude::*;

use crate::lists::Lists;

cache::policy! {
    #[doc = "memcached: HOT, WARM and COLD queues, in order of arrival but for active objects"]
    MemcachedLru = "memcached-lru" {
        family: Queues,
        aliases: ["memcached"],
        paper: ("memcached, items.c and doc/new_lru.txt", "memcached 1.5 and later, 2017", ""),
    }
}

/// Parameters, named as memcached's.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Percentage of what is stored that HOT may have; with WARM's, at most 80.
    #[schemars(range(min = 0, max = 80))]
    pub hot_lru_pct: u32,
    /// Percentage of what is stored that WARM may have.
    #[schemars(range(min = 0, max = 80))]
    pub warm_lru_pct: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { hot_lru_pct: 20, warm_lru_pct: 40 }
    }
}

// The queues, each with its newest in front.
const HOT: u8 = 0;
const WARM: u8 = 1;
const COLD: u8 = 2;

/// Marks of an object: hit once.
const FETCHED: u8 = 1;
/// Hit again, and not looked at since.
const ACTIVE: u8 = 2;

/// The policy.
#[derive(Debug)]
pub struct MemcachedLru {
    queues: Lists,
    marks: Vec<u8>,
    /// Of HOT and of WARM.
    percentages: [u64; 2],
}

impl MemcachedLru {
    /// Whether a queue, HOT or WARM, is over its share.
    #[inline]
    fn is_over(&self, queue: u8) -> bool {
        let stored: u64 = [HOT, WARM, COLD].iter().map(|queue| self.queues.weight(*queue)).sum();
        let limit = u128::from(stored) * u128::from(self.percentages[usize::from(queue)]);
        u128::from(self.queues.weight(queue)) * 100 > limit
    }

    /// What the background thread does: looks at the ends of HOT and WARM until nothing moves.
    #[inline]
    fn settle(&mut self, residents: &Residents) {
        for queue in [HOT, WARM] {
            while let Some(last) = self.queues.back(queue) {
                let mark = &mut self.marks[last.index()];
                let target = if *mark & ACTIVE != 0 {
                    *mark &= !ACTIVE;
                    WARM
                } else if self.is_over(queue) {
                    COLD
                } else {
                    break;
                };
                self.queues.move_to_front(target, last, residents.size_of(last));
            }
        }
    }
}

impl Eviction for MemcachedLru {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        let (hot, warm) = (params.hot_lru_pct, params.warm_lru_pct);
        if hot > 80 || warm > 80 || hot + warm > 80 {
            let message = format!(
                "`hot-lru-pct` is {hot} and `warm-lru-pct` {warm}, expected at most 80 together"
            );
            return Err(ParamError(message));
        }
        Ok(MemcachedLru {
            queues: Lists::new(setup.n_objects, 3),
            marks: vec![0; setup.n_objects as usize],
            percentages: [hot.into(), warm.into()],
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let object = request.object;
        let mark = &mut self.marks[object.index()];
        if *mark & FETCHED == 0 {
            *mark |= FETCHED;
            return;
        }
        if self.queues.home(object) == Some(COLD) {
            self.queues.move_to_front(WARM, object, residents.size_of(object));
        } else {
            *mark |= ACTIVE;
        }
        self.settle(residents);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        let victim = self.queues.back(COLD).expect("HOT and WARM have at most 80 % together");
        self.queues.remove(victim, residents.size_of(victim));
        self.settle(residents);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        self.queues.push_front(HOT, request.object, request.size);
        self.marks[request.object.index()] = 0;
        self.settle(residents);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.queues.remove(object, residents.size_of(object));
        self.settle(residents);
    }

    fn check(&self, residents: &Residents) {
        self.queues.check(|object| residents.size_of(object));
        for queue in [HOT, WARM, COLD] {
            for object in self.queues.iter(queue) {
                assert!(residents.contains(object));
                let active = self.marks[object.index()] & ACTIVE != 0;
                assert!(!active || queue != COLD && self.queues.back(queue) != Some(object));
            }
            assert!(queue == COLD || !self.is_over(queue));
        }
        let len: u64 = [HOT, WARM, COLD].iter().map(|queue| self.queues.len(*queue)).sum();
        assert_eq!(len, residents.len() as u64);
    }

    fn state_bytes(&self) -> usize {
        self.queues.state_bytes() + self.marks.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    // Capacity 5: HOT may have one object and WARM two.

    #[test]
    fn what_is_hit_twice_outlives_a_scan() {
        check_example(
            "memcached-lru",
            5,
            "A B C D E A A F G H I J A",
            "M M M M M H H M M M M M H",
        );
    }

    #[test]
    fn one_hit_moves_nothing() {
        check_example("memcached-lru", 5, "A A B C D E F A", "M H M M M M M M");
    }

    #[test]
    fn what_overflows_warm_turns_cold() {
        // A, B and C are hit twice each in COLD. C pushes A out of WARM, for F is new, then G.
        check_example(
            "memcached-lru",
            5,
            "A B C D E A A B B C C F G H B C A",
            "M M M M M H H H H H H M M M H H M",
        );
    }
}
