//! Any policy from the requests for a few objects, in a cache as much smaller.
//!
//! Waldspurger, Saemundsson, Ahmad and Park: "Cache modeling and optimization using miniature
//! simulations", USENIX ATC '17. A sample of the objects at rate R, by a hash of their keys, is
//! replayed through a cache of R times the capacity. Written from the paper as remembered, not from
//! its text; the sample is [`trace::sample::by_object`].
//!
//! The estimate is `misses / (R x requests)`, R being the share of the objects that is in the sample:
//! the expected-count correction of SHARDS, for the same reason (see [`crate::shards`]).
//!
//! # Rate
//!
//! A small cache is more at the mercy of single objects than a large one, and its parts are whole
//! numbers: a tenth of 15 objects is 1, and an S3-FIFO with a small queue of 1 stores nothing. So the
//! rate asked for is the least: it is doubled until the scaled cache has room for [`LEAST_OBJECTS`]
//! objects of average size. Where that takes so many samples that a replay of everything is no more
//! work, a replay is the better answer, and [`MiniSimulation::reaches`] says so.
//!
//! # Interval
//!
//! *Chance.* [`REPEATS`] samples under different seeds are simulated; the estimate is their mean, and
//! the half-width of its interval comes from their spread. Given the trace, samples are independent, so
//! this holds at any rate and for any policy, however its objects depend on one another in the cache.
//!
//! *Bias.* The same is done at half the rate, with the half of each sample that hashes lowest. If the
//! bias is proportional to 1 / R, as from rounding and from chance in a scaled cache, then what it is at
//! R is what it grows by from R to R / 2. So the interval is wider, on both sides, by the difference of
//! the two estimates and by the half-width of that difference. The estimate itself is not moved:
//! extrapolated, it was no nearer to the truth.
//!
//! # How sure that is
//!
//! Measured against exact replays on the recordings of `traces/`, at rates of 0.01 to 0.08, 24
//! capacities from a thousandth of the objects on and ten seeds (`benches/record`, 2026-11-25). On three
//! recordings of up to 7,144 objects everything is replayed; on the others 2 to 9 of the 24 capacities are
//! sampled. Share of intervals of nominally 95 % that hold the truth, and the mean error:
//!
//! | policy | `memory-gzip` | `redis-monitor` | `web-crawl` |
//! |---|---|---|---|
//! | `lru`, `fifo`, `s3-fifo`, `sieve`, `arc` | 100 %, 0.001 | 100 %, 0.000 to 0.001 | 100 %, 0.001 |
//! | `lirs` | 100 %, 0.002 | 0 %, 0.017 | 100 %, 0.001 |
//! | `w-tiny-lfu` | 52 %, 0.017 | 92 %, 0.004 | 100 %, 0.002 |
//!
//! Half-widths are 0.003 to 0.014 in the mean: for most policies wider than need be. What half the rate
//! does not show:
//!
//! - *Bursts.* Between two requests for an object that follow each other closely, a sample has none for
//!   others. A policy that counts a burst as one use, as LIRS does, then sees bursts where there are
//!   none. In `redis-monitor`, where a miss is a read and soon after a write of the same key by one of
//!   four clients, LIRS is 0.02 too high at every low rate, and gets to the truth as the rate gets to 1.
//! - *Two minds.* W-TinyLFU settles on one size of its window or another: on `memory-gzip`, at a rate of
//!   0.08, samples under different seeds miss 0.32 or 0.37 of the time, and the whole trace 0.36.
//!
//! Such policies are for exact replays.
//!
//! Cost: 1.5 R x [`REPEATS`] of a replay, a capacity. Memory: the samples, at most as much as 1.3 times
//! the trace, where capacities need every rate there is.

use cache::{Job, PolicyInfo, PolicySpec, Progress, Unit};
use trace::{Trace, sample};

use crate::interval::mean;
use crate::{Error, Point, whole};

/// How many samples are simulated at each rate.
pub const REPEATS: usize = 8;
/// The fewest objects of average size that a scaled cache has room for.
pub const LEAST_OBJECTS: u64 = 500;
/// Samples at this rate, and at half of it, have as many requests as the trace.
const MOST_RATE: f64 = 1.0 / (1.5 * REPEATS as f64);

/// The samples of a trace.
#[derive(Debug)]
pub struct MiniSimulation {
    /// Samples at half the rate asked for, at that rate, at twice that rate, and so on; none where no
    /// capacity needs them. Those of one seed are at the same place.
    samples: Vec<Vec<Trace>>,
    rate: f64,
    unit: Unit,
    n_objects: u32,
    n_requests: usize,
    /// Bytes an object, or 1.
    mean_size: f64,
}

impl MiniSimulation {
    /// Draws samples for these capacities at this rate or above, under seeds from `seed` on.
    pub fn new(
        trace: &Trace,
        unit: Unit,
        rate: f64,
        seed: u64,
        capacities: &[u64],
    ) -> Result<Self, Error> {
        Error::check_rate(rate)?;
        let n_objects = trace.n_objects();
        let mut mini = MiniSimulation {
            samples: Vec::new(),
            rate,
            unit,
            n_objects,
            n_requests: trace.n_requests(),
            mean_size: whole(trace, unit) as f64 / f64::from(n_objects.max(1)),
        };
        let mut needed: Vec<usize> = capacities
            .iter()
            .filter_map(|capacity| mini.doublings(*capacity))
            .flat_map(|doublings| [doublings, doublings + 1])
            .collect();
        needed.sort_unstable();
        needed.dedup();
        let n_levels = needed.last().map_or(0, |last| last + 1);
        mini.samples.resize_with(n_levels, Vec::new);
        for level in needed {
            let rate = rate / 2.0 * (1u64 << level) as f64;
            mini.samples[level] = (0..REPEATS as u64)
                .map(|repeat| draw(trace, rate, seed.wrapping_add(repeat)))
                .collect::<Result<_, _>>()?;
        }
        Ok(mini)
    }

    /// How often the rate is doubled for a capacity; `None` if a replay is no more work.
    fn doublings(&self, capacity: u64) -> Option<usize> {
        let room = (capacity as f64 / self.mean_size).min(f64::from(self.n_objects));
        let rates = std::iter::successors(Some(self.rate), |rate| Some(2.0 * rate));
        rates
            .take_while(|rate| *rate < MOST_RATE)
            .position(|rate| rate * room >= LEAST_OBJECTS as f64)
    }

    /// Whether samples answer for this capacity with less work than a replay of the trace.
    pub fn reaches(&self, capacity: u64) -> bool {
        self.doublings(capacity).is_some()
    }

    /// Requests that are replayed for a capacity that it [`reaches`](Self::reaches).
    pub fn n_requests(&self, capacity: u64) -> usize {
        self.levels(capacity).iter().flat_map(|level| level.iter()).map(Trace::n_requests).sum()
    }

    /// The samples at the rate for a capacity, and before them those at half of it.
    fn levels(&self, capacity: u64) -> [&[Trace]; 2] {
        let half = self.doublings(capacity).unwrap_or(self.samples.len());
        [half, half + 1].map(|level| self.samples.get(level).map_or(&[][..], Vec::as_slice))
    }

    /// The estimate for a policy at one of the capacities given that it [`reaches`](Self::reaches);
    /// `None` if `progress`, which is told the requests done over all samples, stopped it.
    ///
    /// # Panics
    /// If it was given no such capacity.
    pub fn point(
        &self,
        (spec, info): (&PolicySpec, &PolicyInfo),
        capacity: u64,
        seed: u64,
        progress: Progress<'_>,
    ) -> Result<Option<Point>, Error> {
        let [halves, samples] = self.levels(capacity);
        assert!(!halves.is_empty() && !samples.is_empty(), "no samples for {capacity}");
        let mut done = 0;
        let mut estimates = [Vec::with_capacity(REPEATS), Vec::with_capacity(REPEATS)];
        for (level, estimates) in [halves, samples].into_iter().zip(&mut estimates) {
            for trace in level {
                let rate = f64::from(trace.n_objects()) / f64::from(self.n_objects);
                let job = Job {
                    trace,
                    capacity: ((capacity as f64 * rate).round() as u64).max(1),
                    unit: self.unit,
                    warmup: 0,
                    seed,
                    next_use: None,
                    check: false,
                    admission: None,
                    prefetch: None,
                };
                let mut report = |more| progress(done + more);
                let Some(counts) = (info.kind.run)(&job, &spec.parameters, &mut report)? else {
                    return Ok(None);
                };
                done += trace.n_requests();
                estimates.push(counts.misses() as f64 / (rate * self.n_requests as f64));
            }
        }
        let [halves, estimates] = estimates;
        let (estimate, chance) = mean(&estimates);
        let growth: Vec<f64> =
            halves.iter().zip(&estimates).map(|(half, one)| half - one).collect();
        let (bias, doubt) = mean(&growth);
        Ok(Some(Point::within(capacity, estimate, chance + bias.abs() + doubt)))
    }
}

/// A sample that has objects.
fn draw(trace: &Trace, rate: f64, seed: u64) -> Result<Trace, Error> {
    sample::by_object(trace, rate, seed).map_err(|_| Error::SmallSample {
        trace: trace.name().to_string(),
        n_sampled: 0,
        n_objects: trace.n_objects(),
        least: 1,
    })
}
