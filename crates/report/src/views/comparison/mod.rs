//! The figures of a comparison: policies over traces and sizes.

mod curves;
mod heat;
mod intervals;
mod pairs;
mod ranks;
mod spread;

use frames::{CellRow, Comparison, LeaderRow, PairRow, StandingRow, TestRow};

use crate::select::unique;
use crate::{Chart, format};

/// What is below is called significant.
pub(crate) const ALPHA: f64 = 0.05;

/// The figures there is something to show in: of all sizes, then size by size. The first is the one that
/// the verdict is about.
pub fn comparison_charts(comparison: &Comparison, baseline: &str) -> Vec<Chart> {
    let sizes = unique(comparison.leaders.iter().map(|row| row.size.as_str()));
    let several = sizes.len() > 1;
    let mut charts: Vec<Chart> = Vec::new();
    let views: Vec<View<'_>> = sizes
        .iter()
        .enumerate()
        .map(|(i, size)| View::new(comparison, baseline, size, several.then_some(i + 1)))
        .collect();
    charts.extend(intervals::leading(&views));
    charts.extend(curves::chart(comparison, baseline, &sizes));
    for view in &views {
        let of_size = [
            intervals::chart(view).filter(|_| several),
            spread::reductions(view),
            ranks::chart(view),
            heat::chart(view),
            pairs::chart(view),
            spread::gaps(view),
        ];
        charts.extend(of_size.into_iter().flatten());
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
    /// The tests of this size, if there are some.
    test: Option<&'a TestRow>,
    /// From the best mean rank to the worst, the baseline among them.
    standings: Vec<&'a StandingRow>,
    pairs: Vec<&'a PairRow>,
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
            test: comparison.tests.iter().find(|row| row.size == size),
            standings: comparison.standings.iter().filter(|row| row.size == size).collect(),
            pairs: comparison.pairs.iter().filter(|row| row.size == size).collect(),
        }
    }

    fn standing(&self, policy: &str) -> Option<&'a StandingRow> {
        self.standings.iter().copied().find(|row| row.policy == policy)
    }

    /// Whether there were families enough to test anything.
    fn is_tested(&self) -> bool {
        self.test.is_some_and(|test| test.friedman_p.is_finite())
    }

    /// Whether the policy differs from the baseline, and not by chance.
    fn differs(&self, policy: &str) -> bool {
        self.standing(policy).is_some_and(|row| row.wilcoxon_p_holm < ALPHA)
    }

    fn cell(&self, policy: &str, trace: &str) -> Option<&'a CellRow> {
        self.cells.iter().copied().find(|cell| cell.policy == policy && cell.trace == trace)
    }
}

/// `Caches of 1%`.
pub(crate) fn at(size: &str) -> String {
    format!("Caches of {size}")
}

/// `p = 0.034`, `p < 0.0001`.
fn p_value(p: f64) -> String {
    let text = format::p_value(p);
    if text.starts_with('<') { format!("p {text}") } else { format!("p = {text}") }
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
