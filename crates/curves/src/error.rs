//! What can be wrong with a request for a curve.

/// A curve that cannot be drawn as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rate that is no share.
    #[error("a sampling rate of {0} is not in (0, 1]")]
    Rate(f64),
    /// A sample with too few objects for an interval.
    #[error(
        "{trace}: a sample of {n_sampled} of {n_objects} objects is too small: it takes at least {least}\nhint: a higher rate, or no sampling"
    )]
    SmallSample {
        /// Name of the trace.
        trace: String,
        /// Objects in the sample.
        n_sampled: usize,
        /// Objects in the trace.
        n_objects: u32,
        /// Objects that it takes.
        least: usize,
    },
    /// A policy that cannot be run.
    #[error(transparent)]
    Policy(#[from] cache::Error),
}

impl Error {
    /// Checks that a rate is in (0, 1].
    pub(crate) fn check_rate(rate: f64) -> Result<(), Error> {
        if rate > 0.0 && rate <= 1.0 { Ok(()) } else { Err(Error::Rate(rate)) }
    }
}
