//! Many tests at once: p-values as large as they must be so that few of many are found by chance.
//!
//! - [`holm`]: the probability of *any* false finding is at most alpha, whatever the dependence. S. Holm: "A
//!   simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2), 1979.
//! - [`benjamini_hochberg`]: the expected *share* of false ones among the findings is at most alpha, for
//!   tests that are independent or positively dependent. Y. Benjamini, Y. Hochberg: "Controlling the false
//!   discovery rate", Journal of the Royal Statistical Society B 57(1), 1995, doi
//!   10.1111/j.2517-6161.1995.tb02031.x.
//!
//! Strategies over one trace are far from independent; `max_t` makes use of that and finds more.

use crate::error::{self, Error};

/// Adjusted p-values by Holm, in the order given.
///
/// # Errors
///
/// If one is not in [0, 1].
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, Error> {
    error::probabilities("p-value", p_values)?;
    let order = ascending(p_values);
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (rank, &i) in order.iter().enumerate() {
        largest = largest.max(p_values[i] * (p_values.len() - rank) as f64).min(1.0);
        adjusted[i] = largest;
    }
    Ok(adjusted)
}

/// Adjusted p-values by Benjamini and Hochberg, in the order given.
///
/// # Errors
///
/// If one is not in [0, 1].
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, Error> {
    error::probabilities("p-value", p_values)?;
    let order = ascending(p_values);
    let mut adjusted = vec![0.0; p_values.len()];
    let mut smallest: f64 = 1.0;
    for (rank, &i) in order.iter().enumerate().rev() {
        smallest = smallest.min(p_values[i] * p_values.len() as f64 / (rank as f64 + 1.0));
        adjusted[i] = smallest;
    }
    Ok(adjusted)
}

/// Places of the values in ascending order.
pub(crate) fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    order
}
