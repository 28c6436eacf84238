//! Two strategies over a sample of keys.
//!
//! A sample holds all requests of some keys, chosen by a hash, and its cache is smaller in proportion. Then
//! *keys* are what varies: requests of one key are hits or misses together, and an interval made of single
//! requests covers the truth in 66, 44 or 17 of 100 cases instead of 95 (Zipf 0.7, 0.9, 1.1;
//! `examples/calibration.rs`). So keys are gathered into buckets by another part of their hash, and
//! buckets are resampled; such intervals cover 96 to 98 of 100.
//!
//! **Expected-count correction.** A sample at rate r has about, but not exactly, r of the requests: the
//! hottest keys, which nearly always hit, are either in it or not. Dividing by the *expected* number of
//! requests, r x those of the full trace, and counting those that are missing or too many as hits takes
//! out that error. C. Waldspurger, N. Park, A. Garthwaite, I. Ahmad: "Efficient MRC construction with
//! SHARDS", FAST '15 (SHARDS-adj). In a difference of two arms it leaves only the denominator.
//!
//! **What about?** [`About::ThisTrace`]: what the full trace would have shown; only keys are resampled.
//! [`About::TrafficLikeIt`]: what more such traffic would show; blocks of time are resampled as well, buckets
//! and blocks independently (A. B. Owen: "The pigeonhole bootstrap", Annals of Applied Statistics 1(2),
//! 2007, doi 10.1214/07-AOAS122). Products of both weights count noise of single cells up to three times,
//! so the spread of the resamples is brought to the two-way clustered standard error: variance by bucket
//! plus variance by time minus variance by cell (A. C. Cameron, J. B. Gelbach, D. L. Miller: "Robust
//! inference with multiway clustering", Journal of Business & Economic Statistics 29(2), 2011, doi
//! 10.1198/jbes.2010.07136), and at least the larger of the first two.
//!
//! Strategies that draw lots differ by their luck as well, which all keys of a cache share. About this
//! trace, that luck counts as part of what the full trace would show, so equal strategies with random
//! eviction are found to differ in 6 to 8 of 100 cases at a nominal 5 %; about traffic like it, in 4 to 5
//! (`examples/calibration.rs`). A verdict on such strategies belongs to the latter.
//!
//! The interval knows the error of sampling keys. That a small cache may behave differently from a large
//! one is an error of its own, which falls with the size of the sample's cache, and is not in it.

use crate::Interval;
use crate::bootstrap::Blocks;
use crate::error::{self, Error};
use crate::options::{LEAST_WINDOWS, Options};
use crate::plausible::Plausible;
use crate::random::Source;
use crate::ratio::{self, Linear};

/// The fewest buckets that give an interval.
const LEAST_BUCKETS: usize = 20;

/// Counts of a sample by bucket of keys and block of time. Arrays hold all blocks of the first bucket,
/// then those of the next.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Buckets of keys; some hundred are a good number.
    pub n_buckets: usize,
    /// Blocks of time; 1 is enough for [`About::ThisTrace`].
    pub n_blocks: usize,
    /// Requests of the sample.
    pub requests: &'a [u64],
    /// Hits of strategy A.
    pub hits_a: &'a [u64],
    /// Hits of strategy B.
    pub hits_b: &'a [u64],
    /// Share of keys in the sample.
    pub rate: f64,
    /// Requests of the full trace over the same time.
    pub n_requests_full: u64,
}

/// What a comparison is to be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The trace that was sampled.
    ThisTrace,
    /// Traffic of which the trace is itself a sample. Takes at least 20 blocks of time.
    TrafficLikeIt,
}

/// What a comparison of two arms over a sample of keys found.
#[derive(Debug, Clone)]
pub struct KeyComparison {
    /// Hit ratio of A, corrected.
    pub hit_ratio_a: f64,
    /// Hit ratio of B, corrected.
    pub hit_ratio_b: f64,
    /// B minus A.
    pub difference: Interval,
    /// Standard error of the difference.
    pub standard_error: f64,
    /// The two-sided p-value of "there is no difference".
    pub p_value: f64,
    /// What the difference may be.
    pub plausible: Plausible,
    /// Requests of the sample divided by how many were expected. Far from 1, hot keys decide.
    pub share_of_expected: f64,
}

/// Compares the hit ratios of two strategies.
///
/// # Errors
///
/// If the arrays do not have buckets x blocks counts, there are fewer than 20 buckets (or blocks, where
/// time is resampled), hits exceed requests, the rate is not in (0, 1], or an option makes no sense.
pub fn compare(
    sample: &Sample<'_>,
    about: About,
    options: &Options,
) -> Result<KeyComparison, Error> {
    sample.check(about)?;
    let (estimate, standard_error, plausible) = match about {
        About::ThisTrace => by_buckets(sample, options)?,
        About::TrafficLikeIt => by_buckets_and_time(sample, options)?,
    };
    let expected = sample.expected();
    let requests = total(sample.requests);
    let corrected = |hits: &[u64]| (total(hits) + expected - requests) / expected;
    Ok(KeyComparison {
        hit_ratio_a: corrected(sample.hits_a),
        hit_ratio_b: corrected(sample.hits_b),
        difference: plausible.interval(estimate, options.level),
        standard_error,
        p_value: plausible.p_value(0.0),
        plausible,
        share_of_expected: requests / expected,
    })
}

/// Buckets are independent draws; what they share is the mechanism of all ratios.
fn by_buckets(sample: &Sample<'_>, options: &Options) -> Result<(f64, f64, Plausible), Error> {
    let options = Options { block_length: Some(1.0), ..*options };
    let below = sample.expected_each(sample.n_buckets);
    let ratio = ratio::estimate(&sample.by_bucket(), &below, &options)?;
    Ok((ratio.estimate, ratio.standard_error, ratio.plausible))
}

/// Buckets and blocks of time are drawn independently, and the spread is set right.
fn by_buckets_and_time(
    sample: &Sample<'_>,
    options: &Options,
) -> Result<(f64, f64, Plausible), Error> {
    options.check()?;
    let below = sample.expected_each(sample.n_blocks);
    let time = Linear::new(&sample.by_time(), &below)?;
    let blocks = Blocks::of(&time.values, options);
    let standard_error = two_way_error(sample, &time, &blocks)?;
    let resamples = pigeonhole(sample, time.ratio, &blocks, options);
    let squares: f64 = resamples.iter().map(|value| square(value - time.ratio)).sum();
    let spread = (squares / resamples.len() as f64).sqrt();
    let stretch = if spread == 0.0 { 1.0 } else { standard_error / spread };
    let plausible = Plausible::new(resamples).stretched(time.ratio, stretch);
    Ok((time.ratio, standard_error, plausible))
}

/// The standard error that is clustered by bucket and by time.
fn two_way_error(sample: &Sample<'_>, time: &Linear<'_>, blocks: &Blocks) -> Result<f64, Error> {
    let below = sample.expected_each(sample.n_buckets);
    let buckets = Linear::new(&sample.by_bucket(), &below)?;
    let by_bucket = square(buckets.standard_error(&Blocks::single(sample.n_buckets)));
    let by_time = square(time.standard_error(blocks));
    let cells = sample.cells();
    let mean = cells.iter().sum::<f64>() / cells.len() as f64;
    let below = sample.expected_each(sample.n_blocks);
    let by_cell: f64 = cells
        .chunks_exact(sample.n_blocks)
        .map(|bucket| bucket.iter().map(|cell| cell - mean).collect())
        .map(|values| square(Linear::around(values, &below).standard_error(blocks)))
        .sum();
    Ok((by_bucket + by_time - by_cell).max(by_bucket).max(by_time).sqrt())
}

/// What the difference would be, were the error that of a resample of buckets and of blocks of time.
fn pigeonhole(sample: &Sample<'_>, estimate: f64, blocks: &Blocks, options: &Options) -> Vec<f64> {
    let cells = sample.cells();
    let buckets = Blocks::single(sample.n_buckets);
    let rows = Source::new(options.seed, "buckets");
    let columns = Source::new(options.seed, "blocks");
    let resample = |number| {
        let weights = blocks.counts(&columns, number);
        let row = |bucket: &[f64]| -> f64 {
            bucket.iter().zip(&weights).map(|(cell, weight)| cell * f64::from(*weight)).sum()
        };
        let drawn = buckets.counts(&rows, number);
        let sum: f64 = drawn
            .iter()
            .zip(cells.chunks_exact(sample.n_blocks))
            .filter(|(weight, _)| **weight > 0)
            .map(|(weight, bucket)| f64::from(*weight) * row(bucket))
            .sum();
        2.0 * estimate - sum / sample.expected()
    };
    (0..options.n_resamples as u64).map(resample).collect()
}

fn square(x: f64) -> f64 {
    x * x
}

fn total(counts: &[u64]) -> f64 {
    counts.iter().map(|count| *count as f64).sum()
}

impl Sample<'_> {
    /// Requests that the sample should have.
    fn expected(&self) -> f64 {
        self.rate * self.n_requests_full as f64
    }

    /// The same for each of `n` parts.
    fn expected_each(&self, n: usize) -> Vec<f64> {
        vec![self.expected() / n as f64; n]
    }

    /// Hits of B less hits of A.
    fn cells(&self) -> Vec<f64> {
        self.hits_a.iter().zip(self.hits_b).map(|(a, b)| *b as f64 - *a as f64).collect()
    }

    /// Differences by bucket: what [`aa::false_positive_rate`](crate::aa::false_positive_rate) takes, with
    /// blocks of one.
    pub fn by_bucket(&self) -> Vec<f64> {
        self.cells().chunks_exact(self.n_blocks).map(|bucket| bucket.iter().sum()).collect()
    }

    fn by_time(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_blocks];
        for bucket in self.cells().chunks_exact(self.n_blocks) {
            sums.iter_mut().zip(bucket).for_each(|(sum, cell)| *sum += cell);
        }
        sums
    }

    fn check(&self, about: About) -> Result<(), Error> {
        error::at_least("buckets", self.n_buckets, LEAST_BUCKETS)?;
        let least = if about == About::ThisTrace { 1 } else { LEAST_WINDOWS };
        error::at_least("blocks of time", self.n_blocks, least)?;
        let n = self.n_buckets * self.n_blocks;
        error::as_many("counts of requests", self.requests.len(), n)?;
        error::as_many("counts of hits of A", self.hits_a.len(), n)?;
        error::as_many("counts of hits of B", self.hits_b.len(), n)?;
        for (what, hits) in [("hits of A", self.hits_a), ("hits of B", self.hits_b)] {
            if let Some(index) = (0..n).find(|&i| hits[i] > self.requests[i]) {
                let (value, expected) = (hits[index] as f64, "at most the requests of the cell");
                return Err(Error::Value { what, index, value, expected });
            }
        }
        error::setting("rate", self.rate, |r| r > 0.0 && r <= 1.0, "a number in (0, 1]")?;
        error::at_least("requests", self.n_requests_full as usize, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::close;

    /// 40 buckets x 20 blocks, ten requests each; B has a hit more in about a third of the cells.
    fn counts() -> [Vec<u64>; 3] {
        let mut draws = Source::new(1, "cells").resample(0);
        let a: Vec<u64> = (0..800).map(|_| 3 + draws.below(4) as u64).collect();
        let b = a.iter().map(|a| a + u64::from(draws.uniform() < 0.35)).collect();
        [vec![10; 800], a, b]
    }

    fn sample([requests, hits_a, hits_b]: &[Vec<u64>; 3]) -> Sample<'_> {
        let (n_buckets, n_blocks, rate, n_requests_full) = (40, 20, 0.1, 80_000);
        Sample { n_buckets, n_blocks, requests, hits_a, hits_b, rate, n_requests_full }
    }

    #[test]
    fn missing_requests_count_as_hits() {
        let counts = counts();
        let whole = compare(&sample(&counts), About::ThisTrace, &Options::default()).unwrap();
        let hits: u64 = counts[1].iter().sum();
        assert_eq!(whole.share_of_expected, 1.0);
        close(whole.hit_ratio_a, hits as f64 / 8_000.0, 1e-12);
        // A full trace of 10,000 requests more: a thousand of the sample's are missing.
        let fewer = Sample { n_requests_full: 90_000, ..sample(&counts) };
        let found = compare(&fewer, About::ThisTrace, &Options::default()).unwrap();
        close(found.hit_ratio_a, (hits as f64 + 1_000.0) / 9_000.0, 1e-12);
        close(found.share_of_expected, 8.0 / 9.0, 1e-12);
        close(found.difference.estimate, whole.difference.estimate * 8.0 / 9.0, 1e-12);
        close(found.difference.estimate, found.hit_ratio_b - found.hit_ratio_a, 1e-9);
    }

    /// Independent cells: both ways of asking have nearly the same error, that of 800 cells.
    #[test]
    fn noise_is_not_counted_thrice() {
        let counts = counts();
        let cells: Vec<f64> = sample(&counts).cells();
        let mean = cells.iter().sum::<f64>() / 800.0;
        let variance = cells.iter().map(|c| square(c - mean)).sum::<f64>() / 799.0;
        let expected = (variance * 800.0).sqrt() / 8_000.0;
        for about in [About::ThisTrace, About::TrafficLikeIt] {
            let found = compare(&sample(&counts), about, &Options::default()).unwrap();
            close(found.standard_error, expected, 0.25);
            let width = found.difference.high - found.difference.low;
            close(width, 2.0 * 2.0 * found.standard_error, 0.1);
            assert!(found.p_value < 0.01);
        }
    }

    /// A good and a bad time for all keys: only about traffic is that an error.
    #[test]
    fn time_counts_where_it_is_asked_about() {
        let mut counts = counts();
        counts[2] = (0..800).map(|cell| counts[1][cell] + u64::from(cell % 20 < 5)).collect();
        let found = |about| compare(&sample(&counts), about, &Options::default()).unwrap();
        assert_eq!(found(About::ThisTrace).standard_error, 0.0);
        let traffic = found(About::TrafficLikeIt);
        assert!(traffic.standard_error > 0.005 && traffic.difference.low < 0.02, "{traffic:?}");
    }

    #[test]
    fn nonsense_is_refused() {
        let counts = counts();
        let good = sample(&counts);
        let refused = |sample: Sample<'_>, about| {
            compare(&sample, about, &Options::default()).unwrap_err().to_string()
        };
        assert_eq!(
            refused(Sample { n_buckets: 39, ..good }, About::ThisTrace),
            "800 counts of requests stand beside 780: there must be as many of both"
        );
        assert_eq!(
            refused(Sample { requests: &counts[1], ..good }, About::ThisTrace)
                .split(':')
                .next_back(),
            Some(" expected at most the requests of the cell")
        );
        assert!(refused(Sample { rate: 0.0, ..good }, About::ThisTrace).starts_with("rate is 0"));
        let one_block = Sample { n_buckets: 800, n_blocks: 1, ..good };
        assert!(compare(&one_block, About::ThisTrace, &Options::default()).is_ok());
        assert!(refused(one_block, About::TrafficLikeIt).starts_with("1 blocks of time"));
        let empty = Sample { n_requests_full: 0, ..good };
        assert!(refused(empty, About::ThisTrace).starts_with("0 requests"));
    }
}
