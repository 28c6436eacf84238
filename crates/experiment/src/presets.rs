//! Stacks, price books and latency profiles shipped with the program.

use serde::Deserialize;

use crate::scenario::{Library, StackPatch};

/// The presets by name, with their text.
const STACKS: &[(&str, &str)] = &[("brief", include_str!("../presets/brief.toml"))];
/// What stacks name.
const LIBRARIES: &[&str] = &[
    include_str!("../presets/prices.toml"),
    include_str!("../presets/latency.toml"),
    include_str!("../presets/cdn.toml"),
];

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

/// Everything there is to name.
pub(crate) fn library() -> Library {
    let mut library = Library::default();
    for text in LIBRARIES {
        library.extend(toml::from_str(text).expect("presets are tested"));
    }
    library
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
