//! The engine once more, slowly and plainly, from the documents and without its code: a sorted list
//! of events, lists of what each tier holds, and nothing reused. It has constant latencies, LRU
//! contents, service stations with bounded queues and time limits, coalescing, times to live with
//! refresh of stale copies, inclusion, and races; it has no writes, no retries and no faults.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;
use trace::Trace;
use trace::units::Nanos;

use super::laws::assert_ended_as;
use super::random::{Requests, run_any, times};
use super::{stack, tier, trace_of};
use crate::ReadEnd;
use crate::{
    Ending, Hedge, HedgeLeg, Inclusion, LatencyProfile, Misses, OnMiss, Router, Service, Settle,
    Stack, StationSpec,
};

#[derive(Debug, Clone)]
struct Spec {
    capacity: usize,
    latency: u64,
    coalesce: bool,
    inclusion: Inclusion,
    ttl: Option<u64>,
    revalidate: u64,
    station: Option<Servers>,
}

#[derive(Debug, Clone, Copy)]
struct Servers {
    n: usize,
    /// How long each keeps its server; as long as its latency if `None`.
    service: Option<u64>,
    queue: Option<usize>,
    timeout: Option<u64>,
}

/// A stack as the twin knows it; the origin is the last of the tiers.
#[derive(Debug, Clone)]
struct Plan {
    tiers: Vec<Spec>,
    race: Option<Race>,
}

#[derive(Debug, Clone)]
struct Race {
    /// Tier, and how long after the first leg it starts.
    legs: Vec<(usize, u64)>,
    miss_settles: bool,
    miss_launches: bool,
    cancel: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Answer(usize),
    Miss(usize),
    Fail(usize),
    TimeOut(usize),
    Launch(usize),
    /// A server of the tier is free; the reader does not matter.
    Free(usize),
}

#[derive(Debug, Clone, Default)]
struct Reader {
    request: usize,
    /// The tier a refresh is for; `None` for a client's read.
    refreshes: Option<usize>,
    arrived: u64,
    done: bool,
    asked: BTreeMap<usize, u64>,
    leads: BTreeSet<usize>,
    delayed: BTreeSet<usize>,
    stale: BTreeSet<usize>,
    /// The race: legs under way, how many were started, and whether it was lost.
    open: BTreeSet<usize>,
    started: usize,
    lost: bool,
}

#[derive(Debug, Default)]
struct TierNow {
    /// Object and when it expires, least recently used first.
    contents: Vec<(u32, u64)>,
    busy: usize,
    queue: VecDeque<usize>,
    /// Who fetches an object, and who waits for it from when on.
    fetches: BTreeMap<u32, (usize, Vec<(usize, u64)>)>,
    lookups: u64,
    shed: u64,
    timeouts: u64,
    failures: u64,
    refreshes: u64,
    cancelled: u64,
}

struct Twin<'a> {
    plan: &'a Plan,
    trace: &'a Trace,
    now: u64,
    events: Vec<(u64, u64, usize, What)>,
    sequence: u64,
    readers: Vec<Reader>,
    tiers: Vec<TierNow>,
    ended: Vec<ReadEnd>,
}

const NEVER: u64 = u64::MAX;

impl Twin<'_> {
    fn replay<'a>(plan: &'a Plan, requests: &'a Requests) -> Twin<'a> {
        let mut twin = Twin {
            plan,
            trace: &requests.trace,
            now: 0,
            events: Vec::new(),
            sequence: 0,
            readers: Vec::new(),
            tiers: plan.tiers.iter().map(|_| TierNow::default()).collect(),
            ended: Vec::new(),
        };
        for (request, arrival) in requests.arrivals.iter().enumerate() {
            twin.run_until(*arrival);
            twin.now = *arrival;
            let reader = Reader { request, arrived: *arrival, ..Reader::default() };
            twin.readers.push(reader);
            twin.go_on(twin.readers.len() - 1, 0);
        }
        twin.run_until(NEVER);
        twin.ended.sort();
        twin
    }

    fn run_until(&mut self, until: u64) {
        loop {
            self.events.sort();
            if self.events.first().is_none_or(|event| event.0 > until) {
                return;
            }
            let (now, _, reader, what) = self.events.remove(0);
            self.now = now;
            match what {
                What::Answer(tier) => self.answered(reader, tier),
                What::Miss(tier) if !self.is_unwanted(reader, tier) => {
                    self.goes_without(reader, tier)
                }
                What::Miss(_) => {}
                What::Fail(tier) => self.failed(reader, tier),
                What::TimeOut(tier) => self.waited_enough(reader, tier),
                What::Launch(leg) => self.timer(reader, leg),
                What::Free(tier) => self.server_is_free(tier),
            }
        }
    }

    fn after(&mut self, wait: u64, reader: usize, what: What) {
        self.sequence += 1;
        self.events.push((self.now + wait, self.sequence, reader, what));
    }

    fn origin(&self) -> usize {
        self.plan.tiers.len() - 1
    }

    fn object(&self, reader: usize) -> u32 {
        self.trace.objects()[self.readers[reader].request].0
    }

    fn go_on(&mut self, reader: usize, tier: usize) {
        let races = self.plan.race.as_ref().is_some_and(|race| race.legs[0].0 == tier)
            && self.readers[reader].refreshes.is_none()
            && !self.readers[reader].lost;
        if !races {
            return self.ask(reader, tier);
        }
        let legs = self.plan.race.as_ref().unwrap().legs.clone();
        self.start_leg(reader);
        for (number, leg) in legs.iter().enumerate().skip(1) {
            self.after(leg.1, reader, What::Launch(number));
        }
    }

    fn start_leg(&mut self, reader: usize) {
        let race = self.plan.race.as_ref().unwrap();
        let Some((tier, _)) = race.legs.get(self.readers[reader].started).copied() else { return };
        self.readers[reader].started += 1;
        self.readers[reader].open.insert(tier);
        self.ask(reader, tier);
    }

    fn timer(&mut self, reader: usize, leg: usize) {
        let Reader { done, lost, started, .. } = self.readers[reader];
        if !done && !lost && started <= leg {
            self.start_leg(reader);
        }
    }

    fn is_unwanted(&self, reader: usize, tier: usize) -> bool {
        let in_race = |race: &Race| race.legs.iter().any(|leg| leg.0 == tier);
        self.readers[reader].done
            || (self.readers[reader].lost && self.plan.race.as_ref().is_some_and(in_race))
    }

    fn ask(&mut self, reader: usize, tier: usize) {
        self.readers[reader].asked.insert(tier, self.now);
        self.tiers[tier].lookups += 1;
        let latency = self.plan.tiers[tier].latency;
        let live = &mut self.tiers[tier];
        match self.plan.tiers[tier].station {
            None => self.serve(reader, tier),
            Some(servers) if live.busy < servers.n && live.queue.is_empty() => {
                self.serve(reader, tier);
            }
            Some(Servers { queue: Some(most), .. }) if live.queue.len() >= most => {
                live.shed += 1;
                self.after(latency, reader, What::Fail(tier));
            }
            Some(Servers { timeout, .. }) => {
                live.queue.push_back(reader);
                if let Some(timeout) = timeout {
                    self.after(timeout, reader, What::TimeOut(tier));
                }
            }
        }
    }

    fn server_is_free(&mut self, tier: usize) {
        self.tiers[tier].busy -= 1;
        while self.tiers[tier].busy < self.plan.tiers[tier].station.unwrap().n {
            let Some(next) = self.tiers[tier].queue.pop_front() else { return };
            self.serve(next, tier);
        }
    }

    fn waited_enough(&mut self, reader: usize, tier: usize) {
        let queue = &mut self.tiers[tier].queue;
        if let Some(at) = queue.iter().position(|waiting| *waiting == reader) {
            queue.remove(at);
            self.tiers[tier].timeouts += 1;
            self.failed(reader, tier);
        }
    }

    fn failed(&mut self, reader: usize, tier: usize) {
        self.tiers[tier].failures += 1;
        if self.is_unwanted(reader, tier) {
        } else if tier == self.origin() {
            self.give_up(reader, self.now);
        } else {
            self.goes_without(reader, tier);
        }
    }

    fn serve(&mut self, reader: usize, tier: usize) {
        let Spec { latency, station, .. } = self.plan.tiers[tier];
        let found = self.look(reader, tier);
        if station.is_some() {
            self.tiers[tier].busy += 1;
        }
        let waited = self.now - self.readers[reader].asked[&tier];
        let timeout = station.and_then(|servers| servers.timeout);
        match timeout {
            Some(timeout) if waited + latency > timeout => {
                self.tiers[tier].timeouts += 1;
                self.after(timeout.saturating_sub(waited), reader, What::Fail(tier));
            }
            _ if found == Some(true) => {
                self.readers[reader].stale.insert(tier);
                self.refresh(reader, tier);
                self.after(latency, reader, What::Answer(tier));
            }
            _ if found == Some(false) => self.after(latency, reader, What::Answer(tier)),
            _ => self.missed(reader, tier),
        }
        if let Some(servers) = station {
            self.after(servers.service.unwrap_or(latency), reader, What::Free(tier));
        }
    }

    /// Whether the tier has the object, and if so, whether its time is up.
    fn look(&mut self, reader: usize, tier: usize) -> Option<bool> {
        if tier == self.origin() {
            return Some(false);
        }
        let object = self.object(reader);
        let at = self.position(tier, object)?;
        let (_, expires) = self.tiers[tier].contents.remove(at);
        if expires <= self.now && self.now - expires >= self.plan.tiers[tier].revalidate {
            if self.plan.tiers[tier].inclusion == Inclusion::Inclusive {
                self.remove_above(tier, object);
            }
            return None;
        }
        self.tiers[tier].contents.push((object, expires));
        Some(expires <= self.now)
    }

    fn position(&self, tier: usize, object: u32) -> Option<usize> {
        self.tiers[tier].contents.iter().position(|held| held.0 == object)
    }

    fn remove_above(&mut self, tier: usize, object: u32) {
        for above in &mut self.tiers[..tier] {
            above.contents.retain(|held| held.0 != object);
        }
    }

    fn refresh(&mut self, reader: usize, tier: usize) {
        let object = self.object(reader);
        if self.tiers[tier].fetches.contains_key(&object) {
            return;
        }
        let request = self.readers[reader].request;
        let mut refresh = Reader { request, refreshes: Some(tier), ..Reader::default() };
        refresh.leads.insert(tier);
        self.readers.push(refresh);
        let number = self.readers.len() - 1;
        self.tiers[tier].fetches.insert(object, (number, Vec::new()));
        self.tiers[tier].refreshes += 1;
        self.ask(number, tier + 1);
    }

    fn missed(&mut self, reader: usize, tier: usize) {
        let latency = self.plan.tiers[tier].latency;
        let object = self.object(reader);
        let coalesces = self.plan.tiers[tier].coalesce
            && self.readers[reader].refreshes.is_none()
            && !self.is_unwanted(reader, tier);
        let undecided_above = self.readers[reader].open.range(..tier).next().is_some();
        let fetch = self.tiers[tier].fetches.get_mut(&object);
        match fetch {
            Some((_, waiters)) if coalesces => waiters.push((reader, self.now + latency)),
            None if coalesces && !undecided_above => {
                self.tiers[tier].fetches.insert(object, (reader, Vec::new()));
                self.readers[reader].leads.insert(tier);
                self.after(latency, reader, What::Miss(tier));
            }
            _ => self.after(latency, reader, What::Miss(tier)),
        }
    }

    /// The tier did not help the reader.
    fn goes_without(&mut self, reader: usize, tier: usize) {
        let Some(race) = self.plan.race.clone() else { return self.ask(reader, tier + 1) };
        if !self.readers[reader].open.remove(&tier) {
            return self.go_on(reader, tier + 1);
        }
        let Reader { open, started, .. } = &self.readers[reader];
        let all_lost = open.is_empty() && *started == race.legs.len();
        if race.miss_settles || all_lost {
            self.end_race(reader);
            self.readers[reader].lost = true;
            self.ask(reader, race.legs[race.legs.len() - 1].0 + 1);
        } else if race.miss_launches {
            self.start_leg(reader);
        }
    }

    fn end_race(&mut self, reader: usize) {
        for tier in std::mem::take(&mut self.readers[reader].open) {
            let queue = &mut self.tiers[tier].queue;
            let at = queue.iter().position(|waiting| *waiting == reader);
            if let Some(at) = at.filter(|_| self.plan.race.as_ref().unwrap().cancel) {
                queue.remove(at);
                self.tiers[tier].cancelled += 1;
            }
        }
    }

    fn answered(&mut self, reader: usize, from: usize) {
        if self.is_unwanted(reader, from) {
            return;
        }
        self.readers[reader].done = true;
        self.end_race(reader);
        let object = self.object(reader);
        let top = self.readers[reader].refreshes.unwrap_or(0);
        let mut moved = None;
        let may_move = self.plan.tiers[from].inclusion == Inclusion::Exclusive
            && !self.readers[reader].stale.contains(&from);
        let taken = |above: usize| self.plan.tiers[above].inclusion != Inclusion::Exclusive;
        let refreshes = self.readers[reader].refreshes;
        let welcome = (top..from).any(|above| taken(above) || refreshes == Some(above));
        if let Some(at) = self.position(from, object).filter(|_| may_move && welcome) {
            moved = Some(self.tiers[from].contents.remove(at).1);
        }
        for above in (top..from).rev() {
            self.end_fetch(reader, above, object);
            let exclusive = self.plan.tiers[above].inclusion == Inclusion::Exclusive;
            if !exclusive || refreshes == Some(above) {
                let ttl = self.plan.tiers[above].ttl;
                let expires = ttl.map_or(NEVER, |ttl| self.now + ttl);
                self.put(above, object, expires.min(moved.unwrap_or(NEVER)));
            }
        }
        let read = &self.readers[reader];
        if refreshes.is_some() {
            return;
        }
        let ending = if from == self.origin() {
            Ending::Miss
        } else if read.stale.contains(&from) {
            Ending::Stale
        } else if read.delayed.contains(&from) {
            Ending::Delayed
        } else {
            Ending::Hit
        };
        self.end(reader, ending, Some(from), self.now);
    }

    fn end(&mut self, reader: usize, ending: Ending, tier: Option<usize>, at: u64) {
        let read = &self.readers[reader];
        let (request, latency) = (read.request as u32, at - read.arrived);
        let tier = tier.map(|tier| tier as u8);
        self.ended.push(ReadEnd { request, ending, tier, latency });
    }

    /// Those who wait for the reader's fetch have what it has.
    fn end_fetch(&mut self, reader: usize, tier: usize, object: u32) {
        for (waiter, from) in self.take_waiters(reader, tier, object) {
            self.readers[waiter].delayed.insert(tier);
            if from > self.now {
                self.after(from - self.now, waiter, What::Answer(tier));
            } else {
                self.answered(waiter, tier);
            }
        }
    }

    fn take_waiters(&mut self, reader: usize, tier: usize, object: u32) -> Vec<(usize, u64)> {
        if !self.readers[reader].leads.contains(&tier) {
            return Vec::new();
        }
        let (leader, waiters) = self.tiers[tier].fetches.remove(&object).unwrap();
        assert_eq!(leader, reader);
        waiters
    }

    fn give_up(&mut self, reader: usize, at: u64) {
        self.readers[reader].done = true;
        let object = self.object(reader);
        for tier in 0..self.origin() {
            for (waiter, from) in self.take_waiters(reader, tier, object) {
                if self.readers[waiter].open.contains(&tier) {
                    self.after(at.max(from) - self.now, waiter, What::Miss(tier));
                } else if !self.is_unwanted(waiter, tier) {
                    self.give_up(waiter, at.max(from));
                }
            }
        }
        if self.readers[reader].refreshes.is_none() {
            self.end(reader, Ending::Error, None, at);
        }
    }

    fn put(&mut self, tier: usize, object: u32, expires: u64) {
        if let Some(at) = self.position(tier, object) {
            self.tiers[tier].contents[at].1 = expires;
            return;
        }
        let Spec { capacity, inclusion, .. } = self.plan.tiers[tier];
        let victim = (self.tiers[tier].contents.len() == capacity)
            .then(|| self.tiers[tier].contents.remove(0));
        self.tiers[tier].contents.push((object, expires));
        let Some((victim, expires)) = victim else { return };
        if inclusion == Inclusion::Inclusive {
            self.remove_above(tier, victim);
        }
        let takes_victims =
            tier + 1 < self.origin() && self.plan.tiers[tier + 1].inclusion == Inclusion::Exclusive;
        if takes_victims && expires > self.now && self.position(tier + 1, victim).is_none() {
            self.put(tier + 1, victim, expires);
        }
    }
}

fn stack_of(plan: &Plan) -> Stack {
    let station = |spec: &Spec| {
        spec.station.map(|servers| StationSpec {
            service: servers
                .service
                .map_or(Service::Latency, |ns| Service::Own(LatencyProfile::constant(Nanos(ns)))),
            queue: servers.queue.map(|most| most as u32),
            timeout: servers.timeout.map(Nanos),
            ..StationSpec::new(servers.n as u32)
        })
    };
    let (origin, tiers) = plan.tiers.split_last().unwrap();
    let tiers = tiers.iter().enumerate().map(|(number, spec)| {
        let mut tier =
            tier(&format!("T{number}"), "lru", spec.capacity as u64, Nanos(spec.latency));
        tier.misses = if spec.coalesce { Misses::Coalesce } else { Misses::Independent };
        tier.inclusion = spec.inclusion;
        tier.freshness.ttl = spec.ttl.map(Nanos);
        tier.freshness.stale_while_revalidate = Nanos(spec.revalidate);
        tier.station = station(spec);
        tier
    });
    let mut stack = stack(tiers.collect(), Nanos(origin.latency));
    stack.origin.station = station(origin);
    if let Some(race) = &plan.race {
        let leg = |(tier, after): &(usize, u64)| HedgeLeg { tier: *tier, after: Nanos(*after) };
        stack.router = Router::Hedged(Hedge {
            legs: race.legs.iter().map(leg).collect(),
            settle: if race.miss_settles { Settle::FirstSettled } else { Settle::FirstHit },
            on_miss: if race.miss_launches { OnMiss::LaunchNext } else { OnMiss::WaitForTimer },
            cancel: race.cancel,
        });
    }
    stack
}

/// Times that hardly ever coincide: the order of what does is the engine's own affair. So a server is
/// not free just when one who waits for another's fetch learns that he missed.
fn plans(n_tiers: usize) -> impl Strategy<Value = Plan> {
    let servers = || {
        let ns = |most: u64| prop::option::of(1..most);
        prop::option::of((1..3usize, ns(400_000), prop::option::of(0..3usize), ns(1_500_000)))
    };
    let inclusions = vec![Inclusion::NonInclusive, Inclusion::Inclusive, Inclusion::Exclusive];
    let spec = (
        1..5usize,
        1..400_000u64,
        any::<bool>(),
        prop::sample::select(inclusions),
        prop::option::of(1..6_000_000u64),
        prop_oneof![Just(0), 1..4_000_000u64],
        servers(),
    )
        .prop_map(|(capacity, latency, coalesce, inclusion, ttl, revalidate, servers)| Spec {
            capacity,
            latency,
            coalesce,
            inclusion,
            ttl,
            revalidate,
            station: servers.map(|(n, service, queue, timeout)| Servers {
                n,
                service: service.or(coalesce.then_some(latency / 2 + 1)),
                queue,
                timeout,
            }),
        });
    prop::collection::vec(spec, n_tiers + 1).prop_map(|mut tiers| {
        // Nothing stands above the first tier, and the origin keeps everything.
        tiers[0].inclusion = Inclusion::NonInclusive;
        let origin = tiers.last_mut().unwrap();
        origin.inclusion = Inclusion::NonInclusive;
        Plan { tiers, race: None }
    })
}

fn raced_plans() -> impl Strategy<Value = Plan> {
    (2..4usize)
        .prop_flat_map(|n_tiers| {
            let legs = (0..n_tiers - 1, 2..=n_tiers, prop::collection::vec(1..500_000u64, n_tiers));
            (plans(n_tiers), legs, any::<[bool; 3]>())
        })
        .prop_map(|(plan, (first, n_legs, mut waits), [miss_settles, miss_launches, cancel])| {
            waits.sort_unstable();
            waits.insert(0, 0);
            let legs = (first..plan.tiers.len() - 1).take(n_legs).zip(waits).collect();
            Plan { race: Some(Race { legs, miss_settles, miss_launches, cancel }), ..plan }
        })
}

fn reads() -> impl Strategy<Value = Requests> {
    let gap = prop_oneof![3 => 1..150_000u64, 1 => 1..1_500_000u64];
    prop::collection::vec((0..8u32, gap), 1..80).prop_map(|rows| Requests {
        trace: trace_of(&rows.iter().map(|row| row.0).collect::<Vec<_>>()),
        arrivals: times(rows.iter().map(|row| row.1)),
    })
}

fn compare(plan: &Plan, requests: &Requests) -> Result<(), TestCaseError> {
    let outcome = run_any(requests, &stack_of(plan), None);
    // Time counts from the first arrival in both.
    let twin = Twin::replay(plan, requests);
    assert_ended_as(&outcome, &twin.ended)?;
    for (number, (engine, twin)) in outcome.tiers.iter().zip(&twin.tiers).enumerate() {
        let engine = [
            engine.lookups,
            engine.shed,
            engine.timeouts,
            engine.failures,
            engine.refreshes,
            engine.cancelled,
        ];
        let twin =
            [twin.lookups, twin.shed, twin.timeouts, twin.failures, twin.refreshes, twin.cancelled];
        prop_assert_eq!(
            engine,
            twin,
            "tier {}: asked, shed, late, failed, renewed, withdrawn",
            number
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn reads_in_order_end_as_in_the_twin(
        plan in (1..4usize).prop_flat_map(plans),
        requests in reads(),
    ) {
        compare(&plan, &requests)?;
    }

    #[test]
    fn races_end_as_in_the_twin(plan in raced_plans(), requests in reads()) {
        compare(&plan, &requests)?;
    }
}
