//! FBR, frequency-based replacement: LFU among the objects not used of late, with counts that leave
//! out bursts.
//!
//! Residents form one LRU stack that is cut into three sections: new, middle and old. A hit moves its
//! object to the top of the stack, and counts as a use only if the object was not in the new section:
//! so what is used often within a short time gains nothing by it. Victims come from the old section:
//! the fewest uses leave, and among equals the longest unused. An object in the middle section has
//! time to gather uses before it can leave.
//!
//! Objects with `max-count` uses or more are not told apart; so if there are no others in the old
//! section, the longest unused leaves. When the average count of the residents exceeds `max-average`,
//! each count C becomes C / 2, rounded up. O(log n) a request for n objects in the old section, a heap,
//! and the ageing of `lfu-aging`.
//!
//! The paper's text was not at hand: the rules are as later papers and implementations tell them. The
//! paper leaves the parameters to tuning; the defaults are those of the crate fbr-cache. (That starts
//! counts at 0 and rounds down; the paper's start at 1.) With a new section of nothing and an old one
//! of everything, FBR is `lfu-aging`. With sizes, sections count sizes. If the old section is empty, as
//! when few large objects fill the cache, the longest unused leaves. After a removal other than by
//! eviction the upper sections fill up again as objects come in.
//!
//! State: 29 bytes an object and 24 for each in the old section.

use cache::prelude::*;

use super::lfu_aging::check_max_average;
use crate::heap::Heap;
use crate::lists::Lists;

cache::policy! {
    #[doc = "LFU among the objects not used of late; uses within a burst count once"]
    Fbr = "fbr" {
        family: Frequency,
        aliases: [],
        paper: ("Robinson and Devarakonda, Data cache management using frequency-based replacement", "SIGMETRICS '90", "10.1145/98457.98523"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Share of the capacity for the new section.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub new_ratio: f64,
    /// Share of the capacity for the old section.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub old_ratio: f64,
    /// Uses from which objects are not told apart.
    #[schemars(range(min = 1))]
    pub max_count: u32,
    /// Average count of the residents above which all are halved.
    #[schemars(range(min = 1.0))]
    pub max_average: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { new_ratio: 0.3, old_ratio: 0.25, max_count: 8, max_average: 100.0 }
    }
}

const NEW: u8 = 0;
const MIDDLE: u8 = 1;
const OLD: u8 = 2;

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    count: u32,
    last_use: u64,
}

/// The policy.
#[derive(Debug)]
pub struct Fbr {
    /// The sections, last used in front.
    lists: Lists,
    /// The old section by count, then by the time of the last use.
    old: Heap<(u32, u64)>,
    /// Of residents, by object.
    known: Vec<Known>,
    /// Sum of the counts of residents.
    sum: u64,
    new_capacity: u64,
    middle_capacity: u64,
    max_count: u32,
    max_average: f64,
}

impl Fbr {
    #[inline]
    fn key(&self, object: ObjectId) -> (u32, u64) {
        let Known { count, last_use } = self.known[object.index()];
        (count.min(self.max_count), last_use)
    }

    /// Moves what the new and the middle section have no room for down the stack.
    #[inline]
    fn settle(&mut self, residents: &Residents) {
        while self.lists.weight(NEW) > self.new_capacity {
            let last = self.lists.back(NEW).expect("it weighs something");
            self.lists.move_to_front(MIDDLE, last, residents.size_of(last));
        }
        while self.lists.weight(MIDDLE) > self.middle_capacity {
            let last = self.lists.back(MIDDLE).expect("it weighs something");
            self.lists.move_to_front(OLD, last, residents.size_of(last));
            self.old.push(last, self.key(last));
        }
    }

    #[inline]
    fn age(&mut self) {
        let n: u64 = [NEW, MIDDLE, OLD].map(|list| self.lists.len(list)).iter().sum();
        if self.sum as f64 > self.max_average * n as f64 {
            self.halve();
        }
    }

    #[cold]
    fn halve(&mut self) {
        self.sum = 0;
        for list in [NEW, MIDDLE, OLD] {
            for object in self.lists.iter(list) {
                let count = &mut self.known[object.index()].count;
                *count = count.div_ceil(2);
                self.sum += u64::from(*count);
            }
        }
        for object in self.lists.iter(OLD) {
            self.old.change(object, self.key(object));
        }
    }

    fn forget(&mut self, object: ObjectId, residents: &Residents) {
        if self.lists.home(object) == Some(OLD) {
            self.old.remove(object);
        }
        self.lists.remove(object, residents.size_of(object));
        self.sum -= u64::from(self.known[object.index()].count);
    }
}

impl Eviction for Fbr {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        let Params { new_ratio, old_ratio, max_count, max_average } = *params;
        ParamError::check_share("new-ratio", new_ratio)?;
        ParamError::check_share("old-ratio", old_ratio)?;
        ParamError::check_share("new-ratio + old-ratio", new_ratio + old_ratio)?;
        check_max_average(max_average)?;
        if max_count == 0 {
            return Err(ParamError("`max-count` is 0, expected at least 1".into()));
        }
        let (new, old) = (setup.share(new_ratio), setup.share(old_ratio));
        Ok(Fbr {
            lists: Lists::new(setup.n_objects, 3),
            old: Heap::new(setup.n_objects),
            known: vec![Known::default(); setup.n_objects as usize],
            sum: 0,
            new_capacity: new,
            middle_capacity: setup.capacity - new - old,
            max_count,
            max_average,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let object = request.object;
        let home = self.lists.home(object);
        let known = &mut self.known[object.index()];
        known.last_use = request.seq;
        if home != Some(NEW) {
            let more = known.count.saturating_add(1);
            self.sum += u64::from(more - known.count);
            known.count = more;
        }
        if home == Some(OLD) {
            self.old.remove(object);
        }
        self.lists.move_to_front(NEW, object, residents.size_of(object));
        self.settle(residents);
        self.age();
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        let rarest = self.old.min().map(|(_, object)| object);
        let victim = rarest.or_else(|| self.lists.back(MIDDLE)).or_else(|| self.lists.back(NEW));
        let victim = victim.expect("called while something is resident");
        self.forget(victim, residents);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        let Request { object, size, seq, .. } = *request;
        self.known[object.index()] = Known { count: 1, last_use: seq };
        self.sum += 1;
        self.lists.push_front(NEW, object, size);
        self.settle(residents);
        self.age();
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.forget(object, residents);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.lists.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.lists.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.lists.check(|object| residents.size_of(object));
        self.old.check();
        let all = || [NEW, MIDDLE, OLD].into_iter().flat_map(|list| self.lists.iter(list));
        assert!(all().all(|object| residents.contains(object)));
        assert_eq!(all().count(), residents.len());
        let counts = all().map(|object| u64::from(self.known[object.index()].count));
        assert_eq!(self.sum, counts.sum::<u64>());
        assert_eq!(self.old.len() as u64, self.lists.len(OLD));
        assert!(self.lists.iter(OLD).all(|object| self.old.key(object) == self.key(object)));
        assert!(self.lists.weight(NEW) <= self.new_capacity);
        assert!(self.lists.weight(MIDDLE) <= self.middle_capacity);
    }

    fn state_bytes(&self) -> usize {
        self.lists.state_bytes()
            + self.old.state_bytes()
            + self.known.len() * size_of::<Known>()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// One place each for new, middle and old. A's burst counts once, so at D the fewest uses are
    /// the oldest's, A's; and B's use from the middle counts, so it stays at F while D, at C's side,
    /// went.
    #[test]
    fn a_burst_counts_once() {
        let spec = "fbr:new-ratio=0.34,old-ratio=0.34";
        check_example(spec, 3, "A A A B C D A", "M H H M M M M");
        check_example("lfu", 3, "A A A B C D A", "M H H M M M H");
    }

    /// Old and new sections of two. C, D and A, B: A was used from the old section, so C leaves for E
    /// and D for F, though A is older than D.
    #[test]
    fn a_use_from_below_the_new_section_counts() {
        let spec = "fbr:new-ratio=0.5,old-ratio=0.5";
        check_example(spec, 4, "A B C D A C D E A F A", "M M M M H H H M H M H");
    }
}
