//! Capacities to look at.

use cache::Unit;
use trace::Trace;

/// The capacity that holds everything: objects, or the footprint in bytes.
pub fn whole(trace: &Trace, unit: Unit) -> u64 {
    match unit {
        Unit::Objects => u64::from(trace.n_objects()),
        Unit::Bytes => trace.footprint_bytes(),
    }
}

/// About `n` capacities from a thousandth of `whole` to all of it, evenly spread over the logarithm;
/// fewer where whole numbers coincide.
pub fn spread(whole: u64, n: usize) -> Vec<u64> {
    let last = n.saturating_sub(1).max(1) as f64;
    let share = |i: usize| libm::pow(1000.0, i as f64 / last - 1.0);
    let mut capacities: Vec<u64> = (0..n.max(1))
        .map(|i| if i + 1 >= n { whole } else { (whole as f64 * share(i)).round() as u64 })
        .map(|capacity| capacity.max(1))
        .collect();
    capacities.dedup();
    capacities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_rise_to_the_whole() {
        assert_eq!(spread(1_000_000, 4), [1000, 10_000, 100_000, 1_000_000]);
        assert_eq!(spread(3, 15), [1, 2, 3]);
        assert_eq!((spread(7, 1), spread(0, 3), spread(5, 0)), (vec![7], vec![1], vec![5]));
    }
}
