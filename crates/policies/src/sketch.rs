//! How often objects were asked for of late, in about 8 bytes for each that fits the cache: TinyLFU's
//! count-min sketch.
//!
//! Four counters of 4 bits stand for each object, one in each of four rows, at places given by a
//! hash of its number; it is estimated by the least of them, so counts err upwards only. Every so
//! many additions all counters are halved, which forgets the past. A row has four counters for each
//! object that fits the cache, rounded up to a power of two.
//!
//! With a doorkeeper, a Bloom filter with as many bits as a row has counters and four bits an object
//! notes the first addition after a halving, and only further ones are counted; it counts as 1 and
//! is cleared by a halving.

use trace::ObjectId;

const ROWS: u32 = 4;
/// Largest count.
const SATURATED: u64 = 15;
/// Counters in a word.
const PER_WORD: u64 = 16;
/// The low bit of each counter, and all bits but the high one of each.
const HALVED: u64 = 0x7777_7777_7777_7777;

/// Approximate counts.
#[derive(Debug)]
pub(crate) struct Sketch {
    /// Counters, row after row, 16 in a word.
    words: Vec<u64>,
    /// Bits, or nothing.
    doorkeeper: Vec<u64>,
    /// Counters of a row, less one: a mask.
    mask: u64,
    additions: u64,
}

/// The place of an object in a row: the definition of the hash, which tests share. Any 64-bit mix
/// will do; this is the end of MurmurHash3, over the object's number and the row's.
#[inline]
pub(crate) fn place(object: ObjectId, row: u32, mask: u64) -> u64 {
    let mut z = (u64::from(object.0) << 2 | u64::from(row)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    z = (z ^ (z >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (z ^ (z >> 33)) & mask
}

/// Counters a row has, less one, for a cache of so many objects.
pub(crate) fn mask_for(n_fit: u64) -> u64 {
    (4 * n_fit.max(1)).next_power_of_two().max(PER_WORD) - 1
}

impl Sketch {
    /// For a cache that so many objects fit.
    pub(crate) fn new(n_fit: u64, with_doorkeeper: bool) -> Self {
        let mask = mask_for(n_fit);
        let n_words = (mask + 1) / PER_WORD;
        let n_door = if with_doorkeeper { (mask + 1).div_ceil(64) } else { 0 };
        Sketch {
            words: vec![0; (u64::from(ROWS) * n_words) as usize],
            doorkeeper: vec![0; n_door as usize],
            mask,
            additions: 0,
        }
    }

    /// Word and shift of the object's counter in a row.
    #[inline]
    fn counter(&self, object: ObjectId, row: u32) -> (usize, u32) {
        let at = u64::from(row) * (self.mask + 1) + place(object, row, self.mask);
        ((at / PER_WORD) as usize, (at % PER_WORD * 4) as u32)
    }

    /// Notes an object at the door; whether it was known there.
    #[inline]
    fn knock(&mut self, object: ObjectId) -> bool {
        let mut known = true;
        for row in 0..ROWS {
            let bit = place(object, row, self.mask);
            let word = &mut self.doorkeeper[(bit / 64) as usize];
            known &= *word >> (bit % 64) & 1 != 0;
            *word |= 1 << (bit % 64);
        }
        known
    }

    /// Counts a use; after every `period` of them, everything is halved.
    #[inline]
    pub(crate) fn add(&mut self, object: ObjectId, period: u64) {
        if self.doorkeeper.is_empty() || self.knock(object) {
            for row in 0..ROWS {
                let (word, shift) = self.counter(object, row);
                if self.words[word] >> shift & SATURATED < SATURATED {
                    self.words[word] += 1 << shift;
                }
            }
        }
        self.additions += 1;
        if self.additions >= period {
            self.additions = 0;
            self.words.iter_mut().for_each(|word| *word = *word >> 1 & HALVED);
            self.doorkeeper.fill(0);
        }
    }

    /// About how often the object was asked for.
    #[inline]
    pub(crate) fn estimate(&self, object: ObjectId) -> u64 {
        let mut least = SATURATED;
        for row in 0..ROWS {
            let (word, shift) = self.counter(object, row);
            least = least.min(self.words[word] >> shift & SATURATED);
        }
        let at_door = !self.doorkeeper.is_empty()
            && (0..ROWS).all(|row| {
                let bit = place(object, row, self.mask);
                self.doorkeeper[(bit / 64) as usize] >> (bit % 64) & 1 != 0
            });
        least + u64::from(at_door)
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        8 * (self.words.len() + self.doorkeeper.len())
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
        assert!(sketch.words.iter().all(|word| *word == 0));
        sketch.add(ObjectId(3), 100);
        assert_eq!(sketch.estimate(ObjectId(3)), 2);
    }

    /// Objects have their places, and no row is like another.
    #[test]
    fn places_are_spread() {
        let mut seen = vec![0u32; 1024];
        for object in (0..1024).map(ObjectId) {
            seen[place(object, 0, 1023) as usize] += 1;
            assert!((1..ROWS).any(|row| place(object, row, 1023) != place(object, 0, 1023)));
        }
        let empty = seen.iter().filter(|n| **n == 0).count();
        // 1024 / e = 377 of a uniform hash.
        assert!((330..430).contains(&empty), "{empty}");
    }
}
