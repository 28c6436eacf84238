//! What a test found, as rows of the result schema.

use analysis::Better;
use analysis::verdict::Outcome;
use frames::{AbLatencyRow, AbMeasureRow, AbNaiveRow, AbTestRow, AbTests, AbWindowRow};

use super::finding::Finding;
use super::measure::{Kind, Margin};
use super::{Test, windows};
use crate::recording::Recording;
use crate::rows::latency_curve;

/// The trace, and the cell if there is a matrix.
pub(super) fn name(recording: &Recording<'_>, cell: &str) -> String {
    match cell {
        "" => recording.trace.name().to_string(),
        cell => format!("{} / {cell}", recording.trace.name()),
    }
}

/// What the measure that decides says of itself: no verdict, which guardrails may turn.
fn by_itself(alone: Outcome) -> &'static str {
    match alone {
        Outcome::Ship => "better",
        Outcome::NoDifference => "within margin",
        Outcome::Worse => "worse",
        Outcome::Inconclusive => "unsure",
    }
}

impl Test<'_> {
    pub(super) fn name(&self) -> String {
        name(self.recording, self.cell)
    }

    pub(super) fn tables(&self) -> AbTests {
        let rolled_out = self.rolled_out.as_ref();
        AbTests {
            tests: vec![self.row()],
            measures: self.measures(),
            windows: self.windows(),
            latency: self.latency(),
            naive: self.naive().into_iter().collect(),
            rollouts: rolled_out.map(|done| done.rollout.clone()).into_iter().collect(),
            stages: rolled_out.map(|done| done.stages.clone()).unwrap_or_default(),
            batches: rolled_out.map(|done| done.batches.clone()).unwrap_or_default(),
        }
    }

    fn row(&self) -> AbTestRow {
        let (plan, judgement) = (self.plan, &self.judgement);
        let whole = &self.recording.trace;
        let aa = self.false_positives;
        AbTestRow {
            test: self.name(),
            study: self.study.name.clone(),
            trace: whole.name().to_string(),
            cell: self.cell.to_string(),
            trace_digest: whole.digest().to_string(),
            seed: self.study.seed,
            a: plan.baseline.clone(),
            b: plan.strategy.clone(),
            traffic: plan.traffic,
            by: plan.by.name().to_string(),
            units: self.n_units,
            requests_in_trace: whole.n_requests() as u64,
            requests_simulated: self.part.trace.n_requests() as u64,
            reads: judgement.n_requests,
            share_of_expected: self.share_of_expected,
            measure: plan.metric.name().to_string(),
            verdict: judgement.outcome.word().to_string(),
            reason: judgement.reason.clone(),
            level: plan.level,
            aa_rate: aa.map_or(f64::NAN, |rate| rate.estimate),
            aa_low: aa.map_or(f64::NAN, |rate| rate.low),
            aa_high: aa.map_or(f64::NAN, |rate| rate.high),
            aa_repetitions: if aa.is_some() { self.aa_repetitions } else { 0 },
            minimum_detectable: judgement.minimum_detectable.unwrap_or(f64::NAN),
            requests_needed: judgement.requests_needed.map_or(f64::NAN, |n| n as f64),
            series: match plan.metric.kind() {
                Kind::Quantile(_) => format!("share of reads above A's {}", plan.metric),
                Kind::Bill => "hit-ratio".to_string(),
                Kind::Share { .. } => plan.metric.name().to_string(),
            },
        }
    }

    fn measures(&self) -> Vec<AbMeasureRow> {
        let own = by_itself(self.judgement.alone);
        let primary = self.measure(&self.primary, self.plan.margin, "primary", own);
        let standings = self.judgement.standings.iter();
        let guardrails = self.guardrails.iter().zip(&self.plan.guardrails).zip(standings);
        let guardrails = guardrails.map(|((finding, (_, allowed)), standing)| {
            self.measure(finding, *allowed, "guardrail", standing.name())
        });
        std::iter::once(primary).chain(guardrails).collect()
    }

    fn measure(&self, finding: &Finding, margin: Margin, role: &str, result: &str) -> AbMeasureRow {
        let margin = margin.of(finding.a);
        let better = finding.measure.better();
        let above = finding.probability_above(margin).unwrap_or(f64::NAN);
        let below = finding.probability_above(-margin).map_or(f64::NAN, |above| 1.0 - above);
        let (good, bad) = match better {
            Better::Higher => (above, below),
            Better::Lower => (below, above),
        };
        let relative = finding.relative;
        let whole = finding.whole_trace;
        let second = finding.second;
        AbMeasureRow {
            test: self.name(),
            measure: finding.measure.name().to_string(),
            role: role.to_string(),
            unit: finding.measure.unit().to_string(),
            better: if better == Better::Higher { "higher" } else { "lower" }.to_string(),
            a: finding.a,
            b: finding.b,
            difference: finding.difference.estimate,
            low: finding.difference.low,
            high: finding.difference.high,
            basis: finding.basis.name().to_string(),
            p_value: finding.p_value,
            standard_error: finding.standard_error,
            relative: relative.map_or(f64::NAN, |relative| relative.estimate),
            relative_low: relative.map_or(f64::NAN, |relative| relative.low),
            relative_high: relative.map_or(f64::NAN, |relative| relative.high),
            margin,
            probability_better: good,
            probability_worse: bad,
            result: result.to_string(),
            whole_trace_low: whole.map_or(f64::NAN, |whole| whole.low),
            whole_trace_high: whole.map_or(f64::NAN, |whole| whole.high),
            hodges_lehmann: finding.effect.map_or(f64::NAN, |effect| effect.0),
            cliffs_delta: finding.effect.map_or(f64::NAN, |effect| effect.1),
            block_length: finding.block_length,
            p_newey_west: second.map_or(f64::NAN, |second| second.newey_west.p_value),
            p_diebold_mariano: second.map_or(f64::NAN, |second| second.diebold_mariano.p_value),
        }
    }

    fn windows(&self) -> Vec<AbWindowRow> {
        let reads = &self.pair.a.reads;
        let windows = windows::cut(reads.len());
        let first = self.part.arrivals.first().copied().unwrap_or(0);
        let ends = self.steps.iter().skip(1).map(|step| step.window).chain([windows.len()]);
        let row = |(number, (step, end)): (usize, (&super::Step, usize))| {
            let (from, to) = (windows[step.window].start, windows[end - 1].end);
            let start = self.part.arrivals[reads[from].request as usize] - first;
            AbWindowRow {
                test: self.name(),
                window: number as u64,
                start_ns: start,
                reads: (to - from) as u64,
                a: step.a,
                b: step.b,
                so_far: step.so_far,
                low: step.low,
                high: step.high,
            }
        };
        self.steps.iter().zip(ends).enumerate().map(row).collect()
    }

    fn latency(&self) -> Vec<AbLatencyRow> {
        let arms = [(&self.plan.baseline, &self.pair.a), (&self.plan.strategy, &self.pair.b)];
        let rows = |(strategy, arm): (&String, &super::arm::Arm)| {
            let row = |row: frames::LatencyRow| AbLatencyRow {
                test: self.name(),
                strategy: strategy.clone(),
                latency_ns: row.latency_ns,
                share: row.cumulative,
            };
            latency_curve("", &arm.latency).into_iter().map(row).collect::<Vec<_>>()
        };
        arms.into_iter().flat_map(rows).collect()
    }

    fn naive(&self) -> Option<AbNaiveRow> {
        let naive = self.naive.as_ref()?;
        let found = naive.p_value <= 1.0 - self.plan.level;
        let verdict = match naive.hit_ratio_b > naive.hit_ratio_a {
            _ if !found => "no-difference",
            true => "better",
            false => "worse",
        };
        Some(AbNaiveRow {
            test: self.name(),
            traffic: naive.traffic,
            hit_ratio_a: naive.hit_ratio_a,
            hit_ratio_b: naive.hit_ratio_b,
            p_value: naive.p_value,
            verdict: verdict.to_string(),
            aa_pairs: naive.n_pairs,
            aa_rate: naive.false_positives.estimate,
            aa_low: naive.false_positives.low,
            aa_high: naive.false_positives.high,
        })
    }
}
