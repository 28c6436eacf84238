//! What happens later, in the order (time, sequence number), so that ties have one order.

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
    /// Request to erase number `id` is asked.
    Erase,
    /// The tier purges for request number `id`.
    Purge,
    /// The tier goes over to new keys.
    Rotate,
}

/// The events to come: the first one, and a heap of the others.
///
/// Much of what is scheduled happens next: a read that misses in memory asks the next tier before anything
/// else is due. It never enters the heap. Whether there is a first one or not, none in the heap comes
/// before it.
///
/// A node of the heap has four children, which lie side by side: half the levels of a binary one.
#[derive(Debug, Default)]
pub(crate) struct Events {
    first: Option<Event>,
    heap: Vec<Event>,
    sequence: u64,
}

const CHILDREN: usize = 4;

impl Event {
    /// Events happen in this order.
    #[inline]
    fn key(&self) -> u128 {
        u128::from(self.time) << 64 | u128::from(self.sequence)
    }
}

impl Events {
    #[inline]
    pub(crate) fn schedule(&mut self, time: u64, what: What, tier: usize, id: u32) {
        self.sequence += 1;
        let event = Event { time, sequence: self.sequence, id, tier: tier as u8, what };
        match &mut self.first {
            // One that was scheduled later comes later at the same time.
            Some(first) if first.time <= time => self.push(event),
            Some(first) => {
                let second = std::mem::replace(first, event);
                self.push(second);
            }
            None if self.heap.first().is_none_or(|next| time < next.time) => {
                self.first = Some(event);
            }
            None => self.push(event),
        }
    }

    /// The next event that is due before or at `now`.
    #[inline]
    pub(crate) fn next_due(&mut self, now: u64) -> Option<Event> {
        if let Some(first) = self.first {
            if first.time > now {
                return None;
            }
            self.first = None;
            return Some(first);
        }
        if self.heap.first()?.time > now { None } else { self.pop() }
    }

    /// Whether what would be scheduled now for this time would happen next.
    #[inline]
    pub(crate) fn would_be_next(&self, time: u64) -> bool {
        let next = self.first.as_ref().or(self.heap.first());
        next.is_none_or(|next| time < next.time)
    }

    /// The event that happens after the one taken last, unless another comes before it.
    #[inline]
    pub(crate) fn upcoming(&self) -> Option<&Event> {
        self.heap.first()
    }

    fn push(&mut self, event: Event) {
        self.heap.push(event);
        self.rise(self.heap.len() - 1, event);
    }

    /// Takes the root out. The hole it leaves goes down to a leaf, and the last event rises from there,
    /// seldom far: it was a leaf before.
    fn pop(&mut self) -> Option<Event> {
        let root = *self.heap.first()?;
        let last = self.heap.pop()?;
        if !self.heap.is_empty() {
            let mut hole = 0;
            while let Some(least) = self.least_child(hole) {
                self.heap[hole] = self.heap[least];
                hole = least;
            }
            self.rise(hole, last);
        }
        Some(root)
    }

    #[inline]
    fn least_child(&self, parent: usize) -> Option<usize> {
        let start = CHILDREN * parent + 1;
        match self.heap.get(start..start + CHILDREN) {
            // In pairs and without a branch: which is the least cannot be foretold.
            Some(children) => {
                let left = usize::from(children[1].key() < children[0].key());
                let right = 2 + usize::from(children[3].key() < children[2].key());
                let least = if children[right].key() < children[left].key() { right } else { left };
                Some(start + least)
            }
            _ => (start..self.heap.len()).min_by_key(|child| self.heap[*child].key()),
        }
    }

    #[inline]
    fn rise(&mut self, mut at: usize, event: Event) {
        while at > 0 {
            let parent = (at - 1) / CHILDREN;
            if self.heap[parent].key() < event.key() {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = event;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a sorted list: schedules and takes in turn, with many equal times.
        #[test]
        fn events_come_by_time_and_then_as_they_were_scheduled(
            steps in prop::collection::vec((0..20u64, 0..3u64), 1..200),
        ) {
            let mut events = Events::default();
            let mut expected: Vec<(u64, u32)> = Vec::new();
            let mut now = 0;
            for (number, (after, advance)) in steps.into_iter().enumerate() {
                let number = number as u32;
                events.schedule(now + after, What::Ask, 0, number);
                expected.push((now + after, number));
                let next = expected.iter().map(|next| next.0).min();
                let later = now + u64::from(number % 20);
                prop_assert_eq!(events.would_be_next(later), next.is_none_or(|next| later < next));
                now += advance;
                expected.sort_unstable();
                while let Some(event) = events.next_due(now) {
                    prop_assert_eq!((event.time, event.id), expected.remove(0));
                }
                prop_assert!(expected.first().is_none_or(|next| next.0 > now));
            }
        }
    }
}
