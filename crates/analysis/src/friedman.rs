//! Friedman's test: do strategies differ at all over many traces?
//!
//! Each trace ranks the strategies; if they are equally good, mean ranks are about the same. M. Friedman:
//! "The use of ranks to avoid the assumption of normality implicit in the analysis of variance", JASA
//! 32(200), 1937, doi 10.1080/01621459.1937.10503522; with the correction for ties. R. L. Iman, J. M.
//! Davenport: "Approximations of the critical region of the Friedman statistic", Communications in
//! Statistics 9(6), 1980, doi 10.1080/03610928008827904, which is less conservative. Used as in J. Demšar:
//! "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006.

use crate::Better;
use crate::distributions::{chi_squared_tail, f_tail};
use crate::error::{self, Error};
use crate::ranks;

/// What Friedman's test found.
#[derive(Debug, Clone, PartialEq)]
pub struct Friedman {
    /// Traces in the table.
    pub n_traces: usize,
    /// Mean rank of each strategy; 1 is the best.
    pub mean_ranks: Vec<f64>,
    /// Friedman's statistic.
    pub chi_squared: f64,
    /// Its p-value by the chi-squared law.
    pub p_chi_squared: f64,
    /// The statistic of Iman and Davenport; infinite if all traces agree.
    pub f: f64,
    /// Its p-value by the F law: the one to go by.
    pub p_value: f64,
}

/// Tests a table with a row a trace and a column a strategy.
///
/// # Errors
///
/// If there are fewer than two traces or two strategies, rows are not of one length, or a value is not
/// finite.
pub fn friedman(table: &[Vec<f64>], better: Better) -> Result<Friedman, Error> {
    error::at_least("traces", table.len(), 2)?;
    let n_strategies = table[0].len();
    error::at_least("strategies", n_strategies, 2)?;
    let mut sums = vec![0; n_strategies];
    let mut tied = 0.0;
    for row in table {
        error::as_many("values of a trace", row.len(), n_strategies)?;
        error::finite("value of a trace", row)?;
        let badness: Vec<f64> = row.iter().map(|value| -better.orient(*value)).collect();
        for (sum, rank) in sums.iter_mut().zip(ranks::doubled(&badness)) {
            *sum += rank;
        }
        tied += ranks::tie_term(&badness);
    }
    let (n, k) = (table.len() as f64, n_strategies as f64);
    let mean_ranks: Vec<f64> = sums.iter().map(|sum| *sum as f64 / 2.0 / n).collect();
    let middle = (k + 1.0) / 2.0;
    let squares: f64 = mean_ranks.iter().map(|rank| (rank - middle) * (rank - middle)).sum();
    let untied = 1.0 - tied / (n * k * (k * k - 1.0));
    // All equal everywhere: nothing to see.
    let chi_squared =
        if untied <= 0.0 { 0.0 } else { 12.0 * n / (k * (k + 1.0)) * squares / untied };
    let most = n * (k - 1.0);
    let rest = (most - chi_squared).max(0.0);
    let f = if rest < 1e-9 * most { f64::INFINITY } else { (n - 1.0) * chi_squared / rest };
    Ok(Friedman {
        n_traces: table.len(),
        mean_ranks,
        chi_squared,
        p_chi_squared: chi_squared_tail(chi_squared, k - 1.0),
        f,
        p_value: f_tail(f, k - 1.0, (k - 1.0) * (n - 1.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::{DEMSAR, close};

    fn demsar() -> Vec<Vec<f64>> {
        DEMSAR.iter().map(|row| row.to_vec()).collect()
    }

    /// Demšar 2006, section 3.2.2: mean ranks 3.143, 2.000, 2.893, 1.964, chi-squared 9.28 and F 3.69, all without
    /// a correction for ties, which makes it 9.28 / (1 - ties / (n k (k² - 1))).
    #[test]
    fn the_papers_example() {
        let found = friedman(&demsar(), Better::Higher).unwrap();
        for (rank, paper) in found.mean_ranks.iter().zip([3.143, 2.0, 2.893, 1.964]) {
            assert!((rank - paper).abs() < 5e-4, "{found:?}");
        }
        // Three pairs of equals (6 each) and one row of four (60).
        let ties = (6.0 * 3.0 + 60.0) / (14.0 * 4.0 * 15.0);
        assert!((found.chi_squared * (1.0 - ties) - 9.28).abs() < 5e-3, "{found:?}");
        let uncorrected = found.chi_squared * (1.0 - ties);
        assert!((13.0 * uncorrected / (42.0 - uncorrected) - 3.69).abs() < 5e-3);
    }

    /// SciPy 1.17.1: `friedmanchisquare` and `f.sf`, with the equal values that the paper prints.
    #[test]
    fn ties_agree_with_scipy() {
        let mut table = demsar();
        table[12][2] = 0.975;
        let found = friedman(&table, Better::Higher).unwrap();
        close(found.chi_squared, 10.952380952380956, 1e-12);
        close(found.p_chi_squared, 0.011986176325417788, 1e-10);
        close(found.f, 4.585889570552149, 1e-12);
        close(found.p_value, 0.007628838730725745, 1e-10);
    }

    #[test]
    fn less_may_be_better() {
        let table = vec![vec![1.0, 2.0, 3.0]; 5];
        let found = friedman(&table, Better::Lower).unwrap();
        assert_eq!(found.mean_ranks, [1.0, 2.0, 3.0]);
        assert_eq!((found.chi_squared, found.f, found.p_value), (10.0, f64::INFINITY, 0.0));
        let equal = friedman(&vec![vec![7.0; 3]; 5], Better::Lower).unwrap();
        assert_eq!((equal.chi_squared, equal.p_value), (0.0, 1.0));
        assert!(friedman(&table[..1], Better::Lower).is_err());
        assert!(friedman(&[vec![1.0, 2.0], vec![1.0]], Better::Lower).is_err());
    }
}
