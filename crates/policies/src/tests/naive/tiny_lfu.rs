use cache::Request;
use trace::ObjectId;

use super::{Entry, Naive, contains, take, weight};
use crate::eviction::tiny_lfu::Params;
use crate::sketch::{n_blocks_for, place};

/// Counters of 0 to 15 in four plain rows, and door bits. Shares the hash with the real one.
pub(crate) struct NaiveSketch {
    rows: [Vec<u64>; 4],
    door: Option<Vec<bool>>,
    n_blocks: usize,
    added: u64,
}

impl NaiveSketch {
    pub(crate) fn new(n_fit: u64, doorkeeper: bool) -> Self {
        let n_blocks = n_blocks_for(n_fit);
        let n = 32 * n_blocks;
        let rows = std::array::from_fn(|_| vec![0; n]);
        NaiveSketch { rows, door: doorkeeper.then(|| vec![false; n]), n_blocks, added: 0 }
    }

    fn places(&self, object: ObjectId) -> [usize; 4] {
        let place = place(object, self.n_blocks);
        place.columns.map(|column| place.block * 32 + column as usize)
    }

    fn at_door(&self, object: ObjectId) -> bool {
        let places = self.places(object);
        self.door.as_ref().is_some_and(|door| places.iter().all(|at| door[*at]))
    }

    pub(crate) fn add(&mut self, object: ObjectId, period: u64) {
        let places = self.places(object);
        if self.door.is_none() || self.at_door(object) {
            // Minimal increment: what is larger than the least already counts others.
            let least = self.rows.iter().zip(places).map(|(row, at)| row[at]).min().unwrap();
            for (row, at) in self.rows.iter_mut().zip(places) {
                row[at] = row[at].max((least + 1).min(15));
            }
        }
        if let Some(door) = &mut self.door {
            places.iter().for_each(|at| door[*at] = true);
        }
        self.added += 1;
        if self.added >= period {
            self.added = 0;
            self.rows.iter_mut().flatten().for_each(|count| *count /= 2);
            if let Some(door) = &mut self.door {
                door.fill(false);
            }
        }
    }

    pub(crate) fn estimate(&self, object: ObjectId) -> u64 {
        let least = self.rows.iter().zip(self.places(object)).map(|(row, at)| row[at]).min();
        least.unwrap() + u64::from(self.at_door(object))
    }
}

/// Residents with their last used at the end.
pub(crate) struct NaiveTinyLfu {
    capacity: u64,
    bytes: bool,
    period: u64,
    sketch: NaiveSketch,
    residents: Vec<Entry>,
}

impl NaiveTinyLfu {
    pub(crate) fn new(world: super::World, params: &Params) -> Self {
        let n_fit = world.capacity.min(world.n_objects.into());
        NaiveTinyLfu {
            capacity: world.capacity,
            bytes: world.bytes,
            period: params.period.into(),
            sketch: NaiveSketch::new(n_fit, params.doorkeeper),
            residents: Vec::new(),
        }
    }
}

impl Naive for NaiveTinyLfu {
    fn request(&mut self, request: &Request) -> bool {
        let Request { object, size, .. } = *request;
        let n = if self.bytes { self.residents.len().max(1) as u64 } else { self.capacity };
        self.sketch.add(object, n * self.period);
        if let Some(entry) = take(&mut self.residents, object) {
            self.residents.push(entry);
            return true;
        }
        if size > self.capacity {
            return false;
        }
        let mut first = true;
        while weight(&self.residents) + size > self.capacity {
            let victim = self.residents[0].0;
            if first && self.sketch.estimate(object) <= self.sketch.estimate(victim) {
                return false;
            }
            first = false;
            self.residents.remove(0);
        }
        assert!(!contains(&self.residents, object));
        self.residents.push((object, size));
        false
    }

    fn remove(&mut self, object: ObjectId) {
        take(&mut self.residents, object);
    }
}
