//! What can go wrong between the result tables and the files.

use std::path::PathBuf;

/// A report that cannot be drawn or written.
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
    /// A file of the report cannot be written.
    #[error(transparent)]
    File(#[from] frames::Error),
    /// A figure could not be drawn.
    #[error("a chart cannot be drawn: {0}")]
    Draw(String),
    /// The page could not be put together.
    #[error("the page cannot be put together: {0}")]
    Page(#[from] minijinja::Error),
    /// A report for a build server could not be put together.
    #[error("the report for the build server cannot be put together: {0}")]
    Ci(String),
}
