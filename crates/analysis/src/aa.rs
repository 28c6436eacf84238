//! How often a comparison would see a difference where there is none, on this very trace.
//!
//! Differences between two arms are freed of their mean, and in stretches of time the labels A and B are
//! swapped at random, which changes signs. What is left depends on itself as the trace does and has no
//! effect in it, so a test at 5 % should find something in 5 % of such series. The rate is to be printed
//! beside a verdict: a rate far above 5 % says that the verdict's p-value is not to be believed, because
//! windows are too few or too dependent.
//!
//! Stretches are as long as automatic blocks, or as the blocks asked for if these are longer. Dependence is
//! kept within them and lost between them: the rate is a little low in strongly dependent series.

use crate::Interval;
use crate::autocovariance::deviations;
use crate::bootstrap::Blocks;
use crate::error::{self, Error};
use crate::options::{LEAST_WINDOWS, Options};
use crate::proportion::proportion;
use crate::random::Source;
use crate::ratio;

/// The rate of p-values below 1 - `options.level` among `n_repetitions` swaps, with its 95 % interval.
///
/// `differences` are those of windows, or of buckets of keys with a block length of 1
/// ([`Sample::by_bucket`](crate::key_sample::Sample::by_bucket)). 199 resamples each are enough; takes
/// O(repetitions x resamples x n).
///
/// # Errors
///
/// If there are fewer than 20 differences, one is not finite, or an option makes no sense.
pub fn false_positive_rate(
    differences: &[f64],
    n_repetitions: u64,
    options: &Options,
) -> Result<Interval, Error> {
    options.check()?;
    error::at_least("differences", differences.len(), LEAST_WINDOWS)?;
    error::finite("difference", differences)?;
    let values = deviations(differences);
    let ones = vec![1.0; values.len()];
    let automatic = Blocks::of(&values, &Options { block_length: None, ..*options });
    let stretch = automatic.length.max(Blocks::of(&values, options).length).ceil() as usize;
    let source = Source::new(options.seed, "swaps");
    let mut n_found = 0;
    for repetition in 0..n_repetitions {
        let mut draws = source.resample(repetition);
        let mut swapped = values.clone();
        // Stretches start anywhere, so that no window is always at an edge.
        swapped.rotate_left(draws.below(values.len()));
        for part in swapped.chunks_mut(stretch) {
            if draws.uniform() < 0.5 {
                part.iter_mut().for_each(|value| *value = -*value);
            }
        }
        let seed = options.seed.wrapping_add(repetition + 1);
        let found = ratio::estimate(&swapped, &ones, &Options { seed, ..*options })?;
        n_found += u64::from(found.plausible.p_value(0.0) <= 1.0 - options.level + 1e-12);
    }
    proportion(n_found, n_repetitions, 0.95)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::autoregression;

    #[test]
    fn blocks_that_are_too_short_are_found_out() {
        let series = autoregression(2, 200, 0.8);
        let rate = |block_length| {
            let options = Options { n_resamples: 199, block_length, ..Options::default() };
            false_positive_rate(&series, 400, &options).unwrap()
        };
        assert!(rate(None).covers(0.05) || rate(None).high < 0.05, "{:?}", rate(None));
        assert!(rate(Some(1.0)).low > 0.2, "{:?}", rate(Some(1.0)));
    }

    #[test]
    fn the_level_is_the_rate() {
        let series = autoregression(3, 100, 0.0);
        for level in [0.5, 0.8] {
            let options = Options { n_resamples: 199, level, ..Options::default() };
            let rate = false_positive_rate(&series, 400, &options).unwrap();
            assert!((rate.estimate - (1.0 - level)).abs() < 0.08, "{level}: {rate:?}");
        }
        assert!(false_positive_rate(&series[..19], 10, &Options::default()).is_err());
        assert!(false_positive_rate(&series, 0, &Options::default()).is_err());
    }
}
