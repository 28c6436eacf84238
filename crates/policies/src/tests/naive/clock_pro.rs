use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::clock_pro::{Params, Rules};

struct Page {
    object: ObjectId,
    size: u64,
    resident: bool,
    hot: bool,
    in_test: bool,
    used: bool,
}

/// The clock from its oldest page on, and what its hands point at.
pub(crate) struct NaiveClockPro {
    capacity: u64,
    least: u64,
    cold_target: u64,
    program: bool,
    filling: bool,
    clock: Vec<Page>,
    hands: [Option<ObjectId>; 3],
    last: Option<ObjectId>,
}

const HOT: usize = 0;
const COLD: usize = 1;
const TEST: usize = 2;

impl NaiveClockPro {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        let least = super::share(capacity, params.cold_ratio).max(2).min(capacity);
        NaiveClockPro {
            capacity,
            least,
            cold_target: least,
            program: params.rules == Rules::Program,
            filling: true,
            clock: vec![],
            hands: [None; 3],
            last: None,
        }
    }

    fn sum(&self, which: impl Fn(&Page) -> bool) -> u64 {
        self.clock.iter().filter(|page| which(page)).map(|page| page.size).sum()
    }

    fn room_for_hot(&self, size: u64) -> bool {
        self.sum(|page| page.hot) + size <= self.capacity - self.cold_target
    }

    fn at(&self, object: ObjectId) -> Option<usize> {
        self.clock.iter().position(|page| page.object == object)
    }

    fn hand(&self, hand: usize) -> usize {
        self.at(self.hands[hand].unwrap()).unwrap()
    }

    fn advance(&mut self, hand: usize) {
        let next = (self.hand(hand) + 1) % self.clock.len();
        self.hands[hand] = Some(self.clock[next].object);
    }

    fn take(&mut self, object: ObjectId) -> Page {
        for hand in 0..3 {
            if self.hands[hand] == Some(object) {
                self.advance(hand);
            }
        }
        let at = self.at(object).unwrap();
        self.clock.remove(at)
    }

    fn join(&mut self, page: Page) {
        if self.clock.is_empty() {
            self.hands = [Some(page.object); 3];
        }
        self.clock.push(page);
    }

    fn adjust(&mut self, up: bool, size: u64) {
        if self.program {
            return;
        }
        let most = self.least.max(self.capacity - self.least);
        self.cold_target = if up {
            most.min(self.cold_target + size)
        } else {
            self.least.max(self.cold_target - size.min(self.cold_target))
        };
    }

    fn test_hand(&mut self) {
        let at = self.hand(TEST);
        self.advance(TEST);
        let page = &mut self.clock[at];
        if page.hot {
            return;
        }
        let (was_in_test, used, size, object) = (page.in_test, page.used, page.size, page.object);
        page.in_test = false;
        if self.program {
            page.used = false;
        }
        if !page.resident {
            self.take(object);
        }
        if was_in_test {
            self.adjust(used, size);
        }
    }

    fn hot_hand(&mut self) {
        let at = self.hand(HOT);
        let object = self.clock[at].object;
        if self.clock[at].hot {
            let mut page = self.take(object);
            page.hot = page.used;
            page.used = false;
            self.join(page);
        } else {
            self.advance(HOT);
            if self.hands[TEST] == Some(object) {
                self.test_hand();
            }
        }
    }

    /// Whether the cold page may become hot.
    fn may_become_hot(&mut self, object: ObjectId, size: u64) -> bool {
        self.adjust(true, size);
        if self.room_for_hot(size) {
            return true;
        }
        let any_hot = |it: &Self| it.clock.iter().any(|page| page.hot);
        loop {
            if self.room_for_hot(size) || !any_hot(self) {
                break;
            }
            let passed = self.hands[HOT] == Some(object);
            self.hot_hand();
            if passed {
                break;
            }
        }
        while any_hot(self) && !self.clock[self.hand(HOT)].hot {
            self.hot_hand();
        }
        self.room_for_hot(size)
    }

    fn evict(&mut self) {
        self.filling = false;
        loop {
            while !self.clock.iter().any(|page| page.resident && !page.hot) {
                self.hot_hand();
            }
            while {
                let page = &self.clock[self.hand(COLD)];
                page.hot || !page.resident
            } {
                self.advance(COLD);
            }
            let at = self.hand(COLD);
            let Page { object, size, used, in_test, .. } = self.clock[at];
            if used && in_test {
                if self.may_become_hot(object, size) {
                    let page = self.take(object);
                    self.join(Page { hot: true, in_test: false, used: false, ..page });
                } else {
                    let at = self.at(object).unwrap();
                    self.clock[at].in_test = false;
                }
                continue;
            }
            if used && !self.program {
                let page = self.take(object);
                self.join(Page { in_test: true, used: false, ..page });
                continue;
            }
            if !in_test {
                self.take(object);
                return;
            }
            self.advance(COLD);
            self.clock[at].resident = false;
            self.clock[at].used = false;
            while self.sum(|page| !page.resident) > self.capacity {
                self.test_hand();
            }
            return;
        }
    }
}

impl Naive for NaiveClockPro {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        let repeats = self.last == Some(object);
        self.last = Some(object);
        if let Some(at) = self.at(object).filter(|at| self.clock[*at].resident) {
            if !repeats || !self.program {
                self.clock[at].used = true;
            }
            return true;
        }
        if size > self.capacity {
            return false;
        }
        while self.sum(|page| page.resident) + size > self.capacity {
            self.evict();
        }
        let mut hot = self.filling && self.room_for_hot(size);
        if let Some(at) = self.at(object) {
            self.clock[at].size = size;
            hot = self.may_become_hot(object, size);
            if self.at(object).is_some() {
                self.take(object);
            }
        }
        self.join(Page { object, size, resident: true, hot, in_test: !hot, used: false });
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if self.at(object).is_some_and(|at| self.clock[at].resident) {
            self.take(object);
        }
    }
}
