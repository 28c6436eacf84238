//! The discrete-event engine.
//!
//! Time is integer nanoseconds; events are ordered by (time, sequence number), so ties have one order
//! and a run is deterministic. Requests arrive at their trace times whether or not earlier ones are
//! answered; in closed loop, each client sends its next request when it has its answer.
//!
//! A read asks a tier; it may wait there for a server; then the tier's contents are looked up, and
//! after the tier's latency the read either has its answer or goes on below. An answer fills the tiers
//! above it when it passes them, the deepest first. What needs more than one event has a record, a
//! flight; a read that the first tier answers at once needs none.
//!
//! Memory is O(requests in flight) beside the contents; time O(log in flight) an event.
//!
//! | file | what |
//! |---|---|
//! | `live` | a tier at work: nodes, stations, what is wrong with them |
//! | `ask` | asking a tier, waiting there, being served, failing, trying again |
//! | `keep` | what tiers keep: lookups, fills, evictions, moves |
//! | `answer` | an answer on its way up, those who wait for it, its arrival |
//! | `race` | hedged reads |
//! | `write` | writes and versions |
//! | `disturb` | faults |
//! | `secure` | erasure, encryption, the audit log |

mod answer;
mod ask;
mod disturb;
mod keep;
mod live;
mod race;
mod secure;
mod write;

use std::ops::ControlFlow;

use cache::Unit;
use trace::stream::Stream;
use trace::{NO_TTL, ObjectId, Op, Trace};

use self::live::LiveTier;
use self::secure::Secure;
use self::write::Ledger;
use crate::events::{Event, Events, What};
use crate::flight::{Flight, Flights, Purpose};
use crate::recorder::Recorder;
use crate::router::Route;
use crate::stack::Fill;
use crate::{Error, Inclusion, Outcome, Stack, Tier, Writes};

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The requests.
    pub trace: &'a Trace,
    /// From [`Arrivals::times`](crate::Arrivals::times): one a request, never decreasing. If there are fewer,
    /// the run ends with the last of them: the requests beyond never come.
    pub arrivals: &'a [u64],
    /// The stack.
    pub stack: &'a Stack,
    /// Seed of all draws.
    pub seed: u64,
    /// Requests at the start that are simulated but not counted.
    pub warmup: usize,
    /// Into how many equal stretches of time the series is cut.
    pub n_windows: usize,
    /// So many clients send their next request when they have their answer, instead of when the
    /// trace says. Latency then leaves out the time that requests were held back (coordinated
    /// omission); it is there to show what that hides.
    pub closed_loop: Option<u32>,
    /// Keeps how every read ended, in [`Outcome::read_ends`]: 16 bytes a read.
    pub keep_reads: bool,
}

impl<'a> Run<'a> {
    /// All requests counted, open loop, one window.
    pub fn new(trace: &'a Trace, arrivals: &'a [u64], stack: &'a Stack, seed: u64) -> Self {
        let (warmup, n_windows, closed_loop, keep_reads) = (0, 1, None, false);
        Run { trace, arrivals, stack, seed, warmup, n_windows, closed_loop, keep_reads }
    }
}

/// Simulates the run. `progress` is told the number of requests that have arrived, every some
/// thousand, and may stop the run, which then returns `None`.
///
/// # Errors
/// If a tier cannot be built, or the trace has 2^32 requests or more.
///
/// # Panics
/// If there are more arrivals than requests.
pub fn simulate(
    run: &Run<'_>,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Outcome>, Error> {
    let n = run.trace.n_requests();
    assert!(run.arrivals.len() <= n, "an arrival is of a request");
    if u32::try_from(n).is_err() {
        return Err(Error::TooLong(n));
    }
    let mut engine = Engine::new(run)?;
    match run.closed_loop {
        None => {
            for (index, arrival) in run.arrivals.iter().enumerate() {
                engine.until = *arrival;
                engine.advance();
                engine.look_ahead(index);
                engine.until = run.arrivals.get(index + 1).copied().unwrap_or(u64::MAX);
                engine.arrive(index, *arrival);
                if index % 4096 == 0 && progress(index).is_break() {
                    return Ok(None);
                }
            }
            engine.advance();
        }
        Some(clients) => {
            engine.admit_clients(clients);
            while engine.step() {
                if engine.next_request % 4096 == 0 && progress(engine.next_request).is_break() {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some(engine.finish()))
}

/// How many requests ahead: a few hundred nanoseconds.
const LOOK_AHEAD: usize = 8;

struct Engine<'a> {
    run: &'a Run<'a>,
    trace: &'a Trace,
    stack: &'a Stack,
    /// The tiers, and the origin as the last of them.
    tiers: Vec<LiveTier<'a>>,
    route: Route,
    flights: Flights,
    events: Events,
    ledger: Ledger,
    recorder: Recorder<'a>,
    /// Erasure, encryption and the audit log, if the stack has any of them.
    secure: Option<Box<Secure>>,
    /// Time to live that each object's last write set; empty if the trace has none.
    written_ttl: Vec<u64>,
    /// Reads of each object so far; empty if no rule asks.
    accesses: Vec<u32>,
    /// Victims of the eviction under way.
    victims: Vec<ObjectId>,
    chances: Chances,
    /// Closed loop: the next request to send.
    next_request: usize,
    now: u64,
    /// What is due before or at this time happens before the next request arrives. In closed loop that
    /// is all: requests are events then.
    until: u64,
    /// When something last happened to a request: faults and upkeep may come later.
    last_use: u64,
}

/// Streams of draws that are not latencies.
struct Chances {
    fill: Stream,
    jitter: Stream,
    early: Stream,
    errors: Stream,
    absent: Stream,
}

impl<'a> Engine<'a> {
    fn new(run: &'a Run<'a>) -> Result<Self, Error> {
        let (trace, stack) = (run.trace, run.stack);
        if stack.tiers.len() > crate::MOST_TIERS {
            return Err(Error::TooManyTiers(stack.tiers.len()));
        }
        let has_ttl = trace.columns().ttl_ns.is_some();
        let writes = trace.columns().op.is_some() && stack.writes != Writes::Ignore;
        let versions = writes || stack.erasure.is_some();
        check_units(stack, trace)?;
        // What moves between tiers takes along until when it is fresh.
        let moves = stack.tiers.iter().any(|tier| tier.inclusion == Inclusion::Exclusive);
        let expires = |tier: &Tier| {
            has_ttl || tier.freshness.ttl.is_some() || tier.freshness.negative_ttl.is_some()
        };
        let all_expire = moves && stack.tiers.iter().any(expires);
        let mut tiers = Vec::new();
        for (number, spec) in stack.tiers.iter().enumerate() {
            let expiry = all_expire || expires(spec);
            let below = stack.tiers.get(number + 1);
            tiers.push(LiveTier::of_tier(spec, below, run, expiry, versions)?);
        }
        tiers.push(LiveTier::of_origin(&stack.origin, run)?);
        let counts_accesses = stack.demotion.is_some()
            || stack.tiers.iter().any(|tier| matches!(tier.fill, Fill::Accesses(_)));
        let n_objects = trace.n_objects() as usize;
        let chance = |what: &str| Stream::new(run.seed, what);
        let mut engine = Engine {
            run,
            trace,
            stack,
            route: stack.router.start(trace, stack.tiers.len()),
            flights: Flights::new(tiers.len()),
            events: Events::default(),
            ledger: Ledger::new(if versions { n_objects } else { 0 }),
            recorder: Recorder::new(run, tiers.len()),
            tiers,
            secure: Secure::new(run)?,
            written_ttl: if has_ttl { vec![NO_TTL; n_objects] } else { Vec::new() },
            accesses: if counts_accesses { vec![0; n_objects] } else { Vec::new() },
            victims: Vec::new(),
            chances: Chances {
                fill: chance("fill"),
                jitter: chance("jitter of time to live"),
                early: chance("early refresh"),
                errors: chance("errors"),
                absent: chance("absent objects"),
            },
            next_request: 0,
            now: run.arrivals.first().copied().unwrap_or(0),
            until: u64::MAX,
            last_use: run
                .arrivals
                .last()
                .copied()
                .filter(|_| run.closed_loop.is_none())
                .unwrap_or(0),
        };
        engine.check_faults()?;
        engine.schedule_faults();
        engine.schedule_security();
        for tier in 0..engine.tiers.len() {
            engine.tend_later(tier);
        }
        Ok(engine)
    }

    /// Lets everything happen that is due before the next request arrives.
    fn advance(&mut self) {
        while self.step() {}
    }

    /// Lets the next event happen, if it is due.
    #[inline(always)]
    fn step(&mut self) -> bool {
        let Some(event) = self.events.next_due(self.until) else { return false };
        self.now = event.time;
        // A flight was last looked at when it asked, many others ago.
        if let Some(upcoming) = self.events.upcoming() {
            self.flights.touch(upcoming.id, usize::from(upcoming.tier));
        }
        let Event { time: now, id, tier, what, .. } = event;
        let tier = usize::from(tier);
        match what {
            What::Ask => self.ask(id, tier, now),
            What::Answer => self.on_answer(id, tier, now),
            What::Miss => self.on_miss(id, tier, now),
            What::Fail => self.on_failure(id, tier, now),
            What::TimeOut => self.on_time_out(id, tier, now),
            What::Launch => self.on_launch(id, tier, now),
            What::Apply => self.apply_write(id, tier, now),
            What::Flush => self.flush_dirty(id, now),
            _ => {
                self.happen_without_flight(&event);
                return true;
            }
        }
        self.last_use = self.last_use.max(now);
        self.flights.release(id);
        true
    }

    /// Lets an event happen that concerns no flight.
    fn happen_without_flight(&mut self, event: &Event) {
        let Event { time: now, id, tier, what, .. } = *event;
        let tier = usize::from(tier);
        match what {
            What::Arrive => self.send_next(now),
            What::Wake => self.wake_station(tier, id, now),
            What::Tend => self.tend(tier, now),
            What::Fault => self.disturb(id as usize, now),
            What::Sweep => self.sweep(tier, id, now),
            What::Erase => self.erase(id as usize, now),
            What::Purge => self.purge(id as usize, tier, now),
            What::Rotate => self.rotate(tier, now),
            of_a_flight => unreachable!("{of_a_flight:?} is about a flight"),
        }
    }

    /// Schedules something that concerns a flight, which stays until then.
    #[inline]
    fn later(&mut self, time: u64, what: What, tier: usize, flight: u32) {
        self.flights.hold(flight);
        self.events.schedule(time, what, tier, flight);
    }

    /// Has the memory fetched that a request some places ahead will need.
    #[inline]
    fn look_ahead(&self, index: usize) {
        if let Some(upcoming) = self.trace.objects().get(index + LOOK_AHEAD) {
            for tier in &self.tiers {
                tier.touch(*upcoming);
            }
        }
    }

    /// A request arrives.
    fn arrive(&mut self, index: usize, now: u64) {
        self.now = now;
        if index == self.run.warmup {
            self.tiers.iter_mut().for_each(|tier| tier.start_counting(now));
            self.recorder.start_counting(now);
            self.start_counting_keys();
        }
        match self.trace.op(index) {
            Op::Get => self.read(index, now),
            op => self.write(index, op, now),
        }
    }

    fn read(&mut self, index: usize, now: u64) {
        let object = self.trace.objects()[index];
        self.recorder.arrived(index, self.size(index as u32));
        if let Some(reads) = self.accesses.get_mut(object.index()) {
            *reads = reads.saturating_add(1);
        }
        let (first, class) = match &mut self.route {
            Route::Predicted(path) => path.first_tier(object, index as u64),
            _ => (0, 0),
        };
        let plain = self.tiers[first].is_plain && !self.is_to_be_erased(object);
        if plain && self.read_plainly(index, first, class, now) {
            return;
        }
        let mut flight = Flight::new(index as u32, Purpose::Read, now);
        flight.expects = self.ledger.acknowledged(object);
        flight.erased = self.erased_below(object);
        flight.class = class;
        let id = self.flights.start(flight);
        self.descend(id, first, now);
        self.flights.release(id);
    }

    /// Closed loop: every client sends its first request.
    fn admit_clients(&mut self, clients: u32) {
        let start = self.now;
        for _ in 0..clients.max(1) {
            self.events.schedule(start, What::Arrive, 0, 0);
        }
    }

    /// Closed loop: a client that has its answer sends the next request.
    fn send_next(&mut self, now: u64) {
        self.last_use = now;
        if self.next_request < self.run.arrivals.len() {
            self.next_request += 1;
            self.arrive(self.next_request - 1, now);
        }
    }

    /// Closed loop: the client of a request is free again.
    fn client_is_free(&mut self, now: u64) {
        if self.run.closed_loop.is_some() {
            self.events.schedule(now, What::Arrive, 0, 0);
        }
    }

    fn finish(mut self) -> Outcome {
        debug_assert!(self.flights.all_ended(), "a flight is held by nobody who will end it");
        let now = self.now;
        let encrypted: Vec<_> = (0..self.tiers.len()).map(|tier| self.encrypted(tier)).collect();
        let (erasure, audit) = self.finish_security(now);
        let mut outcome = self.recorder.finish(self.last_use);
        (outcome.erasure, outcome.audit) = (erasure, audit);
        for ((tier, counts), keys) in self.tiers.iter_mut().zip(&mut outcome.tiers).zip(encrypted) {
            tier.finish(now, counts);
            counts.cpu_ns = keys.map_or(0, |keys| keys.keys.cpu_ns);
            counts.encryption = keys;
        }
        outcome.in_flight_max = self.flights.most() as u64;
        outcome
    }

    /// Bytes of the answer: what the trace says, or one if there is no such object.
    #[inline(always)]
    fn size(&self, index: u32) -> u64 {
        // Looked at first: as a rule all objects are there, and then which one it is does not matter.
        if self.stack.origin.absent > 0.0 && self.is_absent(self.object(index)) {
            1
        } else {
            self.trace.size(index as usize)
        }
    }

    /// Whether the origin has no such object.
    #[inline(always)]
    fn is_absent(&self, object: ObjectId) -> bool {
        let share = self.stack.origin.absent;
        share > 0.0 && self.chances.absent.uniform_at(u64::from(object.0)) < share
    }
}

/// What an exclusive tier takes in from the tier above is as large as it was there.
fn check_units(stack: &Stack, trace: &Trace) -> Result<(), Error> {
    let lower = stack.tiers.windows(2).find(|pair| {
        pair[1].inclusion == Inclusion::Exclusive
            && (pair[0].unit, pair[1].unit) == (Unit::Objects, Unit::Bytes)
            && trace.columns().size.is_some()
    });
    match lower {
        None => Ok(()),
        Some(pair) => Err(Error::Tier {
            tier: pair[1].name.clone(),
            what: format!(
                "it is exclusive and counts bytes, but tier {} above it counts objects and knows no \
                 sizes; give both the same unit",
                pair[0].name
            ),
        }),
    }
}

/// The number of a draw: each try of a request draws anew.
fn draw(request: u32, tries: u8) -> u64 {
    u64::from(request) | u64::from(tries) << 32
}
