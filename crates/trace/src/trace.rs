//! The trace: immutable columns over requests, shared by reference.
//!
//! Objects are dense 32-bit ids numbered by first appearance, so every per-object table of the
//! simulator is an array, and hot objects sit together. A column exists only where the source has
//! it. Keys live in a side table that no policy ever sees.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use crate::report::ReadReport;

/// A cached thing, as a dense number from 0, by first appearance in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct ObjectId(pub u32);

impl ObjectId {
    /// As an index into a per-object table.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a request does to its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[repr(u8)]
pub enum Op {
    /// Reads it; a miss fetches it.
    #[default]
    Get = 0,
    /// Writes it.
    Set = 1,
    /// Removes it.
    Delete = 2,
}

impl Op {
    /// The op with this number in the native file.
    pub fn from_code(code: u8) -> Option<Op> {
        [Op::Get, Op::Set, Op::Delete].into_iter().find(|op| *op as u8 == code)
    }

    /// `get`, `set` or `delete`.
    pub fn name(self) -> &'static str {
        match self {
            Op::Get => "get",
            Op::Set => "set",
            Op::Delete => "delete",
        }
    }
}

/// The most requests of a trace: their indices, and one value that is none, fit 32 bits.
pub const MAX_REQUESTS: u64 = u32::MAX as u64 - 1;
/// The largest size of a request, 256 TiB: thousands of them add up without leaving 64 bits.
pub const MAX_SIZE: u64 = 1 << 48;
/// The latest stamp, 292 years on: a span up to as long can be added without leaving 64 bits.
pub const MAX_TIME_NS: u64 = 1 << 63;

/// Sizes of requests in bytes: 4 bytes each where they fit, 8 where one does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sizes {
    /// All sizes are below 4 GiB.
    Narrow(Vec<u32>),
    /// At least one is not.
    Wide(Vec<u64>),
}

impl Sizes {
    /// Size of request `i`.
    #[inline]
    pub fn get(&self, i: usize) -> u64 {
        match self {
            Sizes::Narrow(sizes) => u64::from(sizes[i]),
            Sizes::Wide(sizes) => sizes[i],
        }
    }

    /// How many requests.
    pub fn len(&self) -> usize {
        match self {
            Sizes::Narrow(sizes) => sizes.len(),
            Sizes::Wide(sizes) => sizes.len(),
        }
    }

    /// No request.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The smallest and the largest.
    fn bounds(&self) -> Option<(u64, u64)> {
        fn of<T: Copy + Ord + Into<u64>>(sizes: &[T]) -> Option<(u64, u64)> {
            let (least, largest) = (sizes.iter().min()?, sizes.iter().max()?);
            Some(((*least).into(), (*largest).into()))
        }
        match self {
            Sizes::Narrow(sizes) => of(sizes),
            Sizes::Wide(sizes) => of(sizes),
        }
    }

    /// Copies the sizes from request `start` on into `block`, widened.
    #[inline]
    pub fn copy_block(&self, start: usize, block: &mut [u64]) {
        match self {
            Sizes::Narrow(sizes) => {
                for (to, from) in block.iter_mut().zip(&sizes[start..]) {
                    *to = u64::from(*from);
                }
            }
            Sizes::Wide(sizes) => block.copy_from_slice(&sizes[start..start + block.len()]),
        }
    }

    /// Replaces the size of request `i` by one that fits the column's width.
    ///
    /// # Panics
    /// If it does not fit.
    pub(crate) fn set(&mut self, i: usize, size: u64) {
        match self {
            Sizes::Narrow(sizes) => sizes[i] = size.try_into().expect("of a narrow column"),
            Sizes::Wide(sizes) => sizes[i] = size,
        }
    }

    /// Appends a block, widening the column if it must.
    pub fn extend(&mut self, block: impl ExactSizeIterator<Item = u64> + Clone) {
        match self {
            Sizes::Wide(sizes) => sizes.extend(block),
            Sizes::Narrow(sizes) if block.clone().all(|size| size <= u64::from(u32::MAX)) => {
                sizes.extend(block.map(|size| size as u32));
            }
            Sizes::Narrow(_) => block.for_each(|size| self.push(size)),
        }
    }

    /// Appends one, widening the column if it must.
    pub fn push(&mut self, size: u64) {
        match self {
            Sizes::Wide(sizes) => sizes.push(size),
            Sizes::Narrow(sizes) => match u32::try_from(size) {
                Ok(size) => sizes.push(size),
                Err(_) => {
                    let mut wide: Vec<u64> = sizes.iter().map(|s| u64::from(*s)).collect();
                    wide.push(size);
                    *self = Sizes::Wide(wide);
                }
            },
        }
    }
}

/// What the objects of a trace are called in its source, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// Numbers.
    Ints(Vec<u64>),
    /// Pairs of numbers.
    Pairs(Vec<(u64, u64)>),
    /// Text.
    Text(TextKeys),
}

impl Keys {
    /// How many objects have a key.
    pub fn len(&self) -> usize {
        match self {
            Keys::Ints(keys) => keys.len(),
            Keys::Pairs(keys) => keys.len(),
            Keys::Text(keys) => keys.len(),
        }
    }

    /// No keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of an object, as text. Bytes that are not UTF-8 show as replacement characters.
    pub fn label(&self, object: ObjectId) -> Cow<'_, str> {
        match self {
            Keys::Ints(keys) => keys[object.index()].to_string().into(),
            Keys::Pairs(keys) => {
                let (a, b) = keys[object.index()];
                format!("{a}:{b}").into()
            }
            Keys::Text(keys) => String::from_utf8_lossy(keys.get(object.0)),
        }
    }
}

/// Many byte strings end to end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextKeys {
    bytes: Vec<u8>,
    ends: Vec<u64>,
}

impl TextKeys {
    /// The text of id `id`.
    pub fn get(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] as usize };
        &self.bytes[start..self.ends[id] as usize]
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// None.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Appends one; its id is the number of those before it.
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u64);
    }
}

/// What the stamps of a trace mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Nanoseconds between two stamps the source can tell apart: 1 s for oracleGeneral.
    pub resolution_ns: u64,
    /// Unix time in nanoseconds that trace time 0 stands for, where the source says.
    pub epoch_unix_ns: Option<u64>,
}

impl Default for Clock {
    fn default() -> Self {
        Clock { resolution_ns: 1, epoch_unix_ns: None }
    }
}

/// A column of small dense numbers with their names, such as clients or regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Number per request.
    pub ids: Vec<u32>,
    /// Name per number.
    pub names: Keys,
}

/// The columns of a trace; all that are present have one entry a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Dense ids.
    pub object: Vec<ObjectId>,
    /// Nanoseconds since trace time 0, never decreasing, at most [`MAX_TIME_NS`].
    pub time_ns: Option<Vec<u64>>,
    /// Bytes, from 1 to [`MAX_SIZE`].
    pub size: Option<Sizes>,
    /// Operations; absent means all are gets.
    pub op: Option<Vec<Op>>,
    /// Who asked.
    pub client: Option<Labels>,
    /// From where.
    pub region: Option<Labels>,
    /// Time to live in nanoseconds; [`NO_TTL`] where a request sets none.
    pub ttl_ns: Option<Vec<u64>>,
    /// What a miss costs, in the source's own unit.
    pub miss_penalty: Option<Vec<u32>>,
    /// Names of objects; may be absent from generated or stripped traces.
    pub keys: Option<Keys>,
    /// Meaning of `time_ns`.
    pub clock: Clock,
}

/// In the TTL column: this request sets no time to live.
pub const NO_TTL: u64 = u64::MAX;

impl Columns {
    /// Columns with objects only.
    pub fn untimed(object: Vec<ObjectId>) -> Self {
        Columns {
            object,
            time_ns: None,
            size: None,
            op: None,
            client: None,
            region: None,
            ttl_ns: None,
            miss_penalty: None,
            keys: None,
            clock: Clock::default(),
        }
    }
}

/// An access trace, immutable.
#[derive(Debug)]
pub struct Trace {
    name: String,
    n_objects: u32,
    columns: Columns,
    report: ReadReport,
    digest: OnceLock<Digest>,
}

impl Trace {
    /// Takes columns that already keep the rules of [`Columns`]; `Err` says which rule is broken.
    pub fn new(
        name: impl Into<String>,
        columns: Columns,
        report: ReadReport,
    ) -> Result<Self, String> {
        let n_objects = check(&columns)?;
        Ok(Trace { name: name.into(), n_objects, columns, report, digest: OnceLock::new() })
    }

    /// Takes columns from the builder, which keeps the rules: only what costs nothing is checked, and
    /// the rest where debug assertions are on.
    pub(crate) fn trusted(
        name: impl Into<String>,
        columns: Columns,
        n_objects: u32,
        report: ReadReport,
    ) -> Self {
        check_lengths(&columns).expect("the builder keeps the rules of Columns");
        debug_assert_eq!(check(&columns), Ok(n_objects));
        Trace { name: name.into(), n_objects, columns, report, digest: OnceLock::new() }
    }

    /// An untimed, unit-size trace from small numbers, for tests and examples. Numbers are
    /// renumbered by first appearance.
    pub fn from_numbers(name: &str, numbers: impl IntoIterator<Item = u64>) -> Self {
        let mut builder = crate::builder::TraceBuilder::new(crate::builder::Has::default());
        for number in numbers {
            builder
                .push(&crate::builder::Row::of(crate::interner::Key::Int(number)))
                .expect("fewer than 2^32 numbers");
        }
        builder.finish_even_if_empty(name)
    }

    /// What the trace is called in results: its file name without endings, unless renamed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same trace under another name.
    pub fn renamed(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How many requests.
    pub fn n_requests(&self) -> usize {
        self.columns.object.len()
    }

    /// How many distinct objects.
    pub fn n_objects(&self) -> u32 {
        self.n_objects
    }

    /// The object of every request, in order.
    pub fn objects(&self) -> &[ObjectId] {
        &self.columns.object
    }

    /// All columns.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The columns, for making another trace of them.
    pub fn into_columns(self) -> Columns {
        self.columns
    }

    /// What reading skipped or adjusted.
    pub fn report(&self) -> &ReadReport {
        &self.report
    }

    /// Size of request `i` in bytes, 1 where the source has none.
    #[inline]
    pub fn size(&self, i: usize) -> u64 {
        self.columns.size.as_ref().map_or(1, |sizes| sizes.get(i))
    }

    /// Operation of request `i`.
    #[inline]
    pub fn op(&self, i: usize) -> Op {
        self.columns.op.as_ref().map_or(Op::Get, |ops| ops[i])
    }

    /// First and last stamp, if the trace has time and requests.
    pub fn span_ns(&self) -> Option<(u64, u64)> {
        let times = self.columns.time_ns.as_ref()?;
        Some((*times.first()?, *times.last()?))
    }

    /// Sum of the sizes of distinct objects, each as first seen: the footprint.
    pub fn footprint_bytes(&self) -> u64 {
        let Some(sizes) = &self.columns.size else { return u64::from(self.n_objects) };
        let mut next = 0;
        let mut total: u64 = 0;
        // Ids are numbered by first appearance, so an id equal to the count so far is a new one.
        for (i, object) in self.columns.object.iter().enumerate() {
            if object.0 == next {
                next += 1;
                total = total.saturating_add(sizes.get(i));
            }
        }
        total
    }

    /// Sum of the sizes of all requests.
    pub fn requested_bytes(&self) -> u64 {
        match &self.columns.size {
            None => self.n_requests() as u64,
            Some(Sizes::Narrow(sizes)) => sizes.iter().map(|s| u64::from(*s)).sum(),
            Some(Sizes::Wide(sizes)) => sizes.iter().fold(0, |sum, s| sum.saturating_add(*s)),
        }
    }

    /// Identifies everything a simulation can see: all columns but names and keys. Computed once,
    /// on demand, at memory speed; the same for any file format the trace came from.
    pub fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| digest(&self.columns))
    }
}

/// A BLAKE3 hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "blake3:{}", blake3::Hash::from_bytes(self.0).to_hex())
    }
}

fn check(columns: &Columns) -> Result<u32, String> {
    // Without branches: each new object would be mispredicted.
    let (mut next, mut gap) = (0u64, usize::MAX);
    for (i, object) in columns.object.iter().enumerate() {
        let id = u64::from(object.0);
        gap = gap.min(if id > next { i } else { usize::MAX });
        next += u64::from(id == next);
    }
    if let Some(object) = columns.object.get(gap) {
        return Err(format!(
            "request {gap} has object {}, but ids must be numbered by first appearance",
            object.0
        ));
    }
    let next = u32::try_from(next).map_err(|_| "more than 2^32-1 objects")?;
    check_lengths(columns)?;
    if let Some(times) = &columns.time_ns
        && let Some(i) = times.windows(2).position(|pair| pair[1] < pair[0])
    {
        return Err(format!("time goes backwards at request {}", i + 1));
    }
    if columns.time_ns.as_ref().and_then(|times| times.last()).is_some_and(|t| *t > MAX_TIME_NS) {
        return Err("the last stamp is beyond 2^63 ns".into());
    }
    if let Some((least, largest)) = columns.size.as_ref().and_then(Sizes::bounds)
        && (least == 0 || largest > MAX_SIZE)
    {
        return Err(format!(
            "sizes must be from 1 to 2^48 bytes, but are from {least} to {largest}"
        ));
    }
    if columns.keys.as_ref().is_some_and(|keys| keys.len() != next as usize) {
        return Err(format!("the key table does not have one key for each of {next} objects"));
    }
    for labels in [&columns.client, &columns.region].into_iter().flatten() {
        if labels.ids.iter().any(|id| *id as usize >= labels.names.len()) {
            return Err("a client or region number has no name".into());
        }
    }
    Ok(next)
}

fn check_lengths(columns: &Columns) -> Result<(), String> {
    let n = columns.object.len();
    if n as u64 > MAX_REQUESTS {
        return Err(format!("{n} requests are more than {MAX_REQUESTS}"));
    }
    let lengths = [
        ("time", columns.time_ns.as_ref().map(Vec::len)),
        ("size", columns.size.as_ref().map(Sizes::len)),
        ("op", columns.op.as_ref().map(Vec::len)),
        ("client", columns.client.as_ref().map(|c| c.ids.len())),
        ("region", columns.region.as_ref().map(|c| c.ids.len())),
        ("ttl", columns.ttl_ns.as_ref().map(Vec::len)),
        ("miss penalty", columns.miss_penalty.as_ref().map(Vec::len)),
    ];
    for (column, length) in lengths {
        if length.is_some_and(|length| length != n) {
            return Err(format!(
                "column {column} has {} entries for {n} requests",
                length.unwrap_or(0)
            ));
        }
    }
    Ok(())
}

fn digest(columns: &Columns) -> Digest {
    let mut hasher = blake3::Hasher::new();
    let mut column = |tag: &str, words: &mut dyn Iterator<Item = u64>| {
        hasher.update(tag.as_bytes());
        let mut buffer = Vec::with_capacity(1 << 16);
        for word in words {
            buffer.extend_from_slice(&word.to_le_bytes());
            if buffer.len() >= (1 << 16) - 8 {
                hasher.update(&buffer);
                buffer.clear();
            }
        }
        hasher.update(&buffer);
    };
    let n = columns.object.len();
    column("object", &mut columns.object.iter().map(|o| u64::from(o.0)));
    if let Some(times) = &columns.time_ns {
        column("time", &mut times.iter().copied());
        column("resolution", &mut std::iter::once(columns.clock.resolution_ns));
    }
    if let Some(sizes) = &columns.size {
        column("size", &mut (0..n).map(|i| sizes.get(i)));
    }
    if let Some(ops) = &columns.op {
        column("op", &mut ops.iter().map(|op| *op as u64));
    }
    for (tag, labels) in [("client", &columns.client), ("region", &columns.region)] {
        if let Some(labels) = labels {
            column(tag, &mut labels.ids.iter().map(|id| u64::from(*id)));
        }
    }
    if let Some(ttls) = &columns.ttl_ns {
        column("ttl", &mut ttls.iter().copied());
    }
    if let Some(penalties) = &columns.miss_penalty {
        column("penalty", &mut penalties.iter().map(|p| u64::from(*p)));
    }
    Digest(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_numbered_by_first_appearance() {
        let trace = Trace::from_numbers("t", [9, 4, 9, 7]);
        assert_eq!(trace.objects().iter().map(|o| o.0).collect::<Vec<_>>(), [0, 1, 0, 2]);
        assert_eq!(trace.n_objects(), 3);
        assert_eq!(trace.footprint_bytes(), 3);
        assert_eq!(trace.requested_bytes(), 4);
    }

    #[test]
    fn columns_that_break_a_rule_are_refused() {
        let gap = Columns::untimed(vec![ObjectId(1)]);
        assert!(Trace::new("t", gap, ReadReport::default()).is_err());
        let mut backwards = Columns::untimed(vec![ObjectId(0), ObjectId(0)]);
        backwards.time_ns = Some(vec![2, 1]);
        assert!(Trace::new("t", backwards, ReadReport::default()).is_err());
        let mut short = Columns::untimed(vec![ObjectId(0), ObjectId(0)]);
        short.size = Some(Sizes::Narrow(vec![1]));
        assert!(Trace::new("t", short, ReadReport::default()).is_err());
        let mut late = Columns::untimed(vec![ObjectId(0), ObjectId(0)]);
        late.time_ns = Some(vec![0, MAX_TIME_NS + 1]);
        assert!(Trace::new("t", late, ReadReport::default()).is_err());
    }

    #[test]
    fn sizes_are_from_1_to_the_largest() {
        let with = |size| {
            let mut columns = Columns::untimed(vec![ObjectId(0), ObjectId(0)]);
            columns.size = Some(size);
            Trace::new("t", columns, ReadReport::default()).map(|trace| trace.requested_bytes())
        };
        assert_eq!(with(Sizes::Wide(vec![1, MAX_SIZE])), Ok(MAX_SIZE + 1));
        assert_eq!(
            with(Sizes::Wide(vec![1, MAX_SIZE + 1])),
            Err("sizes must be from 1 to 2^48 bytes, but are from 1 to 281474976710657".into())
        );
        assert!(with(Sizes::Narrow(vec![0, 1])).is_err());
    }

    #[test]
    fn sizes_widen_when_one_does_not_fit() {
        let mut sizes = Sizes::Narrow(vec![7]);
        sizes.push(5 << 30);
        sizes.push(3);
        assert_eq!((sizes.get(0), sizes.get(1), sizes.get(2)), (7, 5 << 30, 3));
        let mut block = [0; 2];
        sizes.copy_block(1, &mut block);
        assert_eq!(block, [5 << 30, 3]);
    }

    #[test]
    fn the_digest_sees_what_a_simulation_sees() {
        let plain = Trace::from_numbers("a", [1, 2, 1]);
        assert_eq!(plain.digest(), Trace::from_numbers("b", [5, 6, 5]).digest());
        assert_ne!(plain.digest(), Trace::from_numbers("a", [1, 2, 2]).digest());
        let mut sized = plain.into_columns();
        sized.size = Some(Sizes::Narrow(vec![1, 1, 1]));
        let sized = Trace::new("a", sized, ReadReport::default()).unwrap();
        assert_ne!(sized.digest(), Trace::from_numbers("a", [1, 2, 1]).digest());
    }
}
