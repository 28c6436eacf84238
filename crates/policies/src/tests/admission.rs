//! What holds for any admission policy, and for some.

use cache::{AdmissionInfo, Unit};
use trace::Trace;

use super::guarded::{ADMISSIONS, Setting, goes_with, lru, sized, some_trace};
use super::naive_guarded;

/// Holds an admission policy and its variants to it.
pub(crate) fn check(info: &AdmissionInfo) {
    let variants = ADMISSIONS.iter().filter(|spec| spec.split(':').next() == Some(info.name));
    for spec in variants {
        turns_away_and_never_more_than_missed(spec);
        naive_guarded::compare(Some(spec), None);
    }
}

/// A miss has one reason at most to stay out, and the requests are those of the trace.
fn turns_away_and_never_more_than_missed(spec: &str) {
    for (unit, capacities) in
        [(Unit::Objects, [1, 7, 1000].as_slice()), (Unit::Bytes, &[1, 11, 150, 100_000])]
    {
        if !goes_with(spec, unit) {
            continue;
        }
        for capacity in capacities {
            let run = Setting { admission: Some(spec), ..lru(*capacity, unit) };
            let counts = run.counts(&some_trace(5));
            assert!(
                counts.denied + counts.refused + counts.oversized <= counts.misses(),
                "{run:?}"
            );
            assert_eq!(counts, run.counts(&some_trace(5)), "{run:?} is not deterministic");
            let plain = lru(*capacity, unit).counts(&some_trace(5));
            assert_eq!((counts.requests, counts.bytes), (plain.requests, plain.bytes));
        }
    }
}

#[test]
fn a_threshold_above_all_sizes_lets_everything_in() {
    for policy in super::VARIANTS {
        let plain = Setting { policy, ..lru(150, Unit::Bytes) };
        let open = Setting { admission: Some("size:threshold=13B"), ..plain };
        assert_eq!(open.counts(&some_trace(3)), plain.counts(&some_trace(3)), "{policy}");
        let shut = Setting { admission: Some("size:threshold=1B"), ..plain };
        let counts = shut.counts(&some_trace(3));
        assert_eq!((counts.hits, counts.denied), (0, 800), "{policy}");
    }
}

#[test]
fn a_threshold_is_the_least_size_to_stay_out() {
    let trace = sized(&[(1, 4), (2, 5), (1, 4), (2, 5)]);
    let run = Setting { admission: Some("size:threshold=5B"), ..lru(100, Unit::Bytes) };
    let counts = run.counts(&trace);
    assert_eq!((counts.hits, counts.hit_bytes, counts.denied), (1, 4, 2));
}

#[test]
fn sizes_do_not_go_with_capacities_in_objects() {
    for spec in ["size", "size-probability", "adapt-size"] {
        let run = Setting { admission: Some(spec), ..lru(5, Unit::Objects) };
        let error = run.run(&some_trace(1)).unwrap_err().to_string();
        assert!(error.contains("count bytes"), "{error}");
    }
}

#[test]
fn the_ends_of_probability_are_always_and_never() {
    let door = |spec| {
        let run = Setting { admission: Some(spec), ..lru(20, Unit::Objects) };
        run.counts(&some_trace(6))
    };
    assert_eq!(door("probability:probability=1"), door("always"));
    assert_eq!(door("probability:probability=0").hits, 0);
}

/// Half of the misses within four standard deviations: sqrt(n) / 2 each.
#[test]
fn a_probability_is_the_share_let_in() {
    let trace = Trace::from_numbers("once", 0..10_000);
    let run = Setting { admission: Some("probability"), ..lru(5, Unit::Objects) };
    let denied = run.counts(&trace).denied;
    assert!(denied.abs_diff(5000) < 200, "{denied}");
}

/// e^-1 of objects of size c come in: 3679 +- 48 of 10,000, at four deviations.
#[test]
fn one_object_in_e_of_size_c_comes_in() {
    let steps: Vec<_> = (0..10_000).map(|number| (number, 1000)).collect();
    let run = Setting { admission: Some("size-probability:c=1kB"), ..lru(5000, Unit::Bytes) };
    let taken = 10_000 - run.counts(&sized(&steps)).denied;
    assert!(taken.abs_diff(3679) < 193, "{taken}");
}

#[test]
fn lru_behind_a_bloom_filter_is_b_lru() {
    for seed in 0..10 {
        for (unit, capacity) in [(Unit::Objects, 3), (Unit::Objects, 30), (Unit::Bytes, 100)] {
            let trace = some_trace(seed);
            let door = Setting { admission: Some("bloom"), ..lru(capacity, unit) }.counts(&trace);
            let whole = Setting { policy: "b-lru", ..lru(capacity, unit) }.counts(&trace);
            assert_eq!((door.hits, door.hit_bytes), (whole.hits, whole.hit_bytes));
            assert_eq!(door.denied, whole.refused);
        }
    }
}

/// A is asked for often, so the scan does not push it out.
#[test]
fn tiny_lfu_keeps_a_scan_out() {
    let numbers = [1, 2, 1, 2, 3, 4, 5, 6, 1, 2];
    let trace = Trace::from_numbers("scan", numbers);
    let run = Setting { admission: Some("tiny-lfu"), ..lru(2, Unit::Objects) };
    assert_eq!((run.counts(&trace).hits, run.counts(&trace).denied), (4, 4));
    assert_eq!(lru(2, Unit::Objects).counts(&trace).hits, 2);
}

/// Small objects, and a quarter of large ones as popular. LRU fills with the large ones; AdaptSize
/// learns to keep them out, and comes near the best of all powers of two.
#[test]
fn adapt_size_comes_near_the_best_fixed_c() {
    let mut draws = super::Draws(4);
    let steps: Vec<_> = (0..60_000)
        .map(|_| {
            let number = draws.skewed(3000);
            let size = if number.is_multiple_of(4) { 20_000 } else { 10 + number % 90 };
            (number, size)
        })
        .collect();
    let trace = sized(&steps);
    let hits = |admission| {
        let run = Setting { admission, warmup: 20_000, ..lru(50_000, Unit::Bytes) };
        run.counts(&trace).hits
    };
    let tuned = hits(Some("adapt-size:interval=10000"));
    let fixed: Vec<String> = (4..18).map(|i| format!("size-probability:c={}B", 1 << i)).collect();
    let best = fixed.iter().map(|spec| hits(Some(spec))).max().unwrap();
    assert!(tuned as f64 > 0.85 * best as f64, "{tuned} of {best}");
    assert!(tuned > 10 * hits(None), "{tuned}, LRU {}", hits(None));
}
