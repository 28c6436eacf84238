//! Quantiles of a law: its distribution function inverted.
//!
//! The equation ln P(x) = ln p is solved in ln x, where it is nearly straight in the tails: brackets
//! are widened from a guess and closed by false position with the Illinois rule (Dowell and Jarratt
//! 1971, doi 10.1007/BF01934364). Each tail is solved in its own small probability, so that quantiles
//! keep their digits at both ends.

use super::LONGEST;
use super::law::Curve;

/// From which end a probability counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// The share of latencies that are at most as long.
    Below,
    /// The share of latencies that are longer.
    Above,
}

/// The logarithm of the latency in nanoseconds that leaves the share `p` in the tail, cut to lie
/// between 1 ns and [`LONGEST`]. `near` is where to look first.
pub(super) fn ln_quantile(curve: &Curve, tail: Tail, p: f64, near: f64) -> f64 {
    let most = libm::log(LONGEST.0 as f64);
    let ln_p = libm::log(p);
    // Rises with y.
    let gap = |y: f64| {
        let tails = curve.tails(libm::exp(y));
        match tail {
            Tail::Below => libm::log(tails.below) - ln_p,
            Tail::Above => ln_p - libm::log(tails.above),
        }
    };
    let mut low = near.clamp(0.0, most);
    let mut high = low;
    let (mut at_low, mut at_high) = (gap(low), gap(high));
    let mut width = 1.0 / 64.0;
    while at_low > 0.0 {
        if low == 0.0 {
            return 0.0;
        }
        (high, at_high) = (low, at_low);
        low = (low - width).max(0.0);
        at_low = gap(low);
        width *= 2.0;
    }
    while at_high < 0.0 {
        if high == most {
            return most;
        }
        (low, at_low) = (high, at_high);
        high = (high + width).min(most);
        at_high = gap(high);
        width *= 2.0;
    }
    close(low, at_low, high, at_high, gap)
}

/// The root of a rising function between two points that bracket it.
fn close(
    mut low: f64,
    mut at_low: f64,
    mut high: f64,
    mut at_high: f64,
    gap: impl Fn(f64) -> f64,
) -> f64 {
    // In ln x, and in ln p.
    const CLOSE_ENOUGH: f64 = 1e-11;
    const MOST_STEPS: usize = 200;
    // The steps in a row that moved the same end, above 0 for the lower.
    let mut same_end = 0i32;
    for _ in 0..MOST_STEPS {
        if high - low <= CLOSE_ENOUGH || at_low.abs() <= CLOSE_ENOUGH {
            return low;
        }
        if at_high.abs() <= CLOSE_ENOUGH {
            return high;
        }
        let straight = (low * at_high - high * at_low) / (at_high - at_low);
        let inside = straight > low && straight < high;
        // Also where an end is infinite, and where one end does not move.
        let y = if inside && same_end.abs() < 4 { straight } else { 0.5 * (low + high) };
        let at_y = gap(y);
        if at_y < 0.0 {
            (low, at_low) = (y, at_y);
            same_end = if same_end > 0 { same_end + 1 } else { 1 };
            at_high *= if same_end > 1 { 0.5 } else { 1.0 };
        } else {
            (high, at_high) = (y, at_y);
            same_end = if same_end < 0 { same_end - 1 } else { -1 };
            at_low *= if same_end < -1 { 0.5 } else { 1.0 };
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::super::law::tests::examples;
    use super::*;

    #[test]
    fn quantiles_lead_back_to_their_probability() {
        for curve in examples() {
            for p in [1e-15, 1e-9, 1e-3, 0.1, 0.3, 0.5] {
                let above = libm::exp(ln_quantile(&curve, Tail::Above, p, 16.0));
                let back = curve.tails(above).above;
                assert!((back / p - 1.0).abs() < 1e-6, "{curve:?} {p} {back}");
                let below = libm::exp(ln_quantile(&curve, Tail::Below, p, 16.0));
                let (back, beyond) =
                    (curve.tails(below).below, curve.tails(below * (1.0 + 1e-9)).below);
                // A billionth above a shift may already be more probable than p.
                let near = (back / p - 1.0).abs() < 1e-4;
                assert!(near || (back < p && p < beyond), "{curve:?} {p} {back}");
            }
        }
    }

    #[test]
    fn quantiles_are_those_of_the_formula() {
        let weibull = Curve::Weibull { shift: 0.0, shape: 2.0, scale: 1e6 };
        for p in [1e-12, 1e-3, 0.5] {
            let formula = libm::log(1e6 * libm::pow(-libm::log(p), 0.5));
            assert!((ln_quantile(&weibull, Tail::Above, p, 0.0) - formula).abs() < 1e-10);
        }
    }

    #[test]
    fn latencies_are_cut_at_a_nanosecond_and_a_day() {
        let small = Curve::Weibull { shift: 0.0, shape: 0.1, scale: 10.0 };
        assert_eq!(ln_quantile(&small, Tail::Below, 1e-15, 10.0), 0.0);
        let heavy = Curve::Burr { shift: 0.0, scale: 1e9, c: 0.5, k: 1.0 };
        assert_eq!(ln_quantile(&heavy, Tail::Above, 1e-15, 10.0), libm::log(LONGEST.0 as f64));
    }
}
