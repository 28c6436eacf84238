//! What a policy decides: the order of victims, and nothing else.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use trace::ObjectId;

use crate::Residents;

/// One request, as policies see it: never a key, a path, a thread or a wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub object: ObjectId,
    /// Its size, in the unit of the capacity: 1 if capacities count objects.
    pub size: u64,
    /// Logical time: the request's index in the trace.
    pub seq: u64,
    /// Index of the next request for the same object, or [`trace::NEVER`]. Only policies that
    /// declare [`Needs::next_use`] are given it; others see `NEVER`.
    pub next_use: u32,
}

/// What capacities and sizes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Every object counts 1.
    Objects,
    /// Every object counts its size.
    Bytes,
}

impl Unit {
    /// `objects` or `bytes`.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Objects => "objects",
            Unit::Bytes => "bytes",
        }
    }
}

/// What a policy is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// Capacity in `unit`, at least 1.
    pub capacity: u64,
    /// What capacity and sizes count.
    pub unit: Unit,
    /// Object ids are below this.
    pub n_objects: u32,
    /// Logical times are below this; a hint where the length is unknown.
    pub n_requests: u64,
    /// For policies that draw.
    pub seed: u64,
}

impl Setup {
    /// `ratio` of the capacity, truncated: the rule for every derived capacity.
    pub fn share(&self, ratio: f64) -> u64 {
        let share = (self.capacity as f64 * ratio) as u64;
        // The product is rounded, and must not exceed the whole by that.
        if ratio <= 1.0 { share.min(self.capacity) } else { share }
    }
}

/// What a policy must be given beyond the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// The future: [`Request::next_use`].
    pub next_use: bool,
}

/// Why an object leaves other than by eviction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Its time to live ran out.
    Expired,
    /// It was deleted or invalidated.
    Deleted,
    /// It moved to another tier.
    Moved,
}

/// A parameter that does not exist or makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParamError(pub String);

impl ParamError {
    /// Checks that a share lies in `[0, 1]`.
    pub fn check_share(name: &str, value: f64) -> Result<(), ParamError> {
        if (0.0..=1.0).contains(&value) {
            Ok(())
        } else {
            Err(ParamError(format!("`{name}` is {value}, expected a share between 0 and 1")))
        }
    }
}

/// An eviction policy.
///
/// For each request [`Cache`](crate::Cache) calls either [`on_hit`](Self::on_hit), or
/// [`on_miss`](Self::on_miss) and then, unless the object is bypassed, [`evict`](Self::evict) until
/// the object fits and [`on_insert`](Self::on_insert). `evict` may run zero or many times a miss,
/// which is why adaptation belongs into `on_miss`. Calls for one request are never interleaved with
/// those for another. [`shed`](Self::shed) is for the few policies whose parts overflow while the
/// whole does not; for all others it compiles to nothing.
pub trait Eviction: Sized {
    /// Parameters; the defaults are the paper's.
    type Params: Default + Serialize + DeserializeOwned + JsonSchema;

    /// What the policy must be given.
    const NEEDS: Needs = Needs { next_use: false };

    /// A policy for an empty cache.
    fn new(setup: &Setup, params: &Self::Params) -> Result<Self, ParamError>;

    /// The object is resident.
    fn on_hit(&mut self, request: &Request, residents: &Residents);

    /// The object is not resident. Once a miss, before anything else: ghosts and adaptation.
    fn on_miss(&mut self, _request: &Request, _residents: &Residents) {}

    /// Whether the policy wants the object in; `false` is a bypass, and nothing leaves. Objects
    /// larger than the whole capacity never get this far.
    #[inline]
    fn accepts(&self, _request: &Request, _residents: &Residents) -> bool {
        true
    }

    /// Chooses the next victim, which must be resident, and forgets it or makes it a ghost.
    fn evict(&mut self, incoming: &Request, residents: &Residents) -> ObjectId;

    /// A further victim, although the whole cache is not overfull. Asked for after a hit, and on a
    /// miss after the object fits, until there is none.
    #[inline]
    fn shed(&mut self, _request: &Request, _residents: &Residents) -> Option<ObjectId> {
        None
    }

    /// Takes the object in; the cache has room for it. `false` refuses it after all.
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool;

    /// The resident object's time to live ends at `at`, in nanoseconds of trace time, or never if that
    /// is `u64::MAX`. A stack that has times to live says so after each insertion, and when the time
    /// changes; a flat replay knows none. For the few policies that choose victims by it.
    #[inline]
    fn on_expiry(&mut self, _object: ObjectId, _at: u64, _residents: &Residents) {}

    /// A resident object leaves other than by eviction.
    fn remove(&mut self, object: ObjectId, cause: Removal, residents: &Residents);

    /// The object is asked for some requests from now: fetch what there is of it. A hint, which
    /// changes nothing; replays of both kinds give it.
    #[inline]
    fn touch(&self, _upcoming: ObjectId) {}

    /// The object touched a while ago is about to be asked for: fetch what its memory points to.
    #[inline]
    fn approach(&self, _upcoming: ObjectId) {}

    /// An object that may be a victim some evictions from now, so that its memory can be fetched. A
    /// hint, too: nothing comes of a wrong one.
    #[inline]
    fn soon(&self) -> Option<ObjectId> {
        None
    }

    /// Recomputes the policy's invariants. Called by tests and at the end of checked runs.
    ///
    /// # Panics
    /// If one does not hold: a bug in the policy.
    fn check(&self, _residents: &Residents) {}

    /// Bytes of state, for an object of the trace, resident or not.
    fn state_bytes(&self) -> usize;
}
