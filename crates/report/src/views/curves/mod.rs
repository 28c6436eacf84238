//! The figures of miss-ratio curves and of what explains them, one a file.

mod miss_ratio;
mod popularity;
mod reuse;
mod working_set;

use frames::{CurveRow, Curves};

use crate::Chart;
use crate::select::unique;

/// Traces that get figures.
const N_TRACES: usize = 4;

/// One trace's figures.
struct Case<'a> {
    curves: &'a Curves,
    trace: &'a str,
    /// Goes behind the ids of the figures.
    suffix: String,
    /// The trace again, if there are several.
    group: String,
}

/// The figures there is something to show in, trace by trace.
pub fn charts(curves: &Curves) -> Vec<Chart> {
    let views: [fn(&Case<'_>) -> Option<Chart>; 5] =
        [miss_ratio::chart, working_set::chart, reuse::distances, reuse::times, popularity::chart];
    let traces = traces(curves);
    let several = traces.len() > 1;
    let case = |(i, trace): (usize, &&'_ str)| -> Vec<Chart> {
        let case = Case {
            curves,
            trace,
            suffix: if several { format!("-{}", i + 1) } else { String::new() },
            group: if several { trace.to_string() } else { String::new() },
        };
        views.iter().filter_map(|view| view(&case)).collect()
    };
    traces.iter().take(N_TRACES).enumerate().flat_map(case).collect()
}

/// The traces, in the order of their curves.
pub(crate) fn traces(curves: &Curves) -> Vec<&str> {
    unique(curves.curves.iter().map(|row| row.trace.as_str()))
}

/// A sentence if some traces have no figures.
pub(crate) fn traces_left_out(curves: &Curves) -> Option<String> {
    let n = traces(curves).len();
    (n > N_TRACES).then(|| {
        format!("Charts are shown for the first {N_TRACES} of {n} traces; the tables have all.")
    })
}

/// Whether a point is an estimate.
pub(crate) fn sampled(row: &CurveRow) -> bool {
    row.method != "exact"
}
