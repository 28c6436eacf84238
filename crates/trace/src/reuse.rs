//! Reuse distances: how many distinct objects were asked for since an object's last use.
//!
//! The distance of a request is its rank in an LRU list, so it hits in every LRU cache larger than
//! that and misses in all others: one pass gives the misses at every capacity (Mattson, Gecsei,
//! Slutz, Traiger, "Evaluation techniques for storage hierarchies", IBM Systems Journal 9(2), 1970).
//!
//! Each object marks the position of its last use on a line; the distance is the number of marks
//! behind that position (Bennett and Kruskal 1975; Olken 1981). The line is a bitmap with a Fenwick
//! tree over blocks of 512 bits, so counting costs O(log(objects / 512)) and eight population counts,
//! and it is renumbered whenever it is full, which is amortised over as many requests as there are
//! objects. Memory: 4 bytes an object and half a bit for each of twice as many positions.

use crate::trace::ObjectId;

/// In place of a distance: first use.
pub const FIRST_USE: u32 = u32::MAX;

/// Computes reuse distances one request after another.
#[derive(Debug)]
pub struct ReuseDistances {
    line: Line,
    /// Position of the last use by object, or `NOWHERE`.
    last: Vec<u32>,
    /// Next free position.
    now: u32,
    /// Objects seen.
    n_seen: u32,
}

const NOWHERE: u32 = u32::MAX;

impl ReuseDistances {
    /// For ids below `n_objects`.
    pub fn new(n_objects: u32) -> Self {
        // At least twice the objects, so that a renumbering frees half of the line.
        let length = (u64::from(n_objects) * 2).max(1 << 12).min(u64::from(NOWHERE));
        ReuseDistances {
            line: Line::new(length as u32),
            last: vec![NOWHERE; n_objects as usize],
            now: 0,
            n_seen: 0,
        }
    }

    /// Distinct objects asked for since the last use of this one, or [`FIRST_USE`].
    #[inline]
    pub fn next(&mut self, object: ObjectId) -> u32 {
        if self.now == self.line.length() {
            self.renumber();
        }
        let before = std::mem::replace(&mut self.last[object.index()], self.now);
        let distance = if before == NOWHERE {
            self.n_seen += 1;
            FIRST_USE
        } else {
            // Every object seen has one mark; those up to `before`, its own among them, are older.
            let older = self.line.count_up_to(before);
            self.line.clear(before);
            self.n_seen - older
        };
        self.line.set(self.now);
        self.now += 1;
        distance
    }

    /// Moves the marks together, in their order.
    fn renumber(&mut self) {
        let mut by_position = vec![NOWHERE; self.line.length() as usize];
        for (object, position) in self.last.iter().enumerate() {
            if *position != NOWHERE {
                by_position[*position as usize] = object as u32;
            }
        }
        self.line = Line::new(self.line.length());
        self.now = 0;
        for object in by_position.into_iter().filter(|object| *object != NOWHERE) {
            self.last[object as usize] = self.now;
            self.line.set(self.now);
            self.now += 1;
        }
    }
}

const WORDS_IN_BLOCK: usize = 8;
const BITS_IN_BLOCK: u32 = 64 * WORDS_IN_BLOCK as u32;

/// A bitmap that counts.
#[derive(Debug)]
struct Line {
    words: Vec<u64>,
    /// Fenwick tree over the number of bits in each block.
    blocks: Vec<u32>,
}

impl Line {
    fn new(length: u32) -> Self {
        let n_blocks = length.div_ceil(BITS_IN_BLOCK) as usize;
        Line { words: vec![0; n_blocks * WORDS_IN_BLOCK], blocks: vec![0; n_blocks + 1] }
    }

    fn length(&self) -> u32 {
        (self.words.len() * 64) as u32
    }

    #[inline]
    fn set(&mut self, position: u32) {
        self.words[position as usize / 64] |= 1 << (position % 64);
        self.add(position / BITS_IN_BLOCK, 1);
    }

    #[inline]
    fn clear(&mut self, position: u32) {
        self.words[position as usize / 64] &= !(1 << (position % 64));
        self.add(position / BITS_IN_BLOCK, u32::MAX);
    }

    #[inline]
    fn add(&mut self, block: u32, amount: u32) {
        let mut at = block as usize + 1;
        while at < self.blocks.len() {
            self.blocks[at] = self.blocks[at].wrapping_add(amount);
            at += at & at.wrapping_neg();
        }
    }

    /// Bits set at `position` and before.
    #[inline]
    fn count_up_to(&self, position: u32) -> u32 {
        let mut count = 0u32;
        let mut at = (position / BITS_IN_BLOCK) as usize;
        let first_word = at * WORDS_IN_BLOCK;
        while at > 0 {
            count = count.wrapping_add(self.blocks[at]);
            at &= at - 1;
        }
        let word = position as usize / 64;
        let whole: u32 = self.words[first_word..word].iter().map(|word| word.count_ones()).sum();
        let mask = u64::MAX >> (63 - position % 64);
        count + whole + (self.words[word] & mask).count_ones()
    }
}

/// How often each distance occurs: entry `d` counts the requests at distance `d`; first uses are
/// not in it. Its length is at most the number of objects.
pub fn histogram(objects: &[ObjectId], n_objects: u32) -> Vec<u64> {
    let mut distances = ReuseDistances::new(n_objects);
    let mut histogram = vec![0; n_objects as usize];
    for object in objects {
        let distance = distances.next(*object);
        if distance != FIRST_USE {
            histogram[distance as usize] += 1;
        }
    }
    let used = histogram.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
    histogram.truncate(used);
    histogram
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An LRU list, searched from the front.
    fn naive(objects: &[ObjectId]) -> Vec<u32> {
        let mut list: Vec<ObjectId> = Vec::new();
        objects
            .iter()
            .map(|object| {
                let rank = list.iter().position(|other| other == object);
                if let Some(rank) = rank {
                    list.remove(rank);
                }
                list.insert(0, *object);
                rank.map_or(FIRST_USE, |rank| rank as u32)
            })
            .collect()
    }

    #[test]
    fn the_distance_counts_distinct_objects_between() {
        let objects = [0, 1, 2, 1, 1, 0].map(ObjectId);
        let mut distances = ReuseDistances::new(3);
        let found: Vec<u32> = objects.iter().map(|object| distances.next(*object)).collect();
        assert_eq!(found, [FIRST_USE, FIRST_USE, FIRST_USE, 1, 0, 2]);
        assert_eq!(histogram(&objects, 3), [1, 1, 1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn distances_are_ranks_in_an_lru_list(
            numbers in prop::collection::vec(prop_oneof![0..5u32, 0..900u32], 0..9000),
        ) {
            let objects: Vec<ObjectId> = numbers.into_iter().map(ObjectId).collect();
            let mut distances = ReuseDistances::new(900);
            let found: Vec<u32> = objects.iter().map(|object| distances.next(*object)).collect();
            prop_assert_eq!(found, naive(&objects));
        }
    }
}
