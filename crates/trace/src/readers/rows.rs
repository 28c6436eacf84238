//! Between a format and the builder: positions, counts, limits, and what `strict` means.

use crate::builder::{Adjustment, Has, Row, TraceBuilder, UNKNOWN_SIZE};
use crate::error::{Error, Position};
use crate::input::Input;
use crate::interner::{Full, Key};
use crate::report::{ReadReport, Tally};
use crate::trace::{Clock, MAX_REQUESTS, MAX_SIZE, MAX_TIME_NS, Trace};
use crate::units::thousands;

use super::{Format, ReadOptions};

/// Stamps from here on, 9 September 2001, are taken for Unix times.
const UNIX_FROM_NS: u64 = 1_000_000_000 * 1_000_000_000;
/// Rows after which a source that is mostly broken has had its chance.
const TRIAL_ROWS: u64 = 1000;
/// Keys collected before they are looked up together.
const PENDING: usize = 1024;
/// Distinct reasons in a report; what arbitrary input could add beyond that goes under one.
const MAX_REASONS: usize = 200;

const TIME_CLAMPED: &str = "stamps before their predecessor, set to it";
const SIZE_RAISED: &str = "sizes of 0, raised to 1";
const SIZE_ASSUMED: &str =
    "sizes the source does not state, taken from the object's last or next known one, or 1";

/// Stamps beyond [`MAX_TIME_NS`], which in Unix time is the year 2262.
pub(super) const TOO_LATE: &str = "the time is beyond 2^63 ns";

/// Why a row gives no request.
pub(super) enum Problem {
    /// The row is broken: count it and go on.
    Row(&'static str),
    /// Reading must stop.
    Fatal(Error),
}

impl From<&'static str> for Problem {
    fn from(reason: &'static str) -> Self {
        Problem::Row(reason)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Problem::Fatal(error)
    }
}

/// Collects what a format finds.
pub(super) struct Rows<'a> {
    builder: TraceBuilder,
    options: &'a ReadOptions,
    format: &'static Format,
    file: String,
    name: String,
    limit: usize,
    /// The trace gets stamps, and sizes.
    timed: bool,
    sized: bool,
    resolution_ns: u64,
    /// Keys of a source without other columns, not yet interned.
    pending: Vec<u64>,
    /// Scratch for keys joined with their size.
    joined: Vec<u8>,
    /// The row being read; kept current by the loops over lines and records.
    pub(super) at: Position,
}

impl<'a> Rows<'a> {
    /// Ready for a source with these columns. Columns the options ignore are left out here, so
    /// formats need not know.
    pub(super) fn new(
        format: &'static Format,
        input: &Input<'_>,
        options: &'a ReadOptions,
        has: Has,
    ) -> Result<Self, Error> {
        if options.key_with_size && !has.size {
            return Err(Error::Invalid {
                what: format!("{}: objects cannot be told apart by size", input.file()),
                note: Some(format!("the format `{}` states no sizes here", format.name)),
            });
        }
        let has = Has {
            time: has.time && !options.ignore_time,
            size: has.size && !options.ignore_size,
            op: has.op && !options.ignore_op,
            ..has
        };
        // One request too many shows that there are too many.
        let limit = options.limit.unwrap_or(u64::MAX).min(MAX_REQUESTS + 1);
        let mut builder = TraceBuilder::new(has);
        builder.report.format = format.name.to_string();
        Ok(Rows {
            builder,
            options,
            format,
            file: input.file(),
            name: input.trace_name(),
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            timed: has.time,
            sized: has.size,
            resolution_ns: 1,
            pending: Vec::new(),
            joined: Vec::new(),
            at: Position::default(),
        })
    }

    /// Nanoseconds between stamps the source can tell apart.
    pub(super) fn set_resolution(&mut self, nanos: u64) {
        self.resolution_ns = nanos;
    }

    /// Room for the requests of a source of known length.
    pub(super) fn reserve(&mut self, n: u64) -> Result<(), Error> {
        let n = usize::try_from(n).unwrap_or(usize::MAX).min(self.limit);
        self.builder.reserve(n).map_err(|_| Error::Invalid {
            what: format!("{}: there is no memory for {} requests", self.file, thousands(n as u64)),
            note: Some("a limit on requests reads only the first of them".into()),
        })
    }

    /// As many requests as were asked for; more are not taken.
    pub(super) fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// Requests that are still taken.
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.builder.len() + self.pending.len())
    }

    /// What the caller wants.
    pub(super) fn options(&self) -> &'a ReadOptions {
        self.options
    }

    /// Appends a request.
    pub(super) fn push(&mut self, row: &Row<'_>) -> Result<(), Error> {
        if self.is_full() {
            return Ok(());
        }
        if self.timed && row.time_ns > MAX_TIME_NS {
            return self.skip(TOO_LATE);
        }
        if self.sized && row.size > MAX_SIZE && row.size != UNKNOWN_SIZE {
            return self.skip("the size is above 2^48 bytes (256 TiB)");
        }
        let done = match self.options.key_with_size {
            true => self.push_joined(row)?,
            false => self.builder.push(row).map_err(|Full| self.too_many())?,
        };
        if done.size_raised {
            self.adjust(SIZE_RAISED, 1, self.at);
        }
        if done.size_assumed {
            self.adjust(SIZE_ASSUMED, 1, self.at);
        }
        if done.time_clamped {
            self.clamped(1, self.at)?;
        }
        Ok(())
    }

    /// Appends a request for (key, size) as one object.
    fn push_joined(&mut self, row: &Row<'_>) -> Result<Adjustment, Error> {
        let size = row.size;
        if size == UNKNOWN_SIZE {
            let what = "the request has no size, so its object cannot be told by size";
            return Err(self.malformed(self.at, what, None));
        }
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        match row.key {
            Key::Int(_) => {}
            Key::Pair(a, b) => joined.extend_from_slice(format!("{a}:{b}:{size}").as_bytes()),
            Key::Text(text) => {
                joined.extend_from_slice(text);
                joined.extend_from_slice(format!(":{size}").as_bytes());
            }
        }
        let key = match row.key {
            Key::Int(id) => Key::Pair(id, size),
            _ => Key::Text(&joined),
        };
        let done = self.builder.push(&Row { key, ..*row }).map_err(|Full| self.too_many());
        self.joined = joined;
        done
    }

    /// Appends a request of a source that has no columns but keys.
    pub(super) fn push_key(&mut self, key: u64) -> Result<(), Error> {
        if self.is_full() {
            return Ok(());
        }
        self.pending.push(key);
        if self.pending.len() == PENDING { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        let done = self.builder.extend_ints(&self.pending).map_err(|Full| self.too_many());
        self.pending.clear();
        done
    }

    /// Appends a run of requests with times and sizes that are in range, found in consecutive
    /// records from [`Rows::at`] on.
    pub(super) fn push_block(
        &mut self,
        keys: &[u64],
        times: &[u64],
        sizes: &[u64],
        record_len: usize,
    ) -> Result<(), Error> {
        let n = keys.len().min(self.room());
        let (keys, times, sizes) = (&keys[..n], &times[..n], &sizes[..n]);
        let latest = self.builder.last_time_ns();
        self.builder.extend_ints(keys).map_err(|Full| self.too_many())?;
        let (clamped, raised) = self.builder.extend_time_and_size(times, sizes);
        let start = self.at;
        let place = |i: Option<usize>| {
            let i = i.unwrap_or(0) as u64;
            Position { row: start.row + i, byte: start.byte + i * record_len as u64 }
        };
        if raised > 0 {
            let first = place(sizes.iter().position(|size| *size == 0));
            self.adjust(SIZE_RAISED, raised, first);
        }
        if clamped > 0 {
            let mut latest = latest;
            let back = times.iter().position(|time| *time < std::mem::replace(&mut latest, *time));
            let first = place(back);
            self.clamped(clamped, first)?;
        }
        Ok(())
    }

    /// Whether requests may come by [`Rows::push_block`], which knows no other columns.
    pub(super) fn takes_blocks(&self) -> bool {
        !self.options.key_with_size
    }

    /// Deals with what was wrong with the row at [`Rows::at`].
    pub(super) fn settle(&mut self, done: Result<(), Problem>) -> Result<(), Error> {
        match done {
            Ok(()) => Ok(()),
            Err(Problem::Row(reason)) => self.skip(reason),
            Err(Problem::Fatal(error)) => Err(error),
        }
    }

    /// Counts a broken row; an error if there were too many or there may be none.
    pub(super) fn skip(&mut self, reason: &'static str) -> Result<(), Error> {
        if self.options.strict {
            return Err(self.malformed(self.at, reason, Some("reading is strict")));
        }
        ReadReport::count(&mut self.builder.report.skipped, reason, self.at);
        if self.at.row <= TRIAL_ROWS && self.builder.report.n_skipped() > TRIAL_ROWS / 2 {
            return Err(self.mostly_broken());
        }
        Ok(())
    }

    fn mostly_broken(&self) -> Error {
        let skipped = &self.builder.report.skipped;
        let (reason, tally) =
            skipped.iter().max_by_key(|(_, tally)| tally.count).expect("something was skipped");
        Error::Malformed {
            file: self.file.clone(),
            position: tally.first,
            what: format!("{reason}, and so in more than half of the first rows"),
            note: Some(format!(
                "it was read as `{}`; say with --trace-format if it is another format",
                self.format.name
            )),
        }
    }

    /// Counts a row left out on purpose.
    pub(super) fn filter(&mut self, reason: &str) {
        let filtered = &mut self.builder.report.filtered;
        let known = filtered.len() < MAX_REASONS || filtered.contains_key(reason);
        ReadReport::count(filtered, if known { reason } else { "other reasons" }, self.at);
    }

    fn adjust(&mut self, reason: &'static str, n: u64, first: Position) {
        let tally = Tally { count: 0, first };
        self.builder.report.adjusted.entry(reason.into()).or_insert(tally).count += n;
    }

    fn clamped(&mut self, n: u64, first: Position) -> Result<(), Error> {
        if self.options.strict {
            let what = "the time is before its predecessor's";
            return Err(self.malformed(first, what, Some("reading is strict")));
        }
        self.adjust(TIME_CLAMPED, n, first);
        Ok(())
    }

    /// An error at a place.
    pub(super) fn malformed(&self, position: Position, what: &str, note: Option<&str>) -> Error {
        Error::Malformed {
            file: self.file.clone(),
            position,
            what: what.to_string(),
            note: note.map(str::to_string),
        }
    }

    fn too_many(&self) -> Error {
        Error::TooManyObjects { file: self.file.clone() }
    }

    /// The trace.
    pub(super) fn finish(mut self) -> Result<Trace, Error> {
        self.flush()?;
        if self.builder.len() as u64 > MAX_REQUESTS {
            return Err(Error::Invalid {
                what: format!("{}: holds more than 4,294,967,294 requests", self.file),
                note: Some("a limit on requests reads only the first of them".into()),
            });
        }
        let first = self.builder.first_time_ns();
        self.builder.set_clock(Clock {
            resolution_ns: self.resolution_ns,
            epoch_unix_ns: first.filter(|time| *time >= UNIX_FROM_NS).map(|_| 0),
        });
        let (n_skipped, n_requests) = (self.builder.report.n_skipped(), self.builder.len());
        if self.at.row <= TRIAL_ROWS && n_requests > 0 && n_skipped > self.at.row / 2 {
            return Err(self.mostly_broken());
        }
        self.builder.finish(&self.name, &self.file)
    }
}
