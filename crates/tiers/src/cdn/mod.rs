//! Content delivery networks: several providers, each with points of presence, each with a cache.
//!
//! [`Cdn`] places a request at a point of presence. The client's region is the trace's, or drawn once a
//! client. The client comes to a provider by weight, always the same one, or to the fastest
//! ([`Steering`]), and the provider takes it to a point of presence by round trip, by distance or by
//! weight ([`Routing`]). The round trip from region to point of presence is added to the latency of the
//! tier, which should therefore be that of the server alone.
//!
//! A node and a station are a point of presence, numbered by name of provider, then by name. Since each
//! has contents of its own, an object asked for everywhere is fetched and kept everywhere: splitting
//! traffic over providers dilutes their caches. [`Placement::share`] says which part of the tier's
//! capacity each has.
//!
//! When a point of presence goes down, its clients keep asking it, and know after `connect-timeout` that
//! it does not answer, until enough health checks in a row have failed. Then the same rule is applied to
//! what is left: the provider's next best point of presence, or if it has none the client's next
//! provider. After enough checks that passed they come back. If nothing is left that is believed to be
//! up, everything is taken to be: clients go where they would usually (as Amazon's Route 53 does when
//! all records are unhealthy: "How Amazon Route 53 chooses records when health checking is
//! configured", read 2026-11-25). A provider's outage is all its points of presence going down.
//!
//! [`Shield`] places what the points of presence miss at a cache between them and the origin;
//! [`DistantOrigin`] counts the way from either to the origin.
//!
//! What is left out: [`SIMPLIFICATIONS`].

mod clients;
mod geo;
mod network;
mod origin;
mod shield;
mod spec;
#[cfg(test)]
mod tests;
mod watch;

pub use geo::{Place, great_circle_km};
pub use origin::DistantOrigin;
pub use shield::Shield;
pub use spec::{
    CdnError, CdnSpec, PopSpec, ProviderSpec, RegionSpec, Routing, ShieldSpec, SiteSpec, Steering,
};

use trace::Trace;
use trace::units::Nanos;

use crate::{Ask, Health, Placement, Queues, Route};
use network::Network;
use watch::Board;

/// What this model of content delivery networks leaves out, in words for the reader of its figures.
pub const SIMPLIFICATIONS: &[&str] = &[
    "All clients of a region are in one place and see one round trip, which does not vary; loss, congestion and the size of an answer do not change it.",
    "A request takes one round trip: connections are kept open, and names, TCP and TLS cost nothing.",
    "Anycast and DNS are one rule: the best point of presence for the client's region. Routes that BGP bends elsewhere, resolvers far from their clients and rebalancing under load are not modelled.",
    "Once checks have noticed a failure all traffic moves at once: DNS records that clients still hold are not modelled, nor does anycast move any before.",
    "Checks are made from one place, all at the same moments, and do not err.",
    "A point of presence is one cache; servers within it that hold different objects are not modelled.",
    "In a trace without clients, every request comes from a client of its own.",
    "The way to the origin counts only if the scenario says where the origin is; then it leads from the shield, if there is one, even while that is down.",
    "A shield is asked by the point of presence that its own health makes likely: one provider's shields down count as that provider down.",
];

/// Points of presence of one or more providers.
#[derive(Debug)]
pub struct Cdn {
    network: Network,
    board: Board,
    fallback: bool,
    connect_timeout: Nanos,
}

impl Cdn {
    /// The networks as seen by the clients of a trace.
    ///
    /// # Errors
    /// If the description makes no sense, or the trace has a region that it does not know.
    pub fn new(spec: &CdnSpec, trace: &Trace, seed: u64) -> Result<Self, CdnError> {
        let network = Network::new(spec, trace, seed)?;
        Ok(Cdn {
            board: Board::new(spec.checks(), network.n_pops()),
            network,
            fallback: spec.fallback,
            connect_timeout: spec.connect_timeout,
        })
    }
}

impl Placement for Cdn {
    fn n_nodes(&self) -> u32 {
        self.board.n_stations()
    }

    fn n_stations(&self) -> u32 {
        self.board.n_stations()
    }

    fn route(&mut self, ask: &Ask, _queues: &dyn Queues) -> Route {
        let client = self.network.client(ask);
        let trusted = |pop| !self.fallback || self.board.is_trusted(pop, ask.now);
        let pop = self
            .network
            .choose(client, trusted)
            .or_else(|| self.network.choose(client, |_| true))
            .expect("every provider has a point of presence");
        if self.board.is_up(pop) {
            let extra_ns = self.network.round_trip(client, pop);
            Route::To { node: pop, station: pop, extra_ns }
        } else {
            Route::Unreachable { after_ns: self.connect_timeout.0 }
        }
    }

    fn share(&self, node: u32) -> f64 {
        self.network.share(node)
    }

    fn notice(&mut self, station: u32, health: Health, now: u64) {
        self.board.notice(station, health, now);
    }

    /// All points of presence of a provider (`fastly`), the one (`fastly/fra`), or all in a place
    /// (`fra`).
    fn stations_named(&self, name: &str) -> Vec<u32> {
        self.network.pops_named(name).collect()
    }

    fn station_name(&self, station: u32) -> String {
        self.network.full_name(station)
    }
}
