//! What holds for any prefetcher, and for some.

use cache::{PrefetchInfo, Prefetches, Unit};
use trace::{Columns, ObjectId, ReadReport, Trace};

use super::guarded::{PREFETCHERS, Setting, lru, sized, some_trace};
use super::naive_guarded;

/// Holds a prefetcher and its variants to it.
pub(crate) fn check(info: &PrefetchInfo) {
    let variants = PREFETCHERS.iter().filter(|spec| spec.split(':').next() == Some(info.name));
    for spec in variants {
        naive_guarded::compare(None, Some(spec));
        naive_guarded::compare(Some("bloom"), Some(spec));
        numbers_where_it_needs_them(info, spec);
        nothing_leaves_unused_with_room_for_all(spec);
    }
}

/// A trace without keys is refused with a reason by those that compute with them, and by no other.
fn numbers_where_it_needs_them(info: &PrefetchInfo, spec: &str) {
    let objects = some_trace(1).objects().to_vec();
    let trace = Trace::new("t", Columns::untimed(objects), ReadReport::default()).unwrap();
    let run = Setting { prefetch: Some(spec), ..lru(10, Unit::Objects) }.run(&trace);
    match info.kind.prospects {
        None => assert!(run.is_ok(), "{spec}"),
        Some(_) => {
            let error = run.unwrap_err().to_string();
            assert!(error.contains("not numbers"), "{error}");
        }
    }
}

fn nothing_leaves_unused_with_room_for_all(spec: &str) {
    let run = Setting { prefetch: Some(spec), ..lru(100_000, Unit::Objects) };
    let counts = run.counts(&some_trace(8));
    let plain = lru(100_000, Unit::Objects).counts(&some_trace(8));
    assert_eq!(counts.prefetches.unused, 0, "{spec}");
    // Each use spares the one miss of its object.
    assert_eq!(plain.misses() - counts.misses(), counts.prefetches.used, "{spec}");
}

fn prefetching(spec: &'static str, capacity: u64, numbers: &[u64]) -> (u64, Prefetches) {
    let trace = Trace::from_numbers("t", numbers.iter().copied());
    let run = Setting { prefetch: Some(spec), ..lru(capacity, Unit::Objects) };
    let counts = run.counts(&trace);
    (counts.misses(), counts.prefetches)
}

#[test]
fn a_scan_hits_all_but_the_first() {
    let scan: Vec<u64> = (500..600).collect();
    let ways = [
        "next-block",
        "next-block:degree=5",
        "next-block:trigger=tagged",
        "next-block:degree=2,trigger=tagged",
    ];
    for spec in ways {
        for capacity in [10, 1000] {
            let (misses, ahead) = prefetching(spec, capacity, &scan);
            assert_eq!((misses, ahead.used), (1, 99), "{spec}");
        }
    }
    // After a miss only: every other block.
    assert_eq!(prefetching("next-block:trigger=miss", 10, &scan).0, 50);
    // Numbered in steps of eight.
    let sectors: Vec<u64> = (0..100).map(|n| n * 8).collect();
    assert_eq!(prefetching("next-block", 10, &sectors).0, 100);
    assert_eq!(prefetching("next-block:step=8", 10, &sectors).0, 1);
}

/// Two blocks fit a cache of three, but not with 2 and 10, which are brought in and never asked for:
/// 1 2, 1 2 9, 2 9 10, 9 10 1, 10 1 2, 1 2 9, 2 9 10 are the residents, last used at the end.
#[test]
fn blocks_never_asked_for_take_room() {
    let (misses, ahead) = prefetching("next-block", 3, &[1, 9, 1, 9]);
    assert_eq!((misses, ahead.issued, ahead.used, ahead.unused), (4, 4, 0, 2));
    let (misses, ahead) = prefetching("next-block", 4, &[1, 9, 1, 9]);
    assert_eq!((misses, ahead.issued, ahead.used, ahead.unused), (2, 2, 0, 0));
}

/// Under FIFO of 2 objects: the sizes of what is prefetched are those of its requests.
#[test]
fn prefetched_bytes_are_those_of_the_object() {
    let trace = sized(&[(1, 10), (2, 7), (2, 7), (5, 3)]);
    let run = Setting { prefetch: Some("next-block"), ..lru(100, Unit::Bytes) };
    let counts = run.counts(&trace);
    // 2 of 7 bytes; 3 as large as 2; 6 as large as 5.
    assert_eq!((counts.prefetches.issued, counts.prefetches.bytes), (3, 7 + 7 + 3));
    assert_eq!((counts.hits, counts.hit_bytes, counts.prefetches.used), (2, 14, 1));
    let in_objects = Setting { capacity: 50, unit: Unit::Objects, ..run }.counts(&trace);
    assert_eq!(in_objects.prefetches, counts.prefetches);
}

/// A clairvoyant policy knows when a prefetched block is asked for. After 1 2, 7 takes the place of 1,
/// which is asked for after 2, and 8, which never is, that of 7.
#[test]
fn the_future_of_a_prefetched_block_is_known() {
    let trace = Trace::from_numbers("t", [1, 7, 2, 1]);
    let prefetch = Some("next-block:trigger=miss");
    let run = Setting { policy: "belady", prefetch, ..lru(2, Unit::Objects) };
    let counts = run.counts(&trace);
    assert_eq!((counts.misses(), counts.prefetches.used), (3, 1));
}

#[test]
fn accuracy_and_coverage_are_shares() {
    let trace = Trace::from_numbers("t", [1, 2, 10, 20]);
    let counts = Setting { prefetch: Some("next-block"), ..lru(9, Unit::Objects) }.counts(&trace);
    assert_eq!((counts.prefetches.issued, counts.prefetches.used, counts.misses()), (4, 1, 3));
    assert_eq!((counts.prefetch_accuracy(), counts.prefetch_coverage()), (0.25, 0.25));
}

/// What was prefetched in the warm-up counts neither as issued nor as used.
#[test]
fn the_warm_up_is_not_counted() {
    let trace = Trace::from_numbers("scan", 0..100);
    let run = Setting { prefetch: Some("next-block"), warmup: 40, ..lru(10, Unit::Objects) };
    let counts = run.counts(&trace);
    assert_eq!((counts.requests, counts.hits), (60, 60));
    // 40 was brought in by 39; 41 to 99 are used, and 100 waits.
    assert_eq!((counts.prefetches.issued, counts.prefetches.used), (60, 59));
}

/// Initial at 10, transient with 3 at 13, so 16 is brought in; steady from then on.
#[test]
fn a_stride_is_followed_from_its_second_step() {
    let steps: Vec<u64> = (0..20).map(|n| 10 + 3 * n).collect();
    let (misses, ahead) = prefetching("stride", 50, &steps);
    assert_eq!((misses, ahead.issued, ahead.used), (2, 19, 18));
    let back: Vec<u64> = steps.iter().rev().copied().collect();
    assert_eq!(prefetching("stride", 50, &back).0, 2);
}

/// The steps of the state machine: 5 6 7 is steady; 100 is not as predicted, and the stride stays 1
/// (initial), so 101 comes in; 102 then gives 2 (transient), and 104 comes in.
#[test]
fn a_steady_stride_outlives_one_jump() {
    let (misses, ahead) = prefetching("stride:zone-bits=64", 50, &[5, 6, 7, 100, 102]);
    // After 6: 7. After 7: 8. After 100: 101. After 102: 104.
    assert_eq!((misses, ahead.issued, ahead.used), (4, 4, 1));
}

/// Two scans in turn have no common stride, and one each in their zones.
#[test]
fn zones_tell_streams_apart() {
    let two: Vec<u64> = (0..50).flat_map(|n| [n, (1 << 20) + 2 * n]).collect();
    assert_eq!(prefetching("stride", 20, &two).0, 4);
    assert!(prefetching("stride:zone-bits=64", 20, &two).0 > 90);
}

/// A B C D again: A brings in B, and so on, though a cache of three has none of them any more.
#[test]
fn markov_knows_what_was_missed_next() {
    let round = [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4];
    let (misses, ahead) = prefetching("markov", 3, &round);
    // The first round, and the first of the second; from then on all were brought in.
    assert_eq!((misses, ahead.used), (5, 7));
}

/// A successor per object forgets the older one.
#[test]
fn the_last_successor_gives_way() {
    // 1 is followed by 2, then by 3.
    let numbers = [1, 2, 9, 1, 3, 9, 1];
    let (_, two) = prefetching("markov:successors=2", 1, &numbers);
    let (_, one) = prefetching("markov:successors=1", 1, &numbers);
    assert!(two.issued > one.issued, "{two:?} {one:?}");
}

/// After the first A B C, A brings in B and C, whose chances are a half each.
#[test]
fn what_follows_often_enough_is_brought_in() {
    let numbers = [1, 2, 3, 50, 51, 52, 1, 2, 3];
    let spec = "probability-graph:lookahead=2,min-chance=0.5";
    assert_eq!(prefetching(spec, 4, &numbers).0, 7);
    let spec = "probability-graph:lookahead=2,min-chance=0.6";
    assert_eq!(prefetching(spec, 4, &numbers).1.issued, 0);
}

/// Object numbers beyond those of the trace are given to neighbours in the order of their addresses;
/// the largest address has none.
#[test]
fn the_last_address_has_no_neighbour() {
    let numbers = [u64::MAX, u64::MAX - 1, 0, u64::MAX];
    let (misses, ahead) = prefetching("next-block:degree=3", 50, &numbers);
    assert_eq!((misses, ahead.issued), (3, 3));
    assert_eq!(Trace::from_numbers("t", numbers).objects()[3], ObjectId(0));
}
