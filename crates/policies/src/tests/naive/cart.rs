use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, take, weight};
use crate::eviction::cart::Params;

#[derive(Clone, Copy, PartialEq)]
enum Filter {
    S,
    L,
}

struct Page {
    entry: Entry,
    referenced: bool,
    filter: Filter,
}

/// The paper's figure 3, line by line. Clocks and lists with their head, or LRU page, first. Pages
/// marked S and L are counted whenever needed.
pub(crate) struct NaiveCart {
    c: i64,
    p: f64,
    q: i64,
    t1: Vec<Page>,
    t2: Vec<Page>,
    b1: Vec<Entry>,
    b2: Vec<Entry>,
}

fn size(pages: &[Page]) -> i64 {
    pages.iter().map(|page| page.entry.1 as i64).sum()
}

impl NaiveCart {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        let c = capacity as i64;
        NaiveCart { c, p: 0.0, q: 0, t1: vec![], t2: vec![], b1: vec![], b2: vec![] }
    }

    fn n(&self, filter: Filter) -> i64 {
        let pages = self.t1.iter().chain(&self.t2).filter(|page| page.filter == filter);
        pages.map(|page| page.entry.1 as i64).sum()
    }

    fn raise_q(&mut self) {
        let b2 = weight(&self.b2) as i64;
        if size(&self.t2) + b2 + size(&self.t1) - self.n(Filter::S) >= self.c {
            self.q = (self.q + 1).min(2 * self.c - size(&self.t1));
        }
    }

    fn replace(&mut self) {
        while self.t2.first().is_some_and(|head| head.referenced) {
            let head = self.t2.remove(0);
            self.t1.push(Page { referenced: false, ..head });
            self.raise_q();
        }
        while self.t1.first().is_some_and(|head| head.referenced || head.filter == Filter::L) {
            let head = self.t1.remove(0);
            if head.referenced {
                self.t1.push(Page { referenced: false, ..head });
                let b1 = weight(&self.b1) as f64;
                if size(&self.t1) as f64 >= f64::min(self.p + 1.0, b1) {
                    self.t1.last_mut().unwrap().filter = Filter::L;
                }
            } else {
                self.t2.push(head);
                self.q = (self.q - 1).max(self.c - size(&self.t1));
            }
        }
        if size(&self.t1) as f64 >= f64::max(1.0, self.p) || self.t2.is_empty() {
            self.b1.push(self.t1.remove(0).entry);
        } else {
            self.b2.push(self.t2.remove(0).entry);
        }
    }
}

impl Naive for NaiveCart {
    fn request(&mut self, request: &Request) -> bool {
        let entry @ (x, new) = (request.object, request.size);
        for page in self.t1.iter_mut().chain(&mut self.t2) {
            if page.entry.0 == x {
                page.referenced = true;
                return true;
            }
        }
        if new as i64 > self.c {
            return false;
        }
        while size(&self.t1) + size(&self.t2) + new as i64 > self.c {
            self.replace();
        }
        let (in_b1, in_b2) = (contains(&self.b1, x), contains(&self.b2, x));
        if !in_b1 && !in_b2 {
            while (weight(&self.b1) + weight(&self.b2)) as i64 > self.c {
                if weight(&self.b1) as i64 > self.q.max(0) || self.b2.is_empty() {
                    self.b1.remove(0);
                } else {
                    self.b2.remove(0);
                }
            }
            self.t1.push(Page { entry, referenced: false, filter: Filter::S });
        } else if in_b1 {
            let step = self.n(Filter::S) as f64 / weight(&self.b1) as f64;
            self.p = f64::min(self.p + f64::max(1.0, step), self.c as f64);
            take(&mut self.b1, x);
            self.t1.push(Page { entry, referenced: false, filter: Filter::L });
        } else {
            let step = self.n(Filter::L) as f64 / weight(&self.b2) as f64;
            self.p = f64::max(self.p - f64::max(1.0, step), 0.0);
            take(&mut self.b2, x);
            self.t1.push(Page { entry, referenced: false, filter: Filter::L });
            self.raise_q();
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.t1.retain(|page| page.entry.0 != object);
        self.t2.retain(|page| page.entry.0 != object);
    }
}
