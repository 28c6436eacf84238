//! `replay`: traces × policies × capacities through single caches.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use cache::{
    AdmissionKind, Chosen, Counts, Family, Job, PolicyInfo, PolicySpec, PrefetchKind, split_specs,
};
use experiment::RunProgress;
use experiment::scenario::Warmup;
use frames::ReplayRow;
use rayon::prelude::*;
use serde_json::{Map, Value};
use trace::Trace;

use crate::args::{Format, ReadArgs, Replay, ReplayFormat};
use crate::capacity::{self, Capacity};
use crate::exit;
use crate::output::{Field, Listing, percent};
use crate::progress::{follow, say, stop_on_interrupt};

use super::trace::{read_options, read_with};

pub(crate) fn replay(args: &Replay) -> Result<u8> {
    let policies = parse_policies(&args.policy)?;
    let capacities = capacity::parse_list(&args.capacity)?;
    let unit = capacity::unit(args.unit, &capacities)?;
    let beside = Beside::of(args, unit)?;
    let warmup: Warmup = args.warmup.parse().map_err(|what: String| anyhow!("--warmup: {what}"))?;
    let format = output_format(args)?;
    let progress = Arc::new(RunProgress::default());
    stop_on_interrupt(&progress)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let mut rows = Vec::new();
    let mut complete = true;
    // One trace at a time in memory; its runs in parallel.
    for path in &args.traces {
        let trace = load(&args.read, path, unit)?;
        let grid: Vec<Run<'_>> = policies
            .iter()
            .flat_map(|(spec, info)| capacities.iter().map(move |capacity| (spec, *info, capacity)))
            .map(|(spec, info, capacity)| {
                Run::new(&trace, unit, spec, info, capacity, warmup, beside)
            })
            .collect();
        if warmup.of(trace.n_requests()) == trace.n_requests() {
            bail!("{}: the warm-up of {warmup} leaves no request to count", path.display());
        }
        let next_use = grid
            .iter()
            .any(|run| run.info.kind.clairvoyant)
            .then(|| trace::next_use(trace.objects(), trace.n_objects()));
        progress.done.store(0, Ordering::Relaxed);
        progress.total.store((grid.len() * trace.n_requests()) as u64, Ordering::Relaxed);
        let bar = follow(&progress);
        let finished = pool.install(|| {
            grid.par_iter()
                .map(|run| run.go(args, next_use.as_deref(), &progress))
                .collect::<Result<Vec<_>>>()
        })?;
        drop(bar);
        complete &= finished.iter().all(Option::is_some);
        rows.extend(finished.into_iter().flatten());
        if progress.stop.load(Ordering::Relaxed) {
            break;
        }
    }
    write(args, format, &rows)?;
    Ok(if complete { 0 } else { exit::INTERRUPTED })
}

/// As said, or by the ending of the file.
fn output_format(args: &Replay) -> Result<ReplayFormat> {
    let ending = args.output.as_ref().and_then(|path| path.extension()).and_then(|e| e.to_str());
    let by_ending = match ending {
        Some("parquet") => Some(ReplayFormat::Parquet),
        Some("json" | "jsonl") => Some(ReplayFormat::Json),
        Some("csv") => Some(ReplayFormat::Csv),
        _ => None,
    };
    match (args.format, by_ending) {
        (Some(said), Some(other)) if said != other => {
            bail!("--format and the ending of --output do not agree")
        }
        (Some(ReplayFormat::Parquet), _) if args.output.is_none() => {
            bail!("--format parquet needs a file\nhint: --output results.parquet")
        }
        (said, other) => Ok(said.or(other).unwrap_or_default()),
    }
}

/// Stands for every eviction policy that needs no future.
const ALL: &str = "all";

/// The policies of comma-separated lists; says what [`ALL`] does not stand for.
pub(super) fn parse_policies(lists: &[String]) -> Result<Vec<(PolicySpec, &'static PolicyInfo)>> {
    let mut policies = Vec::new();
    for list in lists {
        for spec in split_specs(list)? {
            if spec == PolicySpec::named(ALL) {
                let (offline, online): (Vec<_>, Vec<_>) =
                    policies::all().partition(|info| info.kind.family == Family::Offline);
                let online = online.into_iter().filter(|info| info.kind.family != Family::Product);
                policies.extend(online.map(|info| (PolicySpec::named(info.name), info)));
                let names: Vec<&str> = offline.iter().map(|info| info.name).collect();
                say(format!(
                    "`{ALL}` leaves out what knows the future, unless it is named: {}",
                    names.join(", ")
                ));
                continue;
            }
            let info = policies::resolve(&spec)?;
            policies.push((spec, info));
        }
    }
    Ok(policies)
}

/// What stands before and beside every cache of the grid.
#[derive(Clone, Copy)]
struct Beside<'a> {
    admission: Option<Chosen<'a, AdmissionKind>>,
    prefetch: Option<Chosen<'a, PrefetchKind>>,
}

impl<'a> Beside<'a> {
    fn of(args: &'a Replay, unit: cache::Unit) -> Result<Self, cache::Error> {
        let admission = args.admission.as_ref().map(|spec| {
            let info = policies::resolve_admission(spec, unit)?;
            Ok(Chosen { info, parameters: &spec.parameters })
        });
        let prefetch = args.prefetch.as_ref().map(|spec| {
            let info = policies::resolve_prefetch(spec)?;
            Ok(Chosen { info, parameters: &spec.parameters })
        });
        Ok(Beside { admission: admission.transpose()?, prefetch: prefetch.transpose()? })
    }
}

/// As in a specification; empty if there is none.
fn written<K>(chosen: Option<Chosen<'_, K>>) -> String {
    chosen.map_or_else(String::new, |chosen| {
        let name = chosen.info.name.to_string();
        PolicySpec { name, parameters: chosen.parameters.clone() }.to_string()
    })
}

/// The trace, without what flat replay has no use for.
pub(super) fn load(args: &ReadArgs, path: &Path, unit: cache::Unit) -> Result<Trace> {
    let mut options = read_options(args)?;
    // Flat replay needs no stamps and no operations.
    options.ignore_time = true;
    options.ignore_op = true;
    let trace = read_with(path, &options)?;
    if unit == cache::Unit::Bytes && trace.columns().size.is_none() {
        say(format!("{}: the trace has no sizes: every object counts as 1 byte", path.display()));
    }
    Ok(trace)
}

/// One cell of the grid.
struct Run<'a> {
    trace: &'a Trace,
    unit: cache::Unit,
    spec: &'a PolicySpec,
    info: &'static PolicyInfo,
    capacity: u64,
    warmup: usize,
    beside: Beside<'a>,
}

impl<'a> Run<'a> {
    fn new(
        trace: &'a Trace,
        unit: cache::Unit,
        spec: &'a PolicySpec,
        info: &'static PolicyInfo,
        capacity: &Capacity,
        warmup: Warmup,
        beside: Beside<'a>,
    ) -> Self {
        let capacity = capacity.of(trace, unit);
        let warmup = warmup.of(trace.n_requests());
        Run { trace, unit, spec, info, capacity, warmup, beside }
    }

    fn go(
        &self,
        args: &Replay,
        next_use: Option<&[u32]>,
        progress: &RunProgress,
    ) -> Result<Option<ReplayRow>> {
        let job = Job {
            trace: self.trace,
            capacity: self.capacity,
            unit: self.unit,
            warmup: self.warmup,
            seed: args.seed,
            next_use,
            check: args.check,
            admission: self.beside.admission,
            prefetch: self.beside.prefetch,
        };
        let mut report = progress.reporter();
        let start = Instant::now();
        let counts = (self.info.kind.run)(&job, &self.spec.parameters, &mut report)?;
        Ok(counts.map(|counts| self.row(&counts, start.elapsed().as_secs_f64())))
    }

    fn row(&self, counts: &Counts, seconds: f64) -> ReplayRow {
        ReplayRow {
            trace: self.trace.name().to_string(),
            policy: self.info.name.to_string(),
            parameters: Value::Object(self.spec.parameters.clone()).to_string(),
            capacity: self.capacity,
            unit: self.unit.name().to_string(),
            requests: counts.requests,
            objects: u64::from(self.trace.n_objects()),
            hits: counts.hits,
            misses: counts.misses(),
            miss_ratio: counts.miss_ratio(),
            bytes: counts.bytes,
            byte_misses: counts.byte_misses(),
            byte_miss_ratio: counts.byte_miss_ratio(),
            oversized: counts.oversized,
            refused: counts.refused,
            admission: written(self.beside.admission),
            denied: counts.denied,
            prefetch: written(self.beside.prefetch),
            prefetches: counts.prefetches.issued,
            prefetch_bytes: counts.prefetches.bytes,
            prefetches_used: counts.prefetches.used,
            prefetches_unused: counts.prefetches.unused,
            prefetch_accuracy: counts.prefetch_accuracy(),
            prefetch_coverage: counts.prefetch_coverage(),
            seconds,
        }
    }
}

fn write(args: &Replay, format: ReplayFormat, rows: &[ReplayRow]) -> Result<()> {
    let format = match format {
        ReplayFormat::Parquet => {
            let output = args.output.as_deref().context("checked above")?;
            return Ok(frames::write_table(output, rows)?);
        }
        ReplayFormat::Table => Format::Table,
        ReplayFormat::Json => Format::Json,
        ReplayFormat::Csv => Format::Csv,
    };
    let listing = listing(rows)?;
    match &args.output {
        None => listing.print(format)?,
        Some(path) => frames::write_atomically::<anyhow::Error>(path, |file: &mut File| {
            let mut buffer = std::io::BufWriter::new(file);
            listing.write(format, &mut buffer)?;
            Ok(buffer.flush()?)
        })?,
    }
    Ok(())
}

fn listing(rows: &[ReplayRow]) -> Result<Listing> {
    let columns = [
        "trace",
        "policy",
        "parameters",
        "capacity",
        "unit",
        "requests",
        "objects",
        "hits",
        "misses",
        "miss_ratio",
        "bytes",
        "byte_misses",
        "byte_miss_ratio",
        "oversized",
        "refused",
        "admission",
        "denied",
        "prefetch",
        "prefetches",
        "prefetch_bytes",
        "prefetches_used",
        "prefetches_unused",
        "prefetch_accuracy",
        "prefetch_coverage",
        "seconds",
    ];
    // People see what tells runs apart and how they went; what was turned away only if anything was.
    let mut exact_only = vec!["parameters", "objects", "hits", "bytes", "byte_misses"];
    exact_only.extend(rows.iter().all(|row| row.oversized == 0).then_some("oversized"));
    exact_only.extend(rows.iter().all(|row| row.refused == 0).then_some("refused"));
    if rows.iter().all(|row| row.admission.is_empty()) {
        exact_only.extend(["admission", "denied"]);
    }
    exact_only.push("prefetch_bytes");
    if rows.iter().all(|row| row.prefetch.is_empty()) {
        exact_only.extend(columns.iter().filter(|name| name.starts_with("prefetch")));
    }
    let mut listing = Listing::new(&columns).for_programs(&exact_only);
    for row in rows {
        let parameters: Map<String, Value> = serde_json::from_str(&row.parameters)?;
        let spec = PolicySpec { name: row.policy.clone(), parameters: parameters.clone() };
        listing.push(vec![
            Field::text(&row.trace),
            Field::new(row.policy.as_str(), spec.to_string()),
            Field::new(parameters, ""),
            Field::count(row.capacity),
            Field::text(&row.unit),
            Field::count(row.requests),
            Field::count(row.objects),
            Field::count(row.hits),
            Field::count(row.misses),
            Field::new(row.miss_ratio, percent(row.miss_ratio)),
            Field::count(row.bytes),
            Field::count(row.byte_misses),
            Field::new(row.byte_miss_ratio, percent(row.byte_miss_ratio)),
            Field::count(row.oversized),
            Field::count(row.refused),
            Field::text(&row.admission),
            Field::count(row.denied),
            Field::text(&row.prefetch),
            Field::count(row.prefetches),
            Field::count(row.prefetch_bytes),
            Field::count(row.prefetches_used),
            Field::count(row.prefetches_unused),
            Field::new(row.prefetch_accuracy, percent(row.prefetch_accuracy)),
            Field::new(row.prefetch_coverage, percent(row.prefetch_coverage)),
            Field::new(row.seconds, format!("{:.3}", row.seconds)),
        ]);
    }
    Ok(listing)
}
