use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::camp::{Inflation, Params};
use crate::eviction::gds::Cost;

struct Valued {
    object: ObjectId,
    size: u64,
    value: u64,
    last_use: u64,
}

/// GreedyDual-Size with rounded ratios: no queues, in no order.
pub(crate) struct NaiveCamp {
    capacity: u64,
    precision: usize,
    packets: bool,
    of_remaining: bool,
    floor: u64,
    largest: u64,
    residents: Vec<Valued>,
}

impl NaiveCamp {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveCamp {
            capacity,
            precision: params.precision.into(),
            packets: params.cost == Cost::Packets,
            of_remaining: params.inflation == Inflation::Remaining,
            floor: 0,
            largest: 0,
            residents: Vec::new(),
        }
    }

    fn value(&self, size: u64) -> u64 {
        let cost = if self.packets { 2.0 + size as f64 / 536.0 } else { 1.0 };
        let ratio = (self.largest as f64 / size as f64 * cost).floor() as u64;
        let digits: String = format!("{ratio:b}")
            .chars()
            .enumerate()
            .map(|(at, digit)| if at < self.precision { digit } else { '0' })
            .collect();
        self.floor + u64::from_str_radix(&digits, 2).unwrap()
    }

    fn least(&self) -> Option<&Valued> {
        self.residents.iter().min_by_key(|resident| (resident.value, resident.last_use))
    }

    fn evict(&mut self) {
        let victim = self.least().map(|resident| (resident.object, resident.value)).unwrap();
        self.remove(victim.0);
        let remaining = self.least().filter(|_| self.of_remaining).map(|resident| resident.value);
        self.floor = remaining.unwrap_or(victim.1);
    }
}

impl Naive for NaiveCamp {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq, .. } = *request;
        if let Some(at) = self.residents.iter().position(|r| r.object == object) {
            self.residents[at].value = self.value(self.residents[at].size);
            self.residents[at].last_use = seq;
            return true;
        }
        if size <= self.capacity {
            while self.residents.iter().map(|r| r.size).sum::<u64>() + size > self.capacity {
                self.evict();
            }
            self.largest = self.largest.max(size);
            let value = self.value(size);
            self.residents.push(Valued { object, size, value, last_use: seq });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.residents.retain(|resident| resident.object != object);
    }
}
