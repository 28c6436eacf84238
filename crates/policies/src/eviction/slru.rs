//! Segmented LRU: a use moves an object up a segment, and what overflows a segment moves down.
//!
//! The paper has two LRU segments. Objects enter the probationary one. A second use moves them to
//! the protected one, whose share is fixed; what it cannot hold goes back to the front of the
//! probationary one, for another chance. Victims come from the back of the lowest segment that is
//! not empty, so an object used once never displaces one used twice. O(1) a request and segment.
//!
//! The paper tunes the shares; here the protected segment has 80 % unless said otherwise, and there
//! may be any number of segments. The lowest one takes what the others leave. With sizes the same
//! rules hold, by the sums of sizes.
//!
//! `fill=share` bounds the lowest segment by its share as well: what overflows it leaves, although
//! other segments may have room. That is S4LRU's rule, see [`s4lru`](super::s4lru). Objects larger
//! than the lowest segment are refused.
//!
//! `fill=room` is libCacheSim's rule. A new object enters the lowest segment that has room, so a
//! cache that is filling up takes new objects into upper segments; if none has room it enters the
//! lowest, which then exceeds its share until a hit next overflows it. Objects larger than the
//! lowest segment are refused. `slru:weights=1:1:1:1,fill=room` is that program's default.
//!
//! State: 9 bytes an object.

use cache::prelude::*;

use crate::lists::Lists;

cache::policy! {
    #[doc = "LRU in segments: each use moves an object up, overflow moves it down"]
    Slru = "slru" {
        family: Queues,
        aliases: ["segmented-lru"],
        paper: ("Karedla, Love and Wherry, Caching strategies to improve disk system performance", "IEEE Computer 27(3), 1994", "10.1109/2.268884"),
    }
}

/// Where new objects go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    /// To the lowest segment: the paper's rule.
    Lowest,
    /// To the lowest segment, which keeps to its share: S4LRU's rule.
    Share,
    /// To the lowest segment that has room, or else the lowest: libCacheSim's rule.
    Room,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Shares of the segments from the lowest up, one number each, as in 1:4.
    #[serde(deserialize_with = "weights")]
    pub weights: String,
    /// Where new objects go: `lowest` (the paper), `share` (the same, within its share) or `room`.
    pub fill: Fill,
}

/// A single weight arrives as a number.
fn weights<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(weights) => weights,
        other => other.to_string(),
    })
}

impl Default for Params {
    fn default() -> Self {
        Params { weights: "1:4".into(), fill: Fill::Lowest }
    }
}

impl Params {
    fn capacities(&self, capacity: u64) -> Result<Vec<u64>, ParamError> {
        let weights: Option<Vec<u32>> =
            self.weights.split(':').map(|weight| weight.trim().parse().ok()).collect();
        let weights = weights
            .filter(|weights| weights.len() <= 255 && weights.iter().all(|weight| *weight > 0))
            .ok_or_else(|| {
                let got = &self.weights;
                ParamError(format!("`weights` is `{got}`, expected positive numbers, as in 1:4"))
            })?;
        let sum: f64 = weights.iter().copied().map(f64::from).sum();
        let share = |weight: u32| (capacity as f64 * f64::from(weight) / sum) as u64;
        Ok(weights.into_iter().map(share).collect())
    }
}

/// The policy.
#[derive(Debug)]
pub struct Slru {
    /// The segments from the lowest up, each with its last used in front.
    segments: Lists,
    capacities: Vec<u64>,
    fill: Fill,
    /// Something came down to the lowest segment, or is to enter it, which has to keep its share.
    shedding: bool,
}

impl Slru {
    /// Moves what overflows `segment` and those below it down, the lowest apart.
    #[inline]
    fn settle(&mut self, segment: u8, residents: &Residents) {
        for upper in (1..=segment).rev() {
            while self.segments.weight(upper) > self.capacities[usize::from(upper)] {
                let last = self.segments.back(upper).expect("it weighs something");
                self.segments.move_to_front(upper - 1, last, residents.size_of(last));
                self.segments.touch_back(upper);
                self.shedding |= upper == 1 && self.fill != Fill::Lowest;
            }
        }
    }

    fn numbers(&self) -> std::ops::Range<u8> {
        0..self.capacities.len() as u8
    }
}

impl Eviction for Slru {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        let capacities = params.capacities(setup.capacity)?;
        let segments = Lists::new(setup.n_objects, capacities.len() as u8);
        Ok(Slru { segments, capacities, fill: params.fill, shedding: false })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let object = request.object;
        let segment = self.segments.home(object).expect("residents have a segment");
        let target = (segment + 1).min(self.capacities.len() as u8 - 1);
        self.segments.move_to_front(target, object, residents.size_of(object));
        if target != segment {
            self.settle(target, residents);
        }
    }

    #[inline]
    fn on_miss(&mut self, _request: &Request, _residents: &Residents) {
        self.shedding = self.fill == Fill::Share;
    }

    #[inline]
    fn accepts(&self, request: &Request, _residents: &Residents) -> bool {
        self.fill == Fill::Lowest || request.size <= self.capacities[0]
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        let victim = self.numbers().find_map(|segment| self.segments.back(segment));
        let victim = victim.expect("called while something is resident");
        let segment = self.segments.home(victim).expect("it was at a back");
        self.segments.remove(victim, residents.size_of(victim));
        self.segments.touch_back(segment);
        victim
    }

    #[inline]
    fn shed(&mut self, request: &Request, residents: &Residents) -> Option<ObjectId> {
        let incoming = if residents.contains(request.object) { 0 } else { request.size };
        self.shedding &= self.segments.weight(0) + incoming > self.capacities[0];
        self.shedding.then(|| self.evict(request, residents))
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let has_room = |segment: &u8| {
            let occupied = self.segments.weight(*segment);
            occupied + request.size <= self.capacities[usize::from(*segment)]
        };
        let segment = match self.fill {
            Fill::Lowest | Fill::Share => 0,
            Fill::Room => self.numbers().find(has_room).unwrap_or(0),
        };
        self.segments.push_front(segment, request.object, request.size);
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.segments.remove(object, residents.size_of(object));
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.segments.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.segments.touch_neighbours(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.segments.check(|object| residents.size_of(object));
        for segment in self.numbers() {
            assert!(self.segments.iter(segment).all(|object| residents.contains(object)));
            let within = self.segments.weight(segment) <= self.capacities[usize::from(segment)];
            let bounded = segment > 0 || self.fill == Fill::Share;
            assert!(within || !bounded, "segment {segment} overflows");
        }
        let n_listed: u64 = self.numbers().map(|segment| self.segments.len(segment)).sum();
        assert_eq!(n_listed, residents.len() as u64);
    }

    fn state_bytes(&self) -> usize {
        self.segments.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// Capacity 3: two places are protected.
    #[test]
    fn a_scan_does_not_displace_what_was_used_twice() {
        check_example("slru", 3, "A B A B C D E A B", "M M H H M M M H H");
        check_example("lru", 3, "A B A B C D E A B", "M M H H M M M M M");
    }

    #[test]
    fn what_overflows_the_protected_segment_gets_another_chance() {
        // Protected holds one of two. A, then B move up; B pushes A down, C takes A's place.
        check_example("slru:weights=1:1", 2, "A A B B C B A", "M H M H M H M");
        // A comes back up in time and pushes B down.
        check_example("slru:weights=1:1", 2, "A A B B A C A B", "M H M H H M H M");
    }

    #[test]
    fn room_takes_new_objects_into_upper_segments() {
        // A and B fill both segments unused; C takes A's place, as B is in the upper one.
        check_example("slru:weights=1:1,fill=room", 2, "A B C B A", "M M M H M");
        check_example("slru:weights=1:1,fill=lowest", 2, "A B C A B", "M M M M M");
    }
}
