//! Whether two strategies are equal for all practical purposes.
//!
//! A difference that was not found is not a difference that is not there. Two one-sided tests (TOST) ask
//! whether the difference is above the lower and below the upper end of a *region of practical
//! equivalence* (ROPE); if both say so at level alpha, which is if the 1 - 2 alpha interval lies inside, it
//! is equal. D. J. Schuirmann: "A comparison of the two one-sided tests procedure and the power approach
//! for assessing the equivalence of average bioavailability", Journal of Pharmacokinetics and
//! Biopharmaceutics 15(6), 1987, doi 10.1007/BF01068419.

use crate::distributions::t_tail;
use crate::error::{self, Error};

/// Differences too small to matter, ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rope {
    /// Lower end, at most 0.
    pub low: f64,
    /// Upper end, at least 0.
    pub high: f64,
}

impl Rope {
    /// Any difference matters.
    pub const NONE: Rope = Rope { low: 0.0, high: 0.0 };

    /// Differences of at most `half` either way.
    pub fn within(half: f64) -> Self {
        Rope { low: -half.abs(), high: half.abs() }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        error::setting("the region's lower end", self.low, |low| low <= 0.0, "at most 0")?;
        error::setting("the region's upper end", self.high, |high| high >= 0.0, "at least 0")
    }
}

/// Two one-sided tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tost {
    /// The p-value of "the difference is at or below the region".
    pub p_low: f64,
    /// The p-value of "the difference is at or above the region".
    pub p_high: f64,
}

impl Tost {
    /// The p-value of "the difference is outside the region": small means equal.
    pub fn p_value(&self) -> f64 {
        self.p_low.max(self.p_high)
    }
}

/// Tests whether a difference is inside `rope`, by its standard error and Student's t; with infinite
/// degrees of freedom, by the normal law. [`Comparison::equivalence`](crate::paired::Comparison::equivalence)
/// does the same by bootstrap.
///
/// # Errors
///
/// If the standard error is not above 0, or the region does not hold 0.
pub fn tost(estimate: f64, standard_error: f64, degrees: f64, rope: Rope) -> Result<Tost, Error> {
    rope.check()?;
    let positive = |v: f64| v > 0.0;
    error::setting("the standard error", standard_error, positive, "a number above 0")?;
    error::setting("the degrees of freedom", degrees, positive, "a number above 0")?;
    Ok(Tost {
        p_low: t_tail((estimate - rope.low) / standard_error, degrees),
        p_high: t_tail((rope.high - estimate) / standard_error, degrees),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::close;

    /// SciPy 1.17.1: `t.sf((0.002 + 0.01) / 0.004, 30)` and `t.sf((0.01 - 0.002) / 0.004, 30)`.
    #[test]
    fn two_one_sided_tests() {
        let tost = tost(0.002, 0.004, 30.0, Rope::within(0.01)).unwrap();
        close(tost.p_low, 0.0026949820328259727, 1e-9);
        close(tost.p_high, 0.027312522481491547, 1e-9);
        assert_eq!(tost.p_value(), tost.p_high);
    }

    #[test]
    fn a_region_holds_zero() {
        assert!(tost(0.0, 1.0, 9.0, Rope { low: 0.1, high: 0.2 }).is_err());
        assert!(tost(0.0, 0.0, 9.0, Rope::NONE).is_err());
        assert!(tost(0.0, 1.0, 9.0, Rope { low: f64::NAN, high: 0.2 }).is_err());
    }
}
