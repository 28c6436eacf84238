//! Whether two arms got the shares of traffic that they were meant to get.
//!
//! If not, something chose who goes where, and nothing else about the arms can be believed. A. Fabijan and
//! others: "Diagnosing sample ratio mismatch in online controlled experiments", KDD '19, doi
//! 10.1145/3292500.3330722. Pearson's chi-squared test; what is counted must be what was assigned: keys
//! or clients. Requests are not: one hot key brings many, and the test would always fail.

use crate::distributions::chi_squared_tail;
use crate::error::{self, Error};

/// Below this p-value, shares are not what they should be. Smaller than usual, because this is checked in
/// every run and is meant to find faults, not effects.
pub const SUSPICIOUS: f64 = 0.001;

/// What a check of shares found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleRatio {
    /// Pearson's statistic.
    pub chi_squared: f64,
    /// The p-value of "the shares are as expected".
    pub p_value: f64,
}

impl SampleRatio {
    /// Whether the shares are what they should be.
    pub fn holds(&self) -> bool {
        self.p_value >= SUSPICIOUS
    }
}

/// Checks counts of units against expected shares, which need not add up to 1.
///
/// # Errors
///
/// If there are fewer than two arms, not as many counts as shares, a share is not above 0, or an arm is
/// expected to get fewer than 5 units.
pub fn sample_ratio(counts: &[u64], shares: &[f64]) -> Result<SampleRatio, Error> {
    error::at_least("arms", counts.len(), 2)?;
    error::as_many("shares", shares.len(), counts.len())?;
    error::not_negative("share", shares)?;
    let all: f64 = shares.iter().sum();
    let n: f64 = counts.iter().map(|count| *count as f64).sum();
    let mut chi_squared = 0.0;
    for (&count, share) in counts.iter().zip(shares) {
        let expected = n * share / all;
        error::setting("expected number of units", expected, |e| e >= 5.0, "at least 5")?;
        chi_squared += (count as f64 - expected) * (count as f64 - expected) / expected;
    }
    let degrees = counts.len() as f64 - 1.0;
    Ok(SampleRatio { chi_squared, p_value: chi_squared_tail(chi_squared, degrees) })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::series::close;

    /// SciPy 1.17.1: `chisquare([5050, 4950, 10200], [5050, 5050, 10100])`.
    #[test]
    fn statistic_agrees_with_scipy() {
        let found = sample_ratio(&[5050, 4950, 10200], &[1.0, 1.0, 2.0]).unwrap();
        close(found.chi_squared, 2.9702970297029703, 1e-12);
        close(found.p_value, 0.22646870421280124, 1e-10);
        assert!(found.holds());
    }

    #[test]
    fn a_mismatch_is_seen() {
        assert!(!sample_ratio(&[5_300, 4_700], &[0.5, 0.5]).unwrap().holds());
        assert!(sample_ratio(&[4, 4], &[0.5, 0.5]).is_err());
        assert!(sample_ratio(&[40], &[1.0]).is_err());
        assert!(sample_ratio(&[40, 40], &[1.0, 0.0]).is_err());
    }
}
