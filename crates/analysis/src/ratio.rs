//! The bootstrap of a ratio of sums over a series in time: the one mechanism behind differences,
//! relative effects and gaps closed.
//!
//! With a numerator and a denominator for each window, what is estimated is the sum of the one divided by
//! the sum of the other. With 1 as denominator that is a mean; with requests as denominator, the mean
//! weighted by requests; with the baseline as denominator, a relative effect.
//!
//! Intervals are studentised (bootstrap-t). Each resample gives t* = (its ratio - ratio) / its standard
//! error, the latter from its own blocks as clusters; the interval is ratio - t* x standard error. This
//! makes up for what a plain percentile interval gets wrong in short series: that a standard error
//! known from few blocks is itself uncertain. F. Götze, H. R. Künsch: "Second-order correctness of the
//! blockwise bootstrap for stationary observations", Annals of Statistics 24(5), 1996, doi
//! 10.1214/aos/1069362303.
//!
//! The standard error of the series itself is the bootstrap's own, in closed form (no Monte Carlo):
//! a sum of circular autocovariances of the linearised series (numerator - ratio x denominator), weighted
//! as in [`Blocks::weight`], times n / (n - 1) for n blocks as in the resamples.
//!
//! Where few windows differ much from the ratio, as in a burst of failures, many resamples hold none of them:
//! they show hardly an error that could be divided by, less than a tenth of that of the series. If there
//! are more such resamples than an interval leaves out at an end, all are pivoted by their deviation alone
//! (the basic bootstrap), whose interval is a little too narrow, but as small as what differs.
//!
//! Takes O(resamples x n) time.

use crate::Interval;
use crate::autocovariance;
use crate::bootstrap::Blocks;
use crate::error::{self, Error};
use crate::options::Options;
use crate::plausible::Plausible;
use crate::random::Source;

/// A ratio of sums with what its resamples say about it.
#[derive(Debug, Clone)]
pub(crate) struct Ratio {
    pub(crate) estimate: f64,
    pub(crate) standard_error: f64,
    pub(crate) blocks: Blocks,
    pub(crate) plausible: Plausible,
}

impl Ratio {
    pub(crate) fn interval(&self, options: &Options) -> Interval {
        self.plausible.interval(self.estimate, options.level)
    }
}

/// A standard error that is less than this share of the whole's is hardly one.
const CALM: f64 = 0.1;

/// A resample, as deviation of its ratio from the ratio of the series.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resample {
    pub(crate) deviation: f64,
    /// Deviation / standard error; not a number if its blocks are all alike.
    pub(crate) t: f64,
}

impl Resample {
    fn is_uniform(&self) -> bool {
        self.t.is_nan()
    }

    /// Whether its blocks are alike against those of a series with this standard error.
    fn is_calm(&self, standard_error: f64) -> bool {
        self.is_uniform()
            || self.t.is_finite() && self.deviation.abs() < CALM * standard_error * self.t.abs()
    }

    /// |t|; without bound if its blocks are all alike, which excludes nothing.
    pub(crate) fn size(&self) -> f64 {
        if self.is_uniform() { f64::INFINITY } else { self.t.abs() }
    }
}

/// Estimates sum(`above`) / sum(`below`).
pub(crate) fn estimate(above: &[f64], below: &[f64], options: &Options) -> Result<Ratio, Error> {
    options.check()?;
    error::as_many("denominators", below.len(), above.len())?;
    error::at_least("windows", above.len(), options.least())?;
    error::finite("window", above)?;
    error::finite("denominator", below)?;
    let linear = Linear::new(above, below)?;
    let blocks = Blocks::of(&linear.values, options);
    let standard_error = linear.standard_error(&blocks);
    let resamples: Vec<Resample> = linear.resamples(&blocks, options).collect();
    let n_calm = resamples.iter().filter(|resample| resample.is_calm(standard_error)).count();
    let is_studentised = n_calm as f64 <= resamples.len() as f64 * (1.0 - options.level) / 2.0;
    let pivoted = |resample: &Resample| match resample {
        _ if standard_error == 0.0 => linear.ratio,
        _ if !is_studentised => linear.ratio - resample.deviation,
        // On its side, it excludes nothing.
        _ if resample.is_uniform() => linear.ratio - resample.deviation * f64::INFINITY,
        _ => linear.ratio - resample.t * standard_error,
    };
    let plausible = resamples.iter().map(pivoted).collect();
    Ok(Ratio {
        estimate: linear.ratio,
        standard_error,
        blocks,
        plausible: Plausible::new(plausible),
    })
}

/// A series linearised around its ratio: each window's share in the error.
pub(crate) struct Linear<'a> {
    pub(crate) ratio: f64,
    /// Numerator - ratio x denominator; the sum is 0.
    pub(crate) values: Vec<f64>,
    below: &'a [f64],
    sum_below: f64,
}

impl<'a> Linear<'a> {
    pub(crate) fn new(above: &[f64], below: &'a [f64]) -> Result<Self, Error> {
        let sum_below: f64 = below.iter().sum();
        let fits = |sum: f64| sum != 0.0 && sum.is_finite();
        error::setting("the sum of the denominators", sum_below, fits, "a sum other than 0")?;
        let ratio = above.iter().sum::<f64>() / sum_below;
        let values = above.iter().zip(below).map(|(a, b)| a - ratio * b).collect();
        Ok(Linear { ratio, values, below, sum_below })
    }

    /// Deviations from a ratio of 0, whatever their sum is.
    pub(crate) fn around(values: Vec<f64>, below: &'a [f64]) -> Self {
        Linear { ratio: 0.0, values, sum_below: below.iter().sum(), below }
    }

    /// A series whose mean is the ratio and varies as it does.
    pub(crate) fn observations(&self) -> Vec<f64> {
        let n = self.values.len() as f64;
        self.values.iter().map(|value| self.ratio + value * n / self.sum_below).collect()
    }

    /// The bootstrap's standard error, in closed form.
    pub(crate) fn standard_error(&self, blocks: &Blocks) -> f64 {
        const NEGLIGIBLE: f64 = 1e-10;
        let n = self.values.len();
        let mut variance = autocovariance::at(&self.values, 0);
        for lag in 1..n {
            let weight = blocks.weight(lag);
            if weight < NEGLIGIBLE {
                break;
            }
            variance += 2.0 * weight * autocovariance::circular_at(&self.values, lag);
        }
        let n_blocks = n as f64 / blocks.length;
        let correction = n_blocks / (n_blocks - 1.0);
        (variance.max(0.0) * n as f64 * correction).sqrt() / self.sum_below.abs()
    }

    pub(crate) fn resamples(
        &self,
        blocks: &Blocks,
        options: &Options,
    ) -> impl Iterator<Item = Resample> {
        let source = Source::new(options.seed, "blocks");
        let blocks = *blocks;
        let mut clusters = Vec::new();
        (0..options.n_resamples as u64).map(move |number| {
            clusters.clear();
            blocks.resample(&mut source.resample(number), |start, length| {
                clusters.push(self.cluster(start, length));
            });
            studentised(&clusters)
        })
    }

    /// Sums over a block that may run over the end.
    fn cluster(&self, start: usize, length: usize) -> (f64, f64) {
        let n = self.values.len();
        let end = (start + length).min(n);
        let over = start + length - end;
        let sum = |series: &[f64]| {
            series[start..end].iter().sum::<f64>() + series[..over].iter().sum::<f64>()
        };
        (sum(&self.values), sum(self.below))
    }
}

/// Squares of residuals, relative to those of their terms, that are but rounding.
const ROUNDING: f64 = 1e-22;

/// The ratio of sums over clusters with the standard error that they show.
fn studentised(clusters: &[(f64, f64)]) -> Resample {
    let above: f64 = clusters.iter().map(|(above, _)| above).sum();
    let below: f64 = clusters.iter().map(|(_, below)| below).sum();
    if below == 0.0 {
        // Nothing but windows without weight: it excludes nothing.
        return Resample { deviation: 0.0, t: f64::INFINITY };
    }
    let deviation = above / below;
    if deviation == 0.0 {
        return Resample { deviation, t: 0.0 };
    }
    if clusters.len() < 2 {
        // One block has no error to divide by: on its side, it excludes nothing.
        return Resample { deviation, t: deviation * f64::INFINITY };
    }
    let n = clusters.len() as f64;
    let square = |x: f64| x * x;
    let squares: f64 = clusters.iter().map(|(a, b)| square(a - deviation * b)).sum();
    let size: f64 = clusters.iter().map(|(a, _)| square(*a)).sum();
    if squares <= size * ROUNDING {
        return Resample { deviation, t: f64::NAN };
    }
    let standard_error = (squares * n / (n - 1.0)).sqrt() / below.abs();
    Resample { deviation, t: deviation / standard_error }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::Scheme;
    use crate::series::{autoregression, close, uniform};

    /// 200 windows that hardly differ, and eight in a row that do, such as of an outage.
    #[test]
    fn a_burst_has_an_interval_no_wider_than_itself() {
        let calm = uniform(3, 200);
        let mut series: Vec<f64> = calm.iter().map(|u| 1e-4 * (u - 0.5)).collect();
        series[90..98].fill(0.4);
        let found = estimate(&series, &[1.0; 200], &Options::default()).unwrap();
        let interval = found.interval(&Options::default());
        close(found.estimate, 0.016, 1e-3);
        assert!(interval.low < 0.0 && interval.low > -0.1, "{interval:?}");
        assert!(interval.high > 0.016 && interval.high < 0.1, "{interval:?}");
    }

    /// The closed form is what resampling without end would give, but for the last, cut block of the
    /// circular scheme; 20,000 resamples leave an error of half a percent.
    #[test]
    fn closed_form_of_the_standard_error_is_that_of_resamples() {
        let series = autoregression(2, 200, 0.6);
        let ones = vec![1.0; 200];
        let linear = Linear::new(&series, &ones).unwrap();
        for scheme in [Scheme::Stationary, Scheme::Circular] {
            let blocks = Blocks { n: 200, length: 8.0, scheme };
            let options = Options { n_resamples: 20_000, ..Options::default() };
            let squares: f64 =
                linear.resamples(&blocks, &options).map(|r| r.deviation * r.deviation).sum();
            let correction: f64 = 25.0 / 24.0;
            let drawn = (squares / 20_000.0 * correction).sqrt();
            close(linear.standard_error(&blocks), drawn, 0.02);
        }
    }

    /// Independent windows: the standard error is the textbook's.
    #[test]
    fn single_blocks_give_the_usual_standard_error() {
        let series = uniform(7, 50);
        let ones = vec![1.0; 50];
        let linear = Linear::new(&series, &ones).unwrap();
        let squares: f64 = linear.values.iter().map(|d| d * d).sum();
        close(linear.standard_error(&Blocks::single(50)), (squares / 49.0 / 50.0).sqrt(), 1e-12);
    }

    #[test]
    fn a_ratio_weighs_windows() {
        let options = Options { n_resamples: 999, ..Options::default() };
        let below: Vec<f64> = (1..=40).map(f64::from).collect();
        let above: Vec<f64> = below.iter().map(|b| 0.25 * b).collect();
        let found = estimate(&above, &below, &options).unwrap();
        assert_eq!(found.estimate, 0.25);
        let interval = found.interval(&options);
        assert!(
            interval.high - interval.low < 1e-12,
            "a constant ratio has no error: {interval:?}"
        );
    }

    #[test]
    fn one_window_that_differs_gives_an_interval_of_its_size() {
        let options = Options { n_resamples: 1_999, ..Options::default() };
        let mut above = vec![0.0; 200];
        above[77] = 0.2;
        let found = estimate(&above, &[1.0; 200], &options).unwrap();
        let Interval { low, high, .. } = found.interval(&options);
        assert_eq!(found.estimate, 0.001);
        assert!((-0.005..=0.0).contains(&low) && (0.001..0.003).contains(&high), "{low} {high}");
    }

    #[test]
    fn a_single_block_excludes_nothing_on_its_side() {
        assert_eq!(studentised(&[(2.0, 4.0)]).t, f64::INFINITY);
        assert_eq!(studentised(&[(-2.0, 4.0)]).t, f64::NEG_INFINITY);
        assert_eq!(studentised(&[(0.0, 4.0)]).t, 0.0);
        // Two clusters of one: mean 2, deviations 1, error sqrt(2 x 2) / 2 = 1.
        assert_eq!(studentised(&[(1.0, 1.0), (3.0, 1.0)]).t, 2.0);
    }
}
