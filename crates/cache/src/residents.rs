//! Which objects are in the cache, and how large they were when they came in.

use std::collections::BTreeMap;

use trace::ObjectId;
use trace::prefetch::{is_large, prefetch, prefetch_if_large};

use crate::Unit;

/// From here on a size stands in the map.
const LARGE: u32 = u32::MAX;

/// A cache's own record of its contents. Policies may read it, never write it: they are shown it by
/// reference. What implements [`Contents`](crate::Contents) by itself keeps its own.
///
/// Residency is a bit an object, so that a million objects fit the second-level cache beside the
/// policy's own state. Sizes take 4 bytes an object, in bytes only; the few that do not fit 32 bits
/// stand in a map.
#[derive(Debug, Clone)]
pub struct Residents {
    bits: Vec<u64>,
    /// Size at the last insertion, by object, or [`LARGE`]; kept after eviction. Empty if every size
    /// is 1.
    sizes: Vec<u32>,
    /// Sizes from [`LARGE`] on, by object.
    large: BTreeMap<ObjectId, u64>,
    used: u64,
    count: u32,
}

impl Residents {
    /// Nothing is in the cache.
    pub fn new(n_objects: u32, unit: Unit) -> Self {
        let n = n_objects as usize;
        let sizes = match unit {
            Unit::Objects => Vec::new(),
            Unit::Bytes => vec![0; n],
        };
        Residents {
            bits: vec![0; n.div_ceil(64)],
            sizes,
            large: BTreeMap::new(),
            used: 0,
            count: 0,
        }
    }

    /// Whether the object is in the cache.
    #[inline]
    pub fn contains(&self, object: ObjectId) -> bool {
        self.bits[object.index() / 64] >> (object.index() % 64) & 1 != 0
    }

    /// The objects in the cache, by rising number. Time is O(objects of the trace).
    pub fn iter(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.bits.iter().enumerate().flat_map(|(word, bits)| {
            let mut left = *bits;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                (bit < 64).then(|| ObjectId((word * 64) as u32 + bit))
            })
        })
    }

    /// Size the object had when it was last inserted, in the unit of the capacity. Still known
    /// after its eviction, for ghosts.
    #[inline]
    pub fn size_of(&self, object: ObjectId) -> u64 {
        if self.sizes.is_empty() {
            return 1;
        }
        match self.sizes[object.index()] {
            LARGE => self.large[&object],
            size => u64::from(size),
        }
    }

    /// What all residents occupy, in the unit of the capacity.
    #[inline]
    pub fn used(&self) -> u64 {
        self.used
    }

    /// How many objects are in the cache.
    #[inline]
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Nothing is in the cache.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of state.
    pub fn state_bytes(&self) -> usize {
        8 * self.bits.len() + 4 * self.sizes.len()
    }

    /// Fetches the memory of whether an object is resident.
    #[inline]
    pub(crate) fn touch(&self, object: ObjectId) {
        prefetch_if_large(&self.bits, object.index() / 64);
    }

    /// Whether looking an object up is likely to wait for memory.
    #[inline]
    pub(crate) fn are_many(&self) -> bool {
        is_large(&self.bits)
    }

    /// Whether sizes differ.
    #[inline]
    pub(crate) fn sized(&self) -> bool {
        !self.sizes.is_empty()
    }

    /// Fetches the memory of an object's size.
    #[inline]
    pub(crate) fn touch_size(&self, object: ObjectId) {
        prefetch(&self.sizes, object.index());
    }

    /// Takes in an object that is not in and takes up `size`.
    #[inline]
    pub fn insert(&mut self, object: ObjectId, size: u64) {
        self.bits[object.index() / 64] |= 1 << (object.index() % 64);
        self.used += size;
        self.count += 1;
    }

    /// Notes the size of an object, before it comes in; for capacities in bytes.
    #[inline]
    pub fn note_size(&mut self, object: ObjectId, size: u64) {
        if self.sizes.is_empty() {
            return;
        }
        self.sizes[object.index()] = match u32::try_from(size) {
            Ok(size) if size != LARGE => size,
            _ => self.note_large(object, size),
        };
    }

    #[cold]
    #[inline(never)]
    fn note_large(&mut self, object: ObjectId, size: u64) -> u32 {
        self.large.insert(object, size);
        LARGE
    }

    /// Lets go of an object that is in and takes up `size`.
    #[inline]
    pub fn remove(&mut self, object: ObjectId, size: u64) {
        self.bits[object.index() / 64] &= !(1 << (object.index() % 64));
        self.used -= size;
        self.count -= 1;
    }

    /// Says what is occupied, for contents that do not hold objects as such, but blocks that several of
    /// them share or that outlast them. Their objects take up nothing of their own.
    #[inline]
    pub fn set_used(&mut self, used: u64) {
        self.used = used;
    }
}
