//! `replay`: the columns it promises, units, and counts that nothing but the question changes.

use std::path::Path;

use frames::{ReplayRow, read_table};
use serde_json::Value;

use crate::support::{Outcome, csv_trace, program, read, workplace, write};

fn replay(dir: &Path, args: &[&str]) -> Outcome {
    program(dir, &[&["replay", "trace.csv"], args].concat()).ok()
}

fn place() -> tempfile::TempDir {
    let dir = workplace();
    write(dir.path(), "trace.csv", csv_trace(5000, 1));
    dir
}

/// The rows without the wall-clock time.
fn counts(outcome: &Outcome) -> Vec<Value> {
    let mut rows = outcome.json();
    for row in &mut rows {
        let seconds = row.as_object_mut().unwrap().remove("seconds");
        assert!(seconds.is_some_and(|s| s.as_f64().is_some_and(|s| s >= 0.0)), "{row}");
    }
    rows
}

#[test]
fn json_has_the_fields_promised() {
    let dir = place();
    let rows = replay(dir.path(), &["-p", "lru", "-c", "10", "--format", "json"]).json();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let names: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "trace",
            "policy",
            "parameters",
            "capacity",
            "unit",
            "requests",
            "objects",
            "hits",
            "misses",
            "miss_ratio",
            "bytes",
            "byte_misses",
            "byte_miss_ratio",
            "oversized",
            "refused",
            "admission",
            "denied",
            "prefetch",
            "prefetches",
            "prefetch_bytes",
            "prefetches_used",
            "prefetches_unused",
            "prefetch_accuracy",
            "prefetch_coverage",
            "seconds",
        ]
    );
    assert_eq!((row["trace"].as_str(), row["policy"].as_str()), (Some("trace"), Some("lru")));
    assert_eq!((&row["capacity"], &row["requests"]), (&10.into(), &5000.into()));
    assert_eq!((&row["unit"], &row["parameters"]), (&"objects".into(), &serde_json::json!({})));
    let number = |name: &str| row[name].as_f64().unwrap();
    assert_eq!(number("hits") + number("misses"), 5000.0);
    assert_eq!(number("miss_ratio"), number("misses") / 5000.0);
    assert_eq!(number("byte_miss_ratio"), number("byte_misses") / number("bytes"));
}

/// A, B, A, C, B under LRU of two objects: the hit is the second A.
#[test]
fn a_trace_counted_by_hand() {
    let dir = workplace();
    write(dir.path(), "trace.csv", "key,size\nA,3\nB,5\nA,3\nC,7\nB,5\n");
    let count = |args: &[&str]| {
        let row = replay(dir.path(), &[&["-p", "lru", "--format", "json"], args].concat()).json();
        ["requests", "hits", "bytes", "byte_misses", "oversized"]
            .map(|n| row[0][n].as_u64().unwrap())
    };
    assert_eq!(count(&["-c", "2"]), [5, 1, 23, 20, 0]);
    assert_eq!(count(&["-c", "100%"]), [5, 2, 23, 15, 0]);
    // The first two only fill the cache.
    assert_eq!(count(&["-c", "2", "--warmup", "2"]), [3, 1, 15, 12, 0]);
    assert_eq!(count(&["-c", "2", "--warmup", "40%"]), [3, 1, 15, 12, 0]);
    // 8 bytes hold A and B; C fits alone; 6 bytes never hold C.
    assert_eq!(count(&["-c", "8B"]), [5, 1, 23, 20, 0]);
    assert_eq!(count(&["-c", "6", "--unit", "bytes"]), [5, 0, 23, 23, 1]);
    assert_eq!(count(&["-c", "100%", "--unit", "bytes"]), [5, 2, 23, 15, 0]);
    assert_eq!(count(&["-c", "2", "--limit", "3"]), [3, 1, 11, 8, 0]);
}

/// Blocks 1 to 4 in order: the first misses, and each brings in the next. 5 is never asked for.
#[test]
fn a_door_and_a_prefetcher_are_counted_by_hand() {
    let dir = workplace();
    write(dir.path(), "trace.csv", "key,size\n1,3\n2,5\n3,3\n4,7\n");
    let ask = |args: &[&str]| replay(dir.path(), &[&["-p", "fifo", "-c", "9"], args].concat());
    let rows = ask(&["--prefetch", "next-block", "--format", "json"]).json();
    let counts =
        ["hits", "prefetches", "prefetches_used", "prefetches_unused", "prefetch_bytes", "denied"]
            .map(|name| rows[0][name].as_u64().unwrap());
    // 2, 3, 4, and 5 as large as 4.
    assert_eq!(counts, [3, 4, 3, 0, 5 + 3 + 7 + 7, 0]);
    assert_eq!(rows[0]["prefetch_accuracy"], 0.75);
    assert_eq!(rows[0]["prefetch_coverage"], 0.75);
    assert_eq!(rows[0]["prefetch"], "next-block");
    let door = ["--unit", "bytes", "--admission", "size:threshold=5B"];
    let rows = ask(&[&door[..], &["--format", "json"]].concat()).json();
    assert_eq!((&rows[0]["denied"], &rows[0]["oversized"]), (&2.into(), &0.into()));
    assert_eq!(rows[0]["admission"], "size:threshold=5B");
    // People see these columns only if there is something in them.
    assert!(ask(&door).stdout.contains("denied") && !ask(&door).stdout.contains("prefetch"));
    assert!(!ask(&[]).stdout.contains("denied"));
}

#[test]
fn a_door_or_prefetcher_that_cannot_be_is_refused_with_a_hint() {
    let dir = place();
    let ask = |args: &[&str]| {
        program(dir.path(), &[&["replay", "trace.csv", "-p", "lru", "-c", "9"], args].concat())
    };
    ask(&["--admission", "sise"]).refused_with(
        "no admission policy is called `sise`\nhint: did you mean `size`? `cache-strategy policies` lists them",
    );
    ask(&["--admission", "size"]).refused_with(
        "admission policy `size`: it goes by size, and capacities count objects: count bytes",
    );
    ask(&["--prefetch", "next-block:degre=2"])
        .refused_with(
        "prefetcher `next-block`: unknown field `degre`, expected one of `degree`, `step`, `trigger`\nhint: did you mean `degree`?",
    );
    write(dir.path(), "trace.csv", "key,size\na,1\nb,1\n");
    ask(&["--prefetch", "stride"]).refused_with(
        "prefetcher `stride` computes with block numbers or addresses, and the keys of the trace are not numbers\nhint: markov and probability-graph need no numbers",
    );
    ask(&["--prefetch", "markov"]).ok();
}

#[test]
fn policies_and_capacities_are_lists() {
    let dir = place();
    let policies = "s3-fifo:version=v1,small-ratio=0.2,lru";
    let args = ["-p", policies, "-p", "arc", "-c", "10,5%", "-c", "50", "--format", "json"];
    let rows = replay(dir.path(), &args).json();
    let cells: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {}", row["policy"].as_str().unwrap(), row["capacity"]))
        .collect();
    let n_objects = rows[0]["objects"].as_u64().unwrap();
    let share = n_objects / 20;
    let expected: Vec<String> = ["s3-fifo", "lru", "arc"]
        .iter()
        .flat_map(|policy| [10, share, 50].map(|capacity| format!("{policy} {capacity}")))
        .collect();
    assert_eq!(cells, expected);
    assert_eq!(rows[0]["parameters"], serde_json::json!({"version": "v1", "small-ratio": 0.2}));
    assert_eq!(rows[3]["parameters"], serde_json::json!({}));
}

#[test]
fn amounts_of_memory_count_bytes_and_numbers_what_is_said() {
    let dir = place();
    let unit = |args: &[&str]| {
        let rows = replay(dir.path(), &[&["-p", "lru", "--format", "json"], args].concat()).json();
        (rows[0]["unit"].as_str().unwrap().to_string(), rows[0]["capacity"].as_u64().unwrap())
    };
    assert_eq!(unit(&["-c", "64MiB"]), ("bytes".into(), 64 << 20));
    assert_eq!(unit(&["-c", "4kB,5kB"]), ("bytes".into(), 4000));
    assert_eq!(unit(&["-c", "1_000"]), ("objects".into(), 1000));
    assert_eq!(unit(&["-c", "1000", "--unit", "bytes"]), ("bytes".into(), 1000));
    let (name, footprint) = unit(&["-c", "100%", "--unit", "bytes"]);
    assert!(name == "bytes" && footprint > 1000, "{name} {footprint}");
    assert_eq!(unit(&["-c", "10%,1GiB", "--unit", "bytes"]), ("bytes".into(), footprint / 10));
}

#[test]
fn every_policy_counts_the_same_at_any_number_of_threads_and_none_beats_belady() {
    let dir = place();
    let all: Vec<&str> = policies::all().map(|info| info.name).collect();
    // Some refuse objects, so MIN must be free to.
    let all = all.join(",") + ",belady:bypass=true";
    let run = |threads: &str| {
        let args = ["-p", &all, "-c", "5,20,100", "--check", "--threads", threads];
        counts(&replay(dir.path(), &[&args[..], &["--format", "json"]].concat()))
    };
    let rows = run("1");
    assert_eq!(rows.len(), 3 * (policies::all().count() + 1));
    assert_eq!(rows, run("4"));
    let bounds: Vec<&str> = policies::bounds::ALL.iter().map(|info| info.name).collect();
    for capacity in [5, 20, 100] {
        let here: Vec<_> = rows.iter().filter(|row| row["capacity"] == capacity).collect();
        let hits = |row: &Value| row["hits"].as_u64().unwrap();
        let most = |name: &str| {
            let named = here.iter().filter(|row| row["policy"] == name);
            named.map(|row| hits(row)).max().unwrap()
        };
        let optimum = most("belady");
        for row in &here {
            let is_bound = bounds.iter().any(|name| row["policy"] == *name);
            assert!(is_bound || hits(row) <= optimum, "{row} beats belady");
        }
        assert!(most("greedy-intervals") <= optimum);
        assert!(most("pfoo-lower") >= optimum && most("infinite") >= optimum);
    }
}

#[test]
fn parquet_and_files_hold_what_is_printed() {
    let dir = place();
    let args = ["-p", "lru,s3-fifo:version=v1", "-c", "1%,10%"];
    let printed = counts(&replay(dir.path(), &[&args[..], &["--format", "json"]].concat()));

    let to = ["--format", "parquet", "--output", "out.parquet"];
    let outcome = replay(dir.path(), &[&args[..], &to].concat());
    assert_eq!(outcome.stdout, "");
    let rows: Vec<ReplayRow> = read_table(&dir.path().join("out.parquet")).unwrap();
    assert_eq!(rows.len(), printed.len());
    for (row, printed) in rows.iter().zip(&printed) {
        assert_eq!(row.policy, printed["policy"].as_str().unwrap());
        assert_eq!(serde_json::from_str::<Value>(&row.parameters).unwrap(), printed["parameters"]);
        assert_eq!(
            (row.hits, row.misses),
            (printed["hits"].as_u64().unwrap(), printed["misses"].as_u64().unwrap())
        );
        assert_eq!(row.byte_miss_ratio, printed["byte_miss_ratio"].as_f64().unwrap());
    }

    let to = ["--format", "csv", "--output", "out.csv"];
    let outcome = replay(dir.path(), &[&args[..], &to].concat());
    assert_eq!(outcome.stdout, "");
    let text = read(dir.path(), "out.csv");
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let hits = csv.headers().unwrap().iter().position(|name| name == "hits").unwrap();
    for (record, printed) in csv.records().zip(&printed) {
        assert_eq!(record.unwrap()[hits], printed["hits"].to_string());
    }
}

#[test]
fn standard_output_is_data_and_nothing_else() {
    let dir = place();
    let outcome = replay(dir.path(), &["-p", "lru", "-c", "10"]);
    assert_eq!(outcome.stdout.lines().count(), 3, "{}", outcome.stdout);
    assert!(!outcome.stdout.contains('\x1b') && !outcome.stderr.contains('\x1b'));
    assert_eq!(outcome.stderr, "", "there is nothing to say");
    std::fs::write(dir.path().join("trace.csv"), "time,key,size\n1,a,5\n2,b,-5\n3,a,5\n").unwrap();
    let outcome = replay(dir.path(), &["-p", "lru", "-c", "10"]);
    assert!(outcome.stderr.starts_with("trace.csv: 1 row skipped:"), "{}", outcome.stderr);
}

#[test]
fn all_stands_for_what_needs_no_future() {
    let dir = workplace();
    write(dir.path(), "t.csv", csv_trace(300, 3));
    let args = ["replay", "t.csv", "--capacity", "20", "--format", "json", "--policy"];
    let run = |list| program(dir.path(), &[&args[..], &[list]].concat()).ok();
    let outcome = run("belady,all");
    let rows = outcome.json();
    let names: Vec<&str> = rows.iter().map(|row| row["policy"].as_str().unwrap()).collect();
    let online = policies::ALL.iter().filter(|info| !info.kind.clairvoyant).map(|info| info.name);
    assert_eq!(names, ["belady"].into_iter().chain(online).collect::<Vec<_>>());
    let words = "`all` leaves out what knows the future, unless it is named: belady, belady-size, ";
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
}
