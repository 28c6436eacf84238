//! The difference of a quantile: is the 99th percentile of B above that of A?
//!
//! Both arms keep a histogram for each block of time. A resample draws blocks, the same for both arms,
//! adds up their histograms and takes the difference of the quantiles; the interval is the middle of the
//! resamples (percentile method, since a quantile of counted values is no smooth function, for which
//! studentising would help). Block lengths are chosen for the series of how many values of a block lie
//! below the quantile, B less A.
//!
//! A quantile is the smallest value that at least this share of all is not above. So a difference is
//! between values that occur: with histograms of three digits, smaller ones are 0.
//!
//! Takes O(resamples x entries of all histograms) time.

use std::collections::BTreeMap;

use crate::Interval;
use crate::bootstrap::Blocks;
use crate::error::{self, Error};
use crate::options::{LEAST_WINDOWS, Options};
use crate::plausible::Plausible;
use crate::random::Source;

/// How often each value occurs in a block of time: pairs of value and count, in any order.
pub type Histogram = Vec<(u64, u64)>;

/// What a comparison of a quantile found. Differences are B - A.
#[derive(Debug, Clone)]
pub struct QuantileComparison {
    /// The quantile of A.
    pub a: u64,
    /// The quantile of B.
    pub b: u64,
    /// B minus A.
    pub difference: Interval,
    /// The two-sided p-value of "there is no difference".
    pub p_value: f64,
    /// Mean length of a block of the bootstrap, in blocks of time.
    pub block_length: f64,
    /// What the difference may be.
    pub plausible: Plausible,
}

/// Compares the quantile `share` (0.99, say) of two arms, block by block.
///
/// # Errors
///
/// If there are fewer than 20 blocks or not as many of both, an arm has no values, the share is not between
/// 0 and 1, or an option makes no sense.
pub fn compare(
    a: &[Histogram],
    b: &[Histogram],
    share: f64,
    options: &Options,
) -> Result<QuantileComparison, Error> {
    options.check()?;
    error::inside_unit("quantile", share)?;
    error::at_least("blocks of time", a.len(), LEAST_WINDOWS)?;
    error::as_many("blocks of B", b.len(), a.len())?;
    let (arm_a, arm_b) = (Arm::new(a), Arm::new(b));
    let all = vec![1; a.len()];
    let none = Error::TooFew { what: "values", n: 0, least: 1 };
    let quantile_a = arm_a.quantile(&all, share).ok_or(none.clone())?;
    let quantile_b = arm_b.quantile(&all, share).ok_or(none)?;
    let blocks = Blocks::of(&excess(a, quantile_a, b, quantile_b), options);
    let source = Source::new(options.seed, "blocks");
    // A resample may, in theory, hold only blocks in which an arm has no values: it says nothing.
    let differences: Vec<f64> = (0..options.n_resamples as u64)
        .filter_map(|number| {
            let weights = blocks.counts(&source, number);
            Some(arm_b.quantile(&weights, share)? as f64 - arm_a.quantile(&weights, share)? as f64)
        })
        .collect();
    error::at_least("resamples with values of both arms", differences.len(), 50)?;
    let plausible = Plausible::new(differences);
    Ok(QuantileComparison {
        a: quantile_a,
        b: quantile_b,
        difference: plausible.interval(quantile_b as f64 - quantile_a as f64, options.level),
        p_value: plausible.p_value(0.0),
        block_length: blocks.length,
        plausible,
    })
}

/// By block, the share of values above the quantile in B less that in A.
fn excess(a: &[Histogram], quantile_a: u64, b: &[Histogram], quantile_b: u64) -> Vec<f64> {
    let above = |histogram: &Histogram, quantile: u64| {
        let count = |keep: &dyn Fn(u64) -> bool| -> f64 {
            let kept = histogram.iter().filter(|(value, _)| keep(*value));
            kept.map(|(_, count)| *count as f64).sum()
        };
        count(&|value| value > quantile) / count(&|_| true).max(1.0)
    };
    a.iter().zip(b).map(|(a, b)| above(b, quantile_b) - above(a, quantile_a)).collect()
}

/// The histograms of an arm over common values.
struct Arm {
    values: Vec<u64>,
    /// By block, places of values and their counts.
    blocks: Vec<Vec<(usize, u64)>>,
}

impl Arm {
    fn new(histograms: &[Histogram]) -> Self {
        let mut places: BTreeMap<u64, usize> = BTreeMap::new();
        let occurring = || histograms.iter().flatten().filter(|(_, count)| *count > 0);
        occurring().for_each(|(value, _)| _ = places.insert(*value, 0));
        places.values_mut().enumerate().for_each(|(i, place)| *place = i);
        let placed = |histogram: &Histogram| {
            let entries = histogram.iter().filter(|(_, count)| *count > 0);
            entries.map(|(value, count)| (places[value], *count)).collect()
        };
        Arm {
            blocks: histograms.iter().map(placed).collect(),
            values: places.into_keys().collect(),
        }
    }

    /// The quantile with each block counted as often as `weights` say; none without values.
    fn quantile(&self, weights: &[u32], share: f64) -> Option<u64> {
        let mut counts = vec![0u64; self.values.len()];
        for (block, weight) in self.blocks.iter().zip(weights) {
            for (place, count) in block {
                let drawn = count.saturating_mul(u64::from(*weight));
                counts[*place] = counts[*place].saturating_add(drawn);
            }
        }
        let wanted = share * counts.iter().map(|count| *count as f64).sum::<f64>();
        let mut upto = 0.0;
        let reached = counts.iter().position(|count| {
            upto += *count as f64;
            *count > 0 && upto >= wanted
        });
        reached.map(|place| self.values[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::uniform;
    use proptest::prelude::*;

    fn options() -> Options {
        Options { n_resamples: 499, ..Options::default() }
    }

    fn latencies(seed: u64, scale: f64) -> Vec<Histogram> {
        let values = uniform(seed, 40 * 50);
        let counted = |block: &[f64]| block.iter().map(|u| ((u * scale) as u64, 1)).collect();
        values.chunks_exact(50).map(counted).collect()
    }

    #[test]
    fn a_slower_arm_is_seen() {
        let (a, b) = (latencies(1, 1000.0), latencies(2, 1300.0));
        let found = compare(&a, &b, 0.9, &options()).unwrap();
        assert!((found.a as f64 - 900.0).abs() < 30.0 && (found.b as f64 - 1170.0).abs() < 40.0);
        assert_eq!(found.difference.estimate, found.b as f64 - found.a as f64);
        assert!(found.difference.covers(270.0) && found.difference.low > 200.0, "{found:?}");
        assert_eq!(found.p_value, 2.0 / 500.0);
    }

    #[test]
    fn equal_arms_do_not_differ() {
        let a = latencies(1, 1000.0);
        let found = compare(&a, &a, 0.99, &options()).unwrap();
        assert_eq!((found.difference.low, found.difference.high, found.p_value), (0.0, 0.0, 1.0));
    }

    #[test]
    fn nonsense_is_refused() {
        let a = latencies(1, 1000.0);
        assert!(compare(&a, &a[1..], 0.5, &options()).is_err());
        assert!(compare(&a, &a, 1.0, &options()).is_err());
        assert!(compare(&a[..19], &a[..19], 0.5, &options()).is_err());
        let empty: Vec<Histogram> = vec![vec![(5, 0)]; 40];
        assert_eq!(
            compare(&a, &empty, 0.5, &options()).unwrap_err().to_string(),
            "0 values are too few: it takes at least 1"
        );
    }

    proptest! {
        /// The quantile of histograms is that of the values written out.
        #[test]
        fn like_the_naive_twin(
            blocks in prop::collection::vec(prop::collection::vec((0u64..9, 0u64..4), 0..5), 1..6),
            share in 0.01f64..0.99,
        ) {
            let weights: Vec<u32> = (0..blocks.len() as u32).map(|i| i % 3).collect();
            let mut all = Vec::new();
            for (block, weight) in blocks.iter().zip(&weights) {
                for (value, count) in block {
                    all.extend(vec![*value; (*count * u64::from(*weight)) as usize]);
                }
            }
            all.sort_unstable();
            let place = (share * all.len() as f64).ceil() as usize;
            let naive = all.get(place.saturating_sub(1)).copied();
            prop_assert_eq!(Arm::new(&blocks).quantile(&weights, share), naive);
        }
    }
}
