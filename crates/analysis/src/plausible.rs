//! What the truth may be: the values that resamples leave plausible.

use crate::{Interval, Rope};

/// Values of a quantity, one a resample, in order: a confidence distribution. Its quantiles are the
/// ends of intervals, its tails are p-values.
#[derive(Debug, Clone, PartialEq)]
pub struct Plausible {
    sorted: Vec<f64>,
}

impl Plausible {
    pub(crate) fn new(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        Plausible { sorted: values }
    }

    /// The interval around `estimate` that leaves out as many values on either side.
    pub fn interval(&self, estimate: f64, level: f64) -> Interval {
        let tail = (1.0 - level) / 2.0;
        Interval { estimate, low: self.quantile(tail), high: self.quantile(1.0 - tail), level }
    }

    /// The value below which a share of all lies: number `share` x (n + 1), with interpolation.
    pub fn quantile(&self, share: f64) -> f64 {
        let n = self.sorted.len();
        // Rounded, because (n + 1) x 0.975 should be a whole number where it is one.
        let place = (share * (n as f64 + 1.0) * 1e9).round() / 1e9 - 1.0;
        let place = place.clamp(0.0, n as f64 - 1.0);
        let (below, above) =
            (self.sorted[place.floor() as usize], self.sorted[place.ceil() as usize]);
        // From minus infinity there is no way up.
        let stays = below == above || below == f64::NEG_INFINITY;
        if stays { below } else { below + place.fract() * (above - below) }
    }

    /// Share of values above `x`; those equal to it count half.
    pub fn share_above(&self, x: f64) -> f64 {
        let (below, upto) = self.ranks(x);
        let n = self.sorted.len();
        ((n - upto) as f64 + (upto - below) as f64 / 2.0) / n as f64
    }

    /// The two-sided p-value of "the truth is `x`", never 0: the resample that is the data counts.
    pub fn p_value(&self, x: f64) -> f64 {
        let (below, upto) = self.ranks(x);
        let n = self.sorted.len();
        let tail = upto.min(n - below);
        (2.0 * (tail as f64 + 1.0) / (n as f64 + 1.0)).min(1.0)
    }

    /// The p-value of "the truth is not inside `rope`", by two one-sided tests: the larger of theirs.
    pub fn equivalence(&self, rope: Rope) -> f64 {
        let n = self.sorted.len();
        let (_, upto) = self.ranks(rope.low);
        let (below, _) = self.ranks(rope.high);
        (upto.max(n - below) as f64 + 1.0) / (n as f64 + 1.0)
    }

    /// The same spread around `center` times `factor`.
    pub(crate) fn stretched(mut self, center: f64, factor: f64) -> Self {
        self.sorted.iter_mut().for_each(|value| *value = center + (*value - center) * factor);
        self
    }

    /// How many values are below `x`, and how many are not above it.
    fn ranks(&self, x: f64) -> (usize, usize) {
        let below = self.sorted.partition_point(|value| *value < x);
        (below, self.sorted.partition_point(|value| *value <= x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_tails_by_hand() {
        let plausible = Plausible::new((1..=39).rev().map(f64::from).collect());
        let interval = plausible.interval(20.0, 0.95);
        assert_eq!((interval.low, interval.high), (1.0, 39.0));
        let interval = plausible.interval(20.0, 0.9);
        assert_eq!((interval.low, interval.high), (2.0, 38.0));
        assert_eq!(plausible.quantile(0.5125), 20.5);
        let unbounded = Plausible::new(vec![f64::NEG_INFINITY, 1.0, f64::INFINITY]);
        assert_eq!(unbounded.quantile(0.3), f64::NEG_INFINITY);
        assert_eq!(unbounded.quantile(0.7), f64::INFINITY);
        assert_eq!(plausible.share_above(19.0), 20.5 / 39.0);
        assert_eq!(plausible.share_above(0.5), 1.0);
        // Two of 39 are not above 2.5, and the data are a third: 2 x 3 / 40.
        assert_eq!(plausible.p_value(2.5), 0.15);
        assert_eq!(plausible.p_value(20.0), 1.0);
        assert_eq!(plausible.p_value(0.0), 0.05);
    }

    #[test]
    fn what_is_always_the_same_is_certain() {
        let plausible = Plausible::new(vec![3.0; 99]);
        assert_eq!(plausible.interval(3.0, 0.95).low, 3.0);
        assert_eq!(plausible.p_value(3.0), 1.0);
        assert_eq!(plausible.p_value(2.0), 0.02);
    }
}
