//! Running a study for the gate: the figures of every run, and if asked for how every request ended.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use cache::{Contents, PolicySpec, Request, Setup, Unit};
use rayon::prelude::*;
use trace::readers::ReadOptions;
use trace::{NEVER, Trace};

use super::detail::{RunDetail, RunKey};
use super::flat_study::{FlatStudy, FlatTrace};
use super::metric::{Figures, of_flat, of_stack};
use super::study::{Leaves, Study};
use crate::flat::{Cell, Shared};
use crate::recording::{Recording, grid};
use crate::rows::rows;
use crate::run::{in_pool, notes, read_all};
use crate::{Error, Resolved, ResolvedStrategy, RunOptions, RunProgress, open_trace};

/// A study as it is now.
#[derive(Debug)]
pub struct Measured {
    /// Name of the study.
    pub study: String,
    /// Seed of all draws.
    pub seed: u64,
    /// Every value of the study that can change a figure.
    pub leaves: Leaves,
    /// Digests of the traces, by name.
    pub traces: BTreeMap<String, String>,
    /// The runs, by trace, strategy and cell.
    pub runs: Vec<MeasuredRun>,
    /// What reading skipped or adjusted, for the reader of the figures.
    pub notes: Vec<String>,
    /// The traces, if details were asked for.
    pub(super) recordings: Vec<Trace>,
}

/// A run as it is now.
#[derive(Debug)]
pub struct MeasuredRun {
    /// Which run.
    pub key: RunKey,
    /// Its figures.
    pub figures: Figures,
    /// How its requests ended, if asked for. A policy that is no cache by itself has none.
    pub(super) detail: Option<RunDetail>,
}

/// What to keep beside the figures.
#[derive(Debug, Clone, Copy)]
pub enum Keep<'a> {
    /// Nothing.
    Figures,
    /// How every request ended, and which reads are slow by the measure of these earlier runs.
    Ends(&'a [RunDetail]),
}

impl Keep<'_> {
    fn ends(self) -> bool {
        matches!(self, Keep::Ends(_))
    }

    /// Beyond which time a read of this run is slow, if an earlier run says so.
    fn slow_ns(self, key: &RunKey) -> Option<u64> {
        match self {
            Keep::Figures => None,
            Keep::Ends(runs) => runs.iter().find(|run| run.key == *key).map(|run| run.p99_ns),
        }
    }
}

/// Runs the study; `None` if stopped.
///
/// # Errors
///
/// If a trace cannot be read, or a policy or stack not be built.
pub fn measure(
    study: &Study,
    keep: Keep<'_>,
    options: &RunOptions,
    progress: &RunProgress,
) -> Result<Option<Measured>, Error> {
    in_pool(options, || match study {
        Study::Stack(resolved) => stack(study, resolved, keep, options, progress),
        Study::Flat(flat_study) => flat(study, flat_study, keep, progress),
    })
}

/// Puts the runs of a study together; `None` if one was stopped.
fn collect(
    study: &Study,
    recordings: Vec<Trace>,
    runs: Vec<Option<MeasuredRun>>,
    keep: Keep<'_>,
    notes: Vec<String>,
) -> Option<Measured> {
    let mut runs: Vec<MeasuredRun> = runs.into_iter().collect::<Option<_>>()?;
    runs.sort_by(|a, b| a.key.cmp(&b.key));
    let names: Vec<&str> = recordings.iter().map(Trace::name).collect();
    let leaves = study.leaves(&names);
    let identity = |trace: &Trace| (trace.name().to_string(), trace.digest().to_string());
    Some(Measured {
        study: study.name().to_string(),
        seed: study.seed(),
        leaves,
        traces: recordings.iter().map(identity).collect(),
        runs,
        notes,
        recordings: if keep.ends() { recordings } else { Vec::new() },
    })
}

fn stack(
    study: &Study,
    resolved: &Resolved,
    keep: Keep<'_>,
    options: &RunOptions,
    progress: &RunProgress,
) -> Result<Option<Measured>, Error> {
    resolved.check()?;
    let recordings = read_all(resolved, options)?;
    let grid = grid(&recordings, &resolved.strategies);
    let total = grid.iter().map(|(recording, _)| recording.trace.n_requests() as u64).sum();
    progress.total.store(total, Ordering::Relaxed);
    let runs = grid
        .par_iter()
        .map(|(recording, strategy)| stack_run(resolved, recording, strategy, keep, progress))
        .collect::<Result<Vec<_>, _>>()?;
    let notes = recordings.iter().flat_map(|recording| notes(resolved, recording)).collect();
    let traces = recordings.into_iter().map(|recording| recording.trace).collect();
    Ok(collect(study, traces, runs, keep, notes))
}

fn stack_run(
    study: &Resolved,
    recording: &Recording<'_>,
    strategy: &ResolvedStrategy,
    keep: Keep<'_>,
    progress: &RunProgress,
) -> Result<Option<MeasuredRun>, Error> {
    let trace = &recording.trace;
    let arrivals = &recording.arrivals;
    let stack = recording.stack(study, strategy, arrivals)?;
    let mut reporter = progress.reporter();
    let outcome =
        recording.simulate(study, strategy, &stack, arrivals, keep.ends(), &mut reporter)?;
    let Some(outcome) = outcome else { return Ok(None) };
    let results = rows(study, strategy, trace, &stack, &outcome);
    let [run] = &results.runs[..] else { unreachable!("a run has one row") };
    let key = RunKey {
        trace: trace.name().to_string(),
        strategy: strategy.name.clone(),
        cell: strategy.cell.clone(),
    };
    let detail = keep.ends().then(|| {
        let tiers = results.tiers.iter().map(|tier| tier.tier.clone()).collect();
        let line = |cost: &frames::CostRow| {
            (format!("{} {}", cost.tier, cost.component), cost.nanodollars_month)
        };
        let p99 = run.latency_ns_p99;
        RunDetail::of_stack(
            key.clone(),
            tiers,
            trace,
            study.warmup.of(trace.n_requests()),
            &outcome.read_ends,
            (p99, keep.slow_ns(&key).unwrap_or(p99)),
            results.costs.iter().map(line).collect(),
        )
    });
    let figures = of_stack(run, results.tiers.iter());
    Ok(Some(MeasuredRun { key, figures, detail }))
}

fn flat(
    study: &Study,
    flat: &FlatStudy,
    keep: Keep<'_>,
    progress: &RunProgress,
) -> Result<Option<Measured>, Error> {
    let traces = flat.traces.par_iter().map(load).collect::<Result<Vec<_>, _>>()?;
    for (i, trace) in traces.iter().enumerate() {
        if traces[..i].iter().any(|other| other.name() == trace.name()) {
            return Err(Error::Unfit(format!(
                "two traces are called `{}`\nhint: give one of them another `name`",
                trace.name()
            )));
        }
    }
    let n_cells = flat.policies.len() * flat.capacities.len();
    let total = traces.iter().map(|trace| (n_cells * trace.n_requests()) as u64).sum();
    progress.total.store(total, Ordering::Relaxed);
    let mut runs = Vec::new();
    for trace in &traces {
        runs.extend(flat_runs(flat, trace, keep, progress)?);
    }
    let report = |trace: &Trace| {
        let report = trace.report().to_string();
        report.lines().map(|line| format!("{}: {line}", trace.name())).collect::<Vec<_>>()
    };
    let notes = traces.iter().flat_map(report).collect();
    Ok(collect(study, traces, runs, keep, notes))
}

/// Flat replay needs no stamps and no operations; bytes of misses are counted whatever the unit is.
fn load(entry: &FlatTrace) -> Result<Trace, Error> {
    let options = ReadOptions {
        format: entry.format.clone(),
        ignore_time: true,
        ignore_op: true,
        ..ReadOptions::default()
    };
    let trace = open_trace(&entry.path, &options, &mut |_, _| {})?;
    Ok(match &entry.name {
        Some(name) => trace.renamed(name.clone()),
        None => trace,
    })
}

fn flat_runs(
    study: &FlatStudy,
    trace: &Trace,
    keep: Keep<'_>,
    progress: &RunProgress,
) -> Result<Vec<Option<MeasuredRun>>, Error> {
    let policies = study.policies.iter().map(|text| {
        text.parse::<PolicySpec>()
            .map_err(|source| Error::Policy { run: text.clone(), source })
            .map(|spec| (text, spec))
    });
    let policies = policies.collect::<Result<Vec<_>, _>>()?;
    let mut cells = Vec::new();
    for size in &study.capacities {
        for (text, spec) in &policies {
            let capacity = size.capacity.of(trace, study.unit);
            let cell = Cell { spec: spec.clone(), unit: study.unit, capacity };
            let key = RunKey {
                trace: trace.name().to_string(),
                strategy: (*text).clone(),
                cell: size.label.clone(),
            };
            cells.push((key, cell));
        }
    }
    let mut ahead = false;
    for (_, cell) in &cells {
        ahead |= cell.info()?.kind.clairvoyant;
    }
    let next_use = ahead.then(|| trace::next_use(trace.objects(), trace.n_objects()));
    let shared = Shared { trace, next_use: next_use.as_deref(), seed: study.seed };
    cells
        .into_par_iter()
        .map(|(key, cell)| {
            let Some(counts) = cell.run(shared, progress)? else { return Ok(None) };
            let hits = match keep.ends() {
                true => request_by_request(&cell, shared, counts.hits)?,
                false => None,
            };
            let detail = hits.map(|hits| RunDetail::of_flat(key.clone(), &hits));
            Ok(Some(MeasuredRun { key, figures: of_flat(&counts), detail }))
        })
        .collect()
}

/// The same replay once more, request by request: a replay only counts. `None` for bounds and products,
/// which are no caches.
fn request_by_request(
    cell: &Cell,
    shared: Shared<'_>,
    n_hits: u64,
) -> Result<Option<Vec<bool>>, Error> {
    let trace = shared.trace;
    let setup = Setup {
        capacity: cell.capacity,
        unit: cell.unit,
        n_objects: trace.n_objects(),
        n_requests: trace.n_requests() as u64,
        seed: shared.seed,
    };
    let Ok(mut contents) = (cell.info()?.kind.build)(&setup, &cell.spec.parameters) else {
        return Ok(None);
    };
    let request = |i: usize| Request {
        object: trace.objects()[i],
        size: if cell.unit == Unit::Bytes { trace.size(i) } else { 1 },
        seq: i as u64,
        next_use: shared.next_use.map_or(NEVER, |next_use| next_use[i]),
    };
    let hits: Vec<bool> =
        (0..trace.n_requests()).map(|i| access(&mut *contents, &request(i))).collect();
    let found = hits.iter().filter(|hit| **hit).count() as u64;
    if found == n_hits {
        return Ok(Some(hits));
    }
    // Two ways of one policy: if they part, neither may be believed.
    Err(Error::Unfit(format!(
        "{cell}: {n_hits} hits in a replay and {found} request by request: a bug in the policy"
    )))
}

/// A read that fills on a miss; whether it hit.
fn access(cache: &mut dyn Contents, request: &Request) -> bool {
    if cache.lookup(request, &mut |_| {}) {
        return true;
    }
    cache.fill(request, &mut |_| {});
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Capacity, Size};

    /// Every policy that is a cache hits the same requests one by one as it counts in a replay.
    #[test]
    fn both_ways_of_a_flat_replay_agree_for_every_policy() {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let uniform = (state >> 40) % 100;
            uniform * uniform / 50
        };
        let trace = Trace::from_numbers("t", (0..3000).map(|_| next()));
        let policies: Vec<String> = policies::all().map(|info| info.name.to_string()).collect();
        let study = FlatStudy {
            schema: 1,
            name: "f".into(),
            seed: 3,
            unit: Unit::Objects,
            policies,
            capacities: vec![Size { label: "10%".into(), capacity: Capacity::Share(0.1) }],
            traces: Vec::new(),
        };
        let runs = flat_runs(&study, &trace, Keep::Ends(&[]), &RunProgress::default()).unwrap();
        let detailed = runs.iter().flatten().filter(|run| run.detail.is_some()).count();
        assert!(detailed > 40, "{detailed} of {}", runs.len());
    }
}
