//! LIRS2: LIRS that judges an object by its last three uses instead of its last two.
//!
//! See [`lirs`](super::lirs) for LIR and HIR objects and queue Q. One reuse distance may be short by
//! chance; LIRS2 goes by the sum of the last two, the distance from the last use but one to now.
//! Stack S holds uses, not objects: of each object the last and the *last but one*. It reaches down to
//! the oldest last-but-one use of a LIR object. A HIR object used while its own last-but-one use is in
//! S has a smaller sum than that LIR object has, so the two change places. With a use, the
//! last-but-one use of the object leaves S, and a new one enters on top. O(1) a request, amortised
//! over pruning the bottom of S, but for its bound.
//!
//! The rules are those of the authors' program (zhongch4g/LIRS2, `replace_lirs2.cc`), and the miss
//! counts are equal to its own; the paper's text was not at hand.
//! - The HIR share is 1 % of the capacity (`hir-ratio`), at least 4.
//! - With its first use an object gets a last-but-one use as well, just below. It keeps LIR objects
//!   in S, but makes no HIR object LIR.
//! - S has at most eight times as many uses as the capacity (`stack-limit`). Beyond that the oldest of
//!   a HIR object leaves. A hand seeks it, and begins again at the bottom when an object turns HIR.
//! - A repeat of the reference just before is a hit that changes nothing.
//!
//! The program keeps all uses in one list and marks those below S; leaving them out, as here, changes
//! nothing. What it does not define: with a capacity of 4 or less no object is LIR, and Q is LRU. With
//! sizes, shares and the bound count sums of sizes; a new object is LIR while LIR objects leave room
//! for it; and if Q is empty when room is needed, the bottom LIR object is demoted to be the victim. An
//! object removed other than by eviction leaves S, and is as good as never seen.
//!
//! State: 25 bytes an object.

use cache::prelude::*;

use crate::lists::Links;
use crate::ring::Ring;

cache::policy! {
    #[doc = "LIRS by the sum of the last two reuse distances"]
    Lirs2 = "lirs2" {
        family: Recency,
        aliases: [],
        paper: ("Zhong, Zhao and Jiang, LIRS2: an improved LIRS replacement algorithm", "SYSTOR '21", "10.1145/3456727.3463772"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Share of the capacity for resident HIR objects.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub hir_ratio: f64,
    /// Uses that S remembers, as a multiple of the capacity. At least 2.
    #[schemars(range(min = 2))]
    pub stack_limit: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { hir_ratio: 0.01, stack_limit: 8 }
    }
}

// In the state of an object: 0 if it was never seen.
/// It was used.
const SEEN: u8 = 1;
/// It was used more than once.
const USED_TWICE: u8 = 2;
/// It is LIR, and so resident.
const LIR: u8 = 4;
/// It is in Q: a resident HIR object.
const IN_QUEUE: u8 = 8;
/// Number of its node that stands for the last use; the other stands for the last but one.
const LAST: u8 = 16;
/// Its node 0 is in S, and times two, node 1.
const IN_STACK: u8 = 32;

/// The one list of Q.
const LIST: u32 = 0;
/// Below it, S has uses of LIR objects only.
const HAND: usize = 0;

/// A node of S, numbered as an object would be: two for each object.
type Node = ObjectId;

/// The policy.
#[derive(Debug)]
pub struct Lirs2 {
    /// S. Its oldest is the last-but-one use of a LIR object, unless it is empty.
    stack: Ring<1>,
    /// Q, newest in front.
    queue: Links,
    state: Vec<u8>,
    stack_weight: u64,
    stack_capacity: u64,
    lir_weight: u64,
    lir_capacity: u64,
    /// Size in S of the object now missed.
    missed_size: u64,
    /// The object requested last.
    last: Option<ObjectId>,
}

fn object_of(node: Node) -> ObjectId {
    ObjectId(node.0 / 2)
}

impl Lirs2 {
    #[inline]
    fn state(&self, object: ObjectId) -> u8 {
        self.state[object.index()]
    }

    /// The bit of a node in the state of its object.
    #[inline]
    fn in_stack(node: Node) -> u8 {
        IN_STACK << (node.0 % 2)
    }

    #[inline]
    fn is_in_stack(&self, node: Node) -> bool {
        self.state(object_of(node)) & Self::in_stack(node) != 0
    }

    /// The node of the last use but one.
    #[inline]
    fn last_but_one(&self, object: ObjectId) -> Node {
        let last = u32::from(self.state(object) & LAST != 0);
        ObjectId(2 * object.0 + (1 - last))
    }

    #[inline]
    fn push(&mut self, node: Node, size: u64) {
        self.stack.push(node);
        self.state[object_of(node).index()] |= Self::in_stack(node);
        self.stack_weight += size;
    }

    /// Takes a node out of S, if it is in.
    #[inline]
    fn pull(&mut self, node: Node, size: u64) {
        if self.is_in_stack(node) {
            self.stack.remove(node);
            self.state[object_of(node).index()] &= !Self::in_stack(node);
            self.stack_weight -= size;
        }
    }

    /// Takes uses off the bottom of S, down to one that holds it up.
    #[inline]
    fn prune(&mut self, residents: &Residents) {
        while let Some(oldest) = self.stack.oldest() {
            let object = object_of(oldest);
            if self.state(object) & LIR != 0 && self.last_but_one(object) == oldest {
                break;
            }
            self.pull(oldest, residents.size_of(object));
        }
    }

    /// Takes the oldest uses of HIR objects out of S while it is too long.
    #[inline]
    fn bound(&mut self, residents: &Residents) {
        while self.stack_weight > self.stack_capacity {
            while self.state(object_of(self.stack.at(HAND))) & LIR != 0 {
                self.stack.step(HAND);
            }
            let node = self.stack.at(HAND);
            self.pull(node, residents.size_of(object_of(node)));
        }
    }

    /// Notes a use of an object in S. Whether its last use but one, a real one, was there.
    #[inline]
    fn note_use(&mut self, object: ObjectId, size: u64) -> bool {
        let state = self.state(object);
        if state & SEEN == 0 {
            self.state[object.index()] |= SEEN;
            let below = self.last_but_one(object);
            self.push(below, size);
            self.push(ObjectId(below.0 ^ 1), size);
            return false;
        }
        let node = self.last_but_one(object);
        let was_in_stack = self.is_in_stack(node);
        self.pull(node, size);
        self.push(node, size);
        self.state[object.index()] ^= LAST;
        self.state[object.index()] |= USED_TWICE;
        was_in_stack && state & USED_TWICE != 0
    }

    /// Makes an object LIR whose last use but one is in S; others make room for it.
    #[inline]
    fn make_lir(&mut self, object: ObjectId, size: u64, residents: &Residents) {
        self.state[object.index()] |= LIR;
        self.lir_weight += size;
        while self.lir_weight > self.lir_capacity {
            self.demote(residents);
        }
    }

    /// Turns the bottom LIR object into the newest of Q.
    #[inline]
    fn demote(&mut self, residents: &Residents) {
        self.prune(residents);
        let oldest = self.stack.oldest().expect("LIR objects have uses in S");
        let object = object_of(oldest);
        let size = residents.size_of(object);
        self.pull(oldest, size);
        self.state[object.index()] &= !LIR;
        self.lir_weight -= size;
        self.enqueue(object);
        self.prune(residents);
        if let Some(oldest) = self.stack.oldest() {
            self.stack.point(HAND, oldest);
        }
    }

    #[inline]
    fn enqueue(&mut self, object: ObjectId) {
        self.queue.push_front(LIST, object);
        self.state[object.index()] |= IN_QUEUE;
    }

    #[inline]
    fn dequeue(&mut self, object: ObjectId) {
        self.queue.remove(object);
        self.state[object.index()] &= !IN_QUEUE;
    }
}

impl Eviction for Lirs2 {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("hir-ratio", params.hir_ratio)?;
        if params.stack_limit < 2 {
            let got = params.stack_limit;
            return Err(ParamError(format!("`stack-limit` is {got}, expected at least 2")));
        }
        let Some(n_nodes) = setup.n_objects.checked_mul(2) else {
            return Err(ParamError("lirs2 takes at most 2^31 objects".into()));
        };
        let hir_capacity = setup.share(params.hir_ratio).max(4);
        Ok(Lirs2 {
            stack: Ring::new(n_nodes),
            queue: Links::new(setup.n_objects, 1),
            state: vec![0; setup.n_objects as usize],
            stack_weight: 0,
            stack_capacity: setup.capacity.saturating_mul(params.stack_limit.into()),
            lir_weight: 0,
            lir_capacity: setup.capacity.saturating_sub(hir_capacity),
            missed_size: 0,
            last: None,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let object = request.object;
        if self.last.replace(object) == Some(object) {
            return;
        }
        let size = residents.size_of(object);
        let is_short = self.note_use(object, size);
        if self.state(object) & LIR == 0 {
            self.dequeue(object);
            if is_short {
                self.make_lir(object, size, residents);
            } else {
                self.enqueue(object);
            }
        }
        self.prune(residents);
        self.bound(residents);
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        self.last = Some(request.object);
        self.missed_size = residents.size_of(request.object);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        if self.queue.is_empty(LIST) {
            self.demote(residents);
        }
        let victim = self.queue.back(LIST).expect("called while something is resident");
        self.dequeue(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        let Request { object, size, .. } = *request;
        // Its uses in S weigh what it does now.
        let nodes = self.state(object) & (IN_STACK | IN_STACK << 1);
        let n_nodes = u64::from(nodes.count_ones());
        self.stack_weight = self.stack_weight - n_nodes * self.missed_size + n_nodes * size;
        let fits = self.state(object) == 0 && self.lir_weight + size <= self.lir_capacity;
        let is_short = self.note_use(object, size);
        if fits || is_short {
            self.make_lir(object, size, residents);
        } else {
            self.enqueue(object);
        }
        self.prune(residents);
        self.bound(residents);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        let size = residents.size_of(object);
        if self.state(object) & LIR != 0 {
            self.lir_weight -= size;
        } else {
            self.dequeue(object);
        }
        self.pull(ObjectId(2 * object.0), size);
        self.pull(ObjectId(2 * object.0 + 1), size);
        self.state[object.index()] = 0;
        self.prune(residents);
    }

    fn check(&self, residents: &Residents) {
        let (mut weight, mut n_nodes) = (0, 0);
        for node in self.stack.iter() {
            assert!(self.is_in_stack(node));
            weight += residents.size_of(object_of(node));
            n_nodes += 1;
        }
        assert_eq!(weight, self.stack_weight);
        assert!(weight <= self.stack_capacity);
        let bits = self.state.iter().map(|state| state & (IN_STACK | IN_STACK << 1));
        assert_eq!(n_nodes, bits.map(u8::count_ones).sum::<u32>());
        assert!(self.stack.oldest().is_none_or(|oldest| {
            let object = object_of(oldest);
            self.state(object) & LIR != 0 && self.last_but_one(object) == oldest
        }));
        let mut lir = 0;
        for (object, state) in (0..).map(ObjectId).zip(&self.state) {
            assert_eq!(residents.contains(object), state & (LIR | IN_QUEUE) != 0);
            assert!(state & LIR == 0 || state & IN_QUEUE == 0);
            if state & LIR != 0 {
                assert!(self.is_in_stack(self.last_but_one(object)));
                lir += residents.size_of(object);
            }
        }
        assert_eq!(lir, self.lir_weight);
        assert!(lir <= self.lir_capacity);
        assert!(self.queue.iter(LIST).all(|object| self.state(object) & IN_QUEUE != 0));
        let n_queued = self.state.iter().filter(|state| **state & IN_QUEUE != 0).count();
        assert_eq!(self.queue.iter(LIST).count(), n_queued);
    }

    fn state_bytes(&self) -> usize {
        self.stack.state_bytes() + self.queue.state_bytes() + self.state.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    // Capacity 6: A and B become LIR, four are HIR.

    #[test]
    fn two_uses_are_not_enough_three_are() {
        // C is used three times while both A's and B's first uses are in S, and takes A's place: it
        // outlives the scan that A does not.
        let scan = "D E F G H I J";
        check_example(
            "lirs2",
            6,
            &format!("A B C D C D C {scan} C A"),
            "M M M M H H H H M M M M M M H M",
        );
        // Used twice, C leaves, where LIRS would have made it LIR.
        check_example("lirs2", 6, &format!("A B C D C {scan} C A"), "M M M M H H M M M M M M M H");
    }

    #[test]
    fn a_repeat_changes_nothing() {
        check_example("lirs2", 6, "A B C C C D E F G H C", "M M M H H M M M M M M");
    }
}
