//! How far apart the uses of objects are: histograms with a bucket for each power of two.

use trace::Trace;

use crate::stack_distance::LruCurve;

/// Values from `from` up to, but not including, `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Least value.
    pub from: u64,
    /// First value that is too large.
    pub to: u64,
    /// Requests.
    pub n_requests: u64,
}

/// Reuse times: requests from one for an object to the next for the same, 1 being immediately again.
/// First requests have none.
pub fn times(trace: &Trace) -> Vec<Bucket> {
    let mut last = vec![0u32; trace.n_objects() as usize];
    let mut histogram = Histogram::new();
    for (step, object) in (1u32..).zip(trace.objects()) {
        let before = std::mem::replace(&mut last[object.index()], step);
        if before > 0 {
            histogram.add(u64::from(step - before), 1);
        }
    }
    histogram.buckets()
}

/// Stack depths: the least LRU cache in which each request hits. In objects that is the reuse
/// distance, the distinct objects between two uses, and the object itself. First requests have none.
pub fn distances(curve: &LruCurve) -> Vec<Bucket> {
    let mut histogram = Histogram::new();
    curve.steps().for_each(|(depth, n)| histogram.add(depth, n));
    histogram.buckets()
}

/// Counts by the number of binary digits.
#[derive(Debug)]
struct Histogram([u64; 65]);

impl Histogram {
    fn new() -> Self {
        Histogram([0; 65])
    }

    fn add(&mut self, value: u64, n: u64) {
        self.0[64 - value.leading_zeros() as usize] += n;
    }

    /// All from the first with something in it to the last.
    fn buckets(&self) -> Vec<Bucket> {
        let taken = |n: &u64| *n > 0;
        let Some(first) = self.0.iter().position(taken) else { return Vec::new() };
        let last = self.0.iter().rposition(taken).unwrap_or(first);
        let bucket = |digits: usize| Bucket {
            from: if digits > 0 { 1 << (digits - 1) } else { 0 },
            to: if digits < 64 { 1 << digits } else { u64::MAX },
            n_requests: self.0[digits],
        };
        (first..=last).map(bucket).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use cache::Unit;

    use super::*;

    #[test]
    fn an_example_by_hand() {
        // Times: A 3, B 3, A 2, A 1. Depths: A 3, B 3, A 2, A 1.
        let trace = Trace::from_numbers("t", [1, 2, 3, 1, 2, 1, 1]);
        let expected =
            [(1, 2, 1), (2, 4, 3)].map(|(from, to, n_requests)| Bucket { from, to, n_requests });
        assert_eq!(times(&trace), expected);
        let curve = LruCurve::of(&trace, Unit::Objects, &mut |_| ControlFlow::Continue(()));
        assert_eq!(distances(&curve.unwrap()), expected);
        assert!(times(&Trace::from_numbers("t", 0..5)).is_empty());
    }

    #[test]
    fn the_largest_values_have_a_bucket() {
        let mut histogram = Histogram::new();
        histogram.add(u64::MAX, 2);
        let (from, to) = (1 << 63, u64::MAX);
        assert_eq!(histogram.buckets(), [Bucket { from, to, n_requests: 2 }]);
    }
}
