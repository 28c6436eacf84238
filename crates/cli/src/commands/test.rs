//! `test`: one strategy against another over the same requests, to a table, a verdict and a report.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use experiment::ab::{
    BaselineIs, Measure, Plan, TestManifest, TestOptions, Tested, World, check_together,
    test as run_test,
};
use experiment::{Resolved, RunOptions, RunProgress};
use frames::{AbRolloutRow, AbTestRow, AbTests};
use report::{TestDocument, p_value};
use serde_json::Value;
use tiers::NanoDollars;
use trace::units::{Nanos, thousands};

use crate::args::{FailOn, Test};
use crate::exit;
use crate::folder;
use crate::output::{Field, Listing, percent};
use crate::progress::{follow, say, stop_on_interrupt};

use super::run::{VERSION, sources, text};

pub(crate) fn test(args: &Test) -> Result<u8> {
    let study = experiment::resolve(&args.scenario, &args.settings)?;
    study.check_traces(&args.scenario, &args.settings)?;
    let unused = check_together(&args.spec(), &study, &args.scenario, &args.settings)?;
    let plan = Plan::new(&study.test.overlaid(&args.spec()), &study)?;
    if plan.rollout.is_none() && args.fail_on.contains(&FailOn::RolledBack) {
        bail!(
            "--fail-on rolled-back needs a rollout\nhint: give --rollout ramp, or `rollout` in [test] of the scenario"
        );
    }
    let options = TestOptions { aa_repetitions: args.aa, naive: args.naive };
    let dir = args.out.clone().unwrap_or_else(|| format!("reports/{}-test", study.name).into());
    let dir = (!args.no_report).then_some(dir);
    dir.as_deref().map_or(Ok(()), |dir| folder::check(dir, args.force))?;
    let progress = Arc::new(RunProgress::default());
    stop_on_interrupt(&progress)?;
    let bar = follow(&progress);
    let how = RunOptions { threads: args.how.threads, ..RunOptions::default() };
    let tested = run_test(&study, &plan, &options, &how, &progress)?;
    drop(bar);
    let tables = &tested.tables;
    let listing = match () {
        () if args.naive => naive(tables),
        () if plan.rollout.is_some() => stages(tables),
        () => measures(tables),
    };
    listing.print(args.how.format)?;
    say(introduction(&plan, &tested));
    for note in unused.iter().chain(&tested.notes) {
        say(format!("note: {note}"));
    }
    for row in &tables.tests {
        say(format!("{}: {}", row.test, how_sure(row)));
        say(format!("{}: {}: {}", row.test, row.verdict, row.reason));
    }
    for row in &tables.rollouts {
        say(format!("{}: {}", row.test, rolled_out(row)));
    }
    if !tested.is_complete() {
        say(format!("interrupted: {} of {} tests were made", tables.tests.len(), tested.n_tests));
        return Ok(exit::INTERRUPTED);
    }
    if let Some(dir) = dir {
        let manifest = TestManifest::new(VERSION, &study, &plan, &options, &tested);
        write(&dir, &study, &plan, &tested, &manifest)?;
        say(format!("report: {}", dir.join("index.html").display()));
    }
    let verdicts = tables.tests.iter().map(|row| &row.verdict);
    let ended = verdicts.chain(tables.rollouts.iter().map(|row| &row.state));
    let fails = |word: &String| args.fail_on.iter().any(|verdict| verdict.word() == word);
    Ok(if ended.into_iter().any(fails) { exit::DIFFERENT } else { 0 })
}

/// How a rollout ended, and what it cost if it was rolled back.
fn rolled_out(row: &AbRolloutRow) -> String {
    let more = |n: i64| match n {
        n if n < 0 => format!("−{}", thousands(n.unsigned_abs())),
        0 => "0".into(),
        n => format!("+{}", thousands(n as u64)),
    };
    let mut text = format!(
        "rollout: {} at {} % of the {}s, {} into the trace: {} {} reads were with B: {} misses and {} errors against no rollout",
        row.state,
        (row.share * 1e4).round() / 100.0,
        row.by,
        Nanos(row.end_ns).rounded(),
        row.reason,
        thousands(row.exposed_reads),
        more(row.extra_misses),
        more(row.extra_errors)
    );
    if row.world == World::Shared.name() {
        text += &format!(
            "; those that stayed with A had {} misses against no rollout",
            more(row.stayed_misses)
        );
    }
    if row.state == "rolled-back" {
        text += &format!(
            "; after that, with A, {} misses against never having left; {} at the origin in all",
            more(row.cold_misses),
            NanoDollars(row.extra_nanodollars)
        );
    }
    text
}

/// A row a stage.
fn stages(tables: &AbTests) -> Listing {
    let columns = [
        "test",
        "stage",
        "share",
        "state",
        "start_ns",
        "end_ns",
        "reads",
        "measure",
        "undivided",
        "a",
        "b",
        "everybody",
        "stayed_reads",
        "stayed_a",
        "stayed_b",
        "reason",
    ];
    let is_shared = tables.rollouts.iter().any(|row| row.world == World::Shared.name());
    let for_programs: &[_] = match is_shared {
        true => &["stage", "stayed_reads"],
        false => &["stage", "undivided", "everybody", "stayed_reads", "stayed_a", "stayed_b"],
    };
    let mut listing =
        Listing::new(&columns).for_programs(for_programs).wrapped(&["measure", "start_ns"]);
    for row in &tables.stages {
        let Ok(measure) = row.measure.parse::<Measure>() else { continue };
        listing.push(vec![
            Field::text(&row.test),
            Field::count(row.stage),
            number(row.share, format!("{} %", (row.share * 1e4).round() / 100.0)),
            Field::text(&row.state),
            Field::new(row.start_ns, Nanos(row.start_ns).rounded()),
            Field::new(row.end_ns, Nanos(row.end_ns).rounded()),
            Field::count(row.reads),
            Field::text(&row.measure),
            number(row.undivided, measure.show(row.undivided)),
            number(row.a, measure.show(row.a)),
            number(row.b, measure.show(row.b)),
            number(row.everybody, measure.show(row.everybody)),
            Field::count(row.stayed_reads),
            number(row.stayed_a, measure.show(row.stayed_a)),
            number(row.stayed_b, measure.show(row.stayed_b)),
            Field::text(&row.reason),
        ]);
    }
    listing
}

/// `new against current over all traffic; reading took 0.31 s, testing 2.40 s`
fn introduction(plan: &Plan, tested: &Tested) -> String {
    let why = match plan.baseline_is {
        BaselineIs::First => " (the first other strategy)",
        BaselineIs::Given | BaselineIs::Current => "",
    };
    format!(
        "B, {}, against A, {}{why}, over {}; reading took {:.2} s, testing {:.2} s",
        plan.strategy,
        plan.baseline,
        over(plan),
        tested.reading.as_secs_f64(),
        tested.testing.as_secs_f64()
    )
}

/// How much of the traffic, in words.
fn over(plan: &Plan) -> String {
    match plan.traffic {
        all if all >= 1.0 => "all traffic".into(),
        part => format!("the requests of {} % of the {}s", part * 100.0, plan.by.name()),
    }
}

/// What the verdict rests on.
fn how_sure(row: &AbTestRow) -> String {
    let Ok(measure) = row.measure.parse::<Measure>() else { return String::new() };
    let mut parts = vec![format!("{} reads", thousands(row.reads))];
    if row.aa_repetitions > 0 {
        parts.push(format!(
            "A/A: {:.1} % of {}, where {:.0} % should be (95 % interval {:.1} to {:.1})",
            row.aa_rate * 100.0,
            row.aa_repetitions,
            (1.0 - row.level) * 100.0,
            row.aa_low * 100.0,
            row.aa_high * 100.0
        ));
    }
    if row.minimum_detectable.is_finite() {
        let least = measure.show_change(row.minimum_detectable);
        parts.push(format!("finds differences from {} on", least.trim_start_matches('+')));
    }
    if row.requests_needed.is_finite() {
        parts.push(format!("{} reads would decide", thousands(row.requests_needed as u64)));
    }
    parts.join("; ")
}

/// A row a measure with its own result; the verdict, which rests on all of them, is a sentence, and a
/// column for programs.
fn measures(tables: &AbTests) -> Listing {
    let columns = [
        "test",
        "measure",
        "role",
        "unit",
        "a",
        "b",
        "difference",
        "low",
        "high",
        "relative",
        "margin",
        "probability_better",
        "probability_worse",
        "p_value",
        "basis",
        "whole_trace_low",
        "whole_trace_high",
        "result",
        "verdict",
    ];
    let mut listing = Listing::new(&columns).for_programs(&[
        "role",
        "unit",
        "probability_worse",
        "p_value",
        "basis",
        "whole_trace_low",
        "whole_trace_high",
        "verdict",
    ]);
    for row in &tables.measures {
        let Ok(measure) = row.measure.parse::<Measure>() else { continue };
        let test = tables.tests.iter().find(|test| test.test == row.test);
        let verdict = test.map_or("", |test| &test.verdict);
        let value = |value: f64| number(value, measure.show(value));
        let change = |value: f64| number(value, measure.show_change(value));
        let share = |value: f64| number(value, percent(value));
        let sign = if row.relative < 0.0 { "−" } else { "+" };
        listing.push(vec![
            Field::text(&row.test),
            Field::text(&row.measure),
            Field::text(&row.role),
            Field::text(&row.unit),
            value(row.a),
            value(row.b),
            change(row.difference),
            change(row.low),
            change(row.high),
            number(row.relative, format!("{sign}{}", percent(row.relative.abs()))),
            number(row.margin, measure.show_change(row.margin).replace('+', "")),
            share(row.probability_better),
            share(row.probability_worse),
            number(row.p_value, p_value(row.p_value)),
            Field::text(&row.basis),
            change(row.whole_trace_low),
            change(row.whole_trace_high),
            Field::text(&row.result),
            Field::text(verdict),
        ]);
    }
    listing
}

/// The naive reading beside ours.
fn naive(tables: &AbTests) -> Listing {
    let columns = [
        "test",
        "naive_a",
        "naive_b",
        "naive_p_value",
        "naive_verdict",
        "naive_aa_rate",
        "naive_aa_pairs",
        "naive_aa_low",
        "naive_aa_high",
        "difference",
        "low",
        "high",
        "verdict",
        "aa_rate",
    ];
    let mut listing =
        Listing::new(&columns).for_programs(&["naive_aa_pairs", "naive_aa_low", "naive_aa_high"]);
    for row in &tables.naive {
        let test = tables.tests.iter().find(|test| test.test == row.test);
        let primary = tables.measures.iter().find(|measure| measure.test == row.test);
        let (Some(test), Some(primary)) = (test, primary) else { continue };
        let Ok(measure) = primary.measure.parse::<Measure>() else { continue };
        let share = |value: f64| number(value, percent(value));
        let change = |value: f64| number(value, measure.show_change(value));
        let pairs = if row.aa_pairs == 1 { "pair" } else { "pairs" };
        let of_pairs = format!(
            "{:.1} % of {} {pairs} (95 % interval {:.0} to {:.0})",
            row.aa_rate * 100.0,
            row.aa_pairs,
            row.aa_low * 100.0,
            row.aa_high * 100.0
        );
        listing.push(vec![
            Field::text(&row.test),
            share(row.hit_ratio_a),
            share(row.hit_ratio_b),
            number(row.p_value, p_value(row.p_value)),
            Field::text(&row.verdict),
            number(row.aa_rate, of_pairs),
            Field::count(row.aa_pairs),
            share(row.aa_low),
            share(row.aa_high),
            change(primary.difference),
            change(primary.low),
            change(primary.high),
            Field::text(&test.verdict),
            share(test.aa_rate),
        ]);
    }
    listing
}

/// What is no number, or has no end, is a dash.
fn number(value: f64, shown: String) -> Field {
    if value.is_finite() { Field::new(value, shown) } else { Field::new(Value::Null, "–") }
}

fn write(
    dir: &Path,
    study: &Resolved,
    plan: &Plan,
    tested: &Tested,
    manifest: &TestManifest,
) -> Result<()> {
    let tables = &tested.tables;
    tables.write(dir)?;
    let notes = notes(tested);
    let verdicts: Vec<Value> = tables
        .tests
        .iter()
        .map(|row| {
            serde_json::json!({
                "test": row.test, "verdict": row.verdict, "reason": row.reason,
            })
        })
        .collect();
    let summary = serde_json::json!({
        "schema": 1,
        "kind": "test",
        "study": study.name,
        "a": plan.baseline,
        "b": plan.strategy,
        "traffic": plan.traffic,
        "verdicts": verdicts,
        "rollouts": tables.rollouts.iter().map(rollout).collect::<Vec<_>>(),
        "measures": measures(tables).objects(),
        "notes": notes,
    });
    text(&dir.join("summary.json"), &(serde_json::to_string_pretty(&summary)? + "\n"))?;
    let document = TestDocument {
        title: &format!("{}: {} against {}", study.name, plan.strategy, plan.baseline),
        description: &study.description,
        tests: tables,
        resolved_scenario: &super::scenario::to_toml(study)?,
        manifest: &manifest.to_json(),
        notes: &notes,
        sources: &sources(study),
        version: VERSION,
    };
    report::write_tests(dir, &document)?;
    // Last, so that a manifest stands for a whole report.
    text(&dir.join("manifest.json"), &manifest.to_json())
}

fn rollout(row: &AbRolloutRow) -> Value {
    serde_json::json!({
        "test": row.test,
        "world": row.world,
        "state": row.state,
        "reason": row.reason,
        "share": row.share,
        "end_ns": row.end_ns,
        "exposed_reads": row.exposed_reads,
        "extra_misses": row.extra_misses,
        "extra_errors": row.extra_errors,
        "stayed_misses": row.stayed_misses,
        "cold_misses": row.cold_misses,
        "extra_usd": NanoDollars(row.extra_nanodollars).dollars(),
    })
}

/// What the reader of the figures should know.
fn notes(tested: &Tested) -> Vec<String> {
    let mut notes = tested.notes.clone();
    notes.push("Both arms see the same requests, so that differences are not of who happened to be in which arm. The interval says how far the difference would move with other traffic like this; it says nothing of traffic that is not like this, and nothing of what the model leaves out.".into());
    notes.extend(tiers::SIMPLIFICATIONS.iter().map(|note| note.to_string()));
    notes
}
