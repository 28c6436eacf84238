//! An A/B test: the differences against what matters, the difference over time, and both latencies.

use frames::{AbMeasureRow, AbTestRow, AbTests, AbWindowRow};

use crate::chart::axis::Axis;
use crate::chart::intervals::{Group, Intervals, Row};
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::palette::Role;
use crate::{Chart, format};

/// The figures of all tests: those that show the verdicts first.
pub fn test_charts(tests: &AbTests) -> Vec<Chart> {
    let several = tests.tests.len() > 1;
    let of = |kind: fn(&One<'_>) -> Option<Chart>| -> Vec<Chart> {
        let one = |(i, test)| One {
            tests,
            test,
            suffix: if several { format!("-{}", i + 1) } else { String::new() },
            group: if several { test.test.clone() } else { String::new() },
        };
        tests.tests.iter().enumerate().map(one).filter_map(|one| kind(&one)).collect()
    };
    let of_rollouts = [of(super::rollout::chart), of(super::rollout::interference)].concat();
    [of(differences), of_rollouts, of(over_time), of(latency)].concat()
}

/// One test of several.
pub(super) struct One<'a> {
    pub(super) tests: &'a AbTests,
    pub(super) test: &'a AbTestRow,
    pub(super) suffix: String,
    pub(super) group: String,
}

impl One<'_> {
    fn measures(&self) -> impl Iterator<Item = &AbMeasureRow> {
        self.tests.measures.iter().filter(|row| row.test == self.test.test)
    }
}

/// A value of a measure.
pub(crate) fn value(row: &AbMeasureRow, value: f64) -> String {
    match row.unit.as_str() {
        _ if !value.is_finite() => "–".into(),
        "ratio" => format::percent(value),
        "ns" => format::nanos(value.max(0.0).round() as u64),
        _ => format::money(value as i64),
    }
}

/// A change of a measure, signed; of shares in points.
pub(crate) fn change(row: &AbMeasureRow, change: f64) -> String {
    let sign = match change {
        up if up > 0.0 => "+",
        down if down < 0.0 => "−",
        _ => "",
    };
    match row.unit.as_str() {
        _ if !change.is_finite() => "–".into(),
        "ratio" => format!("{sign}{:.2} pp", change.abs() * 100.0),
        _ => format!("{sign}{}", value(row, change.abs())),
    }
}

/// In words.
pub(crate) fn words(measure: &str) -> &str {
    match measure {
        "hit-ratio" => "Hit ratio",
        "byte-miss-ratio" => "Byte miss ratio",
        "error-ratio" => "Error ratio",
        "p50" => "Median latency",
        "p95" => "p95 latency",
        "p99" => "p99 latency",
        "cost" => "Cost a month",
        other => other,
    }
}

/// Differences in multiples of what matters, the right side being better.
fn differences(one: &One<'_>) -> Option<Chart> {
    // Without a margin there is nothing to measure by.
    let shown: Vec<&AbMeasureRow> = one.measures().filter(|row| row.margin > 0.0).collect();
    let in_margins = |row: &AbMeasureRow| {
        let by = if row.better == "higher" { row.margin } else { -row.margin };
        let [mut low, estimate, mut high] =
            [row.low, row.difference, row.high].map(|value| value / by);
        if low > high {
            (low, high) = (high, low);
        }
        [low, estimate, high]
    };
    let values = shown.iter().flat_map(|row| in_margins(row)).filter(|value| value.is_finite());
    let axis = Axis::margins("Change, in multiples of what matters or is allowed", values.clone());
    values.clone().next()?;
    let row = |row: &&AbMeasureRow| Row {
        name: words(&row.measure).to_string(),
        estimate: in_margins(row)[1],
        interval: (in_margins(row)[0], in_margins(row)[2]),
        wider: (f64::NAN, f64::NAN),
        label: change(row, row.difference),
        tip: format!("{}: {}", words(&row.measure), told(row)),
        role: match row.result.as_str() {
            "worse" | "broken" => Role::series(1),
            _ if row.role == "primary" => Role::series(0),
            _ => Role::MUTED,
        },
    };
    let told: Vec<String> =
        shown.iter().map(|row| format!("{} {}", words(&row.measure), told(row))).collect();
    Some(Chart {
        id: format!("differences{}", one.suffix),
        group: one.group.clone(),
        title: format!("{} against {}", one.test.b, one.test.a),
        findings: Vec::new(),
        caption: "Each change with its interval, divided by its margin: the shaded middle does not \
                  matter, right of it is better, left of it is worse. The first decides; the others must \
                  not lie left of the middle. A mark without a line has no interval: it is exact for \
                  this trace, or was not judged. A tip at the edge stands for a change beyond it."
            .into(),
        alt: format!("Changes with intervals: {}.", super::listed(&told)),
        table: difference_table(&shown),
        plot: Plot::Intervals(Intervals {
            axis,
            zero: 0.0,
            same: (-1.0, 1.0),
            sides: ["worse", "better"],
            heading: String::new(),
            legend: Vec::new(),
            groups: vec![Group { title: String::new(), rows: shown.iter().map(row).collect() }],
        }),
    })
}

/// `+1.2 pp, from +1.1 to +1.3`.
fn told(row: &AbMeasureRow) -> String {
    let estimate = change(row, row.difference);
    match row.basis.as_str() {
        "whole run" => format!("{estimate}, exactly on this trace"),
        "estimate" => format!("about {estimate}, error not known"),
        _ => format!("{estimate}, from {} to {}", change(row, row.low), change(row, row.high)),
    }
}

fn difference_table(rows: &[&AbMeasureRow]) -> DataTable {
    let cells = |row: &&AbMeasureRow| {
        let margin = change(row, row.margin);
        vec![
            words(&row.measure).to_string(),
            change(row, row.difference),
            change(row, row.low),
            change(row, row.high),
            margin.trim_start_matches('+').to_string(),
        ]
    };
    DataTable {
        columns: super::strings(["Measure", "Change", "Low", "High", "Margin"]),
        names: 1,
        rows: rows.iter().map(cells).collect(),
    }
}

/// The mean difference so far, with a band that holds at all times.
fn over_time(one: &One<'_>) -> Option<Chart> {
    let windows: Vec<&AbWindowRow> =
        one.tests.windows.iter().filter(|row| row.test == one.test.test).collect();
    let last = windows.last()?;
    let timed = last.start_ns > 0;
    let mut reads = 0;
    let mut at = Vec::new();
    for row in &windows {
        at.push(if timed { row.start_ns as f64 } else { reads as f64 });
        reads += row.reads;
    }
    let points = || at.iter().copied().zip(windows.iter().map(|row| row.so_far));
    let band: Vec<(f64, f64, f64)> = at
        .iter()
        .zip(&windows)
        .filter(|(_, row)| row.low.is_finite())
        .map(|(x, row)| (*x, row.low, row.high))
        .collect();
    let margin = one.measures().next().filter(|row| row.unit == "ratio").map(|row| row.margin);
    let margin = margin.filter(|_| one.test.series == one.test.measure);
    // Before the band begins the mean jumps; the axis need not hold that.
    let settled = points().skip(windows.len() / 10).map(|point| point.1);
    let ends = band.iter().skip(band.len() / 4).flat_map(|(_, low, high)| [*low, *high]);
    let guides = margin.map_or(Vec::new(), |margin| vec![-margin, margin]);
    let values: Vec<f64> = settled.chain(ends).chain(guides.iter().copied()).collect();
    let name = words(&one.test.series);
    let tip = |(x, row): (&f64, &&AbWindowRow)| {
        let text = format!(
            "so far {}, from {} to {}",
            signed_points(row.so_far),
            signed_points(row.low),
            signed_points(row.high)
        );
        ((*x, row.so_far), text)
    };
    let line = Line {
        name: String::new(),
        slot: 0,
        points: points().collect(),
        band,
        tips: at.iter().zip(&windows).map(tip).collect(),
    };
    let x = match timed {
        true => Axis::time("Time since the first request", *at.last()?),
        false => Axis::count("Reads since the beginning", *at.last()?),
    };
    Some(Chart {
        id: format!("so-far{}", one.suffix),
        group: one.group.clone(),
        title: "The difference as time goes on".into(),
        findings: Vec::new(),
        caption: format!(
            "Mean difference so far, {} less {}, of {}. The band is a confidence sequence: it holds \
             the mean at all times at once, so one may look whenever one likes; for one look at the end \
             it is wider than the interval of the verdict.",
            one.test.b,
            one.test.a,
            lower(name)
        ),
        alt: format!(
            "Mean difference over time. It ends at {}, with a band from {} to {}.",
            signed_points(last.so_far),
            signed_points(last.low),
            signed_points(last.high)
        ),
        table: window_table(&at, &windows, timed),
        plot: Plot::Lines(Lines {
            x,
            y: Axis::point_change(&format!("{name}, B less A, in pp"), values.into_iter()),
            lines: vec![line],
            guides: guides.into_iter().map(|at| (at, "margin".to_string())).collect(),
            marks: Vec::new(),
            name_ends: false,
        }),
    })
}

pub(super) fn lower(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    // `p99` is small already, and a strategy's name never leads here.
    first.into_iter().chain(letters).collect()
}

pub(super) fn signed_points(value: f64) -> String {
    let sign = match value {
        up if up > 0.0 => "+",
        down if down < 0.0 => "−",
        _ => "",
    };
    if value.is_finite() { format!("{sign}{:.2} pp", value.abs() * 100.0) } else { "–".into() }
}

fn window_table(at: &[f64], windows: &[&AbWindowRow], timed: bool) -> DataTable {
    let place = |x: f64| match timed {
        true => format::nanos(x as u64),
        false => format!("read {}", format::count(x as u64)),
    };
    let cells = |(x, row): (&f64, &&AbWindowRow)| {
        vec![
            place(*x),
            format::count(row.reads),
            format::percent(row.a),
            format::percent(row.b),
            signed_points(row.so_far),
            signed_points(row.low),
            signed_points(row.high),
        ]
    };
    let columns = ["From", "Reads", "A", "B", "Difference so far", "Low", "High"];
    DataTable {
        columns: super::strings(columns),
        names: 1,
        rows: at.iter().zip(windows).map(cells).collect(),
    }
}

/// Both cumulative distributions over each other.
fn latency(one: &One<'_>) -> Option<Chart> {
    let arms = [(0, &one.test.a), (1, &one.test.b)];
    let lines: Vec<Line> = arms.iter().map(|(slot, arm)| distribution(one, *slot, arm)).collect();
    let table = quantile_table(&lines);
    let alt = "Cumulative latency curves of both strategies; the table has some quantiles.".into();
    Some(Chart {
        id: format!("latency{}", one.suffix),
        group: one.group.clone(),
        title: "Latency of reads".into(),
        findings: Vec::new(),
        caption:
            "Cumulative distributions over the same reads. Further left is faster; where a line \
                  crosses p50 and p99 are its median and 99th percentile."
                .into(),
        alt,
        table,
        plot: super::latency::distributions(lines)?,
    })
}

/// A step at each latency.
fn distribution(one: &One<'_>, slot: usize, arm: &str) -> Line {
    let rows = one.tests.latency.iter();
    let mut below = 0.0;
    let points = rows
        .filter(|row| row.test == one.test.test && row.strategy == arm && row.share.is_finite())
        .flat_map(|row| {
            let latency = row.latency_ns.max(1) as f64;
            let step = [(latency, below), (latency, row.share)];
            below = row.share;
            step
        })
        .collect();
    Line { name: arm.to_string(), slot, points, band: Vec::new(), tips: Vec::new() }
}

fn quantile_table(lines: &[Line]) -> DataTable {
    let quantile = |line: &Line, share: f64| {
        let reached = line.points.iter().find(|point| point.1 >= share);
        reached.map_or("–".to_string(), |point| format::nanos(point.0 as u64))
    };
    let cells = |line: &Line| {
        let shares = [0.5, 0.9, 0.95, 0.99, 0.999];
        let quantiles = shares.map(|share| quantile(line, share));
        std::iter::once(line.name.clone()).chain(quantiles).collect()
    };
    DataTable {
        columns: super::strings(["Strategy", "p50", "p90", "p95", "p99", "p99.9"]),
        names: 1,
        rows: lines.iter().map(cells).collect(),
    }
}
