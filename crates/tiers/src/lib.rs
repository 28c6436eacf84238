//! The stack: tiers with real contents, simulated time, and money.
//!
//! [`simulate`] replays a trace through a [`Stack`] as a discrete-event simulation in integer
//! nanoseconds: requests arrive at their trace times whether or not earlier ones are answered (open
//! loop), each tier is looked up in turn, and the answer fills the tiers that missed at the moment
//! it passes them. Every latency is drawn from a counter-based stream by tier and request, so two
//! strategies over one trace see the same luck.
//!
//! What this model leaves out is listed in [`SIMPLIFICATIONS`], for every report to repeat.

mod arrivals;
mod engine;
pub mod latency;
mod outcome;
mod placement;
mod price;
mod stack;
#[cfg(test)]
mod tests;

pub use arrivals::{Arrivals, Rate};
pub use engine::{Run, simulate};
pub use latency::{Draws, LatencyProfile, LatencySpec, ProfileError, SizeRow};
pub use outcome::{Outcome, TierOutcome, Window};
pub use placement::{Ask, Change, Health, Placement, Queues, Route, Single};
pub use price::{
    CostItem, MONTH, NanoDollars, PriceBook, Rates, StoragePrice, TierPrice, TrafficPrice,
    VolumePrice,
};
pub use stack::{Origin, Stack, Tier, Writes};

/// What the simulation does not model, in words for the reader of its figures.
pub const SIMPLIFICATIONS: &[&str] = &[
    "Tiers answer without queueing: latency does not grow with load.",
    "Requests that miss on the same object at the same time each fetch it; they are not coalesced.",
    "A lookup that misses costs a draw from the tier's latency profile at its smallest size.",
    "Expired copies are found at lookup and hold their memory until then or until they are evicted.",
    "Latencies are drawn independently unless their profile has regimes; real ones are alike when they are close in time.",
    "Writes take no time, cost nothing, and do not overtake reads under way: a read that was asked for before a write may fill in the old copy after it.",
];
