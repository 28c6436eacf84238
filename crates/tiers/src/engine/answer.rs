//! An answer on its way up: it fills the tiers it passes, those who wait for it have it too, and the
//! client is told.

use super::Engine;
use crate::copies::SHREDDED;
use crate::events::What;
use crate::fetching::Waiter;
use crate::flight::{Flight, Leg, Purpose};
use crate::outcome::Ending;
use crate::router::Route;
use crate::stack::Misses;

impl Engine<'_> {
    /// A tier, or the origin, answers.
    pub(super) fn on_answer(&mut self, id: u32, tier: usize, now: u64) {
        if self.fell_meanwhile(id, tier) {
            return self.try_again(id, tier, now);
        }
        let Flight { request, purpose, .. } = *self.flights.get(id);
        let version = self.flights.leg(id, tier).version;
        match purpose {
            Purpose::Write => self.on_written(id, tier, now),
            Purpose::Flush => self.on_flushed(id, now),
            Purpose::Read | Purpose::Refresh if self.is_unwanted(id, tier) => {
                self.recorder.wasted(tier, request);
            }
            Purpose::Read | Purpose::Refresh => {
                self.flights.get_mut(id).version = version;
                self.recorder.sent(tier, request, self.size(request), now);
                self.resolve(id, tier, now);
            }
        }
    }

    /// Whether the machine failed while it was working on this, or while this waited there for
    /// another's fetch. The time is put down to that.
    #[inline(always)]
    fn fell_meanwhile(&self, id: u32, tier: usize) -> bool {
        self.tiers[tier].has_fallen && self.fell_since_asked(id, tier)
    }

    fn fell_since_asked(&self, id: u32, tier: usize) -> bool {
        let station = self.flights.get(id).station[tier];
        let fell_at = self.tiers[tier].servers[station as usize].fell_at;
        fell_at.is_some_and(|fell| fell > self.flights.leg(id, tier).asked)
    }

    /// The flight has its answer, from this tier: its own or that of the fetch it waited for.
    fn resolve(&mut self, id: u32, tier: usize, now: u64) {
        let flight = self.flights.get_mut(id);
        flight.done = true;
        let (top, leads, arrived) = (usize::from(flight.top), flight.leads, flight.arrived);
        self.note_flight(arrived, now);
        self.call_off_race(id, now);
        let moved = self.move_up(id, tier, now);
        let mut kept = false;
        // All at once, since filling waits for memory that was last needed when the flight asked.
        let object = self.object(self.flights.get(id).request);
        (top..tier).for_each(|above| self.tiers[above].touch(object));
        for above in (top..tier).rev() {
            let outdated = self.finish_fetch(id, above, leads, now);
            if !outdated {
                kept |= self.keep(id, above, tier, moved, now);
            }
        }
        if let (Some(expires), false) = (moved, kept) {
            self.move_back(id, tier, expires, now);
        }
        debug_assert_eq!(leads >> tier, 0, "an answer passes whatever it was fetched for");
        let flight = self.flights.get(id);
        match flight.purpose {
            Purpose::Read => self.deliver(id, tier, now),
            _ => self.recorder.note_fetch(top, now - flight.arrived),
        }
    }

    /// If the flight was fetching for this tier, those who wait have the answer now. Whether what
    /// comes must not be kept, since the object was written meanwhile.
    #[inline]
    fn finish_fetch(&mut self, id: u32, tier: usize, leads: u16, now: u64) -> bool {
        leads & 1 << tier != 0 && self.finish_led_fetch(id, tier, now)
    }

    fn finish_led_fetch(&mut self, id: u32, tier: usize, now: u64) -> bool {
        let flight = self.flights.get(id);
        let (object, node, version) =
            (self.object(flight.request), flight.node[tier] as usize, flight.version);
        let Some(finished) = self.tiers[tier].nodes[node].fetching.finish(object, id) else {
            return false;
        };
        let barred = self.bars(tier, object, version, now);
        for waiter in &finished.waiters {
            if barred {
                self.ask_again(waiter, tier, now);
            } else {
                self.answer_waiter(waiter, tier, version, now);
            }
        }
        self.tiers[tier].nodes[node].fetching.recycle(finished.waiters);
        finished.outdated && self.tiers[tier].on_miss == Misses::Lease
    }

    /// What a read waited for is erased: it asks the tier again.
    fn ask_again(&mut self, waiter: &Waiter, tier: usize, now: u64) {
        let at = now.max(waiter.since);
        let leg = self.flights.leg_mut(waiter.flight, tier);
        leg.delayed = true;
        leg.joined += at - waiter.since;
        self.later(at, What::Ask, tier, waiter.flight);
        self.flights.release(waiter.flight);
    }

    fn answer_waiter(&mut self, waiter: &Waiter, tier: usize, version: u32, now: u64) {
        self.note_waited(waiter.flight, tier, version, now);
        let leg = self.flights.leg_mut(waiter.flight, tier);
        leg.delayed = true;
        leg.version = version;
        if waiter.since > now {
            // It has yet to learn that it missed; then the answer is there at once.
            self.events.schedule(waiter.since, What::Answer, tier, waiter.flight);
        } else {
            leg.joined += now - waiter.since;
            self.on_answer(waiter.flight, tier, now);
            self.flights.release(waiter.flight);
        }
    }

    /// The client has its answer.
    fn deliver(&mut self, id: u32, tier: usize, now: u64) {
        let origin = self.origin();
        let ending = match self.flights.leg(id, tier) {
            _ if tier == origin => Ending::Miss,
            Leg { stale: true, .. } => Ending::Stale,
            Leg { delayed: true, .. } => Ending::Delayed,
            _ => Ending::Hit,
        };
        let size = self.size(self.flights.get(id).request);
        self.forget_losing_legs(id, tier);
        let flight = self.flights.get(id);
        self.note_delivered(flight.request, flight.version);
        let (flight, legs) = (self.flights.get(id), self.flights.legs(id));
        self.recorder.ended(flight, legs, now, ending, Some(tier), size);
        if let Route::Predicted(path) = &mut self.route {
            let mut took = legs[tier].total();
            for (above, leg) in legs[..tier].iter().enumerate().rev() {
                if leg.served > 0 {
                    path.learn_below(above, took);
                }
                took += leg.total();
            }
        }
        self.client_is_free(now);
    }

    /// Of a race, the winner's leg alone was on the way to the answer, and none if the read went on
    /// without it.
    fn forget_losing_legs(&mut self, id: u32, winner: usize) {
        if let Route::Hedged(hedge) = &self.route {
            let lost = self.flights.get(id).raced;
            for leg in hedge.legs.iter().filter(|leg| lost || leg.tier != winner) {
                self.flights.leg_mut(id, leg.tier).forget_time();
            }
        }
    }

    /// The flight has failed for good: a copy past its time may still do, else it is an error.
    pub(super) fn give_up(&mut self, id: u32, now: u64) {
        if self.flights.get(id).done {
            return;
        }
        let spare = self.spare_copy(id, now);
        self.flights.get_mut(id).done = true;
        self.call_off_race(id, now);
        self.abandon_fetches(id, now);
        if let Some(tier) = spare {
            let request = self.flights.get(id).request;
            self.recorder.sent(tier, request, self.size(request), now);
            return self.deliver(id, tier, now);
        }
        self.forget_losing_legs(id, self.origin());
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
            Purpose::Flush => self.on_flush_failed(id, now),
            Purpose::Refresh => {}
        }
    }

    /// A tier with a copy that may be served since the fetch failed; one that is fresh, because it
    /// came in meanwhile or its tier was not asked, all the more.
    fn spare_copy(&mut self, id: u32, now: u64) -> Option<usize> {
        let flight = *self.flights.get(id);
        if flight.purpose != Purpose::Read {
            return None;
        }
        let object = self.object(flight.request);
        let tier = (0..self.origin()).find(|tier| {
            let live = &self.tiers[*tier];
            if !live.is_single && flight.placed & 1 << *tier == 0 {
                return false;
            }
            let node = &live.nodes[flight.node[*tier] as usize];
            let allowed = self.stack.tiers[*tier].freshness.stale_if_error.0;
            let expires = node.copies.expires(object);
            let at = now.saturating_add(live.clock_ahead);
            allowed > 0
                && node.contents.residents().contains(object)
                && node.copies.version(object) != SHREDDED
                && at.saturating_sub(expires) < allowed
                && !live.cut
                && !live.servers[flight.station[*tier] as usize].down
        })?;
        let node = flight.node[tier] as usize;
        self.note_read(tier, node, object, self.size(flight.request), true, now);
        let live = &self.tiers[tier];
        let copies = &live.nodes[node].copies;
        self.flights.get_mut(id).version = copies.version(object);
        self.flights.leg_mut(id, tier).stale =
            copies.expires(object) <= now.saturating_add(live.clock_ahead);
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
                self.fail_waiter(waiter, tier, now);
            }
            self.tiers[tier].nodes[node].fetching.recycle(finished.waiters);
        }
    }

    fn fail_waiter(&mut self, waiter: &Waiter, tier: usize, now: u64) {
        let id = waiter.flight;
        let joined = now.saturating_sub(waiter.since);
        self.flights.leg_mut(id, tier).joined += joined;
        let learns = now.max(waiter.since);
        if self.flights.get(id).open & 1 << tier != 0 {
            self.later(learns, What::Miss, tier, id);
        } else if !self.is_unwanted(id, tier) {
            self.give_up(id, learns);
        }
        self.flights.release(id);
    }

    /// A tier does not have it.
    #[inline]
    pub(super) fn on_miss(&mut self, id: u32, tier: usize, now: u64) {
        if self.goes_below(id, tier, now) {
            self.descend(id, tier + 1, now);
        }
    }

    /// Whether a flight that a tier does not help goes on below it; if not, its fate is settled.
    #[inline(always)]
    pub(super) fn goes_below(&mut self, id: u32, tier: usize, now: u64) -> bool {
        if self.fell_meanwhile(id, tier) {
            self.try_again(id, tier, now);
            return false;
        }
        if self.is_unwanted(id, tier) {
            let request = self.flights.get(id).request;
            self.recorder.wasted(tier, request);
            return false;
        }
        !self.leg_lost(id, tier, now)
    }

    /// The flight goes on below a tier that failed it.
    pub(super) fn leave(&mut self, id: u32, tier: usize, now: u64) {
        if self.leg_lost(id, tier, now) {
            return;
        }
        self.go_on(id, tier + 1, now);
    }
}
