//! The figures of a comparison: policies over traces and sizes.

mod curves;
mod heat;
mod spread;

use frames::{CellRow, Comparison, LeaderRow};

use crate::select::unique;
use crate::{Chart, format};

/// The figures there is something to show in: of all sizes, then size by size.
pub fn comparison_charts(comparison: &Comparison, baseline: &str) -> Vec<Chart> {
    let sizes = unique(comparison.leaders.iter().map(|row| row.size.as_str()));
    let several = sizes.len() > 1;
    let mut charts: Vec<Chart> = Vec::new();
    charts.extend(curves::chart(comparison, baseline, &sizes));
    for (i, size) in sizes.iter().enumerate() {
        let view = View::new(comparison, baseline, size, several.then_some(i + 1));
        charts.extend(
            [spread::reductions(&view), heat::chart(&view), spread::gaps(&view)]
                .into_iter()
                .flatten(),
        );
    }
    charts
}

/// One size of a comparison.
struct View<'a> {
    baseline: &'a str,
    size: &'a str,
    /// Goes behind the ids of the figures.
    suffix: String,
    group: String,
    /// All but the baseline, from the best mean to the worst.
    leaders: Vec<&'a LeaderRow>,
    cells: Vec<&'a CellRow>,
    /// In the order given.
    traces: Vec<&'a str>,
}

impl<'a> View<'a> {
    fn new(
        comparison: &'a Comparison,
        baseline: &'a str,
        size: &'a str,
        nth: Option<usize>,
    ) -> View<'a> {
        let others = |row: &&LeaderRow| row.size == size && row.policy != baseline;
        let cells: Vec<&CellRow> = comparison.cells.iter().filter(|row| row.size == size).collect();
        View {
            baseline,
            size,
            suffix: nth.map(|nth| format!("-{nth}")).unwrap_or_default(),
            group: nth.map(|_| at(size)).unwrap_or_default(),
            leaders: comparison.leaders.iter().filter(others).collect(),
            traces: unique(cells.iter().map(|cell| cell.trace.as_str())),
            cells,
        }
    }

    fn cell(&self, policy: &str, trace: &str) -> Option<&'a CellRow> {
        self.cells.iter().copied().find(|cell| cell.policy == policy && cell.trace == trace)
    }
}

/// `Caches of 1%`.
fn at(size: &str) -> String {
    format!("Caches of {size}")
}

/// A policy's name; a bound is called one.
fn name(leader: &LeaderRow) -> String {
    match leader.clairvoyant.as_str() {
        "yes" => format!("{} (bound)", leader.policy),
        _ => leader.policy.clone(),
    }
}

/// `12.3 % fewer misses`, `5.0 % more misses`: against the baseline's, whichever way.
fn in_words(cell: &CellRow, baseline: &str) -> String {
    let against = match cell.reduction {
        0.0 => format!("as many misses as {baseline}"),
        better if better > 0.0 => {
            format!("{} fewer misses than {baseline}", format::percent(better))
        }
        worse => format!("{baseline} has {} fewer misses", format::percent(-worse)),
    };
    format!(
        "{} on {} at {}: {against}; miss ratio {}",
        cell.policy,
        cell.trace,
        cell.size,
        format::percent(cell.miss_ratio)
    )
}
