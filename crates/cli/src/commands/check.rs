//! `check`: a study against its baseline, for people and for build servers.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use experiment::check::{
    self, Baseline, Detail, Entry, Explained, Judged, Keep, Known, Measured, Policy, Study, Update,
    Updated, Verdict, explain, judge, measure,
};
use experiment::{RunOptions, RunProgress};
use frames::table::Table;
use frames::{CauseRow, CheckRow};
use report::ci::{self, Gate};
use serde_json::Value;

use crate::args::{Check, CiArgs, Format, When};
use crate::exit;
use crate::output::{Field, Listing};
use crate::progress::{follow, say, stop_on_interrupt};

use super::run::VERSION;

pub(crate) fn check(args: &Check) -> Result<u8> {
    if args.explain && args.how.format == Format::Csv {
        bail!("--explain prints a second table, which CSV cannot hold\nhint: --format json");
    }
    if args.update.reason.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        bail!("--reason is empty: say why the figures may be what they are");
    }
    let to_stdout = to_stdout(&args.ci)?;
    let commit = commit(&args.ci)?;
    let study = Study::open(&args.study, &args.settings)?;
    study.check_traces(&args.study, &args.settings)?;
    let known = study.known();
    let path = baseline_path(args);
    let baseline = Baseline::open(&path, &known)?;
    if baseline.is_none() && !args.update.update_baseline {
        return Ok(missing(args, &path));
    }
    let detail = detail(args, baseline.as_ref())?;
    // An update keeps the details that a baseline had.
    let had = args.update.update_baseline && baseline.as_ref().is_some_and(Baseline::has_detail);
    let keep = match args.update.with_detail || had || detail.is_some() {
        true => Keep::Ends(detail.as_ref().map_or(&[], Detail::runs)),
        false => Keep::Figures,
    };
    let Some(measured) = run(args, &study, keep)? else {
        say("nothing was judged");
        return Ok(exit::INTERRUPTED);
    };
    let judged = match &baseline {
        Some(baseline) => {
            let policy = policy(args);
            Some(judge(baseline, &measured, &known, detail.as_ref(), &policy, VERSION)?)
        }
        None => None,
    };
    for note in &measured.notes {
        say(format!("note: {note}"));
    }
    match (judged, &baseline) {
        (Some(judged), Some(baseline)) if !args.update.update_baseline => {
            let explained = explained(args, &judged, &measured, detail.as_ref());
            if !to_stdout {
                listing(args, &known, &judged).print_if_any(args.how.format)?;
                causes(&explained).print_if_any(args.how.format)?;
            }
            let divergences = divergences(&explained);
            tell(&judged, &divergences, measured.runs.len());
            let causes: Vec<CauseRow> =
                explained.into_iter().flat_map(|explained| explained.causes).collect();
            let baseline_file = slashes(&path);
            let gate = Gate {
                study: study.name(),
                baseline: &baseline_file,
                program: VERSION,
                verdict: judged.verdict.word(),
                allows_inconclusive: judged.allows_inconclusive,
                rows: &judged.rows,
                causes: &causes,
                divergences: &divergences,
                reasons: &judged.reasons,
                notes: &judged.notes,
            };
            files(&args.ci, &gate)?;
            github(&args.ci, &gate)?;
            if let (Some(history), Some(commit)) = (&args.ci.history, commit) {
                Entry::new(&measured, baseline, &judged, VERSION, &commit).append(history)?;
            }
            Ok(code(judged.verdict))
        }
        (judged, baseline) => {
            update(args, &study, &known, &measured, judged.as_ref(), baseline.as_ref(), &path)
        }
    }
}

/// Whether standard output holds a report and not the table: not more than one fits there.
fn to_stdout(args: &CiArgs) -> Result<bool> {
    let reports = args.reports();
    let mut there = reports.iter().filter(|(_, path)| path.is_some_and(is_stdout));
    match (there.next(), there.next()) {
        (Some((first, _)), Some((second, _))) => bail!(
            "{first} and {second} cannot both go to standard output\nhint: give one of them a file"
        ),
        (first, _) => Ok(first.is_some()),
    }
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Denied | Verdict::Regressed => exit::DIFFERENT,
        Verdict::Incomparable => exit::INCOMPARABLE,
        Verdict::Inconclusive => exit::INCONCLUSIVE,
    }
}

/// As said, or by the name of the study's file.
fn baseline_path(args: &Check) -> PathBuf {
    let beside = || {
        let folder = args.study.parent().unwrap_or(Path::new("")).join("baselines");
        folder.join(args.study.file_name().unwrap_or_default())
    };
    args.baseline.clone().unwrap_or_else(beside)
}

/// As other programs want it.
fn slashes(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}

fn missing(args: &Check, path: &Path) -> u8 {
    say(format!(
        "incomparable: there is no baseline {}\nhint: cache-strategy check {} --update-baseline --reason 'first figures'",
        path.display(),
        args.study.display()
    ));
    exit::INCOMPARABLE
}

/// What the history calls this check.
fn commit(args: &CiArgs) -> Result<Option<String>> {
    if args.history.is_none() {
        return Ok(None);
    }
    let said = || ["GITHUB_SHA", "CI_COMMIT_SHA"].iter().find_map(|name| std::env::var(name).ok());
    match args.commit.clone().or_else(said) {
        Some(commit) if !commit.is_empty() => Ok(Some(commit)),
        _ => bail!("--history needs to know what is checked\nhint: --commit $(git rev-parse HEAD)"),
    }
}

/// The details of the baseline, if they are of use.
fn detail(args: &Check, baseline: Option<&Baseline>) -> Result<Option<Detail>> {
    let Some(baseline) = baseline else { return Ok(None) };
    if args.update.update_baseline {
        return Ok(None);
    }
    if !args.explain && !baseline.needs_detail() {
        return Ok(None);
    }
    let detail = baseline.detail()?;
    if args.explain && detail.is_none() {
        say(
            "note: the baseline has no details, so nothing can be explained\nhint: write it once more with --update-baseline --with-detail",
        );
    }
    Ok(detail)
}

fn policy(args: &Check) -> Policy {
    Policy {
        allow: args.allow.iter().map(|allow| (*allow).into()).collect(),
        deny: args.deny.iter().map(|deny| (*deny).into()).collect(),
        updating: args.update.update_baseline,
    }
}

fn run(args: &Check, study: &Study, keep: Keep<'_>) -> Result<Option<Measured>> {
    let progress = Arc::new(RunProgress::default());
    stop_on_interrupt(&progress)?;
    let bar = follow(&progress);
    let options = RunOptions { threads: args.how.threads, ..RunOptions::default() };
    let measured = measure(study, keep, &options, &progress)?;
    drop(bar);
    Ok(measured)
}

/// What is behind the changes that matter: for the worse, if any, or else for the better.
fn explained(
    args: &Check,
    judged: &Judged,
    measured: &Measured,
    detail: Option<&Detail>,
) -> Vec<Explained> {
    let Some(detail) = detail.filter(|_| args.explain) else { return Vec::new() };
    let mut rows: Vec<&CheckRow> = judged.failures().collect();
    if rows.is_empty() {
        let changed = |row: &&CheckRow| row.status != "same" && row.status != "incomparable";
        rows = judged.rows.iter().filter(changed).collect();
    }
    explain(rows, measured, detail)
}

fn divergences(explained: &[Explained]) -> Vec<String> {
    let mut told: Vec<String> =
        explained.iter().map(|found| format!("{}: {}", found.run, found.divergence)).collect();
    told.dedup();
    told
}

/// The verdict in words, on standard error.
fn tell(judged: &Judged, divergences: &[String], n_runs: usize) {
    for note in &judged.notes {
        say(format!("note: {note}"));
    }
    for divergence in divergences {
        say(divergence);
    }
    for reason in &judged.reasons {
        say(format!("incomparable: {reason}"));
    }
    let counts: Vec<String> = [
        ("same", "as they were"),
        ("held", "within limits"),
        ("allowed", "changed by no more than is allowed"),
        ("improved", "better"),
        ("denied", "better, which is denied"),
        ("regressed", "worse"),
        ("broken", "beyond limits"),
        ("inconclusive", "inconclusive"),
        ("incomparable", "incomparable"),
    ]
    .into_iter()
    .filter_map(|(status, words)| match judged.count(status) {
        0 => None,
        n => Some(format!("{n} {words}")),
    })
    .collect();
    say(format!("{}: {n_runs} runs, {}", judged.verdict.word(), counts.join(", ")));
    if judged.verdict == Verdict::Incomparable {
        say(match judged.is_scenario_change() {
            true => {
                "hint: if the change is meant, write the baseline anew with --update-baseline; to compare another scenario all the same, --allow scenario-change"
            }
            false => {
                "hint: undo the change, or write the baseline anew with --update-baseline if it is meant; --allow has nothing for it"
            }
        });
    } else if judged.count("improved") + judged.count("denied") > 0 {
        say(
            "the baseline is stale: some figures are better\nhint: --update-baseline keeps them so",
        );
    }
}

/// Writes the baseline, if nothing speaks against it.
fn update(
    args: &Check,
    study: &Study,
    known: &Known,
    measured: &Measured,
    judged: Option<&Judged>,
    baseline: Option<&Baseline>,
    path: &Path,
) -> Result<u8> {
    if let Some(judged) = judged {
        listing(args, known, judged).print_if_any(args.how.format)?;
        judged.notes.iter().for_each(|note| say(format!("note: {note}")));
    }
    let update = Update {
        study,
        measured,
        judged,
        program: VERSION,
        reason: args.update.reason.as_deref().unwrap_or_default(),
        accept: args.update.accept,
        with_detail: args.update.with_detail,
    };
    match update.write(path, baseline)? {
        Updated::Unchanged => say(format!("{} says all this already", path.display())),
        Updated::Details => say(format!("written: {}", Baseline::detail_path(path).display())),
        Updated::Written => say(format!("written: {}", path.display())),
        Updated::Refused(worse) => {
            say(format!(
                "refused: {} figures are worse than they were, or beyond limits, and {} stays as it is\nhint: if that is meant, say --accept",
                worse.len(),
                path.display()
            ));
            return Ok(exit::DIFFERENT);
        }
    }
    Ok(0)
}

/// The rows: all of them for programs, what changed for people.
fn listing(args: &Check, known: &Known, judged: &Judged) -> Listing {
    let names: Vec<&str> = CheckRow::schema().iter().map(|column| column.name).collect();
    let mut hidden = vec!["against", "unit", "better", "relative", "line"];
    let one = |key: fn(&CheckRow) -> &String| {
        let first = judged.rows.first().map(key);
        judged.rows.iter().all(|row| Some(key(row)) == first)
    };
    hidden.extend(one(|row| &row.trace).then_some("trace"));
    hidden.extend(judged.rows.iter().all(|row| row.cell.is_empty()).then_some("cell"));
    hidden.extend(["expected", "actual", "change", "allowed"]);
    let mut listing = Listing::new(&names).for_programs(&hidden);
    let people = args.how.format == Format::Table && !args.all;
    // Why figures are incomparable is told once, not for each of them.
    let trivial = |row: &&CheckRow| ["same", "held", "incomparable"].contains(&&*row.status);
    for row in judged.rows.iter().filter(|row| !people || !trivial(row)) {
        let unit = known.find(&row.metric).map_or(check::Unit::Count, |metric| metric.unit);
        let value = |value: f64| Field::new(value, unit.show(value));
        listing.push(vec![
            Field::text(&row.status),
            Field::text(&row.trace),
            Field::text(&row.strategy),
            Field::text(&row.cell),
            Field::text(&row.metric),
            Field::text(&row.against),
            Field::text(&row.unit),
            Field::text(&row.better),
            value(row.expected),
            value(row.actual),
            value(row.change),
            Field::new(row.relative, ""),
            Field::text(&row.allowed),
            Field::text(&row.reason),
            Field::count(row.line),
        ]);
    }
    listing
}

/// What explains the changes.
fn causes(explained: &[Explained]) -> Listing {
    let names: Vec<&str> = CauseRow::schema().iter().map(|column| column.name).collect();
    let rows = || explained.iter().flat_map(|explained| &explained.causes);
    let mut hidden = vec!["unit", "reason"];
    let first = || rows().next().map(|row| &row.trace);
    hidden.extend(rows().all(|row| Some(&row.trace) == first()).then_some("trace"));
    hidden.extend(rows().all(|row| row.cell.is_empty()).then_some("cell"));
    let mut listing = Listing::new(&names).for_programs(&hidden);
    for row in rows() {
        let unit = check::Unit::of_symbol(&row.unit).unwrap_or(check::Unit::Count);
        let number = |value: f64| Field::new(value, unit.show(value));
        let sign = if row.change > 0.0 { "+" } else { "" };
        listing.push(vec![
            Field::text(&row.trace),
            Field::text(&row.strategy),
            Field::text(&row.cell),
            Field::text(&row.metric),
            Field::text(&row.measure),
            Field::text(&row.unit),
            Field::text(&row.by),
            Field::text(&row.group),
            number(row.before),
            number(row.after),
            Field::new(Value::from(row.change), format!("{sign}{}", unit.show(row.change))),
            Field::text(&row.reason),
        ]);
    }
    listing
}

fn files(args: &CiArgs, gate: &Gate<'_>) -> Result<()> {
    let junit = || ci::junit::report(gate).map_err(anyhow::Error::from);
    write(&args.junit, junit)?;
    write(&args.sarif, || Ok(ci::sarif::report(gate)))?;
    write(&args.gitlab, || Ok(ci::gitlab::report(gate)))?;
    write(&args.bencher, || Ok(ci::bench::bencher(gate)))?;
    write(&args.bigger, || Ok(ci::bench::bigger_is_better(gate)))?;
    write(&args.smaller, || Ok(ci::bench::smaller_is_better(gate)))
}

fn write(path: &Option<PathBuf>, text: impl FnOnce() -> Result<String>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let text = text()?;
    if is_stdout(path) {
        return Ok(std::io::stdout().lock().write_all(text.as_bytes())?);
    }
    frames::write_atomically::<anyhow::Error>(path, |file| Ok(file.write_all(text.as_bytes())?))
}

/// Annotations go to standard error, where the runner reads commands too: standard output is data.
fn github(args: &CiArgs, gate: &Gate<'_>) -> Result<()> {
    let inside = || std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true");
    match args.github {
        When::Never => return Ok(()),
        When::Auto if !inside() => return Ok(()),
        When::Auto | When::Always => {}
    }
    let annotations = ci::github::annotations(gate);
    if !annotations.is_empty() {
        say(annotations.trim_end());
    }
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    // Others may have written to the summary of the step before.
    let used = std::fs::metadata(&path).map_or(0, |file| file.len());
    let room = ci::github::MOST_BYTES.saturating_sub(usize::try_from(used).unwrap_or(usize::MAX));
    let text = ci::github::summary(gate, room);
    let fail = || format!("GITHUB_STEP_SUMMARY: {}", Path::new(&path).display());
    let mut file =
        std::fs::OpenOptions::new().append(true).create(true).open(&path).with_context(fail)?;
    file.write_all(text.as_bytes()).with_context(fail)
}
