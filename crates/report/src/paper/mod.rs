//! What a paper could quote of a comparison: a summary in words, and a table in LaTeX.

mod latex;
mod summary;

use frames::{Comparison, StandingRow, TestRow};

use crate::select::unique;
use crate::views::comparison::ALPHA;

pub use latex::latex_table;
pub use summary::summary;

/// One size of a comparison, as far as papers go.
struct Size<'a> {
    test: &'a TestRow,
    baseline: &'a str,
    /// All but the baseline, from the highest mean reduction to the lowest.
    rivals: Vec<&'a StandingRow>,
    /// The baseline too, from the best mean rank to the worst.
    all: Vec<&'a StandingRow>,
}

fn sizes<'a>(comparison: &'a Comparison, baseline: &'a str) -> Vec<Size<'a>> {
    let labels = unique(comparison.tests.iter().map(|row| row.size.as_str()));
    let size = |label: &str| {
        let test = comparison.tests.iter().find(|row| row.size == label)?;
        let all: Vec<&StandingRow> =
            comparison.standings.iter().filter(|row| row.size == label).collect();
        let mut rivals: Vec<&StandingRow> =
            all.iter().copied().filter(|row| row.policy != baseline).collect();
        rivals.sort_by(|a, b| b.reduction.total_cmp(&a.reduction));
        Some(Size { test, baseline, rivals, all })
    };
    labels.into_iter().filter_map(size).collect()
}

impl Size<'_> {
    /// Whether there were families enough for tests.
    fn is_tested(&self) -> bool {
        self.test.friedman_p.is_finite()
    }
}
