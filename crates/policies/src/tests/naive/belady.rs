use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::belady::Params;

struct Resident {
    object: ObjectId,
    size: u64,
    next_use: u32,
}

/// In order of insertion.
pub(crate) struct NaiveBelady {
    capacity: u64,
    bypass: bool,
    residents: Vec<Resident>,
}

impl NaiveBelady {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveBelady { capacity, bypass: params.bypass, residents: Vec::new() }
    }

    fn is_full_for(&self, size: u64) -> bool {
        self.residents.iter().map(|resident| resident.size).sum::<u64>() + size > self.capacity
    }

    fn farthest(&self) -> u32 {
        self.residents.iter().map(|resident| resident.next_use).max().unwrap()
    }
}

impl Naive for NaiveBelady {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, next_use, .. } = *request;
        if let Some(resident) = self.residents.iter_mut().find(|r| r.object == object) {
            resident.next_use = next_use;
            return true;
        }
        if size > self.capacity {
            return false;
        }
        if self.bypass && self.is_full_for(size) && next_use >= self.farthest() {
            return false;
        }
        while self.is_full_for(size) {
            let farthest = self.farthest();
            let victim = self.residents.iter().position(|r| r.next_use == farthest).unwrap();
            self.residents.remove(victim);
        }
        self.residents.push(Resident { object, size, next_use });
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.residents.retain(|resident| resident.object != object);
    }
}
