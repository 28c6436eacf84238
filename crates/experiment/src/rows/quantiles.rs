//! Quantiles of latency, each with the interval that order statistics give it.
//!
//! Of n independent draws, the number B of those below the true q-quantile is binomial (n, q), whatever
//! the law of the draws. So the true quantile lies between the l-th and the u-th smallest draw with
//! probability P(l <= B < u); l and u are chosen so that each side misses it with at most 2.5 %
//! (Conover, "Practical Nonparametric Statistics", 3rd ed. 1999, section 3.2). No law of the latencies
//! is assumed, but their independence is.
//!
//! The binomial tails are exact up to rounding: its weights are worked out from the mode outwards as
//! ratios of neighbours, until they no longer count, and then normalised. That takes about 18 standard
//! deviations, so O(sqrt n) steps.

use frames::QuantileRow;
use hdrhistogram::Histogram;

const QUANTILES: [f64; 4] = [0.5, 0.95, 0.99, 0.999];
/// Probability that the interval misses on one side, at most.
const TAIL: f64 = 0.025;
/// Weights below this share of the mode's do not count.
const NEGLIGIBLE: f64 = 1e-18;

/// The quantiles of a distribution; none of an empty one.
pub(super) fn rows(
    run: &str,
    scope: &str,
    name: &str,
    latency: &Histogram<u64>,
) -> Vec<QuantileRow> {
    let n = latency.len();
    if n == 0 {
        return Vec::new();
    }
    let ranks = QUANTILES.map(|quantile| interval(n, quantile));
    let ends = values_at(latency, &ranks);
    QUANTILES
        .iter()
        .zip(ends)
        .map(|(quantile, [low, high])| QuantileRow {
            run: run.to_string(),
            scope: scope.to_string(),
            name: name.to_string(),
            quantile: *quantile,
            value: latency.value_at_quantile(*quantile),
            low,
            high,
            n,
        })
        .collect()
}

/// Ranks l and u, from 1 to n, of the ends of the interval. l is 0, or u is n + 1, if there is no such
/// order statistic.
fn interval(n: u64, quantile: f64) -> [u64; 2] {
    let (first, weights) = binomial(n, quantile);
    let allowed = TAIL * weights.iter().sum::<f64>();
    // The largest number that B is below with at most this probability, from either side.
    let reach = |weights: &mut dyn Iterator<Item = &f64>| {
        let mut sum = 0.0;
        weights
            .take_while(|weight| {
                sum += **weight;
                sum <= allowed
            })
            .count() as u64
    };
    let low = first + reach(&mut weights.iter());
    let last = first + weights.len() as u64 - 1;
    let high = last + 1 - reach(&mut weights.iter().rev());
    [low, high]
}

/// The weights of a binomial law that count, relative to that of its mode, and the first number that
/// has one.
fn binomial(n: u64, p: f64) -> (u64, Vec<f64>) {
    let odds = p / (1.0 - p);
    let mode = (((n + 1) as f64 * p) as u64).min(n);
    let counts = |weight: &f64| *weight > NEGLIGIBLE;
    let mut weight = 1.0;
    let below = (0..mode).rev().map(|k| {
        weight *= (k + 1) as f64 / ((n - k) as f64 * odds);
        weight
    });
    let mut weights: Vec<f64> = below.take_while(counts).collect();
    let first = mode - weights.len() as u64;
    weights.reverse();
    weights.push(1.0);
    let mut weight = 1.0;
    let above = (mode..n).map(|k| {
        weight *= (n - k) as f64 * odds / (k + 1) as f64;
        weight
    });
    weights.extend(above.take_while(counts));
    (first, weights)
}

/// The values that have these ranks; not a number where there is no such rank.
fn values_at<const N: usize>(latency: &Histogram<u64>, ranks: &[[u64; 2]; N]) -> [[f64; 2]; N] {
    let mut below = 0;
    let steps: Vec<(u64, u64)> = latency
        .iter_recorded()
        .map(|bucket| {
            below += bucket.count_at_value();
            (below, bucket.value_iterated_to())
        })
        .collect();
    let value = |rank: u64| {
        let step = steps.partition_point(|(cumulative, _)| *cumulative < rank);
        let step = steps.get(step).filter(|_| rank > 0);
        step.map_or(f64::NAN, |(_, value)| *value as f64)
    };
    ranks.map(|ends| ends.map(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trace::stream::Stream;

    #[test]
    fn the_ranks_of_the_tables() {
        // For the median, tables of the sign test give these (Conover, table A3).
        for (n, low, high) in [(6, 1, 6), (10, 2, 9), (20, 6, 15), (25, 8, 18), (100, 40, 61)] {
            assert_eq!(interval(n, 0.5), [low, high], "n = {n}");
        }
        // 0.95^n falls below 2.5 % at n = 72: then p95 has an upper end.
        assert_eq!(interval(71, 0.95)[1], 72);
        assert_eq!(interval(72, 0.95)[1], 72);
        assert_eq!(interval(1, 0.5), [0, 2]);
    }

    #[test]
    fn for_many_draws_the_ranks_are_those_of_the_normal_law() {
        for quantile in QUANTILES {
            let n = 10_000_000u64;
            let [low, high] = interval(n, quantile);
            let (mean, deviation) =
                (n as f64 * quantile, (n as f64 * quantile * (1.0 - quantile)).sqrt());
            for (rank, z) in [(low, -1.959_964), (high, 1.959_964)] {
                let off = (rank as f64 - mean - z * deviation) / deviation;
                assert!(off.abs() < 0.03, "{quantile}: rank {rank} is {off} deviations off");
            }
        }
    }

    #[test]
    fn the_interval_holds_the_true_quantile_as_often_as_it_says() {
        let stream = Stream::new(7, "order statistics");
        let (n, n_trials) = (600, 1_000);
        for quantile in [0.5, 0.95, 0.99] {
            let [low, high] = interval(n, quantile);
            let holds = |trial: &u64| {
                let draws = (0..n).map(|i| stream.uniform_at(trial * n + i));
                // The truth is the quantile itself: so many draws are below it.
                let below = draws.filter(|draw| *draw < quantile).count() as u64;
                low <= below && below < high
            };
            let coverage = (0..n_trials).filter(holds).count() as f64 / n_trials as f64;
            assert!((0.94..=0.985).contains(&coverage), "{quantile}: {coverage}");
        }
    }

    #[test]
    fn values_lie_in_their_interval_and_few_draws_have_none() {
        let mut latency = Histogram::<u64>::new(3).unwrap();
        (1..=500).for_each(|value| latency.record(value).unwrap());
        let rows = rows("r", "run", "", &latency);
        let ends: Vec<(u64, f64, f64)> =
            rows.iter().map(|row| (row.value, row.low, row.high)).collect();
        assert_eq!(ends[0], (250, 228.0, 273.0));
        let (value, low, high) = ends[3];
        assert!(value == 500 && low == 498.0 && high.is_nan(), "{ends:?}");
    }
}
