//! How long the blocks of a bootstrap should be.
//!
//! Blocks must be long enough to hold the dependence of a series and short enough that there are many.
//! The length that makes the estimated variance of a mean least wrong grows with the cube root of the
//! series and depends on its spectrum at 0, which is estimated with a flat-top window cut off where the
//! correlogram becomes negligible.
//!
//! D. N. Politis, H. White: "Automatic block-length selection for the dependent bootstrap", Econometric
//! Reviews 23(1), 2004, doi 10.1081/ETR-120028836; with the correction of A. Patton, D. N. Politis, H.
//! White, Econometric Reviews 28(4), 2009, doi 10.1080/07474930802459016: the length is
//! (2 g² n / d)^(1/3), where d is 2 s² for the stationary and 4/3 s² for the circular bootstrap, s is
//! the spectrum at 0 (times 2 pi) and g the sum of |k| times the autocovariance at lag k. Constants
//! (c = 2, five lags at least, at most min(3 sqrt n, n / 3)) are the papers'.
//!
//! Takes O(n sqrt n) time.

use crate::autocovariance;
use crate::bootstrap::Scheme;

/// The best block length for the mean of `values`, between 1 and a third of the series, in steps.
///
/// 1 means that no dependence was seen; so is the answer for a constant series.
pub fn automatic(values: &[f64], scheme: Scheme) -> f64 {
    let n = values.len();
    if n < 3 {
        return 1.0;
    }
    let deviations = autocovariance::deviations(values);
    let cut = cut_off(&deviations);
    let mut spectrum = autocovariance::at(&deviations, 0);
    let mut slope = 0.0;
    for lag in 1..=cut.min(n - 1) {
        let share = lag as f64 / cut as f64;
        let window = (2.0 * (1.0 - share)).min(1.0);
        let covariance = autocovariance::at(&deviations, lag);
        spectrum += 2.0 * window * covariance;
        slope += 2.0 * window * lag as f64 * covariance;
    }
    let d = spectrum * spectrum * if scheme == Scheme::Stationary { 2.0 } else { 4.0 / 3.0 };
    let length = libm::cbrt(2.0 * slope * slope / d * n as f64);
    let longest = longest(n);
    if length.is_nan() { 1.0 } else { length.clamp(1.0, longest) }
}

/// min(3 sqrt n, n / 3), rounded up.
pub(crate) fn longest(n: usize) -> f64 {
    let n = n as f64;
    (3.0 * n.sqrt()).min(n / 3.0).ceil()
}

/// Twice the last lag before correlations stay within the noise for `n_quiet` lags.
fn cut_off(deviations: &[f64]) -> usize {
    let n = deviations.len() as f64;
    let log = libm::log10(n);
    let n_quiet = (log.sqrt().ceil() as usize).max(5);
    let n_lags = n.sqrt().ceil() as usize + n_quiet;
    let noise = 2.0 * (log / n).sqrt();
    let variance = autocovariance::at(deviations, 0);
    let matters: Vec<bool> = (1..=n_lags)
        .map(|lag| autocovariance::at(deviations, lag).abs() >= noise * variance)
        .collect();
    let quiet_from = matters.windows(n_quiet).position(|lags| !lags.contains(&true));
    let last = quiet_from.or_else(|| matters.iter().rposition(|m| *m).map(|lag| lag + 1));
    (2 * last.unwrap_or(0).max(1)).min(n_lags)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::{autoregression, close};

    /// Values of arch 8.0.0 (`optimal_block_length`), stationary and circular.
    #[test]
    fn lengths_agree_with_arch() {
        let series = autoregression(3, 500, 0.9);
        close(automatic(&series, Scheme::Stationary), 30.553626154906535, 1e-9);
        close(automatic(&series, Scheme::Circular), 34.975171021171505, 1e-9);
        // 0.37 and 0.83 there: not a block.
        assert_eq!(automatic(&autoregression(1, 200, 0.0), Scheme::Stationary), 1.0);
        assert_eq!(automatic(&autoregression(4, 60, 0.3), Scheme::Circular), 1.0);
    }

    /// arch cuts the correlogram one lag later than the paper's "smallest m so that lags m + 1 to m + K are
    /// negligible" where any lag matters, and says 6.44. The value is from a direct transcription of the
    /// paper's formulas to NumPy.
    #[test]
    fn the_cut_is_the_papers() {
        let series = autoregression(2, 200, 0.6);
        close(automatic(&series, Scheme::Stationary), 5.941985111476098, 1e-9);
        close(automatic(&series, Scheme::Circular), 6.801874986146537, 1e-9);
    }

    #[test]
    fn what_does_not_vary_has_no_dependence() {
        assert_eq!(automatic(&[], Scheme::Stationary), 1.0);
        assert_eq!(automatic(&[5.0; 40], Scheme::Stationary), 1.0);
        let trend: Vec<f64> = (0..90).map(f64::from).collect();
        assert!(automatic(&trend, Scheme::Stationary) <= longest(90));
    }
}
