//! AdaptSize: the size that large objects are kept out by, tuned by a model of the cache.
//!
//! A missed object of size s comes in with probability e^(-s / c), as in
//! [size probability](super::size_probability). Every `interval` requests c is chosen anew, for the
//! most hits that a Markov model of an LRU cache behind this door promises for the requests of late.
//!
//! The model takes requests for an object as Poisson with rate r. An object that came in stays until
//! it was not asked for during the characteristic time T, so it is resident with probability
//!   P = p (e^(rT) - 1) / (1 + p (e^(rT) - 1)),  p = e^(-s / c),
//! where T is such that the residents fill the cache: the sum of s P is its capacity. By PASTA, the
//! sum of r P is the rate of hits. It is not a function with one peak, so c is searched for over
//! powers of two first, and by golden section between the neighbours of the best.
//!
//! From the paper as we remember it and the programs of its authors (webcachesim, AdaptSize):
//! - T follows from the formula as it stands, hits from it with the [4/3] Padé approximant of e^x, and
//!   P kept within 0 and 1. That is not only faster. The exact model is right about the long run, where
//!   a very small c is best, since what is rarely let in is what is asked for most; but the long run is
//!   longer than an interval. For objects rarely let in, the approximant is far below e^x and P is 0
//!   until they are asked for several times 1 / p times while they stay, which rules such c out. Tried
//!   on the sample trace that the authors give away, with capacities of 1 to 10 % of its footprint:
//!   tuning by the exact P loses to plain LRU, tuning by this one beats it.
//! - Rates are 0.7 × the count of the last interval + 0.3 × what was before; a first count is taken as
//!   it is, and what falls below 0.1 is forgotten. Sizes are those of the last request.
//! - The search starts from c = 2^2, 2^6, 2^10 ... below the capacity, and until the first tuning c
//!   is 32 KiB. An interval is 500,000 requests.
//!
//! What is ours: T by bisection, to 0.1 % of the capacity, where theirs does 10 or 20 rounds of an
//! iteration that need not converge; a golden section that starts from the neighbours of the best
//! point; and tuning every interval, where theirs waits until the objects seen are three times the
//! capacity. If all objects seen fit the cache, all come in.
//!
//! O(1) a request; a tuning evaluates some exponentials for each object remembered, about a hundred
//! times. State: 20 bytes an object, and 24 for each remembered while tuning.

use cache::prelude::*;
use trace::stream::Stream;
use trace::units::Bytes;

use super::check_sizes_count;
use super::size_probability::chance;

cache::admission! {
    #[doc = "Lets in a missed object with probability e^(-size / c), and tunes c for the most hits by a model"]
    AdaptSize = "adapt-size" {
        aliases: ["adaptsize"],
        paper: ("Berger, Sitaraman and Harchol-Balter, AdaptSize: orchestrating the hot object memory cache in a content delivery network", "NSDI '17", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Requests between two tunings.
    #[schemars(range(min = 1))]
    pub interval: u64,
    /// The size of which one object in e comes in, until the first tuning.
    pub c: Bytes,
}

impl Default for Params {
    fn default() -> Self {
        Params { interval: 500_000, c: Bytes(32 << 10) }
    }
}

/// Share of the past in a rate.
const PAST: f64 = 0.3;
/// Rates below this are forgotten.
const LEAST_RATE: f64 = 0.1;

/// The policy.
#[derive(Debug)]
pub struct AdaptSize {
    capacity: f64,
    /// Infinite if everything fits.
    c: f64,
    interval: u64,
    /// Requests until the next tuning.
    left: u64,
    /// Requests in this interval, by object.
    count: Vec<u32>,
    /// Smoothed requests an interval, by object.
    rate: Vec<f64>,
    /// Size at the last request, by object.
    size: Vec<u64>,
    draws: Stream,
}

impl AdaptSize {
    /// Ends an interval: rates, and the best c for them.
    fn tune(&mut self) {
        let mut model = Model { capacity: self.capacity, objects: Vec::new() };
        for ((count, rate), size) in self.count.iter_mut().zip(&mut self.rate).zip(&self.size) {
            let now = f64::from(std::mem::take(count));
            *rate = match (*rate > 0.0, now > 0.0) {
                (false, _) => now,
                (true, _) => PAST * *rate + (1.0 - PAST) * now,
            };
            if *rate < LEAST_RATE {
                *rate = 0.0;
            } else {
                model.objects.push((*rate, *size as f64));
            }
        }
        self.c = model.best_c();
    }
}

impl Admission for AdaptSize {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        check_sizes_count(setup)?;
        if params.interval == 0 || params.c.0 == 0 {
            return Err(ParamError("`interval` and `c` must not be 0".into()));
        }
        let n = setup.n_objects as usize;
        Ok(AdaptSize {
            capacity: setup.capacity as f64,
            c: params.c.0 as f64,
            interval: params.interval,
            left: params.interval,
            count: vec![0; n],
            rate: vec![0.0; n],
            size: vec![0; n],
            draws: Stream::new(setup.seed, "admission/adapt-size"),
        })
    }

    fn on_request(&mut self, request: &Request, _hit: bool, _residents: &Residents) {
        if self.left == 0 {
            self.tune();
            self.left = self.interval;
        }
        self.left -= 1;
        self.count[request.object.index()] += 1;
        self.size[request.object.index()] = request.size;
    }

    fn admits(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.draws.uniform_at(request.seq) < chance(request.size, self.c)
    }

    fn state_bytes(&self) -> usize {
        4 * self.count.len() + 8 * (self.rate.len() + self.size.len())
    }
}

/// An LRU cache behind the door, in equilibrium.
struct Model {
    capacity: f64,
    /// Rates and sizes.
    objects: Vec<(f64, f64)>,
}

/// The golden ratio, less one.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// How far the points of the first search lie apart, in powers of two.
const STEP: f64 = 4.0;
/// The golden section ends when c is known to so many powers of two: to 3.5 %.
const FINE: f64 = 0.05;

impl Model {
    /// The c with most hits; infinite if everything fits.
    fn best_c(&self) -> f64 {
        if self.objects.iter().map(|(_, size)| size).sum::<f64>() <= self.capacity {
            return f64::INFINITY;
        }
        let top = libm::log2(self.capacity).max(2.0);
        let (mut best, mut most) = (2.0, f64::NEG_INFINITY);
        let mut at = 2.0;
        while at <= top {
            let hits = self.hits(at);
            if hits >= most {
                (best, most) = (at, hits);
            }
            at += STEP;
        }
        libm::exp2(self.golden_section(f64::max(best - STEP, 0.0), f64::min(best + STEP, top)))
    }

    /// The log2 of c with most hits between two, if there is one peak between them.
    fn golden_section(&self, mut low: f64, mut high: f64) -> f64 {
        let mut left = high - GOLDEN * (high - low);
        let mut right = low + GOLDEN * (high - low);
        let (mut left_hits, mut right_hits) = (self.hits(left), self.hits(right));
        while high - low > FINE {
            if right_hits >= left_hits {
                (low, left, left_hits) = (left, right, right_hits);
                right = low + GOLDEN * (high - low);
                right_hits = self.hits(right);
            } else {
                (high, right, right_hits) = (right, left, left_hits);
                left = high - GOLDEN * (high - low);
                left_hits = self.hits(left);
            }
        }
        if right_hits >= left_hits { right } else { left }
    }

    /// Hits an interval with this log2 of c.
    fn hits(&self, log2_c: f64) -> f64 {
        let c = libm::exp2(log2_c);
        let chances: Vec<f64> =
            self.objects.iter().map(|(_, size)| libm::exp(-size / c)).collect();
        let time = self.characteristic_time(&chances);
        let terms = self.objects.iter().zip(&chances);
        terms.map(|((rate, _), chance)| rate * hit_ratio(rate * time, *chance)).sum()
    }

    /// How long an object stays that is not asked for.
    fn characteristic_time(&self, chances: &[f64]) -> f64 {
        let welcome = self.objects.iter().zip(chances).filter(|(_, chance)| **chance > 0.0);
        if welcome.map(|((_, size), _)| size).sum::<f64>() <= self.capacity {
            return f64::INFINITY;
        }
        let filled = |time| self.filled(chances, time);
        // It would fill the cache if nobody came twice before leaving.
        let mut high = self.capacity / self.sum_of_offers(chances);
        let mut low = 0.0;
        while filled(high) < self.capacity {
            (low, high) = (high, 2.0 * high);
        }
        loop {
            let time = low + (high - low) / 2.0;
            let excess = filled(time) - self.capacity;
            if excess.abs() <= 1e-3 * self.capacity || time <= low || time >= high {
                return time;
            }
            if excess < 0.0 { low = time } else { high = time }
        }
    }

    /// Bytes let in each interval if nobody were resident.
    fn sum_of_offers(&self, chances: &[f64]) -> f64 {
        self.objects.iter().zip(chances).map(|((rate, size), chance)| rate * size * chance).sum()
    }

    /// Bytes resident if an object stays that long, by the exact formula.
    fn filled(&self, chances: &[f64], time: f64) -> f64 {
        let terms = self.objects.iter().zip(chances).map(|((rate, size), chance)| {
            let odds = chance * libm::expm1(rate * time);
            let resident = match (*chance > 0.0, odds.is_finite()) {
                (false, _) => 0.0,
                (true, true) => odds / (1.0 + odds),
                (true, false) => 1.0,
            };
            size * resident
        });
        terms.sum()
    }
}

/// The probability that an object let in with this one is resident, if it is asked for x times while
/// it would stay: with the Padé approximant of e^x.
fn hit_ratio(x: f64, chance: f64) -> f64 {
    if chance == 0.0 {
        return 0.0;
    }
    let above = x * (840.0 + x * (60.0 + x * (20.0 + x)));
    let below = 840.0 + x * (-360.0 + x * (60.0 - 4.0 * x));
    let ratio = chance * above / (below + chance * above);
    // x without end, or too large to compute with.
    if ratio.is_nan() { 1.0 } else { ratio.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Equal objects of which everyone comes in: P is the share that fits, and so is the hit ratio.
    #[test]
    fn the_model_of_equal_objects_is_exact() {
        let model = Model { capacity: 250.0, objects: vec![(3.0, 1.0); 1000] };
        let hits = model.hits(40.0);
        assert!((hits / 3000.0 - 0.25).abs() < 1e-3, "{hits}");
        // e^(3T) - 1 = 1/3 of those out.
        let time = model.characteristic_time(&vec![1.0; 1000]);
        assert!((time - libm::log(4.0 / 3.0) / 3.0).abs() < 1e-3 * time, "{time}");
    }

    /// Against slow bisection of the filled capacity, for doors of all widths.
    #[test]
    fn the_characteristic_time_fills_the_cache() {
        let mut draws = crate::tests::Draws(3);
        let objects: Vec<_> = (0..500)
            .map(|_| (0.1 + draws.skewed(1000) as f64 / 10.0, 1.0 + draws.skewed(100_000) as f64))
            .collect();
        let model = Model { capacity: 200_000.0, objects };
        for log2_c in [8.0, 10.0, 12.0, 15.0, 20.0, 40.0] {
            let c = libm::exp2(log2_c);
            let chances: Vec<_> =
                model.objects.iter().map(|(_, size)| libm::exp(-size / c)).collect();
            let time = model.characteristic_time(&chances);
            let filled = |time: f64| -> f64 {
                let terms = model.objects.iter().zip(&chances).map(|((rate, size), p)| {
                    let e = libm::exp(rate * time) - 1.0;
                    if e.is_finite() { size * p * e / (1.0 + p * e) } else { *size }
                });
                terms.sum()
            };
            assert!((filled(time) / 200_000.0 - 1.0).abs() < 2e-3, "{log2_c}: {}", filled(time));
        }
    }

    /// Small objects fill the cache; large ones of the same popularity are kept out.
    #[test]
    fn large_objects_are_kept_out_if_small_ones_fill_the_cache() {
        let small = (10.0, 10.0);
        let large = (10.0, 10_000.0);
        let objects: Vec<_> = [vec![small; 100], vec![large; 100]].concat();
        let c = Model { capacity: 1_000.0, objects: objects.clone() }.best_c();
        assert!(chance(10_000, c) < 0.001, "{c}");
        // With room for all, all come in.
        assert_eq!(Model { capacity: 2e6, objects }.best_c(), f64::INFINITY);
    }

    /// No c on a fine grid has noticeably more hits in the model than the one found.
    #[test]
    fn the_search_finds_the_best_c() {
        let mut draws = crate::tests::Draws(9);
        let objects: Vec<_> = (0..300)
            .map(|_| (0.2 + draws.skewed(200) as f64 / 10.0, 1.0 + draws.skewed(50_000) as f64))
            .collect();
        let model = Model { capacity: 100_000.0, objects };
        let found = model.hits(libm::log2(model.best_c()));
        let best = (0..160).map(|i| model.hits(f64::from(i) / 10.0)).fold(0.0, f64::max);
        assert!(found >= 0.995 * best, "{found} of {best}");
    }
}
