use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, take, weight};
use crate::eviction::car::Params;

/// An entry and its reference bit.
type Page = (Entry, bool);

/// The paper's figure 2, line by line. Clocks and lists with their head, or LRU page, first.
pub(crate) struct NaiveCar {
    c: u64,
    p: f64,
    t1: Vec<Page>,
    t2: Vec<Page>,
    b1: Vec<Entry>,
    b2: Vec<Entry>,
}

fn page_weight(pages: &[Page]) -> u64 {
    pages.iter().map(|((_, size), _)| size).sum()
}

impl NaiveCar {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveCar { c: capacity, p: 0.0, t1: vec![], t2: vec![], b1: vec![], b2: vec![] }
    }

    fn replace(&mut self) {
        loop {
            if page_weight(&self.t1) as f64 >= f64::max(1.0, self.p) || self.t2.is_empty() {
                let (page, referenced) = self.t1.remove(0);
                if !referenced {
                    return self.b1.push(page);
                }
                self.t2.push((page, false));
            } else {
                let (page, referenced) = self.t2.remove(0);
                if !referenced {
                    return self.b2.push(page);
                }
                self.t2.push((page, false));
            }
        }
    }

    /// T1 and B1, then all.
    fn weights(&self) -> (u64, u64) {
        let one = page_weight(&self.t1) + weight(&self.b1);
        (one, one + page_weight(&self.t2) + weight(&self.b2))
    }
}

impl Naive for NaiveCar {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object: x, size, .. } = *request;
        for ((page, _), referenced) in self.t1.iter_mut().chain(&mut self.t2) {
            if *page == x {
                *referenced = true;
                return true;
            }
        }
        if size > self.c {
            return false;
        }
        while page_weight(&self.t1) + page_weight(&self.t2) + size > self.c {
            self.replace();
        }
        let (b1, b2) = (weight(&self.b1) as f64, weight(&self.b2) as f64);
        if contains(&self.b1, x) {
            self.p = f64::min(self.p + f64::max(1.0, b2 / b1), self.c as f64);
            take(&mut self.b1, x);
            self.t2.push(((x, size), false));
        } else if contains(&self.b2, x) {
            self.p = f64::max(self.p - f64::max(1.0, b1 / b2), 0.0);
            take(&mut self.b2, x);
            self.t2.push(((x, size), false));
        } else {
            while self.weights().0 + size > self.c && !self.b1.is_empty() {
                self.b1.remove(0);
            }
            while self.weights().1 + size > 2 * self.c && !self.b2.is_empty() {
                self.b2.remove(0);
            }
            self.t1.push(((x, size), false));
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.t1.retain(|((page, _), _)| *page != object);
        self.t2.retain(|((page, _), _)| *page != object);
    }
}
