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
use crate::ratio::Linear;

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
/// If there is no strategy, windows are fewer than 20 (independent rows: than 6) or not as many of all, or one is not finite.
pub fn compare(
    baseline: &[f64],
    strategies: &[Vec<f64>],
    options: &Options,
) -> Result<Vec<Contender>, Error> {
    options.check()?;
    error::at_least("strategies", strategies.len(), 1)?;
    error::at_least("windows", baseline.len(), options.least())?;
    error::finite("window of the baseline", baseline)?;
    let ones = vec![1.0; baseline.len()];
    let mut series = Vec::new();
    for strategy in strategies {
        error::as_many("windows of a strategy", strategy.len(), baseline.len())?;
        error::finite("window of a strategy", strategy)?;
        let differences: Vec<f64> = strategy.iter().zip(baseline).map(|(b, a)| b - a).collect();
        series.push(Linear::new(&differences, &ones)?);
    }
    let blocks = common_blocks(&series, options);
    let errors: Vec<f64> = series.iter().map(|linear| linear.standard_error(&blocks)).collect();
    let t: Vec<f64> = series
        .iter()
        .zip(&errors)
        .map(|(linear, error)| if linear.ratio == 0.0 { 0.0 } else { linear.ratio / error })
        .collect();
    let resampled: Vec<Vec<f64>> = series
        .iter()
        .map(|linear| linear.resamples(&blocks, options).map(|r| r.size()).collect())
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

/// Blocks for series that are resampled together: of the mean of the lengths that each asks for. The
/// longest would be the most badly estimated one, and makes tests find too little.
pub(crate) fn common_blocks(series: &[Linear<'_>], options: &Options) -> Blocks {
    let asked: Vec<Blocks> =
        series.iter().map(|linear| Blocks::of(&linear.values, options)).collect();
    let length = asked.iter().map(|blocks| blocks.length).sum::<f64>() / asked.len() as f64;
    Blocks { length, ..asked[0] }
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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::autoregression;

    /// By hand: |t| of 1 and 3 with four resamples.
    #[test]
    fn stepping_down_by_hand() {
        let resampled = [vec![0.5, 1.5, 2.0, 0.1], vec![1.0, 0.2, 3.5, 0.3]];
        let (p_values, maxima) = step_down(&[-1.0, 3.0], &resampled);
        assert_eq!(maxima, [1.0, 1.5, 3.5, 0.3]);
        // 3 against the maxima: one is larger. 1 against the first series alone: two are.
        assert_eq!(p_values, [3.0 / 5.0, 2.0 / 5.0]);
    }

    #[test]
    fn a_less_different_strategy_is_never_surer() {
        let (p_values, _) = step_down(&[2.0, 3.0], &[vec![0.0; 9], vec![9.0; 9]]);
        assert_eq!(p_values, [1.0, 1.0]);
    }

    #[test]
    fn twins_of_a_strategy_cost_nothing() {
        let options = Options { n_resamples: 999, ..Options::default() };
        let baseline = vec![0.0; 150];
        let better: Vec<f64> = autoregression(8, 150, 0.3).iter().map(|x| x + 0.14).collect();
        let alone = compare(&baseline, std::slice::from_ref(&better), &options).unwrap();
        let many = compare(&baseline, &vec![better; 16], &options).unwrap();
        assert_eq!(many[0].p_value, alone[0].p_value);
        assert!(alone[0].p_value < 0.1, "{alone:?}");
        let bonferroni = alone[0].p_value * 16.0;
        assert!(bonferroni > many[0].p_value);
        assert_eq!(many[3].difference, alone[0].difference);
    }

    #[test]
    fn what_equals_the_baseline_does_not_differ() {
        let options = Options { n_resamples: 199, ..Options::default() };
        let baseline = autoregression(5, 60, 0.0);
        let far: Vec<f64> = autoregression(6, 60, 0.0).iter().map(|x| x + 5.0).collect();
        let found = compare(&baseline, &[baseline.clone(), far], &options).unwrap();
        assert_eq!((found[0].t, found[0].p_value), (0.0, 1.0));
        assert_eq!((found[0].difference.low, found[0].difference.high), (0.0, 0.0));
        assert_eq!(found[1].p_value, 1.0 / 200.0);
        assert!(found[1].difference.low > 0.0);
        assert!(compare(&baseline, &[], &options).is_err());
        assert!(compare(&baseline, &[vec![0.0; 59]], &options).is_err());
    }
}
