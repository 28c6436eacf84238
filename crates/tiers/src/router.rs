//! In which order a read asks the tiers: one after the other, several at once, or from where the
//! object is expected.
//!
//! **Hedged.** The legs of a race start a fixed time after the first. In the meaning `first-hit` a
//! miss is no answer: the race is won by the first hit, and only if all legs miss does the read go on
//! below. In `first-settled` the first answer ends the race and a miss is one: then the read goes to
//! the origin's side though a slower leg might have had the object. The second is what a race of
//! promises does in most languages, and almost never what was meant: a near tier misses sooner than a
//! far one hits.
//!
//! **Predicted path.** [`PathPredictor`] names the first tier to ask. [`FrequencyPath`] learns online,
//! for classes of objects by how often and how lately they were read, the share of lookups that each
//! tier answers and what hits, misses and answers from below take; it skips a tier where the time
//! that the lookup would likely waste is more than what it would likely save. One read in 64 asks all
//! tiers, so that what is skipped is still learnt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::Nanos;
use trace::{ObjectId, Trace};

use crate::Router;
use crate::stack::MOST_TIERS;

/// A race between tiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hedge {
    /// The legs, by rising tier.
    pub legs: Vec<HedgeLeg>,
    /// What ends the race.
    pub settle: Settle,
    /// What a leg's miss does for the next.
    pub on_miss: OnMiss,
    /// Whether legs that still wait in a queue when the race is over are withdrawn. Those in service
    /// are not: their load is spent.
    pub cancel: bool,
}

/// One tier of a race.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HedgeLeg {
    /// Which tier.
    pub tier: usize,
    /// How long after the first leg it starts.
    pub after: Nanos,
}

/// What ends a race.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Settle {
    /// The first hit; a miss is no answer.
    #[default]
    FirstHit,
    /// The first answer, a miss being one.
    FirstSettled,
}

/// What a leg's miss does for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnMiss {
    /// It starts at once.
    #[default]
    LaunchNext,
    /// It starts when its time comes.
    WaitForTimer,
}

/// The settings of a predicted path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Predicted;

/// Names the tier to ask first.
pub trait PathPredictor: Send {
    /// The first tier to ask for the object, and a class to learn under. Called once a read, in the
    /// order of arrival.
    fn first_tier(&mut self, object: ObjectId, request: u64) -> (usize, u8);
    /// A tier was asked by a read of this class, and answered or missed after so long.
    fn learn(&mut self, class: u8, tier: usize, hit: bool, took_ns: u64);
    /// A read of this class that this tier missed had its answer so long after it went on.
    fn learn_below(&mut self, tier: usize, took_ns: u64);
}

/// The state of a router over a run.
pub(crate) enum Route {
    Sequential,
    Hedged(Hedge),
    Predicted(Box<dyn PathPredictor>),
}

impl Route {
    pub(crate) fn new(router: &Router, trace: &Trace, n_tiers: usize) -> Self {
        match router {
            Router::Sequential => Route::Sequential,
            Router::Hedged(hedge) if hedge.legs.len() < 2 => Route::Sequential,
            Router::Hedged(hedge) => Route::Hedged(hedge.clone()),
            Router::Predicted(_) => {
                Route::Predicted(Box::new(FrequencyPath::new(trace.n_objects(), n_tiers)))
            }
        }
    }
}

/// One read in so many asks all tiers.
const EXPLORE: u64 = 64;
/// Classes by reads so far: 1, 2-3, 4-7, 8 and more.
const FREQUENCIES: u8 = 4;
/// Classes by requests since the last read, in powers of four; the last is "never".
const RECENCIES: u8 = 16;
/// Estimates forget: beyond this many observations, the oldest weigh less and less.
const MEMORY: f64 = 1000.0;

/// Learns online which tiers are worth asking.
#[derive(Debug)]
pub struct FrequencyPath {
    /// By object: number of the last read plus one; 0 is never.
    last: Vec<u32>,
    reads: Vec<u8>,
    /// Share of lookups that hit, by tier and class.
    hit: Vec<[Mean; (FREQUENCIES * RECENCIES) as usize]>,
    tiers: Vec<TierTimes>,
}

#[derive(Debug, Clone, Copy, Default)]
struct TierTimes {
    hit: Mean,
    miss: Mean,
    below: Mean,
}

/// A mean that forgets.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    value: f64,
    n: f64,
}

impl Mean {
    fn learn(&mut self, value: f64) {
        self.n = (self.n + 1.0).min(MEMORY);
        self.value += (value - self.value) / self.n;
    }
}

impl FrequencyPath {
    /// Knows nothing yet.
    pub fn new(n_objects: u32, n_tiers: usize) -> Self {
        FrequencyPath {
            last: vec![0; n_objects as usize],
            reads: vec![0; n_objects as usize],
            hit: vec![[Mean::default(); (FREQUENCIES * RECENCIES) as usize]; n_tiers],
            tiers: vec![TierTimes::default(); n_tiers.min(MOST_TIERS)],
        }
    }

    fn class(&self, object: ObjectId, request: u64) -> u8 {
        let reads = self.reads[object.index()];
        let frequency = (u8::BITS - reads.leading_zeros()).min(u32::from(FREQUENCIES) - 1) as u8;
        let recency = match self.last[object.index()] {
            0 => RECENCIES - 1,
            last => {
                let since = (request + 1).saturating_sub(u64::from(last)).max(1);
                (since.ilog2() / 2).min(u32::from(RECENCIES) - 2) as u8
            }
        };
        frequency * RECENCIES + recency
    }

    /// Asking costs the time of a miss, likely in vain; skipping costs, if the object is there, what
    /// the tiers below take longer than a hit.
    fn is_worth_asking(&self, tier: usize, class: u8) -> bool {
        let hit = self.hit[tier][class as usize];
        let times = self.tiers[tier];
        if hit.n < 8.0 || times.below.n == 0.0 || times.miss.n == 0.0 {
            return true;
        }
        let saved = (times.below.value - times.hit.value).max(0.0);
        hit.value * saved >= (1.0 - hit.value) * times.miss.value
    }
}

impl PathPredictor for FrequencyPath {
    fn first_tier(&mut self, object: ObjectId, request: u64) -> (usize, u8) {
        let class = self.class(object, request);
        self.last[object.index()] = u32::try_from(request + 1).unwrap_or(u32::MAX);
        let reads = &mut self.reads[object.index()];
        *reads = reads.saturating_add(1);
        if request.is_multiple_of(EXPLORE) {
            return (0, class);
        }
        let first = (0..self.tiers.len()).find(|tier| self.is_worth_asking(*tier, class));
        (first.unwrap_or(self.tiers.len()), class)
    }

    fn learn(&mut self, class: u8, tier: usize, hit: bool, took_ns: u64) {
        self.hit[tier][class as usize].learn(f64::from(u8::from(hit)));
        let times = &mut self.tiers[tier];
        if hit { &mut times.hit } else { &mut times.miss }.learn(took_ns as f64);
    }

    fn learn_below(&mut self, tier: usize, took_ns: u64) {
        self.tiers[tier].below.learn(took_ns as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_that_never_has_it_is_skipped_and_still_explored() {
        let mut path = FrequencyPath::new(10, 2);
        for request in 0..1000 {
            let (first, class) = path.first_tier(ObjectId(1), request);
            if first == 0 {
                path.learn(class, 0, false, 1_000);
                path.learn_below(0, 5_000);
            }
            path.learn(class, 1, true, 4_000);
        }
        let (first, _) = path.first_tier(ObjectId(1), 1_001);
        assert_eq!(first, 1);
        let (first, _) = path.first_tier(ObjectId(1), 1_024);
        assert_eq!(first, 0, "one read in 64 asks all");
        let (first, _) = path.first_tier(ObjectId(2), 1_025);
        assert_eq!(first, 0, "nothing is known of this class");
    }
}
