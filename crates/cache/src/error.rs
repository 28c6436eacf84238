//! What can be wrong with a request to simulate a policy.

use crate::ParamError;

/// A policy that cannot be run as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No policy goes by this name.
    #[error("no policy is called `{name}`{}", .nearest.as_ref().map(|n| format!("\nhint: did you mean `{n}`? `cache-strategy policies` lists them")).unwrap_or_else(|| "\nhint: `cache-strategy policies` lists them".into()))]
    NoSuchPolicy {
        /// The name asked for.
        name: String,
        /// The closest existing name.
        nearest: Option<String>,
    },
    /// A parameter that does not exist or has no sense.
    #[error("policy `{policy}`: {source}")]
    Parameter {
        /// The policy.
        policy: String,
        /// What is wrong.
        source: ParamError,
    },
    /// A specification that does not parse.
    #[error(
        "`{spec}`: {what}\nhint: write `name` or `name:parameter=value`, as in `s3-fifo:version=v1`"
    )]
    Spec {
        /// The text.
        spec: String,
        /// What is wrong.
        what: String,
    },
    /// A bound or a product where a tier needs a policy.
    #[error("`{policy}` runs over whole traces and cannot be a tier; use it with `replay`")]
    NoCache {
        /// Its name.
        policy: String,
    },
    /// A trace longer than request indices reach.
    #[error("a run takes at most 4,294,967,294 requests; the trace has {0}")]
    TooLong(usize),
}
