//! LRU behind a door and beside a prefetcher once more, as plainly as it can be said: in keys, with
//! vectors searched from end to end, sharing no code with the replay.

mod admission;
mod prefetch;

use std::collections::{BTreeMap, BTreeSet};

use cache::{Counts, Outcome, PolicySpec, Unit};
use trace::ObjectId;

use super::Draws;
use super::guarded::{Setting, goes_with, lru, sized, some_steps};

/// What a naive admission policy sees of a request.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// As the real one numbers it, for those that hash numbers.
    object: ObjectId,
    size: u64,
    seq: u64,
    n_residents: usize,
    /// There is room without an eviction.
    fits: bool,
}

trait NaiveAdmission {
    fn request(&mut self, _seen: &Seen) {}
    fn admits(&mut self, seen: &Seen) -> bool;
    fn comes(&mut self, _object: ObjectId) {}
    fn leaves(&mut self, _object: ObjectId) {}
}

trait NaivePrefetch {
    /// Keys to bring in.
    fn request(&mut self, key: u64, outcome: Outcome) -> Vec<u64>;
}

/// What they are made for.
#[derive(Clone, Copy)]
struct World {
    capacity: u64,
    bytes: bool,
    n_objects: u32,
}

struct NaiveRun {
    capacity: u64,
    bytes: bool,
    admission: Box<dyn NaiveAdmission>,
    prefetch: Box<dyn NaivePrefetch>,
    numbers: BTreeMap<u64, ObjectId>,
    /// Keys and sizes, last used at the end.
    residents: Vec<(u64, u64)>,
    unused: BTreeSet<u64>,
    counts: Counts,
}

impl NaiveRun {
    fn used(&self) -> u64 {
        self.residents.iter().map(|(_, size)| size).sum()
    }

    /// Blocks that no request is for have no number, and no policy here asks for it.
    fn number(&self, key: u64) -> ObjectId {
        self.numbers.get(&key).copied().unwrap_or(ObjectId(u32::MAX))
    }

    fn insert(&mut self, key: u64, size: u64) {
        while self.used() + size > self.capacity {
            let (victim, _) = self.residents.remove(0);
            self.admission.leaves(self.number(victim));
            self.counts.prefetches.unused += u64::from(self.unused.remove(&victim));
        }
        self.residents.push((key, size));
        self.admission.comes(self.number(key));
    }

    fn request(&mut self, seq: u64, key: u64, bytes: u64) -> Outcome {
        self.counts.requests += 1;
        self.counts.bytes += bytes;
        let size = if self.bytes { bytes } else { 1 };
        let seen = Seen {
            object: self.number(key),
            size,
            seq,
            n_residents: self.residents.len(),
            fits: self.used() + size <= self.capacity,
        };
        self.admission.request(&seen);
        if let Some(at) = self.residents.iter().position(|(there, _)| *there == key) {
            let entry = self.residents.remove(at);
            self.residents.push(entry);
            self.counts.hits += 1;
            self.counts.hit_bytes += bytes;
            let first = self.unused.remove(&key);
            self.counts.prefetches.used += u64::from(first);
            return if first { Outcome::FirstUse } else { Outcome::Hit };
        }
        if size > self.capacity {
            self.counts.oversized += 1;
        } else if self.admission.admits(&seen) {
            self.insert(key, size);
        } else {
            self.counts.denied += 1;
        }
        Outcome::Miss
    }

    fn prefetch(&mut self, key: u64, bytes: u64) {
        let size = if self.bytes { bytes } else { 1 };
        let there = self.residents.iter().any(|(resident, _)| *resident == key);
        if !there && size <= self.capacity {
            self.insert(key, size);
            self.unused.insert(key);
            self.counts.prefetches.issued += 1;
            self.counts.prefetches.bytes += bytes;
        }
    }
}

fn naive_counts(setting: &Setting<'_>, steps: &[(u64, u64)]) -> Counts {
    let parse = |text: Option<&str>| text.map(|text| text.parse::<PolicySpec>().unwrap());
    let mut numbers = BTreeMap::new();
    let mut sizes = BTreeMap::new();
    for (key, size) in steps {
        let next = ObjectId(numbers.len() as u32);
        numbers.entry(*key).or_insert(next);
        sizes.entry(*key).or_insert(*size);
    }
    let bytes = setting.unit == Unit::Bytes;
    let world = World { capacity: setting.capacity, bytes, n_objects: numbers.len() as u32 };
    let mut run = NaiveRun {
        capacity: setting.capacity,
        bytes,
        admission: admission::twin(parse(setting.admission).as_ref(), world),
        prefetch: prefetch::twin(parse(setting.prefetch).as_ref()),
        numbers,
        residents: Vec::new(),
        unused: BTreeSet::new(),
        counts: Counts::default(),
    };
    for (seq, (key, bytes)) in steps.iter().enumerate() {
        if seq == setting.warmup {
            run.counts = Counts::default();
            run.unused.clear();
        }
        let outcome = run.request(seq as u64, *key, *bytes);
        sizes.insert(*key, *bytes);
        for wanted in run.prefetch.request(*key, outcome) {
            run.prefetch(wanted, sizes.get(&wanted).copied().unwrap_or(*bytes));
        }
    }
    run.counts
}

#[track_caller]
fn compare_once(setting: &Setting<'_>, steps: &[(u64, u64)]) {
    let (real, naive) = (setting.counts(&sized(steps)), naive_counts(setting, steps));
    assert_eq!(real, naive, "{setting:?} over {steps:?}");
}

/// Over all traces of 6 requests for 4 blocks, some of which are neighbours, and random ones.
pub(super) fn compare(admission: Option<&str>, prefetch: Option<&str>) {
    let setting = |capacity, unit| Setting { admission, prefetch, ..lru(capacity, unit) };
    let goes_with = |unit| admission.is_none_or(|admission| goes_with(admission, unit));
    if !admission.is_none_or(admission::has_twin) {
        return;
    }
    if goes_with(Unit::Objects) {
        for code in 0..4u64.pow(6) {
            let steps: Vec<_> =
                (0..6).map(|i| ([3, 4, 6, 9][(code >> (2 * i) & 3) as usize], 1)).collect();
            for capacity in 1..=4 {
                compare_once(&setting(capacity, Unit::Objects), &steps);
            }
        }
    }
    for seed in 0..60 {
        let mut draws = Draws(seed);
        let unit =
            if seed % 2 == 0 && goes_with(Unit::Objects) { Unit::Objects } else { Unit::Bytes };
        let capacity = match unit {
            Unit::Objects => 1 + draws.below(60),
            Unit::Bytes => 5 + draws.below(400),
        };
        let warmup = draws.below(3) as usize * 150;
        compare_once(&Setting { warmup, ..setting(capacity, unit) }, &some_steps(seed));
    }
}
