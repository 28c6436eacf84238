//! Stacks, price books and latency profiles shipped with the program.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::scenario::{Included, StackPatch};

/// The presets by name, with their text.
const STACKS: &[(&str, &str)] = &[("brief", include_str!("../presets/brief.toml"))];
const PRICES: &str = include_str!("../presets/prices.toml");
const LATENCY: &str = include_str!("../presets/latency.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preset {
    stack: StackPatch,
}

/// The stack preset called `name`, or the names there are.
pub(crate) fn stack(name: &str) -> Result<StackPatch, Vec<&'static str>> {
    let names = || STACKS.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let (_, text) = STACKS.iter().find(|(known, _)| *known == name).ok_or_else(names)?;
    let preset: Preset = toml::from_str(text).expect("presets are tested");
    Ok(preset.stack)
}

/// All price books and latency profiles.
pub(crate) fn library() -> Included {
    let prices: Included = toml::from_str(PRICES).expect("presets are tested");
    let latency: Included = toml::from_str(LATENCY).expect("presets are tested");
    Included { latency: latency.latency, prices: BTreeMap::from_iter(prices.prices) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_parses_and_every_profile_makes_sense() {
        for (name, _) in STACKS {
            stack(name).unwrap();
        }
        for (name, spec) in library().latency {
            tiers::LatencyProfile::new(&spec).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert!(!library().prices.is_empty());
    }
}
