//! What holds whatever the stack.

use proptest::prelude::*;
use trace::units::Nanos;

use super::random::{Requests, requests, run_any, spread_of, stacks, times};
use super::{assert_all_ended, stack, tier, trace_of};
use crate::ReadEnd;
use crate::{Ending, Explained, Fill, Misses, Outcome, Retry, StationSpec};

/// All that is counted, for comparison.
pub(super) fn figures(outcome: &Outcome) -> impl PartialEq + std::fmt::Debug + use<> {
    let tiers: Vec<_> = outcome
        .tiers
        .iter()
        .map(|tier| {
            let reads = [tier.lookups, tier.hits, tier.delayed, tier.stale, tier.expired];
            let contents = [tier.fills, tier.evictions, tier.bypassed, tier.displaced];
            let failures = [tier.failures, tier.shed, tier.timeouts, tier.retries, tier.wasted];
            (reads, contents, failures, tier.bytes_out, tier.stations.clone())
        })
        .collect();
    let writes = [outcome.writes, outcome.written.stale_reads, outcome.written.lost];
    (tiers, writes, outcome.end, outcome.read_ends.clone(), spent(&outcome.explained))
}

/// Every read, by number.
pub(super) fn assert_ended_as(
    outcome: &Outcome,
    expected: &[ReadEnd],
) -> Result<(), TestCaseError> {
    for (engine, twin) in outcome.read_ends.iter().zip(expected) {
        prop_assert_eq!(engine, twin);
    }
    prop_assert_eq!(outcome.read_ends.len(), expected.len());
    Ok(())
}

fn spent(explained: &Explained) -> crate::Slowest {
    explained.slowest(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Every read ends once and every nanosecond of it is explained; contents hold what they may.
    /// That no flight is left, that contents and their policies agree, and Little's law are held to
    /// by the engine itself at the end of a run.
    #[test]
    fn every_read_ends_once(
        requests in requests(60),
        stack in stacks(),
        clients in prop::option::of(1..5u32),
    ) {
        let outcome = run_any(&requests, &stack, clients);
        assert_all_ended(&outcome);
        let n_reads = requests.trace.columns().op.iter().flatten().filter(|op| **op == trace::Op::Get);
        prop_assert_eq!(outcome.reads, n_reads.count() as u64);
        let mut ended: Vec<u32> = outcome.read_ends.iter().map(|end| end.request).collect();
        ended.dedup();
        prop_assert_eq!(ended.len() as u64, outcome.reads, "a read ended twice");
        for (tier, spec) in outcome.tiers.iter().zip(&stack.tiers) {
            prop_assert!(tier.used_bytes_max <= spec.capacity.max(tier.stations.len() as u64).max(3));
        }
    }

    /// Answers come in any order, but the logical time that policies see does not go back: they check it.
    #[test]
    fn policies_see_time_go_on(
        requests in requests(60),
        stack in stacks(),
        policy in prop::sample::select(vec!["lru-k:correlated-period=3", "hyperbolic", "lhd", "2q"]),
    ) {
        let mut stack = stack;
        for tier in &mut stack.tiers {
            tier.policy = policy.parse().unwrap();
        }
        assert_all_ended(&run_any(&requests, &stack, None));
    }

    /// The requests of a shorter run end as they do in the longer one, as long as what comes later comes
    /// after they have ended.
    #[test]
    fn requests_that_never_come_change_nothing_before(
        requests in requests(40),
        stack in stacks(),
        share in 0.0..1.0f64,
    ) {
        let n = (share * requests.arrivals.len() as f64) as usize;
        let whole = run_any(&requests, &stack, None).read_ends;
        let later = requests.arrivals[n];
        let Requests { trace, mut arrivals } = requests;
        arrivals.truncate(n);
        let ended = |read: &&ReadEnd| arrivals[read.request as usize] + read.latency < later;
        let among = |read: &&ReadEnd| (read.request as usize) < n;
        let whole: Vec<_> = whole.iter().filter(among).filter(ended).copied().collect();
        let short = run_any(&Requests { trace, arrivals: arrivals.clone() }, &stack, None).read_ends;
        let short: Vec<_> = short.iter().filter(ended).copied().collect();
        prop_assert_eq!(whole, short);
    }

    #[test]
    fn the_same_run_twice_is_the_same(requests in requests(40), stack in stacks()) {
        prop_assert_eq!(
            figures(&run_any(&requests, &stack, None)),
            figures(&run_any(&requests, &stack, None))
        );
    }
}

/// Reads of objects of one byte, this much apart.
fn reads(gaps: std::ops::Range<u64>) -> impl Strategy<Value = Requests> {
    prop::collection::vec((0..12u32, gaps), 1..150).prop_map(|rows| Requests {
        trace: trace_of(&rows.iter().map(|row| row.0).collect::<Vec<_>>()),
        arrivals: times(rows.iter().map(|row| row.1)),
    })
}

fn mean_wait(requests: &Requests, servers: u32) -> u128 {
    let mut stack = stack(vec![tier("L1", "lru", 1, Nanos(1))], Nanos(200));
    stack.tiers[0].fill = Fill::Probability(0.0);
    stack.origin.station = Some(StationSpec::new(servers));
    run_any(requests, &stack, None).origin().stations[0].wait_ns
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// A rule that never applies changes nothing: not a draw, not an order.
    #[test]
    fn what_is_not_used_shifts_nothing(
        requests in requests(40),
        stack in stacks(),
        profile in (1..50u64, 1..100u64),
    ) {
        let mut plain = stack;
        plain.faults.clear();
        plain.origin.absent = 0.0;
        plain.origin.latency = spread_of(profile.0, profile.1, 1);
        for station in plain.tiers.iter_mut().map(|tier| &mut tier.station).chain([&mut plain.origin.station]) {
            *station = None;
        }
        let before = run_any(&requests, &plain, None);
        let mut more = plain;
        more.origin.absent = 1e-12;
        for tier in &mut more.tiers {
            tier.fill = if tier.fill == Fill::Always { Fill::Probability(1.0) } else { tier.fill };
        }
        let retry = Retry { attempts: 3, backoff: Nanos(5), budget: Some(0.1) };
        more.origin.station = Some(StationSpec { timeout: Some(Nanos(1 << 50)), retry, ..StationSpec::new(500) });
        let after = run_any(&requests, &more, None);
        prop_assert_eq!(&before.read_ends, &after.read_ends);
    }

    /// A tier that keeps nothing adds its own latency to what passes it, and nothing else.
    #[test]
    fn a_further_tier_shifts_no_draws(
        objects in prop::collection::vec(0..12u32, 1..100),
        low in 1..50u64,
        spread in 1..200u64,
        capacity in 1..6u64,
    ) {
        let requests = Requests {
            trace: trace_of(&objects),
            arrivals: (0..objects.len() as u64).map(|n| n * 10_000).collect(),
        };
        let mut short = stack(vec![tier("L1", "lru", capacity, Nanos(1))], Nanos(1));
        short.tiers[0].latency = spread_of(low, spread, 1);
        short.origin.latency = spread_of(3 * low, spread, 1);
        short.tiers[0].fill = Fill::Probability(0.5);
        let mut long = short.clone();
        long.tiers.push(tier("L2", "fifo", 1, Nanos(7)));
        long.tiers[1].fill = Fill::Probability(0.0);
        let (short, long) = (run_any(&requests, &short, None), run_any(&requests, &long, None));
        for (short, long) in short.read_ends.iter().zip(&long.read_ends) {
            let added = if short.ending == Ending::Miss { 7 } else { 0 };
            prop_assert_eq!(short.latency + added, long.latency);
            prop_assert_eq!(short.ending, long.ending);
        }
    }

    /// First come, first served, the same service for all: one more server helps or does nothing.
    #[test]
    fn more_servers_never_mean_more_waiting(requests in reads(0..150)) {
        let waits: Vec<u128> = (1..5).map(|servers| mean_wait(&requests, servers)).collect();
        prop_assert!(waits.is_sorted_by(|more, less| more >= less), "{:?}", waits);
    }

    /// With constant latencies, waiting for a fetch under way never makes another one necessary.
    #[test]
    fn coalescing_never_adds_fetches(requests in reads(0..80), ttl in prop::option::of(1..3_000u64)) {
        let mut stack = stack(vec![tier("L1", "lru", 12, Nanos(1))], Nanos(300));
        stack.tiers[0].freshness.ttl = ttl.map(Nanos);
        let fetches = |misses: Misses, stack: &mut crate::Stack| {
            stack.tiers[0].misses = misses;
            run_any(&requests, stack, None).origin().lookups
        };
        let independent = fetches(Misses::Independent, &mut stack);
        prop_assert!(fetches(Misses::Coalesce, &mut stack) <= independent);
    }

    /// Where nothing is ever evicted, copies that live longer are hit at least as often. Fetches take
    /// no time here to speak of: those under way when a copy expires may otherwise renew it for less.
    #[test]
    fn a_longer_time_to_live_never_costs_hits(requests in reads(2..200), ttl in 1..2_000u64, longer in 1..2_000u64) {
        let mut stack = stack(vec![tier("L1", "lru", 12, Nanos(1))], Nanos(1));
        let hits = |ttl: u64, stack: &mut crate::Stack| {
            stack.tiers[0].freshness.ttl = Some(Nanos(ttl));
            run_any(&requests, stack, None).hits()
        };
        let short = hits(ttl, &mut stack);
        prop_assert!(hits(ttl + longer, &mut stack) >= short);
    }
}
