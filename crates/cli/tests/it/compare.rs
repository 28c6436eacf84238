//! `compare`: the report it writes, and that it goes on where it was stopped.

use std::path::Path;

use frames::Comparison;

use crate::support::{
    Outcome, csv_trace, files, program, read, read_json, snapshot, workplace, write,
};

/// Three traces, two of the same name.
fn place() -> tempfile::TempDir {
    let dir = workplace();
    write(dir.path(), "a.csv", csv_trace(3000, 1));
    write(dir.path(), "b.csv", csv_trace(2000, 2));
    write(dir.path(), "sub/a.csv", csv_trace(1000, 3));
    dir
}

const GRID: &[&str] =
    &["--traces", "*.csv", "sub/*", "--policies", "lru,s3-fifo:version=v1", "--sizes", "5%,20%"];

fn compare(dir: &Path, args: &[&str]) -> Outcome {
    program(dir, &[&["compare"], args].concat())
}

/// Traces × policies, baseline and optimum × sizes.
const N_CELLS: usize = 3 * 4 * 2;

#[test]
fn a_grid_becomes_a_report() {
    let dir = place();
    let outcome = compare(dir.path(), &[GRID, &["--out", "out"]].concat()).ok();
    snapshot("compare", &outcome.stdout);
    assert!(
        outcome.stderr.contains(&format!("0 of {N_CELLS} cells taken from out")),
        "{outcome:?}"
    );
    let out = dir.path().join("out");
    let names: Vec<String> = files(&out)
        .iter()
        .map(|path| path.strip_prefix(&out).unwrap().display().to_string())
        .filter(|name| !name.ends_with(".png"))
        .collect();
    assert_eq!(
        names,
        [
            "cells.jsonl",
            "cells.parquet",
            "charts/gap-closed-1.svg",
            "charts/gap-closed-2.svg",
            "charts/heat-1.svg",
            "charts/heat-2.svg",
            "charts/intervals-1.svg",
            "charts/intervals-2.svg",
            "charts/leading.svg",
            "charts/miss-ratio.svg",
            "charts/reduction-1.svg",
            "charts/reduction-2.svg",
            "families.parquet",
            "index.html",
            "leaders.parquet",
            "manifest.json",
            "pairs.parquet",
            "standings.parquet",
            "summary.json",
            "summary.txt",
            "table.tex",
            "tests.parquet",
        ]
    );
    let comparison = Comparison::read(&out).unwrap();
    assert_eq!((comparison.cells.len(), comparison.leaders.len()), (N_CELLS, 8));
    let manifest = read_json(&out, "manifest.json");
    assert_eq!(manifest["results-digest"], comparison.digest());
    assert_eq!(manifest["traces"][2]["name"], "sub/a");
    let rerun = program(dir.path(), &["rerun", "out/manifest.json"]).refused();
    assert!(rerun.contains("is the manifest of a comparison\nhint: "), "{rerun}");
    // A replay counts the same.
    let cell = comparison
        .cells
        .iter()
        .find(|cell| {
            (cell.trace.as_str(), cell.policy.as_str(), cell.size.as_str()) == ("b", "lru", "20%")
        })
        .unwrap();
    let args = ["replay", "b.csv", "-p", "lru", "-c", "20%", "--format", "json"];
    let replayed = program(dir.path(), &args).ok().json();
    assert_eq!(
        (&replayed[0]["misses"], &replayed[0]["capacity"]),
        (&cell.misses.into(), &cell.capacity.into())
    );
    let page = read(&out, "index.html");
    assert!(page.contains("<h1>fifo, lru and s3-fifo:version=v1 on a, b and sub"));
    // The pointer reads it on the heat map.
    let heat = read(&out, "charts/heat-2.svg");
    let miss_ratio = format!("miss ratio {:.1} %", cell.miss_ratio * 100.0);
    let tips: Vec<&str> = heat.lines().filter(|line| line.contains("lru on b at 20%: ")).collect();
    assert!(tips.len() == 1 && tips[0].contains(&miss_ratio), "{tips:?}: {miss_ratio}");
}

/// Eight traces, LRU ahead of FIFO on each: 2 of all 2^8 signs are as extreme, and there are two policies to
/// correct for.
#[test]
fn enough_traces_are_tested_and_what_is_said_can_be_quoted() {
    let dir = workplace();
    for seed in 1..=8 {
        write(dir.path(), &format!("t{seed}/trace-{seed}.csv"), csv_trace(3000, seed));
    }
    let args = ["--traces", "t*/*.csv", "-p", "lru,mru", "-s", "10%", "--out", "out"];
    let rows = compare(dir.path(), &[&args[..], &["--format", "json"]].concat()).ok().json();
    let row = |policy: &str| rows.iter().find(|row| row["policy"] == policy).unwrap();
    let cells = Comparison::read(&dir.path().join("out")).unwrap().cells;
    assert!(cells.iter().all(|cell| cell.policy != "lru" || cell.reduction > 0.0));
    assert_eq!((&row("lru")["p_holm"], &row("lru")["families"]), (&0.015625.into(), &8.into()));
    let (low, high) = (row("lru")["low"].as_f64().unwrap(), row("lru")["high"].as_f64().unwrap());
    let mean = row("lru")["family_mean"].as_f64().unwrap();
    assert!(0.0 < low && low < mean && mean < high, "{low} {mean} {high}");
    let text = read(dir.path(), "out/summary.txt");
    assert!(
        text.contains("3 policies, fifo among them, over 8 traces.") && text.contains("p = 0.016"),
        "{text}"
    );
    assert!(read(dir.path(), "out/table.tex").contains("$0.016$"));
    let page = read(dir.path(), "out/index.html");
    assert!(page.contains("<figure class=\"chart\" id=\"ranks\">"));
    // Sizes of one trace are no two observations, and traces of one source are one.
    let pairs =
        [("folder", 8), ("/trace-([1-4])", 8), ("trace", 8), ("csv", 1), ("trace-[1-4]?", 5)];
    for (family, n) in pairs {
        let more = ["--family", family, "--format", "json"];
        let rows = compare(dir.path(), &[&args[..], &more].concat()).ok().json();
        assert_eq!(rows[0]["families"], n, "{family}");
        assert!(n > 5 || rows.iter().all(|row| row["p_holm"].is_null()));
    }
    let few = read(dir.path(), "out/summary.txt");
    assert!(few.contains("5 families are too few to conclude anything"), "{few}");
    for (option, value, words) in [
        ("--family", "(", "error: --family: `(` is no regular expression: unclosed group\nhint: "),
        ("--rope", "much", "error: --rope: `much` is no share of 1\nhint: "),
        ("--rope", "200%", "error: --rope: `200%` is no share of 1\nhint: "),
    ] {
        let said = compare(dir.path(), &[&args[..], &[option, value]].concat()).refused();
        assert!(said.starts_with(words), "{said}");
    }
}

/// A copy is no second observation.
#[test]
fn the_same_trace_twice_is_one_family() {
    let dir = workplace();
    write(dir.path(), "a.csv", csv_trace(1000, 1));
    write(dir.path(), "copy.csv", csv_trace(1000, 1));
    let args = ["--traces", "*.csv", "-p", "lru", "-s", "10%", "--out", "out", "--format", "json"];
    let rows = compare(dir.path(), &args).ok().json();
    assert_eq!((&rows[0]["traces"], &rows[0]["families"]), (&2.into(), &1.into()));
}

#[test]
fn a_journal_torn_anywhere_gives_the_same_report() {
    let dir = place();
    let args = [GRID, &["--out", "out"]].concat();
    let whole = compare(dir.path(), &args).ok();
    let journal = read(dir.path(), "out/cells.jsonl");
    assert_eq!(journal.lines().count(), N_CELLS);
    let page = read(dir.path(), "out/index.html");
    for cut in [journal.len(), journal.len() / 2, 1] {
        write(dir.path(), "out/cells.jsonl", &journal[..cut]);
        let kept = journal[..cut].matches('\n').count();
        let again = compare(dir.path(), &[&args[..], &["--threads", "1"]].concat()).ok();
        assert_eq!(again.stdout, whole.stdout);
        assert_eq!(read(dir.path(), "out/index.html"), page);
        let said = format!("{kept} of {N_CELLS} cells taken from out");
        assert!(again.stderr.contains(&said), "{said}: {}", again.stderr);
        let torn = format!("note: out/cells.jsonl:{}: this last line has no end", kept + 1);
        assert_eq!(again.stderr.contains(&torn), cut < journal.len(), "{torn}: {}", again.stderr);
    }
}

#[test]
fn a_damaged_line_of_the_journal_is_told_with_its_number() {
    let dir = place();
    let args = [GRID, &["--out", "out"]].concat();
    compare(dir.path(), &args).ok();
    let journal = read(dir.path(), "out/cells.jsonl");
    let second = journal.lines().nth(1).unwrap();
    for spoilt in
        [second.replace("\"cell\":\"", "\"cell\":\"z"), second.replace('{', "("), String::new()]
    {
        write(dir.path(), "out/cells.jsonl", journal.replacen(second, &spoilt, 1));
        let said = compare(dir.path(), &args).refused();
        assert!(said.starts_with("error: out/cells.jsonl:2: no finished cell: "), "{said}");
        assert!(said.contains("\nhint: take the line out"), "{said}");
    }
}

#[test]
fn bytes_have_no_optimum_and_exact_formats_have_everything() {
    let dir = place();
    let args = ["--traces", "csv:b.csv", "--policies", "gdsf", "--sizes", "10%", "--unit", "bytes"];
    let rows =
        compare(dir.path(), &[&args[..], &["--baseline", "lru", "--format", "json"]].concat());
    let rows = rows.ok().json();
    let policies: Vec<&str> = rows.iter().map(|row| row["policy"].as_str().unwrap()).collect();
    assert_eq!(policies, ["gdsf", "lru"]);
    assert!(rows.iter().all(|row| row["gap_closed"].is_null() && row["traces"] == 1));
    assert!(rows[0]["mean_reduction"].as_f64().unwrap() > 0.0);
    assert!(!dir.path().join("reports/compare/charts/gap-closed.svg").exists());
}

#[test]
fn bad_grids_are_refused() {
    let dir = place();
    let tail = ["--sizes", "5%"];
    let refused = |args: &[&str], words: &str| {
        compare(dir.path(), &[args, &tail[..]].concat()).refused_with(words);
    };
    refused(&["--traces", "*.gz", "--policies", "lru"], "--traces: no file is called `*.gz`");
    let twice = ["--traces", "a.csv", "--policies", "lru", "--sizes", "5%"];
    refused(&twice, "--sizes: `5%` is given twice");
    let stderr =
        compare(dir.path(), &[&["--traces", "a.csv", "--policies", "lur"], &tail[..]].concat());
    assert!(stderr.refused().contains("did you mean `lru`"));
    let misspelt = ["--traces", "a.csv", "--policies", "s3-fifo:smal-ratio=0.1"];
    let stderr = compare(dir.path(), &[&misspelt[..], &tail[..]].concat()).refused();
    assert!(stderr.ends_with("\nhint: did you mean `small-ratio`?\n"), "{stderr}");
    let family = ["--traces", "*.csv", "sub/*", "--policies", "lru", "--family", "^x/"];
    let stderr = compare(dir.path(), &[&family[..], &tail[..]].concat()).refused();
    let words = "error: --family: `^x/` matches no path of a trace: there is a.csv, b.csv, sub/a.csv\nhint: ";
    assert!(stderr.starts_with(words), "{stderr}");
    assert!(!dir.path().join("reports").exists());
}
