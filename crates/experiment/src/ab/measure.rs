//! What a test measures, and how much of it matters.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use analysis::Better;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tiers::{Ending, NanoDollars, ReadEnd};
use trace::units::Nanos;

use crate::scenario::{Fraction, Metric};
use crate::text::text;

/// A figure that two strategies are compared by.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Share of reads answered at once from a copy; higher is better.
    HitRatio,
    /// Share of bytes read from the origin; lower is better.
    ByteMissRatio,
    /// Share of reads without an answer; lower is better.
    ErrorRatio,
    /// Median latency of reads; lower is better.
    P50,
    /// 95th percentile of the latency of reads; lower is better.
    P95,
    /// 99th percentile of the latency of reads; lower is better.
    P99,
    /// Dollars a month; lower is better.
    Cost,
}

/// All of them.
pub const MEASURES: [Measure; 7] = [
    Measure::HitRatio,
    Measure::ByteMissRatio,
    Measure::ErrorRatio,
    Measure::P50,
    Measure::P95,
    Measure::P99,
    Measure::Cost,
];

/// How a measure is made of reads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Of the units of all reads (reads or bytes), the share that counts.
    Share { of_bytes: bool },
    /// A quantile of the latencies.
    Quantile(f64),
    /// Of the whole run only.
    Bill,
}

impl Measure {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Measure::HitRatio => "hit-ratio",
            Measure::ByteMissRatio => "byte-miss-ratio",
            Measure::ErrorRatio => "error-ratio",
            Measure::P50 => "p50",
            Measure::P95 => "p95",
            Measure::P99 => "p99",
            Measure::Cost => "cost",
        }
    }

    /// In words, for a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Measure::HitRatio => "hit ratio",
            Measure::ByteMissRatio => "byte miss ratio",
            Measure::ErrorRatio => "error ratio",
            Measure::P50 => "median latency",
            Measure::P95 => "p95 latency",
            Measure::P99 => "p99 latency",
            Measure::Cost => "cost a month",
        }
    }

    /// The unit of its values in tables: `ratio`, `ns` or `nanodollars`.
    pub fn unit(self) -> &'static str {
        match self.kind() {
            Kind::Share { .. } => "ratio",
            Kind::Quantile(_) => "ns",
            Kind::Bill => "nanodollars",
        }
    }

    /// Which way is better.
    pub fn better(self) -> Better {
        if self == Measure::HitRatio { Better::Higher } else { Better::Lower }
    }

    /// A value of it, for reading.
    pub fn show(self, value: f64) -> String {
        match self.kind() {
            Kind::Share { .. } => format!("{:.2} %", value * 100.0),
            Kind::Quantile(_) => Nanos(value.max(0.0).round() as u64).rounded(),
            Kind::Bill => NanoDollars(value as i64).to_string(),
        }
    }

    /// A change of it, for reading: with a sign, and of shares in percentage points.
    pub fn show_change(self, change: f64) -> String {
        let sign = match change {
            up if up > 0.0 => "+",
            down if down < 0.0 => "−",
            _ => "",
        };
        match self.kind() {
            Kind::Share { .. } => format!("{sign}{:.2} pp", change.abs() * 100.0),
            _ => format!("{sign}{}", self.show(change.abs())),
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Measure::HitRatio | Measure::ErrorRatio => Kind::Share { of_bytes: false },
            Measure::ByteMissRatio => Kind::Share { of_bytes: true },
            Measure::P50 => Kind::Quantile(0.5),
            Measure::P95 => Kind::Quantile(0.95),
            Measure::P99 => Kind::Quantile(0.99),
            Measure::Cost => Kind::Bill,
        }
    }

    /// Whether a read is among those that the share counts.
    pub(super) fn counts(self, read: &ReadEnd) -> bool {
        match self {
            Measure::ByteMissRatio => read.ending == Ending::Miss,
            Measure::ErrorRatio => read.ending == Ending::Error,
            _ => matches!(read.ending, Ending::Hit | Ending::Stale),
        }
    }

    /// What does not matter, unless somebody says otherwise.
    pub fn usual_margin(self) -> Margin {
        match self {
            Measure::HitRatio | Measure::ByteMissRatio => Margin::Points(0.5),
            Measure::ErrorRatio => Margin::Points(0.1),
            _ => Margin::Relative(5.0),
        }
    }

    /// The measures that must not get worse while this one decides.
    pub(super) fn usual_guardrails(self) -> impl Iterator<Item = Measure> {
        let all = [Measure::HitRatio, Measure::ErrorRatio, Measure::P99, Measure::Cost];
        all.into_iter().filter(move |measure| *measure != self)
    }
}

impl From<Metric> for Measure {
    fn from(metric: Metric) -> Self {
        match metric {
            Metric::HitRatio => Measure::HitRatio,
            Metric::ByteMissRatio => Measure::ByteMissRatio,
            Metric::P99 => Measure::P99,
            Metric::Cost => Measure::Cost,
            Metric::Availability => Measure::ErrorRatio,
        }
    }
}

impl FromStr for Measure {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let names = || MEASURES.iter().map(|measure| measure.name());
        let found = MEASURES.iter().find(|measure| measure.name() == text).copied();
        found.ok_or_else(|| match trace::error::nearest(text, names()) {
            Some(nearest) => {
                format!("no measure is called `{text}`\nhint: did you mean `{nearest}`?")
            }
            None => {
                let names: Vec<&str> = names().collect();
                format!("no measure is called `{text}`\nhint: there is {}", names.join(", "))
            }
        })
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How much of a measure does not matter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Margin {
    /// Percentage points of a share.
    Points(f64),
    /// Percent of the baseline's value.
    Relative(f64),
    /// Of a latency.
    Time(Nanos),
}

/// From nothing to all: no share changes by more.
const MOST_POINTS: f64 = 100.0;

impl Margin {
    /// Whether it makes sense for the measure; otherwise what would.
    pub(super) fn check(self, measure: Measure) -> Result<(), String> {
        if let (Margin::Points(points @ MOST_POINTS..), Kind::Share { .. }) = (self, measure.kind())
        {
            return Err(format!(
                "`{points}pp` is all of a share, and no change of `{measure}` is more\nhint: write \"0.5pp\", or \"0.5%\" of the baseline's value"
            ));
        }
        let example = match (self, measure.kind()) {
            (Margin::Points(_), Kind::Quantile(_)) => "\"5%\" or \"2ms\"",
            (Margin::Points(_), Kind::Bill) => "\"5%\"",
            (Margin::Time(_), Kind::Share { .. }) => "\"0.5pp\" or \"5%\"",
            (Margin::Time(_), Kind::Bill) => "\"5%\"",
            _ => return Ok(()),
        };
        Err(format!("`{self}` is no amount of `{measure}`\nhint: write {example}"))
    }

    /// In the measure's own unit, where the baseline has this value.
    pub(super) fn of(self, baseline: f64) -> f64 {
        match self {
            Margin::Points(points) => points / 100.0,
            Margin::Relative(percent) => percent / 100.0 * baseline.abs(),
            Margin::Time(time) => time.0 as f64,
        }
    }
}

impl FromStr for Margin {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let number = |digits: &str| {
            digits.trim().parse::<f64>().ok().filter(|n| n.is_finite() && (0.0..=1e6).contains(n))
        };
        if let Some(digits) = text.strip_suffix("pp") {
            number(digits).map(Margin::Points)
        } else if let Some(digits) = text.strip_suffix('%') {
            number(digits).map(Margin::Relative)
        } else {
            text.parse().map(Margin::Time).ok()
        }
        .ok_or_else(|| {
            format!("`{text}` is not a margin\nhint: write \"0.5pp\" (points of a share), \"5%\" (of the baseline's value) or \"2ms\"")
        })
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Margin::Points(points) => write!(f, "{points}pp"),
            Margin::Relative(percent) => write!(f, "{percent}%"),
            Margin::Time(time) => time.fmt(f),
        }
    }
}

text!(Margin, {
    "type": "string",
    "pattern": r"^[0-9][0-9_.]*\s*(pp|%|ns|us|ms|s|m|min|h|d)$",
    "description": "How much does not matter: \"0.5pp\" (percentage points of a share), \"5%\" (of the baseline's value), or \"2ms\"."
});

/// What a guardrail allows, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Allowance {
    /// It may get worse by this much.
    Worse(Margin),
    /// Any change is allowed.
    Any,
}

impl FromStr for Allowance {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "none" { Ok(Allowance::Any) } else { text.parse().map(Allowance::Worse) }
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Allowance::Worse(margin) => margin.fmt(f),
            Allowance::Any => f.write_str("none"),
        }
    }
}

text!(Allowance, {
    "type": "string",
    "pattern": r"^(none|[0-9][0-9_.]*\s*(pp|%|ns|us|ms|s|m|min|h|d))$",
    "description": "How much worse is allowed: \"0.5pp\" (percentage points of a share), \"5%\" (of the baseline's value), \"2ms\", or \"none\" for no guardrail."
});

/// `p99=5%`: a guardrail on the command line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuardrailText {
    /// What must not get worse.
    pub measure: Measure,
    /// By more than this.
    pub allowance: Allowance,
}

impl FromStr for GuardrailText {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, allowance) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is not a guardrail\nhint: write p99=5%"))?;
        Ok(GuardrailText { measure: name.parse()?, allowance: allowance.parse()? })
    }
}

/// A share of traffic: above 0, at most all of it.
pub(super) fn is_traffic(share: Fraction) -> bool {
    share.share() > 0.0 && share.share() <= 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_print_as_they_were_read_and_fit_their_measure() {
        for text in ["0.5pp", "5%", "2ms", "0%"] {
            assert_eq!(text.parse::<Margin>().unwrap().to_string(), text);
        }
        for text in ["5", "-1%", "pp", "x%", "1e9%", "NaN%"] {
            assert!(text.parse::<Margin>().unwrap_err().contains("hint: "), "{text}");
        }
        assert!("5%".parse::<Margin>().unwrap().check(Measure::Cost).is_ok());
        let error = Margin::Points(1.0).check(Measure::P99).unwrap_err();
        assert_eq!(error, "`1pp` is no amount of `p99`\nhint: write \"5%\" or \"2ms\"");
        assert!(Margin::Points(99.9).check(Measure::HitRatio).is_ok());
        let error = Margin::Points(100.0).check(Measure::ErrorRatio).unwrap_err();
        assert!(error.starts_with("`100pp` is all of a share"), "{error}");
        assert_eq!(Margin::Points(0.5).of(0.9), 0.005);
        assert_eq!(Margin::Relative(5.0).of(-200.0), 10.0);
    }

    #[test]
    fn a_misspelt_measure_is_told_the_nearest() {
        let error = "hit-ration=1pp".parse::<GuardrailText>().unwrap_err();
        assert_eq!(error, "no measure is called `hit-ration`\nhint: did you mean `hit-ratio`?");
        assert_eq!("p99=none".parse::<GuardrailText>().unwrap().allowance, Allowance::Any);
    }

    #[test]
    fn changes_of_shares_are_points() {
        assert_eq!(Measure::HitRatio.show_change(0.0123), "+1.23 pp");
        assert_eq!(Measure::P99.show_change(-2.5e6), "−2.50 ms");
        assert_eq!(Measure::HitRatio.show_change(0.0), "0.00 pp");
    }
}
