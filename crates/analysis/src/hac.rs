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
