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
//! # Interval
//!
//! [`REPEATS`] samples under different seeds are simulated; the estimate is their mean, and its
//! standard error comes from their spread. Given the trace, samples are independent, so this holds at
//! any rate and for any policy, however its objects depend on one another in the cache. It does not see
//! bias: a scaled capacity is a whole number, and a small cache is more at the mercy of single objects
//! than a large one. Capacities that would be scaled to fewer than [`LEAST_OBJECTS`] objects of average
//! size are left out; at that many, rounding alone moves the capacity by up to 5 %.
//!
//! Cost: R x [`REPEATS`] of a replay, a capacity.

use cache::{Job, PolicyInfo, PolicySpec, Progress, Unit};
use trace::{Trace, sample};

use crate::{Error, Point, whole};

/// How many samples are simulated.
pub const REPEATS: usize = 8;
/// The fewest objects of average size that a scaled cache must have room for.
pub const LEAST_OBJECTS: u64 = 10;

/// The samples of a trace.
#[derive(Debug)]
pub struct MiniSimulation {
    samples: Vec<Trace>,
    unit: Unit,
    n_objects: u32,
    n_requests: usize,
    /// Bytes an object, or 1.
    mean_size: f64,
}

impl MiniSimulation {
    /// Draws samples at this rate under seeds from `seed` on.
    pub fn new(trace: &Trace, unit: Unit, rate: f64, seed: u64) -> Result<Self, Error> {
        Error::check_rate(rate)?;
        let n_objects = trace.n_objects();
        let draw = |repeat: usize| {
            let sample = sample::by_object(trace, rate, seed.wrapping_add(repeat as u64)).ok();
            let n_sampled = sample.as_ref().map_or(0, |sample| sample.n_objects() as usize);
            sample.filter(|_| n_sampled as u64 >= LEAST_OBJECTS).ok_or_else(|| {
                let trace = trace.name().to_string();
                Error::SmallSample { trace, n_sampled, n_objects, least: LEAST_OBJECTS as usize }
            })
        };
        Ok(MiniSimulation {
            samples: (0..REPEATS).map(draw).collect::<Result<_, _>>()?,
            unit,
            n_objects,
            n_requests: trace.n_requests(),
            mean_size: whole(trace, unit) as f64 / f64::from(n_objects.max(1)),
        })
    }

    /// Requests that are replayed for a point.
    pub fn n_requests(&self) -> usize {
        self.samples.iter().map(Trace::n_requests).sum()
    }

    /// Whether the capacity is large enough to be scaled.
    pub fn reaches(&self, capacity: u64) -> bool {
        let least = LEAST_OBJECTS as f64 * self.mean_size;
        self.samples.iter().all(|sample| capacity as f64 * self.rate(sample) >= least)
    }

    /// The estimate for a policy at a capacity that it [`reaches`](Self::reaches); `None` if
    /// `progress`, which is told the requests done over all samples, stopped it.
    pub fn point(
        &self,
        (spec, info): (&PolicySpec, &PolicyInfo),
        capacity: u64,
        seed: u64,
        progress: Progress<'_>,
    ) -> Result<Option<Point>, Error> {
        let mut estimates = Vec::with_capacity(REPEATS);
        let mut before = 0;
        for trace in &self.samples {
            let rate = self.rate(trace);
            let capacity = ((capacity as f64 * rate).round() as u64).max(1);
            let job = Job {
                trace,
                capacity,
                unit: self.unit,
                warmup: 0,
                seed,
                next_use: None,
                check: false,
                admission: None,
                prefetch: None,
            };
            let counts =
                (info.kind.run)(&job, &spec.parameters, &mut |done| progress(before + done))?;
            let Some(counts) = counts else { return Ok(None) };
            before += trace.n_requests();
            estimates.push(counts.misses() as f64 / (rate * self.n_requests as f64));
        }
        let n = REPEATS as f64;
        let mean = estimates.iter().sum::<f64>() / n;
        let squares: f64 = estimates.iter().map(|estimate| (estimate - mean).powi(2)).sum();
        let error = (squares / (n - 1.0) / n).sqrt();
        Ok(Some(Point::estimated(capacity, mean, error, REPEATS)))
    }

    /// The share of the objects that is in a sample.
    fn rate(&self, sample: &Trace) -> f64 {
        f64::from(sample.n_objects()) / f64::from(self.n_objects)
    }
}
