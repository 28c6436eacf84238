//! A set of 32-bit numbers that gives its largest: a tree of bitmaps, 64 branches a node.
//!
//! Level 0 has a bit for each number; each level above has a bit for each non-zero word below. With
//! numbers up to n everything takes log64 n steps: 4 for 16 million, 6 at most. It takes n / 63
//! words. It does what a van Emde Boas tree is for, at the sizes of traces, and is simpler.

/// A set of numbers that grows to hold what is inserted.
#[derive(Debug, Default)]
pub(crate) struct IndexSet {
    /// Bitmaps from the numbers up; the last is one word.
    levels: Vec<Vec<u64>>,
}

impl IndexSet {
    /// An empty set with room for numbers below `n`.
    pub(crate) fn new(n: usize) -> Self {
        let mut set = IndexSet::default();
        set.grow(n);
        set
    }

    /// Whether the number is in the set.
    #[inline]
    pub(crate) fn contains(&self, number: u32) -> bool {
        let word = self.levels[0].get(number as usize / 64);
        word.is_some_and(|word| word >> (number % 64) & 1 != 0)
    }

    /// Puts a number in.
    #[inline]
    pub(crate) fn insert(&mut self, number: u32) {
        let mut index = number as usize;
        if index / 64 >= self.levels[0].len() {
            self.grow(2 * (index + 1));
        }
        for level in &mut self.levels {
            let word = &mut level[index / 64];
            let was_empty = *word == 0;
            *word |= 1 << (index % 64);
            if !was_empty {
                break;
            }
            index /= 64;
        }
    }

    /// Takes a number out, if it is in.
    #[inline]
    pub(crate) fn remove(&mut self, number: u32) {
        let mut index = number as usize;
        if index / 64 >= self.levels[0].len() {
            return;
        }
        for level in &mut self.levels {
            let word = &mut level[index / 64];
            *word &= !(1 << (index % 64));
            if *word != 0 {
                break;
            }
            index /= 64;
        }
    }

    /// The largest number.
    #[inline]
    pub(crate) fn max(&self) -> Option<u32> {
        let mut index = 0;
        for level in self.levels.iter().rev() {
            // Only the top word may be empty: a bit above says that the word below is not.
            index = index * 64 + level[index].checked_ilog2()? as usize;
        }
        Some(index as u32)
    }

    /// How many numbers are in the set; counted.
    pub(crate) fn count(&self) -> usize {
        self.levels[0].iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        8 * self.levels.iter().map(Vec::len).sum::<usize>()
    }

    /// Makes room for numbers below `n`.
    fn grow(&mut self, n: usize) {
        let mut lowest = self.levels.drain(..).next().unwrap_or_default();
        lowest.resize(n.div_ceil(64).max(1), 0);
        self.levels.push(lowest);
        while let Some(below) = self.levels.last()
            && below.len() > 1
        {
            let mut level = vec![0u64; below.len().div_ceil(64)];
            for (index, word) in below.iter().enumerate() {
                level[index / 64] |= u64::from(*word != 0) << (index % 64);
            }
            self.levels.push(level);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against the standard library's ordered set, over one to four levels.
        #[test]
        fn behaves_as_an_ordered_set(
            room in 0..5000usize,
            steps in prop::collection::vec((any::<bool>(), 0..20u32, 0..18u32), 0..200),
        ) {
            let mut set = IndexSet::new(room);
            let mut plain = BTreeSet::new();
            for (insert, low, shift) in steps {
                let number = low << shift;
                if insert {
                    set.insert(number);
                    plain.insert(number);
                } else {
                    set.remove(number);
                    plain.remove(&number);
                }
                prop_assert_eq!(set.contains(number), insert);
                prop_assert_eq!(set.max(), plain.last().copied());
                prop_assert_eq!(set.count(), plain.len());
            }
        }
    }
}
