//! MQ, multi-queue: LRU queues for ever larger use counts, and a long memory of what left.
//!
//! Made for second-level caches, which see requests only after a first level took out the recency.
//! An object used n times stands in queue log2 n; victims come from the lowest queue that is not
//! empty, least recently used first. What leaves is remembered with its count in Qout, a FIFO queue
//! of four times the capacity, so an object that comes back goes on counting where it was. To age
//! counts, an object unused for `lifetime` accesses falls one queue: after each access the last
//! object of each queue is looked at, once. O(1) a request and queue.
//!
//! The paper suggests to set the lifetime by the peak of the distances between uses as the trace
//! shows them; here, as in libCacheSim, it is fixed, 10,000 accesses unless said otherwise. Counts
//! stop at 2^32 - 1. With sizes, Qout counts sizes.
//!
//! `rules=libcachesim`: that program takes a missed object out of Qout before it makes room, the
//! paper after. In the paper room for an object can thus push its own count out of a full Qout.
//!
//! Removal other than by eviction leaves no ghost. State: 21 bytes an object.

use cache::prefetch;
use cache::prelude::*;

use crate::lists::Lists;

cache::policy! {
    #[doc = "LRU queues for ever larger use counts, remembered for long after eviction"]
    Mq = "mq" {
        family: Queues,
        aliases: ["multi-queue", "multiqueue"],
        paper: ("Zhou, Philbin and Li, The multi-queue replacement algorithm for second level buffer caches", "USENIX ATC '01", ""),
    }
}

/// Whose MQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rules {
    /// The paper's.
    Paper,
    /// The simulator's of that name.
    LibCacheSim,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// LRU queues. 1 to 32.
    #[schemars(range(min = 1, max = 32))]
    pub queues: u8,
    /// Accesses without a use after which an object falls one queue.
    pub lifetime: u64,
    /// What Qout remembers, in times the capacity. 0 to 1000.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub out_ratio: f64,
    /// Whose MQ: `paper` or `libcachesim`.
    pub rules: Rules,
}

impl Default for Params {
    fn default() -> Self {
        Params { queues: 8, lifetime: 10_000, out_ratio: 4.0, rules: Rules::Paper }
    }
}

/// The policy.
#[derive(Debug)]
pub struct Mq {
    /// The queues from the lowest up, each with its last used in front, and then Qout, newest in
    /// front.
    lists: Lists,
    n_queues: u8,
    out_capacity: u64,
    lifetime: u64,
    rules: Rules,
    /// Uses, by object; of a ghost, those it had.
    counts: Vec<u32>,
    /// Time at which a resident falls one queue, by object.
    expiry: Vec<u64>,
    /// No object of a queue expires before this, by queue.
    due: Vec<u64>,
    /// Hits and insertions so far.
    now: u64,
    /// Size in Qout of the object now missed, if it is remembered.
    remembered: Option<u64>,
}

impl Mq {
    /// Qout is the list after the queues.
    #[inline]
    fn out(&self) -> u8 {
        self.n_queues
    }

    #[inline]
    fn queue_of(&self, count: u32) -> u8 {
        (count.ilog2() as u8).min(self.n_queues - 1)
    }

    /// Counts a use, and says in which queue the object belongs.
    #[inline]
    fn count(&mut self, object: ObjectId) -> u8 {
        let count = &mut self.counts[object.index()];
        *count = count.saturating_add(1);
        let queue = self.queue_of(self.counts[object.index()]);
        self.renew(object, queue);
        queue
    }

    /// A lifetime in a queue, from now on.
    #[inline]
    fn renew(&mut self, object: ObjectId, queue: u8) {
        let expiry = self.now.saturating_add(self.lifetime);
        self.expiry[object.index()] = expiry;
        let due = &mut self.due[usize::from(queue)];
        *due = expiry.min(*due);
    }

    /// The paper's Adjust: the last of each queue falls if it was not used for long.
    #[inline]
    fn adjust(&mut self, residents: &Residents) {
        self.now += 1;
        for queue in 1..self.n_queues {
            if self.due[usize::from(queue)] < self.now {
                self.demote_expired(queue, residents);
            }
        }
    }

    #[inline]
    fn demote_expired(&mut self, queue: u8, residents: &Residents) {
        if let Some(last) = self.lists.back(queue)
            && self.expiry[last.index()] < self.now
        {
            self.lists.move_to_front(queue - 1, last, residents.size_of(last));
            self.renew(last, queue - 1);
            self.lists.touch_back(queue);
        }
        let last = self.lists.back(queue);
        self.due[usize::from(queue)] = last.map_or(u64::MAX, |last| self.expiry[last.index()]);
    }

    /// Forgets the oldest ghosts until there is room for one of this size.
    #[inline]
    fn make_room_out(&mut self, size: u64, residents: &Residents) {
        while self.lists.weight(self.out()) + size > self.out_capacity {
            let oldest = self.lists.back(self.out()).expect("it weighs something");
            self.lists.remove(oldest, residents.size_of(oldest));
            self.lists.touch_back(self.out());
            self.counts[oldest.index()] = 0;
        }
    }
}

impl Eviction for Mq {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        if !(1..=32).contains(&params.queues) {
            return Err(ParamError(format!("`queues` is {}, expected 1 to 32", params.queues)));
        }
        if !(0.0..=1000.0).contains(&params.out_ratio) {
            let got = params.out_ratio;
            return Err(ParamError(format!("`out-ratio` is {got}, expected 0 to 1000")));
        }
        Ok(Mq {
            lists: Lists::new(setup.n_objects, params.queues + 1),
            n_queues: params.queues,
            out_capacity: setup.share(params.out_ratio),
            lifetime: params.lifetime,
            rules: params.rules,
            counts: vec![0; setup.n_objects as usize],
            expiry: vec![0; setup.n_objects as usize],
            due: vec![u64::MAX; usize::from(params.queues)],
            now: 0,
            remembered: None,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let queue = self.count(request.object);
        self.lists.move_to_front(queue, request.object, residents.size_of(request.object));
        self.adjust(residents);
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        self.remembered =
            self.lists.home(request.object).map(|_| residents.size_of(request.object));
        if self.rules == Rules::LibCacheSim
            && let Some(size) = self.remembered
        {
            // The count stays, for the insertion.
            self.lists.remove(request.object, size);
        }
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        let victim = (0..self.n_queues).find_map(|queue| self.lists.back(queue));
        let victim = victim.expect("called while something is resident");
        let size = residents.size_of(victim);
        let queue = self.lists.home(victim).expect("it was at a back");
        if size > self.out_capacity {
            self.lists.remove(victim, size);
            self.counts[victim.index()] = 0;
        } else {
            self.make_room_out(size, residents);
            self.lists.move_to_front(self.out(), victim, size);
        }
        self.lists.touch_back(queue);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        let object = request.object;
        match self.remembered {
            Some(size) if self.lists.home(object).is_some() => self.lists.remove(object, size),
            Some(_) => {}
            None => self.counts[object.index()] = 0,
        }
        let queue = self.count(object);
        self.lists.push_front(queue, object, request.size);
        self.adjust(residents);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.lists.remove(object, residents.size_of(object));
        self.counts[object.index()] = 0;
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.lists.touch(upcoming);
        prefetch(&self.counts, upcoming.index());
        prefetch(&self.expiry, upcoming.index());
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.lists.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.lists.check(|object| residents.size_of(object));
        for queue in 0..self.n_queues {
            for object in self.lists.iter(queue) {
                assert!(residents.contains(object));
                assert!(queue <= self.queue_of(self.counts[object.index()]), "too high a queue");
            }
        }
        assert!(self.lists.iter(self.out()).all(|object| !residents.contains(object)));
        assert!(self.lists.weight(self.out()) <= self.out_capacity);
        let n_listed: u64 = (0..self.n_queues).map(|queue| self.lists.len(queue)).sum();
        assert_eq!(n_listed, residents.len() as u64);
    }

    fn state_bytes(&self) -> usize {
        self.lists.state_bytes() + 4 * self.counts.len() + 8 * self.expiry.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    #[test]
    fn what_was_used_twice_outlives_a_scan() {
        check_example("mq", 2, "A A B C D A", "M H M M M H");
        check_example("mq:queues=1", 2, "A A B C D A", "M H M M M M");
    }

    #[test]
    fn counts_survive_eviction() {
        // B leaves for C and comes back with 2 uses, beside A, which is older and leaves for D.
        check_example("mq", 2, "A A B C B D B", "M H M M M M H");
        check_example("mq:out-ratio=0", 2, "A A B C B D B", "M H M M M M M");
    }

    #[test]
    fn an_object_unused_for_its_lifetime_falls() {
        // When B comes A falls to the front of the lowest queue: C pushes B out, and D pushes A.
        check_example("mq:lifetime=1", 2, "A A B C D E A", "M H M M M M M");
        check_example("mq:lifetime=9", 2, "A A B C D E A", "M H M M M M H");
    }

    /// Qout remembers one object: A, when A is missed. Room for A pushes B into it.
    #[test]
    fn the_paper_looks_into_qout_after_making_room() {
        let requests = "A B C A D E A";
        check_example("mq:out-ratio=0.5", 2, requests, "M M M M M M M");
        check_example("mq:out-ratio=0.5,rules=libcachesim", 2, requests, "M M M M M M H");
    }
}
