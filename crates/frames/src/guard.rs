//! A fence around the Parquet decoder.
//!
//! The decoder of polars 0.55 trusts what a file says of itself: some damaged footers make it panic,
//! and row counts from a footer become allocations. So a footer is checked against the size of the
//! file before anything is decoded, and a panic inside is turned into an error.

use std::cell::Cell;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use polars_parquet::read::{FileMetadata, read_metadata};

use crate::Error;

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside the Parquet decoder, where a panic means a damaged file and is
/// caught. For panic hooks, so that they keep quiet.
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// Runs `decode`; a panic in it is an error about the file.
pub(crate) fn decoding<T>(
    path: &Path,
    decode: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    DECODING.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(false);
    outcome.unwrap_or_else(|_| Err(damaged(path, "the Parquet decoder gave up on it")))
}

/// An error about the content of a file.
pub(crate) fn damaged(path: &Path, what: impl ToString) -> Error {
    Error::Content { path: path.to_path_buf(), what: what.to_string() }
}

/// An error of the operating system.
pub(crate) fn io(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    |source| Error::Io { path: path.to_path_buf(), source }
}

/// No row group of ours has more rows.
const MAX_ROWS_IN_GROUP: usize = 1 << 26;

/// The footer, if what it says fits together. Flat, non-repeated columns only.
pub(crate) fn footer(path: &Path, file: &mut File) -> Result<FileMetadata, Error> {
    let metadata = read_metadata(file).map_err(|error| damaged(path, error))?;
    let n_columns = metadata.schema_descr.columns().len();
    let mut rows = 0usize;
    for group in &metadata.row_groups {
        let columns = group.parquet_columns();
        let n = group.num_rows();
        let flat = columns.iter().all(|column| {
            column.num_values() == n as i64 && column.descriptor().descriptor.max_rep_level == 0
        });
        if n > MAX_ROWS_IN_GROUP || columns.len() != n_columns || !flat {
            return Err(damaged(path, "the footer does not fit together"));
        }
        rows += n;
    }
    if rows != metadata.num_rows {
        return Err(damaged(path, "the footer's row counts differ"));
    }
    Ok(metadata)
}

/// A value stored beside the data.
pub(crate) fn stored<'a>(metadata: &'a FileMetadata, key: &str) -> Option<&'a str> {
    let pairs = metadata.key_value_metadata().as_ref()?;
    pairs.iter().find(|pair| pair.key == key)?.value.as_deref()
}
