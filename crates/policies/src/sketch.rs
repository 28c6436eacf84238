//! How often objects were asked for of late, in about 8 bytes for each that fits the cache: TinyLFU's
//! count-min sketch.
//!
//! Four counters of 4 bits stand for each object, one in each of four rows, at places given by a
//! hash of its number; it is estimated by the least of them, so counts err upwards only. An addition
//! raises only those of its counters that are the least, TinyLFU's minimal increment. Every so many
//! additions all counters are halved, which forgets the past. A row has four counters for each object
//! that fits the cache, rounded up to a power of two.
//!
//! The rows are cut into blocks of 32 counters, and the four counters of an object are in the same
//! block of each: together 64 bytes, one cache line, found by one hash. So two objects that share a
//! block collide more often than in a sketch of independent rows. Caffeine's sketch is laid out so
//! since its version 3; it raises all four counters, which makes estimates higher.
//!
//! With a doorkeeper, a Bloom filter with as many bits as a row has counters and four bits an object
//! notes the first addition after a halving, and only further ones are counted; it counts as 1 and
//! is cleared by a halving. It has 32 bits for each block, and an object's four are among them.

use cache::prefetch;
use trace::ObjectId;

const ROWS: usize = 4;
/// Largest count.
const SATURATED: u64 = 15;
/// Counters of a row in a block.
const COLUMNS: u64 = 32;
/// Counters in a word.
const PER_WORD: u32 = 16;
/// All bits but the high one of each counter.
const HALVED: u64 = 0x7777_7777_7777_7777;

/// A cache line: two words of each row.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Block([u64; 2 * ROWS]);

impl Block {
    /// The counters of an object, by row.
    #[inline]
    fn counts(&self, columns: [u32; ROWS]) -> [u64; ROWS] {
        let count = |row: usize| {
            let (word, shift) = counter(row, columns[row]);
            self.0[word] >> shift & SATURATED
        };
        [count(0), count(1), count(2), count(3)]
    }
}

/// Approximate counts.
#[derive(Debug)]
pub(crate) struct Sketch {
    blocks: Vec<Block>,
    /// 32 bits for each block, or nothing.
    doorkeeper: Vec<u32>,
    additions: u64,
}

/// Where an object's counters are.
pub(crate) struct Place {
    pub(crate) block: usize,
    /// By row.
    pub(crate) columns: [u32; ROWS],
}

/// The place of an object among blocks, the number of which is a power of two: the definition of the
/// hash, which tests share. Any 64-bit mix will do; this is the end of MurmurHash3. The block is in
/// its low bits, the columns are in its high ones.
#[inline]
pub(crate) fn place(object: ObjectId, n_blocks: usize) -> Place {
    let mut z = u64::from(object.0).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    z = (z ^ (z >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    z ^= z >> 33;
    let column = |row: u32| (z >> (44 + 5 * row)) as u32 % COLUMNS as u32;
    Place {
        block: z as usize & (n_blocks - 1),
        columns: [column(0), column(1), column(2), column(3)],
    }
}

/// Blocks for a cache of so many objects.
pub(crate) fn n_blocks_for(n_fit: u64) -> usize {
    (4 * n_fit.max(1)).next_power_of_two().div_ceil(COLUMNS) as usize
}

/// Word of a block and shift in it of a row's counter.
#[inline]
fn counter(row: usize, column: u32) -> (usize, u32) {
    (2 * row + (column / PER_WORD) as usize, column % PER_WORD * 4)
}

/// The bits of a block of the doorkeeper.
#[inline]
fn door_bits(columns: [u32; ROWS]) -> u32 {
    columns.iter().fold(0, |bits, column| bits | 1 << column)
}

impl Sketch {
    /// For a cache that so many objects fit.
    pub(crate) fn new(n_fit: u64, with_doorkeeper: bool) -> Self {
        let n_blocks = n_blocks_for(n_fit);
        Sketch {
            blocks: vec![Block([0; 2 * ROWS]); n_blocks],
            doorkeeper: vec![0; if with_doorkeeper { n_blocks } else { 0 }],
            additions: 0,
        }
    }

    /// Fetches the memory of an object's counters.
    #[inline]
    pub(crate) fn touch(&self, object: ObjectId) {
        prefetch(&self.blocks, place(object, self.blocks.len()).block);
    }

    /// Notes an object at the door, if there is one; whether it was known there.
    #[inline]
    fn knock(&mut self, place: &Place) -> bool {
        let Some(door) = self.doorkeeper.get_mut(place.block) else { return true };
        let bits = door_bits(place.columns);
        let known = *door & bits == bits;
        *door |= bits;
        known
    }

    /// Counts a use; after every `period` of them, everything is halved.
    #[inline]
    pub(crate) fn add(&mut self, object: ObjectId, period: u64) {
        let place = place(object, self.blocks.len());
        if self.knock(&place) {
            let block = &mut self.blocks[place.block];
            let counts = block.counts(place.columns);
            let least = counts.into_iter().fold(SATURATED, u64::min);
            if least < SATURATED {
                for (row, column) in place.columns.into_iter().enumerate() {
                    let (word, shift) = counter(row, column);
                    block.0[word] += u64::from(counts[row] == least) << shift;
                }
            }
        }
        self.additions += 1;
        if self.additions >= period {
            self.halve();
        }
    }

    #[cold]
    fn halve(&mut self) {
        self.additions = 0;
        for Block(words) in &mut self.blocks {
            *words = words.map(|word| word >> 1 & HALVED);
        }
        self.doorkeeper.fill(0);
    }

    /// About how often the object was asked for.
    #[inline]
    pub(crate) fn estimate(&self, object: ObjectId) -> u64 {
        let place = place(object, self.blocks.len());
        let counts = self.blocks[place.block].counts(place.columns);
        let least = counts.into_iter().fold(SATURATED, u64::min);
        let bits = door_bits(place.columns);
        let at_door = self.doorkeeper.get(place.block).is_some_and(|door| door & bits == bits);
        least + u64::from(at_door)
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        size_of::<Block>() * self.blocks.len() + 4 * self.doorkeeper.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Draws;

    #[test]
    fn estimates_are_never_low_and_little_too_high() {
        for with_doorkeeper in [false, true] {
            let mut sketch = Sketch::new(1000, with_doorkeeper);
            let mut exact = vec![0u64; 5000];
            let mut draws = Draws(1);
            for _ in 0..10_000 {
                let object = draws.skewed(5000) as u32;
                exact[object as usize] += 1;
                sketch.add(ObjectId(object), u64::MAX);
            }
            let mut error = 0;
            for (object, exact) in (0..).map(ObjectId).zip(exact) {
                let estimate = sketch.estimate(object);
                assert!(estimate >= exact.min(SATURATED), "{object:?}");
                error += estimate.saturating_sub(exact);
            }
            // Ten additions for each object that fits: 2.4 a counter. The least of four is closer.
            assert!(error < 5000, "{error} in sum over 5000 objects");
        }
    }

    #[test]
    fn a_period_halves() {
        let mut sketch = Sketch::new(10, false);
        (0..7).for_each(|_| sketch.add(ObjectId(3), 8));
        assert_eq!(sketch.estimate(ObjectId(3)), 7);
        sketch.add(ObjectId(3), 8);
        assert_eq!(sketch.estimate(ObjectId(3)), 4);
        (0..40).for_each(|_| sketch.add(ObjectId(3), 100));
        assert_eq!(sketch.estimate(ObjectId(3)), 15);
    }

    #[test]
    fn the_doorkeeper_takes_the_first() {
        let mut sketch = Sketch::new(10, true);
        sketch.add(ObjectId(3), 100);
        assert_eq!(sketch.estimate(ObjectId(3)), 1);
        assert!(sketch.blocks.iter().all(|Block(words)| *words == [0; 8]));
        sketch.add(ObjectId(3), 100);
        assert_eq!(sketch.estimate(ObjectId(3)), 2);
    }

    /// Of 1024 objects 377 in a uniform hash find none of their like: 1024 / e.
    #[test]
    fn places_are_spread() {
        let places: Vec<_> = (0..1024).map(|object| place(ObjectId(object), 1024)).collect();
        let empty = |numbers: Vec<usize>| (0..1024).filter(|n| !numbers.contains(n)).count();
        let blocks = empty(places.iter().map(|place| place.block).collect());
        assert!((330..430).contains(&blocks), "{blocks}");
        for (a, b) in [(0, 1), (1, 2), (2, 3), (0, 3)] {
            let pair = |place: &Place| (place.columns[a] * 32 + place.columns[b]) as usize;
            let pairs = empty(places.iter().map(pair).collect());
            assert!((330..430).contains(&pairs), "{pairs} of rows {a} and {b}");
        }
    }
}
