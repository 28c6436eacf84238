//! How hit ratio, latency, errors and load develop, with what went wrong marked.

use frames::{FaultRow, RunRow, TierWindowRow, WindowRow};

use crate::chart::axis::Axis;
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::select::{self, Case};
use crate::{Chart, format};

/// Faults that a figure has room for.
const MOST_MARKS: usize = 12;
/// Sentences about faults, at most; the table has all.
const MOST_SENTENCES: usize = 10;

/// What is drawn over time.
struct Measure {
    id: String,
    title: String,
    /// Name of the axis.
    name: &'static str,
    caption: &'static str,
    axis: fn(&str, &[f64]) -> Axis,
    show: fn(f64) -> String,
}

/// A value of a window.
#[derive(Clone)]
struct Point {
    window: u64,
    x: f64,
    y: f64,
}

pub(super) fn charts(case: &Case<'_>) -> Vec<Chart> {
    let of_reads = [hit_ratio(case), p99(case), errors(case)];
    of_reads.into_iter().flatten().chain(saturation(case)).collect()
}

fn hit_ratio(case: &Case<'_>) -> Option<Chart> {
    let measure = Measure {
        id: "over-time".into(),
        title: "Hit ratio over time".into(),
        name: "Hit ratio",
        caption: "Each point is a window of the trace; warm-up is included. \
                  The vertical axis does not begin at 0 unless its labels do.",
        axis: |name, values| Axis::shares(name, values.iter().copied()),
        show: format::percent,
    };
    let series = of_reads(case, |row| row.hits as f64 / row.requests as f64);
    chart(case, &measure, &series).map(|chart| Chart { findings: recoveries(case), ..chart })
}

fn p99(case: &Case<'_>) -> Option<Chart> {
    let measure = Measure {
        id: "p99-over-time".into(),
        title: "p99 latency over time".into(),
        name: "99th percentile of the latency of reads, log scale",
        caption: "Of the reads that arrived in each window, warm-up included; \
                  those that failed are among them.",
        axis: |name, values| {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            Axis::latency(name, low, values.iter().copied().fold(1.0, f64::max))
        },
        show: |value| format::nanos(value as u64),
    };
    let series = of_reads(case, |row| row.latency_ns_p99 as f64);
    if has_values(&series) { chart(case, &measure, &series) } else { None }
}

/// Only where there are some.
fn errors(case: &Case<'_>) -> Option<Chart> {
    let measure = Measure {
        id: "errors-over-time".into(),
        title: "Errors over time".into(),
        name: "Share of reads without an answer",
        caption: "Of the reads that arrived in each window, warm-up included.",
        axis: |name, values| Axis::shares(name, values.iter().copied()),
        show: format::percent,
    };
    let series = of_reads(case, |row| row.errors as f64 / row.requests as f64);
    if has_values(&series) { chart(case, &measure, &series) } else { None }
}

fn has_values(series: &[Vec<Point>]) -> bool {
    series.iter().flatten().any(|point| point.y > 0.0)
}

/// Servers that are never busy for so much of their time have no chart: a line at 0 tells nothing that the
/// table of servers does not.
const IDLE: f64 = 0.05;

/// A figure for each tier that has servers.
fn saturation(case: &Case<'_>) -> Vec<Chart> {
    let has_servers = |tier: &&str| {
        let rows = case.results.tiers.iter().filter(|row| row.tier == **tier && row.servers > 0);
        rows.into_iter().any(|row| case.draws(&row.run))
    };
    let figure = |(i, tier): (usize, &str)| {
        let measure = Measure {
            id: format!("saturation-{}", i + 1),
            title: format!("Saturation of {}", super::named(tier)),
            name: "Busy share of the servers",
            caption: "Time that the servers were busy with requests they began in the window, as a \
                      share of the time they had. Near 100 % requests wait, and the longer the nearer \
                      it is. It exceeds 100 % where serving takes longer than a window.",
            axis: |name, values| Axis::shares_from_0(name, values.iter().copied()),
            show: format::percent,
        };
        let busy = |(_, run): &(usize, &RunRow)| busy(case, run, tier);
        let series: Vec<Vec<Point>> = case.runs.iter().map(busy).collect();
        let is_busy = series.iter().flatten().any(|point| point.y >= IDLE);
        if is_busy { chart(case, &measure, &series) } else { None }
    };
    case.tiers().into_iter().filter(has_servers).enumerate().filter_map(figure).collect()
}

/// A value of each window that had reads, run by run.
fn of_reads(case: &Case<'_>, value: impl Fn(&WindowRow) -> f64) -> Vec<Vec<Point>> {
    let timed = is_timed(case);
    let points = |run: &RunRow| {
        let mut reads = 0;
        let rows = case.results.windows.iter().filter(|row| row.run == run.run && row.requests > 0);
        rows.map(|row| {
            let x = if timed { row.start_ns } else { reads } as f64;
            reads += row.requests;
            Point { window: row.window, x, y: value(row) }
        })
        .collect()
    };
    case.runs.iter().map(|(_, run)| points(run)).collect()
}

/// A tier of a run that has no servers has no points.
fn busy(case: &Case<'_>, run: &RunRow, tier: &str) -> Vec<Point> {
    let mut tiers = case.results.tiers.iter().filter(|row| row.run == run.run);
    if !tiers.any(|row| row.tier == tier && row.servers > 0) {
        return Vec::new();
    }
    let point = |row: &TierWindowRow| Point {
        window: row.window,
        x: row.start_ns as f64,
        y: row.busy_share,
    };
    let rows = case.results.tier_windows.iter();
    rows.filter(|row| row.run == run.run && row.tier == tier).map(point).collect()
}

fn is_timed(case: &Case<'_>) -> bool {
    case.results.windows.iter().any(|window| window.start_ns > 0)
}

/// One line a run of the case.
fn chart(case: &Case<'_>, measure: &Measure, series: &[Vec<Point>]) -> Option<Chart> {
    let timed = is_timed(case);
    let last = series.iter().flatten().map(|point| point.x).reduce(f64::max)?;
    let lines: Vec<Line> = case
        .runs
        .iter()
        .zip(series)
        .filter(|(_, points)| !points.is_empty())
        .map(|((slot, run), points)| line(*slot, run, measure, points, timed))
        .collect();
    let said = |line: &Line| {
        let end = line.points.last().map_or(f64::NAN, |point| point.1);
        format!("{} ends at {}", line.name, (measure.show)(end))
    };
    let ends: Vec<String> = lines.iter().map(said).collect();
    let x = if timed {
        Axis::time("Time since the first request", last)
    } else {
        Axis::count("Reads since the beginning", last)
    };
    let values: Vec<f64> = series.iter().flatten().map(|point| point.y).collect();
    let marks = if timed { marks(case) } else { Vec::new() };
    let faults: Vec<String> = marks.iter().map(|(_, what)| what.clone()).collect();
    let marked = if faults.is_empty() {
        String::new()
    } else {
        format!(" Marked: {}.", super::listed(&faults))
    };
    Some(Chart {
        id: format!("{}{}", measure.id, case.suffix),
        group: case.group.clone(),
        title: measure.title.clone(),
        findings: Vec::new(),
        caption: case.caption(measure.caption),
        alt: format!("{} in each window. {}.{marked}", measure.name, super::listed(&ends)),
        table: table(case, measure, series, timed),
        plot: Plot::Lines(Lines {
            x,
            y: (measure.axis)(measure.name, &values),
            lines,
            guides: Vec::new(),
            marks,
            name_ends: true,
        }),
    })
}

fn line(slot: usize, run: &RunRow, measure: &Measure, points: &[Point], timed: bool) -> Line {
    let tip = |point: &Point| {
        let (at, value) = (place(point.x, timed), (measure.show)(point.y));
        ((point.x, point.y), format!("{} from {at}: {value}", run.strategy))
    };
    Line {
        name: run.strategy.clone(),
        slot,
        points: points.iter().map(|point| (point.x, point.y)).collect(),
        band: Vec::new(),
        tips: points.iter().map(tip).collect(),
    }
}

fn place(x: f64, timed: bool) -> String {
    if timed { format::nanos(x as u64) } else { format!("read {}", format::count(x as u64)) }
}

fn table(case: &Case<'_>, measure: &Measure, series: &[Vec<Point>], timed: bool) -> DataTable {
    let mut columns = super::strings(["From"]);
    columns.extend(case.runs.iter().map(|(_, run)| run.strategy.clone()));
    let longest = series.iter().max_by_key(|points| points.len()).cloned().unwrap_or_default();
    let cells = |at: &Point| {
        let value = |points: &Vec<Point>| {
            let same = points.iter().find(|point| point.window == at.window);
            same.map_or("–".into(), |point| (measure.show)(point.y))
        };
        std::iter::once(place(at.x, timed)).chain(series.iter().map(value)).collect()
    };
    DataTable { columns, names: 1, rows: longest.iter().map(cells).collect() }
}

/// The faults of the runs drawn, each once, numbered by their time.
fn marks(case: &Case<'_>) -> Vec<(f64, String)> {
    let mut faults: Vec<&FaultRow> = Vec::new();
    for row in case.results.faults.iter().filter(|row| case.draws(&row.run)) {
        let key = |row: &FaultRow| (row.at_ns, row.tier.clone(), row.what.clone());
        if !faults.iter().any(|other| key(other) == key(row)) {
            faults.push(row);
        }
    }
    faults.sort_by_key(|row| row.at_ns);
    let mark = |row: &FaultRow| {
        (row.at_ns as f64, format!("{}: {} at {}", row.tier, row.what, format::nanos(row.at_ns)))
    };
    faults.into_iter().take(MOST_MARKS).map(mark).collect()
}

/// What the faults did to the hit ratio, if it is soon said.
fn recoveries(case: &Case<'_>) -> Vec<String> {
    let of_run = |(_, run): &(usize, &RunRow)| {
        let rows = case.results.faults.iter().filter(|row| row.run == run.run);
        rows.filter_map(|row| recovery(run, row)).collect::<Vec<_>>()
    };
    let sentences: Vec<String> = case.runs.iter().flat_map(of_run).collect();
    if sentences.len() > MOST_SENTENCES { Vec::new() } else { sentences }
}

/// `lru, L1: flushed. Hit ratio from 83.1 % to 12.0 %, back within 1 pp after 41 s, with 1,204 more
/// requests at the origin.`
fn recovery(run: &RunRow, row: &FaultRow) -> Option<String> {
    if row.hit_ratio_before.is_nan() || row.recovery_ns == 0.0 {
        return None;
    }
    let [before, low] = [row.hit_ratio_before, row.hit_ratio_low].map(format::percent);
    let back = if row.recovery_ns.is_finite() {
        format!("back within 1 pp after {}", format::nanos(row.recovery_ns as u64))
    } else {
        "not back by the end".into()
    };
    let extra = row.extra_origin_fetches.round();
    let more = if extra < 0.0 { "fewer" } else { "more" };
    let extra = format::count(extra.abs() as u64);
    Some(format!(
        "{}, {}: {}. Hit ratio from {before} to {low}, {back}, with {extra} {more} requests at {}.",
        run.strategy,
        row.tier,
        row.what,
        super::named(select::ORIGIN)
    ))
}
