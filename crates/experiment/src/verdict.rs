//! Which strategy wins, by the scenario's metric.

use frames::RunRow;
use serde::{Deserialize, Serialize};

use crate::Metric;

/// The comparison of all strategies over one trace in one cell of the matrix.
///
/// The figures are exact for this trace, this seed and this model: there is no sampling error in
/// them, and no claim about any other trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Verdict {
    /// Name of the trace.
    pub trace: String,
    /// Cell of the matrix, or empty.
    pub cell: String,
    /// What decides.
    pub metric: Metric,
    /// Names of the best strategies: several if they tie, in the order of the scenario.
    pub winners: Vec<String>,
    /// The best of the others, if there is one.
    pub runner_up: Option<String>,
    /// The metric's value for the winners.
    pub best: f64,
    /// The metric's value for the runner-up.
    pub second: Option<f64>,
}

impl Verdict {
    /// Whether there was anything to win: a single strategy has no rivals.
    pub fn is_contest(&self) -> bool {
        self.runner_up.is_some() || self.winners.len() > 1
    }
}

/// The best run of each trace over all strategies and cells; of equals, the first.
pub fn best(runs: &[RunRow], metric: Metric) -> Vec<&RunRow> {
    let mut best: Vec<&RunRow> = Vec::new();
    for run in runs {
        match best.iter_mut().find(|other| other.trace == run.trace) {
            Some(other) if metric.merit(run) > metric.merit(other) => *other = run,
            Some(_) => {}
            None => best.push(run),
        }
    }
    best
}

/// One verdict a trace and cell, in the order of the runs.
pub fn verdicts(runs: &[RunRow], metric: Metric) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::new();
    for run in runs {
        if verdicts.iter().any(|v| v.trace == run.trace && v.cell == run.cell) {
            continue;
        }
        let rivals: Vec<&RunRow> =
            runs.iter().filter(|r| r.trace == run.trace && r.cell == run.cell).collect();
        verdicts.push(verdict(&rivals, metric));
    }
    verdicts
}

fn verdict(rivals: &[&RunRow], metric: Metric) -> Verdict {
    let merit = |run: &&&RunRow| metric.merit(run);
    let best = rivals.iter().map(|run| merit(&run)).fold(f64::NEG_INFINITY, f64::max);
    let second =
        rivals.iter().filter(|run| merit(run) < best).max_by(|a, b| merit(a).total_cmp(&merit(b)));
    let value = |run: &RunRow| metric.merit(run).abs();
    Verdict {
        trace: rivals[0].trace.clone(),
        cell: rivals[0].cell.clone(),
        metric,
        winners: rivals
            .iter()
            .filter(|run| merit(run) == best)
            .map(|run| run.strategy.clone())
            .collect(),
        runner_up: second.map(|run| run.strategy.clone()),
        best: best.abs(),
        second: second.map(|run| value(run)),
    }
}
