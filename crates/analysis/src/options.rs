//! What a bootstrap is told.

use crate::bootstrap::Scheme;
use crate::error::{self, Error};

/// The fewest windows of a series in time that give an interval.
pub(crate) const LEAST_WINDOWS: usize = 20;
/// The fewest rows that do not depend on each other: with five, no test by signs or ranks can find
/// anything at 5 %, since the smallest two-sided p-value is 2 / 2^5.
pub const LEAST_ROWS: usize = 6;

/// How an interval is to be found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Seed of the draws. The same seed gives the same bits.
    pub seed: u64,
    /// Probability with which the interval covers the truth.
    pub level: f64,
    /// Resamples. More make the ends of the interval less noisy; p-values are at least 2 / (this + 1).
    pub n_resamples: usize,
    /// How blocks are cut.
    pub scheme: Scheme,
    /// Mean length of a block, in windows, at most a sixth of the series; without it three times the
    /// [automatic](crate::block_length::automatic) one.
    pub block_length: Option<f64>,
}

impl Default for Options {
    /// 95 %, 4,999 resamples, stationary, automatic length, seed 0.
    fn default() -> Self {
        Options {
            seed: 0,
            level: 0.95,
            n_resamples: 4_999,
            scheme: Scheme::Stationary,
            block_length: None,
        }
    }
}

impl Options {
    /// For rows that do not depend on each other and are no series in time, such as families of traces:
    /// each is drawn for itself, and [`LEAST_ROWS`] are enough.
    pub fn independent(seed: u64) -> Self {
        Options { seed, block_length: Some(1.0), ..Options::default() }
    }

    /// The fewest windows, or rows, that give an interval.
    pub(crate) fn least(&self) -> usize {
        if self.block_length == Some(1.0) { LEAST_ROWS } else { LEAST_WINDOWS }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        error::inside_unit("level", self.level)?;
        error::at_least("resamples", self.n_resamples, 99)?;
        let length = self.block_length.unwrap_or(1.0);
        let fits = |length: f64| length.is_finite() && length >= 1.0;
        error::setting("block length", length, fits, "at least 1 window")
    }
}
