//! Popularity by rank, with Zipf's law as fitted.

use frames::RankRow;

use super::Case;
use crate::chart::axis::Axis;
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::views::strings;
use crate::{Chart, format};

pub(super) fn chart(case: &Case<'_>) -> Option<Chart> {
    let rows: Vec<&RankRow> =
        case.curves.ranks.iter().filter(|row| row.trace == case.trace).collect();
    let (first, last) = (*rows.first()?, *rows.last()?);
    let measured: Vec<(f64, f64)> =
        rows.iter().map(|row| (row.rank as f64, row.requests as f64)).collect();
    let fitted: Vec<(f64, f64)> = rows
        .iter()
        .filter(|row| row.fitted.is_finite() && row.fitted <= 2.0 * first.requests as f64)
        .map(|row| (row.rank as f64, row.fitted))
        .collect();
    let tip = |row: &&RankRow| {
        let (rank, requests) = (format::count(row.rank), format::count(row.requests));
        ((row.rank as f64, row.requests as f64), format!("rank {rank}: {requests} requests"))
    };
    let line =
        |name: String, slot, points, tips| Line { name, slot, points, band: Vec::new(), tips };
    let mut lines = vec![line("requests".into(), 0, measured, rows.iter().map(tip).collect())];
    let mut caption = String::from("Requests for each object, the most popular first.");
    let most = fitted.first().map_or(0.0, |point| point.1).max(first.requests as f64);
    if fitted.len() > 1 {
        let exponent = format!("{:.2}", first.exponent);
        caption.push_str(&format!(
            " The line is Zipf's law with the exponent fitted, {exponent}, over the objects that the \
             fit describes, where it stays near the measured counts."
        ));
        lines.push(line(format!("Zipf, exponent {exponent}"), 1, fitted, Vec::new()));
    } else {
        caption.push_str(" Too few objects are requested often enough to fit Zipf's law.");
    }
    let fitted = |row: &RankRow| match row.fitted.is_finite() {
        true => format!("{:.1}", row.fitted),
        false => "–".into(),
    };
    Some(Chart {
        id: format!("popularity{}", case.suffix),
        group: case.group.clone(),
        title: "Popularity".into(),
        findings: Vec::new(),
        caption,
        alt: format!(
            "Requests by rank, from {} for the most popular object to {} for the last of {}.",
            format::count(first.requests),
            format::count(last.requests),
            format::count(last.rank)
        ),
        table: DataTable {
            columns: strings(["Rank", "Requests", "By Zipf's law"]),
            names: 0,
            rows: rows
                .iter()
                .map(|row| vec![format::count(row.rank), format::count(row.requests), fitted(row)])
                .collect(),
        },
        plot: Plot::Lines(Lines {
            x: Axis::magnitude("Rank of the object, log scale", 1.0, last.rank as f64),
            y: Axis::magnitude("Requests, log scale", last.requests as f64, most),
            lines,
            guides: Vec::new(),
            marks: Vec::new(),
            name_ends: false,
        }),
    })
}
