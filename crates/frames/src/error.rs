//! What can go wrong with result and trace files.

use std::path::PathBuf;

/// A file that cannot be written, read, or understood.
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
    /// The content is not what this program writes.
    #[error("{}: {what}", path.display())]
    Content {
        /// The file concerned.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A column is missing.
    #[error("column `{0}` is missing")]
    MissingColumn(&'static str),
    /// A column has another type than the schema says.
    #[error("column `{column}` holds {found}, which is not what the schema says")]
    ColumnType {
        /// The column.
        column: &'static str,
        /// The type found.
        found: &'static str,
    },
    /// Columns of one table differ in length.
    #[error("the columns of table `{table}` differ in length")]
    Ragged {
        /// The table.
        table: &'static str,
    },
}
