//! Most recently used: the object whose last use is nearest leaves.
//!
//! Right where what was just used is the farthest from its next use, as in a loop: of a loop longer
//! than the cache it keeps the part that fits, where LRU keeps nothing of use. Elsewhere it freezes
//! what came first, so it is a yardstick more than advice. The victim leaves before the new object
//! comes in. O(1) a request.
//!
//! State: 8 bytes an object, a doubly linked list in an array.

use cache::prelude::*;

use crate::lists::Links;

cache::policy! {
    #[doc = "Evicts the object whose last use is nearest: for loops"]
    Mru = "mru" {
        family: Recency,
        aliases: [],
        paper: ("Chou and DeWitt, An evaluation of buffer management strategies for relational database systems", "VLDB '85", ""),
    }
}

/// MRU takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The policy.
#[derive(Debug)]
pub struct Mru {
    links: Links,
}

/// The one list: most recently used in front.
const LIST: u32 = 0;

impl Eviction for Mru {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(Mru { links: Links::new(setup.n_objects, 1) })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        self.links.move_to_front(LIST, request.object);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let victim = self.links.front(LIST).expect("called while something is resident");
        self.links.remove(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.links.push_front(LIST, request.object);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.links.remove(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.links.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.links.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        assert_eq!(self.links.iter(LIST).count(), residents.len());
        assert!(self.links.iter(LIST).all(|object| residents.contains(object)));
    }

    fn state_bytes(&self) -> usize {
        self.links.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn what_was_just_used_leaves() {
        check_example("mru", 2, "A B C A B C", "M M M H M H");
        check_example("mru", 2, "A B A C B A", "M M H M H M");
    }

    /// A loop one too long for the cache misses every time under LRU.
    #[test]
    fn most_of_a_loop_stays() {
        check_example("mru", 3, "A B C D A B C D", "M M M M H H M H");
    }
}
