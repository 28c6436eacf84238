//! The stack: tiers with real contents, simulated time, queues, faults, and money.
//!
//! [`simulate`] replays a trace through a [`Stack`] as a discrete-event simulation in integer
//! nanoseconds: requests arrive at their trace times whether or not earlier ones are answered (open
//! loop), tiers are asked in the router's order, requests wait where servers are busy, and an answer
//! fills the tiers it passes at the moment it passes them. Every draw is a pure function of the seed,
//! its purpose and the request, so two strategies over one trace see the same luck.
//!
//! What this model leaves out is listed in [`SIMPLIFICATIONS`], for every report to repeat.

mod arrivals;
pub mod cdn;
pub mod cluster;
mod copies;
mod cost;
pub mod cpu;
mod divided;
mod engine;
mod error;
mod events;
mod expiry;
mod explain;
mod faults;
mod fetching;
mod flight;
pub mod latency;
mod outcome;
mod placement;
mod recorder;
mod router;
pub mod security;
mod stack;
mod station;
mod tally;
#[cfg(test)]
mod tests;

pub use arrivals::{Arrivals, Rate, at_speed, span};
pub use cdn::{Cdn, CdnError, CdnSpec, DistantOrigin, Shield, ShieldSpec};
pub use cost::{
    BandwidthPrice, ByVolume, Component, CostItem, CpuPrice, Currency, MONTH, NanoDollars,
    NodePrice, Peak, PeakOf, PeakPrice, PriceBook, Processed, PurgePrice, RatePrice, Source,
    Status, Step, Steps, StoragePrice, TierPrice, TimePrice, TrafficPrice, Usage, UsedMemory,
    VolumePrice, bill,
};
pub use cpu::{CpuCache, CpuCacheError, SET_ASSOCIATIVE, SetAssociative};
pub use divided::{Division, Zone};
pub use engine::{Run, simulate};
pub use error::Error;
pub use expiry::{ActiveExpiry, ExpirySpec};
pub use explain::{Explained, Slowest, Spent};
pub use faults::{Failure, Fault};
pub use latency::{Draws, LatencyProfile, LatencySpec, ProfileError, SizeRow};
pub use outcome::{
    ENDINGS, EncryptionOutcome, Ending, Outcome, ReadEnd, TierOutcome, TierWindow, Window,
    WriteOutcome,
};
pub use placement::{Ask, Change, Health, Placement, Queues, Route, Single, stations_meant};
pub use router::{FrequencyPath, Hedge, HedgeLeg, OnMiss, PathPredictor, Predicted, Settle};
pub use stack::{
    Audit, BuildPlacement, Demotion, Encryption, Erasure, Fill, Freshness, Inclusion, Layout,
    MOST_TIERS, Misses, Origin, Retry, Router, Service, Site, Stack, StationSpec, Tier, Writes,
};
pub use station::StationCounts;

/// What the simulation does not model, in words for the reader of its figures.
pub const SIMPLIFICATIONS: &[&str] = &[
    "A lookup that misses costs a draw from the tier's latency profile at its smallest size.",
    "A server's queue is first come, first served; what it has begun it finishes, even if nobody waits for it any more.",
    "Contents are looked up when a server takes the request, and an answer is as old as that moment.",
    "Writes reach the copies of each tier after one latency of that tier; a read under way may fill in the old copy after them, as in real caches.",
    "Nothing reaches a tier that is down or cut off: answers do not fill it, and writes and purges do not remove its copies, which may be old when it is back.",
    "A time limit counts from asking one tier to its answer; waiting there for another's fetch has none.",
    "Latencies are drawn independently unless their profile has regimes; real ones are alike when they are close in time.",
    "Servers are those of the simulation: a trace with a `scale` loads them with its own requests only.",
    "A tier that cannot be reached is passed by: the client goes on below, also where a real one would have an error.",
    "In a Redis Cluster replication takes no time, slots move as a whole, migration costs the masters no processor time, and all clients learn of a failover at once.",
    "The processor's cache takes addresses as they are, without pages, prefetching or coherence; objects that are no memory references start at a line of their own.",
    "A month's cost is 30 days like the time simulated. Peaks depend on the length of the windows.",
];
