//! An answer on its way up: it fills the tiers it passes, those who wait for it have it too, and the
//! client is told.

use super::Engine;
use crate::events::What;
use crate::fetching::Waiter;
use crate::flight::{Flight, Leg, Purpose};
use crate::outcome::Ending;
use crate::router::Route;
use crate::stack::{Inclusion, Misses};

impl Engine<'_> {
    /// A tier, or the origin, answers.
    pub(super) fn on_answer(&mut self, id: u32, tier: usize, now: u64) {
        let flight = self.flights.get(id);
        let (request, purpose, done) = (flight.request, flight.purpose, flight.done);
        let station = &self.tiers[tier].servers[flight.station[tier] as usize];
        let Leg { asked, version, .. } = *self.flights.leg(id, tier);
        if station.fell_at.is_some_and(|fell| fell > asked) {
            // The machine failed while it was working on this.
            return self.on_failure(id, tier, now);
        }
        match purpose {
            Purpose::Write => self.on_written(id, tier, now),
            Purpose::Flush => self.on_flushed(id, now),
            Purpose::Read | Purpose::Refresh if done || self.is_void(id, tier) => {
                self.recorder.wasted(tier, request);
            }
            Purpose::Read | Purpose::Refresh => {
                self.flights.get_mut(id).version = version;
                self.recorder.sent(tier, request, self.size(request), now);
                self.resolve(id, tier, now);
            }
        }
    }

    /// The flight has its answer, from this tier: its own or that of the fetch it waited for.
    fn resolve(&mut self, id: u32, tier: usize, now: u64) {
        let flight = self.flights.get_mut(id);
        flight.done = true;
        let (top, leads) = (usize::from(flight.top), flight.leads);
        self.call_off_race(id, now);
        let gives_away = self
            .stack
            .tiers
            .get(tier)
            .is_some_and(|spec| spec.inclusion == Inclusion::Exclusive && tier > top);
        if gives_away {
            self.move_up(id, tier, now);
        }
        for above in (top..tier).rev() {
            let outdated = self.finish_fetch(id, above, leads, now);
            if !outdated {
                self.keep(id, above, tier, now);
            }
        }
        // In a race, a leg below the one that answered may have been fetching too.
        for below in tier.max(top)..self.origin() {
            self.finish_fetch(id, below, leads, now);
        }
        if self.flights.get(id).purpose == Purpose::Read {
            self.deliver(id, tier, now);
        }
    }

    /// If the flight was fetching for this tier, those who wait have the answer now. Whether what
    /// comes must not be kept, since the object was written meanwhile.
    fn finish_fetch(&mut self, id: u32, tier: usize, leads: u16, now: u64) -> bool {
        if leads & 1 << tier == 0 {
            return false;
        }
        let flight = self.flights.get(id);
        let (object, node, version) =
            (self.object(flight.request), flight.node[tier] as usize, flight.version);
        let Some(finished) = self.tiers[tier].nodes[node].fetching.finish(object, id) else {
            return false;
        };
        for waiter in &finished.waiters {
            self.answer_waiter(waiter, tier, version, now);
        }
        self.tiers[tier].nodes[node].fetching.recycle(finished.waiters);
        let misses = self.tiers[tier].spec.map_or(Misses::Independent, |spec| spec.misses);
        finished.outdated && misses == Misses::Lease
    }

    fn answer_waiter(&mut self, waiter: &Waiter, tier: usize, version: u32, now: u64) {
        if self.flights.get(waiter.flight).done || self.is_void(waiter.flight, tier) {
            return self.flights.release(waiter.flight);
        }
        let flight = self.flights.get_mut(waiter.flight);
        flight.delayed = true;
        let request = flight.request;
        self.flights.leg_mut(waiter.flight, tier).version = version;
        if waiter.ready > now {
            // It has yet to learn that it missed; then the answer is there at once.
            self.events.schedule(waiter.ready, What::Answer, tier, waiter.flight);
            return;
        }
        self.flights.leg_mut(waiter.flight, tier).joined += now - waiter.since;
        self.flights.get_mut(waiter.flight).version = version;
        self.recorder.sent(tier, request, self.size(request), now);
        self.resolve(waiter.flight, tier, now);
        self.flights.release(waiter.flight);
    }

    /// The client has its answer.
    fn deliver(&mut self, id: u32, tier: usize, now: u64) {
        let origin = self.origin();
        let flight = self.flights.get(id);
        let ending = match flight {
            Flight { stale: true, .. } if tier < origin => Ending::Stale,
            Flight { delayed: true, .. } if tier < origin => Ending::Delayed,
            _ if tier == origin => Ending::Miss,
            _ => Ending::Hit,
        };
        let size = self.size(flight.request);
        self.forget_losing_legs(id, tier);
        let (flight, legs) = (self.flights.get(id), self.flights.legs(id));
        self.recorder.ended(flight, legs, now, ending, Some(tier), size);
        if let Route::Predicted(path) = &mut self.route {
            for (above, leg) in legs[..tier].iter().enumerate().filter(|(_, leg)| leg.served > 0) {
                path.learn_below(above, now.saturating_sub(leg.asked + leg.served));
            }
        }
        self.client_is_free(now);
    }

    /// Of a race, the winner's leg alone was on the way to the answer.
    fn forget_losing_legs(&mut self, id: u32, winner: usize) {
        if let Route::Hedged(hedge) = &self.route {
            for leg in hedge.legs.iter().filter(|leg| leg.tier != winner) {
                *self.flights.leg_mut(id, leg.tier) = Leg::default();
            }
        }
    }

    /// The flight has failed for good: a copy past its time may still do, else it is an error.
    pub(super) fn give_up(&mut self, id: u32, now: u64) {
        if self.flights.get(id).done {
            return;
        }
        if self.flights.get(id).purpose == Purpose::Read {
            if let Some(tier) = self.has_spare_copy(id, now) {
                let flight = self.flights.get_mut(id);
                flight.stale = true;
                flight.done = true;
                self.call_off_race(id, now);
                self.abandon_fetches(id, now);
                return self.deliver(id, tier, now);
            }
        }
        self.flights.get_mut(id).done = true;
        self.call_off_race(id, now);
        self.abandon_fetches(id, now);
        let flight = self.flights.get(id);
        match flight.purpose {
            Purpose::Read => {
                let size = self.size(flight.request);
                self.recorder.ended(flight, self.flights.legs(id), now, Ending::Error, None, size);
                self.client_is_free(now);
            }
            Purpose::Write => {
                self.recorder.write_failed(flight.request);
                self.client_is_free(now);
            }
            Purpose::Refresh | Purpose::Flush => {}
        }
    }

    /// A tier with a copy that may be served since the fetch failed.
    fn has_spare_copy(&mut self, id: u32, now: u64) -> Option<usize> {
        let flight = *self.flights.get(id);
        let object = self.object(flight.request);
        let tier = (0..self.origin()).find(|tier| {
            let live = &self.tiers[*tier];
            let node = &live.nodes[flight.node[*tier] as usize];
            let allowed = self.stack.tiers[*tier].freshness.stale_if_error.0;
            let expires = node.copies.expires(object);
            let at = now.saturating_add(live.clock_ahead);
            allowed > 0
                && node.contents.residents().contains(object)
                && expires <= at
                && at - expires < allowed
                && !live.cut
                && !live.servers[flight.station[*tier] as usize].down
        })?;
        let version = self.tiers[tier].nodes[flight.node[tier] as usize].copies.version(object);
        self.flights.get_mut(id).version = version;
        Some(tier)
    }

    /// Those who wait for a fetch that failed have failed too.
    fn abandon_fetches(&mut self, id: u32, now: u64) {
        let flight = *self.flights.get(id);
        let object = self.object(flight.request);
        for tier in 0..self.origin() {
            if flight.leads & 1 << tier == 0 {
                continue;
            }
            let node = flight.node[tier] as usize;
            let Some(finished) = self.tiers[tier].nodes[node].fetching.finish(object, id) else {
                continue;
            };
            for waiter in &finished.waiters {
                let waited = now.saturating_sub(waiter.since);
                self.flights.leg_mut(waiter.flight, tier).joined += waited;
                if self.flights.get(waiter.flight).open & 1 << tier != 0 {
                    self.leave(waiter.flight, tier, now);
                } else {
                    self.give_up(waiter.flight, now.max(waiter.ready));
                }
                self.flights.release(waiter.flight);
            }
            self.tiers[tier].nodes[node].fetching.recycle(finished.waiters);
        }
    }

    /// A tier does not have it.
    pub(super) fn on_miss(&mut self, id: u32, tier: usize, now: u64) {
        if self.flights.get(id).done {
            let request = self.flights.get(id).request;
            return self.recorder.wasted(tier, request);
        }
        self.leave(id, tier, now);
    }

    /// The flight goes on below a tier that did not help it.
    pub(super) fn leave(&mut self, id: u32, tier: usize, now: u64) {
        if self.leg_lost(id, tier, now) {
            return;
        }
        self.go_on(id, tier + 1, now);
    }
}
