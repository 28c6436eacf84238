//! What tiers keep: lookups, fills, evictions, and moves between tiers.

use cache::{Filled, Removal, Unit};
use trace::{NO_TTL, ObjectId};

use super::Engine;
use super::ask::Visit;
use super::live::QueueView;
use super::secure::Taken;
use crate::copies::{FOR_EVER, SHREDDED};
use crate::events::What;
use crate::flight::{Flight, Purpose};
use crate::placement::{Ask, Route};
use crate::stack::{Fill, Freshness, Inclusion};

/// What a lookup found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A fresh copy.
    Fresh,
    /// A fresh copy that is to be renewed before its time is up.
    Early,
    /// A copy whose time is up, to be served while it is renewed.
    Stale,
    /// Nothing to serve.
    Miss,
}

impl Found {
    pub(super) fn has_answer(self) -> bool {
        self != Found::Miss
    }
}

impl Engine<'_> {
    /// Whether the only node of a tier has a copy that can be served without more ado.
    #[inline]
    pub(super) fn has_plainly_fresh(&self, tier: usize, object: ObjectId, now: u64) -> bool {
        let live = &self.tiers[tier];
        let node = &live.nodes[0];
        node.contents.residents().contains(object)
            && node.copies.expires(object) > now.saturating_add(live.clock_ahead)
            && live.spec.is_some_and(|spec| {
                spec.freshness.early_refresh == 0.0
                    && !spec.freshness.renew
                    && spec.inclusion != Inclusion::Exclusive
            })
    }

    /// Counts a use of such a copy.
    #[inline]
    pub(super) fn use_plainly(&mut self, tier: usize, request: u32, now: u64) {
        let (object, size) = (self.object(request), self.size(request));
        let victims = &mut self.victims;
        let live = &mut self.tiers[tier];
        let policy_request = live.request(object, size, request);
        let node = &mut live.nodes[0];
        node.contents.lookup(&policy_request, &mut |victim| victims.push(victim));
        self.part_with_victims(tier, 0, request, now);
    }

    /// Looks the flight's object up at its node of the tier.
    #[inline]
    pub(super) fn look(&mut self, visit: &Visit, now: u64) -> Found {
        let Visit { id, tier, request, object, .. } = *visit;
        if self.secure.is_some() && self.drop_unreadable(tier, visit.node, object, request, now) {
            self.count_miss(tier, object);
            return Found::Miss;
        }
        let live = &mut self.tiers[tier];
        let node = &mut live.nodes[visit.node];
        let at = now.saturating_add(live.clock_ahead);
        let expires = node.copies.expires(object);
        let expired = expires <= at && node.contents.residents().contains(object);
        if expired && !self.may_be_stale(visit, at - expires, now) {
            self.count_miss(tier, object);
            return Found::Miss;
        }
        let live = &mut self.tiers[tier];
        let policy_request = live.request(object, visit.size, request);
        let node = &mut live.nodes[visit.node];
        let victims = &mut self.victims;
        let hit = node.contents.lookup(&policy_request, &mut |victim| victims.push(victim));
        let version = node.copies.version(object);
        let may_renew = live.may_renew;
        self.part_with_victims(tier, visit.node, request, now);
        if !hit {
            self.count_miss(tier, object);
            return Found::Miss;
        }
        self.flights.leg_mut(id, tier).version = version;
        if self.secure.is_some() {
            let for_client = visit.purpose == Purpose::Read;
            let opening = self.note_read(tier, visit.node, object, visit.size, for_client, now);
            self.flights.leg_mut(id, tier).extra += opening;
        }
        if expired {
            return Found::Stale;
        }
        if may_renew { self.renew(visit, expires, now) } else { Found::Fresh }
    }

    /// Whether a copy that expired so long ago may still be served. If it is of no use it goes.
    #[cold]
    fn may_be_stale(&mut self, visit: &Visit, age: u64, now: u64) -> bool {
        let Visit { tier, request, object, .. } = *visit;
        self.recorder.found_expired(tier, request);
        let fresh = self.stack.tiers[tier].freshness;
        if age < fresh.stale_while_revalidate.0 {
            return true;
        }
        if age >= fresh.stale_if_error.0 {
            self.remove(tier, visit.node, object, Removal::Expired, now);
            self.follow_departure(tier, object, request, now);
        }
        false
    }

    /// What becomes of the freshness of a copy that was used.
    fn renew(&mut self, visit: &Visit, expires: u64, now: u64) -> Found {
        let Visit { tier, request, object, .. } = *visit;
        if self.stack.tiers[tier].freshness.renew {
            let expires = self.expiry(tier, request, now);
            self.set_expiry(tier, visit.node, object, expires, now);
        }
        let at = now.saturating_add(self.tiers[tier].clock_ahead);
        if self.is_due_early(tier, expires, request, at) { Found::Early } else { Found::Fresh }
    }

    fn count_miss(&mut self, tier: usize, object: ObjectId) {
        if let Some(misses) = self.tiers[tier].misses.get_mut(object.index()) {
            *misses = misses.saturating_add(1);
        }
    }

    /// Probabilistic early refresh. The time a fetch takes is taken as the tier's mean so far.
    fn is_due_early(&self, tier: usize, expires: u64, request: u32, at: u64) -> bool {
        let beta = self.stack.tiers[tier].freshness.early_refresh;
        if beta == 0.0 || expires == FOR_EVER {
            return false;
        }
        let u = 1.0 - self.chances.early.uniform_at(u64::from(request) ^ self.tiers[tier].number);
        let ahead = -libm::log(u) * beta * self.recorder.mean_fetch_ns(tier);
        at as f64 + ahead >= expires as f64
    }

    /// Renews a copy; nobody waits for it.
    pub(super) fn refresh(&mut self, id: u32, tier: usize, now: u64) {
        let flight = self.flights.get(id);
        let (request, node) = (flight.request, flight.node[tier]);
        let object = self.object(request);
        if self.tiers[tier].nodes[node as usize].fetching.is_under_way(object) {
            return;
        }
        let mut refresh = Flight::new(request, Purpose::Refresh, now);
        refresh.top = tier as u8;
        refresh.leads = 1 << tier;
        refresh.node[tier] = node;
        refresh.placed = 1 << tier;
        let refresh = self.flights.start(refresh);
        self.tiers[tier].nodes[node as usize].fetching.lead(object, refresh);
        self.recorder.refreshed(tier, request);
        self.ask(refresh, tier + 1, now);
        self.flights.release(refresh);
    }

    /// An answer that passes a tier may be kept there; if it moved up from an exclusive tier, for no
    /// longer than it was good for there. Whether it is.
    pub(super) fn keep(
        &mut self,
        id: u32,
        tier: usize,
        answered_by: usize,
        moved: Option<u64>,
        now: u64,
    ) -> bool {
        let flight = *self.flights.get(id);
        if !self.is_to_be_kept(&flight, tier, answered_by) {
            return false;
        }
        let Some(node) = self.reach(&flight, tier, now) else { return false };
        let expires = self.expiry(tier, flight.request, now).min(moved.unwrap_or(FOR_EVER));
        self.put(tier, node, flight.request, flight.version, expires, now)
    }

    /// The node of a tier that a flight's answer is sent to, if anything reaches it.
    #[inline]
    fn reach(&mut self, flight: &Flight, tier: usize, now: u64) -> Option<usize> {
        let node = if self.tiers[tier].is_single || flight.placed & 1 << tier != 0 {
            flight.node[tier] as usize
        } else {
            self.node_of(tier, self.object(flight.request), flight.request, now)?
        };
        self.tiers[tier].is_reached(node).then_some(node)
    }

    #[inline(always)]
    fn is_to_be_kept(&self, flight: &Flight, tier: usize, answered_by: usize) -> bool {
        let object = self.object(flight.request);
        if tier == 0 && self.ledger.is_dirty(object) {
            return false;
        }
        self.tiers[tier].keeps_all || self.is_chosen(flight, tier, answered_by)
    }

    /// The rules of a tier that does not keep all.
    fn is_chosen(&self, flight: &Flight, tier: usize, answered_by: usize) -> bool {
        let spec = &self.stack.tiers[tier];
        let object = self.object(flight.request);
        if spec.freshness.negative_ttl.is_none() && self.is_absent(object) {
            return false;
        }
        if flight.purpose == Purpose::Refresh && usize::from(flight.top) == tier {
            return true;
        }
        if spec.inclusion == Inclusion::Exclusive || self.is_demoted(flight.request, tier) {
            return false;
        }
        match spec.fill {
            Fill::Always => true,
            Fill::Down => answered_by == tier + 1,
            Fill::Probability(p) => {
                let number = u64::from(flight.request) ^ self.tiers[tier].number;
                self.chances.fill.uniform_at(number) < p
            }
            Fill::Nth(n) => self.tiers[tier].misses[object.index()] >= n,
            Fill::Accesses(n) => self.accesses[object.index()] >= n,
        }
    }

    /// Whether the rule for large objects keeps this one out of the tier.
    fn is_demoted(&self, request: u32, tier: usize) -> bool {
        self.stack.demotion.is_some_and(|rule| {
            tier < rule.to
                && self.size(request) > rule.above_bytes
                && self.accesses[self.object(request).index()] < rule.reads_below
        })
    }

    /// When a copy filled in now is no longer fresh.
    #[inline(always)]
    pub(super) fn expiry(&self, tier: usize, request: u32, now: u64) -> u64 {
        let live = &self.tiers[tier];
        let Freshness { jitter, negative_ttl, .. } = self.stack.tiers[tier].freshness;
        let mut ttl = match negative_ttl {
            Some(negative) if self.is_absent(self.object(request)) => negative.0,
            _ => live.ttl,
        };
        if jitter > 0.0 && ttl != NO_TTL {
            let u = self.chances.jitter.uniform_at(u64::from(request) ^ live.number);
            ttl = (ttl as f64 * (1.0 + jitter * (2.0 * u - 1.0))) as u64;
        }
        now.saturating_add(live.clock_ahead).saturating_add(ttl.min(self.own_ttl(request)))
    }

    /// The time to live of what a read fills in: its own, or that of the object's last write.
    fn own_ttl(&self, request: u32) -> u64 {
        let Some(own) = &self.trace.columns().ttl_ns else { return NO_TTL };
        own[request as usize].min(self.written_ttl[self.object(request).index()])
    }

    /// Makes the object resident at a node, or renews the copy that is there.
    pub(super) fn put(
        &mut self,
        tier: usize,
        node_number: usize,
        request: u32,
        version: u32,
        expires: u64,
        now: u64,
    ) -> bool {
        let (object, size) = (self.object(request), self.size(request));
        if !self.admits(tier, object, version, now) {
            return false;
        }
        let live = &mut self.tiers[tier];
        let policy_request = live.request(object, size, request);
        let residents = live.nodes[node_number].contents.residents();
        if residents.contains(object) && residents.size_of(object) != policy_request.size {
            self.remove(tier, node_number, object, Removal::Deleted, now);
        }
        let victims = &mut self.victims;
        let live = &mut self.tiers[tier];
        let node = &mut live.nodes[node_number];
        let old = node.copies.version(object);
        let filled = node.contents.fill(&policy_request, &mut |victim| victims.push(victim));
        let kept = matches!(filled, Filled::Inserted | Filled::AlreadyIn);
        if kept {
            node.copies.set_version(object, version);
            node.set_expiry(object, expires, now.saturating_add(live.clock_ahead));
            self.sweep_later(tier, node_number);
        }
        if kept && self.secure.is_some() {
            let replaced = (filled == Filled::AlreadyIn).then_some(old);
            let taken = Taken { object, version, size, request, replaced };
            self.note_taken(tier, node_number, &taken, now);
        }
        self.recorder.filled(tier, request, filled, size);
        self.part_with_victims(tier, node_number, request, now);
        self.tiers[tier].note_used(node_number, now);
        kept
    }

    /// What happens to objects that a node has evicted, if there are any.
    #[inline(always)]
    fn part_with_victims(&mut self, tier: usize, node: usize, request: u32, now: u64) {
        if !self.victims.is_empty() {
            self.part_with(tier, node, request, now);
        }
    }

    fn part_with(&mut self, tier: usize, node: usize, request: u32, now: u64) {
        let nobody_cares = self.tiers[tier].evicts_quietly
            && self.secure.is_none()
            && (tier > 0 || self.ledger.is_clean());
        if nobody_cares {
            self.recorder.evicted(tier, request, self.victims.len() as u64);
            self.victims.clear();
        } else {
            self.tell_of_victims(tier, node, request, now);
        }
    }

    fn tell_of_victims(&mut self, tier: usize, node: usize, request: u32, now: u64) {
        let victims = std::mem::take(&mut self.victims);
        self.recorder.evicted(tier, request, victims.len() as u64);
        let below = self.stack.tiers.get(tier + 1);
        let demotes = below.is_some_and(|below| below.inclusion == Inclusion::Exclusive);
        for victim in &victims {
            self.note_dropped(tier, node, *victim, now);
            self.follow_departure(tier, *victim, request, now);
            if demotes {
                self.demote(tier, node, *victim, request, now);
            }
        }
        self.victims = victims;
        self.victims.clear();
    }

    /// An object has left a tier: if it was dirty there it is flushed, and if the tier is inclusive
    /// the tiers above lose it too.
    pub(super) fn follow_departure(
        &mut self,
        tier: usize,
        object: ObjectId,
        request: u32,
        now: u64,
    ) {
        self.lose_dirty(tier, object, true, now);
        if self.stack.tiers[tier].inclusion == Inclusion::Inclusive {
            for above in 0..tier {
                self.displace(above, object, request, now);
            }
        }
    }

    /// Removes a copy; whether there was one.
    pub(super) fn remove(
        &mut self,
        tier: usize,
        node: usize,
        object: ObjectId,
        why: Removal,
        now: u64,
    ) -> bool {
        let removed = self.tiers[tier].nodes[node].contents.remove(object, why);
        if removed {
            self.note_dropped(tier, node, object, now);
            self.tiers[tier].note_used(node, now);
        }
        removed
    }

    /// Removes every copy a tier has of an object that left a tier below it.
    fn displace(&mut self, tier: usize, object: ObjectId, request: u32, now: u64) {
        let mut removed = 0;
        for node in 0..self.tiers[tier].nodes.len() {
            removed += u64::from(self.remove(tier, node, object, Removal::Moved, now));
        }
        if removed > 0 {
            self.recorder.displaced(tier, request, removed);
            self.lose_dirty(tier, object, true, now);
        }
    }

    /// A victim of the tier above an exclusive one comes down with what was known of it.
    fn demote(&mut self, tier: usize, node: usize, victim: ObjectId, request: u32, now: u64) {
        let copies = &self.tiers[tier].nodes[node].copies;
        let (expires, version) = (copies.expires(victim), copies.version(victim));
        let gone = expires <= now.saturating_add(self.tiers[tier].clock_ahead);
        if gone || version == SHREDDED {
            return;
        }
        let below = tier + 1;
        let size = self.tiers[tier].nodes[node].contents.residents().size_of(victim);
        let size = self.size_below(tier, size);
        let seq = self.tiers[below].seq(u64::from(request));
        let demoted = cache::Request { object: victim, size, seq, next_use: trace::NEVER };
        let Some(to) = self.node_of(below, victim, request, now) else { return };
        if !self.tiers[below].is_reached(to) || !self.admits(below, victim, version, now) {
            return;
        }
        let from = node;
        let node = &mut self.tiers[below].nodes[to];
        let old = node.copies.version(victim);
        let victims = &mut self.victims;
        let filled = node.contents.fill(&demoted, &mut |victim| victims.push(victim));
        let renews = filled == Filled::AlreadyIn && (version > old || old == SHREDDED);
        if filled == Filled::Inserted || renews {
            node.copies.set_version(victim, version);
            self.set_expiry(below, to, victim, expires, now);
            let bytes = size - self.tiers[below].overhead;
            self.open_to_move(tier, from, victim, bytes, now);
            let replaced = renews.then_some(old);
            let taken = Taken { object: victim, version, size: bytes, request, replaced };
            self.note_taken(below, to, &taken, now);
        }
        if filled == Filled::Inserted {
            self.recorder.demoted(below, request);
        }
        self.part_with_victims(below, to, request, now);
        self.tiers[below].note_used(to, now);
    }

    /// What an object of this size in a tier takes in the tier below. Where only the lower one counts
    /// bytes, all objects have one, which [`Engine::new`](super::Engine::new) sees to.
    fn size_below(&self, tier: usize, size: u64) -> u64 {
        let (from, to) = (&self.stack.tiers[tier], &self.stack.tiers[tier + 1]);
        let overhead_below = self.tiers[tier + 1].overhead;
        match (from.unit, to.unit) {
            (_, Unit::Objects) => 1,
            (Unit::Objects, Unit::Bytes) => size.saturating_add(overhead_below),
            (Unit::Bytes, Unit::Bytes) => {
                (size - self.tiers[tier].overhead.min(size)).saturating_add(overhead_below)
            }
        }
    }

    /// The node that an object moved to a tier goes to, if it can be reached.
    fn node_of(&mut self, tier: usize, object: ObjectId, request: u32, now: u64) -> Option<usize> {
        if self.tiers[tier].is_single {
            return Some(0);
        }
        let ask = Ask { object, ..self.asking(request, true, now) };
        let live = &mut self.tiers[tier];
        match live.placement.route(&ask, &QueueView { servers: &live.servers, now }) {
            Route::To { node, .. } => Some(node as usize),
            Route::Unreachable { .. } => None,
        }
    }

    /// An exclusive tier gives away what it answered, if a tier above will have it. Until when the
    /// copy is fresh; `None` if nothing moves. What is being renewed here stays.
    pub(super) fn move_up(&mut self, id: u32, tier: usize, now: u64) -> Option<u64> {
        if self.stack.tiers.get(tier)?.inclusion != Inclusion::Exclusive
            || self.flights.leg(id, tier).stale
        {
            return None;
        }
        let flight = *self.flights.get(id);
        (usize::from(flight.top)..tier).rev().find(|above| {
            self.is_to_be_kept(&flight, *above, tier) && self.reach(&flight, *above, now).is_some()
        })?;
        let object = self.object(flight.request);
        let node_number = flight.node[tier] as usize;
        let expires = self.tiers[tier].nodes[node_number].copies.expires(object);
        if !self.remove(tier, node_number, object, Removal::Moved, now) {
            return None;
        }
        self.recorder.displaced(tier, flight.request, 1);
        Some(expires)
    }

    /// No tier above would have it after all.
    pub(super) fn move_back(&mut self, id: u32, tier: usize, expires: u64, now: u64) {
        let Flight { request, version, node, .. } = *self.flights.get(id);
        self.put(tier, node[tier] as usize, request, version, expires, now);
    }

    /// One object goes from a node to another of the same tier.
    pub(super) fn migrate(
        &mut self,
        tier: usize,
        object: ObjectId,
        from: usize,
        to: usize,
        now: u64,
    ) {
        let request = self.recorder.requests_so_far();
        let seq = self.tiers[tier].seq(request);
        let node = &mut self.tiers[tier].nodes[from];
        let size = node.contents.residents().size_of(object);
        let (expires, version) = (node.copies.expires(object), node.copies.version(object));
        let seal = node.copies.seal(object);
        node.contents.remove(object, Removal::Moved);
        let victims = &mut self.victims;
        let node = &mut self.tiers[tier].nodes[to];
        let moved = cache::Request { object, size, seq, next_use: trace::NEVER };
        if node.contents.fill(&moved, &mut |victim| victims.push(victim)) == Filled::Inserted {
            node.copies.set_version(object, version);
            node.copies.set_seal(object, seal);
            self.set_expiry(tier, to, object, expires, now);
            self.recorder.migrated(tier, size);
        } else {
            self.note_dropped(tier, from, object, now);
        }
        self.part_with_victims(tier, to, request as u32, now);
        self.tiers[tier].note_used(from, now);
        self.tiers[tier].note_used(to, now);
    }

    /// Notes until when a copy is good, and when expired ones are to be looked for.
    #[inline]
    fn set_expiry(&mut self, tier: usize, node: usize, object: ObjectId, at: u64, now: u64) {
        let live = &mut self.tiers[tier];
        let clock = now.saturating_add(live.clock_ahead);
        live.nodes[node].set_expiry(object, at, clock);
        self.sweep_later(tier, node);
    }

    /// Schedules the next look for expired copies of a node.
    #[inline(always)]
    fn sweep_later(&mut self, tier: usize, node: usize) {
        let live = &mut self.tiers[tier];
        let Some(next) = live.nodes[node].expiry.next() else { return };
        let at = next.saturating_sub(live.clock_ahead).max(self.now);
        if at < live.nodes[node].swept_at {
            live.nodes[node].swept_at = at;
            self.events.schedule(at, What::Sweep, tier, node as u32);
        }
    }

    /// Looks for expired copies of a node.
    pub(super) fn sweep(&mut self, tier: usize, node: u32, now: u64) {
        let live = &mut self.tiers[tier];
        let clock = now.saturating_add(live.clock_ahead);
        let number = node as usize;
        if live.nodes[number].swept_at != now {
            return;
        }
        live.nodes[number].swept_at = u64::MAX;
        let expired = live.nodes[number].expired(clock);
        for object in &expired {
            self.remove(tier, number, *object, Removal::Expired, now);
        }
        self.recorder.swept(tier, expired.len() as u64);
        // What would look for ever ends with the requests.
        if now <= self.last_arrival() {
            self.sweep_later(tier, number);
        }
    }
}
