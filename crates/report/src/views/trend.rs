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

/// The chart of a metric over checks of these commits, or whatever names the checks have, the oldest
/// first. Runs that begin with 0 have no relative change, and are left out.
pub fn chart(metric: &str, commits: &[String], all: &[TrendLine]) -> Chart {
    let started = |line: &&TrendLine| line.points.first().is_some_and(|point| point.1 != 0.0);
    let checks: Vec<String> =
        commits.iter().enumerate().map(|(i, name)| format!("{}: {}", i + 1, short(name))).collect();
    let drawn = all.iter().filter(started).take(N_SERIES).enumerate();
    let lines: Vec<Line> = drawn.map(|(slot, line)| staircase(slot, line, &checks)).collect();
    let changes: Vec<f64> =
        lines.iter().flat_map(|line| line.points.iter().map(|point| point.1)).collect();
    let left_out = all.len() - lines.len();
    let mut caption = String::from("Change since the first check of the history, check by check.");
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
            x: Axis::places("Check, by its commit", &checks),
            y: Axis::change("Change since the first check", changes.iter().copied()),
            lines,
            guides: Vec::new(),
            marks: Vec::new(),
            name_ends: false,
        }),
    }
}

/// A value holds until the next check: what is between them is no slope.
fn staircase(slot: usize, line: &TrendLine, checks: &[String]) -> Line {
    let first = line.points.first().map_or(f64::NAN, |point| point.1);
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (check, value) in &line.points {
        let change = (value - first) / first.abs();
        points.extend(points.last().map(|last| (*check as f64, last.1)));
        points.push((*check as f64, change));
    }
    let tip = |(x, y): &(f64, f64)| {
        let check = checks.get(*x as usize - 1).map_or("–", String::as_str);
        ((*x, *y), format!("{}, check {check}: {}", line.name, format::change(*y, 2)))
    };
    let tips = points.iter().map(tip).collect();
    Line { name: line.name.clone(), slot, points, band: Vec::new(), tips }
}

/// Of the name of a commit as much as tells it from others: seven digits of a hash, as git shows it.
fn short(commit: &str) -> String {
    const DIGITS: usize = 7;
    const MOST: usize = 11;
    let hash = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    match commit.chars().count() {
        _ if hash => commit[..DIGITS].to_string(),
        n if n > MOST => format!("{}…", commit.chars().take(MOST - 1).collect::<String>()),
        _ => commit.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_counted_from_1_and_named_by_their_commits() {
        let hash = "0123456789abcdef0123456789abcdef01234567";
        let commits = [hash, "v1.2", "2026-11-25-nightly"].map(String::from);
        let line = TrendLine { name: "a".into(), points: vec![(1, 0.5), (3, 0.4)] };
        let svg = chart("hit_ratio", &commits, &[line]).svg(crate::Theme::Light).unwrap();
        for label in ["1: 0123456", "2: v1.2", "3: 2026-11-25…"] {
            assert!(svg.lines().any(|line| line == label), "{label}: {svg}");
        }
        assert!(!svg.lines().any(|line| line == "0"), "there is no check 0");
    }

    #[test]
    fn a_figure_is_a_staircase_from_no_change() {
        let line = TrendLine { name: "a".into(), points: vec![(1, 0.5), (2, 0.5), (3, 0.25)] };
        let drawn = staircase(0, &line, &["1: a".into(), "2: b".into(), "3: c".into()]);
        assert_eq!(drawn.points, [(1.0, 0.0), (2.0, 0.0), (2.0, 0.0), (3.0, 0.0), (3.0, -0.5)]);
        assert_eq!(drawn.tips[4].1, "a, check 3: c: −50.00 %");
        let nought = TrendLine { name: "b".into(), points: vec![(1, 0.0), (2, 1.0)] };
        let chart = chart("hit_ratio", &["c".into()], &[line, nought]);
        assert!(chart.caption.contains("1 more runs are not drawn"), "{}", chart.caption);
        let svg = chart.svg(crate::Theme::Light).unwrap();
        assert!(svg.contains("Change since the first check"), "{svg}");
    }
}
