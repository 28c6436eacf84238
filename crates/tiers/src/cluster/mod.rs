//! A Redis Cluster as the placement of a tier: shards of a master and its replicas.
//!
//! A node is a shard, since a replica holds what its master holds; a station is a machine, and has one
//! server, since Redis executes commands in one thread. Masters are stations `0..m`, where m is the
//! most masters there ever are; the replicas of shard s follow at `m + s * replicas ..`.
//!
//! - [`slots`](slot_of): keys to slots, as Redis does it; or [`Hashing::Ring`], a ring in the clients.
//! - **Failover.** Requests to a shard whose master is down wait for [`ClusterSpec::timeout`] and fail,
//!   until `detection + failover` after the failure a replica takes over, with the contents. If masters
//!   elect ([`Election::Masters`]) they need a majority for it, and once a majority is found failed the
//!   cluster refuses all requests. Without a replica the contents are lost and the shard's slots are
//!   unreachable until its master is back; the other slots are served (cluster-require-full-coverage
//!   no).
//! - **Migration.** Slots move one after the other at a given rate. While one moves, requests to it cost
//!   a redirection (ASK); afterwards each client that asks the old master is told once (MOVED), and
//!   then knows of all moves so far, since clients fetch the whole table. A move whose ends do not both
//!   serve waits until they do, and then begins anew.
//! - **Resize** evens out the number of slots, as `redis-cli --cluster rebalance` does.
//! - **Rebalancing by load** moves slots at intervals by the load since the last; it is not a part of
//!   Redis.
//! - **Replica reads.** Reads of hot keys, which a summary of the last requests knows, go to the machines of their shard by turns.
//!
//! # What is simplified
//!
//! Replication takes no time: no acknowledged write is lost in a failover, a replica is never stale,
//! and a machine that comes back is in step at once. All clients learn of a failover when it happens.
//! Gossip, epochs and failure reports are one delay, `detection`. A slot moves as a whole when its time
//! is over; in Redis it moves key by key, and only keys that have left are redirected. Moving costs the
//! masters no processor time. On the ring there is no redirection: all clients change over at once.
//!
//! A request costs O(1).

mod hot_keys;
mod keys;
mod rebalance;
mod ring;
mod shard;
mod slots;
mod spec;
#[cfg(test)]
mod tests;
mod two_choices;

use std::collections::VecDeque;

use trace::{ObjectId, Trace};

use crate::{Ask, Change, Health, Placement, Queues, Route};
use hot_keys::HotKeys;
use rebalance::SlotMove;
use ring::Ring;
use shard::Shard;
pub use slots::{N_SLOTS, crc16, slot_of};
pub use spec::{ClusterSpec, ClusterStrategy, Election, Hashing, Resize, SpecError};
pub use two_choices::{TwoChoices, TwoChoicesSpec};

/// A cluster at work.
#[derive(Debug)]
pub struct Cluster {
    spec: ClusterSpec,
    /// Slot, or arc of the ring, by object.
    groups: Vec<u16>,
    /// Shard by slot or arc.
    owners: Vec<u16>,
    /// Slots or arcs, by shard.
    n_owned: Vec<u32>,
    ring: Option<Ring>,
    shards: Vec<Shard>,
    n_masters: u16,
    /// Too few masters are up for the cluster to serve at all.
    refuses: bool,
    hot_keys: Option<HotKeys>,
    /// Machine that answered the last read of a hot key, by shard.
    last_reader: Vec<usize>,
    /// Requests that masters served since the last round, by slot; empty without rebalancing.
    load: Vec<u32>,
    tables: Tables,
    migration: Migration,
    /// When a replica of each shard may take over.
    elections: Vec<Option<u64>>,
    next_round: Option<u64>,
    resizes: VecDeque<(u64, u16)>,
    wakes_at: Option<u64>,
}

/// Slots on the move.
#[derive(Debug, Default)]
struct Migration {
    /// The one that moves, and when it has, unless it waits for an end to come back.
    current: Option<(SlotMove, Option<u64>)>,
    waiting: VecDeque<SlotMove>,
    /// For a resize, which rounds of rebalancing do not replace.
    resizing: bool,
}

/// What clients know of the slots.
#[derive(Debug)]
struct Tables {
    n_moves: u32,
    /// Number of the last move of each slot.
    moved: Vec<u32>,
    /// The last move that each client knows of.
    known: Vec<u32>,
}

impl Tables {
    /// Whether the client asks the old master of a slot, and is told the new one.
    fn redirects(&mut self, client: u32, slot: usize) -> bool {
        let client = (client as usize).min(self.known.len() - 1);
        let redirects = self.moved[slot] > self.known[client];
        if redirects {
            self.known[client] = self.n_moves;
        }
        redirects
    }

    fn note_move(&mut self, slot: usize) {
        self.n_moves += 1;
        self.moved[slot] = self.n_moves;
    }
}

impl Cluster {
    /// A cluster for the objects of a trace, all machines up, at the time of the first request.
    ///
    /// # Errors
    /// If the specification makes no sense.
    pub fn new(spec: &ClusterSpec, trace: &Trace, start_ns: u64) -> Result<Self, SpecError> {
        spec.check()?;
        let most_masters = spec.most_masters();
        let (ring, groups, owners) = match spec.hashing {
            Hashing::Slots => (None, slots::slots_of(trace), slots::dealt_out(spec.masters)),
            Hashing::Ring => {
                let ring = Ring::new(most_masters, spec.points_per_master);
                let (arcs, owners) = (ring.arcs_of(trace), ring.owners(spec.masters));
                (Some(ring), arcs, owners)
            }
        };
        let n_shards = usize::from(most_masters);
        let n_machines = 1 + usize::from(spec.replicas_per_master);
        let n_clients = trace.columns().client.as_ref().map_or(1, |client| client.names.len());
        let rebalances = spec.strategy.rebalances();
        let spreads = spec.strategy.spreads_hot_keys();
        let mut cluster = Cluster {
            shards: (0..n_shards).map(|_| Shard::new(n_machines, spec.persistence)).collect(),
            n_masters: spec.masters,
            refuses: false,
            hot_keys: spreads.then(|| HotKeys::new(spec.hot_key_share, trace.n_objects())),
            last_reader: vec![n_machines - 1; n_shards],
            load: vec![0; if rebalances { owners.len() } else { 0 }],
            tables: Tables {
                n_moves: 0,
                moved: vec![0; owners.len()],
                known: vec![0; n_clients.max(1)],
            },
            migration: Migration::default(),
            elections: vec![None; n_shards],
            next_round: rebalances.then(|| start_ns.saturating_add(spec.rebalance_every.0)),
            resizes: spec
                .resize
                .iter()
                .map(|resize| (start_ns.saturating_add(resize.at.0), resize.masters))
                .collect(),
            wakes_at: None,
            n_owned: count(&owners, n_shards),
            ring,
            groups,
            owners,
            spec: spec.clone(),
        };
        cluster.plan_wake(start_ns);
        Ok(cluster)
    }

    /// The shard that an object belongs to now.
    pub fn shard_of(&self, object: ObjectId) -> u32 {
        self.owners[usize::from(self.groups[object.index()])].into()
    }

    fn station(&self, shard: usize, machine: usize) -> u32 {
        let replicas = usize::from(self.spec.replicas_per_master);
        let station = match machine {
            0 => shard,
            replica => self.shards.len() + shard * replicas + replica - 1,
        };
        station as u32
    }

    fn machine(&self, station: u32) -> (usize, usize) {
        match (station as usize).checked_sub(self.shards.len()) {
            None => (station as usize, 0),
            Some(replica) => {
                let replicas = usize::from(self.spec.replicas_per_master);
                (replica / replicas, 1 + replica % replicas)
            }
        }
    }

    fn serves(&self, shard: u16) -> bool {
        self.shards[usize::from(shard)].serving().is_some()
    }

    /// Whether a majority of the masters that have slots, who alone vote, meets the condition.
    fn most(&self, condition: impl Fn(&Shard) -> bool) -> bool {
        let voters = self.shards.iter().zip(&self.n_owned).filter(|(_, n_owned)| **n_owned > 0);
        let (n_voters, n_met) = voters.fold((0, 0), |(n_voters, n_met), (shard, _)| {
            (n_voters + 1, n_met + usize::from(condition(shard)))
        });
        n_met > n_voters / 2
    }

    /// Replicas take over where it is time. If there is no majority the vote fails, and is held again
    /// when a master is back.
    fn hold_elections(&mut self, now: u64) {
        let due = |at: &Option<u64>| at.is_some_and(|at| at <= now);
        if !self.elections.iter().any(due) {
            return;
        }
        let majority = !self.spec.masters_elect() || self.most(|shard| shard.serving().is_some());
        for (shard, election) in self.shards.iter_mut().zip(&mut self.elections) {
            if due(election) {
                *election = None;
                if majority && shard.down_since().is_some() {
                    shard.promote();
                }
            }
        }
    }

    /// Whether too many masters are known to be down for the cluster to serve.
    fn judge(&mut self, now: u64) {
        let detection = self.spec.detection.0;
        let counted_up = |shard: &Shard| {
            shard.down_since().is_none_or(|since| now < since.saturating_add(detection))
        };
        self.refuses = self.spec.masters_elect() && !self.most(counted_up);
    }

    fn resize(&mut self, n_masters: u16) {
        self.n_masters = n_masters;
        match &self.ring {
            Some(ring) => {
                self.owners = ring.owners(n_masters);
                self.n_owned = count(&self.owners, self.shards.len());
            }
            None => {
                let moves = rebalance::evenly(&self.owners, n_masters, self.shards.len() as u16);
                self.migration = Migration { current: None, waiting: moves.into(), resizing: true };
            }
        }
    }

    /// Plans a round by the load since the last, in place of what is left of its plan.
    fn plan_round(&mut self) {
        if !self.migration.resizing {
            let up: Vec<_> = (0..self.shards.len() as u16)
                .map(|shard| shard < self.n_masters && self.serves(shard))
                .collect();
            let moves = rebalance::by_load(
                &self.load,
                &self.owners,
                &up,
                self.spec.rebalance_above,
                self.spec.slots_per_round.into(),
            );
            let Migration { current, waiting, .. } = &mut self.migration;
            *waiting = moves.into();
            // A move that waits for a machine is given up; one under way goes on.
            *current = current.filter(|(_, due)| due.is_some());
            if let Some((moving, _)) = current {
                waiting.retain(|planned| planned.slot != moving.slot);
            }
        }
        self.load.fill(0);
    }

    /// Ends the move that is due.
    fn end_move(&mut self, now: u64, change: &mut dyn FnMut(Change)) {
        if let Some((SlotMove { slot, from, to }, Some(due))) = self.migration.current
            && due <= now
        {
            self.migration.current = None;
            self.owners[usize::from(slot)] = to;
            self.n_owned[usize::from(from)] -= 1;
            self.n_owned[usize::from(to)] += 1;
            self.tables.note_move(slot.into());
            change(Change::Move { group: slot.into(), from: from.into(), to: to.into() });
        }
    }

    /// Begins the next move if there is none, or the one that waited for its ends, or lets it wait.
    fn begin_move(&mut self, now: u64) {
        let Migration { current, waiting, resizing } = &mut self.migration;
        let Some((next, due)) = current.or_else(|| Some((waiting.pop_front()?, None))) else {
            *resizing = false;
            return;
        };
        let due = (self.serves(next.from) && self.serves(next.to))
            .then(|| due.unwrap_or_else(|| now.saturating_add(self.time_of_move())));
        self.migration.current = Some((next, due));
    }

    fn time_of_move(&self) -> u64 {
        ((1e9 / self.spec.migration_rate.0) as u64).max(1)
    }

    /// When something is due next.
    fn plan_wake(&mut self, now: u64) {
        let detection = self.spec.detection.0;
        let losses = self.shards.iter().any(Shard::has_lost).then_some(now);
        let detections = self
            .shards
            .iter()
            .filter_map(Shard::down_since)
            .map(|since| since.saturating_add(detection))
            .filter(|at| *at > now);
        let move_due = self.migration.current.and_then(|(_, due)| due);
        self.wakes_at = losses
            .into_iter()
            .chain(detections)
            .chain(self.elections.iter().flatten().copied())
            .chain(move_due)
            .chain(self.next_round)
            .chain(self.resizes.front().map(|(at, _)| *at))
            .min();
    }
}

/// How many slots or arcs each shard has.
fn count(owners: &[u16], n_shards: usize) -> Vec<u32> {
    let mut n_owned = vec![0; n_shards];
    owners.iter().for_each(|owner| n_owned[usize::from(*owner)] += 1);
    n_owned
}

impl Placement for Cluster {
    fn n_nodes(&self) -> u32 {
        self.shards.len() as u32
    }

    fn n_stations(&self) -> u32 {
        self.n_nodes() * (1 + u32::from(self.spec.replicas_per_master))
    }

    fn route(&mut self, ask: &Ask, _queues: &dyn Queues) -> Route {
        let group = usize::from(self.groups[ask.object.index()]);
        let shard = usize::from(self.owners[group]);
        let hot = self.hot_keys.as_mut().is_some_and(|keys| keys.note(ask.object));
        let Some(master) = self.shards[shard].serving() else {
            return Route::Unreachable { after_ns: self.spec.timeout.0 };
        };
        if self.refuses {
            return Route::Unreachable { after_ns: self.spec.redirect.0 };
        }
        let machine = if hot && !ask.write {
            self.last_reader[shard] = self.shards[shard].reader_after(self.last_reader[shard]);
            self.last_reader[shard]
        } else {
            master
        };
        if machine == master
            && let Some(load) = self.load.get_mut(group)
        {
            *load += 1;
        }
        let moves = self
            .migration
            .current
            .is_some_and(|(moving, due)| due.is_some() && usize::from(moving.slot) == group);
        let redirections = u64::from(moves) + u64::from(self.tables.redirects(ask.client, group));
        Route::To {
            node: shard as u32,
            station: self.station(shard, machine),
            extra_ns: redirections * self.spec.redirect.0,
        }
    }

    /// The tier's capacity is that of the masters it starts with; those that join later are as large.
    fn share(&self, _node: u32) -> f64 {
        1.0 / f64::from(self.spec.masters)
    }

    fn group(&self, object: ObjectId) -> u32 {
        self.groups[object.index()].into()
    }

    fn notice(&mut self, station: u32, health: Health, now: u64) {
        let (shard, machine) = self.machine(station);
        let was_serving = self.shards[shard].serving().is_some();
        match health {
            Health::Down => self.shards[shard].fail(machine, now),
            Health::Up => self.shards[shard].recover(machine),
        }
        let failover = self.spec.failover.0;
        match (was_serving, self.shards[shard].serving().is_some()) {
            (true, false) => {
                let at = now.saturating_add(self.spec.detection.0).saturating_add(failover);
                self.elections[shard] = Some(at);
            }
            (false, true) => {
                self.elections[shard] = None;
                // Its vote may be what others waited for.
                for (shard, election) in self.shards.iter().zip(&mut self.elections) {
                    if shard.down_since().is_some() && shard.has_heir() && election.is_none() {
                        *election = Some(now.saturating_add(failover));
                    }
                }
            }
            _ => {}
        }
        self.judge(now);
        self.begin_move(now);
        self.plan_wake(now);
    }

    /// By the beginning of their names: `shard-2` is all of its machines.
    fn stations_named(&self, name: &str) -> Vec<u32> {
        let is_meant = |station: &u32| {
            let full_name = self.station_name(*station);
            let rest = full_name.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        (0..self.n_stations()).filter(is_meant).collect()
    }

    /// `shard-2-master` is the machine that starts as the master, and keeps its name.
    fn station_name(&self, station: u32) -> String {
        match self.machine(station) {
            (shard, 0) => format!("shard-{shard}-master"),
            (shard, replica) => format!("shard-{shard}-replica-{replica}"),
        }
    }

    fn wakes_at(&self) -> Option<u64> {
        self.wakes_at
    }

    fn wake(&mut self, now: u64, change: &mut dyn FnMut(Change)) {
        for (node, shard) in self.shards.iter_mut().enumerate() {
            if shard.take_lost() {
                change(Change::Lose { node: node as u32 });
            }
        }
        self.end_move(now, change);
        self.hold_elections(now);
        self.judge(now);
        while let Some((_, n_masters)) = self.resizes.front().copied().filter(|(at, _)| *at <= now)
        {
            self.resizes.pop_front();
            self.resize(n_masters);
        }
        if self.next_round.is_some_and(|at| at <= now) {
            self.plan_round();
            self.next_round = Some(now.saturating_add(self.spec.rebalance_every.0));
        }
        self.begin_move(now);
        self.plan_wake(now);
    }

    /// Where the object is, and where it moves to. What a resized ring left behind may be anywhere.
    fn holders(&self, object: ObjectId, each: &mut dyn FnMut(u32)) {
        if self.ring.is_some() && !self.spec.resize.is_empty() {
            return (0..self.n_nodes()).for_each(each);
        }
        let group = self.groups[object.index()];
        each(self.owners[usize::from(group)].into());
        if let Some((moving, _)) = self.migration.current
            && moving.slot == group
        {
            each(moving.to.into());
        }
    }
}
