//! Series and caches whose truth is known, for measuring how often intervals cover it.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }
}

/// A stationary series with mean 0 in which a value keeps `kept` of the last one.
pub(crate) fn autoregression(seed: u64, n: usize, kept: f64) -> Vec<f64> {
    let mut dice = Dice::new(seed);
    let mut value = dice.normal() / (1.0 - kept * kept).sqrt();
    (0..n)
        .map(|_| {
            value = kept * value + dice.normal();
            value
        })
        .collect()
}

/// Independent requests: key k is asked for in proportion to 1 / (k + 1)^skew.
pub(crate) struct Zipf {
    upto: Vec<f64>,
}

impl Zipf {
    pub(crate) fn new(n_keys: usize, skew: f64) -> Self {
        let mut sum = 0.0;
        let upto = (1..=n_keys)
            .map(|rank| {
                sum += libm::pow(rank as f64, -skew);
                sum
            })
            .collect();
        Zipf { upto }
    }

    pub(crate) fn requests(&self, seed: u64, n: usize) -> Vec<usize> {
        let mut dice = Dice::new(seed);
        let all = self.upto[self.upto.len() - 1];
        (0..n)
            .map(|_| dice.uniform() * all)
            .map(|u| self.upto.partition_point(|upto| *upto <= u).min(self.upto.len() - 1))
            .collect()
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Policy {
    Lru,
    Fifo,
    /// Random eviction under a seed: two seeds are two arms with no difference.
    Random(u64),
}

/// Whether each request is a hit. Each policy is a queue of slots: what differs is which slot is taken
/// for a new key, and LRU's clock.
pub(crate) fn hits(
    policy: Policy,
    requests: &[usize],
    n_keys: usize,
    capacity: usize,
) -> Vec<bool> {
    const NONE: usize = usize::MAX;
    let mut slot_of = vec![NONE; n_keys];
    let mut keys: Vec<usize> = Vec::with_capacity(capacity);
    let mut dice = Dice::new(if let Policy::Random(seed) = policy { seed } else { 0 });
    let mut oldest = 0;
    let mut recency = Recency::new(capacity);
    requests
        .iter()
        .map(|&key| {
            let slot = slot_of[key];
            if slot != NONE {
                if matches!(policy, Policy::Lru) {
                    recency.touch(slot);
                }
                return true;
            }
            let slot = if keys.len() < capacity {
                keys.push(key);
                keys.len() - 1
            } else {
                let slot = match policy {
                    Policy::Lru => recency.oldest(),
                    Policy::Fifo => oldest,
                    Policy::Random(_) => dice.below(capacity),
                };
                oldest = (oldest + 1) % capacity;
                slot_of[keys[slot]] = NONE;
                keys[slot] = key;
                slot
            };
            slot_of[key] = slot;
            recency.touch(slot);
            false
        })
        .collect()
}

/// Slots by last use: a ring of links through a head at the end.
struct Recency {
    newer: Vec<usize>,
    older: Vec<usize>,
}

impl Recency {
    fn new(n: usize) -> Self {
        Recency { newer: (0..=n).collect(), older: (0..=n).collect() }
    }

    fn oldest(&self) -> usize {
        self.newer[self.newer.len() - 1]
    }

    fn touch(&mut self, slot: usize) {
        let head = self.newer.len() - 1;
        let (newer, older) = (self.newer[slot], self.older[slot]);
        (self.older[newer], self.newer[older]) = (older, newer);
        let newest = self.older[head];
        (self.newer[newest], self.older[slot]) = (slot, newest);
        (self.newer[slot], self.older[head]) = (head, slot);
    }
}

/// A hash of a key (splitmix64).
pub(crate) fn hash(key: usize, salt: u64) -> u64 {
    let mut x =
        (key as u64 ^ salt.wrapping_mul(0xD6E8_FEB8_6659_FD93)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Hit ratios by window of so many requests.
pub(crate) fn windows(hits: &[bool], length: usize) -> Vec<f64> {
    hits.chunks_exact(length)
        .map(|window| window.iter().filter(|hit| **hit).count() as f64 / length as f64)
        .collect()
}

/// Counts of requests, hits of A and hits of B by bucket and block.
pub(crate) struct Cells {
    pub(crate) requests: Vec<u64>,
    pub(crate) hits_a: Vec<u64>,
    pub(crate) hits_b: Vec<u64>,
    /// Requests that are a hit of one and a miss of the other.
    pub(crate) n_differ: u64,
}

/// One of ten disjoint samples of the keys, replayed in two caches of a tenth of the capacity.
/// Requests before `warm` are not counted.
pub(crate) struct Sampled<'a> {
    pub(crate) requests: &'a [usize],
    pub(crate) n_keys: usize,
    pub(crate) capacity: usize,
    pub(crate) warm: usize,
    pub(crate) n_buckets: usize,
    pub(crate) n_blocks: usize,
}

impl Sampled<'_> {
    pub(crate) fn cells(&self, salt: u64, which: u64, a: Policy, b: Policy) -> Cells {
        let chosen = |key: &usize| hash(*key, salt) % 10 == which;
        let kept: Vec<(usize, usize)> = self
            .requests
            .iter()
            .enumerate()
            .filter(|(_, key)| chosen(key))
            .map(|(time, key)| (time, *key))
            .collect();
        let keys: Vec<usize> = kept.iter().map(|(_, key)| *key).collect();
        let hits_a = hits(a, &keys, self.n_keys, self.capacity / 10);
        let hits_b = hits(b, &keys, self.n_keys, self.capacity / 10);
        let n = self.n_buckets * self.n_blocks;
        let mut cells =
            Cells { requests: vec![0; n], hits_a: vec![0; n], hits_b: vec![0; n], n_differ: 0 };
        for (i, &(time, key)) in kept.iter().enumerate().filter(|(_, (t, _))| *t >= self.warm) {
            let bucket = (hash(key, salt) / 10 % self.n_buckets as u64) as usize;
            let block = (time - self.warm) * self.n_blocks / (self.requests.len() - self.warm);
            let cell = bucket * self.n_blocks + block;
            cells.requests[cell] += 1;
            cells.n_differ += u64::from(hits_a[i] != hits_b[i]);
            cells.hits_a[cell] += u64::from(hits_a[i]);
            cells.hits_b[cell] += u64::from(hits_b[i]);
        }
        cells
    }
}
