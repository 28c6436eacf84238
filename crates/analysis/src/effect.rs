//! How large a difference is, beside whether there is one.
//!
//! - [`hodges_lehmann`]: the median of the averages of any two differences. A few extreme windows do not
//!   move it. J. L. Hodges, E. L. Lehmann: "Estimates of location based on rank tests", Annals of
//!   Mathematical Statistics 34(2), 1963, doi 10.1214/aoms/1177704172.
//! - [`cliffs_delta`]: P(b > a) - P(b < a), from -1 to 1, of one window of each drawn at random. N. Cliff:
//!   "Dominance statistics: ordinal analyses to answer ordinal questions", Psychological Bulletin
//!   114(3), 1993, doi 10.1037/0033-2909.114.3.494.
//! - [`gap_closed`]: how much of the way to the optimum a strategy goes, the measure of most papers on
//!   eviction: (b - a) / (opt - a).

use crate::Interval;
use crate::error::{self, Error};
use crate::options::Options;
use crate::ratio;

/// The median of the averages of any two values, a value with itself included.
///
/// Exact, without making the n² / 2 averages: how many are at most x is counted in O(n) on the sorted
/// values, and the median is found by halving the range of floating-point numbers, 64 times.
///
/// # Errors
///
/// If there is no value, or one is not finite.
pub fn hodges_lehmann(values: &[f64]) -> Result<f64, Error> {
    error::at_least("values", values.len(), 1)?;
    error::finite("value", values)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as u64;
    let n_averages = n * (n + 1) / 2;
    let lower = average_number(&sorted, (n_averages - 1) / 2);
    let upper = average_number(&sorted, n_averages / 2);
    Ok(lower / 2.0 + upper / 2.0)
}

/// The average of two with so many averages below it.
fn average_number(sorted: &[f64], number: u64) -> f64 {
    let (mut low, mut high) = (in_order(sorted[0]), in_order(sorted[sorted.len() - 1]));
    while low < high {
        let middle = low + (high - low) / 2;
        if n_averages_upto(sorted, from_order(middle)) > number {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    from_order(low)
}

/// How many pairs have an average of at most `limit`.
fn n_averages_upto(sorted: &[f64], limit: f64) -> u64 {
    let mut partners = sorted.len();
    let mut count = 0;
    for (i, value) in sorted.iter().enumerate() {
        while partners > i && value / 2.0 + sorted[partners - 1] / 2.0 > limit {
            partners -= 1;
        }
        count += partners.saturating_sub(i) as u64;
    }
    count
}

/// Floating-point numbers as integers in the same order.
fn in_order(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn from_order(order: u64) -> f64 {
    f64::from_bits(if order >> 63 == 1 { order & !(1 << 63) } else { !order })
}

/// P(b > a) - P(b < a) over all pairs of a value of `a` and one of `b`. Takes O(n log n) time.
///
/// # Errors
///
/// If either is empty, or a value is not finite.
pub fn cliffs_delta(a: &[f64], b: &[f64]) -> Result<f64, Error> {
    error::at_least("values of A", a.len(), 1)?;
    error::at_least("values of B", b.len(), 1)?;
    error::finite("value of A", a)?;
    error::finite("value of B", b)?;
    let mut sorted = a.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let dominance = |value: &f64| {
        let below = sorted.partition_point(|other| other < value) as i64;
        let above = sorted.len() - sorted.partition_point(|other| other <= value);
        below - above as i64
    };
    let sum: i64 = b.iter().map(dominance).sum();
    Ok(sum as f64 / (a.len() as f64 * b.len() as f64))
}

/// How much of the gap between A and the optimum B closes, by windows: 1 is all of it, below 0 is worse
/// than A. None where there is no gap, or its sign is not sure.
///
/// # Errors
///
/// Those of [`paired::compare`](crate::paired::compare).
pub fn gap_closed(
    a: &[f64],
    b: &[f64],
    opt: &[f64],
    options: &Options,
) -> Result<Option<Interval>, Error> {
    error::as_many("windows of B", b.len(), a.len())?;
    error::as_many("windows of the optimum", opt.len(), a.len())?;
    let minus = |x: &[f64]| x.iter().zip(a).map(|(x, a)| x - a).collect::<Vec<_>>();
    relative(&minus(b), &minus(opt), options)
}

/// The ratio of two sums, if the lower one is surely not 0: at least four standard errors away from it,
/// or its share of the upper one means nothing.
pub(crate) fn relative(
    above: &[f64],
    below: &[f64],
    options: &Options,
) -> Result<Option<Interval>, Error> {
    const SURELY: f64 = 4.0;
    let ones = vec![1.0; below.len()];
    let quick = Options { n_resamples: 99, ..*options };
    let scale = ratio::estimate(below, &ones, &quick)?;
    if scale.estimate == 0.0 || scale.estimate.abs() < SURELY * scale.standard_error {
        return Ok(None);
    }
    Ok(Some(ratio::estimate(above, below, options)?.interval(options)))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::{depression, uniform};
    use proptest::prelude::*;

    /// Hollander and Wolfe's own estimate is 0.46.
    #[test]
    fn hodges_lehmann_of_the_textbook() {
        assert!((hodges_lehmann(&depression()).unwrap() - 0.46).abs() < 1e-12);
        assert_eq!(hodges_lehmann(&[3.0]).unwrap(), 3.0);
        assert!(hodges_lehmann(&[]).is_err());
    }

    #[test]
    fn delta_by_hand() {
        // 1 is above nothing and below 2, 3; 4 is above all.
        assert_eq!(cliffs_delta(&[1.0, 2.0, 3.0], &[1.0, 4.0]).unwrap(), (-2.0 + 3.0) / 6.0);
        assert_eq!(cliffs_delta(&[1.0, 2.0], &[3.0]).unwrap(), 1.0);
        assert_eq!(cliffs_delta(&[1.0, 2.0], &[1.0, 2.0]).unwrap(), 0.0);
    }

    #[test]
    fn the_gap_is_a_ratio_of_differences() {
        let options = Options { n_resamples: 999, ..Options::default() };
        let a = uniform(3, 100);
        let opt: Vec<f64> = a.iter().zip(uniform(4, 100)).map(|(a, u)| a + 0.2 + 0.1 * u).collect();
        let half: Vec<f64> = a.iter().zip(&opt).map(|(a, o)| a + 0.5 * (o - a)).collect();
        let gap = gap_closed(&a, &half, &opt, &options).unwrap().unwrap();
        assert!((gap.estimate - 0.5).abs() < 1e-12 && gap.high - gap.low < 1e-9, "{gap:?}");
        assert_eq!(gap_closed(&a, &half, &a, &options).unwrap(), None, "no gap to close");
        // A gap whose sign is not sure.
        let around: Vec<f64> = a.iter().zip(uniform(5, 100)).map(|(a, u)| a + u - 0.5).collect();
        assert_eq!(gap_closed(&a, &half, &around, &options).unwrap(), None);
    }

    fn naive_hodges_lehmann(values: &[f64]) -> f64 {
        let mut averages = Vec::new();
        for (i, x) in values.iter().enumerate() {
            averages.extend(values[i..].iter().map(|y| x / 2.0 + y / 2.0));
        }
        averages.sort_by(f64::total_cmp);
        averages[(averages.len() - 1) / 2] / 2.0 + averages[averages.len() / 2] / 2.0
    }

    fn naive_delta(a: &[f64], b: &[f64]) -> f64 {
        let sign = |a: f64, b: f64| f64::from(u8::from(b > a)) - f64::from(u8::from(b < a));
        let sum: f64 = b.iter().flat_map(|b| a.iter().map(move |a| sign(*a, *b))).sum();
        sum / (a.len() * b.len()) as f64
    }

    proptest! {
        #[test]
        fn like_the_naive_twins(
            a in prop::collection::vec(-9i32..9, 1..25),
            b in prop::collection::vec(-1e3f64..1e3, 1..25),
        ) {
            let a: Vec<f64> = a.into_iter().map(f64::from).collect();
            prop_assert_eq!(hodges_lehmann(&a).unwrap(), naive_hodges_lehmann(&a));
            prop_assert_eq!(hodges_lehmann(&b).unwrap(), naive_hodges_lehmann(&b));
            prop_assert_eq!(cliffs_delta(&a, &b).unwrap(), naive_delta(&a, &b));
            prop_assert_eq!(cliffs_delta(&a, &a).unwrap(), 0.0);
        }
    }
}
