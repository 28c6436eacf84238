//! B-LRU: LRU that an object enters on its second miss only.
//!
//! Most objects of a Web trace are asked for once, and storing them costs others their place (and
//! wears flash out). So the first miss of an object is only noted, and the second one lets it in;
//! among those in, LRU decides. Content networks do this with a Bloom filter in front of the cache,
//! hence the name. O(1) a request.
//!
//! Here the note is an exact set, a bit an object, never cleared: what leaves the cache comes in
//! again on its next miss. A real Bloom filter forgets, being replaced when it is full, and lets in
//! some objects too early; neither happens here, so this is the policy without that loss. The note
//! is taken on every miss, of objects too large for the cache as well. Removal leaves it.
//!
//! State: 8 bytes an object and 1 bit.

use cache::prelude::*;

use crate::lists::Links;

cache::policy! {
    #[doc = "LRU that an object enters on its second miss"]
    BLru = "b-lru" {
        family: Recency,
        aliases: ["bloom-lru", "second-miss-lru"],
        paper: ("Maggs and Sitaraman, Algorithmic nuggets in content delivery", "ACM SIGCOMM Computer Communication Review 45(3), 2015", "10.1145/2805789.2805800"),
    }
}

/// B-LRU takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The policy.
#[derive(Debug)]
pub struct BLru {
    links: Links,
    /// Whether the object was ever missed, a bit each.
    missed: Vec<u64>,
    /// The object now missed was missed before.
    again: bool,
}

/// The one list: most recently used in front.
const LIST: u32 = 0;

impl Eviction for BLru {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        let missed = vec![0; (setup.n_objects as usize).div_ceil(64)];
        Ok(BLru { links: Links::new(setup.n_objects, 1), missed, again: false })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        self.links.move_to_front(LIST, request.object);
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, _residents: &Residents) {
        let number = request.object.index();
        let word = &mut self.missed[number / 64];
        self.again = *word >> (number % 64) & 1 != 0;
        *word |= 1 << (number % 64);
    }

    #[inline]
    fn accepts(&self, _request: &Request, _residents: &Residents) -> bool {
        self.again
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
        for object in self.links.iter(LIST) {
            assert!(residents.contains(object));
            assert!(self.missed[object.index() / 64] >> (object.index() % 64) & 1 != 0);
        }
    }

    fn state_bytes(&self) -> usize {
        self.links.state_bytes() + 8 * self.missed.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn the_second_miss_lets_an_object_in() {
        check_example("b-lru", 2, "A A A", "M M H");
    }

    #[test]
    fn what_is_asked_for_once_takes_no_place() {
        check_example("b-lru", 2, "A A B B C D E A B", "M M M M M M M H H");
        check_example("lru", 2, "A A B B C D E A B", "M H M H M M M M M");
    }

    #[test]
    fn what_left_is_still_known() {
        check_example("b-lru", 1, "A A B B A A", "M M M M M H");
    }
}
