//! The logarithm of the gamma function and its derivative, for positive numbers.
//!
//! Stirling's series above 10, reached by the recurrence Γ(x + 1) = x Γ(x) (Abramowitz and Stegun,
//! Handbook of Mathematical Functions, 6.1.15, 6.1.41, 6.3.5, 6.3.18). Absolute error below 1e-11
//! where it is tested; that of ln Γ grows with its value.

const SERIES_FROM: f64 = 10.0;

/// ln Γ(x).
pub(super) fn ln_gamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < SERIES_FROM {
        shift += x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series =
        inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - shift
}

/// ψ(x), the derivative of ln Γ(x).
pub(super) fn digamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < SERIES_FROM {
        shift += 1.0 / x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series =
        square * (1.0 / 12.0 - square * (1.0 / 120.0 - square * (1.0 / 252.0 - square / 240.0)));
    x.ln() - 0.5 * inverse - series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let factorial_of_20 = 2_432_902_008_176_640_000.0f64;
        let cases = [
            (0.5, std::f64::consts::PI.sqrt().ln()),
            (1.0, 0.0),
            (5.0, 24f64.ln()),
            (21.0, factorial_of_20.ln()),
        ];
        for (x, expected) in cases {
            assert!((ln_gamma(x) - expected).abs() < 1e-11, "{x}");
        }
        const EULER: f64 = 0.577_215_664_901_532_9;
        let cases = [(1.0, -EULER), (0.5, -EULER - 2.0 * 2f64.ln()), (3.0, 1.5 - EULER)];
        for (x, expected) in cases {
            assert!((digamma(x) - expected).abs() < 1e-11, "{x}");
        }
    }
}
