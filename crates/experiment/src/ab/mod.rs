//! A/B tests on simulated traffic: two strategies over the very same requests, and a verdict.
//!
//! | file | what |
//! |---|---|
//! | `spec` | what is asked: `[test]`, the command line, defaults |
//! | `together` | whether these go together |
//! | `measure` | hit ratio, p99, cost ...; margins |
//! | `part` | a part of the recording, with a stack as small |
//! | `arm` | one strategy over it, read by read |
//! | `windows`, `buckets` | the comparison over all traffic and over a part |
//! | `judge` | verdict, reason, requests needed, rate of false findings |
//! | `so_far` | the difference over time |
//! | `naive` | what a z-test on disjoint parts would have said |
//! | `rollout/` | a staged rollout on simulated time |
//!
//! A simulator can show both strategies the same requests, which no live test can, and all of them, which
//! few live tests dare. So both arms always see the same requests, and by default all: then the only
//! error is that another day's traffic is another, and blocks of time are resampled. A part of the
//! traffic is for traces that take too long; it adds the error of which objects or clients are in it.

mod arm;
mod buckets;
mod finding;
mod judge;
mod manifest;
mod measure;
mod naive;
mod part;
mod rollout;
mod rows;
mod so_far;
mod spec;
#[cfg(test)]
mod tests;
mod together;
mod windows;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use analysis::Options;
use analysis::verdict::Outcome;
use frames::AbTests;
use rayon::prelude::*;

use self::buckets::Buckets;
use self::finding::{Finding, Pair};
use self::judge::{Judgement, false_positives, judge};
use self::naive::Naive;
use self::part::{Part, Taken};
use self::rollout::{RolledOut, roll_out};
use self::so_far::Step;
use crate::recording::{Recording, grid};
use crate::run::{in_pool, notes, read_all};
use crate::{Error, Resolved, ResolvedStrategy, RunOptions, RunProgress, TraceIdentity};

pub use manifest::TestManifest;
pub use measure::{Allowance, GuardrailText, MEASURES, Margin, Measure};
pub use rollout::{Stages, World};
pub(crate) use spec::check;
pub use spec::{BaselineIs, Plan, Rollout, TestSpec, Unit};
pub use together::check_together;

/// How a test is run beside what it asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestOptions {
    /// Times that labels are swapped to measure the rate of false findings; 0 for none.
    pub aa_repetitions: u64,
    /// Whether the naive reading is worked out as well.
    pub naive: bool,
}

impl Default for TestOptions {
    fn default() -> Self {
        TestOptions { aa_repetitions: 200, naive: false }
    }
}

/// The tests of a study, a trace and cell each.
#[derive(Debug)]
pub struct Tested {
    /// Verdicts, in the order of the tables.
    pub verdicts: Vec<TestVerdict>,
    /// All figures.
    pub tables: AbTests,
    /// Tests there were to be.
    pub n_tests: usize,
    /// Which traces were replayed.
    pub traces: Vec<TraceIdentity>,
    /// What the reader of the figures should know.
    pub notes: Vec<String>,
    /// Wall-clock time of reading.
    pub reading: Duration,
    /// Wall-clock time of simulating and comparing.
    pub testing: Duration,
}

impl Tested {
    /// Whether every test was made.
    pub fn is_complete(&self) -> bool {
        self.verdicts.len() == self.n_tests
    }
}

/// The verdict of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestVerdict {
    /// Name of the test: the trace, and the cell if there is a matrix.
    pub test: String,
    /// What to do.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
}

/// One test and all that it found.
struct Test<'a> {
    study: &'a Resolved,
    recording: &'a Recording<'a>,
    plan: &'a Plan,
    cell: &'a str,
    part: Part<'a>,
    pair: Pair,
    /// Units among the requests simulated.
    n_units: u64,
    share_of_expected: f64,
    primary: Finding,
    guardrails: Vec<Finding>,
    judgement: Judgement,
    false_positives: Option<analysis::Interval>,
    aa_repetitions: u64,
    steps: Vec<Step>,
    naive: Option<Naive>,
    rolled_out: Option<RolledOut>,
    notes: Vec<String>,
}

/// Tests the plan's strategy against its baseline over every trace and cell of the study.
pub fn test(
    study: &Resolved,
    plan: &Plan,
    test: &TestOptions,
    options: &RunOptions,
    progress: &RunProgress,
) -> Result<Tested, Error> {
    study.check()?;
    if plan.metric == Measure::Cost && plan.traffic < 1.0 {
        return Err(Error::Unfit(
            "cost cannot decide over a part of the traffic: a bill is of the whole run\nhint: --traffic=100%, or --metric hit-ratio with --guardrail cost=5%".into(),
        ));
    }
    in_pool(options, || in_the_pool(study, plan, test, options, progress))
}

fn in_the_pool(
    study: &Resolved,
    plan: &Plan,
    options: &TestOptions,
    how: &RunOptions,
    progress: &RunProgress,
) -> Result<Tested, Error> {
    let start = Instant::now();
    let recordings = read_all(study, how)?;
    let reading = start.elapsed();
    let start = Instant::now();
    let cells = arms(study, plan);
    let total: f64 = recordings.iter().map(|r| work(r, plan, options) * cells.len() as f64).sum();
    progress.total.store(total as u64, Ordering::Relaxed);
    let grid = grid(&recordings, &cells);
    let tests = grid
        .par_iter()
        .map(|(recording, arms)| one(study, recording, plan, **arms, options, progress))
        .collect::<Result<Vec<_>, _>>()?;
    let mut tested = Tested {
        verdicts: Vec::new(),
        tables: AbTests::default(),
        n_tests: grid.len(),
        traces: recordings.iter().map(|r| TraceIdentity::of(r.entry, &r.trace)).collect(),
        notes: recordings.iter().flat_map(|recording| notes(study, recording)).collect(),
        reading,
        testing: start.elapsed(),
    };
    for test in tests.into_iter().flatten() {
        tested.verdicts.push(TestVerdict {
            test: test.name(),
            outcome: test.judgement.outcome,
            reason: test.judgement.reason.clone(),
        });
        tested.tables.extend(test.tables());
        tested.notes.extend(test.notes);
    }
    Ok(tested)
}

/// Requests to simulate, about.
fn work(recording: &Recording<'_>, plan: &Plan, options: &TestOptions) -> f64 {
    let n = recording.trace.n_requests() as f64;
    let naive = if options.naive { 1.0 + plan.traffic.min(0.5) } else { 0.0 };
    let rollout = plan.rollout.as_ref().map_or(0.0, rollout::work);
    n * (2.0 * plan.traffic + naive + rollout)
}

/// Both arms in each cell of the matrix.
fn arms<'a>(study: &'a Resolved, plan: &Plan) -> Vec<[&'a ResolvedStrategy; 2]> {
    let of = |name: &str, cell: &str| {
        let strategies = study.strategies.iter();
        strategies.into_iter().find(|s| s.name == name && s.cell == cell)
    };
    let baselines = study.strategies.iter().filter(|strategy| strategy.name == plan.baseline);
    baselines.filter_map(|a| Some([a, of(&plan.strategy, &a.cell)?])).collect()
}

/// One test; `None` if it was stopped.
fn one<'a>(
    study: &'a Resolved,
    recording: &'a Recording<'a>,
    plan: &'a Plan,
    [a, b]: [&'a ResolvedStrategy; 2],
    options: &TestOptions,
    progress: &RunProgress,
) -> Result<Option<Test<'a>>, Error> {
    let part = match plan.traffic {
        traffic if traffic < 1.0 => Part::of_units(study, recording, plan.by, 0.0..traffic)?,
        _ => Part::whole(study, recording),
    };
    let run = |strategy| arm::simulate(study, &part, strategy, &mut progress.reporter());
    let (of_a, of_b) = rayon::join(|| run(a), || run(b));
    let (Some(of_a), Some(of_b)) = (of_a?, of_b?) else { return Ok(None) };
    let pair = Pair { a: of_a, b: of_b };
    let naive = match options.naive {
        true => match naive::read(study, recording, plan, [a, b], progress)? {
            Some(naive) => Some(naive),
            None => return Ok(None),
        },
        false => None,
    };
    let rolled_out = match &plan.rollout {
        None => None,
        Some(rollout) => {
            let test = rows::name(recording, &a.cell);
            match roll_out(study, recording, plan, rollout, [a, b], progress, &test)? {
                Some(done) => Some(done),
                None => return Ok(None),
            }
        }
    };
    let unfit = |error: analysis::Error| {
        let what = if part.is_part() { "the part of its traffic" } else { "it" };
        Error::Unfit(format!(
            "{}: {what} is too little for a test: {error}\nhint: more traffic, or a smaller warm-up",
            recording.trace.name()
        ))
    };
    let compared = Compared::of(study, recording, plan, &part, &pair).map_err(unfit)?;
    let judged: Vec<_> = compared
        .guardrails
        .iter()
        .zip(&plan.guardrails)
        .map(|(finding, (_, allowed))| (finding, *allowed))
        .collect();
    let n_reads = pair.a.reads.len() as u64;
    let repetitions = options.aa_repetitions;
    let false_positives =
        false_positives(&compared.primary, repetitions, &compared.statistics).map_err(unfit)?;
    let judgement =
        judge(plan, &compared.primary, &judged, n_reads, false_positives).map_err(unfit)?;
    let windows = windows::cut(pair.a.reads.len());
    let series = windows::series(plan.metric, &part.trace, &pair, &windows);
    let (steps, dependence) = so_far::steps(&series, plan.level).map_err(unfit)?;
    let mut notes = about_the_part(study, recording, &part, [a, b])?;
    let name = recording.trace.name();
    notes.extend(doubts(name, dependence, compared.share_of_expected));
    Ok(Some(Test {
        n_units: units(study, recording, plan)?,
        study,
        recording,
        plan,
        cell: &a.cell,
        share_of_expected: compared.share_of_expected,
        primary: compared.primary,
        guardrails: compared.guardrails,
        judgement,
        false_positives,
        aa_repetitions: repetitions,
        steps,
        naive,
        rolled_out,
        notes,
        part,
        pair,
    }))
}

/// All findings of a pair of arms.
struct Compared {
    primary: Finding,
    guardrails: Vec<Finding>,
    share_of_expected: f64,
    statistics: Options,
}

impl Compared {
    fn of(
        study: &Resolved,
        recording: &Recording<'_>,
        plan: &Plan,
        part: &Part<'_>,
        pair: &Pair,
    ) -> Result<Compared, analysis::Error> {
        let usual = Options::default();
        let n_resamples = judge::resolving(plan.level, usual.n_resamples);
        let statistics = Options { seed: study.seed, level: plan.level, n_resamples, ..usual };
        let measures: Vec<Measure> = std::iter::once(plan.metric)
            .chain(plan.guardrails.iter().map(|(measure, _)| *measure))
            .collect();
        let mut share_of_expected = 1.0;
        let mut findings = if part.is_part() {
            let warmup = study.warmup.of(recording.trace.n_requests());
            let whole = (&recording.trace, warmup);
            let buckets = Buckets::new(&part.trace, pair, plan.by, plan.traffic, whole);
            share_of_expected = buckets.share_of_expected();
            let find = |measure: &Measure| buckets.find(*measure, &statistics);
            measures.par_iter().map(find).collect::<Result<Vec<_>, _>>()?
        } else {
            let find = |measure: &Measure| windows::find(*measure, &part.trace, pair, &statistics);
            measures.par_iter().map(find).collect::<Result<Vec<_>, _>>()?
        };
        let guardrails = findings.split_off(1);
        let primary = findings.remove(0);
        Ok(Compared { primary, guardrails, share_of_expected, statistics })
    }
}

/// Units whose requests were simulated.
fn units(study: &Resolved, recording: &Recording<'_>, plan: &Plan) -> Result<u64, Error> {
    let taken = Taken::new(recording, plan.by, study.seed)?;
    Ok(taken.below(plan.traffic))
}

/// Objects that a cache of a part should hold to behave like a large one.
const FEW_OBJECTS: u64 = 100;

/// What a part cannot show as the whole does.
fn about_the_part(
    study: &Resolved,
    recording: &Recording<'_>,
    part: &Part<'_>,
    strategies: [&ResolvedStrategy; 2],
) -> Result<Vec<String>, Error> {
    if !part.is_part() {
        return Ok(Vec::new());
    }
    let name = recording.trace.name();
    let mut notes = Vec::new();
    let mean = (recording.footprint / u64::from(recording.trace.n_objects()).max(1)).max(1);
    let stack = part.stack(study, strategies[1])?;
    let small: Vec<String> = stack
        .tiers
        .iter()
        .filter(|tier| tier.capacity / mean < FEW_OBJECTS)
        .map(|tier| format!("{} ({})", tier.name, tier.capacity / mean))
        .collect();
    if !small.is_empty() {
        notes.push(format!(
            "{name}: caches of this part hold few objects of mean size, and may behave unlike large ones, which is in no interval: {}.",
            small.join(", ")
        ));
    }
    let mut stretched: Vec<(String, f64)> = Vec::new();
    for (tier, times) in strategies.iter().flat_map(|strategy| part.stretched(strategy)) {
        if !stretched.iter().any(|(known, _)| *known == tier) {
            stretched.push((tier, times));
        }
    }
    if stretched.is_empty() {
        return Ok(notes);
    }
    let list: Vec<String> =
        stretched.iter().map(|(tier, times)| format!("{tier} ({times:.1} times)")).collect();
    notes.push(format!(
        "{name}: one server stands for less than one of the whole, so that requests wait longer there than they would, in both arms alike, up to so many times as long: {}.",
        list.join(", ")
    ));
    Ok(notes)
}

/// What makes the figures of a test less sure than they look.
fn doubts(name: &str, dependence: f64, share: f64) -> Vec<String> {
    let mut doubts = Vec::new();
    if !(0.5..2.0).contains(&share) {
        doubts.push(format!(
            "{name}: the part has {share:.2} of the requests that its share of the units should have: a few hot ones decide. Figures are corrected for that, but another seed may show another difference; all traffic shows one."
        ));
    }
    if dependence >= so_far::DEPENDENCE {
        doubts.push(format!(
            "{name}: neighbouring windows are correlated by {dependence:.2}, so the band of the difference over time is a little too narrow. The verdict does not rest on it."
        ));
    }
    doubts
}
