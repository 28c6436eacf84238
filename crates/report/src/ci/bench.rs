//! Figures for tools that keep benchmarks over time.
//!
//! - Bencher Metric Format: benchmark, measure, value (bencher.dev/docs/reference/bencher-metric-format);
//! - the custom format of github-action-benchmark: a list of name, unit and value, in one file for
//!   what is better when smaller and one for what is better when larger
//!   (github.com/benchmark-action/github-action-benchmark, both as of 2026-11).

use frames::CheckRow;
use serde_json::{Map, Value, json};

use super::{Gate, run};

/// Bencher Metric Format. What is not a number is left out.
pub fn bencher(gate: &Gate<'_>) -> String {
    let mut benchmarks = Map::new();
    for row in figures(gate) {
        let name = format!("{} / {}", gate.study, run(row));
        let measures = benchmarks.entry(name).or_insert_with(|| Value::Object(Map::new()));
        measures[row.metric.as_str()] = json!({ "value": row.actual });
    }
    serde_json::to_string_pretty(&benchmarks).expect("figures are plain JSON") + "\n"
}

/// `customBiggerIsBetter` of github-action-benchmark.
pub fn bigger_is_better(gate: &Gate<'_>) -> String {
    list(gate, |row| row.better == "higher")
}

/// `customSmallerIsBetter` of github-action-benchmark. What is neither is in neither list.
pub fn smaller_is_better(gate: &Gate<'_>) -> String {
    list(gate, |row| row.better == "lower")
}

fn list(gate: &Gate<'_>, chosen: impl Fn(&CheckRow) -> bool) -> String {
    let entry = |row: &CheckRow| {
        json!({
            "name": format!("{} / {}: {}", gate.study, run(row), row.metric),
            "unit": row.unit,
            "value": row.actual,
        })
    };
    let list: Vec<Value> = figures(gate).filter(|row| chosen(row)).map(entry).collect();
    serde_json::to_string_pretty(&list).expect("figures are plain JSON") + "\n"
}

/// The figures, each once: limits are about the same ones.
fn figures<'a>(gate: &Gate<'a>) -> impl Iterator<Item = &'a CheckRow> {
    gate.rows.iter().filter(|row| row.against == "baseline" && row.actual.is_finite())
}
