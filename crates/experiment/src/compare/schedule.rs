//! Which cell is next: the one that will take longest, so that the quick ones fill the gaps at the end
//! and no thread waits for a slow one.

use std::collections::BTreeMap;

/// Cells that wait, and how fast the policies have been so far.
#[derive(Debug, Default)]
pub struct Schedule {
    waiting: Vec<(usize, String)>,
    /// Seconds a request, by policy. Decides the order of work and no result.
    pace: BTreeMap<String, f64>,
}

impl Schedule {
    /// Puts these cells and their policies in place of those that wait.
    pub(super) fn fill(&mut self, cells: impl Iterator<Item = (usize, String)>) {
        self.waiting = cells.collect();
    }

    /// Takes the cell to run now: one of a policy never seen, for it may be slow; else of the slowest.
    pub(super) fn next(&mut self) -> Option<usize> {
        let pace = |policy: &String| self.pace.get(policy).copied().unwrap_or(f64::INFINITY);
        let slower =
            |best: usize, i: usize| match pace(&self.waiting[i].1) > pace(&self.waiting[best].1) {
                true => i,
                false => best,
            };
        let next = (0..self.waiting.len()).reduce(slower)?;
        let (cell, policy) = self.waiting.remove(next);
        // Taken once, it is no longer unknown: others should be tried before its next size.
        self.pace.entry(policy).or_insert(f64::MAX);
        Some(cell)
    }

    /// Notes how long a run took, in seconds a request.
    pub(super) fn learn(&mut self, policy: String, pace: f64) {
        self.pace.insert(policy, pace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells() -> impl Iterator<Item = (usize, String)> {
        ["quick", "slow", "quick", "slow"].map(String::from).into_iter().enumerate()
    }

    #[test]
    fn what_is_unknown_is_tried_and_then_the_slow_come_first() {
        let mut schedule = Schedule::default();
        schedule.fill(cells());
        assert_eq!((schedule.next(), schedule.next()), (Some(0), Some(1)));
        schedule.learn("quick".into(), 1.0);
        schedule.learn("slow".into(), 9.0);
        assert_eq!((schedule.next(), schedule.next(), schedule.next()), (Some(3), Some(2), None));
        // The next trace knows from the start.
        schedule.fill(cells());
        assert_eq!([(); 5].map(|()| schedule.next()), [Some(1), Some(3), Some(0), Some(2), None]);
    }
}
