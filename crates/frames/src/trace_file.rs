//! Traces as Parquet: the native format.
//!
//! One row a request, no gaps. `object` is the dense id; `time_ns`, `size`, `op`, `client`, `region`,
//! `ttl_ns` and `miss_penalty` are there if the trace has them. Names stand where they first apply:
//! `key` (and `key2`, for pairs) holds the object's key in the row of its first request and 0 or ""
//! in all others, and so do `client_name` and `region_name`. Name, clock and source format are in the
//! key-value metadata under `cache-strategy-trace`, as JSON.
//!
//! Numbers are stored byte-split (all lowest bytes of a page, then all next ones, ...), which costs
//! one pass to undo and lets a light zstd find the small high bytes: about 2 bytes an id on a Zipf
//! trace. Pages are decoded here rather than by polars, because that is twice as fast and because its
//! decoder can be made to abort by a damaged file.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use polars::prelude::{ArrowDataType, ArrowField, ArrowSchema, PlSmallStr, PolarsError};
use polars_buffer::Buffer;
use polars_parquet::parquet::CowBuffer;
use polars_parquet::parquet::encoding::Encoding;
use polars_parquet::parquet::metadata::Descriptor;
use polars_parquet::parquet::page::{DataPage, DataPageHeader, DataPageHeaderV1, split_buffer};
use polars_parquet::parquet::read::{BasicDecompressor, PageReader};
use polars_parquet::parquet::schema::Repetition;
use polars_parquet::read::FileMetadata;
use polars_parquet::write::{
    CompressionOptions, Compressor, DynIter, DynStreamingIterator, FallibleStreamingIterator,
    FileWriter, KeyValue, Page, ParquetType, StatisticsOptions, Version, WriteOptions, ZstdLevel,
    schema_to_metadata_key,
};
use serde::{Deserialize, Serialize};
use trace::{Clock, Columns, Keys, Labels, ObjectId, Op, ReadReport, Sizes, TextKeys, Trace};

use crate::guard::{damaged, decoding, footer, io, stored};
use crate::{Error, write_atomically};

const METADATA_KEY: &str = "cache-strategy-trace";
const SCHEMA_VERSION: u32 = 1;
const ROWS_IN_GROUP: usize = 1 << 20;
const ROWS_IN_PAGE: usize = 1 << 16;
/// A page of ours is at most 64 Ki rows; text may be longer, but not by that much.
const MAX_PAGE_BYTES: usize = 1 << 28;

/// What is kept beside the rows.
#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    schema: u32,
    name: String,
    objects: u32,
    report: ReadReport,
    resolution_ns: u64,
    epoch_unix_ns: Option<u64>,
    digest: String,
}

/// Which columns to read; those left out cost nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceColumns {
    /// Stamps.
    pub time: bool,
    /// Sizes.
    pub size: bool,
    /// Operations, clients, regions, times to live, penalties.
    pub others: bool,
    /// Names of objects, clients and regions.
    pub names: bool,
}

impl Default for TraceColumns {
    fn default() -> Self {
        TraceColumns { time: true, size: true, others: true, names: true }
    }
}

/// The values of one column of a file, a page at a time.
enum Values<'a> {
    U32(Rows<'a, u32>),
    U64(Rows<'a, u64>),
    Text(Rows<'a, Cow<'a, [u8]>>),
}

/// Gives the values in a range of rows.
type Rows<'a, T> = Box<dyn Fn(Range<usize>) -> Vec<T> + 'a>;

type Column<'a> = (&'static str, Values<'a>);

/// Writes a trace, whole or not at all. Without names it holds no keys, clients' or regions' names.
pub fn write_trace(path: &Path, trace: &Trace, names: bool) -> Result<(), Error> {
    let columns = columns_of(trace, names);
    let schema: ArrowSchema = columns
        .iter()
        .map(|(name, values)| {
            let dtype = match values {
                Values::U32(_) => ArrowDataType::UInt32,
                Values::U64(_) => ArrowDataType::UInt64,
                Values::Text(_) => ArrowDataType::LargeBinary,
            };
            let name = PlSmallStr::from_static(name);
            (name.clone(), ArrowField::new(name, dtype, false))
        })
        .collect();
    write_atomically(path, |file| {
        write_groups(file, trace, &schema, &columns).map_err(|error| damaged(path, error))
    })
}

fn write_groups(
    file: &mut File,
    trace: &Trace,
    schema: &ArrowSchema,
    columns: &[Column<'_>],
) -> Result<(), PolarsError> {
    let compression = CompressionOptions::Zstd(Some(ZstdLevel::try_new(1)?));
    let options = WriteOptions {
        statistics: StatisticsOptions::empty(),
        version: Version::V1,
        compression,
        data_page_size: None,
    };
    let mut writer = FileWriter::try_new(BufWriter::new(file), schema.clone(), options)?;
    let types: Vec<ParquetType> = writer.parquet_schema().fields().to_vec();
    let n = trace.n_requests();
    for start in (0..n).step_by(ROWS_IN_GROUP) {
        let end = n.min(start + ROWS_IN_GROUP);
        let chunks: Vec<_> = columns
            .iter()
            .zip(&types)
            .map(|((_, values), kind)| {
                let pages: Vec<Page> = (start..end)
                    .step_by(ROWS_IN_PAGE)
                    .map(|from| page(values, kind, from..end.min(from + ROWS_IN_PAGE)))
                    .collect();
                let pages = DynIter::new(pages.into_iter().map(Ok));
                let compressed = Compressor::new(pages, compression, Vec::new());
                Ok(DynStreamingIterator::new(compressed.map_err(PolarsError::from)))
            })
            .collect();
        writer.write((end - start) as u64, DynIter::new(chunks.into_iter()))?;
    }
    let metadata = Metadata {
        schema: SCHEMA_VERSION,
        name: trace.name().to_string(),
        report: trace.report().clone(),
        objects: trace.n_objects(),
        resolution_ns: trace.columns().clock.resolution_ns,
        epoch_unix_ns: trace.columns().clock.epoch_unix_ns,
        digest: trace.digest().to_string(),
    };
    let metadata = serde_json::to_string(&metadata).expect("plain JSON");
    writer.end(Some(vec![
        schema_to_metadata_key(schema),
        KeyValue { key: METADATA_KEY.into(), value: Some(metadata) },
    ]))?;
    Ok(())
}

/// The columns that `trace` has.
fn columns_of(trace: &Trace, names: bool) -> Vec<Column<'_>> {
    let columns = trace.columns();
    let mut out: Vec<Column<'_>> = vec![("object", numbers(trace.objects(), |object| object.0))];
    if let Some(times) = &columns.time_ns {
        out.push(("time_ns", Values::U64(Box::new(|rows| times[rows].to_vec()))));
    }
    match &columns.size {
        None => {}
        Some(Sizes::Narrow(sizes)) => out.push(("size", numbers(sizes, |size| *size))),
        Some(Sizes::Wide(sizes)) => {
            out.push(("size", Values::U64(Box::new(|rows| sizes[rows].to_vec()))))
        }
    }
    if let Some(ops) = &columns.op {
        out.push(("op", numbers(ops, |op| *op as u32)));
    }
    if let Some(ttls) = &columns.ttl_ns {
        out.push(("ttl_ns", Values::U64(Box::new(|rows| ttls[rows].to_vec()))));
    }
    if let Some(penalties) = &columns.miss_penalty {
        out.push(("miss_penalty", numbers(penalties, |penalty| *penalty)));
    }
    for (id, name, labels) in
        [("client", "client_name", &columns.client), ("region", "region_name", &columns.region)]
    {
        let Some(labels) = labels else { continue };
        out.push((id, numbers(&labels.ids, |id| *id)));
        if names {
            let first = first_rows(labels.ids.iter().copied());
            out.push((name, text_at(first, |id| label(&labels.names, id))));
        }
    }
    if let (Some(keys), true) = (&columns.keys, names) {
        let first = first_rows(trace.objects().iter().map(|object| object.0));
        match keys {
            Keys::Ints(keys) => out.push(("key", number_at(first, |id| keys[id as usize]))),
            Keys::Pairs(keys) => {
                out.push(("key", number_at(first.clone(), |id| keys[id as usize].0)));
                out.push(("key2", number_at(first, |id| keys[id as usize].1)));
            }
            Keys::Text(keys) => out.push(("key", text_at(first, |id| keys.get(id).into()))),
        }
    }
    out
}

fn numbers<'a, T>(values: &'a [T], number: impl Fn(&T) -> u32 + 'a) -> Values<'a> {
    Values::U32(Box::new(move |rows| values[rows].iter().map(&number).collect()))
}

fn label(names: &Keys, id: u32) -> Cow<'_, [u8]> {
    match names {
        Keys::Text(names) => names.get(id).into(),
        other => other.label(ObjectId(id)).into_owned().into_bytes().into(),
    }
}

/// The row in which each number appears first, by number. Numbers follow first appearance.
fn first_rows(ids: impl Iterator<Item = u32>) -> Vec<usize> {
    let mut first = Vec::new();
    for (row, id) in ids.enumerate() {
        if id as usize == first.len() {
            first.push(row);
        }
    }
    first
}

/// The numbers whose first row lies in `rows`, with that row counted from the start of `rows`.
fn firsts_in(first: &[usize], rows: &Range<usize>) -> impl Iterator<Item = (usize, u32)> {
    let from = first.partition_point(|row| *row < rows.start);
    let to = first.partition_point(|row| *row < rows.end);
    let start = rows.start;
    first[from..to].iter().zip(from as u32..).map(move |(row, id)| (row - start, id))
}

fn number_at<'a>(first: Vec<usize>, number: impl Fn(u32) -> u64 + 'a) -> Values<'a> {
    Values::U64(Box::new(move |rows| {
        let mut values = vec![0; rows.len()];
        for (row, id) in firsts_in(&first, &rows) {
            values[row] = number(id);
        }
        values
    }))
}

fn text_at<'a>(first: Vec<usize>, text: impl Fn(u32) -> Cow<'a, [u8]> + 'a) -> Values<'a> {
    Values::Text(Box::new(move |rows| {
        let mut values = vec![Cow::Borrowed(&b""[..]); rows.len()];
        for (row, id) in firsts_in(&first, &rows) {
            values[row] = text(id);
        }
        values
    }))
}

fn page(values: &Values<'_>, kind: &ParquetType, rows: Range<usize>) -> Page {
    let ParquetType::PrimitiveType(primitive) = kind else { unreachable!("all columns are flat") };
    let n = rows.len();
    let (encoding, bytes) = match values {
        Values::U32(values) => {
            (Encoding::ByteStreamSplit, split_bytes(&values(rows), u32::to_le_bytes))
        }
        Values::U64(values) => {
            (Encoding::ByteStreamSplit, split_bytes(&values(rows), u64::to_le_bytes))
        }
        Values::Text(values) => (Encoding::Plain, plain_text(&values(rows))),
    };
    let header = DataPageHeaderV1 {
        num_values: n as i32,
        encoding: encoding.into(),
        definition_level_encoding: Encoding::Rle.into(),
        repetition_level_encoding: Encoding::Rle.into(),
        statistics: None,
    };
    let descriptor =
        Descriptor { primitive_type: primitive.clone(), max_def_level: 0, max_rep_level: 0 };
    Page::Data(DataPage::new(DataPageHeader::V1(header), CowBuffer::Owned(bytes), descriptor, n))
}

/// All first bytes, then all second bytes, and so on.
fn split_bytes<T: Copy, const N: usize>(values: &[T], bytes_of: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let n = values.len();
    let mut out = vec![0; n * N];
    for (lane, out) in out.chunks_exact_mut(n.max(1)).enumerate() {
        for (byte, value) in out.iter_mut().zip(values) {
            *byte = bytes_of(*value)[lane];
        }
    }
    out
}

/// Each text with its length before it.
fn plain_text(values: &[Cow<'_, [u8]>]) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values {
        out.extend_from_slice(&(value.len() as u32).to_le_bytes());
        out.extend_from_slice(value);
    }
    out
}

/// Reads a trace written by [`write_trace`].
pub fn read_trace(path: &Path, wanted: &TraceColumns) -> Result<Trace, Error> {
    decoding(path, || {
        let mut file = TraceFile::open(path)?;
        let columns = file.columns(wanted)?;
        let report = file.metadata.report.clone();
        let trace = Trace::new(file.metadata.name.clone(), columns, report)
            .map_err(|what| damaged(path, what))?;
        if trace.n_objects() != file.metadata.objects {
            return Err(damaged(path, "the number of objects is not what was written"));
        }
        Ok(trace)
    })
}

/// Requests of the trace in `path`, from its footer alone.
pub fn trace_length(path: &Path) -> Result<usize, Error> {
    decoding(path, || Ok(TraceFile::open(path)?.footer.num_rows))
}

/// An open file with its footer.
struct TraceFile<'a> {
    path: &'a Path,
    file: File,
    length: u64,
    footer: FileMetadata,
    metadata: Metadata,
}

impl<'a> TraceFile<'a> {
    fn open(path: &'a Path) -> Result<Self, Error> {
        let mut file = File::open(path).map_err(io(path))?;
        let length = file.metadata().map_err(io(path))?.len();
        let footer = footer(path, &mut file)?;
        let text = stored(&footer, METADATA_KEY).ok_or_else(|| {
            damaged(path, "is Parquet, but not a trace of this program\nhint: `trace convert` makes one, from a CSV file for example")
        })?;
        let metadata: Metadata =
            serde_json::from_str(text).map_err(|error| damaged(path, error))?;
        if metadata.schema != SCHEMA_VERSION {
            let what = format!(
                "its trace schema is {}, this version reads {SCHEMA_VERSION}",
                metadata.schema
            );
            return Err(damaged(path, what));
        }
        Ok(TraceFile { path, file, length, footer, metadata })
    }

    fn columns(&mut self, wanted: &TraceColumns) -> Result<Columns, Error> {
        let object = self.fixed("object", ObjectId)?;
        let object = object.ok_or(Error::MissingColumn("object"))?;
        let mut columns = Columns::untimed(object);
        columns.clock = Clock {
            resolution_ns: self.metadata.resolution_ns,
            epoch_unix_ns: self.metadata.epoch_unix_ns,
        };
        if wanted.time {
            columns.time_ns = self.fixed("time_ns", |time: u64| time)?;
        }
        if wanted.size {
            columns.size = match self.width("size") {
                Some(8) => self.fixed("size", |size: u64| size)?.map(Sizes::Wide),
                _ => self.fixed("size", |size: u32| size)?.map(Sizes::Narrow),
            };
        }
        if wanted.others {
            columns.op = self.ops()?;
            columns.ttl_ns = self.fixed("ttl_ns", |ttl: u64| ttl)?;
            columns.miss_penalty = self.fixed("miss_penalty", |penalty: u32| penalty)?;
            columns.client = self.labels("client", "client_name", wanted.names)?;
            columns.region = self.labels("region", "region_name", wanted.names)?;
        }
        if wanted.names {
            let first = first_rows(columns.object.iter().map(|object| object.0));
            columns.keys = self.keys("key", "key2", &first)?;
        }
        Ok(columns)
    }

    fn ops(&mut self) -> Result<Option<Vec<Op>>, Error> {
        let Some(codes) = self.fixed("op", |code: u32| code)? else { return Ok(None) };
        let op = |code: u32| u8::try_from(code).ok().and_then(Op::from_code);
        let ops = codes.into_iter().map(op).collect::<Option<Vec<Op>>>();
        ops.map(Some).ok_or_else(|| damaged(self.path, "holds an unknown operation"))
    }

    fn labels(
        &mut self,
        column: &'static str,
        names: &'static str,
        with_names: bool,
    ) -> Result<Option<Labels>, Error> {
        let Some(ids) = self.fixed(column, |id: u32| id)? else { return Ok(None) };
        let first = first_rows(ids.iter().copied());
        let stored = if with_names { self.keys(names, "", &first)? } else { None };
        // Without stored names, numbers stand in for them.
        let names = stored.unwrap_or_else(|| Keys::Ints((0..first.len() as u64).collect()));
        Ok(Some(Labels { ids, names }))
    }

    /// The names in the given rows of a column, and of a second one for pairs.
    fn keys(
        &mut self,
        column: &'static str,
        second: &'static str,
        rows: &[usize],
    ) -> Result<Option<Keys>, Error> {
        match self.width(column) {
            None => Ok(None),
            Some(0) => self.text(column, rows).map(|keys| Some(Keys::Text(keys))),
            Some(_) => {
                let pick =
                    |values: Vec<u64>| rows.iter().map(|row| values[*row]).collect::<Vec<_>>();
                let first = self.fixed(column, |key: u64| key)?.map(pick);
                let second = self.fixed(second, |key: u64| key)?.map(pick);
                Ok(match (first, second) {
                    (Some(a), Some(b)) => Some(Keys::Pairs(a.into_iter().zip(b).collect())),
                    (first, _) => first.map(Keys::Ints),
                })
            }
        }
    }

    /// Bytes a value of a column takes, 0 for text; `None` if there is no such column.
    fn width(&self, column: &str) -> Option<usize> {
        use polars_parquet::parquet::schema::types::PhysicalType;
        let found =
            self.footer.schema_descr.columns().iter().find(|c| c.path_in_schema[0] == column)?;
        Some(match found.descriptor.primitive_type.physical_type {
            PhysicalType::Int32 => 4,
            PhysicalType::Int64 => 8,
            _ => 0,
        })
    }

    /// A column of numbers, each turned into what the trace holds; `None` if it is not there.
    fn fixed<W: Word, T>(
        &mut self,
        column: &'static str,
        make: impl Fn(W) -> T + Copy,
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(width) = self.width(column) else { return Ok(None) };
        if width != W::BYTES {
            return Err(Error::ColumnType { column, found: "numbers of another width, or text" });
        }
        // A footer may claim any number of rows: reserve no more than the file could hold.
        let most = usize::try_from(self.length).unwrap_or(usize::MAX).saturating_mul(64);
        let mut out = Vec::with_capacity(self.footer.num_rows.min(most));
        self.each_page(column, |encoding, n, bytes| {
            if bytes.len() != n * W::BYTES {
                return Err("a page has not the length it should have".into());
            }
            match encoding {
                Encoding::ByteStreamSplit => W::split(bytes, n, make, &mut out),
                Encoding::Plain => W::plain(bytes, make, &mut out),
                other => return Err(format!("encoding {other:?} is not what this program writes")),
            }
            Ok(())
        })?;
        Ok(Some(out))
    }

    /// The texts in the given rows, which rise.
    fn text(&mut self, column: &'static str, rows: &[usize]) -> Result<TextKeys, Error> {
        let mut out = TextKeys::default();
        let mut wanted = rows.iter().copied().peekable();
        let mut row = 0;
        self.each_page(column, |encoding, n, mut bytes| {
            if encoding != Encoding::Plain {
                return Err(format!("encoding {encoding:?} is not what this program writes"));
            }
            for _ in 0..n {
                let (length, rest) = bytes.split_first_chunk::<4>().ok_or("a page ends early")?;
                let length = u32::from_le_bytes(*length) as usize;
                let text = rest.get(..length).ok_or("a page ends early")?;
                bytes = &rest[length..];
                if wanted.next_if_eq(&row).is_some() {
                    out.push(text);
                }
                row += 1;
            }
            Ok(())
        })?;
        Ok(out)
    }

    /// Calls `page` with encoding, number of values and decompressed bytes of each page of a column.
    fn each_page(
        &mut self,
        column: &'static str,
        mut page: impl FnMut(Encoding, usize, &[u8]) -> Result<(), String>,
    ) -> Result<(), Error> {
        let path = self.path;
        let mut rows_before = 0;
        let mut rows = 0;
        for group in &self.footer.row_groups {
            let mut chunks = group.columns_under_root_iter(column).into_iter().flatten();
            let chunk = chunks.next().ok_or(Error::MissingColumn(column))?;
            let descriptor = &chunk.descriptor().descriptor;
            if descriptor.primitive_type.field_info.repetition != Repetition::Required {
                return Err(Error::ColumnType { column, found: "values with gaps" });
            }
            let range = chunk.byte_range();
            if range.start > range.end || range.end > self.length {
                return Err(damaged(path, "a column lies outside the file"));
            }
            let length = range.end - range.start;
            let mut bytes = Vec::with_capacity(length as usize);
            self.file.seek(SeekFrom::Start(range.start)).map_err(io(path))?;
            (&mut self.file).take(length).read_to_end(&mut bytes).map_err(io(path))?;
            let reader = PageReader::new(
                Cursor::new(Buffer::from_vec(bytes)),
                chunk,
                Vec::new(),
                MAX_PAGE_BYTES,
            );
            let mut pages = BasicDecompressor::new(reader, Vec::new());
            while let Some(item) = pages.next() {
                let item = item.map_err(|error| damaged(path, error))?;
                if item.page().uncompressed_size() > MAX_PAGE_BYTES {
                    return Err(damaged(path, "a page is too large"));
                }
                let decompressed =
                    item.decompress(&mut pages).map_err(|error| damaged(path, error))?;
                let n = decompressed.num_values();
                rows += n;
                if rows - rows_before > group.num_rows() {
                    return Err(damaged(path, "a column has too many values"));
                }
                let values =
                    split_buffer(&decompressed).map_err(|error| damaged(path, error))?.values;
                page(decompressed.encoding(), n, values).map_err(|what| damaged(path, what))?;
                pages.reuse_page_buffer(decompressed);
            }
            if rows - rows_before != group.num_rows() {
                return Err(damaged(path, "a column has too few values"));
            }
            rows_before = rows;
        }
        Ok(())
    }
}

/// An unsigned number of fixed width.
trait Word: Copy {
    const BYTES: usize;
    fn plain<T>(bytes: &[u8], make: impl Fn(Self) -> T, out: &mut Vec<T>);
    fn split<T>(bytes: &[u8], n: usize, make: impl Fn(Self) -> T, out: &mut Vec<T>);
}

macro_rules! word {
    ($type:ty, $bytes:literal, $($lane:literal),*) => {
        impl Word for $type {
            const BYTES: usize = $bytes;

            fn plain<T>(bytes: &[u8], make: impl Fn(Self) -> T, out: &mut Vec<T>) {
                let (chunks, _) = bytes.as_chunks::<$bytes>();
                out.extend(chunks.iter().map(|chunk| make(<$type>::from_le_bytes(*chunk))));
            }

            fn split<T>(bytes: &[u8], n: usize, make: impl Fn(Self) -> T, out: &mut Vec<T>) {
                // One slice a byte, all of length n: no bounds checks are left, so this vectorises.
                let lanes = [$(&bytes[$lane * n..($lane + 1) * n]),*];
                out.extend((0..n).map(|i| make(<$type>::from_le_bytes([$(lanes[$lane][i]),*]))));
            }
        }
    };
}

word!(u32, 4, 0, 1, 2, 3);
word!(u64, 8, 0, 1, 2, 3, 4, 5, 6, 7);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trace::{Has, Key, NO_TTL, Row, TraceBuilder};

    use super::*;

    fn full(rows: &[(String, u64, u64, u8)]) -> Trace {
        let has = Has {
            time: true,
            size: true,
            op: true,
            client: true,
            region: true,
            ttl: true,
            miss_penalty: true,
        };
        let mut builder = TraceBuilder::new(has);
        for (i, (key, time, size, op)) in rows.iter().enumerate() {
            let row = Row {
                key: Key::Text(key.as_bytes()),
                time_ns: *time,
                size: *size,
                op: Op::from_code(op % 3).unwrap(),
                client: if i % 2 == 0 { b"even" } else { b"odd" },
                region: b"7",
                ttl_ns: if i % 3 == 0 { NO_TTL } else { i as u64 },
                miss_penalty: i as u32,
            };
            builder.push(&row).unwrap();
        }
        builder.set_clock(Clock { resolution_ns: 1000, epoch_unix_ns: Some(5) });
        builder.finish_even_if_empty("t")
    }

    fn round_trip(trace: &Trace, names: bool) -> Trace {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.parquet");
        write_trace(&path, trace, names).unwrap();
        read_trace(&path, &TraceColumns::default()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_written_is_read(
            rows in prop::collection::vec(("[a-z]{0,3}|[0-9]{1,2}", 0..9u64, 0..1u64 << 34, any::<u8>()), 0..50),
        ) {
            let trace = full(&rows);
            let read = round_trip(&trace, true);
            prop_assert_eq!(read.digest(), trace.digest());
            prop_assert_eq!(read.name(), trace.name());
            let (mut read, mut trace) = (read.into_columns(), trace.into_columns());
            // A column whose keys are all numbers is written as text where it names clients.
            for columns in [&mut read, &mut trace] {
                for labels in [&mut columns.client, &mut columns.region] {
                    let labels = labels.as_mut().unwrap();
                    let names = (0..labels.names.len() as u32).map(|i| labels.names.label(ObjectId(i)).into_owned());
                    let mut text = TextKeys::default();
                    names.for_each(|name| text.push(name.as_bytes()));
                    labels.names = Keys::Text(text);
                }
            }
            prop_assert_eq!(read, trace);
        }

        /// Damage anywhere gives an error or a trace that keeps the rules, never a panic or an abort.
        #[test]
        fn damage_is_survived(at in any::<prop::sample::Index>(), bit in 0..8u8, cut in any::<prop::sample::Index>()) {
            let rows: Vec<_> = (0..40u64).map(|i| (format!("k{}", i % 7), i, i, 0)).collect();
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("t.parquet");
            write_trace(&path, &full(&rows), true).unwrap();
            let mut bytes = std::fs::read(&path).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            std::fs::write(&path, &bytes).unwrap();
            let _ = read_trace(&path, &TraceColumns::default());
            std::fs::write(&path, &bytes[..cut.index(bytes.len())]).unwrap();
            prop_assert!(read_trace(&path, &TraceColumns::default()).is_err());
        }
    }

    #[test]
    fn traces_longer_than_a_row_group_are_whole() {
        let n = (ROWS_IN_GROUP + ROWS_IN_PAGE + 7) as u64;
        let trace = Trace::from_numbers("long", (0..n).map(|i| i * 7919 % 300_000));
        let read = round_trip(&trace, true);
        assert_eq!(read.columns(), trace.columns());
    }

    #[test]
    fn pairs_keep_both_numbers_and_names_can_be_left_out() {
        let mut builder = TraceBuilder::new(Has::default());
        for (a, b) in [(1, 2), (1, 3), (1, 2)] {
            builder.push(&Row::of(Key::Pair(a, b))).unwrap();
        }
        let trace = builder.finish_even_if_empty("pairs");
        assert_eq!(round_trip(&trace, true).columns().keys, trace.columns().keys);
        assert_eq!(round_trip(&trace, false).columns().keys, None);
    }

    #[test]
    fn other_parquet_files_are_refused_with_a_hint() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("results.parquet");
        crate::parquet::write_table::<crate::CostRow>(&path, &[]).unwrap();
        let error = read_trace(&path, &TraceColumns::default()).unwrap_err().to_string();
        assert!(error.contains("not a trace of this program"), "{error}");
    }
}
