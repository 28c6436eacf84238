//! The spine: what a cache is, what a policy may decide, and the fastest way through a trace.
//!
//! [`Cache`] alone owns residency and bytes; a policy, an [`Eviction`], only orders victims, so it
//! cannot claim a hit or overfill. [`replay`] runs one policy at one capacity over one trace and
//! returns integer [`Counts`]. The loop is compiled once for each policy and size unit: no hashing,
//! no allocation and no dynamic call a request. A [`PolicyInfo`] holds a pointer to that compiled
//! run, so choosing a policy by name costs one indirect call a run.

mod cache;
mod error;
mod eviction;
mod info;
mod replay;
mod residents;
mod spec;
mod whole_run;

pub use cache::{Access, Cache, Contents, Filled};
pub use error::Error;
pub use eviction::{Eviction, Needs, ParamError, Removal, Request, Setup, Unit};
pub use info::{
    BuildPolicy, CheckParameters, Family, Job, Paper, Parameter, PolicyInfo, Progress, RunPolicy,
    build_erased, check_erased, check_whole_run, parameters_of, refuse_to_build, run_erased,
    whole_run_erased,
};
pub use replay::{Counts, Plan, replay};
pub use residents::Residents;
pub use spec::{PolicySpec, split_specs};
pub use whole_run::WholeRun;

/// The names a policy file needs.
pub mod prelude {
    pub use crate::{
        Eviction, Family, Needs, Paper, ParamError, Removal, Request, Residents, Setup, Unit,
        policy,
    };
    pub use schemars::JsonSchema;
    pub use serde::{Deserialize, Serialize};
    pub use trace::ObjectId;
}
