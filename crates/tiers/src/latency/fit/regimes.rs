//! A chain of two regimes fitted to correlated samples.
//!
//! The logarithms of the latencies, each less its size class's mean, are taken for a hidden Markov
//! model of two states with normal noise, fitted by the algorithm of Baum and Welch (Rabiner 1989, doi
//! 10.1109/5.18626) from a cut into two groups. Each sample then goes to the state that it was more
//! probably made in, its neighbours considered, and each state gets a quantile table by size of its
//! own samples: the normal law serves to tell states apart and is not kept.
//!
//! Two states cannot make every correlation. The chain is refused if the correlation of neighbours
//! that it makes is less than half or more than one and a half of that measured.

use trace::units::Nanos;

use super::super::spec::{Regime, Regimes};
use super::classes::Class;
use super::table::QuantileTable;

/// The least samples of a state in a size class: a table of fewer says nothing.
const LEAST_IN_STATE: usize = 20;
const MOST_ROUNDS: usize = 200;

/// A chain of two regimes and how well it explains the samples.
#[derive(Debug, Clone, PartialEq)]
pub struct RegimeFit {
    /// Probability to be in the same state at the next sample.
    pub stay: [f64; 2],
    /// Share of the samples in each state.
    pub share: [f64; 2],
    /// Median latency in the second state over that in the first.
    pub factor: f64,
    /// Correlation of the logarithms of neighbours that the chain makes.
    pub autocorrelation: f64,
    /// Time between samples, if known.
    pub step: Option<Nanos>,
    /// Why it must not be used, if it must not.
    pub refused: Option<String>,
    states: [Regime; 2],
}

impl RegimeFit {
    /// As a profile holds it.
    pub(super) fn written(&self) -> Option<Regimes> {
        let step = self.step.filter(|_| self.refused.is_none())?;
        let [first, second] = self.stay;
        let transitions = vec![vec![first, 1.0 - first], vec![1.0 - second, second]];
        Some(Regimes { step, transitions, states: self.states.to_vec() })
    }
}

/// Correlation of neighbours; 0 if nothing varies.
pub(super) fn lag_one(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    let covariance: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if variance > 0.0 { covariance / variance } else { 0.0 }
}

/// Fits the chain to the residuals and tables to the samples of each state.
pub(super) fn fit(
    classes: &[Class],
    residuals: &[f64],
    measured: f64,
    step: Option<Nanos>,
) -> RegimeFit {
    let (model, slow) = Hidden::fit(residuals);
    let n = residuals.len() as f64;
    let in_state = |state: usize, sample: u32| (slow[sample as usize] > 0.5) == (state == 1);
    let of_state = |state: usize, class: &Class| {
        let members = class.samples.iter().zip(&class.latency_ns);
        let mut own: Vec<u64> =
            members.filter(|(sample, _)| in_state(state, **sample)).map(|(_, ns)| *ns).collect();
        own.sort_unstable();
        own
    };
    let parts = [0, 1].map(|s| classes.iter().map(|class| of_state(s, class)).collect::<Vec<_>>());
    let fewest = parts.iter().flatten().map(Vec::len).min().unwrap_or(0);
    let table = |parts: &Vec<Vec<u64>>| {
        if fewest < LEAST_IN_STATE {
            return Regime::default();
        }
        let table = QuantileTable::fit(parts);
        let sizes = table.rows(classes.iter().map(|class| class.size));
        Regime { quantiles: table.quantiles, sizes, ..Regime::default() }
    };
    let share = (0..residuals.len() as u32).filter(|i| in_state(1, *i)).count() as f64 / n;
    let means = [0, 1].map(|state| {
        let own = residuals.iter().zip(0u32..).filter(|(_, i)| in_state(state, *i));
        let (sum, count) = own.fold((0.0, 0.0), |(sum, count), (r, _)| (sum + r, count + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    });
    let autocorrelation = model.lag_one(means, residuals);
    let refused = if fewest < LEAST_IN_STATE {
        Some(format!("a state has {fewest} samples in a size class, of {LEAST_IN_STATE} needed"))
    } else if !(0.5 * measured..=1.5 * measured).contains(&autocorrelation) {
        Some(format!(
            "two regimes make a correlation of {autocorrelation:.2}, and the samples have {measured:.2}"
        ))
    } else if step.is_none() {
        Some("the time between samples is not known".into())
    } else {
        None
    };
    RegimeFit {
        stay: model.stay,
        share: [1.0 - share, share],
        factor: libm::exp(means[1] - means[0]),
        autocorrelation,
        step,
        refused,
        states: [table(&parts[0]), table(&parts[1])],
    }
}

/// A hidden Markov model of two states with normal noise; the second has the larger mean.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Hidden {
    stay: [f64; 2],
    mean: [f64; 2],
    variance: [f64; 2],
}

impl Hidden {
    /// The model, and for each value the probability that it was made in the second state.
    fn fit(values: &[f64]) -> (Self, Vec<f64>) {
        let mut model = Hidden::start(values);
        let (mut second, mut last) = (Vec::new(), f64::NEG_INFINITY);
        for _ in 0..MOST_ROUNDS {
            let (posterior, moves, likelihood) = model.explain(values);
            model = Hidden::from_posterior(values, &posterior, moves);
            second = posterior;
            if likelihood - last < 1e-7 * values.len() as f64 {
                break;
            }
            last = likelihood;
        }
        if model.mean[0] > model.mean[1] {
            model.stay.reverse();
            model.mean.reverse();
            model.variance.reverse();
            second.iter_mut().for_each(|p| *p = 1.0 - *p);
        }
        (model, second)
    }

    /// Values above their mean in one state, those below in the other.
    fn start(values: &[f64]) -> Self {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let posterior: Vec<f64> =
            values.iter().map(|v| if *v > mean { 0.9 } else { 0.1 }).collect();
        Hidden::from_posterior(values, &posterior, [[0.9, 0.1], [0.1, 0.9]])
    }

    /// The model that explains values best when they are shared out so; `moves` counts transitions.
    fn from_posterior(values: &[f64], second: &[f64], moves: [[f64; 2]; 2]) -> Self {
        let of = |state: usize| {
            let weight = |p: &f64| if state == 1 { *p } else { 1.0 - *p };
            let total: f64 = second.iter().map(weight).sum::<f64>().max(1e-9);
            let sum = |f: &dyn Fn(f64) -> f64| -> f64 {
                values.iter().zip(second).map(|(v, p)| weight(p) * f(*v)).sum::<f64>() / total
            };
            let mean = sum(&|v| v);
            (mean, sum(&|v| (v - mean) * (v - mean)).max(1e-8))
        };
        let (first, second) = (of(0), of(1));
        // No state is kept or left for ever on the word of finitely many samples.
        let stay = [0, 1].map(|s| {
            let stay = moves[s][s] / (moves[s][0] + moves[s][1]).max(1e-9);
            stay.clamp(1e-6, 1.0 - 1e-6)
        });
        Hidden { stay, mean: [first.0, second.0], variance: [first.1, second.1] }
    }

    /// Forward and backward: the probability of the second state at each value, expected transitions,
    /// and the logarithm of the likelihood.
    fn explain(&self, values: &[f64]) -> (Vec<f64>, [[f64; 2]; 2], f64) {
        let step = [[self.stay[0], 1.0 - self.stay[0]], [1.0 - self.stay[1], self.stay[1]]];
        let n = values.len();
        let made: Vec<[f64; 2]> = values.iter().map(|v| self.density(*v)).collect();
        let mut forward = vec![[0.0; 2]; n];
        let mut scale = vec![1.0; n];
        let mut before = self.long_run();
        let mut likelihood = 0.0;
        for i in 0..n {
            let coming = if i == 0 {
                before
            } else {
                [0, 1].map(|to| before[0] * step[0][to] + before[1] * step[1][to])
            };
            let joint = [0, 1].map(|s| coming[s] * made[i][s]);
            scale[i] = (joint[0] + joint[1]).max(1e-300);
            before = joint.map(|p| p / scale[i]);
            forward[i] = before;
            likelihood += libm::log(scale[i]);
        }
        let mut second = vec![0.0; n];
        let mut moves = [[0.0; 2]; 2];
        let mut backward = [1.0; 2];
        for i in (0..n).rev() {
            second[i] = forward[i][1] * backward[1]
                / (forward[i][0] * backward[0] + forward[i][1] * backward[1]).max(1e-300);
            if i == 0 {
                break;
            }
            let after = [0, 1].map(|to| made[i][to] * backward[to] / scale[i]);
            for (from, row) in moves.iter_mut().enumerate() {
                for (to, count) in row.iter_mut().enumerate() {
                    *count += forward[i - 1][from] * step[from][to] * after[to];
                }
            }
            backward = [0, 1].map(|from| step[from][0] * after[0] + step[from][1] * after[1]);
        }
        (second, moves, likelihood)
    }

    fn density(&self, value: f64) -> [f64; 2] {
        [0, 1].map(|s| {
            let off = value - self.mean[s];
            (libm::exp(-0.5 * off * off / self.variance[s]) / libm::sqrt(self.variance[s]))
                .max(1e-300)
        })
    }

    fn long_run(&self) -> [f64; 2] {
        let (leave, join) = (1.0 - self.stay[0], 1.0 - self.stay[1]);
        [join / (leave + join), leave / (leave + join)]
    }

    /// The correlation of neighbours when only the state, with these means, carries over.
    fn lag_one(&self, means: [f64; 2], values: &[f64]) -> f64 {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
        let share = self.long_run();
        let gap = means[1] - means[0];
        // The state's own correlation is stay[0] + stay[1] - 1.
        let carried = share[0] * share[1] * gap * gap * (self.stay[0] + self.stay[1] - 1.0);
        if variance > 0.0 { carried / variance } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_one_of_a_saw_tooth_is_minus_one() {
        let teeth: Vec<f64> = (0..1000).map(|i| f64::from(i % 2)).collect();
        assert!((lag_one(&teeth) + 1.0).abs() < 0.01);
        assert_eq!(lag_one(&[3.0; 10]), 0.0);
    }
}
