//! Random-two: of two residents drawn at random, the one used longer ago leaves.
//!
//! Two choices do almost all that many would ("the power of two choices"): it is much nearer to LRU
//! than to random, yet keeps no order; a hit notes the time. Both draws are from all residents, so
//! they may be the same one, and a victim is drawn once more for each further object that has to
//! leave. O(1) a request. The array, the draws and their stream are as in `random`.
//!
//! State: 4 bytes an object and 16 a resident.

use cache::prelude::*;
use trace::stream::Stream;

use crate::roster::Roster;

cache::policy! {
    #[doc = "Of two residents drawn at random, evicts the one used longer ago"]
    RandomTwo = "random-two" {
        family: Random,
        aliases: ["randomtwo", "2-random"],
        paper: ("Psounis and Prabhakar, Efficient randomized Web-cache replacement schemes using samples from past eviction times (the case of two samples)", "IEEE/ACM Transactions on Networking 10(4), 2002", ""),
    }
}

/// Random-two takes no parameters; its seed is the run's.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The policy.
#[derive(Debug)]
pub struct RandomTwo {
    /// With the time of the last use.
    roster: Roster<u64>,
    draws: Stream,
}

impl Eviction for RandomTwo {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(RandomTwo {
            roster: Roster::new(setup.n_objects),
            draws: Stream::new(setup.seed, "eviction/random-two"),
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        *self.roster.get_mut(request.object) = request.seq;
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let first = *self.roster.draw(&mut self.draws);
        let second = *self.roster.draw(&mut self.draws);
        let victim = if first.1 <= second.1 { first.0 } else { second.0 };
        self.roster.remove(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.roster.push(request.object, request.seq);
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
    use crate::tests::{access, cache_of, check_example, requests_of};

    #[test]
    fn there_may_be_only_one_to_draw() {
        check_example("random-two", 1, "A A B A", "M H M M");
        check_example("random-two", 2, "A B A B", "M M H H");
    }

    /// Of two residents the one used last leaves only if both draws are of it: one time in four.
    /// 4 standard errors of 10,000 rounds are 1.8 %.
    #[test]
    fn the_older_of_two_leaves_three_times_in_four() {
        let steps: Vec<_> = (0..60_000).map(|number| (number, 1)).collect();
        let requests = requests_of(&steps);
        let mut cache = cache_of("random-two", 2, cache::Unit::Objects, &requests);
        let (mut n_rounds, mut n_kept) = (0, 0);
        for three in requests.chunks(3) {
            access(&mut *cache, &three[0]);
            access(&mut *cache, &three[1]);
            if cache.residents().contains(three[0].object) {
                n_rounds += 1;
                access(&mut *cache, &three[2]);
                n_kept += u32::from(cache.residents().contains(three[0].object));
            }
        }
        assert!(n_rounds > 10_000);
        let ratio = f64::from(n_kept) / f64::from(n_rounds);
        assert!((ratio - 0.25).abs() < 0.018, "{ratio}");
    }
}
