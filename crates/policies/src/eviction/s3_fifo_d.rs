//! S3-FIFO-D: S3-FIFO whose small queue is as large as what left it seems to need.
//!
//! See [`s3_fifo`](super::s3_fifo) for the small queue, the main one and the ghosts. Two more queues
//! remember what left either of late, a tenth of the capacity each. A miss on what the small queue let
//! go says that it was too short, one on what the main queue let go, the other. Once there were more
//! than 100 such misses, the size of the side with more than twice as many grows at the other's
//! expense, a thousandth of the smaller at each request, and both counts fade by a fifth. O(1) a
//! request, amortised.
//!
//! The paper, as remembered, has the idea, and finds fixed sizes as good. The rules are those of its
//! authors' simulator, libCacheSim (`s3fifod`), which differ from its S3-FIFO in more than that:
//! - One use (`threshold`) is enough to move on to the main queue. That makes room for it only
//!   afterwards, so an object just moved may leave at once if all others were used. A ghost that
//!   comes back is made room for before.
//! - A victim comes from the small queue unless that is empty; the main queue gives way only to what
//!   moves into it.
//! - Counts fade, and sizes move, only while something is remembered of the main queue; until then no
//!   miss counts. Neither size falls below a hundredth of the capacity, rounded down.
//! - The ghosts are as many as the main queue is large at first, and grow and shrink as the small
//!   queue does. What leaves the main queue for a returning ghost is not remembered.
//! - Objects larger than the small queue are refused.
//!
//! Removal other than by eviction leaves no ghost, and is not remembered. State: 1 byte an object,
//! 4 a resident, ghost or remembered object, and 2 an object for those that come back.

use cache::prelude::*;

use crate::queue::Queue;

cache::policy! {
    #[doc = "S3-FIFO whose queues' sizes follow what each lets go too early"]
    S3FifoD = "s3-fifo-d" {
        family: Adaptive,
        aliases: ["s3fifod", "s3-fifod"],
        paper: ("Yang, Zhang, Qiu, Yue and Vinayak, FIFO queues are all you need for cache eviction", "SOSP '23", "10.1145/3600006.3613147"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Share of the capacity that the small queue starts with.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub small_ratio: f64,
    /// Uses in the small queue after which an object goes to the main one. 0 to 7.
    #[schemars(range(min = 0, max = 7))]
    pub threshold: u8,
}

impl Default for Params {
    fn default() -> Self {
        Params { small_ratio: 0.1, threshold: 1 }
    }
}

// The state of an object: where it is, unless it is nowhere.
const SMALL: u8 = 1;
const MAIN: u8 = 2;
const PLACE: u8 = 3;
/// Remembered as a ghost.
const GHOST: u8 = 4;
/// Remembered as having left the small queue of late.
const LEFT_SMALL: u8 = 8;
/// Remembered as having left the main queue of late.
const LEFT_MAIN: u8 = 16;
/// Above them the uses.
const USE: u8 = 32;

/// Uses that the main queue tells apart.
const MAIN_USES: u8 = 3;

/// A queue of objects that left, marked by a flag in their states.
#[derive(Debug)]
struct Memory {
    queue: Queue,
    flag: u8,
}

impl Memory {
    fn new(capacity: u64, flag: u8) -> Self {
        Memory { queue: Queue::new(capacity), flag }
    }

    /// Remembers an object that leaves; the oldest are forgotten for it.
    #[inline]
    fn remember(&mut self, object: ObjectId, size: u64, state: &mut [u8], residents: &Residents) {
        let forget = |oldest: ObjectId| state[oldest.index()] &= !self.flag;
        if self.queue.remember(object, size, residents, forget) {
            state[object.index()] |= self.flag;
        }
    }

    /// Forgets an object that is missed; whether it was remembered.
    #[inline]
    fn forget(&mut self, object: ObjectId, state: &mut [u8], residents: &Residents) -> bool {
        let remembered = state[object.index()] & self.flag != 0;
        if remembered {
            state[object.index()] &= !self.flag;
            self.queue.remove(object, residents);
        }
        remembered
    }
}

/// A count of misses less a fifth.
#[inline]
fn faded(misses: u32) -> u32 {
    (f64::from(misses) * 0.8) as u32
}

/// The policy.
#[derive(Debug)]
pub struct S3FifoD {
    small: Queue,
    main: Queue,
    ghosts: Memory,
    left_small: Memory,
    left_main: Memory,
    /// Misses on what left the small queue of late, and the main one.
    misses: [u32; 2],
    state: Vec<u8>,
    threshold: u8,
    /// State above which a use is not counted any more.
    saturated: u8,
    least: u64,
    /// The object now missed was a ghost.
    remembered: bool,
    /// Something moved to the main queue, which has to let others go for it.
    moved: bool,
}

impl S3FifoD {
    /// Moves the border between the queues. At each request, before all else.
    #[inline]
    fn adapt(&mut self) {
        if self.left_main.queue.weight == 0 {
            self.misses = [0; 2];
        }
        let [small, main] = self.misses;
        if small + main <= 100 {
            return;
        }
        let ghosts = &mut self.ghosts.queue.capacity;
        let step = (self.small.capacity.min(self.main.capacity) / 1000).max(1);
        if small > 2 * main && self.main.capacity > self.least {
            self.small.capacity += step;
            *ghosts += step;
            self.main.capacity -= step;
        } else if main > 2 * small && self.small.capacity > self.least {
            self.small.capacity -= step;
            *ghosts = ghosts.saturating_sub(step);
            self.main.capacity += step;
        }
        self.misses = self.misses.map(faded);
    }

    /// The next victim from the main queue.
    #[inline]
    fn evict_main(&mut self, residents: &Residents) -> (ObjectId, u64) {
        loop {
            let (object, size) = self.main.pop(residents).expect("something is resident");
            let state = &mut self.state[object.index()];
            let uses = *state / USE;
            if uses == 0 {
                *state = 0;
                return (object, size);
            }
            *state = MAIN + (uses.min(MAIN_USES) - 1) * USE;
            self.main.push(object, size);
        }
    }

    /// The next victim from the main queue, which is remembered.
    #[inline]
    fn evict_main_and_remember(&mut self, residents: &Residents) -> ObjectId {
        let (object, size) = self.evict_main(residents);
        self.left_main.remember(object, size, &mut self.state, residents);
        object
    }

    /// A victim for what moved to the main queue; `None` once that is within its share.
    #[inline]
    fn settle(&mut self, residents: &Residents) -> Option<ObjectId> {
        self.moved &= self.main.weight > self.main.capacity;
        self.moved.then(|| self.evict_main_and_remember(residents))
    }
}

impl Eviction for S3FifoD {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("small-ratio", params.small_ratio)?;
        if params.threshold > u8::MAX / USE {
            let got = params.threshold;
            return Err(ParamError(format!("`threshold` is {got}, expected 0 to 7")));
        }
        let small = setup.share(params.small_ratio);
        let main = setup.capacity - small;
        Ok(S3FifoD {
            small: Queue::new(small),
            main: Queue::new(main),
            ghosts: Memory::new(main, GHOST),
            left_small: Memory::new(setup.capacity / 10, LEFT_SMALL),
            left_main: Memory::new(setup.capacity / 10, LEFT_MAIN),
            misses: [0; 2],
            state: vec![0; setup.n_objects as usize],
            threshold: params.threshold,
            saturated: params.threshold.max(MAIN_USES) * USE,
            least: setup.capacity / 100,
            remembered: false,
            moved: false,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        self.adapt();
        self.remembered = false;
        let state = &mut self.state[request.object.index()];
        if *state < self.saturated {
            *state += USE;
        }
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        self.adapt();
        let object = request.object;
        let state = &mut self.state;
        self.remembered = self.ghosts.forget(object, state, residents);
        self.misses[0] += u32::from(self.left_small.forget(object, state, residents));
        self.misses[1] += u32::from(self.left_main.forget(object, state, residents));
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
                return self.evict_main_and_remember(residents);
            };
            let state = &mut self.state[object.index()];
            if *state / USE < self.threshold {
                *state = 0;
                self.ghosts.remember(object, size, &mut self.state, residents);
                self.left_small.remember(object, size, &mut self.state, residents);
                return object;
            }
            *state = MAIN;
            self.main.push(object, size);
            self.moved = true;
        }
    }

    /// What the main queue still has to let go: for an object from the small queue, and for one
    /// that was a ghost.
    #[inline]
    fn shed(&mut self, request: &Request, residents: &Residents) -> Option<ObjectId> {
        if let Some(victim) = self.settle(residents) {
            return Some(victim);
        }
        let overflows = self.remembered
            && request.size <= self.main.capacity
            && self.main.weight + request.size > self.main.capacity;
        overflows.then(|| self.evict_main(residents).0)
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        if self.remembered && size > self.main.capacity {
            return false;
        }
        let (queue, place) =
            if self.remembered { (&mut self.main, MAIN) } else { (&mut self.small, SMALL) };
        self.state[object.index()] = place;
        queue.push(object, size);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        let state = std::mem::take(&mut self.state[object.index()]);
        let queue = if state & PLACE == SMALL { &mut self.small } else { &mut self.main };
        queue.remove(object, residents);
    }

    fn check(&self, residents: &Residents) {
        let queues = [
            (&self.small, PLACE, SMALL),
            (&self.main, PLACE, MAIN),
            (&self.ghosts.queue, GHOST, GHOST),
            (&self.left_small.queue, LEFT_SMALL, LEFT_SMALL),
            (&self.left_main.queue, LEFT_MAIN, LEFT_MAIN),
        ];
        for (queue, mask, flag) in queues {
            let are_resident = flag == SMALL || flag == MAIN;
            queue.check(residents, are_resident, &self.state, |state| state & mask == flag);
        }
        assert_eq!(self.small.objects.len() + self.main.objects.len(), residents.len());
        assert!(!self.moved || self.main.weight <= self.main.capacity);
    }

    fn state_bytes(&self) -> usize {
        let queues =
            [&self.small, &self.main, &self.ghosts.queue, &self.left_small.queue, &self.left_main.queue];
        self.state.len() + queues.map(|queue| queue.objects.state_bytes()).iter().sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    // Capacity 4, of which the small queue and the main one have 2 each at first.

    #[test]
    fn one_use_is_enough() {
        // A was used, so it goes to the main queue, and B, C and D leave.
        let spec = "s3-fifo-d:small-ratio=0.5";
        check_example(spec, 4, "A A B C D E F A B", "M H M M M M M H M");
    }

    #[test]
    fn a_ghost_that_comes_back_enters_the_main_queue() {
        let spec = "s3-fifo-d:small-ratio=0.5";
        check_example(spec, 4, "A B C D E A F G H A", "M M M M M M M M M H");
    }

    #[test]
    fn the_main_queue_makes_room_afterwards() {
        // A and B fill the main queue and are used there. When D moves in it is the one not used,
        // and leaves for F; qd-lp makes room first, so A leaves.
        let requests = "A A B B C D E A B D F D";
        check_example(
            "s3-fifo-d:small-ratio=0.5",
            4,
            requests,
            "M H M H M M M H H H M M",
        );
        check_example("qd-lp:small-ratio=0.5", 4, requests, "M H M H M M M H H H M H");
    }
}
