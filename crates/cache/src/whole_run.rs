//! What counts a whole run at once, and has no victims to name: bounds, and caches of other people.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Counts, Needs, ParamError, Plan, Progress, Setup};

/// Something that is run like a policy, over a whole trace, and does not decide evictions.
///
/// It owns its residency, or has none, so nothing keeps it from claiming hits but its tests.
pub trait WholeRun: Sized {
    /// Parameters; the defaults are the source's.
    type Params: Default + Serialize + DeserializeOwned + JsonSchema;

    /// What it must be given.
    const NEEDS: Needs = Needs { next_use: false };

    /// One for a run of this setup.
    fn new(setup: &Setup, params: &Self::Params) -> Result<Self, ParamError>;

    /// Counts; `None` if stopped.
    fn run(self, plan: &Plan<'_>, progress: Progress<'_>) -> Option<Counts>;
}
