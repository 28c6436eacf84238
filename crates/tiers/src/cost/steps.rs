//! Prices that change with the volume: the first 10 TB of a month at one price, the next 40 TB at
//! another. A free quota is a first step at $0.
//!
//! Only what lies within a step has its price, so a bill never falls when more is used.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use trace::units::Bytes;

use super::{PurgePrice, TrafficPrice, VolumePrice};

/// A price by a quantity of which there can be more and less in a month.
pub trait ByVolume:
    Copy + FromStr<Err = String> + Serialize + DeserializeOwned + JsonSchema
{
    /// How people write the length of a step.
    type Quantity: fmt::Debug + Copy + PartialEq + Serialize + DeserializeOwned + JsonSchema;

    /// Base units in a step.
    fn base_units(length: Self::Quantity) -> f64;

    /// Nano-dollars for so many base units.
    fn cost(self, quantity: f64) -> f64;
}

macro_rules! by_volume {
    ($price:ident, $quantity:ty, $base_units:expr) => {
        impl ByVolume for $price {
            type Quantity = $quantity;
            fn base_units(length: $quantity) -> f64 {
                $base_units(length) as f64
            }
            fn cost(self, quantity: f64) -> f64 {
                $price::cost(self, quantity)
            }
        }
    };
}

by_volume!(VolumePrice, Bytes, |bytes: Bytes| bytes.0);
by_volume!(TrafficPrice, u64, |count| count);
by_volume!(PurgePrice, u64, |count| count);

/// A stretch of a month's volume that has one price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(bound = "", deny_unknown_fields)]
#[schemars(bound = "P: ByVolume", rename = "StepOf{P}")]
pub struct Step<P: ByVolume> {
    /// How much of the volume it takes before the next step begins: "40TB", or a number of requests
    /// or paths. The last step has none: it takes the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<P::Quantity>,
    /// Its price.
    pub price: P,
}

/// A price for any volume: one, written as `"$0.09/GB"`, or several in steps, written as
/// `[{ next = "10TB", price = "$0.085/GB" }, { price = "$0.080/GB" }]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps<P: ByVolume> {
    /// At least one; all but the last have a length above zero.
    steps: Vec<Step<P>>,
}

impl<P: ByVolume> Steps<P> {
    /// Nano-dollars for a month in which so many base units are used.
    pub(super) fn cost(&self, month: f64) -> f64 {
        let mut left = month;
        let mut sum = 0.0;
        for step in &self.steps {
            let length = step.next.map_or(f64::INFINITY, P::base_units);
            sum += step.price.cost(left.min(length));
            left = (left - length).max(0.0);
        }
        sum
    }
}

impl<P: ByVolume> From<P> for Steps<P> {
    fn from(price: P) -> Self {
        Steps { steps: vec![Step { next: None, price }] }
    }
}

impl<P: ByVolume> TryFrom<Vec<Step<P>>> for Steps<P> {
    type Error = &'static str;
    fn try_from(steps: Vec<Step<P>>) -> Result<Self, Self::Error> {
        let (last, bounded) =
            steps.split_last().ok_or("a price in steps needs at least one step")?;
        if last.next.is_some() {
            return Err("the last step takes the rest of the volume, so it has no `next`");
        }
        if !bounded.iter().all(|step| step.next.is_some_and(|next| P::base_units(next) > 0.0)) {
            return Err("every step but the last needs its length: `next`, above 0");
        }
        Ok(Steps { steps })
    }
}

impl<P: ByVolume> FromStr for Steps<P> {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(P::into)
    }
}

impl<P: ByVolume> Serialize for Steps<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.steps.as_slice() {
            [only] => only.price.serialize(serializer),
            steps => steps.serialize(serializer),
        }
    }
}

impl<'de, P: ByVolume> Deserialize<'de> for Steps<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PriceOrSteps(PhantomData))
    }
}

/// Reads text or a list, so that an error is about the one that was written.
struct PriceOrSteps<P>(PhantomData<P>);

impl<'de, P: ByVolume> Visitor<'de> for PriceOrSteps<P> {
    type Value = Steps<P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a price, or a list of steps such as { next = ..., price = ... }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Steps<P>, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Steps<P>, A::Error> {
        let steps = Vec::deserialize(SeqAccessDeserializer::new(list))?;
        Steps::try_from(steps).map_err(de::Error::custom)
    }
}

impl<P: ByVolume> JsonSchema for Steps<P> {
    fn schema_name() -> Cow<'static, str> {
        format!("StepsOf{}", P::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A price for any volume, or prices in steps of a month's volume.",
            "anyOf": [
                generator.subschema_for::<P>(),
                generator.subschema_for::<Vec<Step<P>>>()
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Line {
        egress: Steps<VolumePrice>,
    }

    fn read(text: &str) -> Result<Steps<VolumePrice>, String> {
        toml::from_str(&format!("egress = {text}"))
            .map(|line: Line| line.egress)
            .map_err(|error| error.message().to_string())
    }

    const THREE: &str = r#"[
        { next = "10TB", price = "$0.085/GB" },
        { next = "40TB", price = "$0.080/GB" },
        { price = "$0.060/GB" },
    ]"#;

    #[test]
    fn each_step_takes_its_part_of_the_volume() {
        // 10 TB x $85 + 40 TB x $80 + 10 TB x $60 = $850 + $3,200 + $600 = $4,650.
        let egress = read(THREE).unwrap();
        assert_eq!(egress.cost(60e12), 4650e9);
        assert_eq!(egress.cost(50e12), 4050e9);
        assert_eq!(egress.cost(10e12), 850e9);
        assert_eq!(egress.cost(5e12), 425e9);
        assert_eq!(egress.cost(0.0), 0.0);
    }

    #[test]
    fn steps_are_written_as_they_are_read() {
        for text in [THREE, "\"$0.09/GB\""] {
            let line = Line { egress: read(text).unwrap() };
            let written = toml::to_string(&line).unwrap();
            assert_eq!(toml::from_str::<Line>(&written), Ok(line), "{written}");
        }
        let one = Line { egress: read("[{ price = \"$0.09/GB\" }]").unwrap() };
        assert_eq!(toml::to_string(&one).unwrap(), "egress = \"$0.09/GB\"\n");
    }

    #[test]
    fn errors_are_about_what_was_written() {
        let error = |text| read(text).unwrap_err();
        assert!(error("\"0.09\"").starts_with("`0.09` is not a price such as $0.085/GB"));
        assert!(error("[{ price = \"0.09\" }]").starts_with("`0.09` is not a price"));
        assert!(error("[]").contains("at least one step"));
        assert!(error("[{ next = \"1TB\", price = \"$1/GB\" }]").contains("has no `next`"));
        let unbounded = "[{ price = \"$1/GB\" }, { price = \"$1/GB\" }]";
        assert!(error(unbounded).contains("every step but the last"));
        let empty = "[{ next = \"0B\", price = \"$1/GB\" }, { price = \"$1/GB\" }]";
        assert!(error(empty).contains("above 0"));
        assert!(
            error("[{ first = \"1TB\", price = \"$1/GB\" }]").contains("unknown field `first`")
        );
        assert!(error("3").contains("a price, or a list of steps"));
    }
}
