//! Two strategies over the same windows of the same requests.
//!
//! Both arms see the same requests, so it is the difference in each window that varies, much less
//! than the arms do. Windows are what the caller makes them: as many requests each, or as long each
//! with the number of requests as weight. Some hundred are a good number: under 100 windows of a
//! strongly dependent series, intervals cover less than they claim (see `bootstrap`).
//!
//! The interval and the p-value are those of the studentised block bootstrap (`ratio`); three other
//! methods stand beside them, so that a reader sees whether the answer hangs on the method.

use crate::block_length;
use crate::bootstrap::Scheme;
use crate::effect;
use crate::error::{self, Error};
use crate::hac::{self, Mean};
use crate::options::Options;
use crate::plausible::Plausible;
use crate::ratio::{self, Linear, Ratio};
use crate::{Interval, Rope};

/// What a comparison of two arms found. Differences are B - A.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Windows of both arms.
    pub n_windows: usize,
    /// Mean of A, weighted.
    pub mean_a: f64,
    /// Mean of B, weighted.
    pub mean_b: f64,
    /// Mean of B minus mean of A.
    pub difference: Interval,
    /// Standard error of the difference.
    pub standard_error: f64,
    /// The two-sided p-value of "there is no difference".
    pub p_value: f64,
    /// The difference as a share of A; none where A is 0 or its sign is not sure.
    pub relative: Option<Interval>,
    /// Median of the averages of any two differences; see [`effect::hodges_lehmann`].
    pub hodges_lehmann: f64,
    /// How much more often a window of B is above one of A than below; see [`effect::cliffs_delta`].
    pub cliffs_delta: f64,
    /// Mean length of a block, in windows.
    pub block_length: f64,
    /// What the difference may be.
    pub plausible: Plausible,
    /// What other methods say.
    pub second_opinions: SecondOpinions,
}

/// The difference by other methods.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SecondOpinions {
    /// The bootstrap with the other way of cutting blocks: circular, unless that was asked for.
    pub other_blocks: Mean,
    /// By the standard error of Newey and West.
    pub newey_west: Mean,
    /// By the test of Diebold and Mariano, the horizon being the automatic block length.
    pub diebold_mariano: Mean,
}

impl Comparison {
    /// The share of plausible differences above `limit`. With a limit of what matters, this is what may be
    /// printed as confidence that B is better, where more is better; one minus a p-value is not.
    pub fn probability_above(&self, limit: f64) -> f64 {
        self.plausible.share_above(limit)
    }

    /// The p-value of "the difference is not within `rope`": small means practically equal.
    pub fn equivalence(&self, rope: Rope) -> f64 {
        self.plausible.equivalence(rope)
    }
}

/// Compares windows of B with those of A, all of one weight.
///
/// # Errors
///
/// If there are fewer than 20 windows or not as many of both, if one is not finite, or if an option
/// makes no sense.
pub fn compare(a: &[f64], b: &[f64], options: &Options) -> Result<Comparison, Error> {
    compare_weighted(a, b, &vec![1.0; a.len()], options)
}

/// Compares windows of B with those of A, a window weighing as `weights` say: requests, where windows are
/// means over different numbers of them.
///
/// # Errors
///
/// Those of [`compare`], and if a weight is negative or all are 0.
pub fn compare_weighted(
    a: &[f64],
    b: &[f64],
    weights: &[f64],
    options: &Options,
) -> Result<Comparison, Error> {
    check(a, b, weights)?;
    let weigh = |values: &[f64]| -> Vec<f64> {
        values.iter().zip(weights).map(|(value, weight)| value * weight).collect()
    };
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    let above = weigh(&differences);
    let ratio = ratio::estimate(&above, weights, options)?;
    let sum: f64 = weights.iter().sum();
    Ok(Comparison {
        n_windows: a.len(),
        mean_a: weigh(a).iter().sum::<f64>() / sum,
        mean_b: weigh(b).iter().sum::<f64>() / sum,
        difference: ratio.interval(options),
        standard_error: ratio.standard_error,
        p_value: ratio.plausible.p_value(0.0),
        relative: effect::relative(&above, &weigh(a), options)?,
        hodges_lehmann: effect::hodges_lehmann(&differences)?,
        cliffs_delta: effect::cliffs_delta(a, b)?,
        block_length: ratio.blocks.length,
        second_opinions: second_opinions(&above, weights, options)?,
        plausible: ratio.plausible,
    })
}

fn check(a: &[f64], b: &[f64], weights: &[f64]) -> Result<(), Error> {
    error::as_many("windows of B", b.len(), a.len())?;
    error::as_many("weights", weights.len(), a.len())?;
    error::finite("window of A", a)?;
    error::finite("window of B", b)?;
    error::not_negative("weight", weights)
}

fn second_opinions(
    above: &[f64],
    below: &[f64],
    options: &Options,
) -> Result<SecondOpinions, Error> {
    let linear = Linear::new(above, below)?.observations();
    let horizon = block_length::automatic(&linear, Scheme::Circular).round() as usize;
    let scheme = match options.scheme {
        Scheme::Stationary => Scheme::Circular,
        Scheme::Circular => Scheme::Stationary,
    };
    let options = Options { scheme, ..*options };
    let other = ratio::estimate(above, below, &options)?;
    Ok(SecondOpinions {
        other_blocks: as_mean(&other, &options),
        newey_west: hac::newey_west(&linear, None, options.level)?,
        diebold_mariano: hac::diebold_mariano(&linear, horizon, options.level)?,
    })
}

fn as_mean(ratio: &Ratio, options: &Options) -> Mean {
    Mean {
        interval: ratio.interval(options),
        standard_error: ratio.standard_error,
        p_value: ratio.plausible.p_value(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::{autoregression, close, uniform};
    use proptest::prelude::*;

    fn arms() -> (Vec<f64>, Vec<f64>) {
        let a: Vec<f64> = uniform(1, 120).iter().map(|u| 0.4 + 0.1 * u).collect();
        let b =
            a.iter().zip(autoregression(2, 120, 0.4)).map(|(a, x)| a + 0.02 + 0.02 * x).collect();
        (a, b)
    }

    #[test]
    fn all_methods_see_the_same_difference() {
        let (a, b) = arms();
        let found = compare(&a, &b, &Options::default()).unwrap();
        let mean = |x: &[f64]| x.iter().sum::<f64>() / 120.0;
        close(found.mean_a, mean(&a), 1e-12);
        close(found.mean_b, mean(&b), 1e-12);
        close(found.difference.estimate, mean(&b) - mean(&a), 1e-10);
        let second = &found.second_opinions;
        for other in [second.other_blocks, second.newey_west, second.diebold_mariano] {
            close(other.interval.estimate, found.difference.estimate, 1e-10);
            close(other.standard_error, found.standard_error, 0.3);
            assert!(other.p_value < 0.01, "{other:?}");
        }
        assert!(found.difference.low > 0.0 && found.p_value < 0.01);
        close(found.hodges_lehmann, found.difference.estimate, 0.1);
        let relative = found.relative.unwrap();
        close(relative.estimate, mean(&b) / mean(&a) - 1.0, 1e-9);
        assert!(relative.low > 0.0);
        assert_eq!(found.probability_above(0.0), 1.0);
        assert!(found.equivalence(Rope::within(0.1)) < 0.001);
        assert!(found.equivalence(Rope::within(0.001)) > 0.99);
    }

    #[test]
    fn the_same_seed_gives_the_same_bits_and_arms_may_change_places() {
        let (a, b) = arms();
        let options = Options { n_resamples: 999, ..Options::default() };
        let found = compare(&a, &b, &options).unwrap();
        assert_eq!(found.plausible, compare(&a, &b, &options).unwrap().plausible);
        let swapped = compare(&b, &a, &options).unwrap();
        close(swapped.difference.low, -found.difference.high, 1e-9);
        close(swapped.difference.high, -found.difference.low, 1e-9);
        assert_eq!(swapped.p_value, found.p_value);
        let other = compare(&a, &b, &Options { seed: 1, ..options }).unwrap();
        assert_ne!(other.plausible, found.plausible);
    }

    #[test]
    fn equal_arms_do_not_differ() {
        let (a, _) = arms();
        let found = compare(&a, &a, &Options::default()).unwrap();
        assert_eq!((found.difference.low, found.difference.high, found.p_value), (0.0, 0.0, 1.0));
        assert_eq!(found.second_opinions.newey_west.p_value, 1.0);
        assert_eq!(found.relative.unwrap().estimate, 0.0);
        assert_eq!((found.hodges_lehmann, found.cliffs_delta), (0.0, 0.0));
    }

    /// A window of ten requests is ten times a window of one.
    #[test]
    fn weights_are_requests() {
        let (a, b) = arms();
        let weights: Vec<f64> = (0..120).map(|i| f64::from(1 + i % 10)).collect();
        let found = compare_weighted(&a, &b, &weights, &Options::default()).unwrap();
        let sum: f64 = weights.iter().sum();
        let mean = |x: &[f64]| x.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>() / sum;
        close(found.difference.estimate, mean(&b) - mean(&a), 1e-10);
        let even = compare(&a, &b, &Options::default()).unwrap();
        let same = compare_weighted(&a, &b, &[3.0; 120], &Options::default()).unwrap();
        close(same.difference.low, even.difference.low, 1e-9);
    }

    #[test]
    fn nonsense_is_refused() {
        let (a, b) = arms();
        let options = Options::default();
        let words = |error: Result<Comparison, Error>| error.unwrap_err().to_string();
        assert_eq!(
            words(compare(&a, &b[1..], &options)),
            "119 windows of B stand beside 120: there must be as many of both"
        );
        assert_eq!(
            words(compare(&a[..9], &b[..9], &options)),
            "9 windows are too few: it takes at least 20"
        );
        let mut broken = a.clone();
        broken[7] = f64::NAN;
        assert_eq!(
            words(compare(&broken, &b, &options)),
            "window of A number 7 is NaN: expected a finite number"
        );
        assert!(compare_weighted(&a, &b, &[0.0; 120], &options).is_err());
        assert!(compare(&a, &b, &Options { level: 1.0, ..options }).is_err());
        assert!(compare(&a, &b, &Options { n_resamples: 10, ..options }).is_err());
        assert!(compare(&a, &b, &Options { block_length: Some(0.0), ..options }).is_err());
    }

    proptest! {
        /// Whatever numbers come in, an error or an interval comes out.
        #[test]
        fn nothing_panics(
            rows in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>()), 20..30),
            finite in prop::collection::vec((-1e3f64..1e3, -1e3f64..1e3, 0u8..3), 20..30),
        ) {
            let options = Options { n_resamples: 99, ..Options::default() };
            let column = |pick: fn(&(f64, f64, f64)) -> f64| rows.iter().map(pick).collect::<Vec<_>>();
            let (a, b, weights) = (column(|r| r.0), column(|r| r.1), column(|r| r.2.abs()));
            let _ = compare_weighted(&a, &b, &weights, &options);
            let a: Vec<f64> = finite.iter().map(|row| row.0).collect();
            let b: Vec<f64> = finite.iter().map(|row| row.1).collect();
            let weights: Vec<f64> = finite.iter().map(|row| f64::from(row.2)).collect();
            if let Ok(found) = compare_weighted(&a, &b, &weights, &options) {
                prop_assert!(found.difference.low <= found.difference.high, "{found:?}");
                prop_assert!((0.0..=1.0).contains(&found.p_value));
            }
        }
    }
}
