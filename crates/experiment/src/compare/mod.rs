//! A comparison: every policy at every size over many traces, each cell a flat replay.
//!
//! Traces come one at a time; the cells over one run in parallel and share its columns. Finished cells
//! go to a [`Journal`], from which a later run with the same questions takes them. Counts are
//! integers that nothing but the question decides, so what is taken is what would be counted.

mod journal;
mod leaders;
mod schedule;
mod statistics;

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cache::{Counts, Family, PolicySpec, Unit};
use frames::CellRow;
use serde::Serialize;
use trace::Trace;

use crate::flat::{Cell, Shared};
use crate::{Error, RunProgress, TraceIdentity};

pub use journal::Journal;
pub use leaders::leaders;
pub use schedule::Schedule;
pub use statistics::{LEAST_FAMILIES, LEVEL, statistics};

/// What is compared. The traces are given one by one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Study {
    /// The policies, each once, the baseline among them.
    #[serde(serialize_with = "as_text")]
    pub policies: Vec<PolicySpec>,
    /// The policy that others are measured against.
    #[serde(serialize_with = "one_as_text")]
    pub baseline: PolicySpec,
    /// Capacities.
    pub sizes: Vec<Size>,
    /// What capacities count.
    pub unit: Unit,
    /// For policies that draw, and for the draws of statistics.
    pub seed: u64,
    /// What traces are of one family, as the user said it.
    pub families: String,
    /// Differences of reductions that do not matter.
    pub rope: f64,
}

/// A capacity that may depend on the trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Size {
    /// As written.
    pub label: String,
    /// What it is.
    pub capacity: Capacity,
}

/// How much a size is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// In the unit of the study.
    Amount(u64),
    /// Of the distinct objects, or of the footprint.
    Share(f64),
}

impl Capacity {
    /// For this trace; at least 1.
    pub fn of(self, trace: &Trace, unit: Unit) -> u64 {
        let whole = match unit {
            Unit::Objects => u64::from(trace.n_objects()),
            Unit::Bytes => trace.footprint_bytes(),
        };
        match self {
            Capacity::Amount(amount) => amount,
            Capacity::Share(share) => ((whole as f64 * share) as u64).max(1),
        }
    }
}

fn one_as_text<S: serde::Serializer>(spec: &PolicySpec, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(spec)
}

fn as_text<S: serde::Serializer>(specs: &[PolicySpec], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(specs.iter().map(ToString::to_string))
}

impl Study {
    /// Makes a study of policies in any order, some perhaps twice. The baseline is added if it is not
    /// among them, and so is Belady's optimum where capacities count objects, for the gap to it.
    pub fn new(
        policies: Vec<PolicySpec>,
        baseline: PolicySpec,
        sizes: Vec<Size>,
        unit: Unit,
        seed: u64,
    ) -> Result<Study, Error> {
        let optimum = (unit == Unit::Objects).then(|| PolicySpec::named(OPTIMUM));
        let all = std::iter::once(baseline.clone()).chain(policies).chain(optimum);
        let mut known = Vec::new();
        let mut each_once = Vec::new();
        for spec in all {
            let canonical = canonical(&spec)?;
            if !known.contains(&canonical) {
                known.push(canonical);
                each_once.push(spec);
            }
        }
        Ok(Study {
            policies: each_once,
            baseline,
            sizes,
            unit,
            seed,
            families: "trace".into(),
            rope: ROPE,
        })
    }

    /// Cells over one trace.
    pub fn n_cells(&self) -> usize {
        self.policies.len() * self.sizes.len()
    }

    /// By size, then policy.
    fn cells(&self, trace: &Trace) -> Vec<(&Size, Cell)> {
        let at = |size: &Size| size.capacity.of(trace, self.unit);
        let of_size = |size| {
            let cell = move |spec: &PolicySpec| Cell {
                spec: spec.clone(),
                unit: self.unit,
                capacity: at(size),
            };
            self.policies.iter().map(move |spec| (size, cell(spec)))
        };
        self.sizes.iter().flat_map(of_size).collect()
    }
}

/// A reduction of misses by a hundredth matters to nobody.
const ROPE: f64 = 0.01;

/// The optimum of equal sizes.
const OPTIMUM: &str = "belady";

/// A policy's name and all its parameters, so that however it is written it is known.
fn canonical(spec: &PolicySpec) -> Result<String, Error> {
    let info = policies::find(&spec.name)
        .map_err(|source| Error::Policy { run: spec.to_string(), source })?;
    let mut parameters: std::collections::BTreeMap<String, serde_json::Value> =
        (info.parameters)().into_iter().map(|p| (p.name, p.default)).collect();
    parameters.extend(spec.parameters.clone());
    Ok(serde_json::json!([info.name, parameters]).to_string())
}

/// Cells of one trace: how many came from the journal, and all rows, unless stopped before the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Cells that were not run again.
    pub reused: usize,
    /// One a cell, by size, then policy; `None` if stopped.
    pub rows: Option<Vec<CellRow>>,
}

/// Replays the trace, one of `family`, through every cell that the journal does not have. Call it inside
/// the thread pool to use.
pub fn compare(
    study: &Study,
    trace: &Trace,
    family: &str,
    journal: &Journal,
    schedule: &mut Schedule,
    progress: &RunProgress,
) -> Result<Compared, Error> {
    let cells = study.cells(trace);
    let keys = cells
        .iter()
        .map(|(_, cell)| Ok(journal.key(trace, cell, &canonical(&cell.spec)?, study.seed)))
        .collect::<Result<Vec<_>, Error>>()?;
    let known = keys.iter().map(|key| journal.get(key, trace));
    let mut counts: Vec<Option<Counts>> = known.collect::<Result<_, _>>()?;
    let reused = counts.iter().flatten().count();
    let missing: Vec<usize> = (0..cells.len()).filter(|i| counts[*i].is_none()).collect();
    let counted = count(study, trace, &cells, missing, schedule, progress, |i, counts| {
        journal.add(&keys[i], trace, &cells[i].1, counts)
    })?;
    journal.sync()?;
    for (i, count) in counted {
        counts[i] = Some(count);
    }
    let whole: Option<Vec<Counts>> = counts.into_iter().collect();
    Ok(Compared { reused, rows: whole.map(|counts| rows(study, trace, family, &cells, &counts)) })
}

/// Runs cells until there are none or somebody says stop, the longest first.
fn count(
    study: &Study,
    trace: &Trace,
    cells: &[(&Size, Cell)],
    missing: Vec<usize>,
    schedule: &mut Schedule,
    progress: &RunProgress,
    finished: impl Fn(usize, &Counts) -> Result<(), Error> + Sync,
) -> Result<Vec<(usize, Counts)>, Error> {
    progress.done.store(0, Ordering::Relaxed);
    progress.total.store((missing.len() * trace.n_requests()) as u64, Ordering::Relaxed);
    let ahead = missing.iter().any(|i| cells[*i].1.info().is_ok_and(|info| info.kind.clairvoyant));
    let next_use = ahead.then(|| trace::next_use(trace.objects(), trace.n_objects()));
    let shared = Shared { trace, next_use: next_use.as_deref(), seed: study.seed };
    let name = |i: usize| cells[i].1.spec.to_string();
    schedule.fill(missing.into_iter().map(|i| (i, name(i))));
    let schedule = Mutex::new(schedule);
    let counted = Mutex::new(Vec::new());
    let failed = Mutex::new(None);
    // A call of its own, so that the lock is gone while the cell runs.
    let next = || lock(&schedule).next();
    let work = || -> Result<(), Error> {
        while let Some(i) = next() {
            let start = Instant::now();
            let Some(counts) = cells[i].1.run(shared, progress)? else { return Ok(()) };
            let pace = start.elapsed().as_secs_f64() / trace.n_requests().max(1) as f64;
            lock(&schedule).learn(name(i), pace);
            finished(i, &counts)?;
            lock(&counted).push((i, counts));
        }
        Ok(())
    };
    rayon::broadcast(|_| {
        if let Err(error) = work() {
            // The others have no reason to go on.
            lock(&schedule).fill(std::iter::empty());
            lock(&failed).get_or_insert(error);
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(counted.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn rows(
    study: &Study,
    trace: &Trace,
    family: &str,
    cells: &[(&Size, Cell)],
    counts: &[Counts],
) -> Vec<CellRow> {
    let at = |spec: &PolicySpec, label: &str| {
        let same = |(size, cell): &(&Size, Cell)| size.label == label && cell.spec == *spec;
        cells.iter().position(same).map(|i| counts[i].misses())
    };
    let optimum = PolicySpec::named(OPTIMUM);
    let row = |((size, cell), counts): (&(&Size, Cell), &Counts)| {
        let baseline = at(&study.baseline, &size.label).unwrap_or(counts.misses());
        let best = at(&optimum, &size.label).filter(|_| study.unit == Unit::Objects);
        CellRow {
            trace: trace.name().to_string(),
            trace_digest: trace.digest().to_string(),
            family: family.to_string(),
            policy: cell.spec.to_string(),
            clairvoyant: if cell.info().is_ok_and(|info| info.kind.family == Family::Offline) {
                "yes"
            } else {
                "no"
            }
            .to_string(),
            size: size.label.clone(),
            capacity: cell.capacity,
            unit: study.unit.name().to_string(),
            seed: study.seed,
            requests: counts.requests,
            objects: u64::from(trace.n_objects()),
            hits: counts.hits,
            misses: counts.misses(),
            miss_ratio: counts.miss_ratio(),
            bytes: counts.bytes,
            byte_misses: counts.byte_misses(),
            byte_miss_ratio: counts.byte_miss_ratio(),
            oversized: counts.oversized,
            refused: counts.refused,
            reduction: leaders::reduction(baseline, counts.misses()),
            gap_closed: best
                .map_or(f64::NAN, |best| leaders::gap_closed(baseline, counts.misses(), best)),
        }
    };
    cells.iter().zip(counts).map(row).collect()
}

/// What a comparison leaves behind beside its tables: all that is needed to run it again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ComparisonManifest {
    /// `compare`: tells it from the manifest of a scenario.
    pub kind: &'static str,
    /// Version of this form: 1.
    pub schema: u32,
    /// Version of the program.
    pub version: String,
    /// Version of the result schema.
    pub results_schema: u32,
    /// Digest of all tables.
    pub results_digest: String,
    /// The traces replayed.
    pub traces: Vec<TraceIdentity>,
    /// The grid.
    pub study: Study,
}

impl ComparisonManifest {
    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a manifest is plain JSON") + "\n"
    }
}

#[cfg(test)]
mod tests;
