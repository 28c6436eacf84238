//! Bloom: an object comes in when it is asked for the second time.
//!
//! Most objects of a Web trace are asked for once. A content network notes each first request in a
//! Bloom filter and stores what it finds there, which spares memory, and flash its wear. O(1) a
//! request.
//!
//! Here the note is an exact set, a bit an object, never cleared: no object is let in by mistake, and
//! none is forgotten. A real filter has false positives and is replaced when it is full, so this is
//! the policy without that loss. Every request is noted, also of objects too large for the cache.
//! Over LRU it is the eviction policy `b-lru`.

use cache::prelude::*;

cache::admission! {
    #[doc = "Lets in what was asked for before (an exact set: no false positives)"]
    Bloom = "bloom" {
        aliases: ["second-sight", "bloom-filter"],
        paper: ("Maggs and Sitaraman, Algorithmic nuggets in content delivery", "ACM SIGCOMM Computer Communication Review 45(3), 2015", "10.1145/2805789.2805800"),
    }
}

/// There are no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The policy.
#[derive(Debug)]
pub struct Bloom {
    /// Whether the object was ever asked for, a bit each.
    seen: Vec<u64>,
    /// The object now asked for was asked for before.
    again: bool,
}

impl Admission for Bloom {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(Bloom { seen: vec![0; (setup.n_objects as usize).div_ceil(64)], again: false })
    }

    fn on_request(&mut self, request: &Request, _hit: bool, _residents: &Residents) {
        let number = request.object.index();
        let word = &mut self.seen[number / 64];
        self.again = *word >> (number % 64) & 1 != 0;
        *word |= 1 << (number % 64);
    }

    fn admits(&mut self, _request: &Request, _residents: &Residents) -> bool {
        self.again
    }

    fn state_bytes(&self) -> usize {
        8 * self.seen.len()
    }
}
