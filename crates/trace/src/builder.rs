//! Rows in, a [`Trace`] out: the one place where readers and generators meet the columns.

use std::collections::TryReserveError;

use crate::error::Error;
use crate::interner::{Full, Interner, Key};
use crate::report::ReadReport;
use crate::trace::{Clock, Columns, Labels, NO_TTL, ObjectId, Op, Sizes, Trace};

/// Which columns a source has, declared before the first row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Has {
    /// Stamps.
    pub time: bool,
    /// Sizes.
    pub size: bool,
    /// Operations.
    pub op: bool,
    /// Clients.
    pub client: bool,
    /// Regions.
    pub region: bool,
    /// Times to live.
    pub ttl: bool,
    /// Miss penalties.
    pub miss_penalty: bool,
}

/// In [`Row::size`]: the source does not say. The object's last known size is taken, or 1.
pub const UNKNOWN_SIZE: u64 = u64::MAX;

/// One request as a reader found it. Fields of columns the source lacks are ignored.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// What is asked for.
    pub key: Key<'a>,
    /// Nanoseconds on the source's own clock, at most [`crate::MAX_TIME_NS`].
    pub time_ns: u64,
    /// Bytes, at most [`crate::MAX_SIZE`], or [`UNKNOWN_SIZE`]; 0 is raised to 1 and counted.
    pub size: u64,
    /// What is done.
    pub op: Op,
    /// Who asks.
    pub client: &'a [u8],
    /// From where.
    pub region: &'a [u8],
    /// Nanoseconds to live, or [`NO_TTL`].
    pub ttl_ns: u64,
    /// What a miss costs.
    pub miss_penalty: u32,
}

impl<'a> Row<'a> {
    /// A get of `key`, nothing else known.
    pub fn of(key: Key<'a>) -> Self {
        Row {
            key,
            time_ns: 0,
            size: 1,
            op: Op::Get,
            client: b"",
            region: b"",
            ttl_ns: NO_TTL,
            miss_penalty: 1,
        }
    }
}

/// Something about a row that was put right, for the reader to report with its position.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// A size of 0 was raised to 1.
    pub size_raised: bool,
    /// A size the source does not state is to be taken from the object's earlier requests.
    pub size_assumed: bool,
    /// A stamp before its predecessor was set to it.
    pub time_clamped: bool,
}

/// Stands in the size column for [`UNKNOWN_SIZE`] until the end: known sizes are at least 1.
const UNKNOWN: u64 = 0;

/// Collects rows into columns.
#[derive(Debug)]
pub struct TraceBuilder {
    has: Has,
    objects: Interner,
    clients: Interner,
    regions: Interner,
    columns: Columns,
    client: Vec<u32>,
    region: Vec<u32>,
    /// First and latest stamp on the source's own clock.
    first_time: u64,
    last_time: u64,
    has_unknown_sizes: bool,
    /// Skips and adjustments, written by the reader.
    pub report: ReadReport,
}

impl TraceBuilder {
    /// A builder for a source with these columns.
    pub fn new(has: Has) -> Self {
        let mut columns = Columns::untimed(Vec::new());
        columns.time_ns = has.time.then(Vec::new);
        columns.size = has.size.then(|| Sizes::Narrow(Vec::new()));
        columns.op = has.op.then(Vec::new);
        columns.ttl_ns = has.ttl.then(Vec::new);
        columns.miss_penalty = has.miss_penalty.then(Vec::new);
        TraceBuilder {
            has,
            objects: Interner::default(),
            clients: Interner::default(),
            regions: Interner::default(),
            columns,
            client: Vec::new(),
            region: Vec::new(),
            first_time: 0,
            last_time: 0,
            has_unknown_sizes: false,
            report: ReadReport::default(),
        }
    }

    /// Says what the stamps mean. The epoch is where the source's own clock is 0; the trace's is where
    /// its first request is.
    pub fn set_clock(&mut self, clock: Clock) {
        self.columns.clock = clock;
    }

    /// Room in every column for `n` more requests; an error if there is not that much memory.
    pub fn reserve(&mut self, n: usize) -> Result<(), TryReserveError> {
        fn column<T>(column: &mut Option<Vec<T>>, n: usize) -> Result<(), TryReserveError> {
            column.as_mut().map_or(Ok(()), |column| column.try_reserve_exact(n))
        }
        self.columns.object.try_reserve_exact(n)?;
        column(&mut self.columns.time_ns, n)?;
        if let Some(Sizes::Narrow(sizes)) = &mut self.columns.size {
            sizes.try_reserve_exact(n)?;
        }
        column(&mut self.columns.op, n)?;
        column(&mut self.columns.ttl_ns, n)?;
        column(&mut self.columns.miss_penalty, n)?;
        self.client.try_reserve_exact(if self.has.client { n } else { 0 })?;
        self.region.try_reserve_exact(if self.has.region { n } else { 0 })
    }

    /// Requests so far.
    pub fn len(&self) -> usize {
        self.columns.object.len()
    }

    /// No request yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first request's stamp on the source's own clock.
    pub fn first_time_ns(&self) -> Option<u64> {
        let times = self.columns.time_ns.as_ref()?;
        (!times.is_empty()).then_some(self.first_time)
    }

    /// The latest stamp so far: what an earlier one is set to.
    pub fn last_time_ns(&self) -> u64 {
        self.last_time
    }

    /// Appends a request.
    pub fn push(&mut self, row: &Row<'_>) -> Result<Adjustment, Full> {
        let object = self.objects.intern(row.key)?;
        self.columns.object.push(object);
        let mut adjustment = Adjustment::default();
        if let Some(times) = &mut self.columns.time_ns {
            if times.is_empty() {
                self.first_time = row.time_ns;
            }
            adjustment.time_clamped = row.time_ns < self.last_time;
            self.last_time = self.last_time.max(row.time_ns);
            times.push(self.last_time - self.first_time);
        }
        if let Some(sizes) = &mut self.columns.size {
            adjustment.size_raised = row.size == 0;
            adjustment.size_assumed = row.size == UNKNOWN_SIZE;
            self.has_unknown_sizes |= adjustment.size_assumed;
            sizes.push(if adjustment.size_assumed { UNKNOWN } else { row.size.max(1) });
        }
        if let Some(ops) = &mut self.columns.op {
            ops.push(row.op);
        }
        if let Some(ttls) = &mut self.columns.ttl_ns {
            ttls.push(row.ttl_ns);
        }
        if let Some(penalties) = &mut self.columns.miss_penalty {
            penalties.push(row.miss_penalty);
        }
        if self.has.client {
            self.client.push(self.clients.intern(Key::Text(row.client))?.0);
        }
        if self.has.region {
            self.region.push(self.regions.intern(Key::Text(row.region))?.0);
        }
        Ok(adjustment)
    }

    /// Appends a run of integer keys to a source without other columns, or whose time and size
    /// columns are appended by [`TraceBuilder::extend_time_and_size`].
    pub fn extend_ints(&mut self, keys: &[u64]) -> Result<(), Full> {
        self.objects.intern_ints(keys, &mut self.columns.object)
    }

    /// Appends times and sizes for the requests of a previous [`TraceBuilder::extend_ints`].
    /// Returns how many times were clamped and sizes raised.
    pub fn extend_time_and_size(&mut self, times: &[u64], sizes: &[u64]) -> (u64, u64) {
        let (mut clamped, mut raised) = (0, 0);
        if let Some(column) = &mut self.columns.time_ns {
            if column.is_empty() {
                self.first_time = times.first().copied().unwrap_or(0);
            }
            let (first, mut last) = (self.first_time, self.last_time);
            column.extend(times.iter().map(|time| {
                clamped += u64::from(*time < last);
                last = last.max(*time);
                last - first
            }));
            self.last_time = last;
        }
        if let Some(column) = &mut self.columns.size {
            raised = sizes.iter().filter(|size| **size == 0).count() as u64;
            column.extend(sizes.iter().map(|size| (*size).max(1)));
        }
        (clamped, raised)
    }

    /// The trace, or [`Error::Empty`] if there is not one request.
    pub fn finish(self, name: &str, file: &str) -> Result<Trace, Error> {
        if self.is_empty() {
            let note = (self.report.n_skipped() > 0).then(|| {
                format!("{} rows were skipped; is it another format?", self.report.n_skipped())
            });
            return Err(Error::Empty { file: file.to_string(), note });
        }
        Ok(self.finish_even_if_empty(name))
    }

    /// The trace, requests or not.
    pub fn finish_even_if_empty(self, name: &str) -> Trace {
        let TraceBuilder {
            has,
            objects,
            clients,
            regions,
            mut columns,
            client,
            region,
            first_time,
            has_unknown_sizes,
            report,
            ..
        } = self;
        if let Some(sizes) = columns.size.as_mut().filter(|_| has_unknown_sizes) {
            assume_unknown_sizes(&columns.object, objects.len(), sizes);
        }
        let n_objects = objects.len() as u32;
        columns.keys = Some(objects.into_keys());
        columns.client = has.client.then(|| Labels { ids: client, names: clients.into_keys() });
        columns.region = has.region.then(|| Labels { ids: region, names: regions.into_keys() });
        if columns.time_ns.is_some() {
            columns.clock.epoch_unix_ns =
                columns.clock.epoch_unix_ns.map(|epoch| epoch + first_time);
        }
        Trace::trusted(name, columns, n_objects, report)
    }
}

/// Gives every request of unknown size its object's last known size; before there is one, the first
/// that comes, as a miss in a recording of a cache is followed by the write that fills it; else 1.
fn assume_unknown_sizes(objects: &[ObjectId], n_objects: usize, sizes: &mut Sizes) {
    let mut last_known = vec![1; n_objects];
    for (i, object) in objects.iter().enumerate().rev() {
        let size = sizes.get(i);
        if size != UNKNOWN {
            last_known[object.index()] = size;
        }
    }
    for (i, object) in objects.iter().enumerate() {
        let known = &mut last_known[object.index()];
        match sizes.get(i) {
            UNKNOWN => sizes.set(i, *known),
            size => *known = size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_that_cannot_be_had_is_an_error() {
        let mut builder = TraceBuilder::new(Has { time: true, ..Has::default() });
        assert!(builder.reserve(100).is_ok());
        assert!(builder.reserve(usize::MAX / 16).is_err());
    }
}
