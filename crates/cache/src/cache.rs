//! A cache: residents, a capacity, and a policy that orders victims.

use trace::ObjectId;

use crate::{Eviction, Removal, Request, Residents, Setup};

/// One cache under one policy.
#[derive(Debug)]
pub struct Cache<E> {
    policy: E,
    residents: Residents,
    capacity: u64,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The object was resident.
    Hit,
    /// It was not, and is now.
    Inserted,
    /// It was not, and the policy would not have it.
    Refused,
    /// It was not, and is larger than the capacity.
    Oversized,
}

/// How filling an object in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// It is resident now.
    Inserted,
    /// It was resident already; nothing changed.
    AlreadyIn,
    /// The policy would not have it.
    Refused,
    /// It is larger than the capacity.
    Oversized,
}

impl<E: Eviction> Cache<E> {
    /// An empty cache.
    pub fn new(setup: &Setup, policy: E) -> Self {
        Cache {
            policy,
            residents: Residents::new(setup.n_objects, setup.unit),
            capacity: setup.capacity,
        }
    }

    /// The residents.
    pub fn residents(&self) -> &Residents {
        &self.residents
    }

    /// The policy.
    pub fn policy(&self) -> &E {
        &self.policy
    }

    /// A read that fills on a miss. The hot path of a replay, so it is always inlined there. Without
    /// `SIZED` all sizes are 1, and each insertion takes the place of at most one object.
    #[inline(always)]
    pub fn access<const SIZED: bool>(&mut self, request: &Request) -> Access {
        if self.lookup(request, |_| {}) {
            return Access::Hit;
        }
        self.policy.on_miss(request, &self.residents);
        if request.size > self.capacity {
            Access::Oversized
        } else if self.admit::<SIZED>(request, |_| {}) {
            Access::Inserted
        } else {
            Access::Refused
        }
    }

    /// Says that the object is asked for some requests from now.
    #[inline(always)]
    pub(crate) fn touch(&self, upcoming: ObjectId) {
        self.residents.touch(upcoming);
        if self.residents.sized() {
            self.residents.touch_size(upcoming);
        }
        self.policy.touch(upcoming);
    }

    /// Says that it is asked for soon; what was fetched for it on its touch is there by now.
    #[inline(always)]
    pub(crate) fn approach(&self, upcoming: ObjectId) {
        self.policy.approach(upcoming);
    }

    /// Looks the object up; a hit counts as a use. The few policies that evict on a hit show their
    /// victims to `on_victim`.
    #[inline(always)]
    pub fn lookup(&mut self, request: &Request, on_victim: impl FnMut(ObjectId)) -> bool {
        let hit = self.residents.contains(request.object);
        if hit {
            self.policy.on_hit(request, &self.residents);
            self.shed(request, on_victim);
        }
        hit
    }

    /// Makes the object resident, as the end of a miss: the policy sees the miss, victims leave
    /// (each is shown to `on_victim`), the object comes in.
    #[inline]
    pub fn fill(&mut self, request: &Request, on_victim: &mut dyn FnMut(ObjectId)) -> Filled {
        self.fill_if(request, |_| true, on_victim)
    }

    /// As [`fill`](Self::fill), if the object is `welcome`, which is asked after the policy saw the
    /// miss and if the object is not oversized. If not, it counts as refused.
    #[inline]
    pub fn fill_if(
        &mut self,
        request: &Request,
        welcome: impl FnOnce(&Residents) -> bool,
        on_victim: &mut dyn FnMut(ObjectId),
    ) -> Filled {
        if self.residents.contains(request.object) {
            return Filled::AlreadyIn;
        }
        self.policy.on_miss(request, &self.residents);
        if request.size > self.capacity {
            Filled::Oversized
        } else if welcome(&self.residents) && self.admit::<true>(request, on_victim) {
            Filled::Inserted
        } else {
            Filled::Refused
        }
    }

    #[inline(always)]
    fn admit<const SIZED: bool>(
        &mut self,
        request: &Request,
        mut on_victim: impl FnMut(ObjectId),
    ) -> bool {
        if !self.policy.accepts(request, &self.residents) {
            return false;
        }
        if SIZED {
            while request.size > self.capacity - self.residents.used() {
                on_victim(self.evict::<SIZED>(request));
            }
        } else if self.residents.used() == self.capacity {
            on_victim(self.evict::<SIZED>(request));
        }
        self.shed(request, &mut on_victim);
        if SIZED {
            self.residents.note_size(request.object, request.size);
        }
        let taken = self.policy.on_insert(request, &self.residents);
        if taken {
            self.residents.insert(request.object, request.size);
        }
        taken
    }

    #[inline(always)]
    fn evict<const SIZED: bool>(&mut self, incoming: &Request) -> ObjectId {
        let victim = self.policy.evict(incoming, &self.residents);
        debug_assert!(self.residents.contains(victim), "victim {victim:?} is not resident");
        let size = if SIZED { self.residents.size_of(victim) } else { 1 };
        self.residents.remove(victim, size);
        if (SIZED || self.residents.are_many())
            && let Some(next) = self.policy.soon()
        {
            self.residents.touch(next);
            if SIZED {
                self.residents.touch_size(next);
            }
        }
        victim
    }

    #[inline]
    fn shed(&mut self, request: &Request, mut on_victim: impl FnMut(ObjectId)) {
        while let Some(victim) = self.policy.shed(request, &self.residents) {
            debug_assert!(self.residents.contains(victim), "victim {victim:?} is not resident");
            self.residents.remove(victim, self.residents.size_of(victim));
            on_victim(victim);
        }
    }

    /// Removes a resident; `false` if it was none.
    pub fn remove(&mut self, object: ObjectId, cause: Removal) -> bool {
        let resident = self.residents.contains(object);
        if resident {
            self.policy.remove(object, cause, &self.residents);
            self.residents.remove(object, self.residents.size_of(object));
        }
        resident
    }

    /// Says when a resident's time to live ends, in nanoseconds of trace time; `u64::MAX` is never.
    pub fn note_expiry(&mut self, object: ObjectId, at: u64) {
        debug_assert!(self.residents.contains(object), "{object:?} is not resident");
        self.policy.on_expiry(object, at, &self.residents);
    }

    /// Checks that the cache is not overfull and that the policy's invariants hold.
    ///
    /// # Panics
    /// If not: a bug.
    pub fn check(&self) {
        assert!(self.residents.used() <= self.capacity, "overfull");
        self.policy.check(&self.residents);
    }
}

/// A cache whose policy was chosen at run time, for the tiers of a stack.
pub trait Contents: Send {
    /// See [`Cache::lookup`].
    fn lookup(&mut self, request: &Request, on_victim: &mut dyn FnMut(ObjectId)) -> bool;
    /// See [`Cache::fill`].
    fn fill(&mut self, request: &Request, on_victim: &mut dyn FnMut(ObjectId)) -> Filled;
    /// See [`Cache::remove`].
    fn remove(&mut self, object: ObjectId, cause: Removal) -> bool;
    /// See [`Cache::note_expiry`].
    fn note_expiry(&mut self, _object: ObjectId, _at: u64) {}
    /// See [`Cache::residents`].
    fn residents(&self) -> &Residents;
    /// Says that the object is likely to be looked up soon, so that its memory can be fetched.
    fn touch(&self, _upcoming: ObjectId) {}
    /// See [`Cache::check`].
    fn check(&self);
}

impl<E: Eviction + Send> Contents for Cache<E> {
    fn lookup(&mut self, request: &Request, on_victim: &mut dyn FnMut(ObjectId)) -> bool {
        Cache::lookup(self, request, on_victim)
    }
    fn fill(&mut self, request: &Request, on_victim: &mut dyn FnMut(ObjectId)) -> Filled {
        Cache::fill(self, request, on_victim)
    }
    fn remove(&mut self, object: ObjectId, cause: Removal) -> bool {
        Cache::remove(self, object, cause)
    }
    fn note_expiry(&mut self, object: ObjectId, at: u64) {
        Cache::note_expiry(self, object, at);
    }
    fn residents(&self) -> &Residents {
        Cache::residents(self)
    }
    fn touch(&self, upcoming: ObjectId) {
        Cache::touch(self, upcoming);
    }
    fn check(&self) {
        Cache::check(self);
    }
}
