use cache::Request;
use trace::ObjectId;

use super::Naive;
use crate::eviction::memcached_lru::Params;

#[derive(Clone)]
struct Item {
    object: ObjectId,
    size: u64,
    fetched: bool,
    active: bool,
}

/// Queues with their newest at the end.
pub(crate) struct NaiveMemcachedLru {
    capacity: u64,
    hot_pct: u64,
    warm_pct: u64,
    hot: Vec<Item>,
    warm: Vec<Item>,
    cold: Vec<Item>,
}

fn bytes(queue: &[Item]) -> u64 {
    queue.iter().map(|item| item.size).sum()
}

impl NaiveMemcachedLru {
    pub(crate) fn new(capacity: u64, params: &Params) -> Self {
        NaiveMemcachedLru {
            capacity,
            hot_pct: params.hot_lru_pct.into(),
            warm_pct: params.warm_lru_pct.into(),
            hot: vec![],
            warm: vec![],
            cold: vec![],
        }
    }

    fn stored(&self) -> u64 {
        bytes(&self.hot) + bytes(&self.warm) + bytes(&self.cold)
    }

    /// One look at the end of HOT, or else of WARM; whether anything moved.
    fn juggle(&mut self) -> bool {
        let stored = self.stored();
        if self.hot.first().is_some_and(|tail| tail.active) {
            let item = self.hot.remove(0);
            self.warm.push(Item { active: false, ..item });
        } else if bytes(&self.hot) > stored * self.hot_pct / 100 {
            self.cold.push(self.hot.remove(0));
        } else if self.warm.first().is_some_and(|tail| tail.active) {
            let item = self.warm.remove(0);
            self.warm.push(Item { active: false, ..item });
        } else if bytes(&self.warm) > stored * self.warm_pct / 100 {
            self.cold.push(self.warm.remove(0));
        } else {
            return false;
        }
        true
    }
}

impl Naive for NaiveMemcachedLru {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        let queues = [&mut self.hot, &mut self.warm, &mut self.cold];
        let found = queues.into_iter().flatten().find(|item| item.object == object);
        let hit = if let Some(item) = found {
            item.active = item.fetched;
            item.fetched = true;
            if let Some(at) = self.cold.iter().position(|i| i.object == object && i.active) {
                let item = self.cold.remove(at);
                self.warm.push(Item { active: false, ..item });
            }
            true
        } else {
            if size > self.capacity {
                return false;
            }
            while self.stored() + size > self.capacity {
                self.cold.remove(0);
                while self.juggle() {}
            }
            self.hot.push(Item { object, size, fetched: false, active: false });
            false
        };
        while self.juggle() {}
        hit
    }

    fn remove(&mut self, object: ObjectId) {
        for queue in [&mut self.hot, &mut self.warm, &mut self.cold] {
            queue.retain(|item| item.object != object);
        }
        while self.juggle() {}
    }
}
