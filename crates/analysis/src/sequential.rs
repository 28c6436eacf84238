//! Looking at a run while it goes on, and stopping when it is clear.
//!
//! An interval made for one look is wrong for many: whoever looks often enough sees a difference that is
//! not there. A *confidence sequence* covers the truth at all times at once. With n batches, mean m and
//! standard deviation s it is
//!
//! m ± s sqrt(2 (n r² + 1) / (n² r²) ln(sqrt(n r² + 1) / alpha)),
//!
//! where r² = (-2 ln alpha + ln(1 - 2 ln alpha)) / n* makes it tightest after n* batches. I. Waudby-Smith,
//! D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas: "Time-uniform central limit theory and asymptotic
//! confidence sequences", Annals of Statistics 52(6), 2024, doi 10.1214/24-AOS2408.
//!
//! It is asymptotic, so it says nothing before [`LEAST_BATCHES`]; and it is for independent values, so it
//! takes means over batches of requests, and [`ConfidenceSequence::dependence`] says whether they are long
//! enough.

use crate::Interval;
use crate::error::{self, Error};

/// Batches before which nothing is said.
pub const LEAST_BATCHES: u64 = 20;

/// A running mean with an interval that may be looked at whenever one likes.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfidenceSequence {
    level: f64,
    /// r² above.
    mixing: f64,
    n: u64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
    first: f64,
    last: f64,
    /// Sum of products of neighbours.
    products: f64,
}

impl ConfidenceSequence {
    /// A sequence of this level, tightest after `n_expected` batches.
    ///
    /// # Errors
    ///
    /// If the level is not between 0 and 1, or no batch is expected.
    pub fn new(level: f64, n_expected: u64) -> Result<Self, Error> {
        error::inside_unit("level", level)?;
        error::at_least("batches expected", n_expected as usize, 1)?;
        let log = -2.0 * libm::log(1.0 - level);
        let mixing = (log + libm::log1p(log)) / n_expected as f64;
        Ok(ConfidenceSequence {
            level,
            mixing,
            n: 0,
            mean: 0.0,
            squares: 0.0,
            first: 0.0,
            last: 0.0,
            products: 0.0,
        })
    }

    /// Takes the difference of one more batch. One that is not finite is an error, and is not taken.
    ///
    /// # Errors
    ///
    /// If the value is not finite.
    pub fn push(&mut self, value: f64) -> Result<(), Error> {
        error::finite("batch", &[value])?;
        if self.n == 0 {
            self.first = value;
        } else {
            // Around the first value, to lose no digits.
            self.products += (self.last - self.first) * (value - self.first);
        }
        self.n += 1;
        // Welford 1962.
        let apart = value - self.mean;
        self.mean += apart / self.n as f64;
        self.squares += apart * (value - self.mean);
        self.last = value;
        Ok(())
    }

    /// Batches so far.
    pub fn n_batches(&self) -> u64 {
        self.n
    }

    /// The interval now; none before [`LEAST_BATCHES`].
    pub fn interval(&self) -> Option<Interval> {
        if self.n < LEAST_BATCHES {
            return None;
        }
        let n = self.n as f64;
        let deviation = (self.squares / (n - 1.0)).sqrt();
        let half = deviation * half_width(n, self.mixing, 1.0 - self.level);
        let (estimate, level) = (self.mean, self.level);
        Some(Interval { estimate, low: estimate - half, high: estimate + half, level })
    }

    /// Correlation of neighbouring batches. Above about 0.1 the batches are too short, and the interval
    /// is too narrow.
    pub fn dependence(&self) -> f64 {
        let n = self.n as f64;
        let center = self.mean - self.first;
        // Sums without the last and without the first batch, around the first value.
        let sum = n * center;
        let (early, late) = (sum - (self.last - self.first), sum);
        let covariance = self.products - center * (early + late) + (n - 1.0) * center * center;
        if self.squares == 0.0 { 0.0 } else { covariance / self.squares }
    }
}

/// Half the width for a standard deviation of 1.
fn half_width(n: f64, mixing: f64, alpha: f64) -> f64 {
    let grown = n * mixing + 1.0;
    let log = libm::log(grown.sqrt() / alpha);
    (2.0 * grown / (n * n * mixing) * log).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::{autoregression, close, uniform};

    fn fed(values: &[f64]) -> ConfidenceSequence {
        let mut sequence = ConfidenceSequence::new(0.95, 100).unwrap();
        values.iter().for_each(|value| sequence.push(*value).unwrap());
        sequence
    }

    /// By hand: alpha 0.05 gives -2 ln alpha = 5.99146, r² = (5.99146 + ln 6.99146) / 100 = 0.0793614; at n
    /// = 100, n r² + 1 = 8.93614 and the half-width is sqrt(2 x 8.93614 / 793.614 x ln(2.98934 / 0.05)).
    #[test]
    fn width_by_hand() {
        let sequence = ConfidenceSequence::new(0.95, 100).unwrap();
        close(sequence.mixing, 0.0793614, 1e-5);
        close(half_width(100.0, sequence.mixing, 0.05), 0.30350, 1e-3);
    }

    #[test]
    fn it_is_tightest_where_it_was_told() {
        let ratio = |n_expected| {
            let sequence = ConfidenceSequence::new(0.95, n_expected).unwrap();
            half_width(100.0, sequence.mixing, 0.05)
        };
        assert!(ratio(100) < ratio(10) && ratio(100) < ratio(1_000));
        // Looking all the time costs half as much again as looking once, not more than twice.
        let once = 1.96 / 10.0;
        assert!((1.3..2.0).contains(&(ratio(100) / once)), "{}", ratio(100) / once);
    }

    #[test]
    fn moments_are_those_of_the_values() {
        let values = uniform(4, 60);
        let sequence = fed(&values);
        let mean = values.iter().sum::<f64>() / 60.0;
        close(sequence.mean, mean, 1e-12);
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        close(sequence.squares, squares, 1e-12);
        let neighbours: f64 = values.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum();
        assert!((sequence.dependence() - neighbours / squares).abs() < 1e-12);
        assert!(fed(&autoregression(2, 300, 0.8)).dependence() > 0.6);
    }

    #[test]
    fn it_says_nothing_early() {
        assert_eq!(fed(&uniform(4, 19)).interval(), None);
        assert!(fed(&uniform(4, 20)).interval().is_some());
        assert_eq!(fed(&[]).dependence(), 0.0);
        assert!(ConfidenceSequence::new(0.95, 0).is_err());
        assert!(fed(&[]).push(f64::INFINITY).is_err());
    }
}
