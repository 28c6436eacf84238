//! What capacity buys: miss-ratio curves, if the matrix has several capacities.

use crate::chart::axis::Axis;
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::palette::N_SERIES;
use crate::select::{self, Case};
use crate::{Chart, format};

pub(super) fn chart(case: &Case<'_>) -> Option<Chart> {
    let lines = lines(case);
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let (low, high) =
        (points().map(|p| p.0).reduce(f64::min)?, points().map(|p| p.0).reduce(f64::max)?);
    // Single points are no curve: strategies that differ in capacity are in the other figures.
    if low >= high || lines.iter().all(|line| line.points.len() < 2) {
        return None;
    }
    let said = |line: &Line| {
        let ends = [line.points.first(), line.points.last()]
            .map(|point| format::percent(point.map_or(f64::NAN, |point| point.1)));
        format!("{} from {} to {}", line.name, ends[0], ends[1])
    };
    let alt = super::listed(&lines.iter().map(said).collect::<Vec<_>>());
    let table = table(&lines);
    let plot = Lines {
        x: Axis::capacity("Capacity of all tiers, log scale", low, high),
        y: Axis::shares("Miss ratio", points().map(|point| point.1)),
        lines,
        guides: Vec::new(),
        marks: Vec::new(),
        name_ends: true,
    };
    Some(Chart {
        id: format!("miss-ratio{}", case.suffix),
        group: case.group.clone(),
        title: "Miss ratio by capacity".into(),
        findings: Vec::new(),
        caption:
            "Share of reads that the origin answers, against the capacity as simulated. Lower is \
                  better; where a curve is flat, more capacity buys nothing."
                .into(),
        alt: format!("Miss-ratio curves. From the smallest to the largest capacity: {alt}."),
        table,
        plot: Plot::Lines(plot),
    })
}

/// A curve a strategy, over the cells of the matrix. Where cells share a capacity, the first counts.
fn lines(case: &Case<'_>) -> Vec<Line> {
    let of_trace = || case.results.runs.iter().filter(|run| run.trace == case.trace);
    let strategies = select::unique(of_trace().map(|run| run.strategy.as_str()));
    let line = |strategy: &&str| {
        let mut slot = None;
        let mut points: Vec<(f64, f64)> = Vec::new();
        for run in of_trace().filter(|run| run.strategy == *strategy) {
            let capacity = run.capacity_bytes as f64;
            let known = points.iter().any(|point| point.0 == capacity);
            if !known && capacity > 0.0 && run.hit_ratio.is_finite() {
                points.push((capacity, 1.0 - run.hit_ratio));
            }
            slot = case.slot(run);
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let tip = |&(x, y): &(f64, f64)| {
            let (capacity, misses) = (format::bytes(x as u64), format::percent(y));
            ((x, y), format!("{strategy} at {capacity}: {misses} misses"))
        };
        let tips = points.iter().map(tip).collect();
        Some(Line { name: strategy.to_string(), slot: slot?, points, band: Vec::new(), tips })
    };
    strategies
        .iter()
        .filter_map(line)
        .filter(|line| !line.points.is_empty())
        .take(N_SERIES)
        .collect()
}

fn table(lines: &[Line]) -> DataTable {
    let mut capacities: Vec<f64> =
        lines.iter().flat_map(|line| line.points.iter().map(|point| point.0)).collect();
    capacities.sort_by(f64::total_cmp);
    capacities.dedup();
    let mut columns = super::strings(["Capacity"]);
    columns.extend(lines.iter().map(|line| line.name.clone()));
    let cells = |capacity: &f64| {
        let miss_ratio = |line: &Line| {
            let same = line.points.iter().find(|point| point.0 == *capacity);
            same.map_or("–".into(), |point| format::percent(point.1))
        };
        std::iter::once(format::bytes(*capacity as u64))
            .chain(lines.iter().map(miss_ratio))
            .collect()
    };
    DataTable { columns, names: 1, rows: capacities.iter().map(cells).collect() }
}
