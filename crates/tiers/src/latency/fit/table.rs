//! A quantile table of samples, with its knots where the samples need them.
//!
//! From twelve usual quantiles on, knots are added one by one where the table is furthest from the
//! samples, until it is nearer than a fifth of what chance allows or has [`MOST_KNOTS`]. A gap
//! between two modes so gets a knot at either edge, and a smooth law few beyond the twelve. All sizes
//! share their quantiles, as the file's form has it.

use trace::units::{Bytes, Nanos};

use super::super::spec::SizeRow;
use super::judge::{CHANCE_KS, Model, distance, furthest};

/// Where every table has knots: the middle, and the tail as far as samples usually reach.
const USUAL: [f64; 12] = [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1.0];
/// The most knots of a table.
const MOST_KNOTS: usize = 24;

/// Quantiles and, for each size class, the latencies at them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct QuantileTable {
    pub(super) quantiles: Vec<f64>,
    latency_ns: Vec<Vec<u64>>,
}

/// The table of one class.
pub(super) struct Row<'a> {
    quantiles: &'a [f64],
    latency_ns: &'a [u64],
}

impl QuantileTable {
    /// The table of classes of sorted latencies.
    pub(super) fn fit(classes: &[Vec<u64>]) -> Self {
        let mut table = QuantileTable { quantiles: USUAL.to_vec(), latency_ns: Vec::new() };
        table.read_off(classes);
        while table.quantiles.len() < MOST_KNOTS {
            let Some(knot) = table.most_wanted(classes) else { break };
            let place = table.quantiles.partition_point(|q| *q < knot);
            if table.quantiles[place] == knot {
                break;
            }
            table.quantiles.insert(place, knot);
            table.read_off(classes);
        }
        table
    }

    fn read_off(&mut self, classes: &[Vec<u64>]) {
        let row = |sorted: &Vec<u64>| self.quantiles.iter().map(|q| quantile(sorted, *q)).collect();
        self.latency_ns = classes.iter().map(row).collect();
    }

    /// Where the next knot would help most, unless the table is near enough everywhere.
    fn most_wanted(&self, classes: &[Vec<u64>]) -> Option<f64> {
        let excess = |(class, sorted): (usize, &Vec<u64>)| {
            let near_enough = 0.2 * CHANCE_KS / libm::sqrt(sorted.len() as f64);
            (distance(sorted, &self.row(class)) / near_enough, class)
        };
        let worst = classes.iter().enumerate().map(excess).max_by(|a, b| a.0.total_cmp(&b.0));
        let (_, class) = worst.filter(|(excess, _)| *excess > 1.0)?;
        let sorted = &classes[class];
        let q = furthest(sorted, &self.row(class)) as f64 / (sorted.len() - 1) as f64;
        // Written with six digits.
        Some(libm::round(q * 1e6) / 1e6)
    }

    pub(super) fn row(&self, class: usize) -> Row<'_> {
        Row { quantiles: &self.quantiles, latency_ns: &self.latency_ns[class] }
    }

    /// As written, for classes of these sizes.
    pub(super) fn rows(&self, sizes: impl Iterator<Item = u64>) -> Vec<SizeRow> {
        let latencies = |row: &Vec<u64>| row.iter().map(|ns| Nanos(*ns)).collect();
        let rows = sizes.zip(&self.latency_ns);
        rows.map(|(size, row)| SizeRow { size: Bytes(size), latency: latencies(row) }).collect()
    }
}

impl Model for Row<'_> {
    /// Where several knots are equal, the jump between them belongs to what lies at or above.
    fn below(&self, x: f64) -> f64 {
        let next = self.latency_ns.partition_point(|knot| (*knot as f64) < x);
        if next == 0 {
            return 0.0;
        }
        if next == self.latency_ns.len() {
            return 1.0;
        }
        let ln = |knot: usize| libm::log(self.latency_ns[knot] as f64);
        let part = (libm::log(x) - ln(next - 1)) / (ln(next) - ln(next - 1));
        self.quantiles[next - 1] + part * (self.quantiles[next] - self.quantiles[next - 1])
    }
}

/// The quantile `q` of sorted values, interpolated linearly between them.
pub(super) fn quantile(sorted: &[u64], q: f64) -> u64 {
    let place = q * (sorted.len() - 1) as f64;
    let (low, part) = (place as usize, place - (place as usize) as f64);
    let (a, b) = (sorted[low], sorted[(low + 1).min(sorted.len() - 1)]);
    (a as f64 + part * (b as f64 - a as f64) + 0.5) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_first_thousand_numbers() {
        let sorted: Vec<u64> = (1..=1001).collect();
        let table = QuantileTable::fit(&[sorted]);
        let at = |q: f64| {
            let place = table.quantiles.iter().position(|knot| *knot == q).unwrap();
            table.latency_ns[0][place]
        };
        assert_eq!([0.0, 0.01, 0.5, 0.99, 1.0].map(at), [1, 11, 501, 991, 1001]);
        let row = table.row(0);
        assert!((row.below(501.0) - 0.5).abs() < 1e-12);
        assert_eq!((row.below(1.0), row.below(0.5), row.below(2000.0)), (0.0, 0.0, 1.0));
    }

    #[test]
    fn a_gap_gets_a_knot_at_either_edge() {
        let sorted: Vec<u64> = (100..400).chain(5_000..5_700).collect();
        let table = QuantileTable::fit(&[sorted]);
        let latencies = &table.latency_ns[0];
        let edge = latencies.partition_point(|ns| *ns < 450);
        assert!(latencies[edge - 1] >= 398 && latencies[edge] <= 5_001, "{latencies:?}");
        assert!(table.quantiles.len() <= MOST_KNOTS && table.quantiles.is_sorted_by(|a, b| a < b));
    }
}
