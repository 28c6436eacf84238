use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, take, weight};
use crate::eviction::size::Params;

/// Last used at the end.
pub(crate) struct NaiveSize(u64, Vec<Entry>);

impl NaiveSize {
    pub(crate) fn new(capacity: u64, _params: &Params) -> Self {
        NaiveSize(capacity, Vec::new())
    }
}

impl Naive for NaiveSize {
    fn request(&mut self, request: &Request) -> bool {
        let NaiveSize(capacity, residents) = self;
        if let Some(entry) = take(residents, request.object) {
            residents.push(entry);
            return true;
        }
        if request.size <= *capacity {
            while weight(residents) + request.size > *capacity {
                let largest = residents.iter().map(|(_, size)| *size).max().unwrap();
                let at = residents.iter().position(|(_, size)| *size == largest).unwrap();
                residents.remove(at);
            }
            residents.push((request.object, request.size));
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        take(&mut self.1, object);
    }
}
