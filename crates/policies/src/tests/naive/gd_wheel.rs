use cache::{Request, Unit};
use trace::ObjectId;

use super::{Draws, Naive, compare, requests_of};
use crate::eviction::gd_wheel::Params;
use crate::eviction::gds::Cost;
use crate::tests::hits;

struct Placed {
    object: ObjectId,
    size: u64,
    wheel: usize,
    queue: u64,
    /// The larger, the nearer to the head of its queue.
    turn: u64,
}

/// The pseudo-code with wheels and queues counted from 0. Residents know their place.
pub(crate) struct NaiveGdWheel {
    capacity: u64,
    packets: bool,
    n_queues: u64,
    hands: Vec<u64>,
    turn: u64,
    residents: Vec<Placed>,
}

impl NaiveGdWheel {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveGdWheel {
            capacity,
            packets: params.cost == Cost::Packets,
            n_queues: params.queues.into(),
            hands: vec![0; params.wheels as usize],
            turn: 0,
            residents: Vec::new(),
        }
    }

    fn cost(&self, size: u64) -> u64 {
        let cost = if self.packets { 2 + size.div_ceil(536) } else { 1 };
        cost.min(self.n_queues.pow(self.hands.len() as u32) - 1)
    }

    /// Puts an object at the head of the queue `digit` from the hand.
    fn put(&mut self, object: ObjectId, size: u64, wheel: usize, digit: u64) {
        self.turn += 1;
        let queue = (digit + self.hands[wheel]) % self.n_queues;
        self.residents.push(Placed { object, size, wheel, queue, turn: self.turn });
    }

    fn add(&mut self, object: ObjectId, size: u64) {
        let cost = self.cost(size);
        let digit = |wheel: &usize| cost / self.n_queues.pow(*wheel as u32);
        let wheel = (0..self.hands.len()).filter(|wheel| digit(wheel) > 0).max().unwrap();
        self.put(object, size, wheel, digit(&wheel));
    }

    /// The member at the tail of the queue under a hand.
    fn tail(&self, wheel: usize) -> Option<usize> {
        let here = |p: &&Placed| p.wheel == wheel && p.queue == self.hands[wheel];
        let tail = self.residents.iter().filter(here).min_by_key(|p| p.turn)?.object;
        self.residents.iter().position(|p| p.object == tail)
    }

    fn migration(&mut self, wheel: usize) {
        if wheel == self.hands.len() {
            return;
        }
        self.hands[wheel] = (self.hands[wheel] + 1) % self.n_queues;
        if self.hands[wheel] == 0 {
            self.migration(wheel + 1);
        }
        while let Some(at) = self.tail(wheel) {
            let Placed { object, size, .. } = self.residents.remove(at);
            let remainder = self.cost(size) % self.n_queues.pow(wheel as u32);
            let digit = remainder / self.n_queues.pow(wheel as u32 - 1);
            self.put(object, size, wheel - 1, digit);
        }
    }

    fn evict(&mut self) {
        loop {
            if let Some(at) = self.tail(0) {
                self.residents.remove(at);
                return;
            }
            self.hands[0] = (self.hands[0] + 1) % self.n_queues;
            if self.hands[0] == 0 {
                self.migration(1);
            }
        }
    }
}

impl Naive for NaiveGdWheel {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        if let Some(at) = self.residents.iter().position(|p| p.object == object) {
            let size = self.residents.remove(at).size;
            self.add(object, size);
            return true;
        }
        if size <= self.capacity {
            while self.residents.iter().map(|p| p.size).sum::<u64>() + size > self.capacity {
                self.evict();
            }
            self.add(object, size);
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.residents.retain(|resident| resident.object != object);
    }
}

/// Sizes large enough for costs of many values and several digits.
#[test]
fn equal_with_costs_of_several_digits() {
    for seed in 0..60 {
        let mut draws = Draws(seed);
        let steps: Vec<_> = (0..600)
            .map(|_| {
                let number = draws.skewed(60);
                (number as u32, 1 + number * 7919 % 40_000)
            })
            .collect();
        let requests = requests_of(&steps);
        for parameters in
            ["queues=2,wheels=5", "queues=4,wheels=2", "queues=3,wheels=4", "queues=16"]
        {
            let spec = format!("gd-wheel:cost=packets,{parameters}");
            compare(&spec, 40_000 + draws.below(300_000), Unit::Bytes, &requests, seed % 3 * 20);
        }
    }
}

/// GreedyDual by its definition: value, last use, object and size of each resident.
fn greedy_dual(capacity: u64, requests: &[Request]) -> Vec<bool> {
    let mut floor = 0;
    let mut residents: Vec<(u64, u64, ObjectId, u64)> = Vec::new();
    let mut request = |request: &Request| {
        let Request { object, size, seq, .. } = *request;
        let hit = residents.iter().any(|(.., other, _)| *other == object);
        residents.retain(|(.., other, _)| *other != object);
        while residents.iter().map(|(.., size)| size).sum::<u64>() + size > capacity {
            let victim = *residents.iter().min().unwrap();
            floor = victim.0;
            residents.retain(|resident| *resident != victim);
        }
        residents.push((floor + 2 + size.div_ceil(536), seq, object, size));
        hit
    };
    requests.iter().map(&mut request).collect()
}

#[test]
fn one_wheel_is_greedy_dual() {
    for seed in 0..20 {
        let mut draws = Draws(seed);
        let steps: Vec<_> = (0..1000)
            .map(|_| {
                let number = draws.skewed(80);
                (number as u32, 1 + number * 7919 % 130_000)
            })
            .collect();
        let requests = requests_of(&steps);
        let capacity = 130_000 + draws.below(1_000_000);
        let expected = greedy_dual(capacity, &requests);
        assert_eq!(hits("gd-wheel:cost=packets", capacity, Unit::Bytes, &requests), expected);
    }
}
