//! LRFU: every policy between LFU and LRU, by one parameter.
//!
//! Each use of a resident is worth 1 when it happens and (1/2)^(`lambda` × t) t requests later. The
//! object whose uses are worth least together leaves; among equals the one whose last use is
//! longest ago. With lambda 0 that is LFU, with 1 LRU. The paper tunes lambda to trace and
//! capacity; it finds the best mostly below 0.1.
//!
//! The order of two objects changes only when one is used, as all worth halves at the same rate.
//! So each object keeps its worth at its last use, c, and a heap orders them by log2 c + lambda ×
//! the time of that use. O(log n) a request for n residents. Worth is forgotten on eviction, as in
//! the paper; its correlated period is 0 here. Keys are doubles: objects whose worth differs by
//! less than about 1 in 10^15, times lambda × the requests so far, may leave in the wrong order.
//! Sizes play no part, but that victims leave until the object fits.
//!
//! State: 12 bytes an object and 24 a resident.

use cache::prelude::*;

use crate::heap::Heap;

cache::policy! {
    #[doc = "Uses fade at a given rate, between LFU and LRU; the least worth leaves"]
    Lrfu = "lrfu" {
        family: Frequency,
        aliases: [],
        paper: ("Lee, Choi, Kim, Noh, Min, Cho and Kim, LRFU: a spectrum of policies that subsumes the least recently used and least frequently used policies", "IEEE Transactions on Computers 50(12), 2001", "10.1109/TC.2001.970573"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// How fast uses fade: a use is worth half after 1 / lambda requests. 0 is LFU, 1 is LRU.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub lambda: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { lambda: 0.001 }
    }
}

/// The policy.
#[derive(Debug)]
pub struct Lrfu {
    /// By the bits of the order of worth, which rise with it as it is never negative, then by the
    /// time of the last use.
    heap: Heap<(u64, u64)>,
    /// Worth at the last use, by object.
    worth: Vec<f64>,
    lambda: f64,
}

impl Lrfu {
    /// Of worth `worth` at the time `now`.
    #[inline]
    fn key(&self, worth: f64, now: u64) -> (u64, u64) {
        ((libm::log2(worth) + self.lambda * now as f64).to_bits(), now)
    }
}

impl Eviction for Lrfu {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("lambda", params.lambda)?;
        Ok(Lrfu {
            heap: Heap::new(setup.n_objects),
            worth: vec![0.0; setup.n_objects as usize],
            lambda: params.lambda,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let Request { object, seq: now, .. } = *request;
        let (_, last_use) = self.heap.key(object);
        let elapsed = now.saturating_sub(last_use) as f64;
        let worth = 1.0 + self.worth[object.index()] * libm::exp2(-self.lambda * elapsed);
        self.worth[object.index()] = worth;
        self.heap.change(object, self.key(worth, now));
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, _residents: &Residents) -> ObjectId {
        self.heap.pop().expect("called while something is resident").1
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.worth[request.object.index()] = 1.0;
        self.heap.push(request.object, self.key(1.0, request.seq));
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
        for (key, object) in self.heap.iter() {
            assert!(residents.contains(object));
            let worth = self.worth[object.index()];
            assert!(worth >= 1.0);
            assert_eq!(key, self.key(worth, key.1));
        }
    }

    fn state_bytes(&self) -> usize {
        self.heap.state_bytes() + 8 * self.worth.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// A was used three times, then B once; how much the former count by then is lambda's to say.
    #[test]
    fn uses_fade() {
        let requests = "A A A B C A";
        check_example("lrfu:lambda=0", 2, requests, "M H H M M H");
        check_example("lrfu:lambda=0.1", 2, requests, "M H H M M H");
        check_example("lrfu:lambda=1", 2, requests, "M H H M M M");
        // 2 uses, worth 1.5 at the second, halve with each request: 0.75 against 1, at B.
        check_example("lrfu:lambda=1", 2, "A A B C A", "M H M M M");
        // With half the rate: 1 + 0.707 at the second, 1.207 against 1.
        check_example("lrfu:lambda=0.5", 2, "A A B C A", "M H M M H");
    }
}
