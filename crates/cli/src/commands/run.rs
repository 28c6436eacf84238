//! `run` and `rerun`: a study from a scenario or a manifest to a table and a report.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};
use experiment::{
    Finished, Manifest, Resolved, RunOptions, RunProgress, Verdict, best, run as run_study,
    verdicts,
};
use frames::{ErasureRow, Results, RunRow, TierRow};
use report::{Document, Origin, Winner};
use tiers::NanoDollars;
use trace::units::{Nanos, thousands};

use crate::args::{How, Rerun, Run};
use crate::exit;
use crate::folder;
use crate::output::{Field, Listing, percent};
use crate::progress::{follow, say, stop_on_interrupt};

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn run(args: &Run) -> Result<u8> {
    let study = experiment::resolve(&args.scenario, &args.settings)?;
    study.check_traces(&args.scenario, &args.settings)?;
    let dir = args.out.clone().unwrap_or_else(|| Path::new("reports").join(&study.name));
    let dir = (!args.no_report).then_some(dir);
    dir.as_deref().map_or(Ok(()), |dir| folder::check(dir, args.force))?;
    let (finished, _) = go(&study, &args.how, dir.as_deref(), Vec::new())?;
    Ok(if finished.is_complete() { 0 } else { exit::INTERRUPTED })
}

pub(crate) fn rerun(args: &Rerun) -> Result<u8> {
    let before = Manifest::open(&args.manifest)?;
    args.out.as_deref().map_or(Ok(()), |dir| folder::check(dir, args.force))?;
    // The manifest's paths start at the folder the study was run from; look for that one upwards.
    let manifest = std::path::absolute(&args.manifest)?;
    let folders = manifest.ancestors().skip(1).map(PathBuf::from).collect();
    let kept = match before.complete {
        true => None,
        false => Some(kept_runs(&args.manifest, &before)?),
    };
    let (mut finished, mut now) = go(&before.study, &args.how, args.out.as_deref(), folders)?;
    if !finished.is_complete() {
        return Ok(exit::INTERRUPTED);
    }
    if let Some(kept) = kept {
        say(format!(
            "the run was interrupted: only the {} of {} runs that it finished are compared",
            kept.len(),
            finished.n_runs
        ));
        let is_kept = |run: &str| kept.contains(run);
        finished.results.retain_runs(is_kept);
        now.results_digest = finished.results.digest();
        now.audits.retain(|audit| is_kept(&audit.run));
    }
    let differences = before.differences(&now);
    if differences.is_empty() {
        say("the results are the same, bit for bit");
        return Ok(0);
    }
    say(format!("the results differ:\n  {}", differences.join("\n  ")));
    Ok(exit::DIFFERENT)
}

/// Names of the runs that an interrupted study finished. They stand in the tables beside its manifest,
/// whose digest vouches for them.
fn kept_runs(path: &Path, manifest: &Manifest) -> Result<BTreeSet<String>> {
    let kept = Results::read(path.parent().unwrap_or(Path::new(""))).ok();
    match kept.filter(|kept| kept.digest() == manifest.results_digest) {
        Some(kept) => Ok(kept.runs.into_iter().map(|run| run.run).collect()),
        None => bail!(
            "{}: this run was interrupted, and which of its runs it finished is not known: the tables it wrote are not beside it\nhint: `run` the scenario again; the manifest of a whole run needs no tables",
            path.display()
        ),
    }
}

/// Runs the study, prints the table, writes the report to `dir` if there is one.
fn go(
    study: &Resolved,
    how: &How,
    dir: Option<&Path>,
    search: Vec<PathBuf>,
) -> Result<(Finished, Manifest)> {
    let progress = Arc::new(RunProgress::default());
    stop_on_interrupt(&progress)?;
    let bar = follow(&progress);
    let finished = run_study(study, &RunOptions { threads: how.threads, search }, &progress)?;
    drop(bar);
    let manifest = Manifest::new(VERSION, study, &finished);
    let verdicts = verdicts(&finished.results, study.metric);
    listing(&finished.results, &verdicts).print(how.format)?;
    say(format!(
        "{} of {} runs; reading took {:.2} s, simulating {:.2} s",
        finished.results.runs.len(),
        finished.n_runs,
        finished.reading.as_secs_f64(),
        finished.simulating.as_secs_f64()
    ));
    for note in &finished.notes {
        say(format!("note: {note}"));
    }
    for verdict in verdicts.iter().filter(|verdict| verdict.is_contest()) {
        say(sentence(verdict));
    }
    if distinct(&finished.results, |run| &run.cell) > 1 {
        for run in best(&finished.results, study.metric) {
            say(best_of_all(run, study));
        }
    }
    for run in &finished.results.erasures {
        say(erased(run));
    }
    // A report of nothing would only hide an earlier one.
    if let Some(dir) = dir.filter(|_| !finished.results.runs.is_empty()) {
        write(dir, study, &finished, &verdicts, &manifest)?;
        say(format!("report: {}", dir.join("index.html").display()));
    }
    Ok((finished, manifest))
}

/// The tiers of all runs, nearest the client first: where they stand in the longest stack.
fn tier_names(results: &Results) -> Vec<&str> {
    let mut tiers: Vec<(&str, u64)> = Vec::new();
    for row in results.tiers.iter().filter(|tier| tier.tier != "origin") {
        match tiers.iter_mut().find(|(name, _)| *name == row.tier) {
            Some((_, position)) => *position = row.position.max(*position),
            None => tiers.push((&row.tier, row.position)),
        }
    }
    tiers.sort_by_key(|(_, position)| *position);
    tiers.into_iter().map(|(name, _)| name).collect()
}

/// One row a run: hit ratio of each tier and overall, byte misses, latency, money.
fn listing(results: &Results, verdicts: &[Verdict]) -> Listing {
    let names = tier_names(results);
    let traces = distinct(results, |run| &run.trace) > 1;
    let cells = distinct(results, |run| &run.cell) > 1;
    let mut columns = vec!["winner".to_string(), "strategy".into()];
    columns.extend(traces.then(|| "trace".to_string()));
    columns.extend(cells.then(|| "cell".to_string()));
    columns.extend(names.iter().map(|name| format!("{name}_hit_ratio")));
    let rest = [
        "hit_ratio",
        "delayed_hit_ratio",
        "stale_hit_ratio",
        "byte_miss_ratio",
        "p50_ns",
        "p95_ns",
        "p99_ns",
        "availability",
        "saturation",
        "usd_month",
    ];
    columns.extend(rest.map(str::to_string));
    let mut listing = Listing::new(&columns).for_programs(&trivial(results));
    for run in &results.runs {
        let best = winners(run, verdicts);
        let wins = best.contains(&run.strategy);
        let mark = match best.len() {
            _ if !wins => "",
            1 => "▶",
            _ => "tie",
        };
        let mut row = vec![Field::new(wins, mark), Field::text(&run.strategy)];
        row.extend(traces.then(|| Field::text(&run.trace)));
        row.extend(cells.then(|| Field::text(&run.cell)));
        for name in &names {
            let of_run = |tier: &&TierRow| tier.run == run.run && tier.tier == *name;
            row.push(match results.tiers.iter().find(of_run) {
                Some(tier) => Field::new(tier.hit_ratio, percent(tier.hit_ratio)),
                None => Field::new(serde_json::Value::Null, "–"),
            });
        }
        let cost = NanoDollars(run.cost_nanodollars_month);
        row.extend([
            ratio(run.hit_ratio),
            ratio(run.delayed_hit_ratio),
            ratio(run.stale_hit_ratio),
            ratio(run.byte_miss_ratio),
            latency(run.latency_ns_p50),
            latency(run.latency_ns_p95),
            latency(run.latency_ns_p99),
            ratio(run.availability),
            saturation(run),
            Field::new(cost.dollars(), cost.to_string()),
        ]);
        listing.push(row);
    }
    listing
}

/// Columns that say the same in every run that has nothing of the kind: people are spared them.
fn trivial(results: &Results) -> Vec<&'static str> {
    let occurs = |n: fn(&RunRow) -> u64| results.runs.iter().any(|run| n(run) > 0);
    [
        ("delayed_hit_ratio", occurs(|run| run.delayed_hits)),
        ("stale_hit_ratio", occurs(|run| run.stale_hits)),
        ("availability", occurs(|run| run.errors)),
        ("saturation", results.runs.iter().any(|run| !run.saturation_tier.is_empty())),
    ]
    .into_iter()
    .filter_map(|(column, occurs)| (!occurs).then_some(column))
    .collect()
}

fn ratio(ratio: f64) -> Field {
    Field::new(ratio, percent(ratio))
}

/// That of the busiest tier, with its name.
fn saturation(run: &RunRow) -> Field {
    let shown = match run.saturation_tier.as_str() {
        "" => "–".into(),
        tier => format!("{} {tier}", percent(run.saturation)),
    };
    Field::new(run.saturation, shown)
}

fn latency(ns: u64) -> Field {
    Field::new(ns, Nanos(ns).rounded())
}

fn distinct(results: &Results, key: impl Fn(&RunRow) -> &String) -> usize {
    let mut keys: Vec<&String> = results.runs.iter().map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.len()
}

/// The best of the case of a run, if there was a contest.
fn winners<'a>(run: &RunRow, verdicts: &'a [Verdict]) -> &'a [String] {
    let of_case = |v: &&Verdict| (&v.trace, &v.cell) == (&run.trace, &run.cell);
    let contest = verdicts.iter().find(of_case).filter(|verdict| verdict.is_contest());
    contest.map_or(&[], |verdict| &verdict.winners)
}

/// The best run of a sweep in words.
fn best_of_all(run: &RunRow, study: &Resolved) -> String {
    let metric = study.metric;
    format!(
        "{}: best of all is {} at {}, {} {}",
        run.trace,
        run.strategy,
        run.cell,
        metric.name(),
        metric.show(metric.merit(run).abs())
    )
}

/// Whether a run kept its promise to forget.
fn erased(run: &ErasureRow) -> String {
    let asked = format!(
        "{}: {} requests to erase {} objects, done everywhere after {} (p99 {})",
        run.run,
        thousands(run.requests),
        thousands(run.objects),
        Nanos(run.time_to_erasure_ns_p50).rounded(),
        Nanos(run.time_to_erasure_ns_p99).rounded()
    );
    if run.holds == 1 {
        return format!("{asked}; nothing erased was read afterwards or is left");
    }
    format!(
        "{asked}; afterwards {} reads had something erased, {} copies are left, {} requests are not done",
        thousands(run.violations),
        thousands(run.residual_end),
        thousands(run.incomplete)
    )
}

/// A verdict in words.
fn sentence(verdict: &Verdict) -> String {
    let place = match verdict.cell.as_str() {
        "" => verdict.trace.clone(),
        cell => format!("{} at {cell}", verdict.trace),
    };
    let shown = |value: Option<f64>| verdict.metric.show(value.unwrap_or(f64::NAN));
    let (metric, best) = (verdict.metric.name(), shown(verdict.best));
    let against = match &verdict.runner_up {
        Some(other) => format!(" against {} of {other}", shown(verdict.second)),
        None => String::new(),
    };
    let out = match &verdict.broke_erasure[..] {
        [] => String::new(),
        broke => format!("; {} broke the promise to erase", listed(broke)),
    };
    match &verdict.winners[..] {
        [] => format!("{place}: nobody wins{out}"),
        [one] if against.is_empty() => format!("{place}: {one} wins, {metric} {best}{out}"),
        [one] => format!("{place}: {one} wins by {metric}, {best}{against}{out}"),
        several => format!("{place}: {} tie by {metric}, {best}{against}{out}", listed(several)),
    }
}

/// `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        names => names.concat(),
    }
}

fn write(
    dir: &Path,
    study: &Resolved,
    finished: &Finished,
    verdicts: &[Verdict],
    manifest: &Manifest,
) -> Result<()> {
    finished.results.write(dir)?;
    audits(dir, finished)?;
    let summary = serde_json::json!({
        "schema": 1,
        "study": study.name,
        "complete": finished.is_complete(),
        "verdicts": verdicts,
        "runs": listing(&finished.results, verdicts).objects(),
        "notes": notes(finished),
    });
    text(&dir.join("summary.json"), &(serde_json::to_string_pretty(&summary)? + "\n"))?;
    let best = best(&finished.results, study.metric);
    let contests = verdicts.iter().filter(|verdict| verdict.is_contest());
    let mut winners: Vec<Winner<'_>> = contests
        .map(|verdict| Winner {
            trace: &verdict.trace,
            cell: &verdict.cell,
            strategies: &verdict.winners,
            metric: verdict.metric.column(),
        })
        .collect();
    // Without rivals, what a sweep of one strategy found best.
    if winners.is_empty() {
        winners.extend(best.iter().map(|run| Winner {
            trace: &run.trace,
            cell: &run.cell,
            strategies: std::slice::from_ref(&run.strategy),
            metric: study.metric.column(),
        }));
    }
    let document = Document {
        title: &study.name,
        description: &study.description,
        results: &finished.results,
        winners: &winners,
        resolved_scenario: &super::scenario::to_toml(study)?,
        manifest: &manifest.to_json(),
        notes: &notes(finished),
        sources: &sources(study),
        version: VERSION,
    };
    report::write(dir, &document)?;
    // Last, so that a manifest stands for a whole report.
    text(&dir.join("manifest.json"), &manifest.to_json())
}

/// One log a run, so that each is a chain of its own. Those of an earlier run of the study go.
fn audits(dir: &Path, finished: &Finished) -> Result<()> {
    let folder = dir.join("audit");
    if folder.is_dir() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "jsonl") {
                std::fs::remove_file(path)?;
            }
        }
    }
    for audited in &finished.audits {
        text(&dir.join(&audited.file), &audited.log.text)?;
    }
    if !finished.audits.is_empty() {
        say(format!("audit: {} logs in {}", finished.audits.len(), folder.display()));
    }
    Ok(())
}

pub(super) fn text(path: &Path, text: &str) -> Result<()> {
    frames::write_atomically::<anyhow::Error>(path, |file| Ok(file.write_all(text.as_bytes())?))
}

/// What the reader of the figures should know.
fn notes(finished: &Finished) -> Vec<String> {
    let mut notes = Vec::new();
    if !finished.is_complete() {
        notes.push(format!(
            "Interrupted: only {} of {} runs are here.",
            finished.results.runs.len(),
            finished.n_runs
        ));
    }
    notes.extend(finished.notes.iter().cloned());
    if !finished.results.erasures.is_empty() {
        notes.extend(tiers::security::SIMPLIFICATIONS.iter().map(|note| note.to_string()));
    }
    notes.extend(tiers::SIMPLIFICATIONS.iter().map(|note| note.to_string()));
    notes.push("The figures are exact for this trace, seed and model, and say nothing about other traces. Latencies are drawn, and decide when copies arrive, so another seed moves them a little: try some before trusting a narrow win.".into());
    notes
}

/// Where the latency profiles and prices come from.
pub(super) fn sources(study: &Resolved) -> Vec<Origin> {
    let library = &study.library;
    let origin = |what: &str, name: &String, source: &str, date: &str| Origin {
        what: format!("{what} {name}"),
        text: format!("{source} ({date})"),
    };
    let latency =
        library.latency.iter().map(|(name, it)| origin("Latency of", name, &it.source, &it.date));
    let cdn = library.cdn.iter().map(|(name, it)| origin("Network", name, &it.source, &it.date));
    let cipher =
        library.cipher.iter().map(|(name, it)| origin("Cipher", name, &it.source, &it.date));
    let mut sources: Vec<Origin> = latency.chain(cdn).chain(cipher).collect();
    for strategy in &study.strategies {
        let stack = &strategy.stack;
        let source = Origin {
            what: format!("Prices of {}", stack.prices),
            text: format!("{} ({})", stack.prices_source, stack.prices_date),
        };
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}
