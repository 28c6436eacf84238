//! What a run can find out, before it is made.
//!
//! With a standard error known from a pilot, the smallest difference that a test at level alpha finds with
//! a probability of `power` is (z(1 - alpha / 2) + z(power)) standard errors: 2.80 of them for 5 % and 80
//! %. Standard errors fall with the square root of the windows, and those of the pilot already hold its
//! dependence. J. Cohen: Statistical Power Analysis for the Behavioral Sciences, 2nd edition, 1988.

use crate::distributions::{normal_quantile, normal_tail};
use crate::error::{self, Error};

/// What a test is asked to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// How often it may see a difference where there is none.
    pub alpha: f64,
    /// How often it must see a difference that is there.
    pub power: f64,
}

impl Default for Demand {
    /// 5 % and 80 %.
    fn default() -> Self {
        Demand { alpha: 0.05, power: 0.8 }
    }
}

impl Demand {
    /// Standard errors that a difference must be away from 0.
    fn standard_errors(&self) -> Result<f64, Error> {
        error::inside_unit("alpha", self.alpha)?;
        error::inside_unit("power", self.power)?;
        Ok(normal_quantile(1.0 - self.alpha / 2.0) + normal_quantile(self.power))
    }

    /// The smallest difference that is found.
    ///
    /// # Errors
    ///
    /// If alpha or power is not between 0 and 1, or the standard error is negative.
    pub fn minimum_detectable(&self, standard_error: f64) -> Result<f64, Error> {
        error::not_negative("standard error", &[standard_error])?;
        Ok(self.standard_errors()? * standard_error)
    }

    /// Requests (or windows) needed to find a difference of `effect`, if `n` of them gave
    /// `standard_error`. Rounded up.
    ///
    /// # Errors
    ///
    /// As above, and if the effect is 0.
    pub fn needed(&self, effect: f64, n: u64, standard_error: f64) -> Result<u64, Error> {
        error::setting("effect", effect, |e| e != 0.0 && e.is_finite(), "other than 0")?;
        let ratio = self.minimum_detectable(standard_error)? / effect;
        Ok((n as f64 * ratio * ratio).ceil() as u64)
    }
}

/// How often a two-sided test at level `alpha` sees a difference of `effect`.
///
/// # Errors
///
/// If alpha is not between 0 and 1, or the standard error is not above 0.
pub fn power(effect: f64, standard_error: f64, alpha: f64) -> Result<f64, Error> {
    error::inside_unit("alpha", alpha)?;
    error::setting("standard error", standard_error, |e| e > 0.0, "a number above 0")?;
    let limit = normal_quantile(1.0 - alpha / 2.0);
    let shift = effect / standard_error;
    Ok(normal_tail(limit - shift) + normal_tail(limit + shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::close;

    #[test]
    fn two_point_eight_standard_errors() {
        let demand = Demand::default();
        close(
            demand.minimum_detectable(1.0).unwrap(),
            1.959963984540054 + 0.8416212335729143,
            1e-11,
        );
        // A difference of half that takes four times the requests.
        let smallest = demand.minimum_detectable(0.01).unwrap();
        assert_eq!(demand.needed(smallest / 2.0, 1_000, 0.01).unwrap(), 4_000);
        assert!(demand.needed(0.0, 1_000, 0.01).is_err());
        assert!(Demand { alpha: 0.0, power: 0.8 }.minimum_detectable(1.0).is_err());
    }

    /// SciPy 1.17.1: `norm.sf(norm.ppf(0.975) - 2) + norm.sf(norm.ppf(0.975) + 2)`.
    #[test]
    fn power_of_a_difference() {
        close(power(2.0, 1.0, 0.05).unwrap(), 0.5160052739761748, 1e-11);
        close(power(-2.0, 1.0, 0.05).unwrap(), 0.5160052739761748, 1e-11);
        close(power(0.0, 1.0, 0.05).unwrap(), 0.05, 1e-11);
        let smallest = Demand::default().minimum_detectable(3.0).unwrap();
        close(power(smallest, 3.0, 0.05).unwrap(), 0.8, 1e-4);
    }
}
