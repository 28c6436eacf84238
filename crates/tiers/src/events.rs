//! What happens later, in the order (time, sequence number), so that ties have one order.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Something that happens later.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) time: u64,
    sequence: u64,
    /// A flight, a fault, a station: as `what` says.
    pub(crate) id: u32,
    pub(crate) tier: u8,
    pub(crate) what: What,
}

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// In closed loop, a client sends its next request.
    Arrive,
    /// The flight asks the tier.
    Ask,
    /// The tier, or the origin, answers the flight.
    Answer,
    /// The flight learns that the tier does not have it.
    Miss,
    /// The flight learns that the tier failed it.
    Fail,
    /// The flight waits no longer for the tier.
    TimeOut,
    /// A hedged flight's next leg is due.
    Launch,
    /// A server of the station numbered `id` is free.
    Wake,
    /// The tier's placement acts.
    Tend,
    /// Node number `id` looks for expired copies.
    Sweep,
    /// A write reaches the tier's copies.
    Apply,
    /// A dirty object is written to the origin.
    Flush,
    /// Fault number `id` of the schedule.
    Fault,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Event {
    /// The earliest is the greatest, as the heap wants it.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.time, other.sequence).cmp(&(self.time, self.sequence))
    }
}

/// The events to come.
#[derive(Debug, Default)]
pub(crate) struct Events {
    heap: BinaryHeap<Event>,
    sequence: u64,
}

impl Events {
    pub(crate) fn schedule(&mut self, time: u64, what: What, tier: usize, id: u32) {
        self.sequence += 1;
        self.heap.push(Event { time, sequence: self.sequence, id, tier: tier as u8, what });
    }

    /// The next event that is due before or at `now`.
    #[inline]
    pub(crate) fn next_due(&mut self, now: u64) -> Option<Event> {
        if self.heap.peek()?.time > now {
            return None;
        }
        self.heap.pop()
    }
}
