use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::lru_k::{Params, Rules};

/// What the paper calls HIST and LAST; kept for ever, resident or not.
struct Block {
    object: ObjectId,
    size: u64,
    resident: bool,
    inserted: u64,
    /// Latest first; shorter than k if no more are known.
    hist: Vec<u64>,
    last: u64,
}

/// The paper's figure 2.1. In no order.
pub(crate) struct NaiveLruK {
    capacity: u64,
    k: usize,
    correlated: u64,
    retained: u64,
    paper: bool,
    blocks: Vec<Block>,
}

impl NaiveLruK {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveLruK {
            capacity,
            k: params.k.into(),
            correlated: params.correlated_period,
            retained: params.retained_period,
            paper: params.rules == Rules::Paper,
            blocks: Vec::new(),
        }
    }

    fn evict(&mut self, now: u64) {
        let (k, paper, correlated) = (self.k, self.paper, self.correlated);
        let order = |block: &Block| {
            let kth = block.hist.get(k - 1).copied().unwrap_or(0);
            (kth, if paper { block.last } else { block.inserted })
        };
        let mut order_of: Vec<_> = self.blocks.iter().filter(|b| b.resident).map(order).collect();
        order_of.sort_unstable();
        let outside = self.blocks.iter().filter(|b| b.resident && now - b.last > correlated);
        let least = outside.map(order).min().unwrap_or(order_of[0]);
        let victim = self.blocks.iter_mut().find(|b| b.resident && order(b) == least).unwrap();
        victim.resident = false;
        if !paper {
            victim.hist.clear();
        }
    }
}

impl Naive for NaiveLruK {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq, .. } = *request;
        let now = seq + 1;
        let (k, correlated) = (self.k, self.correlated);
        if let Some(block) = self.blocks.iter_mut().find(|b| b.resident && b.object == object) {
            if now - block.last > correlated {
                let burst = block.last - block.hist[0];
                block.hist.iter_mut().for_each(|time| *time += burst);
                block.hist.insert(0, now);
                block.hist.truncate(k);
            }
            block.last = now;
            return true;
        }
        if size > self.capacity {
            return false;
        }
        let used =
            |blocks: &[Block]| blocks.iter().filter(|b| b.resident).map(|b| b.size).sum::<u64>();
        while used(&self.blocks) + size > self.capacity {
            self.evict(now);
        }
        let at = self.blocks.iter().position(|b| b.object == object);
        let mut hist = at.map_or(vec![], |at| {
            let old = self.blocks.remove(at);
            if now - old.last <= self.retained { old.hist } else { vec![] }
        });
        hist.insert(0, now);
        hist.truncate(k);
        self.blocks.push(Block { object, size, resident: true, inserted: now, hist, last: now });
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.blocks.retain(|b| !b.resident || b.object != object);
    }
}
