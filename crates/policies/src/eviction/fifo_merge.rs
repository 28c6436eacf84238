//! FIFO-Merge: looks at a stretch of the queue at once and keeps the better half.
//!
//! Objects lie in order of insertion, and a hand moves from the oldest to the newest and begins
//! again. When room is needed it looks at the next 100 objects. Those least used for their size leave,
//! one whenever room is needed, and the rest stay where they are until the hand comes round. It is
//! CLOCK that takes the worst of many instead of the first that was not used, with bounded work a
//! turn. A turn sorts what it looks at: O(log `examine`) an eviction.
//!
//! This is Segcache's merge-based eviction reduced to single objects, as libCacheSim has it
//! (`fifo-merge`): no segments, no expiry, and objects that stay are not rewritten. The paper is
//! about the former; the rules are that program's:
//! - The worth of an object is its hits since insertion over its size. Among equals chance decides: a
//!   number below 0.1 is drawn and added to the hits. Objects that stay keep their hits.
//! - Of 100 objects looked at, 50 are to stay (`keep`), and it stops one short: 49 leave.
//! - While there are no more than 100 objects, it is FIFO, and the hand goes back to the oldest.
//! - Objects hit after the hand chose them leave all the same.
//!
//! Removal other than by eviction takes an object out of the choice too. Chance is the stream
//! `fifo-merge`.
//!
//! State: 5 bytes an object, 4 a resident, and 2 an object for victims out of the queue's middle.

use cache::prelude::*;
use trace::stream::Stream;

use crate::fifo_queue::FifoQueue;

cache::policy! {
    #[doc = "Looks at a stretch of a FIFO queue at once and evicts the less used half"]
    FifoMerge = "fifo-merge" {
        family: Fifo,
        aliases: ["fifomerge"],
        paper: ("Yang, Yue and Vinayak, Segcache: a memory-efficient and scalable in-memory key-value cache for small objects", "NSDI '21", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Objects looked at in one turn. 1 to 65536.
    #[schemars(range(min = 1, max = 65536))]
    pub examine: u32,
    /// How many of them stay, but for one more that does. Less than `examine`.
    pub keep: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { examine: 100, keep: 50 }
    }
}

/// The policy.
#[derive(Debug)]
pub struct FifoMerge {
    /// What the hand has passed, and what lies ahead of it; the first is older.
    queues: [FifoQueue; 2],
    /// The queue ahead of the hand, which is not empty unless both are.
    ahead: u8,
    /// The queue each object is in.
    queue: Vec<u8>,
    /// Hits since insertion, by object.
    hits: Vec<u32>,
    /// Chosen to leave, the first last.
    chosen: Vec<ObjectId>,
    /// What a turn looks at, with its worth.
    examined: Vec<(f64, ObjectId)>,
    examine: usize,
    n_leave: usize,
    stream: Stream,
}

impl FifoMerge {
    #[inline]
    fn len(&self) -> usize {
        self.queues[0].len() + self.queues[1].len()
    }

    /// If nothing lies ahead of the hand, it goes on at the oldest.
    #[inline]
    fn wrap(&mut self) {
        if self.queues[usize::from(self.ahead)].len() == 0 {
            self.ahead ^= 1;
        }
    }

    /// Moves the hand past an object.
    #[inline]
    fn pass(&mut self) -> ObjectId {
        let object = self.queues[usize::from(self.ahead)].pop().expect("wrapped when it ran empty");
        let behind = self.ahead ^ 1;
        self.queue[object.index()] = behind;
        self.queues[usize::from(behind)].push(object);
        self.wrap();
        object
    }

    /// Looks at the next objects and chooses those to leave.
    fn choose(&mut self, residents: &Residents) {
        self.examined.clear();
        for _ in 0..self.examine {
            let object = self.pass();
            let chance = self.stream.below(1000) as f64 / 10_000.0;
            let worth = (f64::from(self.hits[object.index()]) + chance)
                / residents.size_of(object).max(1) as f64;
            self.examined.push((worth, object));
        }
        self.examined.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.chosen.clear();
        let leave = self.examined[..self.n_leave].iter().rev().map(|(_, object)| *object);
        self.chosen.extend(leave);
    }

    /// Takes an object out of its queue.
    #[inline]
    fn take(&mut self, object: ObjectId) {
        self.queues[usize::from(self.queue[object.index()])].remove(object);
        self.wrap();
    }

    /// Moves the hand to the oldest object and takes that out.
    fn take_oldest(&mut self) -> ObjectId {
        if self.queues[usize::from(self.ahead ^ 1)].len() > 0 {
            let before = self.ahead;
            while self.ahead == before {
                self.pass();
            }
        }
        let oldest = self.queues[usize::from(self.ahead)].pop().expect("something is resident");
        self.wrap();
        oldest
    }
}

impl Eviction for FifoMerge {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        let Params { examine, keep } = *params;
        if !(1..=65_536).contains(&examine) || keep >= examine {
            let message = format!(
                "`examine` is {examine} and `keep` {keep}, expected 1 to 65536, and less than that"
            );
            return Err(ParamError(message));
        }
        let n_objects = setup.n_objects as usize;
        Ok(FifoMerge {
            queues: Default::default(),
            ahead: 0,
            queue: vec![0; n_objects],
            hits: vec![0; n_objects],
            chosen: Vec::new(),
            examined: Vec::new(),
            examine: examine as usize,
            n_leave: (examine - keep - 1).max(1) as usize,
            stream: Stream::new(setup.seed, "fifo-merge"),
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let hits = &mut self.hits[request.object.index()];
        *hits = hits.saturating_add(1);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        if self.chosen.is_empty() {
            if self.len() <= self.examine {
                return self.take_oldest();
            }
            self.choose(residents);
        }
        let victim = self.chosen.pop().expect("at least one was chosen");
        self.take(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.hits[request.object.index()] = 0;
        self.queue[request.object.index()] = self.ahead;
        self.queues[usize::from(self.ahead)].push(request.object);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.chosen.retain(|chosen| *chosen != object);
        self.take(object);
    }

    fn check(&self, residents: &Residents) {
        assert_eq!(self.len(), residents.len());
        for (number, queue) in (0..).zip(&self.queues) {
            for object in queue.iter() {
                assert!(residents.contains(object));
                assert_eq!(self.queue[object.index()], number);
            }
        }
        assert!(self.chosen.iter().all(|object| residents.contains(*object)));
        assert!(residents.is_empty() || self.queues[usize::from(self.ahead)].len() > 0);
    }

    fn state_bytes(&self) -> usize {
        let queues: usize = self.queues.iter().map(FifoQueue::state_bytes).sum();
        let turn = self.chosen.capacity() * size_of::<ObjectId>()
            + self.examined.capacity() * size_of::<(f64, ObjectId)>();
        queues + self.queue.len() + 4 * self.hits.len() + turn
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn the_worse_of_a_stretch_leave_and_the_others_stay_in_place() {
        // Three are looked at, one stays and one more, so one leaves: C, for D. The hand goes on at
        // D, A and B, used once and twice: D leaves for E.
        check_example(
            "fifo-merge:examine=3,keep=1",
            4,
            "A B D C A B B C C E D",
            "M M M M H H H H H M M",
        );
    }

    #[test]
    fn few_objects_are_a_fifo_queue() {
        check_example("fifo-merge:examine=3,keep=1", 3, "A B C A A D A", "M M M H H M M");
    }
}
