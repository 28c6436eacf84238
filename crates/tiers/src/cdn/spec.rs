//! Content delivery networks as written in a file, and what makes no sense in one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::Nanos;

use super::geo::{Fibre, Place};
use super::watch::Checks;

/// How a provider chooses the point of presence for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// The one with the shortest round trip to the client's region; among equals by name.
    #[default]
    Latency,
    /// The one nearest the client's region on the globe.
    Geo,
    /// One drawn by weight, wherever the client is: balanced, and far away.
    Weights,
}

/// How a client comes to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Steering {
    /// Drawn by weight, once a client.
    #[default]
    Weights,
    /// The one whose point of presence has the shortest round trip; among equals by weight.
    Fastest,
}

/// One or more content delivery networks, as written in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CdnSpec {
    /// Where the figures are from. Say "assumed" where they are.
    pub source: String,
    /// Day they were looked up, as 2026-11-25.
    pub date: String,
    /// How a provider chooses the point of presence.
    #[serde(default)]
    pub routing: Routing,
    /// How a client comes to a provider.
    #[serde(default)]
    pub steering: Steering,
    /// Whether traffic of what is known to be down goes elsewhere. If not, its clients go on asking.
    #[serde(default = "yes")]
    pub fallback: bool,
    /// How long a client waits for one that is down. Assumed: 1s.
    #[serde(default = "one_second")]
    pub connect_timeout: Nanos,
    /// How often each point of presence is checked. Amazon's Route 53 checks every 10 or 30 s.
    #[serde(default = "ten_seconds")]
    pub health_check_every: Nanos,
    /// Failed checks in a row until traffic leaves. Route 53 takes from 1 to 10.
    #[serde(default = "three")]
    pub unhealthy_after: u32,
    /// Passed checks in a row until it comes back.
    #[serde(default = "three")]
    pub healthy_after: u32,
    /// Round trip through the client's access network, added to those worked out from distance.
    pub last_mile: Nanos,
    /// How much longer routes are than great circles, at least 1.
    pub path_factor: f64,
    /// Speed of light in fibre in km/s.
    pub fibre_km_per_s: f64,
    /// Where clients are, by name. A trace that has regions must use these names or their labels.
    pub regions: BTreeMap<String, RegionSpec>,
    /// The providers, by name.
    pub providers: BTreeMap<String, ProviderSpec>,
}

/// Where some of the clients are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RegionSpec {
    /// `[latitude, longitude]` that stands for all of it.
    pub at: Place,
    /// Its share of the clients where the trace does not say, relative to the other regions.
    pub share: f64,
    /// Other names the trace has for it, such as country codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// A content delivery network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProviderSpec {
    /// Where the points of presence are from.
    pub source: String,
    /// Its share of the clients when steering by weights, relative to the other providers. One with 0
    /// stands by: it is asked only when no other is left.
    #[serde(default = "one")]
    pub weight: f64,
    /// Its points of presence, by name.
    pub pops: BTreeMap<String, PopSpec>,
}

/// A point of presence: servers in one place that share a cache.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PopSpec {
    /// `[latitude, longitude]`.
    pub at: Place,
    /// Its share of the tier's capacity, relative to all points of presence of all providers; with
    /// `routing = "weights"` also of its provider's clients.
    #[serde(default = "one")]
    pub weight: f64,
    /// Round trips measured, by region. Those not given are worked out from the distance.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub round_trip: BTreeMap<String, Nanos>,
}

/// Caches between points of presence and origin, as written in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ShieldSpec {
    /// Where the figures are from. Say "assumed" where they are.
    pub source: String,
    /// Day they were looked up, as 2026-11-25.
    pub date: String,
    /// The shields, by name.
    pub sites: BTreeMap<String, SiteSpec>,
}

/// One shield.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SiteSpec {
    /// `[latitude, longitude]`.
    pub at: Place,
    /// Its share of the tier's capacity, relative to the other shields.
    #[serde(default = "one")]
    pub weight: f64,
    /// Whose points of presence ask it; those of all providers if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}

fn three() -> u32 {
    3
}

fn one_second() -> Nanos {
    Nanos(1_000_000_000)
}

fn ten_seconds() -> Nanos {
    Nanos(10_000_000_000)
}

/// A content delivery network or shield that makes no sense, or does not know a region of the trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("content delivery network: {0}")]
pub struct CdnError(pub(super) String);

/// No wait in a network is longer: sums over all tiers stay far from overflow.
const LONGEST: Nanos = Nanos(3_600_000_000_000);
/// Speed of light in vacuum.
const LIGHT_KM_PER_S: f64 = 299_792.458;

impl CdnSpec {
    pub(super) fn fibre(&self) -> Fibre {
        Fibre { km_per_s: self.fibre_km_per_s, path_factor: self.path_factor }
    }

    pub(super) fn checks(&self) -> Checks {
        Checks {
            every: self.health_check_every.0,
            unhealthy_after: self.unhealthy_after,
            healthy_after: self.healthy_after,
        }
    }

    /// Refuses what makes no sense.
    pub(super) fn check(&self) -> Result<(), CdnError> {
        self.check_waits()?;
        some("regions", &self.regions)?;
        shares("regions", "share", self.regions.values().map(|region| region.share))?;
        some("providers", &self.providers)?;
        shares("providers", "weight", self.providers.values().map(|provider| provider.weight))?;
        for (name, provider) in &self.providers {
            let field = format!("providers.{name}.pops");
            some(&field, &provider.pops)?;
            capacities(&field, provider.pops.values().map(|pop| pop.weight))?;
            for (pop, spec) in &provider.pops {
                self.check_round_trips(&format!("{field}.{pop}.round-trip"), spec)?;
            }
        }
        Ok(())
    }

    fn check_waits(&self) -> Result<(), CdnError> {
        let fail = |what: &str| Err(CdnError(what.to_string()));
        if self.connect_timeout > LONGEST || self.last_mile > LONGEST {
            return fail("`connect-timeout` and `last-mile` are at most 1h");
        }
        if !(Nanos(1_000_000)..=LONGEST).contains(&self.health_check_every) {
            return fail("`health-check-every` is from 1ms to 1h");
        }
        if self.unhealthy_after == 0 || self.healthy_after == 0 {
            return fail("`unhealthy-after` and `healthy-after` are at least 1 check");
        }
        if !(1.0..=100.0).contains(&self.path_factor) {
            return fail("`path-factor` is from 1 to 100: no route is shorter than a great circle");
        }
        if !(1_000.0..=LIGHT_KM_PER_S).contains(&self.fibre_km_per_s) {
            return fail("`fibre-km-per-s` is from 1000 to 299792.458; light in glass does 204000");
        }
        Ok(())
    }

    fn check_round_trips(&self, field: &str, pop: &PopSpec) -> Result<(), CdnError> {
        for (region, time) in &pop.round_trip {
            if !self.regions.contains_key(region) {
                let known = names(self.regions.keys());
                return Err(CdnError(format!("{field}: no region `{region}`; there are {known}")));
            }
            if *time > LONGEST {
                return Err(CdnError(format!("{field}.{region}: {time} is more than 1h")));
            }
        }
        Ok(())
    }
}

impl ShieldSpec {
    /// Refuses what makes no sense with these providers.
    pub(super) fn check(&self, cdn: &CdnSpec) -> Result<(), CdnError> {
        some("sites", &self.sites)?;
        capacities("sites", self.sites.values().map(|site| site.weight))?;
        for (name, site) in &self.sites {
            if let Some(provider) = &site.provider
                && !cdn.providers.contains_key(provider)
            {
                let known = names(cdn.providers.keys());
                return Err(CdnError(format!(
                    "sites.{name}.provider: no provider `{provider}`; there are {known}"
                )));
            }
        }
        let shielded = |provider: &String| {
            self.sites.values().any(|site| site.provider.as_ref().is_none_or(|p| p == provider))
        };
        match cdn.providers.keys().find(|provider| !shielded(provider)) {
            Some(bare) => Err(CdnError(format!(
                "sites: none is for the provider `{bare}`; one without `provider` is for all"
            ))),
            None => Ok(()),
        }
    }
}

/// At least one, with names that can be told apart when joined by a slash.
fn some<T>(field: &str, table: &BTreeMap<String, T>) -> Result<(), CdnError> {
    if table.is_empty() {
        return Err(CdnError(format!("`{field}` needs at least one")));
    }
    match table.keys().find(|name| name.is_empty() || name.contains('/')) {
        Some(name) => Err(CdnError(format!("{field}: `{name}` is empty or has a slash in it"))),
        None => Ok(()),
    }
}

/// Numbers of which only the proportion counts.
fn shares(table: &str, field: &str, values: impl Iterator<Item = f64>) -> Result<(), CdnError> {
    let mut total = 0.0;
    for value in values {
        if value.is_nan() || value < 0.0 {
            return Err(CdnError(format!("{table}: `{field}` = {value} is not 0 or more")));
        }
        total += value;
    }
    if total > 0.0 && total.is_finite() {
        Ok(())
    } else {
        Err(CdnError(format!("{table}: the sum of all `{field}` is {total}, but must be above 0")))
    }
}

/// Shares of capacity, none of which may be nothing.
fn capacities(table: &str, weights: impl Iterator<Item = f64> + Clone) -> Result<(), CdnError> {
    shares(table, "weight", weights.clone())?;
    if weights.clone().any(|weight| weight == 0.0) {
        return Err(CdnError(format!("{table}: `weight` must be above 0; leave out what is not")));
    }
    Ok(())
}

pub(super) fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}
