//! A binary heap of objects by key, the smallest on top, in which any object's key may change.
//!
//! Each object knows its slot, so a key is changed or an object removed without a search, in log2 n
//! steps for n objects in the heap. Nothing is hashed. It takes 4 bytes an object, and a key and 4
//! more, padded, for one in the heap.

use trace::ObjectId;

/// The slot of an object that is not in the heap.
const OUTSIDE: u32 = u32::MAX;

/// A heap. Each object is in it at most once.
#[derive(Debug)]
pub(crate) struct Heap<K> {
    entries: Vec<(K, ObjectId)>,
    slots: Vec<u32>,
}

impl<K: Copy + Ord> Heap<K> {
    /// An empty heap.
    pub(crate) fn new(n_objects: u32) -> Self {
        Heap { entries: Vec::new(), slots: vec![OUTSIDE; n_objects as usize] }
    }

    /// Objects in the heap.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The smallest key and its object. Keys should differ; which of equal ones it is follows from
    /// the history of the heap only.
    #[inline]
    pub(crate) fn min(&self) -> Option<(K, ObjectId)> {
        self.entries.first().copied()
    }

    /// Puts an object in that is not.
    #[inline]
    pub(crate) fn push(&mut self, key: K, object: ObjectId) {
        self.entries.push((key, object));
        self.rise(self.entries.len() - 1);
    }

    /// Changes the key of an object that is in.
    #[inline]
    pub(crate) fn set(&mut self, key: K, object: ObjectId) {
        let slot = self.slots[object.index()] as usize;
        let grows = key > self.entries[slot].0;
        self.entries[slot].0 = key;
        if grows { self.sink(slot) } else { self.rise(slot) }
    }

    /// The key of an object that is in.
    #[inline]
    pub(crate) fn key(&self, object: ObjectId) -> K {
        self.entries[self.slots[object.index()] as usize].0
    }

    /// Takes an object out that is in.
    #[inline]
    pub(crate) fn remove(&mut self, object: ObjectId) {
        let slot = std::mem::replace(&mut self.slots[object.index()], OUTSIDE) as usize;
        let last = self.entries.pop().expect("the object is in");
        if slot < self.entries.len() {
            let grows = last.0 > self.entries[slot].0;
            self.entries[slot] = last;
            if grows { self.sink(slot) } else { self.rise(slot) }
        }
    }

    /// The objects, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ObjectId> {
        self.entries.iter().map(|(_, object)| *object)
    }

    /// Checks slots and order.
    ///
    /// # Panics
    /// If one is wrong: a bug.
    pub(crate) fn check(&self) {
        for (slot, (key, object)) in self.entries.iter().enumerate() {
            assert_eq!(self.slots[object.index()] as usize, slot, "slot of {object:?}");
            assert!(slot == 0 || self.entries[(slot - 1) / 2].0 <= *key, "order at slot {slot}");
        }
        let n_inside = self.slots.iter().filter(|slot| **slot != OUTSIDE).count();
        assert_eq!(n_inside, self.entries.len(), "objects with a slot");
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<(K, ObjectId)>() + 4 * self.slots.len()
    }

    fn rise(&mut self, mut slot: usize) {
        let entry = self.entries[slot];
        while slot > 0 {
            let parent = (slot - 1) / 2;
            if self.entries[parent].0 <= entry.0 {
                break;
            }
            self.place(slot, self.entries[parent]);
            slot = parent;
        }
        self.place(slot, entry);
    }

    fn sink(&mut self, mut slot: usize) {
        let entry = self.entries[slot];
        loop {
            let mut child = 2 * slot + 1;
            if child >= self.entries.len() {
                break;
            }
            if child + 1 < self.entries.len() && self.entries[child + 1].0 < self.entries[child].0 {
                child += 1;
            }
            if entry.0 <= self.entries[child].0 {
                break;
            }
            self.place(slot, self.entries[child]);
            slot = child;
        }
        self.place(slot, entry);
    }

    #[inline]
    fn place(&mut self, slot: usize, entry: (K, ObjectId)) {
        self.entries[slot] = entry;
        self.slots[entry.1.index()] = slot as u32;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against an ordered map.
        #[test]
        fn behaves_as_an_ordered_map(steps in prop::collection::vec((0..3u8, 0..12u32, 0..50u64), 0..300)) {
            let mut heap = Heap::new(12);
            let mut plain = BTreeMap::new();
            for (kind, number, key) in steps {
                let (object, key) = (ObjectId(number), (key, number));
                match (kind, plain.contains_key(&number)) {
                    (0, true) => {
                        heap.remove(object);
                        plain.remove(&number);
                    }
                    (0, false) => {}
                    (_, true) => {
                        prop_assert_eq!(heap.key(object), plain[&number]);
                        heap.set(key, object);
                        plain.insert(number, key);
                    }
                    (_, false) => {
                        heap.push(key, object);
                        plain.insert(number, key);
                    }
                }
                heap.check();
                prop_assert_eq!(heap.len(), plain.len());
                let least = plain.iter().map(|(number, key)| (*key, ObjectId(*number))).min();
                prop_assert_eq!(heap.min(), least);
            }
        }
    }
}
