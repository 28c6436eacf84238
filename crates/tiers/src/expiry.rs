//! How copies whose time is up give back their memory.
//!
//! A copy that has expired is not served in any case. **Lazily**, it takes room until it is asked for or
//! evicted. What looks for expired copies beside that is one of:
//!
//! - **Redis's active cycle** (expire.c, `activeExpireCycle`, Redis 6 to 7). `hz` times a second, by
//!   default 10, it walks on through the copies with a time to live, 20 at a time, and goes on as long as
//!   more than 10 % of the 20 were expired. The effort from 1 to 10 (active-expire-effort) makes that 5
//!   copies more and 1 % less for each step. A cycle ends after a quarter of its period, and 2 % more for
//!   each step of effort; simulated time has no such measure, so a copy is assumed to take 1 µs. The fast
//!   cycles that Redis runs between requests after a cycle that ran out of time are left out. Redis walks
//!   in the order of a hash table, by whole buckets and so often a few copies further; here the order is
//!   a random one, which a copy is put into when it comes in. The share of copies that are expired and
//!   still there comes out 0.00 to 0.02 above that of a real server (a test has the figures).
//! - **A sweep**, which looks at all copies with a time to live once in a while, as in-process caches
//!   with a cleanup interval do.
//! - **A timer wheel**, which is exact: hierarchical timing wheels (G. Varghese and T. Lauck, SOSP '87,
//!   doi 10.1145/41457.37504; scheme 7) of 11 levels with 64 slots, which cover 64-bit nanoseconds. A
//!   timer is in the level of the highest 6-bit digit in which its time differs from now, and moves
//!   down a level when the clock's digit comes to be the same: at most 11 moves a timer, O(1) each.
//!
//! None is told that a copy left or got another time to live: entries are compared with the truth when
//! they are met. So a wheel keeps an entry for each time that was ever set until that time comes.
//!
//! State: 4 bytes for each copy with a time to live and a bit an object; 16 bytes an entry of a wheel.

use cache::Residents;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::ObjectId;
use trace::stream::Stream;
use trace::units::Nanos;

use crate::cluster::SpecError;

/// What gives back the memory of expired copies, as written in a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum ExpirySpec {
    /// Nothing but lookups and evictions.
    #[default]
    Lazy,
    /// Redis's active cycle.
    RedisCycle {
        /// Cycles a second: Redis's hz.
        #[serde(default = "default_hz")]
        #[schemars(range(min = 1, max = 500))]
        hz: u32,
        /// How hard it tries: Redis's active-expire-effort.
        #[serde(default = "default_effort")]
        #[schemars(range(min = 1, max = 10))]
        effort: u32,
    },
    /// A look at all copies once in a while.
    Sweep {
        /// Time between two sweeps.
        every: Nanos,
    },
    /// At its time, each.
    TimerWheel,
}

fn default_hz() -> u32 {
    10
}

fn default_effort() -> u32 {
    1
}

/// Finds expired copies of one node.
#[derive(Debug)]
pub struct ActiveExpiry(Kind);

#[derive(Debug)]
enum Kind {
    Lazy,
    RedisCycle(RedisCycle),
    Sweep(Sweep),
    TimerWheel(TimerWheel),
}

impl ActiveExpiry {
    /// For an empty node.
    ///
    /// # Errors
    /// If the specification makes no sense.
    pub fn new(spec: &ExpirySpec, n_objects: u32, seed: u64) -> Result<Self, SpecError> {
        let fail = |what: &str| Err(SpecError(what.to_string()));
        let candidates = || Candidates::new(n_objects, seed);
        Ok(ActiveExpiry(match *spec {
            ExpirySpec::Lazy => Kind::Lazy,
            ExpirySpec::RedisCycle { hz, effort } => {
                if !(1..=500).contains(&hz) || !(1..=10).contains(&effort) {
                    return fail("`hz` is expected to be from 1 to 500, `effort` from 1 to 10");
                }
                Kind::RedisCycle(RedisCycle::new(hz, effort, candidates()))
            }
            ExpirySpec::Sweep { every: Nanos(0) } => {
                return fail("`every` is expected to be above 0");
            }
            ExpirySpec::Sweep { every } => Kind::Sweep(Sweep {
                candidates: candidates(),
                rounds: Rounds { period: every.0, next: None },
            }),
            ExpirySpec::TimerWheel => Kind::TimerWheel(TimerWheel::new()),
        }))
    }

    /// A copy that is in expires at `at`; `u64::MAX` is never.
    #[inline]
    pub fn note(&mut self, object: ObjectId, at: u64, now: u64) {
        if at == u64::MAX {
            return;
        }
        match &mut self.0 {
            Kind::Lazy => {}
            Kind::RedisCycle(RedisCycle { candidates, rounds, .. })
            | Kind::Sweep(Sweep { candidates, rounds }) => {
                candidates.insert(object);
                rounds.begin(now);
            }
            Kind::TimerWheel(wheel) => wheel.set(object, at, now),
        }
    }

    /// When it next wants to [run](Self::cycle); `None` if it has nothing to look for.
    #[inline]
    pub fn next(&self) -> Option<u64> {
        match &self.0 {
            Kind::Lazy => None,
            Kind::RedisCycle(RedisCycle { rounds, .. }) | Kind::Sweep(Sweep { rounds, .. }) => {
                rounds.next
            }
            Kind::TimerWheel(wheel) => wheel.first().map(|(_, _, at)| at),
        }
    }

    /// Runs. `expires` says by object when its copy expires, if it is resident, or `u64::MAX`. Copies
    /// whose time is up are told to `expired`, each once, and must be removed.
    pub fn cycle(
        &mut self,
        now: u64,
        residents: &Residents,
        expires: &[u64],
        expired: &mut dyn FnMut(ObjectId),
    ) {
        let mut judge = |object: ObjectId| {
            let at = expires[object.index()];
            let what = match at {
                _ if at == u64::MAX || !residents.contains(object) => Copy::Gone,
                at if at <= now => Copy::Expired,
                _ => Copy::Fresh,
            };
            if what == Copy::Expired {
                expired(object);
            }
            what
        };
        match &mut self.0 {
            Kind::Lazy => {}
            Kind::RedisCycle(cycle) => cycle.run(now, &mut judge),
            Kind::Sweep(sweep) => sweep.run(now, &mut judge),
            Kind::TimerWheel(wheel) => wheel.run(now, &mut |object, at| {
                // A copy that was set twice to the same time would be told twice.
                if at == expires[object.index()] {
                    judge(object);
                }
            }),
        }
    }
}

/// What has become of a copy that had a time to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copy {
    /// It left, or lost its time to live.
    Gone,
    Expired,
    Fresh,
}

/// Copies that have a time to live, and some that had, in random order.
#[derive(Debug)]
struct Candidates {
    members: Vec<ObjectId>,
    /// Whether an object is a member: a bit each.
    is_member: Vec<u64>,
    places: Stream,
}

impl Candidates {
    fn new(n_objects: u32, seed: u64) -> Self {
        Candidates {
            members: Vec::new(),
            is_member: vec![0; (n_objects as usize).div_ceil(64)],
            places: Stream::new(seed, "active expiry"),
        }
    }

    /// Puts a new member into a random place, whose occupant goes to the end.
    fn insert(&mut self, object: ObjectId) {
        let (word, bit) = (object.index() / 64, 1 << (object.index() % 64));
        if self.is_member[word] & bit == 0 {
            self.is_member[word] |= bit;
            self.members.push(object);
            let place = self.places.below(self.members.len() as u64) as usize;
            let last = self.members.len() - 1;
            self.members.swap(place, last);
        }
    }

    fn remove(&mut self, place: usize) {
        let object = self.members.swap_remove(place);
        self.is_member[object.index() / 64] &= !(1 << (object.index() % 64));
    }
}

/// Multiples of a period, as long as there is something to do.
#[derive(Debug)]
struct Rounds {
    period: u64,
    next: Option<u64>,
}

impl Rounds {
    fn begin(&mut self, now: u64) {
        self.next.get_or_insert((now / self.period + 1).saturating_mul(self.period));
    }

    fn go_on(&mut self, now: u64, there_is_more: bool) {
        self.next = None;
        if there_is_more {
            self.begin(now);
        }
    }
}

#[derive(Debug)]
struct RedisCycle {
    candidates: Candidates,
    rounds: Rounds,
    cursor: usize,
    /// Copies looked at before it decides whether to go on.
    batch: usize,
    /// Percentage of expired ones among them up to which it does not.
    acceptable: usize,
    /// Copies that there is time for in a cycle.
    most: usize,
}

/// How long looking at a copy is taken to last.
const NANOS_A_COPY: u64 = 1000;

impl RedisCycle {
    fn new(hz: u32, effort: u32, candidates: Candidates) -> Self {
        let steps = effort as usize - 1;
        let period = 1_000_000_000 / u64::from(hz);
        let time_limit = period * (25 + 2 * steps as u64) / 100;
        RedisCycle {
            candidates,
            rounds: Rounds { period, next: None },
            cursor: 0,
            batch: 20 + 5 * steps,
            acceptable: 10 - steps,
            most: (time_limit / NANOS_A_COPY) as usize,
        }
    }

    fn run(&mut self, now: u64, judge: &mut dyn FnMut(ObjectId) -> Copy) {
        let mut seen = 0;
        while seen < self.most {
            let (n_seen, n_expired) = self.look_at_batch(judge);
            seen += n_seen;
            if n_seen == 0 || n_expired * 100 / n_seen <= self.acceptable {
                break;
            }
        }
        self.rounds.go_on(now, !self.candidates.members.is_empty());
    }

    /// Looks at the next copies; how many it saw, and how many of them were expired.
    fn look_at_batch(&mut self, judge: &mut dyn FnMut(ObjectId) -> Copy) -> (usize, usize) {
        let members = &mut self.candidates;
        let wanted = self.batch.min(members.members.len());
        let (mut n_seen, mut n_expired) = (0, 0);
        while n_seen < wanted && !members.members.is_empty() {
            if self.cursor >= members.members.len() {
                self.cursor = 0;
            }
            let what = judge(members.members[self.cursor]);
            n_seen += usize::from(what != Copy::Gone);
            n_expired += usize::from(what == Copy::Expired);
            match what {
                Copy::Fresh => self.cursor += 1,
                Copy::Gone | Copy::Expired => members.remove(self.cursor),
            }
        }
        (n_seen, n_expired)
    }
}

#[derive(Debug)]
struct Sweep {
    candidates: Candidates,
    rounds: Rounds,
}

impl Sweep {
    fn run(&mut self, now: u64, judge: &mut dyn FnMut(ObjectId) -> Copy) {
        let mut place = 0;
        while let Some(object) = self.candidates.members.get(place) {
            match judge(*object) {
                Copy::Fresh => place += 1,
                Copy::Gone | Copy::Expired => self.candidates.remove(place),
            }
        }
        self.rounds.go_on(now, place > 0);
    }
}

/// Bits of a digit of time, by which a level is chosen.
const DIGIT: u32 = 6;
/// Slots of a level.
const SLOTS: usize = 1 << DIGIT;
/// Digits of a time.
const LEVELS: usize = 64usize.div_ceil(DIGIT as usize);

#[derive(Debug)]
struct TimerWheel {
    /// All that was due before or at this time has been told.
    clock: u64,
    /// Timers of every slot, level by level.
    slots: Vec<Vec<(u64, ObjectId)>>,
    /// Slots of each level that are not empty, a bit each.
    occupied: [u64; LEVELS],
}

impl TimerWheel {
    fn new() -> Self {
        TimerWheel { clock: 0, slots: vec![Vec::new(); LEVELS * SLOTS], occupied: [0; LEVELS] }
    }

    fn set(&mut self, object: ObjectId, at: u64, now: u64) {
        // With nothing due until now, the clock may be put forward: slots keep their meaning.
        if self.first().is_none_or(|(_, _, due)| due > now) {
            self.clock = self.clock.max(now);
        }
        self.put(object, at.max(self.clock));
    }

    fn put(&mut self, object: ObjectId, at: u64) {
        let differing = 63 - ((at ^ self.clock) | 1).leading_zeros();
        let level = differing / DIGIT;
        let slot = (at >> (level * DIGIT)) as usize % SLOTS;
        self.slots[level as usize * SLOTS + slot].push((at, object));
        self.occupied[level as usize] |= 1 << slot;
    }

    /// Level and slot of the first timers, and when the slot begins. A slot of a lower level comes
    /// before all of a higher one, since it agrees with the clock in one digit more.
    fn first(&self) -> Option<(usize, usize, u64)> {
        let level = self.occupied.iter().position(|slots| *slots != 0)?;
        let slot = self.occupied[level].trailing_zeros();
        let digits_below = level as u32 * DIGIT;
        let above = u64::MAX.checked_shl(digits_below + DIGIT).unwrap_or(0);
        let begins = self.clock & above | u64::from(slot) << digits_below;
        Some((level, slot as usize, begins))
    }

    fn run(&mut self, now: u64, due: &mut dyn FnMut(ObjectId, u64)) {
        while let Some((level, slot, begins)) = self.first().filter(|(_, _, at)| *at <= now) {
            self.clock = begins;
            self.occupied[level] &= !(1 << slot);
            for (at, object) in std::mem::take(&mut self.slots[level * SLOTS + slot]) {
                if at == begins { due(object, at) } else { self.put(object, at) }
            }
        }
        self.clock = self.clock.max(now);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cache::{Contents, Filled, Removal, Request, Setup, Unit};
    use proptest::prelude::*;

    use super::*;

    const CYCLE: ExpirySpec = ExpirySpec::RedisCycle { hz: 10, effort: 1 };
    const TENTH: u64 = 100_000_000;

    /// A node with copies and their times.
    struct Node {
        contents: Box<dyn Contents>,
        expires: Vec<u64>,
        expiry: ActiveExpiry,
        told: Vec<(u64, u32)>,
    }

    impl Node {
        fn new(spec: &ExpirySpec, n_objects: u32) -> Self {
            let setup = Setup {
                capacity: u64::from(n_objects),
                unit: Unit::Objects,
                n_objects,
                n_requests: 0,
                seed: 1,
            };
            let lru = policies::find("lru").unwrap();
            Node {
                contents: (lru.kind.build)(&setup, &Default::default()).unwrap(),
                expires: vec![u64::MAX; n_objects as usize],
                expiry: ActiveExpiry::new(spec, n_objects, 1).unwrap(),
                told: Vec::new(),
            }
        }

        fn fill(&mut self, object: u32, at: u64, now: u64) {
            let object = ObjectId(object);
            let request = Request { object, size: 1, seq: 0, next_use: trace::NEVER };
            let filled = self.contents.fill(&request, &mut |_| {});
            assert!(matches!(filled, Filled::Inserted | Filled::AlreadyIn));
            self.expires[object.index()] = at;
            self.expiry.note(object, at, now);
        }

        fn remove(&mut self, object: u32) {
            self.contents.remove(ObjectId(object), Removal::Deleted);
        }

        /// Lets it run at the times it wants, up to `now`.
        fn advance(&mut self, now: u64) {
            while let Some(at) = self.expiry.next().filter(|at| *at <= now) {
                self.run(at);
                assert!(self.expiry.next().is_none_or(|next| next > at), "it makes no progress");
            }
        }

        fn run(&mut self, now: u64) {
            let mut gone = Vec::new();
            let residents = self.contents.residents();
            self.expiry.cycle(now, residents, &self.expires, &mut |object| gone.push(object));
            for object in gone {
                assert!(self.expires[object.index()] <= now, "{object:?} is fresh");
                assert!(
                    self.contents.remove(object, Removal::Expired),
                    "{object:?} was told twice"
                );
                self.told.push((now, object.0));
            }
        }

        fn len(&self) -> usize {
            self.contents.residents().len()
        }
    }

    #[test]
    fn lazily_nothing_is_looked_for() {
        let mut node = Node::new(&ExpirySpec::Lazy, 1);
        node.fill(0, 5, 0);
        assert_eq!(node.expiry.next(), None);
        node.run(9);
        assert_eq!(node.len(), 1);
    }

    #[test]
    fn a_timer_wheel_tells_each_at_its_time() {
        let mut node = Node::new(&ExpirySpec::TimerWheel, 8);
        let times = [3, 63, 64, 65, 4096, 1 << 40, u64::MAX - 1, u64::MAX];
        for (object, at) in (0..).zip(times) {
            node.fill(object, at, 0);
        }
        node.advance(u64::MAX);
        let expected: Vec<_> = times[..7].iter().copied().zip(0..).collect();
        assert_eq!(node.told, expected);
        assert_eq!((node.len(), node.expiry.next()), (1, None));
    }

    /// All of 1000 are expired: batches of 20 go on until none is left. Of 1000 with 5 % expired, the
    /// first batch ends the cycle unless chance puts three of them into it.
    #[test]
    fn the_redis_cycle_goes_on_while_many_are_expired() {
        let mut node = Node::new(&CYCLE, 1000);
        (0..1000).for_each(|object| node.fill(object, 10, 0));
        assert_eq!(node.expiry.next(), Some(TENTH));
        node.advance(TENTH);
        assert_eq!((node.len(), node.expiry.next()), (0, None));

        let mut node = Node::new(&CYCLE, 1000);
        (0..1000).for_each(|object| node.fill(object, if object < 50 { 10 } else { 1 << 60 }, 0));
        node.advance(TENTH);
        assert!(node.len() > 990, "{}", node.len());
        // 50 cycles see all of them, each once.
        node.advance(51 * TENTH);
        assert_eq!(node.len(), 950);
    }

    /// Copies that live for so many seconds come in at so many a second: the share of copies that are
    /// expired and still there, on the average over samples 50 ms apart.
    fn stale_share(effort: u32, rate: u64, seconds: u64) -> f64 {
        let (ttl, gap) = (seconds * 1_000_000_000, 1_000_000_000 / rate);
        let n = 5 * rate * seconds;
        let mut node = Node::new(&ExpirySpec::RedisCycle { hz: 10, effort }, n as u32);
        let mut samples = Vec::new();
        for k in 0..n {
            node.advance(k * gap);
            node.fill(k as u32, k * gap + ttl, k * gap);
            if k > n / 2 && k % (rate / 20) == 0 {
                samples.push(1.0 - (rate * seconds) as f64 / node.len() as f64);
            }
        }
        samples.iter().sum::<f64>() / samples.len() as f64
    }

    /// Shares measured with redis-server 7.0.15 (Debian 12) on 2026-11-25: SET with PX at that rate, DBSIZE
    /// every 50 ms. Single samples were up to 0.08 off their averages, which are of 140 to 300.
    #[test]
    fn the_redis_cycle_leaves_as_many_stale_copies_as_redis() {
        let measured =
            [(1, 200, 10, 0.110), (1, 1000, 10, 0.159), (1, 5000, 2, 0.212), (10, 1000, 10, 0.039)];
        for (effort, rate, seconds, redis) in measured {
            let share = stale_share(effort, rate, seconds);
            assert!((share - redis).abs() < 0.02, "{effort} {rate} {seconds}: {share}, {redis}");
        }
    }

    #[test]
    fn a_cycle_ends_with_its_time() {
        let mut node = Node::new(&CYCLE, 60_000);
        (0..60_000).for_each(|object| node.fill(object, 10, 0));
        node.advance(TENTH);
        assert_eq!(node.len(), 60_000 - 25_000);
    }

    #[test]
    fn a_sweep_finds_all_at_its_times() {
        let mut node = Node::new(&ExpirySpec::Sweep { every: Nanos(100) }, 10);
        (0..10).for_each(|object| node.fill(object, u64::from(object) * 20 + 1, 0));
        node.advance(99);
        assert_eq!(node.len(), 10);
        node.advance(100);
        assert_eq!(node.len(), 5);
        node.advance(200);
        assert_eq!((node.len(), node.expiry.next()), (0, None));
    }

    #[test]
    fn a_spec_is_read_from_toml_and_what_makes_no_sense_is_refused() {
        #[derive(Deserialize)]
        struct Tier {
            expiry: ExpirySpec,
        }
        let read = |text: &str| toml::from_str::<Tier>(text).map(|tier| tier.expiry);
        assert_eq!(read("expiry = \"timer-wheel\""), Ok(ExpirySpec::TimerWheel));
        assert_eq!(read("expiry = { redis-cycle = {} }"), Ok(CYCLE));
        assert_eq!(
            read("expiry = { sweep = { every = \"10s\" } }"),
            Ok(ExpirySpec::Sweep { every: Nanos(10_000_000_000) })
        );
        for bad in [
            ExpirySpec::RedisCycle { hz: 0, effort: 1 },
            ExpirySpec::RedisCycle { hz: 10, effort: 11 },
            ExpirySpec::Sweep { every: Nanos(0) },
        ] {
            assert!(ActiveExpiry::new(&bad, 1, 1).is_err(), "{bad:?}");
        }
    }

    proptest! {
        /// Whatever comes and goes: nothing fresh is told, nothing twice; a wheel leaves nothing expired
        /// behind, the others nothing in the end.
        #[test]
        fn expired_copies_go_and_only_they(
            steps in prop::collection::vec((0..40u32, 0..4u8, 0..3u32, 1..5000u64), 1..200),
        ) {
            for spec in [CYCLE, ExpirySpec::Sweep { every: Nanos(700) }, ExpirySpec::TimerWheel] {
                let mut node = Node::new(&spec, 40);
                let mut now = 0;
                for (object, what, scale, time) in &steps {
                    now += time >> (3 * scale);
                    node.advance(now);
                    match what {
                        0 => node.remove(*object),
                        1 => node.fill(*object, u64::MAX, now),
                        _ => node.fill(*object, now + (time << (7 * scale)), now),
                    }
                    if spec == ExpirySpec::TimerWheel {
                        let left = (0..40).filter(|object| {
                            node.contents.residents().contains(ObjectId(*object))
                        });
                        prop_assert!(left.into_iter().all(|o| node.expires[o as usize] > now));
                    }
                }
                let lasting: BTreeSet<_> = (0..40)
                    .filter(|object| {
                        let resident = node.contents.residents().contains(ObjectId(*object));
                        resident && node.expires[*object as usize] == u64::MAX
                    })
                    .collect();
                node.advance(now + (5000 << 14) + 10 * TENTH);
                prop_assert_eq!(node.len(), lasting.len());
                prop_assert_eq!(node.expiry.next(), None);
            }
        }
    }
}
