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
    // In steps: the largest value is hardly ever below -12, and in a far tail about q / 2.
    const PLACES: std::ops::Range<i32> = -12 * 16..32 * 16;
    if q <= 0.0 {
        return 1.0;
    }
    let others = k as f64 - 1.0;
    let sum: f64 = PLACES
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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::close;

    /// SciPy 1.17.1 `studentized_range` with infinite degrees of freedom: quantiles at 0.95, 0.9 and 0.99, and
    /// `sf(3)`. R's `qtukey(0.95, 3, Inf)` is 3.314493.
    #[test]
    fn quantiles_and_tails_agree_with_scipy() {
        for (k, q95, q90, q99, tail_3) in [
            (2, 2.771807648699355, 2.3261743073533476, 3.642772735436894, 0.03389485352468935),
            (3, 3.314493155398122, 2.9023802134282515, 4.12030320646012, 0.08554257165495793),
            (4, 3.6331595749026278, 3.240446220927359, 4.402800861448699, 0.14627148104765975),
            (5, 3.857655510378623, 3.478280550703068, 4.602821042201571, 0.21087650496353805),
            (10, 4.474124221725907, 4.129346398236873, 5.156634960089622, 0.5121840739708068),
            (20, 5.0116887941184425, 4.694104409490512, 5.6452146979858515, 0.8462564661943723),
            (50, 5.646026026380527, 5.356686875267444, 6.228392608582205, 0.9968571890576053),
        ] {
            close(upper_quantile(0.05, k), q95, 1e-7);
            close(upper_quantile(0.1, k), q90, 1e-7);
            close(upper_quantile(0.01, k), q99, 1e-7);
            close(tail(3.0, k), tail_3, 1e-9);
        }
    }

    /// Of two values the range is a normal one with twice the variance.
    #[test]
    fn far_tails_keep_their_digits() {
        for q in [0.1, 3.0, 12.0, 25.0] {
            let expected = 2.0 * crate::distributions::normal_tail(q / 2.0_f64.sqrt());
            close(tail(q, 2), expected, 1e-12);
        }
        assert_eq!(tail(0.0, 5), 1.0);
    }
}
