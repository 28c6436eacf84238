//! The order of the lines of a set.
//!
//! True LRU keeps the tags themselves in order, the last used first, so it needs no further state. The
//! two approximations leave lines where they are and keep 64 bits a set.
//!
//! Tree pseudo-LRU as in J. Handy, "The Cache Memory Book", 2nd ed., 1998; both, as PLRUt and PLRUm,
//! in H. Al-Zoubi, A. Milenkovic and M. Milenkovic, "Performance evaluation of cache replacement policies
//! for the SPEC CPU2000 benchmark suite", ACM-SE 42, 2004.

use super::Replacement;

/// The tag of a way without content. No line has this number: a line is at least 8 bytes.
pub(super) const EMPTY: u64 = u64::MAX;

/// The order of the lines of every set.
#[derive(Debug)]
pub(super) enum Order {
    /// By position.
    Lru,
    /// Bits of every set, and for every way the nodes above it and what they become when it is used.
    Tree { bits: Vec<u64>, above: Vec<Path> },
    /// Bits of every set, one a way.
    Bits { bits: Vec<u64>, all: u64 },
}

/// From the root of the tree to a way. Node n, a bit, has the children 2n and 2n + 1; the root is 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    nodes: u64,
    pointing_away: u64,
}

impl Path {
    fn to(way: usize, ways: usize) -> Self {
        let mut path = Path { nodes: 0, pointing_away: 0 };
        let mut node = ways + way;
        while node > 1 {
            let (parent, is_left) = (node / 2, node.is_multiple_of(2));
            path.nodes |= 1 << parent;
            path.pointing_away |= u64::from(is_left) << parent;
            node = parent;
        }
        path
    }
}

impl Order {
    pub(super) fn new(replacement: Replacement, sets: usize, ways: usize) -> Self {
        let bits = || vec![0; sets];
        match replacement {
            Replacement::Lru => Order::Lru,
            Replacement::TreePlru => Order::Tree {
                bits: bits(),
                above: (0..ways).map(|way| Path::to(way, ways)).collect(),
            },
            Replacement::BitPlru => Order::Bits { bits: bits(), all: u64::MAX >> (64 - ways) },
        }
    }

    /// A way of the set, whose tags these are, is used.
    #[inline]
    pub(super) fn touch(&mut self, set: usize, tags: &mut [u64], way: usize) {
        match self {
            Order::Lru => tags[..=way].rotate_right(1),
            Order::Tree { bits, above } => {
                let Path { nodes, pointing_away } = above[way];
                bits[set] = bits[set] & !nodes | pointing_away;
            }
            Order::Bits { bits, all } => {
                bits[set] |= 1 << way;
                if bits[set] == *all {
                    bits[set] = 1 << way;
                }
            }
        }
    }

    /// The way that makes room in a set of so many without an empty one.
    #[inline]
    pub(super) fn victim(&self, set: usize, ways: usize) -> usize {
        let last = ways - 1;
        match self {
            Order::Lru => last,
            Order::Tree { bits, above } => {
                let mut node = 1;
                while node < above.len() {
                    node = 2 * node + (bits[set] >> node & 1) as usize;
                }
                node - above.len()
            }
            // A single way has its bit set.
            Order::Bits { bits, .. } => (bits[set].trailing_ones() as usize).min(last),
        }
    }

    /// The content of a way is gone.
    pub(super) fn clear(&mut self, tags: &mut [u64], way: usize) {
        tags[way] = EMPTY;
        if matches!(self, Order::Lru) {
            tags[way..].rotate_left(1);
        }
    }
}
