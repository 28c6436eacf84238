//! DLIRS: LIRS whose share of HIR objects follows what either side would gain by more.
//!
//! See [`lirs`](super::lirs) for stack S, queue Q, and LIR and HIR objects. LIRS leaves 1 % to HIR
//! objects whatever comes; where recency counts, that is too little. DLIRS learns as ARC does. A
//! miss on a HIR object that is still in S, a ghost, says that Q is too short: the HIR share goes
//! up, by the demoted objects over the ghosts. A hit on a *demoted* object, one that was LIR and
//! waits in Q, says that S is too short: the share goes down, by the ghosts over the demoted. Steps
//! are rounded, and at least 1. Room is then made when it is next needed. O(1) a request, amortised
//! over pruning the bottom of S.
//!
//! The rules are those of the author's program, released with his CLOCK-Pro+ (cache2k-benchmark,
//! `DynamicLIRS`), and the miss counts are equal to its own. The paper's text was not at hand.
//! - The HIR share starts at `hir-ratio` of the capacity, 1 %, rounded, and stays between 1 and all
//!   but 1. (The program fails where it would start at 0.)
//! - New objects are LIR until their share is full, and as long as there is no HIR object.
//! - Residents and ghosts together are at most twice the capacity; the oldest HIR object leaves S.
//! - Unlike in LIRS's program, a repeat of the reference just before counts like any other.
//!
//! With sizes, shares count sums of sizes, and a step is at least the size of the object and in
//! proportion to it; if Q is empty when room is needed, the bottom LIR object is demoted to be the
//! victim. An object removed other than by eviction leaves S too.
//!
//! State: 25 bytes an object.

use cache::prelude::*;

use crate::lists::Links;

cache::policy! {
    #[doc = "LIRS whose shares follow what each side loses by too little room"]
    Dlirs = "dlirs" {
        family: Adaptive,
        aliases: ["dynamic-lirs"],
        paper: ("Li, DLIRS: improving low inter-reference recency set cache replacement policy with dynamics", "SYSTOR '18", "10.1145/3211890.3211891"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Share of the capacity that resident HIR objects start with.
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
/// It is in Q, was LIR, and was not used since.
const DEMOTED: u8 = 8;

/// The one list of each of S, its HIR part, and Q.
const LIST: u32 = 0;

/// The policy.
#[derive(Debug)]
pub struct Dlirs {
    /// S, last used in front. Its back is LIR, unless it is empty.
    stack: Links,
    /// The HIR objects of S, in the same order.
    stack_hir: Links,
    /// Q, newest in front.
    queue: Links,
    state: Vec<u8>,
    lir: u64,
    hir: u64,
    /// Of the resident HIR objects.
    demoted: u64,
    ghosts: u64,
    capacity: u64,
    /// What resident HIR objects should weigh.
    hir_capacity: u64,
    /// The object now missed was a ghost.
    returns: bool,
}

impl Dlirs {
    #[inline]
    fn state(&self, object: ObjectId) -> u8 {
        self.state[object.index()]
    }

    #[inline]
    fn lir_capacity(&self) -> u64 {
        self.capacity - self.hir_capacity
    }

    /// Of `size` times `a / b`, but at least `size`.
    #[inline]
    fn step(size: u64, a: u64, b: u64) -> u64 {
        if b > a { size } else { (size as f64 * (a as f64 / b.max(1) as f64) + 0.5) as u64 }
    }

    /// Takes a HIR object out of S.
    #[inline]
    fn unstack(&mut self, object: ObjectId, size: u64) {
        self.stack.remove(object);
        self.stack_hir.remove(object);
        self.state[object.index()] &= !IN_STACK;
        if self.state(object) & IN_QUEUE == 0 {
            self.ghosts -= size;
        }
    }

    /// Takes HIR objects off the bottom of S.
    #[inline]
    fn prune(&mut self, residents: &Residents) {
        while let Some(bottom) = self.stack.back(LIST)
            && self.state(bottom) & LIR == 0
        {
            self.unstack(bottom, residents.size_of(bottom));
        }
    }

    /// Puts a HIR object that is not in S on top of it.
    #[inline]
    fn stack_on_top(&mut self, object: ObjectId) {
        self.stack.push_front(LIST, object);
        self.stack_hir.push_front(LIST, object);
        self.state[object.index()] |= IN_STACK;
    }

    /// Takes the oldest HIR objects out of S while there are too many ghosts.
    #[inline]
    fn bound(&mut self, residents: &Residents) {
        while self.lir + self.hir + self.ghosts > 2 * self.capacity {
            let oldest = self.stack_hir.back(LIST).expect("ghosts are HIR objects in S");
            self.unstack(oldest, residents.size_of(oldest));
        }
    }

    /// Turns the bottom LIR object into the newest of Q.
    #[inline]
    fn demote(&mut self, residents: &Residents) {
        let bottom = self.stack.back(LIST).expect("LIR objects are in S");
        let size = residents.size_of(bottom);
        self.stack.remove(bottom);
        self.queue.push_front(LIST, bottom);
        self.state[bottom.index()] = IN_QUEUE | DEMOTED;
        self.lir -= size;
        self.hir += size;
        self.demoted += size;
        self.prune(residents);
    }

    /// Demotes LIR objects until there is room for `size` more.
    #[inline]
    fn make_room(&mut self, size: u64, residents: &Residents) {
        while self.lir > 0 && self.lir + size > self.lir_capacity() {
            self.demote(residents);
        }
    }

    /// Puts an object that is neither in S nor in Q on top of S, as LIR.
    #[inline]
    fn push_lir(&mut self, object: ObjectId, size: u64) {
        self.stack.push_front(LIST, object);
        self.state[object.index()] = IN_STACK | LIR;
        self.lir += size;
    }

    #[inline]
    fn note_demoted(&mut self, object: ObjectId, size: u64) {
        self.state[object.index()] &= !DEMOTED;
        self.demoted -= size;
    }
}

impl Eviction for Dlirs {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("hir-ratio", params.hir_ratio)?;
        let links = || Links::new(setup.n_objects, 1);
        let hir_capacity = (setup.capacity as f64 * params.hir_ratio + 0.5) as u64;
        Ok(Dlirs {
            stack: links(),
            stack_hir: links(),
            queue: links(),
            state: vec![0; setup.n_objects as usize],
            lir: 0,
            hir: 0,
            demoted: 0,
            ghosts: 0,
            capacity: setup.capacity,
            hir_capacity: hir_capacity.clamp(1, setup.capacity),
            returns: false,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let object = request.object;
        let (state, size) = (self.state(object), residents.size_of(object));
        if state & LIR != 0 {
            self.stack.move_to_front(LIST, object);
            self.prune(residents);
        } else if state & IN_STACK != 0 {
            self.unstack(object, size);
            self.queue.remove(object);
            self.hir -= size;
            self.make_room(size, residents);
            self.push_lir(object, size);
            self.prune(residents);
        } else {
            if state & DEMOTED != 0 {
                let step = Self::step(size, self.ghosts, self.demoted);
                self.hir_capacity = self.hir_capacity.saturating_sub(step).max(1);
                self.note_demoted(object, size);
            }
            self.queue.move_to_front(LIST, object);
            self.stack_on_top(object);
            self.prune(residents);
        }
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        let object = request.object;
        self.returns = self.state(object) & IN_STACK != 0;
        if self.returns {
            let size = residents.size_of(object);
            let step = Self::step(size, self.demoted, self.ghosts);
            let most = (self.capacity - 1).max(1);
            self.hir_capacity = self.hir_capacity.saturating_add(step).min(most);
            self.unstack(object, size);
        }
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, residents: &Residents) -> ObjectId {
        self.make_room(if self.returns { incoming.size } else { 0 }, residents);
        if self.queue.is_empty(LIST) {
            self.demote(residents);
        }
        let victim = self.queue.back(LIST).expect("called while something is resident");
        let size = residents.size_of(victim);
        if self.state(victim) & DEMOTED != 0 {
            self.note_demoted(victim, size);
        }
        self.queue.remove(victim);
        self.state[victim.index()] &= !IN_QUEUE;
        self.hir -= size;
        if self.state(victim) & IN_STACK != 0 {
            self.ghosts += size;
        }
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        if self.returns {
            self.make_room(size, residents);
            self.push_lir(object, size);
        } else if self.lir + size <= self.lir_capacity() && self.queue.is_empty(LIST) {
            self.push_lir(object, size);
        } else {
            self.queue.push_front(LIST, object);
            self.state[object.index()] = IN_QUEUE;
            self.hir += size;
            self.stack_on_top(object);
        }
        self.bound(residents);
        self.prune(residents);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        let (state, size) = (self.state(object), residents.size_of(object));
        if state & LIR != 0 {
            self.stack.remove(object);
            self.lir -= size;
        } else {
            if state & DEMOTED != 0 {
                self.note_demoted(object, size);
            }
            if state & IN_STACK != 0 {
                self.unstack(object, size);
            }
            self.queue.remove(object);
            self.hir -= size;
        }
        self.state[object.index()] = 0;
        self.prune(residents);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.stack.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.stack.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        let with = |flag: u8| self.state.iter().filter(|state| **state & flag != 0).count();
        let sum = |flags: fn(u8) -> bool| -> u64 {
            let objects = (0..).map(ObjectId).zip(&self.state);
            objects.filter(|(_, state)| flags(**state)).map(|(o, _)| residents.size_of(o)).sum()
        };
        let stack: Vec<_> = self.stack.iter(LIST).collect();
        assert!(stack.iter().all(|object| self.state(*object) & IN_STACK != 0));
        assert_eq!(stack.len(), with(IN_STACK));
        let hir = stack.iter().copied().filter(|object| self.state(*object) & LIR == 0);
        assert!(self.stack_hir.iter(LIST).eq(hir));
        assert!(stack.last().is_none_or(|bottom| self.state(*bottom) & LIR != 0));
        assert!(self.queue.iter(LIST).all(|object| self.state(object) & IN_QUEUE != 0));
        assert_eq!(self.queue.iter(LIST).count(), with(IN_QUEUE));
        for (object, state) in (0..).map(ObjectId).zip(&self.state) {
            assert_eq!(residents.contains(object), state & (LIR | IN_QUEUE) != 0);
            assert!(state & LIR == 0 || *state == LIR | IN_STACK);
        }
        assert_eq!(self.lir, sum(|state| state & LIR != 0));
        assert_eq!(self.hir, sum(|state| state & IN_QUEUE != 0));
        assert_eq!(self.demoted, sum(|state| state & DEMOTED != 0));
        assert_eq!(self.ghosts, sum(|state| state == IN_STACK));
        assert!(self.lir + self.hir + self.ghosts <= 2 * self.capacity);
        assert!((1..=self.capacity).contains(&self.hir_capacity));
    }

    fn state_bytes(&self) -> usize {
        let links = [&self.stack, &self.stack_hir, &self.queue];
        links.map(Links::state_bytes).iter().sum::<usize>() + self.state.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    // Capacity 4: A to C become LIR, D is HIR.

    #[test]
    fn a_ghost_that_comes_back_gives_hir_objects_more_room() {
        // D takes the place of A, and of B, as two may now be HIR. F, then G, push those out, and
        // C and D stay.
        check_example("dlirs", 4, "A B C D E D F G C D B", "M M M M M M M M H H M");
    }

    #[test]
    fn a_hit_on_a_demoted_object_gives_lir_objects_more_room() {
        // B, demoted for D, is hit, and one only may be HIR again. B is in S now, so the next hit
        // makes it LIR, beside C and D, and F to H pass by.
        check_example("dlirs", 4, "A B C D E D B B F G H B C D", "M M M M M M H H M M M H H H");
    }
}
