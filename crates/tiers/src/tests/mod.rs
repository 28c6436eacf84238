//! The engine against hand-worked examples, closed formulas, and a naive twin.

mod cluster;
mod divided;
mod laws;
mod random;
mod security;
mod theory;
mod twin;
mod worked;

use std::ops::ControlFlow;

use cache::PolicySpec;
use proptest::prelude::*;
use trace::stream::Stream;
use trace::units::Nanos;
use trace::{Columns, NO_TTL, ObjectId, Op, ReadReport, Sizes, Trace};

use crate::{
    LatencyProfile, LatencySpec, Origin, Outcome, Run, SizeRow, Stack, Tier, Writes, simulate,
};

pub(crate) fn tier(name: &str, policy: &str, capacity: u64, latency: Nanos) -> Tier {
    Tier::new(name, PolicySpec::named(policy), capacity, LatencyProfile::constant(latency))
}

pub(crate) fn stack(tiers: Vec<Tier>, origin: Nanos) -> Stack {
    Stack::new(tiers, Origin::new(LatencyProfile::constant(origin)))
}

pub(crate) fn trace_of(numbers: &[u32]) -> Trace {
    Trace::from_numbers("t", numbers.iter().map(|n| u64::from(*n)))
}

pub(crate) fn run(trace: &Trace, arrivals: &[u64], stack: &Stack) -> Outcome {
    let run = Run { n_windows: 4, keep_reads: true, ..Run::new(trace, arrivals, stack, 1) };
    let outcome = simulate(&run, &mut |_| ControlFlow::Continue(())).unwrap().unwrap();
    assert_conserved(&outcome);
    outcome
}

/// What must hold in every run: each lookup hits or goes on, each read is answered once.
fn assert_conserved(outcome: &Outcome) {
    for pair in outcome.tiers.windows(2) {
        assert_eq!(pair[0].lookups - pair[0].hits, pair[1].lookups);
    }
    assert_eq!(outcome.tiers[0].lookups, outcome.reads);
    assert_all_ended(outcome);
    assert_eq!(outcome.origin().hits, outcome.origin().lookups);
}

/// What must hold whatever the router does: each read ends once, and is answered by one tier or none.
pub(crate) fn assert_all_ended(outcome: &Outcome) {
    assert_eq!(outcome.endings.iter().sum::<u64>(), outcome.reads);
    assert_eq!(outcome.latency.len(), outcome.reads);
    let answered: u64 = outcome.tiers.iter().map(|tier| tier.answers()).sum();
    assert_eq!(answered, outcome.reads - outcome.ended(crate::Ending::Error));
    if answered == outcome.reads {
        let bytes: u64 = outcome.tiers.iter().map(|tier| tier.hit_bytes).sum();
        assert_eq!(bytes, outcome.read_bytes);
    }
    let slowest = outcome.explained.slowest(0);
    assert_eq!(slowest.reads, outcome.reads);
    let spent: u64 = slowest.tiers.iter().map(crate::Spent::total_ns).sum();
    assert_eq!(spent + slowest.timer_ns, slowest.latency_ns, "every nanosecond is explained");
}

pub(crate) fn hits(outcome: &Outcome) -> Vec<u64> {
    outcome.tiers.iter().map(|tier| tier.hits).collect()
}

/// L1 holds one object and answers in 1 ns, L2 holds two and answers in 10, the origin in 100.
fn small_stack() -> Stack {
    stack(vec![tier("L1", "lru", 1, Nanos(1)), tier("L2", "lru", 2, Nanos(10))], Nanos(100))
}

#[test]
fn a_worked_example() {
    // A misses everywhere: 1 + 10 + 100. Again A: in L1, 1. B: origin, 111, pushing A out of L1.
    // A: in L2, 1 + 10, and back into L1.
    let trace = trace_of(&[0, 0, 1, 0]);
    let outcome = run(&trace, &[0, 1_000, 2_000, 3_000], &small_stack());
    assert_eq!(hits(&outcome), [1, 1, 2]);
    assert_eq!(outcome.hit_ratio(), 0.5);
    let latencies: Vec<u64> =
        outcome.latency.iter_recorded().map(|v| v.value_iterated_to()).collect();
    assert_eq!(latencies, [1, 11, 111]);
    assert_eq!(outcome.tiers[0].evictions, 2);
}

#[test]
fn an_answer_fills_only_when_it_arrives() {
    // The first is answered at 111. The second asks L1 at 105 and L2 at 106: it misses both too.
    let trace = trace_of(&[0, 0, 0]);
    let outcome = run(&trace, &[0, 105, 112], &small_stack());
    assert_eq!(hits(&outcome), [1, 0, 2]);
    // Asking L1 at 110, it asks L2 at 111, just when the answer has come by.
    let outcome = run(&trace, &[0, 110, 112], &small_stack());
    assert_eq!(hits(&outcome), [1, 1, 1]);
}

#[test]
fn copies_expire_at_their_age_not_at_their_last_use() {
    let mut stack = small_stack();
    stack.tiers[0].freshness.ttl = Some(Nanos(1_000));
    // Filled at 111, it is fresh until 1111, though it was used at 1000.
    let trace = trace_of(&[0, 0, 0, 0]);
    let outcome = run(&trace, &[0, 1_000, 1_110, 1_111], &stack);
    assert_eq!(hits(&outcome), [2, 1, 1]);
    assert_eq!(outcome.tiers[0].expired, 1);
}

#[test]
fn a_requests_own_time_to_live_counts_if_it_is_shorter() {
    let mut columns = trace_of(&[0, 0, 0]).into_columns();
    columns.ttl_ns = Some(vec![500, NO_TTL, NO_TTL]);
    let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
    let stack = stack(vec![tier("L1", "lru", 1, Nanos(1))], Nanos(100));
    // Filled at 101, it is fresh until 601.
    let outcome = run(&trace, &[0, 300, 600], &stack);
    assert_eq!(hits(&outcome), [2, 1]);
    let outcome = run(&trace, &[0, 602, 800], &stack);
    assert_eq!(hits(&outcome), [1, 2]);
}

#[test]
fn the_time_to_live_that_a_write_sets_holds_for_the_reads_after_it() {
    let mut columns = trace_of(&[0, 0, 0, 0]).into_columns();
    columns.op = Some(vec![Op::Set, Op::Get, Op::Get, Op::Get]);
    columns.ttl_ns = Some(vec![500, NO_TTL, NO_TTL, NO_TTL]);
    let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
    let mut stack = stack(vec![tier("L1", "lru", 1, Nanos(1))], Nanos(100));
    for writes in [Writes::Ignore, Writes::Invalidate] {
        stack.writes = writes;
        // Filled at 1101, the copy is fresh until 1601.
        let outcome = run(&trace, &[0, 1_000, 1_500, 1_700], &stack);
        assert_eq!(hits(&outcome), [1, 2]);
    }
}

#[test]
fn writes_remove_every_copy_or_are_ignored() {
    let mut columns = trace_of(&[0, 0, 0]).into_columns();
    columns.op = Some(vec![Op::Get, Op::Set, Op::Get]);
    let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
    let mut stack = small_stack();
    let outcome = run(&trace, &[0, 1_000, 2_000], &stack);
    assert_eq!((hits(&outcome), outcome.writes), (vec![0, 0, 2], 1));
    stack.writes = Writes::Ignore;
    let outcome = run(&trace, &[0, 1_000, 2_000], &stack);
    assert_eq!((hits(&outcome), outcome.writes), (vec![1, 0, 1], 1));
}

#[test]
fn warm_up_fills_but_does_not_count() {
    let trace = trace_of(&[0, 0, 0]);
    let stack = small_stack();
    let arrivals = [0, 1_000, 3_000];
    let run = Run { warmup: 1, n_windows: 2, ..Run::new(&trace, &arrivals, &stack, 1) };
    let outcome = simulate(&run, &mut |_| ControlFlow::Continue(())).unwrap().unwrap();
    assert_eq!((outcome.reads, outcome.hits()), (2, 2));
    assert_eq!(outcome.span, Nanos(2_000));
    assert_eq!(outcome.windows.iter().map(|w| w.requests()).sum::<u64>(), 3);
}

#[test]
fn a_stopped_run_has_no_outcome() {
    let trace = trace_of(&[0]);
    let stack = small_stack();
    let run = Run::new(&trace, &[0], &stack, 1);
    assert!(simulate(&run, &mut |_| ControlFlow::Break(())).unwrap().is_none());
}

/// With answers faster than the gaps between requests, one tier is a flat cache.
#[test]
fn a_single_fast_tier_counts_as_flat_replay_does() {
    let stream = Stream::new(5, "test");
    let numbers: Vec<u32> =
        (0..20_000).map(|n| (stream.uniform_at(n).powi(3) * 500.0) as u32).collect();
    let trace = trace_of(&numbers);
    let arrivals: Vec<u64> = (0..numbers.len() as u64).map(|n| n * 1_000).collect();
    for info in policies::ALL.iter().filter(|info| !info.kind.clairvoyant) {
        let stack = stack(vec![tier("L1", info.name, 60, Nanos(1))], Nanos(10));
        let outcome = run(&trace, &arrivals, &stack);
        let job = cache::Job {
            trace: &trace,
            capacity: 60,
            // As in a tier; some policies count residents instead of capacity then.
            unit: cache::Unit::Bytes,
            warmup: 0,
            seed: 1,
            next_use: None,
            check: true,
            admission: None,
            prefetch: None,
        };
        let counts = (info.kind.run)(&job, &Default::default(), &mut |_| ControlFlow::Continue(()));
        assert_eq!(outcome.hits(), counts.unwrap().unwrap().hits, "{}", info.name);
    }
}

/// Poisson arrivals of one object, copies that are not renewed: hits are lambda T / (1 + lambda T).
#[test]
fn the_hit_ratio_under_a_time_to_live_follows_its_formula() {
    let trace = Trace::from_numbers("t", std::iter::repeat_n(1, 200_000));
    let rate = crate::Rate(1000.0);
    let arrivals = crate::Arrivals::Poisson.times(&trace, Some(rate), 9).unwrap();
    for ttl_ms in [1, 5, 50] {
        let mut stack = stack(vec![tier("L1", "lru", 1, Nanos(1))], Nanos(1));
        stack.tiers[0].freshness.ttl = Some(Nanos(ttl_ms * 1_000_000));
        let expected = ttl_ms as f64 / (1.0 + ttl_ms as f64);
        let measured = run(&trace, &arrivals, &stack).hit_ratio();
        assert!((measured - expected).abs() < 0.01 * expected, "{ttl_ms}: {measured} {expected}");
    }
}

/// Long latencies are counted as they are, to three digits.
#[test]
fn seconds_are_recorded_as_seconds() {
    let slow = stack(vec![tier("L1", "lru", 1, Nanos(1))], Nanos(2_000_000_000));
    let outcome = run(&trace_of(&[0]), &[0], &slow);
    let p50 = outcome.latency.value_at_quantile(0.5);
    assert!(outcome.latency.equivalent(p50, 2_000_000_001), "{p50}");
    assert!(outcome.windows[0].latency.max() > 1_900_000_000);
}

/// Draws belong to a tier's name and a request, so a further tier does not shift them.
#[test]
fn strategies_share_their_luck() {
    let spec = LatencySpec {
        source: "test".into(),
        date: "2026-11-23".into(),
        quantiles: vec![0.0, 1.0],
        sizes: vec![SizeRow {
            size: trace::units::Bytes(1),
            latency: vec![Nanos(1_000), Nanos(9_000)],
        }],
        ..LatencySpec::default()
    };
    let spread = LatencyProfile::new(&spec).unwrap();
    let trace = trace_of(&(0..100).collect::<Vec<_>>());
    let arrivals: Vec<u64> = (0..100).map(|n| n * 1_000_000).collect();
    let mut short = stack(vec![tier("L2", "lru", 5, Nanos(10))], Nanos(1));
    short.origin.latency = spread;
    let mut long = short.clone();
    long.tiers.insert(0, tier("L1", "lru", 5, Nanos(7)));
    let (short, long) = (run(&trace, &arrivals, &short), run(&trace, &arrivals, &long));
    // Every read goes to the origin: the second stack only adds the 7 ns of its first tier.
    assert!(
        (long.latency.mean() - short.latency.mean() - 7.0).abs()
            < 1e-9 * short.latency.mean() + 8.0
    );
    assert_eq!(short.latency.max() / 100, long.latency.max() / 100);
}

/// The engine again, without event queue: sorted by what happens when, by brute force.
fn naive(trace: &Trace, arrivals: &[u64], capacities: &[usize], latencies: &[u64]) -> Vec<u64> {
    // (time, sequence, request, tier or None for the answer of `from`)
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum What {
        Lookup(usize),
        Answer(usize),
    }
    let mut events: Vec<(u64, u64, usize, What)> = Vec::new();
    let mut sequence = 0;
    let mut contents: Vec<Vec<ObjectId>> = vec![Vec::new(); capacities.len()];
    let mut hits = vec![0; capacities.len() + 1];
    let mut next_arrival = 0;
    loop {
        events.sort();
        let event_first = match (events.first(), arrivals.get(next_arrival)) {
            (Some(event), Some(arrival)) => event.0 <= *arrival,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return hits,
        };
        let (now, request, what) = if event_first {
            let (now, _, request, what) = events.remove(0);
            (now, request, what)
        } else {
            next_arrival += 1;
            (arrivals[next_arrival - 1], next_arrival - 1, What::Lookup(0))
        };
        let object = trace.objects()[request];
        let mut later = |time, what| {
            sequence += 1;
            events.push((time, sequence, request, what));
        };
        match what {
            What::Lookup(tier) if tier == capacities.len() => {
                later(now + latencies[tier], What::Answer(tier))
            }
            What::Lookup(tier) => match contents[tier].iter().position(|o| *o == object) {
                Some(at) => {
                    let object = contents[tier].remove(at);
                    contents[tier].push(object);
                    if tier == 0 {
                        hits[0] += 1;
                    } else {
                        later(now + latencies[tier], What::Answer(tier));
                    }
                }
                None => later(now + latencies[tier], What::Lookup(tier + 1)),
            },
            What::Answer(from) => {
                hits[from] += 1;
                for tier in (0..from).rev() {
                    if !contents[tier].contains(&object) {
                        if contents[tier].len() == capacities[tier] {
                            contents[tier].remove(0);
                        }
                        contents[tier].push(object);
                    }
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn the_engine_equals_its_naive_twin(
        requests in prop::collection::vec((0..6u32, 0..60u64), 1..120),
        capacities in prop::collection::vec(1..4usize, 1..4),
        latencies in prop::collection::vec(1..40u64, 4),
    ) {
        let numbers: Vec<u32> = requests.iter().map(|(object, _)| *object).collect();
        let arrivals: Vec<u64> = requests.iter().scan(0, |now, (_, gap)| { *now += gap; Some(*now) }).collect();
        let trace = trace_of(&numbers);
        let tiers = capacities
            .iter()
            .zip(&latencies)
            .enumerate()
            .map(|(i, (capacity, latency))| tier(&format!("L{i}"), "lru", *capacity as u64, Nanos(*latency)))
            .collect::<Vec<_>>();
        let mut latencies = latencies[..capacities.len()].to_vec();
        latencies.push(100);
        let outcome = run(&trace, &arrivals, &stack(tiers, Nanos(100)));
        prop_assert_eq!(hits(&outcome), naive(&trace, &arrivals, &capacities, &latencies));
    }

    #[test]
    fn nothing_is_lost_with_sizes_and_times_to_live(
        requests in prop::collection::vec((0..20u32, 0..500u64, 1..30u32), 1..200),
        ttl in prop::option::of(1..2000u64),
    ) {
        let numbers: Vec<u32> = requests.iter().map(|r| r.0).collect();
        let arrivals: Vec<u64> = requests.iter().scan(0, |now, r| { *now += r.1; Some(*now) }).collect();
        let mut columns: Columns = trace_of(&numbers).into_columns();
        columns.size = Some(Sizes::Narrow(requests.iter().map(|r| r.2).collect()));
        let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
        let mut stack = stack(
            vec![tier("L1", "arc", 20, Nanos(3)), tier("L2", "s3-fifo", 60, Nanos(30))],
            Nanos(300),
        );
        stack.tiers[0].freshness.ttl = ttl.map(Nanos);
        let outcome = run(&trace, &arrivals, &stack);
        prop_assert!(outcome.tiers[0].used_bytes_max <= 20);
        prop_assert!(outcome.tiers[1].used_bytes_max <= 60);
    }
}
