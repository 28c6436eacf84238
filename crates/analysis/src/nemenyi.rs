//! Nemenyi's test, and what a critical-difference diagram needs.
//!
//! After Friedman's test: mean ranks of two strategies differ if they are further apart than
//! q sqrt(k (k + 1) / (6 n)), where q is the quantile of the studentized range divided by the root of two.
//! J. Demšar: "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006, with the
//! diagram.
//!
//! Mean ranks depend on which other strategies are in the table (Benavoli and others 2016): whether two
//! differ is better asked of `wilcoxon::pairwise`.

use crate::error::{self, Error};
use crate::multiple::ascending;
use crate::studentized_range as range;

/// The smallest difference of mean ranks that is significant, for `k` strategies over `n` traces.
///
/// # Errors
///
/// If there are fewer than two strategies or no trace, or alpha is not between 0 and 1.
pub fn critical_difference(k: usize, n: usize, alpha: f64) -> Result<f64, Error> {
    check(k, n)?;
    error::inside_unit("alpha", alpha)?;
    Ok(range::upper_quantile(alpha, k) * rank_error(k, n))
}

/// The p-value of two mean ranks that far apart, adjusted for all pairs.
///
/// # Errors
///
/// If there are fewer than two strategies or no trace.
pub fn p_value(apart: f64, k: usize, n: usize) -> Result<f64, Error> {
    check(k, n)?;
    Ok(range::tail(apart.abs() / rank_error(k, n), k))
}

fn check(k: usize, n: usize) -> Result<(), Error> {
    error::at_least("strategies", k, 2)?;
    error::at_least("traces", n, 1)
}

/// Standard error of a mean rank.
fn rank_error(k: usize, n: usize) -> f64 {
    let (k, n) = (k as f64, n as f64);
    (k * (k + 1.0) / (12.0 * n)).sqrt()
}

/// Groups of strategies that lie within `critical` of each other, as large as can be: the bars of the
/// diagram. Strategies are given by their place in `mean_ranks`, the best first; groups of one are
/// left out.
pub fn cliques(mean_ranks: &[f64], critical: f64) -> Vec<Vec<usize>> {
    let order = ascending(mean_ranks);
    let mut cliques: Vec<Vec<usize>> = Vec::new();
    let mut reached = 0;
    for first in 0..order.len() {
        let near = |&&i: &&usize| mean_ranks[i] - mean_ranks[order[first]] < critical;
        let end = first + order[first..].iter().take_while(near).count();
        if end > reached && end > first + 1 {
            cliques.push(order[first..end].to_vec());
        }
        reached = reached.max(end);
    }
    cliques
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Demšar 2006, section 3.2.2: 1.25 at 0.05 and 1.12 at 0.10 for four classifiers on 14 data sets, and
    /// table 5: q of 1.960, 2.343 ... 3.164.
    #[test]
    fn critical_differences_of_the_paper() {
        assert!((critical_difference(4, 14, 0.05).unwrap() - 1.25).abs() < 5e-3);
        assert!((critical_difference(4, 14, 0.1).unwrap() - 1.12).abs() < 5e-3);
        // With n = k (k + 1) / 6 the difference is q itself. The paper cuts 2.3437 to 2.343.
        for (k, n, q) in
            [(2, 1, 1.960), (3, 2, 2.343), (5, 5, 2.728), (6, 7, 2.850), (9, 15, 3.102)]
        {
            let found = critical_difference(k, n, 0.05).unwrap();
            assert!((found - q).abs() < 1e-3, "{k}: {found}");
        }
        assert!(critical_difference(1, 14, 0.05).is_err());
        assert!(critical_difference(4, 0, 0.05).is_err());
    }

    #[test]
    fn a_critical_difference_has_the_p_value_alpha() {
        let critical = critical_difference(7, 30, 0.05).unwrap();
        assert!((p_value(-critical, 7, 30).unwrap() - 0.05).abs() < 1e-9);
        assert_eq!(p_value(0.0, 7, 30).unwrap(), 1.0);
    }

    #[test]
    fn cliques_are_as_large_as_can_be() {
        let ranks = [3.143, 2.0, 2.893, 1.964];
        assert_eq!(cliques(&ranks, 1.25), [vec![3, 1, 2, 0]]);
        assert_eq!(cliques(&ranks, 1.0), [vec![3, 1, 2], vec![2, 0]]);
        assert_eq!(cliques(&[1.0, 2.0, 3.0, 9.0], 1.5), [vec![0, 1], vec![1, 2]]);
        assert!(cliques(&[1.0, 5.0], 2.0).is_empty());
        assert!(cliques(&[], 2.0).is_empty());
    }
}
