//! A trace as a study replays it.

use std::ops::ControlFlow;

use tiers::{Outcome, Run, Stack};
use trace::Trace;
use trace::readers::ReadOptions;
use trace::units::Nanos;

use crate::rows::run_name;
use crate::{Error, Resolved, ResolvedStrategy, ResolvedTrace, RunOptions, build, open_trace};

/// A trace with what all of its runs share.
pub(crate) struct Recording<'a> {
    pub(crate) entry: &'a ResolvedTrace,
    pub(crate) trace: Trace,
    pub(crate) arrivals: Vec<u64>,
    pub(crate) footprint: u64,
}

/// Each of the strategies over each of the recordings, recording by recording.
pub(crate) fn grid<'a, 'b, S>(
    recordings: &'a [Recording<'b>],
    strategies: &'a [S],
) -> Vec<(&'a Recording<'b>, &'a S)> {
    let over = |recording| strategies.iter().map(move |strategy| (recording, strategy));
    recordings.iter().flat_map(over).collect()
}

/// A century: sums of times stay far from overflow.
const LONGEST_NS: u64 = 100 * 366 * 86_400 * 1_000_000_000;

impl<'a> Recording<'a> {
    /// Reads the trace of an entry and works out when its requests arrive.
    pub(crate) fn open(
        study: &Resolved,
        entry: &'a ResolvedTrace,
        options: &RunOptions,
    ) -> Result<Self, Error> {
        let read_options = ReadOptions { format: entry.format.clone(), ..ReadOptions::default() };
        let path = options
            .search
            .iter()
            .map(|dir| dir.join(&entry.path))
            .find(|path| !entry.path.exists() && path.exists())
            .unwrap_or_else(|| entry.path.clone());
        let mut trace = open_trace(&path, &read_options, &mut |_, _| {})?;
        if let Some(name) = &entry.name {
            trace = trace.renamed(name.clone());
        }
        let arrivals = study.arrivals.times(&trace, entry.rate, study.seed).ok_or_else(|| {
        Error::Unfit(format!(
            "{}: the trace has no stamps\nhint: give its entry a pace, such as `rate = \"1000/s\"`",
            entry.path.display()
        ))
    })?;
        let arrivals = tiers::at_speed(arrivals.into_owned(), study.speed);
        if arrivals.last().is_some_and(|last| *last > LONGEST_NS) {
            return Err(Error::Unfit(format!(
                "{}: the trace spans more than a century\nhint: is the unit of its stamps, or its `rate`, right?",
                entry.path.display()
            )));
        }
        if study.warmup.of(trace.n_requests()) == trace.n_requests() {
            return Err(Error::Unfit(format!(
                "{}: the warm-up of {} leaves no request to count\nhint: {}",
                entry.path.display(),
                study.warmup,
                crate::resolve::WARMUP_HINT
            )));
        }
        let footprint = trace.footprint_bytes();
        Ok(Recording { entry, trace, arrivals, footprint })
    }

    /// From the first to the last arrival.
    pub(crate) fn span(&self) -> Nanos {
        tiers::span(&self.arrivals)
    }

    /// The stack of a strategy for this trace, whose requests arrive at these times.
    pub(crate) fn stack(
        &self,
        study: &Resolved,
        strategy: &ResolvedStrategy,
        arrivals: &[u64],
    ) -> Result<Stack, Error> {
        let site = build::Site {
            footprint: self.footprint,
            scale: self.entry.scale,
            span: tiers::span(arrivals),
        };
        build::stack(study, &strategy.stack, &site)
    }

    /// Simulates it, keeping every read by itself if asked to; `None` if `progress` stopped it.
    pub(crate) fn simulate(
        &self,
        study: &Resolved,
        strategy: &ResolvedStrategy,
        stack: &Stack,
        arrivals: &[u64],
        keep_reads: bool,
        progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<Outcome>, Error> {
        let run = Run {
            warmup: study.warmup.of(self.trace.n_requests()),
            n_windows: study.windows as usize,
            closed_loop: study.closed_loop,
            keep_reads,
            ..Run::new(&self.trace, arrivals, stack, study.seed)
        };
        let outcome = tiers::simulate(&run, progress).map_err(|source| Error::Stack {
            run: run_name(strategy, self.trace.name()),
            source,
        })?;
        let _ = progress(self.trace.n_requests());
        Ok(outcome)
    }
}
