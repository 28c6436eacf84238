use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::gds::{Cost, Params};

struct Valued {
    object: ObjectId,
    size: u64,
    value: f64,
    last_use: u64,
}

/// In no order.
pub(crate) struct NaiveGds {
    capacity: u64,
    packets: bool,
    inflation: f64,
    residents: Vec<Valued>,
}

impl NaiveGds {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        let packets = params.cost == Cost::Packets;
        NaiveGds { capacity, packets, inflation: 0.0, residents: Vec::new() }
    }

    fn value(&self, size: u64) -> f64 {
        let cost = if self.packets { 2.0 + size as f64 / 536.0 } else { 1.0 };
        self.inflation + cost / size as f64
    }

    fn evict(&mut self) {
        let order =
            |a: &&Valued, b: &&Valued| (a.value, a.last_use).partial_cmp(&(b.value, b.last_use));
        let victim = self.residents.iter().min_by(|a, b| order(a, b).unwrap()).unwrap();
        self.inflation = victim.value;
        let victim = victim.object;
        self.remove(victim);
    }
}

impl Naive for NaiveGds {
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
            let value = self.value(size);
            self.residents.push(Valued { object, size, value, last_use: seq });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.residents.retain(|resident| resident.object != object);
    }
}
