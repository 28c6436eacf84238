use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::clock::Params;

struct Page {
    object: ObjectId,
    size: u64,
    uses: u32,
}

/// A circle of pages; the hand points at one, and new ones come in just behind it.
pub(crate) struct NaiveClock {
    capacity: u64,
    max_uses: u32,
    circle: Vec<Page>,
    hand: usize,
}

impl NaiveClock {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveClock { capacity, max_uses: 2u32.pow(params.bits) - 1, circle: Vec::new(), hand: 0 }
    }

    fn take(&mut self, at: usize) {
        self.circle.remove(at);
        if at < self.hand {
            self.hand -= 1;
        }
    }

    fn evict(&mut self) {
        loop {
            self.hand %= self.circle.len();
            if self.circle[self.hand].uses == 0 {
                return self.take(self.hand);
            }
            self.circle[self.hand].uses -= 1;
            self.hand += 1;
        }
    }
}

impl Naive for NaiveClock {
    fn request(&mut self, request: &Request) -> bool {
        if let Some(page) = self.circle.iter_mut().find(|page| page.object == request.object) {
            page.uses = (page.uses + 1).min(self.max_uses);
            return true;
        }
        if request.size <= self.capacity {
            let used = |circle: &[Page]| circle.iter().map(|page| page.size).sum::<u64>();
            while used(&self.circle) + request.size > self.capacity {
                self.evict();
            }
            let page = Page { object: request.object, size: request.size, uses: 0 };
            self.circle.insert(self.hand, page);
            self.hand += 1;
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if let Some(at) = self.circle.iter().position(|page| page.object == object) {
            self.take(at);
        }
    }
}
