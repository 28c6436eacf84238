//! CACHEUS: two experts that each suit some traces, a draw between them, and a rate of learning that
//! adapts.
//!
//! The experts are SR-LRU, which resists scans, and CR-LFU, which resists churn. As in `lecar`, a draw
//! by their weights picks one for each eviction, its history remembers the victim, and a miss that
//! a history remembers multiplies the expert's weight by e^-rate, scaled to a sum of 1 and at most
//! 0.99; a victim that both agree on is forgotten. O(log n) a request for n residents, a heap.
//!
//! **SR-LRU** keeps residents in two queues: S for what was used again, and Q for what is new, which
//! evicts its oldest. A hit in either moves the object to the young end of S; what S has no room for
//! is *demoted* to the young end of Q. New objects enter Q, which has 1 % of the cache at first. A
//! hit on a demoted object says that S is too small, and S's limit grows by the number of new objects
//! in SR-LRU's history over that of demoted ones in Q, at least 1; a miss on an object that left Q
//! without a hit since it was new says that Q is, and Q's limit grows by the inverse.
//!
//! **CR-LFU** evicts the fewest uses, and among equals the object used *last*: when all have the same
//! count, a few churn and the rest stay. Counts survive in the histories.
//!
//! **The rate** starts at √(2 ln 2 / N) and is looked at after every N requests, N being the capacity.
//! If the last change of the rate and that of the hit ratio have the same sign, it grows by a share
//! that is that change, else it shrinks by it, within 0.001 and 1. With no change to go by, if hits
//! get fewer it moves up by 25 % or down by 25 %, by a draw; after 10 such looks in a row, or 10
//! without a hit, it starts anew. Hit ratios and changes of the rate count in thousandths.
//!
//! The rules are those of the authors' program (`cacheus.py`); the paper's text was not at hand. Of
//! its peculiarities these are kept: an object that comes back has its old count of uses, not one
//! more; objects that find room in a cache not yet full are not new; while S is below its limit and
//! Q empty they enter S. Where it rounds to thousandths, exact ties here go to even. At a capacity
//! of 1 it fails, as S has no place; here S stays empty. In it weights are single precision. A
//! transcription of the program, with our draws and double precision, misses exactly as often.
//!
//! The program has one size of object. With sizes, limits and histories count sizes; a limit moves by
//! the size of the object hit times the ratio; the experts' victims leave until there is room, S's
//! oldest if Q is empty; an object larger than S's limit stays in Q; the N of the interval is the number of residents at the last look, and that of
//! the first rate the smaller of the capacity and the objects of the trace. libCacheSim's CACHEUS
//! divides hits by N in integers, so that its rate does not learn, and cannot be compared.
//!
//! Draws come from the streams `cacheus` (experts, one a victim) and `cacheus rate` under the run's
//! seed. Removal other than by eviction leaves no history. State: 21 bytes an object and 24 a resident.

use cache::prelude::*;
use trace::stream::Stream;

use crate::heap::Heap;
use crate::lists::Lists;

cache::policy! {
    #[doc = "Scan-resistant LRU or churn-resistant LFU evicts, by a draw that learns at its own rate"]
    Cacheus = "cacheus" {
        family: Adaptive,
        aliases: [],
        paper: ("Rodriguez, Yusuf, Lyons, Paz, Rangaswami, Liu, Zhao and Narasimhan, Learning cache replacement with CACHEUS", "FAST '21", ""),
    }
}

/// CACHEUS takes no parameters; its seed is the run's.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// Residents used again, last used in front.
const S: u8 = 0;
/// Residents new or demoted, the youngest in front.
const Q: u8 = 1;
/// What SR-LRU evicted.
const LRU_HISTORY: u8 = 2;
/// What CR-LFU evicted.
const LFU_HISTORY: u8 = 3;

/// The experts, by which weights are indexed.
const LRU: usize = 0;
const LFU: usize = 1;

/// The most an expert may weigh.
const MOST: f64 = 0.99;

/// What is known of an object, resident or in a history.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    uses: u32,
    /// Entered Q when the cache was full.
    is_new: bool,
    /// Came to Q from S; nothing else does.
    is_demoted: bool,
}

/// How an object now missed is to come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entrance {
    /// There is room in S, and nothing in Q.
    ToS,
    /// There is room in Q and in the cache.
    ToQ,
    /// The cache or Q is full.
    New,
    /// A history remembered it.
    Back,
}

/// The policy.
#[derive(Debug)]
pub struct Cacheus {
    lists: Lists,
    /// Residents by uses; of equals, the one used last is the smallest.
    heap: Heap<(u32, u64)>,
    known: Vec<Known>,
    weights: [f64; 2],
    rate: Rate,
    draws: Stream,
    capacity: u64,
    /// What S may weigh; Q may weigh the rest.
    s_limit: u64,
    /// Demoted objects in Q.
    n_demoted: u64,
    /// New objects in SR-LRU's history.
    n_new: u64,
    entrance: Entrance,
    unit: Unit,
}

#[inline]
fn order(uses: u32, last_use: u64) -> (u32, u64) {
    (uses, !last_use)
}

impl Cacheus {
    /// The start of a request.
    #[inline]
    fn tick(&mut self, residents: &Residents) {
        if self.rate.tick() {
            let n = match self.unit {
                Unit::Objects => self.capacity,
                Unit::Bytes => residents.len().max(1) as u64,
            };
            self.rate.look(n);
        }
    }

    /// Moves S's oldest to Q.
    #[inline]
    fn demote(&mut self, residents: &Residents) {
        let oldest = self.lists.back(S).expect("called while something is in S");
        self.known[oldest.index()].is_demoted = true;
        self.n_demoted += 1;
        self.lists.move_to_front(Q, oldest, residents.size_of(oldest));
    }

    /// Makes sure that S is below its limit.
    #[inline]
    fn limit_s(&mut self, residents: &Residents) {
        while self.lists.weight(S) >= self.s_limit && self.lists.len(S) > 0 {
            self.demote(residents);
        }
    }

    /// No longer demoted, if it was.
    #[inline]
    fn undemote(&mut self, object: ObjectId) -> bool {
        let was = std::mem::take(&mut self.known[object.index()].is_demoted);
        self.n_demoted -= u64::from(was);
        was
    }

    fn grow_s(&mut self, size: u64) {
        let step = step(self.n_new, self.n_demoted, size);
        self.s_limit = self.s_limit.saturating_add(step).min(self.capacity - 1);
    }

    fn grow_q(&mut self, size: u64) {
        let step = step(self.n_demoted, self.n_new, size);
        let q_limit = (self.capacity - self.s_limit).saturating_add(step);
        self.s_limit = self.capacity - q_limit.min((self.capacity - 1).max(1));
    }

    fn blame(&mut self, expert: usize) {
        self.weights[expert] *= libm::exp(-self.rate.now);
        let sum: f64 = self.weights.iter().sum();
        self.weights = self.weights.map(|weight| (weight / sum).clamp(1.0 - MOST, MOST));
    }

    /// Takes an object out of a history.
    fn forget(&mut self, object: ObjectId, history: u8, residents: &Residents) {
        self.lists.remove(object, residents.size_of(object));
        let was_new = std::mem::take(&mut self.known[object.index()].is_new);
        self.n_new -= u64::from(was_new && history == LRU_HISTORY);
    }

    fn remember(&mut self, object: ObjectId, history: u8, residents: &Residents) {
        self.lists.push_front(history, object, residents.size_of(object));
        self.n_new += u64::from(self.known[object.index()].is_new && history == LRU_HISTORY);
        while self.lists.weight(history) > self.capacity / 2 {
            let oldest = self.lists.back(history).expect("it weighs something");
            self.forget(oldest, history, residents);
        }
    }
}

/// `a / b`, rounded half up, of the size of one object; at least that size.
fn step(a: u64, b: u64, size: u64) -> u64 {
    let b = b.max(1);
    ((2 * a + b) / (2 * b)).max(1).saturating_mul(size)
}

impl Eviction for Cacheus {
    type Params = Params;

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        let n = match setup.unit {
            Unit::Objects => setup.capacity,
            Unit::Bytes => setup.capacity.min(u64::from(setup.n_objects)).max(1),
        };
        let q_limit = ((setup.capacity as f64 * 0.01 + 0.5) as u64).max(1);
        Ok(Cacheus {
            lists: Lists::new(setup.n_objects, 4),
            heap: Heap::new(setup.n_objects),
            known: vec![Known::default(); setup.n_objects as usize],
            weights: [0.5, 0.5],
            rate: Rate::new(n, Stream::new(setup.seed, "cacheus rate")),
            draws: Stream::new(setup.seed, "cacheus"),
            capacity: setup.capacity,
            s_limit: setup.capacity - q_limit,
            n_demoted: 0,
            n_new: 0,
            entrance: Entrance::New,
            unit: setup.unit,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let Request { object, seq: now, .. } = *request;
        self.tick(residents);
        self.rate.n_hits += 1;
        let known = &mut self.known[object.index()];
        known.uses = known.uses.saturating_add(1);
        self.heap.change(object, order(known.uses, now));
        let size = residents.size_of(object);
        if self.lists.home(object) == Some(S) {
            self.lists.move_to_front(S, object, size);
            return;
        }
        if self.known[object.index()].is_demoted {
            self.grow_s(size);
            self.undemote(object);
        }
        while self.lists.weight(S) + size > self.s_limit && self.lists.len(S) > 0 {
            self.demote(residents);
        }
        if size <= self.s_limit {
            self.lists.move_to_front(S, object, size);
        } else {
            self.lists.move_to_front(Q, object, size);
        }
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        let Request { object, size, .. } = *request;
        self.tick(residents);
        self.entrance = match self.lists.home(object) {
            Some(history) => {
                let was_new = self.known[object.index()].is_new && history == LRU_HISTORY;
                let old_size = residents.size_of(object);
                self.forget(object, history, residents);
                if was_new {
                    self.grow_q(old_size);
                }
                self.blame(if history == LRU_HISTORY { LRU } else { LFU });
                Entrance::Back
            }
            None => {
                let q_limit = self.capacity - self.s_limit;
                let fits = residents.used() + size <= self.capacity;
                if fits && self.lists.weight(S) + size <= self.s_limit && self.lists.len(Q) == 0 {
                    Entrance::ToS
                } else if fits && self.lists.weight(Q) + size <= q_limit {
                    Entrance::ToQ
                } else {
                    Entrance::New
                }
            }
        };
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        let by_lru = self.draws.uniform() < self.weights[LRU];
        let oldest = self.lists.back(Q).or_else(|| self.lists.back(S));
        let oldest = oldest.expect("called while something is resident");
        let (_, rarest) = self.heap.min().expect("called while something is resident");
        let victim = if by_lru { oldest } else { rarest };
        self.heap.remove(victim);
        self.lists.remove(victim, residents.size_of(victim));
        self.undemote(victim);
        if oldest != rarest {
            self.remember(victim, if by_lru { LRU_HISTORY } else { LFU_HISTORY }, residents);
        }
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, residents: &Residents) -> bool {
        let Request { object, size, seq: now, .. } = *request;
        let known = &mut self.known[object.index()];
        let uses = if self.entrance == Entrance::Back { known.uses } else { 1 };
        *known =
            Known { uses, is_new: self.entrance == Entrance::New, is_demoted: false };
        self.heap.push(object, order(uses, now));
        let to_s = matches!(self.entrance, Entrance::ToS | Entrance::Back);
        self.lists.push_front(if to_s { S } else { Q }, object, size);
        if matches!(self.entrance, Entrance::New | Entrance::Back) {
            self.limit_s(residents);
        }
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.lists.remove(object, residents.size_of(object));
        self.heap.remove(object);
        self.undemote(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.lists.touch(upcoming);
        self.heap.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.lists.touch_neighbours(upcoming);
        self.heap.touch_node(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.lists.check(|object| residents.size_of(object));
        self.heap.check();
        assert_eq!(self.lists.len(S) + self.lists.len(Q), residents.len() as u64);
        assert_eq!(self.heap.len(), residents.len());
        for list in [S, Q] {
            assert!(self.lists.iter(list).all(|object| residents.contains(object)));
        }
        for history in [LRU_HISTORY, LFU_HISTORY] {
            assert!(self.lists.weight(history) <= self.capacity / 2);
        }
        let count = |list, is: fn(&Known) -> bool| {
            self.lists.iter(list).filter(|object| is(&self.known[object.index()])).count() as u64
        };
        assert_eq!(self.n_demoted, count(Q, |known| known.is_demoted));
        assert_eq!(0, count(S, |known| known.is_demoted));
        assert_eq!(self.n_new, count(LRU_HISTORY, |known| known.is_new));
        assert!(self.s_limit < self.capacity);
    }

    fn state_bytes(&self) -> usize {
        self.lists.state_bytes()
            + self.heap.state_bytes()
            + self.known.len() * size_of::<Known>()
    }
}

/// The rate of learning.
#[derive(Debug)]
struct Rate {
    now: f64,
    /// At the last look and the one before.
    current: f64,
    previous: f64,
    anew: f64,
    /// Requests of an interval, and of this one so far.
    interval: u64,
    n_requests: u64,
    /// Hits of this one.
    n_hits: u64,
    /// Hit ratio of the last one, in thousandths.
    hit_ratio: i64,
    /// Looks in a row that found no hits or fewer; and fewer.
    n_idle: u32,
    n_worse: u32,
    draws: Stream,
}

/// Looks after which the rate starts anew.
const PATIENCE: u32 = 10;

fn thousandths(value: f64) -> i64 {
    (value * 1000.0).round_ties_even() as i64
}

impl Rate {
    fn new(n: u64, draws: Stream) -> Self {
        let first = (2.0 * std::f64::consts::LN_2 / n as f64).sqrt();
        Rate {
            now: first,
            current: first,
            previous: 0.0,
            anew: first.clamp(0.001, 1.0),
            interval: n,
            n_requests: 0,
            n_hits: 0,
            hit_ratio: 0,
            n_idle: 0,
            n_worse: 0,
            draws,
        }
    }

    /// Counts a request; whether it is time for a look.
    #[inline]
    fn tick(&mut self) -> bool {
        self.n_requests += 1;
        self.n_requests >= self.interval
    }

    /// Changes the rate after an interval; the next takes `interval` requests.
    fn look(&mut self, interval: u64) {
        let hit_ratio = thousandths(self.n_hits as f64 / self.n_requests as f64);
        let gain = hit_ratio - self.hit_ratio;
        let change = thousandths(self.current) - thousandths(self.previous);
        let step = self.now * change.abs() as f64 / 1000.0;
        match change * gain {
            1.. => self.set((self.now + step).min(1.0)),
            ..0 => self.set((self.now - step).max(0.001)),
            0 => self.drift(hit_ratio, gain),
        }
        self.previous = self.current;
        self.current = self.now;
        self.hit_ratio = hit_ratio;
        (self.interval, self.n_requests, self.n_hits) = (interval, 0, 0);
    }

    fn set(&mut self, rate: f64) {
        self.now = rate;
        (self.n_idle, self.n_worse) = (0, 0);
    }

    /// There is no change of both to go by.
    fn drift(&mut self, hit_ratio: i64, gain: i64) {
        let worse = gain < 0;
        self.n_idle += u32::from(worse || (gain == 0 && hit_ratio == 0));
        self.n_worse += u32::from(worse);
        if gain <= 0 && self.n_idle >= PATIENCE {
            self.now = self.anew;
            self.n_idle = 0;
        } else if worse && self.n_worse >= PATIENCE {
            self.now = self.anew;
            self.n_worse = 0;
        } else if worse {
            self.stray();
        }
    }

    fn stray(&mut self) {
        self.now = if self.now >= 1.0 {
            0.9
        } else if self.now <= 0.001 {
            0.005
        } else if self.draws.uniform() < 0.5 {
            (self.now * 1.25).min(1.0)
        } else {
            (self.now * 0.75).max(0.001)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::check_example;

    fn rate(n: u64) -> Rate {
        Rate::new(n, Stream::new(1, "test"))
    }

    /// The rate of an interval of 100: √(2 ln 2 / 100) = 0.1177. The first look takes that for a
    /// change of 0.118 and half the requests hitting for a gain, so it grows by 11.8 %; that is
    /// 0.014 more, and fewer hits then shrink it by 1.4 %.
    #[test]
    fn the_rate_follows_the_hits() {
        let mut rate = rate(100);
        assert!((rate.now - 0.117_741).abs() < 1e-6);
        let mut interval = |n_hits| {
            (0..99).for_each(|_| assert!(!rate.tick()));
            assert!(rate.tick());
            rate.n_hits = n_hits;
            rate.look(100);
            rate.now
        };
        let grown = 0.117_741 * 1.118;
        assert!((interval(50) - grown).abs() < 1e-6);
        assert!((interval(40) - grown * 0.986).abs() < 1e-6);
    }

    #[test]
    fn without_hits_the_rate_starts_anew() {
        let mut rate = rate(1);
        assert!(rate.now > 1.0);
        (0..9).for_each(|_| rate.look(1));
        assert!(rate.now > 1.0);
        rate.look(1);
        assert_eq!(rate.now, 1.0);
    }

    /// S has 3 places and Q has 1. A, B and C fill S, D enters Q; both experts evict D, used once
    /// and last, for E, and so on: a scan passes through Q.
    #[test]
    fn a_scan_passes_through_q() {
        check_example("cacheus", 4, "A B C D E F G A B C", "M M M M M M M H H H");
        check_example("lru", 4, "A B C D E F G A B C", "M M M M M M M M M M");
    }
}
