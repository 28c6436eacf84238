//! A part is as busy, and as full, as the whole.

use std::path::Path;

use super::part::{Part, Taken};
use super::{BaselineIs, Margin, Measure, Plan, Unit, arm};
use crate::recording::Recording;
use crate::resolve::resolve_source;
use crate::{Resolved, RunOptions, Source};

/// Strategy `b` against `a`, by the hit ratio.
pub(super) fn plan() -> Plan {
    Plan {
        baseline: "a".into(),
        baseline_is: BaselineIs::First,
        strategy: "b".into(),
        traffic: 1.0,
        by: Unit::Object,
        metric: Measure::HitRatio,
        margin: Margin::Points(0.5),
        guardrails: Vec::new(),
        level: 0.95,
        rollout: None,
    }
}

/// 8 servers of 2.5 ms before the origin. Objects are asked for alike, so that a part is a fair one, or
/// some more than others.
pub(super) fn study(dir: &Path, skewed: bool) -> Resolved {
    let text = r#"schema = 1
name = "s"
warmup = "20%"
[[traces]]
path = "t.csv"
[stack]
preset = "brief"
order = ["L1"]
tiers.L1.capacity = "40%"
latency-of-origin = "constant"
origin.station = { servers = 8, queue = 1000 }
[latency.constant]
source = "a constant"
date = "2026-11-25"
quantiles = [0, 1]
sizes = [{ size = "1KiB", latency = ["2500us", "2500us"] }]
[[strategies]]
name = "a"
"#;
    let mut trace = String::from("time,key,size,client\n");
    let mut state = 1u64;
    for i in 0..60_000u64 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (even, client) = ((state >> 33) % 2_000, (state >> 50) % 300);
        let key = if skewed { even * even / 2_000 * even / 2_000 } else { even };
        trace += &format!("{}.{:06},k{key},4000,c{client}\n", i / 4000, i % 4000 * 250);
    }
    std::fs::write(dir.join("t.csv"), trace).unwrap();
    resolve_source(&Source::new("s.toml", text), dir, &[]).unwrap()
}

#[test]
fn a_part_of_the_objects_hits_as_often_and_keeps_servers_as_busy() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path(), false);
    let recording = Recording::open(&study, &study.traces[0], &RunOptions::default()).unwrap();
    let run = |part: &Part<'_>| {
        let go = &mut |_| std::ops::ControlFlow::Continue(());
        let arm = arm::simulate(&study, part, &study.strategies[0], go).unwrap().unwrap();
        let hits = arm.reads.iter().filter(|read| Measure::HitRatio.counts(read)).count();
        (hits as f64 / arm.reads.len() as f64, arm.saturation, arm.cost)
    };
    let whole = run(&Part::whole(&study, &recording));
    assert!((0.35..0.45).contains(&whole.0) && (0.5..0.9).contains(&whole.1), "{whole:?}");
    for traffic in [0.5, 0.25, 0.1] {
        let part = Part::of_units(&study, &recording, Unit::Object, 0.0..traffic).unwrap();
        let found = run(&part);
        assert!((found.0 - whole.0).abs() < 0.03, "hit ratio at {traffic}: {found:?} {whole:?}");
        assert!((found.1 / whole.1 - 1.0).abs() < 0.25, "busy at {traffic}: {found:?} {whole:?}");
        let dear = found.2.0 as f64 / whole.2.0 as f64;
        assert!((dear - 1.0).abs() < 0.25, "cost at {traffic}: {found:?} {whole:?}");
        assert_eq!(part.stretched(&study.strategies[0]).is_empty(), traffic > 1.0 / 8.0);
    }
}

#[test]
fn parts_are_disjoint_and_a_larger_one_holds_the_smaller() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path(), false);
    let recording = Recording::open(&study, &study.traces[0], &RunOptions::default()).unwrap();
    for by in [Unit::Object, Unit::Client] {
        let n = |places| {
            let part = Part::of_units(&study, &recording, by, places).unwrap();
            assert_eq!(part.arrivals.len(), part.trace.n_requests());
            part.trace.n_requests()
        };
        let (first, second, both) = (n(0.0..0.1), n(0.1..0.3), n(0.0..0.3));
        assert_eq!(first + second, both);
        let taken = Taken::new(&recording, by, study.seed).unwrap();
        let placed = (0..60_000).filter(|request| taken.place(*request) < 0.3).count();
        assert_eq!(placed, both);
    }
}
