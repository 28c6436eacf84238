//! Opening a trace of any format: foreign ones by their readers, Parquet by `frames`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use trace::Trace;
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
    let named = options.format.as_deref() == Some(FORMAT_PARQUET);
    if named || (options.format.is_none() && is_parquet(path)) {
        return Ok(frames::read_trace(path, &frames::TraceColumns::default())?);
    }
    Ok(readers::read(path, options, progress)?)
}

fn is_parquet(path: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"PAR1"
}
