//! Holding figures against their baseline.
//!
//! Figures are exact, so they are compared exactly; a tolerance says which changes are too small to
//! matter, not how much they scatter. Of two runs only those are compared that answer the same
//! question: same traces, seed and scenario. Another version of the program is what a gate is for, and
//! is only told.

use std::borrow::Cow;
use std::collections::BTreeMap;

use frames::CheckRow;

use super::baseline::{Allow, Baseline, Deny, Limit, Tolerance};
use super::detail::{Detail, RunKey};
use super::measure::{Measured, MeasuredRun};
use super::metric::{Figure, Known, Metric, Unit};
use super::study::{differences, digest, parts};
use super::tolerance::{Change, Room, change};
use super::{interval, tolerance};
use crate::Error;

/// The status of a figure that is better where that is denied.
const DENIED: &str = "denied";

/// How the reason begins that [`Allow::ScenarioChange`] takes away.
const ANOTHER_SCENARIO: &str = "another scenario: ";

/// How the gate ends, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No figure is worse than allowed.
    Pass,
    /// Intervals do not decide.
    Inconclusive,
    /// Some figures have nothing to be compared with.
    Incomparable,
    /// Figures are better than their baseline, which is denied.
    Denied,
    /// A figure is worse than allowed, or passed a limit.
    Regressed,
}

impl Verdict {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Incomparable => "incomparable",
            Verdict::Denied => "denied",
            Verdict::Regressed => "regressed",
        }
    }
}

/// Everything the gate found.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// A row a figure and a limit, in the order of the runs and of the baseline.
    pub rows: Vec<CheckRow>,
    /// Why figures cannot be compared.
    pub reasons: Vec<String>,
    /// What readers should know, and what is no reason to fail.
    pub notes: Vec<String>,
    /// How it ends.
    pub verdict: Verdict,
    /// Whether figures may be inconclusive, by the command line or the baseline.
    pub allows_inconclusive: bool,
}

impl Judged {
    /// Rows of this status.
    pub fn count(&self, status: &str) -> usize {
        self.rows.iter().filter(|row| row.status == status).count()
    }

    /// Rows that are worse than allowed, or better where that is denied.
    pub fn failures(&self) -> impl Iterator<Item = &CheckRow> {
        let failed = ["regressed", "broken", DENIED];
        self.rows.iter().filter(move |row| failed.contains(&&*row.status))
    }

    /// Whether nothing but a change of the scenario keeps figures from being compared, which
    /// [`Allow::ScenarioChange`] lets pass.
    pub fn is_scenario_change(&self) -> bool {
        let mut reasons = self.reasons.iter();
        !self.reasons.is_empty() && reasons.all(|reason| reason.starts_with(ANOTHER_SCENARIO))
    }
}

/// What is let pass and what is not, beside what the baseline says.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Let pass.
    pub allow: Vec<Allow>,
    /// Refused.
    pub deny: Vec<Deny>,
    /// The baseline is about to be written anew: whatever can be compared is, to the last digit and
    /// whatever tolerances say, and runs that are gone will go.
    pub updating: bool,
}

impl Policy {
    /// With what the baseline says.
    fn with(&self, baseline: &Baseline) -> Policy {
        let mut both = self.clone();
        both.allow.extend(&baseline.file.allow);
        both.deny.extend(&baseline.file.deny);
        both
    }
}

/// Judges every figure of `measured`, by `program`, the version that measured it.
///
/// # Errors
///
/// If the baseline has an entry that nothing uses: whoever wrote it meant something. If it is about no
/// figure at all.
pub fn judge(
    baseline: &Baseline,
    measured: &Measured,
    known: &Known,
    detail: Option<&Detail>,
    policy: &Policy,
    program: &str,
) -> Result<Judged, Error> {
    let policy = policy.with(baseline);
    let judge = Judge { baseline, measured, known, detail, policy: &policy };
    let mut judged = Judged {
        rows: Vec::new(),
        reasons: Vec::new(),
        notes: Vec::new(),
        verdict: Verdict::Pass,
        allows_inconclusive: policy.allow.contains(&Allow::Inconclusive),
    };
    judge.identity(&mut judged, program);
    let comparable = judged.reasons.is_empty();
    if !comparable {
        judge.traces(&mut judged);
    }
    if comparable && !policy.updating {
        judge.unused_runs()?;
    }
    let mut used = Used::of(baseline);
    for run in &measured.runs {
        judge.run(run, comparable, &mut used, &mut judged);
    }
    for (i, limit) in baseline.limits.iter().enumerate() {
        judge.limit(i, limit, &mut used, &mut judged)?;
    }
    used.check(baseline)?;
    if judged.rows.is_empty() && judged.reasons.is_empty() {
        return Err(baseline.guards_nothing());
    }
    judged.reasons.dedup();
    judge.lines(&mut judged.rows);
    for row in &mut judged.rows {
        row.reason = judge.sentence(row);
    }
    judged.verdict = judge.verdict(&judged);
    Ok(judged)
}

/// Which rules were about anything.
struct Used {
    tolerances: Vec<bool>,
    limits: Vec<bool>,
}

impl Used {
    fn of(baseline: &Baseline) -> Used {
        Used {
            tolerances: vec![false; baseline.tolerances.len()],
            limits: vec![false; baseline.limits.len()],
        }
    }

    fn check(&self, baseline: &Baseline) -> Result<(), Error> {
        let unused = |used: &[bool]| used.iter().position(|used| !used);
        let what = "this rule is about no figure";
        if let Some(i) = unused(&self.tolerances) {
            return Err(baseline.unused("tolerances", i, what));
        }
        unused(&self.limits).map_or(Ok(()), |i| Err(baseline.unused("limits", i, what)))
    }
}

struct Judge<'a> {
    baseline: &'a Baseline,
    measured: &'a Measured,
    known: &'a Known,
    detail: Option<&'a Detail>,
    policy: &'a Policy,
}

impl Judge<'_> {
    /// Whether it is the same question.
    fn identity(&self, judged: &mut Judged, program: &str) {
        let (file, now) = (&self.baseline.file, self.measured);
        if file.program != program {
            judged
                .notes
                .push(format!("the baseline is of version {}, this is {program}", file.program));
        }
        if file.seed != now.seed {
            let list = if self.policy.updating { &mut judged.notes } else { &mut judged.reasons };
            list.push(format!("another seed: {} then, {} now", file.seed, now.seed));
        }
        if file.scenario != digest(&now.leaves) {
            let what = match self.detail {
                Some(detail) => differences(&detail.study, &now.leaves, true),
                None => differences(&file.parts, &parts(&now.leaves), false),
            };
            let allowed = self.policy.allow.contains(&Allow::ScenarioChange);
            let list = match allowed || self.policy.updating {
                true => &mut judged.notes,
                false => &mut judged.reasons,
            };
            list.push(format!("{ANOTHER_SCENARIO}{}", listed(&what)));
        }
        for (name, before) in &file.traces {
            if !now.traces.contains_key(name) {
                judged.notes.push(format!("the trace {name} ({before}) is not replayed any more"));
            }
        }
    }

    /// What else keeps a study from being compared that is another already.
    fn traces(&self, judged: &mut Judged) {
        let known = |name: &&String| self.baseline.file.traces.contains_key(*name);
        let names = self.measured.traces.keys().filter(known);
        judged.reasons.extend(names.filter_map(|name| self.other_trace(name)));
    }

    /// Why the trace of a run is not the one it was; `None` if it is.
    fn other_trace(&self, name: &str) -> Option<String> {
        let before = self.baseline.file.traces.get(name);
        let now = self.measured.traces.get(name);
        match (before, now) {
            (Some(before), Some(now)) if before == now => None,
            (Some(before), Some(now)) => {
                Some(format!("another trace {name}: {before} then, {now} now"))
            }
            _ => Some(format!("the trace {name} has no digest in the baseline")),
        }
    }

    fn unused_runs(&self) -> Result<(), Error> {
        let gone = |key: &RunKey| self.measured.runs.iter().all(|run| run.key != *key);
        match self.baseline.runs.iter().position(|(key, _)| gone(key)) {
            Some(i) => {
                let what = format!("the study has no run `{}`", self.baseline.runs[i].0);
                Err(self.baseline.unused("runs", i, &what))
            }
            None => Ok(()),
        }
    }

    fn run(&self, run: &MeasuredRun, comparable: bool, used: &mut Used, judged: &mut Judged) {
        let before = self.baseline.runs.iter().find(|(key, _)| *key == run.key);
        let reason = match (comparable, before) {
            (false, _) => Some("another study than that of the baseline".to_string()),
            (true, None) => Some(format!("the baseline has no run `{}`", run.key)),
            (true, Some(_)) => self.other_trace(&run.key.trace),
        };
        if comparable && let Some(reason) = &reason {
            judged.reasons.push(reason.clone());
        }
        for name in &self.baseline.file.metrics {
            let Some(metric) = self.known.find(name) else { continue };
            let rule = self.rule(&run.key, name);
            if let Some((i, _)) = rule {
                used.tolerances[i] = true;
            }
            let expected = before.and_then(|(_, figures)| figures.get(name).copied());
            let Some(now) = run.figures.get(name).copied() else {
                // A tier that this strategy does not have has no figures. If it had, they are missed.
                let gone = expected.map(|_| format!("`{}` has no `{name}` any more", run.key));
                judged.reasons.extend(gone);
                continue;
            };
            let mut row = row(&run.key, name, metric, expected, now);
            let rule = rule.map(|(_, rule)| self.as_strict(rule));
            let rule = rule.as_deref();
            row.allowed = tolerance::words(rule, metric.unit);
            match (&reason, expected) {
                (Some(reason), _) => incomparable(&mut row, reason),
                (None, None) => {
                    let reason = format!("the baseline has no `{name}` of `{}`", run.key);
                    incomparable(&mut row, &reason);
                    judged.reasons.push(reason);
                }
                (None, Some(before)) => match self.figure(run, name, metric, before, now, rule) {
                    Ok((Change::Improved, _)) if self.denies_improvement() => {
                        row.status = DENIED.into();
                        row.reason = "better, which is denied".into();
                    }
                    Ok((change, reason)) => {
                        row.status = change.word().into();
                        row.reason = reason;
                    }
                    Err(reason) => {
                        incomparable(&mut row, &reason);
                        judged.reasons.push(reason);
                    }
                },
            }
            judged.rows.push(row);
        }
    }

    /// Whoever writes the baseline anew does what such a gate asks for.
    fn denies_improvement(&self) -> bool {
        self.policy.deny.contains(&Deny::Improvement) && !self.policy.updating
    }

    /// A rule, or what is left of it when the baseline is written anew: what a tolerance lets pass once,
    /// it would let pass again from there, until nothing is left of the figure.
    fn as_strict<'r>(&self, rule: &'r Tolerance) -> Cow<'r, Tolerance> {
        match self.policy.updating {
            true => Cow::Owned(Tolerance { abs: None, rel: None, interval: false, ..rule.clone() }),
            false => Cow::Borrowed(rule),
        }
    }

    /// The last rule about a figure.
    fn rule(&self, key: &RunKey, metric: &str) -> Option<(usize, &Tolerance)> {
        let rules = self.baseline.tolerances.iter().enumerate();
        rules.rev().find(|(_, rule)| rule.scope.holds(key, metric))
    }

    fn figure(
        &self,
        run: &MeasuredRun,
        name: &str,
        metric: Metric,
        before: Figure,
        now: Figure,
        rule: Option<&Tolerance>,
    ) -> Result<(Change, String), String> {
        let room = Room::of(rule, metric.unit);
        let exact = change(metric, before, now, room);
        let Some(counted) = rule.filter(|rule| rule.interval).and_then(|_| interval::of(name))
        else {
            return Ok((exact, String::new()));
        };
        let missing = || {
            format!(
                "`{name}` of `{}` needs details for its interval, and the baseline has none",
                run.key
            )
        };
        let earlier = self.detail.and_then(|detail| detail.run(&run.key)).ok_or_else(missing)?;
        let later = run.detail.as_ref().ok_or_else(missing)?;
        let trace = self.measured.recordings.iter().find(|trace| trace.name() == run.key.trace);
        let trace = trace.ok_or_else(missing)?;
        if [earlier, later].iter().any(|run| run.ends.len() != trace.n_requests()) {
            return Err(missing());
        }
        let allowed = room.allowed(before.as_f64());
        let (by_interval, words) =
            interval::judge(counted, metric.better, [earlier, later], trace, allowed)
                .map_err(|error| format!("`{name}` of `{}` has no interval: {error}", run.key))?;
        // Where the interval lets it pass, the figure says whether it is the same, or better.
        let change = match (by_interval, exact) {
            (None, _) | (Some(Change::Allowed), Change::Same | Change::Improved) => exact,
            (Some(other), _) => other,
        };
        Ok((change, words))
    }

    fn limit(
        &self,
        i: usize,
        limit: &Limit,
        used: &mut Used,
        judged: &mut Judged,
    ) -> Result<(), Error> {
        for run in &self.measured.runs {
            for (name, now) in &run.figures {
                let Some(metric) = self.known.find(name) else { continue };
                if !limit.scope.holds(&run.key, name) {
                    continue;
                }
                used.limits[i] = true;
                for (bound, is_least) in [(&limit.at_least, true), (&limit.at_most, false)] {
                    let Some(bound) = bound else { continue };
                    let bound = bound.of(metric.unit).map_err(Error::Unfit)?;
                    let value = now.as_f64();
                    // What is not a number keeps to no limit.
                    let held = if is_least { value >= bound } else { value <= bound };
                    let mut row = row(&run.key, name, metric, Some(Figure::Real(bound)), *now);
                    let word = if is_least { "at least" } else { "at most" };
                    row.against = "limit".into();
                    row.status = if held { "held" } else { "broken" }.into();
                    row.allowed = format!("{word} {}", metric.unit.show(bound));
                    row.line = i as u64;
                    judged.rows.push(row);
                }
            }
        }
        Ok(())
    }

    /// Where in the baseline each row is from. Until now, rows of limits have the number of theirs.
    fn lines(&self, rows: &mut [CheckRow]) {
        let Some(places) = self.baseline.source.places() else { return };
        let numbers: BTreeMap<&RunKey, String> =
            self.baseline.runs.iter().enumerate().map(|(i, run)| (&run.0, i.to_string())).collect();
        for row in rows {
            let line = if row.against == "limit" {
                places.line(&["limits", &row.line.to_string()])
            } else {
                let number = numbers.get(&row_key(row));
                number.and_then(|number| {
                    let mut path = vec!["runs", number, "figures"];
                    path.extend(row.metric.split('.'));
                    places.line(&path)
                })
            };
            row.line = line.unwrap_or(0) as u64;
        }
    }

    /// What a row says, for all who read it. Until now it has what is beside the figures.
    fn sentence(&self, row: &CheckRow) -> String {
        let unit = self.known.find(&row.metric).map_or(Unit::Count, |metric| metric.unit);
        let now = unit.show(row.actual);
        let beside = match row.reason.as_str() {
            "" => String::new(),
            reason => format!("; {reason}"),
        };
        match row.status.as_str() {
            "incomparable" => row.reason.clone(),
            "same" => now,
            "held" | "broken" => format!("{now}, and {} is asked for", row.allowed),
            _ => {
                let relative = match row.relative.is_finite() {
                    true => format!(" ({:+.2} %)", row.relative * 100.0),
                    false => String::new(),
                };
                let (then, change) = (unit.show(row.expected), signed(unit, row.change));
                let allowed = match row.status.as_str() {
                    "regressed" | "inconclusive" => format!("; allowed: {}", row.allowed),
                    _ => String::new(),
                };
                format!("{then} then, {now} now: {change}{relative}{beside}{allowed}")
            }
        }
    }

    fn verdict(&self, judged: &Judged) -> Verdict {
        let is = |status| judged.count(status) > 0;
        if is("regressed") || is("broken") {
            Verdict::Regressed
        } else if is(DENIED) {
            Verdict::Denied
        } else if !judged.reasons.is_empty() || is("incomparable") {
            Verdict::Incomparable
        } else if is("inconclusive") && !judged.allows_inconclusive {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        }
    }
}

/// The run of a row.
pub(super) fn row_key(row: &CheckRow) -> RunKey {
    RunKey { trace: row.trace.clone(), strategy: row.strategy.clone(), cell: row.cell.clone() }
}

fn row(
    key: &RunKey,
    name: &str,
    metric: Metric,
    expected: Option<Figure>,
    now: Figure,
) -> CheckRow {
    let (expected, actual) = (expected.map_or(f64::NAN, Figure::as_f64), now.as_f64());
    // To the decimals that the figures have: the rest is noise of the subtraction.
    let change = Figure::real(actual - expected, metric.unit).as_f64();
    CheckRow {
        trace: key.trace.clone(),
        strategy: key.strategy.clone(),
        cell: key.cell.clone(),
        metric: name.to_string(),
        against: "baseline".into(),
        unit: metric.unit.symbol().into(),
        better: metric.better.word().into(),
        expected,
        actual,
        change,
        relative: if expected == 0.0 { f64::NAN } else { change / expected.abs() },
        ..CheckRow::default()
    }
}

fn incomparable(row: &mut CheckRow, reason: &str) {
    row.status = "incomparable".into();
    row.reason = reason.into();
}

/// A change, with its sign; of shares in percentage points.
pub(super) fn signed(unit: Unit, change: f64) -> String {
    let sign = if change > 0.0 { "+" } else { "" };
    match unit {
        Unit::Ratio => format!("{sign}{:.3} pp", change * 100.0),
        _ => format!("{sign}{}", unit.show(change)),
    }
}

/// A list for reading: not too long.
fn listed(what: &[String]) -> String {
    const MOST: usize = 8;
    match what.len() {
        0 => "no part of it that the baseline knows".into(),
        n if n > MOST => format!("{} and {} more", what[..MOST].join("; "), n - MOST),
        _ => what.join("; "),
    }
}
