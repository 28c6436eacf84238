//! What is simulated: tiers from the client to the origin, and how requests find their way.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use cache::{PolicySpec, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::Trace;
use trace::units::Nanos;

use crate::divided::Divided;
use crate::router::{Predicted, Route};
use crate::security::{AuditSpec, Cipher, EncryptionSpec, ErasureSpec};
use crate::{Division, ExpirySpec, Fault, Hedge, LatencyProfile, Placement, Single, TierPrice};

/// Most tiers of a stack, the origin not counted.
pub const MOST_TIERS: usize = 8;

/// Tiers in the order they are asked, and the origin behind them.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Nearest the client first; at most [`MOST_TIERS`].
    pub tiers: Vec<Tier>,
    /// Behind the last tier.
    pub origin: Origin,
    /// In which order a read asks the tiers.
    pub router: Router,
    /// What writes do.
    pub writes: Writes,
    /// What moves objects between tiers beside hits and misses.
    pub demotion: Option<Demotion>,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// Requests to erase, and how tiers obey.
    pub erasure: Option<Erasure>,
    /// What is logged.
    pub audit: Option<Audit>,
    /// How many requests of the real system one of the trace stands for.
    pub scale: f64,
}

/// A cache between the client and the origin.
#[derive(Debug, Clone)]
pub struct Tier {
    /// Name in results; also names its streams of draws.
    pub name: String,
    /// What it can hold in the simulation, over all its nodes, in `unit`.
    pub capacity: u64,
    /// What the capacity counts.
    pub unit: Unit,
    /// Bytes that are paid for: before scaling.
    pub priced_bytes: u64,
    /// Bytes that each object takes beside its own: keys, pointers, headers. With a capacity in
    /// objects it has no effect.
    pub object_overhead: u64,
    /// Eviction policy of each node.
    pub policy: PolicySpec,
    /// The nodes and servers it is made of.
    pub layout: Layout,
    /// How long copies are good for.
    pub freshness: Freshness,
    /// What gives back the memory of copies whose time is up, beside lookups and evictions.
    pub expiry: ExpirySpec,
    /// How long an answer takes where nothing waits.
    pub latency: LatencyProfile,
    /// The servers of each station; without, it answers any number at once.
    pub station: Option<StationSpec>,
    /// What a request does that misses on an object that is being fetched already.
    pub misses: Misses,
    /// Which answers from below are kept.
    pub fill: Fill,
    /// How its contents go with those of the tier above.
    pub inclusion: Inclusion,
    /// How its copies are sealed.
    pub encryption: Option<Encryption>,
    /// What it charges.
    pub price: TierPrice,
}

/// Requests to erase, and how the tiers of a stack obey.
#[derive(Debug, Clone, Default)]
pub struct Erasure {
    /// Who asks when, and how tiers purge.
    pub spec: ErasureSpec,
    /// The latency profiles that its purges name.
    pub profiles: BTreeMap<String, LatencyProfile>,
}

/// How a tier's copies are sealed. With a capacity in objects there is no encryption: a tier then
/// does not know the sizes of its copies.
///
/// The reader seals and opens, as a client library does that encrypts before it sets. Opening adds to
/// the latency of a hit, and not to the time that a server is busy. Sealing does not: the answer goes on
/// to the client while its copy is sealed and stored. Only copies that are kept cost their sealing.
#[derive(Debug, Clone)]
pub struct Encryption {
    /// Keys and rotation.
    pub spec: EncryptionSpec,
    /// What sealing and opening cost.
    pub cipher: Cipher,
}

/// An audit log of the run.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// What is logged.
    pub spec: AuditSpec,
    /// Name of the run, for the first record.
    pub run: String,
}

/// Where every object is to be had.
#[derive(Debug, Clone)]
pub struct Origin {
    /// How long a fetch takes where nothing waits.
    pub latency: LatencyProfile,
    /// Its servers; without, it answers any number at once.
    pub station: Option<StationSpec>,
    /// Where it is, seen from those who ask; one station.
    pub layout: Layout,
    /// Share of the objects, chosen by hash, that do not exist there.
    pub absent: f64,
    /// What it charges.
    pub price: TierPrice,
}

impl Tier {
    /// A tier of so many bytes that answers any number of requests at once, keeps every answer from
    /// below, and costs nothing. Change what else it is to be.
    pub fn new(name: &str, policy: PolicySpec, capacity: u64, latency: LatencyProfile) -> Self {
        Tier {
            name: name.to_string(),
            capacity,
            unit: Unit::Bytes,
            priced_bytes: capacity,
            object_overhead: 0,
            policy,
            layout: Layout::single(),
            freshness: Freshness::default(),
            expiry: ExpirySpec::default(),
            latency,
            station: None,
            misses: Misses::default(),
            fill: Fill::default(),
            inclusion: Inclusion::default(),
            encryption: None,
            price: TierPrice::default(),
        }
    }
}

impl Tier {
    /// Bytes that a copy of an object of `size` bytes takes.
    pub(crate) fn stored_size(&self, size: u64) -> u64 {
        let sealed = self.encryption.as_ref().map_or(size, |e| e.cipher.stored_size(size));
        sealed.saturating_add(self.object_overhead)
    }
}

impl Origin {
    /// An origin that answers any number of requests at once and costs nothing.
    pub fn new(latency: LatencyProfile) -> Self {
        let (layout, price) = (Layout::single(), TierPrice::default());
        Origin { latency, station: None, layout, absent: 0.0, price }
    }
}

impl Stack {
    /// Tiers asked one after the other, with nothing going wrong.
    pub fn new(tiers: Vec<Tier>, origin: Origin) -> Self {
        Stack {
            tiers,
            origin,
            router: Router::default(),
            writes: Writes::default(),
            demotion: None,
            faults: Vec::new(),
            erasure: None,
            audit: None,
            scale: 1.0,
        }
    }
}

impl StationSpec {
    /// So many servers before an endless queue; a request keeps its server for its whole latency.
    pub fn new(servers: u32) -> Self {
        StationSpec {
            servers,
            service: Service::Latency,
            stretch: 1.0,
            queue: None,
            timeout: None,
            retry: Retry::default(),
        }
    }
}

/// How a tier is made up; builds its [`Placement`] for a trace.
#[derive(Clone)]
pub struct Layout(Option<Arc<BuildPlacement>>);

/// Builds a placement for a site. An error is a sentence.
pub type BuildPlacement = dyn Fn(&Site<'_>) -> Result<Box<dyn Placement>, String> + Send + Sync;

/// What a placement is built for.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The requests.
    pub trace: &'a Trace,
    /// Seed of the run.
    pub seed: u64,
    /// Time of the first arrival, in nanoseconds.
    pub start_ns: u64,
}

impl Layout {
    /// One node with one station.
    pub fn single() -> Self {
        Layout(None)
    }

    /// What `build` makes.
    pub fn of(
        build: impl Fn(&Site<'_>) -> Result<Box<dyn Placement>, String> + Send + Sync + 'static,
    ) -> Self {
        Layout(Some(Arc::new(build)))
    }

    /// The same machines, with their memory divided.
    pub fn divided(&self, division: Division) -> Self {
        let (whole, division) = (self.clone(), Arc::new(division));
        Layout::of(move |site| {
            Ok(Box::new(Divided::new(whole.build(site)?, Arc::clone(&division))))
        })
    }

    pub(crate) fn is_single(&self) -> bool {
        self.0.is_none()
    }

    /// The placement for a site; an error is a sentence.
    pub fn build(&self, site: &Site<'_>) -> Result<Box<dyn Placement>, String> {
        match &self.0 {
            None => Ok(Box::new(Single)),
            Some(build) => build(site),
        }
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_single() { "single" } else { "placed" })
    }
}

/// How long copies are good for, and what becomes of them afterwards (RFC 9111, RFC 5861).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Freshness {
    /// How long a copy is fresh after it was filled in; for ever if `None`. The trace's own time to
    /// live, of the read or of the object's last write, counts if it is shorter.
    pub ttl: Option<Nanos>,
    /// Time to live, of what does not exist too, is drawn evenly from 1 - this to 1 + this times it.
    pub jitter: f64,
    /// A hit starts the time to live anew.
    pub renew: bool,
    /// For this long after its time, a copy is served stale while a fetch refreshes it.
    pub stale_while_revalidate: Nanos,
    /// For this long after its time, a copy is served stale if the fetch fails. It keeps its room.
    pub stale_if_error: Nanos,
    /// How long "there is no such object" is remembered; not at all if `None`.
    pub negative_ttl: Option<Nanos>,
    /// Strength of probabilistic early refresh: 0 is none, 1 the optimum of Vattani, Chierichetti,
    /// Lowenstein ("Optimal probabilistic cache stampede prevention", VLDB 2015): a hit at `now`
    /// refreshes if now - beta * fetch time * ln(U) reaches the copy's end.
    pub early_refresh: f64,
}

/// The servers of a station.
#[derive(Debug, Clone, PartialEq)]
pub struct StationSpec {
    /// How many requests are served at once.
    pub servers: u32,
    /// How long a request keeps its server.
    pub service: Service,
    /// How many times as long as that it does: 1, but where fewer servers stand for many and must be
    /// as busy. Answers are no later for it, but those who wait are.
    pub stretch: f64,
    /// Most requests that wait; more are shed. No bound if `None`.
    pub queue: Option<u32>,
    /// How long the client waits for an answer, counted from asking; for ever if `None`.
    pub timeout: Option<Nanos>,
    /// What the client does after a failure.
    pub retry: Retry,
}

/// How long a request keeps its server.
#[derive(Debug, Clone, PartialEq)]
pub enum Service {
    /// As long as the whole latency drawn.
    Latency,
    /// A time of its own, drawn from this profile, whatever the latency: a thread that is free again
    /// while the answer is still on its way. Never longer than the latency counts.
    Own(LatencyProfile),
}

/// Retries of a tier or of the origin.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Retry {
    /// How often a failed request is sent again at most.
    pub attempts: u32,
    /// Time before the first retry; it doubles with each.
    pub backoff: Nanos,
    /// Retries allowed for each first try, as a token bucket that holds at most ten seconds' worth at
    /// the rate of the last tries, here a fixed 100 tokens; no bound if `None`.
    pub budget: Option<f64>,
}

/// What a request does that misses on an object which its node is being sent already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Misses {
    /// It fetches the object too.
    #[default]
    Independent,
    /// It waits for the fetch under way: a delayed hit.
    Coalesce,
    /// Only the first may fetch and fill; the others ask again after 10 ms, as with the leases of
    /// memcached at Facebook (Nishtala and others, NSDI 2013), and what was invalidated meanwhile is
    /// not filled in.
    Lease,
}

/// How long a client that was refused a lease waits before it asks again.
pub(crate) const LEASE_WAIT: Nanos = Nanos(10_000_000);

/// Which answers from below a tier keeps.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Fill {
    /// All.
    #[default]
    Always,
    /// Those of the next tier below only: an object comes nearer by one tier a hit (leave copy down).
    Down,
    /// Each with this probability.
    Probability(f64),
    /// From an object's n-th miss here on.
    Nth(u32),
    /// From an object's n-th read in all on, the answered one counted: promotion of what is popular.
    Accesses(u32),
}

/// How the contents of a tier go with those of the tier above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Inclusion {
    /// Neither is enforced.
    #[default]
    NonInclusive,
    /// What leaves this tier leaves those above, be it evicted, expired or lost.
    Inclusive,
    /// What this tier answers moves up and leaves it, if a tier above will have it; what the tier above
    /// evicts comes down (DEMOTE of Wong and Wilkes, USENIX ATC 2002); answers from below pass it by.
    /// What moves is good for no longer than it was. Where this tier counts bytes, so must the one
    /// above.
    Exclusive,
}

/// In which order a read asks the tiers.
#[derive(Debug, Clone, Default)]
pub enum Router {
    /// One after the other.
    #[default]
    Sequential,
    /// Some at once, with staggered starts.
    Hedged(Hedge),
    /// One after the other, from where the object is expected.
    Predicted(Predicted),
}

impl Router {
    /// The state of the router over a run.
    pub(crate) fn start(&self, trace: &Trace, n_tiers: usize) -> Route {
        Route::new(self, trace, n_tiers)
    }
}

/// Large objects that are hardly read are kept only in the tiers from `to` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demotion {
    /// Objects of more bytes than this,
    pub above_bytes: u64,
    /// with fewer reads in all than this,
    pub reads_below: u32,
    /// leave the tiers before this one for it.
    pub to: usize,
}

/// What a write or delete in the trace does to the tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Writes {
    /// It goes to the origin; then every copy is removed.
    #[default]
    Invalidate,
    /// It goes to the origin; then every copy is renewed, and the tiers that have none are filled.
    Through,
    /// It goes to the origin; copies stay as they are until they expire.
    Around,
    /// It goes to the first tier, which answers at once and writes to the origin later, after a
    /// second or when the object is evicted: until then the bytes are dirty, and lost if the tier is.
    /// What the origin refuses is sent again each second as long as the tier has it.
    Back,
    /// Nothing: right for a recording of a cache's own traffic, where writes are the fills after
    /// misses, which the simulation makes itself.
    Ignore,
}

/// How long a dirty object waits before it is written to the origin.
pub(crate) const FLUSH_AFTER: Nanos = Nanos(1_000_000_000);
