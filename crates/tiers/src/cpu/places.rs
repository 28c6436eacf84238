//! Where objects lie: which lines they have, in which sets, and with whom they share them.

use trace::units::Bytes;
use trace::{Keys, ObjectId, Trace, readers, sample};

use super::{CpuCache, CpuCacheError, Index, Placing, Shape};

/// More than any instruction reads or writes at once: what is larger is no reference to memory. The
/// most on x86 is a save of all registers, some 11 KiB with those of matrices.
const LARGEST_REFERENCE: u64 = 16 << 10;

/// Where the objects of a trace lie.
#[derive(Debug)]
pub(super) struct Places {
    of: Vec<Place>,
    line_bits: u32,
    sets: u32,
    /// Nobody shares hashed lines.
    shared: Option<SharedLines>,
}

/// Where an object starts.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Number of its first line; those after it have the numbers after it.
    line: u64,
    set: u32,
    /// Bytes of the line before it.
    offset: u32,
}

/// The lines of a memory trace, numbered by address; what no request reaches has no number.
#[derive(Debug)]
struct SharedLines {
    sets: Vec<u32>,
    /// Where the objects of each line start, and the last end.
    starts: Vec<usize>,
    objects: Vec<ObjectId>,
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

    /// Each object has 2^32 line numbers for itself, and starts at one below the number of sets: the
    /// hash of its key, scaled.
    fn hashed(shape: Shape, trace: &Trace) -> Self {
        let place = |(id, hash): (u64, u64)| {
            let set = ((u128::from(hash) * u128::from(shape.sets)) >> 64) as u32;
            Place { line: id << 32 | u64::from(set), set, offset: 0 }
        };
        Places {
            of: (0..).zip(sample::key_hashes(trace)).map(place).collect(),
            line_bits: shape.line_bits,
            sets: shape.sets,
            shared: None,
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
        let first_line = |object: ObjectId| addresses[object.index()] >> shape.line_bits;
        let mut held: Vec<(u64, ObjectId)> = (0..trace.n_objects())
            .map(ObjectId)
            .flat_map(|object| {
                let end = addresses[object.index()].saturating_add(sizes[object.index()] - 1);
                (first_line(object)..=end >> shape.line_bits).map(move |line| (line, object))
            })
            .collect();
        held.sort_unstable();
        let mut shared = SharedLines { sets: Vec::new(), starts: vec![0], objects: Vec::new() };
        let mut of = vec![Place { line: 0, set: 0, offset: 0 }; addresses.len()];
        for group in held.chunk_by(|a, b| a.0 == b.0) {
            let line = group[0].0;
            let set = match index {
                Index::Modulo => (line % u64::from(shape.sets)) as u32,
                Index::XorFold => fold(line, shape.sets),
            };
            for (_, object) in group.iter().filter(|(_, object)| first_line(*object) == line) {
                let offset = addresses[object.index()] & (shape.line_bytes() - 1);
                let line = shared.sets.len() as u64;
                of[object.index()] = Place { line, set, offset: offset as u32 };
            }
            shared.objects.extend(group.iter().map(|(_, object)| *object));
            shared.starts.push(shared.objects.len());
            shared.sets.push(set);
        }
        Ok(Places { of, line_bits: shape.line_bits, sets: shape.sets, shared: Some(shared) })
    }

    /// The lines of the first `size` bytes of an object, each with its set before it.
    #[inline]
    pub(super) fn lines(&self, object: ObjectId, size: u64) -> impl Iterator<Item = (usize, u64)> {
        let place = self.of[object.index()];
        let mut next_set = place.set;
        (0..self.n_lines(place, size)).map(move |k| {
            let line = place.line + k;
            let set = match &self.shared {
                None => next_set,
                Some(shared) => shared.sets[line as usize],
            };
            // One after the other and around, without a division a line.
            next_set += 1;
            if next_set == self.sets {
                next_set = 0;
            }
            (set as usize, line)
        })
    }

    #[inline]
    fn n_lines(&self, place: Place, size: u64) -> u64 {
        let n = ((u64::from(place.offset) + size.max(1) - 1) >> self.line_bits) + 1;
        match &self.shared {
            // Memory ends with the last line that the trace knows.
            Some(shared) => n.min(shared.sets.len() as u64 - place.line),
            None => n,
        }
    }

    /// Whether an object of this size has the line.
    #[inline]
    pub(super) fn has(&self, object: ObjectId, size: u64, line: u64) -> bool {
        let place = self.of[object.index()];
        line.checked_sub(place.line).is_some_and(|k| k < self.n_lines(place, size))
    }

    /// The objects that may have the line.
    #[inline]
    pub(super) fn sharers(&self, line: u64) -> impl Iterator<Item = ObjectId> {
        let (owner, sharers) = match &self.shared {
            Some(shared) => (None, shared.objects_of(line as usize)),
            None => (Some(ObjectId((line >> 32) as u32)), &[][..]),
        };
        owner.into_iter().chain(sharers.iter().copied())
    }

    /// Whether a line can be another object's, too.
    #[inline]
    pub(super) fn are_shared(&self) -> bool {
        self.shared.is_some()
    }

    pub(super) fn n_objects(&self) -> u32 {
        self.of.len() as u32
    }
}

impl SharedLines {
    #[inline]
    fn objects_of(&self, line: usize) -> &[ObjectId] {
        &self.objects[self.starts[line]..self.starts[line + 1]]
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
