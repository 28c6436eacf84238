//! Erasure, encryption and the audit log: what the engine tells the types of [`crate::security`].
//!
//! A run without any of them pays for one test a lookup and two a fill. Objects that a request to erase
//! names leave the shortcut of plain reads, so that every copy and every delivery of them is seen.
//!
//! # Erasure
//!
//! At the time of a request the origin erases: the version of each object rises, and reads that the
//! origin serves from then on bring the new one, as if the person came back at once. Each tier purges
//! after its delay, on all nodes, also on those that are down or cut off, which writes do not
//! reach. Purges remove whatever version
//! they find, as real ones do that know only keys; a dirty newer version is written to the origin first.
//! They also outdate fetches under way, as writes do.
//!
//! A tombstone refuses erased versions whichever way they come: fills, demotions from the tier above,
//! late write-throughs. An answer that it refuses is not given to those who wait for it either: they
//! ask again. Otherwise a read that begins after the last purge could wait for a fetch that began before
//! the request. The read that fetched it has its answer; it began before the last purge.
//!
//! # Encryption
//!
//! See [`crate::Encryption`] for who pays. A hit opens the copy, and whoever finds it sealed under an
//! old key seals it anew and pays for that too. A copy that is demoted is opened and sealed by those who
//! move it; one that migrates within its tier moves as it is.

use cache::{Removal, Unit};
use trace::{Keys as Names, ObjectId, Trace};

use super::Engine;
use super::live::resident_objects;
use crate::copies::SHREDDED;
use crate::events::What;
use crate::security::{
    AuditLog, ErasureOutcome, Finished, KeyCounters, Keys, Kind, Ledger, Plan, Purging,
};
use crate::{EncryptionOutcome, Error, Run, Tier};

/// What watches over a run.
pub(super) struct Secure {
    erasing: Option<Erasing>,
    /// By tier.
    keys: Vec<Option<TierKeys>>,
    log: Option<AuditLog>,
    start: u64,
}

struct Erasing {
    plan: Plan,
    purging: Vec<Purging>,
    account: Ledger,
    longest_flight: u64,
}

struct TierKeys {
    keys: Keys,
    /// At the end of the warm-up.
    before: KeyCounters,
    /// By schedule.
    rotations: u64,
}

/// A copy that a tier takes in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) object: ObjectId,
    pub(super) version: u32,
    /// Bytes of the object itself.
    pub(super) size: u64,
    /// The request that brings it.
    pub(super) request: u32,
    /// The version of the copy that was there.
    pub(super) replaced: Option<u32>,
}

/// Changes of keys by schedule in a run, at most.
const MOST_ROTATIONS: u64 = 1_000_000;

impl Secure {
    /// `None` if the stack asks for nothing of it.
    pub(super) fn new(run: &Run<'_>) -> Result<Option<Box<Self>>, Error> {
        let stack = run.stack;
        let seals = stack.tiers.iter().any(|tier| tier.encryption.is_some());
        if stack.erasure.is_none() && stack.audit.is_none() && !seals {
            return Ok(None);
        }
        let start = run.arrivals.first().copied().unwrap_or(0);
        let log = stack.audit.as_ref().map(|audit| {
            // The seed stands for the secret of a real system, so that a run can be repeated.
            let secret = run.seed.to_le_bytes();
            AuditLog::new(&audit.spec, &secret, &audit.run, run.seed, start)
        });
        let keys = stack.tiers.iter().map(|tier| TierKeys::new(tier, run, start));
        Ok(Some(Box::new(Secure {
            erasing: Erasing::new(run)?,
            keys: keys.collect::<Result<_, _>>()?,
            log,
            start,
        })))
    }

    fn concerns(&self, object: ObjectId) -> bool {
        self.erasing.as_ref().is_some_and(|erasing| erasing.account.concerns(object))
    }
}

impl Erasing {
    fn new(run: &Run<'_>) -> Result<Option<Self>, Error> {
        let Some(erasure) = &run.stack.erasure else { return Ok(None) };
        let first = run.arrivals.first().copied().unwrap_or(0);
        let last = run.arrivals.last().copied().unwrap_or(first);
        let plan =
            Plan::new(&erasure.spec, run.trace, (first, last), run.seed).map_err(Error::Erasure)?;
        let purging = run.stack.tiers.iter().map(|tier| {
            let spec = erasure.spec.tiers.get(&tier.name).cloned().unwrap_or_default();
            let law = spec.latency.as_ref().and_then(|name| erasure.profiles.get(name)).cloned();
            Purging::new(&spec, &tier.name, law, run.seed)
                .map_err(|error| Error::Tier { tier: tier.name.clone(), what: error.to_string() })
        });
        let tombstone = erasure.spec.tombstone.map(|tombstone| tombstone.0);
        let n_requests = plan.requests().len();
        let n_tiers = run.stack.tiers.len();
        Ok(Some(Erasing {
            purging: purging.collect::<Result<_, _>>()?,
            account: Ledger::new(n_requests, run.trace.n_objects(), n_tiers, tombstone),
            plan,
            longest_flight: 0,
        }))
    }
}

impl TierKeys {
    fn new(tier: &Tier, run: &Run<'_>, start: u64) -> Result<Option<Self>, Error> {
        let Some(encryption) = &tier.encryption else { return Ok(None) };
        let unfit = |what: String| Error::Tier { tier: tier.name.clone(), what };
        if tier.unit == Unit::Objects {
            return Err(unfit("encryption needs a capacity in bytes".into()));
        }
        let clients = run.trace.columns().client.as_ref().map_or(0, |clients| clients.names.len());
        if encryption.spec.key_per == crate::security::KeyPer::Client && clients == 0 {
            return Err(unfit("keys by client need a trace that names its clients".into()));
        }
        let last = run.arrivals.last().copied().unwrap_or(start);
        let rotations =
            encryption.spec.rotate_every.map_or(0, |every| (last - start) / every.0.max(1));
        if rotations > MOST_ROTATIONS {
            let what =
                format!("{rotations} changes of keys are too many: at most {MOST_ROTATIONS}");
            return Err(unfit(what));
        }
        let (spec, cipher) = (&encryption.spec, encryption.cipher);
        let (n, scale) = (run.trace.n_objects(), run.stack.scale);
        let keys = Keys::new(spec, cipher, n, clients as u32, start, scale)
            .map_err(|error| unfit(error.to_string()))?;
        Ok(Some(TierKeys { keys, before: KeyCounters::default(), rotations: 0 }))
    }
}

/// The key of an object as people know it.
fn name_of(trace: &Trace, object: ObjectId) -> Vec<u8> {
    match &trace.columns().keys {
        Some(Names::Text(names)) => names.get(object.0).to_vec(),
        Some(names) => names.label(object).into_owned().into_bytes(),
        None => object.0.to_string().into_bytes(),
    }
}

impl Engine<'_> {
    /// Schedules what is known beforehand.
    pub(super) fn schedule_security(&mut self) {
        let erasing = self.secure.as_ref().and_then(|secure| secure.erasing.as_ref());
        let last = self.run.arrivals.last().copied().unwrap_or(0);
        let plan = erasing.into_iter().flat_map(|erasing| erasing.plan.requests());
        for (number, asked) in plan.enumerate().filter(|(_, asked)| asked.at <= last) {
            self.events.schedule(asked.at, What::Erase, 0, number as u32);
        }
        for tier in 0..self.origin() {
            self.rotate_later(tier, self.now);
        }
    }

    /// A request to erase is asked.
    pub(super) fn erase(&mut self, number: usize, now: u64) {
        let Some(erasing) = self.secure.as_ref().and_then(|secure| secure.erasing.as_ref()) else {
            return;
        };
        let objects = erasing.plan.objects(number).to_vec();
        let n_paths = erasing.plan.requests()[number].n_paths;
        for object in &objects {
            self.clean(*object);
        }
        let Engine { secure, ledger, tiers, .. } = self;
        let Some(Secure { erasing: Some(erasing), log, .. }) = secure.as_deref_mut() else {
            return;
        };
        let copies = |object: ObjectId, tier: usize| {
            let readable = tiers[tier].nodes.iter().filter(|node| {
                node.contents.residents().contains(object)
                    && node.copies.version(object) != SHREDDED
            });
            readable.count() as u32
        };
        erasing.account.ask(number, &objects, now, |object| ledger.erase(object), copies);
        if let Some(log) = log {
            let subject = erasing.plan.requests()[number].subject.as_bytes();
            let n_objects = objects.len() as u64;
            let details = [("request", number as u64), ("objects", n_objects), ("paths", n_paths)];
            log.record(now, Kind::GdprDelete, None, subject, &details);
        }
        for (tier, purging) in erasing.purging.iter().enumerate() {
            // A tier of the system described holds so many times as many keys.
            let resident = (tiers[tier].n_resident() as f64 * self.stack.scale) as u64;
            let delay = purging.delay_ns(number, objects.len() as u64, resident);
            self.events.schedule(now.saturating_add(delay), What::Purge, tier, number as u32);
        }
    }

    /// A tier purges for a request to erase.
    pub(super) fn purge(&mut self, number: usize, tier: usize, now: u64) {
        let Some(erasing) = self.secure.as_ref().and_then(|secure| secure.erasing.as_ref()) else {
            return;
        };
        let objects = erasing.plan.objects(number).to_vec();
        let n_paths = erasing.plan.requests()[number].n_paths;
        let shreds = erasing.purging[tier].shreds();
        let mut removed = 0;
        for object in &objects {
            self.outdate(tier, *object);
            self.lose_dirty(tier, *object, true, now);
            let before = removed;
            for node in 0..self.tiers[tier].nodes.len() {
                removed += u64::from(if shreds {
                    self.shred(tier, node, *object, now)
                } else {
                    self.remove(tier, node, *object, Removal::Deleted, now)
                });
            }
            if removed > before && !shreds {
                let request = self.recorder.requests_so_far() as u32;
                self.follow_departure(tier, *object, request, now);
            }
        }
        self.recorder.purged(tier, n_paths, removed);
        let Some(Secure { erasing: Some(erasing), log, .. }) = self.secure.as_deref_mut() else {
            return;
        };
        let complete = erasing.account.purged(number, &objects, tier, now, removed);
        let Some(log) = log else { return };
        let asked = &erasing.plan.requests()[number];
        let since = [("request", number as u64), ("after-ns", now - asked.at)];
        let [request, after] = since;
        let name = self.stack.tiers[tier].name.as_str();
        let subject = asked.subject.as_bytes();
        log.record(now, Kind::Purge, Some(name), subject, &[request, after, ("removed", removed)]);
        if complete {
            log.record(now, Kind::Erased, None, subject, &since);
        }
    }

    /// Makes a copy unreadable; whether there was one that could be read.
    fn shred(&mut self, tier: usize, node: usize, object: ObjectId, now: u64) -> bool {
        let copies = &self.tiers[tier].nodes[node];
        let readable = copies.contents.residents().contains(object)
            && copies.copies.version(object) != SHREDDED;
        if readable {
            self.note_dropped(tier, node, object, now);
            self.tiers[tier].nodes[node].copies.set_version(object, SHREDDED);
        }
        readable
    }

    /// Removes a copy that nobody can read; whether it was one.
    pub(super) fn drop_unreadable(
        &mut self,
        tier: usize,
        node: usize,
        object: ObjectId,
        request: u32,
        now: u64,
    ) -> bool {
        if self.secure.is_none() || self.tiers[tier].nodes[node].copies.version(object) != SHREDDED
        {
            return false;
        }
        let removed = self.remove(tier, node, object, Removal::Deleted, now);
        if removed {
            self.follow_departure(tier, object, request, now);
        }
        removed
    }

    /// Whether a request to erase names the object so far.
    #[inline]
    pub(super) fn is_to_be_erased(&self, object: ObjectId) -> bool {
        self.secure.as_ref().is_some_and(|secure| secure.concerns(object))
    }

    /// Versions of the object below this one are erased everywhere.
    #[inline]
    pub(super) fn erased_below(&self, object: ObjectId) -> u32 {
        let erasing = self.secure.as_ref().and_then(|secure| secure.erasing.as_ref());
        erasing.map_or(0, |erasing| erasing.account.complete_below(object))
    }

    /// Whether a tier's tombstone bars this version.
    #[inline]
    pub(super) fn bars(&self, tier: usize, object: ObjectId, version: u32, now: u64) -> bool {
        let erasing = self.secure.as_ref().and_then(|secure| secure.erasing.as_ref());
        erasing.is_some_and(|erasing| erasing.account.bars(object, version, tier, now))
    }

    /// Whether a tier takes in a copy of this version.
    #[inline]
    pub(super) fn admits(&mut self, tier: usize, object: ObjectId, version: u32, now: u64) -> bool {
        self.secure.is_none() || self.passes(tier, object, version, now)
    }

    fn passes(&mut self, tier: usize, object: ObjectId, version: u32, now: u64) -> bool {
        let Some(Secure { erasing: Some(erasing), log, .. }) = self.secure.as_deref_mut() else {
            return true;
        };
        let admitted = erasing.account.admits(object, version, tier, now);
        if let Some(log) = log.as_mut().filter(|_| !admitted) {
            let (name, tier) = (name_of(self.trace, object), &self.stack.tiers[tier].name);
            log.record(now, Kind::Barred, Some(tier), &name, &[("version", u64::from(version))]);
        }
        admitted
    }

    /// A node took a copy in.
    pub(super) fn note_taken(&mut self, tier: usize, node: usize, taken: &Taken, now: u64) {
        let Some(secure) = self.secure.as_deref_mut() else { return };
        let Taken { object, version, size, request, replaced } = *taken;
        let name = self.stack.tiers[tier].name.as_str();
        if let Some(erasing) = &mut secure.erasing {
            if let Some(old) = replaced {
                erasing.account.dropped(object, old, tier, now);
            }
            erasing.account.inserted(object, version, tier, now);
        }
        if let Some(keys) = &mut secure.keys[tier] {
            let clients = self.trace.columns().client.as_ref();
            let client = clients.map_or(0, |clients| clients.ids[request as usize]);
            let sealed = keys.keys.seal(object, client, size, now);
            self.tiers[tier].nodes[node].copies.set_seal(object, sealed.seal);
            if let Some(log) = secure.log.as_mut().filter(|_| sealed.rotated) {
                let name_of = name_of(self.trace, object);
                log.record(now, Kind::KeyRotation, Some(name), &name_of, &[("exhausted", 1)]);
            }
        }
        if let Some(log) = &mut secure.log
            && log.wants_set(object)
        {
            let details = [("bytes", size), ("version", u64::from(version))];
            log.record(now, Kind::Set, Some(name), &name_of(self.trace, object), &details);
        }
    }

    /// A node lost a copy, or will in a moment.
    #[inline]
    pub(super) fn note_dropped(&mut self, tier: usize, node: usize, object: ObjectId, now: u64) {
        if self.secure.is_some() {
            self.drop_from_account(tier, node, object, now);
        }
    }

    fn drop_from_account(&mut self, tier: usize, node: usize, object: ObjectId, now: u64) {
        if let Some(Secure { erasing: Some(erasing), .. }) = self.secure.as_deref_mut() {
            let version = self.tiers[tier].nodes[node].copies.version(object);
            erasing.account.dropped(object, version, tier, now);
        }
    }

    /// A copy of an object of so many bytes is read, for a client or to renew another; how long opening
    /// it takes.
    #[inline]
    pub(super) fn note_read(
        &mut self,
        tier: usize,
        node: usize,
        object: ObjectId,
        size: u64,
        for_client: bool,
        now: u64,
    ) -> u64 {
        let Some(secure) = self.secure.as_deref_mut() else { return 0 };
        let copies = &mut self.tiers[tier].nodes[node].copies;
        if let Some(erasing) = secure.erasing.as_mut().filter(|_| for_client) {
            erasing.account.read(object, copies.version(object), tier, now);
        }
        secure.keys[tier].as_mut().map_or(0, |keys| {
            let opened = keys.keys.open(copies.seal(object), size, now);
            copies.set_seal(object, opened.seal);
            opened.ns
        })
    }

    /// A copy is opened to be moved to another tier.
    pub(super) fn open_to_move(
        &mut self,
        tier: usize,
        node: usize,
        object: ObjectId,
        size: u64,
        now: u64,
    ) {
        let Some(secure) = self.secure.as_deref_mut() else { return };
        if let Some(keys) = &mut secure.keys[tier] {
            keys.keys.open(self.tiers[tier].nodes[node].copies.seal(object), size, now);
        }
    }

    /// A read that waited for another's fetch at a tier is answered. If it arrived when that version
    /// was already erased everywhere, the promise is broken as if it had found a copy.
    #[inline]
    pub(super) fn note_waited(&mut self, id: u32, tier: usize, version: u32, now: u64) {
        if self.secure.is_none() || self.is_unwanted(id, tier) {
            return;
        }
        let flight = self.flights.get(id);
        if version < flight.erased {
            let object = self.object(flight.request);
            if let Some(Secure { erasing: Some(erasing), .. }) = self.secure.as_deref_mut() {
                erasing.account.read(object, version, tier, now);
            }
        }
    }

    /// A client has its answer.
    #[inline]
    pub(super) fn note_delivered(&mut self, request: u32, version: u32) {
        if let Some(Secure { erasing: Some(erasing), .. }) = self.secure.as_deref_mut() {
            erasing.account.delivered(self.trace.objects()[request as usize], version);
        }
    }

    /// An answer was under way since this time at the earliest.
    #[inline]
    pub(super) fn note_flight(&mut self, since: u64, now: u64) {
        if let Some(Secure { erasing: Some(erasing), .. }) = self.secure.as_deref_mut() {
            erasing.longest_flight = erasing.longest_flight.max(now - since);
        }
    }

    /// An application deleted an object.
    pub(super) fn log_delete(&mut self, object: ObjectId, now: u64) {
        if let Some(Secure { log: Some(log), .. }) = self.secure.as_deref_mut() {
            log.record(now, Kind::Delete, None, &name_of(self.trace, object), &[]);
        }
    }

    fn rotate_later(&mut self, tier: usize, now: u64) {
        let keys = self.secure.as_ref().and_then(|secure| secure.keys[tier].as_ref());
        let next = keys.and_then(|keys| keys.keys.next_rotation(now));
        if let Some(at) = next.filter(|at| *at <= self.last_arrival()) {
            self.events.schedule(at, What::Rotate, tier, 0);
        }
    }

    /// A tier goes over to new keys; an eager one seals all its copies anew.
    pub(super) fn rotate(&mut self, tier: usize, now: u64) {
        let Some(secure) = self.secure.as_deref_mut() else { return };
        let Some(keys) = &mut secure.keys[tier] else { return };
        let live = &mut self.tiers[tier];
        keys.rotations += 1;
        if keys.keys.sweeps() {
            for node in &mut live.nodes {
                for object in resident_objects(node) {
                    if node.copies.version(object) != SHREDDED {
                        let size = node.contents.residents().size_of(object) - live.overhead;
                        let opened = keys.keys.open(node.copies.seal(object), size, now);
                        node.copies.set_seal(object, opened.seal);
                    }
                }
            }
        }
        if let Some(log) = &mut secure.log {
            let name = self.stack.tiers[tier].name.as_str();
            let epoch = u64::from(keys.keys.epoch(now));
            log.record(now, Kind::KeyRotation, Some(name), name.as_bytes(), &[("epoch", epoch)]);
        }
        self.rotate_later(tier, now);
    }

    /// The warm-up is over.
    pub(super) fn start_counting_keys(&mut self) {
        let Some(secure) = self.secure.as_deref_mut() else { return };
        for keys in secure.keys.iter_mut().flatten() {
            keys.before = *keys.keys.counters();
        }
    }

    /// What the keys of a tier did.
    pub(super) fn encrypted(&self, tier: usize) -> Option<EncryptionOutcome> {
        let keys = self.secure.as_ref()?.keys.get(tier)?.as_ref()?;
        let spec = &self.stack.tiers[tier];
        let a_copy = spec.stored_size(0) - spec.object_overhead;
        Some(EncryptionOutcome {
            keys: keys.keys.counters().since(&keys.before),
            rotations: keys.rotations,
            extra_bytes_max: self.tiers[tier].n_resident_max() * a_copy,
        })
    }

    /// The accounts at the end of the run.
    ///
    /// # Panics
    /// If the account of copies differs from the copies: a bug.
    pub(super) fn finish_security(
        &mut self,
        now: u64,
    ) -> (Option<ErasureOutcome>, Option<Finished>) {
        let Some(secure) = self.secure.take() else { return (None, None) };
        let Secure { erasing, log, start, .. } = *secure;
        let outcome = erasing.map(|erasing| {
            self.check_account(&erasing.account);
            let mut outcome = erasing.account.outcome();
            outcome.longest_flight_ns = erasing.longest_flight;
            outcome.since(start)
        });
        (outcome, log.map(|log| log.finish(now)))
    }

    /// Counts the copies that are left by looking at all of them.
    fn check_account(&self, account: &Ledger) {
        account.residual_copies(&mut |object, tier, below, residual| {
            let left = self.tiers[tier].nodes.iter().filter(|node| {
                node.contents.residents().contains(object) && node.copies.version(object) < below
            });
            assert_eq!(left.count(), residual as usize, "copies of {object:?} in tier {tier}");
        });
    }
}
