use cache::Request;
use trace::ObjectId;

use super::{Naive, share};
use crate::eviction::fbr::Params;

struct Resident {
    object: ObjectId,
    size: u64,
    count: u32,
}

fn weight(section: &[Resident]) -> u64 {
    section.iter().map(|resident| resident.size).sum()
}

/// New, middle and old section, each with its last used at the end.
pub(crate) struct NaiveFbr {
    capacity: u64,
    params: Params,
    sections: [Vec<Resident>; 3],
}

impl NaiveFbr {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveFbr { capacity, params: params.clone(), sections: Default::default() }
    }

    fn take(&mut self, object: ObjectId) -> Option<(usize, Resident)> {
        for (number, section) in self.sections.iter_mut().enumerate() {
            if let Some(at) = section.iter().position(|resident| resident.object == object) {
                return Some((number, section.remove(at)));
            }
        }
        None
    }

    fn evict(&mut self) {
        let old = &mut self.sections[2];
        // The first of the least: the longest unused.
        let count = |at: &usize| old[*at].count.min(self.params.max_count);
        if let Some(at) = (0..old.len()).min_by_key(count) {
            old.remove(at);
        } else if self.sections[1].is_empty() {
            self.sections[0].remove(0);
        } else {
            self.sections[1].remove(0);
        }
    }

    fn put_on_top(&mut self, resident: Resident) {
        self.sections[0].push(resident);
        let new = share(self.capacity, self.params.new_ratio);
        let middle = self.capacity - new - share(self.capacity, self.params.old_ratio);
        for (section, limit) in [(0, new), (1, middle)] {
            while weight(&self.sections[section]) > limit {
                let lowest = self.sections[section].remove(0);
                self.sections[section + 1].push(lowest);
            }
        }
        let all = || self.sections.iter().flatten();
        let average = all().map(|r| f64::from(r.count)).sum::<f64>() / all().count() as f64;
        if average > self.params.max_average {
            for resident in self.sections.iter_mut().flatten() {
                resident.count -= resident.count / 2;
            }
        }
    }
}

impl Naive for NaiveFbr {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        if let Some((section, mut resident)) = self.take(object) {
            resident.count += u32::from(section > 0);
            self.put_on_top(resident);
            return true;
        }
        if size <= self.capacity {
            while self.sections.iter().flatten().map(|r| r.size).sum::<u64>() + size > self.capacity
            {
                self.evict();
            }
            self.put_on_top(Resident { object, size, count: 1 });
        }
        false
    }

    fn remove(&mut self, object: ObjectId) {
        self.take(object);
    }
}
