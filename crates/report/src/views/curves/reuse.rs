//! How far apart the uses of objects are.

use frames::ReuseRow;

use super::Case;
use crate::chart::axis::Axis;
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::views::strings;
use crate::{Chart, format};

pub(super) fn distances(case: &Case<'_>) -> Option<Chart> {
    let unit = &rows(case, "distance").first()?.unit;
    let (title, x) = match unit.as_str() {
        "bytes" => ("Reuse distance", "LRU capacity needed, log scale"),
        _ => ("Reuse distance", "LRU capacity needed in objects, log scale"),
    };
    let caption = "The least LRU cache in which a request hits: its object, and all distinct objects \
                   requested since its last use.";
    chart(case, "distance", title, x, caption)
}

pub(super) fn times(case: &Case<'_>) -> Option<Chart> {
    let caption = "Requests from one for an object to the next for it; 1 is immediately again.";
    chart(case, "time", "Reuse time", "Requests until the next use, log scale", caption)
}

fn rows<'a>(case: &Case<'a>, measure: &str) -> Vec<&'a ReuseRow> {
    let of = |row: &&ReuseRow| row.trace == case.trace && row.measure == measure;
    case.curves.reuse.iter().filter(of).collect()
}

fn chart(case: &Case<'_>, measure: &str, title: &str, x: &str, caption: &str) -> Option<Chart> {
    let rows = rows(case, measure);
    let (first, last) = (rows.first()?, rows.last()?);
    let bytes = first.unit == "bytes";
    let value = |value: u64| if bytes { format::bytes(value) } else { format::count(value) };
    let range = |row: &ReuseRow| match row.to - row.from {
        1 => value(row.from),
        _ if bytes => format!("{} to {}", value(row.from), value(row.to)),
        _ => format!("{} to {}", value(row.from), value(row.to - 1)),
    };
    // A bar a bucket: up, across and down.
    let bar = |row: &&ReuseRow| {
        let (from, to) = (row.from as f64, row.to as f64);
        [(from, row.share), (to, row.share)]
    };
    let outline: Vec<(f64, f64)> = rows.iter().flat_map(bar).collect();
    let middle = |row: &ReuseRow| (row.from as f64 * row.to as f64).sqrt();
    let tip = |row: &&ReuseRow| {
        let text = format!("{}: {} of requests", range(row), format::percent(row.share));
        ((middle(row), row.share), text)
    };
    let reused: f64 = rows.iter().map(|row| row.share).sum();
    let (low, high) = (first.from.max(1) as f64, last.to as f64);
    let closed = std::iter::once((low, 0.0)).chain(outline.iter().copied()).chain([(high, 0.0)]);
    let line = Line {
        name: String::new(),
        slot: 0,
        points: closed.collect(),
        band: outline.iter().map(|&(x, share)| (x, 0.0, share)).collect(),
        tips: rows.iter().map(tip).collect(),
    };
    let most = rows.iter().max_by_key(|row| row.requests)?;
    let first_requests = format::percent(1.0 - reused);
    Some(Chart {
        id: format!("reuse-{measure}{}", case.suffix),
        group: case.group.clone(),
        title: title.to_string(),
        findings: Vec::new(),
        caption: format!(
            "{caption} Each step is twice as wide as the one before. {first_requests} of requests \
             are the first for their object and have none."
        ),
        alt: format!(
            "Histogram. Most requests, {}, are at {}.",
            format::percent(most.share),
            range(most)
        ),
        table: DataTable {
            columns: strings([title, "Requests", "Share of requests"]),
            names: 1,
            rows: rows
                .iter()
                .map(|row| {
                    vec![range(row), format::count(row.requests), format::percent(row.share)]
                })
                .collect(),
        },
        plot: Plot::Lines(Lines {
            x: if bytes { Axis::capacity(x, low, high) } else { Axis::magnitude(x, low, high) },
            y: Axis::shares(
                "Share of requests",
                rows.iter().map(|row| row.share).chain([0.0]).collect::<Vec<_>>().into_iter(),
            ),
            lines: vec![line],
            guides: Vec::new(),
            marks: Vec::new(),
            name_ends: false,
        }),
    })
}
