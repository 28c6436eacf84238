//! The strategies that may be the best one: the model confidence set.
//!
//! To pick the best of many and then test it flatters it. Instead, all are tested for being equally good;
//! if they are not, the worst is taken out and the rest tested again. What is left holds the best with the
//! stated probability. Little data leaves many in, which is the honest answer.
//!
//! P. R. Hansen, A. Lunde, J. M. Nason: "The model confidence set", Econometrica 79(2), 2011, doi
//! 10.3982/ECTA5771, with the statistic T_max: a strategy's mean loss less that of all still in the set,
//! divided by its bootstrap standard error. Losses of all strategies are resampled together.
//!
//! Takes O(k n resamples) time, and O(k² resamples) for the elimination, for k strategies.

use crate::error::{self, Error};
use crate::max_t::common_blocks;
use crate::options::Options;
use crate::ratio::Linear;

/// A strategy in or out of the set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Member {
    /// Place among the strategies given.
    pub strategy: usize,
    /// Mean loss.
    pub loss: f64,
    /// The strategy is in the set of level 1 - alpha if this is above alpha. 1 for the last one left.
    pub p_value: f64,
}

/// Strategies in the order of elimination, the last one being the best, from their losses by window (miss
/// ratios, latencies, dollars: less is better).
///
/// # Errors
///
/// If there is no strategy, windows are fewer than 20 (independent rows: than 6) or not as many of all, or one is not finite.
pub fn confidence_set(losses: &[Vec<f64>], options: &Options) -> Result<Vec<Member>, Error> {
    options.check()?;
    error::at_least("strategies", losses.len(), 1)?;
    let n = losses[0].len();
    error::at_least("windows", n, options.least())?;
    for series in losses {
        error::as_many("windows of a strategy", series.len(), n)?;
        error::finite("window of a strategy", series)?;
    }
    let race = Race::new(losses, options)?;
    let mut left: Vec<usize> = (0..losses.len()).collect();
    let mut members = Vec::new();
    let mut p_value: f64 = 0.0;
    while left.len() > 1 {
        let (worst, p) = race.worst_of(&left);
        p_value = p_value.max(p);
        let strategy = left.remove(worst);
        members.push(Member { strategy, loss: race.losses[strategy], p_value });
    }
    members.push(Member { strategy: left[0], loss: race.losses[left[0]], p_value: 1.0 });
    Ok(members)
}

/// Mean losses, and by how much each resample is off.
struct Race {
    losses: Vec<f64>,
    deviations: Vec<Vec<f64>>,
}

impl Race {
    fn new(losses: &[Vec<f64>], options: &Options) -> Result<Self, Error> {
        let n = losses[0].len();
        let mean = |t: usize| losses.iter().map(|l| l[t]).sum::<f64>() / losses.len() as f64;
        let center: Vec<f64> = (0..n).map(mean).collect();
        let ones = vec![1.0; n];
        // What all share cancels out, and would only cost digits.
        let mut series = Vec::new();
        for loss in losses {
            let apart: Vec<f64> = loss.iter().zip(&center).map(|(l, c)| l - c).collect();
            series.push(Linear::new(&apart, &ones)?);
        }
        let blocks = common_blocks(&series, options);
        let shared = center.iter().sum::<f64>() / n as f64;
        Ok(Race {
            losses: series.iter().map(|linear| shared + linear.ratio).collect(),
            deviations: series
                .iter()
                .map(|linear| linear.resamples(&blocks, options).map(|r| r.deviation).collect())
                .collect(),
        })
    }

    /// Which of those left is the worst, and the p-value of "they are equally good".
    fn worst_of(&self, left: &[usize]) -> (usize, f64) {
        let average = |value: &dyn Fn(usize) -> f64| {
            left.iter().map(|&i| value(i)).sum::<f64>() / left.len() as f64
        };
        let loss = average(&|i| self.losses[i]);
        let n_resamples = self.deviations[0].len();
        let shared: Vec<f64> =
            (0..n_resamples).map(|r| average(&|i| self.deviations[i][r])).collect();
        let mut maxima = vec![f64::NEG_INFINITY; n_resamples];
        let mut worst = (0, f64::NEG_INFINITY);
        for (place, &i) in left.iter().enumerate() {
            let apart = || self.deviations[i].iter().zip(&shared).map(|(d, s)| d - s);
            let error = (apart().map(|d| d * d).sum::<f64>() / n_resamples as f64).sqrt();
            let t = studentised(self.losses[i] - loss, error);
            if t > worst.1 {
                worst = (place, t);
            }
            for (maximum, deviation) in maxima.iter_mut().zip(apart()) {
                *maximum = maximum.max(studentised(deviation, error));
            }
        }
        let n_larger = maxima.iter().filter(|maximum| **maximum >= worst.1).count();
        (worst.0, (n_larger as f64 + 1.0) / (n_resamples as f64 + 1.0))
    }
}

fn studentised(deviation: f64, error: f64) -> f64 {
    if deviation == 0.0 { 0.0 } else { deviation / error }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::autoregression;

    /// arch 8.0.0: `MCS(losses, 0.1, block_size=10, reps=50000, method="max", bootstrap="stationary")` gave
    /// 0.000, 0.077, 0.142, 0.721 and 1. Its resamples are others, and its variance is the same.
    #[test]
    fn p_values_agree_with_arch() {
        let losses: Vec<Vec<f64>> = [0.0, 0.02, 0.08, 0.1, 0.3]
            .iter()
            .enumerate()
            .map(|(i, worse)| {
                autoregression(20 + i as u64, 200, 0.3).into_iter().map(|x| x + worse).collect()
            })
            .collect();
        let options =
            Options { n_resamples: 20_000, block_length: Some(10.0), ..Options::default() };
        let members = confidence_set(&losses, &options).unwrap();
        let order: Vec<usize> = members.iter().map(|member| member.strategy).collect();
        assert_eq!(order, [4, 3, 2, 1, 0]);
        for (member, expected) in members.iter().zip([0.0, 0.0768, 0.1416, 0.7208, 1.0]) {
            assert!((member.p_value - expected).abs() < 0.012, "{member:?}, expected {expected}");
        }
        let mean = losses[2].iter().sum::<f64>() / 200.0;
        assert!((members[2].loss - mean).abs() < 1e-12);
    }

    #[test]
    fn equals_stay_in() {
        let options = Options { n_resamples: 199, ..Options::default() };
        let losses = vec![autoregression(1, 60, 0.0); 3];
        let members = confidence_set(&losses, &options).unwrap();
        assert!(members.iter().all(|member| member.p_value == 1.0), "{members:?}");
        assert_eq!(confidence_set(&losses[..1], &options).unwrap().len(), 1);
        assert!(confidence_set(&[], &options).is_err());
    }
}
