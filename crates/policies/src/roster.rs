//! The residents in one array, for policies that draw from them.
//!
//! Where each object is in it is noted in another. The last one takes the place of one that leaves,
//! so the order follows from the history of insertions and removals, never from object numbers.

use cache::Residents;
use trace::ObjectId;
use trace::stream::Stream;

/// The position of an object that is not in.
const ABSENT: u32 = u32::MAX;

/// Objects in an order of no meaning. Each is in it at most once.
#[derive(Debug)]
pub(crate) struct Roster {
    objects: Vec<ObjectId>,
    /// Index in `objects` or [`ABSENT`], by object.
    position: Vec<u32>,
}

impl Roster {
    /// Nobody.
    pub(crate) fn new(n_objects: u32) -> Self {
        Roster { objects: Vec::new(), position: vec![ABSENT; n_objects as usize] }
    }

    /// Whether the object is in.
    #[inline]
    pub(crate) fn contains(&self, object: ObjectId) -> bool {
        self.position[object.index()] != ABSENT
    }

    /// Adds an object that is not in.
    #[inline]
    pub(crate) fn push(&mut self, object: ObjectId) {
        self.position[object.index()] = self.objects.len() as u32;
        self.objects.push(object);
    }

    /// Takes out an object that is in.
    #[inline]
    pub(crate) fn remove(&mut self, object: ObjectId) {
        let at = std::mem::replace(&mut self.position[object.index()], ABSENT) as usize;
        self.objects.swap_remove(at);
        if let Some(moved) = self.objects.get(at) {
            self.position[moved.index()] = at as u32;
        }
    }

    /// One of them, each as likely as any other.
    ///
    /// # Panics
    /// If nobody is in.
    #[inline]
    pub(crate) fn draw(&self, stream: &mut Stream) -> ObjectId {
        self.objects[stream.below(self.objects.len() as u64) as usize]
    }

    /// All of them.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = ObjectId> {
        self.objects.iter().copied()
    }

    /// Recomputes the invariants, given what must be in.
    ///
    /// # Panics
    /// If one does not hold: a bug.
    pub(crate) fn check(&self, residents: &Residents) {
        assert_eq!(self.objects.len(), residents.len());
        for (at, object) in self.objects.iter().enumerate() {
            assert!(residents.contains(*object));
            assert_eq!(self.position[object.index()] as usize, at);
        }
        let n_positions = self.position.iter().filter(|position| **position != ABSENT).count();
        assert_eq!(n_positions, self.objects.len());
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        4 * (self.objects.capacity() + self.position.len())
    }
}
