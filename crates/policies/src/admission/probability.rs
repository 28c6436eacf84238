//! Probability: a missed object comes in with a fixed probability.
//!
//! An object asked for n times comes in with probability 1 - (1 - p)^n at the latest, so the popular
//! ones do and most of those asked for once do not; flash wears out less. O(1), no state.
//!
//! Chance is a function of seed and request, so two runs over one trace treat the same miss alike.
//! The default, 1/2, is ours.

use cache::prelude::*;
use trace::stream::Stream;

cache::admission! {
    #[doc = "Lets in a missed object with a fixed probability"]
    Probability = "probability" {
        aliases: ["prob"],
        paper: ("Probabilistic admission, as flash caches use it", "folklore", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Probability that a missed object comes in.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { probability: 0.5 }
    }
}

/// The policy.
#[derive(Debug)]
pub struct Probability {
    probability: f64,
    draws: Stream,
}

impl Admission for Probability {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        ParamError::check_share("probability", params.probability)?;
        let draws = Stream::new(setup.seed, "admission/probability");
        Ok(Probability { probability: params.probability, draws })
    }

    fn admits(&mut self, request: &Request, _residents: &Residents) -> bool {
        self.draws.uniform_at(request.seq) < self.probability
    }

    fn state_bytes(&self) -> usize {
        0
    }
}
