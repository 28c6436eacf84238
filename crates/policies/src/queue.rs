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

    /// Takes an object of the queue out of it, from wherever it is.
    pub(crate) fn remove(&mut self, object: ObjectId, residents: &Residents) {
        self.objects.remove(object);
        self.weight -= residents.size_of(object);
    }
}
