//! Asking a tier: finding the server, waiting for it, being served, failing and trying again.

use super::keep::Found;
use super::live::QueueView;
use super::{Engine, draw};
use crate::events::What;
use crate::faults::CONNECT_TIMEOUT;
use crate::fetching::Waiter;
use crate::flight::{Flight, Leg, Purpose};
use crate::latency::LONGEST;
use crate::placement::{Ask, Route as Way};
use crate::router::Route;
use crate::stack::{LEASE_WAIT, Misses};
use crate::station::Offer;

/// A flight at a tier: what does not change while the tier deals with it, read once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    pub(super) id: u32,
    pub(super) tier: usize,
    pub(super) request: u32,
    pub(super) object: trace::ObjectId,
    /// Bytes of the answer.
    pub(super) size: u64,
    pub(super) purpose: Purpose,
    pub(super) node: usize,
    station: usize,
    /// Number of its draws.
    draw: u64,
}

impl Engine<'_> {
    /// The number of the origin among the tiers.
    pub(super) fn origin(&self) -> usize {
        self.tiers.len() - 1
    }

    /// A read goes on to a tier, by the router's rule.
    pub(super) fn go_on(&mut self, id: u32, tier: usize, now: u64) {
        if self.race_starts_at(id, tier) {
            self.start_race(id, now);
        } else {
            self.flights.leg_mut(id, tier).tries = 0;
            self.ask(id, tier, now);
        }
    }

    /// As [`go_on`](Self::go_on), for a caller that does nothing afterwards: where nothing else happens
    /// before the read learns that a tier does not have it, which is as a rule so in memory, it asks the
    /// next one without an event.
    pub(super) fn descend(&mut self, id: u32, mut tier: usize, mut now: u64) {
        loop {
            if self.race_starts_at(id, tier) {
                return self.start_race(id, now);
            }
            self.flights.leg_mut(id, tier).tries = 0;
            let Some(missed) = self.ask_for_miss(id, tier, now) else { return };
            if missed > self.until || !self.events.would_be_next(missed) {
                return self.later(missed, What::Miss, tier, id);
            }
            self.now = missed;
            self.last_use = self.last_use.max(missed);
            if !self.goes_below(id, tier, missed) {
                return;
            }
            (tier, now) = (tier + 1, missed);
        }
    }

    /// A flight asks a tier, or the origin.
    pub(super) fn ask(&mut self, id: u32, tier: usize, now: u64) {
        if let Some(missed) = self.ask_for_miss(id, tier, now) {
            self.later(missed, What::Miss, tier, id);
        }
    }

    /// Asks a tier. If it does not have the object and the flight goes on, when the flight learns so:
    /// that is for the caller to schedule.
    fn ask_for_miss(&mut self, id: u32, tier: usize, now: u64) -> Option<u64> {
        if self.is_unwanted(id, tier) {
            return None;
        }
        let Flight { request, purpose, .. } = *self.flights.get(id);
        let leg = self.flights.leg_mut(id, tier);
        leg.asked = now;
        leg.extra = 0;
        leg.stale = false;
        let tries = leg.tries;
        self.recorder.asked(tier, request, purpose, now);
        let live = &mut self.tiers[tier];
        if tries == 0 {
            live.earn_retry();
        }
        if !live.is_sound && live.cut {
            self.fail_later(id, tier, now);
            return None;
        }
        let station = self.find_way(id, tier, now)?;
        let live = &mut self.tiers[tier];
        if !live.is_sound && live.servers[station].down {
            self.fail_later(id, tier, now);
            return None;
        }
        let offer = match &mut live.servers[station].station {
            None => Offer::Start,
            Some(queue) => queue.offer(id, tag(tier, tries), now),
        };
        match offer {
            Offer::Start => return self.serve(id, tier, now, 0),
            Offer::Wait(wake) => {
                let queue = live.servers[station].station.as_ref();
                let waiting = queue.map_or(0, |queue| queue.n_waiting());
                let timeout = live.timeout();
                self.recorder.queue_is(tier, waiting, now);
                self.flights.hold(id);
                if let Some(at) = wake {
                    self.events.schedule(at, What::Wake, tier, station as u32);
                }
                if let Some(timeout) = timeout {
                    self.later(now + timeout, What::TimeOut, tier, id);
                }
            }
            Offer::Shed => {
                self.recorder.shed(tier, request);
                let there_and_back = live.draws.at_smallest(draw(request, tries), now);
                self.later(now + there_and_back, What::Fail, tier, id);
            }
        }
        None
    }

    /// The node and the station that the flight's request goes to; `None` if it reaches none and
    /// will learn so.
    #[inline]
    fn find_way(&mut self, id: u32, tier: usize, now: u64) -> Option<usize> {
        if self.tiers[tier].is_single { Some(0) } else { self.route(id, tier, now) }
    }

    fn route(&mut self, id: u32, tier: usize, now: u64) -> Option<usize> {
        let flight = self.flights.get(id);
        let ask = self.asking(flight.request, flight.purpose == Purpose::Write, now);
        let flight = self.flights.get_mut(id);
        let live = &mut self.tiers[tier];
        let way = live.placement.route(&ask, &QueueView { servers: &live.servers, now });
        match way {
            Way::To { node, station, extra_ns } => {
                flight.placed |= 1 << tier;
                flight.node[tier] = node as u16;
                flight.station[tier] = station as u16;
                self.flights.leg_mut(id, tier).extra = extra_ns;
                Some(station as usize)
            }
            Way::Unreachable { after_ns } => {
                self.later(now + after_ns, What::Fail, tier, id);
                None
            }
        }
    }

    /// A request as placements see it.
    pub(super) fn asking(&self, request: u32, write: bool, now: u64) -> Ask {
        let columns = self.trace.columns();
        let label = |labels: &Option<trace::Labels>| {
            labels.as_ref().map_or(0, |labels| labels.ids[request as usize])
        };
        Ask {
            object: self.object(request),
            request: u64::from(request),
            client: label(&columns.client),
            region: label(&columns.region),
            now,
            write,
        }
    }

    /// Nobody will answer: the client finds out by waiting.
    fn fail_later(&mut self, id: u32, tier: usize, now: u64) {
        let after = self.tiers[tier].timeout().unwrap_or(CONNECT_TIMEOUT.0);
        self.later(now + after, What::Fail, tier, id);
    }

    /// A server of the station may be free.
    pub(super) fn wake_station(&mut self, tier: usize, station: u32, now: u64) {
        if !self.queue(tier, station).is_some_and(|queue| queue.wakes_now(now)) {
            return;
        }
        while let Some(job) = self.queue(tier, station).and_then(|queue| queue.start_next(now)) {
            if let Some(missed) = self.serve(job.flight, tier, now, job.waited) {
                self.later(missed, What::Miss, tier, job.flight);
            }
            self.flights.release(job.flight);
        }
        if let Some(at) = self.queue(tier, station).and_then(|queue| queue.wakes_next()) {
            self.events.schedule(at, What::Wake, tier, station);
        }
    }

    pub(super) fn queue(
        &mut self,
        tier: usize,
        station: u32,
    ) -> Option<&mut crate::station::Station> {
        self.tiers[tier].servers[station as usize].station.as_mut()
    }

    /// A server takes the request: the contents are looked up now, the answer is there after the
    /// tier's latency. If that is a miss and the flight goes on, when it learns so.
    #[inline(always)]
    fn serve(&mut self, id: u32, tier: usize, now: u64, waited: u64) -> Option<u64> {
        let visit = self.visit(id, tier);
        let fails = self.draws_an_error(&visit);
        let found = if tier == self.origin() {
            self.flights.leg_mut(id, tier).version = self.ledger.stored(visit.object);
            Found::Fresh
        } else if visit.purpose == Purpose::Write {
            // The tier that takes writes: it is asked for nothing else.
            Found::Fresh
        } else if fails {
            Found::Miss
        } else {
            self.look(&visit, now)
        };
        let (took, timed_out) = self.occupy(&visit, found, now);
        if fails || timed_out {
            if timed_out {
                self.recorder.timed_out(tier, visit.request);
            }
            self.later(now + took, What::Fail, tier, id);
            return None;
        }
        let leg = self.flights.leg_mut(id, tier);
        leg.queued += waited;
        leg.served += took;
        self.settle(&visit, found, now, took)
    }

    #[inline(always)]
    fn visit(&self, id: u32, tier: usize) -> Visit {
        let flight = self.flights.get(id);
        let request = flight.request;
        Visit {
            id,
            tier,
            request,
            object: self.object(request),
            size: self.size(request),
            purpose: flight.purpose,
            node: flight.node[tier] as usize,
            station: flight.station[tier] as usize,
            draw: draw(request, self.flights.leg(id, tier).tries),
        }
    }

    /// Draws how long the request takes, keeps its server busy, and tells how long the flight is
    /// occupied by it and whether it gives up before the end.
    #[inline(always)]
    fn occupy(&mut self, visit: &Visit, found: Found, now: u64) -> (u64, bool) {
        let Visit { tier, size, purpose, draw, .. } = *visit;
        let with_body = found.has_answer() || matches!(purpose, Purpose::Write | Purpose::Flush);
        let live = &mut self.tiers[tier];
        let server = &mut live.servers[visit.station];
        let slow = server.slow;
        let latency = if with_body {
            live.draws.at(draw, now, size)
        } else {
            live.draws.at_smallest(draw, now)
        };
        let latency = slowed(latency, slow);
        if let Some(queue) = &mut server.station {
            let busy = match &mut live.service {
                None => latency,
                Some(service) if with_body => slowed(service.at(draw, now, size), slow),
                Some(service) => slowed(service.at_smallest(draw, now), slow),
            };
            let busy = slowed(busy, live.station_spec.map_or(1.0, |spec| spec.stretch));
            queue.occupy(now, now + busy);
            self.recorder.busy(tier, busy, now);
        }
        let timeout = live.timeout();
        let leg = self.flights.leg(visit.id, tier);
        let took = latency + leg.extra;
        if let Some(timeout) = timeout {
            let left = (leg.asked + timeout).saturating_sub(now);
            if took > left {
                return (left, true);
            }
        }
        (took, false)
    }

    /// After a lookup: what the flight does with what it found. If it misses and goes on, when it learns
    /// so.
    #[inline(always)]
    fn settle(&mut self, visit: &Visit, found: Found, now: u64, took: u64) -> Option<u64> {
        let Visit { id, tier, .. } = *visit;
        self.learn(visit, found, took);
        match found {
            Found::Fresh => {}
            Found::Early => self.refresh(id, tier, now),
            Found::Stale => {
                self.flights.leg_mut(id, tier).stale = true;
                self.refresh(id, tier, now);
            }
            Found::Miss => return self.settle_miss(visit, now, took),
        }
        self.later(now + took, What::Answer, tier, id);
        None
    }

    /// A miss goes on below, when it is known, or waits for the fetch under way.
    ///
    /// Nobody fetches for a tier while a leg of its race is under way above: whether it goes on is
    /// open, and it may come to wait there for one who waits for it here. As it is, those who wait
    /// for each other stand ever deeper, and the deepest waits for nobody.
    #[inline(always)]
    fn settle_miss(&mut self, visit: &Visit, now: u64, took: u64) -> Option<u64> {
        let Visit { id, tier, object, purpose, node, .. } = *visit;
        let flight = self.flights.get(id);
        let may_fetch = flight.open & ((1 << tier) - 1) == 0;
        let live = &self.tiers[tier];
        let misses = live.on_miss;
        let goes_on = misses == Misses::Independent
            || purpose != Purpose::Read
            || flight.leads & 1 << tier != 0
            || self.is_unwanted(id, tier);
        let known = Some(now + took);
        if goes_on {
            return known;
        }
        let fetching = &mut self.tiers[tier].nodes[node].fetching;
        if !may_fetch && !fetching.is_under_way(object) {
            return known;
        }
        if fetching.lead(object, id) {
            self.flights.get_mut(id).leads |= 1 << tier;
            return known;
        }
        if misses == Misses::Coalesce {
            fetching.join(object, Waiter { flight: id, since: now + took });
            self.flights.hold(id);
        } else {
            let leg = self.flights.leg_mut(id, tier);
            leg.joined += LEASE_WAIT.0;
            leg.delayed = true;
            self.later(now + took + LEASE_WAIT.0, What::Ask, tier, id);
        }
        None
    }

    /// Tells a predictor what a lookup found.
    #[inline(always)]
    fn learn(&mut self, visit: &Visit, found: Found, took: u64) {
        let origin = self.origin();
        if let Route::Predicted(path) = &mut self.route
            && visit.tier < origin
            && visit.purpose == Purpose::Read
        {
            let class = self.flights.get(visit.id).class;
            path.learn(class, visit.tier, found.has_answer(), took);
        }
    }

    /// A read whose first tier answers without a queue: if it has the object, that is all; if not,
    /// the read becomes a flight. False if the tier must be asked in the usual way.
    #[inline]
    pub(super) fn read_plainly(&mut self, index: usize, tier: usize, class: u8, now: u64) -> bool {
        if !matches!(self.route, Route::Sequential | Route::Predicted(_)) {
            return false;
        }
        let request = index as u32;
        let object = self.trace.objects()[index];
        let has_fresh = self.has_plainly_fresh(tier, object, now);
        if !has_fresh {
            return false;
        }
        self.recorder.asked(tier, request, Purpose::Read, now);
        self.use_plainly(tier, request, now);
        let size = self.size(request);
        let live = &mut self.tiers[tier];
        let latency = slowed(live.draws.at(draw(request, 0), now, size), live.servers[0].slow);
        if let Route::Predicted(path) = &mut self.route {
            path.learn(class, tier, true, latency);
        }
        let old =
            self.tiers[tier].nodes[0].copies.version(object) < self.ledger.acknowledged(object);
        self.recorder.answered_plainly(request, tier, now, latency, size, old);
        self.client_is_free(now + latency);
        true
    }

    /// A try failed.
    pub(super) fn on_failure(&mut self, id: u32, tier: usize, now: u64) {
        // What this try took is lost, whatever it was spent on.
        let leg = self.flights.leg_mut(id, tier);
        leg.lost += now - leg.asked;
        self.try_again(id, tier, now);
    }

    /// After a failed try, whose time is accounted for.
    pub(super) fn try_again(&mut self, id: u32, tier: usize, now: u64) {
        let request = self.flights.get(id).request;
        self.recorder.failed(tier, request, now);
        if self.is_unwanted(id, tier) {
            return self.recorder.wasted(tier, request);
        }
        let retry = self.tiers[tier].retry();
        let leg = self.flights.leg_mut(id, tier);
        let tries = leg.tries;
        if u32::from(tries) < retry.attempts.min(u32::from(u8::MAX))
            && self.tiers[tier].spend_retry()
        {
            let backoff = retry.backoff.0.saturating_mul(1 << tries.min(20)).min(LONGEST.0);
            let leg = self.flights.leg_mut(id, tier);
            leg.tries += 1;
            leg.lost += backoff;
            self.recorder.retried(tier, request);
            return self.later(now + backoff, What::Ask, tier, id);
        }
        if tier == self.origin() || self.flights.get(id).purpose == Purpose::Write {
            self.give_up(id, now);
        } else {
            self.leave(id, tier, now);
        }
    }

    /// A request that still waits for a server is given up.
    pub(super) fn on_time_out(&mut self, id: u32, tier: usize, now: u64) {
        let flight = self.flights.get(id);
        let (request, station) = (flight.request, flight.station[tier]);
        let Leg { asked, tries, .. } = *self.flights.leg(id, tier);
        let timeout = self.tiers[tier].timeout();
        if timeout.is_none_or(|timeout| asked + timeout != now) {
            return;
        }
        let queue = self.queue(tier, u32::from(station));
        if queue.is_some_and(|queue| queue.withdraw(id, tag(tier, tries), now)) {
            self.flights.release(id);
            self.recorder.timed_out(tier, request);
            self.on_failure(id, tier, now);
        }
    }

    #[inline]
    fn draws_an_error(&self, visit: &Visit) -> bool {
        let live = &self.tiers[visit.tier];
        !live.is_sound
            && self.chances.errors.uniform_at(visit.draw ^ live.number) < live.error_share
    }

    /// What the request is for.
    #[inline]
    pub(super) fn object(&self, request: u32) -> trace::ObjectId {
        self.trace.objects()[request as usize]
    }
}

/// Tells the tries of a flight at the tiers apart.
pub(super) fn tag(tier: usize, tries: u8) -> u32 {
    tier as u32 | u32::from(tries) << 8
}

#[inline]
fn slowed(time: u64, factor: f64) -> u64 {
    // By itself the compiler multiplies and converts in any case, which costs more than the test.
    #[cold]
    #[inline(never)]
    fn times(time: u64, factor: f64) -> u64 {
        (time as f64 * factor) as u64
    }
    if factor == 1.0 { time } else { times(time, factor) }
}
