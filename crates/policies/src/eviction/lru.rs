//! Least recently used: the object whose last use is longest ago leaves.
//!
//! Recent use foretells use, so the list is kept in order of last use: a use moves its object to
//! the front, and the back leaves. O(1) a request. It is a stack algorithm: a cache holds all that
//! a smaller one holds, so more room never misses more, and the misses at all capacities follow
//! from one pass over the stack distances (Mattson et al. 1970). A loop one object longer than the
//! cache misses every time.
//!
//! State: 8 bytes an object, a doubly linked list in an array.

use cache::prelude::*;

use crate::lists::Links;

cache::policy! {
    #[doc = "Evicts the object whose last use is longest ago"]
    Lru = "lru" {
        family: Recency,
        aliases: [],
        paper: ("Folklore; analysed in Mattson, Gecsei, Slutz and Traiger, Evaluation techniques for storage hierarchies", "IBM Systems Journal 9(2), 1970", "10.1147/sj.92.0078"),
    }
}

/// LRU takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The policy.
#[derive(Debug)]
pub struct Lru {
    links: Links,
}

/// The one list: most recently used in front.
const LIST: u32 = 0;

impl Eviction for Lru {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(Lru { links: Links::new(setup.n_objects, 1) })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        self.links.move_to_front(LIST, request.object);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let victim = self.links.back(LIST).expect("called while something is resident");
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
    fn a_use_saves_an_object() {
        check_example("lru", 2, "A B A C A B", "M M H M H M");
    }

    /// The loop that LRU is known to fail.
    #[test]
    fn a_loop_one_too_long_always_misses() {
        check_example("lru", 3, "A B C D A B C D", "M M M M M M M M");
        check_example("lru", 4, "A B C D A B C D", "M M M M H H H H");
    }
}
