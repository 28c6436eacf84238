//! Clock2Q+: S3-FIFO that does not take a burst for popularity.
//!
//! New objects enter a small FIFO queue, those used there go on to a CLOCK, and a ghost queue
//! remembers the rest, as in S3-FIFO. Uses right after an object came in are mostly one burst
//! (correlated references, in the words of LRU-K), so a use in the small queue counts only once
//! `window-ratio` of that queue's capacity, in objects, has come in since the object did. One such
//! use is enough. In the main queue a use, of one counted, buys another round. A hit is one byte to
//! write and moves nothing. O(1) a request, amortised: each reinsertion was paid for by a hit.
//!
//! The rules are libCacheSim's; of the paper only the abstract was at hand, which agrees. Until
//! the first eviction, objects that find the small queue full enter the main one. A victim comes
//! from the main queue if it is over its share or the small one is empty, else from the small one.
//! An object larger than the small queue is refused at once, and one exactly as large that would
//! enter it, after room was made: with capacities below 20 nothing is ever stored.
//!
//! Removal other than by eviction leaves no ghost. State: 5 bytes an object and 4 a resident or
//! ghost, and 2 an object for ghosts that come back.

use cache::prelude::*;

use crate::queue::Queue;

cache::policy! {
    #[doc = "S3-FIFO in which uses right after an object came in do not count"]
    Clock2QPlus = "clock2q-plus" {
        family: Fifo,
        aliases: ["clock2qplus", "clock2q+"],
        paper: ("Zhai et al., Clock2Q+: a simple and efficient replacement algorithm for metadata cache in VMware vSAN", "arXiv 2511.21958, 2025", "10.48550/arXiv.2511.21958"),
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
    /// Insertions into the small queue during which an object's uses do not count, as a share of
    /// that queue's capacity.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub window_ratio: f64,
    /// Uses counted in the small queue after which an object goes to the main one. 0 to 63.
    #[schemars(range(min = 0, max = 63))]
    pub threshold: u8,
}

impl Default for Params {
    fn default() -> Self {
        Params { small_ratio: 0.1, ghost_ratio: 0.9, window_ratio: 0.5, threshold: 1 }
    }
}

// The state of an object: in the low two bits where it is, above them its uses.
const NOWHERE: u8 = 0;
const SMALL: u8 = 1;
const MAIN: u8 = 2;
const GHOST: u8 = 3;
const PLACE: u8 = 3;
const USE: u8 = 4;

/// The policy.
#[derive(Debug)]
pub struct Clock2QPlus {
    small: Queue,
    main: Queue,
    ghost: Queue,
    state: Vec<u8>,
    threshold: u8,
    /// State above which a use is not counted any more.
    saturated: u8,
    /// Insertions into the small queue so far. Numbers may wrap: the queue is shorter than 2^32.
    n_small: u32,
    /// That number when the object came in, by object.
    came_in: Vec<u32>,
    /// Insertions during which uses do not count.
    window: f64,
    /// The object now missed was a ghost.
    remembered: bool,
    /// New objects may still fill the main queue.
    filling: bool,
}

impl Clock2QPlus {
    /// The next victim from the small queue, unless all it has goes to the main queue.
    #[inline]
    fn evict_small(&mut self, residents: &Residents) -> Option<ObjectId> {
        while let Some((object, size)) = self.small.pop(residents) {
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
            let state = &mut self.state[object.index()];
            if *state == MAIN {
                *state = NOWHERE;
                return object;
            }
            *state = MAIN;
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

impl Eviction for Clock2QPlus {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("small-ratio", params.small_ratio)?;
        ParamError::check_share("ghost-ratio", params.ghost_ratio)?;
        ParamError::check_share("window-ratio", params.window_ratio)?;
        if params.threshold > u8::MAX / USE {
            let got = params.threshold;
            return Err(ParamError(format!("`threshold` is {got}, expected 0 to 63")));
        }
        let small = setup.share(params.small_ratio);
        Ok(Clock2QPlus {
            small: Queue::new(small),
            main: Queue::new(setup.capacity - small),
            ghost: Queue::new(setup.share(params.ghost_ratio)),
            state: vec![NOWHERE; setup.n_objects as usize],
            threshold: params.threshold,
            saturated: params.threshold.max(1) * USE,
            n_small: 0,
            came_in: vec![0; setup.n_objects as usize],
            window: small as f64 * params.window_ratio,
            remembered: false,
            filling: true,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let state = &mut self.state[request.object.index()];
        if *state & PLACE == SMALL {
            let age = self.n_small.wrapping_sub(self.came_in[request.object.index()]);
            if f64::from(age) < self.window {
                return;
            }
        }
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
            self.n_small = self.n_small.wrapping_add(1);
            self.came_in[object.index()] = self.n_small;
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
        self.state.len()
            + 4 * self.came_in.len()
            + queues.map(|queue| queue.objects.state_bytes()).iter().sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// Capacity 8, of which the small queue has 4 and the ghosts 4; two insertions are the window.
    const SPEC: &str = "clock2q-plus:small-ratio=0.5,ghost-ratio=0.5";

    #[test]
    fn a_use_counts_only_after_the_window() {
        // E to H fill the main queue, and A is the first to go for I, unless its use counts.
        check_example(SPEC, 8, "A A B C D E F G H I A", "M H M M M M M M M M M");
        check_example(SPEC, 8, "A B A C D E F G H I A", "M M H M M M M M M M M");
        check_example(SPEC, 8, "A B C A D E F G H I A", "M M M H M M M M M M H");
    }

    #[test]
    fn one_round_in_the_main_queue_whatever_the_uses() {
        // E is first in the main queue and used thrice. A to D and I leave the small queue and come
        // back, which makes the main one too long five times: E gets one round more, no second.
        let requests = "A B C D E F G H E E E I A J B K C L D M I N E";
        let same = "M M M M M M M M H H H M M M M M M M M M M M";
        check_example(SPEC, 8, requests, &format!("{same} M"));
        let s3_fifo = "s3-fifo:version=v1,small-ratio=0.5,ghost-ratio=0.5,threshold=1";
        check_example(s3_fifo, 8, requests, &format!("{same} H"));
    }

    #[test]
    fn nothing_is_stored_where_the_small_queue_holds_one_object() {
        check_example("clock2q-plus", 19, "A A A", "M M M");
        check_example("clock2q-plus", 20, "A A A", "M H H");
    }
}
