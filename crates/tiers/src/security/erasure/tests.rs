//! Plans against their spec, the ledger against a naive twin that knows every copy, and the race.

use std::collections::BTreeMap;

use proptest::prelude::*;
use trace::ObjectId;
use trace::stream::Stream;
use trace::units::Nanos;

use super::*;
use crate::security::subjects::tests::trace_of;
use crate::{LatencySpec, SizeRow};

fn spec(text: &str) -> ErasureSpec {
    toml::from_str(text).unwrap()
}

const HOUR: u64 = 3_600_000_000_000;

fn small_trace() -> trace::Trace {
    let keys = ["user:1:a", "user:2:a", "session:1:x", "page"];
    trace_of(&keys, &[(0, "ann"), (1, "bob"), (2, "ann"), (3, "bob"), (3, "ann")])
}

fn ids(objects: &[ObjectId]) -> Vec<u32> {
    objects.iter().map(|object| object.0).collect()
}

#[test]
fn a_plan_finds_the_objects_of_ids_clients_and_keys() {
    let spec = spec(
        r#"requests = [
            { at = "3s", id = "1" },
            { at = "1s", client = "bob" },
            { at = "2s", keys = ["page", "*:a"] },
            { at = "4s", id = "nobody" },
        ]"#,
    );
    let plan = Plan::new(&spec, &small_trace(), (500, 10), 1).unwrap();
    let found: Vec<_> = plan
        .requests()
        .iter()
        .enumerate()
        .map(|(i, r)| (r.at, r.subject.as_str(), r.n_paths, ids(plan.objects(i))))
        .collect();
    let second = 1_000_000_000;
    assert_eq!(
        found,
        [
            (500 + second, "bob", 1, vec![1]),
            (500 + 2 * second, "page *:a", 2, vec![0, 1, 3]),
            (500 + 3 * second, "1", 3, vec![0, 2]),
            (500 + 4 * second, "nobody", 3, vec![]),
        ]
    );
    let shared = ErasureSpec { shared: true, ..spec };
    let plan = Plan::new(&shared, &small_trace(), (0, 10), 1).unwrap();
    assert_eq!(ids(plan.objects(0)), [1, 3]);
}

#[test]
fn requests_at_random_have_their_rate_and_come_from_the_seed() {
    let trace = small_trace();
    for (of, people) in [("clients", ["ann", "bob"]), ("ids", ["1", "2"])] {
        let spec = spec(&format!("random = {{ per-hour = 50, of = \"{of}\" }}"));
        let plan = Plan::new(&spec, &trace, (HOUR, 21 * HOUR), 1).unwrap();
        let n = plan.requests().len();
        assert!((900..1100).contains(&n), "{n}");
        assert!(plan.requests().iter().all(|r| (HOUR..=21 * HOUR).contains(&r.at)));
        assert!(plan.requests().is_sorted_by_key(|r| r.at));
        for person in people {
            let times = plan.requests().iter().filter(|r| r.subject == person).count();
            assert!((400..600).contains(&times), "{person}: {times}");
        }
        assert_eq!(plan, Plan::new(&spec, &trace, (HOUR, 21 * HOUR), 1).unwrap());
        assert_ne!(plan, Plan::new(&spec, &trace, (HOUR, 21 * HOUR), 2).unwrap());
    }
}

#[test]
fn what_a_plan_cannot_do_is_said() {
    let error = |text: &str, trace: &trace::Trace| {
        Plan::new(&spec(text), trace, (0, HOUR), 1).unwrap_err().to_string()
    };
    let trace = small_trace();
    let nobody = error("requests = [{ at = \"1s\" }]", &trace);
    assert_eq!(nobody, "`requests` at 1s needs one of `id`, `client` and `keys`");
    let two = error("requests = [{ at = \"1s\", id = \"1\", client = \"ann\" }]", &trace);
    assert_eq!(two, nobody);
    let unknown = error("requests = [{ at = \"1s\", client = \"eve\" }]", &trace);
    assert_eq!(unknown, "`client` `eve` is no client of this trace; it has such as `ann`");
    let open = error("requests = [{ at = \"1s\", keys = [\"a[\"] }]", &trace);
    assert!(open.contains("`[` without its `]`"), "{open}");
    assert!(error("patterns = [\"user:*\"]", &trace).contains("no `ID`"));
    assert!(error("random = { per-hour = 0, of = \"ids\" }", &trace).contains("`per-hour`"));
    assert!(error("random = { per-hour = 1e12, of = \"ids\" }", &trace).contains("`per-hour`"));
    let vague = "patterns = [\"*:ID\"]\nrandom = { per-hour = 1, of = \"ids\" }";
    assert!(error(vague, &trace).contains("tell no id"));
    let none = "patterns = [\"cart:ID:*\"]\nrandom = { per-hour = 1, of = \"ids\" }";
    assert!(error(none, &trace).contains("finds nobody"));
    let anonymous = trace::Trace::from_numbers("t", [1, 2]);
    let by_client = "random = { per-hour = 1, of = \"clients\" }";
    assert!(error(by_client, &anonymous).contains("needs the clients"));
    let mut columns = anonymous.into_columns();
    columns.keys = None;
    let stripped = trace::Trace::new("t", columns, Default::default()).unwrap();
    assert!(
        error("requests = [{ at = \"1s\", id = \"1\" }]", &stripped).contains("needs the keys")
    );
}

#[test]
fn the_delay_of_a_purge_is_the_sum_of_its_parts() {
    let spec: PurgeSpec =
        toml::from_str("base = \"1ms\"\nper-object = \"20us\"\nscan-keys-per-second = 1_000_000")
            .unwrap();
    let purging = Purging::new(&spec, "L2", None, 1).unwrap();
    // 1 ms, three objects, half a million keys.
    assert_eq!(purging.delay_ns(0, 3, 500_000), 1_000_000 + 60_000 + 500_000_000);
    assert_eq!(purging.delay_ns(0, u64::MAX, u64::MAX), u64::MAX);
    assert!(!purging.shreds());

    let law = LatencySpec {
        laws: Vec::new(),
        regimes: None,
        source: "test".into(),
        date: "2026-11-25".into(),
        quantiles: vec![0.0, 1.0],
        sizes: vec![SizeRow {
            size: trace::units::Bytes(1),
            latency: vec![Nanos(1_000), Nanos(9_000)],
        }],
    };
    let law = LatencyProfile::new(&law).unwrap();
    let drawn = PurgeSpec { latency: Some("cdn".into()), ..PurgeSpec::default() };
    let purging = Purging::new(&drawn, "L3", Some(law), 1).unwrap();
    let delays: Vec<u64> = (0..100).map(|request| purging.delay_ns(request, 1, 1)).collect();
    assert!(delays.iter().all(|ns| (1_000..=9_000).contains(ns)));
    assert!(delays[0] != delays[1] && delays[0] == purging.delay_ns(0, 5, 5));

    assert_eq!(Purging::new(&drawn, "L3", None, 1).unwrap_err().field, "latency");
    let still = PurgeSpec { scan_keys_per_second: Some(0), ..PurgeSpec::default() };
    assert_eq!(Purging::new(&still, "L2", None, 1).unwrap_err().field, "scan-keys-per-second");
}

/// The example of CloudFront's documentation: of 1,800 paths a month 800 are paid, at $0.005.
#[test]
fn quantiles_are_values_that_occurred() {
    let times = [10, 20, 30, 40];
    let found = [0.0, 0.25, 0.5, 0.51, 0.99, 1.0].map(|q| nearest_rank(&times, q).unwrap());
    assert_eq!(found, [10, 10, 20, 30, 40, 40]);
    assert_eq!(nearest_rank(&[], 0.5), None);
}

const A: ObjectId = ObjectId(0);

/// A fetch leaves the origin at 5 with version 0; A is erased at 10; L1 purges at 12, L2 at 20; the
/// fetch comes back at 15 and at 25.
fn the_race(tombstone: Option<u64>) -> ErasureOutcome {
    let mut ledger = Ledger::new(1, 2, 2, tombstone);
    assert!(!ledger.read(A, 0, 0, 5) && !ledger.concerns(A));
    ledger.ask(0, &[A], 10, |_| 1, |_, tier| [1, 2][tier]);
    assert!(!ledger.purged(0, &[A], 0, 12, 1));
    if ledger.admits(A, 0, 0, 15) {
        ledger.inserted(A, 0, 0, 15);
    }
    assert!(ledger.purged(0, &[A], 1, 20, 2));
    if ledger.admits(A, 0, 1, 25) {
        ledger.inserted(A, 0, 1, 25);
        assert!(ledger.read(A, 0, 1, 30));
    }
    assert!(ledger.delivered(A, 0) && !ledger.delivered(A, 1));
    // The version made by the erasure is welcome.
    assert!(ledger.admits(A, 1, 0, 31));
    ledger.inserted(A, 1, 0, 31);
    assert!(!ledger.read(A, 1, 0, 32));
    ledger.outcome()
}

#[test]
fn without_tombstones_an_answer_under_way_brings_the_erased_back() {
    let outcome = the_race(None);
    let request = &outcome.requests[0];
    assert_eq!((request.asked, request.completed), (Some(10), Some(20)));
    assert_eq!(request.time_to_erasure_ns(), Some(10));
    assert_eq!((request.reinserted, request.refused), (2, 0));
    assert_eq!((request.read_after_completion, request.last_read), (1, Some(30)));
    assert_eq!((request.removed.clone(), request.delivered_after_completion), (vec![1, 2], 1));
    assert_eq!(outcome.tiers[0].residual, [(10, 1), (12, 0), (15, 1)]);
    assert_eq!(outcome.tiers[1].residual, [(10, 2), (20, 0), (25, 1)]);
    assert_eq!((outcome.tiers[1].residual_now(), outcome.tiers[1].residual_max()), (1, 2));
    assert_eq!(outcome.times_to_purge_ns(0), [2]);
    assert!(!outcome.holds() && outcome.n_violations() == 1);
}

#[test]
fn tombstones_refuse_it_for_as_long_as_they_last() {
    let outcome = the_race(Some(5));
    let request = &outcome.requests[0];
    assert_eq!((request.reinserted, request.refused, request.read_after_completion), (0, 2, 0));
    assert!(outcome.holds());
    // One that ends at 16 and 24 refuses the first only.
    let short = the_race(Some(4));
    assert_eq!((short.requests[0].reinserted, short.requests[0].refused), (1, 1));
    assert!(!short.holds());
}

/// A tier of several nodes may hold an erased version and the new one at once.
#[test]
fn copies_of_the_new_version_are_not_residual() {
    let mut ledger = Ledger::new(1, 1, 1, Some(100));
    ledger.ask(0, &[A], 10, |_| 1, |_, _| 2);
    ledger.inserted(A, 1, 0, 11);
    ledger.dropped(A, 1, 0, 12);
    assert_eq!(ledger.outcome().tiers[0].residual, [(10, 2)]);
    ledger.dropped(A, 0, 0, 13);
    ledger.inserted(A, 0, 0, 14);
    ledger.purged(0, &[A], 0, 15, 2);
    assert!(ledger.admits(A, 1, 0, 16) && !ledger.admits(A, 0, 0, 16));
    let outcome = ledger.outcome();
    assert_eq!(outcome.tiers[0].residual, [(10, 2), (13, 1), (14, 2), (15, 0)]);
    assert_eq!((outcome.tiers[0].removed, outcome.tiers[0].refused), (2, 1));
}

#[test]
fn a_request_that_the_run_does_not_finish_is_incomplete() {
    let mut ledger = Ledger::new(2, 1, 1, None);
    ledger.ask(0, &[A], 10, |_| 1, |_, _| 0);
    let outcome = ledger.outcome();
    assert_eq!((outcome.n_incomplete(), outcome.times_to_erasure_ns()), (1, vec![]));
    assert!(!outcome.holds());
    assert_eq!(outcome.requests[1].asked, None);
    // Without tiers there is nothing to purge.
    let mut ledger = Ledger::new(1, 1, 0, None);
    ledger.ask(0, &[A], 10, |_| 1, |_, _| 0);
    assert_eq!(ledger.outcome().requests[0].completed, Some(10));
}

/// Longest time that an answer is under way in the toy.
const FLIGHT: u64 = 40;
/// Longest delay of a purge.
const PURGE: u64 = 60;
const OBJECTS: u32 = 3;

/// Two tiers without limits, some requests, erasures and losses at random times, event by event. The
/// twin knows every copy, so it can count by looking at all of them what the ledger keeps account of.
struct Toy {
    ledger: Ledger,
    origin: Vec<u32>,
    tiers: [BTreeMap<u32, u32>; 2],
    /// (time, number, what): the number keeps the order of what was scheduled first.
    events: BTreeMap<(u64, u64), Event>,
    n_scheduled: u64,
    draws: Stream,
    /// Objects and new versions of the requests, and when they were complete.
    erasures: Vec<(Vec<ObjectId>, Vec<u32>, [bool; 2])>,
    violations: u64,
    reinserted: u64,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    /// A request asks tier 0, tier 1, the origin.
    Lookup(u32, usize),
    /// An answer of this version passes tier 1, tier 0, the client.
    Fill(u32, u32, usize),
    Erase,
    Purge(usize, usize),
    Lose(u32, usize),
}

impl Toy {
    fn new(seed: u64, tombstone: Option<u64>) -> Self {
        let draws = Stream::new(seed, "toy");
        let ledger = Ledger::new(8, OBJECTS, 2, tombstone);
        let mut toy = Toy {
            ledger,
            origin: vec![0; OBJECTS as usize],
            tiers: Default::default(),
            events: BTreeMap::new(),
            n_scheduled: 0,
            draws,
            erasures: Vec::new(),
            violations: 0,
            reinserted: 0,
        };
        for _ in 0..80 {
            let at = toy.draws.below(500);
            let object = toy.object();
            toy.schedule(at, Event::Lookup(object, 0));
        }
        for _ in 0..8 {
            let at = toy.draws.below(500);
            toy.schedule(at, Event::Erase);
            let (at, object, tier) = (toy.draws.below(500), toy.object(), toy.draws.below(2));
            toy.schedule(at, Event::Lose(object, tier as usize));
        }
        toy
    }

    fn object(&mut self) -> u32 {
        self.draws.below(u64::from(OBJECTS)) as u32
    }

    fn schedule(&mut self, at: u64, event: Event) {
        self.n_scheduled += 1;
        self.events.insert((at, self.n_scheduled), event);
    }

    fn run(mut self) -> Self {
        while let Some(((now, _), event)) = self.events.pop_first() {
            match event {
                Event::Lookup(object, tier) => self.look_up(object, tier, now),
                Event::Fill(object, version, tier) => self.fill(object, version, tier, now),
                Event::Erase => self.erase(now),
                Event::Purge(request, tier) => self.purge(request, tier, now),
                Event::Lose(object, tier) => {
                    if let Some(version) = self.tiers[tier].remove(&object) {
                        self.ledger.dropped(ObjectId(object), version, tier, now);
                    }
                }
            }
            self.assert_residual();
        }
        self
    }

    fn look_up(&mut self, object: u32, tier: usize, now: u64) {
        // Half of the longest flight is spent in each of the two hops an answer can make.
        let hop = 1 + self.draws.below(FLIGHT / 2);
        let version = match self.tiers.get(tier) {
            None => Some(self.origin[object as usize]),
            Some(copies) => copies.get(&object).copied(),
        };
        let Some(version) = version else {
            return self.schedule(now + hop, Event::Lookup(object, tier + 1));
        };
        let broken = self.is_gone(object, version);
        if tier < self.tiers.len() {
            assert_eq!(self.ledger.read(ObjectId(object), version, tier, now), broken);
        }
        self.violations += u64::from(broken);
        if tier > 0 {
            self.schedule(now + hop, Event::Fill(object, version, tier - 1));
        }
    }

    fn fill(&mut self, object: u32, version: u32, tier: usize, now: u64) {
        let purged = self.erasures.iter().any(|(objects, versions, purged)| {
            purged[tier] && erases(objects, versions, object, version)
        });
        if !self.tiers[tier].contains_key(&object) {
            if self.ledger.admits(ObjectId(object), version, tier, now) {
                self.reinserted += u64::from(purged);
                self.tiers[tier].insert(object, version);
                self.ledger.inserted(ObjectId(object), version, tier, now);
            } else {
                assert!(purged, "only what was erased is refused");
            }
        }
        if tier > 0 {
            let hop = 1 + self.draws.below(FLIGHT / 2);
            self.schedule(now + hop, Event::Fill(object, version, tier - 1));
        }
    }

    fn erase(&mut self, now: u64) {
        let request = self.erasures.len();
        let all = self.draws.below(3) == 0;
        let one = self.object();
        let objects: Vec<ObjectId> =
            (0..OBJECTS).filter(|object| all || *object == one).map(ObjectId).collect();
        let mut versions = Vec::new();
        let (origin, tiers) = (&mut self.origin, &self.tiers);
        let erase = |object: ObjectId| {
            origin[object.index()] += 1;
            versions.push(origin[object.index()]);
            origin[object.index()]
        };
        let copies = |object: ObjectId, tier: usize| u32::from(tiers[tier].contains_key(&object.0));
        self.ledger.ask(request, &objects, now, erase, copies);
        self.erasures.push((objects, versions, [false; 2]));
        for tier in 0..2 {
            let delay = self.draws.below(PURGE + 1);
            self.schedule(now + delay, Event::Purge(request, tier));
        }
    }

    fn purge(&mut self, request: usize, tier: usize, now: u64) {
        let (objects, _, purged) = &mut self.erasures[request];
        purged[tier] = true;
        let removed = objects.iter().filter(|o| self.tiers[tier].remove(&o.0).is_some()).count();
        let complete = self.ledger.purged(request, objects, tier, now, removed as u64);
        assert_eq!(complete, *purged == [true; 2]);
    }

    /// By looking at all requests: whether one erased this version and is complete.
    fn is_gone(&self, object: u32, version: u32) -> bool {
        self.erasures.iter().any(|(objects, versions, purged)| {
            *purged == [true; 2] && erases(objects, versions, object, version)
        })
    }

    /// By looking at all copies: those that some request erases.
    fn assert_residual(&self) {
        let outcome = self.ledger.outcome();
        for (tier, copies) in self.tiers.iter().enumerate() {
            let residual = copies.iter().filter(|(object, version)| {
                self.erasures
                    .iter()
                    .any(|(objects, versions, _)| erases(objects, versions, **object, **version))
            });
            assert_eq!(outcome.tiers[tier].residual_now(), residual.count() as u64);
        }
    }
}

fn erases(objects: &[ObjectId], versions: &[u32], object: u32, version: u32) -> bool {
    objects.iter().zip(versions).any(|(o, below)| o.0 == object && version < *below)
}

/// A tombstone longer than the longest purge delay and the longest flight leaves no gap.
const LONG_ENOUGH: u64 = PURGE + FLIGHT;

proptest! {
    #[test]
    fn with_long_tombstones_nothing_erased_is_read_after_completion(seed in any::<u64>()) {
        let toy = Toy::new(seed, Some(LONG_ENOUGH)).run();
        let outcome = toy.ledger.outcome();
        prop_assert_eq!((toy.violations, toy.reinserted), (0, 0));
        prop_assert_eq!(outcome.n_violations(), 0);
        prop_assert!(outcome.holds());
        prop_assert_eq!(outcome.times_to_erasure_ns().len(), 8);
        prop_assert!(outcome.times_to_erasure_ns().iter().all(|ns| *ns <= PURGE));
    }

    #[test]
    fn the_ledger_counts_what_its_twin_counts(
        seed in any::<u64>(),
        tombstone in prop::option::of(0..LONG_ENOUGH),
    ) {
        let toy = Toy::new(seed, tombstone).run();
        let outcome = toy.ledger.outcome();
        prop_assert_eq!(outcome.n_violations(), toy.violations);
        prop_assert_eq!(outcome.tiers.iter().map(|t| t.reinserted).sum::<u64>(), toy.reinserted);
        let by_request: u64 = outcome.requests.iter().map(|r| r.reinserted).sum();
        prop_assert_eq!(by_request, toy.reinserted);
    }
}

#[test]
fn the_race_happens_without_tombstones_and_with_short_ones() {
    let count = |tombstone| {
        let toys = (0..200).map(|seed| Toy::new(seed, tombstone).run());
        toys.fold((0, 0), |(v, r), toy| (v + toy.violations, r + toy.reinserted))
    };
    let ((none_read, none_back), (short_read, short_back)) = (count(None), count(Some(10)));
    assert!(none_read > 0 && short_read > 0, "{none_read} {short_read}");
    assert!(none_back > short_back && short_back > 0, "{none_back} {short_back}");
    assert_eq!(count(Some(LONG_ENOUGH)), (0, 0));
}
