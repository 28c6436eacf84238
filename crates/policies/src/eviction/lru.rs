//! Least recently used: the object whose last use is longest ago leaves.
//!
//! Recent use foretells use, so the list is kept in order of last use: a use moves its object to
//! the front, and the back leaves. O(1) a request. It is a stack algorithm: a cache holds all that
//! a smaller one holds, so more room never misses more, and the misses at all capacities follow
//! from one pass over the stack distances (Mattson et al. 1970). A loop one object longer than the
//! cache misses every time.
//!
//! The list is a log: see [`crate::recency_log`]. State: 4 bytes an object and 12 a resident.

use cache::prelude::*;

use crate::recency_log::RecencyLog;

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
    log: RecencyLog,
}

impl Eviction for Lru {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(Lru { log: RecencyLog::new(setup.n_objects) })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        self.log.push(request.object);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        self.log.pop().expect("called while something is resident")
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.log.push(request.object);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.log.remove(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.log.touch(upcoming);
    }

    #[inline]
    fn soon(&self) -> Option<ObjectId> {
        self.log.soon()
    }

    fn check(&self, residents: &Residents) {
        assert_eq!(self.log.iter().count(), residents.len());
        assert!(self.log.iter().all(|object| residents.contains(object)));
    }

    fn state_bytes(&self) -> usize {
        self.log.state_bytes()
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
