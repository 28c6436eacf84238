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
//! Samples come from the stream `hyperbolic` under the run's seed, one number for each (see
//! `roster`). State: 4 bytes an object and 12 a resident. Times are kept modulo 2^32, so an object
//! that stays for more than 4 thousand million requests looks young again.

use cache::prelude::*;

use crate::roster::{Roster, Sampler, least};

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

/// What is known of a resident.
#[derive(Debug, Clone, Copy)]
struct Known {
    uses: u32,
    /// Time of insertion, modulo 2^32.
    entered: u32,
}

impl Known {
    #[inline]
    fn age(self, now: u64) -> u64 {
        u64::from((now as u32).wrapping_sub(self.entered))
    }
}

/// The policy.
#[derive(Debug)]
pub struct Hyperbolic {
    roster: Roster<Known>,
    sampler: Sampler,
    samples: u32,
    sizes: bool,
}

impl Eviction for Hyperbolic {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        if params.samples == 0 {
            return Err(ParamError("`samples` is 0, expected at least 1".into()));
        }
        Ok(Hyperbolic {
            roster: Roster::new(setup.n_objects),
            sampler: Sampler::new(setup.seed, "hyperbolic"),
            samples: params.samples,
            sizes: params.sizes,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let known = self.roster.get_mut(request.object);
        known.uses = known.uses.saturating_add(1);
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, residents: &Residents) -> ObjectId {
        let now = incoming.seq;
        let sample = self.sampler.sample(&self.roster, self.samples);
        let (victim, _) = *if self.sizes {
            let weight = |(object, known): &(ObjectId, Known)| {
                u128::from(known.age(now)) * u128::from(residents.size_of(*object).max(1))
            };
            least(sample, |a, b| {
                u128::from(a.1.uses) * weight(b) < u128::from(b.1.uses) * weight(a)
            })
        } else {
            least(sample, |a, b| {
                u64::from(a.1.uses) * b.1.age(now) < u64::from(b.1.uses) * a.1.age(now)
            })
        };
        self.roster.remove(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.roster.push(request.object, Known { uses: 1, entered: request.seq as u32 });
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.roster.remove(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.roster.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.roster.touch_member(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.roster.check(residents);
    }

    fn state_bytes(&self) -> usize {
        self.roster.state_bytes()
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
