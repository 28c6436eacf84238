//! LRU that moves an object to the front with a probability only: fewer writes, less order.
//!
//! At probability 1 it is LRU, at 0 FIFO. O(1) a request. Draws come from the stream `lru-prob` under
//! the run's seed, one a hit.
//!
//! The name and the default, a half, are libCacheSim's.
//!
//! State: 8 bytes an object.

use cache::prelude::*;
use trace::stream::Stream;

use crate::lists::Links;

cache::policy! {
    #[doc = "LRU that takes note of a use with a probability"]
    LruProb = "lru-prob" {
        family: Recency,
        aliases: ["probabilistic-lru"],
        paper: ("The policy lru-prob of libCacheSim", "Version 0.3.5", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Chance that a hit moves its object to the front.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { probability: 0.5 }
    }
}

/// The policy.
#[derive(Debug)]
pub struct LruProb {
    /// One list, last inserted or promoted in front.
    links: Links,
    draws: Stream,
    probability: f64,
}

impl Eviction for LruProb {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("probability", params.probability)?;
        Ok(LruProb {
            links: Links::new(setup.n_objects, 1),
            draws: Stream::new(setup.seed, "lru-prob"),
            probability: params.probability,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        if self.draws.uniform() < self.probability {
            self.links.move_to_front(0, request.object);
        }
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let victim = self.links.back(0).expect("called while something is resident");
        self.links.remove(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.links.push_front(0, request.object);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.links.remove(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.links.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.links.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        let mut n_listed = 0;
        for object in self.links.iter(0) {
            assert!(residents.contains(object));
            n_listed += 1;
        }
        assert_eq!(n_listed, residents.len());
    }

    fn state_bytes(&self) -> usize {
        self.links.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn the_ends_of_the_scale() {
        check_example("lru-prob:probability=1.0", 2, "A B A C A B", "M M H M H M");
        check_example("lru-prob:probability=0.0", 2, "A B A C A B", "M M H M M M");
    }
}
