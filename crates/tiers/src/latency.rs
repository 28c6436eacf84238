//! Latency profiles: quantile tables by object size.
//!
//! A profile is a table of quantiles for each of some object sizes. A draw inverts the table: the
//! logarithm of the latency is interpolated linearly between quantiles and, between two sizes,
//! linearly in the logarithm of the size; outside the sizes given the nearest row is used. Of the
//! laws tried on published samples of memory and object-store latencies, such a table of some
//! fifteen quantiles was the only one that fitted all of them within sampling noise; gammas fitted
//! by moments missed p99 by factors of 0.7 to 3.4.
//!
//! Draws are independent. Real latencies are not: neighbours in time are correlated.
//!
//! The elementary functions are those of the `libm` crate, because the system's differ in the last
//! bit from machine to machine and a run must give the same bits on all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::{Bytes, Nanos};

/// A profile as written in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LatencySpec {
    /// Where the figures are from. Say "assumed" where they are.
    pub source: String,
    /// Day they were measured or looked up, as 2026-11-23.
    pub date: String,
    /// The quantiles of every row, rising from 0 to 1, such as [0, 0.5, 0.9, 0.99, 1].
    pub quantiles: Vec<f64>,
    /// Rows by object size, rising.
    pub sizes: Vec<SizeRow>,
}

/// The quantiles of the latency for one object size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SizeRow {
    /// Object size.
    pub size: Bytes,
    /// Latency at each quantile, never falling, at least 1ns.
    pub latency: Vec<Nanos>,
}

/// The longest latency of a profile: sums over all tiers stay far from overflow.
pub(crate) const LONGEST: Nanos = Nanos(24 * 3_600_000_000_000);

/// A profile that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("latency profile: {0}")]
pub struct ProfileError(String);

/// A profile ready for draws.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyProfile {
    quantiles: Vec<f64>,
    /// Logarithm of each row's size, rising.
    ln_sizes: Vec<f64>,
    /// Row by row, the logarithm of the latency in nanoseconds at each quantile.
    ln_latency: Vec<f64>,
}

impl LatencyProfile {
    /// Checks a table and prepares it.
    pub fn new(spec: &LatencySpec) -> Result<Self, ProfileError> {
        let fail = |what: String| Err(ProfileError(what));
        let q = &spec.quantiles;
        if q.len() < 2 || q[0] != 0.0 || q[q.len() - 1] != 1.0 || !q.is_sorted_by(|a, b| a < b) {
            return fail("`quantiles` must rise from 0 to 1".into());
        }
        if spec.sizes.is_empty() {
            return fail("`sizes` needs at least one row".into());
        }
        if !spec.sizes.is_sorted_by(|a, b| a.size < b.size) {
            return fail("the rows of `sizes` must rise in size".into());
        }
        let mut ln_latency = Vec::new();
        for row in &spec.sizes {
            if row.latency.len() != q.len() {
                return fail(format!(
                    "the row for {} has {} latencies for {} quantiles",
                    row.size,
                    row.latency.len(),
                    q.len()
                ));
            }
            if row.latency.last().is_some_and(|longest| *longest > LONGEST) {
                return fail(format!("the latencies for {} exceed {LONGEST}", row.size));
            }
            if row.latency[0].0 == 0 || !row.latency.is_sorted() {
                return fail(format!(
                    "the latencies for {} must be above 0 and never fall",
                    row.size
                ));
            }
            ln_latency.extend(row.latency.iter().map(|latency| libm::log(latency.0 as f64)));
        }
        let ln_sizes = spec.sizes.iter().map(|row| libm::log(row.size.0.max(1) as f64)).collect();
        Ok(LatencyProfile { quantiles: q.clone(), ln_sizes, ln_latency })
    }

    /// The same latency for everything.
    pub fn constant(latency: Nanos) -> Self {
        let ln = libm::log(latency.0.max(1) as f64);
        LatencyProfile { quantiles: vec![0.0, 1.0], ln_sizes: vec![0.0], ln_latency: vec![ln, ln] }
    }

    /// Latency of an answer of `size` bytes at quantile `u` in [0, 1).
    #[inline]
    pub fn at(&self, u: f64, size: u64) -> Nanos {
        let (segment, part) = self.segment(u);
        let ln = if self.ln_sizes.len() == 1 || size <= 1 {
            self.row(0, segment, part)
        } else {
            let ln_size = libm::log(size as f64);
            let above = self.ln_sizes.partition_point(|knot| *knot <= ln_size);
            if above == 0 {
                self.row(0, segment, part)
            } else if above == self.ln_sizes.len() {
                self.row(above - 1, segment, part)
            } else {
                let (low, high) = (self.ln_sizes[above - 1], self.ln_sizes[above]);
                let weight = (ln_size - low) / (high - low);
                let below = self.row(above - 1, segment, part);
                below + weight * (self.row(above, segment, part) - below)
            }
        };
        Nanos((libm::exp(ln) + 0.5) as u64)
    }

    /// Latency of an answer without a body at quantile `u`.
    #[inline]
    pub fn at_smallest(&self, u: f64) -> Nanos {
        let (segment, part) = self.segment(u);
        Nanos((libm::exp(self.row(0, segment, part)) + 0.5) as u64)
    }

    /// The segment of the table that `u` lies in, and how far along it.
    #[inline]
    fn segment(&self, u: f64) -> (usize, f64) {
        let inner = &self.quantiles[1..self.quantiles.len() - 1];
        let segment = inner.partition_point(|knot| *knot <= u);
        let (low, high) = (self.quantiles[segment], self.quantiles[segment + 1]);
        (segment, (u - low) / (high - low))
    }

    #[inline]
    fn row(&self, row: usize, segment: usize, part: f64) -> f64 {
        let at = row * self.quantiles.len() + segment;
        let (low, high) = (self.ln_latency[at], self.ln_latency[at + 1]);
        low + part * (high - low)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec() -> LatencySpec {
        toml::from_str(
            r#"
            source = "test"
            date = "2026-11-23"
            quantiles = [0, 0.5, 1]
            sizes = [
                { size = "1KiB", latency = ["1us", "100us", "10ms"] },
                { size = "1MiB", latency = ["10us", "1ms", "10ms"] },
            ]
            "#,
        )
        .unwrap()
    }

    #[test]
    fn knots_are_met_and_between_them_logarithms_are_linear() {
        let profile = LatencyProfile::new(&spec()).unwrap();
        assert_eq!(profile.at(0.0, 1024), Nanos(1_000));
        assert_eq!(profile.at(0.5, 1024), Nanos(100_000));
        assert_eq!(profile.at(0.25, 1024), Nanos(10_000));
        assert_eq!(profile.at(0.5, 1 << 20), Nanos(1_000_000));
        // Half way between 1 KiB and 1 MiB on a logarithmic axis is 32 KiB.
        assert_eq!(profile.at(0.5, 32 << 10), Nanos(316_228));
        // Outside the sizes the nearest row holds.
        assert_eq!(profile.at(0.5, 1), Nanos(100_000));
        assert_eq!(profile.at(0.5, 1 << 40), Nanos(1_000_000));
        assert_eq!(profile.at_smallest(0.5), Nanos(100_000));
    }

    #[test]
    fn tables_that_make_no_sense_are_refused() {
        let broken: [fn(&mut LatencySpec); 7] = [
            |s| s.sizes[1].latency[2] = Nanos(u64::MAX),
            |s| s.quantiles = vec![0.0, 0.5],
            |s| s.quantiles = vec![0.0, 0.0, 1.0],
            |s| s.sizes.clear(),
            |s| s.sizes.reverse(),
            |s| s.sizes[0].latency.truncate(2),
            |s| s.sizes[0].latency[0] = Nanos(0),
        ];
        for (i, break_it) in broken.iter().enumerate() {
            let mut spec = spec();
            break_it(&mut spec);
            assert!(LatencyProfile::new(&spec).is_err(), "case {i}");
        }
    }

    proptest! {
        #[test]
        fn latency_rises_with_the_quantile(u in 0.0..1.0f64, v in 0.0..1.0f64, size in 0..1u64 << 32) {
            let profile = LatencyProfile::new(&spec()).unwrap();
            let (low, high) = (u.min(v), u.max(v));
            prop_assert!(profile.at(low, size) <= profile.at(high, size));
        }
    }
}
