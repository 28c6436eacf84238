//! Guardrails, assignment and the cost of a rollback, each by itself.

use tiers::{Ending, ReadEnd};
use trace::Trace;

use super::guard::{Guard, LEAST};
use super::stage::Setting;
use super::*;
use crate::ab::measure::Margin;
use crate::ab::spec::Unit;
use crate::ab::tests::{plan, study};
use crate::{RunOptions, RunProgress};

fn reads(n: usize, ending: impl Fn(usize) -> Ending, latency: u64) -> Vec<ReadEnd> {
    let read = |i| ReadEnd { request: i as u32, ending: ending(i), tier: Some(0), latency };
    (0..n).map(read).collect()
}

/// After which batch of ten reads a guardrail breaks, if it does.
fn breaks(measure: Measure, margin: Margin, a: &[ReadEnd], b: &[ReadEnd]) -> Option<usize> {
    let trace = Trace::from_numbers("t", 0..a.len() as u64);
    let mut guard = Guard::new(measure, margin, 0.99, a, &trace).unwrap().unwrap();
    (0..a.len() / 10).find(|batch| {
        let part = batch * 10..batch * 10 + 10;
        guard.push((&a[part.clone()], &b[part]), &trace).unwrap();
        guard.is_broken()
    })
}

#[test]
fn a_guardrail_breaks_when_it_is_sure_and_not_before_there_is_enough() {
    let hits = |every: usize| move |i| if i % every == 0 { Ending::Miss } else { Ending::Hit };
    let (good, bad) = (reads(400, hits(10), 100), reads(400, hits(2), 100));
    let margin = Margin::Points(5.0);
    assert_eq!(breaks(Measure::HitRatio, margin, &good, &bad), Some(LEAST - 1));
    assert_eq!(breaks(Measure::HitRatio, margin, &bad, &good), None);
    assert_eq!(breaks(Measure::HitRatio, Margin::Points(45.0), &good, &bad), None);
    let failing = reads(400, |i| if i % 3 == 0 { Ending::Error } else { Ending::Hit }, 100);
    assert!(breaks(Measure::ErrorRatio, Margin::Points(1.0), &good, &failing).is_some());
    // Slower by a quarter: more than a fifth, less than a third.
    let (fast, slow) = (reads(400, hits(10), 100), reads(400, hits(10), 125));
    assert_eq!(breaks(Measure::P99, Margin::Relative(20.0), &fast, &slow), Some(LEAST - 1));
    assert_eq!(breaks(Measure::P99, Margin::Relative(33.0), &fast, &slow), None);
    let trace = Trace::from_numbers("t", 0..400);
    let bill = Guard::new(Measure::Cost, Margin::Relative(5.0), 0.99, &good, &trace).unwrap();
    assert!(bill.is_none(), "a bill has no batches");
}

#[test]
fn units_join_at_the_first_stage_that_has_room_for_them() {
    let assignment = Assignment { stages: vec![(0.1, 50), (0.5, 80)] };
    let joins = [0.0, 0.09, 0.1, 0.49, 0.5, 0.99].map(|place| assignment.joins_at(place));
    assert_eq!(joins, [50, 50, 80, 80, usize::MAX, usize::MAX]);
}

#[test]
fn units_that_are_not_spread_as_planned_are_noticed_and_a_rollback_costs_what_went_cold() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path(), true);
    let recording = Recording::open(&study, &study.traces[0], &RunOptions::default()).unwrap();
    let (plan, progress) = (plan(), RunProgress::default());
    let strategies = [&study.strategies[0]; 2];
    let rollout = Rollout { stages: "50%,100%".parse().unwrap(), length: None };
    let mismatch = |taken: &Taken<'_>| {
        let setting = Setting {
            study: &study,
            recording: &recording,
            plan: &plan,
            strategies,
            taken,
            progress: &progress,
        };
        Course::new(setting, &rollout, "t").mismatch(0.5, &(0..60_000)).unwrap()
    };
    let n = recording.trace.n_objects() as usize;
    let fair = Taken::new(&recording, Unit::Object, study.seed).unwrap();
    assert_eq!(mismatch(&fair), None);
    let crowded: Vec<f64> = (0..n).map(|i| if i % 5 < 3 { 0.2 } else { 0.8 }).collect();
    let said = mismatch(&Taken::at(&recording.trace, crowded)).unwrap();
    let expected =
        format!("{} of {n} objects are with B, where 50 % should be", (3 * n).div_ceil(5));
    assert!(said.starts_with(&expected), "{said}");

    // Half of the objects were away for a quarter of the trace: A has to fetch some of them anew.
    let setting = Setting {
        study: &study,
        recording: &recording,
        plan: &plan,
        strategies,
        taken: &fair,
        progress: &progress,
    };
    let assignment = Assignment { stages: vec![(0.5, 15_000)] };
    let nobody = Stage { a: Vec::new(), b: Vec::new() };
    let regret = regret::of(&setting, &assignment, &nobody, 30_000).unwrap().unwrap();
    assert!((100..1_000).contains(&regret.cold_misses), "{regret:?}");
    assert!(regret.extra.0 > 0, "{regret:?}");
    assert_eq!((regret.extra_misses, regret.extra_errors), (0, 0));
    let none = regret::of(&setting, &Assignment::default(), &nobody, 30_000).unwrap().unwrap();
    assert_eq!(none, Regret::default());
}
