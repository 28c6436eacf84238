//! The axis of recency: where each object was last requested, and how much was requested since.
//!
//! Every request takes the next slot of an axis and its object's mark moves there, so marks lie in
//! order of last use, and the marks from an object's own on are the LRU stack down to it. What lies
//! *before* a slot is a prefix sum, kept in a tree of 16-way nodes: each node holds, for each child,
//! the sum of the children before it, so a query reads one number a level, and taking a mark away
//! subtracts from at most 15 neighbours a level, which vectorises. A mark is always put at the end of
//! the axis, where nothing comes after it, so putting one down updates nothing: the prefixes of a
//! leaf are worked out when its first slot is taken, and are garbage until then. When the axis is
//! full, marks are moved together.
//!
//! Why not a Fenwick tree: on a trace of 20 million requests, Zipf 1.0 over a million objects, see
//! the figures in [`crate::stack_distance`].

use std::num::Wrapping;
use std::ops::{Add, Sub};

use trace::prefetch;

const FAN: usize = 16;

/// The prefix sums of the children of a node.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Node<T>([T; FAN]);

/// Prefix sums over leaves that are filled from left to right.
#[derive(Debug)]
struct PrefixTree<T> {
    nodes: Vec<Node<T>>,
    /// Where the nodes of each level begin, from the leaves up.
    levels: Vec<usize>,
}

impl<T: Copy + Default + Add<Output = T> + Sub<Output = T>> PrefixTree<T> {
    fn new(n_leaves: usize) -> Self {
        let (mut levels, mut n_nodes, mut width) = (Vec::new(), 0, n_leaves.max(1));
        loop {
            width = width.div_ceil(FAN);
            levels.push(n_nodes);
            n_nodes += width;
            if width == 1 {
                break;
            }
        }
        PrefixTree { nodes: vec![Node([T::default(); FAN]); n_nodes], levels }
    }

    /// Sum of the leaves before this one.
    #[inline]
    fn before(&self, leaf: usize) -> T {
        let (mut sum, mut at) = (T::default(), leaf);
        for start in &self.levels {
            sum = sum + self.nodes[start + at / FAN].0[at % FAN];
            at /= FAN;
        }
        sum
    }

    /// Takes `amount` away from a leaf.
    #[inline]
    fn subtract(&mut self, leaf: usize, amount: T) {
        let mut at = leaf;
        for start in &self.levels {
            let child = (at % FAN) as u32;
            let node = &mut self.nodes[start + at / FAN].0;
            for (i, prefix) in (0u32..).zip(node) {
                *prefix = *prefix - if i > child { amount } else { T::default() };
            }
            at /= FAN;
        }
    }

    /// Makes a leaf known, before anything is put in it; `total` is what all leaves before it hold.
    fn open(&mut self, leaf: usize, total: T) {
        let mut at = leaf;
        for (level, start) in self.levels.iter().enumerate() {
            let (node, child) = (start + at / FAN, at % FAN);
            at /= FAN;
            if child > 0 {
                let mut above = T::default();
                let mut up = at;
                for start in &self.levels[level + 1..] {
                    above = above + self.nodes[start + up / FAN].0[up % FAN];
                    up /= FAN;
                }
                self.nodes[node].0[child] = total - above;
                return;
            }
            self.nodes[node].0[0] = T::default();
        }
    }

    #[inline]
    fn prefetch(&self, leaf: usize) {
        prefetch(&self.nodes, leaf / FAN);
    }
}

/// Marks on an axis of slots, put down from left to right.
pub(crate) trait Marks {
    /// No marks, and room for `n_slots`.
    fn new(n_slots: usize) -> Self;
    /// Puts a mark at `slot`, which is after all that ever were.
    fn put(&mut self, slot: usize, weight: u64);
    /// Takes the mark at `slot` away and gives its weight, and that of all marks from there on,
    /// itself included.
    fn take(&mut self, slot: usize) -> (u64, u64);
    /// Weight of the mark at `slot`.
    fn weight(&self, slot: usize) -> u64;
    /// Says that `slot` will soon be taken.
    fn prefetch(&self, slot: usize);
}

/// Marks of weight 1: a bit each.
#[derive(Debug)]
pub(crate) struct Bits {
    words: Vec<u64>,
    tree: PrefixTree<Wrapping<u32>>,
    total: u32,
}

const WORD: usize = 64;

impl Marks for Bits {
    fn new(n_slots: usize) -> Self {
        let n_words = n_slots.div_ceil(WORD);
        Bits { words: vec![0; n_words], tree: PrefixTree::new(n_words), total: 0 }
    }

    #[inline]
    fn put(&mut self, slot: usize, _weight: u64) {
        if slot.is_multiple_of(WORD) {
            self.tree.open(slot / WORD, Wrapping(self.total));
        }
        self.words[slot / WORD] |= 1 << (slot % WORD);
        self.total += 1;
    }

    #[inline]
    fn take(&mut self, slot: usize) -> (u64, u64) {
        let word = &mut self.words[slot / WORD];
        let below = *word & ((1 << (slot % WORD)) - 1);
        *word ^= 1 << (slot % WORD);
        let before = self.tree.before(slot / WORD).0 + below.count_ones();
        self.tree.subtract(slot / WORD, Wrapping(1));
        let from = self.total - before;
        self.total -= 1;
        (1, u64::from(from))
    }

    fn weight(&self, _slot: usize) -> u64 {
        1
    }

    #[inline]
    fn prefetch(&self, slot: usize) {
        prefetch(&self.words, slot / WORD);
        self.tree.prefetch(slot / WORD);
    }
}

/// Marks with weights: 8 bytes a slot.
#[derive(Debug)]
pub(crate) struct Weights {
    weights: Vec<Node<u64>>,
    tree: PrefixTree<Wrapping<u64>>,
    total: u64,
}

impl Marks for Weights {
    fn new(n_slots: usize) -> Self {
        let n_leaves = n_slots.div_ceil(FAN);
        Weights {
            weights: vec![Node([0; FAN]); n_leaves],
            tree: PrefixTree::new(n_leaves),
            total: 0,
        }
    }

    #[inline]
    fn put(&mut self, slot: usize, weight: u64) {
        if slot.is_multiple_of(FAN) {
            self.tree.open(slot / FAN, Wrapping(self.total));
        }
        self.weights[slot / FAN].0[slot % FAN] = weight;
        self.total += weight;
    }

    #[inline]
    fn take(&mut self, slot: usize) -> (u64, u64) {
        let leaf = &mut self.weights[slot / FAN].0;
        let below: u64 = leaf[..slot % FAN].iter().sum();
        let own = std::mem::take(&mut leaf[slot % FAN]);
        let before = self.tree.before(slot / FAN).0 + below;
        self.tree.subtract(slot / FAN, Wrapping(own));
        let from = self.total - before;
        self.total -= own;
        (own, from)
    }

    fn weight(&self, slot: usize) -> u64 {
        self.weights[slot / FAN].0[slot % FAN]
    }

    #[inline]
    fn prefetch(&self, slot: usize) {
        prefetch(&self.weights, slot / FAN);
        self.tree.prefetch(slot / FAN);
    }
}

/// Slots for each object: the more, the rarer marks are moved together, and the larger the axis.
const SLOTS_PER_OBJECT: usize = 4;
const NOWHERE: u32 = u32::MAX;

/// All objects on the axis.
#[derive(Debug)]
pub(crate) struct Recency<M> {
    marks: M,
    /// By object, the slot of its mark.
    last: Vec<u32>,
    next: usize,
    n_slots: usize,
}

/// What was found when an object was requested again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Weight of the distinct other objects requested since: 1 each if objects are counted.
    pub others: u64,
    /// Weight of the object itself, as it was then.
    pub own: u64,
}

impl<M: Marks> Recency<M> {
    /// For `n_requests` over `n_objects`, both below 2^32.
    pub(crate) fn new(n_objects: u32, n_requests: usize) -> Self {
        let roomy = SLOTS_PER_OBJECT * (n_objects as usize).max(WORD);
        Self::with_slots(n_objects, roomy.min(n_requests))
    }

    /// An axis of so many slots, more than there are objects, or as many as requests.
    fn with_slots(n_objects: u32, n_slots: usize) -> Self {
        let last = vec![NOWHERE; n_objects as usize];
        Recency { marks: M::new(n_slots), last, next: 0, n_slots }
    }

    /// Requests an object, which weighs so much from now on; `None` if it is the first time.
    #[inline]
    pub(crate) fn request(&mut self, object: usize, weight: u64) -> Option<Depth> {
        if self.next == self.n_slots {
            self.move_together();
        }
        let slot = std::mem::replace(&mut self.last[object], self.next as u32);
        let found = (slot != NOWHERE).then(|| {
            let (own, from) = self.marks.take(slot as usize);
            Depth { others: from - own, own }
        });
        self.marks.put(self.next, weight);
        self.next += 1;
        found
    }

    /// Says that an object will be requested within some tens of requests.
    #[inline]
    pub(crate) fn expect_soon(&self, object: usize) {
        prefetch(&self.last, object);
    }

    /// Says that an object will be requested within some requests.
    #[inline]
    pub(crate) fn expect_next(&self, object: usize) {
        self.marks.prefetch(self.last[object] as usize);
    }

    /// Moves all marks to the beginning of the axis, in order: O(slots).
    #[cold]
    fn move_together(&mut self) {
        let mut at = vec![NOWHERE; self.n_slots];
        for (object, slot) in self.last.iter().enumerate().filter(|(_, slot)| **slot != NOWHERE) {
            at[*slot as usize] = object as u32;
        }
        let old = std::mem::replace(&mut self.marks, M::new(self.n_slots));
        self.next = 0;
        for (slot, object) in at.into_iter().enumerate().filter(|(_, object)| *object != NOWHERE) {
            self.last[object as usize] = self.next as u32;
            self.marks.put(self.next, old.weight(slot));
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Mattson's stack as a list.
    fn naive(requests: &[(usize, u64)]) -> Vec<Option<Depth>> {
        let mut stack: Vec<(usize, u64)> = Vec::new();
        let step = |&(object, weight): &(usize, u64)| {
            let found = stack.iter().position(|entry| entry.0 == object).map(|at| Depth {
                others: stack[..at].iter().map(|entry| entry.1).sum(),
                own: stack.remove(at).1,
            });
            stack.insert(0, (object, weight));
            found
        };
        requests.iter().map(step).collect()
    }

    fn on_axis<M: Marks>(requests: &[(usize, u64)], n_slots: usize) -> Vec<Option<Depth>> {
        let n_objects = requests.iter().map(|request| request.0 as u32 + 1).max().unwrap_or(0);
        let mut recency: Recency<M> = Recency::with_slots(n_objects, n_slots);
        requests.iter().map(|(object, weight)| recency.request(*object, *weight)).collect()
    }

    proptest! {
        /// Short axes are moved together often, long ones have several levels.
        #[test]
        fn depths_are_those_of_a_list(
            requests in prop::collection::vec((0..40usize, 1..1000u64), 0..2000),
            n_slots in 41..3000usize,
        ) {
            prop_assert_eq!(on_axis::<Weights>(&requests, n_slots), naive(&requests));
            let unit: Vec<_> = requests.iter().map(|(object, _)| (*object, 1)).collect();
            prop_assert_eq!(on_axis::<Bits>(&unit, n_slots), naive(&unit));
        }
    }

    /// Five levels of bits, four of weights; objects enough for every node to be in use.
    #[test]
    fn large_axes_too() {
        let n = 30_000usize;
        let requests: Vec<_> = (0..120_000).map(|i| (i * i % n, 1 + (i % 7) as u64)).collect();
        for n_slots in [n + 1, 100_000, requests.len()] {
            let mut last = vec![None; n];
            // Reuse distances by counting, for a few requests.
            let found = on_axis::<Weights>(&requests, n_slots);
            for (i, (object, weight)) in requests.iter().enumerate() {
                if let (Some((before, own)), true) = (last[*object], i % 997 == 0) {
                    let mut seen = vec![false; n];
                    let mut others = 0;
                    for (other, weight) in requests[before + 1..i].iter().rev() {
                        if !std::mem::replace(&mut seen[*other], true) {
                            others += weight;
                        }
                    }
                    assert_eq!(found[i], Some(Depth { others, own }));
                }
                last[*object] = Some((i, *weight));
            }
        }
    }
}
