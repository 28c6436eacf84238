//! Standard errors of a mean that allow for dependence, and the test of Diebold and Mariano: second
//! opinions to the bootstrap, by formula.
//!
//! - W. K. Newey, K. D. West: "A simple, positive semi-definite, heteroskedasticity and autocorrelation
//!   consistent covariance matrix", Econometrica 55(3), 1987, doi 10.2307/1913610: autocovariances
//!   with weights that fall linearly to 0. The number of lags is their rule of thumb of 1994,
//!   4 (n / 100)^(2/9), rounded down.
//! - F. X. Diebold, R. S. Mariano: "Comparing predictive accuracy", Journal of Business & Economic
//!   Statistics 13(3), 1995, doi 10.1080/07350015.1995.10524599: autocovariances up to lag h - 1 with
//!   weight 1. D. Harvey, S. Leybourne, P. Newbold: "Testing the equality of prediction mean squared
//!   errors", International Journal of Forecasting 13(2), 1997, doi 10.1016/S0169-2070(96)00719-4:
//!   the factor for small samples, and Student's t. Where the estimated variance is not positive, which
//!   weights of 1 allow, those of Newey and West serve instead.

use crate::autocovariance::{self, deviations, mean};
use crate::error::{self, Error};
use crate::interval::{Interval, p_value};

/// A mean with a standard error by formula.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean with its interval.
    pub interval: Interval,
    /// Its standard error.
    pub standard_error: f64,
    /// The two-sided p-value of "the mean is 0".
    pub p_value: f64,
}

impl Mean {
    pub(crate) fn new(estimate: f64, standard_error: f64, degrees: f64, level: f64) -> Self {
        Mean {
            interval: Interval::from_error(estimate, standard_error, degrees, level),
            standard_error,
            p_value: p_value(estimate, standard_error, degrees),
        }
    }
}

/// The mean of a dependent series with the standard error of Newey and West, times n / (n - 1) under
/// the root, and Student's t with n - 1 degrees of freedom. Without `n_lags`, the rule of thumb.
pub fn newey_west(values: &[f64], n_lags: Option<usize>, level: f64) -> Result<Mean, Error> {
    check(values, level)?;
    let n = values.len() as f64;
    let rule = || (4.0 * libm::pow(n / 100.0, 2.0 / 9.0)) as usize;
    let n_lags = n_lags.unwrap_or_else(rule).min(values.len() - 1);
    let variance = falling(&deviations(values), n_lags);
    Ok(Mean::new(mean(values), (variance / (n - 1.0)).sqrt(), n - 1.0, level))
}

/// The test of Diebold and Mariano with the factor of Harvey, Leybourne and Newbold, for differences
/// that depend on each other up to `horizon` - 1 steps apart.
pub fn diebold_mariano(values: &[f64], horizon: usize, level: f64) -> Result<Mean, Error> {
    check(values, level)?;
    let fits = |h: f64| h >= 1.0 && h <= values.len() as f64 / 2.0;
    error::setting("horizon", horizon as f64, fits, "from 1 to half the series")?;
    let (n, h) = (values.len() as f64, horizon as f64);
    let deviations = deviations(values);
    let flat: f64 = (1..horizon).map(|lag| 2.0 * autocovariance::at(&deviations, lag)).sum();
    let flat = autocovariance::at(&deviations, 0) + flat;
    let variance = if flat > 0.0 { flat } else { falling(&deviations, horizon - 1) };
    let factor = (n + 1.0 - 2.0 * h + h * (h - 1.0) / n) / n;
    Ok(Mean::new(mean(values), (variance / n / factor).sqrt(), n - 1.0, level))
}

/// The long-run variance with weights that fall linearly to 0 one lag behind the last.
fn falling(deviations: &[f64], n_lags: usize) -> f64 {
    let weighted = |lag| {
        let weight = 1.0 - lag as f64 / (n_lags as f64 + 1.0);
        2.0 * weight * autocovariance::at(deviations, lag)
    };
    let sum: f64 = (1..=n_lags).map(weighted).sum();
    (autocovariance::at(deviations, 0) + sum).max(0.0)
}

fn check(values: &[f64], level: f64) -> Result<(), Error> {
    error::inside_unit("level", level)?;
    error::at_least("windows", values.len(), 2)?;
    error::finite("window", values)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::{autoregression, close};

    fn series() -> Vec<f64> {
        autoregression(2, 200, 0.6).into_iter().map(|x| x + 0.1).collect()
    }

    /// statsmodels 0.15.0: OLS on a constant, `cov_type="HAC"`, `maxlags=4`, `use_correction=True`,
    /// `use_t=True`.
    #[test]
    fn newey_west_agrees_with_statsmodels() {
        let mean = newey_west(&series(), None, 0.95).unwrap();
        close(mean.standard_error, 0.04378943290098197, 1e-9);
        close(mean.p_value, 0.08661286319157821, 1e-9);
        close(mean.interval.low, -0.010942930947130919, 1e-8);
        close(mean.interval.high, 0.16175878660919796, 1e-9);
        assert_eq!(newey_west(&series(), Some(4), 0.95).unwrap(), mean);
    }

    /// The formulas of both papers in NumPy, with SciPy's t.
    #[test]
    fn diebold_mariano_agrees_with_numpy() {
        for (horizon, t, p) in [
            (1, 2.7910842619361222, 0.0057646931372529525),
            (5, 1.4698439742006726, 0.14318323922463114),
        ] {
            let mean = diebold_mariano(&series(), horizon, 0.95).unwrap();
            close(mean.interval.estimate / mean.standard_error, t, 1e-9);
            close(mean.p_value, p, 1e-9);
        }
    }

    /// With weights of 1, an alternating series has a negative variance at lag 1.
    #[test]
    fn a_variance_is_never_negative() {
        let alternating: Vec<f64> = (0..40).map(|i| 1.0 + f64::from(i % 2)).collect();
        let mean = diebold_mariano(&alternating, 2, 0.95).unwrap();
        assert!(mean.standard_error > 0.0, "{mean:?}");
    }

    #[test]
    fn series_without_variance_are_certain() {
        assert_eq!(newey_west(&[2.0; 30], None, 0.95).unwrap().p_value, 0.0);
        assert_eq!(newey_west(&[0.0; 30], None, 0.95).unwrap().p_value, 1.0);
        assert!(newey_west(&[1.0], None, 0.95).is_err());
        assert!(diebold_mariano(&[1.0; 30], 16, 0.95).is_err());
    }
}
