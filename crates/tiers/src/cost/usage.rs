//! What a tier used over the time that was counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::Nanos;

use super::MONTH;

/// What a tier, or the origin, used over the span that was counted.
///
/// Counts are of the simulation; `scale` says how many of the real system's one stands for. The
/// memory provisioned and the machines are those of the real system already.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// How long it was counted. At 0 there are no rates: what is paid by use is not on the bill.
    pub span: Nanos,
    /// Requests of the real system that one of the simulation stands for. Rates and peaks are
    /// multiplied by it, as if the requests that were not recorded came at the same times.
    pub scale: f64,
    /// Bytes set aside, used or not: one copy of them, before scaling.
    pub provisioned_bytes: u64,
    /// Bytes in use, each times the seconds it was in use.
    pub used_byte_seconds: f64,
    /// Machines that were up all along, replicas included; 0 if the tier is not made of machines.
    pub n_nodes: u64,
    /// Further copies of the bytes provisioned, each on machines of its own.
    pub replicas: u64,
    /// How long each further machine was up, of those that came or went within the span.
    pub part_time_nodes: Vec<Nanos>,
    /// Reads, hit or miss.
    pub lookups: u64,
    /// Objects filled in.
    pub fills: u64,
    /// Writes and deletes that reached it.
    pub writes: u64,
    /// Bytes it answered with.
    pub bytes_out: u64,
    /// Bytes it took in: fills and writes.
    pub bytes_in: u64,
    /// Bytes that went between it and its clients in another zone.
    pub cross_zone_bytes: u64,
    /// Fetches it sent to the origin.
    pub origin_fetches: u64,
    /// Paths purged.
    pub purges: u64,
    /// Time of one processor, in nanoseconds.
    pub cpu_ns: u64,
    /// The busiest time's reads.
    pub peak_lookups_per_second: Peak,
    /// The busiest time's bytes out.
    pub peak_bytes_per_second: Peak,
    /// Bytes moved between its machines when they came or went.
    pub migrated_bytes: u64,
}

impl Default for Usage {
    /// Nothing, over no time, at a scale of 1.
    fn default() -> Self {
        Usage {
            span: Nanos(0),
            scale: 1.0,
            provisioned_bytes: 0,
            used_byte_seconds: 0.0,
            n_nodes: 0,
            replicas: 0,
            part_time_nodes: Vec::new(),
            lookups: 0,
            fills: 0,
            writes: 0,
            bytes_out: 0,
            bytes_in: 0,
            cross_zone_bytes: 0,
            origin_fetches: 0,
            purges: 0,
            cpu_ns: 0,
            peak_lookups_per_second: Peak::default(),
            peak_bytes_per_second: Peak::default(),
            migrated_bytes: 0,
        }
    }
}

impl Usage {
    /// How many spans a month has, if there is a span.
    pub(super) fn spans_a_month(&self) -> Option<f64> {
        (self.span.0 > 0).then(|| MONTH.0 as f64 / self.span.0 as f64)
    }
}

/// The busiest time, in units a second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Peak {
    /// Of all windows, the busiest one's rate.
    pub max: f64,
    /// The rate that 95 % of the windows stay within.
    pub p95: f64,
}

/// Which rate counts as the peak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PeakOf {
    /// The busiest window's.
    #[default]
    Max,
    /// The busiest's once the busiest twentieth of the windows is left out, as carriers bill.
    P95,
}

impl Peak {
    /// The peak of what was counted in windows of equal length, which a peak depends on: the shorter
    /// they are, the higher it is. The 95th percentile is the nearest rank's.
    pub fn of(counts: &[u64], window: Nanos) -> Peak {
        if counts.is_empty() || window.0 == 0 {
            return Peak::default();
        }
        let mut sorted = counts.to_vec();
        sorted.sort_unstable();
        let rate = |rank: usize| sorted[rank - 1] as f64 / window.as_secs_f64();
        Peak { max: rate(sorted.len()), p95: rate((sorted.len() * 95).div_ceil(100)) }
    }

    /// The rate that counts.
    pub fn rate(self, of: PeakOf) -> f64 {
        match of {
            PeakOf::Max => self.max,
            PeakOf::P95 => self.p95,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_twentieth_is_left_out() {
        // Windows of 10 s with 10, 20 ... 200 requests: rates of 1 to 20 a second. The nearest rank of
        // the 95th percentile of 20 is the 19th.
        let counts: Vec<u64> = (1..=20).rev().map(|i| i * 10).collect();
        let peak = Peak::of(&counts, Nanos(10_000_000_000));
        assert_eq!(peak, Peak { max: 20.0, p95: 19.0 });
        assert_eq!((peak.rate(PeakOf::Max), peak.rate(PeakOf::P95)), (20.0, 19.0));
    }

    #[test]
    fn few_windows_have_one_peak_and_none_has_none() {
        let second = Nanos(1_000_000_000);
        assert_eq!(Peak::of(&[7], second), Peak { max: 7.0, p95: 7.0 });
        assert_eq!(Peak::of(&[], second), Peak::default());
        assert_eq!(Peak::of(&[7], Nanos(0)), Peak::default());
    }
}
