//! Shields: caches that the points of presence ask before the origin.
//!
//! A placement sees the client's request, not which point of presence missed it. A [`Shield`] works that
//! out again, with the same draws as the [`Cdn`](super::Cdn) of the same description, trace and seed. All
//! it lacks is the health of the points of presence, for which it takes that of its own sites: a provider
//! is out while all sites that serve it are believed to be down. In an outage of a provider, which takes
//! its shields with it, that is what the network does, check by check. When a single point of presence
//! fails, the shield is right and the way to it is counted from where the client usually is. When only a
//! provider's shields fail, its requests are counted at the other providers' shields; if there are none,
//! they pass at once, [`Route::Unreachable`] after 0 ns.
//!
//! One site without a provider shields all; a site a provider shields each by itself; several sites
//! are asked by what is near. The way is from point of presence to shield and back, with no last mile.

use trace::Trace;
use trace::units::Nanos;

use super::network::Network;
use super::spec::{CdnError, CdnSpec, ShieldSpec};
use super::watch::Board;
use crate::{Ask, Health, Placement, Queues, Route};

/// Caches between the points of presence and the origin.
#[derive(Debug)]
pub struct Shield {
    network: Network,
    sites: Vec<Site>,
    /// Point of presence by point of presence, the sites it may ask with the round trip, nearest first.
    near: Vec<Vec<(u32, u64)>>,
    board: Board,
    fallback: bool,
    connect_timeout: Nanos,
}

#[derive(Debug)]
struct Site {
    name: String,
    /// `None` if it serves all.
    provider: Option<usize>,
    share: f64,
}

impl Shield {
    /// The shields of the networks that `cdn` describes; trace and seed must be those of its [`Cdn`].
    ///
    /// [`Cdn`]: super::Cdn
    ///
    /// # Errors
    /// If either description makes no sense, a provider has no shield, or the trace has a region that
    /// is not described.
    pub fn new(
        spec: &ShieldSpec,
        cdn: &CdnSpec,
        trace: &Trace,
        seed: u64,
    ) -> Result<Self, CdnError> {
        let network = Network::new(cdn, trace, seed)?;
        spec.check(cdn)?;
        let capacity: f64 = spec.sites.values().map(|site| site.weight).sum();
        let sites = spec.sites.iter().map(|(name, site)| Site {
            name: name.clone(),
            provider: site.provider.as_ref().and_then(|name| network.provider_named(name)),
            share: site.weight / capacity,
        });
        let sites: Vec<Site> = sites.collect();
        let near = (0..network.n_pops() as u32).map(|pop| {
            let ways = spec.sites.values().enumerate().map(|(number, site)| {
                let way = cdn.fibre().round_trip(network.place_of(pop), site.at);
                (number as u32, way.0)
            });
            let serves = |site: &u32| sites[*site as usize].serves(network.provider_of(pop));
            let mut near: Vec<_> = ways.filter(|(site, _)| serves(site)).collect();
            near.sort_by_key(|(_, way)| *way);
            near
        });
        Ok(Shield {
            near: near.collect(),
            board: Board::new(cdn.checks(), sites.len()),
            network,
            sites,
            fallback: cdn.fallback,
            connect_timeout: cdn.connect_timeout,
        })
    }

    /// The shield that the request's point of presence asks, and the way there and back.
    fn site(&self, ask: &Ask) -> Option<(u32, u64)> {
        let trusted = |site: u32| !self.fallback || self.board.is_trusted(site, ask.now);
        let shielded = |pop: u32| self.near[pop as usize].iter().any(|(site, _)| trusted(*site));
        let pop = self.network.choose(self.network.client(ask), shielded)?;
        self.near[pop as usize].iter().copied().find(|(site, _)| trusted(*site))
    }
}

impl Site {
    fn serves(&self, provider: usize) -> bool {
        self.provider.is_none_or(|own| own == provider)
    }
}

impl Placement for Shield {
    fn n_nodes(&self) -> u32 {
        self.board.n_stations()
    }

    fn n_stations(&self) -> u32 {
        self.board.n_stations()
    }

    fn route(&mut self, ask: &Ask, _queues: &dyn Queues) -> Route {
        match self.site(ask) {
            None => Route::Unreachable { after_ns: 0 },
            Some((site, extra_ns)) if self.board.is_up(site) => {
                Route::To { node: site, station: site, extra_ns }
            }
            Some(_) => Route::Unreachable { after_ns: self.connect_timeout.0 },
        }
    }

    fn share(&self, node: u32) -> f64 {
        self.sites[node as usize].share
    }

    fn notice(&mut self, station: u32, health: Health, now: u64) {
        self.board.notice(station, health, now);
    }

    /// The shields of a provider, or the one of this name.
    fn stations_named(&self, name: &str) -> Vec<u32> {
        let provider = self.network.provider_named(name);
        let meant =
            |site: &Site| site.name == name || (provider.is_some() && site.provider == provider);
        (0..self.n_stations()).filter(|station| meant(&self.sites[*station as usize])).collect()
    }

    fn station_name(&self, station: u32) -> String {
        self.sites[station as usize].name.clone()
    }
}
