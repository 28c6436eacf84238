//! Which strategy wins, by the scenario's metric.

use frames::{Results, RunRow};
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
    /// Names of the best strategies, in the order of the scenario: several if they tie, which is to read
    /// the same to the digits that are shown; none if all broke the promise to erase.
    pub winners: Vec<String>,
    /// The best of the others, if there is one.
    pub runner_up: Option<String>,
    /// The metric's value for the best of the winners.
    pub best: Option<f64>,
    /// The metric's value for the runner-up.
    pub second: Option<f64>,
    /// Strategies that broke the promise to erase, and so win nothing whatever their metric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broke_erasure: Vec<String>,
}

impl Verdict {
    /// Whether there was anything to win: a single strategy has no rivals.
    pub fn is_contest(&self) -> bool {
        self.winners.len() + self.runner_up.iter().len() + self.broke_erasure.len() > 1
    }
}

/// The best run of each trace over all strategies and cells that may win; of equals, the first.
pub fn best(results: &Results, metric: Metric) -> Vec<&RunRow> {
    let mut best: Vec<&RunRow> = Vec::new();
    for run in results.runs.iter().filter(|run| may_win(results, run)) {
        match best.iter_mut().find(|other| other.trace == run.trace) {
            Some(other) if metric.merit(run) > metric.merit(other) => *other = run,
            Some(_) => {}
            None => best.push(run),
        }
    }
    best
}

/// One verdict a trace and cell, in the order of the runs.
pub fn verdicts(results: &Results, metric: Metric) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::new();
    for run in &results.runs {
        if verdicts.iter().any(|v| v.trace == run.trace && v.cell == run.cell) {
            continue;
        }
        let rivals = results.runs.iter().filter(|r| r.trace == run.trace && r.cell == run.cell);
        let (fit, unfit): (Vec<_>, Vec<_>) = rivals.partition(|rival| may_win(results, rival));
        verdicts.push(Verdict {
            trace: run.trace.clone(),
            cell: run.cell.clone(),
            broke_erasure: unfit.iter().map(|rival| rival.strategy.clone()).collect(),
            ..verdict(&fit, metric)
        });
    }
    verdicts
}

/// Who served or kept what it had promised to erase wins nothing.
fn may_win(results: &Results, run: &RunRow) -> bool {
    results.erasures.iter().all(|row| row.run != run.run || row.holds == 1)
}

/// Of those that may win. What reads the same as the best is as good: a lead that nobody can see, in
/// latencies finer than their histogram, is none.
fn verdict(rivals: &[&RunRow], metric: Metric) -> Verdict {
    let merit = |run: &RunRow| metric.merit(run);
    // Three digits, where fewer are shown, as of a small cost.
    let shown = |run: &RunRow| (metric.show(merit(run).abs()), format!("{:.2e}", merit(run).abs()));
    let ranked = || rivals.iter().copied().filter(|run| merit(run).is_finite());
    let better = |a: &&RunRow, b: &&RunRow| merit(a).total_cmp(&merit(b));
    let best = ranked().max_by(better);
    let (winners, others): (Vec<&RunRow>, Vec<&RunRow>) =
        ranked().partition(|run| best.is_some_and(|best| shown(best) == shown(run)));
    let second = others.into_iter().max_by(better);
    Verdict {
        trace: String::new(),
        cell: String::new(),
        metric,
        winners: winners.iter().map(|run| run.strategy.clone()).collect(),
        runner_up: second.map(|run| run.strategy.clone()),
        best: best.map(|run| merit(run).abs()),
        second: second.map(|run| merit(run).abs()),
        broke_erasure: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use frames::ErasureRow;

    use super::*;

    /// Runs of one trace with these p99s in microseconds.
    fn results(p99s: &[(&str, u64)]) -> Results {
        let row = |(strategy, us): &(&str, u64)| RunRow {
            run: format!("{strategy} / t"),
            strategy: strategy.to_string(),
            trace: "t".into(),
            latency_ns_p99: us * 1_000,
            ..RunRow::default()
        };
        Results { runs: p99s.iter().map(row).collect(), ..Results::default() }
    }

    fn the_one(results: &Results) -> Verdict {
        let [verdict] = &verdicts(results, Metric::P99)[..] else { panic!("one case") };
        verdict.clone()
    }

    /// Nines and cents are told apart where it matters.
    #[test]
    fn small_differences_of_small_amounts_are_no_tie() {
        let of = |availability, cents: i64| RunRow {
            trace: "t".into(),
            strategy: format!("{availability} {cents}"),
            availability,
            cost_nanodollars_month: cents * 100_000,
            ..RunRow::default()
        };
        let runs = vec![of(0.99999, 105), of(1.0, 149)];
        let results = Results { runs, ..Results::default() };
        let winners = |metric| verdicts(&results, metric)[0].winners.clone();
        assert_eq!(winners(Metric::Availability), ["1 149"]);
        assert_eq!(winners(Metric::Cost), ["0.99999 105"]);
        assert_eq!(Metric::Availability.show(0.99999), "99.9990 %");
        assert_eq!(Metric::Availability.show(0.9849), "98.49 %");
    }

    #[test]
    fn what_reads_the_same_ties() {
        let close = the_one(&results(&[("a", 169_400), ("b", 168_600), ("c", 171_000)]));
        assert_eq!(
            (&close.winners[..], close.best),
            (&["a".into(), "b".into()][..], Some(168.6e6))
        );
        assert_eq!((close.runner_up.as_deref(), close.second), (Some("c"), Some(171e6)));
        let apart = the_one(&results(&[("a", 169_600), ("b", 169_400)]));
        assert_eq!(
            (&apart.winners[..], apart.runner_up.as_deref()),
            (&["b".into()][..], Some("a"))
        );
    }

    #[test]
    fn who_broke_the_promise_to_erase_wins_nothing() {
        let mut made = results(&[("fast", 100), ("slow", 300), ("slower", 400)]);
        let erased = |holds: &[u64]| -> Vec<ErasureRow> {
            let rows = ["fast", "slow", "slower"].iter().zip(holds);
            let row = |(strategy, &holds): (&&str, &u64)| ErasureRow {
                run: format!("{strategy} / t"),
                holds,
                ..ErasureRow::default()
            };
            rows.map(row).collect()
        };
        made.erasures = erased(&[0, 1, 1]);
        let verdict = the_one(&made);
        assert_eq!(
            (&verdict.winners[..], verdict.runner_up),
            (&["slow".into()][..], Some("slower".into()))
        );
        assert_eq!(verdict.broke_erasure, ["fast"]);
        assert_eq!(best(&made, Metric::P99)[0].strategy, "slow");
        made.erasures = erased(&[0, 0, 0]);
        let verdict = the_one(&made);
        assert!(verdict.winners.is_empty() && verdict.best.is_none() && verdict.is_contest());
        assert!(best(&made, Metric::P99).is_empty());
    }
}
