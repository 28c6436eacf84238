//! What can go wrong.

use std::io;
use std::path::PathBuf;

/// Samples that cannot be read, or a server that cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that cannot be opened.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is not what it should be.
    #[error("{}: {what}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong, and a hint.
        what: String,
    },
    /// A row that cannot be read.
    #[error("{}: line {line}: {what}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// From 1, with the header.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// A server that does not answer as it should.
    #[error("redis at {address}: {what}")]
    Redis {
        /// Host and port.
        address: String,
        /// What is wrong.
        what: String,
    },
}
