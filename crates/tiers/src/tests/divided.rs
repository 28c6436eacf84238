//! Memory divided into zones: what is apart, and what stays common.

use cache::PolicySpec;
use proptest::prelude::*;
use trace::units::Nanos;
use trace::{ObjectId, Op, ReadReport, Trace};

use super::laws::figures;
use super::random::{Requests, hashed, requests, run_any, stacks, times};
use super::{hits, stack, tier, trace_of};
use crate::{Division, Ending, Failure, Fault, Stack, StationSpec, Writes, Zone};

fn zone(policy: &str, share: f64) -> Zone {
    Zone { policy: PolicySpec::named(policy), share, emptied_at: Vec::new() }
}

/// Odd objects belong to the second zone.
fn by_parity(zones: [Zone; 2]) -> Division {
    Division { zones: zones.into(), zone_of: Box::new(|ask| ask.object.index() % 2) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the stack, its faults and its router.
    #[test]
    fn one_zone_is_the_whole(requests in requests(60), stack in stacks()) {
        let mut before = stack;
        for tier in &mut before.tiers {
            if tier.layout.is_single() {
                tier.layout = hashed(1, 1);
            }
        }
        let mut after = before.clone();
        for tier in &mut after.tiers {
            let zones = vec![Zone { policy: tier.policy.clone(), share: 1.0, emptied_at: vec![] }];
            tier.layout = tier.layout.divided(Division { zones, zone_of: Box::new(|_| 0) });
            tier.policy = PolicySpec::named("fifo");
        }
        prop_assert_eq!(
            figures(&run_any(&requests, &before, None)),
            figures(&run_any(&requests, &after, None))
        );
    }

    /// Zones know nothing of each other where no machine makes them wait.
    #[test]
    fn zones_are_caches_of_their_own(rows in prop::collection::vec((0..14u32, 0..200u64), 1..200)) {
        let requests = requests_of(&rows);
        let mut both = stack(vec![tier("L1", "lru", 8, Nanos(5))], Nanos(50));
        // Traces number objects anew.
        let parities: Vec<usize> = rows.iter().map(|row| row.0 as usize % 2).collect();
        let division = Division {
            zones: vec![zone("lru", 0.25), zone("fifo", 0.75)],
            zone_of: Box::new(move |ask| parities[ask.request as usize]),
        };
        both.tiers[0].layout = both.tiers[0].layout.divided(division);
        let both = run_any(&requests, &both, None);
        for (parity, policy, capacity) in [(0, "lru", 2), (1, "fifo", 6)] {
            let mine: Vec<_> = rows.iter().copied().scan(0, |now, (object, gap)| {
                *now += gap;
                Some((object, *now))
            }).filter(|(object, _)| object % 2 == parity).collect();
            if mine.is_empty() {
                continue;
            }
            let alone = Requests {
                trace: trace_of(&mine.iter().map(|row| row.0).collect::<Vec<_>>()),
                arrivals: mine.iter().map(|row| row.1).collect(),
            };
            let stack = stack(vec![tier("L1", policy, capacity, Nanos(5))], Nanos(50));
            let alone: Vec<Ending> = endings(&alone, &stack);
            let of_both = both.read_ends.iter().filter(|read| {
                rows[read.request as usize].0 % 2 == parity
            });
            prop_assert_eq!(of_both.map(|read| read.ending).collect::<Vec<_>>(), alone);
        }
    }
}

fn requests_of(rows: &[(u32, u64)]) -> Requests {
    Requests {
        trace: trace_of(&rows.iter().map(|row| row.0).collect::<Vec<_>>()),
        arrivals: times(rows.iter().map(|row| row.1)),
    }
}

fn endings(requests: &Requests, stack: &Stack) -> Vec<Ending> {
    run_any(requests, stack, None).read_ends.iter().map(|read| read.ending).collect()
}

/// Four objects in turn, a round every 100 ns.
fn rounds(n: usize) -> Requests {
    requests_of(&(0..n * 4).map(|i| ((i % 4) as u32, 25)).collect::<Vec<_>>())
}

#[test]
fn a_zone_is_emptied_at_its_time_and_no_other() {
    let requests = rounds(10);
    let mut stack = stack(vec![tier("L1", "lru", 8, Nanos(1))], Nanos(10));
    let plain = stack.tiers[0].layout.clone();
    stack.tiers[0].layout = plain.divided(by_parity([zone("lru", 0.5), zone("lru", 0.5)]));
    assert_eq!(hits(&run_any(&requests, &stack, None)), [36, 4]);
    let emptied = Zone { emptied_at: vec![420, 720], ..zone("lru", 0.5) };
    stack.tiers[0].layout = plain.divided(by_parity([zone("lru", 0.5), emptied]));
    let read_ends = run_any(&requests, &stack, None).read_ends;
    let missed: Vec<u32> = read_ends
        .iter()
        .filter(|read| read.ending == Ending::Miss)
        .map(|read| read.request)
        .collect();
    // Odd requests are of odd objects; request k arrives at 25 (k + 1).
    assert_eq!(missed, [0, 1, 2, 3, 17, 19, 29, 31]);
}

/// Object k is on machine k % 2, whose failure loses what it had in both zones.
#[test]
fn a_machine_that_fails_loses_its_part_of_every_zone() {
    let requests = rounds(10);
    let mut stack = stack(vec![tier("L1", "lru", 16, Nanos(1))], Nanos(10));
    let by_half = Division {
        zones: vec![zone("lru", 0.5), zone("lru", 0.5)],
        zone_of: Box::new(|ask| usize::from(ask.object >= ObjectId(2))),
    };
    stack.tiers[0].layout = hashed(2, 1).divided(by_half);
    let fault = |at, what| Fault { at: Nanos(at), tier: 0, what };
    // Between two rounds, so that no request finds it down.
    stack.faults = vec![
        fault(401, Failure::Down { stations: vec!["1".into()] }),
        fault(402, Failure::Up { stations: vec!["1".into()], warm: false }),
    ];
    let outcome = run_any(&requests, &stack, None);
    let missed = outcome.read_ends.iter().filter(|read| read.ending == Ending::Miss);
    assert_eq!(missed.map(|read| read.request).collect::<Vec<_>>(), [0, 1, 2, 3, 17, 19]);
}

/// Write-back: who gives up a zone has written it to the origin, who loses it has not.
#[test]
fn what_is_dirty_in_a_zone_that_is_given_up_is_not_lost() {
    let mut requests = rounds(4);
    let mut columns = requests.trace.into_columns();
    columns.op = Some((0..16).map(|i| if i < 4 { Op::Set } else { Op::Get }).collect());
    requests.trace = Trace::new("t", columns, ReadReport::default()).unwrap();
    let mut stack = stack(vec![tier("L1", "lru", 8, Nanos(1))], Nanos(10));
    stack.writes = Writes::Back;
    let emptied = Zone { emptied_at: vec![220], ..zone("lru", 0.5) };
    stack.tiers[0].layout = stack.tiers[0].layout.divided(by_parity([zone("lru", 0.5), emptied]));
    let outcome = run_any(&requests, &stack, None);
    assert_eq!((outcome.written.lost, outcome.written.stale_reads), (0, 0));
    assert_eq!(outcome.ended(Ending::Miss), 2);
    stack.faults = vec![Fault { at: Nanos(150), tier: 0, what: Failure::Flush }];
    assert_eq!(run_any(&requests, &stack, None).written.lost, 4);
}

/// Requests of one zone wait for the server that those of the other keep busy.
#[test]
fn zones_share_their_machines() {
    let requests = requests_of(&[(0, 0), (1, 0), (0, 100), (1, 0)]);
    let mut stack = stack(vec![tier("L1", "lru", 8, Nanos(7))], Nanos(10));
    stack.tiers[0].station = Some(StationSpec::new(1));
    stack.tiers[0].layout =
        stack.tiers[0].layout.divided(by_parity([zone("lru", 0.5), zone("lru", 0.5)]));
    let latencies: Vec<u64> =
        run_any(&requests, &stack, None).read_ends.iter().map(|read| read.latency).collect();
    assert_eq!(latencies, [17, 24, 7, 14]);
}
