//! A ring of points, as clients use that shard by themselves: consistent hashing.
//!
//! Every master has some points on a circle of 2^32 positions, and an object belongs to the master of
//! the first point at or after its hash. If a master comes or goes, only what lies before its own
//! points changes hands: 1/n of the objects. The idea is Karger et al.'s (Consistent hashing and
//! random trees, STOC '97, doi 10.1145/258533.258660); the 160 points of a master are Ketama's
//! (R. Jones, libketama, Last.fm, 2007), which takes them, four at a time, from MD5. Here each point
//! and each key is the start of a BLAKE3 hash, so masters get other arcs than under Ketama, of the
//! same unevenness.
//!
//! The points of all masters that there will ever be are fixed. An **arc** is what lies before one
//! of them; which master owns it follows from who is a member. O(log points) an object, once.

use trace::Trace;

use super::keys::map_keys;

/// Points on a circle.
#[derive(Debug)]
pub(super) struct Ring {
    /// Position and master, by position.
    points: Vec<(u32, u16)>,
}

impl Ring {
    /// So many points for each of so many masters.
    pub(super) fn new(n_masters: u16, points_per_master: u16) -> Self {
        let mut points: Vec<_> = (0..n_masters)
            .flat_map(|master| {
                let point = move |k| (position(format!("{master}-{k}").as_bytes()), master);
                (0..points_per_master).map(point)
            })
            .collect();
        points.sort_unstable();
        Ring { points }
    }

    /// The arc of every object.
    pub(super) fn arcs_of(&self, trace: &Trace) -> Vec<u16> {
        map_keys(trace, |key| self.arc_at(position(key)))
    }

    fn arc_at(&self, position: u32) -> u16 {
        let after = self.points.partition_point(|(point, _)| *point < position);
        // Behind the last point the circle begins again.
        (if after == self.points.len() { 0 } else { after }) as u16
    }

    /// The master of every arc, if only the first so many masters are members.
    pub(super) fn owners(&self, n_members: u16) -> Vec<u16> {
        let mut owners = vec![0; self.points.len()];
        let mut next = 0;
        // Twice round, backwards: the first round finds who owns the last arcs.
        for at in (0..owners.len()).rev().chain((0..owners.len()).rev()) {
            let (_, master) = self.points[at];
            if master < n_members {
                next = master;
            }
            owners[at] = next;
        }
        owners
    }
}

/// Where on the circle something is.
fn position(bytes: &[u8]) -> u32 {
    let digest = blake3::hash(bytes);
    let [a, b, c, d, ..] = *digest.as_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn homes(ring: &Ring, n_members: u16, trace: &Trace) -> Vec<u16> {
        let owners = ring.owners(n_members);
        ring.arcs_of(trace).iter().map(|arc| owners[usize::from(*arc)]).collect()
    }

    /// With 160 points, a master's share deviates by about 1 / sqrt(160) = 8 %.
    #[test]
    fn masters_have_about_equal_shares() {
        let trace = Trace::from_numbers("t", 0..100_000);
        let ring = Ring::new(10, 160);
        let homes = homes(&ring, 10, &trace);
        for master in 0..10 {
            let share = homes.iter().filter(|home| **home == master).count() as f64 / 100_000.0;
            assert!((0.07..0.13).contains(&share), "{master}: {share}");
        }
    }

    #[test]
    fn a_new_master_takes_its_share_and_nothing_else_moves() {
        let trace = Trace::from_numbers("t", 0..100_000);
        let ring = Ring::new(10, 160);
        let (before, after) = (homes(&ring, 9, &trace), homes(&ring, 10, &trace));
        let moved: Vec<_> = before.iter().zip(&after).filter(|(b, a)| b != a).collect();
        assert!(moved.iter().all(|(_, now)| **now == 9));
        let share = moved.len() as f64 / 100_000.0;
        assert!((0.07..0.13).contains(&share), "{share}");
    }

    /// The definition, by brute force.
    #[test]
    fn an_arc_belongs_to_the_next_member_round_the_circle() {
        let ring = Ring::new(5, 7);
        for n_members in 1..=5 {
            for (arc, owner) in ring.owners(n_members).iter().enumerate() {
                let round = ring.points.iter().cycle().skip(arc);
                let (_, next) = round.take(70).find(|(_, master)| *master < n_members).unwrap();
                assert_eq!(owner, next);
            }
        }
        let positions = ring.points.iter().map(|(position, _)| *position);
        for (arc, position) in positions.enumerate() {
            assert_eq!(usize::from(ring.arc_at(position)), arc);
            assert_eq!(usize::from(ring.arc_at(position.wrapping_add(1))), (arc + 1) % 35);
        }
        assert_eq!(ring.arc_at(u32::MAX), 0);
    }
}
