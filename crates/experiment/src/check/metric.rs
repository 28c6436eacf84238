//! What can be gated: every figure of a run, of its tiers, and of a flat replay, with a unit and a
//! direction each.
//!
//! A metric of a run is a column of `results`; of a tier, a column of `tiers` after the tier's name and a
//! dot, as in `L1.hit_ratio`; of a flat replay, one of its counts.

use std::collections::BTreeMap;
use std::fmt;

use frames::table::{ColumnData, Table};
use frames::{RunRow, TierRow};
use tiers::NanoDollars;
use trace::units::{Bytes, Nanos, thousands};

use crate::scenario::Fraction;

/// What a metric is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share of something, 1 being all of it.
    Ratio,
    /// A number of things.
    Count,
    /// An amount of memory or traffic.
    Bytes,
    /// A time, in nanoseconds.
    Nanos,
    /// Money, in nano-dollars.
    NanoDollars,
    /// Things a second.
    Rate,
    /// Memory over time.
    ByteSeconds,
}

impl Unit {
    /// As tables and other programs see it.
    pub fn symbol(self) -> &'static str {
        match self {
            Unit::Ratio => "ratio",
            Unit::Count => "count",
            Unit::Bytes => "B",
            Unit::Nanos => "ns",
            Unit::NanoDollars => "n$",
            Unit::Rate => "1/s",
            Unit::ByteSeconds => "B s",
        }
    }

    /// The unit with this symbol.
    pub fn of_symbol(symbol: &str) -> Option<Unit> {
        let all = [
            Unit::Ratio,
            Unit::Count,
            Unit::Bytes,
            Unit::Nanos,
            Unit::NanoDollars,
            Unit::Rate,
            Unit::ByteSeconds,
        ];
        all.into_iter().find(|unit| unit.symbol() == symbol)
    }

    /// Decimals that a baseline keeps of a value that is not whole.
    pub(super) fn decimals(self) -> usize {
        if self == Unit::Ratio { 9 } else { 3 }
    }

    /// A value, for reading.
    pub fn show(self, value: f64) -> String {
        let size = value.abs();
        let sign = if value < 0.0 { "-" } else { "" };
        match self {
            _ if !value.is_finite() => "–".into(),
            Unit::Ratio => format!("{:.3} %", value * 100.0),
            Unit::Count => format!("{sign}{}", thousands(size.round() as u64)),
            Unit::Bytes => format!("{sign}{}", Bytes(size.round() as u64).rounded()),
            Unit::Nanos => format!("{sign}{}", Nanos(size.round() as u64).rounded()),
            Unit::NanoDollars => NanoDollars(value.round() as i64).to_string(),
            Unit::Rate => format!("{value:.3} /s"),
            Unit::ByteSeconds => format!("{value:.0} B s"),
        }
    }

    /// An amount as people write it: a share, a time, an amount of memory, dollars.
    pub(super) fn read(self, text: &str) -> Result<f64, String> {
        let expected = |example: &str| format!("`{text}` is not {example}");
        match self {
            Unit::Ratio => text.parse::<Fraction>().map(Fraction::share),
            Unit::Nanos => text.parse::<Nanos>().map(|time| time.0 as f64),
            Unit::Bytes => text.parse::<Bytes>().map(|bytes| bytes.0 as f64),
            Unit::NanoDollars => {
                let dollars =
                    text.trim().strip_prefix('$').map(|number| number.replace(['_', ','], ""));
                let dollars = dollars.and_then(|number| number.parse::<f64>().ok());
                let dollars = dollars.filter(|dollars| dollars.is_finite());
                dollars
                    .map(|dollars| dollars * 1e9)
                    .ok_or_else(|| expected("money such as \"$12.50\""))
            }
            Unit::Count | Unit::Rate | Unit::ByteSeconds => {
                Err(expected("a number: this metric takes a bare one"))
            }
        }
    }
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More.
    Higher,
    /// Less.
    Lower,
    /// Neither: it describes the run, and any change is for the worse.
    Neither,
}

impl Better {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Better::Higher => "higher",
            Better::Lower => "lower",
            Better::Neither => "neither",
        }
    }
}

/// A metric, without the tier it may be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// The column.
    pub name: &'static str,
    /// What it is in.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
}

const fn metric(name: &'static str, unit: Unit, better: Better) -> Metric {
    Metric { name, unit, better }
}

use Better::{Higher, Lower, Neither};

/// Of a run: the columns of `results` that are figures.
pub(super) const OF_RUN: &[Metric] = &[
    metric("requests", Unit::Count, Neither),
    metric("bytes", Unit::Bytes, Neither),
    metric("span_ns", Unit::Nanos, Neither),
    metric("capacity_bytes", Unit::Bytes, Lower),
    metric("reads", Unit::Count, Neither),
    metric("hits", Unit::Count, Higher),
    metric("fresh_hits", Unit::Count, Higher),
    metric("stale_hits", Unit::Count, Lower),
    metric("delayed_hits", Unit::Count, Lower),
    metric("misses", Unit::Count, Lower),
    metric("errors", Unit::Count, Lower),
    metric("hit_ratio", Unit::Ratio, Higher),
    metric("fresh_hit_ratio", Unit::Ratio, Higher),
    metric("stale_hit_ratio", Unit::Ratio, Lower),
    metric("delayed_hit_ratio", Unit::Ratio, Lower),
    metric("miss_ratio", Unit::Ratio, Lower),
    metric("error_ratio", Unit::Ratio, Lower),
    metric("availability", Unit::Ratio, Higher),
    metric("byte_misses", Unit::Bytes, Lower),
    metric("byte_miss_ratio", Unit::Ratio, Lower),
    metric("byte_hit_ratio", Unit::Ratio, Higher),
    metric("cost_hit_ratio", Unit::Ratio, Higher),
    metric("latency_hit_ratio", Unit::Ratio, Higher),
    metric("writes", Unit::Count, Neither),
    metric("latency_ns_mean", Unit::Nanos, Lower),
    metric("latency_ns_p50", Unit::Nanos, Lower),
    metric("latency_ns_p90", Unit::Nanos, Lower),
    metric("latency_ns_p95", Unit::Nanos, Lower),
    metric("latency_ns_p99", Unit::Nanos, Lower),
    metric("latency_ns_p999", Unit::Nanos, Lower),
    metric("latency_ns_max", Unit::Nanos, Lower),
    metric("answers_per_second", Unit::Rate, Higher),
    metric("saturation", Unit::Ratio, Lower),
    metric("in_flight_max", Unit::Count, Lower),
    metric("end_ns", Unit::Nanos, Lower),
    metric("cost_nanodollars_hour", Unit::NanoDollars, Lower),
    metric("cost_nanodollars_day", Unit::NanoDollars, Lower),
    metric("cost_nanodollars_month", Unit::NanoDollars, Lower),
];

/// Columns of `results` that say which run it is.
#[cfg(test)]
const IDENTITY: &[&str] = &["seed", "requests_replayed", "objects", "scale", "position"];

/// Of a tier: the columns of `tiers` that are figures.
pub(super) const OF_TIER: &[Metric] = &[
    metric("capacity_bytes", Unit::Bytes, Lower),
    metric("lookups", Unit::Count, Lower),
    metric("hits", Unit::Count, Higher),
    metric("stale_hits", Unit::Count, Lower),
    metric("delayed_hits", Unit::Count, Lower),
    metric("expired", Unit::Count, Lower),
    metric("swept", Unit::Count, Neither),
    metric("hit_bytes", Unit::Bytes, Higher),
    metric("bytes_out", Unit::Bytes, Lower),
    metric("fills", Unit::Count, Lower),
    metric("fill_bytes", Unit::Bytes, Lower),
    metric("evictions", Unit::Count, Lower),
    metric("bypassed", Unit::Count, Neither),
    metric("demotions", Unit::Count, Neither),
    metric("displaced", Unit::Count, Neither),
    metric("migrated", Unit::Count, Lower),
    metric("migrated_bytes", Unit::Bytes, Lower),
    metric("invalidations", Unit::Count, Neither),
    metric("purges", Unit::Count, Neither),
    metric("cpu_ns", Unit::Nanos, Lower),
    metric("writes", Unit::Count, Neither),
    metric("refreshes", Unit::Count, Lower),
    metric("failures", Unit::Count, Lower),
    metric("shed", Unit::Count, Lower),
    metric("timeouts", Unit::Count, Lower),
    metric("retries", Unit::Count, Lower),
    metric("wasted", Unit::Count, Lower),
    metric("cancelled", Unit::Count, Neither),
    metric("failure_ratio", Unit::Ratio, Lower),
    metric("hit_ratio", Unit::Ratio, Higher),
    metric("share", Unit::Ratio, Neither),
    metric("answers_per_second", Unit::Rate, Neither),
    metric("nodes", Unit::Count, Lower),
    metric("stations", Unit::Count, Lower),
    metric("servers", Unit::Count, Lower),
    metric("saturation", Unit::Ratio, Lower),
    metric("saturation_max", Unit::Ratio, Lower),
    metric("queue_max", Unit::Count, Lower),
    metric("used_bytes_max", Unit::Bytes, Lower),
    metric("used_byte_seconds", Unit::ByteSeconds, Lower),
    metric("latency_ns_p50", Unit::Nanos, Lower),
    metric("latency_ns_p99", Unit::Nanos, Lower),
];

/// Of a flat replay.
pub(super) const OF_FLAT: &[Metric] = &[
    metric("requests", Unit::Count, Neither),
    metric("bytes", Unit::Bytes, Neither),
    metric("hits", Unit::Count, Higher),
    metric("misses", Unit::Count, Lower),
    metric("hit_ratio", Unit::Ratio, Higher),
    metric("miss_ratio", Unit::Ratio, Lower),
    metric("byte_misses", Unit::Bytes, Lower),
    metric("byte_miss_ratio", Unit::Ratio, Lower),
    metric("oversized", Unit::Count, Neither),
    metric("refused", Unit::Count, Neither),
];

/// What a metric is in, by its name alone: of columns of one name, all are in the same.
pub fn unit_of(name: &str) -> Unit {
    let column = name.rsplit('.').next().unwrap_or(name);
    let mut all = OF_RUN.iter().chain(OF_TIER).chain(OF_FLAT);
    all.find(|metric| metric.name == column).map_or(Unit::Count, |metric| metric.unit)
}

/// A value: whole ones stay exact.
#[derive(Debug, Clone, Copy)]
pub enum Figure {
    /// Counts, bytes, nanoseconds, nano-dollars.
    Whole(i64),
    /// Ratios and means, rounded to the decimals of the unit.
    Real(f64),
}

impl Figure {
    /// A ratio or mean, to the decimals that a baseline keeps: what differs by less is no difference.
    pub(super) fn real(value: f64, unit: Unit) -> Figure {
        let rounded = format!("{value:.*}", unit.decimals()).parse().unwrap_or(value);
        // Without the sign of a nought.
        Figure::Real(if rounded == 0.0 { 0.0 } else { rounded })
    }

    /// A count. None is so large that it does not fit; if one were, it would stay the largest.
    pub(super) fn count(value: u64) -> Figure {
        Figure::Whole(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// As a number that may have lost its last digits, for differences and display.
    pub fn as_f64(self) -> f64 {
        match self {
            Figure::Whole(value) => value as f64,
            Figure::Real(value) => value,
        }
    }

    /// As a baseline has it.
    pub(super) fn written(self, unit: Unit) -> String {
        match self {
            Figure::Whole(value) => value.to_string(),
            Figure::Real(value) if value.is_finite() => format!("{value:.*}", unit.decimals()),
            Figure::Real(value) if value.is_nan() => "nan".into(),
            Figure::Real(value) => if value > 0.0 { "inf" } else { "-inf" }.into(),
        }
    }
}

impl PartialEq for Figure {
    /// What is not a number equals itself: a ratio of nothing then and now is no change.
    fn eq(&self, other: &Figure) -> bool {
        match (self, other) {
            (Figure::Whole(a), Figure::Whole(b)) => a == b,
            (a, b) => {
                let (a, b) = (a.as_f64(), b.as_f64());
                a == b || (a.is_nan() && b.is_nan())
            }
        }
    }
}

/// All figures of a run, by metric.
pub type Figures = BTreeMap<String, Figure>;

/// Those of a run through a stack and of its tiers.
pub(super) fn of_stack<'a>(run: &RunRow, tiers: impl Iterator<Item = &'a TierRow>) -> Figures {
    let mut figures = of_row(run, OF_RUN, "");
    for tier in tiers {
        figures.extend(of_row(tier, OF_TIER, &format!("{}.", tier.tier)));
    }
    figures
}

/// Those of a flat replay.
pub(super) fn of_flat(counts: &cache::Counts) -> Figures {
    let of = |metric: &Metric| match metric.name {
        "requests" => Figure::count(counts.requests),
        "bytes" => Figure::count(counts.bytes),
        "hits" => Figure::count(counts.hits),
        "misses" => Figure::count(counts.misses()),
        "hit_ratio" => {
            Figure::real(counts.hits as f64 / counts.requests.max(1) as f64, metric.unit)
        }
        "miss_ratio" => Figure::real(counts.miss_ratio(), metric.unit),
        "byte_misses" => Figure::count(counts.byte_misses()),
        "byte_miss_ratio" => Figure::real(counts.byte_miss_ratio(), metric.unit),
        "oversized" => Figure::count(counts.oversized),
        "refused" => Figure::count(counts.refused),
        name => unreachable!("{name} is not listed"),
    };
    OF_FLAT.iter().map(|metric| (metric.name.to_string(), of(metric))).collect()
}

fn of_row<T: Table + Clone>(row: &T, metrics: &[Metric], prefix: &str) -> Figures {
    let columns = T::columns(std::slice::from_ref(row));
    let mut figures = Figures::new();
    for (info, data) in T::schema().iter().zip(columns) {
        let Some(metric) = metrics.iter().find(|metric| metric.name == info.name) else { continue };
        let figure = match &data {
            ColumnData::U64(values) => values.first().map(|value| Figure::count(*value)),
            ColumnData::I64(values) => values.first().map(|value| Figure::Whole(*value)),
            ColumnData::F64(values) => {
                values.first().map(|value| Figure::real(*value, metric.unit))
            }
            ColumnData::Text(_) => None,
        };
        figures.extend(figure.map(|figure| (format!("{prefix}{}", metric.name), figure)));
    }
    figures
}

/// The names that a kind of study has: of its runs, and of its tiers if it has any.
#[derive(Debug, Clone)]
pub struct Known {
    runs: &'static [Metric],
    tiers: Vec<String>,
}

impl Known {
    /// Of a stack with these tiers, the origin among them.
    pub(super) fn of_stack(tiers: Vec<String>) -> Known {
        Known { runs: OF_RUN, tiers }
    }

    /// Of flat replays.
    pub(super) fn of_flat() -> Known {
        Known { runs: OF_FLAT, tiers: Vec::new() }
    }

    /// The metric called so; of a tier, after its name and a dot.
    pub fn find(&self, name: &str) -> Option<Metric> {
        let (list, column) = match name.rsplit_once('.') {
            Some((tier, column)) if self.tiers.iter().any(|known| known == tier) => {
                (OF_TIER, column)
            }
            Some(_) => return None,
            None => (self.runs, name),
        };
        list.iter().find(|metric| metric.name == column).copied()
    }

    /// All names.
    pub fn names(&self) -> Vec<String> {
        let of_tier = |tier: &String| {
            let name = |metric: &Metric| format!("{tier}.{}", metric.name);
            OF_TIER.iter().map(name).collect::<Vec<_>>()
        };
        let of_runs = self.runs.iter().map(|metric| metric.name.to_string());
        of_runs.chain(self.tiers.iter().flat_map(of_tier)).collect()
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Whole(value) => value.fmt(f),
            Figure::Real(value) => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_of_a_run_and_of_a_tier_is_listed() {
        fn missing<T: Table>(metrics: &[Metric]) -> Vec<&'static str> {
            let listed = |name| metrics.iter().any(|m| m.name == name) || IDENTITY.contains(&name);
            let figures = T::schema().into_iter().filter(|column| column.type_name != "text");
            figures.map(|column| column.name).filter(|name| !listed(name)).collect()
        }
        assert!(missing::<RunRow>(OF_RUN).is_empty(), "{:?}", missing::<RunRow>(OF_RUN));
        assert!(missing::<TierRow>(OF_TIER).is_empty(), "{:?}", missing::<TierRow>(OF_TIER));
        let tier = TierRow { tier: "L1".into(), hits: 3, ..TierRow::default() };
        let figures = of_stack(&RunRow::default(), [&tier].into_iter());
        assert_eq!(figures.len(), OF_RUN.len() + OF_TIER.len());
        assert_eq!(figures["L1.hits"], Figure::Whole(3));
        for metric in OF_RUN.iter().chain(OF_TIER).chain(OF_FLAT) {
            assert_eq!(unit_of(metric.name), metric.unit, "{}", metric.name);
            assert_eq!(Unit::of_symbol(metric.unit.symbol()), Some(metric.unit));
        }
    }

    #[test]
    fn a_figure_is_written_as_it_is_compared() {
        let third = Figure::real(1.0 / 3.0, Unit::Ratio);
        assert_eq!(third.written(Unit::Ratio), "0.333333333");
        assert_eq!(third, Figure::Real(0.333333333));
        assert_ne!(third, Figure::Real(0.333333334));
        assert_eq!(Figure::real(-0.0, Unit::Ratio).written(Unit::Ratio), "0.000000000");
        assert_eq!(Figure::real(f64::NAN, Unit::Ratio), Figure::Real(f64::NAN));
        assert_eq!(Figure::real(f64::NAN, Unit::Ratio).written(Unit::Ratio), "nan");
        let large = (1i64 << 53) + 1;
        assert_ne!(Figure::Whole(large), Figure::Whole(large - 1));
        assert_eq!(Figure::Whole(2), Figure::Real(2.0));
    }

    #[test]
    fn amounts_are_read_in_the_unit_of_the_metric() {
        assert_eq!(Unit::Ratio.read("55%"), Ok(0.55));
        assert_eq!(Unit::Nanos.read("2ms"), Ok(2e6));
        assert_eq!(Unit::Bytes.read("1KiB"), Ok(1024.0));
        assert_eq!(Unit::NanoDollars.read("$1,200.50"), Ok(1.2005e12));
        for (unit, text) in [(Unit::Ratio, "2ms"), (Unit::NanoDollars, "5"), (Unit::Count, "5%")] {
            assert!(unit.read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_metric_of_a_tier_needs_the_tier() {
        let known = Known::of_stack(vec!["L1".into(), "origin".into()]);
        assert_eq!(known.find("L1.hit_ratio").unwrap().better, Better::Higher);
        assert_eq!(known.find("hit_ratio").unwrap().unit, Unit::Ratio);
        assert!(known.find("L9.hit_ratio").is_none() && known.find("L1.nonsense").is_none());
        assert!(Known::of_flat().find("latency_ns_p99").is_none());
        assert!(known.names().iter().all(|name| known.find(name).is_some()));
    }
}
