//! What was found about one measure, and what both ways of finding share.

use std::collections::BTreeMap;

use analysis::paired::SecondOpinions;
use analysis::quantile::Histogram;
use analysis::{Interval, Plausible};
use tiers::ReadEnd;

use super::arm::Arm;
use super::measure::{Kind, Measure};

/// Both strategies over the same reads.
pub(super) struct Pair {
    pub(super) a: Arm,
    pub(super) b: Arm,
}

/// What an interval rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    /// Blocks of time were resampled.
    Time,
    /// Buckets of units and blocks of time.
    UnitsAndTime,
    /// Buckets of units.
    Units,
    /// A figure of the whole run, exact for it: the interval is a point.
    WholeRun,
    /// A figure of a part, whose error is not known: there is no interval.
    Estimate,
}

impl Basis {
    pub(super) fn name(self) -> &'static str {
        match self {
            Basis::Time => "time",
            Basis::UnitsAndTime => "units and time",
            Basis::Units => "units",
            Basis::WholeRun => "whole run",
            Basis::Estimate => "estimate",
        }
    }
}

/// The difference of one measure, B - A.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) measure: Measure,
    pub(super) basis: Basis,
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) difference: Interval,
    /// Not a number where there is no error.
    pub(super) standard_error: f64,
    pub(super) p_value: f64,
    /// As a share of A.
    pub(super) relative: Option<Interval>,
    pub(super) plausible: Option<Plausible>,
    /// Of a part of the traffic: what the whole trace would have shown.
    pub(super) whole_trace: Option<Interval>,
    /// Hodges-Lehmann and Cliff's delta over the windows.
    pub(super) effect: Option<(f64, f64)>,
    pub(super) second: Option<SecondOpinions>,
    /// Mean length of a block of time, in blocks of the series; 1 where units are resampled.
    pub(super) block_length: f64,
    /// Differences of windows or of buckets: what an A/A test swaps.
    pub(super) differences: Vec<f64>,
}

impl Finding {
    /// Of the run as a whole: exact for it, or an estimate where it is a part.
    pub(super) fn bill(measure: Measure, pair: &Pair, is_part: bool, level: f64) -> Finding {
        let [a, b] = [&pair.a, &pair.b].map(|arm| arm.cost.0 as f64);
        let basis = if is_part { Basis::Estimate } else { Basis::WholeRun };
        Finding::without_error(measure, basis, (a, b), level)
    }

    pub(super) fn without_error(
        measure: Measure,
        basis: Basis,
        (a, b): (f64, f64),
        level: f64,
    ) -> Finding {
        let at = |value: f64| Interval { estimate: value, low: value, high: value, level };
        let open = |value: f64| Interval {
            estimate: value,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
            level,
        };
        let known = basis == Basis::WholeRun;
        Finding {
            measure,
            basis,
            a,
            b,
            difference: if known { at(b - a) } else { open(b - a) },
            standard_error: if known { 0.0 } else { f64::NAN },
            p_value: f64::NAN,
            relative: (a != 0.0).then(|| if known { at(b / a - 1.0) } else { open(b / a - 1.0) }),
            plausible: None,
            whole_trace: None,
            effect: None,
            second: None,
            block_length: f64::NAN,
            differences: Vec::new(),
        }
    }

    /// The probability that the difference is above `limit`; `None` where no error is known.
    pub(super) fn probability_above(&self, limit: f64) -> Option<f64> {
        match (&self.plausible, self.basis) {
            (Some(plausible), _) => Some(plausible.share_above(limit)),
            (None, Basis::WholeRun) => Some(f64::from(self.difference.estimate > limit)),
            _ => None,
        }
    }
}

/// A quantile as a share of its own: of a latency, nothing is more than the interval's.
pub(super) fn relative(difference: Interval, a: f64) -> Option<Interval> {
    let by = |value: f64| value / a;
    (a != 0.0).then(|| Interval {
        estimate: by(difference.estimate),
        low: by(difference.low),
        high: by(difference.high),
        level: difference.level,
    })
}

/// Latencies as both arms' histograms have them, to three digits, in `n` groups.
///
/// Only the slow matter to a quantile. What lies below the value that five times as many are above is
/// lumped together: no resample of a hundred blocks comes near it.
pub(super) fn histograms(
    pair: &Pair,
    share: f64,
    n: usize,
    group: impl Fn(usize) -> usize,
) -> [Vec<Histogram>; 2] {
    let far_below = (1.0 - 5.0 * (1.0 - share)).max(0.0);
    let of_arm = |arm: &Arm| arm.latency.value_at_quantile(far_below);
    let floor = of_arm(&pair.a).min(of_arm(&pair.b));
    [&pair.a, &pair.b].map(|arm| {
        let mut groups: Vec<BTreeMap<u64, u64>> = vec![BTreeMap::new(); n];
        for (i, read) in arm.reads.iter().enumerate() {
            let value = arm.latency.highest_equivalent(read.latency.max(floor));
            *groups[group(i)].entry(value).or_default() += 1;
        }
        groups.into_iter().map(|counts| counts.into_iter().collect()).collect()
    })
}

/// How much of a read a measure counts: (units, those that count).
pub(super) fn units(measure: Measure, read: &ReadEnd, bytes: u64) -> (u64, u64) {
    let units = if measure.kind() == (Kind::Share { of_bytes: true }) { bytes } else { 1 };
    (units, if measure.counts(read) { units } else { 0 })
}
