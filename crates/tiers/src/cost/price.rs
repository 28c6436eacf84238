//! Prices with their units, written as people write them: an amount by unit, `$0.05/GB/h`.
//!
//! An amount is exact to a nano-dollar, and what is cheaper is written by a larger unit: a request at
//! $0.0000004 is `$0.40/1M`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::money::{parse_dollars, print_dollars};
use super::{NanoDollars, PeakOf};

/// Declares a price: its name, what it is for, and its units, each with how many base units it is.
macro_rules! price {
    ($(#[$doc:meta])* $type:ident, $units:expr, $example:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $type {
            amount: NanoDollars,
            unit: &'static str,
            per: u64,
        }

        impl $type {
            /// Every unit it can be written by, with how many base units that is.
            pub(super) const UNITS: &'static [(&'static str, u64)] = $units;

            /// Nano-dollars for so many base units.
            pub(super) fn cost(self, quantity: f64) -> f64 {
                self.amount.0 as f64 * (quantity / self.per as f64)
            }
        }

        impl FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let (amount, unit) = text.split_once('/').unwrap_or((text, ""));
                let (unit, per) = Self::UNITS
                    .iter()
                    .find(|(name, _)| *name == unit.trim())
                    .copied()
                    .ok_or_else(|| no_price(text, $example, Self::UNITS))?;
                Ok($type { amount: parse_dollars(amount)?, unit, per })
            }
        }

        impl fmt::Display for $type {
            /// Exact: what is printed parses to the same value.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}/{}", print_dollars(self.amount), self.unit)
            }
        }

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
                json_schema!({
                    "type": "string",
                    "description": concat!("A price such as ", $example, "."),
                    "pattern": r"^\$[0-9]+(\.[0-9]{1,9})?/.+$"
                })
            }
        }
    };
}

fn no_price(text: &str, example: &str, units: &[(&str, u64)]) -> String {
    let units: Vec<_> = units.iter().map(|(name, _)| *name).collect();
    format!("`{text}` is not a price such as {example}; its units are {}", units.join(", "))
}

price!(
    /// Money for memory held over time. Base unit: a byte for an hour.
    StoragePrice,
    &[
        ("GB/h", 1_000_000_000),
        ("GiB/h", 1 << 30),
        ("GB/month", 720_000_000_000),
        ("GiB/month", 720 << 30),
    ],
    "$0.05/GB/h"
);
price!(
    /// Money for time: a machine's, or a fee. Base unit: an hour.
    TimePrice,
    &[("h", 1), ("day", 24), ("month", 720)],
    "$0.25/h"
);
price!(
    /// Money for requests. Base unit: a request.
    TrafficPrice,
    &[("request", 1), ("10k", 10_000), ("1M", 1_000_000)],
    "$0.40/1M"
);
price!(
    /// Money for bytes sent. Base unit: a byte.
    VolumePrice,
    &[("GB", 1_000_000_000), ("GiB", 1 << 30)],
    "$0.085/GB"
);
price!(
    /// Money for copies that are told to go. Base unit: a path, which names what goes.
    PurgePrice,
    &[("path", 1), ("1k", 1_000)],
    "$0.005/path"
);
price!(
    /// Money for a processor at work. Base unit: a nanosecond of one processor.
    CpuPrice,
    &[("cpu-s", 1_000_000_000), ("cpu-h", 3_600_000_000_000)],
    "$0.04/cpu-h"
);
price!(
    /// Money for being able to answer so many requests a second. Base unit: one a second for an hour.
    RatePrice,
    &[("request/s/h", 1), ("request/s/month", 720)],
    "$0.10/request/s/month"
);
price!(
    /// Money for being able to send so many bits a second. Base unit: a byte a second for an hour.
    BandwidthPrice,
    &[
        ("Mbit/s/h", 125_000),
        ("Gbit/s/h", 125_000_000),
        ("Mbit/s/month", 125_000 * 720),
        ("Gbit/s/month", 125_000_000 * 720),
    ],
    "$200/Gbit/s/month"
);

/// A price of what the busiest time needs, and of what is taken as the busiest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PeakOf{P}")]
pub struct PeakPrice<P> {
    /// By unit of the rate.
    pub price: P,
    /// The rate that is paid for: "max" or "p95".
    #[serde(default)]
    pub of: PeakOf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_print_as_they_are_written() {
        for text in ["$0.05/GB/h", "$12/GiB/h", "$0.0000314/GB/h"] {
            assert_eq!(text.parse::<StoragePrice>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_price_is_refused_with_the_units_there_are() {
        for text in
            ["0.05/GB/h", "$0.05", "$0.05/GB/year", "$-1/GB/h", "$0.0123456789/GB/h", "$/GB/h"]
        {
            assert!(text.parse::<StoragePrice>().is_err(), "{text}");
        }
        assert_eq!(
            "$0.05/month".parse::<VolumePrice>().unwrap_err(),
            "`$0.05/month` is not a price such as $0.085/GB; its units are GB, GiB"
        );
    }

    #[test]
    fn a_month_of_storage_has_720_hours() {
        // 1 TB for 720 hours at $0.023/GB/month is $23.
        let by_month: StoragePrice = "$0.023/GB/month".parse().unwrap();
        assert_eq!(by_month.cost(1e12 * 720.0), 23e9);
    }

    #[test]
    fn a_byte_has_eight_bits() {
        // 2.5 GB a second are 20 Gbit a second.
        let price: BandwidthPrice = "$200/Gbit/s/month".parse().unwrap();
        assert_eq!(price.cost(2.5e9 * 720.0), 4000e9);
    }

    #[test]
    fn huge_amounts_stay_positive() {
        let dear: StoragePrice = "$0.10/GB/h".parse().unwrap();
        assert_eq!(NanoDollars::rounded(dear.cost(u64::MAX as f64 * 720.0)), NanoDollars(i64::MAX));
    }
}
