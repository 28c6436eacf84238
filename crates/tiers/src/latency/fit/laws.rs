//! Laws fitted to samples by least distance.
//!
//! What is made least is the mean of (F(x) - p)^2 / (p (1 - p)) over the samples' quantiles: the
//! Anderson-Darling distance (1952, doi 10.1214/aoms/1177729437), which weighs the tails as much as
//! the middle is worth. Moments are not used: one outlier moves them. Likelihood is not either: that of
//! a shifted law has no greatest value where the shift meets the shortest sample. Parameters are
//! searched in logarithms, the shift as a part of the shortest sample, from several starts.

use super::super::law::{Curve, Normal};
use super::Kind;
use super::minimise::minimise;
use super::table::quantile;

/// The laws, in the order they are reported.
pub(super) const LAWS: [Kind; 5] =
    [Kind::Lognormal, Kind::Gamma, Kind::Weibull, Kind::Burr, Kind::Bimodal];

/// Quantiles that a law is compared at.
const N_POINTS: usize = 200;
/// Parts of the shortest sample that a shift starts from.
const SHIFTS: [f64; 3] = [0.02, 0.6, 0.97];

/// The law of a kind that is nearest to sorted latencies.
pub(super) fn fit(kind: Kind, sorted: &[u64]) -> Curve {
    let points = Points::of(sorted);
    match kind {
        Kind::Gamma => points.shifted(
            |[scale, shape], shift| Curve::Gamma { shift, shape: shape.clamp(0.05, 1000.0), scale },
            |q| {
                // The shape of a gamma from the spread of its logarithm, which is about 1 / shape.
                let spread = libm::log(q(0.84) / q(0.16)) / 2.0;
                let shape = 1.0 / (spread * spread);
                [q(0.5) / shape, shape]
            },
        ),
        Kind::Weibull => points.shifted(
            |[scale, shape], shift| Curve::Weibull {
                shift,
                shape: shape.clamp(0.05, 1000.0),
                scale,
            },
            |q| {
                // ln(-ln(1 - p)) is straight in ln x with slope shape: from p25 to p90.
                let rise = libm::log(libm::log(0.1) / libm::log(0.75));
                let shape = rise / libm::log(q(0.9) / q(0.25));
                [q(0.632), shape]
            },
        ),
        Kind::Burr => points.burr(),
        Kind::Bimodal => points.bimodal(),
        _ => points.shifted(
            |[median, sigma], shift| {
                Curve::Lognormal(Normal { shift, median, sigma: sigma.clamp(1e-6, 10.0) })
            },
            |q| [q(0.5), libm::log(q(0.84) / q(0.16)) / 2.0],
        ),
    }
}

/// Quantiles of the samples.
struct Points {
    latencies: Vec<f64>,
    /// Probability of each.
    p: Vec<f64>,
    shortest: f64,
}

impl Points {
    fn of(sorted: &[u64]) -> Self {
        let n = sorted.len().min(N_POINTS);
        let p: Vec<f64> = (0..n).map(|i| (i as f64 + 0.5) / n as f64).collect();
        let latencies = p.iter().map(|p| quantile(sorted, *p) as f64).collect();
        Points { latencies, p, shortest: sorted[0] as f64 }
    }

    /// The Anderson-Darling distance.
    fn distance(&self, curve: &Curve) -> f64 {
        let term = |(x, p): (&f64, &f64)| {
            let off = curve.tails(*x).below - p;
            off * off / (p * (1.0 - p))
        };
        self.latencies.iter().zip(&self.p).map(term).sum::<f64>() / self.p.len() as f64
    }

    /// The latency at `q` less a shift.
    fn at(&self, q: f64, shift: f64) -> f64 {
        let place = (q * self.latencies.len() as f64) as usize;
        (self.latencies[place.min(self.latencies.len() - 1)] - shift).max(0.5)
    }

    /// A law with a shift and two positive numbers. `guess` is given quantiles less the shift.
    fn shifted(
        &self,
        curve: impl Fn([f64; 2], f64) -> Curve,
        guess: impl Fn(&dyn Fn(f64) -> f64) -> [f64; 2],
    ) -> Curve {
        let of = |[a, b, shift]: &[f64; 3]| {
            curve([libm::exp(*a), libm::exp(*b)], self.shortest * logistic(*shift))
        };
        let fitted = SHIFTS.map(|part| {
            let shift = part * self.shortest;
            let [a, b] = guess(&|q| self.at(q, shift)).map(ln_positive);
            let start = [a, b, -libm::log(1.0 / part - 1.0)];
            minimise(start, 0.25, &|point| self.distance(&of(point)))
        });
        of(&least(fitted))
    }

    fn burr(&self) -> Curve {
        let of = |[scale, c, k]: &[f64; 3]| Curve::Burr {
            shift: 0.0,
            scale: libm::exp(*scale),
            c: libm::exp(*c).clamp(0.05, 1000.0),
            k: libm::exp(*k).clamp(0.05, 1000.0),
        };
        let q = |q: f64| self.at(q, 0.0);
        // With k = 1, ln x is logistic: its quartiles are 2 ln 3 / c apart.
        let c = 2.0 * libm::log(3.0) / libm::log(q(0.75) / q(0.25));
        let fitted = [0.3, 1.0, 3.0].map(|k| {
            let start = [libm::log(q(0.5)), ln_positive(c), libm::log(k)];
            minimise(start, 0.25, &|point| self.distance(&of(point)))
        });
        of(&least(fitted))
    }

    fn bimodal(&self) -> Curve {
        let of = |[share, first, sigma, second, other]: &[f64; 5]| Curve::Bimodal {
            share: logistic(*share),
            first: Normal {
                shift: 0.0,
                median: libm::exp(*first),
                sigma: libm::exp(*sigma).clamp(1e-6, 10.0),
            },
            second: Normal {
                shift: 0.0,
                median: libm::exp(*second),
                sigma: libm::exp(*other).clamp(1e-6, 10.0),
            },
        };
        let ln: Vec<f64> = self.latencies.iter().map(|x| libm::log(*x)).collect();
        let split = two_groups(&ln);
        let group = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
            (mean, 0.5 * ln_positive(variance / values.len() as f64))
        };
        let share = split as f64 / ln.len() as f64;
        let ((first, sigma), (second, other)) = (group(&ln[..split]), group(&ln[split..]));
        let start = [-libm::log(1.0 / share - 1.0), first, sigma, second, other];
        // A second start with equal shares, for modes that overlap.
        let even = [0.0, self.at(0.25, 0.0), 0.0, self.at(0.75, 0.0), 0.0];
        let even = [even[0], libm::log(even[1]), sigma, libm::log(even[3]), other];
        let fitted = [start, even].map(|start| {
            // Again from where the first search ended: five numbers may stall once.
            let (point, _) = minimise(start, 0.25, &|point| self.distance(&of(point)));
            minimise(point, 0.1, &|point| self.distance(&of(point)))
        });
        of(&least(fitted))
    }
}

/// Where sorted values are cut so that the two groups vary least within themselves.
fn two_groups(sorted: &[f64]) -> usize {
    let n = sorted.len();
    let total: f64 = sorted.iter().sum();
    let mut below = 0.0;
    let mut best = (f64::NEG_INFINITY, n / 2);
    for (cut, value) in sorted[..n - 1].iter().enumerate() {
        below += value;
        let (left, right) = ((cut + 1) as f64, (n - cut - 1) as f64);
        // The variance between groups, but for a factor.
        let gap = below / left - (total - below) / right;
        let between = left * right * gap * gap;
        if between > best.0 {
            best = (between, cut + 1);
        }
    }
    best.1
}

fn least<const N: usize, const M: usize>(fitted: [([f64; N], f64); M]) -> [f64; N] {
    fitted.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).map_or([0.0; N], |(point, _)| point)
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// The logarithm of what should be positive, and is nearly where samples hardly vary.
fn ln_positive(x: f64) -> f64 {
    libm::log(if x.is_finite() { x.clamp(1e-9, 1e15) } else { 1.0 })
}
