use cache::PolicySpec;
use std::collections::BTreeSet;
use trace::{ObjectId, stream::Stream};

use super::super::SEED;
use super::super::naive::tiny_lfu::NaiveSketch;
use super::{NaiveAdmission, Seen, World};
use crate::admission::{probability, size, size_probability, tiny_lfu};

/// AdaptSize has none: its model is held to its definition beside it, and its choice to the best there
/// is.
pub(super) fn has_twin(spec: &str) -> bool {
    !spec.starts_with("adapt-size")
}

pub(super) fn twin(spec: Option<&PolicySpec>, world: World) -> Box<dyn NaiveAdmission> {
    let Some(spec) = spec else { return Box::new(Rule(|_: &Seen| true)) };
    let params = serde_json::Value::Object(spec.parameters.clone());
    fn of<P: serde::de::DeserializeOwned>(params: serde_json::Value) -> P {
        serde_json::from_value(params).unwrap()
    }
    match spec.name.as_str() {
        "always" => Box::new(Rule(|_: &Seen| true)),
        "size" => {
            let size::Params { threshold } = of(params);
            Box::new(Rule(move |seen: &Seen| seen.size < threshold.0))
        }
        "probability" => {
            let probability::Params { probability } = of(params);
            let draws = Stream::new(SEED, "admission/probability");
            Box::new(Rule(move |seen: &Seen| draws.uniform_at(seen.seq) < probability))
        }
        "size-probability" => {
            let size_probability::Params { c } = of(params);
            let draws = Stream::new(SEED, "admission/size-probability");
            Box::new(Rule(move |seen: &Seen| {
                // The log of the draw instead of the power: the same but for a rounding.
                libm::log(draws.uniform_at(seen.seq)) * (c.0 as f64) < -(seen.size as f64)
            }))
        }
        "bloom" => Box::new(NaiveBloom { seen: BTreeSet::new(), again: false }),
        "tiny-lfu" => Box::new(NaiveTinyLfu::new(world, of(params))),
        other => panic!("{other} has no twin"),
    }
}

/// A rule without memory.
struct Rule<F>(F);

impl<F: FnMut(&Seen) -> bool> NaiveAdmission for Rule<F> {
    fn admits(&mut self, seen: &Seen) -> bool {
        (self.0)(seen)
    }
}

struct NaiveBloom {
    seen: BTreeSet<ObjectId>,
    again: bool,
}

impl NaiveAdmission for NaiveBloom {
    fn request(&mut self, seen: &Seen) {
        self.again = !self.seen.insert(seen.object);
    }

    fn admits(&mut self, _seen: &Seen) -> bool {
        self.again
    }
}

struct NaiveTinyLfu {
    world: World,
    params: tiny_lfu::Params,
    sketch: NaiveSketch,
    /// The last takes the place of one that leaves.
    residents: Vec<ObjectId>,
    draws: Stream,
}

impl NaiveTinyLfu {
    fn new(world: World, params: tiny_lfu::Params) -> Self {
        let n_fit = world.capacity.min(world.n_objects.into());
        NaiveTinyLfu {
            world,
            sketch: NaiveSketch::new(n_fit, params.doorkeeper),
            params,
            residents: Vec::new(),
            draws: Stream::new(SEED, "admission/tiny-lfu"),
        }
    }
}

impl NaiveAdmission for NaiveTinyLfu {
    fn request(&mut self, seen: &Seen) {
        let n = if self.world.bytes { seen.n_residents.max(1) as u64 } else { self.world.capacity };
        self.sketch.add(seen.object, n * u64::from(self.params.period));
    }

    fn admits(&mut self, seen: &Seen) -> bool {
        if seen.fits {
            return true;
        }
        for _ in 0..self.params.samples {
            let drawn = self.draws.below(self.residents.len() as u64) as usize;
            if self.sketch.estimate(self.residents[drawn]) < self.sketch.estimate(seen.object) {
                return true;
            }
        }
        false
    }

    fn comes(&mut self, object: ObjectId) {
        self.residents.push(object);
    }

    fn leaves(&mut self, object: ObjectId) {
        let at = self.residents.iter().position(|there| *there == object).unwrap();
        self.residents.swap_remove(at);
    }
}
