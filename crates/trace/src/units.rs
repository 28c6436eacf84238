//! Bytes and nanoseconds as types, with the spellings people write: `32GiB`, `1.5MB`, `50ms`.
//!
//! Powers of 1024 are `KiB MiB GiB TiB`, powers of 1000 are `kB MB GB TB`. A bare number is
//! refused where a unit is expected, except for 0, because nobody agrees on what it would mean.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount of memory or traffic, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Bytes(pub u64);

/// A span or point of simulated time, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Nanos(pub u64);

const BYTE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

const TIME_UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Reads `<number><unit>`; the number may have a fraction and `_` separators.
fn parse(text: &str, units: &[(&str, u64)], what: &str, example: &str) -> Result<u64, String> {
    let hint = format!("hint: write a number and a unit, as in {example}");
    let fail = || format!("`{text}` is not {what}\n{hint}");
    let trimmed = text.trim();
    let split = trimmed
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
        .unwrap_or(trimmed.len());
    let number = trimmed[..split].replace('_', "");
    let unit = trimmed[split..].trim();
    if unit.is_empty() {
        return match number.parse::<f64>() {
            Ok(0.0) => Ok(0),
            Ok(_) => Err(format!("`{text}` lacks a unit, expected {what}\n{hint}")),
            Err(_) => Err(fail()),
        };
    }
    let scale = units
        .iter()
        .find(|(name, _)| *name == unit)
        .or_else(|| units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)))
        .map(|(_, scale)| *scale)
        .ok_or_else(fail)?;
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(scale).ok_or_else(|| format!("`{text}` is too large"));
    }
    let value: f64 = number.parse().map_err(|_| fail())?;
    let scaled = value * scale as f64;
    if scaled.is_finite() && scaled < u64::MAX as f64 {
        Ok(scaled.round() as u64)
    } else {
        Err(format!("`{text}` is too large"))
    }
}

impl FromStr for Bytes {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, &BYTE_UNITS, "an amount of bytes", "\"32GiB\" or \"64kB\"").map(Bytes)
    }
}

impl FromStr for Nanos {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, &TIME_UNITS, "a duration", "\"50ms\" or \"1h\"").map(Nanos)
    }
}

/// The largest unit of which `value` is a whole multiple.
fn exact(value: u64, units: &[(&str, u64)]) -> String {
    let (name, scale) = units
        .iter()
        .filter(|(name, scale)| value.is_multiple_of(*scale) && *name != "m")
        .max_by_key(|(_, scale)| *scale)
        .expect("every table has the unit of 1");
    format!("{}{name}", value / scale)
}

impl fmt::Display for Bytes {
    /// Exact: what is printed parses to the same value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&if self.0 == 0 { "0B".to_string() } else { exact(self.0, &BYTE_UNITS) })
    }
}

impl fmt::Display for Nanos {
    /// Exact: what is printed parses to the same value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&if self.0 == 0 { "0s".to_string() } else { exact(self.0, &TIME_UNITS) })
    }
}

impl Bytes {
    /// Three significant digits, for reading: `1.94 GiB`.
    pub fn rounded(self) -> String {
        let mut value = self.0 as f64;
        for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
            if value < 1000.0 || unit == "TiB" {
                return format!("{} {unit}", significant(value));
            }
            value /= 1024.0;
        }
        unreachable!("the loop returns at its last unit")
    }
}

impl Nanos {
    /// Three significant digits, for reading: `1.94 ms`.
    pub fn rounded(self) -> String {
        let value = self.0 as f64;
        let steps = [
            ("ns", 1.0, 1e3),
            ("µs", 1e3, 1e6),
            ("ms", 1e6, 1e9),
            ("s", 1e9, 120e9),
            ("min", 60e9, 7200e9),
            ("h", 3600e9, 172_800e9),
            ("d", 86_400e9, f64::INFINITY),
        ];
        let (unit, scale, _) =
            steps.into_iter().find(|(_, _, below)| value < *below).expect("the last is infinite");
        format!("{} {unit}", significant(value / scale))
    }

    /// Seconds as a floating-point number, for rates.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

/// Decimals of a share near 1, written in percent, that show two digits of what is missing to it: 4 of
/// 0.99999, which is 99.9990 %; 1 where a percent or more is missing, or nothing.
pub fn decimals_of_missing(share: f64) -> usize {
    let missing = (1.0 - share) * 100.0;
    let shifts = std::iter::successors(Some(missing), |left| Some(left * 10.0));
    // What is missing to 0.99999 is a little less than it should be.
    1 + shifts.take_while(|left| missing > 1e-9 && *left < 0.999_999).count()
}

/// A count with separators: 1234567 is "1,234,567".
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits"))
        .collect();
    groups.join(",")
}

fn significant(value: f64) -> String {
    let decimals = if value >= 100.0 || value.fract() == 0.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.decimals$}")
}

/// Reads a value that is written as text, such as `"32GiB"`. A bare number is taken for its digits, so
/// that what is wrong with it is said in the words of the type and not in those of the parser.
pub fn from_text<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err = String>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(TextVisitor(PhantomData))
}

struct TextVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err = String>> de::Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text in quotes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

/// Serde and JSON Schema for a type that is written as text with a unit.
macro_rules! text_unit {
    ($type:ident, $pattern:literal, $doc:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                from_text(deserializer)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $doc })
            }
        }
    };
}

text_unit!(
    Bytes,
    r"^[0-9][0-9_.]*\s*([kKMGTmgt][iI]?)?[bB]$|^0$",
    "An amount of bytes with its unit, such as \"32GiB\" or \"64kB\"."
);
text_unit!(
    Nanos,
    r"^[0-9][0-9_.]*\s*(ns|us|ms|s|m|min|h|d)$|^0$",
    "A duration with its unit, such as \"50ms\" or \"1h\"."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_can_write_what_they_mean() {
        assert_eq!("32GiB".parse(), Ok(Bytes(32 << 30)));
        assert_eq!("32 gib".parse(), Ok(Bytes(32 << 30)));
        assert_eq!("1.5MB".parse(), Ok(Bytes(1_500_000)));
        assert_eq!("10_000B".parse(), Ok(Bytes(10_000)));
        assert_eq!("0".parse(), Ok(Bytes(0)));
        assert_eq!("50ms".parse(), Ok(Nanos(50_000_000)));
        assert_eq!("0.1ms".parse(), Ok(Nanos(100_000)));
        assert_eq!("1h".parse(), Ok(Nanos(3_600_000_000_000)));
    }

    #[test]
    fn what_is_ambiguous_or_absurd_is_refused() {
        for text in ["32", "", "GiB", "-1B", "1.2.3MB", "99999999999TiB", "5 parsecs"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
        assert!("50".parse::<Nanos>().is_err());
    }

    #[test]
    fn a_number_without_a_unit_is_refused_in_words_not_in_types() {
        let read = |json: &str| serde_json::from_str::<Bytes>(json).map_err(|e| e.to_string());
        assert_eq!(read("\"2kB\""), Ok(Bytes(2000)));
        assert_eq!(read("0"), Ok(Bytes(0)));
        let hint = "hint: write a number and a unit, as in \"32GiB\" or \"64kB\"";
        for (json, text) in [("20", "20"), ("1.5", "1.5"), ("\"20\"", "20")] {
            let message = format!("`{text}` lacks a unit, expected an amount of bytes\n{hint}");
            assert!(read(json).unwrap_err().starts_with(&message), "{json}");
        }
        assert!(
            read("\"x\"")
                .unwrap_err()
                .starts_with(&format!("`x` is not an amount of bytes\n{hint}"))
        );
        assert!(read("-3").unwrap_err().starts_with("`-3` is not an amount of bytes"));
        assert!(read("[]").unwrap_err().contains("expected text in quotes"));
        let error = serde_json::from_str::<Nanos>("50").unwrap_err().to_string();
        assert!(
            error.contains("expected a duration\nhint: write a number and a unit, as in \"50ms\"")
        );
    }

    #[test]
    fn display_is_exact_and_parses_back() {
        for value in [0, 1, 999, 1000, 1024, 1 << 30, 1_500_000, 123_456_789, u64::MAX] {
            assert_eq!(Bytes(value).to_string().parse(), Ok(Bytes(value)));
            assert_eq!(Nanos(value).to_string().parse(), Ok(Nanos(value)));
        }
        assert_eq!(Bytes(32 << 30).to_string(), "32GiB");
        assert_eq!(Nanos(60_000_000_000).to_string(), "1min");
    }

    #[test]
    fn counts_are_separated_by_thousands() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn rounding_keeps_three_digits() {
        assert_eq!(Bytes(1234).rounded(), "1.21 KiB");
        assert_eq!(Bytes(32 << 30).rounded(), "32 GiB");
        assert_eq!(Nanos(1_940_000).rounded(), "1.94 ms");
        assert_eq!(Nanos(90_000_000_000).rounded(), "90 s");
    }
}
