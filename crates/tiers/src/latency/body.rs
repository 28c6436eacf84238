//! A prepared table or list of laws: latencies at the knots of each size.

use super::LONGEST;
use super::axis::{Axis, Table, ln_knots};
use super::elementary::{exp_rounded, ln};
use super::law::{self, Curve};
use super::spec::{LawRow, SizeRow};

/// Rows of knots by size.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Body {
    axis: Axis,
    /// Size of each row, rising.
    sizes: Vec<u64>,
    /// Its logarithm.
    ln_sizes: Vec<f64>,
    /// One over how far it is from there to the next one.
    per_gap: Vec<f64>,
    /// Row by row, the logarithm of the latency in nanoseconds at each knot.
    ln_latency: Vec<f64>,
}

impl Body {
    /// From what a file gives: either a table or laws; `None` if it gives neither.
    pub(super) fn new(
        quantiles: &[f64],
        sizes: &[SizeRow],
        laws: &[LawRow],
    ) -> Result<Option<Self>, String> {
        match (quantiles.is_empty() && sizes.is_empty(), laws.is_empty()) {
            (true, true) => Ok(None),
            (false, true) => Body::of_table(quantiles, sizes).map(Some),
            (true, false) => Body::of_laws(laws).map(Some),
            (false, false) => {
                Err("give `quantiles` and `sizes`, or `laws`; a profile cannot have both".into())
            }
        }
    }

    fn of_table(quantiles: &[f64], rows: &[SizeRow]) -> Result<Self, String> {
        let q = quantiles;
        if q.len() < 2 || q[0] != 0.0 || q[q.len() - 1] != 1.0 || !q.is_sorted_by(|a, b| a < b) {
            return Err("`quantiles` must rise from 0 to 1".into());
        }
        let mut ln_latency = Vec::new();
        for row in rows {
            if row.latency.len() != q.len() {
                return Err(format!(
                    "the row for {} has {} latencies for {} quantiles",
                    row.size,
                    row.latency.len(),
                    q.len()
                ));
            }
            if row.latency.last().is_some_and(|longest| *longest > LONGEST) {
                return Err(format!("the latencies for {} exceed {LONGEST}", row.size));
            }
            if row.latency[0].0 == 0 || !row.latency.is_sorted() {
                return Err(format!(
                    "the latencies for {} must be above 0 and never fall",
                    row.size
                ));
            }
            ln_latency.extend(row.latency.iter().map(|latency| libm::log(latency.0 as f64)));
        }
        Body::with(
            Axis::Table(Table::new(q)),
            "sizes",
            rows.iter().map(|row| row.size.0).collect(),
            ln_latency,
        )
    }

    fn of_laws(rows: &[LawRow]) -> Result<Self, String> {
        let mut ln_latency = Vec::new();
        for row in rows {
            law::check(&row.law).map_err(|what| format!("the law for {}: {what}", row.size))?;
            ln_latency.extend(ln_knots(&Curve::from(&row.law)));
        }
        Body::with(Axis::Law, "laws", rows.iter().map(|row| row.size.0).collect(), ln_latency)
    }

    fn with(
        axis: Axis,
        field: &str,
        sizes: Vec<u64>,
        ln_latency: Vec<f64>,
    ) -> Result<Self, String> {
        if sizes.is_empty() {
            return Err(format!("`{field}` needs at least one row"));
        }
        if !sizes.is_sorted_by(|a, b| a < b) {
            return Err(format!("the rows of `{field}` must rise in size"));
        }
        let ln_sizes: Vec<f64> =
            sizes.iter().map(|size| libm::log((*size).max(1) as f64)).collect();
        let per_gap = ln_sizes.windows(2).map(|pair| 1.0 / (pair[1] - pair[0])).collect();
        Ok(Body { axis, sizes, ln_sizes, per_gap, ln_latency })
    }

    /// The same latency for everything.
    pub(super) fn constant(nanos: u64) -> Self {
        let ln = libm::log(nanos.max(1) as f64);
        Body {
            axis: Axis::Table(Table::new(&[0.0, 1.0])),
            sizes: vec![1],
            ln_sizes: vec![0.0],
            per_gap: Vec::new(),
            ln_latency: vec![ln, ln],
        }
    }

    /// The latency, if it is the same for everything.
    pub(super) fn only(&self) -> Option<u64> {
        let first = self.ln_latency[0];
        self.ln_latency.iter().all(|ln| *ln == first).then(|| exp_rounded(first))
    }

    /// This body with every latency `factor` times as long, at least 1 ns and at most [`LONGEST`].
    pub(super) fn times(&self, factor: f64) -> Self {
        let (more, most) = (libm::log(factor), libm::log(LONGEST.0 as f64));
        let scaled = self.ln_latency.iter().map(|ln| (ln + more).clamp(0.0, most));
        Body { ln_latency: scaled.collect(), ..self.clone() }
    }

    /// Nanoseconds at quantile `u` of an answer of `size` bytes.
    #[inline]
    pub(super) fn at(&self, u: f64, size: u64) -> u64 {
        let (knot, part) = self.axis.locate(u);
        let n_rows = self.sizes.len();
        if size <= self.sizes[0] || n_rows == 1 {
            return exp_rounded(self.row(0, knot, part));
        }
        if size >= self.sizes[n_rows - 1] {
            return exp_rounded(self.row(n_rows - 1, knot, part));
        }
        let mut above = 1;
        while self.sizes[above] <= size {
            above += 1;
        }
        let weight = (ln(size) - self.ln_sizes[above - 1]) * self.per_gap[above - 1];
        let below = self.row(above - 1, knot, part);
        exp_rounded(below + weight * (self.row(above, knot, part) - below))
    }

    /// Nanoseconds at quantile `u` of an answer without a body.
    #[inline]
    pub(super) fn at_smallest(&self, u: f64) -> u64 {
        let (knot, part) = self.axis.locate(u);
        exp_rounded(self.row(0, knot, part))
    }

    #[inline]
    fn row(&self, row: usize, knot: usize, part: f64) -> f64 {
        let at = row * self.axis.n_knots() + knot;
        let (low, high) = (self.ln_latency[at], self.ln_latency[at + 1]);
        low + part * (high - low)
    }
}
