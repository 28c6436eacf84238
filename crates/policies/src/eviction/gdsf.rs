//! GreedyDual-Size with frequency: small objects and often used ones stay.
//!
//! Each resident has a value L + count / size, given at its last use: the larger, the longer it
//! stays. The least value leaves, and L, which starts at 0, becomes that value. So L rises as the
//! cache turns over, and what is not used any more sinks below newcomers however often it was used:
//! ageing without a clock. The count starts at 1 on insertion and is forgotten on eviction.
//!
//! O(log n) a request, in a heap with four children a node. Among equal values the one whose last
//! use is longest ago leaves first; the paper leaves that open. The cost of a miss is the same for
//! all objects, here 10^6, a number that only matters to rounding and is libCacheSim's. Values are
//! 64-bit floating point and use only sums, products and quotients, so they are the same anywhere.
//!
//! As in the paper, and in libCacheSim until 2024, room is made first and the newcomer then comes in
//! whatever its value. libCacheSim 0.3.5 inserts first, so that the newcomer may be the one to
//! leave, after others have; that variant is not offered. An empty object counts as of size 1.
//!
//! State: 8 bytes an object and 24 a resident.

use cache::prelude::*;

use crate::heap::Heap;

cache::policy! {
    #[doc = "Evicts the least uses by size, with ageing"]
    Gdsf = "gdsf" {
        family: Frequency,
        aliases: ["greedy-dual-size-frequency"],
        paper: ("Cherkasova, Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching policy", "HP Laboratories report HPL-98-69R1, 1998", ""),
    }
}

/// GDSF takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// Cost of a miss.
const COST: f64 = 1e6;

/// Value, as the bits of a number that is not negative, which order as the numbers do; and the time
/// of the last use.
type Key = (u64, u64);

/// The policy.
#[derive(Debug)]
pub struct Gdsf {
    residents: Heap<Key>,
    /// Uses since insertion, by object.
    count: Vec<u32>,
    /// L: the value of the last victim.
    inflation: f64,
}

impl Gdsf {
    #[inline]
    fn key(&self, object: ObjectId, size: u64, now: u64) -> Key {
        let count = f64::from(self.count[object.index()]);
        let value = self.inflation + count * COST / size.max(1) as f64;
        (value.to_bits(), now)
    }
}

impl Eviction for Gdsf {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(Gdsf {
            residents: Heap::new(setup.n_objects),
            count: vec![0; setup.n_objects as usize],
            inflation: 0.0,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let object = request.object;
        let count = &mut self.count[object.index()];
        *count = count.saturating_add(1);
        let key = self.key(object, residents.size_of(object), request.seq);
        self.residents.change(object, key);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let ((value, _), victim) = self.residents.pop().expect("called while something is in");
        self.inflation = f64::from_bits(value);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.count[request.object.index()] = 1;
        let key = self.key(request.object, request.size, request.seq);
        self.residents.push(request.object, key);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.residents.remove(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.residents.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.residents.touch_node(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.residents.check();
        assert_eq!(self.residents.len(), residents.len());
        for ((value, _), object) in self.residents.iter() {
            assert!(residents.contains(object));
            assert!(f64::from_bits(value) >= self.inflation, "values are at least L");
        }
    }

    fn state_bytes(&self) -> usize {
        self.residents.state_bytes() + 4 * self.count.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{check_example, hits, requests_of};

    /// Values in units of the cost: A 2 and B 1; B leaves and L is 1, so C has 2. A was used last
    /// before C came, so A leaves, and L is 2. C and D stay, where LFU would have kept A.
    #[test]
    fn the_least_value_leaves_and_lifts_what_comes() {
        check_example("gdsf", 2, "A A B C D C D A", "M H M M M H H M");
        check_example("lfu", 2, "A A B C D C D A", "M H M M M M M H");
    }

    #[test]
    fn large_objects_leave_first() {
        let requests = requests_of(&[(0, 1), (1, 4), (2, 2), (0, 1), (2, 2), (1, 4)]);
        let got = hits("gdsf", 5, cache::Unit::Bytes, &requests);
        assert_eq!(got, [false, false, false, true, true, false]);
    }
}
