//! `calibrate`: profiles from samples, and the files that scenarios include.

use std::fmt::Write as _;
use std::path::Path;

use tiers::latency::Draws;
use tiers::{LatencyProfile, LatencySpec};

use crate::support::{SCENARIO, program, read, snapshot, tiny_study, workplace, write};

/// Samples drawn from a profile as CSV, one every 10 ms, of 1 KiB and 64 KiB by turns.
fn samples(profile: &str, n: u64) -> String {
    let spec: LatencySpec =
        toml::from_str(&format!("source = 'test'\ndate = '2026-11-25'\n{profile}")).unwrap();
    let mut draws = Draws::new(&LatencyProfile::new(&spec).unwrap(), 1, "test");
    let mut text = String::from("time_ms,size,latency_us\n");
    for i in 0..n {
        let size = if i % 2 == 0 { 1 << 10 } else { 64 << 10 };
        let ns = draws.at(i, i * 10_000_000, size);
        let _ = writeln!(text, "{},{size},{}.{:03}", i * 10, ns / 1000, ns % 1000);
    }
    text
}

const STEADY: &str = r#"laws = [
    { size = "1KiB", law = { lognormal = { shift = "200us", median = "150us", sigma = 0.8 } } },
    { size = "64KiB", law = { lognormal = { shift = "400us", median = "300us", sigma = 0.8 } } },
]"#;

const REGIMES: &str = r#"laws = [
    { size = "1KiB", law = { lognormal = { median = "1ms", sigma = 0.2 } } },
]
[regimes]
step = "10ms"
transitions = [[0.9, 0.1], [0.2, 0.8]]
states = [{ factor = 1 }, { factor = 4 }]
"#;

/// A scenario takes the file in and uses the profile.
#[track_caller]
fn assert_usable(dir: &Path, file: &str, name: &str) {
    let text = SCENARIO.replace("warmup =", &format!("include = [\"{file}\"]\nwarmup ="));
    write(dir, "with-profile.toml", text);
    let setting = format!("stack.tiers.L1.latency={name}");
    program(dir, &["run", "with-profile.toml", "--no-report", "--set", &setting]).ok();
}

#[test]
fn samples_of_a_steady_system_make_a_table() {
    let dir = tiny_study();
    write(dir.path(), "samples.csv", samples(STEADY, 2_000));
    let args = ["calibrate", "fit", "samples.csv", "--date", "2026-11-25", "--output", "out.toml"];
    let outcome = program(dir.path(), &args).ok();
    let file = read(dir.path(), "out.toml");
    snapshot("calibrate-fit", &format!("{}\n{}\n{file}", outcome.stdout, outcome.stderr));
    assert_usable(dir.path(), "out.toml", "samples");
}

#[test]
fn a_law_that_fits_can_be_asked_for_and_one_that_does_not_is_refused() {
    let dir = tiny_study();
    write(dir.path(), "samples.csv", samples(STEADY, 2_000));
    let args = ["calibrate", "fit", "samples.csv", "--use", "lognormal", "--name", "mine"];
    program(dir.path(), &[&args[..], &["--output", "law.toml"]].concat()).ok();
    let file = read(dir.path(), "law.toml");
    assert!(file.starts_with("[latency.mine]\n") && file.contains("lognormal = {"), "{file}");
    assert_usable(dir.path(), "law.toml", "mine");

    let args = ["calibrate", "fit", "samples.csv", "--use", "regimes", "--output", "no.toml"];
    let outcome = program(dir.path(), &args).code(2);
    assert!(outcome.stderr.contains("error: regimes is refused: neighbouring"), "{outcome:?}");
    assert!(!dir.path().join("no.toml").exists());
    let outcome = program(dir.path(), &["calibrate", "fit", "samples.csv", "--use", "normal"]);
    assert!(outcome.refused().contains("is not one of table, lognormal"));
}

#[test]
fn correlated_samples_make_regimes() {
    let dir = tiny_study();
    write(dir.path(), "Slow Store.csv", samples(REGIMES, 2_000));
    let args = ["calibrate", "fit", "Slow Store.csv", "--output", "out.toml", "--format", "json"];
    let outcome = program(dir.path(), &args).ok();
    let rows = outcome.json();
    let used: Vec<&str> = rows
        .iter()
        .filter(|row| row["use"] == "yes")
        .map(|row| row["profile"].as_str().unwrap())
        .collect();
    assert_eq!(used, ["regimes"], "{outcome:?}");
    assert!(outcome.stderr.contains("the slow one takes 4."), "{}", outcome.stderr);
    let file = read(dir.path(), "out.toml");
    assert!(file.contains("[latency.slow-store.regimes]\nstep = \"10ms\"\n"), "{file}");
    assert_usable(dir.path(), "out.toml", "slow-store");
}

#[test]
fn samples_that_foretell_nothing_end_with_1_and_write_nothing() {
    let dir = workplace();
    // Every other twentieth is ten times as long.
    let mut text = String::from("latency_us\n");
    for i in 0..2_000u64 {
        let factor = if i * 20 / 2_000 % 2 == 0 { 1 } else { 10 };
        let _ = writeln!(text, "{}", (100 + i * 7919 % 97) * factor);
    }
    write(dir.path(), "samples.csv", text);
    let outcome =
        program(dir.path(), &["calibrate", "fit", "samples.csv", "--output", "out.toml"]).code(1);
    assert!(outcome.stderr.contains("use nothing: even a table"), "{outcome:?}");
    assert!(!dir.path().join("out.toml").exists());
}

#[test]
fn files_that_are_no_samples_are_refused_with_their_place() {
    let dir = workplace();
    write(dir.path(), "a.csv", "latency_us\n10\nslow\n");
    let fit = |file: &str| program(dir.path(), &["calibrate", "fit", file]);
    fit("a.csv").refused_with("a.csv: line 3: `slow` is not a number of us such as 12.5");
    write(dir.path(), "b.csv", "latency\n10\n");
    fit("b.csv").refused_with(
        "b.csv: no column of latencies with a unit among latency\n\
         hint: call the column latency_ms, or say --unit ms",
    );
    write(dir.path(), "c.csv", "latency_us\n10\n");
    fit("c.csv").refused_with("c.csv: 1 samples are too few to fit anything; measure at least 40");
    assert!(fit("absent.csv").refused().contains("absent.csv"));
}

#[test]
fn this_machine_is_measured() {
    let dir = tiny_study();
    let args = ["calibrate", "measure", "--samples", "100", "--format", "json"];
    let outcome = program(dir.path(), &[&args[..], &["--output", "here.toml"]].concat()).ok();
    let rows = outcome.json();
    assert_eq!(rows.len(), 6);
    for row in &rows {
        let at = |column: &str| row[column].as_u64().unwrap();
        assert!(row["measured"] == "memory" && at("samples") == 100);
        assert!(0 < at("p50_ns") && at("p50_ns") <= at("max_ns"));
    }
    assert_usable(dir.path(), "here.toml", "measured-memory");
    let args = ["calibrate", "measure", "--redis", "127.0.0.1:1", "--samples", "100"];
    let outcome = program(dir.path(), &args).code(2);
    assert!(outcome.stderr.contains("redis at 127.0.0.1:1: cannot connect"), "{outcome:?}");
}
