//! The scenarios shipped in the repository.

use std::fmt::Write as _;

use frames::{Results, RunRow, TierRow};

use crate::support::{files, program, repository, snapshot, workplace};

#[test]
fn every_scenario_is_valid_and_its_traces_are_there() {
    let root = repository();
    let scenarios: Vec<_> = files(&root.join("scenarios"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        // What `check` holds some of them to is no scenario.
        .filter(|path| !path.ancestors().any(|folder| folder.ends_with("baselines")))
        .collect();
    assert!(!scenarios.is_empty());
    for path in scenarios {
        let outcome = program(&root, &["validate", path.to_str().unwrap()]).ok();
        assert!(outcome.stderr.contains(" is valid: "), "{outcome:?}");
        assert!(!outcome.stderr.contains("warning"), "{outcome:?}");
    }
}

/// Exact figures: a change of any of them must be meant.
#[test]
fn the_quickstart_gives_the_figures_it_gave() {
    let dir = workplace();
    let out = dir.path().to_str().unwrap();
    program(&repository(), &["run", "scenarios/quickstart.toml", "--out", out]).ok();
    let results = Results::read(dir.path()).unwrap();
    let mut text = String::new();
    for run in &results.runs {
        let RunRow { requests, hits, misses, byte_misses, hit_ratio, .. } = run;
        let _ = writeln!(
            text,
            "{}\n  {requests} requests, {hits} hits, {misses} misses, {byte_misses} byte misses, hit ratio {hit_ratio}",
            run.run
        );
        let _ = writeln!(
            text,
            "  p50 {} ns, p99 {} ns, {} nano-dollars a month",
            run.latency_ns_p50, run.latency_ns_p99, run.cost_nanodollars_month
        );
        for TierRow { tier, policy, lookups, hits, fills, evictions, .. } in
            results.tiers.iter().filter(|tier| tier.run == run.run)
        {
            let _ = writeln!(
                text,
                "  {tier} {policy}: {lookups} lookups, {hits} hits, {fills} fills, {evictions} evictions"
            );
        }
    }
    snapshot("quickstart", &text);
}
