//! Health checks: what is known of a station, as against how it is.
//!
//! Every station is checked at time 0 and every `every` after. A station is trusted until
//! `unhealthy_after` checks in a row found it down, and then not until `healthy_after` in a row found
//! it up; a check at the very moment of a change finds the new state. A watch is a pure function of
//! the times of change: it counts the checks between two of them by a division, and simulates none.

use crate::Health;

/// When a station loses and regains trust.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checks {
    /// Nanoseconds from one check to the next.
    pub(super) every: u64,
    /// Failed checks in a row until it is not trusted.
    pub(super) unhealthy_after: u32,
    /// Passed checks in a row until it is trusted again.
    pub(super) healthy_after: u32,
}

/// One station, as of the last time it changed.
#[derive(Debug, Clone, Copy)]
struct Watch {
    up: bool,
    trusted: bool,
    /// The latest checks in a row that spoke against `trusted`.
    contrary: u64,
    /// How many checks there have been.
    seen: u64,
}

impl Watch {
    /// After further checks up to number `n_checks`, all of which found it as it is.
    fn after(mut self, n_checks: u64, checks: &Checks) -> Watch {
        let further = n_checks.saturating_sub(self.seen);
        self.seen = self.seen.max(n_checks);
        if self.up != self.trusted {
            self.contrary += further;
            let enough = if self.up { checks.healthy_after } else { checks.unhealthy_after };
            if self.contrary >= u64::from(enough) {
                self.trusted = self.up;
                self.contrary = 0;
            }
        } else if further > 0 {
            self.contrary = 0;
        }
        self
    }
}

/// All stations of a tier.
#[derive(Debug)]
pub(super) struct Board {
    checks: Checks,
    watches: Vec<Watch>,
}

impl Board {
    /// All are up and trusted.
    pub(super) fn new(checks: Checks, n_stations: usize) -> Self {
        let watch = Watch { up: true, trusted: true, contrary: 0, seen: 0 };
        Board { checks, watches: vec![watch; n_stations] }
    }

    pub(super) fn n_stations(&self) -> u32 {
        self.watches.len() as u32
    }

    pub(super) fn notice(&mut self, station: u32, health: Health, now: u64) {
        let before_now = now.div_ceil(self.checks.every);
        let watch = &mut self.watches[station as usize];
        *watch = watch.after(before_now, &self.checks);
        watch.up = health == Health::Up;
    }

    /// Whether it answers.
    pub(super) fn is_up(&self, station: u32) -> bool {
        self.watches[station as usize].up
    }

    /// Whether it is believed to answer.
    pub(super) fn is_trusted(&self, station: u32, now: u64) -> bool {
        let watch = self.watches[station as usize];
        if watch.up == watch.trusted {
            return watch.trusted;
        }
        watch.after(now / self.checks.every + 1, &self.checks).trusted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHECKS: Checks = Checks { every: 10, unhealthy_after: 3, healthy_after: 2 };

    #[test]
    fn a_worked_example() {
        let mut board = Board::new(CHECKS, 2);
        board.notice(0, Health::Down, 5);
        // Checks at 10, 20 and 30 fail.
        assert!(!board.is_up(0));
        assert!(board.is_trusted(0, 29));
        assert!(!board.is_trusted(0, 30));
        board.notice(0, Health::Up, 60);
        // Checks at 60 and 70 pass.
        assert!(board.is_up(0));
        assert!(!board.is_trusted(0, 69));
        assert!(board.is_trusted(0, 70));
        assert!(board.is_trusted(1, 70));
    }

    #[test]
    fn a_failure_between_two_checks_goes_unseen_and_so_does_a_recovery() {
        let mut board = Board::new(CHECKS, 1);
        board.notice(0, Health::Down, 11);
        board.notice(0, Health::Up, 19);
        assert!(board.is_trusted(0, 1_000));
        board.notice(0, Health::Down, 1_005);
        board.notice(0, Health::Up, 1_021);
        board.notice(0, Health::Down, 1_029);
        assert!(!board.is_trusted(0, 1_030), "1010, 1020 and 1030 found it down");
    }

    /// Check by check.
    fn ticked(changes: &[(u64, Health)], now: u64) -> bool {
        let (mut trusted, mut contrary) = (true, 0);
        for tick in (0..=now).step_by(CHECKS.every as usize) {
            let last = changes.iter().rev().find(|(at, _)| *at <= tick);
            let up = last.is_none_or(|(_, health)| *health == Health::Up);
            contrary = if up == trusted { 0 } else { contrary + 1 };
            if contrary == if trusted { CHECKS.unhealthy_after } else { CHECKS.healthy_after } {
                (trusted, contrary) = (up, 0);
            }
        }
        trusted
    }

    proptest! {
        #[test]
        fn counting_checks_is_the_same_as_making_them(
            gaps in prop::collection::vec((0..40u64, any::<bool>()), 0..12),
            wait in 0..60u64,
        ) {
            let mut board = Board::new(CHECKS, 1);
            let (mut now, mut changes) = (0, Vec::new());
            for (gap, up) in gaps {
                now += gap;
                let health = if up { Health::Up } else { Health::Down };
                board.notice(0, health, now);
                changes.push((now, health));
                prop_assert_eq!(board.is_trusted(0, now), ticked(&changes, now));
            }
            prop_assert_eq!(board.is_trusted(0, now + wait), ticked(&changes, now + wait));
        }
    }
}
