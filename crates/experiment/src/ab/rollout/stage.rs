//! One stage: both arms over the units that are with B in it.
//!
//! In a [world that both share](super::shared) there is one stack. In separate worlds each arm is a fleet in
//! proportion to its traffic: B's has the share of the units that it serves of every capacity and of the
//! servers, and so has the part of A's fleet that would serve them instead, as in a test over
//! [a part](super::super::part) of the traffic. B's starts empty, and empty again for the units that join it
//! at each stage; A's has seen all their requests.
//!
//! A stage is simulated from the start of the rollout at its own size. That fleets were smaller in the
//! stages before is left out: B's holds a little more of the units that were there already.

use std::ops::Range;

use tiers::ReadEnd;

use super::super::arm;
use super::super::part::{Part, Taken};
use super::super::spec::{Plan, Unit};
use super::assignment::Assignment;
use super::guard::{Both, N_BATCHES};
use super::plan::World;
use crate::recording::Recording;
use crate::{Error, Resolved, ResolvedStrategy, RunProgress};

/// How the same reads ended in two worlds, and which requests they are.
#[derive(Default)]
pub(super) struct Reads {
    /// With A, as if nobody had gone over.
    pub(super) a: Vec<ReadEnd>,
    /// As the rollout has it.
    pub(super) b: Vec<ReadEnd>,
}

/// The reads of a stage.
#[derive(Default)]
pub(super) struct Stage {
    /// Of the units that are with B.
    pub(super) moved: Reads,
    /// Of those that stay with A. None in separate worlds, where nothing happens to them.
    pub(super) stayed: Reads,
    /// Those of `moved` with A and memory undivided, as before the rollout; none in separate worlds.
    pub(super) undivided: Vec<ReadEnd>,
    /// Those of `moved`, had all others been with B; none in separate worlds.
    pub(super) everybody: Vec<ReadEnd>,
}

/// Of which units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those that are with B.
    Moved,
    /// Those that stay with A.
    Stayed,
}

impl Reads {
    /// Those of requests before this one.
    pub(super) fn before(&self, request: usize) -> usize {
        self.a.partition_point(|read| (read.request as usize) < request)
    }

    /// Takes over others.
    pub(super) fn extend(&mut self, a: &[ReadEnd], b: &[ReadEnd]) {
        self.a.extend_from_slice(a);
        self.b.extend_from_slice(b);
    }
}

impl Stage {
    /// Batches that have reads of the units that moved.
    pub(super) fn n_batches(&self) -> usize {
        self.moved.a.len().min(N_BATCHES)
    }

    /// The reads of `moved` had there been no rollout.
    pub(super) fn without_rollout(&self) -> &[ReadEnd] {
        if self.undivided.is_empty() { &self.moved.a } else { &self.undivided }
    }

    /// Their reads.
    pub(super) fn reads(&self, whose: Whose) -> &Reads {
        match whose {
            Whose::Moved => &self.moved,
            Whose::Stayed => &self.stayed,
        }
    }

    /// The reads of a batch in both worlds: batches have as many reads each of the units that moved, and
    /// what the others read meanwhile.
    pub(super) fn batch(&self, whose: Whose, batch: usize) -> Both<'_> {
        let reads = self.reads(whose);
        let part = self.edge(whose, batch)..self.edge(whose, batch + 1);
        (&reads.a[part.clone()], &reads.b[part])
    }

    /// The first read of a batch.
    fn edge(&self, whose: Whose, batch: usize) -> usize {
        let moved = self.moved.a.len() * batch / N_BATCHES;
        match whose {
            Whose::Moved => moved,
            Whose::Stayed if batch == 0 => 0,
            Whose::Stayed => match self.moved.a.get(moved) {
                Some(read) => self.stayed.before(read.request as usize),
                None => self.stayed.a.len(),
            },
        }
    }
}

/// What a stage is about.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) study: &'a Resolved,
    pub(super) recording: &'a Recording<'a>,
    pub(super) plan: &'a Plan,
    pub(super) world: World,
    /// Every read with A alone, in a shared world; nothing in separate ones.
    pub(super) nobody: &'a [ReadEnd],
    pub(super) strategies: [&'a ResolvedStrategy; 2],
    pub(super) taken: &'a Taken<'a>,
    pub(super) progress: &'a RunProgress,
}

impl Setting<'_> {
    /// Simulates a stage in which B serves this share of the units, over these requests of the trace.
    /// `None` if it was stopped.
    pub(super) fn stage(
        &self,
        share: f64,
        requests: &Range<usize>,
        assignment: &Assignment,
    ) -> Result<Option<Stage>, Error> {
        if !requests.clone().any(|request| self.taken.place(request) < share) {
            return Ok(Some(Stage::default()));
        }
        match self.world {
            World::Separate => self.separate_stage(share, requests, assignment),
            World::Shared => self.shared_stage(share, requests, assignment),
        }
    }

    fn separate_stage(
        &self,
        share: f64,
        requests: &Range<usize>,
        assignment: &Assignment,
    ) -> Result<Option<Stage>, Error> {
        let mine = |request: usize| request < requests.end && self.taken.place(request) < share;
        let joined = |request: usize| {
            mine(request) && assignment.joins_at(self.taken.place(request)) <= request
        };
        let arm = |number: usize| {
            if number == 0 {
                self.arm(0, share, &mine, None)
            } else {
                self.arm(1, share, &joined, Some(&mine))
            }
        };
        let (a, b) = rayon::join(|| arm(0), || arm(1));
        let (Some(a), Some(b)) = (a?, b?) else { return Ok(None) };
        let within = |reads: Vec<ReadEnd>| -> Vec<ReadEnd> {
            reads.into_iter().filter(|read| requests.contains(&(read.request as usize))).collect()
        };
        Ok(Some(Stage { moved: Reads { a: within(a), b: within(b) }, ..Stage::default() }))
    }

    /// The reads of an arm over the requests to `keep`, with the numbers that the whole trace gives
    /// them, in a stack as large as the requests of `sized_by` need.
    fn arm(
        &self,
        number: usize,
        share: f64,
        keep: &(dyn Fn(usize) -> bool + Sync),
        sized_by: Option<&(dyn Fn(usize) -> bool + Sync)>,
    ) -> Result<Option<Vec<ReadEnd>>, Error> {
        let (study, recording, by) = (self.study, self.recording, self.plan.by);
        let mut part = Part::of_requests(study, recording, by, share, keep)?;
        // Of objects, the share says how large a fleet is; of clients, what they touch.
        if let Some(sized_by) = sized_by.filter(|_| by == Unit::Client) {
            part.size_as(&Part::of_requests(study, recording, by, share, sized_by)?);
        }
        part.warmup = 0;
        let strategy = self.strategies[number];
        let arm = arm::simulate(study, &part, strategy, &mut self.progress.reporter())?;
        let kept: Vec<u32> =
            (0..recording.trace.n_requests()).filter(|r| keep(*r)).map(|r| r as u32).collect();
        Ok(arm.map(|arm| {
            let whole = |read: ReadEnd| ReadEnd { request: kept[read.request as usize], ..read };
            arm.reads.into_iter().map(whole).collect()
        }))
    }

    /// The baseline over the whole trace but for the requests that went elsewhere, read by read.
    pub(super) fn baseline_without(
        &self,
        elsewhere: &(dyn Fn(usize) -> bool + Sync),
    ) -> Result<Option<Vec<ReadEnd>>, Error> {
        self.arm(0, 1.0, &|request| !elsewhere(request), Some(&|_| true))
    }
}
