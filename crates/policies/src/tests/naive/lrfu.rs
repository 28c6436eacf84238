use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::lrfu::Params;

struct Block {
    object: ObjectId,
    size: u64,
    /// All, since insertion.
    uses: Vec<u64>,
}

/// Worth by definition: the sum over all uses. In no order.
pub(crate) struct NaiveLrfu {
    capacity: u64,
    lambda: f64,
    blocks: Vec<Block>,
}

impl NaiveLrfu {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveLrfu { capacity, lambda: params.lambda, blocks: Vec::new() }
    }

    fn worth(&self, block: &Block, now: u64) -> f64 {
        block.uses.iter().map(|time| 0.5f64.powf(self.lambda * (now - time) as f64)).sum()
    }
}

impl Naive for NaiveLrfu {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq: now, .. } = *request;
        if let Some(block) = self.blocks.iter_mut().find(|block| block.object == object) {
            block.uses.push(now);
            return true;
        }
        if size <= self.capacity {
            while self.blocks.iter().map(|block| block.size).sum::<u64>() + size > self.capacity {
                let order = |block: &Block| (self.worth(block, now), *block.uses.last().unwrap());
                let least = (0..self.blocks.len()).min_by(|one, other| {
                    let (one, other) = (order(&self.blocks[*one]), order(&self.blocks[*other]));
                    one.partial_cmp(&other).unwrap()
                });
                self.blocks.remove(least.unwrap());
            }
            self.blocks.push(Block { object, size, uses: vec![now] });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.blocks.retain(|block| block.object != object);
    }
}
