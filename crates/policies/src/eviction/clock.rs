//! CLOCK: first in, first out, with second chances.
//!
//! Each object has a counter of its uses, cleared on insertion. The oldest object leaves if its
//! counter is 0; otherwise the counter goes down by one and the object is as good as new. With one
//! bit this is Corbató's approximation of LRU, which never moves anything on a hit; it is also
//! called second chance and FIFO with reinsertion, and it is the LP-FIFO of work on lazy promotion.
//! More bits remember frequency (generalised CLOCK). With 0 bits it is FIFO.
//!
//! A hit is one byte to write. An eviction passes over at most as many objects as there were hits
//! since, so it is O(1) amortised. The circular list with a hand is here a ring buffer whose front
//! is the hand: an object passed over moves to the back, which is the same place in the circle.
//!
//! State: 1 byte an object and 4 a resident.

use cache::prelude::*;
use cache::{prefetch, prefetch_if_large};

use crate::fifo_queue::FifoQueue;

cache::policy! {
    #[doc = "FIFO that gives objects used since another round"]
    Clock = "clock" {
        family: Fifo,
        aliases: ["second-chance", "fifo-reinsertion", "lp-fifo"],
        paper: ("Corbató, A paging experiment with the Multics system", "MIT Project MAC Report MAC-M-384, 1968", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Bits of the counter: an object survives at most 2^bits - 1 rounds without a use. 0 to 8.
    #[schemars(range(min = 0, max = 8))]
    pub bits: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { bits: 1 }
    }
}

/// The policy.
#[derive(Debug)]
pub struct Clock {
    queue: FifoQueue,
    /// Uses, by object.
    counters: Vec<u8>,
    max: u8,
}

impl Eviction for Clock {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        if params.bits > 8 {
            return Err(ParamError(format!("`bits` is {}, expected 0 to 8", params.bits)));
        }
        Ok(Clock {
            queue: FifoQueue::default(),
            counters: vec![0; setup.n_objects as usize],
            max: ((1u32 << params.bits) - 1) as u8,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let counter = &mut self.counters[request.object.index()];
        *counter = counter.saturating_add(1).min(self.max);
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        loop {
            if let Some(next) = self.queue.soon() {
                prefetch(&self.counters, next.index());
            }
            let object = self.queue.pop().expect("called while something is resident");
            let counter = &mut self.counters[object.index()];
            if *counter == 0 {
                return object;
            }
            *counter -= 1;
            self.queue.push(object);
        }
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.counters[request.object.index()] = 0;
        self.queue.push(request.object);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.queue.remove(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        prefetch_if_large(&self.counters, upcoming.index());
    }

    #[inline]
    fn soon(&self) -> Option<ObjectId> {
        self.queue.soon()
    }

    fn check(&self, residents: &Residents) {
        assert_eq!(self.queue.len(), residents.len());
        assert!(self.queue.iter().all(|object| residents.contains(object)));
        assert!(self.counters.iter().all(|counter| *counter <= self.max));
    }

    fn state_bytes(&self) -> usize {
        self.queue.state_bytes() + self.counters.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn a_use_is_a_second_chance() {
        check_example("clock", 2, "A B A C A B", "M M H M H M");
        // All used: the hand goes round once and takes the oldest after all.
        check_example("clock", 2, "A B A B C B A", "M M H H M H M");
    }

    #[test]
    fn more_bits_are_more_chances() {
        check_example("clock:bits=1", 2, "A B A A C D A", "M M H H M M M");
        check_example("clock:bits=2", 2, "A B A A C D A", "M M H H M M H");
        check_example("clock:bits=0", 2, "A B A A C D A", "M M H H M M M");
    }
}
