//! Miss ratio by capacity, a curve a policy.

use frames::CurveRow;

use super::{Case, sampled};
use crate::chart::axis::Axis;
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::palette::N_SERIES;
use crate::select::unique;
use crate::views::{listed, strings};
use crate::{Chart, format};

pub(super) fn chart(case: &Case<'_>) -> Option<Chart> {
    let rows: Vec<&CurveRow> =
        case.curves.curves.iter().filter(|row| row.trace == case.trace).collect();
    let unit = rows.first()?.unit.as_str();
    let policies = unique(rows.iter().map(|row| row.policy.as_str()));
    let lines: Vec<Line> = policies
        .iter()
        .take(N_SERIES)
        .enumerate()
        .map(|(slot, policy)| line(&rows, policy, slot))
        .collect();
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let edges = lines.iter().flat_map(|line| line.band.iter().flat_map(|band| [band.1, band.2]));
    let capacities = || points().map(|point| point.0);
    let (low, high) = (capacities().reduce(f64::min)?, capacities().reduce(f64::max)?);
    let x = match unit {
        "bytes" => Axis::capacity("Capacity, log scale", low, high),
        _ => Axis::magnitude("Capacity in objects, log scale", low, high),
    };
    let y = Axis::shares(
        "Miss ratio",
        points().map(|p| p.1).chain(edges).collect::<Vec<_>>().into_iter(),
    );
    let said = |line: &Line| {
        let ends = [line.points.first(), line.points.last()]
            .map(|point| format::percent(point.map_or(f64::NAN, |point| point.1)));
        format!("{} from {} to {}", line.name, ends[0], ends[1])
    };
    let alt = listed(&lines.iter().map(said).collect::<Vec<_>>());
    let mut caption = String::from(
        "Share of requests that miss. Lower is better; where a curve is flat, more capacity buys \
         nothing.",
    );
    if rows.iter().any(|row| sampled(row)) {
        caption.push_str(" Bands are 95 % intervals.");
    }
    if policies.len() > N_SERIES {
        caption
            .push_str(&format!(" The first {N_SERIES} of {} policies are drawn.", policies.len()));
    }
    Some(Chart {
        id: format!("miss-ratio{}", case.suffix),
        group: case.group.clone(),
        title: "Miss ratio by capacity".into(),
        findings: Vec::new(),
        caption,
        alt: format!("Miss-ratio curves. From the smallest to the largest capacity: {alt}."),
        table: table(&rows, &policies, unit),
        plot: Plot::Lines(Lines {
            x,
            y,
            lines,
            guides: Vec::new(),
            marks: Vec::new(),
            name_ends: true,
        }),
    })
}

fn capacity(value: u64, unit: &str) -> String {
    match unit {
        "bytes" => format::bytes(value),
        _ => format::count(value),
    }
}

fn line(rows: &[&CurveRow], policy: &str, slot: usize) -> Line {
    let own: Vec<&CurveRow> = rows.iter().copied().filter(|row| row.policy == policy).collect();
    let point = |row: &CurveRow| (row.capacity as f64, row.miss_ratio);
    let tip = |row: &CurveRow| {
        let (at, ratio) = (capacity(row.capacity, &row.unit), format::percent(row.miss_ratio));
        let objects = if row.unit == "objects" { " objects" } else { "" };
        let mut text = format!("{policy} at {at}{objects}: {ratio} misses");
        if sampled(row) {
            let (low, high) = (format::percent(row.low), format::percent(row.high));
            text.push_str(&format!(" ({low} to {high})"));
        }
        (point(row), text)
    };
    let band = own.iter().filter(|row| sampled(row));
    Line {
        name: policy.to_string(),
        slot,
        points: own.iter().map(|row| point(row)).collect(),
        band: band.map(|row| (row.capacity as f64, row.low, row.high)).collect(),
        tips: own.iter().map(|row| tip(row)).collect(),
    }
}

fn table(rows: &[&CurveRow], policies: &[&str], unit: &str) -> DataTable {
    let mut capacities: Vec<u64> = rows.iter().map(|row| row.capacity).collect();
    capacities.sort_unstable();
    capacities.dedup();
    let mut columns = strings(["Capacity", "Of all"]);
    columns.extend(policies.iter().map(|policy| policy.to_string()));
    let cells = |at: &u64| {
        let same = || rows.iter().filter(|row| row.capacity == *at);
        let share = format::percent(same().next().map_or(f64::NAN, |row| row.share));
        let ratio = |policy: &&str| {
            let found = same().find(|row| row.policy == *policy);
            format::percent(found.map_or(f64::NAN, |row| row.miss_ratio))
        };
        [capacity(*at, unit), share].into_iter().chain(policies.iter().map(ratio)).collect()
    };
    DataTable { columns, names: 1, rows: capacities.iter().map(cells).collect() }
}
