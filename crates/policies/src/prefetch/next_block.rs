//! Next block: after a block, the ones that follow it. Also called one-block lookahead.
//!
//! Which requests set it off is the paper's distinction:
//! - `always`, the default: every request;
//! - `miss`: one that misses, so a scan misses on every other block;
//! - `tagged`: one that misses or is the first to use a prefetched block, which does as well as
//!   `always` on a scan and asks less often.
//!
//! It brings in the blocks at 1 to `degree` times `step` beyond the one requested. `step` is for traces
//! that number blocks by their bytes or sectors. Keys must be numbers. A block that no request is for
//! has a place in the cache all the same. O(degree) a request.
//!
//! State: 16 bytes an object, neighbours that are never asked for included.
//!
//! The three rules are as we remember them from the survey.

use cache::prelude::*;

use super::check_range;

cache::prefetch! {
    #[doc = "Brings in the blocks that follow the one requested"]
    NextBlock = "next-block" {
        addresses: true,
        aliases: ["obl", "sequential"],
        paper: ("Smith, Cache memories", "ACM Computing Surveys 14(3), 1982", "10.1145/356887.356892"),
    }
}

/// Which requests set it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// All.
    Always,
    /// Misses.
    Miss,
    /// Misses, and first uses of prefetched blocks.
    Tagged,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// How many blocks ahead, 1 to 1024.
    #[schemars(range(min = 1, max = 1024))]
    pub degree: u32,
    /// Distance between the numbers of one block and the next.
    #[schemars(range(min = 1))]
    pub step: u32,
    /// Which requests set it off: `always`, `miss`, or `tagged` (misses and first uses of what was
    /// prefetched).
    pub trigger: Trigger,
}

impl Default for Params {
    fn default() -> Self {
        Params { degree: 1, step: 1, trigger: Trigger::Always }
    }
}

impl Params {
    fn check(&self) -> Result<(), ParamError> {
        check_range("degree", self.degree, 1024)?;
        check_range("step", self.step, u32::MAX)
    }

    /// Distances of the blocks to bring in.
    fn offsets(&self) -> impl Iterator<Item = i64> + use<> {
        let step = i64::from(self.step);
        (1..=i64::from(self.degree)).map(move |n| n * step)
    }
}

/// The prefetcher.
#[derive(Debug)]
pub struct NextBlock {
    params: Params,
    addresses: Addresses,
}

impl Prefetch for NextBlock {
    type Params = Params;

    fn prospects(
        params: &Params,
        requests: &mut dyn Iterator<Item = u64>,
        want: &mut dyn FnMut(u64),
    ) -> Result<(), ParamError> {
        params.check()?;
        for address in requests {
            params.offsets().filter_map(|offset| address.checked_add_signed(offset)).for_each(&mut *want);
        }
        Ok(())
    }

    fn new(_setup: &Setup, params: &Params, addresses: Addresses) -> Result<Self, ParamError> {
        params.check()?;
        Ok(NextBlock { params: params.clone(), addresses })
    }

    fn on_request(&mut self, request: &Request, outcome: Outcome, want: &mut Vec<ObjectId>) {
        let asks = match self.params.trigger {
            Trigger::Always => true,
            Trigger::Miss => outcome == Outcome::Miss,
            Trigger::Tagged => outcome != Outcome::Hit,
        };
        if asks {
            let at = |offset| self.addresses.at_offset(request.object, offset);
            want.extend(self.params.offsets().filter_map(at));
        }
    }

    fn state_bytes(&self) -> usize {
        self.addresses.state_bytes()
    }
}
