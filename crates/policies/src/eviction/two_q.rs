//! 2Q: a FIFO queue on trial, a memory of what left it, and an LRU list for what came back.
//!
//! New objects enter A1in, a FIFO queue of a quarter of the capacity. What leaves it is forgotten
//! but for its id, in A1out. An object requested again while its id is there is wanted more than
//! for a short burst and enters Am, an LRU list. Hits in A1in change nothing, so bursts count once.
//! A victim comes from A1in if that is over its share (or Am is empty), else from Am. O(1) a
//! request.
//!
//! Parameters: Kin is `in-ratio` of the capacity and Kout, in objects as large as it, `out-ratio`:
//! 25 % and 50 %, as the paper advises. With sizes both count sizes. Kin is at least 1.
//!
//! That is the paper's full version. `version=simplified` is its first, without the memory: a hit in
//! A1in moves the object to Am at once, and what leaves A1in is forgotten.
//!
//! `rules=libcachesim` is that program's version. The id leaves A1out before room is made, so an
//! older one can stay in its place; objects larger than Kin are refused; and with sizes Am makes
//! room within its own share, the capacity less Kin.
//!
//! State: 9 bytes an object.

use cache::prelude::*;

use crate::lists::Lists;

cache::policy! {
    #[doc = "A FIFO queue on trial; what is wanted again after leaving it goes to an LRU list"]
    TwoQ = "2q" {
        family: Queues,
        aliases: ["two-q", "twoq"],
        paper: ("Johnson and Shasha, 2Q: a low overhead high performance buffer management replacement algorithm", "VLDB '94", ""),
    }
}

/// Whose 2Q.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rules {
    /// The paper's.
    Paper,
    /// The simulator's of that name.
    LibCacheSim,
}

/// Which of the paper's two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Version {
    /// With A1out.
    Full,
    /// A second use while on trial is enough.
    Simplified,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Kin: share of the capacity for objects on trial.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub in_ratio: f64,
    /// Kout: what A1out remembers, as a share of the capacity.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub out_ratio: f64,
    /// Which 2Q: `full` or `simplified`, which does without A1out.
    pub version: Version,
    /// Whose 2Q: `paper` or `libcachesim`.
    pub rules: Rules,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            in_ratio: 0.25,
            out_ratio: 0.5,
            version: Version::Full,
            rules: Rules::Paper,
        }
    }
}

/// Used more than once, last used in front.
const AM: u8 = 0;
/// On trial, newest in front.
const A1_IN: u8 = 1;
/// Ids of what left A1in, newest in front.
const A1_OUT: u8 = 2;

/// The policy.
#[derive(Debug)]
pub struct TwoQ {
    lists: Lists,
    k_in: u64,
    k_out: u64,
    /// Share of Am under libCacheSim's rules.
    k_main: u64,
    rules: Rules,
    simplified: bool,
    /// Size in A1out of the object now missed, if it is remembered.
    remembered: Option<u64>,
}

impl TwoQ {
    /// Remembers an object that leaves A1in.
    #[inline]
    fn move_out(&mut self, object: ObjectId, residents: &Residents) {
        let size = residents.size_of(object);
        if size > self.k_out {
            self.lists.remove(object, size);
            return;
        }
        while self.lists.weight(A1_OUT) + size > self.k_out {
            let oldest = self.lists.back(A1_OUT).expect("it weighs something");
            self.lists.remove(oldest, residents.size_of(oldest));
        }
        self.lists.move_to_front(A1_OUT, object, size);
    }
}

impl Eviction for TwoQ {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("in-ratio", params.in_ratio)?;
        ParamError::check_share("out-ratio", params.out_ratio)?;
        let simplified = params.version == Version::Simplified;
        if simplified && params.rules == Rules::LibCacheSim {
            return Err(ParamError("`rules=libcachesim` knows no `version=simplified`".into()));
        }
        let k_in = setup.share(params.in_ratio).max(1);
        Ok(TwoQ {
            lists: Lists::new(setup.n_objects, 3),
            k_in,
            k_out: if simplified { 0 } else { setup.share(params.out_ratio) },
            k_main: setup.capacity - k_in,
            rules: params.rules,
            simplified,
            remembered: None,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        if self.simplified || self.lists.home(request.object) == Some(AM) {
            self.lists.move_to_front(AM, request.object, residents.size_of(request.object));
        }
    }

    #[inline]
    fn on_miss(&mut self, request: &Request, residents: &Residents) {
        self.remembered =
            self.lists.home(request.object).map(|_| residents.size_of(request.object));
        if self.rules == Rules::LibCacheSim
            && let Some(size) = self.remembered
        {
            self.lists.remove(request.object, size);
        }
    }

    #[inline]
    fn accepts(&self, request: &Request, _residents: &Residents) -> bool {
        self.rules == Rules::Paper || request.size <= self.k_in
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        match self.lists.back(AM) {
            Some(victim) if self.lists.weight(A1_IN) <= self.k_in => {
                self.lists.remove(victim, residents.size_of(victim));
                self.lists.touch_back(AM);
                victim
            }
            _ => {
                let victim = self.lists.back(A1_IN).expect("called while something is resident");
                self.move_out(victim, residents);
                self.lists.touch_back(A1_IN);
                victim
            }
        }
    }

    #[inline]
    fn shed(&mut self, request: &Request, residents: &Residents) -> Option<ObjectId> {
        let overflows = self.rules == Rules::LibCacheSim
            && self.remembered.is_some()
            && self.lists.weight(AM) + request.size > self.k_main
            && !residents.contains(request.object);
        let victim = self.lists.back(AM).filter(|_| overflows)?;
        self.lists.remove(victim, residents.size_of(victim));
        Some(victim)
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let Some(size) = self.remembered else {
            self.lists.push_front(A1_IN, request.object, request.size);
            return true;
        };
        // Making room may have pushed the id out of A1out; the object is wanted all the same.
        if self.lists.home(request.object).is_some() {
            self.lists.remove(request.object, size);
        }
        self.lists.push_front(AM, request.object, request.size);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.lists.remove(object, residents.size_of(object));
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.lists.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.lists.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.lists.check(|object| residents.size_of(object));
        assert_eq!(self.lists.len(AM) + self.lists.len(A1_IN), residents.len() as u64);
        let mut inside = self.lists.iter(AM).chain(self.lists.iter(A1_IN));
        assert!(inside.all(|object| residents.contains(object)));
        assert!(self.lists.iter(A1_OUT).all(|object| !residents.contains(object)));
        assert!(self.lists.weight(A1_OUT) <= self.k_out);
    }

    fn state_bytes(&self) -> usize {
        self.lists.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// Capacity 4: Kin 1, Kout 2.
    #[test]
    fn what_comes_back_after_its_trial_is_kept() {
        // E pushes A to A1out, from where A goes to Am; F, G, H pass through A1in.
        check_example("2q", 4, "A B C D E A F G H A", "M M M M M M M M M H");
    }

    #[test]
    fn a_burst_on_trial_counts_once() {
        check_example("2q", 4, "A A A B C D E A", "M H H M M M M M");
    }

    /// A goes to Am at its second use, so B to D pass it by.
    #[test]
    fn simplified_a_second_use_on_trial_is_enough() {
        check_example("2q:version=simplified", 3, "A A B C D E A", "M H M M M M H");
        check_example("2q:version=full", 3, "A A B C D E A", "M H M M M M M");
    }

    /// A1out holds A and B when B is missed, and room for B pushes C into it. In the paper B still
    /// takes a place there, so A is lost and comes back on trial only, from where G, H, I push it.
    #[test]
    fn the_paper_forgets_the_id_after_making_room() {
        let requests = "A B C D E F B A G H I A";
        check_example("2q", 4, requests, "M M M M M M M M M M M M");
        check_example("2q:rules=libcachesim", 4, requests, "M M M M M M M M M M M H");
    }
}
