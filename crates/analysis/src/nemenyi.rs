//! Nemenyi's test, and what a critical-difference diagram needs.
//!
//! After Friedman's test: mean ranks of two strategies differ if they are further apart than q sqrt(k (k +
//! 1) / (6 n)), q being the studentized range's quantile divided by sqrt 2. J. Demšar: "Statistical
//! comparisons of classifiers over multiple data sets", JMLR 7, 2006, with the diagram.
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
