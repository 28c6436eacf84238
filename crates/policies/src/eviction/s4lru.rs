//! S4LRU: segmented LRU with four segments of equal size, each bounded by its share.
//!
//! New objects enter segment 0. A hit moves an object up a segment; what overflows a segment goes to
//! the front of the next lower one, and out of the cache from segment 0. That is
//! [`slru`](super::slru) with `weights=1:1:1:1,fill=share`, by the name it has in the paper, so there
//! are no parameters: SLRU takes any number of segments, of any weights. O(1) a request.
//!
//! The rule is as remembered from the paper. By it a quarter of the cache is all that objects used
//! once ever have, whatever room there is above, and objects larger than a quarter are refused. Programs
//! that let segment 0 have what the others leave are `slru:weights=1:1:1:1`.
//!
//! State: 9 bytes an object.

use cache::prelude::*;

use super::slru::{self, Fill, Slru};

cache::policy! {
    #[doc = "Four LRU segments of equal size: each use moves an object up, overflow moves it down"]
    S4Lru = "s4lru" {
        family: Queues,
        aliases: ["quadruply-segmented-lru"],
        paper: ("Huang, Birman, van Renesse, Lloyd, Kumar and Li, An analysis of Facebook photo caching", "SOSP '13", "10.1145/2517349.2522722"),
    }
}

/// S4LRU takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The policy.
#[derive(Debug)]
pub struct S4Lru(Slru);

impl Eviction for S4Lru {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        let params = slru::Params { weights: "1:1:1:1".into(), fill: Fill::Share };
        Ok(S4Lru(Slru::new(setup, &params)?))
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        self.0.on_hit(request, residents);
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        self.0.on_miss(request, residents);
    }

    #[inline]
    fn accepts(&self, request: &Request, residents: &Residents) -> bool {
        self.0.accepts(request, residents)
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, residents: &Residents) -> ObjectId {
        self.0.evict(incoming, residents)
    }

    #[inline]
    fn shed(&mut self, request: &Request, residents: &Residents) -> Option<ObjectId> {
        self.0.shed(request, residents)
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        self.0.on_insert(request, residents)
    }

    fn remove(&mut self, object: ObjectId, cause: Removal, residents: &Residents) {
        self.0.remove(object, cause, residents);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.0.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.0.approach(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.0.check(residents);
    }

    fn state_bytes(&self) -> usize {
        self.0.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn objects_used_once_have_a_quarter() {
        check_example("s4lru", 8, "A B C A B C", "M M M M M M");
        check_example("slru:weights=1:1:1:1", 8, "A B C A B C", "M M M H H H");
    }

    #[test]
    fn each_use_moves_an_object_up_and_overflow_down() {
        // Capacity 4, one a segment. A is in the top; B and C pass below. D, used thrice, pushes A
        // down, and no further, as nothing is in segment 2.
        check_example("s4lru", 4, "A A A A B C D D D D E A", "M H H H M M M H H H M H");
    }
}
