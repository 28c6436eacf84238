//! Guardrails, the cost of a rollback, and what a shared world shows, each by itself.

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
    let mut guard = Guard::new(Whose::Moved, (measure, margin), 0.99, a, &trace).unwrap().unwrap();
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
    let bill =
        Guard::new(Whose::Moved, (Measure::Cost, Margin::Relative(5.0)), 0.99, &good, &trace)
            .unwrap();
    assert!(bill.is_none(), "a bill has no batches");
}

#[test]
fn units_that_are_not_spread_as_planned_are_noticed_and_a_rollback_costs_what_went_cold() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path(), true);
    let recording = Recording::open(&study, &study.traces[0], &RunOptions::default()).unwrap();
    let (plan, progress) = (plan(), RunProgress::default());
    let strategies = [&study.strategies[0]; 2];
    let rollout =
        Rollout { stages: "50%,100%".parse().unwrap(), length: None, world: World::Separate };
    let mismatch = |taken: &Taken<'_>| {
        let setting = Setting {
            study: &study,
            recording: &recording,
            plan: &plan,
            world: World::Separate,
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
        world: World::Separate,
        strategies,
        taken: &fair,
        progress: &progress,
    };
    let mut assignment = Assignment::default();
    assignment.push(0.5, 15_000);
    let nobody = Stage::default();
    let regret = regret::of(&setting, 0.5, &assignment, &nobody, 30_000).unwrap().unwrap();
    assert!((100..1_000).contains(&regret.cold_misses), "{regret:?}");
    assert!(regret.extra.0 > 0, "{regret:?}");
    assert_eq!((regret.extra_misses, regret.extra_errors), (0, 0));
    let none = regret::of(&setting, 0.5, &Assignment::default(), &nobody, 30_000).unwrap().unwrap();
    assert_eq!(none, Regret::default());
}

/// A share of the reads that end so.
fn share(reads: &[ReadEnd], ending: Ending) -> f64 {
    let n = reads.iter().filter(|read| read.ending == ending).count();
    n as f64 / reads.len() as f64
}

fn mean_latency(reads: &[ReadEnd]) -> f64 {
    reads.iter().map(|read| read.latency as f64).sum::<f64>() / reads.len() as f64
}

/// LRU over 40 % of the footprint against this policy and capacity, in a shared world: the stage of 40 %
/// from request 20,000 to 50,000, and a rollback at its end.
fn shared(by: Unit, policy: &str, capacity: &str) -> (Stage, Regret) {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path(), true);
    let recording = Recording::open(&study, &study.traces[0], &RunOptions::default()).unwrap();
    let (plan, progress) = (Plan { by, ..plan() }, RunProgress::default());
    let with = |policy: &str, capacity: &str| {
        let mut strategy = study.strategies[0].clone();
        strategy.stack.tiers[0].policy = toml::Value::from(policy).try_into().unwrap();
        strategy.stack.tiers[0].capacity = toml::Value::from(capacity).try_into().unwrap();
        strategy
    };
    let (a, b) = (with("lru", "40%"), with(policy, capacity));
    let taken = &Taken::new(&recording, by, study.seed).unwrap();
    let setting = Setting {
        study: &study,
        recording: &recording,
        plan: &plan,
        world: World::Shared,
        strategies: [&a, &b],
        taken,
        progress: &progress,
    };
    let mut assignment = Assignment::default();
    assignment.push(0.1, 15_000);
    assignment.push(0.4, 20_000);
    let stage = setting.stage(0.4, &(20_000..50_000), &assignment).unwrap().unwrap();
    let n_moved = (20_000..50_000).filter(|request| taken.place(*request) < 0.4).count();
    assert_eq!([stage.moved.a.len(), stage.moved.b.len(), stage.everybody.len()], [n_moved; 3]);
    assert_eq!([stage.stayed.a.len(), stage.stayed.b.len()], [30_000 - n_moved; 2]);
    let regret = regret::of(&setting, 0.4, &assignment, &stage, 50_000).unwrap().unwrap();
    (stage, regret)
}

#[test]
fn strategies_that_are_alike_do_nothing_to_each_other() {
    for by in [Unit::Object, Unit::Client] {
        let (stage, regret) = shared(by, "lru", "40%");
        assert!(stage.moved.a == stage.moved.b && stage.stayed.a == stage.stayed.b);
        assert!(stage.everybody == stage.moved.a);
        assert_eq!(regret, Regret::default());
    }
}

#[test]
fn what_is_divided_is_apart_and_what_is_shared_is_felt() {
    for by in [Unit::Object, Unit::Client] {
        // A small cache sends more to the origin, whose servers make all wait.
        let (stage, regret) = shared(by, "fifo", "2%");
        let hits =
            [&stage.moved.a, &stage.moved.b, &stage.everybody, &stage.stayed.a, &stage.stayed.b]
                .map(|reads| share(reads, Ending::Hit));
        assert!(hits[1] < hits[0] - 0.2, "{hits:?}");
        assert!((hits[4] - hits[3]).abs() < 0.01, "memory is divided: {hits:?}");
        let waits = [&stage.moved.b, &stage.everybody, &stage.stayed.a, &stage.stayed.b]
            .map(|reads| mean_latency(reads));
        assert!(waits[3] > 1.003 * waits[2], "the origin is shared: {waits:?}");
        assert!(waits[1] > 2.0 * waits[0], "a stage flatters a heavy load: {waits:?}");
        assert!(regret.extra_misses > 1_000 && regret.cold_misses > 20, "{regret:?}");
        assert!(regret.extra_misses > 10 * regret.stayed_misses.abs(), "{regret:?}");
        assert!(regret.extra.0 > 0, "{regret:?}");
    }
}

#[test]
fn only_policies_and_capacities_may_differ_in_a_shared_world() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path(), true);
    let a = &study.strategies[0];
    let mut b = a.clone();
    b.stack.tiers[0].policy = toml::Value::from("fifo").try_into().unwrap();
    b.stack.tiers[0].capacity = toml::Value::from("2%").try_into().unwrap();
    assert_eq!(shared::obstacle([a, &b]), None);
    b.stack.tiers[0].ttl = toml::Value::from("7s").try_into().unwrap();
    let said = shared::obstacle([a, &b]).unwrap();
    assert!(said.contains("`stack.tiers.L1.ttl`"), "{said}");
}
