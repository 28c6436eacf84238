//! `compare`: policies over many traces and sizes, to a table and a report, going on where an earlier
//! run was stopped.

mod family;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result, anyhow, bail};
use cache::PolicySpec;
use experiment::compare::{
    Capacity, ComparisonManifest, Journal, LEAST_FAMILIES, Schedule, Size, Study,
    compare as compare_trace, leaders, statistics,
};
use experiment::{RunProgress, TraceIdentity};
use frames::{CellRow, Comparison, StandingRow};
use report::{ComparisonDocument, p_value};
use trace::Trace;
use trace::units::thousands;

use crate::args::Compare;
use crate::capacity;
use crate::exit;
use crate::folder;
use crate::output::{Field, Listing, percent};
use crate::progress::{follow, say, stop_on_interrupt};

use self::family::Families;
use super::replay::parse_policies;
use super::trace::{read_options, read_with};

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn compare(args: &Compare) -> Result<u8> {
    let study = study(args)?;
    let families = Families::parse(&args.family)?;
    let files = files(&args.traces)?;
    families.check(&files.iter().map(|file| &*file.path).collect::<Vec<_>>())?;
    folder::check(&args.out, args.force)?;
    let journal = Journal::open(&args.out.join("cells.jsonl"), &build()?)?;
    if let Some(line) = journal.torn() {
        let path = args.out.join("cells.jsonl");
        say(format!(
            "note: {}:{line}: this last line has no end, as when a run is killed: its cell is counted anew",
            path.display()
        ));
    }
    let progress = Arc::new(RunProgress::default());
    stop_on_interrupt(&progress)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.how.threads).build()?;
    let mut schedule = Schedule::default();
    let mut done = Done::default();
    for file in &files {
        let trace = done.load(args, file, &study)?;
        let family = done.family(&families);
        let bar = follow(&progress);
        let compared = pool.install(|| {
            compare_trace(&study, &trace, &family, &journal, &mut schedule, &progress)
        })?;
        drop(bar);
        done.reused += compared.reused;
        match compared.rows {
            Some(rows) => done.comparison.cells.extend(rows),
            None => break,
        }
        if progress.stop.load(Ordering::Relaxed) {
            break;
        }
    }
    let n_cells = files.len() * study.n_cells();
    say(format!(
        "{} of {} cells taken from {}",
        thousands(done.reused as u64),
        thousands(n_cells as u64),
        args.out.join("cells.jsonl").display()
    ));
    if done.comparison.cells.len() < n_cells {
        say("interrupted: finished cells are kept; the same command goes on from there");
        return Ok(exit::INTERRUPTED);
    }
    done.comparison.leaders = leaders(&done.comparison.cells);
    statistics(&mut done.comparison, &study.baseline.to_string(), study.rope, study.seed)?;
    listing(&done.comparison).print(args.how.format)?;
    write(args, &study, &done)?;
    say(format!("summary for a paper: {}", args.out.join("summary.txt").display()));
    say(format!("report: {}", args.out.join("index.html").display()));
    Ok(0)
}

/// What tells two builds apart that may count differently: a developer's change without a new
/// version is another program too.
fn build() -> Result<String> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let bytes = std::fs::read(&program).with_context(|| program.display().to_string())?;
    Ok(format!("{VERSION} blake3:{}", blake3::hash(&bytes).to_hex()))
}

fn study(args: &Compare) -> Result<Study> {
    let capacities = capacity::parse_list(&args.sizes)?;
    let unit = capacity::unit(args.unit, &capacities)?;
    let labels = args.sizes.iter().flat_map(|list| list.split(',')).map(str::trim);
    let mut sizes: Vec<Size> = Vec::new();
    for (label, capacity) in labels.zip(capacities) {
        if sizes.iter().any(|size| size.label == label) {
            bail!("--sizes: `{label}` is given twice");
        }
        let capacity = match capacity {
            capacity::Capacity::Share(share) => Capacity::Share(share),
            capacity::Capacity::Bare(amount) | capacity::Capacity::Memory(amount) => {
                Capacity::Amount(amount)
            }
        };
        sizes.push(Size { label: label.to_string(), capacity });
    }
    let policies = parse_policies(&args.policies)?.into_iter().map(|(spec, _)| spec).collect();
    let baseline: PolicySpec = args.baseline.parse()?;
    policies::resolve(&baseline)?;
    let study = Study::new(policies, baseline, sizes, unit, args.seed)?;
    Ok(Study { rope: rope(&args.rope)?, families: args.family.clone(), ..study })
}

/// `1%` or `0.01`.
fn rope(text: &str) -> Result<f64> {
    let percent = text.trim().strip_suffix('%').map(|number| number.trim().parse::<f64>());
    let share = percent.map_or_else(|| text.trim().parse(), |percent| Ok(percent? / 100.0));
    share.ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| {
        anyhow!("--rope: `{text}` is no share of 1\nhint: write it as 1%, or as 0.01")
    })
}

/// A trace file, and its format if it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TraceFile {
    format: Option<String>,
    path: PathBuf,
}

/// The files that patterns stand for, each once, in the order of the patterns and then of names.
fn files(patterns: &[String]) -> Result<Vec<TraceFile>> {
    let mut files: Vec<TraceFile> = Vec::new();
    for text in patterns {
        let (format, pattern) = format_of(text);
        let paths = match Path::new(pattern).exists() {
            true => vec![PathBuf::from(pattern)],
            false => glob::glob(pattern)
                .map_err(|error| anyhow!("--traces: `{pattern}`: {error}"))?
                .collect::<Result<Vec<_>, _>>()?,
        };
        if paths.is_empty() {
            bail!("--traces: no file is called `{pattern}`");
        }
        for path in paths {
            if files.iter().all(|known| known.path != path) {
                files.push(TraceFile { format: format.map(String::from), path });
            }
        }
    }
    Ok(files)
}

/// `lirs:gli.trace.gz` says the format of a file; a file that is called so needs none said.
fn format_of(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((format, rest))
            if !Path::new(text).exists()
                && (format == experiment::FORMAT_PARQUET
                    || trace::readers::find(format).is_ok()) =>
        {
            (Some(format), rest)
        }
        _ => (None, text),
    }
}

/// What has been done so far.
#[derive(Default)]
struct Done {
    comparison: Comparison,
    reused: usize,
    traces: Vec<TraceIdentity>,
    notes: Vec<String>,
    names: BTreeSet<String>,
    /// Of each trace.
    families: Vec<String>,
}

impl Done {
    /// The family of the trace read last. A trace that is there twice is one observation, however it is
    /// called.
    fn family(&mut self, families: &Families) -> String {
        let trace = self.traces.last().expect("a trace was read");
        let twin = self.traces.iter().position(|other| other.digest == trace.digest);
        let known = twin.and_then(|twin| self.families.get(twin).cloned());
        let family = known.unwrap_or_else(|| families.of(&trace.path, &trace.name));
        self.families.push(family.clone());
        family
    }

    /// Reads a trace and notes what readers of the figures should know of it.
    fn load(&mut self, args: &Compare, file: &TraceFile, study: &Study) -> Result<Trace> {
        let mut options = read_options(&args.read)?;
        options.ignore_time = true;
        options.ignore_op = true;
        options.ignore_size = study.unit == cache::Unit::Objects && !options.key_with_size;
        if file.format.is_some() {
            options.format = file.format.clone();
        }
        let mut trace = read_with(&file.path, &options)?;
        if self.names.contains(trace.name()) {
            let folder = file.path.parent().and_then(Path::file_name).unwrap_or_default();
            let name = format!("{}/{}", folder.to_string_lossy(), trace.name());
            trace = trace.renamed(name);
        }
        let name = trace.name().to_string();
        if !self.names.insert(name.clone()) {
            bail!("{}: a second trace is called `{name}`", file.path.display());
        }
        let report = trace.report().to_string();
        self.notes.extend(report.lines().map(|line| format!("{name}: {line}")));
        if study.unit == cache::Unit::Bytes && trace.columns().size.is_none() {
            self.notes
                .push(format!("{name}: the trace has no sizes; every object counts as 1 byte."));
        }
        let digest = trace.digest().to_string();
        if let Some(same) = self.traces.iter().find(|other| other.digest == digest) {
            self.notes.push(format!(
                "{name} is the same trace as {}: it counts twice in means over traces, and once in what is said over families.",
                same.name
            ));
        }
        self.traces.push(TraceIdentity {
            name,
            path: file.path.clone(),
            digest,
            requests: trace.n_requests() as u64,
            objects: u64::from(trace.n_objects()),
        });
        Ok(trace)
    }
}

fn listing(comparison: &Comparison) -> Listing {
    let columns = [
        "size",
        "policy",
        "bound",
        "traces",
        "families",
        "mean_reduction",
        "family_mean",
        "low",
        "high",
        "p_holm",
        "mean_rank",
        "p10",
        "p25",
        "median",
        "p75",
        "p90",
        "wins",
        "gap_closed",
    ];
    let mut unseen = vec!["traces", "families", "p25", "p75"];
    if comparison.tests.iter().all(|test| test.families == test.traces) {
        // The same mean twice.
        unseen.push("family_mean");
    }
    if comparison.tests.iter().all(|test| test.friedman_p.is_nan()) {
        unseen.extend(["low", "high", "p_holm"]);
    }
    let listing = Listing::new(&columns).for_programs(&unseen);
    // What the report shows as boxes.
    let mut listing = listing.wrapped(&["p10", "p90", "median"]);
    let share = |share: f64| {
        // Without the sign of a nought.
        let shown = if share.is_finite() { percent(share) } else { "–".into() };
        let shown = if shown == "-0.00 %" { "0.00 %".into() } else { shown };
        Field::new(share, shown)
    };
    let number = |value: f64, decimals: usize| match value.is_finite() {
        true => Field::new(value, format!("{value:.decimals$}")),
        false => Field::new(value, "–"),
    };
    for row in &comparison.leaders {
        let bound = row.clairvoyant == "yes";
        let is_it = |standing: &&StandingRow| {
            (&standing.size, &standing.policy) == (&row.size, &row.policy)
        };
        let standing = comparison.standings.iter().find(is_it);
        let of = |value: fn(&StandingRow) -> f64| standing.map_or(f64::NAN, value);
        let p_holm = of(|row| row.wilcoxon_p_holm);
        let families =
            comparison.tests.iter().find(|test| test.size == row.size).map_or(0, |t| t.families);
        listing.push(vec![
            Field::text(&row.size),
            Field::text(&row.policy),
            Field::new(bound, if bound { "bound" } else { "" }),
            Field::count(row.traces),
            Field::count(families),
            share(row.reduction_mean),
            share(of(|row| row.reduction)),
            share(of(|row| row.reduction_low)),
            share(of(|row| row.reduction_high)),
            Field::new(p_holm, p_value(p_holm)),
            number(of(|row| row.mean_rank), 2),
            share(row.reduction_p10),
            share(row.reduction_p25),
            share(row.reduction_p50),
            share(row.reduction_p75),
            share(row.reduction_p90),
            Field::new(row.wins, if bound { "–".into() } else { thousands(row.wins) }),
            share(row.gap_closed_mean),
        ]);
    }
    listing
}

fn write(args: &Compare, study: &Study, done: &Done) -> Result<()> {
    let comparison = &done.comparison;
    comparison.write(&args.out)?;
    let notes = notes(study, done);
    let baseline = study.baseline.to_string();
    let summary = serde_json::json!({
        "schema": 1,
        "kind": "compare",
        "baseline": baseline,
        "leaders": listing(comparison).objects(),
        "summary": report::summary(comparison, &baseline, VERSION),
        "notes": notes,
    });
    text(&args.out.join("summary.json"), &(serde_json::to_string_pretty(&summary)? + "\n"))?;
    let manifest = ComparisonManifest {
        kind: "compare",
        schema: 1,
        version: VERSION.to_string(),
        results_schema: frames::results::SCHEMA_VERSION,
        results_digest: comparison.digest(),
        traces: done.traces.clone(),
        study: study.clone(),
    };
    let document = ComparisonDocument {
        title: &title(study, done),
        comparison,
        baseline: &baseline,
        manifest: &manifest.to_json(),
        notes: &notes,
        version: VERSION,
    };
    report::write_comparison(&args.out, &document)?;
    // Last, so that a manifest stands for a whole report.
    text(&args.out.join("manifest.json"), &manifest.to_json())
}

/// `lru, s3-fifo and fifo on 6 traces`: what is compared, by name where that is short.
fn title(study: &Study, done: &Done) -> String {
    let optimum = |spec: &&PolicySpec| {
        policies::find(&spec.name).is_ok_and(|info| info.kind.family == cache::Family::Offline)
    };
    let rivals: Vec<String> =
        study.policies.iter().filter(|spec| !optimum(spec)).map(ToString::to_string).collect();
    let traces: Vec<String> = done.traces.iter().map(|trace| trace.name.clone()).collect();
    format!("{} on {}", listed(&rivals, "policies"), listed(&traces, "traces"))
}

/// Up to four names, or how many there are.
fn listed(names: &[String], what: &str) -> String {
    match names {
        [one] => one.clone(),
        [first @ .., last] if names.len() <= 4 => format!("{} and {last}", first.join(", ")),
        _ => format!("{} {what}", thousands(names.len() as u64)),
    }
}

fn text(path: &Path, text: &str) -> Result<()> {
    frames::write_atomically::<anyhow::Error>(path, |file| Ok(file.write_all(text.as_bytes())?))
}

/// Objects that a cache should hold for its figures to say much of a policy with several queues.
const FEW: u64 = 20;

/// What the reader of the figures should know.
fn notes(study: &Study, done: &Done) -> Vec<String> {
    let mut notes = done.notes.clone();
    for size in study.sizes.iter().filter(|_| study.unit == cache::Unit::Objects) {
        let small = done.comparison.cells.iter().filter(|cell| {
            cell.size == size.label
                && cell.capacity < FEW
                && cell.policy == study.baseline.to_string()
        });
        let names: Vec<String> =
            small.map(|cell| format!("{} ({})", cell.trace, cell.capacity)).collect();
        if !names.is_empty() {
            notes.push(format!(
                "At {} these caches hold fewer than {FEW} objects, too few for policies with several queues (S3-FIFO, QD-LP and Clock2Q+ store nothing there): {}.",
                size.label,
                names.join(", ")
            ));
        }
    }
    notes.extend(twins(&done.comparison.cells).into_iter().map(|names| {
        let why = match study.unit {
            cache::Unit::Objects => ", as policies do that differ in what they make of sizes",
            cache::Unit::Bytes => "",
        };
        format!("These counted the very same in every cell{why}: {}.", names.join(", "))
    }));
    notes.push("Every request is a read that fills the cache on a miss; caches begin empty, and every request counts.".into());
    notes.push(match study.unit {
        cache::Unit::Objects => "Every object counts 1, whatever its size. Belady's rule is the optimum of caches that let every object in: what turns objects away can miss less often.".into(),
        cache::Unit::Bytes => "Objects count their sizes, so Belady's rule is no optimum and no gap to it is given; the ratios are of requests, not of bytes.".to_string(),
    });
    notes.push(
        "Counts are exact for these traces, and so are means and percentiles over them.".into(),
    );
    notes.push(match done.families.iter().collect::<BTreeSet<_>>().len() {
        n if n < LEAST_FAMILIES => format!("With fewer than {LEAST_FAMILIES} families of traces no test can find anything at 5 %, so nothing is tested, and nothing is said of other traces."),
        n if n == done.families.len() => "Tests and intervals take each trace for an independent observation. Where some come from one source, say so with --family: ten traces of one service are one service seen ten times.".into(),
        n => format!("Tests and intervals take each of the {n} families of traces for an independent observation, which families that were at hand may not be."),
    });
    if study.policies.iter().any(|spec| {
        policies::find(&spec.name).is_ok_and(|info| info.kind.family == cache::Family::Random)
    }) {
        notes.push(
            "Policies that draw at random were run with one seed; another moves them a little."
                .into(),
        );
    }
    notes
}

/// Policies that missed equally often in every cell, in groups of two or more.
fn twins(cells: &[CellRow]) -> Vec<Vec<&str>> {
    let mut misses: BTreeMap<&str, Vec<(&str, &str, u64)>> = BTreeMap::new();
    for cell in cells {
        misses.entry(&cell.policy).or_default().push((&cell.trace, &cell.size, cell.misses));
    }
    let mut alike: BTreeMap<Vec<(&str, &str, u64)>, Vec<&str>> = BTreeMap::new();
    for (policy, mut counts) in misses {
        counts.sort_unstable();
        alike.entry(counts).or_default().push(policy);
    }
    alike.into_values().filter(|policies| policies.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_that_count_the_same_everywhere_are_told() {
        let cell = |policy: &str, trace: &str, misses| CellRow {
            policy: policy.into(),
            trace: trace.into(),
            misses,
            ..CellRow::default()
        };
        let cells = [
            [cell("lru", "a", 3), cell("size", "a", 3), cell("fifo", "a", 3)],
            [cell("fifo", "b", 4), cell("size", "b", 5), cell("lru", "b", 5)],
        ];
        assert_eq!(twins(&cells.concat()), [["lru", "size"]]);
        assert!(twins(&cells[0][..1]).is_empty());
    }

    #[test]
    fn a_few_names_are_a_title_and_many_are_a_count() {
        let names = |n: usize| ["a", "b", "c", "d", "e"].map(String::from)[..n].to_vec();
        let listed = [1, 2, 4, 5].map(|n| listed(&names(n), "traces"));
        assert_eq!(listed, ["a", "a and b", "a, b, c and d", "5 traces"]);
    }

    #[test]
    fn a_known_format_before_a_colon_is_one() {
        assert_eq!(format_of("lirs:a/*.gz"), (Some("lirs"), "a/*.gz"));
        assert_eq!(format_of("parquet:a"), (Some("parquet"), "a"));
        assert_eq!(format_of("nolirs:a"), (None, "nolirs:a"));
        assert_eq!(format_of("a/*.gz"), (None, "a/*.gz"));
    }
}
