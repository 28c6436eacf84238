//! Every policy on every trace, against the baseline.

use super::View;
use crate::chart::heat::{Cell, Heat, Row};
use crate::figure::{DataTable, Plot};
use crate::{Chart, format};

/// Traces that have columns.
const N_COLUMNS: usize = 60;

pub(super) fn chart(view: &View<'_>) -> Option<Chart> {
    if view.leaders.is_empty() || view.traces.is_empty() {
        return None;
    }
    let traces = &view.traces[..view.traces.len().min(N_COLUMNS)];
    let left_out = match view.traces.len() - traces.len() {
        0 => String::new(),
        _ => format!(" The first {N_COLUMNS} of {} traces are drawn.", view.traces.len()),
    };
    let rows = view.leaders.iter().map(|leader| {
        let cell = |trace: &&str| match view.cell(&leader.policy, trace) {
            Some(cell) => Cell {
                value: cell.reduction,
                label: short(cell.reduction),
                tip: super::in_words(cell, view.baseline),
            },
            None => Cell { value: f64::NAN, label: String::new(), tip: String::new() },
        };
        let mean = leader.reduction_mean;
        Row {
            name: super::name(leader),
            cells: traces.iter().map(cell).collect(),
            summary: Cell {
                value: mean,
                label: short(mean),
                tip: format!("{}, mean: {}", leader.policy, format::change(mean, 1)),
            },
        }
    });
    let heat = Heat {
        columns: traces.iter().map(|trace| trace.to_string()).collect(),
        summary: "Mean".into(),
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
             its own misses, so that −50 means twice as many.{left_out}",
            view.baseline
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
    let mut columns = vec!["Policy".to_string(), "Mean".into()];
    columns.extend(view.traces.iter().map(|trace| trace.to_string()));
    let row = |leader: &&frames::LeaderRow| {
        let cell = |trace: &&str| {
            let cell = view.cell(&leader.policy, trace);
            format::change(cell.map_or(f64::NAN, |cell| cell.reduction), 1)
        };
        [super::name(leader), format::change(leader.reduction_mean, 1)]
            .into_iter()
            .chain(view.traces.iter().map(cell))
            .collect()
    };
    DataTable { columns, names: 1, rows: view.leaders.iter().map(row).collect() }
}
