//! Wilcoxon's signed-rank test: is a strategy better than another over many traces?
//!
//! One difference a trace; only their signs and the ranks of their sizes count, so one odd trace does not
//! decide. F. Wilcoxon: "Individual comparisons by ranking methods", Biometrics Bulletin 1(6), 1945, doi
//! 10.2307/3001968. For strategies over many traces it is the advice of A. Benavoli, G. Corani, F.
//! Mangili: "Should we really use post-hoc tests based on mean-ranks?", JMLR 17(5), 2016: a test of mean
//! ranks depends on which other strategies are in the table.
//!
//! Zeros are left out, as Wilcoxon did, and reported. Up to 50 differences the p-value is exact, ties
//! included: of all 2^n ways to give signs to the ranks, how many are as extreme; counted by sums, in
//! O(n³). Above, the normal law with the correction for ties and none for continuity, which is what SciPy
//! does.

use crate::distributions::normal_tail;
use crate::error::{self, Error};
use crate::multiple::holm;
use crate::ranks;

/// Up to so many differences signs are counted out.
const EXACT_UP_TO: usize = 50;

/// Result of a signed-rank test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRank {
    /// Differences other than 0.
    pub n: usize,
    /// Differences of 0, which were left out.
    pub n_zero: usize,
    /// Sum of the ranks of positive differences.
    pub positive: f64,
    /// Sum of the ranks of negative differences.
    pub negative: f64,
    /// The two-sided p-value of "they are symmetric around 0".
    pub p_value: f64,
    /// Whether the p-value was counted out.
    pub exact: bool,
}

/// Tests whether differences, one a trace, are symmetric around 0.
///
/// # Errors
///
/// If one is not finite.
pub fn signed_rank(differences: &[f64]) -> Result<SignedRank, Error> {
    error::finite("difference", differences)?;
    let values: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let sizes: Vec<f64> = values.iter().map(|d| d.abs()).collect();
    let doubled = ranks::doubled(&sizes);
    let positive: u64 =
        values.iter().zip(&doubled).filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum();
    let total: u64 = doubled.iter().sum();
    let smaller = positive.min(total - positive);
    let exact = values.len() <= EXACT_UP_TO;
    let p_value = if exact { counted(&doubled, smaller) } else { by_normal(&sizes, smaller) };
    Ok(SignedRank {
        n: values.len(),
        n_zero: differences.len() - values.len(),
        positive: positive as f64 / 2.0,
        negative: (total - positive) as f64 / 2.0,
        p_value,
        exact,
    })
}

/// Twice the share of all signs that give a sum of at most `smaller`.
fn counted(doubled: &[u64], smaller: u64) -> f64 {
    let total: u64 = doubled.iter().sum();
    // Numbers of ways to a sum; at most 2^50, so exact.
    let mut ways = vec![0.0; total as usize + 1];
    ways[0] = 1.0;
    for &rank in doubled {
        for sum in (rank as usize..ways.len()).rev() {
            ways[sum] += ways[sum - rank as usize];
        }
    }
    let extreme: f64 = ways[..=smaller as usize].iter().sum();
    let all = (1u64 << doubled.len()) as f64;
    (2.0 * extreme / all).min(1.0)
}

fn by_normal(sizes: &[f64], smaller: u64) -> f64 {
    let n = sizes.len() as f64;
    let mean = n * (n + 1.0) / 4.0;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ranks::tie_term(sizes) / 48.0;
    (2.0 * normal_tail((mean - smaller as f64 / 2.0) / variance.sqrt())).min(1.0)
}

/// Two strategies of a table, compared over its traces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The first strategy's column.
    pub a: usize,
    /// The second strategy's column.
    pub b: usize,
    /// The test of B - A.
    pub test: SignedRank,
    /// Its p-value, adjusted for all pairs by Holm.
    pub adjusted: f64,
}

/// All pairs of strategies, from a table with a row a trace and a column a strategy.
///
/// # Errors
///
/// If rows are not of one length, or a value is not finite.
pub fn pairwise(table: &[Vec<f64>]) -> Result<Vec<Pair>, Error> {
    let n_strategies = table.first().map_or(0, Vec::len);
    for row in table {
        error::as_many("values of a trace", row.len(), n_strategies)?;
    }
    let mut pairs = Vec::new();
    for a in 0..n_strategies {
        for b in a + 1..n_strategies {
            let differences: Vec<f64> = table.iter().map(|row| row[b] - row[a]).collect();
            pairs.push(Pair { a, b, test: signed_rank(&differences)?, adjusted: 1.0 });
        }
    }
    let p_values: Vec<f64> = pairs.iter().map(|pair| pair.test.p_value).collect();
    for (pair, adjusted) in pairs.iter_mut().zip(holm(&p_values)?) {
        pair.adjusted = adjusted;
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::{DEMSAR, close, depression, uniform};

    /// Hollander and Wolfe: T+ = 40, one-sided p = 0.019.
    #[test]
    fn the_textbooks_example() {
        let test = signed_rank(&depression()).unwrap();
        assert_eq!((test.positive, test.negative, test.p_value), (40.0, 5.0, 0.0390625));
        assert!(test.exact);
    }

    /// SciPy 1.17.1: `wilcoxon(x)`; for 80 values, `method="approx"`.
    #[test]
    fn p_values_agree_with_scipy() {
        let shifted =
            |seed, n, by| uniform(seed, n).into_iter().map(|u| u - by).collect::<Vec<_>>();
        close(signed_rank(&shifted(5, 12, 0.4)).unwrap().p_value, 0.0068359375, 1e-15);
        close(signed_rank(&shifted(6, 45, 0.42)).unwrap().p_value, 0.013299736328065137, 1e-12);
        let tied: Vec<f64> =
            shifted(9, 80, 0.42).iter().map(|u| (u * 20.0).round_ties_even()).collect();
        let test = signed_rank(&tied).unwrap();
        assert_eq!((test.n, test.n_zero, test.exact), (75, 5, false));
        assert_eq!(test.positive.min(test.negative), 1158.5);
        close(test.p_value, 0.15883498327268164, 1e-12);
    }

    /// All 2^9 signs by enumeration, W = 6.5 and p = 36 / 512.
    #[test]
    fn ties_are_counted_out() {
        let test = signed_rank(&[1.0, 1.0, 2.0, -2.0, 3.0, 3.0, -1.0, 4.0, 5.0]).unwrap();
        assert_eq!((test.negative, test.p_value), (6.5, 0.0703125));
    }

    #[test]
    fn nothing_to_see() {
        assert_eq!(signed_rank(&[]).unwrap().p_value, 1.0);
        assert_eq!(signed_rank(&[0.0; 4]).unwrap().n_zero, 4);
        assert!(signed_rank(&[f64::NAN]).is_err());
        // 6 of one sign: 2 / 2^6.
        assert_eq!(signed_rank(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap().p_value, 0.03125);
    }

    #[test]
    fn pairs_of_a_table_are_adjusted_together() {
        let table: Vec<Vec<f64>> = DEMSAR.iter().map(|row| row.to_vec()).collect();
        let pairs = pairwise(&table).unwrap();
        assert_eq!(pairs.len(), 6);
        let p_values: Vec<f64> = pairs.iter().map(|pair| pair.test.p_value).collect();
        let adjusted: Vec<f64> = pairs.iter().map(|pair| pair.adjusted).collect();
        assert_eq!(adjusted, holm(&p_values).unwrap());
        // C4.5 against C4.5 with m: twelve differ, the smaller sum is 6.5.
        assert_eq!((pairs[0].test.n, pairs[0].test.negative), (12, 6.5));
        assert!(pairwise(&[vec![1.0, 2.0], vec![1.0]]).is_err());
    }
}
