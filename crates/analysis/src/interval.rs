//! An estimate, and how sure it is.

use crate::distributions::{t_quantile, t_two_sided};

/// An estimate with an interval that covers the truth with a stated probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Probability with which such intervals cover the truth: 0.95, say.
    pub level: f64,
}

impl Interval {
    /// Whether the interval covers `value`. Its ends belong to it.
    pub fn covers(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// From a standard error and Student's t; with infinite degrees of freedom, from the normal law.
    pub fn from_error(estimate: f64, standard_error: f64, degrees: f64, level: f64) -> Self {
        let half = t_quantile(0.5 + level / 2.0, degrees) * standard_error;
        Interval { estimate, low: estimate - half, high: estimate + half, level }
    }
}

/// The two-sided p-value of "the truth is 0" for an estimate with a standard error. 1 where there is
/// nothing to see: no effect and no error.
pub(crate) fn p_value(estimate: f64, standard_error: f64, degrees: f64) -> f64 {
    if estimate == 0.0 { 1.0 } else { t_two_sided(estimate / standard_error, degrees) }
}
