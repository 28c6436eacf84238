//! LFU-DA, LFU with dynamic ageing: counts of new objects start where the last victim's ended.
//!
//! LFU never forgets what was once popular. Here an object's key is its uses since insertion plus
//! the cache's age at its last use, and the age is the key of the last victim. It only rises, so an
//! object has to be used again to keep up. The smallest key leaves; among equals the one whose last
//! use is longest ago. Sizes play no part, but that victims leave until the object fits; GDSF is
//! the same idea with sizes.
//!
//! O(log n) a request for n residents, a heap. libCacheSim's policy of this name is another one: a
//! hit adds the age and not 1 there, so its counts differ.
//!
//! State: 12 bytes an object and 24 a resident.

use cache::prelude::*;

use crate::heap::Heap;

cache::policy! {
    #[doc = "LFU that ages: counts start at the last victim's"]
    LfuDa = "lfu-da" {
        family: Frequency,
        aliases: ["lfuda"],
        paper: ("Arlitt, Cherkasova, Dilley, Friedrich and Jin, Evaluating content management techniques for Web proxy caches", "ACM SIGMETRICS Performance Evaluation Review 27(4), 2000", "10.1145/346000.346003"),
    }
}

/// LFU-DA takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The policy.
#[derive(Debug)]
pub struct LfuDa {
    /// By uses plus age, then time of the last use.
    heap: Heap<(u64, u64)>,
    /// Uses since insertion, by object.
    uses: Vec<u64>,
    /// Key of the last victim.
    age: u64,
}

impl Eviction for LfuDa {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        let uses = vec![0; setup.n_objects as usize];
        Ok(LfuDa { heap: Heap::new(setup.n_objects), uses, age: 0 })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let uses = &mut self.uses[request.object.index()];
        *uses += 1;
        self.heap.change(request.object, (*uses + self.age, request.seq));
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let ((key, _), victim) = self.heap.pop().expect("called while something is resident");
        self.age = key;
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.uses[request.object.index()] = 1;
        self.heap.push(request.object, (1 + self.age, request.seq));
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.heap.remove(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.heap.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.heap.touch_node(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.heap.check();
        assert_eq!(self.heap.len(), residents.len());
        for ((key, _), object) in self.heap.iter() {
            assert!(residents.contains(object));
            let uses = self.uses[object.index()];
            assert!(key >= self.age && uses > 0 && key <= self.age + uses, "key {key}");
        }
    }

    fn state_bytes(&self) -> usize {
        self.heap.state_bytes() + 8 * self.uses.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// A has 3 uses. B and C leave with 1 and 2, and D comes in with 3: now A is the oldest of 3.
    #[test]
    fn what_was_once_popular_ages() {
        check_example("lfu-da", 2, "A A A B C D E A", "M H H M M M M M");
        check_example("lfu", 2, "A A A B C D E A", "M H H M M M M H");
    }

    #[test]
    fn until_then_the_fewest_uses_leave() {
        check_example("lfu-da", 2, "A A B C A B C", "M H M M H M M");
    }
}
