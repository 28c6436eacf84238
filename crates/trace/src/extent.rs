//! A length of trace, counted in requests or in time.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::units::Nanos;

/// So many requests, written `1000`, or so much time, written `"1h"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Requests.
    Requests(u64),
    /// Trace time.
    Time(Nanos),
}

impl Extent {
    /// The number, of requests or of nanoseconds.
    pub(crate) fn value(self) -> u64 {
        match self {
            Extent::Requests(n) => n,
            Extent::Time(Nanos(n)) => n,
        }
    }

    /// Whichever of the two positions this extent is measured in.
    #[inline]
    pub(crate) fn pick(self, requests: u64, time_ns: u64) -> u64 {
        match self {
            Extent::Requests(_) => requests,
            Extent::Time(_) => time_ns,
        }
    }

    /// Measured in time.
    pub(crate) fn is_time(self) -> bool {
        matches!(self, Extent::Time(_))
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Extent::Requests(n) => write!(f, "{n} requests"),
            Extent::Time(time) => f.write_str(&time.rounded()),
        }
    }
}

impl Serialize for Extent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Extent::Requests(n) => serializer.serialize_u64(*n),
            Extent::Time(time) => time.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Extent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Extent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of requests, as in 1000, or a duration, as in \"1h\"")
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Extent, E> {
        Ok(Extent::Requests(n))
    }

    fn visit_i64<E: de::Error>(self, n: i64) -> Result<Extent, E> {
        u64::try_from(n)
            .map(Extent::Requests)
            .map_err(|_| E::invalid_value(de::Unexpected::Signed(n), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Extent, E> {
        text.parse().map(Extent::Time).map_err(E::custom)
    }
}

impl JsonSchema for Extent {
    fn schema_name() -> Cow<'static, str> {
        "Extent".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<Nanos>();
        json_schema!({
            "description": "A number of requests, or a duration with its unit.",
            "anyOf": [{ "type": "integer", "minimum": 0 }, time],
        })
    }
}
