//! Hedged reads: some tiers are asked at once, with staggered starts.

use super::Engine;
use super::ask::tag;
use crate::events::What;
use crate::flight::Purpose;
use crate::router::{Hedge, OnMiss, Route, Settle};

impl Engine<'_> {
    fn hedge(&self) -> Option<&Hedge> {
        match &self.route {
            Route::Hedged(hedge) => Some(hedge),
            _ => None,
        }
    }

    /// Whether a read that goes on to this tier races from here.
    pub(super) fn race_starts_at(&self, id: u32, tier: usize) -> bool {
        self.hedge().is_some_and(|hedge| {
            let flight = self.flights.get(id);
            hedge.legs[0].tier == tier && !flight.raced && flight.purpose == Purpose::Read
        })
    }

    pub(super) fn start_race(&mut self, id: u32, now: u64) {
        let Some(hedge) = self.hedge() else { return };
        let first = hedge.legs[0].after;
        let timers: Vec<u64> =
            hedge.legs[1..].iter().map(|leg| leg.after.0.saturating_sub(first.0)).collect();
        self.launch_next(id, now);
        for (number, after) in timers.into_iter().enumerate() {
            self.later(now + after, What::Launch, number + 1, id);
        }
    }

    /// Starts the next leg, if there is one.
    fn launch_next(&mut self, id: u32, now: u64) -> bool {
        let flight = self.flights.get(id);
        let next = usize::from(flight.launched);
        let Some(leg) = self.hedge().and_then(|hedge| hedge.legs.get(next)).copied() else {
            return false;
        };
        let flight = self.flights.get_mut(id);
        flight.launched += 1;
        flight.open |= 1 << leg.tier;
        self.flights.leg_mut(id, leg.tier).tries = 0;
        self.ask(id, leg.tier, now);
        true
    }

    /// The timer of a leg.
    pub(super) fn on_launch(&mut self, id: u32, leg: usize, now: u64) {
        let flight = self.flights.get(id);
        if !flight.done && !flight.raced && usize::from(flight.launched) <= leg {
            self.launch_next(id, now);
        }
    }

    /// A tier did not help. If it was a leg of a race: whether the race goes on without it.
    #[inline(always)]
    pub(super) fn leg_lost(&mut self, id: u32, tier: usize, now: u64) -> bool {
        let flight = self.flights.get(id);
        (flight.raced || flight.open != 0) && self.leg_of_race_lost(id, tier, now)
    }

    fn leg_of_race_lost(&mut self, id: u32, tier: usize, now: u64) -> bool {
        let flight = self.flights.get(id);
        if flight.raced || flight.open & 1 << tier == 0 {
            return self.is_void(id, tier);
        }
        let Some(hedge) = self.hedge() else { return false };
        let n_legs = hedge.legs.len();
        let last = hedge.legs[n_legs - 1].tier;
        let (settle, on_miss) = (hedge.settle, hedge.on_miss);
        let flight = self.flights.get_mut(id);
        flight.open &= !(1 << tier);
        let all_lost = flight.open == 0 && usize::from(flight.launched) == n_legs;
        if settle == Settle::FirstSettled || all_lost {
            self.call_off_race(id, now);
            self.flights.get_mut(id).raced = true;
            self.go_on(id, last + 1, now);
        } else if on_miss == OnMiss::LaunchNext {
            self.launch_next(id, now);
        }
        true
    }

    /// Whether what this tier says comes too late: it was a leg of a race that went on without it.
    pub(super) fn is_void(&self, id: u32, tier: usize) -> bool {
        self.flights.get(id).raced
            && self.hedge().is_some_and(|hedge| hedge.legs.iter().any(|leg| leg.tier == tier))
    }

    /// Whether nobody waits for what this tier says to the flight.
    pub(super) fn is_unwanted(&self, id: u32, tier: usize) -> bool {
        self.flights.get(id).done || self.is_void(id, tier)
    }

    /// The race is over: legs that still wait for a server are withdrawn, if the rule says so.
    #[inline(always)]
    pub(super) fn call_off_race(&mut self, id: u32, now: u64) {
        if self.flights.get(id).open != 0 {
            self.withdraw_legs(id, now);
        }
    }

    fn withdraw_legs(&mut self, id: u32, now: u64) {
        let flight = *self.flights.get(id);
        let cancel = self.hedge().is_some_and(|hedge| hedge.cancel);
        for tier in 0..self.origin() {
            if flight.open & 1 << tier == 0 || !cancel {
                continue;
            }
            let tries = self.flights.leg(id, tier).tries;
            let queue = self.queue(tier, u32::from(flight.station[tier]));
            if queue.is_some_and(|queue| queue.withdraw(id, tag(tier, tries), now)) {
                self.flights.release(id);
                self.recorder.cancelled(tier, flight.request);
            }
        }
        self.flights.get_mut(id).open = 0;
    }
}
