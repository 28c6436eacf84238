//! The spine: what a cache is, what a policy may decide, and the fastest way through a trace.
//!
//! [`Cache`] alone owns residency and bytes; a policy, an [`Eviction`], only orders victims, so it
//! cannot claim a hit or overfill. [`replay`] runs one policy at one capacity over one trace and
//! returns integer [`Counts`]. The loop is compiled once for each policy and size unit: no hashing,
//! no allocation and no dynamic call a request. A [`PolicyInfo`] holds a pointer to that compiled
//! run, so choosing a policy by name costs one indirect call a run.
//!
//! An [`Admission`] policy before the cache, or a [`Prefetch`]er beside it, goes with any policy. Such
//! runs have a loop of their own, [`replay_guarded`], so the plain one knows nothing of them.

mod addresses;
mod admission;
mod cache;
mod error;
mod eviction;
mod guarded;
mod info;
mod prefetch;
mod replay;
mod residents;
mod spec;
mod whole_run;

pub use addresses::Addresses;
pub use admission::{Admission, AdmissionInfo, AdmissionKind, BuildAdmission};
pub use cache::{Access, Cache, Contents, Filled};
pub use error::Error;
pub use eviction::{Eviction, Needs, ParamError, Removal, Request, Setup, Unit};
pub use guarded::{Guard, replay_guarded};
pub use info::{
    BuildPolicy, CheckParameters, Chosen, EvictionKind, Family, Info, Job, Paper, Parameter,
    PolicyInfo, Progress, RunPolicy, build_erased, check_erased, check_whole_run, parameters_of,
    params_of, refuse_to_build, run_erased, whole_run_erased,
};
pub use prefetch::{BuildPrefetch, Outcome, Prefetch, PrefetchInfo, PrefetchKind, Prospects};
pub use replay::{Counts, Plan, Prefetches, replay};
pub use residents::Residents;
pub use spec::{PolicySpec, split_specs};
pub use trace::prefetch::{is_large, prefetch, prefetch_if_large};
pub use whole_run::WholeRun;

/// The names a policy file needs.
pub mod prelude {
    pub use crate::{
        Addresses, Admission, Eviction, Family, Needs, Outcome, Paper, ParamError, Prefetch,
        Removal, Request, Residents, Setup, Unit, policy,
    };
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
    pub use trace::ObjectId;
}
