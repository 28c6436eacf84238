//! The discrete-event engine.
//!
//! Events are ordered by (time, sequence number), so ties have one order and a run is
//! deterministic. A request is looked up at its first tier the moment it arrives. A miss makes the
//! event of its lookup at the next tier; an answer makes the event of its delivery, at which the
//! tiers that missed are filled, the deepest first. A read answered by the first tier makes no event
//! at all. Memory is O(requests in flight) beside the contents; time O(log in flight) an event.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use cache::{Contents, Filled, Removal, Request, Setup, Unit};
use trace::units::Nanos;
use trace::{NEVER, NO_TTL, ObjectId, Op, Trace};

use crate::arrivals::span;
use crate::outcome::{Outcome, TierOutcome, Window, histogram, record};
use crate::{Draws, Stack, Writes};

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The requests.
    pub trace: &'a Trace,
    /// From [`Arrivals::times`](crate::Arrivals::times): one a request, never decreasing.
    pub arrivals: &'a [u64],
    /// The stack.
    pub stack: &'a Stack,
    /// Seed of all draws.
    pub seed: u64,
    /// Requests at the start that are simulated but not counted.
    pub warmup: usize,
    /// Into how many equal stretches of time the series is cut.
    pub n_windows: usize,
}

/// Simulates the run. `progress` is told the number of requests that have arrived, every some
/// thousand, and may stop the run, which then returns `None`.
///
/// # Errors
/// If a tier's policy cannot be built, or the trace has 2^32 requests or more.
///
/// # Panics
/// If there is not one arrival time a request.
pub fn simulate(
    run: &Run<'_>,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Outcome>, cache::Error> {
    let n = run.trace.n_requests();
    assert_eq!(run.arrivals.len(), n, "an arrival time for each request");
    if u32::try_from(n).is_err() {
        return Err(cache::Error::TooLong(n));
    }
    let mut engine = Engine::new(run)?;
    for index in 0..n {
        engine.advance_to(run.arrivals[index]);
        engine.arrive(index);
        if index % 4096 == 0 && progress(index).is_break() {
            return Ok(None);
        }
    }
    engine.advance_to(u64::MAX);
    Ok(Some(engine.outcome))
}

/// A tier at work.
struct Station {
    contents: Box<dyn Contents>,
    /// When each object's copy expires; empty if copies never do.
    expires: Vec<u64>,
    ttl: u64,
    draws: Draws,
}

/// Something that happens later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    time: u64,
    sequence: u64,
    index: u32,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The request reaches this tier; the number of tiers means the origin.
    Lookup(u8),
    /// The answer of this tier reaches the client.
    Answer(u8),
}

struct Engine<'a> {
    run: &'a Run<'a>,
    /// Time to live that each object's last write set; empty if the trace has none.
    written_ttl: Vec<u64>,
    stations: Vec<Station>,
    origin_draws: Draws,
    pending: BinaryHeap<Reverse<Event>>,
    sequence: u64,
    outcome: Outcome,
    window_ns: u64,
}

impl<'a> Engine<'a> {
    fn new(run: &'a Run<'a>) -> Result<Self, cache::Error> {
        let stations = run
            .stack
            .tiers
            .iter()
            .map(|tier| Station::new(tier, run))
            .collect::<Result<Vec<_>, _>>()?;
        let warm = run.warmup.min(run.arrivals.len());
        let n_windows = run.n_windows.max(1) as u64;
        let window_ns = span(run.arrivals).0 / n_windows + 1;
        let outcome = Outcome {
            tiers: (0..=stations.len()).map(|_| TierOutcome::new()).collect(),
            reads: 0,
            read_bytes: 0,
            writes: 0,
            span: span(&run.arrivals[warm..]),
            latency: histogram(3),
            windows: (0..n_windows)
                .map(|w| Window {
                    start: Nanos(w * window_ns),
                    requests: 0,
                    hits: 0,
                    latency: histogram(2),
                })
                .collect(),
        };
        let has_ttl = run.trace.columns().ttl_ns.is_some();
        let written_ttl =
            if has_ttl { vec![NO_TTL; run.trace.n_objects() as usize] } else { Vec::new() };
        Ok(Engine {
            run,
            written_ttl,
            stations,
            origin_draws: Draws::new(&run.stack.origin.latency, run.seed, "origin"),
            pending: BinaryHeap::new(),
            sequence: 0,
            outcome,
            window_ns,
        })
    }

    /// Lets everything happen that is due before or at `now`.
    fn advance_to(&mut self, now: u64) {
        while let Some(Reverse(event)) = self.pending.peek().copied() {
            if event.time > now {
                return;
            }
            self.pending.pop();
            let index = event.index as usize;
            match event.what {
                What::Lookup(tier) => self.look_up(index, usize::from(tier), event.time),
                What::Answer(tier) => self.answer(index, usize::from(tier), event.time),
            }
        }
    }

    fn arrive(&mut self, index: usize) {
        match (self.run.trace.op(index), self.run.stack.writes) {
            (Op::Get, _) => {
                if self.counts(index) {
                    self.outcome.reads += 1;
                    self.outcome.read_bytes += self.run.trace.size(index);
                }
                self.look_up(index, 0, self.run.arrivals[index]);
            }
            (Op::Set | Op::Delete, writes) => {
                if self.counts(index) {
                    self.outcome.writes += 1;
                }
                self.note_ttl(index);
                if writes == Writes::Invalidate {
                    for station in &mut self.stations {
                        station.contents.remove(self.run.trace.objects()[index], Removal::Deleted);
                    }
                }
            }
        }
    }

    /// The request asks a tier, or the origin.
    fn look_up(&mut self, index: usize, tier: usize, now: u64) {
        let counted = self.counts(index);
        let request = self.request(index);
        let Some(station) = self.stations.get_mut(tier) else {
            return self.fetch(index, now);
        };
        let counters = &mut self.outcome.tiers[tier];
        counters.lookups += u64::from(counted);
        let expired = station.drop_if_expired(request.object, now);
        counters.expired += u64::from(counted && expired);
        let mut evictions = 0;
        let hit = station.contents.lookup(&request, &mut |_| evictions += 1);
        counters.evictions += evictions * u64::from(counted);
        if hit {
            let latency = station.draws.at(index as u64, now, self.run.trace.size(index));
            if tier == 0 {
                self.deliver(index, 0, now + latency);
            } else {
                self.schedule(now + latency, index, What::Answer(tier as u8));
            }
        } else {
            let latency = station.draws.at_smallest(index as u64, now);
            self.schedule(now + latency, index, What::Lookup(tier as u8 + 1));
        }
    }

    fn fetch(&mut self, index: usize, now: u64) {
        let tier = self.stations.len();
        self.outcome.tiers[tier].lookups += u64::from(self.counts(index));
        let latency = self.origin_draws.at(index as u64, now, self.run.trace.size(index));
        self.schedule(now + latency, index, What::Answer(tier as u8));
    }

    /// The answer of `tier` passes the tiers above it and reaches the client.
    fn answer(&mut self, index: usize, tier: usize, now: u64) {
        let counted = u64::from(self.counts(index));
        let request = self.request(index);
        let request_ttl = self.ttl(index);
        for above in (0..tier).rev() {
            let counters = &mut self.outcome.tiers[above];
            let mut evictions = 0;
            let station = &mut self.stations[above];
            station.drop_if_expired(request.object, now);
            match station.contents.fill(&request, &mut |_| evictions += 1) {
                Filled::Inserted => {
                    counters.fills += counted;
                    station.set_expiry(request.object, now, request_ttl);
                }
                Filled::AlreadyIn => {}
                Filled::Refused | Filled::Oversized => counters.bypassed += counted,
            }
            counters.evictions += evictions * counted;
            let used = station.contents.residents().used();
            counters.used_bytes_max = counters.used_bytes_max.max(used);
        }
        self.deliver(index, tier, now);
    }

    /// The client has its answer.
    fn deliver(&mut self, index: usize, tier: usize, now: u64) {
        let latency = now - self.run.arrivals[index];
        let hit = tier < self.stations.len();
        let since_start = self.run.arrivals[index] - self.run.arrivals[0];
        let window = &mut self.outcome.windows[(since_start / self.window_ns) as usize];
        window.requests += 1;
        window.hits += u64::from(hit);
        record(&mut window.latency, latency);
        if self.counts(index) {
            let counters = &mut self.outcome.tiers[tier];
            counters.hits += 1;
            counters.hit_bytes += self.run.trace.size(index);
            record(&mut counters.latency, latency);
            record(&mut self.outcome.latency, latency);
        }
    }

    /// Remembers the time to live that a write sets.
    fn note_ttl(&mut self, index: usize) {
        if let Some(ttl) = &self.run.trace.columns().ttl_ns {
            self.written_ttl[self.run.trace.objects()[index].index()] = ttl[index];
        }
    }

    /// The time to live of what a read fills in: its own, or that of the object's last write.
    fn ttl(&self, index: usize) -> u64 {
        let Some(own) = &self.run.trace.columns().ttl_ns else { return NO_TTL };
        own[index].min(self.written_ttl[self.run.trace.objects()[index].index()])
    }

    fn schedule(&mut self, time: u64, index: usize, what: What) {
        self.sequence += 1;
        let event = Event { time, sequence: self.sequence, index: index as u32, what };
        self.pending.push(Reverse(event));
    }

    fn counts(&self, index: usize) -> bool {
        index >= self.run.warmup
    }

    fn request(&self, index: usize) -> Request {
        Request {
            object: self.run.trace.objects()[index],
            size: self.run.trace.size(index),
            seq: index as u64,
            next_use: NEVER,
        }
    }
}

impl Station {
    fn new(tier: &crate::Tier, run: &Run<'_>) -> Result<Self, cache::Error> {
        let setup = Setup {
            capacity: tier.capacity_bytes,
            unit: Unit::Bytes,
            n_objects: run.trace.n_objects(),
            n_requests: run.trace.n_requests() as u64,
            seed: run.seed,
        };
        let info = policies::find(&tier.policy.name)?;
        let expires = tier.ttl.is_some() || run.trace.columns().ttl_ns.is_some();
        Ok(Station {
            contents: (info.kind.build)(&setup, &tier.policy.parameters)?,
            expires: if expires {
                vec![u64::MAX; run.trace.n_objects() as usize]
            } else {
                Vec::new()
            },
            ttl: tier.ttl.map_or(NO_TTL, |ttl| ttl.0),
            draws: Draws::new(&tier.latency, run.seed, &tier.name),
        })
    }

    /// Removes a resident copy whose time is up.
    fn drop_if_expired(&mut self, object: ObjectId, now: u64) -> bool {
        self.expires.get(object.index()).is_some_and(|at| *at <= now)
            && self.contents.remove(object, Removal::Expired)
    }

    fn set_expiry(&mut self, object: ObjectId, now: u64, request_ttl: u64) {
        if let Some(at) = self.expires.get_mut(object.index()) {
            *at = now.saturating_add(self.ttl.min(request_ttl));
        }
    }
}
