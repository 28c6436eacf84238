//! What is simulated: tiers from the client to the origin.

use cache::PolicySpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::Nanos;

use crate::{LatencyProfile, TierPrice};

/// A cache between the client and the origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Name in results; also names its stream of latency draws.
    pub name: String,
    /// Bytes it can hold in the simulation.
    pub capacity_bytes: u64,
    /// Bytes that are paid for: before scaling.
    pub priced_bytes: u64,
    /// Eviction policy.
    pub policy: PolicySpec,
    /// How long a copy stays fresh after it was filled in; for ever if `None`. The trace's own time to
    /// live, of the read or of the object's last write, counts if it is shorter.
    pub ttl: Option<Nanos>,
    /// How long a lookup takes.
    pub latency: LatencyProfile,
    /// What it charges.
    pub price: TierPrice,
}

/// Where every object is to be had.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// How long a fetch takes.
    pub latency: LatencyProfile,
    /// What it charges.
    pub price: TierPrice,
}

/// What a write or delete in the trace does to the tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Writes {
    /// It goes to the origin and removes every copy.
    #[default]
    Invalidate,
    /// Nothing: right for a recording of a cache's own traffic, where writes are the fills after
    /// misses, which the simulation makes itself.
    Ignore,
}

/// Tiers in the order they are asked, and the origin behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// Nearest the client first.
    pub tiers: Vec<Tier>,
    /// Behind the last tier.
    pub origin: Origin,
    /// What writes do.
    pub writes: Writes,
    /// How many requests of the real system one of the trace stands for.
    pub scale: f64,
}
