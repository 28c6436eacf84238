//! Size probability: a missed object comes in with probability e^(-size / c).
//!
//! A threshold without its edge: an object of size c comes in on every third miss or so, one of 5 c
//! on one of 150, so a large one that is popular enough still does. Called Exp-LRU over LRU. O(1), no
//! state.
//!
//! The paper on AdaptSize, which tunes c, writes it so. libCacheSim has e^(-k size): k is 1 / c. The
//! default c, 256 KiB, is that of the AdaptSize authors' simulator (`ExpLRU` in webcachesim), and
//! means nothing for other traces. Chance is a function of seed and request.

use cache::prelude::*;
use trace::stream::Stream;
use trace::units::Bytes;

use super::check_sizes_count;

cache::admission! {
    #[doc = "Lets in a missed object with probability e^(-size / c)"]
    SizeProbability = "size-probability" {
        aliases: ["exp-size"],
        paper: ("Berger, Sitaraman and Harchol-Balter, AdaptSize: orchestrating the hot object memory cache in a content delivery network", "NSDI '17", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// The size of which one object in e comes in.
    pub c: Bytes,
}

impl Default for Params {
    fn default() -> Self {
        Params { c: Bytes(256 << 10) }
    }
}

/// The policy.
#[derive(Debug)]
pub struct SizeProbability {
    c: f64,
    draws: Stream,
}

/// The probability that an object of this size comes in.
#[inline]
pub(super) fn chance(size: u64, c: f64) -> f64 {
    libm::exp(-(size as f64) / c)
}

impl Admission for SizeProbability {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        check_sizes_count(setup)?;
        if params.c.0 == 0 {
            return Err(ParamError("`c` is 0, expected a size".into()));
        }
        let draws = Stream::new(setup.seed, "admission/size-probability");
        Ok(SizeProbability { c: params.c.0 as f64, draws })
    }

    fn admits(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.draws.uniform_at(request.seq) < chance(request.size, self.c)
    }

    fn state_bytes(&self) -> usize {
        0
    }
}
