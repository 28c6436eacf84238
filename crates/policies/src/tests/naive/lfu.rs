use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::lfu::Params;

struct Counted {
    object: ObjectId,
    size: u64,
    uses: u64,
    last_use: u64,
}

/// In no order.
pub(crate) struct NaiveLfu(u64, Vec<Counted>);

impl NaiveLfu {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveLfu(capacity, Vec::new())
    }
}

impl Naive for NaiveLfu {
    fn request(&mut self, request: &Request) -> bool {
        let NaiveLfu(capacity, residents) = self;
        if let Some(resident) = residents.iter_mut().find(|r| r.object == request.object) {
            resident.uses += 1;
            resident.last_use = request.seq;
            return true;
        }
        if request.size <= *capacity {
            while residents.iter().map(|r| r.size).sum::<u64>() + request.size > *capacity {
                let least = residents.iter().map(|r| (r.uses, r.last_use)).min().unwrap();
                residents.retain(|r| (r.uses, r.last_use) != least);
            }
            residents.push(Counted {
                object: request.object,
                size: request.size,
                uses: 1,
                last_use: request.seq,
            });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.1.retain(|resident| resident.object != object);
    }
}
