//! Random: any resident leaves, each as likely as the next.
//!
//! No order is kept and a hit changes nothing, so this is the floor that a policy with a memory has
//! to beat, and what a cache without room for bookkeeping does. Unlike LRU it has no worst trace: a
//! loop longer than the cache hits now and then. O(1) a request.
//!
//! Residents stand in an array without gaps; a draw is a place in it, and the last resident takes
//! the victim's place. Draws come from the run's seed through a stream of their own, one for each
//! victim, so runs are repeatable and the numbers of objects do not matter.
//!
//! State: 4 bytes an object and 4 a resident.

use cache::prelude::*;
use trace::stream::Stream;

use crate::roster::Roster;

cache::policy! {
    #[doc = "Evicts a resident drawn at random"]
    Random = "random" {
        family: Random,
        aliases: ["rand"],
        paper: ("Belady, A study of replacement algorithms for a virtual-storage computer", "IBM Systems Journal 5(2), 1966", "10.1147/sj.52.0078"),
    }
}

/// Random takes no parameters; its seed is the run's.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The policy.
#[derive(Debug)]
pub struct Random {
    roster: Roster,
    draws: Stream,
}

impl Eviction for Random {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        let draws = Stream::new(setup.seed, "eviction/random");
        Ok(Random { roster: Roster::new(setup.n_objects), draws })
    }

    #[inline]
    fn on_hit(&mut self, _request: &Request, _residents: &Residents) {}

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let (victim, ()) = *self.roster.draw(&mut self.draws);
        self.roster.remove(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.roster.push(request.object, ());
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.roster.remove(object);
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
    use crate::tests::{Draws, check_example, requests_of};

    /// With room for one, chance has no choice.
    #[test]
    fn there_may_be_only_one_to_draw() {
        check_example("random", 1, "A A B A", "M H M M");
        check_example("random", 2, "A B A B", "M M H H");
    }

    /// In a loop of n objects a share m of requests misses, so n × m victims are drawn between two
    /// uses of an object, and it survives all with (1 - 1 / c)^(n × m): that is 1 - m.
    #[test]
    fn a_loop_misses_as_theory_says() {
        let (n, c) = (200u32, 100u32);
        let mut expected = 0.9f64;
        for _ in 0..1000 {
            expected = 1.0 - (1.0 - 1.0 / f64::from(c)).powf(f64::from(n) * expected);
        }
        let steps: Vec<_> = (0..400 * n).map(|i| (i % n, 1)).collect();
        let requests = requests_of(&steps);
        let hits = crate::tests::hits("random", c.into(), cache::Unit::Objects, &requests);
        let ratio = hits.iter().filter(|hit| !**hit).count() as f64 / hits.len() as f64;
        assert!((ratio - expected).abs() < 0.01, "{ratio}, not {expected}");
    }

    /// Independent requests for 100 equally wanted objects: under any policy that keeps 25 of them,
    /// a quarter hit. 4 standard errors of 40,000 requests are 0.9 %.
    #[test]
    fn a_quarter_of_the_objects_is_a_quarter_of_the_hits() {
        let mut draws = Draws(1);
        let steps: Vec<_> = (0..40_000).map(|_| (draws.below(100) as u32, 1)).collect();
        let hits = crate::tests::hits("random", 25, cache::Unit::Objects, &requests_of(&steps));
        let ratio = hits.iter().filter(|hit| **hit).count() as f64 / hits.len() as f64;
        assert!((ratio - 0.25).abs() < 0.009, "{ratio}");
    }
}
