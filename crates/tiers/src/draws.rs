//! A latency profile ready to be drawn from.

use trace::stream::Stream;

use crate::LatencyProfile;

/// Draws of one tier: number `n` is a pure function of (seed, name, n).
#[derive(Debug, Clone)]
pub struct Draws {
    profile: LatencyProfile,
    stream: Stream,
}

impl Draws {
    /// The draws of the tier called `name`.
    pub fn new(profile: &LatencyProfile, seed: u64, name: &str) -> Self {
        Draws { profile: profile.clone(), stream: Stream::new(seed, &format!("latency of {name}")) }
    }

    /// Latency of an answer of `size` bytes, in nanoseconds.
    #[inline]
    pub fn at(&mut self, draw: u64, _now_ns: u64, size: u64) -> u64 {
        self.profile.at(self.stream.uniform_at(draw), size).0
    }

    /// Latency of an answer without a body, in nanoseconds.
    #[inline]
    pub fn at_smallest(&mut self, draw: u64, _now_ns: u64) -> u64 {
        self.profile.at_smallest(self.stream.uniform_at(draw)).0
    }
}
