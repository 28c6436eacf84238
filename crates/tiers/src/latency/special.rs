//! Distribution functions that `libm` lacks, from its `erfc`, `lgamma`, `exp` and `log`.

use std::f64::consts::FRAC_1_SQRT_2;

/// A probability and its complement, each exact where it is small.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tails {
    /// Probability of a value at most this large.
    pub(super) below: f64,
    /// Probability of a larger one.
    pub(super) above: f64,
}

impl Tails {
    /// Everything lies above.
    pub(super) const NONE_BELOW: Tails = Tails { below: 0.0, above: 1.0 };
}

/// The standard normal distribution.
pub(super) fn normal(z: f64) -> Tails {
    let half_erfc = |z: f64| 0.5 * libm::erfc(z * FRAC_1_SQRT_2);
    Tails { below: half_erfc(-z), above: half_erfc(z) }
}

/// The gamma distribution of scale 1: the regularised incomplete gamma functions P and Q.
///
/// Below `shape` + 1 by the series of P, above by the continued fraction of Q, evaluated by Lentz's
/// method (Abramowitz and Stegun 6.5.29 and 6.5.31). Some sqrt(shape) terms are needed near
/// the middle.
pub(super) fn gamma(shape: f64, x: f64) -> Tails {
    const ENOUGH: f64 = 1e-16;
    const MOST_TERMS: usize = 10_000;
    if x <= 0.0 {
        return Tails::NONE_BELOW;
    }
    let front = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    if x < shape + 1.0 {
        let mut term = 1.0 / shape;
        let mut sum = term;
        for n in 1..MOST_TERMS {
            term *= x / (shape + n as f64);
            sum += term;
            if term < sum * ENOUGH {
                break;
            }
        }
        let below = (front * sum).min(1.0);
        return Tails { below, above: 1.0 - below };
    }
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - shape;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for n in 1..MOST_TERMS {
        let a = -(n as f64) * (n as f64 - shape);
        b += 2.0;
        d = 1.0 / (a * d + b + TINY);
        c = b + a / c + TINY;
        let factor = c * d;
        fraction *= factor;
        if (factor - 1.0).abs() < 3.0 * ENOUGH {
            break;
        }
    }
    let above = (front * fraction).min(1.0);
    Tails { below: 1.0 - above, above }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(ours: f64, theirs: f64) {
        assert!((ours / theirs - 1.0).abs() < 1e-12, "{ours} {theirs}");
    }

    #[test]
    fn normal_as_tabulated() {
        near(normal(0.0).below, 0.5);
        // Abramowitz and Stegun, table 26.1.
        near(normal(1.0).below, 0.841_344_746_068_543);
        near(normal(3.0).above, 1.349_898_031_630_095e-3);
        near(normal(-3.0).below, normal(3.0).above);
        // The far tail keeps its digits.
        near(normal(10.0).above, 7.619_853_024_160_527e-24);
    }

    #[test]
    fn gamma_of_whole_shapes_is_a_sum_of_poisson_terms() {
        // Q(n, x) = e^-x (1 + x + ... + x^(n-1) / (n-1)!).
        for n in [1u32, 2, 5, 20] {
            for x in [0.1, 1.0, 4.0, 20.0, 60.0] {
                let mut term = libm::exp(-x);
                let mut above = 0.0;
                for i in 0..n {
                    above += term;
                    term *= x / f64::from(i + 1);
                }
                let ours = gamma(f64::from(n), x);
                assert!((ours.above - above).abs() < 1e-14, "{n} {x}: {} {above}", ours.above);
                assert!((ours.below + ours.above - 1.0).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn gamma_of_shape_one_half_is_the_square_of_a_normal() {
        // P(1/2, z^2 / 2) = P(|Z| <= z).
        for z in [0.01, 0.5, 1.0, 2.0, 5.0] {
            let ours = gamma(0.5, z * z / 2.0);
            near(ours.below, 1.0 - 2.0 * normal(z).above);
            near(ours.above, 2.0 * normal(z).above);
        }
    }

    #[test]
    fn gamma_of_large_shapes_is_nearly_normal() {
        // Wilson and Hilferty's cube root (1931) is good to some 1e-4 there.
        for x in [900.0f64, 1000.0, 1100.0] {
            let shape = 1000.0;
            let z = (libm::cbrt(x / shape) - 1.0 + 1.0 / (9.0 * shape)) * libm::sqrt(9.0 * shape);
            assert!((gamma(shape, x).below - normal(z).below).abs() < 1e-4, "{x}");
        }
    }
}
