//! Everything a tier may charge, line by line, and where each figure is from.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::Bytes;

use super::checked::some_bytes;
use super::{
    BandwidthPrice, CpuPrice, MONTH_HOURS, NodePrice, PeakPrice, PurgePrice, RatePrice, Steps,
    StoragePrice, TimePrice, TrafficPrice, VolumePrice,
};

/// Declares each line once: its component, its field, its name in files, what it is, its type.
macro_rules! lines {
    ($($(#[$doc:meta])* $component:ident, $field:ident, $name:literal: $type:ty;)*) => {
        /// What a tier or an origin charges. A line left out is free.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct TierPrice {
            $(
                $(#[$doc])*
                #[serde(rename = $name, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
            /// Where a line is from, by its name; those not named are from the book's source.
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            pub sources: BTreeMap<Component, Source>,
        }

        /// A line of a price, and of a bill.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        pub enum Component {
            $(
                $(#[$doc])*
                #[serde(rename = $name)]
                $component,
            )*
        }

        impl Component {
            /// All, in the order of a bill.
            pub const ALL: &'static [Component] = &[$(Component::$component),*];

            /// Its name in files and results.
            pub fn name(self) -> &'static str {
                match self { $(Component::$component => $name),* }
            }
        }

        impl TierPrice {
            /// The lines it has.
            pub fn components(&self) -> impl Iterator<Item = Component> {
                [$(self.$field.is_some().then_some(Component::$component)),*].into_iter().flatten()
            }
        }
    };
}

lines! {
    /// For nothing but being there: "$500/month".
    Fee, fee, "fee": TimePrice;
    /// For the memory provisioned, used or not: "$0.05/GB/h".
    Memory, memory, "memory": StoragePrice;
    /// For machines, which come whole.
    Nodes, nodes, "nodes": NodePrice;
    /// For the memory in use, by its average over the span.
    MemoryUsed, memory_used, "memory-used": UsedMemory;
    /// For every lookup, hit or miss: "$0.40/1M".
    Requests, requests, "requests": Steps<TrafficPrice>;
    /// For every object put into it or written over: fills, and the trace's writes and deletes.
    Writes, writes, "writes": Steps<TrafficPrice>;
    /// For requests by their size.
    Processed, processed, "processed": Processed;
    /// For every byte it answers with: "$0.085/GB".
    Egress, egress, "egress": Steps<VolumePrice>;
    /// For every byte it takes in, fills and writes.
    Ingress, ingress, "ingress": Steps<VolumePrice>;
    /// For every byte to or from another zone, both ends together.
    CrossZone, cross_zone, "cross-zone": Steps<VolumePrice>;
    /// For every byte moved between its machines when they come or go.
    Migration, migration, "migration": Steps<VolumePrice>;
    /// For every fetch it sends to the origin.
    Fetches, fetches, "fetches": Steps<TrafficPrice>;
    /// For every path purged: "$0.005/path".
    Purges, purges, "purges": Steps<PurgePrice>;
    /// For the time of processors: encryption, or an origin's work.
    Compute, compute, "compute": CpuPrice;
    /// For lookups at the busiest time.
    PeakRequests, peak_requests, "peak-requests": PeakPrice<RatePrice>;
    /// For bytes out at the busiest time.
    PeakEgress, peak_egress, "peak-egress": PeakPrice<BandwidthPrice>;
    /// What it charges at the least: "$50/month". On the bill stands what the other lines fall short.
    Minimum, minimum, "minimum": TimePrice;
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A price of memory in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsedMemory {
    /// "$0.125/GB/h".
    pub price: StoragePrice,
    /// What counts as in use at the least. It is compared with the average over the whole span;
    /// hours in which less is in use are not billed one by one.
    #[serde(default)]
    pub least: Bytes,
}

impl UsedMemory {
    /// Nano-dollars for a month in which so many bytes are in use on average.
    pub(super) fn month(self, used: f64) -> f64 {
        self.price.cost(used.max(self.least.0 as f64) * MONTH_HOURS)
    }
}

/// A price of requests by their size: a unit each, or a unit for every `unit` bytes if that is more.
///
/// Only sums are known, not the size of each request, so the units are the number of requests or that
/// of all their bytes, whichever is more. This is exact if no request, or every one, is larger than a
/// unit, and otherwise too little by less than half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Processed {
    /// By unit: "$0.0034/1M".
    pub price: TrafficPrice,
    /// Bytes in a unit: "1kB".
    #[serde(deserialize_with = "some_bytes")]
    pub unit: Bytes,
}

impl Processed {
    /// Nano-dollars for so many requests of so many bytes together.
    pub(super) fn cost(self, requests: f64, bytes: f64) -> f64 {
        self.price.cost(requests.max(bytes / self.unit.0 as f64))
    }
}

/// Where a figure is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// How far to trust it.
    pub status: Status,
    /// Where it was read, or why it was assumed.
    pub source: String,
    /// Day, month or year of the source, if not the book's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// How far to trust a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It was read in the source named.
    Verified,
    /// It is said to be so, and was not checked, or sources disagree.
    Unverified,
    /// It was made up, within reason.
    Assumed,
}
