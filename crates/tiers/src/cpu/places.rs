//! Where objects lie: which lines they have, in which sets, and with whom they share them.

use trace::units::Bytes;
use trace::{Keys, ObjectId, Trace, readers, sample};

use super::{CpuCache, CpuCacheError, Index, Placing, Shape};

/// More than any instruction reads at once; what is larger is no reference to memory.
const LARGEST_REFERENCE: u64 = 64 << 10;

/// Where the objects of a trace lie.
#[derive(Debug)]
pub(super) struct Places {
    of: Vec<Place>,
    line_bits: u32,
    sets: u32,
    /// Sets follow from folded line numbers, not from that of an object's first line.
    folds: bool,
    /// Nobody shares hashed lines.
    sharers: Option<Sharers>,
}

/// Where an object starts.
#[derive(Debug, Clone, Copy)]
struct Place {
    line: u64,
    set: u32,
    /// Bytes of the line before it.
    offset: u32,
}

impl Places {
    pub(super) fn new(spec: &CpuCache, shape: Shape, trace: &Trace) -> Result<Self, CpuCacheError> {
        match spec.placing {
            Placing::Auto if !readers::keys_are_addresses(trace) => {
                Ok(Places::hashed(shape, trace))
            }
            Placing::Hashed => Ok(Places::hashed(shape, trace)),
            Placing::Auto | Placing::Addresses => Places::at_addresses(spec.index, shape, trace),
        }
    }

    /// Each object has a stretch of 2^32 lines for itself, where it starts at a line below the number
    /// of sets: the hash of its key, scaled.
    fn hashed(shape: Shape, trace: &Trace) -> Self {
        let place = |(id, hash): (u64, u64)| {
            let set = ((u128::from(hash) * u128::from(shape.sets)) >> 64) as u32;
            Place { line: id << 32 | u64::from(set), set, offset: 0 }
        };
        Places {
            of: (0..).zip(sample::key_hashes(trace)).map(place).collect(),
            line_bits: shape.line_bits,
            sets: shape.sets,
            folds: false,
            sharers: None,
        }
    }

    fn at_addresses(index: Index, shape: Shape, trace: &Trace) -> Result<Self, CpuCacheError> {
        let Some(Keys::Ints(addresses)) = &trace.columns().keys else {
            let what = "`placing` is addresses, and the keys of the trace are not numbers\nhint: `placing = \"hashed\"`";
            return Err(CpuCacheError(what.into()));
        };
        let sizes = largest_sizes(trace);
        if let Some(size) = sizes.iter().find(|size| **size > LARGEST_REFERENCE) {
            return Err(CpuCacheError(format!(
                "`placing` is addresses, and a request is for {}: more than {} are no reference to memory\nhint: `placing = \"hashed\"`",
                Bytes(*size),
                Bytes(LARGEST_REFERENCE)
            )));
        }
        let folds = index == Index::XorFold;
        let place = |address: &u64| {
            let line = address >> shape.line_bits;
            let set =
                if folds { fold(line, shape.sets) } else { (line % u64::from(shape.sets)) as u32 };
            Place { line, set, offset: (address & (shape.line_bytes() - 1)) as u32 }
        };
        let mut places = Places {
            of: addresses.iter().map(place).collect(),
            line_bits: shape.line_bits,
            sets: shape.sets,
            folds,
            sharers: None,
        };
        places.sharers = Some(Sharers::new(&places, &sizes));
        Ok(places)
    }

    /// The lines of the first `size` bytes of an object, each with its set before it.
    #[inline]
    pub(super) fn lines(
        &self,
        object: ObjectId,
        size: u64,
    ) -> impl Iterator<Item = (usize, u64)> + use<> {
        let place = self.of[object.index()];
        let (sets, folds) = (self.sets, self.folds);
        (0..self.n_lines(place, size)).map(move |k| {
            let line = place.line + k;
            let set = match k {
                0 => place.set,
                _ if folds => fold(line, sets),
                _ => ((u64::from(place.set) + k) % u64::from(sets)) as u32,
            };
            (set as usize, line)
        })
    }

    #[inline]
    fn n_lines(&self, place: Place, size: u64) -> u64 {
        ((u64::from(place.offset) + size.max(1) - 1) >> self.line_bits) + 1
    }

    /// Whether an object of this size has the line.
    pub(super) fn has(&self, object: ObjectId, size: u64, line: u64) -> bool {
        let place = self.of[object.index()];
        line.checked_sub(place.line).is_some_and(|k| k < self.n_lines(place, size))
    }

    /// The objects that may have the line.
    pub(super) fn sharers(&self, line: u64) -> impl Iterator<Item = ObjectId> {
        let owner = self.sharers.is_none().then_some(ObjectId((line >> 32) as u32));
        let sharers = self.sharers.as_ref().map_or(&[][..], |sharers| sharers.of(line));
        owner.into_iter().chain(sharers.iter().copied())
    }

    /// Whether a line can be another object's, too.
    #[inline]
    pub(super) fn are_shared(&self) -> bool {
        self.sharers.is_some()
    }

    pub(super) fn n_objects(&self) -> u32 {
        self.of.len() as u32
    }
}

/// The size of each object's largest request.
fn largest_sizes(trace: &Trace) -> Vec<u64> {
    let mut sizes = vec![0; trace.n_objects() as usize];
    for (i, object) in trace.objects().iter().enumerate() {
        let size = &mut sizes[object.index()];
        *size = trace.size(i).max(*size);
    }
    sizes
}

/// The bits of a line's number folded to as many as number the sets, a power of two. XOR of address bits
/// is how A. González, M. Valero, N. Topham and J. M. Parcerisa, "Eliminating cache conflict misses
/// through XOR-based placement functions", ICS '97, index a cache, and of that kind are the functions
/// that C. Maurice et al., "Reverse engineering Intel last-level cache complex addressing using
/// performance counters", RAID 2015, found; this one is no particular processor's.
fn fold(mut line: u64, sets: u32) -> u32 {
    let bits = sets.trailing_zeros();
    if bits == 0 {
        return 0;
    }
    let mut folded = 0;
    while line != 0 {
        folded ^= line as u32 & (sets - 1);
        line >>= bits;
    }
    folded
}

/// The objects in every line of a memory trace.
#[derive(Debug)]
struct Sharers {
    /// Rising.
    lines: Vec<u64>,
    /// Where the objects of each line start, and the last end.
    starts: Vec<u32>,
    objects: Vec<ObjectId>,
}

impl Sharers {
    fn new(places: &Places, sizes: &[u64]) -> Self {
        let mut pairs: Vec<(u64, ObjectId)> = (0..places.n_objects())
            .map(ObjectId)
            .flat_map(|object| {
                places.lines(object, sizes[object.index()]).map(move |(_, line)| (line, object))
            })
            .collect();
        pairs.sort_unstable();
        let mut sharers = Sharers { lines: Vec::new(), starts: vec![0], objects: Vec::new() };
        for group in pairs.chunk_by(|a, b| a.0 == b.0) {
            sharers.lines.push(group[0].0);
            sharers.objects.extend(group.iter().map(|(_, object)| *object));
            sharers.starts.push(sharers.objects.len() as u32);
        }
        sharers
    }

    fn of(&self, line: u64) -> &[ObjectId] {
        let Ok(at) = self.lines.binary_search(&line) else { return &[] };
        &self.objects[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}
