//! Where the time of the slowest reads went.
//!
//! The latency of a read is the sum of what it spent at each tier: waiting for a server, being
//! answered, waiting for another's fetch, and on tries that failed; and, in a race, of the wait for
//! the winning leg's timer. Which reads are the slowest is known only at the end, so the sums are kept
//! for each of some hundred classes of latency, eight to a doubling: the slowest 1 % are then the
//! classes from the one that holds p99 on, a boundary within 12.5 % of it.

use crate::flight::Leg;

/// Classes a doubling, as a power of two.
const FINENESS: u32 = 3;
const CLASSES: usize = 64 << FINENESS;

/// What time was spent on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Waiting for a server, in nanoseconds.
    pub queued_ns: u64,
    /// Being answered.
    pub served_ns: u64,
    /// Waiting for another's fetch.
    pub joined_ns: u64,
    /// On tries that failed, time-outs and back-offs.
    pub lost_ns: u64,
    /// Reads that this tier answered.
    pub answered: u64,
}

impl Spent {
    /// All of it, in nanoseconds.
    pub fn total_ns(&self) -> u64 {
        self.queued_ns + self.served_ns + self.joined_ns + self.lost_ns
    }

    fn add(&mut self, other: &Spent) {
        self.queued_ns += other.queued_ns;
        self.served_ns += other.served_ns;
        self.joined_ns += other.joined_ns;
        self.lost_ns += other.lost_ns;
        self.answered += other.answered;
    }
}

/// Sums over the reads of one class of latency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Class {
    reads: u64,
    latency_ns: u64,
    timer_ns: u64,
    tiers: Vec<Spent>,
}

/// Where the time went, by latency.
#[derive(Debug, Clone)]
pub struct Explained {
    classes: Vec<Class>,
    n_tiers: usize,
}

/// Where the time of the slowest reads went.
#[derive(Debug, Clone, PartialEq)]
pub struct Slowest {
    /// They took at least this long, in nanoseconds.
    pub from_ns: u64,
    /// How many they are.
    pub reads: u64,
    /// Their latencies, summed.
    pub latency_ns: u64,
    /// What of that was waiting for the timer of a race's leg.
    pub timer_ns: u64,
    /// What was spent at each tier, the origin last.
    pub tiers: Vec<Spent>,
}

impl Explained {
    pub(crate) fn new(n_tiers: usize) -> Self {
        Explained { classes: vec![Class::default(); CLASSES], n_tiers }
    }

    fn class_mut(&mut self, latency: u64) -> &mut Class {
        let class = &mut self.classes[class_of(latency)];
        if class.tiers.is_empty() {
            class.tiers = vec![Spent::default(); self.n_tiers];
        }
        class.reads += 1;
        class.latency_ns += latency;
        class
    }

    /// A read that one tier answered at once.
    #[inline]
    pub(crate) fn add_direct(&mut self, latency: u64, tier: usize) {
        let spent = &mut self.class_mut(latency).tiers[tier];
        spent.served_ns += latency;
        spent.answered += 1;
    }

    /// A read that spent this at the tiers; `answered` is `None` if nobody did.
    pub(crate) fn add(&mut self, latency: u64, timer: u64, legs: &[Leg], answered: Option<usize>) {
        let class = self.class_mut(latency);
        class.timer_ns += timer;
        for (spent, leg) in class.tiers.iter_mut().zip(legs) {
            spent.queued_ns += leg.queued;
            spent.served_ns += leg.served;
            spent.joined_ns += leg.joined;
            spent.lost_ns += leg.lost;
        }
        if let Some(tier) = answered {
            class.tiers[tier].answered += 1;
        }
    }

    /// The reads from the class on that holds this latency.
    pub fn slowest(&self, latency_ns: u64) -> Slowest {
        let first = class_of(latency_ns);
        let mut slowest = Slowest {
            from_ns: lower_end(first),
            reads: 0,
            latency_ns: 0,
            timer_ns: 0,
            tiers: vec![Spent::default(); self.n_tiers],
        };
        for class in &self.classes[first..] {
            slowest.reads += class.reads;
            slowest.latency_ns += class.latency_ns;
            slowest.timer_ns += class.timer_ns;
            for (sum, spent) in slowest.tiers.iter_mut().zip(&class.tiers) {
                sum.add(spent);
            }
        }
        slowest
    }
}

/// Number of the class: the highest bit set, and the three below it.
fn class_of(latency: u64) -> usize {
    let low = 1 << FINENESS;
    if latency < low {
        return latency as usize;
    }
    let doubling = latency.ilog2() - FINENESS;
    (((doubling + 1) << FINENESS) as usize) + ((latency >> doubling) as usize & (low as usize - 1))
}

fn lower_end(class: usize) -> u64 {
    let low = 1usize << FINENESS;
    if class < low {
        return class as u64;
    }
    let doubling = (class >> FINENESS) - 1;
    ((low + (class & (low - 1))) as u64) << doubling
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_an_eighth_of_a_doubling() {
        for latency in (0..2_000).chain([1 << 40, u64::MAX / 2, u64::MAX]) {
            let class = class_of(latency);
            assert!(class < CLASSES, "{latency}");
            let low = lower_end(class);
            assert!(low <= latency && latency - low <= low / 8, "{latency} in {class} from {low}");
        }
    }

    #[test]
    fn time_is_explained_to_the_nanosecond() {
        let mut explained = Explained::new(2);
        explained.add_direct(10, 0);
        let legs = [
            Leg { served: 100, queued: 40, ..Leg::default() },
            Leg { served: 1_000, lost: 60, ..Leg::default() },
        ];
        explained.add(1_250, 50, &legs, Some(1));
        let all = explained.slowest(0);
        assert_eq!((all.reads, all.latency_ns), (2, 1_260));
        let sum: u64 = all.tiers.iter().map(Spent::total_ns).sum();
        assert_eq!(sum + all.timer_ns, 1_260);
        let slow = explained.slowest(1_250);
        assert_eq!((slow.reads, slow.tiers[0].queued_ns, slow.tiers[1].answered), (1, 40, 1));
    }
}
