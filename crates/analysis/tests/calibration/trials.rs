//! Repeated experiments with a known truth: how many came out as what is claimed.

use analysis::confidence_set::confidence_set;
use analysis::hac::Mean;
use analysis::key_sample::{self, About, KeyComparison, Sample};
use analysis::paired::{self, Comparison};
use analysis::quantile::{self, Histogram};
use analysis::sequential::ConfidenceSequence;
use analysis::{Error, Interval, Options, aa, max_t};

use crate::process::{Dice, Policy, Sampled, Zipf, autoregression, hits, windows};

/// How many of so many.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) n: u64,
}

impl Tally {
    fn add(&mut self, yes: bool) {
        self.count += u64::from(yes);
        self.n += 1;
    }

    pub(crate) fn share(&self) -> f64 {
        self.count as f64 / self.n as f64
    }
}

/// By method: bootstrap, bootstrap with the other blocks, Newey and West, Diebold and Mariano.
pub(crate) const METHODS: [&str; 4] =
    ["stationary bootstrap", "circular bootstrap", "Newey-West", "Diebold-Mariano"];

fn options(seed: u64) -> Options {
    Options { seed, n_resamples: 199, ..Options::default() }
}

fn by_method(comparison: &Comparison) -> [Mean; 4] {
    let second = &comparison.second_opinions;
    let bootstrap = Mean {
        interval: comparison.difference,
        standard_error: comparison.standard_error,
        p_value: comparison.p_value,
    };
    [bootstrap, second.other_blocks, second.newey_west, second.diebold_mariano]
}

/// Coverage of the mean of an autoregression.
pub(crate) fn autoregressions(
    n_windows: usize,
    kept: f64,
    n_trials: u64,
) -> Result<[Tally; 4], Error> {
    let mut tallies = [Tally::default(); 4];
    let zeros = vec![0.0; n_windows];
    for seed in 0..n_trials {
        let series = autoregression(seed, n_windows, kept);
        let found = by_method(&paired::compare(&zeros, &series, &options(seed))?);
        tallies
            .iter_mut()
            .zip(found)
            .for_each(|(tally, mean)| tally.add(mean.interval.covers(0.0)));
    }
    Ok(tallies)
}

/// Coverage of the difference in hit ratio between LRU and FIFO over independent requests.
pub(crate) fn caches(skew: f64, n_trials: u64) -> Result<[Tally; 4], Error> {
    const KEYS: usize = 5_000;
    let zipf = Zipf::new(KEYS, skew);
    let compare = |seed| {
        let requests = zipf.requests(seed, 40_000);
        let series = |policy| windows(&hits(policy, &requests, KEYS, 250)[10_000..], 300);
        paired::compare(&series(Policy::Fifo), &series(Policy::Lru), &options(seed))
    };
    let found = (0..n_trials).map(compare).collect::<Result<Vec<_>, _>>()?;
    let truth = found.iter().map(|c| c.difference.estimate).sum::<f64>() / n_trials as f64;
    let mut tallies = [Tally::default(); 4];
    for means in found.iter().map(by_method) {
        for (tally, mean) in tallies.iter_mut().zip(means) {
            tally.add(mean.interval.covers(truth));
        }
    }
    Ok(tallies)
}

/// How often two caches with random eviction, but for the seed the same, are found to differ.
pub(crate) fn equal_caches(n_trials: u64) -> Result<[Tally; 4], Error> {
    const KEYS: usize = 2_000;
    let zipf = Zipf::new(KEYS, 0.9);
    let mut tallies = [Tally::default(); 4];
    for seed in 0..n_trials {
        let requests = zipf.requests(seed, 25_000);
        let arm = |arm| windows(&hits(random(seed, 0, arm), &requests, KEYS, 100)[5_000..], 200);
        let means = by_method(&paired::compare(&arm(0), &arm(1), &options(seed))?);
        tallies.iter_mut().zip(means).for_each(|(tally, mean)| tally.add(mean.p_value <= 0.05));
    }
    Ok(tallies)
}

fn random(seed: u64, sample: u64, arm: u64) -> Policy {
    Policy::Random((1 << 40) + seed * 100 + sample * 2 + arm)
}

/// The rate that swapping labels finds on autoregressions, in swaps.
pub(crate) fn swapped_labels(kept: f64, n_trials: u64) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    for seed in 0..n_trials {
        let series = autoregression(seed, 200, kept);
        let rate = aa::false_positive_rate(&series, 50, &options(seed))?;
        tally.count += (rate.estimate * 50.0).round() as u64;
        tally.n += 50;
    }
    Ok(tally)
}

/// Keys of the traces that are sampled, requests, how many of them warm the caches, and capacity.
const SAMPLED: (usize, usize, usize, usize) = (20_000, 150_000, 50_000, 2_000);
/// Disjoint samples of each trace.
const SAMPLES: u64 = 10;

fn sampled(requests: &[usize]) -> Sampled<'_> {
    let (n_keys, _, warm, capacity) = SAMPLED;
    Sampled { requests, n_keys, capacity, warm, n_buckets: 200, n_blocks: 40 }
}

/// What is done without thought: the interval of the mean difference of single requests.
fn by_request(trace: &Sampled<'_>, salt: u64, which: u64, [a, b]: [Policy; 2]) -> Interval {
    let cells = trace.cells(salt, which, a, b);
    let total = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let n = total(&cells.requests);
    let mean = (total(&cells.hits_b) - total(&cells.hits_a)) / n;
    let error = ((cells.n_differ as f64 / n - mean * mean) / n).sqrt();
    Interval::from_error(mean, error, f64::INFINITY, 0.95)
}

fn compare_sample(
    trace: &Sampled<'_>,
    salt: u64,
    which: u64,
    [a, b]: [Policy; 2],
    about: About,
) -> Result<KeyComparison, Error> {
    let cells = trace.cells(salt, which, a, b);
    let sample = Sample {
        n_buckets: trace.n_buckets,
        n_blocks: trace.n_blocks,
        requests: &cells.requests,
        hits_a: &cells.hits_a,
        hits_b: &cells.hits_b,
        rate: 1.0 / SAMPLES as f64,
        n_requests_full: (trace.requests.len() - trace.warm) as u64,
    };
    key_sample::compare(&sample, about, &options(salt * SAMPLES + which))
}

/// Coverage of the full trace's difference between LRU and FIFO by samples of a tenth of the keys, and
/// of the mean difference of all traces by intervals about traffic; and of the full trace's by single
/// requests.
pub(crate) fn samples_of_keys(skew: f64, n_traces: u64) -> Result<[Tally; 3], Error> {
    let (n_keys, n, warm, capacity) = SAMPLED;
    let zipf = Zipf::new(n_keys, skew);
    let mut found = Vec::new();
    for seed in 0..n_traces {
        let requests = zipf.requests(seed, n);
        let trace = sampled(&requests);
        let full = |policy| windows(&hits(policy, &requests, n_keys, capacity)[warm..], n - warm);
        let truth = full(Policy::Lru)[0] - full(Policy::Fifo)[0];
        let arms = [Policy::Fifo, Policy::Lru];
        for which in 0..SAMPLES {
            let this = compare_sample(&trace, seed, which, arms, About::ThisTrace)?;
            let like = compare_sample(&trace, seed, which, arms, About::TrafficLikeIt)?;
            let naive = by_request(&trace, seed, which, arms);
            found.push((truth, this.difference, like.difference, naive));
        }
    }
    let mean = found.iter().map(|(truth, ..)| truth).sum::<f64>() / found.len() as f64;
    let mut tallies = [Tally::default(); 3];
    for (truth, this, like, naive) in found {
        tallies[0].add(this.covers(truth));
        tallies[1].add(like.covers(mean));
        tallies[2].add(naive.covers(truth));
    }
    Ok(tallies)
}

/// How often two caches with random eviction are found to differ by samples of a tenth of the keys:
/// about this trace, and about traffic like it.
pub(crate) fn equal_samples_of_keys(skew: f64, n_traces: u64) -> Result<[Tally; 2], Error> {
    let (n_keys, n, ..) = SAMPLED;
    let zipf = Zipf::new(n_keys, skew);
    let mut tallies = [Tally::default(); 2];
    for seed in 0..n_traces {
        let requests = zipf.requests(seed, n);
        let trace = sampled(&requests);
        for which in 0..SAMPLES {
            let arms = [random(seed, which, 0), random(seed, which, 1)];
            for (tally, about) in tallies.iter_mut().zip([About::ThisTrace, About::TrafficLikeIt]) {
                tally.add(compare_sample(&trace, seed, which, arms, about)?.p_value <= 0.05);
            }
        }
    }
    Ok(tallies)
}

/// Coverage of the difference of the 95th percentiles of lognormal latencies that drift together, B
/// being slower by a tenth.
pub(crate) fn quantiles(kept: f64, n_trials: u64) -> Result<Tally, Error> {
    const DRIFT: f64 = 0.1;
    const MICROS: f64 = 10_000.0;
    // Logarithms are normal with this variance; 1.645 is the normal law's quantile.
    let variance = 1.0 + DRIFT * DRIFT / (1.0 - kept * kept);
    let truth = 0.1 * MICROS * libm::exp(1.644_853_626_951 * variance.sqrt());
    let mut tally = Tally::default();
    for seed in 0..n_trials {
        let drift = autoregression(seed, 120, kept);
        let mut dice = Dice::new(seed + (1 << 40));
        let mut arm = |scale: f64| -> Vec<Histogram> {
            let mut latency = |level: f64| {
                let latency = scale * libm::exp(DRIFT * level + dice.normal());
                // Steps of a hundredth of the typical value.
                ((latency / 100.0).round() as u64 * 100, 1)
            };
            drift.iter().map(|level| (0..50).map(|_| latency(*level)).collect()).collect()
        };
        let (a, b) = (arm(MICROS), arm(1.1 * MICROS));
        let found = quantile::compare(&a, &b, 0.95, &options(seed))?;
        tally.add(found.difference.covers(truth));
    }
    Ok(tally)
}

/// How often any of ten strategies that equal the baseline is found to differ from it.
pub(crate) fn many_equal(n_trials: u64) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    for seed in 0..n_trials {
        let all: Vec<Vec<f64>> =
            (0..11).map(|i| autoregression(seed * 100 + i, 150, 0.3)).collect();
        let found = max_t::compare(&all[0], &all[1..], &options(seed))?;
        tally.add(found.iter().any(|contender| contender.p_value <= 0.05));
    }
    Ok(tally)
}

/// Coverage over independent rows: of the mean of one strategy, and of all of eight at once. Each row is
/// of normal differences, or of skewed ones.
pub(crate) fn independent_rows(
    n_rows: usize,
    skewed: bool,
    n_trials: u64,
) -> Result<[Tally; 2], Error> {
    let mut tallies = [Tally::default(); 2];
    let zeros = vec![0.0; n_rows];
    for seed in 0..n_trials {
        let mut dice = Dice::new(seed);
        let mut strategy = || -> Vec<f64> {
            let mut draw = || match skewed {
                false => dice.normal(),
                true => -libm::log(1.0 - dice.uniform()) - 1.0,
            };
            (0..n_rows).map(|_| draw()).collect()
        };
        let strategies: Vec<Vec<f64>> = (0..8).map(|_| strategy()).collect();
        let options = Options { n_resamples: 499, ..Options::independent(seed) };
        let [alone] = max_t::compare(&zeros, &strategies[..1], &options)?[..] else {
            unreachable!("one strategy, one answer")
        };
        tallies[0].add(alone.difference.covers(0.0));
        let all = max_t::compare(&zeros, &strategies, &options)?;
        tallies[1].add(all.iter().all(|contender| contender.difference.covers(0.0)));
    }
    Ok(tallies)
}

/// How often the best of ten strategies is in their confidence set of 95 %.
pub(crate) fn best_is_in_the_set(n_trials: u64) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    for seed in 0..n_trials {
        let loss = |i: u64| -> Vec<f64> {
            let worse = 0.05 * i as f64;
            let series = autoregression(seed * 100 + i, 150, 0.3);
            series.into_iter().map(|value| value + worse).collect()
        };
        let losses: Vec<Vec<f64>> = (0..10).map(loss).collect();
        let members = confidence_set(&losses, &options(seed))?;
        tally.add(members.iter().any(|m| m.strategy == 0 && m.p_value > 0.05));
    }
    Ok(tally)
}

/// How often a confidence sequence leaves out the truth at any of a thousand looks.
pub(crate) fn looks(n_trials: u64) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    for seed in 0..n_trials {
        let mut dice = Dice::new(seed);
        let mut sequence = ConfidenceSequence::new(0.95, 200)?;
        let mut left_out = false;
        for _ in 0..1_000 {
            sequence.push(dice.normal())?;
            left_out |= sequence.interval().is_some_and(|interval| !interval.covers(0.0));
        }
        tally.add(left_out);
    }
    Ok(tally)
}
