//! Whether a change matters.
//!
//! A change for the worse by more than `abs` *and* by more than the share `rel` is a regression: either
//! lets a figure pass, so that `abs` is the floor under which a share of a tiny value does not count.
//! Without a rule both are 0.

use super::baseline::{Sides, Tolerance};
use super::metric::{Better, Figure, Metric, Unit};
use crate::scenario::Fraction;

/// What a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Same,
    Allowed,
    Improved,
    Regressed,
    Inconclusive,
}

impl Change {
    pub(super) fn word(self) -> &'static str {
        match self {
            Change::Same => "same",
            Change::Allowed => "allowed",
            Change::Improved => "improved",
            Change::Regressed => "regressed",
            Change::Inconclusive => "inconclusive",
        }
    }
}

/// By how much a figure may change.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Room {
    abs: f64,
    rel: f64,
    both_sides: bool,
}

impl Room {
    pub(super) fn of(rule: Option<&Tolerance>, unit: Unit) -> Room {
        let Some(rule) = rule else { return Room::default() };
        // Amounts were checked when the file was read.
        let abs = rule.abs.as_ref().and_then(|abs| abs.of(unit).ok()).unwrap_or(0.0);
        Room {
            abs,
            rel: rule.rel.map_or(0.0, Fraction::share),
            both_sides: rule.sides == Sides::Both,
        }
    }

    /// The larger of the two: a change passes if either lets it.
    pub(super) fn allowed(self, before: f64) -> f64 {
        self.abs.max(self.rel * before.abs())
    }
}

/// What a change is. What has become a number, or ceased to be one, is worse.
pub(super) fn change(metric: Metric, before: Figure, now: Figure, room: Room) -> Change {
    if before == now {
        return Change::Same;
    }
    let (a, b) = (before.as_f64(), now.as_f64());
    let size = match (before, now) {
        (Figure::Whole(a), Figure::Whole(b)) => a.abs_diff(b) as f64,
        // On the grid of decimals that figures have, so that a change of just the tolerance is one.
        _ => Figure::real((b - a).abs(), metric.unit).as_f64(),
    };
    // Products of decimals miss their decimal by some last bits.
    if size <= room.allowed(a) * (1.0 + 1e-12) {
        return Change::Allowed;
    }
    let more = match (before, now) {
        (Figure::Whole(a), Figure::Whole(b)) => b > a,
        _ => b > a,
    };
    let less = !more && !b.is_nan() && !a.is_nan();
    let better = match metric.better {
        Better::Higher => more,
        Better::Lower => less,
        Better::Neither => false,
    };
    if better && !room.both_sides { Change::Improved } else { Change::Regressed }
}

/// What a rule allows, in words.
pub(super) fn words(rule: Option<&Tolerance>, unit: Unit) -> String {
    let Some(rule) = rule else { return "no worse".into() };
    let abs = rule.abs.as_ref().and_then(|abs| abs.of(unit).ok()).filter(|abs| *abs > 0.0);
    let rel = rule.rel.filter(|rel| rel.share() > 0.0).map(|rel| rel.to_string());
    let amounts: Vec<String> = abs.map(|abs| unit.show(abs)).into_iter().chain(rel).collect();
    let both = rule.sides == Sides::Both;
    let suffix = if rule.interval { ", by its interval" } else { "" };
    match (&amounts[..], both) {
        ([], false) => format!("no worse{suffix}"),
        ([], true) => "no change".into(),
        (amounts, false) => format!("{} worse{suffix}", amounts.join(" or ")),
        (amounts, true) => format!("{} either way", amounts.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn metric(better: Better) -> Metric {
        Metric { name: "x", unit: Unit::Ratio, better }
    }

    fn room(abs: f64, rel: f64, both_sides: bool) -> Room {
        Room { abs, rel, both_sides }
    }

    #[test]
    fn tolerances_by_example() {
        use Better::{Higher, Lower, Neither};
        use Change::{Allowed, Improved, Regressed, Same};
        let none = room(0.0, 0.0, false);
        let real = Figure::Real;
        let nan = real(f64::NAN);
        for (better, before, now, room, expected) in [
            (Higher, real(0.5), real(0.5), none, Same),
            (Higher, real(0.5), real(0.499_999_999), none, Regressed),
            (Higher, real(0.5), real(0.500_000_001), none, Improved),
            (Lower, real(0.5), real(0.500_000_001), none, Regressed),
            (Neither, real(0.5), real(0.6), none, Regressed),
            (Neither, real(0.5), real(0.4), none, Regressed),
            // Just the tolerance is allowed, although 0.573 - 0.572 is a little more than 0.001.
            (Higher, real(0.573), real(0.572), room(0.001, 0.0, false), Allowed),
            (Higher, real(0.573), real(0.571_999_999), room(0.001, 0.0, false), Regressed),
            // Either lets it pass.
            (Lower, real(0.1), real(0.15), room(0.1, 0.01, false), Allowed),
            (Lower, real(0.1), real(0.15), room(0.01, 0.5, false), Allowed),
            (Lower, real(0.1), real(0.15), room(0.01, 0.4, false), Regressed),
            // A share of nothing is nothing: the floor is what counts.
            (Lower, real(0.0), real(0.001), room(0.0, 0.5, false), Regressed),
            (Lower, real(0.0), real(0.001), room(0.001, 0.5, false), Allowed),
            (Higher, real(0.5), real(0.6), room(0.01, 0.0, true), Regressed),
            (Higher, real(0.5), real(0.505), room(0.01, 0.0, true), Allowed),
            // What is below 0 gets worse, too.
            (Higher, real(-0.5), real(-0.6), room(0.0, 0.1, false), Regressed),
            (Higher, real(-0.5), real(-0.55), room(0.0, 0.1, false), Allowed),
            (Higher, nan, nan, none, Same),
            (Higher, nan, real(0.5), room(1.0, 1.0, false), Regressed),
            (Higher, real(0.5), nan, room(1.0, 1.0, false), Regressed),
            // Whole figures are exact beyond the reach of floating point.
            (Lower, Figure::Whole(1 << 60), Figure::Whole((1 << 60) + 1), none, Regressed),
            (Lower, Figure::Whole((1 << 60) + 1), Figure::Whole(1 << 60), none, Improved),
        ] {
            let found = change(metric(better), before, now, room);
            assert_eq!(found, expected, "{better:?}: {before} to {now} with {room:?}");
        }
    }

    proptest! {
        /// More room never makes a regression of what was none.
        #[test]
        fn more_room_lets_more_pass(
            a in 0.0f64..1.0, b in 0.0f64..1.0,
            abs in 0.0f64..0.5, rel in 0.0f64..0.5, more in 0.0f64..0.5,
            higher: bool, both: bool,
        ) {
            let metric = metric(if higher { Better::Higher } else { Better::Lower });
            let (a, b) = (Figure::real(a, Unit::Ratio), Figure::real(b, Unit::Ratio));
            let little = change(metric, a, b, room(abs, rel, both));
            for wide in [room(abs + more, rel, both), room(abs, rel + more, both)] {
                let much = change(metric, a, b, wide);
                prop_assert!(little == Change::Regressed || much != Change::Regressed);
                prop_assert!(little != Change::Allowed || much == Change::Allowed);
            }
        }

        /// The two directions mirror one another, and one of them is the worse.
        #[test]
        fn what_is_worse_one_way_is_better_the_other(
            a in 0.0f64..1.0, b in 0.0f64..1.0, abs in 0.0f64..0.2,
        ) {
            let (a, b) = (Figure::real(a, Unit::Ratio), Figure::real(b, Unit::Ratio));
            let room = room(abs, 0.0, false);
            let up = change(metric(Better::Higher), a, b, room);
            let down = change(metric(Better::Lower), a, b, room);
            let mirrored = match up {
                Change::Regressed => Change::Improved,
                Change::Improved => Change::Regressed,
                other => other,
            };
            prop_assert_eq!(down, mirrored);
            prop_assert_eq!(change(metric(Better::Lower), b, a, room), up);
        }
    }
}
