//! How far a fitted distribution is from samples that it has not seen, and how far chance allows.
//!
//! - *Kolmogorov-Smirnov*: the largest difference between the distribution functions of the model and
//!   of the samples. Two samples of n and m from one distribution differ by more than
//!   1.95 sqrt(1/n + 1/m) one time in a thousand (Smirnov's limit).
//! - *p50 and p99*: the model's quantile over the samples', less 1. The samples' own are known to
//!   within order statistics: the ranks n (q +- 3.29 sqrt(q (1 - q) (1/n + 1/m))).
//!
//! Chance is allowed for by the number of independent samples that correlated ones are worth.
//! A model is refused if it is off by more than chance and a margin allow. The margin says what
//! matters, since with enough samples every law is refuted.

use super::super::law::Curve;
use super::table::quantile;

/// What chance exceeds one time in a thousand: of the scaled Kolmogorov-Smirnov distance, and of a
/// normal deviate.
pub(super) const CHANCE_KS: f64 = 1.95;
const CHANCE_RANK: f64 = 3.29;
/// Kolmogorov-Smirnov distance beyond chance that does not matter.
const KS_MARGIN: f64 = 0.02;
/// Relative error of a quantile beyond chance that does not matter.
const QUANTILE_MARGIN: f64 = 0.1;

/// A distribution of latencies.
pub(super) trait Model {
    /// Probability of a latency below `x` nanoseconds.
    fn below(&self, x: f64) -> f64;
}

impl Model for Curve {
    fn below(&self, x: f64) -> f64 {
        self.tails(x).below
    }
}

/// A model against samples of one size class.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Size of the class, in bytes.
    pub size: u64,
    /// Samples that the model was fitted to, and that it was judged on.
    pub n_samples: [usize; 2],
    /// Kolmogorov-Smirnov distance.
    pub ks: f64,
    /// What chance allows, one time in a thousand more.
    pub ks_noise: f64,
    /// Relative error of the median: 0.1 is 10 % too long.
    pub p50_error: f64,
    /// Relative error of the 99th percentile.
    pub p99_error: f64,
    /// Why the model must not be used, if it must not.
    pub refused: Option<String>,
}

/// Judges a model of `fitted_to` on `judged_on`, both sorted. A sample is worth the share `worth` of
/// an independent one.
pub(super) fn judge(
    size: u64,
    fitted_to: &[u64],
    judged_on: &[u64],
    worth: f64,
    model: &impl Model,
) -> Judgement {
    let per_sample = 1.0 / fitted_to.len() as f64 + 1.0 / judged_on.len() as f64;
    let spread = libm::sqrt(per_sample / worth);
    let (ks, ks_noise) = (distance(judged_on, model), CHANCE_KS * spread);
    let quantile_error = |q: f64| {
        let fitted = model_quantile(model, q, judged_on);
        let noise = CHANCE_RANK * libm::sqrt(q * (1.0 - q)) * spread;
        let low = quantile(judged_on, (q - noise).max(0.0)) as f64;
        // A rank beyond the longest sample bounds nothing.
        let beyond = q + noise >= 1.0;
        let high = if beyond { f64::INFINITY } else { quantile(judged_on, q + noise) as f64 };
        let in_reach =
            fitted >= low / (1.0 + QUANTILE_MARGIN) && fitted <= high * (1.0 + QUANTILE_MARGIN);
        (fitted / quantile(judged_on, q) as f64 - 1.0, in_reach)
    };
    let (p50_error, p50_fits) = quantile_error(0.5);
    let (p99_error, p99_fits) = quantile_error(0.99);
    let refused = if ks > ks_noise + KS_MARGIN {
        Some(format!("its KS distance of {ks:.3} is above the {ks_noise:.3} that chance allows"))
    } else if !p50_fits {
        Some(format!("its p50 is off by {:+.0} %", 100.0 * p50_error))
    } else if !p99_fits {
        Some(format!("its p99 is off by {:+.0} %", 100.0 * p99_error))
    } else {
        None
    };
    Judgement {
        size,
        n_samples: [fitted_to.len(), judged_on.len()],
        ks,
        ks_noise,
        p50_error,
        p99_error,
        refused,
    }
}

/// The Kolmogorov-Smirnov distance.
pub(super) fn distance(sorted: &[u64], model: &impl Model) -> f64 {
    gaps(sorted, model).map(|(gap, _)| gap).fold(0.0, f64::max)
}

/// The rank of the sample at which the model is furthest off.
pub(super) fn furthest(sorted: &[u64], model: &impl Model) -> usize {
    let worst = gaps(sorted, model).max_by(|a, b| a.0.total_cmp(&b.0));
    worst.map_or(0, |(_, rank)| rank)
}

/// For every distinct latency, how far the model is off just below and just above it, with the rank
/// there. Draws are rounded to whole nanoseconds, so the model is too.
fn gaps(sorted: &[u64], model: &impl Model) -> impl Iterator<Item = (f64, usize)> {
    let n = sorted.len() as f64;
    let mut first = 0;
    sorted.chunk_by(|a, b| a == b).flat_map(move |equal| {
        let (x, before) = (equal[0] as f64, first);
        first += equal.len();
        let below = (model.below(x - 0.5) - before as f64 / n).abs();
        let above = (model.below(x + 0.5) - first as f64 / n).abs();
        [(below, before), (above, first - 1)]
    })
}

/// The model's quantile, by halving: it needs no more than the distribution function.
fn model_quantile(model: &impl Model, q: f64, near: &[u64]) -> f64 {
    let (mut low, mut high) = (0.0, near[near.len() - 1] as f64);
    while model.below(high) < q && high < super::super::LONGEST.0 as f64 {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if model.below(middle) < q { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uniform from 0 to 100.
    struct Uniform;
    impl Model for Uniform {
        fn below(&self, x: f64) -> f64 {
            (x / 100.0).clamp(0.0, 1.0)
        }
    }

    #[test]
    fn the_distance_is_the_largest_gap_between_the_steps_and_the_model() {
        // Steps to 1/2 at 20 and to 1 at 30: at 30.5 the model has 0.305, and the steps 1.
        assert!((distance(&[20, 30], &Uniform) - 0.695).abs() < 1e-12);
        let even: Vec<u64> = (0..100).collect();
        assert!(distance(&even, &Uniform) < 0.006);
    }

    #[test]
    fn what_fits_passes_and_what_does_not_is_told() {
        let even: Vec<u64> = (0..100).collect();
        let good = judge(1, &even, &even, 1.0, &Uniform);
        assert_eq!(good.refused, None);
        assert!(good.p50_error.abs() < 0.02 && good.p99_error.abs() < 0.02, "{good:?}");
        let half: Vec<u64> = (0..100).map(|x| x / 2).collect();
        let bad = judge(1, &half, &half, 1.0, &Uniform).refused.unwrap();
        assert!(bad.contains("KS distance of 0.50"), "{bad}");
        // With samples worth a hundredth each, half as long may be chance.
        assert!(judge(1, &half, &half, 0.01, &Uniform).ks_noise > 0.5);
    }
}
