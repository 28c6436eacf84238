//! Taking out of a result what was known before it: CUPED.
//!
//! Buckets of keys differ, and in the same way during warm-up as after it. Subtracting what the warm-up
//! predicts leaves the mean where it is and takes out the variance that is explained: a share of
//! correlation². A. Deng, Y. Xu, R. Kohavi, T. Walker: "Improving the sensitivity of online controlled
//! experiments by utilizing pre-experiment data", WSDM '13, doi 10.1145/2433396.2433413.
//!
//! The covariate must not depend on what is compared: a value from before the strategies differ, or a
//! property of the requests.

use crate::autocovariance::mean;
use crate::error::{self, Error};

/// A result with what was known before taken out.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjusted {
    /// The values, with the mean they had.
    pub values: Vec<f64>,
    /// How much a value changes with the covariate.
    pub slope: f64,
    /// What is left of the variance, from 0 to 1.
    pub variance_left: f64,
}

/// Takes out of `values` what `covariate` predicts, unit by unit.
///
/// # Errors
///
/// If there are fewer than three units, not as many of both, or one is not finite.
pub fn adjust(values: &[f64], covariate: &[f64]) -> Result<Adjusted, Error> {
    error::at_least("units", values.len(), 3)?;
    error::as_many("covariates", covariate.len(), values.len())?;
    error::finite("value", values)?;
    error::finite("covariate", covariate)?;
    let (center, middle) = (mean(values), mean(covariate));
    let sum = |product: &dyn Fn(f64, f64) -> f64| -> f64 {
        values.iter().zip(covariate).map(|(v, c)| product(v - center, c - middle)).sum()
    };
    let (vv, vc, cc) = (sum(&|v, _| v * v), sum(&|v, c| v * c), sum(&|_, c| c * c));
    let slope = if cc == 0.0 { 0.0 } else { vc / cc };
    let variance_left = if vv == 0.0 || cc == 0.0 { 1.0 } else { 1.0 - vc * vc / (vv * cc) };
    let values = values.iter().zip(covariate).map(|(v, c)| v - slope * (c - middle)).collect();
    Ok(Adjusted { values, slope, variance_left: variance_left.max(0.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::{close, uniform};

    /// NumPy: `cov(y, x)[0, 1] / var(x)`.
    #[test]
    fn adjustment_agrees_with_numpy() {
        let values = uniform(31, 50);
        let covariate: Vec<f64> =
            values.iter().zip(uniform(32, 50)).map(|(v, u)| v * 0.5 + u).collect();
        let adjusted = adjust(&values, &covariate).unwrap();
        close(adjusted.slope, 0.43878261348140457, 1e-11);
        close(adjusted.variance_left, 0.7526983315851334, 1e-11);
        close(adjusted.values[0], 0.8348960770436221, 1e-11);
        close(mean(&adjusted.values), mean(&values), 1e-12);
    }

    #[test]
    fn what_does_not_vary_explains_nothing() {
        let adjusted = adjust(&[1.0, 2.0, 4.0], &[5.0; 3]).unwrap();
        assert_eq!((adjusted.values, adjusted.variance_left), (vec![1.0, 2.0, 4.0], 1.0));
        let all = adjust(&[1.0, 2.0, 4.0], &[3.0, 5.0, 9.0]).unwrap();
        assert!(all.variance_left < 1e-12);
        assert!(adjust(&[1.0, 2.0], &[1.0, 2.0]).is_err());
    }
}
