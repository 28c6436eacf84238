//! Every policy on every trace, against the baseline.

use super::{View, p_value};
use crate::chart::heat::{Cell, Heat, Row};
use crate::figure::{DataTable, Plot};
use crate::{Chart, format};

/// Traces that have columns.
const N_COLUMNS: usize = 60;

/// Counts of one trace are exact; what may be chance is which traces there are.
const STARRED: &str = " A cell is exact, so only means can be due to chance: a star stands where Wilcoxon's \
    signed-rank test over the families of traces, corrected for the number of policies, says p < 0.05.";

pub(super) fn chart(view: &View<'_>) -> Option<Chart> {
    if view.leaders.is_empty() || view.traces.is_empty() {
        return None;
    }
    let traces = &view.traces[..view.traces.len().min(N_COLUMNS)];
    let left_out = match view.traces.len() - traces.len() {
        0 => String::new(),
        _ => format!(" The first {N_COLUMNS} of {} traces are drawn.", view.traces.len()),
    };
    let said = |leader: &frames::LeaderRow| match view.standing(&leader.policy) {
        Some(row) if row.wilcoxon_p_holm.is_finite() => {
            format!("; against {}: {}", view.baseline, p_value(row.wilcoxon_p_holm))
        }
        _ => String::new(),
    };
    let tested = view.is_tested();
    let rows = view.leaders.iter().map(|leader| {
        let cell = |trace: &&str| match view.cell(&leader.policy, trace) {
            Some(cell) => Cell {
                value: cell.reduction,
                label: short(cell.reduction),
                tip: super::in_words(cell, view.baseline),
                star: false,
            },
            None => Cell { value: f64::NAN, label: String::new(), tip: String::new(), star: false },
        };
        let mean = leader.reduction_mean;
        Row {
            name: super::name(leader),
            cells: traces.iter().map(cell).collect(),
            summary: Cell {
                value: mean,
                label: short(mean),
                tip: format!(
                    "{}, mean: {}{}",
                    leader.policy,
                    format::change(mean, 1),
                    said(leader)
                ),
                star: view.differs(&leader.policy),
            },
        }
    });
    let heat = Heat {
        columns: traces.iter().map(|trace| trace.to_string()).collect(),
        summary: "Mean".into(),
        star: if tested {
            format!("differs from {} (p < 0.05)", view.baseline)
        } else {
            String::new()
        },
        unit: "%",
        rows: rows.collect(),
    };
    let best = view.leaders.iter().take(3).map(|leader| leader.policy.clone()).collect::<Vec<_>>();
    Some(Chart {
        id: format!("heat{}", view.suffix),
        group: view.group.clone(),
        title: format!("Reduction of misses, trace by trace, at {}", view.size),
        findings: Vec::new(),
        caption: format!(
            "How many fewer misses each policy has than {}, in percent; blue is fewer, orange more. \
             The policy with the highest mean comes first. Where a policy is worse, the share is of \
             its own misses, so that −50 means twice as many.{}{left_out}",
            view.baseline,
            if tested { STARRED } else { "" }
        ),
        alt: format!(
            "Table of reductions by policy and trace. The highest means have {}.",
            super::super::listed(&best)
        ),
        table: table(view),
        plot: Plot::Heat(heat),
    })
}

/// A whole number of percent, without the sign of it.
fn short(share: f64) -> String {
    format::change(share, 0).trim_end_matches(" %").trim_start_matches('+').to_string()
}

fn table(view: &View<'_>) -> DataTable {
    let tested = view.is_tested();
    let mut columns = vec!["Policy".to_string(), "Mean".into()];
    columns.extend(tested.then(|| "p (Holm)".to_string()));
    columns.extend(view.traces.iter().map(|trace| trace.to_string()));
    let row = |leader: &&frames::LeaderRow| {
        let cell = |trace: &&str| {
            let cell = view.cell(&leader.policy, trace);
            format::change(cell.map_or(f64::NAN, |cell| cell.reduction), 1)
        };
        let p = view.standing(&leader.policy).map_or(f64::NAN, |row| row.wilcoxon_p_holm);
        [super::name(leader), format::change(leader.reduction_mean, 1)]
            .into_iter()
            .chain(tested.then(|| format::p_value(p)))
            .chain(view.traces.iter().map(cell))
            .collect()
    };
    DataTable { columns, names: 1, rows: view.leaders.iter().map(row).collect() }
}
