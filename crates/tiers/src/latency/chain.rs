//! A Markov chain whose state at any step is a pure function of the seed.
//!
//! A chain is usually walked step by step, and its state then depends on where the walk began. Here
//! the path is filled in as a Brownian bridge is: first the states at steps 0 and 2^64, then the one
//! half way given both ends, and so on down to the step asked for. Given the ends a and b of a
//! stretch of 2h steps, the middle is s with probability P^h(a, s) P^h(s, b) / P^2h(a, b), which is the
//! exact law of the chain, and the draw for the middle bears the number of its step. So any step is
//! found by at most 64 draws from nothing, in any order; of the last path what still holds is kept,
//! and a jump of d steps costs log2 d draws. The powers P^h, h = 1, 2, 4 ..., are computed once.
//!
//! The state at step 0 is drawn from the chain's long run.

use trace::stream::Stream;

/// The most states a chain may have.
pub(super) const MOST_STATES: usize = 8;
/// Levels of halving from 2^64 steps down to one.
const N_LEVELS: usize = 64;
/// How far a row of transitions may be from adding up to 1, as three thirds written with digits are.
const SUM_TOLERANCE: f64 = 1e-6;

/// Transition probabilities, prepared.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chain {
    n_states: usize,
    /// Transitions over 2^level steps, level by level, row by row.
    powers: Vec<f64>,
    /// Share of the time spent in each state.
    long_run: Vec<f64>,
}

impl Chain {
    /// Checks transition probabilities and prepares them.
    pub(super) fn new(transitions: &[Vec<f64>]) -> Result<Self, String> {
        let n = transitions.len();
        if !(2..=MOST_STATES).contains(&n) {
            return Err(format!("there must be 2 to {MOST_STATES} states, not {n}"));
        }
        for (from, row) in transitions.iter().enumerate() {
            if row.len() != n {
                return Err(format!("row {} of `transitions` must have {n} entries", from + 1));
            }
            let sum: f64 = row.iter().sum();
            let is_probability = |p: &f64| *p == 0.0 || (1e-12..=1.0).contains(p);
            if !row.iter().all(is_probability) || (sum - 1.0).abs() > SUM_TOLERANCE {
                return Err(format!(
                    "row {} of `transitions` must hold probabilities, 0 or at least 1e-12, that add up to 1",
                    from + 1
                ));
            }
        }
        let mut one = transitions.concat();
        normalise(&mut one, n);
        if let Some((from, to)) = unreachable(&one, n) {
            return Err(format!("state {} can never be reached from state {}", to + 1, from + 1));
        }
        let mut powers = one.clone();
        for level in 1..N_LEVELS {
            let half = powers[(level - 1) * n * n..].to_vec();
            powers.extend(square(&half, n));
        }
        // A chain that may also stand still has the same long run, and reaches it if it is periodic.
        let mut lazy = one;
        for (at, p) in lazy.iter_mut().enumerate() {
            *p = 0.5 * *p + if at % (n + 1) == 0 { 0.5 } else { 0.0 };
        }
        for _ in 0..N_LEVELS {
            lazy = square(&lazy, n);
        }
        Ok(Chain { n_states: n, powers, long_run: lazy[..n].to_vec() })
    }

    /// Share of the time spent in each state.
    pub(super) fn long_run(&self) -> &[f64] {
        &self.long_run
    }

    /// A walk along this chain with the luck of `draws`.
    pub(super) fn walk(&self, draws: Stream) -> Walk {
        let first = pick(draws.uniform_at(0), self.long_run.iter().copied());
        let far = self.level(N_LEVELS - 1);
        // To step 2^64 in two strides of 2^63.
        let n = self.n_states;
        let over_two = (0..n)
            .map(|to| (0..n).map(|via| far[first * n + via] * far[via * n + to]).sum::<f64>());
        let last = pick(draws.uniform_at(u64::MAX), over_two);
        let ends = Ends { left: first as u8, right: last as u8 };
        let mut walk = Walk { chain: self.clone(), draws, step: 0, path: [ends; N_LEVELS + 1] };
        walk.descend(0, N_LEVELS);
        walk
    }

    fn level(&self, level: usize) -> &[f64] {
        let n = self.n_states;
        &self.powers[level * n * n..(level + 1) * n * n]
    }

    /// The state half way between two that are 2^(level + 1) steps apart.
    fn middle(&self, ends: Ends, level: usize, u: f64) -> u8 {
        let (n, half) = (self.n_states, self.level(level));
        let (a, b) = (usize::from(ends.left), usize::from(ends.right));
        pick(u, (0..n).map(|s| half[a * n + s] * half[s * n + b])) as u8
    }
}

/// The states at both ends of a stretch of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends {
    left: u8,
    right: u8,
}

/// A chain with its luck, and the path to the last step asked for.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    chain: Chain,
    draws: Stream,
    step: u64,
    /// For each level, the ends of the stretch of 2^level steps that holds `step`.
    path: [Ends; N_LEVELS + 1],
}

impl Walk {
    /// The state at a step.
    #[inline]
    pub(super) fn state_at(&mut self, step: u64) -> usize {
        if step != self.step {
            // Stretches that hold both the last step and this one stay as they are.
            let kept = N_LEVELS - (step ^ self.step).leading_zeros() as usize;
            self.descend(step, kept);
        }
        usize::from(self.path[0].left)
    }

    fn descend(&mut self, step: u64, from_level: usize) {
        self.step = step;
        for level in (0..from_level).rev() {
            let ends = self.path[level + 1];
            let middle_step = (step >> level | 1) << level;
            let u = self.draws.uniform_at(middle_step);
            let middle = self.chain.middle(ends, level, u);
            self.path[level] = if step >> level & 1 == 0 {
                Ends { left: ends.left, right: middle }
            } else {
                Ends { left: middle, right: ends.right }
            };
        }
    }
}

/// The place that `u` falls on among weights.
fn pick(u: f64, weights: impl Iterator<Item = f64> + Clone) -> usize {
    let total: f64 = weights.clone().sum();
    let mut left = u * total;
    let mut last = 0;
    for (place, weight) in weights.enumerate() {
        if weight > 0.0 {
            if left < weight {
                return place;
            }
            last = place;
        }
        left -= weight;
    }
    last
}

/// A stochastic matrix times itself.
fn square(matrix: &[f64], n: usize) -> Vec<f64> {
    let entry =
        |at: usize| (0..n).map(move |via| matrix[at / n * n + via] * matrix[via * n + at % n]);
    let mut squared: Vec<f64> = (0..n * n).map(|at| entry(at).sum()).collect();
    normalise(&mut squared, n);
    squared
}

/// Makes rows add up to 1, so that rounding does not pile up over squarings.
fn normalise(matrix: &mut [f64], n: usize) {
    for row in matrix.chunks_mut(n) {
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= sum);
    }
}

/// A pair of states without a way from one to the other.
fn unreachable(matrix: &[f64], n: usize) -> Option<(usize, usize)> {
    for from in 0..n {
        let mut seen = vec![false; n];
        let mut open = vec![from];
        while let Some(state) = open.pop() {
            if !std::mem::replace(&mut seen[state], true) {
                open.extend((0..n).filter(|to| matrix[state * n + to] > 0.0));
            }
        }
        if let Some(to) = seen.iter().position(|seen| !seen) {
            return Some((from, to));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stream() -> Stream {
        Stream::new(3, "regimes of test")
    }

    /// A walk, and how often each pair of states followed one another.
    fn counts(chain: &Chain, n_steps: u64) -> Vec<Vec<f64>> {
        let n = chain.n_states;
        let mut walk = chain.walk(stream());
        let mut counts = vec![vec![0.0; n]; n];
        let mut last = walk.state_at(0);
        for step in 1..n_steps {
            let state = walk.state_at(step);
            counts[last][state] += 1.0;
            last = state;
        }
        counts
    }

    #[test]
    fn transitions_are_as_frequent_as_they_should_be() {
        let transitions = vec![vec![0.9, 0.1, 0.0], vec![0.0, 0.5, 0.5], vec![0.3, 0.0, 0.7]];
        let chain = Chain::new(&transitions).unwrap();
        for (row, expected) in counts(&chain, 200_000).iter().zip(&transitions) {
            let n: f64 = row.iter().sum();
            for (count, p) in row.iter().zip(expected) {
                // Four standard deviations.
                let noise = 4.0 * libm::sqrt(n * p * (1.0 - p));
                assert!((count - n * p).abs() <= noise, "{row:?} {expected:?}");
            }
        }
    }

    #[test]
    fn the_next_state_depends_on_the_last_one_alone() {
        // Were the bridge wrong, the state two steps back would tell more.
        let chain = Chain::new(&[vec![0.8, 0.2], vec![0.3, 0.7]]).unwrap();
        let mut walk = chain.walk(stream());
        let states: Vec<usize> = (0..200_000).map(|step| walk.state_at(step)).collect();
        for before in 0..2 {
            let after_0: Vec<&[usize]> =
                states.windows(3).filter(|w| w[0] == before && w[1] == 0).collect();
            let share = after_0.iter().filter(|w| w[2] == 1).count() as f64 / after_0.len() as f64;
            let noise = 4.0 * libm::sqrt(0.16 / after_0.len() as f64);
            assert!((share - 0.2).abs() < noise, "{before}: {share}");
        }
    }

    #[test]
    fn the_long_run_is_the_balance_of_coming_and_going() {
        let chain = Chain::new(&[vec![0.9, 0.1], vec![0.3, 0.7]]).unwrap();
        assert!((chain.long_run()[0] - 0.75).abs() < 1e-12);
        let sticky = Chain::new(&[vec![1.0 - 1e-9, 1e-9], vec![3e-9, 1.0 - 3e-9]]).unwrap();
        assert!((sticky.long_run()[0] - 0.75).abs() < 1e-6);
    }

    #[test]
    fn a_chain_without_luck_goes_round() {
        let round =
            Chain::new(&[vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0], vec![1.0, 0.0, 0.0]]).unwrap();
        let mut walk = round.walk(stream());
        let first = walk.state_at(0);
        for step in [1, 2, 3, 1000, 999, 123_456_789_000, 5] {
            assert_eq!(walk.state_at(step), (first + (step % 3) as usize) % 3, "{step}");
        }
    }

    #[test]
    fn chains_that_make_no_sense_are_refused() {
        for transitions in [
            vec![vec![1.0]],
            vec![vec![0.5, 0.5]],
            vec![vec![0.5, 0.6], vec![0.5, 0.5]],
            vec![vec![1.5, -0.5], vec![0.5, 0.5]],
            vec![vec![f64::NAN, 1.0], vec![0.5, 0.5]],
            vec![vec![1.0, 0.0], vec![0.5, 0.5]],
            vec![vec![0.5; 2]; 9],
        ] {
            assert!(Chain::new(&transitions).is_err(), "{transitions:?}");
        }
    }

    proptest! {
        #[test]
        fn a_state_does_not_depend_on_how_it_was_come_by(
            steps in prop::collection::vec(prop_oneof![0..100u64, any::<u64>()], 1..50),
        ) {
            let chain = Chain::new(&[vec![0.99, 0.01], vec![0.05, 0.95]]).unwrap();
            let mut walk = chain.walk(stream());
            for step in steps {
                let fresh = chain.walk(stream()).state_at(step);
                prop_assert_eq!(walk.state_at(step), fresh);
            }
        }
    }
}
