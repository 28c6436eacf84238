use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, take, weight};
use crate::eviction::dlirs::Params;

/// S with its oldest first: LIR objects and others. Q with its oldest first, and of it those that
/// were demoted.
pub(crate) struct NaiveDlirs {
    capacity: u64,
    hir_share: u64,
    s: Vec<Entry>,
    lir: Vec<ObjectId>,
    q: Vec<Entry>,
    demoted: Vec<ObjectId>,
}

fn rounded(size: u64, a: u64, b: u64) -> u64 {
    // Half up, as 2 a / b + 1 over 2.
    if a < b { size } else { (2 * size * a / b).div_ceil(2) }
}

impl NaiveDlirs {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        let hir_share = (capacity as f64 * params.hir_ratio).round().max(1.0) as u64;
        NaiveDlirs { capacity, hir_share, s: vec![], lir: vec![], q: vec![], demoted: vec![] }
    }

    fn lir_weight(&self) -> u64 {
        self.s.iter().filter(|(o, _)| self.lir.contains(o)).map(|(_, size)| size).sum()
    }

    fn ghosts(&self) -> u64 {
        let ghost = |o: &ObjectId| !self.lir.contains(o) && !contains(&self.q, *o);
        self.s.iter().filter(|(o, _)| ghost(o)).map(|(_, size)| size).sum()
    }

    fn demoted_weight(&self) -> u64 {
        self.q.iter().filter(|(o, _)| self.demoted.contains(o)).map(|(_, size)| size).sum()
    }

    fn resident(&self) -> u64 {
        self.lir_weight() + weight(&self.q)
    }

    fn prune(&mut self) {
        while self.s.first().is_some_and(|(bottom, _)| !self.lir.contains(bottom)) {
            self.s.remove(0);
        }
    }

    fn demote(&mut self) {
        let entry = self.s.remove(0);
        self.lir.retain(|there| *there != entry.0);
        self.q.push(entry);
        self.demoted.push(entry.0);
        self.prune();
    }

    fn demote_for(&mut self, size: u64) {
        while !self.lir.is_empty() && self.lir_weight() + size > self.capacity - self.hir_share {
            self.demote();
        }
    }

    fn bound(&mut self) {
        while self.resident() + self.ghosts() > 2 * self.capacity {
            let at = self.s.iter().position(|(object, _)| !self.lir.contains(object)).unwrap();
            self.s.remove(at);
        }
    }
}

impl Naive for NaiveDlirs {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        if self.lir.contains(&object) {
            let entry = take(&mut self.s, object).unwrap();
            self.s.push(entry);
            self.prune();
            return true;
        }
        if contains(&self.q, object) {
            let entry = take(&mut self.q, object).unwrap();
            if take(&mut self.s, object).is_some() {
                self.demote_for(entry.1);
                self.s.push(entry);
                self.lir.push(object);
            } else {
                self.q.push(entry);
                if self.demoted.contains(&object) {
                    let step = rounded(entry.1, self.ghosts(), self.demoted_weight());
                    self.hir_share = self.hir_share.max(step + 1) - step;
                    self.demoted.retain(|there| *there != object);
                }
                self.s.push(entry);
            }
            self.prune();
            return true;
        }
        let ghosts = self.ghosts();
        let ghost = take(&mut self.s, object);
        if let Some((_, size)) = ghost {
            let step = rounded(size, self.demoted_weight(), ghosts);
            self.hir_share = (self.hir_share + step).min(1.max(self.capacity - 1));
        }
        if size > self.capacity {
            return false;
        }
        while self.resident() + size > self.capacity {
            self.demote_for(if ghost.is_some() { size } else { 0 });
            if self.q.is_empty() {
                self.demote();
            }
            let (victim, _) = self.q.remove(0);
            self.demoted.retain(|there| *there != victim);
        }
        if ghost.is_some() {
            self.demote_for(size);
        }
        let room = self.lir_weight() + size <= self.capacity - self.hir_share;
        if ghost.is_some() || (room && self.q.is_empty()) {
            self.s.push((object, size));
            self.lir.push(object);
        } else {
            self.q.push((object, size));
            self.s.push((object, size));
        }
        self.bound();
        self.prune();
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if self.lir.contains(&object) || take(&mut self.q, object).is_some() {
            take(&mut self.s, object);
            self.lir.retain(|there| *there != object);
            self.demoted.retain(|there| *there != object);
            self.prune();
        }
    }
}
