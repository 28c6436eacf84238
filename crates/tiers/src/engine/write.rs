//! Writes, and which version of an object everybody has.
//!
//! An object's version is the number of writes and erasures it has seen. A write counts once it is
//! acknowledged: from then on, a read that arrives and is answered with an older version was answered
//! stale. An erasure makes a version too, but no reader waits for it: a read that is answered with an
//! erased version stands in the account of the erasure, and is stale only if a write came after it.

use std::collections::BTreeMap;

use cache::Removal;
use trace::{ObjectId, Op};

use super::Engine;
use super::live::resident_objects;
use crate::events::What;
use crate::flight::{Flight, Purpose};
use crate::stack::FLUSH_AFTER;
use crate::{Inclusion, Writes};

/// The versions of all objects.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// By object: the last version acknowledged; empty if nothing writes.
    acknowledged: Vec<u32>,
    /// By object: the version at the origin.
    stored: Vec<u32>,
    /// Objects that the first tier has newer than the origin.
    dirty: BTreeMap<ObjectId, Dirty>,
    dirty_bytes: u64,
    /// The newest write of each object that was lost with its tier: copies of it may be elsewhere.
    lost: BTreeMap<ObjectId, u32>,
}

/// An object that the first tier has newer than the origin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dirty {
    node: usize,
    bytes: u64,
    /// The write that made it so.
    request: u32,
    /// The last version that is on its way to the origin: lost with the tier is what came after.
    sent: u32,
}

impl Ledger {
    pub(super) fn new(n_objects: usize) -> Self {
        Ledger { acknowledged: vec![0; n_objects], stored: vec![0; n_objects], ..Ledger::default() }
    }

    #[inline]
    pub(super) fn acknowledged(&self, object: ObjectId) -> u32 {
        self.acknowledged.get(object.index()).copied().unwrap_or(0)
    }

    #[inline]
    pub(super) fn stored(&self, object: ObjectId) -> u32 {
        self.stored.get(object.index()).copied().unwrap_or(0)
    }

    /// Whether the first tier has the object newer than the origin.
    #[inline]
    pub(super) fn is_dirty(&self, object: ObjectId) -> bool {
        !self.dirty.is_empty() && self.dirty.contains_key(&object)
    }

    /// Whether the first tier has nothing newer than the origin.
    #[inline]
    pub(super) fn is_clean(&self) -> bool {
        self.dirty.is_empty()
    }

    /// Acknowledged writes to the object after this version are lost; how many.
    fn lose_after(&mut self, object: ObjectId, version: u32) -> u64 {
        let kept = version.max(self.stored(object));
        let acknowledged = &mut self.acknowledged[object.index()];
        let lost = acknowledged.saturating_sub(kept);
        if lost > 0 {
            self.lost.insert(object, *acknowledged);
        }
        *acknowledged -= lost;
        u64::from(lost)
    }

    /// One more write is acknowledged; its version.
    fn acknowledge(&mut self, object: ObjectId) -> u32 {
        let version = self.acknowledged(object).max(self.stored(object)).saturating_add(1);
        self.acknowledged[object.index()] = version;
        version
    }

    /// The origin erases the object; a version above all that copies can have.
    pub(super) fn erase(&mut self, object: ObjectId) -> u32 {
        let lost = self.lost.get(&object).copied().unwrap_or(0);
        let version = self.acknowledged(object).max(self.stored(object)).max(lost) + 1;
        self.stored[object.index()] = version;
        version
    }
}

impl Engine<'_> {
    /// A write or delete arrives.
    pub(super) fn write(&mut self, index: usize, op: Op, now: u64) {
        let request = index as u32;
        self.note_ttl(index);
        self.recorder.write_arrived(request);
        if self.stack.writes == Writes::Ignore {
            return self.client_is_free(now);
        }
        let id = self.flights.start(Flight::new(request, Purpose::Write, now));
        let takes =
            if self.stack.writes == Writes::Back && op == Op::Set { 0 } else { self.origin() };
        self.ask(id, takes, now);
        self.flights.release(id);
    }

    /// Remembers the time to live that a write sets.
    fn note_ttl(&mut self, index: usize) {
        if let Some(ttl) = &self.trace.columns().ttl_ns {
            self.written_ttl[self.trace.objects()[index].index()] = ttl[index];
        }
    }

    /// The tier that takes writes, or the origin, has taken it: the client is told, and the copies
    /// elsewhere learn of it after the latency of their tier.
    pub(super) fn on_written(&mut self, id: u32, tier: usize, now: u64) {
        let flight = *self.flights.get(id);
        let object = self.object(flight.request);
        let version = self.ledger.acknowledge(object);
        self.flights.get_mut(id).version = version;
        self.flights.get_mut(id).done = true;
        self.recorder.written(flight.request, tier, now - flight.arrived);
        if self.trace.op(flight.request as usize) == Op::Delete {
            self.log_delete(object, now);
        }
        if tier == self.origin() {
            self.ledger.stored[object.index()] = version;
            self.clean(object);
        } else {
            self.soil(id, flight.node[tier] as usize, version, now);
        }
        for other in 0..self.origin() {
            if other != tier {
                self.outdate(other, object);
                let number = u64::from(flight.request) | 1 << 40;
                let after = self.tiers[other].draws.at_smallest(number, now);
                self.later(now + after, What::Apply, other, id);
            }
        }
        self.client_is_free(now);
    }

    /// What is being fetched for the tier is old by now.
    pub(super) fn outdate(&mut self, tier: usize, object: ObjectId) {
        for node in &mut self.tiers[tier].nodes {
            node.fetching.outdate(object);
        }
    }

    /// A write reaches the copies of a tier.
    pub(super) fn apply_write(&mut self, id: u32, tier: usize, now: u64) {
        let flight = *self.flights.get(id);
        let object = self.object(flight.request);
        let deletes = self.trace.op(flight.request as usize) == Op::Delete;
        match self.stack.writes {
            Writes::Around if !deletes => {}
            Writes::Through | Writes::Back if !deletes => {
                self.note_flight(flight.arrived, now);
                self.renew_copies(&flight, tier, now);
            }
            _ => {
                self.remove_copies(object, flight.request, tier, now);
            }
        }
    }

    /// Write-through: the copies become the version written; where there is none, one comes in.
    fn renew_copies(&mut self, flight: &Flight, tier: usize, now: u64) {
        if self.stack.tiers[tier].inclusion == Inclusion::Exclusive {
            self.remove_copies(self.object(flight.request), flight.request, tier, now);
            return;
        }
        let object = self.object(flight.request);
        let expires = self.expiry(tier, flight.request, now);
        for node in self.holders(tier, object) {
            let resident = self.tiers[tier].nodes[node].contents.residents().contains(object);
            if (resident || self.tiers[tier].nodes.len() == 1)
                && self.put(tier, node, flight.request, flight.version, expires, now)
            {
                self.recorder.invalidated(tier, flight.request, 1);
            }
        }
    }

    /// Removes the copies of a tier; how many there were.
    pub(super) fn remove_copies(
        &mut self,
        object: ObjectId,
        request: u32,
        tier: usize,
        now: u64,
    ) -> u64 {
        let mut removed = 0;
        for node in self.holders(tier, object) {
            removed += u64::from(self.remove(tier, node, object, Removal::Deleted, now));
        }
        self.recorder.invalidated(tier, request, removed);
        removed
    }

    /// The nodes that may have copies of an object and that a write reaches: what is down or cut off
    /// keeps what it has.
    fn holders(&self, tier: usize, object: ObjectId) -> Vec<usize> {
        let mut nodes = Vec::new();
        self.tiers[tier].placement.holders(object, &mut |node| nodes.push(node as usize));
        nodes.retain(|node| self.tiers[tier].is_reached(*node));
        nodes
    }

    /// The first tier has a version that the origin has not.
    fn soil(&mut self, id: u32, node: usize, version: u32, now: u64) {
        let request = self.flights.get(id).request;
        let object = self.object(request);
        let expires = self.expiry(0, request, now);
        let kept = self.put(0, node, request, version, expires, now);
        let size = self.size(request);
        let before = self.clean(object);
        if !kept {
            return self.write_to_origin(request, version, now);
        }
        let sent = before.map_or(0, |dirty| dirty.sent);
        self.ledger.dirty.insert(object, Dirty { node, bytes: size, request, sent });
        self.ledger.dirty_bytes += size;
        self.recorder.dirty_bytes_are(self.ledger.dirty_bytes);
        self.later(now + FLUSH_AFTER.0, What::Flush, 0, id);
    }

    /// The object is the same at the origin again.
    pub(super) fn clean(&mut self, object: ObjectId) -> Option<Dirty> {
        let dirty = self.ledger.dirty.remove(&object);
        self.ledger.dirty_bytes -= dirty.map_or(0, |dirty| dirty.bytes);
        dirty
    }

    /// A dirty object is due at the origin, unless a later write is due instead, an eviction took it
    /// there, or it is on its way. While the tier is down it waits for what becomes of that.
    pub(super) fn flush_dirty(&mut self, id: u32, now: u64) {
        let Flight { request, version, .. } = *self.flights.get(id);
        let Some(dirty) = self.ledger.dirty.get(&self.object(request)) else { return };
        let due = dirty.request == request && dirty.sent < version;
        if due && self.tiers[0].is_up(dirty.node) {
            self.write_to_origin(request, version, now);
        }
    }

    /// Flushes all that is dirty in the first tier, since one of its machines is back.
    pub(super) fn flush_all(&mut self, now: u64) {
        let due: Vec<_> = self.ledger.dirty.iter().map(|(object, d)| (*object, *d)).collect();
        for (object, Dirty { node, request, sent, .. }) in due {
            let version = self.ledger.acknowledged(object);
            if sent < version && self.tiers[0].is_up(node) {
                self.write_to_origin(request, version, now);
            }
        }
    }

    fn write_to_origin(&mut self, request: u32, version: u32, now: u64) {
        if let Some(dirty) = self.ledger.dirty.get_mut(&self.trace.objects()[request as usize]) {
            dirty.sent = version;
        }
        let mut flush = Flight::new(request, Purpose::Flush, now);
        flush.version = version;
        let id = self.flights.start(flush);
        self.ask(id, self.origin(), now);
        self.flights.release(id);
    }

    /// The origin has the version that was dirty.
    pub(super) fn on_flushed(&mut self, id: u32, now: u64) {
        let flight = *self.flights.get(id);
        self.flights.get_mut(id).done = true;
        let object = self.object(flight.request);
        let stored = &mut self.ledger.stored[object.index()];
        *stored = (*stored).max(flight.version);
        self.recorder.flushed(flight.request, self.origin(), now);
        if self.ledger.acknowledged(object) == flight.version {
            self.clean(object);
        }
    }

    /// The first tier parts with an object: if it is dirty, it is written to the origin where that is
    /// still possible, and lost if not.
    pub(super) fn lose_dirty(&mut self, tier: usize, object: ObjectId, can_flush: bool, now: u64) {
        if tier != 0 {
            return;
        }
        let Some(Dirty { bytes, request, sent, .. }) = self.clean(object) else { return };
        let version = self.ledger.acknowledged(object);
        if can_flush && sent < version {
            self.write_to_origin(request, version, now);
        } else if !can_flush {
            let lost = self.ledger.lose_after(object, sent);
            self.recorder.lost(lost, if lost > 0 { bytes } else { 0 });
        }
    }

    /// The origin did not take a flush: what is still dirty is sent again later, what the tier has
    /// parted with is lost.
    pub(super) fn on_flush_failed(&mut self, id: u32, now: u64) {
        let Flight { request, version, .. } = *self.flights.get(id);
        let object = self.object(request);
        if let Some(dirty) = self.ledger.dirty.get_mut(&object) {
            if dirty.sent == version {
                dirty.sent = 0;
            }
            if self.now <= self.last_arrival() {
                self.later(now + FLUSH_AFTER.0, What::Flush, 0, id);
            }
        } else if self.ledger.acknowledged(object) == version {
            let lost = self.ledger.lose_after(object, 0);
            let bytes = self.size(request);
            self.recorder.lost(lost, if lost > 0 { bytes } else { 0 });
        }
    }

    /// All copies of a node are gone; what is dirty among them can be flushed before, or not.
    pub(super) fn lose_node(&mut self, tier: usize, node: usize, can_flush: bool, now: u64) {
        for object in resident_objects(&self.tiers[tier].nodes[node]) {
            self.lose_dirty(tier, object, can_flush, now);
            let request = self.recorder.requests_so_far() as u32;
            self.follow_departure(tier, object, request, now);
            self.remove(tier, node, object, Removal::Deleted, now);
        }
    }
}
