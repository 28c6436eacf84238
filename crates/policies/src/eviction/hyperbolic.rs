//! Hyperbolic caching: of a sample, the object used least often for the time it has been in leaves.
//!
//! An object's priority is its count of uses, 1 on insertion, over the time since it came in. So
//! priorities of unused objects sink all the time and at different rates, and no queue could keep
//! them in order: on eviction 64 residents are drawn (with replacement) and the least priority
//! leaves, the first drawn among equals. O(sample) an eviction; a hit adds 1.
//!
//! Time is counted in requests. Counts and ages are compared as fractions of integers, exactly.
//! `sizes=true` divides the priority by the size, the paper's cost-aware form for few misses with
//! sizes; the default, as in libCacheSim, ignores them.
//!
//! Draws come from the stream `hyperbolic` under the run's seed.
//!
//! State: 20 bytes an object and 4 a resident.

use cache::prelude::*;
use trace::stream::Stream;

use crate::roster::Roster;

cache::policy! {
    #[doc = "Of a sample, evicts the fewest uses for the time since insertion"]
    Hyperbolic = "hyperbolic" {
        family: Frequency,
        aliases: [],
        paper: ("Blankstein, Sen and Freedman, Hyperbolic caching: flexible caching for web applications", "USENIX ATC '17", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Residents drawn for an eviction.
    #[schemars(range(min = 1))]
    pub samples: u32,
    /// Divide priorities by sizes.
    pub sizes: bool,
}

impl Default for Params {
    fn default() -> Self {
        Params { samples: 64, sizes: false }
    }
}

/// The policy.
#[derive(Debug)]
pub struct Hyperbolic {
    roster: Roster,
    /// Uses since insertion, and its time, by object.
    since: Vec<(u32, u64)>,
    draws: Stream,
    samples: u32,
    sizes: bool,
}

impl Hyperbolic {
    /// Count, and what it is divided by.
    #[inline]
    fn priority(&self, object: ObjectId, now: u64, residents: &Residents) -> (u128, u128) {
        let (count, entered) = self.since[object.index()];
        let age = u128::from(now - entered);
        let size = if self.sizes { residents.size_of(object).max(1) } else { 1 };
        (count.into(), age * u128::from(size))
    }
}

impl Eviction for Hyperbolic {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        if params.samples == 0 {
            return Err(ParamError("`samples` is 0, expected at least 1".into()));
        }
        Ok(Hyperbolic {
            roster: Roster::new(setup.n_objects),
            since: vec![(0, 0); setup.n_objects as usize],
            draws: Stream::new(setup.seed, "hyperbolic"),
            samples: params.samples,
            sizes: params.sizes,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let (count, _) = &mut self.since[request.object.index()];
        *count = count.saturating_add(1);
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, residents: &Residents) -> ObjectId {
        let mut victim = self.roster.draw(&mut self.draws);
        let (mut count, mut age) = self.priority(victim, incoming.seq, residents);
        for _ in 1..self.samples {
            let other = self.roster.draw(&mut self.draws);
            let (other_count, other_age) = self.priority(other, incoming.seq, residents);
            if other_count * age < count * other_age {
                (victim, count, age) = (other, other_count, other_age);
            }
        }
        self.roster.remove(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.roster.push(request.object);
        self.since[request.object.index()] = (1, request.seq);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.roster.remove(object);
    }

    fn check(&self, residents: &Residents) {
        self.roster.check(residents);
    }

    fn state_bytes(&self) -> usize {
        self.roster.state_bytes() + self.since.len() * size_of::<(u32, u64)>()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// That 64 draws miss one of two residents happens once in 2^63 runs. When C comes, A was used 3
    /// times in 4 requests and B once in 1, so A leaves; then B, at 1/2; then A, at 1/2 against 2/3.
    #[test]
    fn the_fewest_uses_for_the_time_leave() {
        check_example("hyperbolic", 2, "A A A B C A C B", "M H H M M M H M");
        check_example("lfu", 2, "A A A B C A C B", "M H H M M H H M");
    }
}
