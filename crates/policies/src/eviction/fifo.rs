//! First in, first out: the oldest insertion leaves, whatever happened to it since.
//!
//! O(1) a request, and nothing at all on a hit, which is why it is the yardstick for speed. It has
//! Belady's anomaly: a larger cache may miss more (Belady, Nelson, Shedler, CACM 12(6), 1969).
//! State: 4 bytes a resident.

use cache::prelude::*;

use crate::fifo_queue::FifoQueue;

cache::policy! {
    #[doc = "Evicts the oldest insertion"]
    Fifo = "fifo" {
        family: Fifo,
        aliases: [],
        paper: ("Folklore; analysed in Belady, Nelson and Shedler, An anomaly in space-time characteristics of certain programs running in a paging machine", "CACM 12(6), 1969", "10.1145/363011.363155"),
    }
}

/// FIFO takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The policy.
#[derive(Debug)]
pub struct Fifo {
    queue: FifoQueue,
}

impl Eviction for Fifo {
    type Params = Params;

    fn new(_setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(Fifo { queue: FifoQueue::default() })
    }

    #[inline]
    fn on_hit(&mut self, _request: &Request, _residents: &Residents) {}

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        self.queue.pop().expect("called while something is resident")
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.queue.push(request.object);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.queue.remove(object);
    }

    #[inline]
    fn soon(&self) -> Option<ObjectId> {
        self.queue.soon()
    }

    fn check(&self, residents: &Residents) {
        assert_eq!(self.queue.len(), residents.len());
        assert!(self.queue.iter().all(|object| residents.contains(object)));
    }

    fn state_bytes(&self) -> usize {
        self.queue.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn a_hit_does_not_save_the_oldest() {
        check_example("fifo", 2, "A B A C A B", "M M H M M M");
    }

    /// Belady's anomaly, the paper's own example: four frames miss more than three.
    #[test]
    fn more_room_may_miss_more() {
        let requests = "A B C D A B E A B C D E";
        check_example("fifo", 3, requests, "M M M M M M M H H M M H");
        check_example("fifo", 4, requests, "M M M M H H M M M M M M");
    }
}
