use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::gdsf::Params;

struct Valued {
    object: ObjectId,
    size: u64,
    uses: u64,
    value: f64,
    last_use: u64,
}

/// In no order.
pub(crate) struct NaiveGdsf {
    capacity: u64,
    inflation: f64,
    residents: Vec<Valued>,
}

impl NaiveGdsf {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveGdsf { capacity, inflation: 0.0, residents: Vec::new() }
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

impl Naive for NaiveGdsf {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq, .. } = *request;
        if let Some(r) = self.residents.iter_mut().find(|r| r.object == object) {
            r.uses += 1;
            r.value = self.inflation + r.uses as f64 * 1e6 / r.size as f64;
            r.last_use = seq;
            return true;
        }
        if size <= self.capacity {
            while self.residents.iter().map(|r| r.size).sum::<u64>() + size > self.capacity {
                self.evict();
            }
            let value = self.inflation + 1e6 / size as f64;
            self.residents.push(Valued { object, size, uses: 1, value, last_use: seq });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.residents.retain(|resident| resident.object != object);
    }
}
