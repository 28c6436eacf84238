//! A FIFO queue of objects that knows what they weigh together and may be told a capacity.

use cache::Residents;
use trace::ObjectId;

use crate::fifo_queue::FifoQueue;

/// A queue with its weight.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) objects: FifoQueue,
    pub(crate) weight: u64,
    /// What it should weigh at most; its user sees to that.
    pub(crate) capacity: u64,
}

impl Queue {
    pub(crate) fn new(capacity: u64) -> Self {
        Queue { capacity, ..Queue::default() }
    }

    /// Appends an object that is not in the queue.
    #[inline]
    pub(crate) fn push(&mut self, object: ObjectId, size: u64) {
        self.objects.push(object);
        self.weight += size;
    }

    /// Takes the oldest, with its size.
    #[inline]
    pub(crate) fn pop(&mut self, residents: &Residents) -> Option<(ObjectId, u64)> {
        let object = self.objects.pop()?;
        let size = residents.size_of(object);
        self.weight -= size;
        Some((object, size))
    }

    /// Appends an object that leaves the cache, as a ghost. The oldest are forgotten for it, and told to
    /// `forget`. Whether it is remembered: what weighs more than the whole capacity is not.
    #[inline]
    pub(crate) fn remember(
        &mut self,
        object: ObjectId,
        size: u64,
        residents: &Residents,
        mut forget: impl FnMut(ObjectId),
    ) -> bool {
        if size > self.capacity {
            return false;
        }
        while self.weight + size > self.capacity {
            let (oldest, _) = self.pop(residents).expect("it weighs something");
            forget(oldest);
        }
        self.push(object, size);
        true
    }

    /// Takes an object of the queue out of it, from wherever it is.
    pub(crate) fn remove(&mut self, object: ObjectId, residents: &Residents) {
        self.objects.remove(object);
        self.weight -= residents.size_of(object);
    }

    /// Recomputes what it weighs, and that it holds the objects whose state says so and no others; they
    /// are residents or ghosts.
    ///
    /// # Panics
    /// If not.
    pub(crate) fn check(
        &self,
        residents: &Residents,
        are_resident: bool,
        states: &[u8],
        is_here: impl Fn(u8) -> bool,
    ) {
        let (mut len, mut weight) = (0, 0);
        for object in self.objects.iter() {
            assert!(is_here(states[object.index()]), "{object:?} is in a queue");
            assert_eq!(residents.contains(object), are_resident, "{object:?}");
            len += 1;
            weight += residents.size_of(object);
        }
        assert_eq!((len, weight), (self.objects.len(), self.weight));
        assert_eq!(len, states.iter().filter(|state| is_here(**state)).count());
    }
}
