//! CLOCK-Pro: LIRS with hits that only set a bit, three hands on one clock.
//!
//! Like LIRS it keeps objects whose reuses lie close together (hot), and gives the others (cold) a
//! small share. All lie on one clock in order of entry. A new object is cold and in its test
//! period; used again within it, it becomes hot, even if it was evicted meanwhile: cold objects
//! evicted in their test period stay on the clock, as ghosts, as many as the cache holds. The cold
//! hand seeks a victim among the resident cold objects. The hot hand turns the oldest hot object not
//! used of late into a cold one, and ends the test period of the cold ones it passes: a reuse
//! distance longer than the oldest hot object's is too long. The test hand ends test periods to keep
//! ghosts within bounds, and is pushed ahead by the hot hand. O(1) a request, amortised as in CLOCK.
//!
//! Until the first eviction new objects are hot while the share of the cold ones, the *target*, is
//! left. To become hot, an object needs room beside the others: the hot hand runs until there is, or
//! until it has passed the object, which then stays cold.
//!
//! `rules=paper`, the default. A cold object met by the cold hand that was used, but after its test
//! period, goes to the head and is tested again. The target adapts: a cold object used in its test
//! period raises it by its size, one not used in it lowers it; it stays between `cold-ratio` of the
//! capacity and the rest. The author's text was not at hand. These rules are those on which two
//! independent programs agree, Caffeine's simulator (by Manes and Park), which quotes it, and the
//! research code of CLOCK-Pro+ (by Li). On what follows when the hot hand passes a used object before
//! there is room they do not: here, as in Caffeine's, it counts as one used after its test period. The
//! least share of cold objects, 5 % and at least 2, is from the author's program; Caffeine has 1 %.
//!
//! `rules=program` is the author's own program, `clock-pro.c`, as he published it, and gives its
//! exact counts:
//! - The target is fixed at `cold-ratio` (adaptation is there, but switched off).
//! - What was used after its test period leaves as if it had not been used.
//! - The test hand clears the bits of resident cold objects that it passes.
//! - A repeat of the reference just before is a hit that changes nothing.
//!
//! What neither defines (the program takes no capacity below 5): at 2 or less no object is hot. With sizes, shares count sums
//! of sizes. If all residents are hot when room is needed, the hot hand makes one cold. An object
//! removed other than by eviction leaves the clock.
//!
//! State: 9 bytes an object.

use cache::prelude::*;

use crate::ring::Ring;

cache::policy! {
    #[doc = "LIRS on a clock: hits only set a bit, three hands do the rest"]
    ClockPro = "clock-pro" {
        family: Adaptive,
        aliases: ["clockpro"],
        paper: ("Jiang, Chen and Zhang, CLOCK-Pro: an effective improvement of the CLOCK replacement", "USENIX ATC '05", ""),
    }
}

/// Whose CLOCK-Pro.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rules {
    /// The paper's.
    Paper,
    /// The author's program's.
    Program,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Whose CLOCK-Pro: `paper` or `program`, which is its author's, without adaptation.
    pub rules: Rules,
    /// Share of the capacity for cold objects: at first and at least under the paper's rules, always under the program's.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub cold_ratio: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { rules: Rules::Paper, cold_ratio: 0.05 }
    }
}

// The state of an object: 0 if it is not on the clock.
/// In the cache.
const RESIDENT: u8 = 1;
/// Hot, and so resident.
const HOT: u8 = 2;
/// In its test period, and so cold. If it is not resident, a ghost.
const TEST: u8 = 4;
/// Used since its bit was cleared.
const USED: u8 = 8;

const HOT_HAND: usize = 0;
const COLD_HAND: usize = 1;
const TEST_HAND: usize = 2;

/// The policy.
#[derive(Debug)]
pub struct ClockPro {
    clock: Ring<3>,
    state: Vec<u8>,
    hot_weight: u64,
    cold_weight: u64,
    ghost_weight: u64,
    capacity: u64,
    /// What cold objects should weigh, and between which bounds.
    target: u64,
    bounds: [u64; 2],
    rules: Rules,
    /// Nothing was evicted yet.
    filling: bool,
    /// Size on the clock of the object now missed.
    missed_size: u64,
    /// The object requested last.
    last: Option<ObjectId>,
}

impl ClockPro {
    #[inline]
    fn state(&self, object: ObjectId) -> u8 {
        self.state[object.index()]
    }

    #[inline]
    fn set(&mut self, object: ObjectId, state: u8) {
        self.state[object.index()] = state;
    }

    #[inline]
    fn is_hot(&self, object: ObjectId) -> bool {
        self.state(object) & HOT != 0
    }

    #[inline]
    fn fits_hot(&self, size: u64) -> bool {
        self.hot_weight + size <= self.capacity - self.target
    }

    /// An object was or was not used in its test period.
    #[inline]
    fn adapt(&mut self, used: bool, size: u64) {
        if self.rules == Rules::Paper {
            let target = if used { self.target + size } else { self.target.saturating_sub(size) };
            self.target = target.clamp(self.bounds[0], self.bounds[1]);
        }
    }

    /// Moves the test hand ahead, and ends the test period of what it leaves.
    #[inline]
    fn step_test_hand(&mut self, residents: &Residents) {
        let object = self.clock.at(TEST_HAND);
        let (state, size) = (self.state(object), residents.size_of(object));
        self.clock.step(TEST_HAND);
        if state & HOT != 0 {
            return;
        }
        if state & TEST != 0 {
            self.adapt(state & USED != 0, size);
        }
        let kept = if self.rules == Rules::Program { RESIDENT } else { RESIDENT | USED };
        self.set(object, state & kept);
        if state & RESIDENT == 0 {
            self.clock.remove(object);
            self.ghost_weight -= size;
        }
    }

    /// Moves the hot hand ahead: a hot object goes to the head, hot if it was used, else as a cold
    /// one; what is cold ends its test period.
    #[inline]
    fn step_hot_hand(&mut self, residents: &Residents) {
        let object = self.clock.at(HOT_HAND);
        let state = self.state(object);
        if state & HOT == 0 {
            self.clock.step(HOT_HAND);
            if self.clock.at(TEST_HAND) == object {
                self.step_test_hand(residents);
            }
            return;
        }
        if state & USED == 0 {
            let size = residents.size_of(object);
            self.hot_weight -= size;
            self.cold_weight += size;
            self.set(object, RESIDENT);
        } else {
            self.set(object, RESIDENT | HOT);
        }
        self.clock.move_to_head(object);
    }

    /// Runs the hot hand until `size` more fits beside the hot objects, at most until it has passed
    /// `candidate`. Whether it fits.
    #[inline]
    fn make_room(&mut self, candidate: ObjectId, size: u64, residents: &Residents) -> bool {
        self.adapt(true, size);
        if self.fits_hot(size) {
            return true;
        }
        while !self.fits_hot(size) && self.hot_weight > 0 {
            let passes = self.clock.at(HOT_HAND) == candidate;
            self.step_hot_hand(residents);
            if passes {
                break;
            }
        }
        while self.hot_weight > 0 && !self.is_hot(self.clock.at(HOT_HAND)) {
            self.step_hot_hand(residents);
        }
        self.fits_hot(size)
    }

    /// The resident cold object at the cold hand.
    #[inline]
    fn next_cold(&mut self, residents: &Residents) -> ObjectId {
        while self.cold_weight == 0 {
            self.step_hot_hand(residents);
        }
        while self.state(self.clock.at(COLD_HAND)) & (RESIDENT | HOT) != RESIDENT {
            self.clock.step(COLD_HAND);
        }
        self.clock.at(COLD_HAND)
    }

    /// Takes a resident cold object that was not used off the clock, unless it stays as a ghost.
    #[inline]
    fn leave(&mut self, object: ObjectId, size: u64, residents: &Residents) {
        self.cold_weight -= size;
        if self.state(object) & TEST == 0 {
            self.clock.remove(object);
            self.set(object, 0);
            return;
        }
        self.clock.step(COLD_HAND);
        self.set(object, TEST);
        self.ghost_weight += size;
        while self.ghost_weight > self.capacity {
            self.step_test_hand(residents);
        }
    }
}

impl Eviction for ClockPro {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("cold-ratio", params.cold_ratio)?;
        let capacity = setup.capacity;
        let least = setup.share(params.cold_ratio).max(2).min(capacity);
        Ok(ClockPro {
            clock: Ring::new(setup.n_objects),
            state: vec![0; setup.n_objects as usize],
            hot_weight: 0,
            cold_weight: 0,
            ghost_weight: 0,
            capacity,
            target: least,
            bounds: [least, least.max(capacity - least)],
            rules: params.rules,
            filling: true,
            missed_size: 0,
            last: None,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let repeats = self.last.replace(request.object) == Some(request.object);
        if self.rules == Rules::Paper || !repeats {
            self.state[request.object.index()] |= USED;
        }
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        self.last = Some(request.object);
        self.missed_size = residents.size_of(request.object);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        self.filling = false;
        loop {
            let object = self.next_cold(residents);
            let (state, size) = (self.state(object), residents.size_of(object));
            let (used, in_test) = (state & USED != 0, state & TEST != 0);
            if used && in_test {
                if self.make_room(object, size, residents) {
                    self.set(object, RESIDENT | HOT);
                    self.clock.move_to_head(object);
                    self.hot_weight += size;
                    self.cold_weight -= size;
                } else {
                    self.state[object.index()] &= !TEST;
                }
            } else if used && self.rules == Rules::Paper {
                self.set(object, RESIDENT | TEST);
                self.clock.move_to_head(object);
            } else {
                self.leave(object, size, residents);
                return object;
            }
        }
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        let mut hot = self.filling && self.fits_hot(size);
        if self.state(object) != 0 {
            // Its size on the clock is the new one from here on.
            self.ghost_weight = self.ghost_weight - self.missed_size + size;
            hot = self.make_room(object, size, residents);
        }
        if self.state(object) != 0 {
            self.clock.remove(object);
            self.ghost_weight -= size;
        }
        self.clock.push(object);
        if hot {
            self.set(object, RESIDENT | HOT);
            self.hot_weight += size;
        } else {
            self.set(object, RESIDENT | TEST);
            self.cold_weight += size;
        }
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        let size = residents.size_of(object);
        let weight =
            if self.is_hot(object) { &mut self.hot_weight } else { &mut self.cold_weight };
        *weight -= size;
        self.clock.remove(object);
        self.set(object, 0);
    }

    fn check(&self, residents: &Residents) {
        let (mut hot, mut cold, mut ghosts, mut len, mut n_resident) = (0, 0, 0, 0, 0);
        for object in self.clock.iter() {
            let (state, size) = (self.state(object), residents.size_of(object));
            assert_eq!(residents.contains(object), state & RESIDENT != 0);
            n_resident += usize::from(state & RESIDENT != 0);
            len += 1;
            match (state & RESIDENT != 0, state & HOT != 0, state & TEST != 0) {
                (true, true, false) => hot += size,
                (true, false, _) => cold += size,
                (false, false, true) => ghosts += size,
                _ => panic!("{object:?} is in no state: {state}"),
            }
        }
        let weights = (self.hot_weight, self.cold_weight, self.ghost_weight);
        assert_eq!((hot, cold, ghosts), weights);
        assert_eq!(n_resident, residents.len());
        assert_eq!(len, self.state.iter().filter(|state| **state != 0).count());
        assert!(ghosts <= self.capacity);
        assert!((self.bounds[0]..=self.bounds[1]).contains(&self.target));
    }

    fn state_bytes(&self) -> usize {
        self.clock.state_bytes() + self.state.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    // Capacity 4, of which 2 for cold objects: A and B start hot, C and D cold and in test.

    #[test]
    fn a_loop_too_long_keeps_its_hot_objects() {
        check_example("clock-pro", 4, "A B C D E A B E", "M M M M M H H H");
        check_example("clock", 4, "A B C D E A B E", "M M M M M M M H");
    }

    #[test]
    fn a_use_in_the_test_period_makes_an_object_hot() {
        // C takes A's place when the cold hand comes by; D is evicted, remembered, and takes B's.
        // A, cold and out of test, leaves for D.
        check_example("clock-pro", 4, "A B C D C E D C B A", "M M M M H M M H H M");
    }

    #[test]
    fn the_program_forgets_a_use_after_the_test_period() {
        // A is cold from the arrival of E on, but not in test, and used before F comes.
        check_example("clock-pro", 4, "A B C D C E A F A", "M M M M H M H M H");
        check_example("clock-pro:rules=program", 4, "A B C D C E A F A", "M M M M H M H M M");
    }

    #[test]
    fn the_program_takes_no_note_of_a_repeat() {
        // D and E, used at once and not again, do not become hot.
        check_example("clock-pro", 4, "A B C D D E E F D", "M M M M H M H M H");
        check_example("clock-pro:rules=program", 4, "A B C D D E E F D", "M M M M H M H M M");
    }
}
