use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, share, take, weight};
use crate::eviction::lirs::Params;

/// S and Q with their oldest first; LIR and resident HIR objects with their sizes.
pub(crate) struct NaiveLirs {
    capacity: u64,
    lir_capacity: u64,
    s: Vec<ObjectId>,
    lir: Vec<Entry>,
    q: Vec<Entry>,
    last: Option<ObjectId>,
}

impl NaiveLirs {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        let hir_capacity = share(capacity, params.hir_ratio).max(2).min(capacity);
        let lir_capacity = capacity - hir_capacity;
        NaiveLirs { capacity, lir_capacity, s: vec![], lir: vec![], q: vec![], last: None }
    }

    fn prune(&mut self) {
        while self.s.first().is_some_and(|bottom| !contains(&self.lir, *bottom)) {
            self.s.remove(0);
        }
    }

    fn demote(&mut self) {
        self.prune();
        let bottom = self.s.remove(0);
        self.q.push(take(&mut self.lir, bottom).unwrap());
        self.prune();
    }

    /// On a hit or a miss, once the object is out of S and Q.
    fn enter(&mut self, entry: Entry, as_lir: bool) {
        self.s.push(entry.0);
        if as_lir {
            self.lir.push(entry);
            while weight(&self.lir) > self.lir_capacity {
                self.demote();
            }
        } else {
            self.q.push(entry);
        }
        self.prune();
    }
}

impl Naive for NaiveLirs {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        let was_lir = contains(&self.lir, object);
        let hit = was_lir || contains(&self.q, object);
        if self.last.replace(object) == Some(object) && hit {
            return true;
        }
        if hit {
            let was_in_s = self.s.contains(&object);
            self.s.retain(|there| *there != object);
            let entry = take(&mut self.lir, object).or_else(|| take(&mut self.q, object)).unwrap();
            self.enter(entry, was_lir || was_in_s);
            return true;
        }
        if size > self.capacity {
            return false;
        }
        while weight(&self.lir) + weight(&self.q) + size > self.capacity {
            if self.q.is_empty() {
                self.demote();
            }
            self.q.remove(0);
        }
        let was_in_s = self.s.contains(&object);
        self.s.retain(|there| *there != object);
        let fits = weight(&self.lir) + size <= self.lir_capacity;
        self.enter((object, size), was_in_s || fits);
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if take(&mut self.lir, object).or_else(|| take(&mut self.q, object)).is_some() {
            self.s.retain(|there| *there != object);
            self.prune();
        }
    }
}
