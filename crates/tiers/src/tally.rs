//! Counting latencies while a run goes on.
//!
//! The buckets are those of an HDR histogram (G. Tene, hdrhistogram.org): up to 2 S the values themselves,
//! S being the first power of two from 10^digits on, and S to each doubling from there. A [`Tally`] is the
//! bare counts, so that counting is a shift and an addition;
//! at the end it becomes the library's [`Histogram`], which knows about quantiles.

use hdrhistogram::Histogram;

/// How many latencies fell into each bucket.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    digits: u8,
    /// Buckets to a doubling, as a power of two.
    bits: u32,
    /// A trace has less than 2^32 requests, and each has one latency.
    counts: Vec<u32>,
}

impl Tally {
    /// For latencies to this many significant digits.
    pub(crate) fn new(digits: u8) -> Self {
        let bits = 10u64.pow(u32::from(digits)).next_power_of_two().ilog2();
        Tally { digits, bits, counts: Vec::new() }
    }

    /// Counts one latency, in nanoseconds.
    #[inline]
    pub(crate) fn count(&mut self, latency: u64) {
        // The lowest bits that a bucket leaves out.
        let shift = (latency | 1 << self.bits).ilog2() - self.bits;
        let at = ((shift as usize) << self.bits) + (latency >> shift) as usize;
        match self.counts.get_mut(at) {
            Some(count) => *count += 1,
            None => self.grow(at),
        }
    }

    /// Counts the first latency of a doubling.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, at: usize) {
        let doubling = 1 << self.bits;
        self.counts.resize((at + 1).next_multiple_of(doubling), 0);
        self.counts[at] += 1;
    }

    /// Latencies counted.
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().copied().map(u64::from).sum()
    }

    /// The latencies counted.
    pub(crate) fn histogram(&self) -> Histogram<u64> {
        let mut histogram = empty(self.digits);
        self.add_to(&mut histogram);
        histogram
    }

    /// Adds them to a histogram of as many digits.
    pub(crate) fn add_to(&self, histogram: &mut Histogram<u64>) {
        for (at, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let shift = (at >> self.bits).saturating_sub(1);
            let lowest = ((at - (shift << self.bits)) as u64) << shift;
            let added = histogram.record_n(lowest, u64::from(*count));
            added.expect("a histogram made without bounds grows as it must");
        }
    }
}

/// A histogram of latencies with this many significant digits.
pub(crate) fn empty(digits: u8) -> Histogram<u64> {
    Histogram::new(digits).expect("between 0 and 5 digits are allowed")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What the library makes of the same latencies.
        #[test]
        fn a_tally_is_the_histogram_of_the_library(
            latencies in prop::collection::vec(
                prop_oneof![0..5_000u64, any::<u32>().prop_map(u64::from), 0..=u64::MAX / 2], 0..200),
            digits in 2..=3u8,
        ) {
            let (mut tally, mut expected) = (Tally::new(digits), empty(digits));
            for latency in &latencies {
                tally.count(*latency);
                expected.record(*latency).unwrap();
            }
            let histogram = tally.histogram();
            prop_assert_eq!(tally.total(), latencies.len() as u64);
            prop_assert!(histogram == expected);
            prop_assert_eq!((histogram.min(), histogram.max()), (expected.min(), expected.max()));
            prop_assert_eq!(histogram.mean().to_bits(), expected.mean().to_bits());
            prop_assert_eq!(histogram.stdev().to_bits(), expected.stdev().to_bits());
            for q in [0.0, 0.5, 0.99, 1.0] {
                prop_assert_eq!(histogram.value_at_quantile(q), expected.value_at_quantile(q));
            }
        }
    }
}
