//! Size: only objects below a threshold come in.
//!
//! What proxies and content networks have long done, as one large object takes the room of many small
//! ones. The right threshold differs between traces and hours, which [AdaptSize](super::adapt_size)
//! answers. O(1), no state.
//!
//! An object as large as the threshold stays out. The default, 512 KiB, is that of the AdaptSize
//! authors' simulator (`ThLRU` in webcachesim), and means nothing for other traces. That the paper named
//! below has the rule is from memory.

use cache::prelude::*;
use trace::units::Bytes;

use super::check_sizes_count;

cache::admission! {
    #[doc = "Lets in what is smaller than a threshold"]
    Size = "size" {
        aliases: ["threshold"],
        paper: ("Abrams, Standridge, Abdulla, Williams and Fox, Caching proxies: limitations and potentials (as LRU-threshold)", "WWW 4, 1995", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Objects of this size and above stay out.
    pub threshold: Bytes,
}

impl Default for Params {
    fn default() -> Self {
        Params { threshold: Bytes(512 << 10) }
    }
}

/// The policy.
#[derive(Debug)]
pub struct Size {
    threshold: u64,
}

impl Admission for Size {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        check_sizes_count(setup)?;
        Ok(Size { threshold: params.threshold.0 })
    }

    fn admits(&mut self, request: &Request, _residents: &Residents) -> bool {
        request.size < self.threshold
    }

    fn state_bytes(&self) -> usize {
        0
    }
}
