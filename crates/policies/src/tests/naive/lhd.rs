use std::collections::BTreeMap;

use cache::Request;
use trace::ObjectId;
use trace::stream::Stream;

use super::{Naive, World, sample, stream};
use crate::eviction::lhd::Params;

#[derive(Clone, Copy)]
struct Tag {
    object: ObjectId,
    size: u64,
    timestamp: u64,
    last_hit_age: u64,
    last_last_hit_age: u64,
    explorer: bool,
}

/// By class and age; 0 if not there.
type Counts = BTreeMap<(u64, u64), f32>;

/// Written after the authors' program. The last takes the place of one that leaves.
pub(crate) struct NaiveLhd {
    world: World,
    params: Params,
    tags: Vec<Tag>,
    hits: Counts,
    evictions: Counts,
    /// None until computed.
    densities: Option<Counts>,
    timestamp: u64,
    next_reconfiguration: u64,
    n_reconfigurations: u32,
    shift: u32,
    n_objects: f32,
    n_objects_mass: f32,
    recently_admitted: Vec<ObjectId>,
    victim_density: f32,
    budget: i64,
    n_samples: u64,
    exploring: Stream,
}

fn at(counts: &Counts, class: u64, age: u64) -> f32 {
    counts.get(&(class, age)).copied().unwrap_or(0.0)
}

impl NaiveLhd {
    pub(crate) fn new(world: World, params: &Params) -> Self {
        NaiveLhd {
            world,
            params: params.clone(),
            tags: Vec::new(),
            hits: Counts::new(),
            evictions: Counts::new(),
            densities: None,
            timestamp: 0,
            next_reconfiguration: params.interval,
            n_reconfigurations: 0,
            shift: 10,
            n_objects: 0.0,
            n_objects_mass: 0.0,
            recently_admitted: Vec::new(),
            victim_density: 0.0,
            budget: (world.capacity as f32 * 0.01) as i64,
            n_samples: 0,
            exploring: stream("lhd explorers"),
        }
    }

    fn last(&self) -> u64 {
        u64::from(self.params.max_age) - 1
    }

    fn age(&self, tag: &Tag) -> u64 {
        ((self.timestamp - tag.timestamp) / (1 << self.shift)).min(self.last())
    }

    fn class(&self, tag: &Tag) -> u64 {
        let mut age = tag.last_hit_age + tag.last_last_hit_age;
        if age == 0 {
            return 15;
        }
        let mut log = 0;
        while age < u64::from(self.params.max_age) && log < 15 {
            age *= 2;
            log += 1;
        }
        log
    }

    fn density(&self, tag: &Tag) -> f32 {
        let (class, age) = (self.class(tag), self.age(tag));
        if age == self.last() {
            return f32::MIN;
        }
        let mut density = match &self.densities {
            Some(densities) => at(densities, class, age),
            None => (u64::from(self.params.app) * 16 + class + 1) as f32 / (age + 1) as f32,
        };
        density /= tag.size as f32;
        if tag.explorer { density + 1.0 } else { density }
    }

    fn update(&mut self, at: usize, insert: bool) {
        let mut tag = self.tags[at];
        tag.timestamp = self.timestamp;
        tag.explorer = false;
        let explore = self.exploring.below(32) == 0;
        if explore && self.budget > 0 && self.n_reconfigurations < 50 {
            tag.explorer = true;
            self.budget -= tag.size as i64;
        }
        if insert && !explore && self.density(&tag) < self.victim_density {
            self.recently_admitted.push(tag.object);
        }
        self.tags[at] = tag;
        self.timestamp += 1;
        self.next_reconfiguration -= 1;
        if self.next_reconfiguration == 0 {
            self.reconfigure();
            self.next_reconfiguration = self.params.interval;
            self.n_reconfigurations += 1;
        }
    }

    fn reconfigure(&mut self) {
        self.hits.values_mut().for_each(|count| *count *= 0.9);
        self.evictions.values_mut().for_each(|count| *count *= 0.9);
        self.n_objects = self.n_objects * 0.9 + self.tags.len() as f32;
        self.n_objects_mass = self.n_objects_mass * 0.9 + 1.0;
        if self.n_reconfigurations == 5 || self.n_reconfigurations == 25 {
            self.adapt_age_coarsening();
        }
        let mut densities = Counts::new();
        for class in 0..16 {
            let (mut hits, mut events, mut lifetime) = (0.0f32, 0.0f32, 0.0f32);
            for age in (0..=self.last()).rev() {
                hits += at(&self.hits, class, age);
                events += at(&self.hits, class, age) + at(&self.evictions, class, age);
                lifetime += events;
                if events > 1e-5 {
                    densities.insert((class, age), hits / lifetime);
                }
            }
        }
        self.densities = Some(densities);
    }

    fn adapt_age_coarsening(&mut self) {
        let n = self.n_objects / self.n_objects_mass;
        let optimal = n / (0.01f32 * self.params.max_age as f32);
        let mut log = 1;
        while ((1u64 << log) as f32) < optimal {
            log += 1;
        }
        let old = std::mem::replace(&mut self.shift, log);
        self.n_objects *= 8.0;
        self.n_objects_mass *= 8.0;
        let last = self.last();
        for counts in [&mut self.hits, &mut self.evictions] {
            let before = counts.clone();
            for class in 0..16 {
                if log < old {
                    // Each age becomes 2^by ages, sharing its count.
                    let by = old - log;
                    let mut beyond = at(&before, class, last);
                    for age in (last + 1) >> by..last {
                        beyond += at(&before, class, age);
                    }
                    counts.insert((class, last), beyond);
                    for age in 0..last {
                        let share = at(&before, class, age >> by) / (1u64 << by) as f32;
                        counts.insert((class, age), share);
                    }
                } else if log > old {
                    // Each 2^by ages become one. A rest that is no whole one is lost.
                    let by = log - old;
                    for age in 0..last {
                        let (from, to) = (age << by, (age + 1) << by);
                        let parts = (from..to).map(|age| at(&before, class, age));
                        let sum = if to <= last + 1 { parts.sum() } else { 0.0 };
                        counts.insert((class, age), sum);
                    }
                }
            }
        }
    }

    fn evict(&mut self) {
        let samples = if self.n_reconfigurations > 50 {
            self.params.samples
        } else {
            self.params.samples.min(8)
        };
        let mut candidates = sample("lhd", self.n_samples, samples, self.tags.len());
        self.n_samples += 1;
        // A ring of eight, so their order is by place.
        let n = self.recently_admitted.len();
        let mut recent: Vec<usize> = (n.saturating_sub(8)..n).collect();
        recent.sort_by_key(|number| number % 8);
        for number in recent {
            let object = self.recently_admitted[number];
            candidates.extend(self.tags.iter().position(|tag| tag.object == object));
        }
        let mut victim = candidates[0];
        for candidate in candidates {
            if self.density(&self.tags[candidate]) < self.density(&self.tags[victim]) {
                victim = candidate;
            }
        }
        let density = self.density(&self.tags[victim]);
        self.victim_density = 0.9 * self.victim_density + (1.0 - 0.9f32) * density;
        let tag = self.tags.swap_remove(victim);
        *self.evictions.entry((self.class(&tag), self.age(&tag))).or_default() += 1.0;
        if tag.explorer {
            self.budget += tag.size as i64;
        }
    }
}

impl Naive for NaiveLhd {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        if let Some(at) = self.tags.iter().position(|tag| tag.object == object) {
            let tag = self.tags[at];
            let age = self.age(&tag);
            *self.hits.entry((self.class(&tag), age)).or_default() += 1.0;
            if tag.explorer {
                self.budget += tag.size as i64;
            }
            self.tags[at].last_last_hit_age = tag.last_hit_age;
            self.tags[at].last_hit_age = age;
            self.update(at, false);
            return true;
        }
        if size <= self.world.capacity {
            while self.tags.iter().map(|tag| tag.size).sum::<u64>() + size > self.world.capacity {
                self.evict();
            }
            self.tags.push(Tag {
                object,
                size,
                timestamp: 0,
                last_hit_age: 0,
                last_last_hit_age: self.params.max_age.into(),
                explorer: false,
            });
            self.update(self.tags.len() - 1, true);
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        if let Some(at) = self.tags.iter().position(|tag| tag.object == object) {
            let tag = self.tags.swap_remove(at);
            if tag.explorer {
                self.budget += tag.size as i64;
            }
        }
    }
}
