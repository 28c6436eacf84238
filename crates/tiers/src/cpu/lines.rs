//! The cache as the hardware has it: sets of tags. Lines are numbers; objects are not known here.

use super::replacement::{EMPTY, Order};
use super::{Replacement, Shape};

/// Sets of lines.
#[derive(Debug)]
pub(super) struct Lines {
    /// Set by set.
    tags: Vec<u64>,
    ways: usize,
    order: Order,
    n_lines: u64,
    n_filled: u64,
}

impl Lines {
    pub(super) fn new(shape: Shape, replacement: Replacement) -> Self {
        let (sets, ways) = (shape.sets as usize, shape.ways as usize);
        Lines {
            tags: vec![EMPTY; sets * ways],
            ways,
            order: Order::new(replacement, sets, ways),
            n_lines: sets as u64 * ways as u64,
            n_filled: 0,
        }
    }

    #[inline]
    fn of(&self, set: usize) -> &[u64] {
        &self.tags[set * self.ways..][..self.ways]
    }

    #[inline]
    fn way_of(&self, set: usize, line: u64) -> Option<usize> {
        self.of(set).iter().position(|tag| *tag == line)
    }

    #[inline]
    pub(super) fn contains(&self, set: usize, line: u64) -> bool {
        self.way_of(set, line).is_some()
    }

    /// Uses a line if it is in.
    #[inline]
    pub(super) fn touch(&mut self, set: usize, line: u64) -> bool {
        let way = self.way_of(set, line);
        if let Some(way) = way {
            self.order.touch(set, &mut self.tags[set * self.ways..][..self.ways], way);
        }
        way.is_some()
    }

    /// Brings in a line that is not, and uses it. Returns the one that it replaces.
    #[inline]
    pub(super) fn fill(&mut self, set: usize, line: u64) -> Option<u64> {
        let tags = &mut self.tags[set * self.ways..][..self.ways];
        // Once the cache is full there is no empty way to look for.
        let has_room = self.n_filled < self.n_lines;
        let empty = if has_room { tags.iter().position(|tag| *tag == EMPTY) } else { None };
        let way = empty.unwrap_or_else(|| self.order.victim(set, tags.len()));
        let old = std::mem::replace(&mut tags[way], line);
        self.order.touch(set, tags, way);
        self.n_filled += u64::from(old == EMPTY);
        (old != EMPTY).then_some(old)
    }

    /// Drops a line if it is in.
    pub(super) fn drop(&mut self, set: usize, line: u64) -> bool {
        let way = self.way_of(set, line);
        if let Some(way) = way {
            self.order.clear(&mut self.tags[set * self.ways..][..self.ways], way);
            self.n_filled -= 1;
        }
        way.is_some()
    }

    /// Lines with content.
    #[inline]
    pub(super) fn n_filled(&self) -> u64 {
        self.n_filled
    }

    /// Recounts.
    ///
    /// # Panics
    /// If a set holds a line twice, or the count is wrong: a bug.
    pub(super) fn check(&self) {
        let mut n_filled = 0;
        for tags in self.tags.chunks(self.ways) {
            let mut filled: Vec<u64> = tags.iter().copied().filter(|tag| *tag != EMPTY).collect();
            n_filled += filled.len() as u64;
            filled.sort_unstable();
            assert!(filled.is_sorted_by(|a, b| a < b), "a line is in a set twice");
        }
        assert_eq!(n_filled, self.n_filled, "lines with content");
    }
}
