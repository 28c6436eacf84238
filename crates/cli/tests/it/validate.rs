//! `validate` refuses what `run` would, at its place in the file.

use std::path::Path;

use crate::support::{SCENARIO, csv_trace, program, tiny_study, write};

/// A tier of each kind that has stations of its own.
const PLACED: &str = r#"schema = 1
name = "placed"

[[traces]]
path = "trace.csv"

[stack]
order = ["L2", "edge", "shield"]
latency-of-origin = "origin-database"
prices = "brief"
tiers.L2 = { capacity = "10%", policy = "lru", latency = "redis-same-zone", cluster.masters = 3 }
tiers.edge = { capacity = "20%", policy = "lru", latency = "cdn-server", cdn = "three-cdns" }
tiers.shield = { capacity = "30%", policy = "lru", latency = "cdn-server", shield = "one" }

[[strategies]]
name = "s"
"#;

/// Both refuse the scenario, in the same words; returns those.
#[track_caller]
fn both_refuse(dir: &Path, scenario: &str) -> String {
    write(dir, "bad.toml", scenario);
    let said = program(dir, &["validate", "bad.toml"]).refused();
    assert_eq!(program(dir, &["run", "bad.toml", "--no-report"]).refused(), said);
    said
}

#[track_caller]
fn says(said: &str, place: &str, words: &str, hint: &str) {
    assert!(said.starts_with(&format!("error: bad.toml:{place}: {words}")), "{said}");
    assert!(said.trim_end().ends_with(&format!("hint: {hint}")), "{said}");
}

#[test]
fn a_warm_up_leaves_something_to_count() {
    let dir = tiny_study();
    let warmup = |warmup: &str| SCENARIO.replace("warmup = \"10%\"", &format!("warmup = {warmup}"));
    for share in ["100%", "250%"] {
        let said = both_refuse(dir.path(), &warmup(&format!("\"{share}\"")));
        let words = format!("a warm-up of {share} leaves no request to count");
        says(&said, "3:10", &words, "such as warmup = \"10%\"");
    }
    // How long a CSV file is shows when it is read; a native trace and a recipe say so themselves.
    write(dir.path(), "bad.toml", warmup("3000"));
    program(dir.path(), &["validate", "bad.toml"]).ok();
    let said = program(dir.path(), &["run", "bad.toml", "--no-report"]).refused();
    assert!(said.contains("trace.csv: the warm-up of 3000 leaves no request to count\nhint: "));
    program(dir.path(), &["trace", "convert", "trace.csv", "trace.parquet"]).ok();
    let recipe = "schema = 1\nname = \"r\"\nseed = 1\ntime.rate-per-second = 10\n[source.s]\naccess.zipf = { objects = 10, exponent = 1.0 }\n";
    let phases = "[[phase]]\nrequests = 1000\nmix.s = 1\n[[phase]]\nrequests = 2000\nmix.s = 1\n";
    write(dir.path(), "recipe.toml", format!("{recipe}{phases}"));
    for trace in ["trace.parquet", "recipe.toml"] {
        let of = |n: &str| warmup(n).replace("trace.csv", trace);
        let said = both_refuse(dir.path(), &of("3000"));
        let words = format!("the warm-up of 3000 leaves none of the 3000 requests of {trace}");
        says(&said, "3:10", &words, "such as warmup = \"10%\"");
        write(dir.path(), "good.toml", of("2999"));
        program(dir.path(), &["validate", "good.toml"]).ok();
    }
}

#[test]
fn a_closed_loop_has_clients() {
    let dir = tiny_study();
    let said = both_refuse(dir.path(), &SCENARIO.replace("warmup", "closed-loop = 0\nwarmup"));
    says(
        &said,
        "3:15",
        "a closed loop needs at least 1 client",
        "leave it out for arrivals by the clock of the trace",
    );
}

#[test]
fn faults_name_stations_that_are_there() {
    let dir = tiny_study();
    let fault = |tier: &str, station: &str| {
        format!(
            "{PLACED}[[faults]]\nat = \"10%\"\nwhat = \"down\"\ntier = \"{tier}\"\nstations = [{station}]\n"
        )
    };
    for (tier, known, wrong, hint) in [
        (
            "L2",
            "\"shard-2-master\", \"shard-1\", 2",
            "shard-2-mastr",
            "did you mean `shard-2-master`?",
        ),
        ("L2", "\"5\"", "6", "there is "),
        ("edge", "\"fastly\"", "fastlyy", "did you mean `fastly`?"),
        ("edge", "\"cloudflare\"", "limelight", "there is "),
        ("shield", "\"iad\"", "one", "there is `iad`"),
        ("origin", "\"0\"", "replica", "there is `0`"),
    ] {
        let known = known.replace(", 2", ", \"2\"");
        write(dir.path(), "good.toml", fault(tier, &known));
        program(dir.path(), &["run", "good.toml", "--no-report"]).ok();
        let said = both_refuse(dir.path(), &fault(tier, &format!("{known}, \"{wrong}\"")));
        let column = "stations = [".len() + known.len() + ", ".len() + 1;
        let words = format!("no station is called `{wrong}` in `{tier}` of strategy `s`");
        assert!(said.starts_with(&format!("error: bad.toml:21:{column}: {words}")), "{said}");
        assert!(said.contains(&format!("\nhint: {hint}")), "{said}");
    }
}

/// Faults that would strike nothing, or more than they say.
#[test]
fn faults_and_chaos_name_tiers_that_are_there() {
    let dir = tiny_study();
    let said = both_refuse(
        dir.path(),
        &format!("{SCENARIO}[chaos]\nfaults = 3\nmean = \"1%\"\ntiers = [\"origin\", \"L11\"]\n"),
    );
    says(&said, "22:20", "no strategy has a tier called `L11`", "did you mean `L1`?");
    let said = both_refuse(
        dir.path(),
        &format!(
            "{SCENARIO}[[faults]]\nat = \"1s\"\nwhat = \"flush\"\ntier = \"L1\"\nstations = [\"0\"]\n"
        ),
    );
    assert!(said.starts_with("error: bad.toml:23:12: `stations` are for "), "{said}");
}

#[test]
fn runs_over_traces_have_names_of_their_own() {
    let dir = tiny_study();
    let twice = |more: &str| {
        SCENARIO.replace("[stack]", &format!("[[traces]]\npath = \"trace.csv\"\n{more}\n[stack]"))
    };
    let said = both_refuse(dir.path(), &twice(""));
    says(&said, "9:8", "a trace of this name is there already", "give one of them another `name`");
    write(dir.path(), "good.toml", twice("name = \"other\""));
    program(dir.path(), &["run", "good.toml", "--no-report"]).ok();
}

/// What a cluster is made of is no secret of the trace.
#[test]
fn a_cluster_that_cannot_be_is_refused_at_its_place() {
    let dir = tiny_study();
    let said =
        both_refuse(dir.path(), &PLACED.replace("cluster.masters = 3", "cluster.masters = 0"));
    assert!(
        said.starts_with("error: bad.toml:11:") && said.contains("`masters` is expected"),
        "{said}"
    );
}

#[test]
fn faults_begin_before_the_end() {
    let dir = tiny_study();
    let fault = |at: &str| {
        format!("{SCENARIO}[[faults]]\nat = \"{at}\"\nwhat = \"flush\"\ntier = \"L1\"\n")
    };
    write(dir.path(), "bad.toml", fault("140%"));
    let said = program(dir.path(), &["validate", "bad.toml"]).refused();
    assert!(
        said.starts_with("error: bad.toml:20:6: a fault at 140% begins after the end of the trace"),
        "{said}"
    );
    // The trace lasts 299.9 s. That shows when it is read.
    for (at, late) in [("299s", false), ("100%", false), ("300s", true), ("10h", true)] {
        write(dir.path(), "scenario.toml", fault(at));
        program(dir.path(), &["validate", "scenario.toml"]).ok();
        let said = program(dir.path(), &["run", "scenario.toml", "--no-report"]).ok().stderr;
        assert_eq!(said.contains("begins at "), late, "{at}: {said}");
    }
}

#[test]
fn a_flat_study_is_for_check() {
    let dir = tiny_study();
    write(
        dir.path(),
        "flat.toml",
        "schema = 1\nkind = \"flat\"\nname = \"f\"\npolicies = [\"lru\"]\ncapacities = [\"1%\"]\n[[traces]]\npath = \"gone.csv\"\n",
    );
    for command in ["run", "test", "sustain"] {
        let more: &[&str] = if command == "sustain" { &["--p99", "1s"] } else { &[] };
        let said = program(dir.path(), &[&[command, "flat.toml"], more].concat()).refused();
        assert!(said.starts_with("error: flat.toml:2:8: this is a flat study"), "{said}");
        assert!(said.contains("\nhint: `cache-strategy check` "), "{said}");
    }
    let said = program(dir.path(), &["validate", "flat.toml"]).refused();
    assert!(said.starts_with("error: flat.toml:7:8: the trace gone.csv is not there"), "{said}");
    write(dir.path(), "csv.toml", csv_trace(3, 1));
}

/// Every command that reads traces says which entry is wrong.
#[test]
fn a_missing_trace_is_shown_at_its_entry() {
    let dir = tiny_study();
    write(dir.path(), "bad.toml", SCENARIO.replace("trace.csv", "gone.csv"));
    for args in [
        &["validate", "bad.toml"][..],
        &["run", "bad.toml"],
        &["sustain", "bad.toml", "--p99", "1s"],
        &["test", "bad.toml", "--strategy", "fifo"],
        &["check", "bad.toml"],
    ] {
        let said = program(dir.path(), args).refused();
        says(
            &said,
            "6:8",
            "the trace gone.csv is not there",
            "paths start at the folder of the scenario",
        );
    }
    let set = ["run", "scenario.toml", "--set", "traces.0.path=lost.csv"];
    let said = program(dir.path(), &set).refused();
    assert!(
        said.starts_with("error: the scenario with --set: the trace lost.csv is not there"),
        "{said}"
    );
}
