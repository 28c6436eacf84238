//! Which slots should move: by load, or to equal numbers.

use std::cmp::Reverse;

/// A slot that should change masters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SlotMove {
    pub(super) slot: u16,
    pub(super) from: u16,
    pub(super) to: u16,
}

/// Moves that even out the load.
///
/// If the most loaded shard has more than `above` times the mean, one of its slots goes to the least
/// loaded: the one whose load is nearest to half the difference and below all of it, which leaves the
/// larger of the two loads as small as one slot can. This is repeated until the excess over the mean
/// is half of what is allowed, so that chance does not start the next round. Each slot moves once at
/// the most, and at most `most` do. Only shards that are `up` take part. O(slots) a move.
pub(super) fn by_load(
    load: &[u32],
    owners: &[u16],
    up: &[bool],
    above: f64,
    most: usize,
) -> Vec<SlotMove> {
    let mut shards = vec![0u64; up.len()];
    for (slot, owner) in owners.iter().enumerate() {
        shards[usize::from(*owner)] += u64::from(load[slot]);
    }
    let taking_part: Vec<_> = (0..up.len()).filter(|shard| up[*shard]).collect();
    let total: u64 = taking_part.iter().map(|shard| shards[*shard]).sum();
    let mean = total as f64 / taking_part.len() as f64;
    let mut moved = vec![false; owners.len()];
    let mut moves = Vec::new();
    while moves.len() < most {
        // Of equals, the one with the lowest number.
        let hottest = taking_part.iter().copied().min_by_key(|s| Reverse(shards[*s]));
        let coolest = taking_part.iter().copied().min_by_key(|s| shards[*s]);
        let (Some(hottest), Some(coolest)) = (hottest, coolest) else { break };
        let allowed = if moves.is_empty() { above } else { (1.0 + above) / 2.0 };
        if shards[hottest] as f64 <= allowed * mean {
            break;
        }
        let gap = shards[hottest] - shards[coolest];
        let movable = |slot: &usize| {
            usize::from(owners[*slot]) == hottest
                && !moved[*slot]
                && load[*slot] > 0
                && u64::from(load[*slot]) < gap
        };
        let off_half = |slot: &usize| (2 * u64::from(load[*slot])).abs_diff(gap);
        let Some(slot) = (0..owners.len()).filter(movable).min_by_key(off_half) else { break };
        moved[slot] = true;
        shards[hottest] -= u64::from(load[slot]);
        shards[coolest] += u64::from(load[slot]);
        moves.push(SlotMove { slot: slot as u16, from: hottest as u16, to: coolest as u16 });
    }
    moves
}

/// Moves after which the first `n_masters` shards have the same number of slots and the others none,
/// by the rule of `redis-cli --cluster rebalance` with equal weights: the shard that has most slots
/// too many gives its first ones to the shard that lacks most, as many as both can, and so on.
///
/// What does not divide stays with those that have most, so that nothing moves in vain; `redis-cli`
/// spares that by doing nothing where all are within 2 % of their share.
pub(super) fn evenly(owners: &[u16], n_masters: u16, n_shards: u16) -> Vec<SlotMove> {
    let mut slots: Vec<Vec<u16>> = vec![Vec::new(); n_shards.into()];
    for (slot, owner) in owners.iter().enumerate() {
        slots[usize::from(*owner)].push(slot as u16);
    }
    let mut surplus = surpluses(&slots, n_masters);
    let mut moves = Vec::new();
    let (mut poor, mut rich) = (0, surplus.len() - 1);
    while poor < rich {
        let n = surplus[rich].0.min(-surplus[poor].0).max(0);
        let (to, from) = (surplus[poor].1, surplus[rich].1);
        let given = slots[usize::from(from)].drain(..n as usize);
        moves.extend(given.map(|slot| SlotMove { slot, from, to }));
        surplus[poor].0 += n;
        surplus[rich].0 -= n;
        if surplus[poor].0 >= 0 {
            poor += 1;
        } else {
            rich -= 1;
        }
    }
    moves
}

/// By how many slots each shard has too many, rising, and which shard it is.
fn surpluses(slots: &[Vec<u16>], n_masters: u16) -> Vec<(i64, u16)> {
    let total: usize = slots.iter().map(Vec::len).sum();
    let (share, rest) = (total / usize::from(n_masters), total % usize::from(n_masters));
    let held = |shard: u16| slots[usize::from(shard)].len();
    let mut richest: Vec<_> = (0..n_masters).collect();
    richest.sort_by_key(|shard| Reverse(held(*shard)));
    let mut surplus: Vec<_> = (0..slots.len() as u16)
        .map(|shard| {
            let rank = richest.iter().position(|member| *member == shard);
            let due = rank.map_or(0, |rank| share + usize::from(rank < rest));
            (held(shard) as i64 - due as i64, shard)
        })
        .collect();
    surplus.sort_unstable();
    surplus
}

#[cfg(test)]
mod tests {
    use super::super::slots::dealt_out;
    use super::*;

    fn carried_out(owners: &[u16], moves: &[SlotMove]) -> Vec<u16> {
        let mut owners = owners.to_vec();
        for step in moves {
            let owner = &mut owners[usize::from(step.slot)];
            assert_eq!(*owner, step.from, "a slot moves from where it is");
            *owner = step.to;
        }
        owners
    }

    fn counts(owners: &[u16], n_shards: u16) -> Vec<usize> {
        (0..n_shards).map(|s| owners.iter().filter(|owner| **owner == s).count()).collect()
    }

    #[test]
    fn a_fourth_master_gets_a_quarter() {
        let owners = dealt_out(3);
        let moves = evenly(&owners, 4, 4);
        assert_eq!(moves.len(), 4096);
        assert!(moves.iter().all(|step| step.to == 3));
        assert_eq!(counts(&carried_out(&owners, &moves), 4), [4096; 4]);
    }

    #[test]
    fn a_master_that_leaves_gives_all_away() {
        let owners = dealt_out(4);
        let moves = evenly(&owners, 3, 4);
        assert_eq!(moves.len(), 4096);
        assert!(moves.iter().all(|step| step.from == 3));
        let mut left = counts(&carried_out(&owners, &moves), 4);
        left.sort_unstable();
        assert_eq!(left, [0, 5461, 5461, 5462]);
    }

    #[test]
    fn equal_numbers_stay() {
        for n_masters in [1, 3, 4, 7] {
            assert_eq!(evenly(&dealt_out(n_masters), n_masters, n_masters), []);
        }
    }

    #[test]
    fn any_resize_ends_even() {
        for before in 1..12 {
            for after in 1..12 {
                let owners = dealt_out(before);
                let moves = evenly(&owners, after, before.max(after));
                let counts = counts(&carried_out(&owners, &moves), before.max(after));
                let (members, leavers) = counts.split_at(after.into());
                assert!(leavers.iter().all(|n| *n == 0), "{before} to {after}: {counts:?}");
                let spread = members.iter().max().unwrap() - members.iter().min().unwrap();
                assert!(spread <= 1, "{before} to {after}: {counts:?}");
            }
        }
    }

    /// Loads 50, 30, 10 on the first shard, 10 on the second, mean 50: half the gap of 80 is 40,
    /// from which 50 and 30 are equally far; the first of them goes. That leaves 40 and 60, which is
    /// within 1.2, half of what 1.4 allows, but not within 1.125: then 10 goes back, and all have 50.
    #[test]
    fn the_slot_nearest_half_the_gap_moves() {
        let (load, owners) = ([50, 30, 10, 10], [0, 0, 0, 1]);
        let moves = |above, most| by_load(&load, &owners, &[true, true], above, most);
        let first = SlotMove { slot: 0, from: 0, to: 1 };
        assert_eq!(moves(1.4, 10), [first]);
        assert_eq!(moves(1.25, 10), [first, SlotMove { slot: 3, from: 1, to: 0 }]);
        assert_eq!(moves(1.25, 1), [first]);
        assert_eq!(moves(1.8, 10), []);
    }

    #[test]
    fn one_hot_slot_stays_and_the_others_leave_it() {
        let (load, owners) = ([100, 10, 10, 30], [0, 0, 0, 1]);
        let moves = by_load(&load, &owners, &[true, true], 1.0, 10);
        assert_eq!(moves.iter().map(|step| step.slot).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_shard_that_is_down_takes_no_part() {
        let (load, owners) = ([50, 30, 10, 0], [0, 0, 1, 2]);
        let moves = by_load(&load, &owners, &[true, true, false], 1.0, 10);
        assert!(!moves.is_empty() && moves.iter().all(|step| step.to == 1));
        assert_eq!(by_load(&load, &owners, &[false; 3], 1.0, 10), []);
    }
}
