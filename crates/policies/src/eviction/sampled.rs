//! Sampled eviction: of a few residents drawn at random, the worst by a simple order leaves.
//!
//! No order is kept: what is known of an object is written on a hit and compared when the object is
//! drawn. With 8 samples the victim is among the worst 8.3 % of the residents half the time, and among
//! the worst 31 % 19 times in 20. `order` says who is worst:
//! - `lru`: its last use is longest ago; `mru`: is most recent,
//! - `lfu`: the fewest uses since insertion; `mfu`: the most,
//! - `fifo`: it came in longest ago,
//! - `hyperbolic`: the fewest uses for the time since it came in (see `hyperbolic`).
//!
//! O(samples) an eviction. These are the sampled policies of Caffeine's simulator, with its default of
//! 8 samples and its default way of drawing: each sample is any resident, with replacement. Among
//! equals the first drawn leaves. Sizes play no part, but that victims leave until the object fits.
//!
//! Samples come from the stream `sampled` under the run's seed, one number for each (see `roster`).
//! State: 4 bytes an object and 16 a resident. Times are kept modulo 2^32, as in `hyperbolic`.

use cache::prelude::*;

use crate::roster::{Roster, Sampler, least};

cache::policy! {
    #[doc = "Of a few residents drawn at random, evicts the worst by a simple order"]
    Sampled = "sampled" {
        family: Random,
        aliases: [],
        paper: ("Psounis and Prabhakar, A randomized Web-cache replacement scheme", "INFOCOM '01", ""),
    }
}

/// Who is worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The last use longest ago.
    Lru,
    /// The most recent last use.
    Mru,
    /// The fewest uses.
    Lfu,
    /// The most uses.
    Mfu,
    /// Insertion longest ago.
    Fifo,
    /// The fewest uses for the time since insertion.
    Hyperbolic,
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Who is worst: `lru`, `mru`, `lfu`, `mfu`, `fifo` or `hyperbolic`.
    pub order: Order,
    /// Residents drawn for an eviction.
    #[schemars(range(min = 1))]
    pub samples: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { order: Order::Lru, samples: 8 }
    }
}

/// What is known of a resident. Times are modulo 2^32.
#[derive(Debug, Clone, Copy)]
struct Known {
    uses: u32,
    entered: u32,
    last_use: u32,
}

/// The policy.
#[derive(Debug)]
pub struct Sampled {
    roster: Roster<Known>,
    sampler: Sampler,
    order: Order,
    samples: u32,
}

impl Eviction for Sampled {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        if params.samples == 0 {
            return Err(ParamError("`samples` is 0, expected at least 1".into()));
        }
        Ok(Sampled {
            roster: Roster::new(setup.n_objects),
            sampler: Sampler::new(setup.seed, "sampled"),
            order: params.order,
            samples: params.samples,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, _residents: &Residents) {
        let known = self.roster.get_mut(request.object);
        known.uses = known.uses.saturating_add(1);
        known.last_use = request.seq as u32;
    }

    #[inline]
    fn evict(&mut self, incoming: &Request, _residents: &Residents) -> ObjectId {
        let since = |time: u32| (incoming.seq as u32).wrapping_sub(time);
        let age = |known: &Known| u64::from(since(known.entered));
        let sample = self.sampler.sample(&self.roster, self.samples);
        let (victim, _) = *match self.order {
            Order::Lru => least(sample, |(_, a), (_, b)| since(a.last_use) > since(b.last_use)),
            Order::Mru => least(sample, |(_, a), (_, b)| since(a.last_use) < since(b.last_use)),
            Order::Lfu => least(sample, |(_, a), (_, b)| a.uses < b.uses),
            Order::Mfu => least(sample, |(_, a), (_, b)| a.uses > b.uses),
            Order::Fifo => least(sample, |(_, a), (_, b)| since(a.entered) > since(b.entered)),
            Order::Hyperbolic => least(sample, |(_, a), (_, b)| {
                u64::from(a.uses) * age(b) < u64::from(b.uses) * age(a)
            }),
        };
        self.roster.remove(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let now = request.seq as u32;
        self.roster.push(request.object, Known { uses: 1, entered: now, last_use: now });
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, _residents: &Residents) {
        self.roster.remove(object);
    }

    #[inline]
    fn touch(&self, upcoming: ObjectId) {
        self.roster.touch(upcoming);
    }

    #[inline]
    fn approach(&self, upcoming: ObjectId) {
        self.roster.touch_member(upcoming);
    }

    fn check(&self, residents: &Residents) {
        self.roster.check(residents);
    }

    fn state_bytes(&self) -> usize {
        self.roster.state_bytes()
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check_example;

    /// That 64 draws miss one of two residents happens once in 2^63 runs. When C comes, A was used
    /// twice and came first, B was used once and last.
    #[test]
    fn the_worst_leaves() {
        for (order, outcome) in [
            ("lru", "M H M M M"),
            ("fifo", "M H M M M"),
            ("mfu", "M H M M M"),
            ("mru", "M H M M H"),
            ("lfu", "M H M M H"),
        ] {
            let spec = format!("sampled:order={order},samples=64");
            check_example(&spec, 2, "A A B C A", outcome);
        }
        let hyperbolic = "sampled:order=hyperbolic,samples=64";
        check_example(hyperbolic, 2, "A A A B C A C B", "M H H M M M H M");
    }
}
