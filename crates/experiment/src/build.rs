//! From a resolved stack to the one that is simulated: profiles prepared, capacities worked out and
//! scaled, names of tiers turned into places.

use std::collections::BTreeMap;

use tiers::cluster::{Cluster, TwoChoices};
use tiers::security::{Cipher, EncryptionSpec};
use tiers::{
    Cdn, CdnSpec, Demotion, DistantOrigin, Encryption, Erasure, Freshness, Hedge, HedgeLeg,
    LatencyProfile, LatencySpec, Layout, Origin, Placement, Predicted, Retry, Router, Service,
    Shield, ShieldSpec, Stack, StationSpec, Tier,
};
use trace::Trace;
use trace::units::Nanos;

use crate::fault::faults;
use crate::scenario::{
    Capacity, DemotionPatch, EncryptionPatch, Fraction, Library, RouterKind, RouterPatch,
    ServiceText, StationPatch, Ttl,
};
use crate::{Error, Resolved, ResolvedStack, ResolvedTier};

/// What a stack is built for.
pub(crate) struct Site {
    /// Distinct bytes of the trace.
    pub(crate) footprint: u64,
    /// Requests of the real system that one of the trace stands for.
    pub(crate) scale: f64,
    /// From the first to the last arrival.
    pub(crate) span: Nanos,
}

/// What is wrong with a stack: where, below `stack`, and a sentence.
type Wrong = (Vec<String>, String);
type Profiles = BTreeMap<String, LatencySpec>;

/// The stack as simulated.
pub(crate) fn stack(study: &Resolved, from: &ResolvedStack, site: &Site) -> Result<Stack, Error> {
    let unfit = |(path, what): Wrong| Error::Unfit(format!("stack.{}: {what}", path.join(".")));
    let mut stack = shape(from, &study.library).map_err(unfit)?;
    stack.scale = site.scale;
    for (tier, spec) in stack.tiers.iter_mut().zip(&from.tiers) {
        // A share of the footprint is of the recording; an amount is of the system described.
        let (capacity, priced) = match spec.capacity {
            Capacity::Bytes(bytes) => ((bytes.0 as f64 / site.scale) as u64, bytes.0),
            Capacity::Share(share) => {
                let bytes = site.footprint as f64 * share.share();
                (bytes as u64, (bytes * site.scale) as u64)
            }
        };
        tier.capacity = capacity.max(1);
        tier.priced_bytes = priced;
    }
    let names: Vec<String> = from.tiers.iter().map(|tier| tier.name.clone()).collect();
    let mut entries = study.faults.clone();
    if let Some(chaos) = &study.chaos {
        entries.extend(chaos.draw(&study.all_tiers(), site.span, study.seed));
    }
    stack.faults = faults(&entries, &names, site.span);
    stack.erasure = erasure(study, from)?;
    Ok(stack)
}

/// The study's requests to erase, under the tombstone of this stack.
fn erasure(study: &Resolved, from: &ResolvedStack) -> Result<Option<Erasure>, Error> {
    let Some(mut spec) = study.erasure.clone() else { return Ok(None) };
    if let Some(Ttl(tombstone)) = from.tombstone {
        spec.tombstone = tombstone;
    }
    let mut profiles = BTreeMap::new();
    for name in spec.tiers.values().filter_map(|purge| purge.latency.as_ref()) {
        let profile = profile(name, &study.library.latency).map_err(Error::Unfit)?;
        profiles.insert(name.clone(), profile);
    }
    Ok(Some(Erasure { spec, profiles }))
}

/// All of a stack that does not depend on the trace; capacities are still open.
pub(crate) fn shape(from: &ResolvedStack, library: &Library) -> Result<Stack, Wrong> {
    let profiles = &library.latency;
    let tiers =
        (0..from.tiers.len()).map(|i| tier(&from.tiers[i], from.tiers[..i].last(), library));
    let tiers = tiers.collect::<Result<_, _>>()?;
    let at = |path: &[&str]| {
        let path: Vec<String> = path.iter().map(|part| part.to_string()).collect();
        move |what: String| (path.clone(), what)
    };
    let latency = profile(&from.latency_of_origin, profiles).map_err(at(&["latency-of-origin"]))?;
    let mut origin = Origin::new(latency);
    origin.price = from.price_of_origin.clone();
    origin.station = station(&from.origin.station, profiles).map_err(at(&["origin", "station"]))?;
    origin.absent = share(from.origin.absent).map_err(at(&["origin", "absent"]))?;
    origin.layout = origin_layout(from, library).map_err(at(&["origin", "at"]))?;
    let mut stack = Stack::new(tiers, origin);
    stack.writes = from.writes;
    stack.router = router(&from.router, &from.tiers).map_err(at(&["router"]))?;
    stack.demotion = demotion(&from.demotion, &from.tiers).map_err(at(&["demotion"]))?;
    Ok(stack)
}

/// The nodes and stations of each tier and of the origin, as far as they can be told without a trace.
pub(crate) fn placements(
    stack: &Stack,
    from: &ResolvedStack,
) -> Result<Vec<Box<dyn Placement>>, Wrong> {
    let trace = Trace::from_numbers("none", [0]);
    let site = tiers::Site { trace: &trace, seed: 0, start_ns: 0 };
    let of_tiers = stack.tiers.iter().zip(&from.tiers).map(|(tier, spec)| {
        let at = vec!["tiers".to_string(), spec.name.clone(), placed_by(spec).to_string()];
        tier.layout.build(&site).map_err(|what| (at, what))
    });
    let at_origin = |what| (vec!["origin".to_string(), "at".to_string()], what);
    of_tiers.chain([stack.origin.layout.build(&site).map_err(at_origin)]).collect()
}

/// The field that says what a tier is made of.
fn placed_by(spec: &ResolvedTier) -> &'static str {
    let more = &spec.more;
    match () {
        () if more.two_choices.value().is_some() => "two-choices",
        () if more.cdn.is_some() => "cdn",
        () if more.shield.is_some() => "shield",
        () => "cluster",
    }
}

fn tier(
    spec: &ResolvedTier,
    above: Option<&ResolvedTier>,
    library: &Library,
) -> Result<Tier, Wrong> {
    let profiles = &library.latency;
    let at = |field: &str| {
        let path = vec!["tiers".to_string(), spec.name.clone(), field.to_string()];
        move |what: String| (path.clone(), what)
    };
    let more = &spec.more;
    let latency = profile(&spec.latency, profiles).map_err(at("latency"))?;
    let mut tier = Tier::new(&spec.name, spec.policy.0.clone(), 1, latency);
    tier.object_overhead = more.object_overhead.map_or(0, |bytes| bytes.0);
    let early = more.early_refresh.unwrap_or(0.0);
    if !(0.0..=1e6).contains(&early) {
        return Err(at("early-refresh")("must be a number from 0 on, such as 1".into()));
    }
    tier.freshness = Freshness {
        ttl: spec.ttl.0,
        jitter: share(more.ttl_jitter).map_err(at("ttl-jitter"))?,
        renew: more.ttl_renew.unwrap_or(false),
        stale_while_revalidate: more.stale_while_revalidate.unwrap_or_default(),
        stale_if_error: more.stale_if_error.unwrap_or_default(),
        negative_ttl: more.negative_ttl,
        early_refresh: early,
    };
    tier.expiry = more.expiry.unwrap_or_default();
    tier.layout = layout(spec, above, library).map_err(|(field, what)| at(field)(what))?;
    tier.station = station(&more.station, profiles).map_err(at("station"))?;
    tier.misses = more.misses.unwrap_or_default();
    tier.fill = more.fill.map(|fill| fill.fill()).unwrap_or_default();
    tier.inclusion = more.inclusion.unwrap_or_default();
    tier.encryption = encryption(&more.encryption, library).map_err(|(field, what)| {
        let (mut path, what) = at("encryption")(what);
        path.extend(field.map(String::from));
        (path, what)
    })?;
    tier.price = spec.price.clone();
    Ok(tier)
}

/// How copies are sealed; an error says at which field.
fn encryption(
    from: &EncryptionPatch,
    library: &Library,
) -> Result<Option<Encryption>, (Option<&'static str>, String)> {
    let name = match from.cipher.as_deref() {
        Some("none") => return Ok(None),
        Some(name) => name,
        None if *from == EncryptionPatch::default() => return Ok(None),
        None => return Err((None, "encryption needs a `cipher`, such as \"aes-256-gcm\"".into())),
    };
    let at_cipher = |what: String| (Some("cipher"), what);
    let spec = library.cipher.get(name);
    let spec = spec.ok_or_else(|| at_cipher(unknown("cipher", name, library.cipher.keys())))?;
    let cipher = Cipher::new(spec).map_err(|error| at_cipher(error.to_string()))?;
    let rotate_every = from.rotate_every.and_then(|every| every.0);
    if rotate_every == Some(Nanos(0)) {
        return Err((Some("rotate-every"), "must be longer than 0".into()));
    }
    let mut spec = EncryptionSpec::new(name);
    spec.key_per = from.key_per.unwrap_or_default();
    spec.rotation = from.rotation.unwrap_or_default();
    spec.rotate_every = rotate_every;
    spec.key_cache = from.key_cache.unwrap_or(spec.key_cache);
    spec.messages_per_key = from.messages_per_key.unwrap_or(spec.messages_per_key);
    Ok(Some(Encryption { spec, cipher }))
}

/// The nodes and stations a tier is made of; an error says at which field.
fn layout(
    spec: &ResolvedTier,
    above: Option<&ResolvedTier>,
    library: &Library,
) -> Result<Layout, (&'static str, String)> {
    let more = &spec.more;
    let (cluster, two_choices) = (more.cluster.value(), more.two_choices.value());
    let given = [
        ("cluster", cluster.is_some()),
        ("two-choices", two_choices.is_some()),
        ("cdn", more.cdn.is_some()),
        ("shield", more.shield.is_some()),
    ];
    let mut given = given.into_iter().filter(|(_, is_given)| *is_given).map(|(field, _)| field);
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        return Err((second, format!("a tier is one thing only, and has a `{first}` already")));
    }
    if let Some(spec) = cluster {
        return Ok(Layout::of(move |site| {
            let cluster = Cluster::new(&spec, site.trace, site.start_ns);
            Ok(Box::new(cluster.map_err(|error| error.to_string())?))
        }));
    }
    if let Some(spec) = two_choices {
        return Ok(Layout::of(move |site| {
            let nodes = TwoChoices::new(&spec, site.trace).map_err(|error| error.to_string())?;
            Ok(Box::new(nodes))
        }));
    }
    if let Some(name) = &more.cdn {
        let network = network(name, library).map_err(|what| ("cdn", what))?;
        return Ok(Layout::of(move |site| {
            let cdn = Cdn::new(&network, site.trace, site.seed);
            Ok(Box::new(cdn.map_err(|error| error.to_string())?))
        }));
    }
    let Some(name) = &more.shield else { return Ok(Layout::single()) };
    let shield = shield(name, library).map_err(|what| ("shield", what))?;
    let above = above.and_then(|above| above.more.cdn.as_ref());
    let above =
        above.ok_or(("shield", "a shield needs a tier with a `cdn` right above it".into()))?;
    let network = network(above, library).map_err(|what| ("shield", what))?;
    Ok(Layout::of(move |site| {
        let shield = Shield::new(&shield, &network, site.trace, site.seed);
        Ok(Box::new(shield.map_err(|error| error.to_string())?))
    }))
}

fn network(name: &str, library: &Library) -> Result<CdnSpec, String> {
    let known = library.cdn.get(name).cloned();
    known.ok_or_else(|| unknown("network", name, library.cdn.keys()))
}

fn shield(name: &str, library: &Library) -> Result<ShieldSpec, String> {
    let known = library.shield.get(name).cloned();
    known.ok_or_else(|| unknown("shield", name, library.shield.keys()))
}

/// Where the origin is, if the scenario says so: behind the last network, and behind its shield.
fn origin_layout(from: &ResolvedStack, library: &Library) -> Result<Layout, String> {
    let Some(at) = from.origin.at else { return Ok(Layout::single()) };
    let last =
        from.tiers.iter().rfind(|tier| tier.more.cdn.is_some() || tier.more.shield.is_some());
    let Some(last) = last else {
        // A strategy without a network has its tiers where the origin is.
        return Ok(Layout::single());
    };
    let of_network = from.tiers.iter().rev().find_map(|tier| tier.more.cdn.as_ref());
    let of_network = of_network.ok_or("a shield needs a tier with a `cdn` right above it")?;
    let cdn = network(of_network, library)?;
    let shield = last.more.shield.as_ref().map(|name| shield(name, library)).transpose()?;
    Ok(Layout::of(move |site| {
        let origin = DistantOrigin::new(at, shield.as_ref(), &cdn, site.trace, site.seed);
        Ok(Box::new(origin.map_err(|error| error.to_string())?))
    }))
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let known: Vec<&str> = known.map(String::as_str).collect();
    match trace::error::nearest(name, known.iter().copied()) {
        Some(nearest) => format!("no {what} is called `{name}`; did you mean `{nearest}`?"),
        None => format!("no {what} is called `{name}`; there is {}", known.join(", ")),
    }
}

fn profile(name: &str, profiles: &Profiles) -> Result<LatencyProfile, String> {
    let spec =
        profiles.get(name).ok_or_else(|| format!("no latency profile is called `{name}`"))?;
    LatencyProfile::new(spec).map_err(|error| error.to_string())
}

fn share(share: Option<Fraction>) -> Result<f64, String> {
    let share = share.map_or(0.0, Fraction::share);
    if share <= 1.0 { Ok(share) } else { Err("must be at most 100%".into()) }
}

fn station(from: &StationPatch, profiles: &Profiles) -> Result<Option<StationSpec>, String> {
    if *from == StationPatch::default() {
        return Ok(None);
    }
    let servers = from
        .servers
        .filter(|servers| (1..=1_000_000).contains(servers))
        .ok_or("a station needs `servers`, from 1 to 1000000")?;
    let service = match &from.service {
        None => Service::Latency,
        Some(ServiceText::Time(time)) => Service::Own(LatencyProfile::constant(*time)),
        Some(ServiceText::Profile(name)) => Service::Own(profile(name, profiles)?),
    };
    Ok(Some(StationSpec {
        servers,
        service,
        stretch: 1.0,
        queue: from.queue,
        timeout: from.timeout,
        retry: Retry {
            attempts: from.retries.unwrap_or(0).min(100),
            backoff: from.backoff.unwrap_or_default(),
            budget: from.retry_budget.map(Fraction::share),
        },
    }))
}

fn router(from: &RouterPatch, tiers: &[ResolvedTier]) -> Result<Router, String> {
    match from.kind.unwrap_or_default() {
        RouterKind::Sequential => Ok(Router::Sequential),
        RouterKind::PredictedPath => Ok(Router::Predicted(Predicted)),
        RouterKind::Hedged => {
            let after = from.after.as_ref().ok_or(
                "\"hedged\" needs `after`, such as { L1 = \"0ms\", L2 = \"1ms\", L3 = \"5ms\" }",
            )?;
            let mut legs = after
                .iter()
                .map(|(name, after)| {
                    let tier = place(name, tiers)?;
                    Ok(HedgeLeg { tier, after: *after })
                })
                .collect::<Result<Vec<_>, String>>()?;
            legs.sort_by_key(|leg| leg.tier);
            let in_order = legs
                .windows(2)
                .all(|legs| legs[0].tier + 1 == legs[1].tier && legs[0].after <= legs[1].after);
            if legs.len() < 2 || !in_order {
                return Err("a race needs two or more neighbouring tiers, the farther starting no earlier than the nearer".into());
            }
            Ok(Router::Hedged(Hedge {
                legs,
                settle: from.settle.unwrap_or_default(),
                on_miss: from.on_miss.unwrap_or_default(),
                cancel: from.cancel.unwrap_or(false),
            }))
        }
    }
}

fn demotion(from: &DemotionPatch, tiers: &[ResolvedTier]) -> Result<Option<Demotion>, String> {
    match from {
        DemotionPatch { above: None, reads_below: None, to: None } => Ok(None),
        DemotionPatch { above: Some(above), reads_below: Some(reads_below), to: Some(to) } => {
            Ok(Some(Demotion {
                above_bytes: above.0,
                reads_below: *reads_below,
                to: place(to, tiers)?,
            }))
        }
        _ => Err("a demotion needs `above`, `reads-below` and `to`".into()),
    }
}

/// The number of the tier called `name`.
fn place(name: &str, tiers: &[ResolvedTier]) -> Result<usize, String> {
    let known = || tiers.iter().map(|tier| &tier.name);
    known().position(|known| known == name).ok_or_else(|| unknown("tier", name, known()))
}
