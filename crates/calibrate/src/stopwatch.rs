//! Times of what takes nanoseconds.

use std::time::Instant;

/// Takes times and leaves out what taking them costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    cost_ns: u64,
}

impl Stopwatch {
    /// Measures what taking a time costs: the median of times of nothing.
    pub(crate) fn new() -> Self {
        let mut nothing: Vec<u64> = (0..10_001).map(|_| elapsed_ns(|| ())).collect();
        nothing.sort_unstable();
        Stopwatch { cost_ns: nothing[nothing.len() / 2] }
    }

    /// Nanoseconds that `work` takes, at least 1.
    pub(crate) fn time<T>(&self, work: impl FnOnce() -> T) -> u64 {
        elapsed_ns(work).saturating_sub(self.cost_ns).max(1)
    }

    /// Nanoseconds that were left out of every time.
    pub(crate) fn cost_ns(&self) -> u64 {
        self.cost_ns
    }
}

fn elapsed_ns<T>(work: impl FnOnce() -> T) -> u64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_nanos() as u64
}
