//! LHD, least hit density: of a sample, the object whose space is expected to hit least leaves.
//!
//! An object's hit density is the chance that it hits before it is evicted, over the size and the time
//! it is expected to take until then. Both are learned: for each age (requests since the last use,
//! in steps of a power of two) it counts hits and evictions at that age, and from the counts at this
//! age and above follow the chance and the expected time. Objects are told apart by class: 16, by the
//! logarithm of the sum of the ages at their last two hits. On eviction a sample of residents is
//! drawn, and those admitted of late that looked worse than victims do join it. So that what is never
//! kept can be learned of, 1 % of the cache goes to *explorers*, a 32nd of the objects used, whose
//! density counts 1 more. O(sample) an eviction; a hit adds 1 to a count.
//!
//! Every 2^20 uses counts fade by a tenth and densities are computed anew; until the first time the
//! density of class c at age a is (16 app + c + 1) / (a + 1) over the size. The step of ages, at first
//! 1024, is set in the 6th and 26th of these to keep the ages of a cache's objects to 1 % of `max-age`.
//! A sample has 8 residents up to the 51st, and 32 then, a hack for short traces that the authors own
//! up to; up to the 50th there are explorers.
//!
//! Rules and constants are those of the authors' program as it was copied into libCacheSim and other
//! simulators, in single precision as there; the paper's text was not at hand. The program has classes
//! for 16 applications; here all objects belong to one, number `app`. libCacheSim's is number 1; that
//! makes the first densities of classes differ less. An object's size is that of its insertion; there it
//! is that of the last request. Samples come from the stream `lhd` and explorers from `lhd explorers`
//! under the run's seed.
//!
//! State: 4 bytes an object, 32 a resident, and 12 for each of 16 × `max-age` ages.

use cache::prelude::*;
use trace::stream::Stream;

use crate::roster::{Roster, Sampler};

cache::policy! {
    #[doc = "Of a sample, evicts what is expected to hit least for the space and time it takes"]
    Lhd = "lhd" {
        family: Adaptive,
        aliases: [],
        paper: ("Beckmann, Chen and Cidon, LHD: improving cache hit rate by maximizing hit density", "NSDI '18", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Residents drawn for an eviction, in the long run.
    #[schemars(range(min = 1))]
    pub samples: u32,
    /// Ages told apart. 2 to 65536.
    #[schemars(range(min = 2, max = 65536))]
    pub max_age: u32,
    /// Uses after which densities are computed anew.
    #[schemars(range(min = 1))]
    pub interval: u64,
    /// Number of the application that all objects belong to. 0 to 15.
    #[schemars(range(min = 0, max = 15))]
    pub app: u8,
}

impl Default for Params {
    fn default() -> Self {
        Params { samples: 32, max_age: 20_000, interval: 1 << 20, app: 0 }
    }
}

/// Classes by the ages at the last two hits.
const CLASSES: usize = 16;
/// Objects admitted of late that join a sample.
const ADMISSIONS: usize = 8;
const EXPLORERS_SHARE: f32 = 0.01;
/// One object in so many is an explorer, if the share allows.
const EXPLORERS_ONE_IN: u64 = 32;
/// What is left of a count, and of an average, after a step.
const DECAY: f32 = 0.9;
const AGE_TOLERANCE: f32 = 0.01;
const FIRST_AGE_SHIFT: u32 = 10;
/// Recomputations before which the step of ages is set.
const AGE_SHIFT_SET_AT: [u32; 2] = [5, 25];
/// Recomputations before which there are explorers, and after which samples have their full size.
const EARLY: u32 = 50;
const EARLY_SAMPLES: u32 = 8;

/// What is known of a resident.
#[derive(Debug, Clone, Copy)]
struct Tag {
    last_use: u64,
    /// Ages at the last hit and the one before.
    ages: [u32; 2],
    is_explorer: bool,
}

/// The policy.
#[derive(Debug)]
pub struct Lhd {
    roster: Roster<Tag>,
    model: Model,
    sampler: Sampler,
    exploring: Stream,
    samples: u32,
    interval: u64,
    /// Uses until densities are computed anew.
    left: u64,
    /// What explorers weigh, and may weigh before there is another.
    explorers: u64,
    explorers_allowed: u64,
    /// A ring of objects that looked worse than victims on admission.
    admitted: [Option<ObjectId>; ADMISSIONS],
    n_admitted: usize,
    /// Running average of victims' densities.
    victims: f32,
}

impl Lhd {
    /// A use: from now on the object's age is 0. Returns whether the draw was for exploring.
    #[inline]
    fn used(&mut self, tag: &mut Tag, size: u64) -> bool {
        tag.last_use = self.model.clock;
        let explore = self.exploring.below(EXPLORERS_ONE_IN) == 0;
        tag.is_explorer = explore
            && self.explorers < self.explorers_allowed
            && self.model.n_computed < EARLY;
        self.explorers += if tag.is_explorer { size } else { 0 };
        explore
    }

    /// The end of a request.
    #[inline]
    fn tick(&mut self) {
        self.model.clock += 1;
        self.left -= 1;
        if self.left == 0 {
            self.model.compute(self.roster.len());
            self.left = self.interval;
        }
    }

    #[inline]
    fn retire(&mut self, tag: Tag, size: u64) {
        self.explorers -= if tag.is_explorer { size } else { 0 };
    }
}

impl Eviction for Lhd {
    type Params = Params;

    fn new(setup: &Setup, params: &Params) -> Result<Self, ParamError> {
        let Params { samples, max_age, interval, app } = *params;
        if samples == 0 || interval == 0 {
            return Err(ParamError("`samples` and `interval` are expected to be at least 1".into()));
        }
        if !(2..=1 << 16).contains(&max_age) || app > 15 {
            let what = "`max-age` is expected to be 2 to 65536, and `app` 0 to 15";
            return Err(ParamError(what.into()));
        }
        Ok(Lhd {
            roster: Roster::new(setup.n_objects),
            model: Model::new(max_age as usize, app),
            sampler: Sampler::new(setup.seed, "lhd"),
            exploring: Stream::new(setup.seed, "lhd explorers"),
            samples,
            interval,
            left: interval,
            explorers: 0,
            explorers_allowed: (setup.capacity as f32 * EXPLORERS_SHARE) as u64,
            admitted: [None; ADMISSIONS],
            n_admitted: 0,
            victims: 0.0,
        })
    }

    #[inline]
    fn on_hit(&mut self, request: &Request, residents: &Residents) {
        let size = residents.size_of(request.object);
        let mut tag = *self.roster.get(request.object);
        let age = self.model.age(&tag);
        let at = self.model.index(&tag, age);
        self.model.hits[at] += 1.0;
        self.retire(tag, size);
        tag.ages = [age as u32, tag.ages[0]];
        self.used(&mut tag, size);
        *self.roster.get_mut(request.object) = tag;
        self.tick();
    }

    #[inline]
    fn evict(&mut self, _incoming: &Request, residents: &Residents) -> ObjectId {
        let early = self.model.n_computed <= EARLY;
        let samples = if early { self.samples.min(EARLY_SAMPLES) } else { self.samples };
        let sample = self.sampler.sample(&self.roster, samples);
        let sample = sample.map(|(object, tag)| (*object, tag));
        let admitted = self.admitted.iter().flatten();
        let admitted = admitted.filter(|object| self.roster.contains(**object));
        let admitted = admitted.map(|object| (*object, self.roster.get(*object)));
        let rated = sample.chain(admitted).map(|(object, tag)| {
            (self.model.density(tag, residents.size_of(object)), object)
        });
        let worst = rated.reduce(|worst, other| if other.0 < worst.0 { other } else { worst });
        let (density, victim) = worst.expect("called while something is resident");
        self.victims = DECAY * self.victims + (1.0 - DECAY) * density;
        let tag = *self.roster.get(victim);
        let at = self.model.index(&tag, self.model.age(&tag));
        self.model.evictions[at] += 1.0;
        self.retire(tag, residents.size_of(victim));
        self.roster.remove(victim);
        victim
    }

    #[inline]
    fn on_insert(&mut self, request: &Request, _residents: &Residents) -> bool {
        let ages = [0, self.model.max_age as u32];
        let mut tag = Tag { last_use: 0, ages, is_explorer: false };
        let explore = self.used(&mut tag, request.size);
        if !explore && self.model.density(&tag, request.size) < self.victims {
            self.admitted[self.n_admitted % ADMISSIONS] = Some(request.object);
            self.n_admitted += 1;
        }
        self.roster.push(request.object, tag);
        self.tick();
        true
    }

    fn remove(&mut self, object: ObjectId, _cause: Removal, residents: &Residents) {
        self.retire(*self.roster.get(object), residents.size_of(object));
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
        assert!(self.roster.iter().all(|(_, tag)| tag.last_use < self.model.clock));
        let explorers = self.roster.iter().filter(|(_, tag)| tag.is_explorer);
        let weight: u64 = explorers.map(|(object, _)| residents.size_of(*object)).sum();
        assert_eq!(self.explorers, weight);
    }

    fn state_bytes(&self) -> usize {
        self.roster.state_bytes() + self.model.state_bytes()
    }
}

/// What is expected of an object of a class and an age.
#[derive(Debug)]
struct Model {
    max_age: usize,
    app: u8,
    /// Counts, class after class.
    hits: Vec<f32>,
    evictions: Vec<f32>,
    /// Hit densities, class after class; empty until computed.
    densities: Vec<f32>,
    /// Uses so far: the time that ages are counted in, and binary digits they are short of.
    clock: u64,
    age_shift: u32,
    /// How often densities were computed.
    n_computed: u32,
    /// Running average of the number of residents: sum and weight.
    n_residents: (f32, f32),
}

impl Model {
    fn new(max_age: usize, app: u8) -> Self {
        Model {
            max_age,
            app,
            hits: vec![0.0; CLASSES * max_age],
            evictions: vec![0.0; CLASSES * max_age],
            densities: Vec::new(),
            clock: 0,
            age_shift: FIRST_AGE_SHIFT,
            n_computed: 0,
            n_residents: (0.0, 0.0),
        }
    }

    #[inline]
    fn age(&self, tag: &Tag) -> usize {
        let age = (self.clock - tag.last_use) >> self.age_shift;
        age.min(self.max_age as u64 - 1) as usize
    }

    /// How often the sum of the last two ages can be doubled before it exceeds all ages.
    #[inline]
    fn class(&self, tag: &Tag) -> usize {
        let sum = u64::from(tag.ages[0]) + u64::from(tag.ages[1]);
        let max_age = self.max_age as u64;
        (0..CLASSES - 1).find(|class| sum << class >= max_age).unwrap_or(CLASSES - 1)
    }

    #[inline]
    fn index(&self, tag: &Tag, age: usize) -> usize {
        self.class(tag) * self.max_age + age
    }

    /// Explorers' is larger; that of objects older than all ages is the least.
    #[inline]
    fn density(&self, tag: &Tag, size: u64) -> f32 {
        let age = self.age(tag);
        if age == self.max_age - 1 {
            return f32::MIN;
        }
        let density = match self.densities.get(self.index(tag, age)) {
            Some(density) => *density,
            None => {
                let class = usize::from(self.app) * CLASSES + self.class(tag);
                (class + 1) as f32 / (age + 1) as f32
            }
        };
        density / size.max(1) as f32 + f32::from(u8::from(tag.is_explorer))
    }

    /// Fades the counts and computes densities.
    fn compute(&mut self, n_residents: usize) {
        self.hits.iter_mut().for_each(|count| *count *= DECAY);
        self.evictions.iter_mut().for_each(|count| *count *= DECAY);
        let (sum, weight) = &mut self.n_residents;
        *sum = *sum * DECAY + n_residents as f32;
        *weight = *weight * DECAY + 1.0;
        if AGE_SHIFT_SET_AT.contains(&self.n_computed) {
            self.set_age_shift();
        }
        self.densities.resize(CLASSES * self.max_age, 0.0);
        let counts = self.hits.chunks(self.max_age).zip(self.evictions.chunks(self.max_age));
        for ((hits, evictions), densities) in
            counts.zip(self.densities.chunks_mut(self.max_age))
        {
            // From the last age down: hits and events at this age or above, and the time they take.
            let (mut n_hits, mut n_events, mut time) = (0.0f32, 0.0f32, 0.0f32);
            for age in (0..hits.len()).rev() {
                n_hits += hits[age];
                n_events += hits[age] + evictions[age];
                time += n_events;
                densities[age] = if n_events > 1e-5 { n_hits / time } else { 0.0 };
            }
        }
        self.n_computed += 1;
    }

    /// Sets the step of ages by the number of residents, and converts the counts.
    fn set_age_shift(&mut self) {
        let n_residents = self.n_residents.0 / self.n_residents.1;
        let best = n_residents / (AGE_TOLERANCE * self.max_age as f32);
        let shift = (1..63).find(|shift| (1u64 << shift) as f32 >= best).unwrap_or(63);
        let old = std::mem::replace(&mut self.age_shift, shift);
        self.n_residents.0 *= 8.0;
        self.n_residents.1 *= 8.0;
        for counts in [&mut self.hits, &mut self.evictions] {
            for counts in counts.chunks_mut(self.max_age) {
                if shift < old {
                    stretch(counts, old - shift);
                } else if shift > old {
                    compress(counts, shift - old);
                }
            }
        }
    }

    fn state_bytes(&self) -> usize {
        4 * (self.hits.len() + self.evictions.len() + self.densities.len())
    }
}

/// Spreads each count over 2^`by` ages. Those that then are beyond the last age join it.
fn stretch(counts: &mut [f32], by: u32) {
    let last = counts.len() - 1;
    for age in counts.len() >> by..last {
        counts[last] += counts[age];
    }
    for age in (0..last).rev() {
        counts[age] = counts[age >> by] / (1u64 << by) as f32;
    }
}

/// Adds up 2^`by` counts each. The last age, which means any beyond, keeps its count.
fn compress(counts: &mut [f32], by: u32) {
    let last = counts.len() - 1;
    for age in 0..last {
        let (from, to) = (age << by, (age + 1) << by);
        counts[age] = counts.get(from..to).map_or(0.0, |counts| counts.iter().sum());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::check_example;

    /// With one age step of 1024 uses all are of age 0, so the class decides, and class 0 is new:
    /// sampled are all but certainly both. A was hit at age 0 twice, the class of most density.
    #[test]
    fn what_was_never_hit_leaves() {
        check_example("lhd:samples=64", 2, "A A A B C A D A", "M H H M M H M H");
    }

    #[test]
    fn classes_are_by_the_logarithm_of_ages() {
        let model = Model::new(1 << 10, 0);
        let class =
            |a, b| model.class(&Tag { last_use: 0, ages: [a, b], is_explorer: false });
        assert_eq!([class(0, 1 << 10), class(512, 512), class(500, 500)], [0, 0, 1]);
        assert_eq!([class(1, 0), class(1, 1), class(0, 0)], [10, 9, 15]);
    }

    /// One class: 1 hit at age 0, 2 at age 1, 1 eviction at age 2. From age 0: 3 hits in
    /// 1 + 2 × 2 + 3; from age 1: 2 in 2 + 2; from age 2: none in 1.
    #[test]
    fn densities_are_hits_over_time() {
        let mut model = Model::new(4, 0);
        model.hits[..4].copy_from_slice(&[1.0, 2.0, 0.0, 0.0]);
        model.evictions[..4].copy_from_slice(&[0.0, 0.0, 1.0, 0.0]);
        model.compute(1);
        let expected = [3.0 / 8.0, 0.5, 0.0];
        for (density, expected) in model.densities.iter().zip(expected) {
            assert!((density - expected).abs() < 1e-6, "{:?}", model.densities);
        }
    }

    #[test]
    fn counts_follow_the_step_of_ages() {
        let mut counts = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 100.0];
        compress(&mut counts, 1);
        assert_eq!(counts, [3.0, 7.0, 11.0, 107.0, 0.0, 0.0, 0.0, 100.0]);
        let mut counts = [2.0, 4.0, 6.0, 8.0, 10.0, 100.0];
        stretch(&mut counts, 1);
        assert_eq!(counts, [1.0, 1.0, 2.0, 2.0, 3.0, 118.0]);
    }
}
