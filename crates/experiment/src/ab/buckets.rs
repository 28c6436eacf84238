//! A part of the traffic: requests are gathered into buckets of units (objects or clients) and blocks
//! of time, and both are resampled, as `analysis::key_sample` does.
//!
//! The interval that decides is about traffic like this, as that of the whole trace is; it also holds
//! for strategies that draw lots. Beside it stands what the whole trace would have shown: there only
//! units are resampled.
//!
//! **Objects.** The part has about, but not exactly, its share of the requests: the hottest objects are
//! in it or not. Missing requests count as hits (and as neither missed bytes nor errors), surplus ones
//! are taken from the hits. A quantile is corrected in the same way: the q-quantile leaves
//! (1 - q) x expected requests above it, which of the requests there are is another share. Where it
//! would have to lie among the missing requests, there is none.
//!
//! **Clients** are all alike to the sampler, hot objects are in every part, and nothing is corrected.
//!
//! Quantiles are resampled by units only: their intervals know the error of sampling, not that of time.

use analysis::key_sample::{self, About, Sample};
use analysis::{Interval, Options, quantile};
use trace::{Op, Trace};

use super::finding::{Basis, Finding, Pair, histograms, units};
use super::measure::{Kind, Measure};
use super::spec::Unit;
use super::windows::of_quantile;

/// Buckets, or fewer where there are fewer units.
const N_BUCKETS: usize = 200;
const N_BLOCKS: usize = 50;

/// The reads of a part, sorted.
pub(super) struct Buckets<'a> {
    trace: &'a Trace,
    pair: &'a Pair,
    by: Unit,
    n_buckets: usize,
    /// Share of the units.
    rate: f64,
    /// Of each read counted.
    bucket: Vec<usize>,
    /// The whole trace, with the requests of it that are not counted.
    whole: (&'a Trace, usize),
}

impl<'a> Buckets<'a> {
    pub(super) fn new(
        trace: &'a Trace,
        pair: &'a Pair,
        by: Unit,
        rate: f64,
        whole: (&'a Trace, usize),
    ) -> Self {
        let hashes: Vec<u64> = match by {
            Unit::Object => trace::sample::key_hashes(trace).collect(),
            Unit::Client => trace::sample::client_hashes(trace).unwrap_or_default(),
        };
        let n_buckets = N_BUCKETS.min(hashes.len());
        let clients = trace.columns().client.as_ref().filter(|_| by == Unit::Client);
        let unit = |request: usize| match clients {
            Some(clients) => clients.ids[request] as usize,
            None => trace.objects()[request].index(),
        };
        let bucket = pair.a.reads.iter();
        let bucket = bucket
            .map(|read| (hashes[unit(read.request as usize)] % n_buckets as u64) as usize)
            .collect();
        Buckets { trace, pair, by, n_buckets, rate, bucket, whole }
    }

    /// Units (reads or bytes) of the whole trace, for which the part stands.
    fn of_whole(&self, measure: Measure, in_part: u64) -> u64 {
        if self.by == Unit::Client {
            return (in_part as f64 / self.rate).round() as u64;
        }
        let (whole, warmup) = self.whole;
        let of_bytes = measure.kind() == Kind::Share { of_bytes: true };
        let read = |request: &usize| whole.op(*request) == Op::Get;
        let units = |request: usize| if of_bytes { whole.size(request) } else { 1 };
        (warmup..whole.n_requests()).filter(read).map(units).sum()
    }

    /// Requests of the part divided by how many were expected.
    pub(super) fn share_of_expected(&self) -> f64 {
        let reads = self.bucket.len() as u64;
        reads as f64 / (self.rate * self.of_whole(Measure::HitRatio, reads) as f64)
    }

    /// Compares one measure.
    pub(super) fn find(
        &self,
        measure: Measure,
        options: &Options,
    ) -> Result<Finding, analysis::Error> {
        match measure.kind() {
            Kind::Share { .. } => self.share(measure, options),
            Kind::Quantile(share) => self.quantile(measure, share, options),
            Kind::Bill => Ok(Finding::bill(measure, self.pair, true, options.level)),
        }
    }

    fn share(&self, measure: Measure, options: &Options) -> Result<Finding, analysis::Error> {
        let n = self.bucket.len();
        let mut all = vec![0; self.n_buckets * N_BLOCKS];
        // What is missing counts as a hit, so it is hits that are counted, of a miss ratio too.
        let (mut hits_a, mut hits_b) = (all.clone(), all.clone());
        let is_hits = measure == Measure::HitRatio;
        for (i, bucket) in self.bucket.iter().enumerate() {
            let cell = bucket * N_BLOCKS + i * N_BLOCKS / n;
            let [a, b] = [&self.pair.a, &self.pair.b].map(|arm| &arm.reads[i]);
            let bytes = self.trace.size(a.request as usize);
            let good = |read| {
                let (units, counted) = units(measure, read, bytes);
                if is_hits { counted } else { units - counted }
            };
            all[cell] += units(measure, a, bytes).0;
            hits_a[cell] += good(a);
            hits_b[cell] += good(b);
        }
        // The difference of miss ratios, B - A, is that of hit ratios, A - B.
        let (from, to) = if is_hits { (&hits_a, &hits_b) } else { (&hits_b, &hits_a) };
        let sample = Sample {
            n_buckets: self.n_buckets,
            n_blocks: N_BLOCKS,
            requests: &all,
            hits_a: from,
            hits_b: to,
            rate: self.rate,
            n_requests_full: self.of_whole(measure, all.iter().sum()),
        };
        let found = key_sample::compare(&sample, About::TrafficLikeIt, options)?;
        let whole = key_sample::compare(&sample, About::ThisTrace, options)?;
        // Of what is counted as bad, nothing is corrected but the number it is a share of.
        let bad = |hits: &[u64]| {
            let missed: u64 = all.iter().zip(hits).map(|(all, hits)| all - hits).sum();
            missed as f64 / (self.rate * sample.n_requests_full as f64)
        };
        let (a, b) = match is_hits {
            true => (found.hit_ratio_a, found.hit_ratio_b),
            false => (bad(&hits_a), bad(&hits_b)),
        };
        Ok(Finding {
            measure,
            basis: Basis::UnitsAndTime,
            a,
            b,
            difference: found.difference,
            standard_error: found.standard_error,
            p_value: found.p_value,
            relative: super::finding::relative(found.difference, a),
            plausible: Some(found.plausible),
            whole_trace: Some(whole.difference),
            effect: None,
            second: None,
            block_length: 1.0,
            differences: sample.by_bucket(),
        })
    }

    fn quantile(
        &self,
        measure: Measure,
        share: f64,
        options: &Options,
    ) -> Result<Finding, analysis::Error> {
        let above = (1.0 - share) / self.share_of_expected();
        let Some(corrected) = Some(1.0 - above).filter(|share| *share > 0.0) else {
            let [a, b] =
                [&self.pair.a, &self.pair.b].map(|arm| arm.latency.value_at_quantile(share) as f64);
            return Ok(Finding::without_error(measure, Basis::Estimate, (a, b), options.level));
        };
        let [a, b] = histograms(self.pair, corrected, self.n_buckets, |read| self.bucket[read]);
        let options = Options { block_length: Some(1.0), ..*options };
        let found = quantile::compare(&a, &b, corrected, &options)?;
        let limit = found.a;
        let mut differences = vec![0.0; self.n_buckets];
        let slow = |latency: u64| f64::from(latency > limit);
        for (i, bucket) in self.bucket.iter().enumerate() {
            let [a, b] = [&self.pair.a, &self.pair.b].map(|arm| slow(arm.reads[i].latency));
            differences[*bucket] += b - a;
        }
        let whole: Interval = found.difference;
        let found = of_quantile(measure, Basis::Units, found, differences, &options);
        Ok(Finding { whole_trace: Some(whole), ..found })
    }
}
