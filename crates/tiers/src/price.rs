//! Money: integer nano-dollars, prices with their units, and price books with a date and a source.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use trace::units::{Nanos, thousands};

/// The month that costs are quoted for: 30 days.
pub const MONTH: Nanos = Nanos(30 * 24 * 3_600_000_000_000);
const MONTH_HOURS: f64 = 720.0;

/// An amount of money in billionths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct NanoDollars(pub i64);

impl NanoDollars {
    /// The nearest whole amount. Sums beyond nine billion dollars stay there.
    ///
    /// Costs are products of a price and a rate that is itself a quotient, so they are worked out in
    /// floating point, to 16 digits, by operations that give the same bits on every machine.
    fn rounded(nanos: f64) -> NanoDollars {
        NanoDollars(nanos.round() as i64)
    }

    /// Dollars, for charts.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl std::iter::Sum for NanoDollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        NanoDollars(amounts.fold(0, |sum, amount| sum.saturating_add(amount.0)))
    }
}

impl fmt::Display for NanoDollars {
    /// Dollars and cents, as `$1,152.00`; amounts below a cent keep three significant digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        if amount != 0 && amount < 10_000_000 {
            return f.pad(&format!("{sign}${:.2e}", amount as f64 / 1e9));
        }
        let cents = (amount + 5_000_000) / 10_000_000;
        f.pad(&format!("{sign}${}.{:02}", thousands(cents / 100), cents % 100))
    }
}

/// Reads `$12.345`: at most nine decimals, so that it is exact.
fn parse_dollars(text: &str) -> Result<NanoDollars, String> {
    let fail = || format!("`{text}` is not an amount such as $0.05, with at most nine decimals");
    let digits = text.trim().strip_prefix('$').ok_or_else(fail)?;
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 9 || !all_digits(whole) || !all_digits(decimals) {
        return Err(fail());
    }
    let whole: i64 = whole.parse().map_err(|_| fail())?;
    let nanos: i64 = format!("{decimals:0<9}").parse().map_err(|_| fail())?;
    whole
        .checked_mul(1_000_000_000)
        .and_then(|w| w.checked_add(nanos))
        .map(NanoDollars)
        .ok_or_else(fail)
}

fn print_dollars(amount: NanoDollars) -> String {
    let (whole, nanos) = (amount.0 / 1_000_000_000, amount.0 % 1_000_000_000);
    let decimals = format!("{nanos:09}");
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() { format!("${whole}") } else { format!("${whole}.{decimals}") }
}

/// A price written as an amount per unit.
macro_rules! price {
    ($(#[$doc:meta])* $type:ident, $units:expr, $example:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $type {
            amount: NanoDollars,
            unit: &'static str,
            per: u64,
        }

        impl FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let units: &[(&'static str, u64)] = $units;
                let (amount, unit) = text.split_once('/').unwrap_or((text, ""));
                let (unit, per) = units
                    .iter()
                    .find(|(name, _)| *name == unit.trim())
                    .copied()
                    .ok_or_else(|| format!("`{text}` is not a price such as {}", $example))?;
                Ok($type { amount: parse_dollars(amount)?, unit, per })
            }
        }

        impl fmt::Display for $type {
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

price!(
    /// Money for memory held over time.
    StoragePrice,
    &[("GB/h", 1_000_000_000), ("GiB/h", 1 << 30), ("GB/month", 720_000_000_000), ("GiB/month", 720 << 30)],
    "$0.05/GB/h"
);
price!(
    /// Money for requests.
    TrafficPrice,
    &[("request", 1), ("10k", 10_000), ("1M", 1_000_000)],
    "$0.40/1M"
);
price!(
    /// Money for bytes sent.
    VolumePrice,
    &[("GB", 1_000_000_000), ("GiB", 1 << 30)],
    "$0.085/GB"
);

impl StoragePrice {
    /// What holding `bytes` for a [`MONTH`] costs.
    pub fn month(self, bytes: u64) -> NanoDollars {
        NanoDollars::rounded(self.amount.0 as f64 * (bytes as f64 / self.per as f64) * MONTH_HOURS)
    }
}

impl TrafficPrice {
    /// What a [`MONTH`] of requests at this rate costs.
    pub fn month(self, per_second: f64) -> NanoDollars {
        traffic(self.amount, self.per, per_second)
    }
}

impl VolumePrice {
    /// What a [`MONTH`] of bytes at this rate costs.
    pub fn month(self, per_second: f64) -> NanoDollars {
        traffic(self.amount, self.per, per_second)
    }
}

fn traffic(price: NanoDollars, per: u64, per_second: f64) -> NanoDollars {
    NanoDollars::rounded(price.0 as f64 * (per_second / per as f64) * MONTH.as_secs_f64())
}

/// What a tier or an origin charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TierPrice {
    /// For the capacity provisioned, used or not: "$0.05/GB/h".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<StoragePrice>,
    /// For every lookup, hit or miss: "$0.40/1M".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<TrafficPrice>,
    /// For every byte it answers with: "$0.085/GB".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress: Option<VolumePrice>,
}

/// Prices of several tiers, from one source on one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBook {
    /// Where the prices are from. Say "assumed" where they are.
    pub source: String,
    /// Day they were looked up, as 2026-11-23.
    pub date: String,
    /// Prices by the name of the tier; `origin` is the origin.
    pub tiers: BTreeMap<String, TierPrice>,
}

/// A part of a tier's cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostItem {
    /// `memory`, `requests` or `egress`.
    pub component: &'static str,
    /// For a [`MONTH`].
    pub month: NanoDollars,
}

impl TierPrice {
    /// The parts of a month's cost of a tier of `capacity` bytes that has so many lookups, and
    /// answers with so many bytes, per second. Without rates only the memory is known.
    pub fn month(&self, capacity: u64, rates: Option<Rates>) -> Vec<CostItem> {
        let item = |component, month| CostItem { component, month };
        let by_rate = |rates: Rates| {
            [
                self.requests.map(|price| item("requests", price.month(rates.lookups_per_second))),
                self.egress.map(|price| item("egress", price.month(rates.bytes_per_second))),
            ]
        };
        let memory = self.memory.map(|price| item("memory", price.month(capacity)));
        memory.into_iter().chain(rates.map(by_rate).into_iter().flatten().flatten()).collect()
    }
}

/// How fast a tier works.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Lookups, hit or miss.
    pub lookups_per_second: f64,
    /// Bytes it answers with.
    pub bytes_per_second: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_briefs_redis_costs_1152_dollars_a_month() {
        let price: StoragePrice = "$0.05/GB/h".parse().unwrap();
        let cost = price.month(32_000_000_000);
        assert_eq!(cost, NanoDollars(1_152_000_000_000));
        assert_eq!(cost.to_string(), "$1,152.00");
    }

    #[test]
    fn rates_are_carried_to_a_month() {
        let requests: TrafficPrice = "$0.40/1M".parse().unwrap();
        assert_eq!(requests.month(1_000_000.0 / 3600.0).to_string(), "$288.00");
        let egress: VolumePrice = "$0.09/GB".parse().unwrap();
        assert_eq!(egress.month(2e9 / 3600.0).to_string(), "$129.60");
    }

    #[test]
    fn huge_amounts_stay_positive() {
        let dear: StoragePrice = "$0.10/GB/h".parse().unwrap();
        assert_eq!(dear.month(1_000_000_000_000_000).to_string(), "$72,000,000.00");
        assert_eq!(dear.month(u64::MAX), NanoDollars(i64::MAX));
        let traffic: VolumePrice = "$9/GB".parse().unwrap();
        assert_eq!(traffic.month(1e30), NanoDollars(i64::MAX));
    }

    #[test]
    fn a_month_of_storage_has_720_hours() {
        let by_month: StoragePrice = "$0.023/GB/month".parse().unwrap();
        assert_eq!(by_month.month(1_000_000_000).to_string(), "$0.02");
        assert_eq!(by_month.month(1_000_000_000_000).to_string(), "$23.00");
    }

    #[test]
    fn prices_print_as_they_are_written() {
        for text in ["$0.05/GB/h", "$12/GiB/h", "$0.0000314/GB/h"] {
            assert_eq!(text.parse::<StoragePrice>().unwrap().to_string(), text);
        }
        for text in
            ["0.05/GB/h", "$0.05", "$0.05/GB/year", "$-1/GB/h", "$0.0123456789/GB/h", "$/GB/h"]
        {
            assert!(text.parse::<StoragePrice>().is_err(), "{text}");
        }
    }

    #[test]
    fn small_amounts_do_not_vanish() {
        assert_eq!(NanoDollars(0).to_string(), "$0.00");
        assert_eq!(NanoDollars(1_234_000).to_string(), "$1.23e-3");
        assert_eq!(NanoDollars(-2_500_000_000).to_string(), "-$2.50");
    }
}
