//! The stages of a rollout.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scenario::Fraction;
use crate::text::text;

/// Shares of the units that the tested strategy serves, stage by stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages {
    /// As written.
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Ramp,
    Jump,
    Shares(Vec<Fraction>),
}

/// What a stage must show before the next begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gate {
    /// Probability that B is better.
    pub(super) confidence: f64,
    /// By how much, as a share of A.
    pub(super) improvement: f64,
}

/// From a percent to all, as feature flags usually go.
const RAMP: [f64; 6] = [0.01, 0.05, 0.10, 0.25, 0.50, 1.0];
/// A test over a tenth, then a quarter.
const JUMP: [f64; 2] = [0.10, 0.25];
/// Whoever jumps must be sure: 95 %, of more than 10 %.
const JUMP_GATE: Gate = Gate { confidence: 0.95, improvement: 0.10 };
/// Each stage costs two or three simulations.
const MOST_STAGES: usize = 20;

impl Stages {
    /// Ascending, each above 0 and at most 1.
    pub(super) fn shares(&self) -> Vec<f64> {
        match &self.kind {
            Kind::Ramp => RAMP.to_vec(),
            Kind::Jump => JUMP.to_vec(),
            Kind::Shares(shares) => shares.iter().map(|share| share.share()).collect(),
        }
    }

    pub(super) fn gate(&self) -> Option<Gate> {
        (self.kind == Kind::Jump).then_some(JUMP_GATE)
    }
}

/// Whether what one strategy does can be felt by those with the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// Each strategy has a fleet of its own, down to the origin.
    #[default]
    Separate,
    /// Both share the machines, the tiers in which they are alike, and the origin.
    Shared,
}

impl World {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            World::Separate => "separate",
            World::Shared => "shared",
        }
    }
}

impl FromStr for World {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = [World::Separate, World::Shared].into_iter().find(|world| world.name() == text);
        found.ok_or_else(|| "expected `separate` or `shared`".into())
    }
}

impl FromStr for Stages {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let kind = match text.trim() {
            "ramp" => Kind::Ramp,
            "jump" => Kind::Jump,
            list => {
                let shares = list.split(',').map(str::parse).collect::<Result<Vec<Fraction>, _>>();
                let ascends = |shares: &Vec<Fraction>| {
                    let each: Vec<f64> = shares.iter().map(|share| share.share()).collect();
                    each[0] > 0.0
                        && each[each.len() - 1] <= 1.0
                        && each.windows(2).all(|pair| pair[0] < pair[1])
                        && each.len() <= MOST_STAGES
                };
                let shares = shares.ok().filter(ascends).ok_or_else(|| {
                    format!("`{text}` is no rollout\nhint: write \"ramp\", \"jump\", or up to {MOST_STAGES} rising shares, such as \"1%,10%,50%,100%\"")
                })?;
                Kind::Shares(shares)
            }
        };
        Ok(Stages { kind })
    }
}

impl fmt::Display for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Ramp => f.write_str("ramp"),
            Kind::Jump => f.write_str("jump"),
            Kind::Shares(shares) => {
                let list: Vec<String> = shares.iter().map(ToString::to_string).collect();
                f.write_str(&list.join(","))
            }
        }
    }
}

text!(Stages, {
    "type": "string",
    "pattern": r"^(ramp|jump|[0-9.]+\s*%(\s*,\s*[0-9.]+\s*%)*)$",
    "description": "Shares that the tested strategy serves, stage by stage: \"ramp\" is 1%,5%,10%,25%,50%,100%; \"jump\" is 10%, then 25% if it is better by more than 10 % with a probability of more than 95 %; or a list."
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_rise_and_print_as_they_were_read() {
        for text in ["ramp", "jump", "1%,10%,100%", "25%"] {
            assert_eq!(text.parse::<Stages>().unwrap().to_string(), text);
        }
        assert_eq!("ramp".parse::<Stages>().unwrap().shares().len(), 6);
        for text in ["", "rampp", "10%,10%", "50%,10%", "0%,10%", "50%,110%", "10"] {
            assert!(text.parse::<Stages>().unwrap_err().contains("hint: "), "{text}");
        }
    }
}
