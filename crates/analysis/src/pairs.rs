//! A share of the pairs of some units: pairs that have a unit in common are not independent.
//!
//! Of n units there are n (n - 1) / 2 pairs, and in a share of them something is found. Taking the pairs
//! for as many cases ([`proportion`](crate::proportion)) gives an interval that is too narrow: one odd unit
//! is in n - 1 of them. The share is a U-statistic, an average over all ways to couple the units of
//! averages over n / 2 couples that have no unit in common. W. Hoeffding: "Probability inequalities for
//! sums of bounded random variables", JASA 58(301), 1963, doi 10.1080/01621459.1963.10500830, shows in
//! section 5a that the bound of his theorem 1 therefore holds for it with k = floor(n / 2) cases,
//!
//! P(share >= s) <= exp(-k KL(s, truth)) for s above the truth, and likewise below it,
//!
//! KL(s, p) = s ln(s / p) + (1 - s) ln((1 - s) / (1 - p)). The interval is where both bounds leave more
//! than half of what may be missed. It supposes independent units and nothing else, holds for any number
//! of them and for shares of 0 and 1, where a jackknife sees no error at all, and is wide: it covers
//! more often than it says.

use crate::Interval;
use crate::error::{self, Error};

/// The share of pairs in which something was found, `n_found` of all pairs of `n_units` independent units,
/// with an interval that covers its expectation at least as often as `level` says.
///
/// # Errors
///
/// If there are fewer than 2 units, more was found than there are pairs, or the level is not between 0
/// and 1.
pub fn share_of_pairs(n_found: u64, n_units: u64, level: f64) -> Result<Interval, Error> {
    error::inside_unit("level", level)?;
    error::at_least("units", n_units as usize, 2)?;
    let n_pairs = n_units * (n_units - 1) / 2;
    error::at_least("pairs", n_pairs as usize, n_found as usize)?;
    let share = n_found as f64 / n_pairs as f64;
    // As far as the divergence may go.
    let reach = libm::log(2.0 / (1.0 - level)) / (n_units / 2) as f64;
    Ok(Interval {
        estimate: share,
        low: furthest(share, 0.0, reach),
        high: furthest(share, 1.0, reach),
        level,
    })
}

/// Between the share and an end, how far a truth can be that it diverges from by no more than `reach`.
fn furthest(share: f64, end: f64, reach: f64) -> f64 {
    if divergence(share, end) <= reach {
        return end;
    }
    // Halved as often as an f64 has bits.
    let (mut within, mut beyond) = (share, end);
    for _ in 0..64 {
        let middle = 0.5 * (within + beyond);
        if divergence(share, middle) <= reach { within = middle } else { beyond = middle }
    }
    within
}

/// Of one coin from another, after Kullback and Leibler, in nats.
fn divergence(share: f64, truth: f64) -> f64 {
    let part = |share: f64, truth: f64| match share {
        0.0 => 0.0,
        _ => share * libm::log(share / truth),
    };
    part(share, truth) + part(1.0 - share, 1.0 - truth)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::distributions::normal_tail;
    use crate::proportion::proportion;
    use crate::random::Source;
    use crate::series::close;

    /// If all pairs differ, truth^5 may be as small as 0.025: 0.025^(1/5). Of two units there is one pair.
    #[test]
    fn the_ends_are_those_of_the_formula() {
        let all = share_of_pairs(45, 10, 0.95).unwrap();
        close(all.low, 0.478_176_249_888_5, 1e-10);
        assert_eq!((all.estimate, all.high), (1.0, 1.0));
        let none = share_of_pairs(0, 10, 0.95).unwrap();
        assert_eq!(none.low, 0.0);
        close(none.high, 1.0 - all.low, 1e-10);
        close(share_of_pairs(1, 2, 0.95).unwrap().low, 0.025, 1e-10);
        // 0.5 ln(0.5 / p) + 0.5 ln(0.5 / (1 - p)) = r gives p (1 - p) = exp(-2 r) / 4.
        let half = share_of_pairs(3, 4, 0.95).unwrap();
        close(half.low * (1.0 - half.low), 0.025 / 4.0, 1e-9);
        close(half.low, 1.0 - half.high, 1e-9);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (n_found, n_units, level) in [(0, 1, 0.95), (46, 10, 0.95), (1, 10, 1.0)] {
            assert!(
                share_of_pairs(n_found, n_units, level).is_err(),
                "{n_found} {n_units} {level}"
            );
        }
    }

    /// Ten units of the normal law; a pair differs if they are further apart than a limit, which happens with
    /// a probability that is known: their difference has the variance 2.
    #[test]
    fn the_truth_is_covered_where_pairs_taken_for_cases_miss_it() {
        const N_UNITS: u64 = 10;
        const N_TRIALS: u64 = 2_000;
        for limit in [0.05, 0.2, 0.8, 1.5, 3.0] {
            let truth = 2.0 * normal_tail(limit / libm::sqrt(2.0));
            let source = Source::new(1, "pairs");
            let [mut covered, mut as_cases] = [0, 0];
            for trial in 0..N_TRIALS {
                let mut draws = source.resample(trial);
                let units: Vec<f64> = (0..N_UNITS).map(|_| draws.normal()).collect();
                let apart = |(i, a): (usize, &f64)| {
                    units[..i].iter().filter(|b| (a - **b).abs() > limit).count() as u64
                };
                let n_found = units.iter().enumerate().map(apart).sum();
                let covers =
                    |found: Result<Interval, Error>| u64::from(found.unwrap().covers(truth));
                covered += covers(share_of_pairs(n_found, N_UNITS, 0.95));
                as_cases += covers(proportion(n_found, 45, 0.95));
            }
            let [covered, as_cases] = [covered, as_cases].map(|n| n as f64 / N_TRIALS as f64);
            assert!(covered >= 0.95, "{limit}: {covered}");
            // Where nearly all differ, or nearly none, pairs depend little on each other.
            let depends = (0.8..=1.5).contains(&limit);
            assert!(!depends || as_cases < 0.93, "{limit}: {as_cases}");
        }
    }
}
