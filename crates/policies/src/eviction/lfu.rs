//! Least frequently used, counting while in the cache: the fewest uses leave, and among equals the
//! one whose last use is longest ago.
//!
//! The count starts at 1 on insertion, goes up with each hit and is forgotten on eviction. There is
//! no ageing, so what was once popular stays; that is the textbook policy and a yardstick, not
//! advice.
//!
//! O(1) a request, by the structure of Shah, Mitra and Matani: a list of groups in order of count,
//! each with its objects in order of last use. A use moves its object to the next group, made if
//! there is none of the next count. An object that is alone in its group and has no group to join
//! takes the group along. There are never more than √(2 × requests) groups, as each has another
//! count.
//!
//! State: 12 bytes an object, for its links and group.

use cache::prefetch;
use cache::prelude::*;

use crate::lists::Links;

cache::policy! {
    #[doc = "Evicts the fewest uses since insertion; among equals the longest unused"]
    Lfu = "lfu" {
        family: Frequency,
        aliases: [],
        paper: ("Folklore; in constant time by Shah, Mitra and Matani, An O(1) algorithm for implementing the LFU cache eviction scheme", "arXiv 2110.11602, 2010", "10.48550/arXiv.2110.11602"),
    }
}

/// LFU takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// Objects of equal count.
#[derive(Debug, Clone, Copy)]
struct Group {
    count: u64,
    /// Group with the next smaller count, or [`ENDS`].
    below: u32,
    /// Group with the next larger count, or [`ENDS`].
    above: u32,
}

/// Before the first group and after the last; holds nothing. The count of an object that is not in.
const ENDS: u32 = 0;

/// The policy.
#[derive(Debug)]
pub struct Lfu {
    /// A list for each group, of the same number, last used in front.
    links: Links,
    /// Group of each resident, by object.
    group_of: Vec<u32>,
    groups: Vec<Group>,
    /// Numbers of groups not in use.
    spare: Vec<u32>,
}

impl Lfu {
    /// The group after `below`, if it has this count, or a new one put there.
    #[inline]
    fn group_above(&mut self, below: u32, count: u64) -> u32 {
        let above = self.groups[below as usize].above;
        if above != ENDS && self.groups[above as usize].count == count {
            return above;
        }
        let group = Group { count, below, above };
        let number = match self.spare.pop() {
            Some(number) => {
                self.groups[number as usize] = group;
                number
            }
            None => {
                self.groups.push(group);
                self.links.add_list()
            }
        };
        self.groups[below as usize].above = number;
        self.groups[above as usize].below = number;
        number
    }

    /// Dissolves a group that has run empty.
    #[inline]
    fn drop_if_empty(&mut self, number: u32) {
        if self.links.is_empty(number) {
            let Group { below, above, .. } = self.groups[number as usize];
            self.groups[below as usize].above = above;
            self.groups[above as usize].below = below;
            self.spare.push(number);
        }
    }
}

impl Eviction for Lfu {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        let mut links = Links::new(setup.n_objects, 1);
        // k different counts take at least 1 + 2 + ... + k requests.
        links.reserve((2 * setup.n_requests).isqrt() as usize);
        Ok(Lfu {
            links,
            group_of: vec![ENDS; setup.n_objects as usize],
            groups: vec![Group { count: 0, below: ENDS, above: ENDS }],
            spare: Vec::new(),
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let object = request.object;
        let old = self.group_of[object.index()];
        let Group { count, above, .. } = self.groups[old as usize];
        let alone = self.links.is_only(old, object);
        if alone && (above == ENDS || self.groups[above as usize].count > count + 1) {
            self.groups[old as usize].count += 1;
            return;
        }
        let new = self.group_above(old, count + 1);
        self.links.move_to_front(new, object);
        self.group_of[object.index()] = new;
        self.drop_if_empty(old);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        let fewest = self.groups[ENDS as usize].above;
        let victim = self.links.back(fewest).expect("called while something is resident");
        self.links.remove(victim);
        self.drop_if_empty(fewest);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let group = self.group_above(ENDS, 1);
        self.links.push_front(group, request.object);
        self.group_of[request.object.index()] = group;
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.links.remove(object);
        self.drop_if_empty(self.group_of[object.index()]);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.links.touch(upcoming);
        prefetch(&self.group_of, upcoming.index());
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.links.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        let (mut number, mut n_groups, mut n_objects) = (ENDS, 0, 0);
        loop {
            let Group { count, above, .. } = self.groups[number as usize];
            assert_eq!(self.groups[above as usize].below, number);
            for object in self.links.iter(number) {
                assert!(residents.contains(object));
                assert_eq!(self.group_of[object.index()], number);
                n_objects += 1;
            }
            n_groups += 1;
            number = above;
            if number == ENDS {
                break;
            }
            assert!(self.groups[number as usize].count > count, "counts rise");
            assert!(!self.links.is_empty(number), "no group is empty");
        }
        assert_eq!(n_objects, residents.len());
        assert_eq!(n_groups + self.spare.len(), self.groups.len());
    }

    fn state_bytes(&self) -> usize {
        self.links.state_bytes()
            + 4 * (self.group_of.len() + self.spare.len())
            + self.groups.len() * size_of::<Group>()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn the_fewest_uses_leave() {
        check_example("lfu", 2, "A A B C A B C", "M H M M H M M");
    }

    #[test]
    fn among_equals_the_longest_unused_leaves() {
        // B, then A reach 2 uses; C leaves for D and D for E; then B and A are left with E.
        check_example("lfu", 3, "A B C B A D E B E A", "M M M H H M M H H H");
        check_example("lfu", 2, "A B B A A B C C C C D B A", "M M H H H H M H H H M M M");
    }

    #[test]
    fn a_count_is_forgotten_on_eviction() {
        check_example("lfu", 1, "A A A B A B", "M H H M M M");
    }
}
