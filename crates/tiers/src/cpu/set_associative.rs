//! Objects on top of lines: which are resident, and what a request does.

use cache::{Contents, Filled, Removal, Request, Residents, Unit};
use trace::{ObjectId, Trace};

use super::lines::Lines;
use super::places::Places;
use super::{CpuCache, CpuCacheError, Shape};

/// A set-associative cache.
///
/// An object is resident, at all times, if and only if the lines of its last known size are in: that of
/// its last request that hit or filled, or, before there was one in a memory trace, of its first request,
/// since others may bring it in. Requests must be those of the trace it is made for, with their sizes.
#[derive(Debug)]
pub struct SetAssociative {
    shape: Shape,
    lines: Lines,
    pub(super) places: Places,
    record: Record,
}

/// Which objects are resident.
#[derive(Debug)]
struct Record {
    residents: Residents,
    /// Those who ceased to be in the fill under way, and may yet be again.
    gone: Vec<ObjectId>,
}

impl Record {
    /// The object is resident at this size.
    #[inline]
    fn take_in(&mut self, object: ObjectId, size: u64) {
        if self.residents.size_of(object) != size {
            self.residents.note_size(object, size);
        }
        if !self.residents.contains(object) {
            self.residents.insert(object, 0);
        }
    }

    /// The object is not resident, if it was.
    #[inline]
    fn let_go(&mut self, object: ObjectId) {
        if self.residents.contains(object) {
            self.residents.remove(object, 0);
            self.gone.push(object);
        }
    }

    /// A line is gone, and with it the residency of those who have it.
    fn lose(&mut self, line: u64, places: &Places) {
        for object in places.sharers(line) {
            if self.residents.contains(object)
                && places.has(object, self.residents.size_of(object), line)
            {
                self.let_go(object);
            }
        }
    }
}

impl SetAssociative {
    /// An empty cache of `capacity_bytes`, rounded down to whole sets, for the objects of the trace.
    ///
    /// # Errors
    /// If the specification makes no sense, or not with this capacity, or the trace has no addresses
    /// and needs some.
    pub fn new(
        spec: &CpuCache,
        capacity_bytes: u64,
        trace: &Trace,
    ) -> Result<SetAssociative, CpuCacheError> {
        let shape = spec.shape(capacity_bytes)?;
        let places = Places::new(spec, shape, trace)?;
        let mut residents = Residents::new(trace.n_objects(), Unit::Bytes);
        if places.are_shared() {
            for (i, object) in trace.objects().iter().enumerate().rev() {
                residents.note_size(*object, trace.size(i));
            }
        }
        let lines = Lines::new(shape, spec.replacement);
        let record = Record { residents, gone: Vec::new() };
        Ok(SetAssociative { shape, lines, places, record })
    }

    /// Bytes it has room for: whole sets.
    pub fn capacity_bytes(&self) -> u64 {
        self.shape.capacity_bytes()
    }

    /// How many sets it has.
    pub fn n_sets(&self) -> u32 {
        self.shape.sets
    }

    /// Whether all lines of an object of this size are in, and it is not one of those that pass by.
    #[inline]
    fn has_all(&self, object: ObjectId, size: u64) -> bool {
        size <= self.shape.largest
            && self.places.lines(object, size).all(|(set, line)| self.lines.contains(set, line))
    }

    /// Whether a request hits. Where the size is the one known, the record of residents says so.
    #[inline]
    fn hits(&self, request: &Request) -> bool {
        if self.record.residents.size_of(request.object) == request.size {
            self.record.residents.contains(request.object)
        } else {
            self.has_all(request.object, request.size)
        }
    }

    /// Lines are in: those who share them may be resident now.
    fn welcome_sharers(&mut self, object: ObjectId, size: u64) {
        for (_, line) in self.places.lines(object, size) {
            for other in self.places.sharers(line) {
                let size = self.record.residents.size_of(other);
                if !self.record.residents.contains(other) && self.has_all(other, size) {
                    self.record.residents.insert(other, 0);
                }
            }
        }
    }

    fn count_used(&mut self) {
        self.record.residents.set_used(self.lines.n_filled() << self.shape.line_bits);
    }
}

impl Contents for SetAssociative {
    #[inline]
    fn lookup(&mut self, request: &Request, _on_victim: &mut dyn FnMut(ObjectId)) -> bool {
        let Request { object, size, .. } = *request;
        let hit = self.hits(request);
        if hit {
            for (set, line) in self.places.lines(object, size) {
                self.lines.touch(set, line);
            }
            self.record.take_in(object, size);
        }
        hit
    }

    /// Brings in the lines that are missing and uses the others, in the order of their addresses. If in
    /// a narrow cache they push out one another, the object is refused.
    fn fill(&mut self, request: &Request, on_victim: &mut dyn FnMut(ObjectId)) -> Filled {
        let Request { object, size, .. } = *request;
        if size > self.shape.largest {
            return Filled::Oversized;
        }
        if self.hits(request) {
            self.record.take_in(object, size);
            return Filled::AlreadyIn;
        }
        self.record.gone.clear();
        // From here on it has another size. That of before may have been in.
        self.record.let_go(object);
        self.record.residents.note_size(object, size);
        let mut inserted = true;
        for (set, line) in self.places.lines(object, size) {
            if !self.lines.touch(set, line)
                && let Some(old) = self.lines.fill(set, line)
            {
                self.record.lose(old, &self.places);
                // One of its own that is still to come comes in again.
                inserted &= old > line || !self.places.has(object, size, old);
            }
        }
        debug_assert_eq!(inserted, self.has_all(object, size), "lines of {object:?}");
        self.count_used();
        if inserted {
            self.record.take_in(object, size);
        }
        if self.places.are_shared() {
            self.welcome_sharers(object, size);
        }
        let Record { residents, gone } = &self.record;
        gone.iter().filter(|object| !residents.contains(**object)).for_each(|o| on_victim(*o));
        if inserted { Filled::Inserted } else { Filled::Refused }
    }

    /// Drops the lines of the object, and so of those it shares them with.
    fn remove(&mut self, object: ObjectId, _cause: Removal) -> bool {
        self.record.gone.clear();
        let was_resident = self.record.residents.contains(object);
        let size = self.record.residents.size_of(object);
        for (set, line) in self.places.lines(object, size) {
            if self.lines.drop(set, line) {
                self.record.lose(line, &self.places);
            }
        }
        self.count_used();
        was_resident
    }

    fn residents(&self) -> &Residents {
        &self.record.residents
    }

    fn check(&self) {
        self.lines.check();
        let used = self.lines.n_filled() << self.shape.line_bits;
        assert_eq!(self.record.residents.used(), used, "bytes in use");
        assert!(used <= self.capacity_bytes(), "overfull");
        let mut n_residents = 0;
        for object in (0..self.places.n_objects()).map(ObjectId) {
            let size = self.record.residents.size_of(object);
            // Of what was never asked for no size is known.
            let all_in = size > 0 && self.has_all(object, size);
            assert_eq!(self.record.residents.contains(object), all_in, "residency of {object:?}");
            n_residents += usize::from(all_in);
        }
        assert_eq!(self.record.residents.len(), n_residents, "residents");
    }
}
