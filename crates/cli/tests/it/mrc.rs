//! `mrc`: miss-ratio curves.

use std::path::Path;

use frames::table::Table;
use frames::{CurveRow, FootprintRow, RankRow, ReuseRow, read_table};
use serde_json::Value;

use crate::support::{csv_trace, program, repository, snapshot, workplace, write};

/// Capacity and miss ratio of each row.
fn points(rows: &[Value]) -> Vec<(u64, f64)> {
    let point = |row: &Value| (row["capacity"].as_u64(), row["miss_ratio"].as_f64());
    rows.iter()
        .map(point)
        .map(|(c, ratio)| (c.expect("a count"), ratio.expect("a ratio")))
        .collect()
}

fn tiny() -> tempfile::TempDir {
    let dir = workplace();
    write(dir.path(), "t.csv", csv_trace(5000, 3));
    dir
}

#[test]
fn the_curve_of_a_shipped_trace() {
    let outcome = program(&repository(), &["mrc", "traces/build-opens.csv.zst"]).ok();
    snapshot("mrc", &outcome.stdout);
}

/// In bytes some of the capacities are smaller than objects, where one pass is not exact.
#[test]
fn exact_points_are_those_of_replay() {
    let dir = tiny();
    for (sizes, policy) in [
        ("1,7,30,100%", "lru"),
        ("300B,700B,5kB,100kB", "lru"),
        ("7,30,100%", "sieve"),
        ("2kB,20kB", "belady"),
    ] {
        let args = ["t.csv", "--policy", policy, "--format", "json"];
        let mrc = [&["mrc", "--sizes", sizes][..], &args].concat();
        let replay = [&["replay", "--capacity", sizes][..], &args].concat();
        let (mrc, replay) = (program(dir.path(), &mrc).ok(), program(dir.path(), &replay).ok());
        assert_eq!(points(&mrc.json()), points(&replay.json()), "{policy} {sizes}");
        assert!(mrc.json().iter().all(|row| row["method"] == "exact" && row["low"] == row["high"]));
    }
}

#[test]
fn sizes_that_change_are_replayed() {
    let dir = workplace();
    write(dir.path(), "t.csv", "time,key,size\n1,a,5\n2,b,3\n3,a,9\n4,b,3\n5,a,1\n6,b,3\n");
    let args = ["t.csv", "--policy", "lru", "--format", "json"];
    let sizes = "3B,5B,8B,11B,12B,20B";
    let mrc = program(dir.path(), &[&["mrc", "--sizes", sizes][..], &args].concat()).ok();
    let replay = program(dir.path(), &[&["replay", "--capacity", sizes][..], &args].concat()).ok();
    assert_eq!(points(&mrc.json()), points(&replay.json()));
}

#[test]
fn estimates_have_intervals_and_depend_on_the_seed_alone() {
    let dir = workplace();
    // Twenty thousand keys, the first of them more popular.
    let state = |i: u64| i.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let key = |i: u64| (state(i) >> 33) % 20_000 * (state(i) >> 11 & 127) / 128;
    let lines: String = (0..60_000).map(|i| format!("{i},{}\n", key(i))).collect();
    write(dir.path(), "t.csv", format!("time,key\n{lines}"));
    for method in
        [&["--method", "shards"][..], &["--method", "mini"], &["--method", "shards-fixed-size"]]
    {
        let run = |more: &[&str]| {
            let args = ["mrc", "t.csv", "--samples", "900", "--sizes", "11000,12000,13000"];
            let rate: &[&str] = if more.contains(&"--rate") { &[] } else { &["--rate", "0.05"] };
            let args = [&args[..], rate].concat();
            program(dir.path(), &[&args[..], method, more].concat()).ok()
        };
        let rows = run(&["--format", "json"]).json();
        assert_eq!(rows.len(), 3);
        for row in &rows {
            let [low, ratio, high] =
                ["low", "miss_ratio", "high"].map(|name| row[name].as_f64().expect("a ratio"));
            assert!(low <= ratio && ratio <= high && low < high, "{row}");
            assert_eq!(row["method"], method[1]);
        }
        assert_eq!(run(&["--format", "json", "--threads", "1"]).json(), rows);
        assert_eq!(run(&["--format", "json", "--rate", "5%"]).json(), rows);
        assert_ne!(run(&["--format", "json", "--seed", "2"]).json(), rows);
        let table = run(&[]).stdout;
        assert!(table.contains("low") && table.contains("high"), "{table}");
    }
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let dir = tiny();
    let refused = |args: &[&str]| program(dir.path(), &[&["mrc", "t.csv"][..], args].concat());
    refused(&["--method", "shards", "--policy", "lru,sieve"]).refused_with(
        "--method shards is for lru, not for sieve\nhint: --method mini samples any policy",
    );
    refused(&["--rate", "0"])
        .refused_with("--rate: 0 is not a share above 0 and up to 1, such as 0.01 or 1%");
    assert!(refused(&["--rate", "x"]).refused().contains("expected a share such as 0.01 or 1%"));
    let small = refused(&["--method", "shards", "--rate", "0.01"]).refused();
    assert!(small.contains("objects is too small: it takes at least 64\nhint: "), "{small}");
    assert!(refused(&["--policy", "lur"]).refused().contains("did you mean `lru`?"));
    assert!(refused(&["--sizes", "many"]).refused().contains("is not a capacity"));
    assert!(program(dir.path(), &["mrc", "none.csv"]).refused().contains("none.csv"));
}

#[test]
fn capacities_too_small_for_samples_are_replayed_and_said_so() {
    let dir = tiny();
    let run = |method| {
        let args = ["mrc", "t.csv", "--policy", "sieve,belady", "--sizes", "2,100"];
        program(dir.path(), &[&args[..], &["--method", method, "--format", "json"]].concat()).ok()
    };
    let outcome = run("mini");
    assert!(outcome.stderr.contains("t: 2 of 2 capacities are replayed in full"), "{outcome:?}");
    assert_eq!(points(&outcome.json()), points(&run("exact").json()));
}

#[test]
fn a_policy_below_its_useful_size_is_named() {
    let dir = tiny();
    let run = |sizes: &[&str]| {
        let args = ["mrc", "t.csv", "--policy", "lru,s3-fifo", "--sizes"];
        program(dir.path(), &[&args[..], sizes].concat()).ok().stderr
    };
    let words = "t: s3-fifo keeps no object of average size in caches of up to 19 objects";
    let said = run(&["5,19,20,100"]);
    assert!(said.contains(words) && !said.contains("lru"), "{said}");
    assert_eq!(run(&["20,100"]), "");
    assert!(
        run(&["2kB,100kB"])
            .contains("s3-fifo keeps no object of average size in caches of up to 1.95 KiB")
    );
}

fn rows<T: Table>(dir: &Path) -> Vec<T> {
    read_table(&dir.join(format!("{}.parquet", T::NAME))).expect("a table")
}

#[test]
fn a_report_has_a_page_charts_and_tables() {
    let dir = tiny();
    let args = ["mrc", "t.csv", "--policy", "lru,fifo", "--points", "6", "--out", "report"];
    let outcome = program(dir.path(), &[&args[..], &["--format", "csv"]].concat()).ok();
    // Of six capacities over 200 objects, the two smallest coincide.
    assert_eq!(outcome.stdout.lines().count(), 1 + 2 * 5, "{}", outcome.stdout);
    let report = dir.path().join("report");
    for chart in ["miss-ratio", "working-set", "reuse-distance", "reuse-time", "popularity"] {
        assert!(report.join(format!("charts/{chart}.svg")).exists(), "{chart}");
        assert!(report.join(format!("charts/{chart}.png")).exists(), "{chart}");
    }
    let page = std::fs::read_to_string(report.join("index.html")).expect("a page");
    assert!(page.contains("<h1>t</h1>"));
    let curves: Vec<CurveRow> = rows(&report);
    let fifo = curves.iter().filter(|row| row.policy == "fifo").count();
    assert!(fifo == 5 && curves.len() > 3 * fifo, "{} rows, {fifo} of them fifo", curves.len());
    let reuse: Vec<ReuseRow> = rows(&report);
    let reused: u64 =
        reuse.iter().filter(|row| row.measure == "distance").map(|row| row.requests).sum();
    assert_eq!(reused, curves[0].requests - curves[0].objects);
    let footprint: Vec<FootprintRow> = rows(&report);
    assert_eq!(footprint.last().map(|row| row.objects), Some(curves[0].objects as f64));
    let ranks: Vec<RankRow> = rows(&report);
    assert_eq!(ranks.last().map(|row| row.rank), Some(curves[0].objects));
    // Everything is there whole: no temporary files.
    let names = std::fs::read_dir(&report).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().starts_with('.')));
}
