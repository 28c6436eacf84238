//! Values that are written as text with a meaning of their own.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use cache::PolicySpec;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use trace::units::{Bytes, Nanos};

/// A share, kept as the percentage it was written as, so that it prints as it was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fraction {
    percent: f64,
}

impl Fraction {
    /// Of a number: 0.1 is 10 %.
    pub(crate) fn of_share(share: f64) -> Self {
        Fraction { percent: share * 100.0 }
    }

    /// As a number: 10 % is 0.1.
    pub fn share(self) -> f64 {
        self.percent / 100.0
    }
}

/// No capacity or warm-up makes sense beyond.
const MOST_PERCENT: f64 = 1e6;

impl FromStr for Fraction {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.trim()
            .strip_suffix('%')
            .and_then(|number| number.trim().parse::<f64>().ok())
            .filter(|percent| (0.0..=MOST_PERCENT).contains(percent))
            .map(|percent| Fraction { percent })
            .ok_or_else(|| format!("`{text}` is not a share such as \"10%\""))
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.percent)
    }
}

/// A time to live, or "none".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ttl(pub Option<Nanos>);

impl FromStr for Ttl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" { Ok(Ttl(None)) } else { text.parse().map(|ttl| Ttl(Some(ttl))) }
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(ttl) => ttl.fmt(f),
            None => f.write_str("none"),
        }
    }
}

/// A policy that exists, with parameters that it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyText(pub PolicySpec);

impl FromStr for PolicyText {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let spec: PolicySpec = text.parse().map_err(|e: cache::Error| e.to_string())?;
        if spec.name == tiers::SET_ASSOCIATIVE {
            tiers::CpuCache::from_parameters(&spec.parameters).map_err(|e| e.to_string())?;
            return Ok(PolicyText(spec));
        }
        let info = policies::resolve_for_tier(&spec).map_err(|e| e.to_string())?;
        if info.kind.clairvoyant {
            return Err(format!(
                "`{}` knows the future, which no tier of a stack does; use it with `replay`",
                info.name
            ));
        }
        Ok(PolicyText(spec))
    }
}

impl fmt::Display for PolicyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How much a tier holds: an amount of memory, or a share of the footprint of the trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Capacity {
    /// An amount of memory.
    Bytes(Bytes),
    /// A share of the footprint.
    Share(Fraction),
}

impl FromStr for Capacity {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let capacity = if text.trim().ends_with('%') {
            Capacity::Share(text.parse()?)
        } else {
            Capacity::Bytes(with_unit(
                text,
                "a capacity",
                "\"256MiB\", or \"10%\" of the footprint",
            )?)
        };
        match capacity {
            Capacity::Bytes(Bytes(0)) => Err("a capacity of 0 holds nothing".into()),
            Capacity::Share(share) if share.percent == 0.0 => {
                Err("a capacity of 0 holds nothing".into())
            }
            capacity => Ok(capacity),
        }
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Capacity::Bytes(bytes) => bytes.fmt(f),
            Capacity::Share(share) => share.fmt(f),
        }
    }
}

/// Which answers from below a tier keeps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FillText {
    /// All.
    Always,
    /// Those of the next tier below.
    Down,
    /// So many of them, at random.
    Share(Fraction),
    /// From an object's n-th miss on.
    Miss(u32),
    /// From an object's n-th read on.
    Read(u32),
}

impl FillText {
    /// As the simulation has it.
    pub(crate) fn fill(self) -> tiers::Fill {
        match self {
            FillText::Always => tiers::Fill::Always,
            FillText::Down => tiers::Fill::Down,
            FillText::Share(share) => tiers::Fill::Probability(share.share()),
            FillText::Miss(n) => tiers::Fill::Nth(n),
            FillText::Read(n) => tiers::Fill::Accesses(n),
        }
    }
}

impl FromStr for FillText {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fail = || {
            format!(
                "`{text}` is not a rule for filling: \"always\", \"down\", \"10%\", \"miss:2\", \"read:11\""
            )
        };
        let number = |text: &str| text.parse::<u32>().ok().filter(|n| *n > 0).ok_or_else(fail);
        match text.split_once(':') {
            Some(("miss", n)) => number(n).and_then(|n| {
                if n <= 255 { Ok(FillText::Miss(n)) } else { Err("misses count to 255".into()) }
            }),
            Some(("read", n)) => Ok(FillText::Read(number(n)?)),
            _ if text == "always" => Ok(FillText::Always),
            _ if text == "down" => Ok(FillText::Down),
            _ => text.parse().map(FillText::Share).map_err(|_| fail()),
        }
    }
}

impl fmt::Display for FillText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FillText::Always => f.write_str("always"),
            FillText::Down => f.write_str("down"),
            FillText::Share(share) => share.fmt(f),
            FillText::Miss(n) => write!(f, "miss:{n}"),
            FillText::Read(n) => write!(f, "read:{n}"),
        }
    }
}

/// How long a request keeps its server: a time, or a latency profile by name.
#[derive(Debug, Clone, PartialEq)]
pub enum ServiceText {
    /// Always the same.
    Time(Nanos),
    /// Drawn from a profile.
    Profile(String),
}

impl FromStr for ServiceText {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let is_amount = text.starts_with(|c: char| c.is_ascii_digit());
        if is_amount {
            text.parse().map(ServiceText::Time)
        } else {
            Ok(ServiceText::Profile(text.to_string()))
        }
    }
}

impl fmt::Display for ServiceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServiceText::Time(time) => time.fmt(f),
            ServiceText::Profile(name) => f.write_str(name),
        }
    }
}

/// A point or span of simulated time: an amount, or a share of the trace's span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// An amount, from the first arrival.
    Time(Nanos),
    /// A share of the time from the first to the last arrival.
    Share(Fraction),
}

impl When {
    /// In nanoseconds, for a trace of this span.
    pub(crate) fn of(self, span: Nanos) -> Nanos {
        match self {
            When::Time(time) => time,
            When::Share(share) => Nanos((span.0 as f64 * share.share()) as u64),
        }
    }
}

impl FromStr for When {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().ends_with('%') {
            text.parse().map(When::Share)
        } else {
            let example = "\"10min\", or \"40%\" of the trace";
            with_unit(text, "a duration or a share", example).map(When::Time)
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::Time(time) => time.fmt(f),
            When::Share(share) => share.fmt(f),
        }
    }
}

/// What is simulated but not counted: a share of the requests, or a number of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Warmup {
    /// A number of requests.
    Requests(u64),
    /// A share of the trace.
    Share(Fraction),
}

impl Default for Warmup {
    fn default() -> Self {
        Warmup::Requests(0)
    }
}

impl Warmup {
    /// Whether it leaves nothing of any trace.
    pub(crate) fn is_all(self) -> bool {
        matches!(self, Warmup::Share(share) if share.share() >= 1.0)
    }

    /// Requests of a trace of `n`.
    pub fn of(self, n: usize) -> usize {
        match self {
            Warmup::Requests(requests) => usize::try_from(requests).unwrap_or(n).min(n),
            Warmup::Share(share) => ((n as f64 * share.share()) as usize).min(n),
        }
    }
}

impl FromStr for Warmup {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Warmup::Share).or_else(|_| {
            text.trim().replace('_', "").parse().map(Warmup::Requests).map_err(|_| {
                format!("`{text}` is neither a share such as \"10%\" nor a number of requests")
            })
        })
    }
}

impl fmt::Display for Warmup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warmup::Requests(requests) => requests.fmt(f),
            Warmup::Share(share) => share.fmt(f),
        }
    }
}

/// Reads an amount. One without a unit could be a share as well.
fn with_unit<T: FromStr<Err = String>>(text: &str, what: &str, example: &str) -> Result<T, String> {
    text.parse().map_err(|message| match text.trim().parse::<f64>() {
        Ok(number) if number >= 0.0 => format!(
            "`{text}` lacks a unit, expected {what}\nhint: write a number and a unit, as in {example}"
        ),
        _ => message,
    })
}

/// Serde and schema for a type written as text.
macro_rules! text {
    ($type:ident, $schema:tt) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                trace::units::from_text(deserializer)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

pub(crate) use text;

text!(Fraction, {
    "type": "string",
    "pattern": r"^[0-9.]+\s*%$",
    "description": "A share such as \"10%\"."
});
text!(Ttl, {
    "type": "string",
    "pattern": r"^none$|^[0-9][0-9_.]*\s*(ns|us|ms|s|m|min|h|d)$",
    "description": "A duration such as \"60s\", or \"none\"."
});
text!(PolicyText, {
    "type": "string",
    "description": "A policy with parameters, such as \"s3-fifo:version=v1\"; `cache-strategy policies` lists them. \"set-associative\" is the processor's own."
});
text!(Capacity, {
    "type": "string",
    "pattern": r"^[0-9][0-9_.]*\s*(([kKMGTmgt][iI]?)?[bB]|%)$",
    "description": "An amount of memory such as \"256MiB\", or a share of the footprint, \"10%\"."
});
text!(FillText, {
    "type": "string",
    "pattern": r"^(always|down|[0-9.]+\s*%|miss:[0-9]+|read:[0-9]+)$",
    "description": "Which answers from below are kept: \"always\", \"down\", \"10%\" of them, \"miss:2\" (from the second miss on), \"read:11\" (from the eleventh read on)."
});
text!(ServiceText, {
    "type": "string",
    "description": "A time such as \"20us\", or the name of a latency profile."
});
text!(When, {
    "type": "string",
    "pattern": r"^[0-9][0-9_.]*\s*(ns|us|ms|s|m|min|h|d|%)$",
    "description": "Simulated time such as \"10min\", or a share of the trace's span, \"40%\"."
});
impl Serialize for Warmup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Warmup::Requests(requests) => serializer.serialize_u64(*requests),
            Warmup::Share(share) => share.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Warmup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(deserializer) {
            Ok(Written::Number(requests)) => Ok(Warmup::Requests(requests)),
            Ok(Written::Text(text)) => text.parse().map_err(de::Error::custom),
            Err(_) => {
                Err(de::Error::custom("expected a share such as \"10%\" or a number of requests"))
            }
        }
    }
}

impl JsonSchema for Warmup {
    fn schema_name() -> Cow<'static, str> {
        "Warmup".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A share of the requests such as \"10%\", or a number of them.",
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": r"^[0-9_.]+\s*%?$" },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_survive_printing() {
        for text in ["10%", "0.1%", "33.3%", "33.33333333333333%", "100%", "0%"] {
            assert_eq!(text.parse::<Fraction>().unwrap().to_string(), text);
        }
        for text in ["10", "-1%", "%", "x%", "1e308%", "NaN%"] {
            assert!(text.parse::<Fraction>().is_err(), "{text}");
        }
    }

    #[test]
    fn clairvoyant_policies_have_no_place_in_a_stack() {
        assert!("belady".parse::<PolicyText>().unwrap_err().contains("knows the future"));
        assert!("infinite".parse::<PolicyText>().unwrap_err().contains("cannot be a tier"));
        assert!("lruu".parse::<PolicyText>().unwrap_err().contains("did you mean `lru`"));
        assert!("set-associative:ways=8,line=64B".parse::<PolicyText>().is_ok());
        assert!("set-associative:ways=0".parse::<PolicyText>().is_err());
        assert!("lru:k=2".parse::<PolicyText>().is_err());
    }
}
