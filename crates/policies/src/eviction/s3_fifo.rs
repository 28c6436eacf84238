//! S3-FIFO: a small FIFO queue sifts out what is used once before it reaches the main one.
//!
//! New objects enter the small queue, a tenth of the capacity. At its end, those used `threshold`
//! times since go to the main queue; the rest leave, remembered for a while in a ghost queue. An
//! object missed while it is remembered enters the main queue at once. The main queue is FIFO with
//! reinsertion: a use, of up to 3 counted, buys another round. A hit is one byte to write and moves
//! nothing. O(1) a request, amortised: each reinsertion was paid for by a hit.
//!
//! `version=v0`, the default, is the algorithm of the paper as its authors' simulator, libCacheSim,
//! has it (there called `s3fifo` in 2024, `s3fifov0` now). `version=v1` is their revision: until
//! the first eviction, objects that find the small queue full enter the main one.
//!
//! A victim comes from the main queue if it is over its share or the small one is empty, else from
//! the small one. The authors' program refuses two kinds of object, and so do both versions here:
//! - An object larger than the small queue is refused at once.
//! - One exactly as large as the small queue that is not remembered is refused after room was made.
//!
//! So with capacities below 20, where the small queue holds one object or none, nothing is ever
//! stored. Compare at capacities of hundreds and more, where the policy is meant to be used.
//!
//! Removal other than by eviction leaves no ghost. State: 1 byte an object and 4 a resident or
//! ghost, and 2 an object for ghosts that come back.

use cache::prelude::*;
use cache::{is_large, prefetch, prefetch_if_large};

use crate::queue::Queue;

cache::policy! {
    #[doc = "A small FIFO queue sifts out what is used once, before a main FIFO queue"]
    S3Fifo = "s3-fifo" {
        family: Fifo,
        aliases: ["s3fifo"],
        paper: ("Yang, Zhang, Qiu, Yue and Vinayak, FIFO queues are all you need for cache eviction", "SOSP '23", "10.1145/3600006.3613147"),
    }
}

/// Which S3-FIFO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Version {
    /// SOSP '23.
    V0,
    /// The authors' revision: new objects fill the main queue, too, until the first eviction.
    V1,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Which S3-FIFO: `v0` as in the paper, `v1` as its authors revised it.
    pub version: Version,
    /// Share of the capacity for the small queue.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub small_ratio: f64,
    /// What the ghost queue remembers, as a share of the capacity.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub ghost_ratio: f64,
    /// Uses in the small queue after which an object goes to the main one. 0 to 63.
    #[schemars(range(min = 0, max = 63))]
    pub threshold: u8,
}

impl Default for Params {
    fn default() -> Self {
        Params { version: Version::V0, small_ratio: 0.1, ghost_ratio: 0.9, threshold: 2 }
    }
}

// The state of an object: in the low two bits where it is, above them its uses.
const NOWHERE: u8 = 0;
const SMALL: u8 = 1;
const MAIN: u8 = 2;
const GHOST: u8 = 3;
const PLACE: u8 = 3;
const USE: u8 = 4;

/// Uses that the main queue tells apart.
const MAIN_USES: u8 = 3;

/// The policy.
#[derive(Debug)]
pub struct S3Fifo {
    small: Queue,
    main: Queue,
    ghost: Queue,
    state: Vec<u8>,
    threshold: u8,
    /// State above which a use is not counted any more.
    saturated: u8,
    /// The object now missed was a ghost.
    remembered: bool,
    /// New objects may still fill the main queue.
    filling: bool,
}

impl S3Fifo {
    /// Fetches the state of an object that is next but some.
    #[inline]
    fn fetch_next(&self, queue: &Queue) {
        if let Some(next) = queue.objects.soon() {
            prefetch(&self.state, next.index());
        }
    }

    /// The next victim from the small queue, unless all it has goes to the main queue.
    #[inline]
    fn evict_small(&mut self, residents: &Residents) -> Option<ObjectId> {
        while let Some((object, size)) = self.small.pop(residents) {
            self.fetch_next(&self.small);
            let state = &mut self.state[object.index()];
            if *state / USE < self.threshold {
                *state = NOWHERE;
                self.remember(object, size, residents);
                return Some(object);
            }
            *state = MAIN;
            self.main.push(object, size);
        }
        None
    }

    #[inline]
    fn evict_main(&mut self, residents: &Residents) -> ObjectId {
        loop {
            let (object, size) = self.main.pop(residents).expect("something is resident");
            self.fetch_next(&self.main);
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

    /// Makes an object a ghost; the oldest ghosts are forgotten for it.
    #[inline]
    fn remember(&mut self, object: ObjectId, size: u64, residents: &Residents) {
        let forget = |oldest: ObjectId| self.state[oldest.index()] = NOWHERE;
        if self.ghost.remember(object, size, residents, forget) {
            self.state[object.index()] = GHOST;
        }
    }
}

impl Eviction for S3Fifo {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("small-ratio", params.small_ratio)?;
        ParamError::check_share("ghost-ratio", params.ghost_ratio)?;
        if params.threshold > u8::MAX / USE {
            let got = params.threshold;
            return Err(ParamError(format!("`threshold` is {got}, expected 0 to 63")));
        }
        let small = setup.share(params.small_ratio);
        Ok(S3Fifo {
            small: Queue::new(small),
            main: Queue::new(setup.capacity - small),
            ghost: Queue::new(setup.share(params.ghost_ratio)),
            state: vec![NOWHERE; setup.n_objects as usize],
            threshold: params.threshold,
            saturated: params.threshold.max(MAIN_USES) * USE,
            remembered: false,
            filling: params.version == Version::V1,
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
        self.filling = false;
        loop {
            if self.main.weight > self.main.capacity || self.small.objects.len() == 0 {
                return self.evict_main(residents);
            }
            if let Some(victim) = self.evict_small(residents) {
                return victim;
            }
        }
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        let to_main = self.remembered || (self.filling && self.small.weight >= self.small.capacity);
        if to_main {
            self.state[object.index()] = MAIN;
            self.main.push(object, size);
        } else if size < self.small.capacity {
            self.state[object.index()] = SMALL;
            self.small.push(object, size);
        } else {
            return false;
        }
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        let state = std::mem::replace(&mut self.state[object.index()], NOWHERE);
        let queue = if state & PLACE == SMALL { &mut self.small } else { &mut self.main };
        queue.remove(object, residents);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        prefetch_if_large(&self.state, upcoming.index());
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        if is_large(&self.state) && self.state[upcoming.index()] == GHOST {
            self.ghost.objects.touch(upcoming);
        }
    }

    #[inline]
    fn soon(&self) -> Option<ObjectId> {
        self.small.objects.soon()
    }

    fn check(&self, residents: &Residents) {
        for (place, queue) in [(SMALL, &self.small), (MAIN, &self.main), (GHOST, &self.ghost)] {
            let is_here = |state| state & PLACE == place;
            queue.check(residents, place != GHOST, &self.state, is_here);
        }
        assert_eq!(self.small.objects.len() + self.main.objects.len(), residents.len());
        assert!(self.ghost.weight <= self.ghost.capacity);
    }

    fn state_bytes(&self) -> usize {
        let queues = [&self.small, &self.main, &self.ghost];
        self.state.len() + queues.map(|queue| queue.objects.state_bytes()).iter().sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// Capacity 4, of which the small queue has 2 and the ghosts 2.
    const SPEC: &str = "s3-fifo:small-ratio=0.5,ghost-ratio=0.5";

    #[test]
    fn what_is_used_once_leaves_early() {
        // A was used twice since it came, so it goes to the main queue; B leaves.
        check_example(SPEC, 4, "A A A B C D E A B", "M H H M M M M H M");
    }

    #[test]
    fn a_ghost_that_comes_back_enters_the_main_queue() {
        // A leaves for E and is remembered; back in the main queue, it outlives F, G and H.
        check_example(SPEC, 4, "A B C D E A F G H A", "M M M M M M M M M H");
    }

    #[test]
    fn nothing_is_stored_where_the_small_queue_holds_one_object() {
        check_example("s3-fifo", 19, "A A A", "M M M");
        check_example("s3-fifo", 20, "A A A", "M H H");
    }
}
