//! QD-LP: quick demotion by a small FIFO queue, lazy promotion by a CLOCK.
//!
//! New objects enter a small FIFO queue, a tenth of the capacity. At its end an object that was used
//! since goes to the main cache; the rest leave, remembered for a while in a ghost queue. An object
//! missed while it is remembered enters the main cache at once. The main cache is a CLOCK with two
//! bits and a capacity of its own. A hit is one byte to write and moves nothing. O(1) a request,
//! amortised: each object put back was paid for by a hit.
//!
//! The rules are those of the authors' simulator, libCacheSim. A victim comes from the small queue
//! as long as that has anything, however little, so it is small only once the main cache is full;
//! what goes to the main cache makes room there, by one victim or, with sizes, several. Objects
//! larger than the small queue are refused, and so is, after room was made, one exactly as large
//! that is not remembered: with capacities below 20 nothing is ever stored. An object that the main
//! cache could not hold leaves at the end of the small queue.
//!
//! Removal other than by eviction leaves no ghost. State: 1 byte an object and 4 a resident or
//! ghost, and 2 an object for ghosts that come back.

use cache::prelude::*;

use crate::queue::Queue;

cache::policy! {
    #[doc = "A small FIFO queue demotes quickly what is used once, before a 2-bit CLOCK"]
    QdLp = "qd-lp" {
        family: Fifo,
        aliases: ["qdlp", "qd-lp-fifo"],
        paper: ("Yang, Qiu, Zhang, Yue and Rashmi, FIFO can be better than LRU: the power of lazy promotion and quick demotion", "HotOS '23", "10.1145/3593856.3595887"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Share of the capacity for the small queue.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub small_ratio: f64,
    /// What the ghost queue remembers, as a share of the capacity.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub ghost_ratio: f64,
    /// Uses in the small queue after which an object goes to the main cache. 0 to 63.
    #[schemars(range(min = 0, max = 63))]
    pub threshold: u8,
}

impl Default for Params {
    fn default() -> Self {
        Params { small_ratio: 0.1, ghost_ratio: 0.9, threshold: 1 }
    }
}

// The state of an object: in the low two bits where it is, above them its uses.
const NOWHERE: u8 = 0;
const SMALL: u8 = 1;
const MAIN: u8 = 2;
const GHOST: u8 = 3;
const PLACE: u8 = 3;
const USE: u8 = 4;

/// Uses that the two bits of the main cache tell apart.
const MAIN_USES: u8 = 3;

/// The policy.
#[derive(Debug)]
pub struct QdLp {
    small: Queue,
    main: Queue,
    ghost: Queue,
    state: Vec<u8>,
    threshold: u8,
    /// State above which a use is not counted any more.
    saturated: u8,
    /// The object now missed was a ghost.
    remembered: bool,
    /// An object on its way from the small queue to the main cache, which is making room for it.
    moving: Option<(ObjectId, u64)>,
}

impl QdLp {
    #[inline]
    fn evict_main(&mut self, residents: &Residents) -> ObjectId {
        loop {
            let (object, size) = self.main.pop(residents).expect("it weighs something");
            let state = &mut self.state[object.index()];
            let uses = *state / USE;
            if uses == 0 {
                *state = NOWHERE;
                return object;
            }
            *state = MAIN + (uses.min(MAIN_USES) - 1) * USE;
            self.main.push(object, size);
        }
    }

    /// A victim for the object on its way to the main cache; `None` once it is there.
    #[inline]
    fn settle(&mut self, residents: &Residents) -> Option<ObjectId> {
        let (object, size) = self.moving?;
        if self.main.weight + size > self.main.capacity {
            return Some(self.evict_main(residents));
        }
        self.moving = None;
        self.state[object.index()] = MAIN;
        self.main.push(object, size);
        None
    }

    /// Makes an object a ghost; the oldest ghosts are forgotten for it.
    #[inline]
    fn remember(&mut self, object: ObjectId, size: u64, residents: &Residents) {
        let forget = |oldest: ObjectId| self.state[oldest.index()] = NOWHERE;
        if self.ghost.remember(object, size, residents, forget) {
            self.state[object.index()] = GHOST;
        }
    }
}

impl Eviction for QdLp {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("small-ratio", params.small_ratio)?;
        ParamError::check_share("ghost-ratio", params.ghost_ratio)?;
        if params.threshold > u8::MAX / USE {
            let got = params.threshold;
            return Err(ParamError(format!("`threshold` is {got}, expected 0 to 63")));
        }
        let small = setup.share(params.small_ratio);
        Ok(QdLp {
            small: Queue::new(small),
            main: Queue::new(setup.capacity - small),
            ghost: Queue::new(setup.share(params.ghost_ratio)),
            state: vec![NOWHERE; setup.n_objects as usize],
            threshold: params.threshold,
            saturated: params.threshold.max(MAIN_USES) * USE,
            remembered: false,
            moving: None,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let state = &mut self.state[request.object.index()];
        if *state < self.saturated {
            *state += USE;
        }
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        let state = &mut self.state[request.object.index()];
        self.remembered = *state == GHOST;
        if self.remembered {
            *state = NOWHERE;
            self.ghost.remove(request.object, residents);
        }
    }

    #[inline]
    fn accepts(&self, request: &Request, _residents: &Residents) -> bool {
        request.size <= self.small.capacity
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        loop {
            if let Some(victim) = self.settle(residents) {
                return victim;
            }
            let Some((object, size)) = self.small.pop(residents) else {
                return self.evict_main(residents);
            };
            let state = &mut self.state[object.index()];
            if *state / USE < self.threshold {
                *state = NOWHERE;
                self.remember(object, size, residents);
                return object;
            }
            if size > self.main.capacity {
                *state = NOWHERE;
                return object;
            }
            self.moving = Some((object, size));
        }
    }

    /// What the main cache still has to let go: for an object from the small queue, and for one
    /// that was a ghost.
    #[inline]
    fn shed(&mut self, request: &Request, residents: &Residents) -> Option<ObjectId> {
        if let Some(victim) = self.settle(residents) {
            return Some(victim);
        }
        let overflows = self.remembered
            && !residents.contains(request.object)
            && request.size <= self.main.capacity
            && self.main.weight + request.size > self.main.capacity;
        overflows.then(|| self.evict_main(residents))
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        let (queue, place) =
            if self.remembered { (&mut self.main, MAIN) } else { (&mut self.small, SMALL) };
        let fits = size < queue.capacity || (self.remembered && size == queue.capacity);
        if fits {
            self.state[object.index()] = place;
            queue.push(object, size);
        }
        fits
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        let state = std::mem::replace(&mut self.state[object.index()], NOWHERE);
        let queue = if state & PLACE == SMALL { &mut self.small } else { &mut self.main };
        queue.remove(object, residents);
    }

    fn check(&self, residents: &Residents) {
        for (place, queue) in [(SMALL, &self.small), (MAIN, &self.main), (GHOST, &self.ghost)] {
            let is_here = |state| state & PLACE == place;
            queue.check(residents, place != GHOST, &self.state, is_here);
        }
        assert_eq!(self.small.objects.len() + self.main.objects.len(), residents.len());
        assert!(self.main.weight <= self.main.capacity);
        assert!(self.ghost.weight <= self.ghost.capacity);
        assert!(self.moving.is_none());
    }

    fn state_bytes(&self) -> usize {
        let queues = [&self.small, &self.main, &self.ghost];
        self.state.len() + queues.map(|queue| queue.objects.state_bytes()).iter().sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// Capacity 4, of which the small queue and the main cache have 2 each, and the ghosts 2.
    const SPEC: &str = "qd-lp:small-ratio=0.5,ghost-ratio=0.5";

    #[test]
    fn what_is_used_once_leaves_early() {
        // A was used since it came, so it goes to the main cache; B leaves, then C.
        check_example(SPEC, 4, "A A B C D E F A B", "M H M M M M M H M");
    }

    #[test]
    fn a_ghost_that_comes_back_enters_the_main_cache() {
        check_example(SPEC, 4, "A B C D E A F G H A", "M M M M M M M M M H");
    }

    #[test]
    fn the_main_cache_makes_room_for_what_moves_up() {
        // A and B fill the main cache; C moves up, and A, used no more, leaves for it.
        check_example(SPEC, 4, "A A B B C C D E F A", "M H M H M H M M M M");
        check_example(SPEC, 4, "A A B B C C D E F B", "M H M H M H M M M H");
    }
}
