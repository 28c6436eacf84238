//! Belady with sizes: of a sample, the object with the largest product of size and time to its next
//! use leaves. A heuristic that knows the future; no bound, and not optimal.
//!
//! With sizes MIN is not optimal, and what is takes exponential time. A large object that is wanted
//! late is the one that keeps most others out, by space and time, so this does well: use it as a
//! mark that online policies hardly reach. For what no policy can reach see `pfoo-l`.
//!
//! On eviction 128 residents are drawn, with replacement; the largest product leaves, the first drawn
//! among equals. `samples=0` looks at all residents instead of drawing: exact, and slow in large
//! caches. An object that is not used again is not let in, and leaves at its last use. An empty
//! object counts as of size 1.
//!
//! O(samples) an eviction. Samples come from the stream `belady-size` under the run's seed.
//!
//! The rule is libCacheSim's BeladySize, studied in its source; it stands in no paper that we know
//! of. (That compares sums of logarithms, we integer products.) There, room is also made for objects
//! that are then not let in because they are not used again: `rules=libcachesim`.
//!
//! State: 4 bytes an object and 8 a resident.

use cache::prelude::*;
use trace::NEVER;

use crate::roster::{Roster, Sampler, least};

cache::policy! {
    #[doc = "Knows the future: of a sample, evicts the largest product of size and time to next use"]
    BeladySize = "belady-size" {
        family: Offline,
        aliases: [],
        paper: ("libCacheSim's BeladySize", "folklore", ""),
    }
}

/// When an object that is not used again is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rules {
    /// At once.
    Plain,
    /// After room was made for it.
    #[serde(rename = "libcachesim")]
    LibCacheSim,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// `libcachesim` makes room even for an object that is not used again, and then not let in;
    /// `plain` does not.
    pub rules: Rules,
    /// Residents drawn for an eviction; 0 looks at all.
    pub samples: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { rules: Rules::Plain, samples: 128 }
    }
}

/// The policy.
#[derive(Debug)]
pub struct BeladySize {
    /// The residents, each with its next use.
    roster: Roster<u32>,
    sampler: Sampler,
    rules: Rules,
    samples: u32,
}

/// Of these, the first with the largest product of size and time to the next use.
#[inline]
fn heaviest<'a>(
    candidates: impl Iterator<Item = &'a (ObjectId, u32)>,
    now: u64,
    residents: &Residents,
) -> ObjectId {
    let burden = |(object, next_use): &(ObjectId, u32)| {
        u128::from(residents.size_of(*object).max(1)) * u128::from(u64::from(*next_use) - now)
    };
    least(candidates, |a, b| burden(a) > burden(b)).0
}

impl Eviction for BeladySize {
    type Params = Params;
    const NEEDS: Needs = Needs { next_use: true };

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        Ok(BeladySize {
            roster: Roster::new(setup.n_objects),
            sampler: Sampler::new(setup.seed, "belady-size"),
            rules: params.rules,
            samples: params.samples,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        *self.roster.get_mut(request.object) = request.next_use;
    }

    #[inline]
    fn accepts(&self, request: &Request, _residents: &Residents) -> bool {
        request.next_use != NEVER || self.rules == Rules::LibCacheSim
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, residents: &Residents) -> ObjectId {
        let now = incoming.seq;
        let victim = match self.samples {
            0 => heaviest(self.roster.iter(), now, residents),
            samples => heaviest(self.sampler.sample(&self.roster, samples), now, residents),
        };
        self.roster.remove(victim);
        victim
    }

    /// After its last use an object leaves.
    #[inline]
    fn shed(&mut self, request: &Request, residents: &Residents) -> Option<ObjectId> {
        let done = request.next_use == NEVER && residents.contains(request.object);
        done.then(|| {
            self.roster.remove(request.object);
            request.object
        })
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let wanted = request.next_use != NEVER;
        if wanted {
            self.roster.push(request.object, request.next_use);
        }
        wanted
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
        for (_, next_use) in self.roster.iter() {
            assert_ne!(*next_use, NEVER, "it would have left");
        }
    }

    fn state_bytes(&self) -> usize {
        self.roster.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{hits, requests_of};

    /// When C comes, A of size 2 is wanted 4 requests later and B of size 4 is wanted 3 later, so B
    /// leaves, although A is wanted last. E is not let in, as it is not wanted again.
    #[test]
    fn the_largest_product_of_size_and_time_leaves() {
        let steps = [(0, 2), (1, 4), (2, 4), (4, 6), (2, 4), (1, 4), (0, 2)];
        let run = |spec| hits(spec, 6, cache::Unit::Bytes, &requests_of(&steps));
        for spec in ["belady-size", "belady-size:samples=0"] {
            assert_eq!(run(spec), [false, false, false, false, true, false, true]);
        }
        let made_room = run("belady-size:rules=libcachesim");
        assert_eq!(made_room, [false, false, false, false, false, false, false]);
    }
}
