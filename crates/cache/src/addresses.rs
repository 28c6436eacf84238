//! Keys as numbers, for prefetchers that compute with them: which object is where.
//!
//! Blocks that a prefetcher may ask for and no request ever does have objects, too, numbered after
//! those of the trace. They can be brought in and take up room, as they would in the real cache.
//!
//! Objects are sorted by address once, so a neighbour is found by a binary search between the object
//! and as many places on as the distance: at once for the next block, and without a hash.
//!
//! State: 16 bytes an object.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use trace::{Keys, ObjectId, Trace};

use crate::Error;
use crate::prefetch::Prospects;

/// The addresses of objects, and the objects at addresses.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    /// By object.
    of: Vec<u64>,
    /// By address.
    order: Vec<ObjectId>,
    /// Place in `order`, by object.
    rank: Vec<u32>,
}

impl Addresses {
    /// Addresses of the objects of a trace, all different, and of further ones. `None` if they are
    /// more than object numbers reach.
    pub fn new(known: &[u64], further: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut of = known.to_vec();
        of.extend(further);
        let n_objects = u32::try_from(of.len()).ok()?;
        let mut order: Vec<_> = (0..n_objects).map(ObjectId).collect();
        order.sort_unstable_by_key(|object| of[object.index()]);
        let mut rank = vec![0; of.len()];
        for (place, object) in (0..).zip(&order) {
            rank[object.index()] = place;
        }
        Some(Addresses { of, order, rank })
    }

    /// The addresses of a trace and those that a prefetcher may ask for beyond.
    pub(crate) fn for_prefetcher(
        name: &str,
        prospects: Prospects,
        parameters: &Map<String, Value>,
        trace: &Trace,
    ) -> Result<Self, Error> {
        let Some(Keys::Ints(known)) = &trace.columns().keys else {
            return Err(Error::NoAddresses { prefetcher: name.to_string() });
        };
        let mut sorted = known.clone();
        sorted.sort_unstable();
        let mut further = BTreeSet::new();
        let mut requests = trace.objects().iter().map(|object| known[object.index()]);
        prospects(parameters, &mut requests, &mut |address| {
            if sorted.binary_search(&address).is_err() {
                further.insert(address);
            }
        })?;
        let n_objects = known.len() + further.len();
        Addresses::new(known, further).ok_or(Error::TooManyObjects(n_objects))
    }

    /// How many objects there are, those without requests included.
    pub fn n_objects(&self) -> u32 {
        self.of.len() as u32
    }

    /// Where the object is.
    #[inline]
    pub fn of(&self, object: ObjectId) -> u64 {
        self.of[object.index()]
    }

    /// The object so far from this one, if there is any.
    #[inline]
    pub fn at_offset(&self, object: ObjectId, offset: i64) -> Option<ObjectId> {
        let address = self.of(object).checked_add_signed(offset)?;
        let place = self.rank[object.index()] as usize;
        // Addresses are distinct integers, so it is no more places away than steps.
        let reach = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
        let from = if offset < 0 { place.saturating_sub(reach) } else { place };
        let to =
            if offset < 0 { place } else { place.saturating_add(reach).min(self.of.len() - 1) };
        let found = self.order[from..=to].binary_search_by_key(&address, |other| self.of(*other));
        found.ok().map(|at| self.order[from + at])
    }

    /// Bytes of memory.
    pub fn state_bytes(&self) -> usize {
        8 * self.of.len() + 4 * (self.order.len() + self.rank.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_found_by_distance() {
        let known = [10, 7, 300, u64::MAX, 0, 11];
        let addresses = Addresses::new(&known, [8, 12]).unwrap();
        let all: Vec<u64> = known.iter().copied().chain([8, 12]).collect();
        assert_eq!(addresses.n_objects(), 8);
        for (object, address) in (0..).map(ObjectId).zip(&all) {
            assert_eq!(addresses.of(object), *address);
            for offset in (-400..400).chain([i64::MIN, i64::MAX]) {
                let there = address.checked_add_signed(offset);
                let expected = all.iter().position(|other| Some(*other) == there);
                let found = addresses.at_offset(object, offset).map(ObjectId::index);
                assert_eq!(found, expected, "{address} {offset:+}");
            }
        }
    }
}
