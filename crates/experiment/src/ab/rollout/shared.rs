//! A world that both strategies share, and what they do to each other in it.
//!
//! One stack serves all requests of the trace. Tiers in which the strategies are alike are common, with
//! their contents; where they differ, the machines are common, and the memory of each is
//! [divided](tiers::Division) into zones in proportion to the units of the stage: one for those that go over
//! to B while they are with A, one for them with B, one for those that stay. A zone starts empty, and is
//! given up when whoever used it goes over.
//!
//! These worlds are simulated, each from the start of the trace, with the same luck:
//!
//! | world | memory | who is with B |
//! |---|---|---|
//! | nobody | not divided | nobody, ever: how it was before |
//! | same size | divided | nobody: what a baseline fleet as small as B's would show |
//! | planned | divided | the units of the stages, from their stages on |
//! | everybody | divided | those, and all others from the start of the trace |
//!
//! For the units that go over, *same size* less *nobody* is what dividing does, *planned* less *same size*
//! what B does, cold start and all, and *everybody* less *planned* how far the stage is from a whole rollout.
//! Those that stay are compared with *nobody*.
//!
//! Unlike fleets of their own, this keeps the clock, the numbers and the load of the whole trace, so that
//! faults, erasure and what is drawn come upon all worlds alike. That fleets were smaller in the stages before
//! is left out as [there](super::stage).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use cache::PolicySpec;
use rayon::prelude::*;
use tiers::{Ask, Division, Inclusion, ReadEnd, Run, Stack, Tier, Writes, Zone};

use super::super::spec::Unit;
use super::assignment::Assignment;
use super::stage::{Reads, Setting, Stage};
use crate::{Error, Resolved, ResolvedStack, ResolvedStrategy};

/// What keeps two strategies from sharing a world: all but policies and capacities must be the same, and what
/// reaches from one zone into another cannot be kept apart.
pub(super) fn obstacle(
    study: &Resolved,
    strategies: [&ResolvedStrategy; 2],
    by: Unit,
) -> Option<String> {
    let [a, b] = strategies.map(|strategy| &strategy.stack);
    let names = |stack: &ResolvedStack| -> Vec<String> {
        stack.tiers.iter().map(|tier| tier.name.clone()).collect()
    };
    let inclusive = a.tiers.iter().any(|tier| tier.more.inclusion == Some(Inclusion::Inclusive));
    let known = [
        (study.closed_loop.is_some(), "`closed-loop` in a shared world"),
        (inclusive, "inclusive tiers in a shared world"),
        (
            a.writes == Writes::Back && by == Unit::Client,
            "`writes = \"back\"` in a world that clients share",
        ),
        (names(a) != names(b), "strategies whose `stack.order` differs in a shared world"),
    ];
    if let Some((_, what)) = known.into_iter().find(|(is_there, _)| *is_there) {
        return Some(what.to_string());
    }
    let (a, b) = (fields(a), fields(b));
    let mut paths: Vec<&String> = a.keys().chain(b.keys()).collect();
    paths.sort_unstable();
    paths.into_iter().find(|path| a.get(*path) != b.get(*path)).map(|path| {
        format!("strategies that differ in `stack.{path}` in a shared world, where only policies and capacities of tiers may differ")
    })
}

/// Every value of a stack but policies and capacities of its tiers, by path.
fn fields(stack: &ResolvedStack) -> BTreeMap<String, String> {
    let value = serde_json::to_value(stack).expect("a stack is plain JSON");
    let mut leaves = crate::check::leaves(&value);
    let may_differ = |path: &str| {
        let field = path.strip_prefix("tiers.").and_then(|path| path.split_once('.'));
        field.is_some_and(|(_, field)| field == "policy" || field == "capacity")
    };
    leaves.retain(|path, _| !may_differ(path));
    leaves
}

/// The zones of memory, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ZoneOf {
    /// Units of the stage, while they are with A.
    MovingA,
    /// Units of the stage, with B.
    MovingB,
    /// Units beyond it, with A.
    StayingA,
    /// Units beyond it, with B, if everybody is.
    StayingB,
}

impl ZoneOf {
    const ALL: [ZoneOf; 4] = [ZoneOf::MovingA, ZoneOf::MovingB, ZoneOf::StayingA, ZoneOf::StayingB];

    fn new(moves: bool, is_with_b: bool) -> ZoneOf {
        match (moves, is_with_b) {
            (true, false) => ZoneOf::MovingA,
            (true, true) => ZoneOf::MovingB,
            (false, false) => ZoneOf::StayingA,
            (false, true) => ZoneOf::StayingB,
        }
    }

    fn moves(self) -> bool {
        matches!(self, ZoneOf::MovingA | ZoneOf::MovingB)
    }

    fn is_of_b(self) -> bool {
        matches!(self, ZoneOf::MovingB | ZoneOf::StayingB)
    }
}

/// The worlds of one stage: the requests up to its end, and the share by which memory is divided.
struct Worlds<'a> {
    setting: &'a Setting<'a>,
    share: f64,
    arrivals: &'a [u64],
}

impl Setting<'_> {
    /// How every read ends with A alone; `None` if it was stopped.
    pub(super) fn nobody(&self) -> Result<Option<Vec<ReadEnd>>, Error> {
        let arrivals = &self.recording.arrivals;
        let stack = self.recording.stack(self.study, self.strategies[0], arrivals)?;
        self.simulate(&stack, arrivals)
    }

    /// Simulates a stage in a world that both strategies share; `None` if it was stopped.
    pub(super) fn shared_stage(
        &self,
        share: f64,
        requests: &Range<usize>,
        assignment: &Assignment,
    ) -> Result<Option<Stage>, Error> {
        let arrivals = &self.recording.arrivals[..requests.end];
        let worlds = Worlds { setting: self, share, arrivals };
        // With all units in the stage there is nothing to divide before, and nobody else to go over.
        let who = match share < 1.0 {
            true => vec![assignment.clone(), Assignment::default(), assignment.among_b()],
            false => vec![assignment.clone()],
        };
        let ends =
            who.par_iter().map(|who| worlds.reads(who)).collect::<Result<Option<Vec<_>>, Error>>();
        let Some(ends) = ends? else { return Ok(None) };
        let planned = &ends[0];
        let same_size = ends.get(1).map_or(self.nobody, |reads| reads);
        let everybody = ends.get(2).unwrap_or(planned);
        let of = |reads: &[ReadEnd], moves: bool| -> Vec<ReadEnd> {
            let within = |read: &&ReadEnd| {
                let request = read.request as usize;
                requests.contains(&request) && (self.taken.place(request) < share) == moves
            };
            reads.iter().filter(within).copied().collect()
        };
        Ok(Some(Stage {
            moved: Reads { a: of(same_size, true), b: of(planned, true) },
            stayed: Reads { a: of(self.nobody, false), b: of(planned, false) },
            undivided: of(self.nobody, true),
            everybody: of(everybody, true),
        }))
    }

    /// Every read of the trace, with memory divided for a stage of this share.
    pub(super) fn shared_to_the_end(
        &self,
        share: f64,
        assignment: &Assignment,
    ) -> Result<Option<Vec<ReadEnd>>, Error> {
        Worlds { setting: self, share, arrivals: &self.recording.arrivals }.reads(assignment)
    }

    /// How every read that comes at these times ends.
    fn simulate(&self, stack: &Stack, arrivals: &[u64]) -> Result<Option<Vec<ReadEnd>>, Error> {
        let trace = &self.recording.trace;
        let run = Run { keep_reads: true, ..Run::new(trace, arrivals, stack, self.study.seed) };
        let mut reporter = self.progress.reporter();
        let outcome = tiers::simulate(&run, &mut reporter).map_err(|source| {
            let [a, b] = self.strategies.map(|strategy| &strategy.name);
            Error::Stack { run: format!("{b} beside {a} / {}", trace.name()), source }
        })?;
        let _ = reporter(arrivals.len());
        Ok(outcome.map(|outcome| outcome.read_ends))
    }
}

impl Worlds<'_> {
    fn reads(&self, who: &Assignment) -> Result<Option<Vec<ReadEnd>>, Error> {
        self.setting.simulate(&self.stack(who)?, self.arrivals)
    }

    /// A's stack, with memory divided where B's is another.
    fn stack(&self, who: &Assignment) -> Result<Stack, Error> {
        let Setting { study, recording, strategies: [a, b], .. } = self.setting;
        // As the whole trace asks for, however much of it is simulated.
        let of = |strategy| recording.stack(study, strategy, &recording.arrivals);
        let (mut stack, of_b) = (of(a)?, of(b)?);
        for (tier, of_b) in stack.tiers.iter_mut().zip(&of_b.tiers) {
            if !is_same_memory(tier, of_b) {
                tier.layout = tier.layout.divided(self.division(tier, of_b, who));
            }
        }
        Ok(stack)
    }

    fn division(&self, a: &Tier, b: &Tier, who: &Assignment) -> Division {
        let used: Vec<ZoneOf> =
            ZoneOf::ALL.into_iter().filter(|zone| self.is_used(*zone, who)).collect();
        let zone = |zone: &ZoneOf| {
            let of_units = if zone.moves() { self.share } else { 1.0 - self.share };
            let tier = if zone.is_of_b() { b } else { a };
            Zone {
                policy: tier.policy.clone(),
                share: of_units * tier.capacity as f64 / a.capacity as f64,
                emptied_at: self.left_at(*zone, who).into_iter().collect(),
            }
        };
        let zones = used.iter().map(zone).collect();
        let number = |zone: ZoneOf| used.iter().position(|used| *used == zone).unwrap_or(0);
        let number = ZoneOf::ALL.map(number);
        let (by, share, who) = (self.setting.plan.by, self.share, who.clone());
        let places = Arc::clone(self.setting.taken.places());
        let zone_of = move |ask: &Ask| {
            let unit = match by {
                Unit::Object => ask.object.index(),
                Unit::Client => ask.client as usize,
            };
            let place = places[unit];
            let is_with_b = who.is_with_b(place, ask.request as usize);
            number[ZoneOf::new(place < share, is_with_b) as usize]
        };
        Division { zones, zone_of: Box::new(zone_of) }
    }

    /// The first request from which the last of the units of a zone are with B.
    fn all_join_at(&self, zone: ZoneOf, who: &Assignment) -> usize {
        let last = if zone.moves() { self.share.next_down() } else { 1.0_f64.next_down() };
        who.joins_at(last)
    }

    /// Whether anybody is ever served from a zone.
    fn is_used(&self, zone: ZoneOf, who: &Assignment) -> bool {
        let has_units = zone.moves() || self.share < 1.0;
        let joins_at = self.all_join_at(zone, who);
        has_units && if zone.is_of_b() { joins_at < usize::MAX } else { joins_at > 0 }
    }

    /// When the last of those who used a zone go over, if they do.
    fn left_at(&self, zone: ZoneOf, who: &Assignment) -> Option<u64> {
        let request = match zone.is_of_b() {
            true => who.back_at()?,
            false => self.all_join_at(zone, who),
        };
        self.arrivals.get(request).copied()
    }
}

/// Whether two tiers keep the same, however their policy is called.
pub(super) fn is_same_memory(a: &Tier, b: &Tier) -> bool {
    let name = |spec: &PolicySpec| match policies::find(&spec.name) {
        Ok(info) => info.name.to_string(),
        Err(_) => spec.name.clone(),
    };
    let (of_a, of_b) = (&a.policy, &b.policy);
    let is_same_policy = name(of_a) == name(of_b) && of_a.parameters == of_b.parameters;
    is_same_policy && a.capacity == b.capacity
}
