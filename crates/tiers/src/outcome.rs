//! What a simulation of a stack counted.

use hdrhistogram::Histogram;
use trace::units::Nanos;

use crate::{CostItem, Stack, Usage, bill};

/// Counters of one tier, or of the origin, after warm-up.
#[derive(Debug, Clone)]
pub struct TierOutcome {
    /// Reads that reached it.
    pub lookups: u64,
    /// Reads it answered.
    pub hits: u64,
    /// Reads that found only an expired copy.
    pub expired: u64,
    /// Bytes it answered with.
    pub hit_bytes: u64,
    /// Objects filled in.
    pub fills: u64,
    /// Objects evicted.
    pub evictions: u64,
    /// Fills turned away.
    pub bypassed: u64,
    /// Most bytes in use at any time, warm-up included.
    pub used_bytes_max: u64,
    /// Latency of the reads it answered, from arrival to answer, in nanoseconds.
    pub latency: Histogram<u64>,
}

/// Reads that arrived in one stretch of time.
#[derive(Debug, Clone)]
pub struct Window {
    /// Start, in nanoseconds since the first arrival.
    pub start: Nanos,
    /// Reads.
    pub requests: u64,
    /// Those answered before the origin.
    pub hits: u64,
    /// Their latency, to two significant digits.
    pub latency: Histogram<u64>,
}

/// A histogram of latencies with this many significant digits.
pub(crate) fn histogram(digits: u8) -> Histogram<u64> {
    Histogram::new(digits).expect("between 0 and 5 digits are allowed")
}

/// Counts one latency. `saturating_record` would clip it instead of growing the histogram.
#[inline]
pub(crate) fn record(histogram: &mut Histogram<u64>, latency: u64) {
    histogram.record(latency).expect("a histogram made without bounds grows as it must");
}

impl TierOutcome {
    pub(crate) fn new() -> Self {
        TierOutcome {
            lookups: 0,
            hits: 0,
            expired: 0,
            hit_bytes: 0,
            fills: 0,
            evictions: 0,
            bypassed: 0,
            used_bytes_max: 0,
            latency: histogram(3),
        }
    }
}

/// Everything a simulation counted.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// A tier each, in order, the origin last.
    pub tiers: Vec<TierOutcome>,
    /// Reads counted.
    pub reads: u64,
    /// Their bytes.
    pub read_bytes: u64,
    /// Writes and deletes counted.
    pub writes: u64,
    /// Simulated time from the first to the last arrival counted.
    pub span: Nanos,
    /// Latency of all reads counted, from arrival to answer, in nanoseconds.
    pub latency: Histogram<u64>,
    /// All reads, warm-up included, by arrival.
    pub windows: Vec<Window>,
}

impl Outcome {
    /// What the origin counted.
    pub fn origin(&self) -> &TierOutcome {
        self.tiers.last().expect("the origin is always there")
    }

    /// Reads answered before the origin.
    pub fn hits(&self) -> u64 {
        self.reads - self.origin().hits
    }

    /// Share of reads answered before the origin; 0 of none.
    pub fn hit_ratio(&self) -> f64 {
        if self.reads == 0 { 0.0 } else { self.hits() as f64 / self.reads as f64 }
    }

    /// A month's cost of each tier, the origin last. If the reads span no time there is no rate, and
    /// traffic costs are left out.
    pub fn cost(&self, stack: &Stack) -> Vec<Vec<CostItem>> {
        let prices = stack
            .tiers
            .iter()
            .map(|tier| (tier.priced_bytes, &tier.price))
            .chain(std::iter::once((0, &stack.origin.price)));
        let usage = |tier: &TierOutcome, provisioned_bytes| Usage {
            span: self.span,
            scale: stack.scale,
            provisioned_bytes,
            lookups: tier.lookups,
            fills: tier.fills,
            bytes_out: tier.hit_bytes,
            ..Usage::default()
        };
        self.tiers
            .iter()
            .zip(prices)
            .map(|(tier, (bytes, price))| bill(price, &usage(tier, bytes)))
            .collect()
    }
}
