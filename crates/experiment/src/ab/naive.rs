//! What a reader would conclude who takes requests for independent: shown beside the verdict, to be
//! compared with it.
//!
//! "Ten per cent of the traffic each": A over one part, B over another, disjoint one, and a
//! two-proportion z-test of their hit ratios, pooled. That the parts hold different objects, and that
//! the hottest ones carry much of the traffic, is no part of it. How wrong it is on this very trace is
//! counted: A against A, over every pair of disjoint parts. Pairs that share a part are not independent, so
//! the interval of that share is that of [`analysis::pairs`]. It takes the parts for independent draws;
//! that they share out the same units, and repel each other a little, is not in it.

use analysis::equivalence::tost;
use analysis::pairs::share_of_pairs;
use analysis::{Interval, Rope};
use rayon::prelude::*;

use super::arm;
use super::measure::Measure;
use super::part::Part;
use super::spec::Plan;
use crate::recording::Recording;
use crate::{Error, Resolved, ResolvedStrategy, RunProgress};

/// Parts at most, for the time they take.
const MOST_PARTS: usize = 10;

/// What the naive reading says.
pub(super) struct Naive {
    /// Share of the units in each part.
    pub(super) traffic: f64,
    pub(super) hit_ratio_a: f64,
    pub(super) hit_ratio_b: f64,
    pub(super) p_value: f64,
    /// Pairs of parts over which A was compared with itself.
    pub(super) n_pairs: u64,
    /// Share of them in which it was found to differ from itself.
    pub(super) false_positives: Interval,
}

/// Hits and reads of a part.
#[derive(Debug, Clone, Copy)]
struct Count {
    hits: u64,
    reads: u64,
}

impl Count {
    fn ratio(self) -> f64 {
        self.hits as f64 / (self.reads as f64).max(1.0)
    }
}

/// `None` if it was stopped.
pub(super) fn read(
    study: &Resolved,
    recording: &Recording<'_>,
    plan: &Plan,
    [a, b]: [&ResolvedStrategy; 2],
    progress: &RunProgress,
) -> Result<Option<Naive>, Error> {
    // Of all the traffic, halves.
    let traffic = plan.traffic.min(0.5);
    let n_parts = ((1.0 / traffic + 1e-9) as usize).min(MOST_PARTS);
    let of_a = (0..n_parts).map(|part| (a, part));
    let jobs: Vec<_> = of_a.chain([(b, 1)]).collect();
    let counts: Vec<Option<Count>> = jobs
        .par_iter()
        .map(|(strategy, part)| {
            let start = *part as f64 * traffic;
            let part = Part::of_units(study, recording, plan.by, start..start + traffic)?;
            let arm = arm::simulate(study, &part, strategy, &mut progress.reporter())?;
            Ok(arm.map(|arm| {
                let hits = arm.reads.iter().filter(|read| Measure::HitRatio.counts(read)).count();
                Count { hits: hits as u64, reads: arm.reads.len() as u64 }
            }))
        })
        .collect::<Result<_, Error>>()?;
    let Some(counts) = counts.into_iter().collect::<Option<Vec<Count>>>() else { return Ok(None) };
    let (of_a, of_b) = counts.split_at(n_parts);
    let found = |p_value: f64| p_value <= 1.0 - plan.level;
    let pairs = (0..n_parts).flat_map(|i| (0..i).map(move |j| (i, j)));
    let p_values: Vec<f64> = pairs.map(|(i, j)| z_test(of_a[i], of_a[j])).collect();
    let n_pairs = p_values.len() as u64;
    let n_found = p_values.iter().filter(|p| found(**p)).count() as u64;
    let rate = share_of_pairs(n_found, n_parts as u64, 0.95);
    Ok(Some(Naive {
        traffic,
        hit_ratio_a: of_a[0].ratio(),
        hit_ratio_b: of_b[0].ratio(),
        p_value: z_test(of_a[0], of_b[0]),
        n_pairs,
        false_positives: rate.map_err(|error| Error::Unfit(error.to_string()))?,
    }))
}

/// The two-sided p-value of "both have the same hit ratio", by a pooled two-proportion z-test.
fn z_test(a: Count, b: Count) -> f64 {
    let pooled = (a.hits + b.hits) as f64 / ((a.reads + b.reads) as f64).max(1.0);
    let variance = pooled * (1.0 - pooled) * (1.0 / a.reads as f64 + 1.0 / b.reads as f64);
    let difference = b.ratio() - a.ratio();
    // Without an error there is nothing to test: all reads ended alike.
    tost(difference, variance.sqrt(), f64::INFINITY, Rope::NONE)
        .map_or(1.0, |test| (2.0 * test.p_low.min(test.p_high)).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 300 of 1,000 against 350 of 1,000: z = 0.05 / sqrt(0.325 x 0.675 x 0.002) = 2.387.
    #[test]
    fn the_z_test_of_the_textbook() {
        let count = |hits| Count { hits, reads: 1_000 };
        let p_value = z_test(count(300), count(350));
        assert!((p_value - 0.01698).abs() < 1e-4, "{p_value}");
        assert_eq!(z_test(count(300), count(300)), 1.0);
        assert_eq!(z_test(count(0), count(0)), 1.0);
    }
}
