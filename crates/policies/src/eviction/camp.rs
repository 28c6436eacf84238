//! CAMP: GreedyDual-Size with rounded values, so that most requests touch no heap.
//!
//! Each resident has a value L + cost / size, given at its last use; the least leaves and L becomes
//! that value, as in `gds`. But cost / size is rounded, and the residents of one rounded ratio form
//! an LRU queue. L never falls, so a queue is ordered by value, and only the queues' oldest members
//! compete for eviction, in a heap. A hit touches the heap only if it was on an oldest member, or
//! opens or closes a queue.
//!
//! Ratios are made integers by the largest size seen so far, so that none is below 1: `max size x
//! cost / size`, cut to an integer. When that size grows, residents keep their ratio until they are
//! used next. Of the integer the `precision` most significant bits are kept, and the others zeroed:
//! the error is proportional, at most 2^(1 - precision), and there are few queues. With objects of
//! one size this is LRU at any precision.
//!
//! O(log queues) for what touches the heap, O(1) for all else. The paper's default precision is not
//! known to us; 5 is that of Caffeine's simulator. Ties between queues go to the member used longest
//! ago. An empty object counts as of size 1. Values saturate at 2^64.
//!
//! The paper's text was not at hand: the rounding is as its authors' program and Caffeine's
//! simulator describe it, and GreedyDual-Size is as in `gds`. When a victim leaves, the authors'
//! program sets L to the least value of those that stay, instead of the victim's:
//! `inflation=remaining`.
//!
//! State: 28 bytes an object, and 12 to 36 a queue. At precision 5 a capacity of 1 GiB has 433 queues.

use cache::prelude::*;

use super::gds::Cost;
use crate::heap::Heap;
use crate::lists::Links;

cache::policy! {
    #[doc = "GreedyDual-Size with rounded values: LRU queues by cost and size"]
    Camp = "camp" {
        family: Recency,
        aliases: [],
        paper: ("Ghandeharizadeh, Irani, Lam and Yap, CAMP: a cost adaptive multi-queue eviction policy for key-value stores", "Middleware '14", "10.1145/2663165.2663317"),
    }
}

/// What L becomes when a victim leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Inflation {
    /// The victim's value.
    Victim,
    /// The least value of those that stay.
    Remaining,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// What a miss costs: `one`, or `packets`, 2 and one for each 536 bytes.
    pub cost: Cost,
    /// What newcomers' values start from: the last `victim`'s, or as in the authors' program the
    /// least of those `remaining` after it.
    pub inflation: Inflation,
    /// Significant bits of a ratio that are kept, 1 to 16.
    #[schemars(range(min = 1, max = 16))]
    pub precision: u8,
}

impl Default for Params {
    fn default() -> Self {
        Params { cost: Cost::One, inflation: Inflation::Victim, precision: 5 }
    }
}

/// Value, and the time of the last use.
type Key = (u64, u64);

/// The policy.
#[derive(Debug)]
pub struct Camp {
    /// A queue for each rounded ratio, last used first.
    queues: Links,
    /// The queues that are not empty, each under the key of its oldest member. The heap knows them
    /// as objects.
    heads: Heap<Key>,
    /// Key of each resident, by object.
    keys: Vec<Key>,
    /// Queue of each resident, by object.
    home: Vec<u32>,
    /// L.
    floor: u64,
    largest: u64,
    cost: Cost,
    inflation: Inflation,
    rounding: Rounding,
}

/// Keeps the most significant bits, and numbers what is left without gaps.
#[derive(Debug, Clone, Copy)]
struct Rounding {
    precision: u32,
}

impl Rounding {
    /// Bits that go.
    #[inline]
    fn excess(self, ratio: u64) -> u32 {
        (u64::BITS - ratio.leading_zeros()).saturating_sub(self.precision)
    }

    /// The ratio without its lower bits.
    #[inline]
    fn round(self, ratio: u64) -> u64 {
        let excess = self.excess(ratio);
        ratio >> excess << excess
    }

    /// How many rounded ratios are smaller, counting 0.
    #[inline]
    fn number(self, ratio: u64) -> u32 {
        let excess = self.excess(ratio);
        (excess << (self.precision - 1)) + (ratio >> excess) as u32
    }
}

impl Camp {
    /// Cost by size, as an integer that is at least 1.
    #[inline]
    fn ratio(&self, size: u64) -> u64 {
        (self.largest as f64 / size.max(1) as f64 * self.cost.of(size)) as u64
    }

    #[inline]
    fn enter(&mut self, object: ObjectId, size: u64, now: u64) {
        let ratio = self.ratio(size);
        let queue = self.rounding.number(ratio);
        let key = (self.floor.saturating_add(self.rounding.round(ratio)), now);
        self.keys[object.index()] = key;
        self.home[object.index()] = queue;
        if self.queues.is_empty(queue) {
            self.heads.push(ObjectId(queue), key);
        }
        self.queues.push_front(queue, object);
    }

    #[inline]
    fn leave(&mut self, object: ObjectId) {
        let queue = self.home[object.index()];
        let oldest = self.queues.back(queue) == Some(object);
        self.queues.remove(object);
        if !oldest {
            return;
        }
        match self.queues.back(queue) {
            Some(next) => self.heads.change(ObjectId(queue), self.keys[next.index()]),
            None => self.heads.remove(ObjectId(queue)),
        }
    }
}

impl Eviction for Camp {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        if !(1..=16).contains(&params.precision) {
            return Err(ParamError(format!(
                "`precision` is {}, expected 1 to 16 bits",
                params.precision
            )));
        }
        let rounding = Rounding { precision: params.precision.into() };
        // No ratio is larger than that of an object of size 1 beside one that fills the cache.
        let highest = (setup.capacity as f64 * params.cost.of(1)) as u64;
        let n_queues = rounding.number(highest.saturating_add(1)) + 1;
        let n_objects = setup.n_objects as usize;
        Ok(Camp {
            queues: Links::new(setup.n_objects, n_queues),
            heads: Heap::new(n_queues),
            keys: vec![(0, 0); n_objects],
            home: vec![0; n_objects],
            floor: 0,
            largest: 1,
            cost: params.cost,
            inflation: params.inflation,
            rounding,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        self.leave(request.object);
        self.enter(request.object, residents.size_of(request.object), request.seq);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let ((value, _), queue) = self.heads.min().expect("called while something is in");
        let victim = self.queues.back(queue.0).expect("queues in the heap are not empty");
        self.leave(victim);
        self.floor = match self.inflation {
            Inflation::Victim => value,
            Inflation::Remaining => self.heads.min().map_or(value, |((least, _), _)| least),
        };
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.largest = self.largest.max(request.size);
        self.enter(request.object, request.size, request.seq);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.leave(object);
    }

    fn check(&self, residents: &Residents) {
        self.heads.check();
        let mut n_queued = 0;
        for (key, queue) in self.heads.iter() {
            let members: Vec<_> = self.queues.iter(queue.0).collect();
            let mut keys = members.iter().map(|object| self.keys[object.index()]);
            assert!(keys.clone().rev().is_sorted(), "a queue is ordered by value and time");
            assert_eq!(keys.next_back(), Some(key), "the key of a queue is that of its oldest member");
            for object in &members {
                assert!(residents.contains(*object));
                assert_eq!(self.home[object.index()], queue.0);
            }
            n_queued += members.len();
        }
        assert_eq!(n_queued, residents.len());
    }

    fn state_bytes(&self) -> usize {
        self.queues.state_bytes()
            + self.heads.state_bytes()
            + self.keys.len() * size_of::<Key>()
            + 4 * self.home.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Rounding;
    use crate::tests::{hits, requests_of};

    /// As we remember the paper's example: 101101011 to precision 4 is 101100000, 001010011 is 001010000, and
    /// 000001010 stays.
    #[test]
    fn the_most_significant_bits_stay() {
        let rounding = Rounding { precision: 4 };
        assert_eq!(rounding.round(0b1_0110_1011), 0b1_0110_0000);
        assert_eq!(rounding.round(0b0_0101_0011), 0b0_0101_0000);
        assert_eq!(rounding.round(0b0_0000_1010), 0b0_0000_1010);
    }

    #[test]
    fn rounded_ratios_are_numbered_in_order_without_gaps() {
        for precision in 1..=6 {
            let rounding = Rounding { precision };
            let mut seen = vec![0];
            for ratio in 1..5000 {
                let rounded = rounding.round(ratio);
                if seen.last() != Some(&rounded) {
                    seen.push(rounded);
                }
                assert_eq!(rounding.number(ratio) as usize, seen.len() - 1);
            }
        }
    }

    /// Sizes of A, B and C are 8, 5 and 3, so in units of 1/8 their ratios are 1, 1 (of 8/5) and 2 (of
    /// 8/3). A leaves first although B's ratio to the last bit is larger too; then B, used before C
    /// was; L is 1. With C used once more its value is 3.
    #[test]
    fn ratios_are_cut_to_integers_and_lifted_by_the_last_victim() {
        let steps = [(0, 8), (1, 5), (2, 3), (3, 8), (2, 3)];
        let got = hits("camp", 16, cache::Unit::Bytes, &requests_of(&steps));
        assert_eq!(got, [false, false, false, false, true]);
    }

    /// A of size 110 makes ratios of 11 for B and 10 for C, and leaves for B. To 3 bits the ratios are
    /// one, and B leaves for D, used longest ago; to 4 bits C's is less, and C does.
    #[test]
    fn what_rounds_to_one_ratio_is_an_lru_queue() {
        let steps = [(0, 110), (1, 10), (2, 11), (3, 90), (1, 10)];
        let run = |spec| hits(spec, 110, cache::Unit::Bytes, &requests_of(&steps));
        assert!(!run("camp:precision=3")[4]);
        assert!(run("camp:precision=4")[4]);
    }
}
