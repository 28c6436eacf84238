//! Examples worked by hand, one for each thing the engine does. L1 answers in 1 ns, L2 in 10, the
//! origin in 100, unless an example says otherwise.

use std::ops::ControlFlow;

use trace::units::Nanos;
use trace::{Op, ReadReport, Sizes, Trace};

use super::random::{Requests, hashed, run_any, spread_of};
use super::{stack, tier, trace_of};
use crate::{
    Demotion, Ending, Failure, Fault, Fill, Hedge, HedgeLeg, Inclusion, Misses, OnMiss, Outcome,
    Predicted, ReadEnd, Retry, Router, Run, Settle, Stack, StationSpec, Writes, simulate,
};

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

const L1: Option<usize> = Some(0);
const L2: Option<usize> = Some(1);
const L3: Option<usize> = Some(2);

fn one_tier() -> Stack {
    stack(vec![tier("L1", "lru", 100, Nanos(1))], Nanos(100))
}

fn two_tiers(upper: u64, lower: u64) -> Stack {
    stack(vec![tier("L1", "lru", upper, Nanos(1)), tier("L2", "lru", lower, Nanos(10))], Nanos(100))
}

/// Reads, as (time, object).
fn reads(rows: &[(u64, u32)]) -> Requests {
    Requests {
        trace: trace_of(&rows.iter().map(|row| row.1).collect::<Vec<_>>()),
        arrivals: rows.iter().map(|row| row.0).collect(),
    }
}

/// Reads and writes, as (time, object, what).
fn requests(rows: &[(u64, u32, Op)]) -> Requests {
    let Requests { trace, arrivals } =
        reads(&rows.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>());
    let mut columns = trace.into_columns();
    columns.op = Some(rows.iter().map(|row| row.2).collect());
    Requests { trace: Trace::new("t", columns, ReadReport::default()).unwrap(), arrivals }
}

/// The same with objects of these sizes, by request.
fn sized(requests: Requests, sizes: &[u32]) -> Requests {
    let mut columns = requests.trace.into_columns();
    columns.size = Some(Sizes::Narrow(sizes.to_vec()));
    Requests { trace: Trace::new("t", columns, ReadReport::default()).unwrap(), ..requests }
}

fn run(requests: &Requests, stack: &Stack) -> Outcome {
    run_any(requests, stack, None)
}

/// How each read ended, who answered it, and its latency, in the order they arrived.
fn ends(outcome: &Outcome) -> Vec<(Ending, Option<usize>, u64)> {
    let end = |end: &ReadEnd| (end.ending, end.tier.map(usize::from), end.latency);
    outcome.read_ends.iter().map(end).collect()
}

fn answers(outcome: &Outcome) -> Vec<Option<usize>> {
    ends(outcome).into_iter().map(|(_, tier, _)| tier).collect()
}

fn endings(outcome: &Outcome) -> Vec<Ending> {
    ends(outcome).into_iter().map(|(ending, _, _)| ending).collect()
}

fn fault(at: u64, tier: usize, what: Failure) -> Fault {
    Fault { at: Nanos(at), tier, what }
}

fn down() -> Failure {
    Failure::Down { stations: Vec::new() }
}

fn up(warm: bool) -> Failure {
    Failure::Up { stations: Vec::new(), warm }
}

/// So many servers that never make anybody wait, whose clients wait for so long.
fn patience(ns: u64) -> Option<StationSpec> {
    Some(StationSpec { timeout: Some(Nanos(ns)), ..StationSpec::new(1_000) })
}

// Misses.

#[test]
fn a_delayed_hit_waits_for_the_rest_of_the_fetch() {
    // The first is answered at 1 + 100. The second knows at 51 that it missed and waits 50 more. The
    // third knows at 101, when the answer is there. The fourth finds it.
    let requests = reads(&[(0, 0), (50, 0), (100, 0), (101, 0)]);
    let mut stack = one_tier();
    stack.tiers[0].misses = Misses::Coalesce;
    let outcome = run(&requests, &stack);
    let delayed = |latency| (Ending::Delayed, L1, latency);
    assert_eq!(
        ends(&outcome),
        [(Ending::Miss, L2, 101), delayed(51), delayed(1), (Ending::Hit, L1, 1)]
    );
    let spent = &outcome.explained.slowest(0).tiers[0];
    assert_eq!((spent.served_ns, spent.joined_ns), (4, 50));
    // Without, each fetches for itself.
    stack.tiers[0].misses = Misses::Independent;
    assert_eq!(run(&requests, &stack).origin().lookups, 3);
}

#[test]
fn who_waits_for_a_fetch_that_fails_has_failed_too() {
    // The origin is down: the first learns it at 1 + 50, and so does the second.
    let mut stack = one_tier();
    stack.tiers[0].misses = Misses::Coalesce;
    stack.origin.station = patience(50);
    stack.faults = vec![fault(0, 1, down())];
    let outcome = run(&reads(&[(0, 0), (20, 0), (200, 0)]), &stack);
    let error = |latency| (Ending::Error, None, latency);
    assert_eq!(ends(&outcome), [error(51), error(31), error(51)]);
}

#[test]
fn who_is_refused_a_lease_asks_again_after_ten_milliseconds() {
    // Asked at 50, refused at 51, asked again at 10,000,051: there by then.
    let mut stack = one_tier();
    stack.tiers[0].misses = Misses::Lease;
    let outcome = run(&reads(&[(0, 0), (50, 0)]), &stack);
    assert_eq!(ends(&outcome), [(Ending::Miss, L2, 101), (Ending::Delayed, L1, 10 * MS + 2)]);
    assert_eq!(outcome.origin().lookups, 1);
}

#[test]
fn a_lease_is_void_once_the_object_is_written() {
    // Sent at 0, the write is acknowledged at 300. The read of 250 asks the origin at 251, before
    // that, and has the old version at 551. Kept, it is served stale at 1000; under a lease it is
    // not kept.
    let requests = requests(&[(0, 0, Op::Set), (250, 0, Op::Get), (1_000, 0, Op::Get)]);
    let mut stack = stack(vec![tier("L1", "lru", 1, Nanos(1))], Nanos(300));
    for (misses, last, stale) in [(Misses::Independent, L1, 1), (Misses::Lease, L2, 0)] {
        stack.tiers[0].misses = misses;
        let outcome = run(&requests, &stack);
        assert_eq!(answers(&outcome), [L2, last]);
        assert_eq!(outcome.written.stale_reads, stale);
    }
}

// Freshness.

#[test]
fn a_stale_copy_is_served_while_it_is_renewed() {
    // Filled at 101, fresh until 1101. At 1200 it is 99 old: served, and renewed by 1300. At 1250 it
    // is served too, and no second fetch is made. At 1301 it is fresh, until 2300. At 2800 it is 500
    // old, too much.
    let mut stack = one_tier();
    stack.tiers[0].freshness.ttl = Some(Nanos(1_000));
    stack.tiers[0].freshness.stale_while_revalidate = Nanos(500);
    let outcome = run(&reads(&[(0, 0), (1_200, 0), (1_250, 0), (1_301, 0), (2_800, 0)]), &stack);
    let (miss, stale) = ((Ending::Miss, L2, 101), (Ending::Stale, L1, 1));
    assert_eq!(ends(&outcome), [miss, stale, stale, (Ending::Hit, L1, 1), miss]);
    assert_eq!((outcome.tiers[0].refreshes, outcome.tiers[0].expired), (1, 3));
    assert_eq!(outcome.origin().lookups, 3);
}

#[test]
fn a_refresh_is_answered_by_the_tier_below_if_it_can() {
    // L2 keeps for ever, so what is stale in L1 is renewed from there: the origin is asked once.
    let mut stack = two_tiers(10, 10);
    stack.tiers[0].freshness.ttl = Some(Nanos(1_000));
    stack.tiers[0].freshness.stale_while_revalidate = Nanos(500);
    let outcome = run(&reads(&[(0, 0), (1_200, 0), (1_211, 0)]), &stack);
    assert_eq!(endings(&outcome), [Ending::Miss, Ending::Stale, Ending::Hit]);
    assert_eq!((outcome.tiers[1].lookups, outcome.origin().lookups), (2, 1));
}

#[test]
fn a_stale_copy_is_better_than_an_error() {
    // Fresh until 1101; the origin is down from 1000 on and given up after 150. At 2151 the copy
    // is 1050 old, which is allowed. At 7151 it is 6050 old, which is not.
    let mut stack = one_tier();
    stack.tiers[0].freshness.ttl = Some(Nanos(1_000));
    stack.tiers[0].freshness.stale_if_error = Nanos(5_000);
    stack.origin.station = patience(150);
    stack.faults = vec![fault(1_000, 1, down())];
    let outcome = run(&reads(&[(0, 0), (2_000, 0), (7_000, 0)]), &stack);
    assert_eq!(
        ends(&outcome),
        [(Ending::Miss, L2, 101), (Ending::Stale, L1, 151), (Ending::Error, None, 151)]
    );
    assert_eq!(outcome.tiers[0].bytes_out, 1);
}

#[test]
fn a_fault_after_all_requests_makes_no_run_longer() {
    let mut stack = one_tier();
    stack.faults.push(fault(1_000_000, 0, Failure::Flush));
    assert_eq!(run(&reads(&[(0, 0), (500, 0)]), &stack).end, Nanos(500));
}

#[test]
fn a_closed_loop_has_a_clock_of_its_own() {
    // Two requests that do not count and two that do, one client: 101, 1, 1, 1.
    let stack = one_tier();
    let requests = reads(&[(0, 0), (0, 0), (0, 0), (900, 0)]);
    let run = Run {
        closed_loop: Some(1),
        warmup: 2,
        ..Run::new(&requests.trace, &requests.arrivals, &stack, 1)
    };
    let outcome = simulate(&run, &mut |_| ControlFlow::Continue(())).unwrap().unwrap();
    assert_eq!((outcome.span, outcome.end), (Nanos(2), Nanos(104)));
}

#[test]
fn that_there_is_no_such_object_is_remembered() {
    // Remembered from 101 to 601. An answer without object has a byte.
    let mut stack = one_tier();
    stack.origin.absent = 1.0;
    stack.tiers[0].freshness.negative_ttl = Some(Nanos(500));
    let requests = sized(reads(&[(0, 0), (600, 0), (700, 0)]), &[1_000; 3]);
    let outcome = run(&requests, &stack);
    assert_eq!(endings(&outcome), [Ending::Miss, Ending::Hit, Ending::Miss]);
    assert_eq!(outcome.read_bytes, 3);
    // A hit starts the same time anew, not that of objects.
    stack.tiers[0].freshness.ttl = Some(Nanos(50_000));
    stack.tiers[0].freshness.renew = true;
    let outcome = run(&reads(&[(0, 0), (600, 0), (1_099, 0), (1_600, 0)]), &stack);
    assert_eq!(endings(&outcome), [Ending::Miss, Ending::Hit, Ending::Hit, Ending::Miss]);
    // Without, it is asked every time.
    stack.tiers[0].freshness.negative_ttl = None;
    assert_eq!(run(&requests, &stack).ended(Ending::Miss), 3);
}

#[test]
fn jitter_stays_within_its_bounds() {
    // Each object is filled at 101 and read once more, this much later: all are fresh for 800, none
    // for 1200, and about half for 1000.
    let mut stack = stack(vec![tier("L1", "lru", 1_000, Nanos(1))], Nanos(100));
    stack.tiers[0].freshness.ttl = Some(Nanos(1_000));
    stack.tiers[0].freshness.jitter = 0.2;
    let hits = |later: u64| {
        let rows = (0..500).flat_map(|object| {
            let start = u64::from(object) * 10_000;
            [(start, object), (start + 101 + later, object)]
        });
        run(&reads(&rows.collect::<Vec<_>>()), &stack).hits()
    };
    assert_eq!((hits(799), hits(1_200)), (500, 0));
    assert!((200..300).contains(&hits(1_000)), "{}", hits(1_000));
}

#[test]
fn a_hot_object_is_refreshed_before_its_time_is_up() {
    // A read every nanosecond, and a fetch of 100: XFetch starts one e^-1 of the time at each read
    // 100 before the end, so that one is all but sure to come in time. Without, each of the times
    // to live ends with a miss.
    let mut stack = one_tier();
    stack.tiers[0].misses = Misses::Coalesce;
    stack.tiers[0].freshness.ttl = Some(Nanos(5_000));
    let rows: Vec<_> = (0..50_000).map(|now| (now, 0)).collect();
    let misses = |stack: &Stack| run(&reads(&rows), stack).ended(Ending::Miss);
    assert_eq!(misses(&stack), 10);
    stack.tiers[0].freshness.early_refresh = 1.0;
    let outcome = run(&reads(&rows), &stack);
    assert_eq!(outcome.ended(Ending::Miss), 1);
    assert_eq!(outcome.ended(Ending::Delayed), 100);
    let refreshes = outcome.tiers[0].refreshes;
    assert!((10..=12).contains(&refreshes), "{refreshes}: not much more often than needed");
}

// Fills.

#[test]
fn leave_copy_down_brings_an_object_one_tier_nearer_a_hit() {
    let mut stack = two_tiers(10, 10);
    stack.tiers[0].fill = Fill::Down;
    let outcome = run(&reads(&[(0, 0), (1_000, 0), (2_000, 0)]), &stack);
    assert_eq!(answers(&outcome), [L3, L2, L1]);
}

#[test]
fn a_fill_has_its_probability() {
    let rows = (0..1_000).flat_map(|n| [(n * 1_000, n as u32), (n * 1_000 + 500, n as u32)]);
    let requests = reads(&rows.collect::<Vec<_>>());
    for (probability, least, most) in [(0.0, 0, 0), (0.3, 250, 350), (1.0, 1_000, 1_000)] {
        let mut stack = stack(vec![tier("L1", "lru", 1_000, Nanos(1))], Nanos(100));
        stack.tiers[0].fill = Fill::Probability(probability);
        let hits = run(&requests, &stack).hits();
        assert!((least..=most).contains(&hits), "{hits} of {probability}");
    }
}

#[test]
fn a_fill_waits_for_the_nth_miss() {
    for (n, expected) in [(1, [L2, L1, L1, L1]), (3, [L2, L2, L2, L1])] {
        let mut stack = one_tier();
        stack.tiers[0].fill = Fill::Nth(n);
        let outcome = run(&reads(&[(0, 0), (1_000, 0), (2_000, 0), (3_000, 0)]), &stack);
        assert_eq!(answers(&outcome), expected);
    }
    let rows: Vec<_> = (0..302).map(|n| (n * 1_000, 0)).collect();
    let mut stack = one_tier();
    stack.tiers[0].fill = Fill::Nth(300);
    assert_eq!(run(&reads(&rows), &stack).hits(), 2);
}

#[test]
fn an_object_is_promoted_after_more_than_ten_reads() {
    // The origin fills L2. The eleventh read, from L2, fills L1 as well.
    let mut stack = two_tiers(10, 10);
    stack.tiers[0].fill = Fill::Accesses(11);
    let rows: Vec<_> = (0..13).map(|n| (n * 1_000, 0)).collect();
    let outcome = run(&reads(&rows), &stack);
    let expected: Vec<_> = [L3].into_iter().chain([L2; 10]).chain([L1; 2]).collect();
    assert_eq!(answers(&outcome), expected);
}

#[test]
fn large_objects_hardly_read_stay_below() {
    // Of the two, 0 is larger than ten million bytes: with its first read it stays in L2, with its
    // second it has been read twice.
    let mut stack = two_tiers(100_000_000, 100_000_000);
    stack.demotion = Some(Demotion { above_bytes: 10_000_000, reads_below: 2, to: 1 });
    let rows = [(0, 0), (1_000, 0), (2_000, 0), (3_000, 1), (4_000, 1)];
    let sizes = [10_000_001, 10_000_001, 10_000_001, 10_000_000, 10_000_000];
    let outcome = run(&sized(reads(&rows), &sizes), &stack);
    assert_eq!(answers(&outcome), [L3, L2, L1, L3, L1]);
}

// Inclusion.

#[test]
fn what_leaves_an_inclusive_tier_leaves_those_above() {
    // L2 has room for one: 1 pushes 0 out of it, and so out of L1, which has room.
    let mut stack = two_tiers(2, 1);
    let requests = reads(&[(0, 0), (1_000, 1), (2_000, 0)]);
    assert_eq!(answers(&run(&requests, &stack)), [L3, L3, L1]);
    stack.tiers[1].inclusion = Inclusion::Inclusive;
    let outcome = run(&requests, &stack);
    assert_eq!(answers(&outcome), [L3, L3, L3]);
    // 0 by 1, and 1 by 0.
    assert_eq!(outcome.tiers[0].displaced, 2);
    // So does what expires there, at 611. L1 is cut off when it is asked at 620, and the read finds
    // the copy of L2 expired. It fills L2 alone: back again, L1 has nothing.
    stack.tiers[1].capacity = 10;
    stack.tiers[1].freshness.ttl = Some(Nanos(500));
    stack.tiers[0].station = patience(20);
    stack.faults = vec![fault(615, 0, Failure::Cut), fault(900, 0, Failure::Healed)];
    let outcome = run(&reads(&[(0, 0), (300, 0), (620, 0), (1_000, 0)]), &stack);
    assert_eq!(answers(&outcome), [L3, L1, L3, L2]);
    // And what is flushed.
    stack.faults = vec![fault(400, 1, Failure::Flush)];
    let outcome = run(&reads(&[(0, 0), (300, 0), (620, 0)]), &stack);
    assert_eq!(answers(&outcome), [L3, L1, L3]);
}

#[test]
fn what_moves_between_exclusive_tiers_keeps_its_time() {
    // 0 is in L1 from 111 to 1111. At 311 comes 1 and 0 goes down to L2, which sets no time of its
    // own. At 511 it is back up, not for a time to live from then on: at 1112 it is gone.
    let mut stack = two_tiers(1, 1);
    stack.tiers[0].freshness.ttl = Some(Nanos(1_000));
    stack.tiers[1].inclusion = Inclusion::Exclusive;
    let outcome = run(&reads(&[(0, 0), (200, 1), (500, 0), (1_110, 0), (1_112, 0)]), &stack);
    assert_eq!(answers(&outcome), [L3, L3, L2, L1, L3]);
    assert_eq!(outcome.tiers[1].demotions, 2);
}

#[test]
fn what_moves_between_exclusive_tiers_keeps_its_version() {
    // The write passes the tiers by: the old 0 goes down for 1, comes up again, and is stale at both
    // places.
    let mut stack = two_tiers(1, 1);
    stack.tiers[1].inclusion = Inclusion::Exclusive;
    stack.writes = Writes::Around;
    let rows = [
        (0, 0, Op::Get),
        (1_000, 0, Op::Set),
        (2_000, 1, Op::Get),
        (3_000, 0, Op::Get),
        (4_000, 0, Op::Get),
    ];
    let outcome = run(&requests(&rows), &stack);
    assert_eq!(answers(&outcome), [L3, L3, L2, L1]);
    assert_eq!(outcome.written.stale_reads, 2);
}

#[test]
fn an_exclusive_tier_keeps_what_the_tier_above_will_not_have() {
    // 0 goes down for 1. L1 takes what it has missed three times: by then 0 is at its third miss, and
    // moves up.
    let mut stack = two_tiers(1, 1);
    stack.tiers[1].inclusion = Inclusion::Exclusive;
    stack.tiers[0].fill = Fill::Nth(2);
    let rows = [(0, 0), (1_000, 0), (2_000, 1), (3_000, 1), (4_000, 0), (5_000, 0)];
    assert_eq!(answers(&run(&reads(&rows), &stack)), [L3, L3, L3, L3, L2, L1]);
    // An object that has grown too large for L1 stays below.
    stack.tiers[0].fill = Fill::Always;
    stack.tiers[1].capacity = 10;
    let rows = reads(&[(0, 0), (1_000, 1), (2_000, 0), (3_000, 0)]);
    assert_eq!(answers(&run(&sized(rows, &[1, 1, 5, 5]), &stack)), [L3, L3, L2, L2]);
}

#[test]
fn victims_go_down_a_chain_of_exclusive_tiers() {
    // Three tiers of one object: together they hold the last three.
    let mut stack = two_tiers(1, 1);
    stack.tiers.push(tier("L3", "lru", 1, Nanos(20)));
    stack.tiers[1].inclusion = Inclusion::Exclusive;
    stack.tiers[2].inclusion = Inclusion::Exclusive;
    let rows = [(0, 0), (1_000, 1), (2_000, 2), (3_000, 0), (4_000, 1), (5_000, 2)];
    assert_eq!(answers(&run(&reads(&rows), &stack))[3..], [L3, L3, L3]);
}

#[test]
fn sizes_go_down_in_the_unit_of_the_lower_tier() {
    // L1 adds 3 bytes to each object, L2 1: 0, of 4 bytes, takes 7 above and 5 below.
    let mut stack = two_tiers(7, 5);
    stack.tiers[1].inclusion = Inclusion::Exclusive;
    stack.tiers[0].object_overhead = 3;
    stack.tiers[1].object_overhead = 1;
    let requests = sized(reads(&[(0, 0), (1_000, 1), (2_000, 0)]), &[4; 3]);
    let outcome = run(&requests, &stack);
    assert_eq!(answers(&outcome), [L3, L3, L2]);
    assert_eq!(outcome.tiers[1].used_bytes_max, 5);
    // Objects counted above have no bytes to go down with.
    stack.tiers[0].unit = cache::Unit::Objects;
    let error = crate::simulate(
        &crate::Run::new(&requests.trace, &requests.arrivals, &stack, 1),
        &mut |_| std::ops::ControlFlow::Continue(()),
    );
    assert!(error.unwrap_err().to_string().contains("give both the same unit"));
}

// Writes.

/// 0 is read, written at 1000, and read at 1100, when the write is acknowledged, and at 1101, when
/// L1 has heard of it.
fn written() -> Requests {
    requests(&[(0, 0, Op::Get), (1_000, 0, Op::Set), (1_100, 0, Op::Get), (1_101, 0, Op::Get)])
}

#[test]
fn writes_do_to_copies_what_their_rule_says() {
    for (writes, last, stale) in
        [(Writes::Invalidate, L2, 1), (Writes::Through, L1, 1), (Writes::Around, L1, 2)]
    {
        let stack = Stack { writes, ..one_tier() };
        let outcome = run(&written(), &stack);
        assert_eq!(answers(&outcome), [L2, L1, last], "{writes:?}");
        assert_eq!(outcome.written.stale_reads, stale, "{writes:?}");
        assert_eq!(outcome.written.latency.max(), 100, "{writes:?}");
        assert_eq!((outcome.tiers[0].writes, outcome.origin().writes), (0, 1), "{writes:?}");
    }
}

#[test]
fn write_back_is_acknowledged_by_the_first_tier_and_flushed_later() {
    // Acknowledged after 1 ns, fresh at once, at the origin after a second: 3 and 4 bytes are dirty
    // together. A second write of 0 within the second is flushed with the first.
    let rows = [
        (0, 0, Op::Get),
        (1_000, 0, Op::Set),
        (1_001, 0, Op::Get),
        (2_000, 1, Op::Set),
        (3_000, 0, Op::Set),
        (3_001, 0, Op::Get),
    ];
    let stack = Stack { writes: Writes::Back, ..one_tier() };
    let outcome = run(&sized(requests(&rows), &[3, 3, 3, 4, 3, 3]), &stack);
    assert_eq!(answers(&outcome), [L2, L1, L1]);
    assert_eq!(outcome.written.latency.max(), 1);
    assert_eq!((outcome.written.stale_reads, outcome.written.lost), (0, 0));
    assert_eq!(outcome.written.dirty_bytes_max, 7);
    assert_eq!((outcome.tiers[0].writes, outcome.origin().writes), (3, 2));
    // Last, 0 is flushed: acknowledged at 3001, and after a second it takes the origin 100.
    assert_eq!(outcome.end, Nanos(SECOND + 3_101));
}

#[test]
fn an_eviction_flushes_what_is_dirty() {
    // L1 has room for one: 1 pushes out the new 0, which goes to the origin at once, and is read
    // there later.
    let mut stack = one_tier();
    stack.tiers[0].capacity = 1;
    stack.writes = Writes::Back;
    let rows = [(0, 0, Op::Set), (1_000, 1, Op::Get), (2_000, 0, Op::Get)];
    let outcome = run(&requests(&rows), &stack);
    assert_eq!(answers(&outcome), [L2, L2]);
    assert_eq!((outcome.origin().writes, outcome.written.stale_reads), (1, 0));
    // Sent off at 1101, when 1 comes in, it is there at 1201; nothing happens a second later.
    assert_eq!(outcome.end, Nanos(SECOND + 1));
}

#[test]
fn an_old_answer_does_not_replace_what_is_dirty() {
    // The read of 0 asks the origin at 1. The write comes to L1 at 50, the old answer at 101.
    let stack = Stack { writes: Writes::Back, ..one_tier() };
    let rows = [(0, 0, Op::Get), (50, 0, Op::Set), (200, 0, Op::Get)];
    let outcome = run(&requests(&rows), &stack);
    assert_eq!(answers(&outcome), [L2, L1]);
    assert_eq!(outcome.written.stale_reads, 0);
}

#[test]
fn a_crash_loses_the_writes_that_were_not_flushed() {
    // Two writes are acknowledged; the machine fails at 2000.
    let rows =
        sized(requests(&[(0, 0, Op::Set), (1_000, 0, Op::Set), (4 * SECOND, 0, Op::Get)]), &[5; 3]);
    let crash = |up_at: u64, warm: bool| {
        let faults = vec![fault(2_000, 0, down()), fault(up_at, 0, up(warm))];
        run(&rows, &Stack { writes: Writes::Back, faults, ..one_tier() })
    };
    // Back empty: lost, whether before the timer or after.
    for up_at in [3_000, 3 * SECOND] {
        let outcome = crash(up_at, false);
        assert_eq!((outcome.written.lost, outcome.written.lost_bytes), (2, 5));
        assert_eq!((outcome.origin().writes, answers(&outcome)), (0, vec![L2]));
    }
    // Back as it was: flushed when it is up.
    for up_at in [3_000, 3 * SECOND] {
        let outcome = crash(up_at, true);
        assert_eq!((outcome.written.lost, outcome.origin().writes), (0, 1));
        assert_eq!(answers(&outcome), [L1]);
    }
}

#[test]
fn a_flush_under_way_at_a_crash_is_not_lost() {
    // The flush leaves at 1 s and takes the origin 100 ns; the crash comes between. The write after
    // it is counted on from what the origin has.
    let rows = requests(&[(0, 0, Op::Set), (2 * SECOND, 0, Op::Set), (4 * SECOND, 0, Op::Get)]);
    let at = SECOND + 50;
    let faults = vec![
        fault(at, 0, down()),
        fault(at + 10, 0, up(false)),
        fault(2 * SECOND + 500, 0, Failure::Flush),
    ];
    let outcome = run(&rows, &Stack { writes: Writes::Back, faults, ..one_tier() });
    assert_eq!((outcome.origin().writes, outcome.written.lost), (1, 1));
}

#[test]
fn a_flush_that_fails_is_sent_again_or_lost() {
    // The origin is down at 1 s, when the flush comes, and found to be after 150 ns. It is up when
    // it is sent again, a second later.
    let faults = vec![fault(500, 1, down()), fault(SECOND + 500, 1, up(true))];
    let mut stack = Stack { writes: Writes::Back, faults, ..one_tier() };
    stack.origin.station = patience(150);
    let outcome = run(&requests(&[(0, 0, Op::Set), (3 * SECOND, 0, Op::Get)]), &stack);
    assert_eq!((outcome.origin().writes, outcome.written.lost), (1, 0));
    // With room for one, the write of 1 pushes 0 out while the origin is down.
    stack.tiers[0].capacity = 1;
    let rows = [(0, 0, Op::Set), (1_000, 1, Op::Set), (3 * SECOND, 0, Op::Get)];
    let outcome = run(&requests(&rows), &stack);
    assert_eq!((outcome.origin().writes, outcome.written.lost), (1, 1));
}

// Stations.

/// The origin alone, with these servers: L1 is there but never has anything.
fn station(spec: StationSpec) -> Stack {
    let mut stack = one_tier();
    stack.tiers[0].fill = Fill::Probability(0.0);
    stack.origin.station = Some(spec);
    stack
}

#[test]
fn a_full_queue_sheds() {
    // One is served from 1 to 101, one waits for it, the third finds the place taken and learns it
    // after the 100 that an answer takes.
    let stack = station(StationSpec { queue: Some(1), ..StationSpec::new(1) });
    let outcome = run(&reads(&[(0, 0), (0, 1), (0, 2)]), &stack);
    assert_eq!(
        ends(&outcome),
        [(Ending::Miss, L2, 101), (Ending::Miss, L2, 201), (Ending::Error, None, 101)]
    );
    let origin = outcome.origin();
    assert_eq!((origin.shed, origin.failures, origin.stations[0].queue_max), (1, 1, 1));
}

#[test]
fn a_time_limit_counts_waiting_and_service() {
    // Asked at 1, to be given up at 151. The second waits until 101 and is given up in service; the
    // third still waits then.
    let stack = station(StationSpec { timeout: Some(Nanos(150)), ..StationSpec::new(1) });
    let outcome = run(&reads(&[(0, 0), (0, 1), (0, 2), (500, 3)]), &stack);
    let error = (Ending::Error, None, 151);
    let miss = (Ending::Miss, L2, 101);
    assert_eq!(ends(&outcome), [miss, error, error, miss]);
    let station = &outcome.origin().stations[0];
    assert_eq!((outcome.origin().timeouts, station.served, station.busy_ns), (2, 3, 300));
    // 100 of the second, 150 of the third.
    assert_eq!(station.wait_ns, 250);
}

#[test]
fn a_server_may_be_free_before_the_answer_is_there() {
    // Each keeps the server for 10 and has its answer after 100.
    let own = crate::Service::Own(crate::LatencyProfile::constant(Nanos(10)));
    let stack = station(StationSpec { service: own, ..StationSpec::new(1) });
    let outcome = run(&reads(&[(0, 0), (0, 1), (0, 2)]), &stack);
    let latencies: Vec<u64> = ends(&outcome).iter().map(|end| end.2).collect();
    assert_eq!(latencies, [101, 111, 121]);
}

#[test]
fn a_server_that_stands_for_many_is_kept_longer_than_the_answer_takes() {
    // Answers take 100 and keep the server for three times as long.
    let stack = station(StationSpec { stretch: 3.0, ..StationSpec::new(1) });
    let outcome = run(&reads(&[(0, 0), (0, 1)]), &stack);
    let latencies: Vec<u64> = ends(&outcome).iter().map(|end| end.2).collect();
    assert_eq!(latencies, [101, 401]);
    assert_eq!(outcome.origin().stations[0].busy_ns, 600);
}

#[test]
fn retries_wait_twice_as_long_each_time() {
    // Each try takes 100: 1 to 101, 111 to 211, 231 to 331.
    let mut stack = station(StationSpec {
        retry: Retry { attempts: 2, backoff: Nanos(10), budget: None },
        ..StationSpec::new(1)
    });
    stack.faults = vec![fault(0, 1, Failure::Errors { share: 1.0 })];
    let outcome = run(&reads(&[(0, 0)]), &stack);
    assert_eq!(ends(&outcome), [(Ending::Error, None, 331)]);
    let origin = outcome.origin();
    assert_eq!((origin.lookups, origin.failures, origin.retries), (3, 3, 2));
    // Up from 200 on: the second try still fails, the third does not.
    stack.faults.push(fault(220, 1, Failure::Errors { share: 0.0 }));
    assert_eq!(ends(&run(&reads(&[(0, 0)]), &stack)), [(Ending::Miss, L2, 331)]);
}

#[test]
fn a_budget_bounds_how_much_retries_add() {
    // Everything fails. Three retries each make four times the load. A budget of a tenth allows the
    // 100 saved up, and one for each ten reads.
    let rows: Vec<_> = (0..2_000).map(|n| (n * 1_000, n as u32)).collect();
    let retries = |budget| {
        let retry = Retry { attempts: 3, backoff: Nanos(10), budget };
        let mut stack = station(StationSpec { retry, ..StationSpec::new(1) });
        stack.faults = vec![fault(0, 1, Failure::Errors { share: 1.0 })];
        run(&reads(&rows), &stack).origin().retries
    };
    assert_eq!(retries(None), 6_000);
    let bounded = retries(Some(0.1));
    assert!((290..=300).contains(&bounded), "{bounded}");
}

#[test]
fn attempts_and_backoffs_without_measure_do_no_harm() {
    let retry = Retry { attempts: u32::MAX, backoff: Nanos(u64::MAX / 2), budget: None };
    let mut stack = station(StationSpec { retry, ..StationSpec::new(1) });
    stack.faults = vec![fault(0, 1, Failure::Errors { share: 1.0 })];
    let outcome = run(&reads(&[(0, 0)]), &stack);
    assert_eq!((outcome.origin().retries, outcome.ended(Ending::Error)), (255, 1));
}

// Races.

/// L1 has 0 and 3, L2 has 1 and 3, L3 has all four.
fn raced(settle: Settle, on_miss: OnMiss) -> (Requests, Stack) {
    let tiers = vec![
        tier("L1", "lru", 1, Nanos(MS / 10)),
        tier("L2", "lru", 2, Nanos(2 * MS)),
        tier("L3", "lru", 9, Nanos(20 * MS)),
    ];
    let mut stack = stack(tiers, Nanos(50 * MS));
    let leg = |tier, ms| HedgeLeg { tier, after: Nanos(ms * MS) };
    let legs = vec![leg(0, 0), leg(1, 1), leg(2, 5)];
    stack.router = Router::Hedged(Hedge { legs, settle, on_miss, cancel: true });
    // 0, 1 and 2 are read: L1 has 2 then, L2 has 1 and 2, L3 all. Then 2, 1 and 0 again, each as it
    // was left by the one before.
    let at = |n: u64, object| (n * SECOND, object);
    (reads(&[at(0, 0), at(1, 1), at(2, 2), at(3, 2), at(4, 1), at(5, 0)]), stack)
}

#[test]
fn the_first_hit_wins_a_race() {
    // 2: L1 after 0.1 ms. 1: L2, started at 1, after 3. 0: L3, started at 5, after 25.
    let (requests, stack) = raced(Settle::FirstHit, OnMiss::WaitForTimer);
    let outcome = run(&requests, &stack);
    let hits = |latencies: [u64; 3]| {
        [
            (Ending::Hit, L1, latencies[0]),
            (Ending::Hit, L2, latencies[1]),
            (Ending::Hit, L3, latencies[2]),
        ]
    };
    assert_eq!(ends(&outcome)[3..], hits([MS / 10, 3 * MS, 25 * MS]));
    // All miss: the last leg at 25, then the origin.
    assert_eq!(ends(&outcome)[0], (Ending::Miss, Some(3), 75 * MS));
    // A miss that starts the next leg saves the rest of its timer: 0.1 + 2, and 0.1 + 2 + 20.
    let (requests, stack) = raced(Settle::FirstHit, OnMiss::LaunchNext);
    let outcome = run(&requests, &stack);
    assert_eq!(ends(&outcome)[3..], hits([MS / 10, 21 * MS / 10, 221 * MS / 10]));
    assert_eq!(outcome.explained.slowest(221 * MS / 10).reads, 4);
}

#[test]
fn a_near_miss_settles_a_race_of_promises() {
    // L1 misses after 0.1 ms, long before L2 or L3 can hit: the read goes to the origin.
    for on_miss in [OnMiss::WaitForTimer, OnMiss::LaunchNext] {
        let (requests, stack) = raced(Settle::FirstSettled, on_miss);
        let outcome = run(&requests, &stack);
        let miss = (Ending::Miss, Some(3), 501 * MS / 10);
        assert_eq!(ends(&outcome)[3..], [(Ending::Hit, L1, MS / 10), miss, miss]);
        assert_eq!((outcome.tiers[1].lookups, outcome.tiers[2].lookups), (0, 0));
    }
}

/// Both have the object: L1 answers after 1.5 ms, the leg to L2 starts after 1.
fn overtaken(cancel: bool) -> Outcome {
    let tiers = vec![tier("L1", "lru", 9, Nanos(3 * MS / 2)), tier("L2", "lru", 9, Nanos(2 * MS))];
    let mut stack = stack(tiers, Nanos(50 * MS));
    stack.tiers[1].station = Some(StationSpec::new(1));
    let legs = vec![HedgeLeg { tier: 0, after: Nanos(0) }, HedgeLeg { tier: 1, after: Nanos(MS) }];
    let on_miss = OnMiss::WaitForTimer;
    stack.router = Router::Hedged(Hedge { legs, settle: Settle::FirstHit, on_miss, cancel });
    run(&reads(&[(0, 0), (SECOND, 0), (SECOND, 0), (SECOND, 0)]), &stack)
}

#[test]
fn a_leg_that_still_waits_is_withdrawn() {
    // At 1 ms all three ask L2; one is served, two wait. At 1.5 ms L1 has answered all.
    for (cancel, served, wasted, cancelled) in [(true, 2, 1, 2), (false, 4, 3, 0)] {
        let outcome = overtaken(cancel);
        assert_eq!(ends(&outcome)[1..], [(Ending::Hit, L1, 3 * MS / 2); 3]);
        let lower = &outcome.tiers[1];
        assert_eq!(lower.stations[0].served, served);
        assert_eq!((lower.wasted, lower.cancelled), (wasted, cancelled));
    }
}

#[test]
fn a_leg_served_too_late_fetches_for_nobody() {
    // Two reads of 1 race; L1 has it, L2 not. The second's leg waits at L2 until 3 ms, long after L1
    // has answered. It must not be taken for a fetch: who asks L2 for 1 next, once L1 has lost it,
    // would wait for it for ever.
    let tiers = vec![tier("L1", "lru", 1, Nanos(3 * MS / 2)), tier("L2", "lru", 1, Nanos(2 * MS))];
    let mut stack = stack(tiers, Nanos(50 * MS));
    stack.tiers[1].station = Some(StationSpec::new(1));
    stack.tiers[1].misses = Misses::Coalesce;
    stack.tiers[1].fill = Fill::Probability(0.0);
    let leg = |tier, after| HedgeLeg { tier, after: Nanos(after) };
    stack.router = Router::Hedged(Hedge {
        legs: vec![leg(0, 0), leg(1, MS)],
        settle: Settle::FirstHit,
        on_miss: OnMiss::WaitForTimer,
        cancel: false,
    });
    let rows = [(0, 1), (SECOND, 1), (SECOND, 1), (2 * SECOND, 2), (3 * SECOND, 1)];
    let outcome = run(&reads(&rows), &stack);
    assert_eq!(answers(&outcome), [L3, L1, L1, L3, L3]);
}

// The predicted path.

#[test]
fn a_predicted_path_skips_a_tier_that_never_helps() {
    // Hundred objects in turn never meet in a tier of one. Everything is answered by whom it was
    // before, and sooner, but for one read in 64 and those that it learns from.
    let rows: Vec<_> = (0..20_000).map(|n| (n * 1_000, (n % 100) as u32)).collect();
    let requests = reads(&rows);
    let tiers = vec![tier("L1", "lru", 1, Nanos(9)), tier("L2", "lru", 200, Nanos(10))];
    let mut stack = stack(tiers, Nanos(100));
    let all = run(&requests, &stack);
    stack.router = Router::Predicted(Predicted);
    let predicted = run(&requests, &stack);
    assert_eq!(answers(&predicted), answers(&all));
    let asked = predicted.tiers[0].lookups;
    assert!((20_000 / 64..1_000).contains(&asked), "{asked}");
    assert!(predicted.latency.mean() < all.latency.mean() - 8.0);
    super::assert_all_ended(&predicted);
}

// Faults.

#[test]
fn a_slow_machine_is_slow() {
    // Two nodes; the one with the even objects takes ten times as long from 1500 on. The way to the
    // second takes 3.
    let mut stack = one_tier();
    stack.tiers[0].layout = hashed(2, 1);
    let slow = |factor| Failure::Slow { stations: vec!["0".into()], factor };
    stack.faults = vec![fault(1_500, 0, slow(10.0)), fault(3_500, 0, slow(1.0))];
    let rows = [(0, 0), (1_000, 1), (2_000, 0), (3_000, 1), (4_000, 0)];
    let latencies: Vec<u64> = ends(&run(&reads(&rows), &stack)).iter().map(|end| end.2).collect();
    assert_eq!(latencies, [101, 104, 10, 4, 1]);
}

#[test]
fn a_share_of_answers_are_errors() {
    // They cost the time of an answer, and the origin is asked instead.
    let rows: Vec<_> = (0..10_000).map(|n| (n * 1_000, 0)).collect();
    let mut stack = one_tier();
    stack.faults = vec![fault(500, 0, Failure::Errors { share: 0.3 })];
    let outcome = run(&reads(&rows), &stack);
    let failed = outcome.tiers[0].failures;
    assert!((2_850..3_150).contains(&failed), "{failed}");
    assert_eq!(outcome.ended(Ending::Miss), failed + 1);
    assert_eq!(outcome.latency.max(), 101);
}

#[test]
fn nothing_reaches_a_tier_that_is_cut_off() {
    // Cut from 500 to 2500, given up after 20. The read then fills nothing, and the write of 1000 does
    // not reach the copy, which is still there when the network is, and stale.
    let mut stack = one_tier();
    stack.tiers[0].station = patience(20);
    stack.faults = vec![fault(500, 0, Failure::Cut), fault(2_500, 0, Failure::Healed)];
    let rows = [
        (0, 0, Op::Get),
        (1_000, 0, Op::Set),
        (2_000, 0, Op::Get),
        (2_100, 1, Op::Get),
        (3_000, 0, Op::Get),
        (4_000, 1, Op::Get),
    ];
    let outcome = run(&requests(&rows), &stack);
    let (cut, stale) = ((Ending::Miss, L2, 120), (Ending::Hit, L1, 1));
    let miss = (Ending::Miss, L2, 101);
    assert_eq!(ends(&outcome), [miss, cut, cut, stale, miss]);
    assert_eq!((outcome.written.stale_reads, outcome.tiers[0].failures), (1, 2));
}

#[test]
fn a_machine_comes_back_cold_or_warm() {
    // Down from 500 to 2500. What is read then is not kept there.
    for (warm, last) in [(true, [L1, L2]), (false, [L2, L2])] {
        let mut stack = one_tier();
        stack.tiers[0].station = patience(20);
        stack.faults = vec![fault(500, 0, down()), fault(2_500, 0, up(warm))];
        let rows = [(0, 0), (1_000, 0), (2_000, 1), (3_000, 0), (4_000, 1)];
        let outcome = run(&reads(&rows), &stack);
        assert_eq!(answers(&outcome)[3..], last, "warm: {warm}");
        assert_eq!(ends(&outcome)[1], (Ending::Miss, L2, 120));
    }
}

#[test]
fn a_crash_fails_what_waits_and_what_is_served() {
    // One is served from 1 to 101, two wait. At 50 the machine fails: those who wait learn it then,
    // the other when its answer should come. At 60 it is back and free.
    let mut stack = station(StationSpec::new(1));
    stack.faults = vec![fault(50, 1, down()), fault(60, 1, up(true))];
    let outcome = run(&reads(&[(0, 0), (0, 1), (0, 2), (70, 3)]), &stack);
    let error = |latency| (Ending::Error, None, latency);
    assert_eq!(ends(&outcome), [error(101), error(50), error(50), (Ending::Miss, L2, 101)]);
    // Busy from 1 to 50 and from 71 to 171.
    assert_eq!(outcome.origin().stations[0].busy_ns, 149);
    super::assert_all_ended(&outcome);
}

#[test]
fn what_waits_after_a_crash_is_woken_in_time() {
    // Ten times as slow at first, the origin keeps its server until 1001, and the second waits to be
    // woken then. After the crash the third is served from 71 to 171, and the fourth waits for that.
    let mut stack = station(StationSpec::new(1));
    let slow = |factor| Failure::Slow { stations: Vec::new(), factor };
    stack.faults = vec![
        fault(0, 1, slow(10.0)),
        fault(50, 1, down()),
        fault(60, 1, up(true)),
        fault(60, 1, slow(1.0)),
    ];
    let outcome = run(&reads(&[(0, 0), (0, 1), (70, 2), (80, 3)]), &stack);
    assert_eq!(ends(&outcome)[2..], [(Ending::Miss, L2, 101), (Ending::Miss, L2, 191)]);
    assert_eq!(outcome.origin().stations[0].queue_max, 1);
}

#[test]
fn a_flush_drops_everything() {
    let mut stack = two_tiers(9, 9);
    stack.faults = vec![fault(1_500, 0, Failure::Flush)];
    let rows = [(0, 0), (1_000, 0), (2_000, 0), (3_000, 0)];
    assert_eq!(answers(&run(&reads(&rows), &stack)), [L3, L1, L2, L1]);
}

#[test]
fn a_clock_set_forward_ends_times_to_live_early() {
    // Fresh until 1101 by a clock that is 600 ahead from 300 on: at 600 it says 1200. Filled again at
    // 701, when it says 1301, it is fresh until 2301: at 1700 it says 2300, at 1701 that.
    let mut stack = one_tier();
    stack.tiers[0].freshness.ttl = Some(Nanos(1_000));
    stack.faults = vec![fault(300, 0, Failure::ClockForward { by: Nanos(600) })];
    let outcome = run(&reads(&[(0, 0), (200, 0), (600, 0), (1_700, 0), (1_701, 0)]), &stack);
    assert_eq!(answers(&outcome), [L2, L1, L2, L1, L2]);
}

#[test]
fn an_answer_goes_to_the_node_of_its_object() {
    // The tier is unreachable when 1 is read, so nobody asked which node it belongs to: not node 0,
    // which a read for 0 would have asked.
    let mut stack = one_tier();
    stack.tiers[0].layout = hashed(2, 1);
    stack.tiers[0].capacity = 2;
    stack.faults = vec![
        fault(500, 0, Failure::Down { stations: vec!["1".into()] }),
        fault(1_050, 0, Failure::Up { stations: vec!["1".into()], warm: false }),
    ];
    let outcome = run(&reads(&[(0, 0), (1_000, 1), (2_000, 0), (3_000, 1)]), &stack);
    // Known to be down after 5, the origin answers at 1105, when the node is up.
    assert_eq!(ends(&outcome)[1], (Ending::Miss, L2, 105));
    assert_eq!(answers(&outcome), [L2, L2, L1, L1]);
}

// Closed loop.

#[test]
fn a_closed_loop_hides_the_queue_that_it_makes() {
    // A read every 50 ns for a server that takes 100: in open loop the last of 1000 waits for half of
    // all others. Four clients in closed loop are never more than four, wait for three others at most,
    // and stretch the run instead.
    let rows: Vec<_> = (0..1_000).map(|n| (n * 50, n as u32)).collect();
    let stack = station(StationSpec::new(1));
    let open = run(&reads(&rows), &stack);
    let last = ends(&open)[999].2;
    assert_eq!(last, 1 + 100 * 1_000 - 50 * 999);
    let closed = run_any(&reads(&rows), &stack, Some(4));
    assert_eq!(closed.in_flight_max, 4);
    assert_eq!(closed.latency.max(), 401);
    assert_eq!((open.end, closed.end), (Nanos(100_001), Nanos(100_001)));
}

#[test]
fn a_closed_loop_sends_everything() {
    // Whatever becomes of a request, its client sends the next: here hits, errors and writes.
    let mut stack = one_tier();
    stack.origin.station = patience(50);
    stack.origin.latency = spread_of(20, 60, 1);
    let rows: Vec<_> = (0..500)
        .map(|n| (n, n as u32 % 7 + n as u32 / 50, if n % 5 == 0 { Op::Set } else { Op::Get }))
        .collect();
    for writes in [Writes::Invalidate, Writes::Ignore, Writes::Back] {
        stack.writes = writes;
        let outcome = run_any(&requests(&rows), &stack, Some(3));
        assert_eq!((outcome.reads, outcome.writes), (400, 100));
        super::assert_all_ended(&outcome);
        assert!(outcome.ended(Ending::Error) > 0 && outcome.hits() > 0, "{writes:?}");
    }
}
