//! Replay with an admission policy before the cache, a prefetcher beside it, or both.
//!
//! One loop a policy, with dynamic calls to the two, so that policies, admission policies and
//! prefetchers do not multiply; the loop without them stays as it is. A request goes like this:
//! 1. The cache is looked up. The admission policy is told.
//! 2. On a miss the eviction policy sees it. If the object fits the capacity, the admission policy
//!    is asked, and then the eviction policy whether it will have it.
//! 3. The prefetcher is told and names objects. Those not resident come in as after a miss, each with
//!    its size at its last request, or at its first one if that is still to come. An object without
//!    requests is as large as the one just requested.
//!
//! With a prefetcher a clairvoyant policy is no bound any more: it takes all misses to cost the same,
//! and one that would be prefetched costs nothing.
//!
//! A prefetch is timely if the next request could use it: it takes no time here.
//!
//! State beside that of the two, with a prefetcher only: 8 bytes an object for sizes where the trace
//! has any, 1 byte for what is not yet used, and 4 bytes for next uses under a clairvoyant policy.

use std::ops::ControlFlow;

use trace::{NEVER, ObjectId, Trace};

use crate::{
    Addresses, Admission, Cache, Counts, Error, Eviction, Filled, Job, Outcome, Plan, Prefetch,
    Request, Unit,
};

/// The admission policy and the prefetcher of a run.
pub struct Guard {
    admission: Option<Box<dyn Admission>>,
    prefetch: Option<Box<dyn Prefetch>>,
    n_objects: u32,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("n_objects", &self.n_objects).finish_non_exhaustive()
    }
}

impl Guard {
    /// What a job asks for, if it asks for any.
    pub(crate) fn of(job: &Job<'_>) -> Result<Option<Self>, Error> {
        if job.admission.is_none() && job.prefetch.is_none() {
            return Ok(None);
        }
        let mut n_objects = job.trace.n_objects();
        let mut addresses = Addresses::default();
        if let Some(chosen) = &job.prefetch
            && let Some(prospects) = chosen.info.kind.prospects
        {
            let name = chosen.info.name;
            addresses = Addresses::for_prefetcher(name, prospects, chosen.parameters, job.trace)?;
            n_objects = addresses.n_objects();
        }
        let setup = job.setup(n_objects);
        let admission =
            job.admission.map(|chosen| (chosen.info.kind.build)(&setup, chosen.parameters));
        let prefetch = job
            .prefetch
            .map(|chosen| (chosen.info.kind.build)(&setup, chosen.parameters, addresses));
        Ok(Some(Guard {
            admission: admission.transpose()?,
            prefetch: prefetch.transpose()?,
            n_objects,
        }))
    }

    /// How many objects can be resident: those of the trace, and those that may be prefetched in vain.
    pub fn n_objects(&self) -> u32 {
        self.n_objects
    }
}

const BLOCK: usize = 1 << 12;

/// Replays the plan through `cache` behind `guard`, as [`replay`](crate::replay) does without.
///
/// # Panics
/// If the policy needs next uses and the plan has none: [`run_erased`](crate::run_erased) sees to
/// that.
pub fn replay_guarded<E: Eviction>(
    plan: &Plan<'_>,
    cache: &mut Cache<E>,
    guard: &mut Guard,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Option<Counts> {
    let next_use =
        E::NEEDS.next_use.then(|| plan.next_use.expect("given to policies that need it"));
    let unit = plan.unit;
    let n_objects = guard.n_objects;
    let ahead = guard.prefetch.as_deref_mut().map(|prefetcher| Ahead {
        prefetcher,
        wanted: Vec::new(),
        unit,
        bytes: first_sizes(plan.trace),
        next_use: next_use.map_or_else(Vec::new, |_| first_uses(plan.trace)),
    });
    let books = Books {
        admission: guard.admission.as_deref_mut(),
        unused: vec![false; if ahead.is_some() { n_objects as usize } else { 0 }],
        counts: Counts::default(),
    };
    let mut run = Guarded { cache, books, ahead, victims: Vec::new() };
    let objects = plan.trace.objects();
    for (i, object) in objects.iter().enumerate() {
        if i == plan.warmup {
            run.books.start_counting();
        }
        let bytes = plan.trace.size(i);
        let request = Request {
            object: *object,
            size: in_unit(unit, bytes),
            seq: i as u64,
            next_use: next_use.map_or(NEVER, |next_use| next_use[i]),
        };
        let outcome = run.request(&request, bytes);
        run.prefetch(&request, bytes, outcome);
        let done = i + 1;
        if (done % BLOCK == 0 || done == objects.len()) && progress(done).is_break() {
            return None;
        }
    }
    if plan.warmup >= objects.len() {
        run.books.start_counting();
    }
    Some(run.books.counts)
}

fn in_unit(unit: Unit, bytes: u64) -> u64 {
    match unit {
        Unit::Objects => 1,
        Unit::Bytes => bytes,
    }
}

/// The size of each object at its first request, where the trace has sizes.
fn first_sizes(trace: &Trace) -> Vec<u64> {
    let mut sizes = Vec::new();
    if trace.columns().size.is_some() {
        for (i, object) in trace.objects().iter().enumerate() {
            // Objects are numbered by first appearance.
            if object.index() == sizes.len() {
                sizes.push(trace.size(i));
            }
        }
    }
    sizes
}

/// The index of each object's first request.
fn first_uses(trace: &Trace) -> Vec<u32> {
    let mut uses = Vec::new();
    for (i, object) in (0..).zip(trace.objects()) {
        if object.index() == uses.len() {
            uses.push(i);
        }
    }
    uses
}

/// A replay under way.
struct Guarded<'a, E> {
    cache: &'a mut Cache<E>,
    books: Books<'a>,
    ahead: Option<Ahead<'a>>,
    /// Who left for the object that came in; kept for its memory.
    victims: Vec<ObjectId>,
}

/// Who comes and goes, and what is counted.
struct Books<'a> {
    admission: Option<&'a mut (dyn Admission + 'static)>,
    /// Resident by a prefetch and not asked for since, by object; empty without a prefetcher.
    unused: Vec<bool>,
    counts: Counts,
}

/// The prefetcher, and what is known of objects before they are asked for.
struct Ahead<'a> {
    prefetcher: &'a mut (dyn Prefetch + 'static),
    /// What it wants now; kept for its memory.
    wanted: Vec<ObjectId>,
    unit: Unit,
    /// Size by object of the trace; empty if the trace has no sizes.
    bytes: Vec<u64>,
    /// Index of the next request by object of the trace; empty unless the policy knows the future.
    next_use: Vec<u32>,
}

impl<E: Eviction> Guarded<'_, E> {
    fn request(&mut self, request: &Request, bytes: u64) -> Outcome {
        let Guarded { cache, books, .. } = self;
        books.counts.requests += 1;
        books.counts.bytes += bytes;
        let hit = cache.lookup(request, |victim| books.note_departure(victim));
        if let Some(admission) = &mut books.admission {
            admission.on_request(request, hit, cache.residents());
        }
        if !hit {
            self.fill(request);
            return Outcome::Miss;
        }
        books.counts.hits += 1;
        books.counts.hit_bytes += bytes;
        if books.take_unused(request.object) {
            books.counts.prefetches.used += 1;
            return Outcome::FirstUse;
        }
        Outcome::Hit
    }

    /// Takes a missed object in, if all agree.
    fn fill(&mut self, request: &Request) {
        let Guarded { cache, books, victims, .. } = self;
        let mut denied = false;
        let welcome = |residents: &_| {
            let admission = books.admission.as_mut();
            denied = admission.is_some_and(|policy| !policy.admits(request, residents));
            !denied
        };
        let filled = cache.fill_if(request, welcome, &mut |victim| victims.push(victim));
        victims.drain(..).for_each(|victim| books.note_departure(victim));
        match filled {
            Filled::Inserted => books.note_arrival(request.object),
            Filled::Oversized => books.counts.oversized += 1,
            Filled::Refused if denied => books.counts.denied += 1,
            Filled::Refused => books.counts.refused += 1,
            Filled::AlreadyIn => {}
        }
    }

    /// Brings in what the prefetcher wants after a request.
    fn prefetch(&mut self, request: &Request, bytes: u64, outcome: Outcome) {
        let Guarded { cache, books, ahead: Some(ahead), .. } = self else { return };
        ahead.note_request(request, bytes);
        ahead.prefetcher.on_request(request, outcome, &mut ahead.wanted);
        for at in 0..ahead.wanted.len() {
            let object = ahead.wanted[at];
            let (bytes, early) = ahead.early_request(object, request, bytes);
            if cache.fill(&early, &mut |victim| books.note_departure(victim)) == Filled::Inserted {
                books.note_arrival(object);
                books.unused[object.index()] = true;
                books.counts.prefetches.issued += 1;
                books.counts.prefetches.bytes += bytes;
            }
        }
        ahead.wanted.clear();
    }
}

impl Books<'_> {
    /// Forgets what was counted in the warm-up. What was prefetched then and is still unused counts as
    /// any other resident from now on.
    fn start_counting(&mut self) {
        self.counts = Counts::default();
        self.unused.fill(false);
    }

    fn note_arrival(&mut self, object: ObjectId) {
        if let Some(admission) = &mut self.admission {
            admission.on_insert(object);
        }
    }

    fn note_departure(&mut self, object: ObjectId) {
        if let Some(admission) = &mut self.admission {
            admission.on_leave(object);
        }
        self.counts.prefetches.unused += u64::from(self.take_unused(object));
    }

    /// Whether the object is resident by a prefetch and not used since; from now on it is not.
    fn take_unused(&mut self, object: ObjectId) -> bool {
        self.unused.get_mut(object.index()).is_some_and(std::mem::take)
    }
}

impl Ahead<'_> {
    fn note_request(&mut self, request: &Request, bytes: u64) {
        let at = request.object.index();
        if let Some(known) = self.bytes.get_mut(at) {
            *known = bytes;
        }
        if let Some(next_use) = self.next_use.get_mut(at) {
            *next_use = request.next_use;
        }
    }

    /// The size in bytes of an object to bring in after `request`, which was for so many, and what the
    /// cache is asked.
    fn early_request(&self, object: ObjectId, request: &Request, bytes: u64) -> (u64, Request) {
        let bytes = self.bytes.get(object.index()).copied().unwrap_or(bytes);
        let next_use = self.next_use.get(object.index()).copied().unwrap_or(NEVER);
        (bytes, Request { object, size: in_unit(self.unit, bytes), next_use, ..*request })
    }
}
