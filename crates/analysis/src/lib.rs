//! Statistics for comparing cache strategies: arrays in, intervals and verdicts out.
//!
//! Nothing here knows what a cache is. The data have two traits that textbook tests do not expect, and that
//! make them wrong: requests that are close in time are alike, and requests of one key are hits or misses
//! together. So blocks of time and buckets of keys are what is resampled, never single requests.
//!
//! | question | answer |
//! |---|---|
//! | B against A, windows of the same requests | [`paired`]; by formula [`hac`]; while it runs [`sequential`] |
//! | B against A, a sample of keys | [`key_sample`]; less noise with [`cuped`] |
//! | p99 of B against that of A | [`quantile`] |
//! | how large, and does it matter | [`effect`], [`equivalence`], [`verdict`] |
//! | how long must the run be | [`power`] |
//! | many strategies, one trace | [`max_t`] (against a baseline), [`confidence_set`] (which may be best), [`multiple`] |
//! | many strategies, many traces | [`friedman`], [`wilcoxon`], [`nemenyi`], [`bayes_signed_rank`], [`families`] |
//! | a share of all pairs of a few units | [`pairs`]; of independent cases [`proportion`] |
//! | are the p-values right on this trace | [`aa`]; were the arms filled as planned [`sample_ratio`] |
//!
//! The same input and seed give the same bits. Coverage and rates of false findings are measured in the
//! tests, and at length by `examples/calibration.rs`.

pub mod aa;
mod autocovariance;
pub mod bayes_signed_rank;
mod better;
pub mod block_length;
mod bootstrap;
pub mod confidence_set;
pub mod cuped;
mod distributions;
pub mod effect;
pub mod equivalence;
mod error;
pub mod families;
pub mod friedman;
pub mod hac;
mod interval;
pub mod key_sample;
pub mod max_t;
pub mod multiple;
pub mod nemenyi;
mod options;
pub mod paired;
pub mod pairs;
mod plausible;
pub mod power;
pub mod proportion;
pub mod quantile;
mod random;
mod ranks;
mod ratio;
pub mod sample_ratio;
pub mod sequential;
#[cfg(test)]
mod series;
mod studentized_range;

pub mod verdict;
pub mod wilcoxon;

pub use better::Better;
pub use bootstrap::Scheme;
pub use equivalence::Rope;
pub use error::Error;
pub use interval::Interval;
pub use options::{LEAST_ROWS, Options};
pub use plausible::Plausible;
