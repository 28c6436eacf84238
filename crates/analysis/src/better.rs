//! Which way is better.

/// Whether more of a metric is better, or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Hit ratios.
    Higher,
    /// Miss ratios, latencies, costs.
    Lower,
}

impl Better {
    /// The value with the sign that makes more of it better.
    pub fn orient(self, value: f64) -> f64 {
        match self {
            Better::Higher => value,
            Better::Lower => -value,
        }
    }
}
