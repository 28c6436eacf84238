use cache::Request;
use trace::ObjectId;
use trace::stream::Stream;

use super::{Naive, World, stream};
use crate::eviction::cacheus::Params;

#[derive(Clone, Copy)]
struct Page {
    object: ObjectId,
    size: u64,
    freq: u64,
    time: u64,
    is_new: bool,
    is_demoted: bool,
}

fn weight(pages: &[Page]) -> u64 {
    pages.iter().map(|page| page.size).sum()
}

fn take(pages: &mut Vec<Page>, object: ObjectId) -> Option<Page> {
    let at = pages.iter().position(|page| page.object == object)?;
    Some(pages.remove(at))
}

/// Written after the authors' program, with its names. Queues have their oldest first.
pub(crate) struct NaiveCacheus {
    world: World,
    s: Vec<Page>,
    q: Vec<Page>,
    lru_hist: Vec<Page>,
    lfu_hist: Vec<Page>,
    w_lru: f64,
    w_lfu: f64,
    s_limit: u64,
    q_limit: u64,
    choices: Stream,
    // The learning rate.
    learning_rate: f64,
    curr: f64,
    prev: f64,
    reset: f64,
    period: u64,
    n_requests: u64,
    hits: u64,
    hitrate_prev: i64,
    zero_count: u32,
    nega_count: u32,
    directions: Stream,
}

fn round3(value: f64) -> i64 {
    (value * 1000.0).round_ties_even() as i64
}

impl NaiveCacheus {
    pub(crate) fn new(world: World, _params: &Params) -> Self {
        let fits = world.capacity.min(world.n_objects.into()).max(1);
        let n = if world.bytes { fits } else { world.capacity };
        let rate = (2.0 * std::f64::consts::LN_2 / n as f64).sqrt();
        let q_limit = ((world.capacity as f64 * 0.01 + 0.5).floor() as u64).max(1);
        NaiveCacheus {
            world,
            s: Vec::new(),
            q: Vec::new(),
            lru_hist: Vec::new(),
            lfu_hist: Vec::new(),
            w_lru: 0.5,
            w_lfu: 0.5,
            s_limit: world.capacity - q_limit,
            q_limit,
            choices: stream("cacheus"),
            learning_rate: rate,
            curr: rate,
            prev: 0.0,
            reset: rate.clamp(0.001, 1.0),
            period: n,
            n_requests: 0,
            hits: 0,
            hitrate_prev: 0,
            zero_count: 0,
            nega_count: 0,
            directions: stream("cacheus rate"),
        }
    }

    fn size(&self) -> u64 {
        weight(&self.s) + weight(&self.q)
    }

    fn update_learning_rate(&mut self) {
        self.n_requests += 1;
        if self.n_requests < self.period {
            return;
        }
        let hitrate = round3(self.hits as f64 / self.n_requests as f64);
        let diff = hitrate - self.hitrate_prev;
        let delta_lr = round3(self.curr) - round3(self.prev);
        let lr = self.learning_rate;
        if delta_lr != 0 && diff != 0 {
            let by = lr * delta_lr.abs() as f64 / 1000.0;
            let same_direction = (delta_lr > 0) == (diff > 0);
            self.learning_rate =
                if same_direction { (lr + by).min(1.0) } else { (lr - by).max(0.001) };
            self.nega_count = 0;
            self.zero_count = 0;
        } else if diff <= 0 {
            if hitrate <= 0 && diff == 0 {
                self.zero_count += 1;
            }
            if diff < 0 {
                self.nega_count += 1;
                self.zero_count += 1;
            }
            if self.zero_count >= 10 {
                self.learning_rate = self.reset;
                self.zero_count = 0;
            } else if diff < 0 {
                if self.nega_count >= 10 {
                    self.learning_rate = self.reset;
                    self.nega_count = 0;
                } else if lr >= 1.0 {
                    self.learning_rate = 0.9;
                } else if lr <= 0.001 {
                    self.learning_rate = 0.005;
                } else if self.directions.uniform() < 0.5 {
                    self.learning_rate = (lr * 1.25).min(1.0);
                } else {
                    self.learning_rate = (lr * 0.75).max(0.001);
                }
            }
        }
        self.prev = self.curr;
        self.curr = self.learning_rate;
        self.hitrate_prev = hitrate;
        self.hits = 0;
        self.n_requests = 0;
        let n_residents = self.s.len() + self.q.len();
        self.period =
            if self.world.bytes { n_residents.max(1) as u64 } else { self.world.capacity };
    }

    fn dem_count(&self) -> u64 {
        self.q.iter().filter(|page| page.is_demoted).count() as u64
    }

    fn nor_count(&self) -> u64 {
        self.lru_hist.iter().filter(|page| page.is_new).count() as u64
    }

    fn adjust_size(&mut self, hit_in_q: bool, size: u64) {
        let n = self.world.capacity;
        let (dem, nor) = (self.dem_count(), self.nor_count());
        let ratio = |a: u64, b: u64| ((a as f64 / b.max(1) as f64 + 0.5) as u64).max(1) * size;
        if hit_in_q {
            self.s_limit = (self.s_limit + ratio(nor, dem)).min(n - 1);
            self.q_limit = n - self.s_limit;
        } else {
            self.q_limit = (self.q_limit + ratio(dem, nor)).min(n.max(2) - 1);
            self.s_limit = n - self.q_limit;
        }
    }

    fn demote(&mut self) {
        let mut demoted = self.s.remove(0);
        demoted.is_demoted = true;
        self.q.push(demoted);
    }

    fn limit_stack(&mut self) {
        while weight(&self.s) >= self.s_limit && !self.s.is_empty() {
            self.demote();
        }
    }

    fn adjust_weights(&mut self, lru_is_to_blame: bool) {
        let factor = libm::exp(-self.learning_rate);
        if lru_is_to_blame {
            self.w_lru *= factor;
        } else {
            self.w_lfu *= factor;
        }
        let sum = self.w_lru + self.w_lfu;
        self.w_lru = (self.w_lru / sum).clamp(1.0 - 0.99, 0.99);
        self.w_lfu = (self.w_lfu / sum).clamp(1.0 - 0.99, 0.99);
    }

    fn evict(&mut self) {
        let by_lru = self.choices.uniform() < self.w_lru;
        let lru = self.q.first().or(self.s.first()).unwrap().object;
        let all = self.q.iter().chain(&self.s);
        let lfu = all.min_by_key(|page| (page.freq, std::cmp::Reverse(page.time))).unwrap().object;
        let object = if by_lru { lru } else { lfu };
        let mut victim = take(&mut self.q, object).or_else(|| take(&mut self.s, object)).unwrap();
        victim.is_demoted = false;
        if lru != lfu {
            let history = if by_lru { &mut self.lru_hist } else { &mut self.lfu_hist };
            history.push(victim);
            while weight(history) > self.world.capacity / 2 {
                history.remove(0);
            }
        }
    }

    fn make_room(&mut self, size: u64) {
        while self.size() + size > self.world.capacity {
            self.evict();
        }
    }
}

impl Naive for NaiveCacheus {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq: time, .. } = *request;
        self.update_learning_rate();
        if let Some(mut page) = take(&mut self.s, object) {
            page.freq += 1;
            page.time = time;
            self.s.push(page);
            self.hits += 1;
            return true;
        }
        if let Some(at) = self.q.iter().position(|page| page.object == object) {
            if self.q[at].is_demoted {
                let size = self.q[at].size;
                self.adjust_size(true, size);
            }
            let mut page = self.q.remove(at);
            page.is_demoted = false;
            page.freq += 1;
            page.time = time;
            while weight(&self.s) + page.size > self.s_limit && !self.s.is_empty() {
                self.demote();
            }
            if page.size <= self.s_limit { &mut self.s } else { &mut self.q }.push(page);
            self.hits += 1;
            return true;
        }
        let mut page = Page { object, size, freq: 1, time, is_new: false, is_demoted: false };
        let in_lru_hist = take(&mut self.lru_hist, object);
        if let Some(old) = in_lru_hist.or_else(|| take(&mut self.lfu_hist, object)) {
            if in_lru_hist.is_some() && old.is_new {
                self.adjust_size(false, old.size);
            }
            self.adjust_weights(in_lru_hist.is_some());
            if size <= self.world.capacity {
                self.make_room(size);
                page.freq = old.freq;
                self.s.push(page);
                self.limit_stack();
            }
            return false;
        }
        if size > self.world.capacity {
            return false;
        }
        let fits = self.size() + size <= self.world.capacity;
        if fits && weight(&self.s) + size <= self.s_limit && self.q.is_empty() {
            self.s.push(page);
        } else if fits && weight(&self.q) + size <= self.q_limit {
            self.q.push(page);
        } else {
            self.make_room(size);
            page.is_new = true;
            self.q.push(page);
            self.limit_stack();
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        take(&mut self.s, object);
        take(&mut self.q, object);
    }
}
