//! SIEVE: a hand sweeps a FIFO queue and takes the first object not used since it last came by.
//!
//! A queue in order of insertion, new objects at the head, a bit an object, and a hand that moves
//! from the tail to the head and from there to the tail again. To evict, the hand clears the bits
//! that are set and takes the first object whose bit is not; a hit sets the bit. Unlike in CLOCK,
//! survivors stay where they are: new objects are never mixed with old ones that were used, so
//! those that nobody comes back for are sifted out early. A hit is one byte to write; an eviction
//! is O(1) amortised.
//!
//! The paper keeps a doubly linked list. The same order is kept here in two ring buffers: what the
//! hand has passed in this sweep, and what lies ahead of it. All of the first is older than all of
//! the second, new objects join the second at its end, and the hand is always at its front. When
//! nothing lies ahead, the hand is back at the tail, and the two change places. So memory is walked
//! in order, and nothing is linked. The victims are those of the paper, one by one.
//!
//! State: 1 byte an object and 4 a resident.

use cache::prelude::*;
use cache::{prefetch, prefetch_if_large};

use crate::fifo_queue::FifoQueue;

cache::policy! {
    #[doc = "A hand sweeps a FIFO queue for objects not used since the last sweep"]
    Sieve = "sieve" {
        family: Fifo,
        aliases: [],
        paper: ("Zhang, Yang, Yue, Vigfusson and Rashmi, SIEVE is simpler than LRU: an efficient turn-key eviction algorithm for web caches", "NSDI '24", ""),
    }
}

/// SIEVE takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// In the state of an object: used since the hand came by.
const VISITED: u8 = 0b10;
/// In the state of an object: number of the queue it is in.
const QUEUE: u8 = 0b01;

/// The policy.
#[derive(Debug)]
pub struct Sieve {
    queues: [FifoQueue; 2],
    /// The queue ahead of the hand; the other is behind it.
    ahead: u8,
    /// [`VISITED`] and [`QUEUE`], by object.
    state: Vec<u8>,
}

impl Sieve {
    /// If nothing lies ahead of the hand, it goes on at the tail.
    #[inline]
    fn wrap(&mut self) {
        if self.queues[usize::from(self.ahead)].len() == 0 {
            self.ahead ^= QUEUE;
        }
    }
}

impl Eviction for Sieve {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        let state = vec![0; setup.n_objects as usize];
        Ok(Sieve { queues: Default::default(), ahead: 0, state })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        self.state[request.object.index()] |= VISITED;
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        loop {
            let ahead = self.ahead;
            if let Some(next) = self.queues[usize::from(ahead)].soon() {
                prefetch(&self.state, next.index());
            }
            let object = self.queues[usize::from(ahead)].pop().expect("wrapped when it ran empty");
            let visited = self.state[object.index()] & VISITED != 0;
            if visited {
                let behind = ahead ^ QUEUE;
                self.state[object.index()] = behind;
                self.queues[usize::from(behind)].push(object);
            }
            self.wrap();
            if !visited {
                return object;
            }
        }
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.state[request.object.index()] = self.ahead;
        self.queues[usize::from(self.ahead)].push(request.object);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.queues[usize::from(self.state[object.index()] & QUEUE)].remove(object);
        self.wrap();
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        prefetch_if_large(&self.state, upcoming.index());
    }

    #[inline]
    fn soon(&self) -> Option<ObjectId> {
        self.queues[usize::from(self.ahead)].soon()
    }

    fn check(&self, residents: &Residents) {
        assert_eq!(self.queues[0].len() + self.queues[1].len(), residents.len());
        for (number, queue) in (0..).zip(&self.queues) {
            for object in queue.iter() {
                assert!(residents.contains(object));
                assert_eq!(self.state[object.index()] & QUEUE, number);
            }
        }
        assert!(residents.is_empty() || self.queues[usize::from(self.ahead)].len() > 0);
    }

    fn state_bytes(&self) -> usize {
        self.state.len() + self.queues[0].state_bytes() + self.queues[1].state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn survivors_stay_in_their_place() {
        // A was used, so B leaves for D and C for E. SIEVE's hand goes on to D for F; for CLOCK the
        // next is A, whom it put in front of D.
        check_example("sieve", 3, "A B C A D E F A", "M M M H M M M H");
        check_example("clock", 3, "A B C A D E F A", "M M M H M M M M");
    }

    /// From the head the hand goes on at the tail, and what is inserted meanwhile is not next.
    #[test]
    fn after_the_head_comes_the_tail() {
        // A and B are used; the sweep clears both and takes C at the head. Then A is next, not D.
        check_example("sieve", 3, "A B C A B D E B D A", "M M M H H M M H H M");
    }
}
