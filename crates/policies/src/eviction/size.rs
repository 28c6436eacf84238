//! The largest leaves, and among equals the one whose last use is longest ago.
//!
//! The most small objects fit, so it has few misses where small objects are wanted as much as large
//! ones, and many bytes missed. Small objects that nobody wants any more stay for ever. O(log n) a
//! request, in a heap with four children a node. With objects of one size it is LRU.
//!
//! The paper draws among equals. libCacheSim's `size` breaks ties by the order of its heap, so that
//! its counts differ where sizes repeat.
//!
//! State: 4 bytes an object and 24 a resident.

use cache::prelude::*;

use crate::heap::Heap;

cache::policy! {
    #[doc = "Evicts the largest; among equals the longest unused"]
    Size = "size" {
        family: Recency,
        aliases: ["largest"],
        paper: ("Williams, Abrams, Standridge, Abdulla and Fox, Removal policies in network caches for World-Wide Web documents", "SIGCOMM '96", "10.1145/248156.248182"),
    }
}

/// Size takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The policy.
#[derive(Debug)]
pub struct Size {
    /// The largest number less the size, and the time of the last use.
    residents: Heap<(u64, u64)>,
}

impl Eviction for Size {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(Size { residents: Heap::new(setup.n_objects) })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let key = (u64::MAX - residents.size_of(request.object), request.seq);
        self.residents.change(request.object, key);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        self.residents.pop().expect("called while something is resident").1
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.residents.push(request.object, (u64::MAX - request.size, request.seq));
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
        for ((size, _), object) in self.residents.iter() {
            assert!(residents.contains(object));
            assert_eq!(size, u64::MAX - residents.size_of(object));
        }
    }

    fn state_bytes(&self) -> usize {
        self.residents.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{hits, requests_of};

    /// B, then C leaves for D; for B, of A and D, both of size 1, none has to.
    #[test]
    fn the_largest_leaves() {
        let steps = [(0, 1), (1, 4), (2, 3), (3, 2), (0, 1), (1, 2), (2, 3), (3, 2)];
        let got = hits("size", 5, cache::Unit::Bytes, &requests_of(&steps));
        assert_eq!(got, [false, false, false, false, true, false, false, false]);
    }
}
