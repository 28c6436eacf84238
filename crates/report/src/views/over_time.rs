//! How the hit ratio develops.

use frames::{RunRow, WindowRow};

use crate::chart::axis::Axis;
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::select::Case;
use crate::{Chart, format};

pub(super) fn chart(case: &Case<'_>) -> Option<Chart> {
    let timed = case.results.windows.iter().any(|window| window.start_ns > 0);
    let lines: Vec<Line> = case
        .runs
        .iter()
        .map(|(slot, run)| line(case, *slot, run, timed))
        .filter(|line| !line.points.is_empty())
        .collect();
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let last = points().map(|point| point.0).reduce(f64::max)?;
    let said = |line: &Line| {
        let end = line.points.last().map_or(f64::NAN, |point| point.1);
        format!("{} ends at {}", line.name, format::percent(end))
    };
    let ends: Vec<String> = lines.iter().map(said).collect();
    let x = if timed {
        Axis::time("Time since the first request", last)
    } else {
        Axis::count("Reads since the beginning", last)
    };
    let y = Axis::shares("Hit ratio", points().map(|point| point.1));
    Some(Chart {
        id: format!("over-time{}", case.suffix),
        group: case.group.clone(),
        title: "Hit ratio over time".into(),
        caption: case.caption(
            "Each point is a window of the trace; warm-up is included. \
             The vertical axis does not begin at 0 unless its labels do.",
        ),
        alt: format!("Hit ratio in each window. {}.", super::listed(&ends)),
        table: table(case, timed),
        plot: Plot::Lines(Lines { x, y, lines, guides: Vec::new(), name_ends: true }),
    })
}

/// Windows of a run that had reads, each with its place on the axis.
fn windows<'a>(case: &Case<'a>, run: &RunRow, timed: bool) -> Vec<(f64, &'a WindowRow)> {
    let mut reads = 0;
    let rows = case.results.windows.iter().filter(|row| row.run == run.run && row.requests > 0);
    rows.map(|row| {
        let before = reads;
        reads += row.requests;
        (if timed { row.start_ns as f64 } else { before as f64 }, row)
    })
    .collect()
}

fn hit_ratio(row: &WindowRow) -> f64 {
    row.hits as f64 / row.requests as f64
}

fn place(x: f64, timed: bool) -> String {
    if timed { format::nanos(x as u64) } else { format!("read {}", format::count(x as u64)) }
}

fn line(case: &Case<'_>, slot: usize, run: &RunRow, timed: bool) -> Line {
    let windows = windows(case, run, timed);
    let point = |(x, row): &(f64, &WindowRow)| (*x, hit_ratio(row));
    let tip = |(x, row): &(f64, &WindowRow)| {
        let (at, ratio) = (place(*x, timed), format::percent(hit_ratio(row)));
        ((*x, hit_ratio(row)), format!("{} from {at}: {ratio}", run.strategy))
    };
    Line {
        name: run.strategy.clone(),
        slot,
        points: windows.iter().map(point).collect(),
        band: Vec::new(),
        tips: windows.iter().map(tip).collect(),
    }
}

fn table(case: &Case<'_>, timed: bool) -> DataTable {
    let mut columns = super::strings(["From"]);
    columns.extend(case.runs.iter().map(|(_, run)| run.strategy.clone()));
    let all: Vec<_> = case.runs.iter().map(|(_, run)| windows(case, run, timed)).collect();
    let longest = all.iter().max_by_key(|windows| windows.len()).cloned().unwrap_or_default();
    let cells = |(x, window): (f64, &WindowRow)| {
        let ratio = |windows: &Vec<(f64, &WindowRow)>| {
            let same = windows.iter().find(|(_, row)| row.window == window.window);
            same.map_or("–".into(), |(_, row)| format::percent(hit_ratio(row)))
        };
        std::iter::once(place(x, timed)).chain(all.iter().map(ratio)).collect()
    };
    DataTable { columns, names: 1, rows: longest.into_iter().map(cells).collect() }
}
