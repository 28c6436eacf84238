//! Counter-based randomness: draw number *n* of a named stream is a pure function of
//! (seed, name, n).
//!
//! Adding a tier or a strategy therefore never shifts another's draws, so strategies are compared
//! under common random numbers, and any thread may compute any draw. The generator is
//! Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
//! SC '11, doi 10.1145/2063384.2063405), which passes BigCrush; the published known answers are a
//! test below. A draw costs ten multiplication rounds.

mod lanes;

use std::convert::Infallible;

use rand::TryRng;

/// A named stream of random numbers under a seed.
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u32; 2],
    domain: u64,
    next: u64,
}

impl Stream {
    /// The stream called `purpose` of the run seeded with `seed`.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let digest = blake3::hash(purpose.as_bytes());
        let mut domain = [0; 8];
        domain.copy_from_slice(&digest.as_bytes()[..8]);
        Stream {
            key: [seed as u32, (seed >> 32) as u32],
            domain: u64::from_le_bytes(domain),
            next: 0,
        }
    }

    /// Draw number `n`, 64 uniform bits, whatever was drawn before.
    #[inline]
    pub fn bits_at(&self, n: u64) -> u64 {
        bits(n, self.domain, self.key)
    }

    /// Draw number `n` as a number in [0, 1).
    #[inline]
    pub fn uniform_at(&self, n: u64) -> f64 {
        unit_interval(self.bits_at(n))
    }

    /// Draws `first` to `first + 7` as numbers in [0, 1), each for two thirds of what it costs alone.
    #[inline]
    pub fn eight_uniforms_at(&self, first: u64) -> [f64; 8] {
        let (low, high) = (self.four_bits_at(first), self.four_bits_at(first.wrapping_add(4)));
        std::array::from_fn(|n| unit_interval(if n < 4 { low[n] } else { high[n - 4] }))
    }

    #[inline]
    fn four_bits_at(&self, first: u64) -> [u64; 4] {
        lanes::four_bits(
            std::array::from_fn(|n| first.wrapping_add(n as u64)),
            self.domain,
            self.key,
        )
    }

    /// The next draw as a number in [0, 1).
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        unit_interval(self.advance())
    }

    /// The next draw as an integer in `0..n`. Bias is below `n` / 2^64.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.advance()) * u128::from(n)) >> 64) as u64
    }

    #[inline]
    fn advance(&mut self) -> u64 {
        let bits = self.bits_at(self.next);
        self.next += 1;
        bits
    }
}

#[inline]
fn bits(n: u64, domain: u64, key: [u32; 2]) -> u64 {
    let counter = [n as u32, (n >> 32) as u32, domain as u32, (domain >> 32) as u32];
    let out = philox4x32_10(counter, key);
    u64::from(out[0]) | u64::from(out[1]) << 32
}

/// The 53 high bits of a draw as a number in [0, 1).
#[inline]
fn unit_interval(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

impl TryRng for Stream {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.advance() as u32)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.advance())
    }
    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        for chunk in dst.chunks_mut(8) {
            let bytes = self.advance().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// The key of the round after one with this key.
#[inline]
fn next_key(key: [u32; 2]) -> [u32; 2] {
    [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])]
}

#[inline]
fn philox4x32_10(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let a = u64::from(MULTIPLIERS[0]) * u64::from(counter[0]);
        let b = u64::from(MULTIPLIERS[1]) * u64::from(counter[2]);
        counter = [
            (b >> 32) as u32 ^ counter[1] ^ key[0],
            b as u32,
            (a >> 32) as u32 ^ counter[3] ^ key[1],
            a as u32,
        ];
        key = next_key(key);
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of the Random123 distribution (kat_vectors, philox4x32 10 rounds).
    #[test]
    fn philox_known_answers() {
        assert_eq!(
            philox4x32_10([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32_10([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32_10(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn streams_are_pure_named_and_uniform() {
        let mut sequential = Stream::new(7, "latency");
        let by_index = Stream::new(7, "latency");
        for n in 0..100 {
            assert_eq!(sequential.uniform(), by_index.uniform_at(n));
        }
        for first in [0, 1, 77, (1 << 32) - 3, u64::MAX - 3] {
            let one = |n: u64| by_index.uniform_at(first.wrapping_add(n));
            assert_eq!(by_index.eight_uniforms_at(first), [0, 1, 2, 3, 4, 5, 6, 7].map(one));
        }
        assert_ne!(by_index.bits_at(0), Stream::new(7, "faults").bits_at(0));
        assert_ne!(by_index.bits_at(0), Stream::new(8, "latency").bits_at(0));
        let mean = (0..10_000).map(|n| by_index.uniform_at(n)).sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}
