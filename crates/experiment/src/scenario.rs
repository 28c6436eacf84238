//! The scenario file as people write it.
//!
//! Everything about the stack is a [`StackPatch`]: the preset, the scenario's own `[stack]`, a
//! strategy's `stack` and a cell of the matrix are laid over one another in that order, and only the
//! sum must be complete. Unknown fields are refused wherever they stand.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tiers::security::{AuditSpec, CipherSpec, ErasureSpec};
use tiers::{Arrivals, CdnSpec, LatencySpec, PriceBook, Rate, ShieldSpec};

use crate::ab::TestSpec;
pub use crate::fault::{Chaos, FaultEntry, FaultKind};
pub use crate::patch::{
    DemotionPatch, EncryptionPatch, OriginPatch, RouterKind, RouterPatch, StackPatch, StationPatch,
    TierPatch,
};
pub use crate::price::PriceChoice;
pub use crate::text::{Capacity, FillText, Fraction, PolicyText, ServiceText, Ttl, Warmup, When};

/// A scenario file, schema 1.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// Version of this file format: 1.
    pub schema: u32,
    /// Name of the study; its report goes to `reports/NAME`.
    pub name: String,
    /// What the study asks, for the head of the report.
    #[serde(default)]
    pub description: String,
    /// Seed of all draws.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Requests at the start that fill the tiers but are not counted: a share such as "10%", or a
    /// number of requests.
    #[serde(default)]
    pub warmup: Warmup,
    /// Into how many stretches of time the series in the report are cut.
    #[serde(default = "default_windows")]
    pub windows: u32,
    /// How requests that share a stamp are spread over the resolution of the stamps.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// How many times as fast as recorded requests arrive; 1 is as recorded.
    #[serde(default = "one")]
    pub speed: f64,
    /// So many clients, each sending its next request when it has its answer, instead of arrivals by
    /// the trace's clock. It hides the time that requests are held back.
    #[serde(default)]
    pub closed_loop: Option<u32>,
    /// What goes wrong, and when.
    #[serde(default)]
    pub faults: Vec<FaultEntry>,
    /// Further faults, drawn from the seed.
    #[serde(default)]
    pub chaos: Option<Chaos>,
    /// Requests to erase persons or keys, and how tiers purge. A strategy may have its own
    /// `stack.tombstone`.
    #[serde(default)]
    pub erasure: Option<ErasureSpec>,
    /// A log of what happens to copies, in a file for each run.
    #[serde(default)]
    pub audit: Option<AuditSpec>,
    /// The figure that decides which strategy wins.
    #[serde(default)]
    pub metric: Metric,
    /// What `cache-strategy test` compares, and by what.
    #[serde(default)]
    pub test: TestSpec,
    /// Files with price books and latency profiles, relative to this one.
    #[serde(default)]
    pub include: Vec<String>,
    /// The traces to replay.
    pub traces: Vec<TraceEntry>,
    /// The stack that all strategies start from.
    #[serde(default)]
    pub stack: StackPatch,
    /// The configurations to compare.
    pub strategies: Vec<Strategy>,
    /// Values to sweep: a path below `stack`, such as "stack.tiers.L1.capacity", to a list of values.
    /// Every strategy runs at every combination.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<serde_json::Value>>")]
    pub matrix: BTreeMap<String, Vec<toml::Value>>,
    /// Latency profiles by name.
    #[serde(default)]
    pub latency: BTreeMap<String, LatencySpec>,
    /// Price books by name.
    #[serde(default)]
    pub prices: BTreeMap<String, PriceBook>,
    /// Content delivery networks by name.
    #[serde(default)]
    pub cdn: BTreeMap<String, CdnSpec>,
    /// Shields of such networks by name.
    #[serde(default)]
    pub shield: BTreeMap<String, ShieldSpec>,
    /// What ciphers cost, by name.
    #[serde(default)]
    pub cipher: BTreeMap<String, CipherSpec>,
}

fn default_seed() -> u64 {
    1
}

fn default_windows() -> u32 {
    48
}

/// Things a stack names: those shipped with the program, those of a file that a scenario includes,
/// and the scenario's own; of two with one name, the last in this order counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Library {
    /// Latency profiles by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub latency: BTreeMap<String, LatencySpec>,
    /// Price books by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, PriceBook>,
    /// Content delivery networks by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cdn: BTreeMap<String, CdnSpec>,
    /// Shields of such networks by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub shield: BTreeMap<String, ShieldSpec>,
    /// What ciphers cost, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cipher: BTreeMap<String, CipherSpec>,
}

impl Scenario {
    /// What it names itself.
    pub(crate) fn library(&self) -> Library {
        Library {
            latency: self.latency.clone(),
            prices: self.prices.clone(),
            cdn: self.cdn.clone(),
            shield: self.shield.clone(),
            cipher: self.cipher.clone(),
        }
    }
}

impl Library {
    /// Adds another; what it names counts from now on.
    pub(crate) fn extend(&mut self, other: Library) {
        self.latency.extend(other.latency);
        self.prices.extend(other.prices);
        self.cdn.extend(other.cdn);
        self.shield.extend(other.shield);
        self.cipher.extend(other.cipher);
    }
}

/// A trace to replay.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TraceEntry {
    /// File, relative to the scenario.
    pub path: String,
    /// Name in results; the file's name without endings by default.
    #[serde(default)]
    pub name: Option<String>,
    /// Format; detected from the content where that is certain. `cache-strategy trace formats`
    /// lists them.
    #[serde(default)]
    pub format: Option<String>,
    /// How many requests of the real system one of the recording stands for: capacities are divided
    /// by it and money is multiplied. It assumes that the footprint grows as the traffic does.
    #[serde(default = "one")]
    pub scale: f64,
    /// Pace of a trace without stamps, such as "1000/s".
    #[serde(default)]
    pub rate: Option<Rate>,
}

fn one() -> f64 {
    1.0
}

/// A configuration of the whole stack.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Strategy {
    /// Name in results.
    pub name: String,
    /// What differs from the scenario's stack.
    #[serde(default)]
    pub stack: StackPatch,
}

/// A figure of merit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Share of reads answered before the origin; higher is better.
    #[default]
    HitRatio,
    /// Share of bytes read from the origin; lower is better.
    ByteMissRatio,
    /// 99th percentile of the latency; lower is better.
    P99,
    /// Dollars a month; lower is better.
    Cost,
    /// Share of reads that had an answer; higher is better.
    Availability,
}

impl Metric {
    /// In words, for reports.
    pub fn name(self) -> &'static str {
        match self {
            Metric::HitRatio => "hit ratio",
            Metric::ByteMissRatio => "byte miss ratio",
            Metric::P99 => "p99 latency",
            Metric::Cost => "cost a month",
            Metric::Availability => "availability",
        }
    }

    /// The column of the result table it is.
    pub fn column(self) -> &'static str {
        match self {
            Metric::HitRatio => "hit_ratio",
            Metric::ByteMissRatio => "byte_miss_ratio",
            Metric::P99 => "latency_ns_p99",
            Metric::Cost => "cost_nanodollars_month",
            Metric::Availability => "availability",
        }
    }

    /// A value of it, for reading.
    pub fn show(self, value: f64) -> String {
        match self {
            Metric::HitRatio | Metric::ByteMissRatio => format!("{:.2} %", value * 100.0),
            Metric::Availability => {
                let decimals = trace::units::decimals_of_missing(value).max(2);
                format!("{:.decimals$} %", value * 100.0)
            }
            Metric::P99 => trace::units::Nanos(value as u64).rounded(),
            Metric::Cost => tiers::NanoDollars(value as i64).to_string(),
        }
    }

    /// A number that is higher for the better run.
    pub fn merit(self, run: &frames::RunRow) -> f64 {
        match self {
            Metric::HitRatio => run.hit_ratio,
            Metric::ByteMissRatio => -run.byte_miss_ratio,
            Metric::P99 => -(run.latency_ns_p99 as f64),
            Metric::Cost => -(run.cost_nanodollars_month as f64),
            Metric::Availability => run.availability,
        }
    }
}

/// The JSON Schema of a scenario file, for editors.
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(Scenario);
    serde_json::to_string_pretty(&schema).expect("a schema is plain JSON") + "\n"
}
