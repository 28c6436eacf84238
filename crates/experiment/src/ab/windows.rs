//! All traffic: both arms see the same reads, which are cut into windows of as many reads each.
//!
//! Differences of windows are compared as `analysis::paired` and `analysis::quantile` do: blocks of
//! time are resampled, so the interval is about more traffic like this. A bill is of the whole run; its
//! difference is exact for this trace and has no interval.

use std::ops::Range;

use analysis::{Interval, Options, paired, quantile};
use trace::Trace;

use super::finding::{Basis, Finding, Pair, histograms, relative, units};
use super::measure::{Kind, Measure};

/// Windows: enough for a bootstrap of blocks of them.
pub(super) const N_WINDOWS: usize = 200;

/// `n` reads cut into as many windows as there should be, or fewer where there are few reads.
pub(super) fn cut(n: usize) -> Vec<Range<usize>> {
    let n_windows = N_WINDOWS.min(n / 10).max(1);
    let edge = |window: usize| (n as u128 * window as u128 / n_windows as u128) as usize;
    (0..n_windows).map(|window| edge(window)..edge(window + 1)).collect()
}

/// What each window counted of a measure that is a share.
pub(super) struct Series {
    pub(super) a: Vec<f64>,
    pub(super) b: Vec<f64>,
    /// Reads or bytes.
    pub(super) weights: Vec<f64>,
}

impl Series {
    /// Differences, each as heavy as its window.
    pub(super) fn differences(&self) -> Vec<f64> {
        let mean = self.weights.iter().sum::<f64>() / self.weights.len() as f64;
        let both = self.a.iter().zip(&self.b).zip(&self.weights);
        both.map(|((a, b), weight)| (b - a) * weight / mean).collect()
    }
}

/// Of a share, the share; of a quantile, the share of reads above A's, which says the same.
pub(super) fn series(
    measure: Measure,
    trace: &Trace,
    pair: &Pair,
    windows: &[Range<usize>],
) -> Series {
    let limit = match measure.kind() {
        Kind::Quantile(share) => Some(pair.a.latency.value_at_quantile(share)),
        _ => None,
    };
    let count = |read: &tiers::ReadEnd| match limit {
        Some(limit) => (1, u64::from(read.latency > limit)),
        None => units(measure, read, trace.size(read.request as usize)),
    };
    let of_window = |reads: &[tiers::ReadEnd]| -> (f64, f64) {
        let (all, counted) =
            reads.iter().map(count).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        (counted as f64 / (all as f64).max(1.0), all as f64)
    };
    let arm = |reads: &[tiers::ReadEnd]| -> Vec<(f64, f64)> {
        windows.iter().map(|window| of_window(&reads[window.clone()])).collect()
    };
    let (a, b) = (arm(&pair.a.reads), arm(&pair.b.reads));
    Series {
        weights: a.iter().map(|(_, weight)| *weight).collect(),
        a: a.into_iter().map(|(share, _)| share).collect(),
        b: b.into_iter().map(|(share, _)| share).collect(),
    }
}

/// Compares one measure.
pub(super) fn find(
    measure: Measure,
    trace: &Trace,
    pair: &Pair,
    options: &Options,
) -> Result<Finding, analysis::Error> {
    let windows = cut(pair.a.reads.len());
    match measure.kind() {
        Kind::Share { .. } => {
            let series = series(measure, trace, pair, &windows);
            let found = paired::compare_weighted(&series.a, &series.b, &series.weights, options)?;
            Ok(Finding {
                measure,
                basis: Basis::Time,
                a: found.mean_a,
                b: found.mean_b,
                difference: found.difference,
                standard_error: found.standard_error,
                p_value: found.p_value,
                relative: found.relative,
                plausible: Some(found.plausible),
                whole_trace: None,
                effect: Some((found.hodges_lehmann, found.cliffs_delta)),
                second: Some(found.second_opinions),
                block_length: found.block_length,
                differences: series.differences(),
            })
        }
        Kind::Quantile(share) => {
            let window_of = |read: usize| windows.partition_point(|window| window.end <= read);
            let [a, b] = histograms(pair, share, windows.len(), window_of);
            let found = quantile::compare(&a, &b, share, options)?;
            let differences = series(measure, trace, pair, &windows).differences();
            Ok(of_quantile(measure, Basis::Time, found, differences, options))
        }
        Kind::Bill => Ok(Finding::bill(measure, pair, false, options.level)),
    }
}

pub(super) fn of_quantile(
    measure: Measure,
    basis: Basis,
    found: quantile::QuantileComparison,
    differences: Vec<f64>,
    options: &Options,
) -> Finding {
    let difference = found.difference;
    // That of the normal law with as wide an interval: for an error to reckon with.
    let of_one = Interval::from_error(0.0, 1.0, f64::INFINITY, options.level);
    Finding {
        measure,
        basis,
        a: found.a as f64,
        b: found.b as f64,
        difference,
        standard_error: (difference.high - difference.low) / (of_one.high - of_one.low),
        p_value: found.p_value,
        relative: relative(difference, found.a as f64),
        plausible: Some(found.plausible),
        whole_trace: None,
        effect: None,
        second: None,
        block_length: found.block_length,
        differences,
    }
}
