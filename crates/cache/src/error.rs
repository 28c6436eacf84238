//! What can be wrong with a request to simulate a policy.

use crate::ParamError;

/// A policy that cannot be run as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No policy of this kind goes by this name.
    #[error("no {what} is called `{name}`{}", .nearest.as_ref().map(|n| format!("\nhint: did you mean `{n}`? `cache-strategy policies` lists them")).unwrap_or_else(|| "\nhint: `cache-strategy policies` lists them".into()))]
    NoSuchPolicy {
        /// Its kind: `policy`, `admission policy`, `prefetcher`.
        what: &'static str,
        /// The name asked for.
        name: String,
        /// The closest existing name.
        nearest: Option<String>,
    },
    /// A library that runs as a policy only if it was built in.
    #[error(
        "this build has no `{name}`, which is a library of others\nhint: build it in: `cargo run --release --features products -- ...`, or `cargo install --path crates/cli --features products`"
    )]
    NotBuiltIn {
        /// Its name.
        name: String,
    },
    /// A parameter that does not exist or has no sense.
    #[error("{what} `{policy}`: {source}")]
    Parameter {
        /// The kind of the policy.
        what: &'static str,
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
    /// A bound or a product behind an admission policy or beside a prefetcher.
    #[error(
        "`{policy}` decides by itself what it holds: it takes no admission policy and no prefetcher"
    )]
    Unguarded {
        /// Its name.
        policy: String,
    },
    /// A trace longer than request indices reach.
    #[error("a run takes at most 4,294,967,294 requests; the trace has {0}")]
    TooLong(usize),
    /// A prefetcher that computes with addresses, and a trace whose keys are none.
    #[error(
        "prefetcher `{prefetcher}` computes with block numbers or addresses, and the keys of the trace are not numbers\nhint: markov and probability-graph need no numbers"
    )]
    NoAddresses {
        /// The prefetcher.
        prefetcher: String,
    },
    /// More objects, those that may be prefetched in vain included, than object numbers reach.
    #[error("the trace and the neighbours of its blocks are {0} objects, more than 2^32-1")]
    TooManyObjects(usize),
}

impl Error {
    /// A parameter of a policy of a kind that has no sense.
    pub fn parameter(what: &'static str, policy: &str, source: ParamError) -> Self {
        Error::Parameter { what, policy: policy.to_string(), source }
    }
}
