//! Series for tests that other programs can make, too: a linear congruential generator.

/// Numbers in [0, 1): s = (1103515245 s + 12345) mod 2^31, divided by 2^31.
pub(crate) fn uniform(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed;
    (0..n)
        .map(|_| {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            state as f64 / (1u64 << 31) as f64
        })
        .collect()
}

/// x = kept x + (u - 0.5), from 0.
pub(crate) fn autoregression(seed: u64, n: usize, kept: f64) -> Vec<f64> {
    let mut value = 0.0;
    uniform(seed, n)
        .into_iter()
        .map(|u| {
            value = kept * value + (u - 0.5);
            value
        })
        .collect()
}

#[track_caller]
pub(crate) fn close(value: f64, expected: f64, tolerance: f64) {
    let apart = (value - expected).abs();
    assert!(apart <= tolerance * expected.abs().max(1e-300), "{value} is not {expected}");
}

/// Table 6 of J. Demšar, JMLR 7, 2006: areas under the curve of four variants of C4.5 on 14 data sets. The
/// paper prints 0.975 for the third and fourth on "voting" but ranks the third before the fourth.
pub(crate) const DEMSAR: [[f64; 4]; 14] = [
    [0.763, 0.768, 0.771, 0.798],
    [0.599, 0.591, 0.590, 0.569],
    [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657],
    [0.882, 0.888, 0.886, 0.898],
    [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685],
    [0.583, 0.583, 0.563, 0.625],
    [0.775, 0.838, 0.866, 0.875],
    [1.000, 1.000, 1.000, 1.000],
    [0.940, 0.962, 0.965, 0.962],
    [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.97501, 0.975],
    [0.957, 0.978, 0.946, 0.970],
];

/// The nine differences of M. Hollander, D. A. Wolfe: Nonparametric Statistical Methods, 1973, p. 29
/// (depression scale before and after a tranquilliser); also the example of R's `wilcox.test`.
#[allow(clippy::approx_constant, reason = "3.14 is a figure of the example")]
pub(crate) fn depression() -> Vec<f64> {
    let before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
    let after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    before.iter().zip(after).map(|(b, a)| b - a).collect()
}
