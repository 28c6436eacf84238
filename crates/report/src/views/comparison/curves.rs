//! What size buys: a little plot a trace, with the leading policies.

use frames::{CellRow, Comparison};

use crate::chart::axis::Axis;
use crate::chart::panels::{Panel, Panels};
use crate::figure::{DataTable, Plot};
use crate::select::unique;
use crate::{Chart, format};

/// Traces that have a panel.
const N_PANELS: usize = 24;
/// Rivals that have a line, beside the baseline and the optimum.
const N_LEADERS: usize = 5;
const OPTIMUM: &str = "belady";

pub(super) fn chart(comparison: &Comparison, baseline: &str, sizes: &[&str]) -> Option<Chart> {
    // Single points are no curve.
    if sizes.len() < 2 {
        return None;
    }
    let drawn = drawn(comparison, baseline);
    let all = unique(comparison.cells.iter().map(|cell| cell.trace.as_str()));
    let traces = &all[..all.len().min(N_PANELS)];
    let panels: Vec<Panel> =
        traces.iter().map(|trace| panel(comparison, trace, &drawn, sizes)).collect();
    let left_out = match all.len() - traces.len() {
        0 => String::new(),
        _ => format!(" The first {N_PANELS} of {} traces are drawn.", all.len()),
    };
    let table = table(comparison, &all, &drawn, sizes);
    let names: Vec<String> = drawn.iter().map(|policy| policy.to_string()).collect();
    let plot = Panels {
        lines: names.iter().cloned().enumerate().map(|(i, name)| (name, i)).collect(),
        places: sizes.iter().map(|size| size.to_string()).collect(),
        panels,
    };
    Some(Chart {
        id: "miss-ratio".into(),
        group: String::new(),
        title: "Miss ratio by size, trace by trace".into(),
        findings: Vec::new(),
        caption: format!(
            "The policies with the highest mean reduction over all sizes, up to {N_LEADERS} that differ, \
             and what they are measured against. Each plot has its own scale; the sizes lie equally far \
             apart.{left_out}"
        ),
        alt: format!("Small plots of the miss ratio of {} by size.", super::super::listed(&names)),
        table,
        plot: Plot::Panels(plot),
    })
}

/// The leading rivals over all sizes, the baseline, and the optimum if it is there.
fn drawn<'a>(comparison: &'a Comparison, baseline: &'a str) -> Vec<&'a str> {
    let rows = || comparison.leaders.iter();
    let rivals = rows().filter(|row| row.clairvoyant != "yes" && row.policy != baseline);
    let mut rivals = unique(rivals.map(|row| row.policy.as_str()));
    let total = |policy: &str| -> f64 {
        rows().filter(|row| row.policy == policy).map(|row| row.reduction_mean).sum()
    };
    rivals.sort_by(|a, b| total(b).total_cmp(&total(a)));
    let misses = |policy: &str| -> Vec<u64> {
        let cells = comparison.cells.iter().filter(|cell| cell.policy == policy);
        cells.map(|cell| cell.misses).collect()
    };
    let mut leading: Vec<&str> = Vec::new();
    for rival in rivals {
        // Some policies are the same where sizes are; one line is enough for them.
        let known = leading.iter().any(|other| misses(other) == misses(rival));
        if leading.len() < N_LEADERS && !known {
            leading.push(rival);
        }
    }
    let others = [baseline, OPTIMUM];
    leading.extend(others.into_iter().filter(|name| rows().any(|row| row.policy == *name)));
    leading.dedup();
    leading
}

fn cell<'a>(
    comparison: &'a Comparison,
    trace: &str,
    policy: &str,
    size: &str,
) -> Option<&'a CellRow> {
    let is_it = |cell: &&CellRow| cell.trace == trace && cell.policy == policy && cell.size == size;
    comparison.cells.iter().find(is_it)
}

fn panel(comparison: &Comparison, trace: &str, drawn: &[&str], sizes: &[&str]) -> Panel {
    let value = |policy: &str, size: &str| match cell(comparison, trace, policy, size) {
        Some(cell) => {
            let miss_ratio = format::percent(cell.miss_ratio);
            let capacity = format::count(cell.capacity);
            let tip = format!(
                "{policy} on {trace} at {size} ({capacity} {}): {miss_ratio} misses",
                cell.unit
            );
            (cell.miss_ratio, tip)
        }
        None => (f64::NAN, String::new()),
    };
    let line = |policy: &&str| sizes.iter().map(|size| value(policy, size)).collect();
    let values: Vec<Vec<(f64, String)>> = drawn.iter().map(line).collect();
    let all = values.iter().flatten().map(|(value, _)| *value);
    Panel { title: trace.to_string(), y: Axis::shares("Miss ratio", all), values: values.clone() }
}

fn table(comparison: &Comparison, traces: &[&str], drawn: &[&str], sizes: &[&str]) -> DataTable {
    let mut columns = super::super::strings(["Trace", "Size", "Capacity"]);
    columns.extend(drawn.iter().map(|policy| policy.to_string()));
    let row = |trace: &str, size: &str| -> Vec<String> {
        let of = |policy: &&str| cell(comparison, trace, policy, size);
        let capacity =
            drawn.first().and_then(of).map_or("–".into(), |c| format::count(c.capacity));
        let miss_ratio =
            |policy: &&str| format::percent(of(policy).map_or(f64::NAN, |c| c.miss_ratio));
        [trace.to_string(), size.to_string(), capacity]
            .into_iter()
            .chain(drawn.iter().map(miss_ratio))
            .collect()
    };
    let rows = traces.iter().flat_map(|trace| sizes.iter().map(move |size| (trace, size)));
    DataTable { columns, names: 2, rows: rows.map(|(trace, size)| row(trace, size)).collect() }
}
