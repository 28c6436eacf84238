//! Seeded randomness: the draws of a resample are a function of (seed, purpose, number of the
//! resample).
//!
//! The generator is ChaCha with eight rounds, counter-based: the key is the seed and the purpose, the
//! stream is the number of the resample. So a resample does not depend on those before it, and two
//! series resampled under one seed, purpose and number are cut at the same places.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// The resamples of a purpose under a seed.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    key: [u8; 32],
}

impl Source {
    /// The resamples for `purpose`, of which the first 24 bytes count, under `seed`.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        for (to, from) in key[8..].iter_mut().zip(purpose.bytes()) {
            *to = from;
        }
        Source { key }
    }

    /// The draws of one resample.
    pub(crate) fn resample(&self, number: u64) -> Draws {
        let mut generator = ChaCha8Rng::from_seed(self.key);
        generator.set_stream(number);
        Draws { generator }
    }
}

/// A sequence of random numbers.
#[derive(Debug)]
pub(crate) struct Draws {
    generator: ChaCha8Rng,
}

impl Draws {
    /// A number in [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// An integer in `0..n`. Bias is below `n` / 2^64.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.generator.next_u64()) * n as u128) >> 64) as usize
    }

    /// A draw of the exponential law with mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.uniform())
    }

    /// A draw of the standard normal law (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(2.0 * self.exponential());
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_a_function_of_seed_purpose_and_number() {
        let draw = |seed, purpose, number| {
            let mut draws = Source::new(seed, purpose).resample(number);
            (0..4).map(|_| draws.uniform()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, "blocks", 2), draw(1, "blocks", 2));
        assert_ne!(draw(1, "blocks", 2), draw(2, "blocks", 2));
        assert_ne!(draw(1, "blocks", 2), draw(1, "blocks", 3));
        assert_ne!(draw(1, "blocks", 2), draw(1, "flips", 2));
    }

    #[test]
    fn laws_have_their_moments() {
        let mut draws = Source::new(7, "moments").resample(0);
        let n = 40_000;
        let moments = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / n as f64;
            (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n as f64)
        };
        let (mean, variance) = moments(&(0..n).map(|_| draws.normal()).collect::<Vec<_>>());
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
        let (mean, variance) = moments(&(0..n).map(|_| draws.exponential()).collect::<Vec<_>>());
        assert!((mean - 1.0).abs() < 0.02 && (variance - 1.0).abs() < 0.06, "{mean} {variance}");
        let (mean, _) = moments(&(0..n).map(|_| draws.below(11) as f64).collect::<Vec<_>>());
        assert!((mean - 5.0).abs() < 0.07, "{mean}");
    }
}
