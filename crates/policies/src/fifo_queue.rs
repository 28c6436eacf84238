//! A queue of objects in one ring of memory, with removal from the middle.
//!
//! Removal is lazy: it notes that the object's oldest entry is dead. Entries leave from the front
//! only, and an object's dead entries lie before its live one, so counting the dead ones of each
//! object is enough to tell them apart. The counts, 2 bytes an object, cost memory only once
//! something is removed. The ring is compacted when more than half of it is dead, so it stays
//! within twice its length, or when a count would overflow.
//!
//! The ring is our own: its room is a power of two, so that a position is masked instead of
//! compared, which makes FIFO's replay a quarter faster than the standard library's does.

use cache::prefetch;
use trace::ObjectId;

/// A FIFO queue. Each object is in it at most once.
#[derive(Debug, Default)]
pub(crate) struct FifoQueue {
    ring: Ring,
    /// Dead entries by object; grows on the first removal.
    dead: Vec<u16>,
    n_dead: usize,
}

impl FifoQueue {
    /// Objects in the queue.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.ring.len() - self.n_dead
    }

    /// Appends an object that is not in the queue.
    #[inline]
    pub(crate) fn push(&mut self, object: ObjectId) {
        self.ring.push(object);
    }

    /// Takes the oldest.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<ObjectId> {
        loop {
            let object = self.ring.pop()?;
            if self.n_dead == 0 {
                return Some(object);
            }
            if let Some(next) = self.soon() {
                prefetch(&self.dead, next.index());
            }
            if !self.bury(object) {
                return Some(object);
            }
        }
    }

    /// One that will be the oldest some steps from now, perhaps.
    #[inline]
    pub(crate) fn soon(&self) -> Option<ObjectId> {
        const STEPS: usize = 8;
        (self.ring.len() > STEPS).then(|| self.ring.get(STEPS))
    }

    /// Fetches what taking out an object of the queue will need.
    #[inline]
    pub(crate) fn touch(&self, object: ObjectId) {
        prefetch(&self.dead, object.index());
    }

    /// Takes an object of the queue out of it, from wherever it is.
    pub(crate) fn remove(&mut self, object: ObjectId) {
        if self.dead.len() <= object.index() {
            self.dead.resize(object.index() + 1, 0);
        }
        if self.dead[object.index()] == u16::MAX {
            self.compact();
        }
        self.dead[object.index()] += 1;
        self.n_dead += 1;
        if self.n_dead > self.ring.len() / 2 {
            self.compact();
        }
    }

    /// The objects, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ObjectId> {
        let mut dead = self.dead.clone();
        let entries = (0..self.ring.len()).map(|step| self.ring.get(step));
        entries.filter(move |object| match dead.get_mut(object.index()) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        })
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        4 * self.ring.slots.capacity() + 2 * self.dead.capacity()
    }

    /// Whether the entry just taken from the front was a dead one.
    fn bury(&mut self, object: ObjectId) -> bool {
        match self.dead.get_mut(object.index()) {
            Some(left) if *left > 0 => {
                *left -= 1;
                self.n_dead -= 1;
                true
            }
            _ => false,
        }
    }

    fn compact(&mut self) {
        // Once round: what is live goes to the back.
        for _ in 0..self.ring.len() {
            let object = self.ring.pop().expect("counted");
            if !self.bury(object) {
                self.ring.push(object);
            }
        }
    }
}

/// First in, first out, and nothing else.
#[derive(Debug, Default)]
struct Ring {
    /// Their number is 0 or a power of two.
    slots: Vec<ObjectId>,
    /// Entries ever taken and ever put in; an entry's slot is its number, masked.
    taken: usize,
    put: usize,
}

impl Ring {
    #[inline]
    fn len(&self) -> usize {
        self.put.wrapping_sub(self.taken)
    }

    #[inline]
    fn slot(&self, number: usize) -> usize {
        number & self.slots.len().wrapping_sub(1)
    }

    /// The entry some steps behind the oldest.
    #[inline]
    fn get(&self, step: usize) -> ObjectId {
        self.slots[self.slot(self.taken.wrapping_add(step))]
    }

    #[inline]
    fn push(&mut self, object: ObjectId) {
        if self.len() == self.slots.len() {
            self.grow();
        }
        let slot = self.slot(self.put);
        self.slots[slot] = object;
        self.put = self.put.wrapping_add(1);
    }

    #[inline]
    fn pop(&mut self) -> Option<ObjectId> {
        if self.len() == 0 {
            return None;
        }
        let object = self.get(0);
        self.taken = self.taken.wrapping_add(1);
        Some(object)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        const LEAST: usize = 16;
        let len = self.len();
        let room = (2 * len).max(LEAST).next_power_of_two();
        let mut slots = Vec::with_capacity(room);
        slots.extend((0..len).map(|step| self.get(step)));
        slots.resize(room, ObjectId(0));
        *self = Ring { slots, taken: 0, put: len };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Coming and going more often than the count of dead entries reaches, in a long queue.
    #[test]
    fn an_object_may_be_removed_any_number_of_times() {
        let mut queue = FifoQueue::default();
        (1..=200_000).map(ObjectId).for_each(|object| queue.push(object));
        for _ in 0..70_000 {
            queue.push(ObjectId(0));
            queue.remove(ObjectId(0));
        }
        queue.push(ObjectId(0));
        assert!(queue.iter().eq((1..=200_000).chain([0]).map(ObjectId)));
        assert_eq!(queue.len(), 200_001);
    }

    proptest! {
        /// Against a plain list, with objects coming back after their removal.
        #[test]
        fn behaves_as_a_list(steps in prop::collection::vec((0..3u8, 0..6u32), 0..200)) {
            let mut queue = FifoQueue::default();
            let mut list: Vec<ObjectId> = Vec::new();
            for (kind, number) in steps {
                let object = ObjectId(number);
                match kind {
                    0 if !list.contains(&object) => {
                        queue.push(object);
                        list.push(object);
                    }
                    1 if list.contains(&object) => {
                        queue.remove(object);
                        list.retain(|o| *o != object);
                    }
                    2 => {
                        let expected = (!list.is_empty()).then(|| list.remove(0));
                        prop_assert_eq!(queue.pop(), expected);
                    }
                    _ => {}
                }
                prop_assert_eq!(queue.len(), list.len());
                prop_assert!(queue.iter().eq(list.iter().copied()));
            }
        }
    }
}
