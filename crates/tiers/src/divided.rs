//! Machines whose memory is divided into zones, each with a policy of its own.
//!
//! A zone is a share of every node's memory. The requests of a zone find only its contents, but share the
//! machines with all others: their queues, their failures, the way to them. So a fleet is simulated in which
//! a part of the users is served by another eviction policy, or out of memory of another size, while all
//! else stays common.
//!
//! Node k of zone z has the number z * n + k of a placement with n nodes. What the machines do by
//! themselves, such as a slot that moves, they do in all zones. A write renews or removes the copies of all
//! zones, and brings a copy into none that has none.

use std::fmt;
use std::sync::Arc;

use cache::PolicySpec;
use trace::ObjectId;

use crate::{Ask, Change, Health, Placement, Queues, Route};

/// A part of the memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// Its policy.
    pub policy: PolicySpec,
    /// Its memory, as a share of the tier's capacity. Shares need not add up to 1: what is not used by
    /// anybody yet may be counted elsewhere meanwhile.
    pub share: f64,
    /// When its contents are given up, in simulated nanoseconds, ascending: whoever used it is gone.
    pub emptied_at: Vec<u64>,
}

/// How memory is divided.
pub struct Division {
    /// The zones.
    pub zones: Vec<Zone>,
    /// Which zone a request belongs to.
    pub zone_of: Box<dyn Fn(&Ask) -> usize + Send + Sync>,
}

impl fmt::Debug for Division {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.zones).finish()
    }
}

/// The placement.
pub(crate) struct Divided {
    whole: Box<dyn Placement>,
    division: Arc<Division>,
    /// (When, which zone) will be given up, the next one last.
    emptied: Vec<(u64, u32)>,
}

impl Divided {
    /// Divides the nodes of `whole`.
    pub(crate) fn new(whole: Box<dyn Placement>, division: Arc<Division>) -> Self {
        let of_zone = |(number, zone): (usize, &Zone)| {
            let at = zone.emptied_at.iter().map(move |at| (*at, number as u32));
            at.collect::<Vec<_>>()
        };
        let mut emptied: Vec<_> = division.zones.iter().enumerate().flat_map(of_zone).collect();
        emptied.sort_unstable_by(|a, b| b.cmp(a));
        Divided { whole, division, emptied }
    }

    /// The zone of a node, and which of the machines' nodes it is.
    fn zone_and_node(&self, node: u32) -> (&Zone, u32) {
        let n = self.whole.n_nodes();
        (&self.division.zones[(node / n) as usize], node % n)
    }

    fn n_zones(&self) -> u32 {
        self.division.zones.len() as u32
    }
}

impl Placement for Divided {
    fn n_nodes(&self) -> u32 {
        self.n_zones() * self.whole.n_nodes()
    }

    fn n_stations(&self) -> u32 {
        self.whole.n_stations()
    }

    fn route(&mut self, ask: &Ask, queues: &dyn Queues) -> Route {
        let zone = (self.division.zone_of)(ask) as u32;
        match self.whole.route(ask, queues) {
            Route::To { node, station, extra_ns } => {
                Route::To { node: zone * self.whole.n_nodes() + node, station, extra_ns }
            }
            unreachable => unreachable,
        }
    }

    fn share(&self, node: u32) -> f64 {
        let (zone, node) = self.zone_and_node(node);
        zone.share * self.whole.share(node)
    }

    fn policy(&self, node: u32) -> Option<&PolicySpec> {
        Some(&self.zone_and_node(node).0.policy)
    }

    fn only_station(&self, node: u32) -> Option<u32> {
        self.whole.only_station(self.zone_and_node(node).1)
    }

    fn group(&self, object: ObjectId) -> u32 {
        self.whole.group(object)
    }

    fn notice(&mut self, station: u32, health: Health, now: u64) {
        self.whole.notice(station, health, now);
    }

    fn wakes_at(&self) -> Option<u64> {
        let emptied = self.emptied.last().map(|(at, _)| *at);
        [emptied, self.whole.wakes_at()].into_iter().flatten().min()
    }

    fn wake(&mut self, now: u64, change: &mut dyn FnMut(Change)) {
        let (n, n_zones) = (self.whole.n_nodes(), self.n_zones());
        while let Some((_, zone)) = self.emptied.pop_if(|(at, _)| *at <= now) {
            (0..n).for_each(|node| change(Change::GiveUp { node: zone * n + node }));
        }
        if self.whole.wakes_at().is_none_or(|at| at > now) {
            return;
        }
        self.whole.wake(now, &mut |of_all| {
            for first in (0..n_zones).map(|zone| zone * n) {
                change(match of_all {
                    Change::Move { group, from, to } => {
                        Change::Move { group, from: first + from, to: first + to }
                    }
                    Change::Lose { node } => Change::Lose { node: first + node },
                    Change::GiveUp { node } => Change::GiveUp { node: first + node },
                });
            }
        });
    }

    fn stations_named(&self, name: &str) -> Vec<u32> {
        self.whole.stations_named(name)
    }

    fn station_name(&self, station: u32) -> String {
        self.whole.station_name(station)
    }

    /// In any zone: who asked for it is not known here.
    fn holders(&self, object: ObjectId, each: &mut dyn FnMut(u32)) {
        let n = self.whole.n_nodes();
        for zone in 0..self.n_zones() {
            self.whole.holders(object, &mut |node| each(zone * n + node));
        }
    }
}
