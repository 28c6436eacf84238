//! TinyLFU: who asks to come in must have been asked for more often than who would have to go.
//!
//! A sketch of 4-bit counters estimates how often each object, resident or not, was requested of
//! late; all counters are halved every 10 × capacity requests. On a miss with a full cache, the object
//! comes in only if its estimate is larger than the victim's. O(1) a request, amortised.
//!
//! The paper asks the eviction policy for its victim. Most policies here find it only by evicting
//! it, so the victim is stood in for: `samples` residents are drawn, and the least often asked for of
//! them is compared, which is whom a sampled LFU would evict. That fits any eviction policy, and is
//! not the paper's rule: over LRU it differs from the eviction policy `tiny-lfu`, which has LRU's own
//! victim. The number of samples, 5, is what Redis draws.
//!
//! As there, the sketch hashes dense object numbers; with sizes, the number of residents stands for
//! the capacity in the period, and an object that needs the place of several is compared with one.
//!
//! State: 4 bytes an object, 4 a resident, and 8 to 16 for each object that fits.

use cache::prelude::*;
use trace::stream::Stream;

use crate::roster::Roster;
use crate::sketch::Sketch;

cache::admission! {
    #[doc = "Lets in what was asked for more often than the least popular of some residents"]
    TinyLfu = "tiny-lfu" {
        aliases: ["tinylfu"],
        paper: ("Einziger, Friedman and Manes, TinyLFU: a highly efficient cache admission policy", "ACM Transactions on Storage 13(4), 2017", "10.1145/3149371"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Requests after which all counts are halved, for each object that fits the cache.
    #[schemars(range(min = 1))]
    pub period: u32,
    /// Keep first requests out of the counters, in a Bloom filter.
    pub doorkeeper: bool,
    /// How many residents are drawn to find the one to compare with.
    #[schemars(range(min = 1))]
    pub samples: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { period: 10, doorkeeper: false, samples: 5 }
    }
}

/// The policy.
#[derive(Debug)]
pub struct TinyLfu {
    sketch: Sketch,
    roster: Roster,
    draws: Stream,
    setup: Setup,
    period: u64,
    samples: u32,
}

impl Admission for TinyLfu {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        for (name, value) in [("period", params.period), ("samples", params.samples)] {
            if value == 0 {
                return Err(ParamError(format!("`{name}` is 0, expected at least 1")));
            }
        }
        let n_fit = setup.capacity.min(u64::from(setup.n_objects));
        Ok(TinyLfu {
            sketch: Sketch::new(n_fit, params.doorkeeper),
            roster: Roster::new(setup.n_objects),
            draws: Stream::new(setup.seed, "admission/tiny-lfu"),
            setup: *setup,
            period: params.period.into(),
            samples: params.samples,
        })
    }

    fn on_request(&mut self, request: &Request, _hit: bool, residents: &Residents) {
        let n_fit = match self.setup.unit {
            Unit::Objects => self.setup.capacity,
            Unit::Bytes => residents.len().max(1) as u64,
        };
        self.sketch.add(request.object, self.period.saturating_mul(n_fit));
    }

    fn admits(&mut self, request: &Request, residents: &Residents) -> bool {
        if residents.used() + request.size <= self.setup.capacity {
            return true;
        }
        let estimate = self.sketch.estimate(request.object);
        (0..self.samples).any(|_| {
            let (resident, ()) = *self.roster.draw(&mut self.draws);
            self.sketch.estimate(resident) < estimate
        })
    }

    fn on_insert(&mut self, object: ObjectId) {
        self.roster.push(object, ());
    }

    fn on_leave(&mut self, object: ObjectId) {
        self.roster.remove(object);
    }

    fn state_bytes(&self) -> usize {
        self.sketch.state_bytes() + self.roster.state_bytes()
    }
}
