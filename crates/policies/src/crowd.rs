//! Residents in an array without gaps, to draw from.

use cache::Residents;
use trace::{ObjectId, stream::Stream};

/// A set of objects that can be drawn from in one step.
#[derive(Debug)]
pub(crate) struct Crowd {
    members: Vec<ObjectId>,
    /// Place of each member, by object.
    places: Vec<u32>,
}

impl Crowd {
    pub(crate) fn new(n_objects: u32) -> Self {
        Crowd { members: Vec::new(), places: vec![0; n_objects as usize] }
    }

    /// Puts an object in that is not.
    #[inline]
    pub(crate) fn push(&mut self, object: ObjectId) {
        self.places[object.index()] = self.members.len() as u32;
        self.members.push(object);
    }

    /// Takes a member out. The last one takes its place.
    #[inline]
    pub(crate) fn remove(&mut self, object: ObjectId) {
        let place = self.places[object.index()];
        self.members.swap_remove(place as usize);
        if let Some(moved) = self.members.get(place as usize) {
            self.places[moved.index()] = place;
        }
    }

    /// A member, each as likely as the next.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub(crate) fn draw(&self, draws: &mut Stream) -> ObjectId {
        self.members[draws.below(self.members.len() as u64) as usize]
    }

    /// Checks that these are the residents.
    ///
    /// # Panics
    /// If not: a bug.
    pub(crate) fn check(&self, residents: &Residents) {
        assert_eq!(self.members.len(), residents.len());
        for (place, member) in self.members.iter().enumerate() {
            assert!(residents.contains(*member));
            assert_eq!(self.places[member.index()] as usize, place);
        }
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        4 * (self.members.capacity() + self.places.len())
    }
}
