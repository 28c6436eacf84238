//! `run` and `rerun`: what is printed, what is written, and that it is always the same.

use std::path::Path;

use frames::{Results, RunRow, read_table};
use serde_json::Value;

use crate::support::{
    SCENARIO, csv_trace, files, program, read, read_json, tiny_study, workplace, write,
};

const TABLES: [&str; 15] = [
    "costs",
    "encryption",
    "erasure_residue",
    "erasure_tiers",
    "erasures",
    "faults",
    "latency",
    "quantiles",
    "results",
    "spent",
    "stations",
    "tier_windows",
    "tiers",
    "windows",
    "writes",
];

/// Parquet tables and JSON files of a report, with their bytes.
fn data_files(report: &Path) -> Vec<(String, Vec<u8>)> {
    let names = TABLES.map(|table| format!("{table}.parquet")).into_iter();
    let names = names.chain(["summary.json".into(), "manifest.json".into()]);
    names.map(|name| (name.clone(), std::fs::read(report.join(name)).unwrap())).collect()
}

#[test]
fn a_run_prints_a_table_and_writes_a_report() {
    let dir = tiny_study();
    let outcome = program(dir.path(), &["run", "scenario.toml"]).ok();
    let report = dir.path().join("reports/tiny");
    let names = files(&report);
    let names: Vec<&str> =
        names.iter().map(|path| path.strip_prefix(&report).unwrap().to_str().unwrap()).collect();
    let charts = names.iter().filter_map(|name| name.strip_prefix("charts/")).collect::<Vec<_>>();
    let drawn = [
        "cost-parts",
        "cost",
        "hit-ratio",
        "latency",
        "over-time",
        "p99-over-time",
        "time-all",
        "time-slowest",
    ];
    let files = drawn.iter().flat_map(|chart| [format!("{chart}.png"), format!("{chart}.svg")]);
    assert_eq!(charts, files.collect::<Vec<_>>());
    let mut beside = TABLES.map(|table| format!("{table}.parquet")).to_vec();
    beside.extend(["index.html", "manifest.json", "summary.json"].map(String::from));
    beside.sort_unstable();
    assert_eq!(names[charts.len()..], beside);

    // People, programs, the summary and the tables are told the same.
    let rows: Vec<RunRow> = read_table(&report.join("results.parquet")).unwrap();
    assert_eq!(rows.len(), 2);
    let summary = read_json(&report, "summary.json");
    assert_eq!(summary["complete"], true);
    assert_eq!(summary["study"], "tiny");
    for (row, run) in rows.iter().zip(summary["runs"].as_array().unwrap()) {
        assert_eq!(run["strategy"], row.strategy.as_str());
        assert_eq!(run["hit_ratio"], row.hit_ratio);
        assert_eq!(run["p99_ns"], row.latency_ns_p99);
        assert_eq!(run["usd_month"], row.cost_nanodollars_month as f64 / 1e9);
        let shown = format!("{:.2} %", row.hit_ratio * 100.0);
        let line =
            outcome.stdout.lines().find(|line| line.contains(&format!(" {} ", row.strategy)));
        assert!(line.is_some_and(|line| line.contains(&shown)), "{shown}\n{}", outcome.stdout);
        // The warm-up is replayed and not counted.
        assert_eq!((row.requests_replayed, row.requests), (3000, 2700));
        assert_eq!(row.hits + row.misses, row.requests);
        assert!(row.hits > 0 && row.misses > 0);
    }
    let best = rows.iter().max_by(|a, b| a.hit_ratio.total_cmp(&b.hit_ratio)).unwrap();
    assert_eq!(summary["verdicts"][0]["winners"][0], best.strategy.as_str());
    assert_eq!(summary["verdicts"][0]["best"], best.hit_ratio);

    let manifest = read_json(&report, "manifest.json");
    assert_eq!(manifest["results-digest"], Results::read(&report).unwrap().digest().as_str());
    assert_eq!(manifest["traces"][0]["requests"], 3000);
    let page = read(&report, "index.html");
    assert!(page.contains("tiny") && page.contains(manifest["results-digest"].as_str().unwrap()));
}

#[test]
fn equals_tie_and_are_marked_so() {
    let dir = tiny_study();
    write(dir.path(), "tie.toml", format!("{SCENARIO}\n[[strategies]]\nname = \"twin\"\n"));
    let outcome = program(dir.path(), &["run", "tie.toml"]).ok();
    let marked = |mark: &str| -> Vec<String> {
        let lines = outcome.stdout.lines().map(str::split_whitespace);
        lines
            .filter_map(|mut words| (words.next()? == mark).then(|| words.next())?)
            .map(Into::into)
            .collect()
    };
    assert_eq!((marked("tie"), marked("▶")), (vec!["lru".into(), "twin".into()], vec![]));
    assert!(outcome.stderr.contains("trace: lru and twin tie by hit ratio, "), "{outcome:?}");
    assert!(
        read(dir.path(), "reports/tiny/index.html").contains("lru and twin tie for the highest")
    );
}

/// The fastest broke its promise: the one that kept it wins, whatever its latency.
#[test]
fn who_broke_the_promise_to_erase_wins_nothing() {
    let dir = workplace();
    let out = dir.path().to_str().unwrap();
    let args = ["run", "scenarios/erasure.toml", "--format", "json", "--out", out];
    let outcome = program(&crate::support::repository(), &args).ok();
    let winners: Vec<serde_json::Value> =
        outcome.json().into_iter().filter(|row| row["winner"] == true).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(winners[0]["strategy"], "tombstones of 90 s");
    let said = "; no tombstones and tombstones of 2 s broke the promise to erase\n";
    assert!(outcome.stderr.contains(said), "{outcome:?}");
    let summary = read_json(dir.path(), "summary.json");
    assert_eq!(summary["verdicts"][0]["broke-erasure"][0], "no tombstones");
    let page = read(dir.path(), "index.html");
    assert!(page.contains("</span>Only tombstones of 90 s kept the promise to erase; "));
}

#[test]
fn results_are_the_same_bytes_at_any_number_of_threads() {
    let dir = tiny_study();
    for threads in ["1", "4"] {
        let args = ["run", "scenario.toml", "--threads", threads, "--out", threads];
        program(dir.path(), &args).ok();
    }
    let (one, four) = (dir.path().join("1"), dir.path().join("4"));
    for ((name, one), (_, four)) in data_files(&one).iter().zip(data_files(&four)) {
        assert!(*one == four, "{name} differs between 1 and 4 threads");
    }
    assert_eq!(read(&one, "index.html"), read(&four, "index.html"));
}

#[test]
fn a_matrix_gives_each_strategy_every_cell_and_a_curve() {
    let dir = tiny_study();
    let matrix = "\n[matrix]\n\"stack.tiers.L1.capacity\" = [\"1%\", \"10%\", \"50%\"]\n";
    write(dir.path(), "matrix.toml", format!("{SCENARIO}{matrix}"));
    let outcome = program(dir.path(), &["run", "matrix.toml", "--format", "json"]).ok();
    let rows = outcome.json();
    assert_eq!(rows.len(), 6);
    for strategy in ["lru", "fifo"] {
        let of: Vec<_> = rows.iter().filter(|row| row["strategy"] == strategy).collect();
        let cells: Vec<_> = of.iter().map(|row| row["cell"].as_str().unwrap()).collect();
        assert_eq!(cells, ["1%", "10%", "50%"].map(|c| format!("tiers.L1.capacity={c}")));
        let ratios: Vec<f64> = of.iter().map(|row| row["hit_ratio"].as_f64().unwrap()).collect();
        assert!(ratios.is_sorted(), "{strategy}: {ratios:?}");
    }
    assert_eq!(rows.iter().filter(|row| row["winner"] == true).count(), 3);
    let svg = read(dir.path(), "reports/tiny/charts/miss-ratio.svg");
    assert!(svg.contains("<svg"), "{svg}");
}

#[test]
fn several_traces_give_each_a_verdict() {
    let dir = tiny_study();
    write(dir.path(), "second.csv", csv_trace(1000, 2));
    let two = SCENARIO.replace("[stack]", "[[traces]]\npath = \"second.csv\"\n\n[stack]");
    write(dir.path(), "two.toml", two);
    let outcome = program(dir.path(), &["run", "two.toml", "--format", "json"]).ok();
    let traces: Vec<_> =
        outcome.json().iter().map(|row| row["trace"].as_str().unwrap().to_string()).collect();
    assert_eq!(traces, ["trace", "trace", "second", "second"]);
    let summary = read_json(dir.path(), "reports/tiny/summary.json");
    assert_eq!(summary["verdicts"].as_array().unwrap().len(), 2);
}

#[test]
fn standard_output_is_data_and_nothing_else() {
    let dir = tiny_study();
    let run = |format: &str| {
        let args = ["run", "scenario.toml", "--no-report", "--format", format];
        let outcome = program(dir.path(), &args).ok();
        for text in [&outcome.stdout, &outcome.stderr] {
            assert!(!text.contains('\x1b') && !text.contains('\r'), "control codes: {text:?}");
        }
        outcome
    };
    let json = run("json").json();
    let table = run("csv").stdout;
    let mut csv = csv::Reader::from_reader(table.as_bytes());
    let columns = csv.headers().unwrap().clone();
    let records: Vec<_> = csv.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), json.len());
    for (record, object) in records.iter().zip(&json) {
        let names: Vec<&String> = object.as_object().unwrap().keys().collect();
        assert_eq!(names, columns.iter().collect::<Vec<_>>());
        for (name, field) in columns.iter().zip(record) {
            let text = match &object[name] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(field, text, "{name}");
        }
    }
    // What people read: a head, a rule, a line a run.
    assert_eq!(run("table").stdout.lines().count(), 4);
}

#[test]
fn without_a_report_nothing_is_written() {
    let dir = tiny_study();
    let before = files(dir.path());
    program(dir.path(), &["run", "scenario.toml", "--no-report"]).ok();
    assert!(!dir.path().join("reports").exists());
    assert_eq!(files(dir.path()), before);
}

#[test]
fn a_report_goes_where_it_is_told() {
    let dir = tiny_study();
    program(dir.path(), &["run", "scenario.toml", "--out", "a/b"]).ok();
    assert!(dir.path().join("a/b/index.html").is_file());
    assert!(!dir.path().join("reports").exists());
}

#[test]
fn traces_are_found_beside_the_scenario_whatever_the_working_directory() {
    let dir = tiny_study();
    let elsewhere = workplace();
    let scenario = dir.path().join("scenario.toml");
    let scenario = scenario.to_str().unwrap();
    let there = program(elsewhere.path(), &["run", scenario, "--format", "json"]).ok();
    assert!(elsewhere.path().join("reports/tiny/index.html").is_file());
    let here = program(dir.path(), &["run", "scenario.toml", "--format", "json"]).ok();
    assert_eq!(there.stdout, here.stdout);
    std::fs::create_dir(dir.path().join("below")).unwrap();
    let below = dir.path().join("below");
    let beside = program(&below, &["run", "../scenario.toml", "--format", "json"]).ok();
    assert_eq!(beside.stdout, here.stdout);
}

#[test]
fn settings_have_the_last_word() {
    let dir = tiny_study();
    let run = |settings: &[&str]| {
        let mut args = vec!["run", "scenario.toml", "--no-report", "--format", "json"];
        args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        program(dir.path(), &args).ok().json()
    };
    let ratio = |rows: &[Value], i: usize| rows[i]["hit_ratio"].as_f64().unwrap();
    let plain = run(&[]);
    let same = run(&["stack.tiers.L1.policy=arc"]);
    assert_eq!(ratio(&same, 0), ratio(&same, 1), "both strategies were set to arc");
    let large = run(&["stack.tiers.L1.capacity=100%", "warmup=20%"]);
    assert!(ratio(&large, 0) > ratio(&plain, 0));
}

#[test]
fn a_rerun_confirms_the_manifest_from_wherever() {
    let dir = tiny_study();
    program(dir.path(), &["run", "scenario.toml"]).ok();
    let report = dir.path().join("reports/tiny");
    let before = data_files(&report);
    let elsewhere = workplace();
    let manifest = report.join("manifest.json");
    for (place, manifest) in [
        (dir.path(), "reports/tiny/manifest.json"),
        (&report, "manifest.json"),
        (elsewhere.path(), manifest.to_str().unwrap()),
    ] {
        let outcome = program(place, &["rerun", manifest, "--threads", "2"]).ok();
        assert!(outcome.stderr.contains("the results are the same, bit for bit"), "{outcome:?}");
    }
    // It checks the report, so it does not replace it.
    assert!(data_files(&report) == before);
    assert!(files(elsewhere.path()).is_empty());
    program(dir.path(), &["rerun", "reports/tiny/manifest.json", "--out", "again"]).ok();
    assert!(data_files(&dir.path().join("again")) == before);
}

/// Numbers must come back from the manifest to the last bit; this one did not, read carelessly.
#[test]
fn a_rerun_reads_numbers_as_they_were_written() {
    let dir = tiny_study();
    let scaled = "path = \"trace.csv\"\nscale = 0.9015914682922597";
    write(dir.path(), "scaled.toml", SCENARIO.replace("path = \"trace.csv\"", scaled));
    program(dir.path(), &["run", "scaled.toml"]).ok();
    program(dir.path(), &["rerun", "reports/tiny/manifest.json"]).ok();
}

/// What an interrupted study leaves: the rows of some of its runs, and a manifest that says so.
#[test]
fn a_rerun_compares_what_an_interrupted_run_finished() {
    let dir = tiny_study();
    program(dir.path(), &["run", "scenario.toml"]).ok();
    let report = dir.path().join("reports/tiny");
    let mut part = Results::read(&report).unwrap();
    let whole = part.digest();
    part.retain_runs(|run| run.starts_with("fifo"));
    assert_eq!(part.runs.len(), 1);
    assert!(part.tiers.iter().all(|row| row.run.starts_with("fifo")));
    part.write(&report).unwrap();
    let manifest = read(dir.path(), "reports/tiny/manifest.json").replace(&whole, &part.digest());
    let manifest = manifest.replace("\"complete\": true", "\"complete\": false");
    write(dir.path(), "reports/tiny/manifest.json", &manifest);
    let rerun = |name: &str| program(dir.path(), &["rerun", name]);
    let outcome = rerun("reports/tiny/manifest.json").ok();
    let said = "the run was interrupted: only the 1 of 2 runs that it finished are compared\nthe results are the same, bit for bit\n";
    assert!(outcome.stderr.ends_with(said), "{outcome:?}");

    // Without the tables nobody knows which runs these were.
    write(dir.path(), "elsewhere/manifest.json", &manifest);
    let refused = rerun("elsewhere/manifest.json").refused();
    assert!(refused.contains("elsewhere/manifest.json: this run was interrupted, "), "{refused}");
    assert!(refused.contains("\nhint: "), "{refused}");

    let other = manifest.replace("\"seed\": 1,", "\"seed\": 2,");
    assert_ne!(other, manifest);
    write(dir.path(), "reports/tiny/manifest.json", other);
    let outcome = rerun("reports/tiny/manifest.json").code(1);
    assert!(outcome.stderr.contains("the results differ:\n  "), "{outcome:?}");
}

/// A report replaces only a report, and what is in the way shows before the work is done.
#[test]
fn a_report_overwrites_no_page_of_others() {
    let dir = tiny_study();
    write(dir.path(), "site/index.html", "<!DOCTYPE html><title>mine</title>");
    write(dir.path(), "file", "mine");
    let commands: [&[&str]; 4] = [
        &["run", "scenario.toml"],
        &["test", "scenario.toml", "-s", "fifo"],
        &["mrc", "trace.csv", "-p", "lru"],
        &["compare", "--traces", "trace.csv", "-p", "lru", "-s", "10%"],
    ];
    for command in commands {
        let go = |more: &[&str]| program(dir.path(), &[command, more].concat());
        let refused = go(&["--out", "site"]).refused();
        let words = "error: site/index.html: is not a report of this program, and would be overwritten\nhint: ";
        assert!(refused.starts_with(words), "{refused}");
        for file in ["file", "file/below"] {
            let refused = go(&["--out", file]).refused();
            assert!(refused.starts_with("error: file: is a file, expected a folder"), "{refused}");
        }
        assert!(go(&["--out", "-"]).refused().contains("`-` is no folder"));
        assert_eq!(files(&dir.path().join("site")).len(), 1, "{command:?}");
        let out = format!("out-{}", command[0]);
        go(&["--out", &out]).ok();
        // Its own is replaced.
        go(&["--out", &out]).ok();
    }
    let forced = ["run", "scenario.toml", "--out", "site", "--force"];
    program(dir.path(), &forced).ok();
    assert!(read(dir.path(), "site/index.html").contains("<title>tiny"));
}

#[test]
fn a_rerun_finds_every_difference() {
    let dir = tiny_study();
    program(dir.path(), &["run", "scenario.toml"]).ok();
    let manifest = read(dir.path(), "reports/tiny/manifest.json");
    let digest = read_json(dir.path(), "reports/tiny/manifest.json");
    let digest = digest["results-digest"].as_str().unwrap();
    write(dir.path(), "tampered.json", manifest.replace(digest, "blake3:0000"));
    let rerun = |name: &str| program(dir.path(), &["rerun", name]);
    for _ in 0..2 {
        let outcome = rerun("tampered.json").code(1);
        let expected = format!("the results differ:\n  results: blake3:0000 then, {digest} now\n");
        assert!(outcome.stderr.contains(&expected), "{outcome:?}");
    }
    // Another study under the old digests.
    write(
        dir.path(),
        "changed.json",
        manifest.replace("\"policy\": \"fifo\"", "\"policy\": \"arc\""),
    );
    let outcome = rerun("changed.json").code(1);
    assert!(outcome.stderr.contains("\n  study: ") && outcome.stderr.contains("\n  results: "));
    // Another trace under the old name.
    write(dir.path(), "trace.csv", csv_trace(3000, 9));
    let outcome = rerun("reports/tiny/manifest.json").code(1);
    assert!(outcome.stderr.contains("\n  trace trace: "), "{outcome:?}");
}
