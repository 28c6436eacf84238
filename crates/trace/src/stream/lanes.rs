//! Four draws side by side, in vectors of four 32-bit words. Ten rounds of multiplications that wait for
//! one another leave most of a processor idle; those of several draws do not wait for each other.

#[cfg(target_feature = "sse2")]
use safe_arch::{
    m128i, mul_widen_u32_odd_m128i, set_splat_i32_m128i, shr_imm_u64_m128i, unpack_high_i32_m128i,
    unpack_high_i64_m128i, unpack_low_i32_m128i, unpack_low_i64_m128i,
};

#[cfg(target_feature = "sse2")]
use super::{MULTIPLIERS, ROUNDS, next_key};

/// The bits of four draws by number, as [`Stream::bits_at`](super::Stream::bits_at) gives them.
#[cfg(target_feature = "sse2")]
#[inline]
pub(super) fn four_bits(numbers: [u64; 4], domain: u64, mut key: [u32; 2]) -> [u64; 4] {
    let splat = |word: u32| set_splat_i32_m128i(word as i32);
    let [m0, m1] = MULTIPLIERS.map(splat);
    let mut counter = [
        m128i::from(numbers.map(|n| n as u32)),
        m128i::from(numbers.map(|n| (n >> 32) as u32)),
        splat(domain as u32),
        splat((domain >> 32) as u32),
    ];
    for _ in 0..ROUNDS {
        let (a_low, a_high) = multiply(counter[0], m0);
        let (b_low, b_high) = multiply(counter[2], m1);
        let [k0, k1] = key.map(splat);
        counter = [b_high ^ counter[1] ^ k0, b_low, a_high ^ counter[3] ^ k1, a_low];
        key = next_key(key);
    }
    let (low, high) = (<[u32; 4]>::from(counter[0]), <[u32; 4]>::from(counter[1]));
    std::array::from_fn(|n| u64::from(low[n]) | u64::from(high[n]) << 32)
}

/// The low and the high halves of each word times the same word.
#[cfg(target_feature = "sse2")]
#[inline]
fn multiply(words: m128i, by: m128i) -> (m128i, m128i) {
    let even = mul_widen_u32_odd_m128i(words, by);
    let odd = mul_widen_u32_odd_m128i(shr_imm_u64_m128i::<32>(words), by);
    // Low 0, low 1, high 0, high 1; and the same of words 2 and 3.
    let first = unpack_low_i32_m128i(even, odd);
    let last = unpack_high_i32_m128i(even, odd);
    (unpack_low_i64_m128i(first, last), unpack_high_i64_m128i(first, last))
}

/// One after the other, where vectors are not known to be there.
#[cfg(not(target_feature = "sse2"))]
#[inline]
pub(super) fn four_bits(numbers: [u64; 4], domain: u64, key: [u32; 2]) -> [u64; 4] {
    numbers.map(|n| super::bits(n, domain, key))
}
