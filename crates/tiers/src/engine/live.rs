//! A tier at work: its nodes with their contents, its stations with their queues, and what is wrong
//! with it at the moment.

use cache::{Contents, PolicySpec, Request, Setup, Unit};
use trace::stream::Stream;
use trace::{NEVER, NO_TTL, ObjectId, Trace};

use crate::copies::Copies;
use crate::fetching::Fetching;
use crate::stack::{Fill, Inclusion, Misses, Retry, Service, Site};
use crate::station::Station;
use crate::{
    ActiveExpiry, CpuCache, Draws, Error, Origin, Placement, Queues, Run, SET_ASSOCIATIVE,
    SetAssociative, StationSpec, Tier, TierOutcome,
};

pub(super) struct LiveTier<'a> {
    /// `None` for the origin.
    pub(super) spec: Option<&'a Tier>,
    pub(super) station_spec: Option<&'a StationSpec>,
    pub(super) placement: Box<dyn Placement>,
    /// One node and one station.
    pub(super) is_single: bool,
    /// Neither cut off nor down nor slow, and it answers without errors.
    pub(super) is_sound: bool,
    /// A machine of it was down at some time.
    pub(super) has_fallen: bool,
    /// It keeps whatever answers it is passed by.
    pub(super) keeps_all: bool,
    /// Nothing elsewhere depends on what it holds, unless it is dirty.
    pub(super) evicts_quietly: bool,
    /// Its capacity counts bytes.
    counts_bytes: bool,
    /// A use may make a copy last longer, or bring on its renewal.
    pub(super) may_renew: bool,
    /// What a read does that misses while its object is being fetched.
    pub(super) on_miss: Misses,
    /// One node and one station without a queue, nothing sealed and nothing wrong: no event is needed
    /// to ask it.
    pub(super) is_plain: bool,
    pub(super) nodes: Vec<Node>,
    pub(super) servers: Vec<Server>,
    pub(super) draws: Draws,
    pub(super) service: Option<Draws>,
    /// Time to live of a copy, before jitter.
    pub(super) ttl: u64,
    /// Bytes that each copy takes beside the object's own.
    pub(super) overhead: u64,
    /// Its copies are sealed.
    pub(super) seals: bool,
    /// The network to it is cut.
    pub(super) cut: bool,
    pub(super) error_share: f64,
    /// Names its draws of errors.
    pub(super) number: u64,
    /// How far the clock of its times to live is ahead.
    pub(super) clock_ahead: u64,
    /// Retries that may still be made.
    pub(super) retry_tokens: f64,
    /// Misses of each object; empty if no rule asks.
    pub(super) misses: Vec<u32>,
    /// When the placement acts next, as scheduled.
    pub(super) tended_at: u64,
    /// The latest request that its policies have seen.
    latest: u64,
    used: Used,
}

/// Contents and what is known of the copies.
pub(super) struct Node {
    pub(super) contents: Box<dyn Contents>,
    pub(super) copies: Copies,
    pub(super) fetching: Fetching,
    pub(super) expiry: ActiveExpiry,
    /// When expired copies are looked for next, as scheduled.
    pub(super) swept_at: u64,
    /// Bytes in use when they were last noted.
    used: u64,
}

impl Node {
    /// A resident copy is good until then, by the tier's clock, which says `now`.
    #[inline]
    pub(super) fn set_expiry(&mut self, object: ObjectId, at: u64, now: u64) {
        self.copies.set_expiry(object, at);
        self.contents.note_expiry(object, at);
        self.expiry.note(object, at, now);
    }

    /// Expired copies that the tier's rule finds.
    pub(super) fn expired(&mut self, now: u64) -> Vec<ObjectId> {
        let mut expired = Vec::new();
        let residents = self.contents.residents();
        let found = &mut |object| expired.push(object);
        self.expiry.cycle(now, residents, self.copies.all_expiries(), found);
        expired
    }
}

/// A machine that answers.
pub(super) struct Server {
    pub(super) station: Option<Station>,
    pub(super) down: bool,
    /// When it went down last.
    pub(super) fell_at: Option<u64>,
    /// How many times as long everything takes.
    pub(super) slow: f64,
}

/// Bytes in use over time.
#[derive(Default)]
struct Used {
    n_max: u64,
    now: u64,
    max: u64,
    since: u64,
    /// The last arrival: what is under way after it is not integrated.
    until: u64,
    byte_ns: u128,
}

impl Used {
    /// Time passes.
    #[inline]
    fn pass(&mut self, now: u64) {
        let until = now.min(self.until);
        self.byte_ns += u128::from(self.now) * u128::from(until - self.since.min(until));
        self.since = self.since.max(until);
    }
}

/// Retries saved up at most.
const MOST_RETRY_TOKENS: f64 = 100.0;

impl<'a> LiveTier<'a> {
    pub(super) fn of_tier(
        spec: &'a Tier,
        below: Option<&Tier>,
        run: &Run<'_>,
        expiry: bool,
        versions: bool,
    ) -> Result<Self, Error> {
        let trace = run.trace;
        let tier_error = |what: String| Error::Tier { tier: spec.name.clone(), what };
        let placement = spec.layout.build(&site(run)).map_err(tier_error)?;
        if placement.n_nodes() > 1 << 16 {
            return Err(tier_error(format!("{} nodes are too many", placement.n_nodes())));
        }
        let fresh = &spec.freshness;
        let nodes = (0..placement.n_nodes())
            .map(|node| {
                let capacity = spec.capacity as f64 * placement.share(node);
                let setup = Setup {
                    capacity: if placement.n_nodes() == 1 {
                        spec.capacity
                    } else {
                        capacity as u64
                    }
                    .max(1),
                    unit: spec.unit,
                    n_objects: trace.n_objects(),
                    n_requests: trace.n_requests() as u64,
                    seed: run.seed,
                };
                Ok(Node {
                    contents: contents(spec, placement.policy(node), &setup, trace)?,
                    copies: Copies::new(
                        trace.n_objects(),
                        expiry,
                        versions,
                        spec.encryption.is_some(),
                    ),
                    fetching: Fetching::default(),
                    expiry: ActiveExpiry::new(&spec.expiry, trace.n_objects(), run.seed)
                        .map_err(|error| tier_error(error.to_string()))?,
                    swept_at: u64::MAX,
                    used: 0,
                })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let counts_misses = matches!(spec.fill, Fill::Nth(_));
        let mut tier = LiveTier {
            spec: Some(spec),
            is_single: spec.layout.is_single(),
            nodes,
            ttl: fresh.ttl.map_or(NO_TTL, |ttl| ttl.0),
            seals: spec.encryption.is_some(),
            keeps_all: spec.fill == Fill::Always
                && spec.inclusion != Inclusion::Exclusive
                && run.stack.demotion.is_none()
                && (run.stack.origin.absent == 0.0 || fresh.negative_ttl.is_some()),
            evicts_quietly: spec.inclusion != Inclusion::Inclusive
                && below.is_none_or(|below| below.inclusion != Inclusion::Exclusive),
            counts_bytes: spec.unit == Unit::Bytes,
            may_renew: fresh.renew || fresh.early_refresh != 0.0,
            on_miss: spec.misses,
            overhead: match spec.unit {
                Unit::Objects => 0,
                Unit::Bytes => spec.stored_size(0),
            },
            misses: if counts_misses { vec![0; trace.n_objects() as usize] } else { Vec::new() },
            ..Self::bare(
                placement,
                spec.station.as_ref(),
                Draws::new(&spec.latency, run.seed, &spec.name),
                run,
                &spec.name,
            )
        };
        tier.look_what_is_wrong();
        Ok(tier)
    }

    pub(super) fn of_origin(origin: &'a Origin, run: &Run<'_>) -> Result<Self, Error> {
        let placement = origin
            .layout
            .build(&site(run))
            .map_err(|what| Error::Tier { tier: "origin".to_string(), what })?;
        let draws = Draws::new(&origin.latency, run.seed, "origin");
        Ok(LiveTier {
            is_single: origin.layout.is_single(),
            ..Self::bare(placement, origin.station.as_ref(), draws, run, "origin")
        })
    }

    fn bare(
        placement: Box<dyn Placement>,
        station: Option<&'a StationSpec>,
        draws: Draws,
        run: &Run<'_>,
        name: &str,
    ) -> Self {
        let servers = (0..placement.n_stations())
            .map(|_| Server {
                station: station.map(|spec| Station::new(spec.servers, spec.queue)),
                down: false,
                fell_at: None,
                slow: 1.0,
            })
            .collect();
        let service = station.and_then(|spec| match &spec.service {
            Service::Latency => None,
            Service::Own(profile) => {
                Some(Draws::new(profile, run.seed, &format!("{name}, service")))
            }
        });
        let until = match run.closed_loop {
            None => run.arrivals.last().copied().unwrap_or(0),
            Some(_) => u64::MAX,
        };
        LiveTier {
            spec: None,
            station_spec: station,
            placement,
            is_single: true,
            is_sound: true,
            has_fallen: false,
            keeps_all: false,
            evicts_quietly: false,
            counts_bytes: false,
            may_renew: false,
            on_miss: Misses::Independent,
            is_plain: false,
            nodes: Vec::new(),
            servers,
            draws,
            service,
            ttl: NO_TTL,
            overhead: 0,
            seals: false,
            cut: false,
            error_share: 0.0,
            number: Stream::new(0, name).bits_at(0),
            clock_ahead: 0,
            retry_tokens: MOST_RETRY_TOKENS,
            misses: Vec::new(),
            tended_at: u64::MAX,
            latest: 0,
            used: Used { until, ..Used::default() },
        }
    }

    /// To be called after anything has gone wrong or well again.
    pub(super) fn look_what_is_wrong(&mut self) {
        self.is_sound = self.error_share == 0.0
            && !self.cut
            && self.servers.iter().all(|server| !server.down && server.slow == 1.0);
        self.is_plain = self.is_sound
            && self.spec.is_some_and(|spec| {
                spec.layout.is_single() && spec.station.is_none() && spec.encryption.is_none()
            });
    }

    /// A request for an object of so many bytes, as the policies of the tier see it.
    #[inline(always)]
    pub(super) fn request(&mut self, object: ObjectId, size: u64, request: u32) -> Request {
        let size = if self.counts_bytes { size.saturating_add(self.overhead) } else { 1 };
        Request { object, size, seq: self.seq(u64::from(request)), next_use: NEVER }
    }

    /// The logical time of a request as the policies of the tier see it: that of the latest so far, for it
    /// does not go back where an answer comes after later requests.
    #[inline(always)]
    pub(super) fn seq(&mut self, request: u64) -> u64 {
        self.latest = self.latest.max(request);
        self.latest
    }

    /// Whether there is a machine up that has this node's contents.
    pub(super) fn is_up(&self, node: usize) -> bool {
        match self.placement.only_station(node as u32) {
            Some(station) => !self.servers[station as usize].down,
            None => self.servers.iter().any(|server| !server.down),
        }
    }

    /// Whether fills and writes reach this node.
    pub(super) fn is_reached(&self, node: usize) -> bool {
        self.is_sound || (!self.cut && self.is_up(node))
    }

    /// The retry rules.
    pub(super) fn retry(&self) -> Retry {
        self.station_spec.map(|spec| spec.retry).unwrap_or_default()
    }

    /// A first try earns a share of a retry.
    #[inline]
    pub(super) fn earn_retry(&mut self) {
        if let Some(budget) = self.station_spec.and_then(|spec| spec.retry.budget) {
            self.retry_tokens = (self.retry_tokens + budget).min(MOST_RETRY_TOKENS);
        }
    }

    /// Takes a retry out of the budget; false if it is spent.
    pub(super) fn spend_retry(&mut self) -> bool {
        if self.retry().budget.is_none() {
            return true;
        }
        let affordable = self.retry_tokens >= 1.0;
        if affordable {
            self.retry_tokens -= 1.0;
        }
        affordable
    }

    /// How long a client waits for an answer; `None` for ever.
    pub(super) fn timeout(&self) -> Option<u64> {
        self.station_spec.and_then(|spec| spec.timeout).map(|timeout| timeout.0)
    }

    /// Notes the bytes in use after the contents of a node have changed.
    #[inline]
    pub(super) fn note_used(&mut self, node: usize, now: u64) {
        let node = &mut self.nodes[node];
        let in_node = node.contents.residents().used();
        // As a rule, what came in took the place of as much.
        if in_node == node.used && !self.seals {
            return;
        }
        let used = &mut self.used;
        used.pass(now);
        used.now = used.now - node.used + in_node;
        used.max = used.max.max(used.now);
        node.used = in_node;
        if self.seals {
            self.used.n_max = self.used.n_max.max(self.n_resident());
        }
    }

    /// The object is likely to be looked up soon. Of several nodes nobody knows yet which.
    #[inline]
    pub(super) fn touch(&self, upcoming: ObjectId) {
        if let [node] = self.nodes.as_slice() {
            node.contents.touch(upcoming);
            node.copies.touch(upcoming);
        }
    }

    /// The warm-up is over.
    pub(super) fn start_counting(&mut self, now: u64) {
        self.used.pass(now);
        self.used.byte_ns = 0;
    }

    /// The most objects it held; only known if its copies are sealed.
    pub(super) fn n_resident_max(&self) -> u64 {
        self.used.n_max
    }

    /// Objects that it holds, over all its nodes.
    pub(super) fn n_resident(&self) -> u64 {
        self.nodes.iter().map(|node| node.contents.residents().len() as u64).sum()
    }

    /// The end of the run: what was counted here and not by the recorder.
    ///
    /// # Panics
    /// If an invariant does not hold: a bug.
    pub(super) fn finish(&mut self, now: u64, counts: &mut TierOutcome) {
        self.used.pass(now);
        if cfg!(debug_assertions) {
            self.nodes.iter().for_each(|node| node.contents.check());
        }
        counts.used_bytes_max = self.used.max;
        counts.used_byte_seconds = self.used.byte_ns as f64 / 1e9;
        counts.n_nodes = self.nodes.len() as u64;
        counts.n_stations = self.servers.len() as u64;
        for (number, server) in self.servers.iter_mut().enumerate() {
            if let Some(station) = &mut server.station {
                station.check(now);
                counts.stations.push(station.counts().clone());
                counts.station_names.push(self.placement.station_name(number as u32));
                counts.servers += station.n_servers() as u64;
            }
        }
    }
}

/// What placements are built for.
fn site<'a>(run: &Run<'a>) -> Site<'a> {
    let start_ns = run.arrivals.first().copied().unwrap_or(0);
    Site { trace: run.trace, seed: run.seed, start_ns }
}

/// The contents of one node: a cache under its own policy or the tier's, or the processor's.
fn contents(
    spec: &Tier,
    own: Option<&PolicySpec>,
    setup: &Setup,
    trace: &Trace,
) -> Result<Box<dyn Contents>, Error> {
    let policy = own.unwrap_or(&spec.policy);
    if policy.name == SET_ASSOCIATIVE {
        let cache = CpuCache::from_parameters(&policy.parameters)
            .and_then(|cpu| SetAssociative::new(&cpu, setup.capacity, trace));
        let cache = cache
            .map_err(|error| Error::Tier { tier: spec.name.clone(), what: error.to_string() })?;
        return Ok(Box::new(cache));
    }
    let info = policies::find(&policy.name)?;
    Ok((info.kind.build)(setup, &policy.parameters)?)
}

/// The objects in a node, by rising number.
pub(super) fn resident_objects(node: &Node) -> Vec<ObjectId> {
    node.contents.residents().iter().collect()
}

/// The queues of a tier, for its placement.
pub(super) struct QueueView<'a> {
    pub(super) servers: &'a [Server],
    pub(super) now: u64,
}

impl Queues for QueueView<'_> {
    fn length(&self, station: u32) -> usize {
        let station = self.servers[station as usize].station.as_ref();
        station.map_or(0, |station| station.load(self.now))
    }
}
