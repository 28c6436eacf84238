use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::lfu_aging::Params;

struct Counted {
    object: ObjectId,
    size: u64,
    uses: u64,
    last_use: u64,
}

/// In no order.
pub(crate) struct NaiveLfuAging {
    capacity: u64,
    max_average: f64,
    residents: Vec<Counted>,
}

impl NaiveLfuAging {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveLfuAging { capacity, max_average: params.max_average, residents: Vec::new() }
    }

    fn age(&mut self) {
        let sum: u64 = self.residents.iter().map(|resident| resident.uses).sum();
        if sum as f64 / self.residents.len() as f64 > self.max_average {
            for resident in &mut self.residents {
                resident.uses -= resident.uses / 2;
            }
        }
    }
}

impl Naive for NaiveLfuAging {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq, .. } = *request;
        if let Some(resident) = self.residents.iter_mut().find(|r| r.object == object) {
            resident.uses += 1;
            resident.last_use = seq;
            self.age();
            return true;
        }
        if size <= self.capacity {
            while self.residents.iter().map(|r| r.size).sum::<u64>() + size > self.capacity {
                let least = self.residents.iter().map(|r| (r.uses, r.last_use)).min().unwrap();
                self.residents.retain(|r| (r.uses, r.last_use) != least);
            }
            self.residents.push(Counted { object, size, uses: 1, last_use: seq });
            self.age();
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.residents.retain(|resident| resident.object != object);
    }
}
