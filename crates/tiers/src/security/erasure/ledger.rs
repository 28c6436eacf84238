//! The account of every erasure: which copies are left where, what came back, who was still served.
//!
//! The engine tells the ledger what happens to copies; the ledger says whether a fill is admitted and
//! whether an answer breaks the promise. Everything the engine does per answer is O(1): one array
//! access for objects that nobody erased, a few more for the others. Memory is 4 bytes an object of the
//! trace, and some 24 a tier for each object that is erased.
//!
//! For each erased object and tier the ledger keeps the version below which a purge has removed copies,
//! and until when a tombstone refuses them. For each erased object it keeps the version below which
//! erasure is asked for, and that below which it is complete. Comparing with these two finds a
//! *residual* copy (asked for, still there) and a *violation* (complete, still read), however requests
//! for one object overlap.

use trace::ObjectId;

/// Marks an object that no request names.
const NEVER_ERASED: u32 = u32::MAX;

/// The erasures of a run.
#[derive(Debug, Clone)]
pub struct Ledger {
    n_tiers: usize,
    tombstone_ns: Option<u64>,
    /// Place of each object in `erased`.
    slots: Vec<u32>,
    erased: Vec<Erased>,
    /// The tiers of each place in `erased`, one after another.
    held: Vec<Held>,
    requests: Vec<RequestOutcome>,
    /// The version each request made of each of its objects.
    versions: Vec<Vec<u32>>,
    tiers: Vec<TierErasure>,
}

/// An object that was erased.
#[derive(Debug, Clone, Copy, Default)]
struct Erased {
    /// Versions below this one are to go.
    asked_below: u32,
    /// Versions below this one are gone.
    complete_below: u32,
    /// The newest request for it.
    request: u32,
}

/// An erased object in a tier.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    /// Copies whose erasure is asked for.
    residual: u32,
    /// A purge removed versions below this one.
    purged_below: u32,
    /// The last moment at which its tombstone refuses them.
    refused_until: u64,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestOutcome {
    /// When it was asked, in nanoseconds; `None` if the run ended before.
    pub asked: Option<u64>,
    /// Objects it erases.
    pub n_objects: u64,
    /// When each tier purged.
    pub purged: Vec<Option<u64>>,
    /// Copies that each tier removed in its purge.
    pub removed: Vec<u64>,
    /// When the last tier purged.
    pub completed: Option<u64>,
    /// Fills of an erased version into a tier that had purged it. Like what follows it is counted for
    /// the newest request of the object.
    pub reinserted: u64,
    /// Such fills that a tombstone refused.
    pub refused: u64,
    /// Reads of an erased version between the request and its completion.
    pub read_before_completion: u64,
    /// Reads of an erased version that began after completion: each breaks the promise.
    pub read_after_completion: u64,
    /// Answers with an erased version that reached the client after completion, whenever they were
    /// read.
    pub delivered_after_completion: u64,
    /// The last read of an erased version.
    pub last_read: Option<u64>,
}

impl RequestOutcome {
    /// From the request to its completion.
    pub fn time_to_erasure_ns(&self) -> Option<u64> {
        Some(self.completed? - self.asked?)
    }
}

/// What happened in a tier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TierErasure {
    /// Copies that purges removed.
    pub removed: u64,
    /// Fills of a version that the tier had purged.
    pub reinserted: u64,
    /// Such fills that were refused.
    pub refused: u64,
    /// Copies left whose erasure is asked for: the time of every change, in nanoseconds, and the number
    /// from then on.
    pub residual: Vec<(u64, u64)>,
}

impl TierErasure {
    /// Copies left at the end.
    pub fn residual_now(&self) -> u64 {
        self.residual.last().map_or(0, |(_, n)| *n)
    }

    /// The most copies left at any time.
    pub fn residual_max(&self) -> u64 {
        self.residual.iter().map(|(_, n)| *n).max().unwrap_or(0)
    }

    fn change(&mut self, now: u64, by: i64) {
        if by == 0 {
            return;
        }
        let n = self.residual_now().saturating_add_signed(by);
        match self.residual.last_mut() {
            Some((time, count)) if *time == now => *count = n,
            _ => self.residual.push((now, n)),
        }
    }
}

/// The account of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErasureOutcome {
    /// As in the plan.
    pub requests: Vec<RequestOutcome>,
    /// Nearest the client first.
    pub tiers: Vec<TierErasure>,
}

impl ErasureOutcome {
    /// Times to erasure of the requests that were completed, rising, in nanoseconds. For
    /// [`nearest_rank`]; say beside it how many were [not completed](ErasureOutcome::n_incomplete).
    pub fn times_to_erasure_ns(&self) -> Vec<u64> {
        rising(self.requests.iter().filter_map(RequestOutcome::time_to_erasure_ns))
    }

    /// Times from request to purge of one tier, rising, in nanoseconds.
    pub fn times_to_purge_ns(&self, tier: usize) -> Vec<u64> {
        rising(
            self.requests.iter().filter_map(|request| Some(request.purged[tier]? - request.asked?)),
        )
    }

    /// Requests asked whose last tier had not purged when the run ended.
    pub fn n_incomplete(&self) -> usize {
        let incomplete = |r: &&RequestOutcome| r.asked.is_some() && r.completed.is_none();
        self.requests.iter().filter(incomplete).count()
    }

    /// Reads that broke the promise.
    pub fn n_violations(&self) -> u64 {
        self.requests.iter().map(|request| request.read_after_completion).sum()
    }

    /// Whether erasure held: every request asked was completed, no erased version was read after, and
    /// no copy of one is left.
    pub fn holds(&self) -> bool {
        self.n_incomplete() == 0
            && self.n_violations() == 0
            && self.tiers.iter().all(|tier| tier.residual_now() == 0)
    }
}

fn rising(times: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut times: Vec<u64> = times.collect();
    times.sort_unstable();
    times
}

/// The smallest of some rising values that at least the share `q` of them does not exceed.
pub fn nearest_rank(rising: &[u64], q: f64) -> Option<u64> {
    let rank = libm::ceil(q * rising.len() as f64) as usize;
    rising.get(rank.clamp(1, rising.len().max(1)) - 1).copied()
}

impl Ledger {
    /// An account of `n_requests` requests over `n_objects` objects. Tiers refuse erased versions for
    /// `tombstone_ns` after a purge, that moment included.
    pub fn new(
        n_requests: usize,
        n_objects: u32,
        n_tiers: usize,
        tombstone_ns: Option<u64>,
    ) -> Self {
        let request = RequestOutcome {
            purged: vec![None; n_tiers],
            removed: vec![0; n_tiers],
            ..RequestOutcome::default()
        };
        Ledger {
            n_tiers,
            tombstone_ns,
            slots: vec![NEVER_ERASED; n_objects as usize],
            erased: Vec::new(),
            held: Vec::new(),
            requests: vec![request; n_requests],
            versions: vec![Vec::new(); n_requests],
            tiers: vec![TierErasure::default(); n_tiers],
        }
    }

    /// A request is asked, and the origin erases. `erase` gives the new version of an object, one
    /// above its last; `copies` says how many copies of it a tier holds.
    pub fn ask(
        &mut self,
        request: usize,
        objects: &[ObjectId],
        now: u64,
        mut erase: impl FnMut(ObjectId) -> u32,
        mut copies: impl FnMut(ObjectId, usize) -> u32,
    ) {
        self.requests[request].asked = Some(now);
        self.requests[request].n_objects = objects.len() as u64;
        for object in objects {
            let version = erase(*object);
            self.versions[request].push(version);
            let slot = self.slot_of(*object);
            self.erased[slot].asked_below = version;
            self.erased[slot].request = request as u32;
            for tier in 0..self.n_tiers {
                // Whatever is there is older than the version just made.
                self.set_residual(slot, tier, copies(*object, tier), now);
            }
        }
        self.complete_if_purged(request, objects, now);
    }

    /// A tier has purged all copies of a request's objects, `n_removed` of them. Whether the request
    /// is now complete.
    pub fn purged(
        &mut self,
        request: usize,
        objects: &[ObjectId],
        tier: usize,
        now: u64,
        n_removed: u64,
    ) -> bool {
        self.requests[request].purged[tier] = Some(now);
        self.requests[request].removed[tier] = n_removed;
        self.tiers[tier].removed += n_removed;
        for (k, object) in objects.iter().enumerate() {
            let version = self.versions[request][k];
            let slot = self.slot_of(*object);
            self.set_residual(slot, tier, 0, now);
            let held = &mut self.held[slot * self.n_tiers + tier];
            held.purged_below = held.purged_below.max(version);
            held.refused_until = now.saturating_add(self.tombstone_ns.unwrap_or(0));
        }
        self.complete_if_purged(request, objects, now)
    }

    /// Whether a tier takes a copy of this version, or its tombstone refuses it.
    #[inline]
    pub fn admits(&mut self, object: ObjectId, version: u32, tier: usize, now: u64) -> bool {
        let Some(slot) = self.erased_slot(object) else { return true };
        let held = self.held[slot * self.n_tiers + tier];
        let refused =
            self.tombstone_ns.is_some() && version < held.purged_below && now <= held.refused_until;
        if refused {
            self.tiers[tier].refused += 1;
            self.requests[self.erased[slot].request as usize].refused += 1;
        }
        !refused
    }

    /// A tier took a copy in that it did not hold.
    #[inline]
    pub fn inserted(&mut self, object: ObjectId, version: u32, tier: usize, now: u64) {
        let Some(slot) = self.erased_slot(object) else { return };
        let held = self.held[slot * self.n_tiers + tier];
        if version < self.erased[slot].asked_below {
            self.set_residual(slot, tier, held.residual + 1, now);
        }
        if version < held.purged_below {
            self.tiers[tier].reinserted += 1;
            self.requests[self.erased[slot].request as usize].reinserted += 1;
        }
    }

    /// A tier lost a copy otherwise than by a purge: it was evicted, expired, was overwritten.
    #[inline]
    pub fn dropped(&mut self, object: ObjectId, version: u32, tier: usize, now: u64) {
        let Some(slot) = self.erased_slot(object) else { return };
        if version < self.erased[slot].asked_below {
            let left = self.held[slot * self.n_tiers + tier].residual.saturating_sub(1);
            self.set_residual(slot, tier, left, now);
        }
    }

    /// A copy was read in a tier, or an object at the origin, to answer a request. Whether this breaks
    /// the promise: the version's erasure is complete.
    #[inline]
    pub fn read(&mut self, object: ObjectId, version: u32, now: u64) -> bool {
        let Some(slot) = self.erased_slot(object) else { return false };
        let erased = self.erased[slot];
        if version >= erased.asked_below {
            return false;
        }
        let request = &mut self.requests[erased.request as usize];
        let broken = version < erased.complete_below;
        request.read_after_completion += u64::from(broken);
        request.read_before_completion += u64::from(!broken);
        request.last_read = Some(now);
        broken
    }

    /// An answer reached the client. Whether the version's erasure was complete by then.
    #[inline]
    pub fn delivered(&mut self, object: ObjectId, version: u32) -> bool {
        let Some(slot) = self.erased_slot(object) else { return false };
        let erased = self.erased[slot];
        let late = version < erased.complete_below;
        self.requests[erased.request as usize].delivered_after_completion += u64::from(late);
        late
    }

    /// Whether a request names this object so far: the others need no account.
    #[inline]
    pub fn concerns(&self, object: ObjectId) -> bool {
        self.erased_slot(object).is_some()
    }

    /// The account so far.
    pub fn outcome(&self) -> ErasureOutcome {
        ErasureOutcome { requests: self.requests.clone(), tiers: self.tiers.clone() }
    }

    #[inline]
    fn erased_slot(&self, object: ObjectId) -> Option<usize> {
        let slot = self.slots[object.index()];
        (slot != NEVER_ERASED).then_some(slot as usize)
    }

    fn slot_of(&mut self, object: ObjectId) -> usize {
        self.erased_slot(object).unwrap_or_else(|| {
            let slot = self.erased.len();
            self.slots[object.index()] = slot as u32;
            self.erased.push(Erased::default());
            self.held.resize(self.held.len() + self.n_tiers, Held::default());
            slot
        })
    }

    fn set_residual(&mut self, slot: usize, tier: usize, n: u32, now: u64) {
        let held = &mut self.held[slot * self.n_tiers + tier];
        self.tiers[tier].change(now, i64::from(n) - i64::from(held.residual));
        held.residual = n;
    }

    fn complete_if_purged(&mut self, request: usize, objects: &[ObjectId], now: u64) -> bool {
        if self.requests[request].purged.iter().any(Option::is_none) {
            return false;
        }
        self.requests[request].completed = Some(now);
        for (k, object) in objects.iter().enumerate() {
            let version = self.versions[request][k];
            let slot = self.slot_of(*object);
            let below = &mut self.erased[slot].complete_below;
            *below = version.max(*below);
        }
        true
    }
}
