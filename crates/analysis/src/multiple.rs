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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::close;

    const P: [f64; 8] = [0.01, 0.02, 0.03, 0.04, 0.05, 0.001, 0.9, 0.02];

    /// statsmodels 0.15.0: `multipletests(p, method="holm")` and `"fdr_bh"`.
    #[test]
    fn adjustments_agree_with_statsmodels() {
        let expected = [0.07, 0.12, 0.12, 0.12, 0.12, 0.008, 0.9, 0.12];
        holm(&P).unwrap().iter().zip(expected).for_each(|(p, e)| close(*p, e, 1e-12));
        let expected = [0.04, 0.04, 0.048, 0.16 / 3.0, 0.4 / 7.0, 0.008, 0.9, 0.04];
        benjamini_hochberg(&P).unwrap().iter().zip(expected).for_each(|(p, e)| close(*p, e, 1e-12));
    }

    #[test]
    fn one_is_not_adjusted_and_nonsense_is_refused() {
        assert_eq!(holm(&[0.03]).unwrap(), [0.03]);
        assert_eq!(benjamini_hochberg(&[0.03]).unwrap(), [0.03]);
        assert!(holm(&[]).unwrap().is_empty());
        assert!(holm(&[0.5, 1.5]).is_err());
        assert!(benjamini_hochberg(&[f64::NAN]).is_err());
    }
}
