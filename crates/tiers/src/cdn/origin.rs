//! The way to an origin from behind a network.
//!
//! Without it an origin is next door to every point of presence, and a shield, which is somewhere, looks
//! slower than no shield. With it a fetch takes the round trip from the point of presence, or from the
//! shield, to where the origin is, through the same fibre as everything else.

use trace::Trace;

use super::geo::Place;
use super::shield::Shield;
use super::spec::{CdnError, CdnSpec, ShieldSpec, SiteSpec};
use crate::{Ask, Placement, Queues, Route};

/// An origin at a place: one station, whose way depends on who asks.
#[derive(Debug)]
pub struct DistantOrigin {
    /// Who asks: the shields, or the origin itself as the one shield of all points of presence.
    asked_by: Shield,
    /// The way from each of its sites to the origin and back; `None` if the site is the origin.
    onward_ns: Option<Vec<u64>>,
}

impl DistantOrigin {
    /// An origin behind the networks that `cdn` describes, and maybe behind shields. Trace and seed must
    /// be those of the other tiers.
    ///
    /// # Errors
    /// If a description makes no sense, or the trace has a region that is not described.
    pub fn new(
        at: Place,
        shield: Option<&ShieldSpec>,
        cdn: &CdnSpec,
        trace: &Trace,
        seed: u64,
    ) -> Result<Self, CdnError> {
        if let Some(shield) = shield {
            let way = |site: &SiteSpec| cdn.fibre().round_trip(site.at, at).0;
            return Ok(DistantOrigin {
                asked_by: Shield::new(shield, cdn, trace, seed)?,
                onward_ns: Some(shield.sites.values().map(way).collect()),
            });
        }
        let itself = ShieldSpec {
            source: String::new(),
            date: String::new(),
            sites: [("origin".to_string(), SiteSpec { at, weight: 1.0, provider: None })].into(),
        };
        Ok(DistantOrigin { asked_by: Shield::new(&itself, cdn, trace, seed)?, onward_ns: None })
    }
}

impl Placement for DistantOrigin {
    fn n_nodes(&self) -> u32 {
        1
    }

    fn n_stations(&self) -> u32 {
        1
    }

    fn route(&mut self, ask: &Ask, queues: &dyn Queues) -> Route {
        match (self.asked_by.route(ask, queues), &self.onward_ns) {
            (Route::To { node, .. }, Some(onward_ns)) => {
                Route::To { node: 0, station: 0, extra_ns: onward_ns[node as usize] }
            }
            (way, _) => way,
        }
    }
}
