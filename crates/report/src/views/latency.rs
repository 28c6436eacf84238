//! How long reads take.

use frames::RunRow;

use crate::chart::axis::Axis;
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::select::Case;
use crate::{Chart, format};

pub(super) fn chart(case: &Case<'_>) -> Option<Chart> {
    let lines: Vec<Line> = case
        .runs
        .iter()
        .map(|(slot, run)| line(case, *slot, run))
        .filter(|line| !line.points.is_empty())
        .collect();
    let plot = distributions(lines)?;
    let said = |(_, run): &(usize, &RunRow)| {
        let (p50, p99) = (format::nanos(run.latency_ns_p50), format::nanos(run.latency_ns_p99));
        format!("{} {p50} and {p99}", run.strategy)
    };
    let percentiles: Vec<String> = case.runs.iter().map(said).collect();
    Some(Chart {
        id: format!("latency{}", case.suffix),
        group: case.group.clone(),
        title: "Latency of reads".into(),
        findings: Vec::new(),
        caption: case.caption(
            "Cumulative distribution, from intended arrival to answer. Further left is faster; \
             a step is a tier. Where a line crosses p50 and p99 are its median and 99th percentile. \
             The data gives each quantile its 95 % interval, as if reads were independent.",
        ),
        alt: format!("Cumulative latency curves. Median and p99: {}.", percentiles.join("; ")),
        table: table(case),
        plot,
    })
}

/// Cumulative distributions of latency over each other; none without a point.
pub(super) fn distributions(lines: Vec<Line>) -> Option<Plot> {
    let all = || lines.iter().flat_map(|line| &line.points).map(|point| point.0);
    let (low, high) = (all().reduce(f64::min)?, all().reduce(f64::max)?);
    Some(Plot::Lines(Lines {
        x: Axis::latency("Latency of reads, log scale", low, high),
        y: Axis::whole("Share of reads at most this slow"),
        lines,
        guides: vec![(0.5, "p50".into()), (0.99, "p99".into())],
        marks: Vec::new(),
        name_ends: false,
    }))
}

fn line(case: &Case<'_>, slot: usize, run: &RunRow) -> Line {
    let mut points = Vec::new();
    let mut below = 0.0;
    for row in case.results.latency.iter().filter(|row| row.run == run.run) {
        if !row.cumulative.is_finite() {
            continue;
        }
        let latency = row.latency_ns.max(1) as f64;
        points.extend([(latency, below), (latency, row.cumulative)]);
        below = row.cumulative;
    }
    let tip = |(name, share, latency): (&str, f64, u64)| {
        let text = format!("{}: {name} {}", run.strategy, format::nanos(latency));
        ((latency.max(1) as f64, share), text)
    };
    let marked = [("p50", 0.5, run.latency_ns_p50), ("p99", 0.99, run.latency_ns_p99)];
    Line {
        name: run.strategy.clone(),
        slot,
        points,
        band: Vec::new(),
        tips: marked.into_iter().map(tip).collect(),
    }
}

fn table(case: &Case<'_>) -> DataTable {
    let cells = |run: &RunRow| {
        let tail = [
            quantile(case, run, 0.5, run.latency_ns_p50),
            format::nanos(run.latency_ns_p90),
            quantile(case, run, 0.95, run.latency_ns_p95),
            quantile(case, run, 0.99, run.latency_ns_p99),
            quantile(case, run, 0.999, run.latency_ns_p999),
            format::nanos(run.latency_ns_max),
        ];
        std::iter::once(run.strategy.clone()).chain(tail).collect()
    };
    DataTable {
        columns: super::strings(["Strategy", "p50", "p90", "p95", "p99", "p99.9", "Largest"]),
        names: 1,
        rows: case.runs.iter().map(|(_, run)| cells(run)).collect(),
    }
}

/// With its 95 % interval, if there is one: `118 ms (114 ms to 121 ms)`.
fn quantile(case: &Case<'_>, run: &RunRow, quantile: f64, value: u64) -> String {
    let mut rows = case.results.quantiles.iter().filter(|row| row.run == run.run);
    let found = rows.find(|row| row.scope == "run" && row.quantile == quantile);
    let ends =
        found.map(|row| [row.low, row.high]).filter(|ends| ends.iter().all(|end| end.is_finite()));
    match ends {
        None => format::nanos(value),
        Some(ends) => {
            let [low, high] = ends.map(|end| format::nanos(end as u64));
            format!("{} ({low} to {high})", format::nanos(value))
        }
    }
}
