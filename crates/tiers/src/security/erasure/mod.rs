//! Erasure: requests to forget a person, what tiers need to obey, and the proof that they did.
//!
//! A request names a person, or patterns, and is *asked* at a time. At that time the origin erases
//! the objects (assumed to take no time); a read that reaches the origin later gets a new version.
//! Each tier *purges* its copies some time after that, see [`PurgeSpec`]. The request is *complete* when the
//! last tier has purged.
//!
//! # Versions
//!
//! The version of an object is the number of writes and erasures that the origin has seen of it. A
//! copy has the version with which it left the origin. A version is **erased** by a request if it is
//! below that which the request made.
//!
//! # The race, and tombstones
//!
//! Purging every tier once is not enough. A fetch that left the origin before the request may fill a
//! tier after its purge; so may a copy in a deeper tier that purges later. A *tombstone* is what a tier
//! remembers of a purge: for its duration it refuses fills of versions below the erasure's. If
//!
//! > duration > longest purge delay of any tier + longest time an answer is under way,
//!
//! no tier holds an erased version once the request is complete, so no read that begins after that
//! finds one: whatever reaches a tier at time t left a tier before that one's purge, or the origin
//! before the request. A shorter tombstone, or none, leaves the race open, and [`Ledger`] counts it.
//!
//! Bytes already on their way to a client when the last tier purges cannot be called back. They are
//! counted apart, as deliveries, not as reads.

mod ledger;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::stream::Stream;
use trace::units::Nanos;

pub use ledger::{ErasureOutcome, Ledger, RequestOutcome, TierErasure, nearest_rank};
pub use plan::{Asked, Plan};

use super::SecurityError;
use crate::LatencyProfile;

/// Requests to erase and how tiers obey, as written in a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct ErasureSpec {
    /// Keys that belong to the person `ID`. Default: "user:ID:*", "session:ID:*", "profile:ID:*".
    pub patterns: Vec<String>,
    /// Requests at given times.
    pub requests: Vec<RequestSpec>,
    /// Requests at random, further to those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<RandomSpec>,
    /// A client's request also erases objects that other clients asked for.
    pub shared: bool,
    /// How long a tier refuses erased versions after its purge; it does not if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tombstone: Option<Nanos>,
    /// How each tier purges, by name; a tier not named purges at once.
    pub tiers: BTreeMap<String, PurgeSpec>,
}

impl Default for ErasureSpec {
    fn default() -> Self {
        ErasureSpec {
            patterns: ["user:ID:*", "session:ID:*", "profile:ID:*"].map(String::from).into(),
            requests: Vec::new(),
            random: None,
            shared: false,
            tombstone: None,
            tiers: BTreeMap::new(),
        }
    }
}

/// A request to erase: of an `id`, a `client` or `keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestSpec {
    /// When, since the first arrival.
    pub at: Nanos,
    /// The person: stands for `ID` in the patterns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A client of the trace, as it is called there: erases what only this client asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Globs over keys, such as "cart:42:*".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// Requests at random times of a Poisson process, each of a person drawn evenly, with replacement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RandomSpec {
    /// Mean number in an hour of trace time.
    pub per_hour: f64,
    /// Who asks.
    pub of: SubjectKind,
}

/// Among whom requests are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// The clients of the trace.
    Clients,
    /// The ids that the patterns find in the keys of the trace.
    Ids,
}

/// How a tier purges; what that costs is the price book's `purges`. The delay from the request to the purge is the sum of what
/// is given; copies are taken to stay until it ends, all of them.
///
/// * Memory of a process, or an index from person to keys: `base`, and `per-object` for each object.
/// * Redis without an index: `scan-keys-per-second`, since every key of the tier must be looked at.
///   Redis's documentation gives 25 million a second for `KEYS` on a laptop, which blocks. `SCAN`
///   does not block, but goes back and forth for every batch; how much slower it is depends on the
///   batch and the network, so measure your own. Scans of several
///   requests are taken not to slow one another.
/// * A content delivery network: `latency`, a profile of the time to purge.
/// * Destroying a key instead of the copies: `base` and `shred`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct PurgeSpec {
    /// A fixed time.
    pub base: Nanos,
    /// A time for each object of the request.
    pub per_object: Nanos,
    /// How fast all keys of the tier are looked at, once a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan_keys_per_second: Option<u64>,
    /// A latency profile by name, of which a time is drawn once a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<String>,
    /// Copies become unreadable instead of being removed: they count as purged, but keep their
    /// memory until they are evicted or expire.
    pub shred: bool,
}

/// How a tier purges, ready to be asked.
#[derive(Debug, Clone)]
pub struct Purging {
    spec: PurgeSpec,
    law: Option<LatencyProfile>,
    draws: Stream,
}

impl Purging {
    /// Prepares the purging of the tier called `tier`. `law` is the profile that the spec names.
    ///
    /// # Errors
    /// If the scan has no speed, or the profile is missing or not asked for.
    pub fn new(
        spec: &PurgeSpec,
        tier: &str,
        law: Option<LatencyProfile>,
        seed: u64,
    ) -> Result<Self, SecurityError> {
        if spec.scan_keys_per_second == Some(0) {
            return Err(SecurityError::new("scan-keys-per-second", "must be at least 1"));
        }
        if spec.latency.is_some() != law.is_some() {
            return Err(SecurityError::new("latency", "must name a latency profile that exists"));
        }
        let draws = Stream::new(seed, &format!("purge of {tier}"));
        Ok(Purging { spec: spec.clone(), law, draws })
    }

    /// Time from request number `request`, of `n_objects` objects, to the purge of a tier that holds
    /// `n_resident` objects when it is asked, in nanoseconds.
    pub fn delay_ns(&self, request: usize, n_objects: u64, n_resident: u64) -> u64 {
        let scan = self.spec.scan_keys_per_second.map_or(0, |speed| {
            let ns = (u128::from(n_resident) * 1_000_000_000).div_ceil(u128::from(speed));
            u64::try_from(ns).unwrap_or(u64::MAX)
        });
        let drawn = self
            .law
            .as_ref()
            .map_or(0, |law| law.at_smallest(self.draws.uniform_at(request as u64)).0);
        let objects = self.spec.per_object.0.saturating_mul(n_objects);
        [objects, scan, drawn].iter().fold(self.spec.base.0, |sum, ns| sum.saturating_add(*ns))
    }

    /// Whether copies become unreadable instead of being removed.
    pub fn shreds(&self) -> bool {
        self.spec.shred
    }
}
