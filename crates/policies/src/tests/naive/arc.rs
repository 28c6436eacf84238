use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, take, weight};
use crate::eviction::arc::Params;

/// The paper's figure 4, case by case. Lists with their least recently used first.
pub(crate) struct NaiveArc {
    c: u64,
    p: f64,
    t1: Vec<Entry>,
    t2: Vec<Entry>,
    b1: Vec<Entry>,
    b2: Vec<Entry>,
}

impl NaiveArc {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveArc { c: capacity, p: 0.0, t1: vec![], t2: vec![], b1: vec![], b2: vec![] }
    }

    fn is_full_for(&self, size: u64) -> bool {
        weight(&self.t1) + weight(&self.t2) + size > self.c
    }

    fn replace(&mut self, in_b2: bool) {
        let t1 = weight(&self.t1) as f64;
        let shrink_t1 = !self.t1.is_empty() && (t1 > self.p || (in_b2 && t1 == self.p));
        if shrink_t1 || self.t2.is_empty() {
            self.b1.push(self.t1.remove(0));
        } else {
            self.b2.push(self.t2.remove(0));
        }
    }
}

impl Naive for NaiveArc {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object: x, size, .. } = *request;
        // Case I.
        if let Some(entry) = take(&mut self.t1, x).or_else(|| take(&mut self.t2, x)) {
            self.t2.push(entry);
            return true;
        }
        let (b1, b2) = (weight(&self.b1) as f64, weight(&self.b2) as f64);
        let (in_b1, in_b2) = (contains(&self.b1, x), contains(&self.b2, x));
        if in_b1 {
            // Case II.
            let step = if b1 >= b2 { 1.0 } else { b2 / b1 };
            self.p = (self.p + step).min(self.c as f64);
            take(&mut self.b1, x);
        } else if in_b2 {
            // Case III.
            let step = if b2 >= b1 { 1.0 } else { b1 / b2 };
            self.p = (self.p - step).max(0.0);
            take(&mut self.b2, x);
        }
        if size > self.c {
            return false;
        }
        if in_b1 || in_b2 {
            while self.is_full_for(size) {
                self.replace(in_b2);
            }
            self.t2.push((x, size));
            return false;
        }
        // Case IV.
        while self.is_full_for(size) {
            let l1 = weight(&self.t1) + weight(&self.b1);
            let l2 = weight(&self.t2) + weight(&self.b2);
            if l1 + size > self.c {
                if self.b1.is_empty() {
                    self.t1.remove(0);
                } else {
                    self.b1.remove(0);
                    self.replace(false);
                }
            } else {
                if l1 + l2 >= 2 * self.c && !self.b2.is_empty() {
                    self.b2.remove(0);
                }
                self.replace(false);
            }
        }
        self.t1.push((x, size));
        false
    }

    fn remove(&mut self, object: ObjectId) {
        take(&mut self.t1, object);
        take(&mut self.t2, object);
    }
}
