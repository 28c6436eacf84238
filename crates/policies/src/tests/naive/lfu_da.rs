use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::lfu_da::Params;

struct Keyed {
    object: ObjectId,
    size: u64,
    frequency: u64,
    key: u64,
    last_use: u64,
}

/// In no order. The paper's K = F + L.
pub(crate) struct NaiveLfuDa {
    capacity: u64,
    age: u64,
    residents: Vec<Keyed>,
}

impl NaiveLfuDa {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveLfuDa { capacity, age: 0, residents: Vec::new() }
    }
}

impl Naive for NaiveLfuDa {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, seq: last_use, .. } = *request;
        if let Some(resident) = self.residents.iter_mut().find(|r| r.object == object) {
            resident.frequency += 1;
            resident.key = resident.frequency + self.age;
            resident.last_use = last_use;
            return true;
        }
        if size <= self.capacity {
            while self.residents.iter().map(|r| r.size).sum::<u64>() + size > self.capacity {
                let least = self.residents.iter().map(|r| (r.key, r.last_use)).min().unwrap();
                self.residents.retain(|r| (r.key, r.last_use) != least);
                self.age = least.0;
            }
            let key = 1 + self.age;
            self.residents.push(Keyed { object, size, frequency: 1, key, last_use });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.residents.retain(|resident| resident.object != object);
    }
}
