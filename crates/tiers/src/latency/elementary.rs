//! `exp` and `ln` for the ranges that a draw needs: the same bits on every machine, in a third of the time.
//!
//! Both look up the nearest of 64 places in a table and add a short Taylor polynomial (Tang 1989,
//! doi 10.1145/63522.214389, without its last half bit). Tables and functions use additions, multiplications
//! and divisions alone, which IEEE 754 defines to the bit. They agree with `libm` to a few units in the
//! last place, which a latency rounded to whole nanoseconds does not show: a test draws millions.

use std::f64::consts::LN_2;

/// Places in a table: the first bits of a fraction.
const PLACE_BITS: u32 = 6;
const N_PLACES: usize = 1 << PLACE_BITS;

/// 2^(i/64).
static POWERS: [f64; N_PLACES] = {
    let mut powers = [0.0; N_PLACES];
    let mut i = 0;
    while i < N_PLACES {
        let x = LN_2 * i as f64 / N_PLACES as f64;
        let mut n = 25;
        let mut sum = 1.0;
        while n > 0 {
            sum = 1.0 + sum * x / n as f64;
            n -= 1;
        }
        powers[i] = sum;
        i += 1;
    }
    powers
};

/// ln 2 / 64 in two parts: the first has few bits, so that its multiples are exact.
const STEP_HIGH: f64 = f64::from_bits((LN_2 / N_PLACES as f64).to_bits() >> 20 << 20);
/// ln 2 is 0.6931471805599453 and 2.319046813846299e-17.
const STEP_LOW: f64 =
    (LN_2 / N_PLACES as f64 - STEP_HIGH) + 2.319_046_813_846_3e-17 / N_PLACES as f64;

/// Numbers from here to twice as far are whole, and their last bits are those of an integer: adding
/// this rounds in a fraction of the time that a conversion takes.
const WHOLE: f64 = (1u64 << 52) as f64;

/// e to the power of `y` to the nearest whole number, for 0 <= `y` <= 33.
#[inline]
pub(super) fn exp_rounded(y: f64) -> u64 {
    (exp(y) + WHOLE).to_bits() - WHOLE.to_bits()
}

/// e to the power of `y`, for 0 <= `y` <= 700.
#[inline]
fn exp(y: f64) -> f64 {
    // e^y = 2^(k / 64) e^r with |r| <= ln 2 / 128.
    let shifted = y * (N_PLACES as f64 / LN_2) + WHOLE;
    let k = shifted.to_bits() - WHOLE.to_bits();
    let whole = shifted - WHOLE;
    let r = (y - whole * STEP_HIGH) - whole * STEP_LOW;
    let tail = (1.0 / 2.0 + r * (1.0 / 6.0)) + (r * r) * (1.0 / 24.0 + r * (1.0 / 120.0));
    let part = POWERS[k as usize % N_PLACES];
    let power = f64::from_bits(((k >> PLACE_BITS) + 1023) << 52);
    (part + part * (r + (r * r) * tail)) * power
}

/// For the middle of each of 64 parts of [1, 2), its inverse and the logarithm of that inverse's
/// inverse.
static INVERSES: [(f64, f64); N_PLACES] = {
    let mut inverses = [(0.0, 0.0); N_PLACES];
    let mut i = 0;
    while i < N_PLACES {
        let inverse = 1.0 / (1.0 + (i as f64 + 0.5) / N_PLACES as f64);
        // -ln c = 2 artanh s with s = (1 - c) / (1 + c), below 1/3.
        let s = (1.0 - inverse) / (1.0 + inverse);
        let mut n = 35;
        let mut sum = 0.0;
        while n > 0 {
            sum = sum * s * s + 1.0 / n as f64;
            n -= 2;
        }
        inverses[i] = (inverse, 2.0 * s * sum);
        i += 1;
    }
    inverses
};

/// The natural logarithm of `n`, for `n` >= 1.
#[inline]
pub(super) fn ln(n: u64) -> f64 {
    // n = 2^e m with m from 1 to 2; m = (1 + r) / inverse with |r| < 1/128.
    let bits = (n as f64).to_bits();
    let e = (bits >> 52) as i64 - 1023;
    let m = f64::from_bits(bits & ((1 << 52) - 1) | 1f64.to_bits());
    let (inverse, ln_rest) = INVERSES[(bits >> (52 - PLACE_BITS)) as usize % N_PLACES];
    let r = m * inverse - 1.0;
    let r2 = r * r;
    let tail = (-1.0 / 2.0 + r * (1.0 / 3.0))
        + r2 * ((-1.0 / 4.0 + r * (1.0 / 5.0)) + r2 * (-1.0 / 6.0 + r * (1.0 / 7.0)));
    (e as f64 * LN_2 + ln_rest) + (r + r2 * tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_that_of_libm_to_the_last_places() {
        for i in 0..200_000 {
            let y = f64::from(i) * 32.1 / 200_000.0;
            let (ours, theirs) = (exp(y), libm::exp(y));
            assert!((ours / theirs - 1.0).abs() < 5e-16, "exp({y}): {ours} {theirs}");
        }
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn whole_numbers_come_back() {
        for n in (1..100_000).chain([999_999_999, 86_400_000_000_000]) {
            assert_eq!(exp_rounded(libm::log(n as f64)), n);
        }
    }

    #[test]
    fn ln_is_that_of_libm_to_the_last_places() {
        let growing = (0..6_000).map(|i| libm::exp(f64::from(i) * 0.007) as u64);
        for n in (2..100_000).chain(growing).chain([u64::MAX]) {
            let (ours, theirs) = (ln(n.max(2)), libm::log(n.max(2) as f64));
            assert!((ours / theirs - 1.0).abs() < 1e-15, "ln({n}): {ours} {theirs}");
        }
        assert!(ln(1).abs() < 1e-15);
    }
}
