//! How a metric went over the checks of a history: a staircase a run, as the change since the first check.

use crate::chart::axis::Axis;
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::palette::N_SERIES;
use crate::{Chart, format};

/// A figure of a run over the checks of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendLine {
    /// The run.
    pub name: String,
    /// Its values, the oldest first, each with the number of its check, from 1.
    pub points: Vec<(usize, f64)>,
}

/// The chart of a metric. Runs that begin with 0 have no relative change, and are left out.
pub fn chart(metric: &str, all: &[TrendLine]) -> Chart {
    let started = |line: &&TrendLine| line.points.first().is_some_and(|point| point.1 != 0.0);
    let lines: Vec<Line> =
        all.iter().filter(started).take(N_SERIES).enumerate().map(staircase).collect();
    let ends = || lines.iter().flat_map(|line| line.points.iter().copied());
    let last = ends().map(|point| point.0).fold(1.0, f64::max);
    let changes: Vec<f64> = ends().map(|point| point.1).collect();
    let left_out = all.len() - lines.len();
    let mut caption = String::from("Change since the first check of the history, by check.");
    if left_out > 0 {
        caption.push_str(&format!(" {left_out} more runs are not drawn."));
    }
    let said = |line: &Line| {
        let end = line.points.last().map_or(f64::NAN, |point| point.1);
        format!("{} {}", line.name, format::change(end, 2))
    };
    let alt = super::listed(&lines.iter().map(said).collect::<Vec<_>>());
    Chart {
        id: "trend".into(),
        group: String::new(),
        title: format!("{metric} over the history"),
        findings: Vec::new(),
        caption,
        alt: format!("Change of {metric} from the first check to the last: {alt}."),
        table: DataTable::default(),
        plot: Plot::Lines(Lines {
            x: Axis::count("Check", last),
            y: Axis::change("Change since the first check", changes.iter().copied()),
            lines,
            guides: Vec::new(),
            marks: Vec::new(),
            name_ends: false,
        }),
    }
}

/// A value holds until the next check: what is between them is no slope.
fn staircase((slot, line): (usize, &TrendLine)) -> Line {
    let first = line.points.first().map_or(f64::NAN, |point| point.1);
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (check, value) in &line.points {
        let change = (value - first) / first.abs();
        points.extend(points.last().map(|last| (*check as f64, last.1)));
        points.push((*check as f64, change));
    }
    let tip = |(x, y): &(f64, f64)| {
        ((*x, *y), format!("{}, check {x}: {}", line.name, format::change(*y, 2)))
    };
    let tips = points.iter().map(tip).collect();
    Line { name: line.name.clone(), slot, points, band: Vec::new(), tips }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_a_staircase_from_no_change() {
        let line = TrendLine { name: "a".into(), points: vec![(1, 0.5), (2, 0.5), (3, 0.25)] };
        let drawn = staircase((0, &line));
        assert_eq!(drawn.points, [(1.0, 0.0), (2.0, 0.0), (2.0, 0.0), (3.0, 0.0), (3.0, -0.5)]);
        let nought = TrendLine { name: "b".into(), points: vec![(1, 0.0), (2, 1.0)] };
        let chart = chart("hit_ratio", &[line, nought]);
        assert!(chart.caption.contains("1 more runs are not drawn"), "{}", chart.caption);
        let svg = chart.svg(crate::Theme::Light).unwrap();
        assert!(svg.contains("Change since the first check"), "{svg}");
    }
}
