//! Requests under way. A record lives from the moment a request needs one until the last event that
//! knows it; records are reused, so memory is O(requests in flight).

use crate::stack::MOST_TIERS;

/// What a flight is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A client reads.
    Read,
    /// A tier renews a copy that is stale or soon will be; nobody waits.
    Refresh,
    /// A client writes.
    Write,
    /// A tier writes a dirty object to the origin; nobody waits.
    Flush,
}

/// Where the time of a flight went, at one tier, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Leg {
    /// When it asked last.
    pub(crate) asked: u64,
    /// The way there and back and opening what is sealed, beside the tier's own latency.
    pub(crate) extra: u64,
    /// The version of the copy it found.
    pub(crate) version: u32,
    /// Failed tries, since it came to this tier.
    pub(crate) tries: u8,
    /// It waited there for another's fetch.
    pub(crate) delayed: bool,
    /// What it found there is a copy whose time was up.
    pub(crate) stale: bool,
    /// Waiting for a server.
    pub(crate) queued: u64,
    /// Being answered.
    pub(crate) served: u64,
    /// Waiting for another's fetch.
    pub(crate) joined: u64,
    /// Failed tries, time-outs and back-offs.
    pub(crate) lost: u64,
}

/// A request under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flight {
    /// Its number in the trace.
    pub(crate) request: u32,
    pub(crate) purpose: Purpose,
    /// When it arrived.
    pub(crate) arrived: u64,
    /// The tiers from here on down are filled by its answer.
    pub(crate) top: u8,
    /// The version that a fresh answer has at least.
    pub(crate) expects: u32,
    /// Versions below this one were erased everywhere when it arrived.
    pub(crate) erased: u32,
    /// The version that comes.
    pub(crate) version: u32,
    /// The client has its answer, or its error.
    pub(crate) done: bool,
    /// Events and lists that know this record.
    pub(crate) holders: u32,
    /// The class a predictor learns it under.
    pub(crate) class: u8,
    /// Bit by tier: this flight fetches for it.
    pub(crate) leads: u16,
    /// Bit by tier: a leg of a race is under way there.
    pub(crate) open: u16,
    /// Legs of a race that were launched.
    pub(crate) launched: u8,
    /// The race is over without a hit: it goes on in order.
    pub(crate) raced: bool,
    /// Bit by tier: it knows its node there.
    pub(crate) placed: u16,
    /// Where it asked, by tier.
    pub(crate) node: [u16; MOST_TIERS],
    pub(crate) station: [u16; MOST_TIERS + 1],
}

impl Flight {
    pub(crate) fn new(request: u32, purpose: Purpose, arrived: u64) -> Self {
        Flight {
            request,
            purpose,
            arrived,
            top: 0,
            expects: 0,
            erased: 0,
            version: 0,
            done: false,
            holders: 0,
            class: 0,
            leads: 0,
            open: 0,
            launched: 0,
            raced: false,
            placed: 0,
            node: [0; MOST_TIERS],
            station: [0; MOST_TIERS + 1],
        }
    }
}

/// All flights under way, by number.
#[derive(Debug)]
pub(crate) struct Flights {
    slots: Vec<Flight>,
    /// So many for each flight: one a tier, the origin last.
    legs: Vec<Leg>,
    n_tiers: usize,
    free: Vec<u32>,
}

impl Leg {
    /// All the time spent.
    pub(crate) fn total(&self) -> u64 {
        self.queued + self.served + self.joined + self.lost
    }

    /// The time spent there was not on the way to the answer.
    pub(crate) fn forget_time(&mut self) {
        (self.queued, self.served, self.joined, self.lost) = (0, 0, 0, 0);
    }
}

impl Flights {
    /// None yet; each will have a leg for each of so many tiers.
    pub(crate) fn new(n_tiers: usize) -> Self {
        Flights { slots: Vec::new(), legs: Vec::new(), n_tiers, free: Vec::new() }
    }

    /// The caller holds the flight.
    pub(crate) fn start(&mut self, mut flight: Flight) -> u32 {
        flight.holders = 1;
        let Some(id) = self.free.pop() else {
            self.slots.push(flight);
            self.legs.extend(std::iter::repeat_n(Leg::default(), self.n_tiers));
            return self.slots.len() as u32 - 1;
        };
        self.slots[id as usize] = flight;
        self.legs_mut(id).fill(Leg::default());
        id
    }

    #[inline]
    pub(crate) fn get(&self, id: u32) -> &Flight {
        &self.slots[id as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: u32) -> &mut Flight {
        &mut self.slots[id as usize]
    }

    /// What the flight spent at a tier.
    #[inline]
    pub(crate) fn leg(&self, id: u32, tier: usize) -> &Leg {
        &self.legs[id as usize * self.n_tiers + tier]
    }

    #[inline]
    pub(crate) fn leg_mut(&mut self, id: u32, tier: usize) -> &mut Leg {
        &mut self.legs[id as usize * self.n_tiers + tier]
    }

    /// What the flight spent at each tier.
    pub(crate) fn legs(&self, id: u32) -> &[Leg] {
        &self.legs[id as usize * self.n_tiers..][..self.n_tiers]
    }

    pub(crate) fn legs_mut(&mut self, id: u32) -> &mut [Leg] {
        &mut self.legs[id as usize * self.n_tiers..][..self.n_tiers]
    }

    /// The flight is likely to be needed soon: fetches its memory. `id` may be that of none.
    #[inline]
    pub(crate) fn touch(&self, id: u32, tier: usize) {
        cache::prefetch(&self.slots, id as usize);
        cache::prefetch(&self.legs, id as usize * self.n_tiers + tier);
    }

    /// One more event or list knows the flight.
    #[inline]
    pub(crate) fn hold(&mut self, id: u32) {
        self.slots[id as usize].holders += 1;
    }

    /// One less does; the last one frees the record.
    #[inline]
    pub(crate) fn release(&mut self, id: u32) {
        let flight = &mut self.slots[id as usize];
        flight.holders -= 1;
        if flight.holders == 0 {
            self.free.push(id);
        }
    }

    /// Whether no record is in use.
    pub(crate) fn all_ended(&self) -> bool {
        self.free.len() == self.slots.len()
    }

    /// Most that were under way at once.
    pub(crate) fn most(&self) -> usize {
        self.slots.len()
    }
}
