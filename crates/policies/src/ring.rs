//! A ring of objects with a head, and hands that move along it: what the CLOCK-Pro family needs,
//! and LIRS2.
//!
//! Ahead of each object lies the next newer one, and ahead of the head, the newest, the oldest. New
//! objects join between the two. Hands move ahead, and a hand on an object that leaves does so
//! first. It takes 8 bytes an object.

use trace::ObjectId;

const BEHIND: usize = 0;
const AHEAD: usize = 1;
/// The head of an empty ring.
const NOBODY: u32 = u32::MAX;

/// Objects in a ring. Each is in it at most once; who is, its user knows.
#[derive(Debug)]
pub(crate) struct Ring<const HANDS: usize> {
    /// The neighbours behind and ahead, by object.
    neighbours: Vec<[u32; 2]>,
    /// The newest, or [`NOBODY`].
    head: u32,
    hands: [u32; HANDS],
}

impl<const HANDS: usize> Ring<HANDS> {
    /// An empty ring.
    pub(crate) fn new(n_objects: u32) -> Self {
        let neighbours = vec![[NOBODY; 2]; n_objects as usize];
        Ring { neighbours, head: NOBODY, hands: [NOBODY; HANDS] }
    }

    /// Where a hand is.
    ///
    /// # Panics
    /// If the ring is empty, at the first use of what it gives.
    #[inline]
    pub(crate) fn at(&self, hand: usize) -> ObjectId {
        ObjectId(self.hands[hand])
    }

    /// The one ahead of the head.
    #[inline]
    pub(crate) fn oldest(&self) -> Option<ObjectId> {
        let head = self.neighbours.get(self.head as usize)?;
        Some(ObjectId(head[AHEAD]))
    }

    /// Moves a hand ahead.
    #[inline]
    pub(crate) fn step(&mut self, hand: usize) {
        self.hands[hand] = self.neighbours[self.hands[hand] as usize][AHEAD];
    }

    /// Puts a hand on an object that is in.
    #[inline]
    pub(crate) fn point(&mut self, hand: usize, object: ObjectId) {
        self.hands[hand] = object.0;
    }

    /// Lets an object that is in be the head, where it is: what lies behind it is newer from now on.
    #[inline]
    pub(crate) fn set_head(&mut self, object: ObjectId) {
        self.head = object.0;
    }

    /// Puts in an object that is not in, as the head. Into an empty ring all hands come with it.
    #[inline]
    pub(crate) fn push(&mut self, object: ObjectId) {
        if self.head == NOBODY {
            self.neighbours[object.index()] = [object.0; 2];
            self.hands = [object.0; HANDS];
        } else {
            let oldest = self.neighbours[self.head as usize][AHEAD];
            self.neighbours[object.index()] = [self.head, oldest];
            self.neighbours[self.head as usize][AHEAD] = object.0;
            self.neighbours[oldest as usize][BEHIND] = object.0;
        }
        self.head = object.0;
    }

    /// Takes out an object that is in.
    #[inline]
    pub(crate) fn remove(&mut self, object: ObjectId) {
        let [behind, ahead] = self.neighbours[object.index()];
        let ahead = if ahead == object.0 { NOBODY } else { ahead };
        for hand in &mut self.hands {
            if *hand == object.0 {
                *hand = ahead;
            }
        }
        if ahead == NOBODY {
            self.head = NOBODY;
            return;
        }
        if self.head == object.0 {
            self.head = behind;
        }
        self.neighbours[behind as usize][AHEAD] = ahead;
        self.neighbours[ahead as usize][BEHIND] = behind;
    }

    /// Makes an object that is in the head; hands on it step ahead first.
    #[inline]
    pub(crate) fn move_to_head(&mut self, object: ObjectId) {
        self.remove(object);
        self.push(object);
    }

    /// Makes an object that is in the head; hands on it come along.
    #[inline]
    pub(crate) fn carry_to_head(&mut self, object: ObjectId) {
        let hands = self.hands;
        self.move_to_head(object);
        self.hands = hands;
    }

    /// The objects from the oldest to the newest.
    ///
    /// # Panics
    /// If a link does not lead back to where it came from: a bug.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ObjectId> {
        let mut at = self.head;
        let mut left = at != NOBODY;
        std::iter::from_fn(move || {
            left.then(|| {
                let ahead = self.neighbours[at as usize][AHEAD];
                assert_eq!(self.neighbours[ahead as usize][BEHIND], at, "the links disagree");
                at = ahead;
                left = at != self.head;
                ObjectId(at)
            })
        })
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        8 * self.neighbours.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The hands of a plain list, oldest first, as positions in it.
    fn step(list: &[u32], hand: &mut Option<u32>) {
        let at = list.iter().position(|there| Some(*there) == *hand);
        *hand = at.map(|at| list[(at + 1) % list.len()]);
    }

    proptest! {
        /// Against a plain list, whose last is the head.
        #[test]
        fn behaves_as_a_list(steps in prop::collection::vec((0..7u8, 0..6u32), 0..200)) {
            let mut ring = Ring::<2>::new(6);
            let mut list: Vec<u32> = Vec::new();
            let mut hands = [None; 2];
            for (kind, number) in steps {
                let is_in = list.contains(&number);
                let hand = number as usize % 2;
                match kind {
                    0 if !is_in => {
                        ring.push(ObjectId(number));
                        list.push(number);
                        hands = if list.len() == 1 { [Some(number); 2] } else { hands };
                    }
                    1 | 2 if is_in => {
                        for hand in hands.iter_mut().filter(|hand| **hand == Some(number)) {
                            step(&list, hand);
                        }
                        list.retain(|there| *there != number);
                        for hand in hands.iter_mut().filter(|hand| **hand == Some(number)) {
                            *hand = None;
                        }
                        if kind == 1 {
                            ring.remove(ObjectId(number));
                        } else {
                            ring.move_to_head(ObjectId(number));
                            list.push(number);
                            hands = if list.len() == 1 { [Some(number); 2] } else { hands };
                        }
                    }
                    4 if is_in => {
                        ring.carry_to_head(ObjectId(number));
                        list.retain(|there| *there != number);
                        list.push(number);
                    }
                    5 if is_in => {
                        ring.set_head(ObjectId(number));
                        let at = list.iter().position(|there| *there == number).unwrap();
                        list.rotate_left(at + 1);
                    }
                    6 if is_in => {
                        ring.point(hand, ObjectId(number));
                        hands[hand] = Some(number);
                    }
                    3 if !list.is_empty() => {
                        ring.step(hand);
                        step(&list, &mut hands[hand]);
                    }
                    _ => {}
                }
                prop_assert!(ring.iter().map(|object| object.0).eq(list.iter().copied()));
                prop_assert_eq!(ring.oldest().map(|object| object.0), list.first().copied());
                if !list.is_empty() {
                    prop_assert_eq!([ring.at(0).0, ring.at(1).0].map(Some), hands);
                }
            }
        }
    }
}
