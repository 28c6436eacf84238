//! Flat replays over one trace: the cell of a grid, and how a run of it reports and stops.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use cache::{Counts, Job, PolicyInfo, PolicySpec, Unit};
use trace::Trace;

use crate::{Error, RunProgress};

/// One policy at one capacity.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The policy as written.
    pub spec: PolicySpec,
    /// What `capacity` and sizes count.
    pub unit: Unit,
    /// Capacity in `unit`.
    pub capacity: u64,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} {}", self.spec, self.capacity, self.unit.name())
    }
}

/// What the cells over one trace share.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    /// The requests.
    pub trace: &'a Trace,
    /// From [`trace::next_use`], if a policy among them looks ahead.
    pub next_use: Option<&'a [u32]>,
    /// For policies that draw.
    pub seed: u64,
}

impl Cell {
    /// The policy.
    pub fn info(&self) -> Result<&'static PolicyInfo, Error> {
        policies::find(&self.spec.name).map_err(|source| self.error(source))
    }

    /// Counts hits; `None` if stopped.
    pub fn run(&self, shared: Shared<'_>, progress: &RunProgress) -> Result<Option<Counts>, Error> {
        let job = Job {
            trace: shared.trace,
            capacity: self.capacity,
            unit: self.unit,
            warmup: 0,
            seed: shared.seed,
            next_use: shared.next_use,
            check: false,
            admission: None,
            prefetch: None,
        };
        (self.info()?.kind.run)(&job, &self.spec.parameters, &mut progress.reporter())
            .map_err(|source| self.error(source))
    }

    fn error(&self, source: cache::Error) -> Error {
        Error::Policy { run: self.to_string(), source }
    }
}

impl RunProgress {
    /// Follows one run: adds what it has done since it was last asked, and stops it if need be.
    pub fn reporter(&self) -> impl FnMut(usize) -> ControlFlow<()> {
        let mut seen = 0;
        move |done| {
            // A run of several passes begins anew with each.
            let more = done.checked_sub(seen).unwrap_or(done);
            self.done.fetch_add(more as u64, Ordering::Relaxed);
            seen = done;
            match self.stop.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }
}
