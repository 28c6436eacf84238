//! How full a cache is at each moment: weights are added over a range, and the peak of a range read.
//!
//! A binary tree over the moments. A node holds what was added over all of its range, and the peak
//! within it, so nothing is ever pushed down. O(log n) each; 32 bytes a moment.

use std::ops::Range;

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// Added over the whole range of the node.
    added: u64,
    /// Largest sum of what was added at this node and below, over its moments.
    peak: u64,
}

/// Loads of `0..n`.
#[derive(Debug)]
pub(super) struct Load {
    /// The root is 1; the children of `i` are `2 i` and `2 i + 1`.
    nodes: Vec<Node>,
    /// Moments, rounded up to a power of two.
    width: usize,
}

impl Load {
    /// No load.
    pub(super) fn new(n: usize) -> Self {
        let width = n.max(1).next_power_of_two();
        Load { nodes: vec![Node::default(); 2 * width], width }
    }

    /// The largest load in a range that is not empty.
    pub(super) fn peak(&self, range: Range<usize>) -> u64 {
        self.peak_below(1, 0..self.width, &range)
    }

    fn peak_below(&self, at: usize, here: Range<usize>, range: &Range<usize>) -> u64 {
        if here.end <= range.start || range.end <= here.start {
            return 0;
        }
        let node = self.nodes[at];
        if range.start <= here.start && here.end <= range.end {
            return node.peak;
        }
        let middle = here.start.midpoint(here.end);
        let left = self.peak_below(2 * at, here.start..middle, range);
        let right = self.peak_below(2 * at + 1, middle..here.end, range);
        node.added + left.max(right)
    }

    /// Adds a weight to all of a range that is not empty.
    pub(super) fn add(&mut self, range: Range<usize>, weight: u64) {
        self.add_below(1, 0..self.width, &range, weight);
    }

    fn add_below(&mut self, at: usize, here: Range<usize>, range: &Range<usize>, weight: u64) {
        if here.end <= range.start || range.end <= here.start {
            return;
        }
        if range.start <= here.start && here.end <= range.end {
            self.nodes[at].added += weight;
            self.nodes[at].peak += weight;
            return;
        }
        let middle = here.start.midpoint(here.end);
        self.add_below(2 * at, here.start..middle, range, weight);
        self.add_below(2 * at + 1, middle..here.end, range, weight);
        let below = self.nodes[2 * at].peak.max(self.nodes[2 * at + 1].peak);
        self.nodes[at].peak = self.nodes[at].added + below;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a plain array.
        #[test]
        fn behaves_as_an_array(
            n in 1..40usize,
            steps in prop::collection::vec((0..40usize, 0..40usize, 0..9u64), 0..60),
        ) {
            let mut load = Load::new(n);
            let mut plain = vec![0; n];
            for (a, b, weight) in steps {
                let start = a % n;
                let range = start..start + 1 + b % (n - start);
                let peak = plain[range.clone()].iter().copied().max().unwrap();
                prop_assert_eq!(load.peak(range.clone()), peak);
                load.add(range.clone(), weight);
                plain[range].iter_mut().for_each(|load| *load += weight);
            }
        }
    }
}
