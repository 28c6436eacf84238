//! How many objects are in use within windows of each length.

use super::Case;
use crate::chart::axis::Axis;
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::views::strings;
use crate::{Chart, format};

pub(super) fn chart(case: &Case<'_>) -> Option<Chart> {
    let rows = || case.curves.footprint.iter().filter(|row| row.trace == case.trace);
    let points: Vec<(f64, f64)> = rows().map(|row| (row.window as f64, row.objects)).collect();
    let (first, last) = (*points.first()?, *points.last()?);
    let objects = |objects: f64| format::count(objects.round() as u64);
    let tip = |&(window, distinct): &(f64, f64)| {
        let text = format!("{} requests: {} objects", objects(window), objects(distinct));
        ((window, distinct), text)
    };
    let line = Line {
        name: String::new(),
        slot: 0,
        tips: points.iter().map(tip).collect(),
        band: Vec::new(),
        points: points.clone(),
    };
    Some(Chart {
        id: format!("working-set{}", case.suffix),
        group: case.group.clone(),
        title: "Working set".into(),
        findings: Vec::new(),
        caption: "Distinct objects in a window, on average over all windows of its length. Where the \
                  curve flattens, the same objects are asked for again; its slope is about the miss \
                  ratio of an LRU cache as large."
            .into(),
        alt: format!(
            "Working-set curve. From {} objects in {} requests to {} in {}.",
            objects(first.1),
            objects(first.0),
            objects(last.1),
            objects(last.0)
        ),
        table: DataTable {
            columns: strings(["Requests", "Distinct objects"]),
            names: 0,
            rows: points.iter().map(|point| vec![objects(point.0), format!("{:.1}", point.1)]).collect(),
        },
        plot: Plot::Lines(Lines {
            x: Axis::magnitude("Length of the window in requests, log scale", first.0, last.0),
            y: Axis::magnitude("Distinct objects, log scale", first.1, last.1),
            lines: vec![line],
            guides: Vec::new(),
            marks: Vec::new(),
            name_ends: false,
        }),
    })
}
