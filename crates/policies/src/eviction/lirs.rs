//! LIRS: objects whose last two uses lie close together stay, whatever their recency.
//!
//! The distance between an object's last two uses, in distinct objects, is its inter-reference
//! recency. Most of the cache holds the objects where it is low (LIR); a small share holds the
//! others (HIR). Stack S has objects in order of last use, down to the oldest LIR object: any HIR
//! object used again while it is in S has a shorter distance than that one, so the two change
//! places. S also keeps HIR objects that are no longer resident. Queue Q has the resident HIR
//! objects; its back is the next victim. O(1) a request, amortised over pruning the bottom of S.
//!
//! The rules are those of the authors' program, `lirs.c`, and the miss counts are equal to its own:
//! - The HIR share is 1 % of the capacity (`hir-ratio`), at least 2.
//! - A repeat of the reference just before is a hit that changes nothing.
//! - A hit on a HIR object outside S moves it to the front of Q.
//! - S is not bounded. The paper suggests a bound but needs none; here it costs nothing, as every
//!   object of the trace has its place in the arrays anyway.
//!
//! What the program does not define: with a capacity of 2 or less no object is LIR, and Q is LRU.
//! With sizes, shares count the sums of sizes; a new object is LIR while LIR objects leave room for
//! it; LIR objects are demoted from the bottom of S until their share holds; and if Q is empty when
//! room is needed, the bottom LIR object is demoted to be the victim. An object removed other than
//! by eviction leaves S too.
//!
//! State: 17 bytes an object.

use cache::prefetch;
use cache::prelude::*;

use crate::lists::Links;

cache::policy! {
    #[doc = "Keeps objects whose last two uses lie close together"]
    Lirs = "lirs" {
        family: Recency,
        aliases: [],
        paper: ("Jiang and Zhang, LIRS: an efficient low inter-reference recency set replacement policy to improve buffer cache performance", "SIGMETRICS '02", "10.1145/511334.511340"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Share of the capacity for resident HIR objects.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub hir_ratio: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { hir_ratio: 0.01 }
    }
}

/// In the state of an object: it is in S.
const IN_STACK: u8 = 1;
/// It is in Q: a resident HIR object.
const IN_QUEUE: u8 = 2;
/// It is LIR, and so resident and in S.
const LIR: u8 = 4;

/// The one list of each of S and Q.
const LIST: u32 = 0;

/// The policy.
#[derive(Debug)]
pub struct Lirs {
    /// S, last used in front. Its back is LIR, unless it is empty.
    stack: Links,
    /// Q, newest in front.
    queue: Links,
    /// [`IN_STACK`], [`IN_QUEUE`] and [`LIR`], by object.
    state: Vec<u8>,
    lir_weight: u64,
    lir_capacity: u64,
    /// The object requested last.
    last: Option<ObjectId>,
}

impl Lirs {
    #[inline]
    fn state(&self, object: ObjectId) -> u8 {
        self.state[object.index()]
    }

    /// Moves an object to the top of S, or puts it there.
    #[inline]
    fn put_on_top(&mut self, object: ObjectId) {
        if self.state(object) & IN_STACK != 0 {
            self.stack.remove(object);
        }
        self.stack.push_front(LIST, object);
        self.state[object.index()] |= IN_STACK;
    }

    /// Takes HIR objects off the bottom of S.
    #[inline]
    fn prune(&mut self) {
        while let Some(bottom) = self.stack.back(LIST)
            && self.state(bottom) & LIR == 0
        {
            self.stack.remove(bottom);
            self.state[bottom.index()] &= !IN_STACK;
        }
    }

    /// Puts an object on top of S as LIR; others make room for it.
    #[inline]
    fn make_lir(&mut self, object: ObjectId, size: u64, residents: &Residents) {
        self.put_on_top(object);
        self.state[object.index()] = IN_STACK | LIR;
        self.lir_weight += size;
        while self.lir_weight > self.lir_capacity {
            self.demote(residents);
        }
    }

    /// Turns the bottom LIR object into the newest of Q.
    #[inline]
    fn demote(&mut self, residents: &Residents) {
        self.prune();
        let bottom = self.stack.back(LIST).expect("LIR objects are in S");
        self.stack.remove(bottom);
        self.queue.push_front(LIST, bottom);
        self.state[bottom.index()] = IN_QUEUE;
        self.lir_weight -= residents.size_of(bottom);
        self.prune();
    }
}

impl Eviction for Lirs {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("hir-ratio", params.hir_ratio)?;
        let hir_capacity = setup.share(params.hir_ratio).max(2);
        Ok(Lirs {
            stack: Links::new(setup.n_objects, 1),
            queue: Links::new(setup.n_objects, 1),
            state: vec![0; setup.n_objects as usize],
            lir_weight: 0,
            lir_capacity: setup.capacity.saturating_sub(hir_capacity),
            last: None,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let object = request.object;
        if self.last.replace(object) == Some(object) {
            return;
        }
        let state = self.state(object);
        if state & LIR != 0 {
            self.stack.move_to_front(LIST, object);
        } else if state & IN_STACK != 0 {
            self.queue.remove(object);
            self.make_lir(object, residents.size_of(object), residents);
        } else {
            self.queue.move_to_front(LIST, object);
            self.put_on_top(object);
        }
        self.prune();
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, _residents: &Residents) {
        self.last = Some(request.object);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        if self.queue.is_empty(LIST) {
            self.demote(residents);
        }
        let victim = self.queue.back(LIST).expect("called while something is resident");
        self.queue.remove(victim);
        self.state[victim.index()] &= !IN_QUEUE;
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        let fits = self.lir_weight + size <= self.lir_capacity;
        if fits || self.state(object) & IN_STACK != 0 {
            self.make_lir(object, size, residents);
        } else {
            self.put_on_top(object);
            self.queue.push_front(LIST, object);
            self.state[object.index()] |= IN_QUEUE;
        }
        self.prune();
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        let state = std::mem::take(&mut self.state[object.index()]);
        if state & IN_STACK != 0 {
            self.stack.remove(object);
        }
        if state & IN_QUEUE != 0 {
            self.queue.remove(object);
        }
        if state & LIR != 0 {
            self.lir_weight -= residents.size_of(object);
        }
        self.prune();
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.stack.touch(upcoming);
        prefetch(&self.state, upcoming.index());
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.stack.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        let (mut lir, mut n_lir, mut n_stack) = (0, 0, 0);
        for object in self.stack.iter(LIST) {
            let state = self.state(object);
            assert!(state & IN_STACK != 0);
            assert_eq!(residents.contains(object), state & (LIR | IN_QUEUE) != 0);
            if state & LIR != 0 {
                assert_eq!(state & IN_QUEUE, 0);
                lir += residents.size_of(object);
                n_lir += 1;
            }
            n_stack += 1;
        }
        assert_eq!(lir, self.lir_weight);
        assert!(lir <= self.lir_capacity);
        let with = |flag: u8| self.state.iter().filter(|state| **state & flag != 0).count();
        assert_eq!(with(LIR), n_lir);
        assert_eq!(with(IN_STACK), n_stack);
        assert!(self.stack.back(LIST).is_none_or(|bottom| self.state(bottom) & LIR != 0));
        let mut n_queue = 0;
        for object in self.queue.iter(LIST) {
            assert!(self.state(object) & IN_QUEUE != 0 && residents.contains(object));
            n_queue += 1;
        }
        assert_eq!(with(IN_QUEUE), n_queue);
        assert_eq!(n_lir + n_queue, residents.len());
    }

    fn state_bytes(&self) -> usize {
        self.stack.state_bytes() + self.queue.state_bytes() + self.state.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// Capacity 4: two LIR, two HIR.
    #[test]
    fn a_loop_too_long_keeps_its_lir_objects() {
        check_example("lirs", 4, "A B C D E A B C D E A B", "M M M M M H H M M M H H");
    }

    #[test]
    fn a_short_distance_makes_an_object_lir() {
        // C comes back while in S: it takes A's place as LIR. A is the newest of Q then, so D
        // leaves for E.
        check_example("lirs", 3, "A B C D C E A D", "M M M M H M H M");
    }

    #[test]
    fn a_repeat_changes_nothing() {
        // The second C, at once, does not make it LIR, so D and E push it out of Q.
        check_example("lirs", 3, "A B C C D E C", "M M M H M M M");
    }
}
