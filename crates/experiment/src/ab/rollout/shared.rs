//! A world that both strategies share, and what they do to each other in it.
//!
//! One stack serves all requests of the trace. Tiers in which the strategies are alike are common, with
//! their contents; where they differ, the machines are common, and the memory of each is
//! [divided](tiers::Division) into zones in proportion to the units of the stage: one for those that go over
//! to B while they are with A, one for them with B, one for those that stay. A zone starts empty, and is
//! emptied when whoever used it goes over.
//!
//! A stage is simulated three times, from the start of the trace, and the worlds differ only in who goes
//! over when:
//!
//! | world | from this stage on |
//! |---|---|
//! | nobody | all units are with A, and always were |
//! | planned | the units of the stage are with B |
//! | everybody | all units are with B |
//!
//! So the change of the units with B against *nobody* is what the stage does to them; the change of those
//! that stay is interference, for a world without it would leave them as they are; and what B's units would
//! have seen among *everybody* says how far the stage flatters B.
//!
//! Unlike fleets of their own, this keeps the clock, the numbers and the load of the whole trace, so that
//! faults, erasure and what is drawn come upon all worlds alike. That fleets were smaller in the stages before
//! is left out as [there](super::stage).

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;
use tiers::{Ask, Division, ReadEnd, Run, Stack, Tier, Zone};
use trace::sample;

use super::super::part::{Requests, places};
use super::super::spec::Unit;
use super::assignment::Assignment;
use super::stage::{Reads, Setting, Stage};
use crate::rows::run_name;
use crate::{Error, ResolvedStack, ResolvedStrategy};

/// What keeps two strategies from sharing a world: all but policies and capacities must be the same.
pub(super) fn obstacle(strategies: [&ResolvedStrategy; 2]) -> Option<String> {
    let [a, b] = strategies.map(|strategy| fields(&strategy.stack));
    let mut paths: Vec<&String> = a.keys().chain(b.keys()).collect();
    paths.sort_unstable();
    paths.into_iter().find(|path| a.get(*path) != b.get(*path)).map(|path| {
        format!("strategies that differ in `stack.{path}`: in one world, only policies and capacities of tiers may differ")
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
#[derive(Debug, Clone, Copy)]
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
    trace: Requests<'a>,
    arrivals: &'a [u64],
    places: Vec<f64>,
}

impl Setting<'_> {
    /// Simulates a stage in a world that both strategies share; `None` if it was stopped.
    pub(super) fn shared_stage(
        &self,
        share: f64,
        requests: &Range<usize>,
        assignment: &Assignment,
    ) -> Result<Option<Stage>, Error> {
        let worlds = self.worlds(share, requests.end)?;
        let everybody = assignment.with_everybody();
        let nobody = Assignment::default();
        let each = [&nobody, assignment, &everybody];
        // With the last stage, everybody is with B.
        let n_worlds = if share < 1.0 { 3 } else { 2 };
        let ends = each[..n_worlds]
            .par_iter()
            .map(|who| worlds.reads(who))
            .collect::<Result<Option<Vec<_>>, Error>>();
        let Some(ends) = ends? else { return Ok(None) };
        let of = |number: usize, moves: bool| -> Vec<ReadEnd> {
            let within = |read: &&ReadEnd| {
                let request = read.request as usize;
                requests.contains(&request) && (self.taken.place(request) < share) == moves
            };
            ends[number.min(n_worlds - 1)].iter().filter(within).copied().collect()
        };
        Ok(Some(Stage {
            moved: Reads { a: of(0, true), b: of(1, true) },
            stayed: Reads { a: of(0, false), b: of(1, false) },
            everybody: of(2, true),
        }))
    }

    /// The reads of the whole trace with nobody ever with B, and with this assignment.
    pub(super) fn shared_from_start(
        &self,
        share: f64,
        assignment: &Assignment,
    ) -> Result<Option<Reads>, Error> {
        let worlds = self.worlds(share, self.recording.arrivals.len())?;
        let nobody = Assignment::default();
        let (a, b) = rayon::join(|| worlds.reads(&nobody), || worlds.reads(assignment));
        Ok(a?.zip(b?).map(|(a, b)| Reads { a, b }))
    }

    fn worlds(&self, share: f64, end: usize) -> Result<Worlds<'_>, Error> {
        let (whole, arrivals) = (&self.recording.trace, &self.recording.arrivals);
        let trace = match end {
            end if end < whole.n_requests() => {
                Requests::Chosen(Box::new(sample::by_index(whole, 0..end)?))
            }
            _ => Requests::All(whole),
        };
        let places = places(&trace, self.plan.by, self.study.seed)?;
        Ok(Worlds { setting: self, share, trace, arrivals: &arrivals[..end], places })
    }
}

impl Worlds<'_> {
    /// How every read ends.
    fn reads(&self, who: &Assignment) -> Result<Option<Vec<ReadEnd>>, Error> {
        let Setting { study, recording, strategies, progress, .. } = self.setting;
        let stack = self.stack(who)?;
        let run =
            Run { keep_reads: true, ..Run::new(&self.trace, self.arrivals, &stack, study.seed) };
        let mut reporter = progress.reporter();
        let outcome = tiers::simulate(&run, &mut reporter).map_err(|source| Error::Stack {
            run: run_name(strategies[1], recording.trace.name()),
            source,
        })?;
        let _ = reporter(self.arrivals.len());
        Ok(outcome.map(|outcome| outcome.read_ends))
    }

    /// A's stack, with memory divided where B's is another.
    fn stack(&self, who: &Assignment) -> Result<Stack, Error> {
        let Setting { study, recording, strategies: [a, b], .. } = self.setting;
        // As the whole trace asks for, however much of it is simulated.
        let of = |strategy| recording.stack(study, strategy, &recording.arrivals);
        let (mut stack, of_b) = (of(a)?, of(b)?);
        for (tier, of_b) in stack.tiers.iter_mut().zip(&of_b.tiers) {
            if (&tier.policy, tier.capacity) != (&of_b.policy, of_b.capacity) {
                tier.layout = tier.layout.divided(self.division(tier, of_b, who));
            }
        }
        Ok(stack)
    }

    fn division(&self, a: &Tier, b: &Tier, who: &Assignment) -> Division {
        let zone = |zone: &ZoneOf| {
            let of_units = if zone.moves() { self.share } else { 1.0 - self.share };
            let tier = if zone.is_of_b() { b } else { a };
            Zone {
                policy: tier.policy.clone(),
                share: of_units * tier.capacity as f64 / a.capacity as f64,
                emptied_at: self.left_at(*zone, who).into_iter().collect(),
            }
        };
        let zones = ZoneOf::ALL.iter().map(zone).collect();
        let (by, share, places) = (self.setting.plan.by, self.share, self.places.clone());
        let who = who.clone();
        let zone_of = move |ask: &Ask| {
            let unit = match by {
                Unit::Object => ask.object.index(),
                Unit::Client => ask.client as usize,
            };
            let place = places[unit];
            ZoneOf::new(place < share, who.is_with_b(place, ask.request as usize)) as usize
        };
        Division { zones, zone_of: Box::new(zone_of) }
    }

    /// When the last of those who used a zone go over, if they do.
    fn left_at(&self, zone: ZoneOf, who: &Assignment) -> Option<u64> {
        let last = if zone.moves() { self.share.next_down() } else { 1.0_f64.next_down() };
        let request = match zone.is_of_b() {
            true => who.back_at()?,
            false => who.joins_at(last),
        };
        self.arrivals.get(request).copied()
    }
}
