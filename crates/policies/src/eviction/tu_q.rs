//! TU-Q: 2Q without ghosts, as in OpenBSD's buffer cache: hot, warm and cold LRU queues.
//!
//! A new object starts hot and slips from the end of the hot queue to the front of the cold one. A
//! hit on a cold object makes it warm; what overflows the warm queue turns cold, too. The end of the
//! cold queue leaves. Hot and warm have a third of the capacity each. Where 2Q remembers names of
//! objects that left, this keeps the objects themselves, in the cold queue. O(1) a request.
//!
//! The rules are as Caffeine's simulator has them and quotes Unangst on OpenBSD; its shares of 33 %
//! are the defaults here. OpenBSD's code was not read. memcached's queues of the same names are
//! another policy, [`memcached_lru`](super::memcached_lru). With sizes, shares count sums of sizes, and
//! if the cold queue is empty when room is needed, the end of the hot queue leaves, or else of the warm
//! one.
//!
//! State: 9 bytes an object.

use cache::prelude::*;

use crate::lists::Lists;

cache::policy! {
    #[doc = "Hot, warm and cold LRU queues: 2Q that remembers by keeping"]
    TuQ = "tu-q" {
        family: Queues,
        aliases: ["tuq", "tu-queue"],
        paper: ("Unangst, 2Q buffer cache algorithm", "flak (the author's web log, on OpenBSD's buffer cache), 2014", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Share of the capacity for new objects.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub hot_ratio: f64,
    /// Share of the capacity for objects that were hit while cold.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub warm_ratio: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { hot_ratio: 0.33, warm_ratio: 0.33 }
    }
}

// The queues, each with its last used in front.
const HOT: u8 = 0;
const WARM: u8 = 1;
const COLD: u8 = 2;

/// The policy.
#[derive(Debug)]
pub struct TuQ {
    queues: Lists,
    /// Of the hot and of the warm queue.
    capacities: [u64; 2],
}

impl TuQ {
    /// Moves what overflows a queue to the cold one.
    #[inline]
    fn cool(&mut self, queue: u8, residents: &Residents) {
        while self.queues.weight(queue) > self.capacities[usize::from(queue)] {
            let last = self.queues.back(queue).expect("it weighs something");
            self.queues.move_to_front(COLD, last, residents.size_of(last));
        }
    }
}

impl Eviction for TuQ {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("hot-ratio", params.hot_ratio)?;
        ParamError::check_share("warm-ratio", params.warm_ratio)?;
        Ok(TuQ {
            queues: Lists::new(setup.n_objects, 3),
            capacities: [setup.share(params.hot_ratio), setup.share(params.warm_ratio)],
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let object = request.object;
        let queue = self.queues.home(object).expect("residents are in a queue");
        let target = if queue == HOT { HOT } else { WARM };
        self.queues.move_to_front(target, object, residents.size_of(object));
        if queue == COLD {
            self.cool(WARM, residents);
        }
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        let victim = [COLD, HOT, WARM].iter().find_map(|queue| self.queues.back(*queue));
        let victim = victim.expect("called while something is resident");
        self.queues.remove(victim, residents.size_of(victim));
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        self.queues.push_front(HOT, request.object, request.size);
        self.cool(HOT, residents);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.queues.remove(object, residents.size_of(object));
    }

    fn check(&self, residents: &Residents) {
        self.queues.check(|object| residents.size_of(object));
        for queue in [HOT, WARM, COLD] {
            assert!(self.queues.iter(queue).all(|object| residents.contains(object)));
            let capacity = self.capacities.get(usize::from(queue)).copied().unwrap_or(u64::MAX);
            assert!(self.queues.weight(queue) <= capacity);
        }
        let len: u64 = [HOT, WARM, COLD].iter().map(|queue| self.queues.len(*queue)).sum();
        assert_eq!(len, residents.len() as u64);
    }

    fn state_bytes(&self) -> usize {
        self.queues.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// Capacity 4: one hot, one warm, two cold.
    #[test]
    fn what_is_hit_while_cold_outlives_a_scan() {
        // A turns cold when B comes, and warm when hit; C to F pass from hot to cold and out.
        check_example("tu-q", 4, "A B A C D E F A B", "M M H M M M M H M");
        // A hit while hot earns nothing but a place.
        check_example("tu-q", 4, "A A B C D E A", "M H M M M M M");
    }

    #[test]
    fn what_overflows_the_warm_queue_turns_cold() {
        // A and B push one another out of the warm queue to the front of the cold one, so C leaves
        // for E.
        check_example("tu-q", 4, "A B A C B D A E B C", "M M H M H M H M H M");
    }
}
