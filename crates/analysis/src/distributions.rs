//! Distributions, by `statrs`, which only this file knows.
//!
//! `statrs` calls the system's `ln` and `exp`, whose last bits differ between machines. So what it
//! returns is rounded to 40 significant bits (12 digits): finer than any use, and the same everywhere
//! but for a value that lies on the border of rounding by accident. The normal law, which is summed
//! over, is computed with `libm` instead.
//!
//! Tails are asked for as such (`sf`): one minus a probability is 0 in the far tail.

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor, Normal, StudentsT};

/// P(X > `x`) of the standard normal law.
pub(crate) fn normal_tail(x: f64) -> f64 {
    0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2)
}

/// Density of the standard normal law.
pub(crate) fn normal_density(x: f64) -> f64 {
    const ONE_BY_ROOT_TAU: f64 = 0.398_942_280_401_432_7;
    ONE_BY_ROOT_TAU * libm::exp(-0.5 * x * x)
}

/// The value that the standard normal law stays below with this probability.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    rounded(Normal::standard().inverse_cdf(probability))
}

/// P(|T| > |`t`|) of Student's law; with infinite degrees of freedom, of the normal law.
pub(crate) fn t_two_sided(t: f64, degrees: f64) -> f64 {
    2.0 * t_tail(t.abs(), degrees)
}

/// P(T > `t`) of Student's law; with infinite degrees of freedom, of the normal law.
pub(crate) fn t_tail(t: f64, degrees: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees) {
        Ok(_) if t.is_nan() => f64::NAN,
        Ok(_) if t.is_infinite() => f64::from(u8::from(t < 0.0)),
        Ok(law) if degrees.is_finite() => rounded(law.sf(t)),
        _ => normal_tail(t),
    }
}

/// The value that Student's law stays below with this probability.
pub(crate) fn t_quantile(probability: f64, degrees: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees) {
        Ok(law) if degrees.is_finite() => rounded(law.inverse_cdf(probability)),
        _ => normal_quantile(probability),
    }
}

/// P(X > `x`) of the chi-squared law.
pub(crate) fn chi_squared_tail(x: f64, degrees: f64) -> f64 {
    ChiSquared::new(degrees).map_or(f64::NAN, |law| rounded(law.sf(x)))
}

/// P(X > `x`) of the F law.
pub(crate) fn f_tail(x: f64, above: f64, below: f64) -> f64 {
    if x == f64::INFINITY {
        return 0.0;
    }
    FisherSnedecor::new(above, below).map_or(f64::NAN, |law| rounded(law.sf(x)))
}

/// The nearest number with 40 significant bits.
fn rounded(x: f64) -> f64 {
    const DROPPED: u64 = 1 << 13;
    if !x.is_finite() {
        return x;
    }
    // A carry out of the mantissa goes into the exponent, which is what rounding up means.
    f64::from_bits((x.to_bits() + DROPPED / 2) & !(DROPPED - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64) {
        assert!((value / expected - 1.0).abs() < 1e-10, "{value} is not {expected}");
    }

    /// Values of SciPy 1.17.1: `norm.sf`, `norm.ppf`, `t.sf`, `t.ppf`, `chi2.sf`, `f.sf`.
    #[test]
    fn laws_agree_with_scipy() {
        close(normal_tail(1.96), 0.024997895148220435);
        close(normal_tail(9.0), 1.1285884059538324e-19);
        close(normal_density(1.5), 0.12951759566589174);
        close(normal_quantile(0.975), 1.959963984540054);
        close(normal_quantile(0.8), 0.8416212335729143);
        close(t_tail(2.1, 7.0), 0.036935598106461326);
        close(t_tail(-1.3, 3.0), 0.8577662456360515);
        close(t_tail(25.0, 19.0), 2.663429593673508e-16);
        close(t_tail(1.96, f64::INFINITY), 0.024997895148220435);
        close(t_quantile(0.975, 1.0), 12.706204736174694);
        close(t_quantile(0.975, 9.0), 2.262157162798205);
        close(t_quantile(0.995, 199.0), 2.600760216058516);
        close(chi_squared_tail(9.28, 3.0), 0.025790724198756772);
        close(chi_squared_tail(200.0, 5.0), 2.8406228986415534e-41);
        close(f_tail(3.69, 3.0, 39.0), 0.01974409968948888);
        close(f_tail(40.0, 2.0, 100.0), 1.7233549853680297e-13);
    }

    #[test]
    fn rounding_keeps_twelve_digits() {
        assert_eq!(rounded(0.5), 0.5);
        assert_eq!(rounded(f64::from_bits(1.0f64.to_bits() - 1)), 1.0);
        assert_eq!(rounded(1.0 + f64::EPSILON), 1.0);
        assert!((rounded(std::f64::consts::PI) / std::f64::consts::PI - 1.0).abs() < 1e-12);
    }
}
