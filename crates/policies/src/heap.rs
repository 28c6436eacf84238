//! A heap of objects that gives the smallest key, and lets the key of any object change.
//!
//! Four children a node: half the levels of a binary heap, and the children lie side by side, so a
//! step down touches one or two cache lines. Where each object is in the heap is noted in a dense
//! array. Every change is O(log n). Equal keys come out in an order that depends on the history, so
//! keys should differ: policies end theirs with a time. It takes 4 bytes an object, and a key and 4
//! more, padded, for one in the heap.

use cache::prefetch;
use trace::ObjectId;

const CHILDREN: usize = 4;
/// The position of an object that is not in the heap.
const ABSENT: u32 = u32::MAX;

/// Objects with keys. An object is in it at most once.
#[derive(Debug)]
pub(crate) struct Heap<K> {
    /// No key is larger than those of its node's children, `4 i + 1` to `4 i + 4`.
    nodes: Vec<(K, ObjectId)>,
    /// Index of the object's node or [`ABSENT`], by object.
    position: Vec<u32>,
}

impl<K: Copy + Ord> Heap<K> {
    /// An empty heap.
    pub(crate) fn new(n_objects: u32) -> Self {
        Heap { nodes: Vec::new(), position: vec![ABSENT; n_objects as usize] }
    }

    /// Objects in the heap.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The smallest key and its object.
    #[inline]
    pub(crate) fn min(&self) -> Option<(K, ObjectId)> {
        self.nodes.first().copied()
    }

    /// The key of an object that is in the heap.
    #[inline]
    pub(crate) fn key(&self, object: ObjectId) -> K {
        self.nodes[self.position[object.index()] as usize].0
    }

    /// Puts in an object that is not in the heap.
    #[inline]
    pub(crate) fn push(&mut self, object: ObjectId, key: K) {
        let at = self.nodes.len();
        self.nodes.push((key, object));
        self.rise(at, (key, object));
    }

    /// Fetches the memory of where an object is.
    #[inline]
    pub(crate) fn touch(&self, object: ObjectId) {
        prefetch(&self.position, object.index());
    }

    /// Fetches the memory of an object's node.
    #[inline]
    pub(crate) fn touch_node(&self, object: ObjectId) {
        prefetch(&self.nodes, self.position[object.index()] as usize);
    }

    /// Gives an object that is in the heap another key.
    #[inline]
    pub(crate) fn change(&mut self, object: ObjectId, key: K) {
        let at = self.position[object.index()] as usize;
        self.settle(at, (key, object));
    }

    /// Takes the smallest out. The hole it leaves goes down to a leaf, and the last node rises from
    /// there, seldom far: it was a leaf before.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(K, ObjectId)> {
        let first = self.min()?;
        self.position[first.1.index()] = ABSENT;
        let last = self.nodes.pop()?;
        if !self.nodes.is_empty() {
            let mut hole = 0;
            while let Some(least) = self.least_child(hole) {
                self.place(hole, self.nodes[least]);
                hole = least;
            }
            self.rise(hole, last);
        }
        Some(first)
    }

    /// Takes out an object that is in the heap.
    #[inline]
    pub(crate) fn remove(&mut self, object: ObjectId) {
        let at = std::mem::replace(&mut self.position[object.index()], ABSENT) as usize;
        let last = self.nodes.pop().expect("the object is in the heap");
        if at < self.nodes.len() {
            self.settle(at, last);
        }
    }

    /// Puts a node where it belongs, given a place that is free.
    #[inline]
    fn settle(&mut self, at: usize, node: (K, ObjectId)) {
        if at > 0 && node.0 < self.nodes[(at - 1) / CHILDREN].0 {
            self.rise(at, node);
        } else {
            self.sink(at, node);
        }
    }

    #[inline]
    fn place(&mut self, at: usize, node: (K, ObjectId)) {
        self.nodes[at] = node;
        self.position[node.1.index()] = at as u32;
    }

    #[inline]
    fn rise(&mut self, mut at: usize, node: (K, ObjectId)) {
        while at > 0 {
            let parent = (at - 1) / CHILDREN;
            if self.nodes[parent].0 <= node.0 {
                break;
            }
            self.place(at, self.nodes[parent]);
            at = parent;
        }
        self.place(at, node);
    }

    #[inline]
    fn sink(&mut self, mut at: usize, node: (K, ObjectId)) {
        while let Some(least) = self.least_child(at) {
            if node.0 <= self.nodes[least].0 {
                break;
            }
            self.place(at, self.nodes[least]);
            at = least;
        }
        self.place(at, node);
    }

    /// The child with the smallest key, the first of them if there are several.
    #[inline]
    fn least_child(&self, parent: usize) -> Option<usize> {
        let start = CHILDREN * parent + 1;
        match self.nodes.get(start..start + CHILDREN) {
            // In pairs and without a branch: which is the least cannot be foretold.
            Some(children) => {
                let left = usize::from(children[1].0 < children[0].0);
                let right = 2 + usize::from(children[3].0 < children[2].0);
                let least = if children[right].0 < children[left].0 { right } else { left };
                Some(start + least)
            }
            _ => (start..self.nodes.len()).min_by_key(|child| self.nodes[*child].0),
        }
    }

    /// The objects, in no order, with their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, ObjectId)> {
        self.nodes.iter().copied()
    }

    /// Recomputes the invariants.
    ///
    /// # Panics
    /// If a child is smaller than its parent or a position is wrong: a bug.
    pub(crate) fn check(&self) {
        for (at, (key, object)) in self.nodes.iter().enumerate() {
            assert!(at == 0 || self.nodes[(at - 1) / CHILDREN].0 <= *key);
            assert_eq!(self.position[object.index()] as usize, at);
        }
        let n_positions = self.position.iter().filter(|position| **position != ABSENT).count();
        assert_eq!(n_positions, self.nodes.len());
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<(K, ObjectId)>() + 4 * self.position.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against the standard library's ordered set.
        #[test]
        fn behaves_as_an_ordered_set(
            steps in prop::collection::vec((0..4u8, 0..40u32, 0..50u64), 0..300),
        ) {
            let mut heap = Heap::new(40);
            let mut plain: BTreeSet<(u64, u32)> = BTreeSet::new();
            for (kind, number, key) in steps {
                // Keys differ: the object's number ends them.
                let (object, key) = (ObjectId(number), (key, number));
                let known = plain.iter().find(|(_, there)| *there == number).copied();
                match (kind, known) {
                    (0, _) => {
                        let popped = heap.pop().map(|(key, _)| key);
                        prop_assert_eq!(popped, plain.pop_first());
                    }
                    (1, Some(known)) => {
                        heap.remove(object);
                        plain.remove(&known);
                    }
                    (1, None) => {}
                    (_, Some(known)) => {
                        prop_assert_eq!(heap.key(object), known);
                        heap.change(object, key);
                        plain.remove(&known);
                        plain.insert(key);
                    }
                    (_, None) => {
                        heap.push(object, key);
                        plain.insert(key);
                    }
                }
                heap.check();
                prop_assert_eq!(heap.len(), plain.len());
                prop_assert_eq!(heap.min().map(|(key, _)| key), plain.first().copied());
            }
        }
    }
}
