//! Objects in order of last use, as a log instead of a list.
//!
//! A linked list costs four cache lines a use: the object's own, its two neighbours' and the head's.
//! Here a use appends the object to a log and notes where; an entry is live if it is the one noted
//! for its object. The least recently used is the first live entry from the start. All memory but
//! the notes is walked in order, and the notes, which are not, can be prefetched: whose comes next
//! is known from the trace on the one side and from the log on the other.
//!
//! When the log is full, the live entries move to its start. It has room for three times as many as
//! are live, so an append costs at most half a move more, and the objects take 4 bytes each and the
//! log 12 for each live one.

use cache::prefetch;
use trace::ObjectId;

/// Position of an object that is not in the log.
const ABSENT: u32 = u32::MAX;
/// Room for so many entries for each live one.
const ROOM: usize = 3;
/// Room at the least.
const MIN_ROOM: usize = 64;
/// Entries between the one looked at and the one whose note is fetched.
const AHEAD: usize = 32;

/// Objects by last use. Each is in it at most once.
#[derive(Debug)]
pub(crate) struct RecencyLog {
    /// Oldest first; those before `start` are gone.
    entries: Vec<ObjectId>,
    start: usize,
    /// Index of the object's live entry or [`ABSENT`], by object.
    latest: Vec<u32>,
}

impl RecencyLog {
    /// An empty log.
    pub(crate) fn new(n_objects: u32) -> Self {
        RecencyLog {
            entries: Vec::with_capacity(MIN_ROOM),
            start: 0,
            latest: vec![ABSENT; n_objects as usize],
        }
    }

    /// Makes an object the most recently used, whether it is in the log or not.
    #[inline]
    pub(crate) fn push(&mut self, object: ObjectId) {
        if self.entries.len() == self.entries.capacity() {
            self.make_room();
        }
        self.latest[object.index()] = self.entries.len() as u32;
        self.entries.push(object);
    }

    /// Takes the least recently used.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<ObjectId> {
        loop {
            let object = *self.entries.get(self.start)?;
            if let Some(later) = self.entries.get(self.start + AHEAD) {
                self.touch(*later);
            }
            let latest = &mut self.latest[object.index()];
            let live = *latest == self.start as u32;
            self.start += 1;
            if live {
                *latest = ABSENT;
                return Some(object);
            }
        }
    }

    /// Takes an object out, wherever it is.
    #[inline]
    pub(crate) fn remove(&mut self, object: ObjectId) {
        self.latest[object.index()] = ABSENT;
    }

    /// Fetches what a use of the object will need.
    #[inline]
    pub(crate) fn touch(&self, object: ObjectId) {
        prefetch(&self.latest, object.index());
    }

    /// The object that will be taken some calls of [`Self::pop`] from now, perhaps.
    #[inline]
    pub(crate) fn soon(&self) -> Option<ObjectId> {
        self.entries.get(self.start + AHEAD / 2).copied()
    }

    /// The objects, least recently used first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ObjectId> {
        (self.start..).zip(&self.entries[self.start..]).filter_map(|(at, object)| {
            (self.latest[object.index()] == at as u32).then_some(*object)
        })
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        4 * (self.entries.capacity() + self.latest.len())
    }

    /// Moves the live entries to the start, and sees that they fill at most a third.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        let mut n_live = 0;
        for at in self.start..self.entries.len() {
            if let Some(later) = self.entries.get(at + AHEAD) {
                self.touch(*later);
            }
            // Whether an entry is live is anybody's guess, so nothing branches on it.
            let object = self.entries[at];
            let latest = &mut self.latest[object.index()];
            let live = *latest == at as u32;
            *latest = if live { n_live as u32 } else { *latest };
            self.entries[n_live] = object;
            n_live += usize::from(live);
        }
        self.entries.truncate(n_live);
        self.start = 0;
        let room = (ROOM * n_live).max(MIN_ROOM);
        if self.entries.capacity() < room {
            // Twice as much, so that growing costs little; the trace's objects are the limit.
            let room = (2 * room).min(ROOM * self.latest.len()).max(room);
            self.entries.reserve_exact(room - n_live);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a plain list, over enough uses for the log to be cleared.
        #[test]
        fn behaves_as_a_list(steps in prop::collection::vec((0..8u8, 0..30u32), 0..2000)) {
            let mut log = RecencyLog::new(30);
            let mut list: Vec<ObjectId> = Vec::new();
            for (kind, number) in steps {
                let object = ObjectId(number);
                match kind {
                    0 => {
                        let oldest = (!list.is_empty()).then(|| list.remove(0));
                        prop_assert_eq!(log.pop(), oldest);
                    }
                    1 => {
                        log.remove(object);
                        list.retain(|there| *there != object);
                    }
                    _ => {
                        log.push(object);
                        list.retain(|there| *there != object);
                        list.push(object);
                    }
                }
                prop_assert!(log.iter().eq(list.iter().copied()));
                prop_assert!(log.entries.capacity() <= 4 * ROOM * 30);
            }
        }
    }
}
