//! GreedyDual-Size: recency and the cost of a miss by size.
//!
//! Each resident has a value L + cost / size, given at its last use. The least value leaves, and L,
//! which starts at 0, becomes that value, so what is not used sinks below what is. With objects of
//! one size this is LRU.
//!
//! `cost=one` is the paper's GD-Size(1), for few misses: every miss costs the same, so small
//! objects stay. `cost=packets` is its GD-Size(packets), for little traffic: a miss costs 2 packets
//! and one more for each 536 bytes (not rounded to whole packets).
//!
//! O(log n) a request, in a heap with four children a node; the paper says the same. Among equal
//! values the one whose last use is longest ago leaves first; the paper leaves that open. Values
//! are 64-bit floating point and use only sums and quotients. An empty object counts as of size 1.
//! Frequency is not counted; `gdsf` does.
//!
//! State: 4 bytes an object and 24 a resident.

use cache::prelude::*;

use crate::heap::Heap;

cache::policy! {
    #[doc = "Evicts the least cost by size, with ageing: LRU that favours small objects"]
    Gds = "gds" {
        family: Recency,
        aliases: ["greedy-dual-size"],
        paper: ("Cao and Irani, Cost-aware WWW proxy caching algorithms", "USITS '97", ""),
    }
}

/// What a miss costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cost {
    /// The same for every object.
    One,
    /// 2 packets and one for each 536 bytes.
    Packets,
}

impl Cost {
    /// The cost of a miss on an object of this size.
    #[inline]
    pub(crate) fn of(self, size: u64) -> f64 {
        match self {
            Cost::One => 1.0,
            Cost::Packets => 2.0 + size.max(1) as f64 / 536.0,
        }
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// What a miss costs: `one`, or `packets`, 2 and one for each 536 bytes.
    pub cost: Cost,
}

impl Default for Params {
    fn default() -> Self {
        Params { cost: Cost::One }
    }
}

/// Value, as the bits of a number that is not negative, which order as the numbers do; and the time
/// of the last use.
type Key = (u64, u64);

/// The policy.
#[derive(Debug)]
pub struct Gds {
    residents: Heap<Key>,
    /// L: the value of the last victim.
    inflation: f64,
    cost: Cost,
}

impl Gds {
    #[inline]
    fn key(&self, size: u64, now: u64) -> Key {
        let value = self.inflation + self.cost.of(size) / size.max(1) as f64;
        (value.to_bits(), now)
    }
}

impl Eviction for Gds {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        let residents = Heap::new(setup.n_objects);
        Ok(Gds { residents, inflation: 0.0, cost: params.cost })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let key = self.key(residents.size_of(request.object), request.seq);
        self.residents.change(request.object, key);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let ((value, _), victim) = self.residents.pop().expect("called while something is in");
        self.inflation = f64::from_bits(value);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let key = self.key(request.size, request.seq);
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
        self.residents.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{hits, requests_of};

    /// A (of size 1) has value 1 and B (4) a quarter, so B leaves for C (2), L is 1/4, and C has 3/4.
    /// Used again, A has 5/4. C leaves for D (4), and that is enough.
    #[test]
    fn the_least_value_leaves_and_lifts_what_comes() {
        let steps = [(0, 1), (1, 4), (2, 2), (0, 1), (2, 2), (3, 4), (0, 1), (2, 2)];
        let got = hits("gds", 5, cache::Unit::Bytes, &requests_of(&steps));
        assert_eq!(got, [false, false, false, true, true, false, true, false]);
    }

    /// C leaves for B. Of B, ten times as large as A but used later, and A, packets keep B.
    #[test]
    fn packets_weigh_size_less() {
        let steps = [(0, 1000), (2, 20_000), (1, 10_000), (3, 11_000), (0, 1000)];
        let run = |spec| hits(spec, 21_500, cache::Unit::Bytes, &requests_of(&steps));
        assert_eq!(run("gds:cost=one"), [false, false, false, false, true]);
        assert_eq!(run("gds:cost=packets"), [false, false, false, false, false]);
    }
}
