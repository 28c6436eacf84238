//! Erasure, encryption and the audit log in whole runs: by hand, and over random stacks.

use std::ops::ControlFlow;

use proptest::prelude::*;
use trace::stream::Stream;
use trace::units::Nanos;
use trace::{Op, ReadReport, Trace};

use super::{assert_all_ended, run, stack, tier, trace_of};
use crate::placement::{Ask, Placement, Queues, Route};
use crate::security::{
    AuditSpec, Cipher, EncryptionSpec, ErasureSpec, Naming, PurgeSpec, Record, verify,
};
use crate::{
    Audit, Encryption, Erasure, Failure, Fault, Fill, Hedge, HedgeLeg, Inclusion, Layout, Misses,
    OnMiss, Outcome, Predicted, Router, Run, Settle, Stack, StationSpec, Writes, simulate,
};

/// Object 0 is erased at 1000; how each tier purges is given.
fn erasing(spec: &str) -> Option<Erasure> {
    let mut spec: ErasureSpec = toml::from_str(spec).unwrap();
    if spec.requests.is_empty() {
        spec.requests =
            toml::from_str::<ErasureSpec>("requests = [{ at = \"1us\", keys = [\"0\"] }]")
                .unwrap()
                .requests;
    }
    Some(Erasure { spec, ..Erasure::default() })
}

/// L1 answers in 1 ns, L2 in 10, the origin in 100; nothing is evicted.
fn two_tiers() -> Stack {
    stack(vec![tier("L1", "lru", 9, Nanos(1)), tier("L2", "lru", 9, Nanos(10))], Nanos(100))
}

#[test]
fn a_deep_tier_that_purges_late_brings_the_erased_back() {
    // Asked at 1000, L1 purges at once and L2 at 1500. A read at 1200 finds the old copy in L2 at 1201,
    // and fills L1 with it at 1211, after L1 has purged. So the read at 2000 is answered by L1 with it.
    let arrivals = [0, 1_200, 2_000];
    let trace = trace_of(&[0, 0, 0]);
    let mut stack = two_tiers();
    stack.erasure = erasing("tiers.L2.base = \"500ns\"");
    let outcome = run(&trace, &arrivals, &stack);
    let erasure = outcome.erasure.unwrap();
    let request = &erasure.requests[0];
    assert_eq!((request.asked, request.completed), (Some(1_000), Some(1_500)));
    assert_eq!(request.removed, [1, 1]);
    assert_eq!((request.reinserted, request.read_before_completion), (1, 1));
    assert_eq!((request.read_after_completion, request.delivered_after_completion), (1, 1));
    assert_eq!(erasure.tiers[0].residual, [(1_000, 0), (1_211, 1)]);
    assert_eq!(erasure.tiers[1].residual, [(1_000, 1), (1_500, 0)]);
    assert_eq!((erasure.tiers[0].violations, erasure.tiers[1].violations), (1, 0));
    assert!(!erasure.holds());
    assert_eq!((erasure.longest_purge_ns(), erasure.longest_flight_ns), (500, 111));
    // Each tier was asked to purge one pattern; readers of erased versions are not stale readers.
    assert_eq!([outcome.tiers[0].purges, outcome.tiers[1].purges], [1, 1]);
    assert_eq!(outcome.written.stale_reads, 0);

    // A tombstone refuses that fill, so the read at 2000 goes to the origin.
    stack.erasure = erasing("tombstone = \"1s\"\ntiers.L2.base = \"500ns\"");
    let outcome = run(&trace, &arrivals, &stack);
    let erasure = outcome.erasure.as_ref().unwrap();
    assert_eq!((erasure.requests[0].refused, erasure.n_violations()), (1, 0));
    assert!(erasure.holds());
    assert_eq!(super::hits(&outcome), [0, 1, 2]);
}

/// A read that begins after completion may wait for a fetch that began before the request.
#[test]
fn those_who_wait_do_not_get_what_a_tombstone_refuses() {
    // The first fetch asks the origin at 1, which answers with the old version at 2001. Erased at 1000,
    // the read at 1500 waits for it from 1501 on.
    let trace = trace_of(&[0, 0]);
    let mut stack = stack(vec![tier("L1", "lru", 9, Nanos(1))], Nanos(2_000));
    stack.tiers[0].misses = Misses::Coalesce;
    let arrivals = [0, 1_500];
    let go = |stack: &Stack| simulate_all(&Run::new(&trace, &arrivals, stack, 1));
    stack.erasure = erasing("");
    let outcome = go(&stack);
    let erasure = outcome.erasure.unwrap();
    assert_eq!((erasure.n_violations(), erasure.tiers[0].reinserted), (1, 1));
    assert_eq!(erasure.requests[0].delivered_after_completion, 2);
    // With a tombstone it asks again, at 2001, and the origin at 2002, which takes 2000.
    stack.erasure = erasing("tombstone = \"1s\"");
    let outcome = go(&stack);
    let erasure = outcome.erasure.as_ref().unwrap();
    assert_eq!((erasure.n_violations(), erasure.requests[0].refused), (0, 1));
    assert_eq!(erasure.requests[0].delivered_after_completion, 1);
    assert!(outcome.latency.equivalent(outcome.latency.max(), 4_002 - 1_500));
    assert_all_ended(&outcome);
}

#[test]
fn a_shredded_copy_keeps_its_memory_until_it_is_asked_for() {
    let trace = trace_of(&[0, 1, 0, 0]);
    let mut stack = stack(vec![tier("L1", "lru", 9, Nanos(1))], Nanos(100));
    stack.erasure = erasing("tiers.L1.shred = true");
    let outcome = run(&trace, &[0, 500, 2_000, 3_000], &stack);
    let erasure = outcome.erasure.as_ref().unwrap();
    assert!(erasure.holds());
    assert_eq!(erasure.requests[0].removed, [1]);
    // The read at 2000 cannot open the copy, which the answer from the origin replaces.
    assert_eq!(super::hits(&outcome), [1, 3]);
    // One object until 500, two from then to 2000, one while the second is fetched, two again: over
    // 3000 ns, counted from the fills at 101 and 601.
    let expected = 500.0 + 1_399.0 * 2.0 + 101.0 + 899.0 * 2.0;
    assert!((outcome.tiers[0].used_byte_seconds * 1e9 - expected).abs() < 1e-3);
}

#[test]
fn the_origins_new_version_survives_a_dirty_write() {
    // Written at 0 into the first tier, which would flush it a second later; erased at 1000 ns.
    let mut columns = trace_of(&[0, 0]).into_columns();
    columns.op = Some(vec![Op::Set, Op::Get]);
    let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
    let mut stack = stack(vec![tier("L1", "lru", 9, Nanos(1))], Nanos(100));
    stack.writes = Writes::Back;
    stack.erasure = erasing("");
    let outcome = run(&trace, &[0, 3_000_000_000], &stack);
    assert!(outcome.erasure.unwrap().holds());
    // The dirty version was erased with the rest, not written and not lost.
    assert_eq!((outcome.tiers[1].writes, outcome.written.lost), (0, 0));
}

fn cipher() -> Cipher {
    Cipher::new(
        &toml::from_str(
            r#"
            source = "test"
            date = "2026-11-25"
            seal-base = "100ns"
            seal-rate-bytes-per-second = 1_000_000_000
            open-base = "50ns"
            open-rate-bytes-per-second = 2_000_000_000
            key-derivation = "1us"
            nonce-bytes = 12
            tag-bytes = 16
            "#,
        )
        .unwrap(),
    )
    .unwrap()
}

fn encryption(more: &str) -> Option<Encryption> {
    let spec: EncryptionSpec = toml::from_str(&format!("cipher = \"test\"\n{more}")).unwrap();
    Some(Encryption { spec, cipher: cipher() })
}

#[test]
fn a_hit_pays_for_opening_and_a_fill_pays_beside_the_read() {
    // Objects of one byte: sealing takes 101 ns, opening 51, a key 1000, which stays at hand.
    let trace = trace_of(&[0, 0]);
    let mut stack = stack(vec![tier("L1", "lru", 29, Nanos(1))], Nanos(100));
    stack.tiers[0].encryption = encryption("");
    let outcome = run(&trace, &[0, 10_000], &stack);
    let latencies: Vec<u64> =
        outcome.latency.iter_recorded().map(|v| v.value_iterated_to()).collect();
    assert_eq!(latencies, [52, 101]);
    let counted = outcome.tiers[0].encryption.unwrap();
    assert_eq!((counted.keys.seals, counted.keys.opens, counted.keys.derivations), (1, 1, 1));
    assert_eq!(outcome.tiers[0].cpu_ns, 101 + 51 + 1_000);
    assert_eq!((outcome.tiers[0].used_bytes_max, counted.extra_bytes_max), (29, 28));
    // One byte less, and it does not fit.
    stack.tiers[0].capacity = 28;
    assert_eq!(run(&trace, &[0, 10_000], &stack).tiers[0].bypassed, 2);
}

#[test]
fn an_eager_rotation_seals_everything_anew_and_a_lazy_one_what_is_touched() {
    // Two objects are filled in; keys change at 10 us and 20 us; the last read is at 25 us.
    let trace = trace_of(&[0, 1, 0]);
    let arrivals = [0, 1_000, 25_000];
    let mut stack = stack(vec![tier("L1", "lru", 99, Nanos(1))], Nanos(100));
    let mut counts = |rotation: &str| {
        let spec = format!("rotate-every = \"10us\"\nrotation = \"{rotation}\"");
        stack.tiers[0].encryption = encryption(&spec);
        let outcome = run(&trace, &arrivals, &stack);
        let counted = outcome.tiers[0].encryption.unwrap();
        assert_eq!(counted.rotations, 2);
        (counted.keys.reseals, outcome.latency.min())
    };
    // At both changes both objects; the read then opens a copy whose key is at hand.
    assert_eq!(counts("eager"), (4, 1 + 51));
    // The copy of the read alone, which pays for it: an old and a new key, opening and sealing.
    assert_eq!(counts("lazy"), (1, 101));
}

#[test]
fn encryption_that_makes_no_sense_is_refused() {
    let trace = trace_of(&[0, 1]);
    let refused = |stack: &Stack| {
        let run = Run::new(&trace, &[0, 1_000_000_000], stack, 1);
        simulate(&run, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string()
    };
    let mut stack = two_tiers();
    stack.tiers[1].encryption = encryption("key-per = \"client\"");
    assert!(refused(&stack).contains("tier L2: keys by client need"), "{}", refused(&stack));
    stack.tiers[1].encryption = encryption("rotate-every = \"1ns\"");
    assert!(refused(&stack).contains("1000000000 changes of keys"), "{}", refused(&stack));
    stack.tiers[1].encryption = encryption("");
    stack.tiers[1].unit = cache::Unit::Objects;
    assert!(refused(&stack).contains("needs a capacity in bytes"), "{}", refused(&stack));
    stack.tiers[1].encryption = None;
    stack.erasure = erasing("requests = [{ at = \"1s\", client = \"ann\" }]");
    assert!(refused(&stack).contains("needs the clients"), "{}", refused(&stack));
}

#[test]
fn the_log_tells_what_happened_in_order() {
    let mut columns = trace_of(&[0, 1, 0, 1]).into_columns();
    columns.op = Some(vec![Op::Get, Op::Get, Op::Get, Op::Delete]);
    let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
    let mut stack = two_tiers();
    stack.erasure = erasing("tombstone = \"1s\"\ntiers.L2.base = \"500ns\"");
    stack.tiers[1].encryption = encryption("rotate-every = \"3us\"");
    stack.tiers[1].capacity = 99;
    let spec = AuditSpec { subjects: Naming::Plain, ..AuditSpec::default() };
    stack.audit = Some(Audit { spec, run: "a run".into() });
    let outcome = simulate_all(&Run::new(&trace, &[0, 300, 1_200, 4_000], &stack, 1));
    let log = outcome.audit.unwrap();
    let lines: Vec<&str> = log.text.lines().collect();
    assert_eq!(verify(lines.iter(), Some(&log.head)).unwrap().n_records, log.n_records);
    let told: Vec<String> = lines
        .iter()
        .map(|line| serde_json::from_str::<Record>(line).unwrap())
        .map(|r| {
            let kind = serde_json::to_value(r.kind).unwrap();
            let (kind, tier) = (kind.as_str().unwrap(), r.tier.unwrap_or_default());
            format!("{} {kind} {tier} {}", r.time_ns, r.subject)
        })
        .collect();
    let expected = [
        "0 START  a run",
        "111 SET L2 0",
        "111 SET L1 0",
        "411 SET L2 1",
        "411 SET L1 1",
        "1000 GDPR_DELETE  0",
        "1000 PURGE L1 0",
        // The read at 1200 finds the old copy in L2, opens it in 51 ns and cannot bring it into L1.
        "1262 BARRED L1 0",
        "1500 PURGE L2 0",
        "1500 ERASED  0",
        "3000 KEY_ROTATION L2 L2",
        "4100 DELETE  1",
        "4110 END  ",
    ];
    assert_eq!(told, expected);
    // Hashed, no key and no person stands in it.
    stack.audit = Some(Audit { run: "a run".into(), ..Audit::default() });
    let outcome = simulate_all(&Run::new(&trace, &[0, 300, 1_200, 4_000], &stack, 1));
    let hashed = outcome.audit.unwrap();
    assert_eq!(hashed.n_records, log.n_records);
    assert!(hashed.text.lines().nth(1).unwrap().contains("\"subject\":\"blake3-keyed:"));
}

/// Three nodes; which one a request asks has nothing to do with its object.
struct Scattered;

impl Placement for Scattered {
    fn n_nodes(&self) -> u32 {
        3
    }
    fn n_stations(&self) -> u32 {
        3
    }
    fn route(&mut self, ask: &Ask, _queues: &dyn Queues) -> Route {
        let node = (ask.request % 3) as u32;
        Route::To { node, station: node, extra_ns: 2 }
    }
}

fn simulate_all(run: &Run<'_>) -> Outcome {
    simulate(run, &mut |_| ControlFlow::Continue(())).unwrap().unwrap()
}

/// A choice of a random stack.
struct Dice(Stream);

impl Dice {
    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.below(choices.len() as u64) as usize]
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.0.below(n) == 0
    }
    fn below(&mut self, n: u64) -> u64 {
        self.0.below(n)
    }
}

fn random_stack(dice: &mut Dice) -> Stack {
    let n_tiers = 1 + dice.below(3) as usize;
    let mut tiers = Vec::new();
    for (i, name) in ["L1", "L2", "L3"].into_iter().take(n_tiers).enumerate() {
        let policy = dice.of(&["lru", "fifo", "s3-fifo", "arc", "sieve", "clock"]);
        let capacity = 3 + dice.below(5);
        let mut one = tier(name, policy, capacity, Nanos(1 + dice.below(60)));
        one.misses =
            dice.of(&[Misses::Independent, Misses::Coalesce, Misses::Coalesce, Misses::Lease]);
        one.fill = dice.of(&[Fill::Always, Fill::Always, Fill::Probability(0.5), Fill::Down]);
        if i > 0 {
            one.inclusion = dice.of(&[
                Inclusion::NonInclusive,
                Inclusion::NonInclusive,
                Inclusion::Inclusive,
                Inclusion::Exclusive,
            ]);
        }
        if dice.one_in(3) {
            one.freshness.ttl = Some(Nanos(50 + dice.below(500)));
            one.freshness.stale_while_revalidate = Nanos(dice.of(&[0, 200]));
            one.freshness.stale_if_error = Nanos(dice.of(&[0, 5_000]));
            one.freshness.early_refresh = dice.of(&[0.0, 1.0]);
        }
        if dice.one_in(3) {
            one.layout = Layout::of(|_| Ok(Box::new(Scattered)));
            one.capacity *= 3;
        }
        if dice.one_in(3) {
            let timeout = dice.of(&[None, Some(Nanos(200))]);
            one.station = Some(StationSpec { timeout, ..StationSpec::new(1) });
        }
        if dice.one_in(3) {
            one.encryption = encryption("rotate-every = \"1us\"");
            one.capacity *= 30;
        }
        tiers.push(one);
    }
    let mut stack = stack(tiers, Nanos(50 + dice.below(400)));
    stack.writes = dice.of(&[
        Writes::Invalidate,
        Writes::Through,
        Writes::Around,
        Writes::Back,
        Writes::Ignore,
    ]);
    stack.router = match dice.below(3) {
        0 if n_tiers > 1 => Router::Hedged(Hedge {
            legs: (0..n_tiers)
                .map(|tier| HedgeLeg { tier, after: Nanos(tier as u64 * 5) })
                .collect(),
            settle: dice.of(&[Settle::FirstHit, Settle::FirstSettled]),
            on_miss: dice.of(&[OnMiss::LaunchNext, OnMiss::WaitForTimer]),
            cancel: dice.one_in(2),
        }),
        1 => Router::Predicted(Predicted),
        _ => Router::Sequential,
    };
    for _ in 0..dice.below(3) {
        let tier = dice.below(n_tiers as u64 + 1) as usize;
        let at = dice.below(2_000);
        let what = match dice.below(4) {
            0 if tier < n_tiers => Failure::Flush,
            1 => Failure::Errors { share: 0.3 },
            2 => Failure::Slow { stations: Vec::new(), factor: 3.0 },
            _ => {
                stack.faults.push(Fault {
                    at: Nanos(at + 300),
                    tier,
                    what: Failure::Up { stations: Vec::new(), warm: dice.one_in(2) },
                });
                Failure::Down { stations: Vec::new() }
            }
        };
        stack.faults.push(Fault { at: Nanos(at), tier, what });
    }
    stack.faults.sort_by_key(|fault| fault.at);
    let mut spec = ErasureSpec::default();
    for _ in 0..6 {
        let (at, key) = (dice.below(3_000), dice.below(6));
        let request = format!("requests = [{{ at = \"{at}ns\", keys = [\"{key}\"] }}]");
        spec.requests.extend(toml::from_str::<ErasureSpec>(&request).unwrap().requests);
    }
    for one in &stack.tiers {
        let base = Nanos(dice.below(600));
        let purge = PurgeSpec { base, shred: dice.one_in(4), ..PurgeSpec::default() };
        spec.tiers.insert(one.name.clone(), purge);
    }
    stack.erasure = Some(Erasure { spec, ..Erasure::default() });
    stack
}

fn random_run(seed: u64, tombstone: Option<Nanos>) -> Outcome {
    let mut dice = Dice(Stream::new(seed, "random stack"));
    let n = 200;
    let numbers: Vec<u32> = (0..n).map(|_| dice.below(6) as u32).collect();
    let mut columns = trace_of(&(0..6).chain(numbers).collect::<Vec<_>>()).into_columns();
    let operations = [Op::Get, Op::Get, Op::Get, Op::Get, Op::Get, Op::Set, Op::Delete];
    columns.op = Some((0..n + 6).map(|_| dice.of(&operations)).collect());
    let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
    let arrivals: Vec<u64> = (0..n + 6)
        .scan(0, |now, _| {
            *now += dice.below(30);
            Some(*now)
        })
        .collect();
    let mut stack = random_stack(&mut dice);
    stack.erasure.as_mut().unwrap().spec.tombstone = tombstone;
    let outcome = simulate_all(&Run::new(&trace, &arrivals, &stack, seed));
    assert_all_ended(&outcome);
    outcome
}

/// Longer than any run.
const LONG: Option<Nanos> = Some(Nanos(1 << 60));

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// The proof: whatever the stack, no read that is answered from a copy after completion, or that
    /// began after it, gets an erased version, and none is left.
    #[test]
    fn with_tombstones_nothing_erased_is_read_after_completion(seed in any::<u64>()) {
        let outcome = random_run(seed, LONG);
        let erasure = outcome.erasure.unwrap();
        prop_assert_eq!(erasure.n_violations(), 0);
        prop_assert!(erasure.tiers.iter().all(|tier| tier.reinserted == 0));
        prop_assert!(erasure.holds());

        // So does a tombstone as long as the run says is needed.
        let needed = Nanos(erasure.tombstone_needed_ns());
        let shorter = random_run(seed, Some(needed)).erasure.unwrap();
        prop_assert_eq!(shorter, erasure);
    }

    #[test]
    fn a_run_with_security_is_repeated_bit_for_bit(seed in any::<u64>()) {
        let (a, b) = (random_run(seed, None), random_run(seed, None));
        prop_assert_eq!(a.erasure, b.erasure);
        prop_assert_eq!(a.latency, b.latency);
    }
}

#[test]
fn without_tombstones_the_race_is_lost_again_and_again() {
    let (mut lost, mut back, mut broken) = (0, 0, 0);
    for seed in 0..300 {
        let erasure = random_run(seed, None).erasure.unwrap();
        lost += u64::from(!erasure.holds());
        back += erasure.tiers.iter().map(|tier| tier.reinserted).sum::<u64>();
        broken += erasure.n_violations();
        let by_tier: u64 = erasure.tiers.iter().map(|tier| tier.violations).sum();
        assert_eq!(by_tier, erasure.n_violations());
    }
    assert!(lost > 10 && back > 100 && broken > 100, "{lost} {back} {broken}");
}

/// Erasure of nobody changes nothing but that it is accounted for.
#[test]
fn security_that_has_nothing_to_do_changes_no_figure() {
    let stream = Stream::new(3, "test");
    let numbers: Vec<u32> =
        (0..5_000).map(|n| (stream.uniform_at(n).powi(3) * 300.0) as u32).collect();
    let trace = trace_of(&numbers);
    let arrivals: Vec<u64> = (0..numbers.len() as u64).map(|n| n * 500).collect();
    let mut plain = two_tiers();
    plain.tiers.iter_mut().for_each(|tier| tier.capacity = 40);
    let mut watched = plain.clone();
    watched.erasure = erasing("requests = [{ at = \"1us\", keys = [\"nobody\"] }]");
    watched.audit = Some(Audit::default());
    let (plain, watched) = (run(&trace, &arrivals, &plain), run(&trace, &arrivals, &watched));
    assert_eq!(super::hits(&plain), super::hits(&watched));
    assert_eq!(plain.latency, watched.latency);
    assert!(watched.erasure.unwrap().holds());
    let sets = watched.audit.unwrap().sets_seen;
    assert_eq!(sets, watched.tiers[0].fills + watched.tiers[1].fills);
    // Naming an object sends its reads the long way round, to the same answers.
    let mut named = two_tiers();
    named.tiers.iter_mut().for_each(|tier| tier.capacity = 40);
    let everybody = "requests = [{ at = \"0ns\", keys = [\"*\"] }]";
    named.erasure = erasing(everybody);
    let named = run(&trace, &arrivals, &named);
    assert_eq!((super::hits(&named), named.latency), (super::hits(&plain), plain.latency));
    assert_eq!(named.erasure.unwrap().requests[0].n_objects, u64::from(trace.n_objects()));
}
