//! Samples by object size.
//!
//! Every size is a class of its own while it has enough samples; smaller neighbours are put together
//! until they have, and stand for their median size.

use super::{LEAST_SAMPLES, Samples};

/// The most classes: beyond, sizes are put together into classes of equally many samples.
const MOST_CLASSES: usize = 16;
/// Stretches that are fitted to and judged on by turns.
const N_STRETCHES: usize = 20;

/// Samples of about one size.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Class {
    /// Median size in bytes; 1 where sizes are unknown.
    pub(super) size: u64,
    /// Number of each sample, rising.
    pub(super) samples: Vec<u32>,
    /// Latency of each, at least 1 ns.
    pub(super) latency_ns: Vec<u64>,
}

impl Class {
    pub(super) fn n(&self) -> usize {
        self.samples.len()
    }

    pub(super) fn sorted(&self) -> Vec<u64> {
        let mut sorted = self.latency_ns.clone();
        sorted.sort_unstable();
        sorted
    }

    /// The latencies to fit to and those to judge on, each sorted.
    pub(super) fn halves(&self) -> (Vec<u64>, Vec<u64>) {
        let n = self.n();
        let stretch = |place: usize| place * N_STRETCHES / n;
        let half = |parity: usize| {
            let latencies = self.latency_ns.iter().enumerate();
            let of_half = latencies.filter(|(place, _)| stretch(*place) % 2 == parity);
            let mut sorted: Vec<u64> = of_half.map(|(_, latency)| *latency).collect();
            sorted.sort_unstable();
            sorted
        };
        (half(0), half(1))
    }
}

/// The classes, by rising size.
pub(super) fn classes(samples: &Samples<'_>) -> Vec<Class> {
    let n = samples.latency_ns.len();
    let size = |i: u32| samples.sizes.map_or(1, |sizes| sizes[i as usize]);
    let mut by_size: Vec<u32> = (0..n as u32).collect();
    by_size.sort_by_key(|i| size(*i));
    let sizes: Vec<&[u32]> = by_size.chunk_by(|a, b| size(*a) == size(*b)).collect();
    let least = if sizes.len() > MOST_CLASSES { n / MOST_CLASSES } else { 0 }.max(LEAST_SAMPLES);
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for of_size in sizes {
        match groups.last_mut() {
            Some(last) if last.len() < least => last.extend(of_size),
            _ => groups.push(of_size.to_vec()),
        }
    }
    // The last may be too small: it goes with the one before.
    if let [.., before, last] = &mut groups[..]
        && last.len() < least
    {
        before.append(last);
        groups.pop();
    }
    let class = |mut members: Vec<u32>| {
        let median = size(members[members.len() / 2]);
        members.sort_unstable();
        let latency_ns = members.iter().map(|i| samples.latency_ns[*i as usize].max(1)).collect();
        Class { size: median, samples: members, latency_ns }
    };
    groups.into_iter().map(class).collect()
}

/// For each sample in order, the logarithm of its latency less the mean of its class.
pub(super) fn residuals(classes: &[Class], n_samples: usize) -> Vec<f64> {
    let mut residuals = vec![0.0; n_samples];
    for class in classes {
        let ln: Vec<f64> = class.latency_ns.iter().map(|ns| libm::log(*ns as f64)).collect();
        let mean = ln.iter().sum::<f64>() / ln.len() as f64;
        for (sample, ln) in class.samples.iter().zip(ln) {
            residuals[*sample as usize] = ln - mean;
        }
    }
    residuals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_sizes(sizes: &[u64]) -> Vec<(u64, usize)> {
        let latency: Vec<u64> = vec![1; sizes.len()];
        let samples = Samples { latency_ns: &latency, sizes: Some(sizes), ..Samples::default() };
        classes(&samples).iter().map(|class| (class.size, class.n())).collect()
    }

    #[test]
    fn small_classes_join_their_neighbours() {
        let sizes = |counts: &[(u64, usize)]| -> Vec<u64> {
            counts.iter().flat_map(|(size, n)| std::iter::repeat_n(*size, *n)).collect()
        };
        assert_eq!(of_sizes(&sizes(&[(10, 50), (20, 60)])), [(10, 50), (20, 60)]);
        assert_eq!(of_sizes(&sizes(&[(10, 5), (20, 60), (30, 40)])), [(20, 65), (30, 40)]);
        assert_eq!(of_sizes(&sizes(&[(10, 50), (20, 30)])), [(10, 80)]);
        let many: Vec<u64> = (0..16_000).collect();
        let classes = of_sizes(&many);
        assert_eq!(classes.len(), 16);
        assert!(classes.iter().all(|(_, n)| *n == 1_000));
    }

    #[test]
    fn halves_take_turns_and_share_nothing() {
        let latency: Vec<u64> = (1..=100).collect();
        let samples = Samples { latency_ns: &latency, ..Samples::default() };
        let (fitted_to, judged_on) = classes(&samples)[0].halves();
        assert_eq!(fitted_to[..6], [1, 2, 3, 4, 5, 11]);
        assert_eq!(judged_on[..6], [6, 7, 8, 9, 10, 16]);
        assert_eq!((fitted_to.len(), judged_on.len()), (50, 50));
    }
}
