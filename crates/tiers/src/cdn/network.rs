//! Which point of presence a client is at, given which ones may be used.
//!
//! Draws by weight are exponential races: each candidate draws a time with its weight as the rate, from
//! a stream of its own by client, and the earliest wins. This is weighted rendezvous hashing
//! (Thaler and Ravishankar, IEEE/ACM ToN 6(1), 1998; the logarithmic method of Schindelhauer and
//! Schomaker: "Weighted distributed hash tables", SPAA '05). Each wins by its weight; a client keeps its
//! winner while others come and go; and when a winner fails, its clients, and no others, spread over the
//! rest by their weights.
//!
//! A choice costs O(points of presence) at worst; with all up and routing by latency or place, a draw a
//! provider.

use std::ops::Range;

use trace::Trace;
use trace::stream::Stream;
use trace::units::Nanos;

use super::clients::{Client, Clients};
use super::geo::{Place, great_circle_km};
use super::spec::{CdnError, CdnSpec, PopSpec, RegionSpec, Routing, Steering};
use crate::Ask;

/// Providers, their points of presence, and the ways to them.
#[derive(Debug)]
pub(super) struct Network {
    routing: Routing,
    steering: Steering,
    clients: Clients,
    providers: Vec<Provider>,
    pops: Vec<Pop>,
    /// Region by region, the round trip to each point of presence.
    round_trip_ns: Vec<u64>,
    /// Region by region, the points of presence, each provider's in the order it prefers them.
    preferred: Vec<u32>,
}

#[derive(Debug)]
struct Provider {
    name: String,
    racer: Racer,
    /// Its points of presence.
    pops: Range<usize>,
}

#[derive(Debug)]
struct Pop {
    name: String,
    provider: usize,
    at: Place,
    racer: Racer,
    /// Share of the tier's capacity.
    share: f64,
}

impl Network {
    pub(super) fn new(spec: &CdnSpec, trace: &Trace, seed: u64) -> Result<Self, CdnError> {
        spec.check()?;
        let (mut providers, mut pops) = (Vec::new(), Vec::new());
        let all = || spec.providers.values().flat_map(|provider| provider.pops.values());
        let capacity: f64 = all().map(|pop| pop.weight).sum();
        for (name, provider) in &spec.providers {
            let start = pops.len();
            pops.extend(provider.pops.iter().map(|(pop, spec)| Pop {
                name: pop.clone(),
                provider: providers.len(),
                at: spec.at,
                racer: Racer::new(seed, &format!("{name}/{pop}"), spec.weight),
                share: spec.weight / capacity,
            }));
            providers.push(Provider {
                name: name.clone(),
                racer: Racer::new(seed, name, provider.weight),
                pops: start..pops.len(),
            });
        }
        let mut network = Network {
            routing: spec.routing,
            steering: spec.steering,
            clients: Clients::new(spec, trace, seed)?,
            providers,
            pops,
            round_trip_ns: Vec::new(),
            preferred: Vec::new(),
        };
        for (name, region) in &spec.regions {
            let from = |pop: &PopSpec| round_trip(spec, name, region, pop).0;
            network.round_trip_ns.extend(all().map(from));
            network.rank(region);
        }
        Ok(network)
    }

    /// Appends every provider's order of preference for a region whose round trips are known.
    fn rank(&mut self, region: &RegionSpec) {
        let number = self.preferred.len() / self.pops.len();
        for provider in &self.providers {
            let mut ranked: Vec<usize> = provider.pops.clone().collect();
            let km = |pop: &usize| great_circle_km(region.at, self.pops[*pop].at);
            match self.routing {
                Routing::Latency | Routing::Weights => {
                    ranked.sort_by_key(|pop| self.round_trip_ns[number * self.pops.len() + pop]);
                }
                Routing::Geo => ranked.sort_by(|a, b| km(a).total_cmp(&km(b))),
            }
            self.preferred.extend(ranked.into_iter().map(|pop| pop as u32));
        }
    }

    pub(super) fn client(&self, ask: &Ask) -> Client {
        self.clients.of(ask)
    }

    /// The client's point of presence, of those that may be used; `None` if there are none.
    #[inline]
    pub(super) fn choose(&self, client: Client, usable: impl Fn(u32) -> bool) -> Option<u32> {
        let offers = self
            .providers
            .iter()
            .filter_map(|provider| Some((provider, self.offer(provider, client, &usable)?)));
        match self.steering {
            Steering::Weights => {
                first(offers.map(|(provider, pop)| (provider.racer.time(client), pop)))
            }
            Steering::Fastest => {
                let way = |pop| self.round_trip(client, pop);
                let time = |provider: &Provider| provider.racer.time(client);
                let fastest = offers.min_by(|a, b| {
                    way(a.1).cmp(&way(b.1)).then_with(|| time(a.0).total_cmp(&time(b.0)))
                });
                fastest.map(|(_, pop)| pop)
            }
        }
    }

    /// The point of presence a provider has for a client.
    fn offer(
        &self,
        provider: &Provider,
        client: Client,
        usable: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let row = &self.preferred[client.region * self.pops.len()..][provider.pops.clone()];
        let mut usable = row.iter().copied().filter(|pop| usable(*pop));
        match self.routing {
            Routing::Latency | Routing::Geo => usable.next(),
            Routing::Weights => {
                first(usable.map(|pop| (self.pops[pop as usize].racer.time(client), pop)))
            }
        }
    }

    /// From the client's region to a point of presence and back, in nanoseconds.
    pub(super) fn round_trip(&self, client: Client, pop: u32) -> u64 {
        self.round_trip_ns[client.region * self.pops.len() + pop as usize]
    }

    pub(super) fn n_pops(&self) -> usize {
        self.pops.len()
    }

    pub(super) fn provider_named(&self, name: &str) -> Option<usize> {
        self.providers.iter().position(|provider| provider.name == name)
    }

    pub(super) fn provider_of(&self, pop: u32) -> usize {
        self.pops[pop as usize].provider
    }

    pub(super) fn place_of(&self, pop: u32) -> Place {
        self.pops[pop as usize].at
    }

    pub(super) fn share(&self, pop: u32) -> f64 {
        self.pops[pop as usize].share
    }

    /// `provider/pop`.
    pub(super) fn full_name(&self, pop: u32) -> String {
        let pop = &self.pops[pop as usize];
        format!("{}/{}", self.providers[pop.provider].name, pop.name)
    }

    /// Points of presence of a provider, or of this name at any provider, or the one of this full name.
    pub(super) fn pops_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = u32> + 'a {
        (0..self.pops.len() as u32).filter(move |pop| {
            let own = &self.pops[*pop as usize];
            self.providers[own.provider].name == name
                || own.name == name
                || self.full_name(*pop) == name
        })
    }
}

fn round_trip(spec: &CdnSpec, name: &str, region: &RegionSpec, pop: &PopSpec) -> Nanos {
    let derived = || Nanos(spec.last_mile.0 + spec.fibre().round_trip(region.at, pop.at).0);
    pop.round_trip.get(name).copied().unwrap_or_else(derived)
}

/// A candidate in draws by weight.
#[derive(Debug)]
struct Racer {
    draws: Stream,
    weight: f64,
}

impl Racer {
    fn new(seed: u64, name: &str, weight: f64) -> Self {
        Racer { draws: Stream::new(seed, &format!("clients of {name}")), weight }
    }

    /// When it arrives, exponentially distributed with its weight as the rate.
    #[inline]
    fn time(&self, client: Client) -> f64 {
        if self.weight == 0.0 {
            return f64::INFINITY;
        }
        -libm::log(1.0 - self.draws.uniform_at(client.key)) / self.weight
    }
}

/// Who arrives first.
fn first(arrivals: impl Iterator<Item = (f64, u32)>) -> Option<u32> {
    arrivals.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, who)| who)
}
