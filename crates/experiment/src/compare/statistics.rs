//! What may be concluded from a comparison: ranks, tests, intervals, wins by family.
//!
//! Sizes are never pooled: the caches of one trace at two sizes are no two observations. At each size the
//! observations are *families* of traces, since ten traces of one service are one service seen ten
//! times. The value of a family is the mean `reduction` of its traces against the baseline, so families
//! weigh the same however many traces they have, and traces however many requests. Bounds take no part.
//!
//! | question | by |
//! |---|---|
//! | do the policies differ at all | Friedman, with Iman's and Davenport's F |
//! | which mean ranks differ | Nemenyi's critical difference |
//! | which of two is better | Wilcoxon's signed ranks, corrected by Holm over all pairs |
//! | is a policy better than the baseline | the same, corrected over the policies; Bayesian signed ranks |
//! | by how much | the mean, with a bootstrap interval over families |
//! | is the best of many really better | max-t intervals and p-values; the model confidence set |
//!
//! With fewer than [`LEAST_FAMILIES`] none of this is asked: no such test could find anything. The statistics
//! are those of `analysis`, which cites the papers. Draws are seeded by the study.
//!
//! All of it supposes that families are drawn independently from the workloads one cares about. Traces that
//! somebody had at hand are not; the report says so.

use analysis::bayes_signed_rank::bayes_signed_rank;
use analysis::confidence_set::confidence_set;
use analysis::families::{mean_of_families, records};
use analysis::friedman::friedman;
use analysis::multiple::holm;
use analysis::wilcoxon::{SignedRank, pairwise, signed_rank};
use analysis::{Better, Interval, Options, Rope, max_t, nemenyi};
use frames::{CellRow, Comparison, FamilyRow, LeaderRow, PairRow, StandingRow, TestRow};

use super::leaders::{mean, unique};
use crate::Error;

/// With fewer families nothing is tested.
pub const LEAST_FAMILIES: usize = analysis::LEAST_ROWS;
/// The level of all intervals; what is left is that of the tests.
pub const LEVEL: f64 = 0.95;

/// Draws of the Bayesian test: probabilities are good to a percent.
const N_DRAWS: usize = 20_000;

/// Fills in the tables of statistics from the cells, and puts the leaders in the order of their means over
/// families. Reductions of at most `rope` either way do not matter.
///
/// # Errors
///
/// If `rope` is not a finite number.
pub fn statistics(
    comparison: &mut Comparison,
    baseline: &str,
    rope: f64,
    seed: u64,
) -> Result<(), Error> {
    let Comparison { cells, leaders, .. } = std::mem::take(comparison);
    for size in unique(&cells, |cell| &cell.size) {
        let table = Table::new(&cells, size, Rope::within(rope));
        comparison.families.extend(table.family_rows()?);
        comparison.tests.push(table.test()?);
        comparison.standings.extend(table.standings(baseline, seed)?);
        comparison.pairs.extend(table.pairs()?);
    }
    (comparison.cells, comparison.leaders) = (cells, leaders);
    let standings = &comparison.standings;
    let mean = |leader: &LeaderRow| {
        let is_it = |row: &&StandingRow| row.size == leader.size && row.policy == leader.policy;
        standings.iter().find(is_it).map_or(leader.reduction_mean, |row| row.reduction)
    };
    for of_size in comparison.leaders.chunk_by_mut(|a, b| a.size == b.size) {
        of_size.sort_by(|a, b| mean(b).total_cmp(&mean(a)));
    }
    Ok(())
}

/// One size: rows are families, columns are policies, the best mean rank first.
struct Table<'a> {
    size: &'a str,
    rope: Rope,
    policies: Vec<&'a str>,
    families: Vec<&'a str>,
    /// Cells of each policy, in the order of traces.
    cells: Vec<Vec<&'a CellRow>>,
    /// Mean reduction of each policy in each family: a row a family.
    rows: Vec<Vec<f64>>,
    /// Mean ranks, where there are some.
    ranks: Vec<f64>,
}

impl<'a> Table<'a> {
    fn new(cells: &'a [CellRow], size: &'a str, rope: Rope) -> Table<'a> {
        let rivals: Vec<&CellRow> =
            cells.iter().filter(|cell| cell.size == size && cell.clairvoyant == "no").collect();
        let of = |key: fn(&CellRow) -> &str| {
            let mut seen = Vec::new();
            for cell in &rivals {
                if !seen.contains(&key(cell)) {
                    seen.push(key(cell));
                }
            }
            seen
        };
        let families = of(|cell| &cell.family);
        let mut policies: Vec<(f64, &str)> =
            of(|cell| &cell.policy).into_iter().map(|policy| (0.0, policy)).collect();
        let column = |policy: &str| -> Vec<&CellRow> {
            rivals.iter().copied().filter(|cell| cell.policy == policy).collect()
        };
        let ranks = friedman(&rows(&families, &policies, column), Better::Higher);
        if let Ok(found) = ranks {
            for (policy, rank) in policies.iter_mut().zip(found.mean_ranks) {
                policy.0 = rank;
            }
            // Stable: equal ranks stay in the order given.
            policies.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        Table {
            size,
            rope,
            rows: rows(&families, &policies, column),
            cells: policies.iter().map(|(_, policy)| column(policy)).collect(),
            ranks: policies.iter().map(|(rank, _)| *rank).collect(),
            policies: policies.into_iter().map(|(_, policy)| policy).collect(),
            families,
        }
    }

    /// Whether there is anything to test.
    fn is_enough(&self) -> bool {
        self.families.len() >= LEAST_FAMILIES && self.policies.len() > 1
    }

    fn column(&self, policy: usize) -> Vec<f64> {
        self.rows.iter().map(|row| row[policy]).collect()
    }

    fn test(&self) -> Result<TestRow, Error> {
        let (k, n) = (self.policies.len(), self.families.len());
        let nan = f64::NAN;
        let row = TestRow {
            size: self.size.to_string(),
            traces: self.cells.first().map_or(0, Vec::len) as u64,
            families: n as u64,
            policies: k as u64,
            friedman_chi_squared: nan,
            friedman_chi_squared_p: nan,
            friedman_f: nan,
            friedman_p: nan,
            critical_difference: nan,
            rope: self.rope.high,
        };
        if !self.is_enough() {
            return Ok(row);
        }
        let found = friedman(&self.rows, Better::Higher)?;
        Ok(TestRow {
            friedman_chi_squared: found.chi_squared,
            friedman_chi_squared_p: found.p_chi_squared,
            friedman_f: found.f,
            friedman_p: found.p_value,
            critical_difference: nemenyi::critical_difference(k, n, 1.0 - LEVEL)?,
            ..row
        })
    }

    fn family_rows(&self) -> Result<Vec<FamilyRow>, Error> {
        let mut rows = Vec::new();
        for (policy, cells) in self.policies.iter().zip(&self.cells) {
            let reductions: Vec<f64> = cells.iter().map(|cell| cell.reduction).collect();
            let families: Vec<&str> = cells.iter().map(|cell| cell.family.as_str()).collect();
            let found = records(&reductions, &families, Better::Higher, self.rope)?;
            rows.extend(found.into_iter().map(|record| FamilyRow {
                size: self.size.to_string(),
                policy: policy.to_string(),
                family: record.family,
                wins: record.n_wins as u64,
                ties: record.n_ties as u64,
                losses: record.n_losses as u64,
                reduction: record.mean,
            }));
        }
        Ok(rows)
    }

    /// One row a policy; that of the baseline knows its rank only.
    fn standings(&self, baseline: &str, seed: u64) -> Result<Vec<StandingRow>, Error> {
        let options = Options { level: LEVEL, ..Options::independent(seed) };
        let mut rows: Vec<StandingRow> = (0..self.policies.len()).map(|i| self.plain(i)).collect();
        for (row, best_p) in rows.iter_mut().zip(self.may_be_best(&options)?) {
            row.best_p = best_p;
        }
        let rivals: Vec<usize> =
            (0..rows.len()).filter(|i| self.policies[*i] != baseline).collect();
        if !self.is_enough() || rivals.is_empty() {
            return Ok(rows);
        }
        for (&i, (test, adjusted)) in rivals.iter().zip(self.wilcoxon(&rivals)?) {
            (rows[i].wilcoxon_p, rows[i].wilcoxon_p_holm) = (test.p_value, adjusted);
            rows[i].wilcoxon_for = test.positive / (test.positive + test.negative);
            let found = bayes_signed_rank(&self.column(i), self.rope, N_DRAWS, seed)?;
            (rows[i].better, rows[i].same, rows[i].worse) =
                (found.above, found.inside, found.below);
        }
        let able: Vec<usize> =
            rivals.into_iter().filter(|i| has_spread(&self.column(*i))).collect();
        if able.is_empty() {
            return Ok(rows);
        }
        let zeros = vec![0.0; self.families.len()];
        let columns: Vec<Vec<f64>> = able.iter().map(|i| self.column(*i)).collect();
        let together = max_t::compare(&zeros, &columns, &options)?;
        for ((&i, of_many), column) in able.iter().zip(together).zip(&columns) {
            let alone = max_t::compare(&zeros, std::slice::from_ref(column), &options)?;
            let row = &mut rows[i];
            (row.reduction_low, row.reduction_high) = ends(&alone[0].difference);
            (row.reduction_low_of_many, row.reduction_high_of_many) = ends(&of_many.difference);
            row.p_of_many = of_many.p_value;
        }
        Ok(rows)
    }

    /// What needs no test.
    fn plain(&self, policy: usize) -> StandingRow {
        let column = self.column(policy);
        let nan = f64::NAN;
        let count = |fits: &dyn Fn(f64) -> bool| column.iter().filter(|d| fits(**d)).count() as u64;
        let Rope { low, high } = self.rope;
        StandingRow {
            size: self.size.to_string(),
            policy: self.policies[policy].to_string(),
            mean_rank: if self.families.len() > 1 { self.ranks[policy] } else { nan },
            reduction: mean(&column),
            reduction_low: nan,
            reduction_high: nan,
            reduction_low_of_many: nan,
            reduction_high_of_many: nan,
            p_of_many: nan,
            wilcoxon_p: nan,
            wilcoxon_p_holm: nan,
            wilcoxon_for: nan,
            better: nan,
            same: nan,
            worse: nan,
            wins: count(&|d| d > high),
            ties: count(&|d| (low..=high).contains(&d)),
            losses: count(&|d| d < low),
            best_p: nan,
            gap_closed: self.gap_closed(policy),
        }
    }

    fn gap_closed(&self, policy: usize) -> f64 {
        let there = self.cells[policy].iter().filter(|cell| cell.gap_closed.is_finite());
        let gaps: Vec<f64> = there.clone().map(|cell| cell.gap_closed).collect();
        let families: Vec<&str> = there.map(|cell| cell.family.as_str()).collect();
        records(&gaps, &families, Better::Higher, Rope::NONE)
            .map_or(f64::NAN, |records| mean_of_families(&records))
    }

    /// For each policy the p-value with which it may be the best.
    fn may_be_best(&self, options: &Options) -> Result<Vec<f64>, Error> {
        let mut p_values = vec![f64::NAN; self.policies.len()];
        if self.is_enough() {
            let losses = |i: usize| self.column(i).iter().map(|reduction| -reduction).collect();
            let losses: Vec<Vec<f64>> = (0..self.policies.len()).map(losses).collect();
            for member in confidence_set(&losses, options)? {
                p_values[member.strategy] = member.p_value;
            }
        }
        Ok(p_values)
    }

    /// Tests of these policies against the baseline, and their p-values corrected.
    fn wilcoxon(&self, rivals: &[usize]) -> Result<Vec<(SignedRank, f64)>, Error> {
        let mut tests = Vec::new();
        for &i in rivals {
            tests.push(signed_rank(&self.column(i))?);
        }
        let p_values: Vec<f64> = tests.iter().map(|test| test.p_value).collect();
        let adjusted = holm(&p_values)?;
        Ok(tests.into_iter().zip(adjusted).collect())
    }

    fn pairs(&self) -> Result<Vec<PairRow>, Error> {
        if !self.is_enough() {
            return Ok(Vec::new());
        }
        let (k, n) = (self.policies.len(), self.families.len());
        let mut rows = Vec::new();
        for pair in pairwise(&self.rows)? {
            let differences: Vec<f64> =
                self.rows.iter().map(|row| row[pair.b] - row[pair.a]).collect();
            rows.push(PairRow {
                size: self.size.to_string(),
                a: self.policies[pair.a].to_string(),
                b: self.policies[pair.b].to_string(),
                difference: mean(&differences),
                wilcoxon_p: pair.test.p_value,
                wilcoxon_p_holm: pair.adjusted,
                nemenyi_p: nemenyi::p_value(self.ranks[pair.a] - self.ranks[pair.b], k, n)?,
            });
        }
        Ok(rows)
    }
}

/// The mean reduction of each policy in each family: a row a family.
fn rows<'a>(
    families: &[&str],
    policies: &[(f64, &str)],
    column: impl Fn(&str) -> Vec<&'a CellRow>,
) -> Vec<Vec<f64>> {
    let columns: Vec<Vec<&CellRow>> = policies.iter().map(|(_, policy)| column(policy)).collect();
    let value = |cells: &Vec<&CellRow>, family: &str| {
        let own = cells.iter().filter(|cell| cell.family == family);
        mean(&own.map(|cell| cell.reduction).collect::<Vec<_>>())
    };
    families
        .iter()
        .map(|family| columns.iter().map(|cells| value(cells, family)).collect())
        .collect()
}

/// Whether a bootstrap can say anything: a policy that is just the baseline in all but a few families has
/// resamples without any spread, and no error to divide by. If these were more than half of what an interval
/// leaves out, it would be without bounds, and with it those that hold for all policies at once.
fn has_spread(values: &[f64]) -> bool {
    let same = |value: &f64| values.iter().filter(|other| *other == value).count();
    let most = values.iter().map(same).max().unwrap_or(0);
    let share = most as f64 / values.len() as f64;
    let without = values.iter().fold(1.0, |product, _| product * share);
    without < (1.0 - LEVEL) / 2.0
}

fn ends(interval: &Interval) -> (f64, f64) {
    (interval.low, interval.high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::leaders::reduction;

    /// A cell for each trace and policy, from misses of 10,000 requests.
    fn cells(families: &[&str], policies: &[&str], misses: &[&[u64]]) -> Comparison {
        let mut made = Comparison::default();
        for (t, row) in misses.iter().enumerate() {
            for (policy, misses) in policies.iter().zip(*row) {
                made.cells.push(CellRow {
                    trace: format!("trace-{t}"),
                    family: families.get(t).map_or(format!("trace-{t}"), |name| name.to_string()),
                    policy: policy.to_string(),
                    clairvoyant: if *policy == "belady" { "yes" } else { "no" }.into(),
                    size: "1%".into(),
                    requests: 10_000,
                    misses: *misses,
                    reduction: reduction(row[0], *misses),
                    gap_closed: f64::NAN,
                    ..CellRow::default()
                });
            }
        }
        made
    }

    /// J. Demšar: "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006, table 6:
    /// AUC of four variants of C4.5 on 14 data sets, as hits in 100,000. One value has a digit more than the
    /// paper prints, as its ranks ask for.
    const DEMSAR: [[u64; 4]; 14] = [
        [76_300, 76_800, 77_100, 79_800],
        [59_900, 59_100, 59_000, 56_900],
        [95_400, 97_100, 96_800, 96_700],
        [62_800, 66_100, 65_400, 65_700],
        [88_200, 88_800, 88_600, 89_800],
        [93_600, 93_100, 91_600, 93_100],
        [66_100, 66_800, 60_900, 68_500],
        [58_300, 58_300, 56_300, 62_500],
        [77_500, 83_800, 86_600, 87_500],
        [100_000, 100_000, 100_000, 100_000],
        [94_000, 96_200, 96_500, 96_200],
        [61_900, 66_600, 61_400, 66_900],
        [97_200, 98_100, 97_501, 97_500],
        [95_700, 97_800, 94_600, 97_000],
    ];
    const VARIANTS: [&str; 5] = ["none", "c4.5", "m", "cf", "m+cf"];

    /// The table, with a baseline that never hits if that is asked for.
    fn demsar(with_none: bool) -> Comparison {
        let row = |row: &[u64; 4]| -> Vec<u64> {
            let none = with_none.then_some(100_000);
            none.into_iter().chain(row.iter().map(|hits| 100_000 - hits)).collect()
        };
        let misses: Vec<Vec<u64>> = DEMSAR.iter().map(row).collect();
        let misses: Vec<&[u64]> = misses.iter().map(Vec::as_slice).collect();
        let policies = &VARIANTS[usize::from(!with_none)..];
        let mut made = cells(&[], policies, &misses);
        statistics(&mut made, policies[0], 0.01, 1).unwrap();
        made
    }

    /// Section 3.2.2: chi-squared 9.28 and F 3.69 without a correction for ties, of which there are three
    /// pairs (6 each) and a row of four (60); a critical difference of 1.25; and its mean ranks.
    #[test]
    fn ranks_and_tests_are_those_of_demsar() {
        let made = demsar(false);
        let [test] = &made.tests[..] else { panic!("one size") };
        assert_eq!((test.families, test.policies), (14, 4));
        let uncorrected = test.friedman_chi_squared * (1.0 - 78.0 / 840.0);
        assert!((uncorrected - 9.28).abs() < 5e-3, "{test:?}");
        assert!((13.0 * uncorrected / (42.0 - uncorrected) - 3.69).abs() < 5e-3, "{test:?}");
        assert!((test.critical_difference - 1.25).abs() < 5e-3, "{test:?}");
        let found = made.standings.iter().map(|row| (row.policy.as_str(), row.mean_rank));
        let paper = [("m+cf", 1.964), ("m", 2.0), ("cf", 2.893), ("c4.5", 3.143)];
        for ((name, rank), (wanted, of)) in found.zip(paper) {
            assert!(name == wanted && (rank - of).abs() < 5e-4, "{name} has {rank}");
        }
    }

    /// With a baseline that never hits, reductions are hit ratios. Of `m` less `c4.5`, twelve are not 0, and
    /// those below have ranks 1.5 and 5: 15 of all 2^12 signs give a sum of at most 6.5.
    #[test]
    fn pairs_are_tested_as_by_hand() {
        let made = demsar(true);
        let is_it = |row: &&PairRow| {
            [&row.a, &row.b].iter().all(|name| ["m", "c4.5"].contains(&name.as_str()))
        };
        let pair = made.pairs.iter().find(is_it).unwrap();
        assert_eq!(pair.wilcoxon_p, 2.0 * 15.0 / 4096.0);
        assert_eq!(made.pairs.len(), 10);
        assert!((pair.difference.abs() - 0.0155).abs() < 1e-3, "{pair:?}");
        // All four hit something everywhere: the least p-value there is, times four.
        for row in made.standings.iter().filter(|row| row.policy != "none") {
            assert_eq!((row.wilcoxon_p, row.wilcoxon_p_holm), (2.0 / 16_384.0, 8.0 / 16_384.0));
            assert_eq!((row.wins, row.ties, row.losses), (14, 0, 0));
            assert!(
                row.better > 0.99 && row.p_of_many < 0.01 && row.reduction_low > 0.5,
                "{row:?}"
            );
            assert!(row.reduction_low_of_many <= row.reduction_low, "{row:?}");
        }
        let none = made.standings.last().unwrap();
        assert_eq!((none.policy.as_str(), none.mean_rank > 4.5), ("none", true));
        assert!(none.wilcoxon_p.is_nan() && none.reduction_low.is_nan() && none.best_p < 0.05);
    }

    #[test]
    fn five_families_are_described_and_not_tested() {
        let misses: Vec<&[u64]> = vec![&[100, 50]; 5];
        let mut made = cells(&[], &["fifo", "lru"], &misses);
        statistics(&mut made, "fifo", 0.01, 1).unwrap();
        let test = &made.tests[0];
        assert!((test.families, test.friedman_p.is_nan()) == (5, true), "{test:?}");
        assert!(test.critical_difference.is_nan() && made.pairs.is_empty());
        let lru = &made.standings[0];
        assert_eq!(
            (lru.policy.as_str(), lru.mean_rank, lru.reduction, lru.wins),
            ("lru", 1.0, 0.5, 5)
        );
        assert!(lru.wilcoxon_p.is_nan() && lru.best_p.is_nan() && lru.better.is_nan());
    }

    /// Six traces of one family are one observation.
    #[test]
    fn families_weigh_the_same() {
        let mut families = vec!["one"; 6];
        families.push("other");
        let mut misses: Vec<&[u64]> = vec![&[100, 50, 10]; 6];
        misses.push(&[100, 200, 10]);
        let mut made = cells(&families, &["fifo", "lru", "belady"], &misses);
        statistics(&mut made, "fifo", 0.01, 1).unwrap();
        assert_eq!((made.tests[0].families, made.tests[0].policies), (2, 2), "no rank for bounds");
        let lru = made.standings.iter().find(|row| row.policy == "lru").unwrap();
        assert_eq!((lru.reduction, lru.wins, lru.losses), (0.0, 1, 1));
        let records: Vec<(&str, u64, u64)> = made
            .families
            .iter()
            .filter(|row| row.policy == "lru")
            .map(|row| (row.family.as_str(), row.wins, row.losses))
            .collect();
        assert_eq!(records, [("one", 6, 0), ("other", 0, 1)]);
    }

    /// It misses less in two of many families: no error to divide by, and nothing is claimed.
    #[test]
    fn what_is_nearly_the_baseline_has_no_interval() {
        let twin = |t: u64| if t < 20 { 100 } else { 110 - t };
        let misses: Vec<[u64; 3]> = (0..22).map(|t| [100, twin(t), 60 + t]).collect();
        let misses: Vec<&[u64]> = misses.iter().map(|row| &row[..]).collect();
        let mut made = cells(&[], &["fifo", "twin", "lru"], &misses);
        statistics(&mut made, "fifo", 0.01, 1).unwrap();
        let row = |name: &str| made.standings.iter().find(|row| row.policy == name).unwrap();
        assert!(row("twin").reduction_low.is_nan() && row("twin").p_of_many.is_nan());
        assert_eq!(row("twin").wilcoxon_p, 0.5);
        let lru = row("lru");
        assert!(lru.reduction_low_of_many.is_finite() && lru.p_of_many < 0.01, "{lru:?}");
    }
}
