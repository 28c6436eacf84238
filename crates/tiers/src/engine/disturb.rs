//! Faults: what goes wrong by schedule, and what placements do about it.

use super::Engine;
use crate::events::What;
use crate::placement::{Change, Health, stations_meant};
use crate::{Error, Failure};

impl Engine<'_> {
    pub(super) fn schedule_faults(&mut self) {
        for (number, fault) in self.stack.faults.iter().enumerate() {
            let at = self.now.saturating_add(fault.at.0);
            self.events.schedule(at, What::Fault, fault.tier, number as u32);
        }
    }

    /// A fault of the schedule happens.
    pub(super) fn disturb(&mut self, number: usize, now: u64) {
        let fault = &self.stack.faults[number];
        let tier = fault.tier;
        match &fault.what {
            Failure::Down { stations } => {
                for station in self.stations(tier, stations) {
                    self.take_down(tier, station, now);
                }
            }
            Failure::Up { stations, warm } => {
                for station in self.stations(tier, stations) {
                    self.bring_up(tier, station, *warm, now);
                }
            }
            Failure::Cut => self.tiers[tier].cut = true,
            Failure::Healed => self.tiers[tier].cut = false,
            Failure::Slow { stations, factor } => {
                for station in self.stations(tier, stations) {
                    self.tiers[tier].servers[station as usize].slow = *factor;
                }
            }
            Failure::Errors { share } => self.tiers[tier].error_share = *share,
            Failure::Flush => {
                for node in 0..self.tiers[tier].nodes.len() {
                    self.lose_node(tier, node, false, now);
                }
            }
            Failure::ClockForward { by } => {
                let ahead = &mut self.tiers[tier].clock_ahead;
                *ahead = ahead.saturating_add(by.0);
            }
        }
        self.tiers[tier].look_what_is_wrong();
    }

    /// The stations of these names or numbers; all if there are none.
    fn stations(&self, tier: usize, chosen: &[String]) -> Vec<u32> {
        stations_meant(&*self.tiers[tier].placement, chosen)
    }

    /// Whether every fault is about a tier and stations that are there.
    pub(super) fn check_faults(&self) -> Result<(), Error> {
        for fault in &self.stack.faults {
            let Some(live) = self.tiers.get(fault.tier) else {
                return Err(Error::TooManyTiers(fault.tier));
            };
            let unknown = fault
                .what
                .stations()
                .iter()
                .find(|name| self.stations(fault.tier, std::slice::from_ref(name)).is_empty());
            if let Some(name) = unknown {
                let tier = live.spec.map_or("origin", |spec| &spec.name).to_string();
                let what = format!("a fault is about a station `{name}`, which is not there");
                return Err(Error::Tier { tier, what });
            }
        }
        Ok(())
    }

    /// A station answers no more: what waits there has failed, and so has what it works on, which
    /// shows when the answer would come.
    fn take_down(&mut self, tier: usize, station: u32, now: u64) {
        let server = &mut self.tiers[tier].servers[station as usize];
        if server.down {
            return;
        }
        server.down = true;
        server.fell_at = Some(now);
        let waiting = server.station.as_mut().map(|queue| queue.crash(now)).unwrap_or_default();
        self.tiers[tier].has_fallen = true;
        // Now, since those who are turned out may ask it again.
        self.tiers[tier].look_what_is_wrong();
        for flight in waiting {
            self.on_failure(flight, tier, now);
            self.flights.release(flight);
        }
        self.tiers[tier].placement.notice(station, Health::Down, now);
        self.tend_later(tier);
    }

    fn bring_up(&mut self, tier: usize, station: u32, warm: bool, now: u64) {
        let server = &mut self.tiers[tier].servers[station as usize];
        if !server.down {
            return;
        }
        server.down = false;
        for node in 0..self.tiers[tier].nodes.len() {
            let only = self.tiers[tier].placement.only_station(node as u32);
            if !warm && only == Some(station) {
                self.lose_node(tier, node, false, now);
            }
        }
        if tier == 0 {
            self.flush_all(now);
        }
        self.tiers[tier].placement.notice(station, Health::Up, now);
        self.tend_later(tier);
    }

    /// Schedules the next thing that a placement does by itself.
    pub(super) fn tend_later(&mut self, tier: usize) {
        let live = &mut self.tiers[tier];
        let Some(at) = live.placement.wakes_at() else { return };
        if at < live.tended_at {
            live.tended_at = at;
            self.events.schedule(at, What::Tend, tier, 0);
        }
    }

    /// A placement acts.
    pub(super) fn tend(&mut self, tier: usize, now: u64) {
        if self.tiers[tier].tended_at != now {
            return;
        }
        self.tiers[tier].tended_at = u64::MAX;
        let mut changes = Vec::new();
        self.tiers[tier].placement.wake(now, &mut |change| changes.push(change));
        for change in changes {
            match change {
                Change::Lose { node } => self.lose_node(tier, node as usize, false, now),
                Change::GiveUp { node } => self.lose_node(tier, node as usize, true, now),
                Change::Move { group, from, to } => {
                    self.move_group(tier, group, from as usize, to as usize, now);
                }
            }
        }
        // A placement that would act for ever ends with the requests.
        if self.now <= self.last_arrival() {
            self.tend_later(tier);
        }
    }

    /// No request comes after this.
    pub(super) fn last_arrival(&self) -> u64 {
        match self.run.closed_loop {
            None => self.run.arrivals.last().copied().unwrap_or(0),
            Some(_) if self.next_request < self.trace.n_requests() => u64::MAX,
            Some(_) => 0,
        }
    }

    /// Objects go from one node of a tier to another with what is known of them.
    fn move_group(&mut self, tier: usize, group: u32, from: usize, to: usize, now: u64) {
        let live = &self.tiers[tier];
        let residents = live.nodes[from].contents.residents();
        let moving: Vec<_> =
            residents.iter().filter(|object| live.placement.group(*object) == group).collect();
        for object in moving {
            self.migrate(tier, object, from, to, now);
        }
    }
}
