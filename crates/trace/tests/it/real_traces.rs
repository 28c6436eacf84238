//! Reads other people's traces and compares what came out with counts established elsewhere: the
//! tables of the papers, an independent simulator, or a few lines of Python.
//!
//! The traces are not part of the project. Their folder is named by `CACHE_STRATEGY_TRACES`; without
//! them these tests say so and pass.

use std::path::PathBuf;

use trace::Trace;
use trace::readers::{ReadOptions, read};

fn folder() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/traces"));
    let folder = std::env::var_os("CACHE_STRATEGY_TRACES").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} does not exist; set CACHE_STRATEGY_TRACES", folder.display());
    None
}

/// File, format to name (empty: it must be detected), format expected, requests, objects.
#[rustfmt::skip]
const COUNTS: &[(&str, &str, &str, usize, u32)] = &[
    // ARC paper, table III.
    ("OLTP.lis.zst", "", "arc", 914_145, 186_880),
    ("P3.lis.zst", "", "arc", 3_912_296, 762_543),
    // As an independent simulator counts them.
    ("lirs-2_pools.trace.gz", "", "lirs", 100_000, 9_939),
    ("lirs-cpp.trace.gz", "", "lirs", 9_047, 1_223),
    ("lirs-cs.trace.gz", "", "lirs", 6_781, 1_409),
    ("lirs-gli.trace.gz", "", "lirs", 6_015, 2_529),
    ("lirs-loop.trace.gz", "", "lirs", 505_500, 1_011),
    ("lirs-multi1.trace.gz", "", "lirs", 15_858, 2_606),
    ("lirs-multi2.trace.gz", "", "lirs", 26_311, 5_684),
    ("lirs-sprite.trace.gz", "", "lirs", 133_996, 7_075),
    ("lirs-zigzag.trace.gz", "", "lirs", 52_001, 2_001),
    ("cache2k-web07.trace.xz", "cache2k", "cache2k", 76_118, 20_484),
    ("cache2k-orm-night.trace.xz", "cache2k", "cache2k", 5_000_000, 86_466),
    ("corda-vaultservice.gz", "corda", "corda", 135_702, 90_468),
    ("address-gcc.trace.gz", "", "address", 515_683, 35_070),
    ("address-penalties-gcc.trace.xz", "", "address-penalties", 515_683, 35_070),
    ("adapt_size-request.trace.xz", "", "adapt-size", 66_987, 36_815),
    ("cloudPhysicsIO.txt", "", "lirs", 113_872, 48_974),
    ("cloudPhysicsIO.txt", "txt", "txt", 113_872, 48_974),
    ("cloudPhysicsIO.csv", "", "cloud-physics-csv", 113_872, 48_974),
    ("cloudPhysicsIO.vscsi", "", "vscsi", 113_872, 48_974),
    ("cloudPhysicsIO.oracleGeneral.bin", "", "oracle-general", 113_872, 48_974),
    ("twitter_cluster52.csv.zst", "", "csv", 1_000_000, 143_542),
    // Counted with Python's json and re modules.
    ("mooncake-conversation.jsonl.gz", "", "mooncake", 288_500, 182_790),
    ("apache-access.log.gz", "", "combined-log", 9_581, 1_387),
];

fn read_as(file: &str, options: &ReadOptions) -> Option<Trace> {
    let path = folder()?.join(file);
    Some(read(&path, options, &mut |_, _| {}).unwrap_or_else(|error| panic!("{error}")))
}

fn named(format: &str) -> ReadOptions {
    let format = (!format.is_empty()).then(|| format.to_string());
    ReadOptions { format, ..ReadOptions::default() }
}

#[test]
fn requests_and_objects_are_those_established_elsewhere() {
    for (file, format, expected, n_requests, n_objects) in COUNTS {
        let Some(trace) = read_as(file, &named(format)) else { return };
        let found = (trace.report().format.as_str(), trace.n_requests(), trace.n_objects());
        println!("{file} {found:?}\n{}", trace.report());
        assert_eq!(found, (*expected, *n_requests, *n_objects), "{file}");
        assert_eq!(trace.report().n_skipped(), 0, "{file}: {}", trace.report());
    }
}

#[test]
fn every_encoding_of_a_trace_is_the_same_sequence() {
    let Some(oracle) = read_as("cloudPhysicsIO.oracleGeneral.bin", &named("")) else { return };
    let Some(txt) = read_as("cloudPhysicsIO.txt", &named("")) else { return };
    let Some(csv) = read_as("cloudPhysicsIO.csv", &named("")) else { return };
    let Some(vscsi) = read_as("cloudPhysicsIO.vscsi", &named("")) else { return };
    for trace in [&txt, &csv, &vscsi] {
        assert!(trace.objects() == oracle.objects(), "{}", trace.report().format);
        assert!(trace.columns().keys == oracle.columns().keys, "{}", trace.report().format);
    }
    assert!(csv.columns().size == vscsi.columns().size);
    assert!(csv.columns().op == vscsi.columns().op);
    assert!(csv.columns().time_ns == oracle.columns().time_ns);
    // The writer of the oracleGeneral file gave every request its object's first size.
    assert_eq!(oracle.footprint_bytes(), 2_029_769_728);
    assert_eq!(oracle.requested_bytes(), 4_368_040_448);
    assert_eq!(csv.footprint_bytes(), oracle.footprint_bytes());
}

#[test]
fn sizes_add_up_as_elsewhere() {
    let keyed = ReadOptions { key_with_size: true, ..named("") };
    let Some(adapt_size) = read_as("adapt_size-request.trace.xz", &keyed) else { return };
    assert_eq!((adapt_size.n_requests(), adapt_size.n_objects()), (66_987, 40_240));
    assert_eq!(adapt_size.footprint_bytes(), 304_213_576);
    assert_eq!(adapt_size.requested_bytes(), 485_457_552);
    let Some(by_id) = read_as("adapt_size-request.trace.xz", &named("")) else { return };
    assert_eq!(by_id.footprint_bytes(), 278_854_232);
    let Some(twitter) = read_as("twitter_cluster52.csv.zst", &named("")) else { return };
    assert_eq!(twitter.requested_bytes(), 204_308_503);
    assert_eq!(twitter.footprint_bytes(), 29_227_218);
    let Some(apache) = read_as("apache-access.log.gz", &named("")) else { return };
    assert_eq!(apache.requested_bytes(), 3_212_978_459);
    assert_eq!(apache.report().filtered["status 404"].count, 213);
    assert_eq!(apache.report().filtered["method HEAD"].count, 33);
}
