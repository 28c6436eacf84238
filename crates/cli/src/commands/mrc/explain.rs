//! What explains a curve: working set, reuse, popularity.

use std::ops::ControlFlow;

use curves::footprint::{footprint, windows};
use curves::ranks::{Ranked, ZipfLine, ranks};
use curves::reuse::{self, Bucket};
use curves::stack_distance::LruCurve;
use frames::{Curves, FootprintRow, RankRow, ReuseRow};
use trace::Trace;
use trace::profile::profile;

/// Appends what there is to know of the trace.
pub(super) fn explain(trace: &Trace, unit: cache::Unit, curves: &mut Curves) {
    let windows = windows(trace.n_requests() as u64);
    let name = || trace.name().to_string();
    let row =
        |(window, objects): (&u64, f64)| FootprintRow { trace: name(), window: *window, objects };
    curves.footprint.extend(windows.iter().zip(footprint(trace, &windows)).map(row));

    let times = reuse::times(trace);
    let curve = LruCurve::of(trace, unit, &mut |_| ControlFlow::Continue(()));
    let distances = curve.as_ref().map(reuse::distances).unwrap_or_default();
    for (measure, unit, buckets) in
        [("time", "requests", times), ("distance", unit.name(), distances)]
    {
        let row = |bucket: &Bucket| ReuseRow {
            trace: name(),
            measure: measure.to_string(),
            unit: unit.to_string(),
            from: bucket.from,
            to: bucket.to,
            requests: bucket.n_requests,
            share: bucket.n_requests as f64 / trace.n_requests().max(1) as f64,
        };
        curves.reuse.extend(buckets.iter().map(row));
    }

    let line = profile(trace, 0).popularity.map(ZipfLine::new);
    let row = |ranked: Ranked| RankRow {
        trace: name(),
        rank: ranked.rank,
        requests: ranked.n_requests,
        fitted: line.and_then(|line| line.at(ranked.rank)).unwrap_or(f64::NAN),
        exponent: line.map_or(f64::NAN, |line| line.exponent()),
    };
    curves.ranks.extend(ranks(trace).into_iter().map(row));
}
