//! Zipf's law fitted to the popularity of objects.
//!
//! If the k-th most popular object is requested in proportion to k^-s, the rates of objects follow a
//! power law whose tail falls as rate^(-a), with a = 1/s (Newman: "Power laws, Pareto distributions
//! and Zipf's law", Contemporary Physics 46(5), 2005, doi 10.1080/00107510500052444). A count is a
//! Poisson number around its rate. Integrating the rate out gives the law of counts in closed form:
//!
//! ```text
//! P(count = k) ~ Γ(k - a) / Γ(k + 1)        P(count >= k) ~ Γ(k - a) / Γ(k)
//! ```
//!
//! and its maximum-likelihood estimate over the objects with at least `c` requests solves
//!
//! ```text
//! s = mean of ψ(count - 1/s) - ψ(c - 1/s)
//! ```
//!
//! which for large counts, where ψ is the logarithm, is Hill's estimator (Hill: "A simple general
//! approach to inference about the tail of a distribution", Annals of Statistics 3(5), 1975, doi
//! 10.1214/aos/1176343247), whose standard error s / sqrt(objects) bounds this one's from above.
//! The least count `c` is the one with the smallest Kolmogorov-Smirnov distance (Clauset, Shalizi
//! and Newman: "Power-law distributions in empirical data", SIAM Review 51(4), 2009, doi
//! 10.1137/070710111): there are only so many objects, so the law bends at the least popular ones.
//!
//! Why not a straight line through the rank-frequency plot, or a likelihood over ranks: ranks are
//! made by sorting the very counts they are to explain, which bends the plot, and a likelihood that
//! takes every request for an independent observation promises an error of some 1/sqrt(requests),
//! far below that bend. Here objects are the observations.
//!
//! What it is not: a proof that popularity is Zipf. Look at the distance first, and at how much of
//! the trace the fit describes: if the distance is above some 0.05, the exponent describes nothing.
//! Requests of a real trace depend on one another (bursts, drift, daily rhythm), and the least
//! count is chosen from the data; both make the error optimistic.

use serde::Serialize;

use super::gamma::{digamma, ln_gamma};

/// Zipf's law for the objects requested at least [`Popularity::least_requests`] times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Popularity {
    /// Estimate of the Zipf exponent s; near 0 where all objects are alike.
    pub zipf_exponent: f64,
    /// Its standard error, for objects and requests that are independent.
    pub standard_error: f64,
    /// Kolmogorov-Smirnov distance between counts and law, 0 (perfect) to 1.
    pub ks_distance: f64,
    /// Objects requested less often are not described by the fit.
    pub least_requests: u64,
    /// How many objects the fit describes.
    pub n_objects: u64,
    /// Share of all requests that goes to them.
    pub share_of_requests: f64,
}

/// Fewer objects say little about a tail (Clauset et al.).
const LEAST_OBJECTS: u64 = 50;
/// Objects requested once are of no use to a cache, and most of all subject to chance.
const LEAST_REQUESTS: u32 = 2;
/// Least counts that are tried at most, evenly spread over the logarithm of objects.
const N_TRIED: usize = 50;

/// All objects with the same count.
#[derive(Debug, Clone, Copy)]
struct Step {
    count: f64,
    /// Objects with this count.
    n_objects: f64,
    /// Objects with at least this count.
    n_objects_above: u64,
}

impl Popularity {
    /// Fits the requests of each object; `None` if too few have enough.
    pub(super) fn fit(n_requests: &[u32]) -> Option<Self> {
        let total: u64 = n_requests.iter().map(|n| u64::from(*n)).sum();
        let steps = steps(n_requests);
        spread(&steps)
            .filter_map(|last| Self::with_least(&steps[..=last], total))
            .min_by(|a, b| a.ks_distance.total_cmp(&b.ks_distance))
    }

    /// The fit to the objects of `steps`, the last of which has the least count.
    fn with_least(steps: &[Step], total: u64) -> Option<Self> {
        let exponent = exponent(steps)?;
        let tail = steps[steps.len() - 1];
        let described: f64 = steps.iter().map(|step| step.count * step.n_objects).sum();
        Some(Popularity {
            zipf_exponent: exponent,
            standard_error: exponent / (tail.n_objects_above as f64).sqrt(),
            ks_distance: ks_distance(steps, exponent),
            least_requests: tail.count as u64,
            n_objects: tail.n_objects_above,
            share_of_requests: described / total as f64,
        })
    }
}

/// Counts of at least [`LEAST_REQUESTS`], from the largest down.
fn steps(n_requests: &[u32]) -> Vec<Step> {
    let mut counts: Vec<u32> =
        n_requests.iter().copied().filter(|n| *n >= LEAST_REQUESTS).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let mut n_objects_above = 0;
    let step = |same: &[u32]| {
        n_objects_above += same.len() as u64;
        Step { count: f64::from(same[0]), n_objects: same.len() as f64, n_objects_above }
    };
    counts.chunk_by(|a, b| a == b).map(step).collect()
}

/// Which steps to try as the last: those with enough objects, thinned out to about [`N_TRIED`].
fn spread(steps: &[Step]) -> impl Iterator<Item = usize> {
    let start = steps.partition_point(|step| step.n_objects_above < LEAST_OBJECTS);
    let most = steps.last().map_or(1, |step| step.n_objects_above.max(LEAST_OBJECTS));
    let factor = (most as f64 / LEAST_OBJECTS as f64).powf(1.0 / N_TRIED as f64);
    let mut wanted = 0.0;
    (start..steps.len()).filter(move |i| {
        let n = steps[*i].n_objects_above as f64;
        let tried = n >= wanted;
        if tried {
            wanted = n * factor;
        }
        tried
    })
}

/// The maximum-likelihood exponent; `None` if the likelihood has no maximum.
fn exponent(steps: &[Step]) -> Option<f64> {
    let least = steps[steps.len() - 1];
    // The slope of the negative log-likelihood in a = 1/s, an object; it grows with a.
    let slope = |a: f64| {
        let sum: f64 = steps.iter().map(|step| step.n_objects * digamma(step.count - a)).sum();
        sum / least.n_objects_above as f64 - digamma(least.count - a) - 1.0 / a
    };
    // The law exists where a is below the least count.
    let (mut low, mut high) = (0.0, least.count * (1.0 - 1e-9));
    if slope(high) <= 0.0 {
        return None;
    }
    while high - low > 1e-9 * high {
        let middle = 0.5 * (low + high);
        if slope(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(2.0 / (low + high))
}

/// The largest difference between the share of objects with at least a count and the law's.
fn ks_distance(steps: &[Step], exponent: f64) -> f64 {
    let least = steps[steps.len() - 1];
    let ln_law = |count: f64| ln_gamma(count - 1.0 / exponent) - ln_gamma(count);
    let whole = ln_law(least.count);
    let distance = |step: &Step| {
        let share = step.n_objects_above as f64 / least.n_objects_above as f64;
        (share - (ln_law(step.count) - whole).exp()).abs()
    };
    steps.iter().map(distance).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Recipe, generate};
    use crate::profile::profile;

    fn fit_of(access: &str) -> Popularity {
        let text = format!(
            "schema = 1\nname = \"t\"\nseed = 3\nsource.a = {{ access.{access} }}\n\
             phase = [{{ requests = 1_000_000, mix = {{ a = 1 }} }}]"
        );
        let recipe = Recipe::from_toml(&text, "t").unwrap();
        profile(&generate(&recipe, None).unwrap(), 10).popularity.unwrap()
    }

    #[test]
    fn the_exponent_of_a_zipf_trace_is_within_two_standard_errors() {
        for exponent in [0.7, 0.9, 1.1] {
            for objects in [10_000, 100_000] {
                let fit =
                    fit_of(&format!("zipf = {{ objects = {objects}, exponent = {exponent} }}"));
                let off = (fit.zipf_exponent - exponent).abs();
                assert!(off < 2.0 * fit.standard_error, "{exponent} {objects}: {fit:?}");
                assert!(fit.standard_error < 0.1 && fit.ks_distance < 0.05, "{fit:?}");
            }
        }
    }

    #[test]
    fn a_uniform_trace_has_exponent_near_zero() {
        let fit = fit_of("uniform = { objects = 1000 }");
        assert!(fit.zipf_exponent < 0.05, "{fit:?}");
    }

    #[test]
    fn popularity_that_is_not_zipf_shows_it() {
        let exponential: Vec<u32> =
            (0..1000).map(|rank| (1e6 * (-f64::from(rank) / 80.0).exp()) as u32).collect();
        let hotspot = fit_of("hotspot = { objects = 2000, hot-objects = 200, hot-share = 0.8 }");
        for fit in [Popularity::fit(&exponential).unwrap(), hotspot] {
            assert!(fit.ks_distance > 0.1, "{fit:?}");
        }
    }

    #[test]
    fn counts_that_are_exactly_zipf_give_their_exponent() {
        let counts: Vec<u32> =
            (1..=5000).map(|rank| (1e7 * f64::from(rank).powf(-0.8)) as u32).collect();
        let fit = Popularity::fit(&counts).unwrap();
        assert!((fit.zipf_exponent - 0.8).abs() < 0.01, "{fit:?}");
        assert!(
            (fit.standard_error - fit.zipf_exponent / (fit.n_objects as f64).sqrt()).abs() < 1e-12
        );
    }

    #[test]
    fn too_few_objects_or_requests_give_no_fit() {
        assert_eq!(Popularity::fit(&[]), None);
        assert_eq!(Popularity::fit(&[1000; 49]), None);
        assert_eq!(Popularity::fit(&[5; 1000]), None);
    }
}
