//! Ctrl-C in the middle of a long run.
#![cfg(unix)]

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use frames::{RunRow, read_table};

use crate::support::{command, files, program, read_json, workplace, write};

/// A large part of a second a run, so that there is a middle to interrupt.
const RECIPE: &str = r#"schema = 1
name = "long"
seed = 1

[source.zipf]
access.zipf = { objects = 100_000, exponent = 0.9 }

[[phase]]
requests = 3_000_000
mix = { zipf = 1 }
"#;

const SCENARIO: &str = r#"schema = 1
name = "long"

[[traces]]
path = "long.parquet"
rate = "1000/s"

[stack]
preset = "brief"
order = ["L1"]

[[strategies]]
name = "swept"

[matrix]
"stack.tiers.L1.capacity" = ["1%", "2%", "5%", "10%", "20%", "50%"]
"stack.tiers.L1.policy" = ["lru", "fifo", "clock", "sieve", "s3-fifo", "arc", "lirs", "2q", "lfu", "slru"]
"#;

/// Cells of the matrix above.
const N_RUNS: usize = 60;

fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(status.expect("kill is there").success());
}

fn wait(mut child: Child) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            return status.code();
        }
        if start.elapsed() > Duration::from_secs(60) {
            let _ = child.kill();
            panic!("it does not stop");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Interrupts the program after `patience` and returns its exit code and what it said. On a machine
/// so busy that the program has not started by then, it has more patience.
fn interrupted(dir: &Path, args: &[&str], patience: &mut Duration) -> (Option<i32>, String) {
    loop {
        let mut command = command(dir, args);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        std::thread::sleep(*patience);
        interrupt(&child);
        let mut said = String::new();
        stderr.read_to_string(&mut said).unwrap();
        let code = wait(child);
        if code.is_some() {
            return (code, said);
        }
        *patience *= 2;
    }
}

#[test]
fn what_is_finished_is_kept_and_said_to_be_a_part() {
    let dir = workplace();
    write(dir.path(), "long.toml", RECIPE);
    write(dir.path(), "scenario.toml", SCENARIO);
    program(dir.path(), &["trace", "generate", "long.toml", "long.parquet"]).ok();

    // Patience until some runs but not all are finished; the machine decides how long that is.
    let mut patience = Duration::from_millis(1000);
    let report = dir.path().join("reports/long");
    let (said, rows) = loop {
        let args = ["run", "scenario.toml", "--threads", "2"];
        let (code, said) = interrupted(dir.path(), &args, &mut patience);
        assert_eq!(code, Some(130), "{said}");
        assert!(said.starts_with("interrupted: keeping the runs that are finished"), "{said}");
        // With nothing finished there is no report.
        if report.join("results.parquet").exists() {
            let rows: Vec<RunRow> = read_table(&report.join("results.parquet")).unwrap();
            if !rows.is_empty() {
                break (said, rows);
            }
        }
        patience *= 2;
    };
    assert!(rows.len() < N_RUNS, "{} runs", rows.len());
    assert!(said.contains(&format!("{} of {N_RUNS} runs", rows.len())), "{said}");
    assert!(rows.iter().all(|row| row.requests == 3_000_000));
    let summary = read_json(&report, "summary.json");
    assert_eq!(summary["complete"], false);
    assert_eq!(summary["runs"].as_array().unwrap().len(), rows.len());
    assert!(summary["notes"][0].as_str().unwrap().starts_with("Interrupted: only "));
    assert_eq!(read_json(&report, "manifest.json")["complete"], false);

    // Every file is one that a whole run writes.
    for path in files(dir.path()) {
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        let known = ["toml", "parquet", "json", "html", "svg", "png"].contains(&ending.as_str());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(known && !name.starts_with('.'), "left behind: {path:?}");
    }
}

#[test]
fn single_caches_stop_too() {
    let dir = workplace();
    write(dir.path(), "long.toml", RECIPE);
    program(dir.path(), &["trace", "generate", "long.toml", "long.parquet"]).ok();
    write(dir.path(), "scenario.toml", SCENARIO);
    let lfu = vec!["lfu"; 60].join(",");
    for args in [
        &["check", "scenario.toml", "--update-baseline", "--reason", "x", "--with-detail"][..],
        &["replay", "long.parquet", "--policy", &lfu, "--capacity", "50000"],
        &["mrc", "long.parquet", "--policy", &lfu, "--method", "exact", "--out", "report"],
    ] {
        let (code, said) = interrupted(dir.path(), args, &mut Duration::from_millis(800));
        assert_eq!(code, Some(130), "{said}");
    }
    // A part of the curves is no report, and of the figures no baseline.
    assert!(!dir.path().join("report").exists());
    assert!(!dir.path().join("baselines").exists());
}

#[test]
fn a_comparison_goes_on_where_it_was_killed() {
    let dir = workplace();
    write(dir.path(), "long.toml", RECIPE);
    program(dir.path(), &["trace", "generate", "long.toml", "long.parquet"]).ok();
    let args =
        ["compare", "--traces", "long.parquet", "--policies", "lru,clock,sieve,arc,lfu,slru"];
    let args = [&args[..], &["--sizes", "1%,2%,5%,10%,20%,50%", "--out", "out"]].concat();
    let journal = dir.path().join("out/cells.jsonl");
    let lines = || std::fs::read_to_string(&journal).unwrap_or_default().matches('\n').count();

    // Killed as soon as a cell is finished: it has no chance to tidy up.
    let mut child =
        command(dir.path(), &args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while lines() == 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing is finished");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = lines();
    let n_cells = 8 * 6;
    assert!((1..n_cells).contains(&kept), "{kept}");
    assert!(!dir.path().join("out/index.html").exists());

    // Interrupted politely once finished cells are more, then run to the end.
    let outcome = program(dir.path(), &args).ok();
    let said = format!("{kept} of {n_cells} cells taken from out");
    assert!(outcome.stderr.contains(&said), "{said}: {}", outcome.stderr);
    assert!(dir.path().join("out/index.html").exists());
    let again = program(dir.path(), &args).ok();
    assert!(again.stderr.contains(&format!("{n_cells} of {n_cells} cells")), "{}", again.stderr);
    assert_eq!(again.stdout, outcome.stdout);
}
