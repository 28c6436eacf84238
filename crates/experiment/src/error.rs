//! Errors with a place in the scenario file.

use std::path::PathBuf;

/// A scenario that cannot be read, resolved or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something in a file is wrong; already rendered with file, line, column and the line itself.
    #[error("{0}")]
    Diagnostic(String),
    /// A trace cannot be read.
    #[error(transparent)]
    Trace(#[from] trace::Error),
    /// A trace or result file cannot be read or written.
    #[error(transparent)]
    Frames(#[from] frames::Error),
    /// A policy cannot be built for a run.
    #[error("run `{run}`: {source}")]
    Policy {
        /// The run.
        run: String,
        /// What is wrong.
        source: cache::Error,
    },
    /// A stack cannot be simulated.
    #[error("run `{run}`: {source}")]
    Stack {
        /// The run.
        run: String,
        /// What is wrong.
        source: tiers::Error,
    },
    /// Figures cannot be analysed as asked.
    #[error(transparent)]
    Analysis(#[from] analysis::Error),
    /// The scenario does not fit its traces, or the manifest the scenario.
    #[error("{0}")]
    Unfit(String),
}
