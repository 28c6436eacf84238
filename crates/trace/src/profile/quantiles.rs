//! A distribution in a few numbers.

use serde::Serialize;

/// Exact quantiles: `p90` is the smallest value that at least 90 % of all values do not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// The smallest value.
    pub min: u64,
    /// A quarter.
    pub p25: u64,
    /// Half: the median.
    pub p50: u64,
    /// Three quarters.
    pub p75: u64,
    /// 90 %.
    pub p90: u64,
    /// 99 %.
    pub p99: u64,
    /// The largest value.
    pub max: u64,
}

impl Quantiles {
    /// The quantiles of `values`, which are reordered; `None` of none. O(n).
    pub(super) fn of<T: Copy + Ord + Into<u64>>(values: &mut [T]) -> Option<Self> {
        let last = values.len().checked_sub(1)?;
        // Each selection leaves smaller values to its left, so the next looks there only.
        let mut end = last;
        let mut at = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100).saturating_sub(1);
            let value = *values[..=end].select_nth_unstable(rank).1;
            end = rank;
            value.into()
        };
        let (max, p99, p90) = (at(100), at(99), at(90));
        let (p75, p50, p25, min) = (at(75), at(50), at(25), at(0));
        Some(Quantiles { min, p25, p50, p75, p90, p99, max })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_one_to_a_hundred() {
        let mut values: Vec<u64> = (1..=100).rev().collect();
        let expected = Quantiles { min: 1, p25: 25, p50: 50, p75: 75, p90: 90, p99: 99, max: 100 };
        assert_eq!(Quantiles::of(&mut values), Some(expected));
        assert_eq!(Quantiles::of::<u64>(&mut []), None);
    }

    proptest! {
        #[test]
        fn as_by_sorting(mut values in prop::collection::vec(0..50u64, 1..200)) {
            let quantiles = Quantiles::of(&mut values).unwrap();
            values.sort_unstable();
            let by_share = |percent: usize| {
                *values.iter().enumerate().find(|(i, _)| (i + 1) * 100 >= percent * values.len())
                    .map(|(_, value)| value).unwrap()
            };
            prop_assert_eq!(quantiles.min, values[0]);
            prop_assert_eq!(quantiles.p25, by_share(25));
            prop_assert_eq!(quantiles.p50, by_share(50));
            prop_assert_eq!(quantiles.p99, by_share(99));
            prop_assert_eq!(quantiles.max, values[values.len() - 1]);
        }
    }
}
