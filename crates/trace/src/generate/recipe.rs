//! A recipe as its author writes it: TOML in, a checked [`Recipe`] out.
//!
//! ```toml
//! schema = 1
//! name = "popular-then-scan"
//! seed = 7
//!
//! [source.popular]
//! access.zipf = { objects = 1_000, exponent = 0.9 }
//!
//! [source.backup]
//! access = "scan"
//!
//! [[phase]]                               # phases follow one another
//! requests = 10_000
//! mix = { popular = 1 }
//!
//! [[phase]]                               # within a phase, sources are mixed by weight
//! requests = 5_000
//! mix = { popular = 3, backup = 1 }
//! ```

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::arrivals::TimeLaw;
use super::law::Law;
use crate::error::Error;
use crate::extent::Extent;
use crate::units::{Bytes, Nanos};

/// How to make a trace. See `traces/recipes/` for complete ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipe {
    /// Version of this file format: 1.
    pub schema: u32,
    /// What the trace is called in results.
    pub name: String,
    /// Seed of every random choice.
    pub seed: u64,
    /// When requests arrive; without it the trace has no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeLaw>,
    /// How large objects are, for sources that do not say. If neither says, objects are 1 byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Law<Bytes>>,
    /// Shares of operations, for sources that do not say. If neither says, all are gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<Operations>,
    /// How long objects live, for sources that do not say. If neither says, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Law<Nanos>>,
    /// Where requests come from, by name.
    #[serde(rename = "source")]
    pub sources: BTreeMap<String, Source>,
    /// Groups of clients, by name; gives the trace a client column.
    #[serde(rename = "segment", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub segments: BTreeMap<String, Segment>,
    /// What happens, one after another. Sources keep their state from phase to phase.
    #[serde(rename = "phase")]
    pub phases: Vec<Phase>,
    /// Sudden demand for few objects.
    #[serde(rename = "flash-crowd", default, skip_serializing_if = "Vec::is_empty")]
    pub flash_crowds: Vec<FlashCrowd>,
}

/// A stretch of the trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Phase {
    /// How many requests it lasts.
    pub requests: u64,
    /// Weight of each source, or of each segment: every request picks one at random.
    pub mix: BTreeMap<String, f64>,
}

/// A group of clients that behave alike. Clients are numbered across all segments, by name of the
/// segment, and are called `SEGMENT-NUMBER`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Segment {
    /// How many clients.
    pub clients: u64,
    /// How unequally active they are: Zipf exponent over clients, 0 for all alike.
    #[serde(default)]
    pub exponent: f64,
    /// Where they are; all segments or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Weight of each source they ask.
    pub mix: BTreeMap<String, f64>,
}

/// Objects and how they are asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Source {
    /// Which object is next.
    pub access: Access,
    /// Moves popularity to other objects as the trace goes on (zipf and hotspot).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Text key of an object; `{}` stands for its number. Without it keys are numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Number of the first object. Sources with the same `key` share the numbers they have in
    /// common; one without `first` is laid after all others and shares none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// How large its objects are. An object keeps its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Law<Bytes>>,
    /// Shares of operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<Operations>,
    /// How long its objects live from each request on. An object keeps its time to live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Law<Nanos>>,
}

/// Which object of a source is asked for next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Access {
    /// Independently, the k-th most popular with probability proportional to k^-exponent.
    Zipf {
        /// How many objects.
        objects: u64,
        /// Skew, at least 0; 0 is uniform.
        exponent: f64,
    },
    /// Independently, all alike.
    Uniform {
        /// How many objects.
        objects: u64,
    },
    /// Round and round, in order.
    Loop {
        /// How many objects.
        objects: u64,
    },
    /// Each object once, in order.
    Scan,
    /// Independently: a share of requests goes to few hot objects, the rest to the others.
    Hotspot {
        /// How many objects, hot ones included.
        objects: u64,
        /// How many are hot.
        hot_objects: u64,
        /// Share of requests to hot objects, 0 to 1.
        hot_share: f64,
    },
    /// The asking client's own object: its number is the client's. Needs segments.
    Client,
}

/// Popularity moves on: object k takes the place of object k - step, again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Drift {
    /// By how many objects it moves.
    pub step: u64,
    /// How often: after so many requests of the source (`1000`) or so much time (`"1h"`).
    pub every: Extent,
}

/// For a while, a share of all requests goes to one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FlashCrowd {
    /// The source the crowd asks for.
    pub source: String,
    /// Share of requests that go there meanwhile, 0 to 1.
    pub share: f64,
    /// When it begins: after so many requests of the trace, or so long after its start.
    pub after: Extent,
    /// How long it lasts, in the same measure as `after`.
    #[serde(rename = "for")]
    pub lasts: Extent,
    /// Factor on the arrival rate meanwhile, at least 1. Needs `after` and `for` as times.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub surge: f64,
}

/// Shares of operations; the rest are gets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Operations {
    /// Share of sets, 0 to 1.
    #[serde(default)]
    pub set: f64,
    /// Share of deletes, 0 to 1.
    #[serde(default)]
    pub delete: f64,
}

fn one() -> f64 {
    1.0
}

fn is_one(value: &f64) -> bool {
    *value == 1.0
}

impl Recipe {
    /// Reads and checks a recipe. `file` is named in errors, which show line and column where TOML
    /// or a field is at fault and the field's path where a value is out of range.
    pub fn from_toml(text: &str, file: &str) -> Result<Self, Error> {
        let recipe: Recipe =
            toml::from_str(text).map_err(|error| Error::invalid(format!("{file}: {error}")))?;
        recipe.check().map_err(|error| match error {
            Error::Invalid { what, note } => {
                Error::Invalid { what: format!("{file}: {what}"), note }
            }
            other => other,
        })?;
        Ok(recipe)
    }

    /// How many requests it makes.
    pub fn n_requests(&self) -> u64 {
        self.phases.iter().fold(0, |sum, phase| sum.saturating_add(phase.requests))
    }

    /// How many clients its segments have.
    pub fn n_clients(&self) -> u64 {
        self.segments.values().fold(0, |sum, segment| sum.saturating_add(segment.clients))
    }

    /// How many objects `source` can ask for at most.
    pub(super) fn n_objects(&self, source: &Source) -> u64 {
        match source.access {
            Access::Zipf { objects, .. }
            | Access::Uniform { objects }
            | Access::Loop { objects }
            | Access::Hotspot { objects, .. } => objects,
            Access::Scan => self.n_requests(),
            Access::Client => self.n_clients(),
        }
    }

    /// Number of the first object of every source, in order of names.
    pub(super) fn first_objects(&self) -> Vec<u64> {
        let mut free: BTreeMap<Option<&str>, u64> = BTreeMap::new();
        for source in self.sources.values() {
            let end = source.first.map_or(0, |first| first.saturating_add(self.n_objects(source)));
            let free = free.entry(source.key.as_deref()).or_default();
            *free = end.max(*free);
        }
        let firsts = self.sources.values().map(|source| {
            source.first.unwrap_or_else(|| {
                let free = free.entry(source.key.as_deref()).or_default();
                let next = free.saturating_add(self.n_objects(source));
                std::mem::replace(free, next)
            })
        });
        firsts.collect()
    }
}
