//! SHARDS: the LRU curve from the requests for a few objects.
//!
//! Waldspurger, Park, Garthwaite and Ahmad: "Efficient MRC construction with SHARDS", FAST '15. An
//! object is in the sample if the hash of its key is below a threshold, so all of its requests are or
//! none. What was requested between two uses of an object is then thinned out by the rate R like
//! everything else: a sampled distance divided by R estimates the true one. *Fixed rate* takes R as
//! given, *fixed size* the number of objects.
//!
//! The sample is that of [`trace::sample::by_object`] at the same rate and seed: by a hash of the
//! key, not of the dense id, so the same object is in the sample of every trace that has it.
//!
//! # Estimate
//!
//! SHARDS-adj puts the difference between expected and sampled requests into the first bucket of the
//! histogram of distances: the hottest objects are in the sample or not, which moves the number of
//! requests a lot and the number of misses little. That comes down to
//!
//! ```text
//! miss ratio at C = sampled requests that miss at C / (R x requests)
//! ```
//!
//! The correction is for caches in which the hottest objects hit. In a cache of a few objects, or before
//! the cliff of a loop, they miss like all others, and the estimate is as far off as the number of sampled
//! requests is. The interval shows it.
//!
//! # Interval
//!
//! The objects of the sample fall into [`BUCKETS`] parts of equal size by their hashes. Leaving out
//! one part at a time gives as many estimates, each with its own distances, and their spread the
//! standard error (the jackknife by groups), times sqrt(1 - R) because the sample is drawn without
//! replacement. Objects are the units here, never requests: requests for one object are not
//! independent. Recomputing distances matters, since all parts share them: without it the error of the
//! horizontal scale would go unseen.
//!
//! Measured on ten seeds over 100 capacities a trace (`benches/record`), nominal 95 % intervals held the
//! truth in 99 % of cases on a Zipf trace of 915,278 objects, and in 77 to 99 % on recordings of 3,109
//! to 109,090 objects: take those of a sample of some hundred objects as too narrow. The mean absolute
//! error at R = 0.01 was 0.007 there, and 0.02 to 0.10 on recordings, whose samples have 120 to 1,100
//! objects.
//!
//! Two other corrections were tried on five of the recordings and on a Zipf trace of 2 million requests:
//! dividing by the sampled requests (SHARDS without adj), which was up to nine times worse, and a
//! regression of misses on requests over the parts, which was better in seven of fifteen cases and up
//! to four times worse in others, at R = 0.01 above all.
//!
//! What the interval cannot see is bias. A capacity of less than a few sampled objects has no sampled
//! distance to tell it from its neighbours; and a cliff, such as that of a loop, is smoothed out, since
//! a sampled distance is spread around the true one.
//!
//! # Deviations
//!
//! Written from the paper as remembered, not from its text.
//!
//! - R is the share of objects that are in the sample, not the threshold: the number of objects is
//!   known here, and dividing by what was drawn rather than by what was meant leaves out one source of
//!   error.
//! - Fixed size: the paper's algorithm sees a stream, so it begins at a high rate, lowers the threshold
//!   as objects come, and scales earlier counts down. Here the whole trace is at hand: the sample is
//!   the one that the algorithm ends with, the objects with the smallest hashes, from the first
//!   request on.
//! - A distance counts the objects in between, and only those are divided by R; the object itself
//!   counts in full. In bytes as well.
//!
//! Cost: [`BUCKETS`] + 1 passes over the sampled requests, and a hash an object: at R = 0.01 about a
//! third of an exact pass. Above some 0.03 [`crate::stack_distance`] is faster. Memory: 16 bytes an
//! object of the trace, and for the sample that of `stack_distance`.

use cache::{Progress, Unit};
use trace::{ObjectId, Sizes, Trace, sample};

use crate::stack_distance::{Requests, depths};
use crate::{Error, Point};

/// How many parts the sample is split in for the interval.
pub const BUCKETS: usize = 32;

/// Which objects to sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    /// About this share of them, in (0, 1].
    Rate(f64),
    /// This many; all if there are fewer.
    Size(usize),
}

/// Estimates at these capacities, which ascend; `None` if `progress` stopped it. It is told the
/// requests done of each of the passes in turn.
pub fn curve(
    trace: &Trace,
    unit: Unit,
    sample: Sample,
    seed: u64,
    capacities: &[u64],
    progress: Progress<'_>,
) -> Result<Option<Vec<Point>>, Error> {
    let bucket = buckets(trace, sample, seed)?;
    let whole = Sampled::of(trace, unit, &bucket);
    let Some(estimate) = whole.miss_ratios(capacities, progress) else { return Ok(None) };
    let mut without = Vec::with_capacity(BUCKETS);
    for left_out in 0..BUCKETS as u8 {
        let part = whole.without(left_out);
        let Some(ratios) = part.miss_ratios(capacities, progress) else { return Ok(None) };
        without.push(ratios);
    }
    let point = |(i, capacity): (usize, &u64)| {
        let parts = || without.iter().map(|ratios| ratios[i]);
        let error = jackknife(parts()) * (1.0 - whole.rate).max(0.0).sqrt();
        Point::estimated(*capacity, estimate[i], error, BUCKETS)
    };
    Ok(Some(capacities.iter().enumerate().map(point).collect()))
}

/// Standard error of an estimate from its values with each group left out.
fn jackknife(without: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = without.clone().count() as f64;
    let mean = without.clone().sum::<f64>() / n;
    let squares: f64 = without.map(|value| (value - mean) * (value - mean)).sum();
    (squares * (n - 1.0) / n).sqrt()
}

/// Not in the sample.
const OUT: u8 = u8::MAX;

/// By object, its part of the sample. Parts differ in size by one at most.
fn buckets(trace: &Trace, sample: Sample, seed: u64) -> Result<Vec<u8>, Error> {
    let places = sample::places(trace, seed);
    let mut order: Vec<(f64, u32)> = places.into_iter().zip(0..).collect();
    match sample {
        Sample::Rate(rate) => {
            Error::check_rate(rate)?;
            order.retain(|(place, _)| *place < rate);
        }
        Sample::Size(size) if size < order.len() => {
            order.select_nth_unstable_by(size, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            order.truncate(size);
        }
        Sample::Size(_) => {}
    }
    if order.len() < 2 * BUCKETS {
        return Err(Error::SmallSample {
            trace: trace.name().to_string(),
            n_sampled: order.len(),
            n_objects: trace.n_objects(),
            least: 2 * BUCKETS,
        });
    }
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut bucket = vec![OUT; trace.n_objects() as usize];
    for (rank, (_, object)) in order.into_iter().enumerate() {
        bucket[object as usize] = (rank % BUCKETS) as u8;
    }
    Ok(bucket)
}

/// The requests for the objects of the sample, or of some of its parts.
struct Sampled {
    objects: Vec<ObjectId>,
    sizes: Option<Sizes>,
    /// By object, its part.
    bucket: Vec<u8>,
    /// Share of the trace's objects.
    rate: f64,
    /// Requests that such a share has on average.
    expected_requests: f64,
}

impl Sampled {
    /// The whole sample.
    fn of(trace: &Trace, unit: Unit, bucket: &[u8]) -> Self {
        let all = Requests::of(trace, unit);
        Sampled::keep(&all, bucket, |bucket| bucket != OUT, 1.0, all.objects.len() as f64)
    }

    /// The sample without one of its parts.
    fn without(&self, left_out: u8) -> Self {
        let all = Requests {
            objects: &self.objects,
            n_objects: self.bucket.len() as u32,
            sizes: self.sizes.as_ref(),
        };
        let keep = |bucket| bucket != left_out;
        Sampled::keep(&all, &self.bucket, keep, self.rate, self.expected_requests)
    }

    /// The requests of `all`, itself a sample at `rate`, for objects whose part is to be kept.
    fn keep(
        all: &Requests<'_>,
        bucket: &[u8],
        keep: impl Fn(u8) -> bool,
        rate: f64,
        expected_requests: f64,
    ) -> Self {
        const UNSEEN: u32 = u32::MAX;
        let mut number = vec![UNSEEN; bucket.len()];
        let mut kept_bucket = Vec::new();
        let mut objects = Vec::new();
        let mut sizes = all.sizes.map(|_| Sizes::Narrow(Vec::new()));
        for (i, object) in all.objects.iter().enumerate() {
            let part = bucket[object.index()];
            if !keep(part) {
                continue;
            }
            let number = &mut number[object.index()];
            if *number == UNSEEN {
                *number = kept_bucket.len() as u32;
                kept_bucket.push(part);
            }
            objects.push(ObjectId(*number));
            if let Some(sizes) = &mut sizes {
                sizes.push(all.size(i));
            }
        }
        let share = kept_bucket.len() as f64 / bucket.len() as f64;
        Sampled {
            objects,
            sizes,
            bucket: kept_bucket,
            rate: rate * share,
            expected_requests: expected_requests * share,
        }
    }

    /// Estimates at these capacities.
    fn miss_ratios(&self, capacities: &[u64], progress: Progress<'_>) -> Option<Vec<f64>> {
        let requests = Requests {
            objects: &self.objects,
            n_objects: self.bucket.len() as u32,
            sizes: self.sizes.as_ref(),
        };
        // By capacity, the requests that hit there but in no smaller one.
        let mut hits = vec![0u64; capacities.len() + 1];
        let outcome = depths(&requests, progress, |depth| {
            if let Some(depth) = depth {
                let depth = depth.others as f64 / self.rate + depth.own as f64;
                hits[capacities.partition_point(|capacity| (*capacity as f64) < depth)] += 1;
            }
        });
        outcome.is_continue().then(|| {
            let mut misses = self.objects.len() as u64;
            let ratio = |hits: &u64| {
                misses -= hits;
                misses as f64 / self.expected_requests
            };
            hits[..capacities.len()].iter().map(ratio).collect()
        })
    }
}
