//! GD-Wheel: GreedyDual with integer costs, in constant time by wheels of queues.
//!
//! Each resident has a value L + cost, given at its last use; the least leaves, and L becomes that
//! value. As costs are integers with few digits, the residents lie in a wheel of queues, one for each
//! of the next values, and L is the wheel's hand. A second wheel, each queue of which stands for a
//! whole round of the first, holds what costs more than a round: when the first hand has made its
//! round the second moves on by one queue, and what is in that one migrates to the first wheel by
//! the last digit of its cost. More wheels are more digits. The victim is the oldest member of the
//! queue under the first hand, which moves on while that is empty.
//!
//! With a cost of 1 this is LRU, whatever the sizes; while costs are less than a round it is
//! GreedyDual. What goes into a higher wheel leaves out how far the lower hands have come, so its
//! value is up to a round too low. Within a queue what migrates counts as used last.
//!
//! As in the paper sizes do not count, but through the cost: there, each slab class of memcached has
//! wheels of its own. `cost=packets` counts 2 packets and one for each 536 bytes or part of that. Costs
//! above the largest the wheels hold, 65,535, count as that.
//!
//! O(1) a hit; an eviction takes a step for each queue that a hand passes, of two wheels at most two
//! rounds.
//!
//! The paper's text was not at hand: the rules are from its pseudo-code as quoted in the comments of
//! Caffeine's simulator. (That simulator itself takes the hand of the wrong wheel on migration, and
//! numbers queues modulo the number of wheels.) The pseudo-code says `round(cost / queues)`; we round
//! down, for only then do a queue and the remainder make up the cost.
//!
//! State: 12 bytes an object, and 8 a queue.

use cache::prelude::*;

use super::gds::Cost;
use crate::lists::Links;

cache::policy! {
    #[doc = "GreedyDual in wheels of queues: recency, and a miss's cost whatever the size"]
    GdWheel = "gd-wheel" {
        family: Recency,
        aliases: ["greedy-dual-wheel"],
        paper: ("Li and Cox, GD-Wheel: a cost-aware replacement policy for key-value stores", "EuroSys '15", "10.1145/2741948.2741956"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// What a miss costs: `one`, or `packets`, 2 and one for each 536 bytes.
    pub cost: Cost,
    /// Queues of a wheel, 2 to 65,536.
    #[schemars(range(min = 2, max = 65_536))]
    pub queues: u32,
    /// Wheels, 1 to 8; all costs together have 32 bits at most.
    #[schemars(range(min = 1, max = 8))]
    pub wheels: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { cost: Cost::One, queues: 256, wheels: 2 }
    }
}

/// One digit of the costs.
#[derive(Debug, Clone, Copy)]
struct Wheel {
    /// Number of its first queue.
    first: u32,
    /// The queue that stands for L, counted from the first.
    hand: u32,
    /// The cost that a queue stands for.
    step: u32,
    /// Objects in it.
    len: u32,
}

/// The policy.
#[derive(Debug)]
pub struct GdWheel {
    /// The queues of all wheels, last used first.
    queues: Links,
    wheels: Vec<Wheel>,
    /// Queue of each resident, by object.
    home: Vec<u32>,
    /// Queues of a wheel.
    round: u32,
    highest_cost: u32,
    cost: Cost,
}

impl GdWheel {
    /// The cost in whole units, as far as the wheels count.
    #[inline]
    fn cost(&self, size: u64) -> u32 {
        (self.cost.of(size).ceil() as u32).min(self.highest_cost)
    }

    /// Puts an object at the front of the queue of a wheel, `cost` from its hand.
    #[inline]
    fn enter(&mut self, wheel: usize, object: ObjectId, cost: u32) {
        let round = self.round;
        let wheel = &mut self.wheels[wheel];
        wheel.len += 1;
        let queue = wheel.first + (wheel.hand + cost / wheel.step) % round;
        self.home[object.index()] = queue;
        self.queues.push_front(queue, object);
    }

    /// Puts an object in the highest wheel of which a queue costs no more than it.
    #[inline]
    fn place(&mut self, object: ObjectId, size: u64) {
        let cost = self.cost(size);
        let wheel = self.wheels.iter().rposition(|wheel| wheel.step <= cost);
        self.enter(wheel.unwrap_or(0), object, cost);
    }

    #[inline]
    fn leave(&mut self, object: ObjectId) {
        self.wheels[(self.home[object.index()] / self.round) as usize].len -= 1;
        self.queues.remove(object);
    }

    /// The queue that stands for L.
    #[inline]
    fn under_hand(&self, wheel: usize) -> u32 {
        self.wheels[wheel].first + self.wheels[wheel].hand
    }

    /// Moves a hand on by one queue, and at the end of a round all higher ones as needed.
    fn advance(&mut self, wheel: usize, residents: &Residents) {
        let hand = &mut self.wheels[wheel].hand;
        *hand = (*hand + 1) % self.round;
        if *hand == 0 && wheel + 1 < self.wheels.len() {
            self.advance(wheel + 1, residents);
        }
        if wheel > 0 {
            self.migrate(wheel, residents);
        }
    }

    /// Empties the queue under a hand into the wheel below, oldest first.
    fn migrate(&mut self, wheel: usize, residents: &Residents) {
        let (queue, step) = (self.under_hand(wheel), self.wheels[wheel].step);
        while let Some(object) = self.queues.back(queue) {
            self.leave(object);
            self.enter(wheel - 1, object, self.cost(residents.size_of(object)) % step);
        }
    }
}

impl Eviction for GdWheel {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        let Params { cost, queues, wheels } = *params;
        if !(2..=65_536).contains(&queues) {
            return Err(ParamError(format!("`queues` is {queues}, expected 2 to 65536")));
        }
        if !(1..=8).contains(&wheels) || queues.checked_pow(wheels).is_none() {
            return Err(ParamError(format!(
                "`wheels` is {wheels}, expected 1 to 8 and queues^wheels to fit 32 bits"
            )));
        }
        let wheel = |i: u32| Wheel { first: i * queues, hand: 0, step: queues.pow(i), len: 0 };
        Ok(GdWheel {
            queues: Links::new(setup.n_objects, queues * wheels),
            wheels: (0..wheels).map(wheel).collect(),
            home: vec![0; setup.n_objects as usize],
            round: queues,
            highest_cost: queues.pow(wheels) - 1,
            cost,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        self.leave(request.object);
        self.place(request.object, residents.size_of(request.object));
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        loop {
            if let Some(victim) = self.queues.back(self.under_hand(0)) {
                self.leave(victim);
                return victim;
            }
            if self.wheels[0].len == 0 {
                // Nothing is on the way, so the hand need not be walked there.
                self.wheels[0].hand = self.round - 1;
            }
            self.advance(0, residents);
        }
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.place(request.object, request.size);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.leave(object);
    }

    fn check(&self, residents: &Residents) {
        let mut n_queued = 0;
        for wheel in &self.wheels {
            let mut len = 0;
            for queue in wheel.first..wheel.first + self.round {
                for object in self.queues.iter(queue) {
                    assert!(residents.contains(object));
                    assert_eq!(self.home[object.index()], queue);
                    len += 1;
                }
            }
            assert_eq!(len, wheel.len);
            n_queued += len as usize;
        }
        assert_eq!(n_queued, residents.len());
    }

    fn state_bytes(&self) -> usize {
        self.queues.state_bytes() + 4 * self.home.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{hits, requests_of};

    /// Packets cost 3 for A and C, and 7 for B. When D comes A and C, of value 3, leave, and L is 3;
    /// D has 6. When E comes it is D's turn, and B, of value 7, has outlived what came later.
    #[test]
    fn the_least_value_leaves_and_lifts_what_comes() {
        let steps = [(0, 536), (1, 2600), (2, 536), (3, 536), (4, 536), (5, 536), (1, 2600)];
        let got = hits("gd-wheel:cost=packets", 3672, cache::Unit::Bytes, &requests_of(&steps));
        assert!(got[6]);
        let got = hits("gd-wheel", 3672, cache::Unit::Bytes, &requests_of(&steps));
        assert!(!got[6]);
    }
}
