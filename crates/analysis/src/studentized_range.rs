//! The studentized range with infinite degrees of freedom: how far apart the largest and the smallest
//! of k standard normal values are.
//!
//! P(range > q) is an integral over the largest value z: k phi(z) [Phi(z)^(k-1) - (Phi(z) - Phi(z -
//! q))^(k-1)]. The integrand is smooth and vanishes at both ends, so the trapezoidal rule is exact to
//! rounding; and as the bracket is computed without subtraction, so are far tails. The quantile is found
//! by halving. R calls them `ptukey` and `qtukey`.

use crate::distributions::{normal_density, normal_tail};

/// P(range of `k` values > `q`).
pub(crate) fn tail(q: f64, k: usize) -> f64 {
    const STEP: f64 = 1.0 / 16.0;
    const REACH: i32 = 16 * 12;
    if q <= 0.0 {
        return 1.0;
    }
    let others = k as f64 - 1.0;
    let sum: f64 = (-REACH..=REACH)
        .map(|i| f64::from(i) * STEP)
        .map(|z| {
            let (below, far_below) = (normal_tail(-z), normal_tail(q - z));
            // below^others - (below - far_below)^others
            let power = libm::pow(below, others);
            let kept = libm::expm1(others * libm::log1p(-far_below / below));
            normal_density(z) * -power * kept
        })
        .sum();
    (k as f64 * STEP * sum).min(1.0)
}

/// The range that `k` values exceed with this probability.
pub(crate) fn upper_quantile(probability: f64, k: usize) -> f64 {
    let (mut low, mut high) = (0.0, 60.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if tail(middle, k) > probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}
