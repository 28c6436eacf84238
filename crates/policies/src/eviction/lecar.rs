//! LeCaR: two experts, LRU and LFU; whose victims come back too soon is listened to less.
//!
//! Each expert has a weight, 1/2 at first. On eviction a draw by the weights picks one, its victim
//! leaves, and that expert's history remembers it. A miss that a history remembers is a regret: the
//! weight of its expert is multiplied by e^(-0.45 × d^t), where t is how many requests ago the object
//! left and d^N = 0.005 for a cache of N objects, and the weights are scaled to a sum of 1; none
//! exceeds 0.99. The object takes up its count of uses where it was. If both experts have the same
//! victim, nobody is to blame, and it is forgotten. O(log n) a request for n residents, a heap.
//!
//! The rules are those of the authors' program (`lecar.py` beside CACHEUS); the paper's text was not
//! at hand. There each history has half as many entries as the cache. It breaks LFU's ties by block
//! number; here, as numbers should not matter, the longest unused leaves. In it weights are single
//! precision. The program has one size of object; with sizes, histories count sizes, and the number
//! of residents stands for N. A transcription of the program, with our draws, ties and double
//! precision, misses exactly as often. Draws come from the stream `lecar` under the run's seed, one a
//! victim.
//!
//! `rules=libcachesim` is that program's policy of this name. What comes back starts at a count of
//! 1, so that LFU cannot tell what was popular before; weights have no bound (1e-10 is added to
//! each), and draws are in hundredths. N is the capacity, in bytes if that is its unit, where d^t is
//! all but 1.
//!
//! Removal other than by eviction leaves no history. State: 29 bytes an object and 24 a resident.

use cache::prelude::*;
use trace::stream::Stream;

use crate::heap::Heap;
use crate::lists::Lists;

cache::policy! {
    #[doc = "LRU or LFU evicts, by a draw that favours whose victims stay away"]
    LeCaR = "lecar" {
        family: Adaptive,
        aliases: [],
        paper: ("Vietri, Rodriguez, Martinez, Lyons, Liu, Rangaswami, Zhao and Narasimhan, Driving cache replacement with ML-based LeCaR", "HotStorage '18", ""),
    }
}

/// Whose LeCaR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rules {
    /// Its authors'.
    Authors,
    /// The simulator's of that name.
    LibCacheSim,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// How much a regret counts.
    #[schemars(range(min = 0.0))]
    pub learning_rate: f64,
    /// LRU's weight at first.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub initial_weight: f64,
    /// What a history remembers, as a share of the capacity.
    #[schemars(range(min = 0.0))]
    pub history_ratio: f64,
    /// Whose LeCaR: `authors` or `libcachesim`.
    pub rules: Rules,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            learning_rate: 0.45,
            initial_weight: 0.5,
            history_ratio: 0.5,
            rules: Rules::Authors,
        }
    }
}

/// The experts, by which weights are indexed.
const LRU: usize = 0;
const LFU: usize = 1;

/// The histories, by expert, and the residents, last used in front.
const HISTORIES: [u8; 2] = [0, 1];
const RESIDENTS: u8 = 2;

/// d^t after N requests.
const DISCOUNT: f64 = 0.005;

/// The most an expert may weigh.
const MOST: f64 = 0.99;

/// libCacheSim adds this, so that no weight is 0.
const TINY: f64 = 1e-10;

/// What is remembered of an object.
#[derive(Debug, Clone, Copy, Default)]
struct Past {
    uses: u32,
    /// When it was evicted.
    left: u64,
}

/// The policy.
#[derive(Debug)]
pub struct LeCaR {
    lists: Lists,
    /// Residents by uses, then by the time of the last one.
    heap: Heap<(u32, u64)>,
    /// By object; of those in a history.
    past: Vec<Past>,
    weights: [f64; 2],
    draws: Stream,
    /// The uses that the object now missed is to start with.
    uses: u32,
    history_capacity: u64,
    setup: Setup,
    params: Params,
}

impl LeCaR {
    /// Less weight for an expert whose victim came back `elapsed` requests after it left.
    fn blame(&mut self, expert: usize, elapsed: u64, residents: &Residents) {
        let by_residents =
            self.setup.unit == Unit::Bytes && self.params.rules == Rules::Authors;
        let n = if by_residents { residents.len().max(1) as u64 } else { self.setup.capacity };
        let regret = libm::exp(libm::log(DISCOUNT) * elapsed as f64 / n as f64);
        self.weights[expert] *= libm::exp(-self.params.learning_rate * regret);
        if self.params.rules == Rules::LibCacheSim {
            self.weights = self.weights.map(|weight| weight + TINY);
        }
        let sum: f64 = self.weights.iter().sum();
        self.weights = self.weights.map(|weight| weight / sum);
        if self.params.rules == Rules::Authors {
            self.weights = self.weights.map(|weight| weight.clamp(1.0 - MOST, MOST));
        }
    }

    /// Draws an expert.
    #[inline]
    fn choose(&mut self) -> usize {
        let chance = match self.params.rules {
            Rules::Authors => self.weights[LRU],
            Rules::LibCacheSim => (self.weights[LRU] * 100.0).ceil() / 100.0,
        };
        if self.draws.uniform() < chance { LRU } else { LFU }
    }

    fn trim(&mut self, history: u8, residents: &Residents) {
        while self.lists.weight(history) > self.history_capacity {
            let oldest = self.lists.back(history).expect("it weighs something");
            self.lists.remove(oldest, residents.size_of(oldest));
        }
    }
}

impl Eviction for LeCaR {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("initial-weight", params.initial_weight)?;
        let Params { learning_rate, history_ratio, .. } = *params;
        if !(learning_rate >= 0.0 && history_ratio >= 0.0) {
            let what = "`learning-rate` and `history-ratio` are expected to be at least 0";
            return Err(ParamError(what.into()));
        }
        Ok(LeCaR {
            lists: Lists::new(setup.n_objects, 3),
            heap: Heap::new(setup.n_objects),
            past: vec![Past::default(); setup.n_objects as usize],
            weights: [params.initial_weight, 1.0 - params.initial_weight],
            draws: Stream::new(setup.seed, "lecar"),
            uses: 1,
            history_capacity: setup.share(history_ratio),
            setup: *setup,
            params: params.clone(),
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let Request { object, seq: now, .. } = *request;
        self.lists.move_to_front(RESIDENTS, object, residents.size_of(object));
        let (uses, _) = self.heap.key(object);
        self.heap.change(object, (uses.saturating_add(1), now));
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        let Request { object, seq: now, .. } = *request;
        self.uses = 1;
        if let Some(history) = self.lists.home(object) {
            let Past { uses, left } = self.past[object.index()];
            self.lists.remove(object, residents.size_of(object));
            self.blame(history.into(), now.saturating_sub(left), residents);
            if self.params.rules == Rules::Authors {
                self.uses = uses.saturating_add(1);
            }
        }
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, residents: &Residents) -> ObjectId {
        let expert = self.choose();
        let oldest = self.lists.back(RESIDENTS).expect("called while something is resident");
        let ((_, _), rarest) = self.heap.min().expect("called while something is resident");
        let victim = if expert == LRU { oldest } else { rarest };
        let (uses, _) = self.heap.key(victim);
        let size = residents.size_of(victim);
        self.heap.remove(victim);
        if oldest == rarest {
            self.lists.remove(victim, size);
        } else {
            self.lists.move_to_front(HISTORIES[expert], victim, size);
            self.past[victim.index()] = Past { uses, left: incoming.seq };
            self.trim(HISTORIES[expert], residents);
        }
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.lists.push_front(RESIDENTS, request.object, request.size);
        self.heap.push(request.object, (self.uses, request.seq));
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.lists.remove(object, residents.size_of(object));
        self.heap.remove(object);
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
        assert_eq!(self.lists.len(RESIDENTS), residents.len() as u64);
        assert_eq!(self.heap.len(), residents.len());
        assert!(self.heap.iter().all(|(_, object)| residents.contains(object)));
        assert!(self.lists.iter(RESIDENTS).all(|object| residents.contains(object)));
        for history in HISTORIES {
            assert!(self.lists.weight(history) <= self.history_capacity);
        }
        assert!((self.weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    fn state_bytes(&self) -> usize {
        self.lists.state_bytes()
            + self.heap.state_bytes()
            + self.past.len() * size_of::<Past>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::check_example;

    /// Both evict B for C, as A was used more, and last; then C for B.
    #[test]
    fn where_experts_agree_chance_has_no_say() {
        check_example("lecar", 2, "A B A A C A B A A", "M M H H M H M H H");
    }

    /// At the ends of the weights one expert is listened to, until a regret.
    #[test]
    fn an_expert_of_all_the_weight_is_alone() {
        check_example("lecar:initial-weight=1.0", 2, "A A B C C B A", "M H M M H H M");
        check_example("lecar:initial-weight=0.0", 2, "A A B C C A", "M H M M H H");
    }

    /// A victim of LRU comes back after 1 request; d^2 = 0.005, as the capacity is 2.
    /// 0.5 × exp(-0.45 × 0.0707) = 0.4843 is 49.20 % of the sum.
    #[test]
    fn a_regret_costs_weight() {
        let setup = Setup {
            capacity: 2,
            unit: Unit::Objects,
            n_objects: 3,
            n_requests: 10,
            seed: 1,
        };
        let mut policy = LeCaR::new(&setup, &Params::default()).unwrap();
        let cache = cache::Cache::new(&setup, LeCaR::new(&setup, &Params::default()).unwrap());
        policy.blame(LRU, 1, cache.residents());
        let [lru, lfu] = policy.weights;
        assert!((lru - 0.4920).abs() < 0.0001 && (lru + lfu - 1.0).abs() < 1e-12, "{lru}");
        (0..1000).for_each(|_| policy.blame(LRU, 0, cache.residents()));
        assert!((policy.weights[LRU] - 0.01).abs() < 1e-12);
    }
}
