use cache::Request;
use trace::ObjectId;
use trace::stream::Stream;

use super::{Entry, Naive, World, stream, weight};
use crate::eviction::lecar::{Params, Rules};

#[derive(Clone, Copy)]
struct Resident {
    entry: Entry,
    uses: u64,
    last_use: u64,
}

#[derive(Clone, Copy)]
struct Ghost {
    entry: Entry,
    uses: u64,
    left: u64,
    by_lru: bool,
}

/// In no order but that of ghosts, oldest first. Written after the authors' program.
pub(crate) struct NaiveLeCaR {
    world: World,
    params: Params,
    draws: Stream,
    lru_weight: f64,
    lfu_weight: f64,
    residents: Vec<Resident>,
    ghosts: Vec<Ghost>,
}

impl NaiveLeCaR {
    pub(crate) fn new(world: World, params: &Params) -> Self {
        NaiveLeCaR {
            world,
            params: params.clone(),
            draws: stream("lecar"),
            lru_weight: params.initial_weight,
            lfu_weight: 1.0 - params.initial_weight,
            residents: Vec::new(),
            ghosts: Vec::new(),
        }
    }

    fn authors(&self) -> bool {
        self.params.rules == Rules::Authors
    }

    fn used(&self) -> u64 {
        self.residents.iter().map(|resident| resident.entry.1).sum()
    }

    fn regret(&mut self, ghost: Ghost, now: u64) {
        let n = if self.world.bytes && self.authors() {
            self.residents.len().max(1) as u64
        } else {
            self.world.capacity
        };
        let discounted = libm::exp(libm::log(0.005) * (now - ghost.left) as f64 / n as f64);
        let factor = libm::exp(-self.params.learning_rate * discounted);
        if ghost.by_lru {
            self.lru_weight *= factor;
        } else {
            self.lfu_weight *= factor;
        }
        if !self.authors() {
            self.lru_weight += 1e-10;
            self.lfu_weight += 1e-10;
        }
        let sum = self.lru_weight + self.lfu_weight;
        self.lru_weight /= sum;
        self.lfu_weight /= sum;
        if self.authors() {
            self.lru_weight = self.lru_weight.clamp(1.0 - 0.99, 0.99);
            self.lfu_weight = self.lfu_weight.clamp(1.0 - 0.99, 0.99);
        }
    }

    fn evict(&mut self, now: u64) {
        let mut chance = self.lru_weight;
        if !self.authors() {
            chance = (chance * 100.0).ceil() / 100.0;
        }
        let by_lru = self.draws.uniform() < chance;
        let n = self.residents.len();
        let lru = (0..n).min_by_key(|at| self.residents[*at].last_use).unwrap();
        let rarity = |at: &usize| (self.residents[*at].uses, self.residents[*at].last_use);
        let lfu = (0..n).min_by_key(rarity).unwrap();
        let agree = lru == lfu;
        let victim = self.residents.remove(if by_lru { lru } else { lfu });
        if agree {
            return;
        }
        self.ghosts.push(Ghost { entry: victim.entry, uses: victim.uses, left: now, by_lru });
        let limit = super::share(self.world.capacity, self.params.history_ratio);
        loop {
            let same = |ghost: &&Ghost| ghost.by_lru == by_lru;
            let entries: Vec<Entry> = self.ghosts.iter().filter(same).map(|g| g.entry).collect();
            if weight(&entries) <= limit {
                break;
            }
            self.ghosts.retain(|ghost| ghost.entry.0 != entries[0].0);
        }
    }
}

impl Naive for NaiveLeCaR {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq: now, .. } = *request;
        if let Some(resident) = self.residents.iter_mut().find(|r| r.entry.0 == object) {
            resident.uses += 1;
            resident.last_use = now;
            return true;
        }
        let mut uses = 1;
        if let Some(at) = self.ghosts.iter().position(|ghost| ghost.entry.0 == object) {
            let ghost = self.ghosts.remove(at);
            self.regret(ghost, now);
            if self.authors() {
                uses = ghost.uses + 1;
            }
        }
        if size > self.world.capacity {
            return false;
        }
        while self.used() + size > self.world.capacity {
            self.evict(now);
        }
        self.residents.push(Resident { entry: (object, size), uses, last_use: now });
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.residents.retain(|resident| resident.entry.0 != object);
    }
}
