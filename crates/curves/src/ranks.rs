//! Popularity by rank, thinned out for drawing. Zipf's law is fitted by [`trace::profile`].

use trace::Trace;
use trace::profile::Popularity;

/// An object by its popularity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranked {
    /// 1 is the most popular.
    pub rank: u64,
    /// Requests for the object of this rank.
    pub n_requests: u64,
}

/// Ranks kept, in each tenfold of ranks.
const A_DECADE: f64 = 40.0;

/// The popular objects one by one, others thinned out evenly over the logarithm of the rank, the last
/// included. O(n log n) for the sort.
pub fn ranks(trace: &Trace) -> Vec<Ranked> {
    let mut counts = vec![0u32; trace.n_objects() as usize];
    trace.objects().iter().for_each(|object| counts[object.index()] += 1);
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let step = libm::pow(10.0, 1.0 / A_DECADE);
    let mut wanted = 1.0;
    let n = counts.len() as u64;
    let keep = |(rank, count): (u64, u32)| {
        let keep = rank as f64 >= wanted || rank == n;
        if keep {
            wanted = rank as f64 * step;
        }
        keep.then_some(Ranked { rank, n_requests: u64::from(count) })
    };
    (1..).zip(counts).filter_map(keep).collect()
}

/// Requests that the law fitted to the popular objects of a trace expects at each rank.
///
/// The fit says how counts fall off above the least one it describes, so the line goes through that
/// count at the last rank that has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZipfLine(Popularity);

impl ZipfLine {
    /// The line of a fit.
    pub fn new(fit: Popularity) -> Self {
        ZipfLine(fit)
    }

    /// The exponent.
    pub fn exponent(&self) -> f64 {
        self.0.zipf_exponent
    }

    /// Requests at a rank; `None` where the fit describes nothing.
    pub fn at(&self, rank: u64) -> Option<f64> {
        let Popularity { n_objects, least_requests, zipf_exponent, .. } = self.0;
        let described = (1..=n_objects).contains(&rank);
        let times = n_objects as f64 / rank as f64;
        described.then(|| least_requests as f64 * libm::pow(times, zipf_exponent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_an_exact_law_is_the_law() {
        let numbers = (1..=3000u64).flat_map(|n| std::iter::repeat_n(n, (60_000 / n) as usize));
        let trace = Trace::from_numbers("t", numbers);
        let fit = trace::profile::profile(&trace, 0).popularity.unwrap();
        let line = ZipfLine::new(fit);
        assert!((line.exponent() - 1.0).abs() < 0.1, "{line:?}");
        for ranked in ranks(&trace).iter().filter(|ranked| ranked.rank >= 10) {
            let Some(expected) = line.at(ranked.rank) else { continue };
            assert!((expected / ranked.n_requests as f64 - 1.0).abs() < 0.3, "{ranked:?}");
        }
        assert_eq!((line.at(0), line.at(fit.n_objects + 1)), (None, None));
    }

    #[test]
    fn ranks_go_down_and_keep_the_ends() {
        let numbers =
            (0..5000u64).flat_map(|n| std::iter::repeat_n(n, 1 + (1000 / (n + 1)) as usize));
        let ranks = ranks(&Trace::from_numbers("t", numbers));
        assert_eq!((ranks[0].rank, ranks[0].n_requests), (1, 1001));
        assert_eq!((ranks[1].rank, ranks[1].n_requests), (2, 501));
        assert_eq!(ranks.last(), Some(&Ranked { rank: 5000, n_requests: 1 }));
        assert!(ranks.len() < 150 && ranks.is_sorted_by(|a, b| a.n_requests >= b.n_requests));
        assert!(super::ranks(&Trace::from_numbers("t", [])).is_empty());
    }
}
