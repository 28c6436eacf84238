//! Redis's pool of candidates for eviction: the best of many samples.
//!
//! Each eviction draws a few residents, which enter the pool if there is room or they are better
//! than the worst in it, and takes the best that is still resident. As in Redis, a candidate keeps
//! the score it was drawn with, may be there more than once, and stays when it leaves the cache
//! otherwise; if it has come back since, it counts as resident.

use trace::ObjectId;
use trace::stream::Stream;

use crate::roster::Roster;

/// Redis's EVPOOL_SIZE.
const PLACES: usize = 16;

/// Candidates with scores, the next victim, with the largest score, last.
#[derive(Debug)]
pub(crate) struct Pool {
    candidates: Vec<(u64, ObjectId)>,
}

impl Pool {
    /// An empty pool.
    pub(crate) fn new() -> Self {
        Pool { candidates: Vec::with_capacity(PLACES) }
    }

    #[inline]
    fn offer(&mut self, score: u64, object: ObjectId) {
        let worse = self.candidates.iter().take_while(|(other, _)| *other < score).count();
        if self.candidates.len() < PLACES {
            self.candidates.insert(worse, (score, object));
        } else if worse > 0 {
            self.candidates.remove(0);
            self.candidates.insert(worse - 1, (score, object));
        }
    }

    /// The next victim, taken out of the pool and the roster.
    #[inline]
    pub(crate) fn evict<T>(
        &mut self,
        roster: &mut Roster<T>,
        draws: &mut Stream,
        samples: u32,
        score: impl Fn(&T) -> u64,
    ) -> ObjectId {
        loop {
            for _ in 0..samples {
                let (object, known) = roster.draw(draws);
                self.offer(score(known), *object);
            }
            while let Some((_, object)) = self.candidates.pop() {
                if roster.contains(object) {
                    roster.remove(object);
                    return object;
                }
            }
        }
    }

    /// Bytes of memory.
    pub(crate) fn state_bytes(&self) -> usize {
        self.candidates.capacity() * size_of::<(u64, ObjectId)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_kept_and_equals_leave_in_order() {
        let mut pool = Pool::new();
        (0..20).for_each(|i| pool.offer(u64::from(i % 10), ObjectId(i)));
        let left: Vec<_> = pool.candidates.iter().map(|(score, o)| (*score, o.0)).collect();
        // Of equals, those offered last are next to the worse ones. 0 to 3 gave way.
        let expected = [(2, 12), (2, 2), (3, 13), (3, 3), (4, 14), (4, 4), (5, 15), (5, 5)];
        assert_eq!(left[..8], expected);
        assert_eq!(left[15], (9, 9));
    }
}
