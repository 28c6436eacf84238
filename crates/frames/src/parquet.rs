//! Result tables as Parquet files, by way of polars frames.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;
use polars_io::prelude::*;

use crate::ab::AbTests;
use crate::check::{CauseRow, CheckRow};
use crate::comparison::Comparison;
use crate::guard::{damaged, decoding, footer, io, stored};
use crate::results::{
    CurveRow, Curves, FootprintRow, RankRow, ReplayRow, Results, ReuseRow, SCHEMA_VERSION,
};
use crate::table::{ColumnData, Table};
use crate::{Error, write_atomically};

const SCHEMA_KEY: &str = "cache-strategy-results";

/// The rows as a polars frame.
pub fn frame<T: Table>(rows: &[T]) -> PolarsResult<DataFrame> {
    let columns = T::schema()
        .iter()
        .zip(T::columns(rows))
        .map(|(info, data)| {
            let name = PlSmallStr::from_static(info.name);
            match data {
                ColumnData::Text(values) => StringChunked::from_slice(name, &values).into_column(),
                ColumnData::U64(values) => UInt64Chunked::from_vec(name, values).into_column(),
                ColumnData::I64(values) => Int64Chunked::from_vec(name, values).into_column(),
                ColumnData::F64(values) => Float64Chunked::from_vec(name, values).into_column(),
            }
        })
        .collect();
    DataFrame::new(rows.len(), columns)
}

/// Writes the rows as a Parquet file, whole or not at all.
pub fn write_table<T: Table>(path: &Path, rows: &[T]) -> Result<(), Error> {
    let mut frame = frame(rows).map_err(|error| damaged(path, error))?;
    let version = vec![(SCHEMA_KEY.to_string(), SCHEMA_VERSION.to_string())];
    write_atomically(path, |file| {
        ParquetWriter::new(BufWriter::new(file))
            .with_compression(ParquetCompression::Zstd(None))
            .with_key_value_metadata(Some(KeyValueMetadata::from_static(version)))
            .set_parallel(false)
            .finish(&mut frame)
            .map(|_| ())
            .map_err(|error| damaged(path, error))
    })
}

/// Reads rows written by [`write_table`]. Further columns are ignored.
pub fn read_table<T: Table>(path: &Path) -> Result<Vec<T>, Error> {
    decoding(path, || {
        let mut file = File::open(path).map_err(io(path))?;
        let metadata = footer(path, &mut file)?;
        let version = SCHEMA_VERSION.to_string();
        match stored(&metadata, SCHEMA_KEY) {
            Some(found) if found == version => {}
            Some(found) => {
                let what = format!("its result schema is {found}, this version reads {version}");
                return Err(damaged(path, what));
            }
            None => {
                return Err(damaged(path, "is Parquet, but not a result table of this program"));
            }
        }
        let mut reader = ParquetReader::new(file).read_parallel(ParallelStrategy::None);
        reader.set_metadata(Arc::new(metadata));
        let frame = reader.finish().map_err(|error| damaged(path, error))?;
        T::rows(&mut |name| column(&frame, name))
    })
}

fn column(frame: &DataFrame, name: &'static str) -> Result<ColumnData, Error> {
    let series = frame.column(name).map_err(|_| Error::MissingColumn(name))?;
    let other = || Error::ColumnType { column: name, found: "another type, or gaps" };
    let whole = |has_gaps: bool| if has_gaps { Err(other()) } else { Ok(()) };
    whole(series.null_count() > 0)?;
    match series.dtype() {
        DataType::String => {
            let values = series.str().map_err(|_| other())?;
            Ok(ColumnData::Text(values.iter().flatten().map(str::to_string).collect()))
        }
        DataType::UInt64 => {
            Ok(ColumnData::U64(series.u64().map_err(|_| other())?.iter().flatten().collect()))
        }
        DataType::Int64 => {
            Ok(ColumnData::I64(series.i64().map_err(|_| other())?.iter().flatten().collect()))
        }
        DataType::Float64 => {
            Ok(ColumnData::F64(series.f64().map_err(|_| other())?.iter().flatten().collect()))
        }
        _ => Err(other()),
    }
}

/// File of a table below a report's folder.
pub(crate) fn file_of<T: Table>() -> String {
    format!("{}.parquet", T::NAME)
}

/// The digest of what `feed_all` feeds.
pub(crate) fn digest_of(feed_all: impl FnOnce(&mut blake3::Hasher)) -> String {
    let mut hasher = blake3::Hasher::new();
    feed_all(&mut hasher);
    format!("blake3:{}", hasher.finalize().to_hex())
}

impl Curves {
    /// Writes every table to `dir`: `curves.parquet`, `footprint.parquet` and so on.
    pub fn write(&self, dir: &Path) -> Result<(), Error> {
        write_table(&dir.join(file_of::<CurveRow>()), &self.curves)?;
        write_table(&dir.join(file_of::<FootprintRow>()), &self.footprint)?;
        write_table(&dir.join(file_of::<ReuseRow>()), &self.reuse)?;
        write_table(&dir.join(file_of::<RankRow>()), &self.ranks)
    }
}

pub(crate) fn feed<T: Table>(hasher: &mut blake3::Hasher, rows: &[T]) {
    let mut words = |words: &mut dyn Iterator<Item = u64>| {
        for word in words {
            hasher.update(&word.to_le_bytes());
        }
    };
    words(&mut std::iter::once(rows.len() as u64));
    for column in T::columns(rows) {
        match column {
            ColumnData::U64(values) => words(&mut values.into_iter()),
            ColumnData::I64(values) => words(&mut values.into_iter().map(|v| v as u64)),
            ColumnData::F64(values) => words(&mut values.into_iter().map(f64::to_bits)),
            ColumnData::Text(values) => {
                for value in values {
                    words(&mut std::iter::once(value.len() as u64));
                    words(&mut value.bytes().map(u64::from));
                }
            }
        }
    }
}

/// The result tables and their columns, as Markdown.
pub fn describe() -> String {
    let mut out = format!(
        "# Result tables\n\nWhat `cache-strategy run` writes, result schema {SCHEMA_VERSION}. All tables share the column `run`.\nEverything in them is determined by trace, scenario, seed and version; there is no wall-clock time.\n"
    );
    Results::describe(&mut out);
    out.push_str("\nThe one table of `cache-strategy replay` stands alone.\n");
    describe_table::<ReplayRow>(&mut out);
    out.push_str("\nThe tables of `cache-strategy compare`.\n");
    Comparison::describe(&mut out);
    out.push_str("\nWhat `cache-strategy mrc --out` writes shares the column `trace`.\n");
    describe_table::<CurveRow>(&mut out);
    describe_table::<FootprintRow>(&mut out);
    describe_table::<ReuseRow>(&mut out);
    describe_table::<RankRow>(&mut out);
    out.push_str(
        "\nWhat `cache-strategy check --format json` prints, a row a line: figures, and with `--explain` causes.\n",
    );
    describe_rows::<CheckRow>(&mut out, CheckRow::NAME);
    describe_rows::<CauseRow>(&mut out, CauseRow::NAME);
    out.push_str("\nThe tables of `cache-strategy test` share the column `test`.\n");
    AbTests::describe(&mut out);
    out
}

pub(crate) fn describe_table<T: Table>(out: &mut String) {
    describe_rows::<T>(out, &file_of::<T>());
}

fn describe_rows<T: Table>(out: &mut String, heading: &str) {
    use std::fmt::Write as _;
    let _ = write!(
        out,
        "\n## `{heading}`\n\n{}\n\n| column | type | meaning |\n|---|---|---|\n",
        T::DOC
    );
    for column in T::schema() {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} |",
            column.name,
            column.type_name,
            column.doc.replace('|', "\\|")
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CostRow, WindowRow};

    fn rows() -> Vec<CostRow> {
        ["a", "ü|,\""]
            .iter()
            .zip([0, i64::MIN])
            .map(|(run, nanodollars_month)| CostRow {
                run: (*run).into(),
                tier: "L1".into(),
                component: "memory".into(),
                nanodollars_hour: 0,
                nanodollars_day: 1,
                nanodollars_month,
            })
            .collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let results = Results { costs: rows(), ..Results::default() };
        results.write(dir.path()).unwrap();
        let read = Results::read(dir.path()).unwrap();
        assert_eq!(read, results);
        assert_eq!(read.digest(), results.digest());
        assert_ne!(Results::default().digest(), results.digest());
    }

    #[test]
    fn files_that_are_something_else_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        std::fs::write(&path, b"PAR1 not really PAR1").unwrap();
        assert!(read_table::<CostRow>(&path).is_err());
        write_table(&path, &rows()).unwrap();
        assert!(matches!(read_table::<WindowRow>(&path), Err(Error::MissingColumn(_))));
        let bytes = std::fs::read(&path).unwrap();
        for cut in [1, 10, bytes.len() / 2] {
            std::fs::write(&path, &bytes[..bytes.len() - cut]).unwrap();
            assert!(read_table::<CostRow>(&path).is_err());
        }
    }

    #[test]
    fn every_column_is_explained() {
        let described = describe();
        assert!(described.contains("| `hit_ratio` | f64 | hits / reads"));
        assert!(described.contains("## `faults.parquet`"));
    }
}
