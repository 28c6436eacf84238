//! Faults as written in a scenario: what goes wrong, where, when and for how long.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tiers::{Failure, Fault, Placement};
use trace::stream::Stream;
use trace::units::Nanos;

use crate::text::{Fraction, When};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Stations answer no more; they come back with empty contents, or with `warm = true` with what
    /// they had.
    Down,
    /// Nothing reaches the tier: a partition of the network.
    Cut,
    /// Everything takes `factor` times as long.
    Slow,
    /// `share` of the answers are errors.
    Errors,
    /// Contents are dropped, once.
    Flush,
    /// The clock of the times to live jumps forward `by` so much, once.
    ClockForward,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FaultEntry {
    /// When it begins: "10min" after the first request, or "40%" into the trace.
    pub at: When,
    /// How long it lasts, as a time or a share of the trace; to the end if it is left out.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub lasting: Option<When>,
    /// Name of the tier, or "origin". A strategy without that tier does not have the fault.
    pub tier: String,
    /// Stations of the tier, by name or number, such as ["master-0"] or ["fastly"]; all if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stations: Vec<String>,
    /// What goes wrong: "down", "cut", "slow", "errors", "flush", "clock-forward".
    pub what: FaultKind,
    /// How many times as long everything takes, for "slow".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// Share of errors, for "errors".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Fraction>,
    /// How far the clock jumps, for "clock-forward".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Nanos>,
    /// Whether stations that were down come back with what they had.
    #[serde(default)]
    pub warm: bool,
}

impl FaultEntry {
    /// What is missing or makes no sense.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        match self.what {
            FaultKind::Slow if !self.factor.is_some_and(|f| f.is_finite() && f > 0.0) => {
                Err(("factor", "\"slow\" needs a `factor` above 0, such as 10".into()))
            }
            FaultKind::Errors if !self.share.is_some_and(|s| (0.0..=1.0).contains(&s.share())) => {
                Err(("share", "\"errors\" needs a `share` from 0% to 100%".into()))
            }
            FaultKind::ClockForward if self.by.is_none() => {
                Err(("by", "\"clock-forward\" needs `by`, such as \"5min\"".into()))
            }
            _ if !self.stations.is_empty() && self.struck().is_empty() => {
                let what = "`stations` are for \"down\" and \"slow\"; this is about the whole tier";
                Err(("stations", what.into()))
            }
            _ if matches!(self.at, When::Share(share) if share.share() > 1.0) => {
                Err(("at", format!("a fault at {} begins after the end of the trace", self.at)))
            }
            _ => Ok(()),
        }
    }

    /// The stations it names, where it strikes some.
    pub(crate) fn struck(&self) -> &[String] {
        match self.what {
            FaultKind::Down | FaultKind::Slow => &self.stations,
            FaultKind::Cut | FaultKind::Errors | FaultKind::Flush | FaultKind::ClockForward => &[],
        }
    }

    /// The first station it names that its tier does not have: its number in the list, a sentence and a
    /// hint.
    pub(crate) fn unknown_station(
        &self,
        placement: &dyn Placement,
    ) -> Option<(usize, String, String)> {
        let means_none = |name: &String| {
            let name = std::slice::from_ref(name);
            tiers::stations_meant(placement, name).is_empty()
        };
        let number = self.struck().iter().position(means_none)?;
        let name = &self.stations[number];
        let message = format!("no station is called `{name}` in `{}`", self.tier);
        Some((number, message, station_hint(name, placement)))
    }

    /// Says so if it begins after the last request of a trace of this span.
    pub(crate) fn too_late(&self, span: Nanos) -> Option<String> {
        (self.at.of(span) > span).then(|| {
            format!(
                "a fault of {} begins at {}, after the last request at {}, and strikes nothing",
                self.tier,
                self.at,
                span.rounded()
            )
        })
    }

    /// The events of this fault: its beginning and its end.
    fn events(&self, tier: usize, span: Nanos) -> Vec<Fault> {
        let stations = || self.stations.clone();
        let (begins, ends) = match self.what {
            FaultKind::Down => (
                Failure::Down { stations: stations() },
                Some(Failure::Up { stations: stations(), warm: self.warm }),
            ),
            FaultKind::Cut => (Failure::Cut, Some(Failure::Healed)),
            FaultKind::Slow => {
                let factor = self.factor.unwrap_or(1.0);
                (
                    Failure::Slow { stations: stations(), factor },
                    Some(Failure::Slow { stations: stations(), factor: 1.0 }),
                )
            }
            FaultKind::Errors => {
                let share = self.share.map_or(0.0, Fraction::share);
                (Failure::Errors { share }, Some(Failure::Errors { share: 0.0 }))
            }
            FaultKind::Flush => (Failure::Flush, None),
            FaultKind::ClockForward => {
                (Failure::ClockForward { by: self.by.unwrap_or_default() }, None)
            }
        };
        let at = self.at.of(span);
        let end = self.lasting.map(|lasting| Nanos(at.0.saturating_add(lasting.of(span).0)));
        let ends = end.zip(ends).map(|(at, what)| Fault { at, tier, what });
        std::iter::once(Fault { at, tier, what: begins }).chain(ends).collect()
    }
}

/// The name that was probably meant, or those there are. `fastly/fra` may be called `fastly`, and
/// `shard-2-master` `shard-2`.
fn station_hint(wanted: &str, placement: &dyn Placement) -> String {
    let full: Vec<String> =
        (0..placement.n_stations()).map(|station| placement.station_name(station)).collect();
    let beginnings = |name: &str| -> Vec<String> {
        let ends = name.match_indices(['/', '-']).map(|(end, _)| end);
        ends.map(|end| name[..end].to_string()).collect()
    };
    let names: BTreeSet<String> =
        full.iter().flat_map(|name| beginnings(name)).chain(full.iter().cloned()).collect();
    let meant = |name: &&str| {
        let name = [name.to_string()];
        !tiers::stations_meant(placement, &name).is_empty()
    };
    if let Some(nearest) =
        trace::error::nearest(wanted, names.iter().map(String::as_str)).filter(meant)
    {
        return format!("did you mean `{nearest}`?");
    }
    let few: Vec<String> = full.iter().take(FEW).map(|name| format!("`{name}`")).collect();
    match full.len() {
        0..=FEW => format!("there is {}", few.join(", ")),
        n => format!("there is {} and {} more", few.join(", "), n - FEW),
    }
}

/// Names that a hint lists.
const FEW: usize = 6;

/// Faults drawn from a seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Chaos {
    /// How many.
    pub faults: u32,
    /// How long each lasts on average; drawn from an exponential law.
    pub mean: When,
    /// The tiers it may strike; all and the origin if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<String>,
    /// What may happen; everything but "clock-forward" if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<FaultKind>,
}

impl Chaos {
    /// The faults: the same for every strategy, so names of tiers are drawn from all there are.
    pub(crate) fn draw(&self, tiers: &[String], span: Nanos, seed: u64) -> Vec<FaultEntry> {
        let mut stream = Stream::new(seed, "chaos");
        let tiers = if self.tiers.is_empty() { tiers } else { &self.tiers };
        let kinds = if self.kinds.is_empty() {
            &[FaultKind::Down, FaultKind::Cut, FaultKind::Slow, FaultKind::Errors, FaultKind::Flush]
        } else {
            self.kinds.as_slice()
        };
        (0..self.faults)
            .map(|_| {
                let at = Nanos((stream.uniform() * span.0 as f64) as u64);
                let lasting = -libm::log(1.0 - stream.uniform()) * self.mean.of(span).0 as f64;
                let tier = tiers[stream.below(tiers.len() as u64) as usize].clone();
                let what = kinds[stream.below(kinds.len() as u64) as usize];
                FaultEntry {
                    at: When::Time(at),
                    lasting: Some(When::Time(Nanos(lasting as u64))),
                    tier,
                    stations: Vec::new(),
                    what,
                    factor: Some(10.0),
                    share: Some(Fraction::of_share(0.5)),
                    by: Some(Nanos(60_000_000_000)),
                    warm: stream.uniform() < 0.5,
                }
            })
            .collect()
    }
}

/// The faults that a stack of these tiers has, in order of time.
pub(crate) fn faults(entries: &[FaultEntry], tiers: &[String], span: Nanos) -> Vec<Fault> {
    let mut faults: Vec<Fault> = entries
        .iter()
        .filter_map(|entry| {
            let tier = if entry.tier == "origin" {
                Some(tiers.len())
            } else {
                tiers.iter().position(|name| *name == entry.tier)
            };
            tier.map(|tier| entry.events(tier, span))
        })
        .flatten()
        .collect();
    faults.sort_by_key(|fault| fault.at);
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> FaultEntry {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_fault_ends_after_its_time_and_needs_its_tier() {
        let down = entry("at = \"40%\"\nfor = \"10s\"\ntier = \"L2\"\nwhat = \"down\"");
        let tiers = ["L1".to_string(), "L2".to_string()];
        let faults = faults(&[down], &tiers, Nanos(100_000_000_000));
        assert_eq!(faults.len(), 2);
        assert_eq!((faults[0].at, faults[0].tier), (Nanos(40_000_000_000), 1));
        assert_eq!(faults[1].at, Nanos(50_000_000_000));
        assert!(matches!(faults[1].what, Failure::Up { warm: false, .. }));
        let elsewhere = entry("at = \"1s\"\ntier = \"L3\"\nwhat = \"flush\"");
        assert!(super::faults(&[elsewhere], &tiers, Nanos(1)).is_empty());
    }

    #[test]
    fn faults_say_what_they_miss() {
        let slow = entry("at = \"1s\"\ntier = \"L2\"\nwhat = \"slow\"");
        assert_eq!(slow.check().unwrap_err().0, "factor");
        let errors = entry("at = \"1s\"\ntier = \"L2\"\nwhat = \"errors\"\nshare = \"120%\"");
        assert_eq!(errors.check().unwrap_err().0, "share");
        let flush = "at = \"1s\"\ntier = \"L2\"\nwhat = \"flush\"\n";
        assert_eq!(entry(&format!("{flush}stations = [\"0\"]")).check().unwrap_err().0, "stations");
        assert!(entry(flush).check().is_ok());
        let late = entry(&flush.replace("1s", "100.1%"));
        assert_eq!(late.check().unwrap_err().0, "at");
    }

    #[test]
    fn chaos_is_the_same_for_the_same_seed() {
        let chaos: Chaos = toml::from_str("faults = 20\nmean = \"5%\"").unwrap();
        let tiers = ["L1".to_string(), "origin".to_string()];
        let draw = |seed| chaos.draw(&tiers, Nanos(1_000_000), seed);
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(draw(1).iter().all(|fault| fault.check().is_ok()));
    }
}
