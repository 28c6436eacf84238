use cache::Request;
use trace::ObjectId;
use trace::stream::Stream;

use super::{Naive, stream};
use crate::eviction::fifo_merge::Params;

struct Slot {
    object: ObjectId,
    size: u64,
    hits: u32,
}

/// The queue with its oldest first, the next to look at, and those chosen to leave.
pub(crate) struct NaiveFifoMerge {
    capacity: u64,
    examine: usize,
    leave: usize,
    queue: Vec<Slot>,
    hand: Option<ObjectId>,
    chosen: Vec<ObjectId>,
    stream: Stream,
}

impl NaiveFifoMerge {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveFifoMerge {
            capacity,
            examine: params.examine as usize,
            leave: (params.examine as usize - params.keep as usize).max(2) - 1,
            queue: vec![],
            hand: None,
            chosen: vec![],
            stream: stream("fifo-merge"),
        }
    }

    fn at(&self, object: ObjectId) -> usize {
        self.queue.iter().position(|slot| slot.object == object).unwrap()
    }

    /// The next newer one.
    fn after(&self, at: usize) -> Option<ObjectId> {
        self.queue.get(at + 1).map(|slot| slot.object)
    }

    fn drop(&mut self, object: ObjectId) {
        let at = self.at(object);
        if self.hand == Some(object) {
            self.hand = self.after(at);
        }
        self.queue.remove(at);
        // Past the newest the hand is at the oldest.
        self.hand = self.hand.or(self.queue.first().map(|slot| slot.object));
    }

    fn evict(&mut self) {
        if self.chosen.is_empty() && self.queue.len() <= self.examine {
            self.hand = Some(self.queue[0].object);
            return self.drop(self.queue[0].object);
        }
        if self.chosen.is_empty() {
            let mut worths = Vec::new();
            for _ in 0..self.examine {
                let at = self.at(self.hand.unwrap());
                let slot = &self.queue[at];
                let chance = self.stream.below(1000) as f64 / 10_000.0;
                worths.push(((f64::from(slot.hits) + chance) / slot.size as f64, slot.object));
                self.hand = Some(self.after(at).unwrap_or(self.queue[0].object));
            }
            worths.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap());
            self.chosen = worths[..self.leave].iter().map(|(_, object)| *object).collect();
        }
        let victim = self.chosen.remove(0);
        self.drop(victim);
    }
}

impl Naive for NaiveFifoMerge {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        if let Some(slot) = self.queue.iter_mut().find(|slot| slot.object == object) {
            slot.hits += 1;
            return true;
        }
        if size > self.capacity {
            return false;
        }
        while self.queue.iter().map(|slot| slot.size).sum::<u64>() + size > self.capacity {
            self.evict();
        }
        self.queue.push(Slot { object, size, hits: 0 });
        self.hand = self.hand.or(Some(object));
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if self.queue.iter().any(|slot| slot.object == object) {
            self.chosen.retain(|there| *there != object);
            self.drop(object);
        }
    }
}
