//! A service station: k servers before one queue, first come, first served, exact.
//!
//! A job that finds a free server starts at once and makes no event of its own: the station only
//! notes when that server is free again. A job that finds none waits, and the station asks to be
//! woken when the first server is free. So waiting costs one event a burst and a job, idleness none,
//! and a waiting job can still be withdrawn. Time is O(log k) a job.
//!
//! The time jobs spend waiting is counted twice: as the sum over jobs, and as the integral of the
//! queue's length over time. Little's law says that they are equal; in integers they are exactly so,
//! and [`Station::check`] holds it to that.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// What becomes of a job that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offer {
    /// A server is free: serve it now, and say with [`Station::occupy`] until when.
    Start,
    /// It waits. If a time is given, wake the station then.
    Wait(Option<u64>),
    /// The queue is full.
    Shed,
}

/// What a station did, warm-up included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StationCounts {
    /// Jobs that were served.
    pub served: u64,
    /// Of these, how many had to wait.
    pub waited: u64,
    /// Jobs turned away because the queue was full.
    pub shed: u64,
    /// Time servers were busy, in nanoseconds, summed over servers.
    pub busy_ns: u64,
    /// Time jobs waited, in nanoseconds, summed over jobs.
    pub wait_ns: u128,
    /// Most jobs that waited at once.
    pub queue_max: u64,
}

#[derive(Debug)]
pub(crate) struct Station {
    /// When each server is free.
    free: BinaryHeap<Reverse<u64>>,
    queue: VecDeque<Waiting>,
    /// Jobs in the queue that were withdrawn.
    withdrawn: usize,
    queue_limit: usize,
    /// When it is woken, if it is to be.
    wakes_at: Option<u64>,
    counts: StationCounts,
    /// Integral of the queue's length up to `integrated`.
    area: u128,
    integrated: u64,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    flight: u32,
    tag: u32,
    since: u64,
    withdrawn: bool,
}

/// A job that left the queue for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) flight: u32,
    pub(crate) tag: u32,
    pub(crate) waited: u64,
}

impl Station {
    pub(crate) fn new(servers: u32, queue_limit: Option<u32>) -> Self {
        Station {
            free: (0..servers.max(1)).map(|_| Reverse(0)).collect(),
            queue: VecDeque::new(),
            withdrawn: 0,
            queue_limit: queue_limit.map_or(usize::MAX, |limit| limit as usize),
            wakes_at: None,
            counts: StationCounts::default(),
            area: 0,
            integrated: 0,
        }
    }

    /// A job arrives. `tag` tells the jobs of one flight apart.
    #[inline]
    pub(crate) fn offer(&mut self, flight: u32, tag: u32, now: u64) -> Offer {
        let first_free = self.first_free();
        if first_free <= now && self.n_waiting() == 0 {
            return Offer::Start;
        }
        if self.n_waiting() >= self.queue_limit {
            self.counts.shed += 1;
            return Offer::Shed;
        }
        self.integrate(now);
        self.queue.push_back(Waiting { flight, tag, since: now, withdrawn: false });
        self.counts.queue_max = self.counts.queue_max.max(self.n_waiting() as u64);
        if self.wakes_at.is_some() {
            return Offer::Wait(None);
        }
        self.wakes_at = Some(first_free.max(now));
        Offer::Wait(self.wakes_at)
    }

    /// The server that is free first serves a job from `now` until `until`.
    #[inline]
    pub(crate) fn occupy(&mut self, now: u64, until: u64) {
        if let Some(mut server) = self.free.peek_mut() {
            *server = Reverse(until);
        }
        self.counts.served += 1;
        self.counts.busy_ns += until - now;
    }

    /// The next job that may start now, if any.
    pub(crate) fn start_next(&mut self, now: u64) -> Option<Started> {
        while self.first_free() <= now {
            self.integrate(now);
            let job = self.queue.pop_front()?;
            if job.withdrawn {
                self.withdrawn -= 1;
                continue;
            }
            let waited = now - job.since;
            self.counts.waited += u64::from(waited > 0);
            self.counts.wait_ns += u128::from(waited);
            return Some(Started { flight: job.flight, tag: job.tag, waited });
        }
        None
    }

    /// After the jobs that could start have: when to wake it next.
    pub(crate) fn wakes_next(&mut self) -> Option<u64> {
        self.wakes_at = (self.n_waiting() > 0).then(|| self.first_free());
        self.wakes_at
    }

    /// Whether it is to be woken now: not if it was to be before a crash.
    pub(crate) fn wakes_now(&self, now: u64) -> bool {
        self.wakes_at == Some(now)
    }

    /// Takes a job out of the queue; false if it is not waiting there.
    pub(crate) fn withdraw(&mut self, flight: u32, tag: u32, now: u64) -> bool {
        self.integrate(now);
        let found = self
            .queue
            .iter_mut()
            .find(|job| job.flight == flight && job.tag == tag && !job.withdrawn);
        let Some(job) = found else { return false };
        job.withdrawn = true;
        self.withdrawn += 1;
        self.counts.wait_ns += u128::from(now - job.since);
        true
    }

    /// The machine fails: what it works on ends, and everybody is turned out of the queue; who they
    /// were, in order.
    pub(crate) fn crash(&mut self, now: u64) -> Vec<u32> {
        self.integrate(now);
        let cut_short: u64 = self.free.iter().map(|free| free.0.saturating_sub(now)).sum();
        self.counts.busy_ns -= cut_short;
        self.wakes_at = None;
        self.free = self.free.drain().map(|free| Reverse(free.0.min(now))).collect();
        self.withdrawn = 0;
        let live = self.queue.drain(..).filter(|job| !job.withdrawn);
        let counts = &mut self.counts;
        live.map(|job| {
            counts.wait_ns += u128::from(now - job.since);
            job.flight
        })
        .collect()
    }

    /// Jobs waiting or in service.
    pub(crate) fn load(&self, now: u64) -> usize {
        let busy = if self.free.len() == 1 {
            usize::from(self.first_free() > now)
        } else {
            self.free.iter().filter(|free| free.0 > now).count()
        };
        busy + self.n_waiting()
    }

    pub(crate) fn n_waiting(&self) -> usize {
        self.queue.len() - self.withdrawn
    }

    pub(crate) fn n_servers(&self) -> usize {
        self.free.len()
    }

    pub(crate) fn counts(&self) -> &StationCounts {
        &self.counts
    }

    /// Holds the station to Little's law.
    ///
    /// # Panics
    /// If the waiting counted by job and by time differ: a bug.
    pub(crate) fn check(&mut self, now: u64) {
        self.integrate(now);
        let live = self.queue.iter().filter(|job| !job.withdrawn);
        let still: u128 = live.map(|job| u128::from(now - job.since)).sum();
        assert_eq!(self.area, self.counts.wait_ns + still, "Little's law");
    }

    fn first_free(&self) -> u64 {
        self.free.peek().map_or(0, |free| free.0)
    }

    #[inline]
    fn integrate(&mut self, now: u64) {
        self.area += u128::from(now - self.integrated.min(now)) * self.n_waiting() as u128;
        self.integrated = self.integrated.max(now);
    }
}
