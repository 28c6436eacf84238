use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::clock_pro_plus::Params;

struct Page {
    object: ObjectId,
    size: u64,
    resident: bool,
    hot: bool,
    in_test: bool,
    used: bool,
    demoted: bool,
}

/// The clock, its newest page last, and what its hands point at.
pub(crate) struct NaiveClockProPlus {
    capacity: u64,
    cold_target: u64,
    clock: Vec<Page>,
    hands: [Option<ObjectId>; 3],
}

const HOT: usize = 0;
const COLD: usize = 1;
const TEST: usize = 2;

impl NaiveClockProPlus {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        let cold_target = super::share(capacity, params.cold_ratio).max(1);
        NaiveClockProPlus { capacity, cold_target, clock: vec![], hands: [None; 3] }
    }

    fn sum(&self, which: impl Fn(&Page) -> bool) -> u64 {
        self.clock.iter().filter(|page| which(page)).map(|page| page.size).sum()
    }

    fn hot(&self) -> u64 {
        self.sum(|page| page.hot)
    }

    fn cold(&self) -> u64 {
        self.sum(|page| page.resident && !page.hot)
    }

    fn demoted(&self) -> u64 {
        self.sum(|page| page.demoted)
    }

    fn ghosts(&self) -> u64 {
        self.sum(|page| !page.resident)
    }

    fn at(&self, object: ObjectId) -> Option<usize> {
        self.clock.iter().position(|page| page.object == object)
    }

    fn hand(&self, hand: usize) -> usize {
        self.at(self.hands[hand].unwrap()).unwrap()
    }

    fn page(&mut self, object: ObjectId) -> &mut Page {
        let at = self.at(object).unwrap();
        &mut self.clock[at]
    }

    fn advance(&mut self, hand: usize) {
        let next = (self.hand(hand) + 1) % self.clock.len();
        self.hands[hand] = Some(self.clock[next].object);
    }

    fn join(&mut self, page: Page) {
        if self.clock.is_empty() {
            self.hands = [Some(page.object); 3];
        }
        self.clock.push(page);
    }

    fn drop(&mut self, object: ObjectId) {
        for hand in 0..3 {
            if self.hands[hand] == Some(object) {
                self.advance(hand);
            }
        }
        let at = self.at(object).unwrap();
        self.clock.remove(at);
        self.test_hand_to_ghost();
    }

    fn raise(&mut self, object: ObjectId) {
        let at = self.at(object).unwrap();
        let page = self.clock.remove(at);
        self.clock.push(page);
    }

    fn test_hand_to_ghost(&mut self) {
        while self.ghosts() > 0 && self.clock[self.hand(TEST)].resident {
            self.advance(TEST);
        }
    }

    fn step(size: u64, num: u64, den: u64) -> u64 {
        size.max(size * num / den)
    }

    fn clear_use(&mut self, object: ObjectId) {
        let (ghosts, demoted) = (self.ghosts(), self.demoted());
        let page = self.page(object);
        let (was_demoted, size) = (page.demoted, page.size);
        page.used = false;
        page.demoted = false;
        if was_demoted {
            let step = Self::step(size, ghosts, demoted);
            self.cold_target = if step < self.cold_target { self.cold_target - step } else { 1 };
        }
    }

    fn move_hot_hand(&mut self) {
        while self.hot() > 0 {
            let at = self.hand(HOT);
            let Page { object, resident, hot, used, .. } = self.clock[at];
            match (resident, hot, used) {
                (true, true, false) => return,
                (false, ..) => self.drop(object),
                (true, false, false) => {
                    self.clock[at].in_test = false;
                    self.advance(HOT);
                }
                (true, _, true) => {
                    self.advance(HOT);
                    if !hot && self.hands[COLD] == Some(object) {
                        self.advance(COLD);
                    }
                    self.clear_use(object);
                    while self.clock.last().unwrap().object != object {
                        self.clock.rotate_left(1);
                    }
                }
            }
        }
    }

    fn move_cold_hand(&mut self) {
        while self.cold() > 0 {
            let at = self.hand(COLD);
            let Page { object, resident, hot, used, in_test, .. } = self.clock[at];
            if resident && !hot && !used {
                return;
            }
            self.advance(COLD);
            if resident && !hot {
                self.clear_use(object);
                if in_test {
                    self.make_hot(object);
                } else {
                    self.clock[at].in_test = true;
                    self.raise(object);
                }
            }
        }
    }

    fn make_hot(&mut self, object: ObjectId) {
        let page = self.page(object);
        page.hot = true;
        page.in_test = false;
        self.raise(object);
        while self.hot() > self.capacity - self.cold_target {
            self.demote();
        }
    }

    fn demote(&mut self) {
        self.move_hot_hand();
        let at = self.hand(HOT);
        self.advance(HOT);
        let page = &mut self.clock[at];
        page.hot = false;
        page.demoted = true;
        let object = page.object;
        self.raise(object);
        self.move_hot_hand();
    }

    fn evict(&mut self) {
        self.move_cold_hand();
        if self.cold() == 0 {
            self.demote();
            self.move_cold_hand();
        }
        let at = self.hand(COLD);
        let had_ghosts = self.ghosts() > 0;
        self.advance(COLD);
        let page = &mut self.clock[at];
        let object = page.object;
        if page.in_test {
            page.resident = false;
            if !had_ghosts {
                self.hands[TEST] = Some(object);
            }
        } else {
            self.drop(object);
        }
    }
}

impl Naive for NaiveClockProPlus {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        if let Some(at) = self.at(object).filter(|at| self.clock[*at].resident) {
            self.clock[at].used = true;
            return true;
        }
        self.move_hot_hand();
        self.move_cold_hand();
        if let Some(at) = self.at(object) {
            let step = Self::step(self.clock[at].size, self.demoted(), self.ghosts());
            self.cold_target = (self.cold_target + step).min((self.capacity / 2).max(1));
        }
        if size > self.capacity {
            return false;
        }
        while self.hot() + self.cold() + size > self.capacity {
            self.evict();
        }
        if self.at(object).is_some() {
            let page = self.page(object);
            page.resident = true;
            page.size = size;
            self.test_hand_to_ghost();
            self.make_hot(object);
            self.move_cold_hand();
            return false;
        }
        let hot = self.cold() == 0 && self.hot() + size <= self.capacity - self.cold_target;
        let first_cold = !hot && self.cold() == 0;
        let page =
            Page { object, size, resident: true, hot, in_test: !hot, used: false, demoted: false };
        self.join(page);
        if first_cold {
            self.hands[COLD] = Some(object);
        }
        self.move_cold_hand();
        while self.sum(|_| true) > 2 * self.capacity {
            self.drop(self.hands[TEST].unwrap());
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if self.at(object).is_some_and(|at| self.clock[at].resident) {
            self.drop(object);
        }
    }
}
