//! Zipf-distributed ranks in O(1) time and memory, exact for every exponent of at least 0.
//!
//! Rejection-inversion (Hörmann and Derflinger: "Rejection-inversion to generate variates from
//! monotone discrete distributions", ACM TOMACS 6(3), 1996, doi 10.1145/235025.235029): invert the
//! integral of the continuous hat x^-s, round to the nearest rank, and reject the little by which
//! the hat exceeds the bar of that rank. Most
//! draws are accepted without computing the bar.

use crate::stream::Stream;

/// Ranks `0..n`, rank k with probability proportional to (k + 1)^-exponent.
#[derive(Debug, Clone)]
pub(super) struct Zipf {
    n: u64,
    exponent: f64,
    /// The hat's integral where the first rank's bar begins, shrunk so that rank 1 never rejects.
    low: f64,
    /// The hat's integral at the far end, n + 1/2.
    high: f64,
    /// A rank that exceeds its draw by no more than this is accepted without a look at its bar.
    sure: f64,
}

impl Zipf {
    /// # Panics
    /// If there are no ranks or the exponent is negative or not finite.
    pub(super) fn new(n: u64, exponent: f64) -> Self {
        assert!(n > 0 && exponent >= 0.0 && exponent.is_finite(), "Zipf({n}, {exponent})");
        let hat = Hat { exponent };
        Zipf {
            n,
            exponent,
            low: hat.integral(1.5) - 1.0,
            high: hat.integral(n as f64 + 0.5),
            sure: 2.0 - hat.inverse(hat.integral(2.5) - hat.at(2.0)),
        }
    }

    /// The next rank, from 0.
    #[inline]
    pub(super) fn draw(&self, stream: &mut Stream) -> u64 {
        let hat = Hat { exponent: self.exponent };
        loop {
            let u = self.high + stream.uniform() * (self.low - self.high);
            let x = hat.inverse(u);
            // The cast cuts off, which rounds down, and makes an infinite x the last rank.
            let rank = ((x + 0.5) as u64).clamp(1, self.n) as f64;
            if rank - x <= self.sure || u >= hat.integral(rank + 0.5) - hat.at(rank) {
                return rank as u64 - 1;
            }
        }
    }
}

/// x^-exponent and its integral from 1.
#[derive(Clone, Copy)]
struct Hat {
    exponent: f64,
}

impl Hat {
    fn at(self, x: f64) -> f64 {
        libm::pow(x, -self.exponent)
    }

    /// (x^(1-s) - 1) / (1-s), which is ln x at s = 1.
    #[inline]
    fn integral(self, x: f64) -> f64 {
        let log = libm::log(x);
        let t = (1.0 - self.exponent) * log;
        log * if t.abs() > SMALL { libm::expm1(t) / t } else { 1.0 + t / 2.0 * (1.0 + t / 3.0) }
    }

    /// The x whose integral is `y`.
    #[inline]
    fn inverse(self, y: f64) -> f64 {
        // Rounding can push t below -1, where the logarithm ends.
        let t = (y * (1.0 - self.exponent)).max(-1.0);
        let ratio = if t.abs() > 0.5 {
            // 1 + t loses no digits here, and a plain logarithm is several times faster.
            libm::log(1.0 + t) / t
        } else if t.abs() > SMALL {
            libm::log1p(t) / t
        } else {
            1.0 - t * (0.5 - t / 3.0)
        };
        libm::exp(y * ratio)
    }
}

/// Below this, two terms of the series are as exact as a double.
const SMALL: f64 = 1e-8;

#[cfg(test)]
mod tests {
    use super::*;

    /// Pearson's statistic of `draws` draws against the exact law, over its degrees of freedom.
    fn chi_square_per_rank(n: u64, exponent: f64, draws: u64) -> f64 {
        let mut stream = Stream::new(11, "zipf");
        let zipf = Zipf::new(n, exponent);
        let mut counts = vec![0u64; n as usize];
        for _ in 0..draws {
            counts[zipf.draw(&mut stream) as usize] += 1;
        }
        let weight = |rank: usize| ((rank + 1) as f64).powf(-exponent);
        let total: f64 = (0..n as usize).map(weight).sum();
        let terms = counts.iter().enumerate().map(|(rank, count)| {
            let expected = draws as f64 * weight(rank) / total;
            (*count as f64 - expected).powi(2) / expected
        });
        terms.sum::<f64>() / (n - 1) as f64
    }

    #[test]
    fn ranks_follow_the_exact_law() {
        // Under the law the statistic is 1 with standard deviation sqrt(2 / 199) = 0.10.
        for exponent in [0.0, 0.3, 0.7, 0.9, 1.0, 1.0 + 1e-9, 1.1, 1.5] {
            let statistic = chi_square_per_rank(200, exponent, 400_000);
            assert!((0.6..1.4).contains(&statistic), "{exponent}: {statistic}");
        }
    }

    #[test]
    fn the_edges_hold() {
        let mut stream = Stream::new(1, "zipf");
        assert!((0..100).all(|_| Zipf::new(1, 1.0).draw(&mut stream) == 0));
        assert!((0..100).all(|_| Zipf::new(2, 50.0).draw(&mut stream) == 0));
        let wide = Zipf::new(1 << 40, 0.0);
        assert!((0..100).all(|_| wide.draw(&mut stream) < 1 << 40));
    }

    #[test]
    fn values_are_stable() {
        let first = |exponent| {
            let zipf = Zipf::new(1_000_000, exponent);
            let mut stream = Stream::new(1, "zipf");
            [(); 6].map(|_| zipf.draw(&mut stream))
        };
        assert_eq!(first(0.0), [108159, 925171, 778176, 24283, 806810, 205512]);
        assert_eq!(first(0.8), [97, 693251, 308788, 2, 365328, 973]);
        assert_eq!(first(1.0), [2, 340179, 40904, 0, 61798, 10]);
        assert_eq!(first(1.2), [0, 17114, 424, 0, 727, 1]);
    }
}
