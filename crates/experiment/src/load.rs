//! Opening a trace of any format: foreign ones by their readers, Parquet by `frames`, and recipes by
//! generating what they describe.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use trace::Trace;
use trace::generate::Recipe;
use trace::readers::{self, ReadOptions};

use crate::Error;

/// Name of the native format.
pub const FORMAT_PARQUET: &str = "parquet";

/// Reads the trace in `path`. `progress` is told the bytes read and the size of the file.
pub fn open_trace(
    path: &Path,
    options: &ReadOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Trace, Error> {
    match kind(path, options.format.as_deref()) {
        Kind::Recipe => Ok(trace::generate::generate(&recipe(path)?, options.limit)?),
        Kind::Native => open_parquet(path, options),
        Kind::Foreign => Ok(readers::read(path, options, progress)?),
    }
}

/// Who reads a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is generated.
    Recipe,
    /// It is Parquet.
    Native,
    /// One of the readers.
    Foreign,
}

/// Who reads the trace in `path`, whose format is said or not.
pub(crate) fn kind(path: &Path, format: Option<&str>) -> Kind {
    match format {
        None if path.extension().is_some_and(|ending| ending == "toml") => Kind::Recipe,
        None if is_parquet(path) => Kind::Native,
        Some(FORMAT_PARQUET) => Kind::Native,
        _ => Kind::Foreign,
    }
}

/// The recipe in `path`.
pub(crate) fn recipe(path: &Path) -> Result<Recipe, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::Unfit(format!("{}: {error}", path.display())))?;
    Ok(Recipe::from_toml(&text, &path.display().to_string())?)
}

fn open_parquet(path: &Path, options: &ReadOptions) -> Result<Trace, Error> {
    let foreign = ReadOptions {
        format: options.format.clone(),
        limit: options.limit,
        ignore_time: options.ignore_time,
        ignore_size: options.ignore_size,
        ignore_op: options.ignore_op,
        strict: options.strict,
        ..ReadOptions::default()
    };
    if foreign != *options {
        return Err(Error::Unfit(format!(
            "{}: is a native trace; options for columns, keys and logs are for foreign formats",
            path.display()
        )));
    }
    let columns = frames::TraceColumns {
        time: !options.ignore_time,
        size: !options.ignore_size,
        others: !options.ignore_op,
        names: true,
    };
    let trace = frames::read_trace(path, &columns)?;
    match options.limit.and_then(|limit| usize::try_from(limit).ok()) {
        Some(limit) if limit < trace.n_requests() => Ok(trace::sample::by_index(&trace, 0..limit)?),
        _ => Ok(trace),
    }
}

/// Only regular files are looked into: what is read from a pipe is gone.
fn is_parquet(path: &Path) -> bool {
    let mut magic = [0; 4];
    path.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && magic == *b"PAR1"
}
