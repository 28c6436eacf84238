use cache::Request;
use trace::ObjectId;

use super::{Naive, share};
use crate::eviction::mq::{Params, Rules};

#[derive(Clone)]
struct Block {
    object: ObjectId,
    size: u64,
    reference: u64,
    expire: u64,
}

/// The paper's figure, queues with their least recently used first.
pub(crate) struct NaiveMq {
    capacity: u64,
    out_capacity: u64,
    life: u64,
    paper: bool,
    now: u64,
    queues: Vec<Vec<Block>>,
    out: Vec<Block>,
}

fn weight(queue: &[Block]) -> u64 {
    queue.iter().map(|block| block.size).sum()
}

fn take(queue: &mut Vec<Block>, object: ObjectId) -> Option<Block> {
    let at = queue.iter().position(|block| block.object == object)?;
    Some(queue.remove(at))
}

impl NaiveMq {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveMq {
            capacity,
            out_capacity: share(capacity, params.out_ratio),
            life: params.lifetime,
            paper: params.rules == Rules::Paper,
            now: 0,
            queues: vec![vec![]; params.queues.into()],
            out: vec![],
        }
    }

    fn evict(&mut self) {
        let lowest = self.queues.iter_mut().find(|queue| !queue.is_empty()).unwrap();
        let victim = lowest.remove(0);
        if victim.size <= self.out_capacity {
            self.out.push(victim);
        }
        while weight(&self.out) > self.out_capacity {
            self.out.remove(0);
        }
    }

    fn reference(&mut self, mut block: Block) {
        block.reference += 1;
        block.expire = self.now + self.life;
        let mut number = 0;
        while 2u64.pow(number + 1) <= block.reference {
            number += 1;
        }
        let queue = (number as usize).min(self.queues.len() - 1);
        self.queues[queue].push(block);
        // Adjust.
        self.now += 1;
        for k in 1..self.queues.len() {
            if self.queues[k].first().is_some_and(|first| first.expire < self.now) {
                let mut first = self.queues[k].remove(0);
                first.expire = self.now + self.life;
                self.queues[k - 1].push(first);
            }
        }
    }
}

impl Naive for NaiveMq {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        if let Some(block) = self.queues.iter_mut().find_map(|queue| take(queue, object)) {
            self.reference(block);
            return true;
        }
        let mut known = if self.paper { None } else { take(&mut self.out, object) };
        if size > self.capacity {
            return false;
        }
        while self.queues.iter().map(|queue| weight(queue)).sum::<u64>() + size > self.capacity {
            self.evict();
        }
        if self.paper {
            known = take(&mut self.out, object);
        }
        let reference = known.map_or(0, |block| block.reference);
        self.reference(Block { object, size, reference, expire: 0 });
        false
    }

    fn remove(&mut self, object: ObjectId) {
        for queue in &mut self.queues {
            take(queue, object);
        }
    }
}
