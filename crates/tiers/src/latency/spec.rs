//! Latency profiles as they are written in files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::{Bytes, Nanos};

/// A profile as written in a file: `quantiles` and `sizes`, or `laws`, and maybe `regimes`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LatencySpec {
    /// Where the figures are from. Say "assumed" where they are.
    pub source: String,
    /// Day they were measured or looked up, as 2026-11-23.
    pub date: String,
    /// The quantiles of every row of `sizes`, rising from 0 to 1, such as [0, 0.5, 0.9, 0.99, 1].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<f64>,
    /// Rows by object size, rising.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<SizeRow>,
    /// Laws by object size, rising, instead of `quantiles` and `sizes`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laws: Vec<LawRow>,
    /// States that the system changes between as time goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regimes: Option<Regimes>,
}

/// The quantiles of the latency for one object size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SizeRow {
    /// Object size.
    pub size: Bytes,
    /// Latency at each quantile, never falling, at least 1ns.
    pub latency: Vec<Nanos>,
}

/// The law of the latency for one object size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LawRow {
    /// Object size.
    pub size: Bytes,
    /// How latencies are distributed, such as { lognormal = { median = "9ms", sigma = 0.6 } }.
    pub law: Law,
}

/// A distribution of latencies. Whatever it says, a latency lies between 1ns and 24h.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Law {
    /// A shift plus a lognormal: one mode, a tail of medium weight.
    Lognormal(Lognormal),
    /// A shift plus a gamma: one mode, a light tail.
    Gamma(ShapeAndScale),
    /// A shift plus a Weibull: light tailed above shape 1, heavy below.
    Weibull(ShapeAndScale),
    /// A shift plus a Burr XII: a tail that falls as a power.
    Burr(Burr),
    /// Two lognormals, such as warm and cold connections.
    Bimodal(Bimodal),
}

/// A shifted lognormal: shift + median e^(sigma Z) with Z standard normal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lognormal {
    /// Added to every latency.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shift: Nanos,
    /// Median of what is added to the shift.
    pub median: Nanos,
    /// Standard deviation of its logarithm, up to 10.
    pub sigma: f64,
}

/// A law with a shape and a scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShapeAndScale {
    /// Added to every latency.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shift: Nanos,
    /// Shape, from 0.05 to 1000.
    pub shape: f64,
    /// Scale. A gamma's mean is shift + shape x scale.
    pub scale: Nanos,
}

/// Burr XII: the share of latencies above shift + x is (1 + (x / scale)^c)^-k.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Burr {
    /// Added to every latency.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shift: Nanos,
    /// Scale.
    pub scale: Nanos,
    /// First shape, from 0.05 to 1000. The tail falls as x^(-c k).
    pub c: f64,
    /// Second shape, from 0.05 to 1000.
    pub k: f64,
}

/// A mixture of two lognormals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bimodal {
    /// Share of the first, between 0 and 1.
    pub share: f64,
    /// One mode.
    pub first: Lognormal,
    /// The other.
    pub second: Lognormal,
}

/// A Markov chain of states that the system changes between.
///
/// The state of a time depends on the seed, the tier's name and the time alone, so that all
/// strategies meet the same regimes at the same times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Regimes {
    /// Time from one step of the chain to the next.
    pub step: Nanos,
    /// Row by row, the probabilities to be in each state one step after this one; a row adds up to
    /// 1. Every state can be reached from every other.
    pub transitions: Vec<Vec<f64>>,
    /// The states, two to eight.
    pub states: Vec<Regime>,
}

/// What latencies are in one state: a `factor`, or a table or laws of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Regime {
    /// How many times as long as the profile says, from 0.001 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// As in a profile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<f64>,
    /// As in a profile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<SizeRow>,
    /// As in a profile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laws: Vec<LawRow>,
}

fn is_zero(nanos: &Nanos) -> bool {
    nanos.0 == 0
}
