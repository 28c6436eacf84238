//! What a stack costs: prices, how much of everything a tier used, and the bill.
//!
//! - [`money`](NanoDollars): whole billionths of a dollar.
//! - [`price`](StoragePrice): amounts by unit, as people write them: `$0.05/GB/h`.
//! - [`steps`](Steps): prices that change with the volume, free quotas among them.
//! - [`nodes`](NodePrice): machines, which come whole.
//! - [`lines`](TierPrice): everything a tier may charge, and where each figure is from.
//! - [`book`](PriceBook): the prices of a whole stack on one day.
//! - [`usage`](Usage): what a tier used while it was watched.
//! - [`bill()`]: the prices applied to a month of that.
//!
//! Quantities and unrounded costs are floating point, worked out by additions, multiplications,
//! divisions, comparisons and roundings alone, which give the same bits on every machine and never
//! fall when what goes in rises. Each item of a bill is rounded once, to whole nano-dollars.

mod bill;
mod book;
mod checked;
mod lines;
mod money;
mod nodes;
mod price;
mod steps;
#[cfg(test)]
mod tests;
mod usage;

pub use bill::{CostItem, MONTH, bill};
pub use book::{Currency, PriceBook};
pub use lines::{Component, Processed, Source, Status, TierPrice, UsedMemory};
pub use money::NanoDollars;
pub use nodes::NodePrice;
pub use price::{
    BandwidthPrice, CpuPrice, PeakPrice, PurgePrice, RatePrice, StoragePrice, TimePrice,
    TrafficPrice, VolumePrice,
};
pub use steps::{ByVolume, Step, Steps};
pub use usage::{Peak, PeakOf, Usage};

use bill::MONTH_HOURS;
