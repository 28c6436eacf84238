//! The objects a node is being sent, and who waits for them. Memory is O(fetches under way).

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use rustc_hash::FxHasher;
use trace::ObjectId;

/// A read that waits for another's fetch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiter {
    pub(crate) flight: u32,
    /// When it knew, or will know, that it had missed: it is not answered earlier.
    pub(crate) since: u64,
}

#[derive(Debug, Default)]
struct Fetch {
    leader: u32,
    waiters: Vec<Waiter>,
    /// The object was written meanwhile: what comes is old.
    outdated: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Fetching {
    under_way: HashMap<ObjectId, Fetch, BuildHasherDefault<FxHasher>>,
    /// Emptied lists, for the next fetch.
    spare: Vec<Vec<Waiter>>,
}

/// What a finished fetch leaves.
pub(crate) struct Finished {
    pub(crate) waiters: Vec<Waiter>,
    pub(crate) outdated: bool,
}

impl Fetching {
    /// Whether somebody is fetching the object.
    pub(crate) fn is_under_way(&self, object: ObjectId) -> bool {
        self.under_way.contains_key(&object)
    }

    /// The flight fetches the object for this node from now on. False if another does already.
    pub(crate) fn lead(&mut self, object: ObjectId, flight: u32) -> bool {
        let mut new = false;
        let spare = &mut self.spare;
        self.under_way.entry(object).or_insert_with(|| {
            new = true;
            let waiters = spare.pop().unwrap_or_default();
            Fetch { leader: flight, waiters, outdated: false }
        });
        new
    }

    /// Waits for the fetch under way; false if there is none.
    pub(crate) fn join(&mut self, object: ObjectId, waiter: Waiter) -> bool {
        let fetch = self.under_way.get_mut(&object);
        if let Some(fetch) = fetch {
            fetch.waiters.push(waiter);
            true
        } else {
            false
        }
    }

    /// What is under way is old by now.
    pub(crate) fn outdate(&mut self, object: ObjectId) {
        if let Some(fetch) = self.under_way.get_mut(&object) {
            fetch.outdated = true;
        }
    }

    /// The flight's fetch is over; `None` if it did not lead one. Give the list back with
    /// [`recycle`](Self::recycle).
    pub(crate) fn finish(&mut self, object: ObjectId, flight: u32) -> Option<Finished> {
        if self.under_way.get(&object)?.leader != flight {
            return None;
        }
        let fetch = self.under_way.remove(&object)?;
        Some(Finished { waiters: fetch.waiters, outdated: fetch.outdated })
    }

    pub(crate) fn recycle(&mut self, mut waiters: Vec<Waiter>) {
        waiters.clear();
        self.spare.push(waiters);
    }
}
