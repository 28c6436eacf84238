//! LRU-K: the object whose k-th latest use is longest ago leaves.
//!
//! One use says little, so each object's latest `k` uses are remembered, and the victim is the one
//! with the oldest k-th; objects with fewer uses are older than any with k, and among them the one
//! whose last use is longest ago leaves. Uses are remembered after eviction, for `retained-period`
//! requests since the last one: without that, no object with a long interval between uses could
//! ever reach k. Uses within `correlated-period` requests of the last one are one burst and count
//! as one use, and an object in a burst is not evicted. With k = 1 it is LRU.
//!
//! O(log n) a request for n residents, a heap; with a correlated period, up to that many objects
//! in bursts are passed over in an eviction. The default parameters are the paper's K of 2, no
//! correlated period, and a retained period longer than any trace. Not in the paper: if all
//! residents are in bursts the first in order leaves all the same, and a k-th use not known stays
//! unknown when a burst ends. Sizes play no part, but that victims leave until the object fits.
//!
//! `rules=libcachesim` is that program's policy of this name: nothing is retained, and among the
//! objects with fewer than k uses the one inserted first leaves. It behaves like LFU rather than
//! like the paper's.
//!
//! Removal other than by eviction forgets the uses. State: 12 + 8k bytes an object, 24 a resident.

use cache::prefetch;
use cache::prelude::*;

use crate::heap::Heap;

cache::policy! {
    #[doc = "Evicts the object whose k-th latest use is longest ago"]
    LruK = "lru-k" {
        family: Recency,
        aliases: ["lruk", "lru-2"],
        paper: ("O'Neil, O'Neil and Weikum, The LRU-K page replacement algorithm for database disk buffering", "SIGMOD '93", "10.1145/170035.170081"),
    }
}

/// Whose LRU-K.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rules {
    /// The paper's.
    Paper,
    /// The simulator's of that name.
    LibCacheSim,
}

/// Longer than any trace.
const FOR_EVER: u64 = u32::MAX as u64;

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Uses remembered. 1 to 255.
    #[schemars(range(min = 1, max = 255))]
    pub k: u8,
    /// Requests after a use within which a further one counts as the same.
    pub correlated_period: u64,
    /// Requests after its last use for which an object's uses are remembered out of the cache; by
    /// default longer than any trace.
    pub retained_period: u64,
    /// Whose LRU-K: `paper` or `libcachesim`.
    pub rules: Rules,
}

impl Default for Params {
    fn default() -> Self {
        Params { k: 2, correlated_period: 0, retained_period: FOR_EVER, rules: Rules::Paper }
    }
}

/// The order of victims, smallest first: time of the k-th latest use, or 0; then that of the last
/// use or, by libCacheSim's rules, of the insertion. Times count from 1.
type Key = (u64, u64);

/// The policy.
#[derive(Debug)]
pub struct LruK {
    heap: Heap<Key>,
    /// Times of the latest `k` uses that are no bursts, latest first, by object; 0 for none.
    uses: Vec<u64>,
    /// Time of the last use, in a burst or not, by object.
    last_use: Vec<u64>,
    k: usize,
    correlated: u64,
    retained: u64,
    rules: Rules,
    /// Objects passed over in the eviction at hand.
    aside: Vec<(Key, ObjectId)>,
}

impl LruK {
    #[inline]
    fn uses(&mut self, object: ObjectId) -> &mut [u64] {
        let start = object.index() * self.k;
        &mut self.uses[start..start + self.k]
    }

    /// Notes a use that is no burst; those before it moved on by `burst`.
    #[inline]
    fn note(&mut self, object: ObjectId, now: u64, burst: u64) {
        let uses = self.uses(object);
        for i in (1..uses.len()).rev() {
            uses[i] = if uses[i - 1] == 0 { 0 } else { uses[i - 1] + burst };
        }
        uses[0] = now;
    }

    #[inline]
    fn key(&mut self, object: ObjectId) -> Key {
        let last_use = self.last_use[object.index()];
        let rules = self.rules;
        let uses = self.uses(object);
        let kth = uses[uses.len() - 1];
        let tie = match rules {
            Rules::Paper => last_use,
            // With fewer than k uses the first one is among them, and it was the insertion.
            Rules::LibCacheSim => uses.iter().rev().copied().find(|time| *time > 0).unwrap_or(0),
        };
        (kth, tie)
    }
}

impl Eviction for LruK {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        if params.k == 0 {
            return Err(ParamError("`k` is 0, expected 1 to 255".into()));
        }
        let own_periods = params.correlated_period != 0 || params.retained_period != FOR_EVER;
        if params.rules == Rules::LibCacheSim && own_periods {
            return Err(ParamError("`rules=libcachesim` knows no periods".into()));
        }
        let k = usize::from(params.k);
        Ok(LruK {
            heap: Heap::new(setup.n_objects),
            uses: vec![0; setup.n_objects as usize * k],
            last_use: vec![0; setup.n_objects as usize],
            k,
            correlated: params.correlated_period,
            retained: match params.rules {
                Rules::Paper => params.retained_period,
                Rules::LibCacheSim => 0,
            },
            rules: params.rules,
            aside: Vec::new(),
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let (object, now) = (request.object, request.seq + 1);
        let last_use = std::mem::replace(&mut self.last_use[object.index()], now);
        if self.correlated == 0 {
            self.note(object, now, 0);
        } else if now.saturating_sub(last_use) > self.correlated {
            let burst = last_use - self.uses(object)[0];
            self.note(object, now, burst);
        }
        let key = self.key(object);
        self.heap.change(object, key);
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, _residents: &Residents) -> ObjectId {
        if self.correlated == 0 {
            return self.heap.pop().expect("called while something is resident").1;
        }
        let now = incoming.seq + 1;
        let mut victim = None;
        while victim.is_none()
            && let Some((key, object)) = self.heap.pop()
        {
            if now.saturating_sub(self.last_use[object.index()]) > self.correlated {
                victim = Some(object);
            } else {
                self.aside.push((key, object));
            }
        }
        let spared = usize::from(victim.is_none());
        let victim = victim.unwrap_or_else(|| self.aside[0].1);
        for (key, object) in self.aside.drain(..).skip(spared) {
            self.heap.push(object, key);
        }
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let (object, now) = (request.object, request.seq + 1);
        let last_use = std::mem::replace(&mut self.last_use[object.index()], now);
        if now.saturating_sub(last_use) > self.retained {
            self.uses(object).fill(0);
        }
        self.note(object, now, 0);
        let key = self.key(object);
        self.heap.push(object, key);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.heap.remove(object);
        self.uses(object).fill(0);
        self.last_use[object.index()] = 0;
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.heap.touch(upcoming);
        prefetch(&self.last_use, upcoming.index());
        prefetch(&self.uses, upcoming.index() * self.k);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.heap.touch_node(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.heap.check();
        assert_eq!(self.heap.len(), residents.len());
        for ((kth, _), object) in self.heap.iter() {
            assert!(residents.contains(object));
            let start = object.index() * self.k;
            let uses = &self.uses[start..start + self.k];
            assert!(uses.is_sorted_by(|later, earlier| later >= earlier), "{uses:?}");
            assert_eq!(kth, uses[self.k - 1]);
            assert!(self.last_use[object.index()] >= uses[0] && uses[0] > 0);
        }
    }

    fn state_bytes(&self) -> usize {
        self.heap.state_bytes()
            + 8 * (self.uses.len() + self.last_use.len())
            + self.aside.capacity() * size_of::<(Key, ObjectId)>()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn what_was_used_twice_stays() {
        check_example("lru-k", 2, "A A B C D A", "M H M M M H");
        check_example("lru-k:k=1", 2, "A A B C D A", "M H M M M M");
    }

    #[test]
    fn the_oldest_second_use_leaves() {
        // B was used last, but A's last use but one is the later of the two.
        check_example("lru-k", 2, "B B A A B C A", "M H M H H M H");
        check_example("lru-k:k=1", 2, "B B A A B C A", "M H M H H M M");
    }

    #[test]
    fn uses_are_remembered_after_eviction() {
        // A leaves for C and comes back for its second use, so D leaves for E and not A.
        check_example("lru-k", 2, "A B C A D E A", "M M M M M M H");
        check_example("lru-k:retained-period=2", 2, "A B C A D E A", "M M M M M M M");
    }

    #[test]
    fn a_burst_is_one_use() {
        // The second use of A is in a burst that is over when C comes, while that of B is not.
        check_example("lru-k:correlated-period=1", 2, "A A B C A", "M H M M M");
        check_example("lru-k:correlated-period=0", 2, "A A B C A", "M H M M H");
    }

    #[test]
    fn libcachesim_goes_by_insertion_and_forgets() {
        // With k = 3, A has fewer uses than that and came first.
        check_example("lru-k:k=3", 2, "A B A C A", "M M H M H");
        check_example("lru-k:k=3,rules=libcachesim", 2, "A B A C A", "M M H M M");
    }
}
