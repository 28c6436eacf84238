//! CLOCK-Pro+: CLOCK-Pro whose share of cold objects follows what either side would gain by more.
//!
//! See [`clock_pro`](super::clock_pro) for the clock, its hot and cold objects, test periods and
//! hands. Like CAR, and unlike CLOCK-Pro, it adapts to two kinds of event. A miss on a ghost says that
//! cold objects left too early: their target goes up, by what was demoted over the ghosts. A use of
//! a *demoted* object, one turned from hot to cold by the hot hand, says that hot objects were
//! demoted too early: the target goes down, by the ghosts over what was demoted. Each step is at
//! least 1, and the ratio is rounded down. O(1) a request, amortised.
//!
//! The rules are those of the author's program, with which the paper's experiments were run, as he
//! released it (cache2k-benchmark, `ClockProP`), and the miss counts are equal to its own. The
//! paper's text was not at hand. What it does beyond the idea:
//! - At each miss the hot hand first moves to the oldest hot object not used of late, and the cold
//!   hand to the next resident cold object not used, promoting those used in their test period.
//! - An object promoted takes its place first; hot objects are demoted, while they are over their
//!   share, afterwards. The hot hand may pass any cold object.
//! - What the hot hand passes and finds used stays where it is, and becomes the head there; the cold
//!   objects below it, unused, so come to lie behind the head. A used cold object is not tested again.
//! - Ghosts are at most as many as make the clock twice as long as the capacity.
//! - The target starts at `cold-ratio`, 1 %, and stays between 1 and half the capacity.
//!
//! The program fails where `cold-ratio` of the capacity is less than 1; here the target starts at 1.
//! With sizes, shares count sums of sizes, and a step is at least the size of the object and in
//! proportion to it. If all residents are hot when room is needed, one is demoted. An object removed
//! other than by eviction leaves the clock.
//!
//! State: 9 bytes an object.

use cache::prelude::*;

use crate::ring::Ring;

cache::policy! {
    #[doc = "CLOCK-Pro whose shares follow what each side loses by too little room"]
    ClockProPlus = "clock-pro-plus" {
        family: Adaptive,
        aliases: ["clockproplus", "clock-pro+"],
        paper: ("Li, CLOCK-Pro+: improving CLOCK-Pro cache replacement with utility-driven adaptation", "SYSTOR '19", "10.1145/3319647.3325838"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Share of the capacity that cold objects start with.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub cold_ratio: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { cold_ratio: 0.01 }
    }
}

// The state of an object: 0 if it is not on the clock.
/// On the clock. If it is not resident, a ghost.
const LISTED: u8 = 1;
/// In the cache.
const RESIDENT: u8 = 2;
/// Hot, and so resident.
const HOT: u8 = 4;
/// Cold and in its test period.
const TEST: u8 = 8;
/// Used since its bit was cleared.
const USED: u8 = 16;
/// Cold, was hot, and not used since.
const DEMOTED: u8 = 32;

const HOT_HAND: usize = 0;
const COLD_HAND: usize = 1;
const TEST_HAND: usize = 2;

/// The policy.
#[derive(Debug)]
pub struct ClockProPlus {
    clock: Ring<3>,
    state: Vec<u8>,
    hot: u64,
    cold: u64,
    /// Of the cold.
    demoted: u64,
    ghosts: u64,
    capacity: u64,
    /// What cold objects should weigh, and at most.
    target: u64,
    most: u64,
    /// Size on the clock of the object now missed.
    missed_size: u64,
}

impl ClockProPlus {
    #[inline]
    fn is(&self, object: ObjectId, flag: u8) -> bool {
        self.state[object.index()] & flag != 0
    }

    #[inline]
    fn set(&mut self, object: ObjectId, flag: u8) {
        self.state[object.index()] |= flag;
    }

    #[inline]
    fn unset(&mut self, object: ObjectId, flag: u8) {
        self.state[object.index()] &= !flag;
    }

    /// Of `size` times `a / b`, but at least `size`.
    #[inline]
    fn step(size: u64, a: u64, b: u64) -> u64 {
        let step = u128::from(size) * u128::from(a) / u128::from(b.max(1));
        u64::try_from(step).unwrap_or(u64::MAX).max(size)
    }

    /// Clears the bit of a cold object that was used, and takes note if it had been demoted.
    #[inline]
    fn note_use(&mut self, object: ObjectId, size: u64) {
        if self.is(object, DEMOTED) {
            let step = Self::step(size, self.ghosts, self.demoted);
            self.target = self.target.saturating_sub(step).max(1);
            self.demoted -= size;
        }
        self.unset(object, USED | DEMOTED);
    }

    /// Moves the test hand to a ghost.
    #[inline]
    fn seek_ghost(&mut self) {
        while self.ghosts > 0 && self.is(self.clock.at(TEST_HAND), RESIDENT) {
            self.clock.step(TEST_HAND);
        }
    }

    /// Takes a ghost off the clock.
    #[inline]
    fn forget(&mut self, ghost: ObjectId, size: u64) {
        self.clock.remove(ghost);
        self.state[ghost.index()] = 0;
        self.ghosts -= size;
        self.seek_ghost();
    }

    /// Moves the hot hand to a hot object that was not used.
    fn seek_hot(&mut self, residents: &Residents) {
        while self.hot > 0 {
            let object = self.clock.at(HOT_HAND);
            if self.is(object, HOT) && !self.is(object, USED) {
                return;
            }
            let size = residents.size_of(object);
            if !self.is(object, RESIDENT) {
                self.forget(object, size);
                continue;
            }
            self.clock.step(HOT_HAND);
            if self.is(object, USED) {
                self.clock.set_head(object);
            }
            if self.is(object, HOT) {
                self.unset(object, USED);
                continue;
            }
            if !self.is(object, USED) {
                self.unset(object, TEST);
                continue;
            }
            self.note_use(object, size);
            if self.clock.at(COLD_HAND) == object {
                self.clock.step(COLD_HAND);
            }
        }
    }

    /// Moves the cold hand to a resident cold object that was not used.
    fn seek_cold(&mut self, residents: &Residents) {
        while self.cold > 0 {
            let object = self.clock.at(COLD_HAND);
            let cold = self.is(object, RESIDENT) && !self.is(object, HOT);
            if cold && !self.is(object, USED) {
                return;
            }
            self.clock.step(COLD_HAND);
            if !cold {
                continue;
            }
            let size = residents.size_of(object);
            self.note_use(object, size);
            if self.is(object, TEST) {
                self.cold -= size;
                self.promote(object, size, residents);
            } else {
                self.set(object, TEST);
                self.clock.carry_to_head(object);
            }
        }
    }

    /// Makes an object on the clock hot, and others make room for it.
    #[inline]
    fn promote(&mut self, object: ObjectId, size: u64, residents: &Residents) {
        self.unset(object, TEST);
        self.set(object, RESIDENT | HOT);
        self.hot += size;
        self.clock.carry_to_head(object);
        while self.hot > self.capacity - self.target {
            self.demote(residents);
        }
    }

    /// Turns the hot object at the hot hand into a cold one.
    #[inline]
    fn demote(&mut self, residents: &Residents) {
        self.seek_hot(residents);
        let object = self.clock.at(HOT_HAND);
        let size = residents.size_of(object);
        self.clock.step(HOT_HAND);
        self.unset(object, HOT);
        self.set(object, DEMOTED);
        self.hot -= size;
        self.cold += size;
        self.demoted += size;
        self.clock.carry_to_head(object);
        self.seek_hot(residents);
    }
}

impl Eviction for ClockProPlus {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("cold-ratio", params.cold_ratio)?;
        Ok(ClockProPlus {
            clock: Ring::new(setup.n_objects),
            state: vec![0; setup.n_objects as usize],
            hot: 0,
            cold: 0,
            demoted: 0,
            ghosts: 0,
            capacity: setup.capacity,
            target: setup.share(params.cold_ratio).max(1),
            most: (setup.capacity / 2).max(1),
            missed_size: 0,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        self.set(request.object, USED);
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        let size = residents.size_of(request.object);
        self.missed_size = size;
        self.seek_hot(residents);
        self.seek_cold(residents);
        if self.is(request.object, LISTED) {
            let step = Self::step(size, self.demoted, self.ghosts);
            self.target = self.target.saturating_add(step).min(self.most);
        }
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        self.seek_cold(residents);
        if self.cold == 0 {
            self.demote(residents);
            self.seek_cold(residents);
        }
        let victim = self.clock.at(COLD_HAND);
        let size = residents.size_of(victim);
        self.clock.step(COLD_HAND);
        self.cold -= size;
        if self.is(victim, DEMOTED) {
            self.demoted -= size;
        }
        if self.is(victim, TEST) {
            if self.ghosts == 0 {
                self.clock.point(TEST_HAND, victim);
            }
            self.state[victim.index()] = LISTED | TEST;
            self.ghosts += size;
        } else {
            self.clock.remove(victim);
            self.state[victim.index()] = 0;
        }
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        if self.is(object, LISTED) {
            self.ghosts -= self.missed_size;
            self.set(object, RESIDENT);
            self.seek_ghost();
            self.promote(object, size, residents);
            self.seek_cold(residents);
            return true;
        }
        let hot = self.cold == 0 && self.hot + size <= self.capacity - self.target;
        self.clock.push(object);
        self.state[object.index()] = LISTED | RESIDENT | if hot { HOT } else { TEST };
        if hot {
            self.hot += size;
        } else {
            if self.cold == 0 {
                self.clock.point(COLD_HAND, object);
            }
            self.cold += size;
        }
        self.seek_cold(residents);
        while self.hot + self.cold + self.ghosts > 2 * self.capacity {
            let ghost = self.clock.at(TEST_HAND);
            self.forget(ghost, residents.size_of(ghost));
        }
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        let size = residents.size_of(object);
        if self.is(object, DEMOTED) {
            self.demoted -= size;
        }
        let weight = if self.is(object, HOT) { &mut self.hot } else { &mut self.cold };
        *weight -= size;
        self.clock.remove(object);
        self.state[object.index()] = 0;
        self.seek_ghost();
    }

    fn check(&self, residents: &Residents) {
        let (mut hot, mut cold, mut demoted, mut ghosts) = (0, 0, 0, 0);
        let (mut n_listed, mut n_resident) = (0, 0);
        for object in self.clock.iter() {
            let size = residents.size_of(object);
            assert!(self.is(object, LISTED));
            assert_eq!(residents.contains(object), self.is(object, RESIDENT));
            n_listed += 1;
            n_resident += usize::from(self.is(object, RESIDENT));
            if self.is(object, HOT) {
                assert!(self.is(object, RESIDENT) && !self.is(object, TEST | DEMOTED));
                hot += size;
            } else if self.is(object, RESIDENT) {
                cold += size;
                demoted += if self.is(object, DEMOTED) { size } else { 0 };
            } else {
                assert!(self.is(object, TEST) && !self.is(object, USED | DEMOTED));
                ghosts += size;
            }
        }
        let weights = (self.hot, self.cold, self.demoted, self.ghosts);
        assert_eq!((hot, cold, demoted, ghosts), weights);
        assert_eq!(n_listed, self.state.iter().filter(|state| **state != 0).count());
        assert_eq!(n_resident, residents.len());
        assert!(hot + cold + ghosts <= 2 * self.capacity);
        assert!(ghosts == 0 || !self.is(self.clock.at(TEST_HAND), RESIDENT));
        assert!((1..=self.capacity).contains(&self.target));
    }

    fn state_bytes(&self) -> usize {
        self.clock.state_bytes() + self.state.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    // Capacity 4: A to C start hot, D cold and in test.

    #[test]
    fn a_ghost_that_comes_back_becomes_hot_and_makes_the_cold_share_larger() {
        // D takes the place of A; and of B, as the target goes from 1 to 2. A leaves for F.
        check_example("clock-pro-plus", 4, "A B C D E D F C D A", "M M M M M M M H H M");
    }

    #[test]
    fn a_use_of_a_demoted_object_makes_the_cold_share_smaller() {
        // B, demoted for D, is used before F comes, and the target is 1 again. So G, evicted and
        // back, takes the place of one hot object only, of C or D: three of four stay hot.
        check_example("clock-pro-plus", 4, "A B C D E D B F B C D", "M M M M M M H M H H H");
    }
}
