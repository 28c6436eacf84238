//! Laws for a value that belongs to an object: its size, its time to live.
//!
//! The value is a pure function of (seed, law, object number), drawn from a counter-based stream at
//! the object's number, so an object keeps it without a table, whatever is generated before.

use std::f64::consts::TAU;
use std::fmt::Display;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stream::Stream;
use crate::trace::MAX_SIZE;
use crate::units::{Bytes, Nanos};

/// How a value is distributed over objects. `T` is [`Bytes`] or [`Nanos`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Law<T> {
    /// All alike.
    Constant(T),
    /// All values from `min` to `max` alike, both included.
    Uniform {
        /// Smallest value.
        min: T,
        /// Largest value.
        max: T,
    },
    /// The logarithm is normal: many around the median, few much larger.
    Lognormal {
        /// Half of the objects are below.
        median: T,
        /// Standard deviation of the natural logarithm.
        sigma: f64,
        /// Larger values are set to this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<T>,
    },
    /// Pareto cut off at `max`: a heavy tail with an end.
    Pareto {
        /// Smallest value.
        min: T,
        /// Largest value.
        max: T,
        /// Tail index; the smaller, the heavier the tail.
        shape: f64,
    },
}

/// A unit whose values are whole numbers.
pub trait Whole: Copy + Display {
    /// The largest value an object may have.
    const MOST: Self;
    /// The number.
    fn whole(self) -> u64;
}

impl Whole for Bytes {
    const MOST: Self = Bytes(MAX_SIZE);
    fn whole(self) -> u64 {
        self.0
    }
}

impl Whole for Nanos {
    const MOST: Self = Nanos(u64::MAX);
    fn whole(self) -> u64 {
        self.0
    }
}

impl<T: Whole> Law<T> {
    /// The value of object number `n`, from 1 to the largest of its unit.
    pub(super) fn at(&self, stream: &Stream, n: u64) -> u64 {
        // Two draws an object, whether the law needs both or not, so that no law shifts another.
        let u = stream.uniform_at(2 * n);
        let value = match *self {
            Law::Constant(value) => value.whole(),
            Law::Uniform { min, max } => {
                let (min, max) = (min.whole(), max.whole());
                min + (u * ((max - min) as f64 + 1.0)) as u64
            }
            Law::Lognormal { median, sigma, max } => {
                let z = normal(u, stream.uniform_at(2 * n + 1));
                let value = (median.whole() as f64 * libm::exp(sigma * z)).round() as u64;
                max.map_or(value, |max| value.min(max.whole()))
            }
            Law::Pareto { min, max, shape } => pareto(min.whole(), max.whole(), shape, u),
        };
        value.clamp(1, T::MOST.whole())
    }

    /// What is wrong with the parameters, if anything.
    pub(super) fn fault(&self) -> Option<String> {
        let most = |name: &str, value: T| {
            (value.whole() > T::MOST.whole()).then(|| format!("{name}must be at most {}", T::MOST))
        };
        let ordered = |min: T, max: T| {
            let too_large =
                || (max.whole() > 1 << 53).then(|| "max must be at most 2^53".to_string());
            (min.whole() == 0 || min.whole() > max.whole())
                .then(|| "min must be above 0 and at most max".to_string())
                .or_else(|| most("max ", max))
                .or_else(too_large)
        };
        let positive = |name: &str, value: f64| {
            (!(value > 0.0 && value.is_finite()))
                .then(|| format!("{name} must be above 0, got {value}"))
        };
        match *self {
            Law::Constant(value) => (value.whole() == 0)
                .then(|| "must be above 0".to_string())
                .or_else(|| most("", value)),
            Law::Uniform { min, max } => ordered(min, max),
            Law::Lognormal { median, sigma, max } => (median.whole() == 0)
                .then(|| "median must be above 0".to_string())
                .or_else(|| {
                    max.filter(|max| max.whole() < median.whole())
                        .map(|_| "max must be at least the median".to_string())
                })
                .or_else(|| most("median ", median))
                .or_else(|| max.and_then(|max| most("max ", max)))
                .or_else(|| positive("sigma", sigma)),
            Law::Pareto { min, max, shape } => {
                ordered(min, max).or_else(|| positive("shape", shape))
            }
        }
    }
}

/// A standard normal number from two uniform ones (Box and Muller: "A note on the generation of
/// random normal deviates", 1958, doi 10.1214/aoms/1177706645).
fn normal(u: f64, v: f64) -> f64 {
    // 1 - u is in (0, 1], where the logarithm is finite.
    (-2.0 * libm::log(1.0 - u)).sqrt() * libm::cos(TAU * v)
}

/// The `u`-quantile of a Pareto law restricted to `min..=max`.
fn pareto(min: u64, max: u64, shape: f64, u: f64) -> u64 {
    let (low, high) = (min as f64, max as f64);
    let beyond = libm::pow(low / high, shape);
    let value = low * libm::pow(1.0 - u * (1.0 - beyond), -1.0 / shape);
    (value.round() as u64).clamp(min, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(law: Law<Bytes>) -> Vec<u64> {
        let stream = Stream::new(1, "law");
        let mut values: Vec<u64> = (0..20_000).map(|n| law.at(&stream, n)).collect();
        values.sort_unstable();
        values
    }

    #[test]
    fn an_object_keeps_its_value() {
        let law = Law::Lognormal { median: Bytes(4000), sigma: 1.0, max: None };
        let stream = Stream::new(1, "law");
        assert_eq!(law.at(&stream, 7), law.at(&stream, 7));
        assert_ne!(law.at(&stream, 7), law.at(&stream, 8));
    }

    #[test]
    fn lognormal_has_its_median_and_sigma() {
        let values = sorted(Law::Lognormal { median: Bytes(10_000), sigma: 0.5, max: None });
        let quantile = |q: f64| values[(q * values.len() as f64) as usize] as f64;
        assert!((quantile(0.5) / 10_000.0 - 1.0).abs() < 0.02, "{}", quantile(0.5));
        // One sigma up is the 84.13 % quantile.
        assert!((quantile(0.8413) / (10_000.0 * 0.5f64.exp()) - 1.0).abs() < 0.02);
    }

    #[test]
    fn pareto_stays_within_bounds_and_has_its_median() {
        let values = sorted(Law::Pareto { min: Bytes(1000), max: Bytes(1_000_000), shape: 1.0 });
        assert!(values[0] >= 1000 && values[values.len() - 1] <= 1_000_000);
        // F(x) = (1 - 1000/x) / (1 - 1/1000) is a half at 1998.
        assert!((values[10_000] as f64 / 1998.0 - 1.0).abs() < 0.03, "{}", values[10_000]);
    }

    #[test]
    fn uniform_includes_both_ends() {
        let values = sorted(Law::Uniform { min: Bytes(3), max: Bytes(5) });
        assert_eq!((values[0], values[19_999]), (3, 5));
        let fours = values.iter().filter(|value| **value == 4).count();
        assert!((fours as f64 / 20_000.0 - 1.0 / 3.0).abs() < 0.02, "{fours}");
    }

    #[test]
    fn no_size_exceeds_the_largest() {
        let values = sorted(Law::Lognormal { median: Bytes(1000), sigma: 50.0, max: None });
        assert_eq!((values[0], values[values.len() - 1]), (1, MAX_SIZE));
    }

    #[test]
    fn values_are_stable() {
        let stream = Stream::new(1, "law");
        let first = |law: Law<Bytes>| [0, 1, 2].map(|n| law.at(&stream, n));
        let (min, max) = (Bytes(1000), Bytes(100_000));
        assert_eq!(first(Law::Constant(min)), [1000; 3]);
        assert_eq!(first(Law::Uniform { min, max }), [48069, 9400, 28930]);
        assert_eq!(first(Law::Lognormal { median: min, sigma: 1.0, max: None }), [1161, 795, 2256]);
        assert_eq!(first(Law::Pareto { min, max, shape: 1.2 }), [1707, 1076, 1316]);
    }
}
