//! Objects on top of lines: which are resident, and what a request does.

use cache::{Contents, Filled, Removal, Request, Residents, Unit};
use trace::{ObjectId, Trace};

use super::lines::Lines;
use super::places::Places;
use super::{CpuCache, CpuCacheError, Shape};

/// A set-associative cache.
///
/// An object is resident, at all times, if and only if the lines of its last known size are in: that of
/// its last request that hit or filled, or, in a memory trace, of its first request, since others may
/// bring it in before. Requests must be those of the trace it is made for, with their sizes.
#[derive(Debug)]
pub struct SetAssociative {
    shape: Shape,
    lines: Lines,
    pub(super) places: Places,
    residents: Residents,
    /// Those who ceased to be resident in the fill under way, and may yet be again.
    gone: Vec<ObjectId>,
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
        Ok(SetAssociative { shape, lines, places, residents, gone: Vec::new() })
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
        if self.residents.size_of(request.object) == request.size {
            self.residents.contains(request.object)
        } else {
            self.has_all(request.object, request.size)
        }
    }

    /// The object is resident at this size.
    #[inline]
    fn note_resident(&mut self, object: ObjectId, size: u64) {
        if self.residents.size_of(object) != size {
            self.residents.note_size(object, size);
        }
        if !self.residents.contains(object) {
            self.residents.insert(object, 0);
        }
    }

    /// A line is gone, and with it the residency of the objects in it.
    fn lose(&mut self, line: u64) {
        for object in self.places.sharers(line) {
            if self.residents.contains(object)
                && self.places.has(object, self.residents.size_of(object), line)
            {
                self.residents.remove(object, 0);
                self.gone.push(object);
            }
        }
    }

    /// Lines are in: those who share them may be resident now.
    fn welcome_sharers(&mut self, object: ObjectId, size: u64) {
        for (_, line) in self.places.lines(object, size) {
            for other in self.places.sharers(line) {
                if !self.residents.contains(other)
                    && self.has_all(other, self.residents.size_of(other))
                {
                    self.residents.insert(other, 0);
                }
            }
        }
    }

    fn count_used(&mut self) {
        self.residents.set_used(self.lines.n_filled() << self.shape.line_bits);
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
            self.note_resident(object, size);
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
            self.note_resident(object, size);
            return Filled::AlreadyIn;
        }
        self.gone.clear();
        // From here on it has another size. That of before may have been in.
        if self.residents.contains(object) {
            self.residents.remove(object, 0);
            self.gone.push(object);
        }
        self.residents.note_size(object, size);
        for (set, line) in self.places.lines(object, size) {
            if !self.lines.touch(set, line)
                && let Some(old) = self.lines.fill(set, line)
            {
                self.lose(old);
            }
        }
        self.count_used();
        let inserted = self.has_all(object, size);
        if inserted {
            self.note_resident(object, size);
        }
        if self.places.are_shared() {
            self.welcome_sharers(object, size);
        }
        let gone = self.gone.iter().filter(|object| !self.residents.contains(**object));
        gone.for_each(|object| on_victim(*object));
        if inserted { Filled::Inserted } else { Filled::Refused }
    }

    /// Drops the lines of the object, and so of those it shares them with.
    fn remove(&mut self, object: ObjectId, _cause: Removal) -> bool {
        self.gone.clear();
        let was_resident = self.residents.contains(object);
        let size = self.residents.size_of(object);
        for (set, line) in self.places.lines(object, size) {
            if self.lines.drop(set, line) {
                self.lose(line);
            }
        }
        self.count_used();
        was_resident
    }

    fn residents(&self) -> &Residents {
        &self.residents
    }

    fn check(&self) {
        self.lines.check();
        let used = self.lines.n_filled() << self.shape.line_bits;
        assert_eq!(self.residents.used(), used, "bytes in use");
        assert!(used <= self.capacity_bytes(), "overfull");
        let mut n_residents = 0;
        for object in (0..self.places.n_objects()).map(ObjectId) {
            let size = self.residents.size_of(object);
            // Of what was never asked for no size is known.
            let all_in = size > 0 && self.has_all(object, size);
            assert_eq!(self.residents.contains(object), all_in, "residency of {object:?}");
            n_residents += usize::from(all_in);
        }
        assert_eq!(self.residents.len(), n_residents, "residents");
    }
}
