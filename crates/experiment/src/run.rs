//! The grid: every strategy and matrix cell over every trace, in parallel.
//!
//! Runs share the traces and nothing else, and their rows are collected in the order of the grid, so
//! results do not depend on the number of threads.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use frames::Results;
use rayon::prelude::*;

use crate::recording::{Recording, grid};
use crate::rows::{self, rows, run_name};
use crate::{Error, Resolved, ResolvedStrategy, TraceIdentity};

/// How to run, none of which changes a result.
#[derive(Debug, Default)]
pub struct RunOptions {
    /// Worker threads; 0 means one a core.
    pub threads: usize,
    /// Folders to look for traces in, after the working directory.
    pub search: Vec<PathBuf>,
}

/// How far a run is, shared between the workers and whoever draws the bar.
#[derive(Debug, Default)]
pub struct RunProgress {
    /// Requests simulated so far, over all runs.
    pub done: AtomicU64,
    /// Requests there are in all, as far as is known; 0 until the traces are read.
    pub total: AtomicU64,
    /// Set to stop: runs that are finished keep their rows.
    pub stop: AtomicBool,
}

/// What is there at the end.
#[derive(Debug)]
pub struct Finished {
    /// Rows of the finished runs, in the order of the grid.
    pub results: Results,
    /// Runs of the grid.
    pub n_runs: usize,
    /// Which traces were replayed.
    pub traces: Vec<TraceIdentity>,
    /// What reading skipped or adjusted and what erasure needs, for the reader of the figures.
    pub notes: Vec<String>,
    /// The audit log of each finished run, if the study has them.
    pub audits: Vec<Audited>,
    /// Wall-clock time of reading.
    pub reading: Duration,
    /// Wall-clock time of simulating.
    pub simulating: Duration,
}

/// The audit log of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// Which run.
    pub run: String,
    /// File below the folder of the report.
    pub file: String,
    /// The log.
    pub log: tiers::security::Finished,
}

/// What a run leaves.
struct Done {
    results: Results,
    notes: Vec<String>,
    audit: Option<(String, tiers::security::Finished)>,
}

impl Finished {
    /// Whether every run of the grid is in the results.
    pub fn is_complete(&self) -> bool {
        self.results.runs.len() == self.n_runs
    }
}

/// Runs the whole grid.
pub fn run(
    study: &Resolved,
    options: &RunOptions,
    progress: &RunProgress,
) -> Result<Finished, Error> {
    study.check()?;
    in_pool(options, || run_in_pool(study, options, progress))
}

/// Does `work` with as many threads as asked for.
pub(crate) fn in_pool<T: Send>(
    options: &RunOptions,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(options.threads).build().map_err(|error| {
            Error::Unfit(format!("cannot start {} threads: {error}", options.threads))
        })?;
    pool.install(work)
}

/// Reads the traces of a study.
pub(crate) fn read_all<'a>(
    study: &'a Resolved,
    options: &RunOptions,
) -> Result<Vec<Recording<'a>>, Error> {
    let recordings = study
        .traces
        .par_iter()
        .map(|entry| Recording::open(study, entry, options))
        .collect::<Result<Vec<_>, _>>()?;
    check_distinct(&recordings)?;
    Ok(recordings)
}

fn run_in_pool(
    study: &Resolved,
    options: &RunOptions,
    progress: &RunProgress,
) -> Result<Finished, Error> {
    let start = Instant::now();
    let recordings = read_all(study, options)?;
    let reading = start.elapsed();

    let grid = grid(&recordings, &study.strategies);
    let total = grid.iter().map(|(recording, _)| recording.trace.n_requests() as u64).sum();
    progress.total.store(total, Ordering::Relaxed);
    let start = Instant::now();
    let finished = grid
        .par_iter()
        .map(|(recording, strategy)| simulate(study, recording, strategy, progress))
        .collect::<Result<Vec<_>, _>>()?;
    let mut results = Results::default();
    let mut notes: Vec<String> =
        recordings.iter().flat_map(|recording| notes(study, recording)).collect();
    let mut audits: Vec<Audited> = Vec::new();
    for done in finished.into_iter().flatten() {
        results.extend(done.results);
        notes.extend(done.notes);
        if let Some((run, log)) = done.audit {
            let file = audit_file(&run, &audits);
            audits.push(Audited { run, file, log });
        }
    }
    Ok(Finished {
        results,
        audits,
        n_runs: grid.len(),
        traces: recordings.iter().map(|r| TraceIdentity::of(r.entry, &r.trace)).collect(),
        notes,
        reading,
        simulating: start.elapsed(),
    })
}

/// A file for the log of a run, named after it as far as a file may be.
fn audit_file(run: &str, before: &[Audited]) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { ' ' };
    let words: String = run.chars().map(kept).collect();
    let name = words.split_whitespace().collect::<Vec<_>>().join("-");
    let name = name.trim_start_matches(['.', '-']);
    let file = |suffix: &str| format!("audit/{name}{suffix}.jsonl");
    let taken = |file: &String| before.iter().any(|other| other.file == *file);
    let further = (2..).map(|n| file(&format!("-{n}")));
    std::iter::once(file("")).chain(further).find(|file| !taken(file)).unwrap_or_default()
}

fn check_distinct(recordings: &[Recording<'_>]) -> Result<(), Error> {
    for (i, recording) in recordings.iter().enumerate() {
        let name = recording.trace.name();
        if recordings[..i].iter().any(|other| other.trace.name() == name) {
            return Err(Error::Unfit(format!(
                "two traces are called `{name}`\nhint: give one of them another `name`"
            )));
        }
    }
    Ok(())
}

/// What the reader of any figure about a trace should know.
pub(crate) fn notes(study: &Resolved, recording: &Recording<'_>) -> Vec<String> {
    let name = recording.trace.name();
    let report = recording.trace.report().to_string();
    let mut notes: Vec<String> = report.lines().map(|line| format!("{name}: {line}")).collect();
    let columns = recording.trace.columns();
    if columns.size.is_none() {
        notes.push(format!("{name}: the trace has no sizes; every object counts as 1 byte."));
    }
    let resolution = columns.clock.resolution_ns;
    match (columns.time_ns.is_some(), recording.entry.rate) {
        (true, Some(_)) => {
            notes.push(format!(
                "{name}: the trace has stamps; the `rate` of its entry is not used."
            ));
        }
        (false, Some(rate)) => notes.push(format!(
            "{name}: the trace has no stamps; requests arrive at {} by the rule \"{}\".",
            String::from(rate),
            study.arrivals.name()
        )),
        _ => {}
    }
    if columns.time_ns.is_some() && resolution > 1 && study.arrivals == tiers::Arrivals::AsRecorded
    {
        notes.push(format!(
            "{name}: stamps are {} apart at best; requests of one stamp arrive at once.",
            trace::units::Nanos(resolution).rounded()
        ));
    } else if columns.time_ns.is_some() && resolution > 1 {
        notes.push(format!(
            "{name}: stamps are {} apart at best; within that, requests are spread by the rule \"{}\".",
            trace::units::Nanos(resolution).rounded(),
            study.arrivals.name()
        ));
    }
    let ignored = |strategy: &ResolvedStrategy| strategy.stack.writes == tiers::Writes::Ignore;
    // In a closed loop, answers say how long the run lasts.
    if study.closed_loop.is_none() {
        let late = study.faults.iter().filter_map(|fault| fault.too_late(recording.span()));
        notes.extend(late.map(|late| format!("{name}: {late}.")));
    }
    if columns.op.is_some() && study.strategies.iter().any(ignored) {
        notes.push(format!("{name}: writes and deletes are ignored, as the scenario says."));
    }
    if recording.entry.scale != 1.0 {
        notes.push(format!(
            "{name}: one recorded request stands for {} of the system described: capacities were divided and money multiplied by that. It assumes that the footprint grows as the traffic does.",
            recording.entry.scale
        ));
    }
    notes
}

/// One run; `None` if it was stopped.
fn simulate(
    study: &Resolved,
    recording: &Recording<'_>,
    strategy: &ResolvedStrategy,
    progress: &RunProgress,
) -> Result<Option<Done>, Error> {
    let mut stack = recording.stack(study, strategy, &recording.arrivals)?;
    let run = run_name(strategy, recording.trace.name());
    stack.audit = study.audit.map(|spec| tiers::Audit { spec, run: run.clone() });
    let outcome = recording.simulate(
        study,
        strategy,
        &stack,
        &recording.arrivals,
        false,
        &mut progress.reporter(),
    )?;
    Ok(outcome.map(|mut outcome| Done {
        results: rows(study, strategy, &recording.trace, &stack, &outcome),
        notes: rows::security::notes(&run, &stack, &outcome),
        audit: outcome.audit.take().map(|log| (run, log)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_has_a_file_of_its_own_for_its_log() {
        let log = tiers::security::AuditLog::new(&Default::default(), b"", "", 1, 0).finish(0);
        let mut audits = Vec::new();
        for run in ["a b / t", "a/b / t", "../x / t", "é / t / stack.tiers.L1.capacity=10%"] {
            let file = audit_file(run, &audits);
            audits.push(Audited { run: run.into(), file, log: log.clone() });
        }
        let files: Vec<&str> = audits.iter().map(|audited| audited.file.as_str()).collect();
        let expected = ["a-b-t", "a-b-t-2", "x-t", "é-t-stack.tiers.L1.capacity-10"];
        let expected = expected.map(|name| format!("audit/{name}.jsonl"));
        assert_eq!(files, expected);
    }
}
