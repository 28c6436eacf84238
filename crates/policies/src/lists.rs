//! Doubly linked lists of objects, all in one array of links.
//!
//! A link is two 32-bit numbers side by side, so that leaving a list touches one cache line of the
//! object and one of each neighbour. Every list is a ring through a node of its own that stands for
//! no object: then insertion and removal never ask whether they are at an end.
//!
//! [`Links`] is the array, for policies that know which list an object is in. [`Lists`] also keeps
//! that, and the length and weight of each list: one more byte an object.

use cache::prefetch;
use trace::ObjectId;

const PREV: usize = 0;
const NEXT: usize = 1;

/// Lists that are told what is in them. An object is in at most one.
#[derive(Debug)]
pub(crate) struct Links {
    /// Previous and next node, by object, and then by list.
    nodes: Vec<[u32; 2]>,
    n_objects: u32,
}

impl Links {
    /// Empty lists, numbered from 0.
    ///
    /// # Panics
    /// If objects and lists together are more than 2^32.
    pub(crate) fn new(n_objects: u32, n_lists: u32) -> Self {
        let mut nodes = Vec::with_capacity(n_objects as usize + n_lists as usize);
        nodes.resize(n_objects as usize, [0; 2]);
        let mut links = Links { nodes, n_objects };
        for _ in 0..n_lists {
            links.add_list();
        }
        links
    }

    /// Makes room for so many more lists, so that adding them moves nothing.
    pub(crate) fn reserve(&mut self, n_lists: usize) {
        self.nodes.reserve_exact(n_lists);
    }

    /// Adds an empty list and returns its number, which is the next one.
    pub(crate) fn add_list(&mut self) -> u32 {
        let node = u32::try_from(self.nodes.len()).expect("objects and lists fit 32 bits");
        self.nodes.push([node; 2]);
        node - self.n_objects
    }

    /// Puts an object that is in no list at the front of one.
    #[inline]
    pub(crate) fn push_front(&mut self, list: u32, object: ObjectId) {
        let ring = self.n_objects + list;
        let first = self.nodes[ring as usize][NEXT];
        self.nodes[object.index()] = [ring, first];
        self.nodes[first as usize][PREV] = object.0;
        self.nodes[ring as usize][NEXT] = object.0;
    }

    /// Fetches the memory of an object's links.
    #[inline]
    pub(crate) fn touch(&self, object: ObjectId) {
        prefetch(&self.nodes, object.index());
    }

    /// Fetches the memory of an object's neighbours.
    #[inline]
    pub(crate) fn touch_neighbours(&self, object: ObjectId) {
        let [prev, next] = self.nodes[object.index()];
        prefetch(&self.nodes, prev as usize);
        prefetch(&self.nodes, next as usize);
    }

    /// Takes an object out of the list it is in.
    #[inline]
    pub(crate) fn remove(&mut self, object: ObjectId) {
        let [prev, next] = self.nodes[object.index()];
        self.nodes[prev as usize][NEXT] = next;
        self.nodes[next as usize][PREV] = prev;
    }

    /// Moves an object from the list it is in to the front of one.
    #[inline]
    pub(crate) fn move_to_front(&mut self, list: u32, object: ObjectId) {
        self.remove(object);
        self.push_front(list, object);
    }

    /// The object at the back.
    #[inline]
    pub(crate) fn back(&self, list: u32) -> Option<ObjectId> {
        let last = self.nodes[(self.n_objects + list) as usize][PREV];
        (last < self.n_objects).then_some(ObjectId(last))
    }

    /// The object at the front.
    #[inline]
    pub(crate) fn front(&self, list: u32) -> Option<ObjectId> {
        let first = self.nodes[(self.n_objects + list) as usize][NEXT];
        (first < self.n_objects).then_some(ObjectId(first))
    }

    /// Whether nothing is in the list.
    #[inline]
    pub(crate) fn is_empty(&self, list: u32) -> bool {
        self.back(list).is_none()
    }

    /// Whether the object, which is in the list, is all there is in it.
    #[inline]
    pub(crate) fn is_only(&self, list: u32, object: ObjectId) -> bool {
        self.nodes[object.index()] == [self.n_objects + list; 2]
    }

    /// The objects from front to back.
    ///
    /// # Panics
    /// If a link does not lead back to where it came from: a bug.
    pub(crate) fn iter(&self, list: u32) -> impl Iterator<Item = ObjectId> {
        let mut at = self.n_objects + list;
        std::iter::from_fn(move || {
            let next = self.nodes[at as usize][NEXT];
            assert_eq!(self.nodes[next as usize][PREV], at, "the links of {next} disagree");
            at = next;
            (next < self.n_objects).then_some(ObjectId(next))
        })
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        8 * self.nodes.len()
    }
}

/// Lists that know which of them an object is in, how long each is and how heavy.
#[derive(Debug)]
pub(crate) struct Lists {
    links: Links,
    /// Number of the object's list plus 1, or 0, by object.
    home: Vec<u8>,
    totals: Vec<Total>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Total {
    len: u64,
    weight: u64,
}

impl Lists {
    /// Empty lists, numbered from 0; at most 255.
    pub(crate) fn new(n_objects: u32, n_lists: u8) -> Self {
        Lists {
            links: Links::new(n_objects, u32::from(n_lists)),
            home: vec![0; n_objects as usize],
            totals: vec![Total::default(); usize::from(n_lists)],
        }
    }

    /// The list the object is in.
    #[inline]
    pub(crate) fn home(&self, object: ObjectId) -> Option<u8> {
        self.home[object.index()].checked_sub(1)
    }

    /// Objects in the list.
    #[inline]
    pub(crate) fn len(&self, list: u8) -> u64 {
        self.totals[usize::from(list)].len
    }

    /// Sum of their sizes.
    #[inline]
    pub(crate) fn weight(&self, list: u8) -> u64 {
        self.totals[usize::from(list)].weight
    }

    /// The object at the back of the list.
    #[inline]
    pub(crate) fn back(&self, list: u8) -> Option<ObjectId> {
        self.links.back(u32::from(list))
    }

    /// Puts an object that is in no list at the front of one.
    #[inline]
    pub(crate) fn push_front(&mut self, list: u8, object: ObjectId, size: u64) {
        self.links.push_front(u32::from(list), object);
        self.home[object.index()] = list + 1;
        let total = &mut self.totals[usize::from(list)];
        total.len += 1;
        total.weight += size;
    }

    /// Takes an object out of its list, given the size it was put in with.
    #[inline]
    pub(crate) fn remove(&mut self, object: ObjectId, size: u64) {
        let home = std::mem::take(&mut self.home[object.index()]);
        let total = &mut self.totals[usize::from(home) - 1];
        total.len -= 1;
        total.weight -= size;
        self.links.remove(object);
    }

    /// Moves an object from its list to the front of one, given the size it was put in with.
    #[inline]
    pub(crate) fn move_to_front(&mut self, list: u8, object: ObjectId, size: u64) {
        if self.home(object) == Some(list) {
            self.links.move_to_front(u32::from(list), object);
        } else {
            self.remove(object, size);
            self.push_front(list, object, size);
        }
    }

    /// Fetches the memory of an object's links and home.
    #[inline]
    pub(crate) fn touch(&self, object: ObjectId) {
        self.links.touch(object);
        prefetch(&self.home, object.index());
    }

    /// Fetches the memory of an object's neighbours.
    #[inline]
    pub(crate) fn touch_neighbours(&self, object: ObjectId) {
        self.links.touch_neighbours(object);
    }

    /// Fetches what it will take to move the object at the back of a list, whose links were touched
    /// when it came to be there.
    #[inline]
    pub(crate) fn touch_back(&self, list: u8) {
        if let Some(back) = self.back(list) {
            self.links.touch_neighbours(back);
            prefetch(&self.home, back.index());
        }
    }

    /// The objects of the list, from front to back.
    pub(crate) fn iter(&self, list: u8) -> impl Iterator<Item = ObjectId> {
        self.links.iter(u32::from(list))
    }

    /// Recounts every list, sizes given by `size_of`.
    ///
    /// # Panics
    /// If a total or the home of an object is wrong: a bug.
    pub(crate) fn check(&self, size_of: impl Fn(ObjectId) -> u64) {
        let mut n_listed = 0;
        for (number, total) in self.totals.iter().enumerate() {
            let number = u8::try_from(number).expect("at most 255 lists");
            let mut counted = Total::default();
            for object in self.iter(number) {
                assert_eq!(self.home(object), Some(number), "home of {object:?}");
                counted.len += 1;
                counted.weight += size_of(object);
            }
            assert_eq!(counted, *total, "totals of list {number}");
            n_listed += counted.len;
        }
        let n_homes = self.home.iter().filter(|home| **home != 0).count() as u64;
        assert_eq!(n_homes, n_listed, "objects with a home");
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        self.links.state_bytes() + self.home.len() + self.totals.len() * size_of::<Total>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against plain lists.
        #[test]
        fn behave_as_lists(steps in prop::collection::vec((0..3u8, 0..3u8, 0..8u32), 0..200)) {
            let size = |object: ObjectId| u64::from(object.0) + 1;
            let mut lists = Lists::new(8, 3);
            let mut plain: [Vec<ObjectId>; 3] = Default::default();
            for (kind, list, number) in steps {
                let object = ObjectId(number);
                let home = plain.iter().position(|list| list.contains(&object));
                prop_assert_eq!(lists.home(object).map(usize::from), home);
                if let Some(home) = home {
                    plain[home].retain(|o| *o != object);
                }
                match (kind, home) {
                    (0, _) if home.is_some() => lists.remove(object, size(object)),
                    (0, _) => {}
                    (_, Some(_)) => {
                        lists.move_to_front(list, object, size(object));
                        plain[usize::from(list)].insert(0, object);
                    }
                    (_, None) => {
                        lists.push_front(list, object, size(object));
                        plain[usize::from(list)].insert(0, object);
                    }
                }
                lists.check(size);
                for (number, plain) in (0..).zip(&plain) {
                    prop_assert!(lists.iter(number).eq(plain.iter().copied()));
                    prop_assert_eq!(lists.back(number), plain.last().copied());
                    prop_assert_eq!(lists.links.front(u32::from(number)), plain.first().copied());
                    prop_assert_eq!(lists.len(number), plain.len() as u64);
                }
            }
        }
    }
}
