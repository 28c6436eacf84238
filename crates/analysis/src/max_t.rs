//! Many strategies against one baseline, over the same windows.
//!
//! The strategies are resampled together, so that how they vary together is kept. Each resample gives
//! the largest |t*| of all strategies; a strategy is different where its own |t| is larger than these
//! usually are. Stepping down, the most different one is then taken out and the next judged by the
//! largest of those that are left. The probability of any false finding is at most alpha, and strategies
//! that are alike cost little.
//!
//! J. P. Romano, M. Wolf: "Stepwise multiple testing as formalized data snooping", Econometrica 73(4),
//! 2005, doi 10.1111/j.1468-0262.2005.00615.x; p-values as in their "Efficient computation of adjusted
//! p-values for resampling-based stepdown multiple testing", Statistics & Probability Letters 113, 2016,
//! doi 10.1016/j.spl.2016.02.012. The simultaneous intervals are of one step.

use crate::Interval;
use crate::bootstrap::Blocks;
use crate::error::{self, Error};
use crate::multiple::ascending;
use crate::options::Options;
use crate::plausible::Plausible;
use crate::ratio::{LEAST_WINDOWS, Linear};

/// A strategy among many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contender {
    /// Mean difference to the baseline. With the stated probability the intervals of *all* strategies
    /// cover the truth.
    pub difference: Interval,
    /// Difference / standard error.
    pub t: f64,
    /// The p-value of "no difference", adjusted for all strategies.
    pub p_value: f64,
}

/// Compares each series of `strategies` with `baseline`, window by window.
///
/// # Errors
///
/// If there is no strategy, windows are fewer than 20 or not as many of all, or one is not finite.
pub fn compare(
    baseline: &[f64],
    strategies: &[Vec<f64>],
    options: &Options,
) -> Result<Vec<Contender>, Error> {
    options.check()?;
    error::at_least("strategies", strategies.len(), 1)?;
    error::at_least("windows", baseline.len(), LEAST_WINDOWS)?;
    error::finite("window of the baseline", baseline)?;
    let ones = vec![1.0; baseline.len()];
    let mut series = Vec::new();
    for strategy in strategies {
        error::as_many("windows of a strategy", strategy.len(), baseline.len())?;
        error::finite("window of a strategy", strategy)?;
        let differences: Vec<f64> = strategy.iter().zip(baseline).map(|(b, a)| b - a).collect();
        series.push(Linear::new(&differences, &ones)?);
    }
    let blocks = common_blocks(series.iter().map(|linear| linear.values.as_slice()), options);
    let errors: Vec<f64> = series.iter().map(|linear| linear.standard_error(&blocks)).collect();
    let t: Vec<f64> = series
        .iter()
        .zip(&errors)
        .map(|(linear, error)| if linear.ratio == 0.0 { 0.0 } else { linear.ratio / error })
        .collect();
    let resampled: Vec<Vec<f64>> = series
        .iter()
        .map(|linear| linear.resamples(&blocks, options).map(|r| r.t.abs()).collect())
        .collect();
    let (p_values, maxima) = step_down(&t, &resampled);
    let widest = Plausible::new(maxima).quantile(options.level);
    Ok((0..t.len())
        .map(|i| {
            let (estimate, half) = (series[i].ratio, half_width(widest, errors[i]));
            let difference = Interval {
                estimate,
                low: estimate - half,
                high: estimate + half,
                level: options.level,
            };
            Contender { difference, t: t[i], p_value: p_values[i] }
        })
        .collect())
}

/// What is known without error stays so, however wide others are.
fn half_width(widest: f64, standard_error: f64) -> f64 {
    if standard_error == 0.0 { 0.0 } else { widest * standard_error }
}

/// Blocks that are long enough for each of some series that are resampled together.
pub(crate) fn common_blocks<'a>(
    series: impl Iterator<Item = &'a [f64]>,
    options: &Options,
) -> Blocks {
    series
        .map(|values| Blocks::of(values, options))
        .reduce(|a, b| if a.length >= b.length { a } else { b })
        .unwrap_or(Blocks::single(0))
}

/// Adjusted p-values, and the largest |t*| of each resample over all strategies.
fn step_down(t: &[f64], resampled: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
    let sizes: Vec<f64> = t.iter().map(|t| t.abs()).collect();
    let mut maxima = vec![0.0_f64; resampled[0].len()];
    let mut p_values = vec![0.0; t.len()];
    // From the least different up, so that each resample's maximum grows strategy by strategy.
    let order = ascending(&sizes);
    for &i in &order {
        for (maximum, t) in maxima.iter_mut().zip(&resampled[i]) {
            *maximum = maximum.max(*t);
        }
        let n_larger = maxima.iter().filter(|maximum| **maximum >= sizes[i]).count();
        p_values[i] = (n_larger as f64 + 1.0) / (maxima.len() as f64 + 1.0);
    }
    let mut largest: f64 = 0.0;
    for &i in order.iter().rev() {
        largest = largest.max(p_values[i]);
        p_values[i] = largest;
    }
    (p_values, maxima)
}
