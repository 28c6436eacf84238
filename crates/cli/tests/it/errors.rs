//! What the program says about input that it cannot use: where, what, and what to try.

use std::fmt::Write as _;

use crate::support::{SCENARIO, csv_trace, program, snapshot, tiny_study, workplace, write};

#[test]
fn a_misspelt_field_is_shown_in_its_line() {
    let dir = tiny_study();
    write(dir.path(), "bad.toml", SCENARIO.replace("tiers.L1.capacity", "tiers.L1.capacty"));
    program(dir.path(), &["run", "bad.toml"]).refused_with(
        "bad.toml:11:10: unknown field `capacty`, expected one of `capacity`, `object-overhead`, `policy`, `ttl`, `ttl-jitter`, `ttl-renew`, `expiry`, `stale-while-revalidate`, `stale-if-error`, `negative-ttl`, `early-refresh`, `latency`, `cluster`, `two-choices`, `cdn`, `shield`, `station`, `misses`, `fill`, `inclusion`, `encryption`, `price`
   |
11 | tiers.L1.capacty = \"20%\"
   |          ^^^^^^^
hint: did you mean `capacity`?",
    );
}

/// Each line of the scenario that is changed, and what to.
const SPOILT: &[(&str, &str)] = &[
    ("schema = 1", "schema = 2"),
    ("schema = 1", "schema = 1\nmetrics = \"cost\""),
    ("schema = 1", "schema = 1\nmetric = \"hit-rate\""),
    ("schema = 1", "schema = 1\nseed = \"x\""),
    ("schema = 1", "schema = 1\ninclude = [\"gone.toml\"]"),
    ("name = \"tiny\"", "name = \"../tiny\""),
    ("warmup = \"10%\"", "warmup = \"some\""),
    ("[stack]", "[stack"),
    ("path = \"trace.csv\"", "path = \"trace.csv\"\nformat = \"csvv\""),
    ("path = \"trace.csv\"", "path = \"trace.csv\"\nscale = 0.0"),
    ("path = \"trace.csv\"", "path = \"trace.csv\"\nrate = \"fast\""),
    ("preset = \"brief\"", "preset = \"breif\""),
    ("preset = \"brief\"", "preset = \"brief\"\nprices = \"breif\""),
    ("preset = \"brief\"", "preset = \"brief\"\nlatency-of-origin = \"nowhere\""),
    ("preset = \"brief\"", "preset = \"brief\"\ntiers.L1.latency = \"proces-memory\""),
    ("preset = \"brief\"", ""),
    ("order = [\"L1\"]", "order = [\"L1\", \"L9\"]"),
    ("order = [\"L1\"]", "order = [\"L1\", \"L1\"]"),
    ("order = [\"L1\"]", "order = []"),
    ("\"20%\"", "\"20MBB\""),
    ("\"20%\"", "20"),
    ("\"20%\"", "\"20%\"\ntiers.L1.ttl = 60"),
    ("\"20%\"", "\"20%\"\ntiers.L1.price.memory = 0.05"),
    ("path = \"trace.csv\"", "path = \"trace.csv\"\nrate = 1000"),
    ("\"20%\"", "\"20%\"\ntiers.L1.ttl = \"60\""),
    ("\"20%\"", "\"20%\"\ntiers.L11.capacity = \"1GiB\""),
    ("policy = \"fifo\"", "policy = \"fifoo\""),
    ("policy = \"fifo\"", "policy = \"belady\""),
    ("policy = \"fifo\"", "policy = \"s3-fifo:smal-ratio=0.1\""),
    ("policy = \"fifo\"", "policy = \"s3-fifo:small-ratio=7\""),
    ("\"20%\"", "true"),
    ("schema = 1", "schema = 1\nmetric = 5"),
    ("[stack]", "[[faults]]\nat = 5\ntier = \"L1\"\nwhat = \"flush\"\n[stack]"),
    ("[stack]", "[matrix]\n\"stack.tiers.L1.capacity\" = [100]\n[stack]"),
    ("name = \"fifo\"", "name = \"lru\""),
    ("[stack]", "[matrix]\n\"stack.tiers.L1.capacity\" = [\"1%\", \"5 parsec\"]\n[stack]"),
    ("[stack]", "[matrix]\n\"stack.tiers.L1.capacity\" = []\n[stack]"),
    ("[stack]", "[matrix]\nseed = [1, 2]\n[stack]"),
];

#[test]
fn errors_in_scenarios() {
    let dir = tiny_study();
    let mut all = String::new();
    for (line, spoilt) in SPOILT {
        let text = SCENARIO.replacen(line, spoilt, 1);
        assert_ne!(text, SCENARIO, "{line}");
        write(dir.path(), "bad.toml", &text);
        let stderr = program(dir.path(), &["validate", "bad.toml"]).refused();
        assert!(stderr.starts_with("error: bad.toml:"), "no place: {stderr}");
        let _ = writeln!(all, "==== {line}  ->  {spoilt}\n\n{stderr}");
    }
    snapshot("scenario-errors", &all);
}

#[test]
fn errors_in_settings() {
    let dir = tiny_study();
    let mut all = String::new();
    for setting in [
        "sed=1",
        "seed=x",
        "schema.x=1",
        "schema=2",
        "stack.prices=breif",
        "stack.preset=breif",
        "stack.order=[\"L1\", \"L9\"]",
        "stack.tiers.L1.polcy=lru",
        "stack.tiers.L1.policy=lruu",
        "stack.tiers.L1.policy=belady",
        "stack.tiers.L1.capacity=big",
        "stack.tiers.L1.latency=nowhere",
        "stack.tiers.L11.capacity=1GiB",
    ] {
        let stderr = program(dir.path(), &["run", "scenario.toml", "--set", setting]).refused();
        let _ = writeln!(all, "==== --set {setting}\n\n{stderr}");
    }
    snapshot("setting-errors", &all);
    let stderr = program(dir.path(), &["run", "scenario.toml", "--set", "nonsense"]).refused();
    assert!(stderr.contains("`nonsense` is not `path=value`"), "{stderr}");
}

#[test]
fn errors_of_traces_in_a_run() {
    let dir = tiny_study();
    write(dir.path(), "keys.txt", "a\nb\na\n");
    write(dir.path(), "empty.csv", "");
    let run = |entry: &str| {
        write(dir.path(), "bad.toml", SCENARIO.replace("path = \"trace.csv\"", entry));
        program(dir.path(), &["run", "bad.toml", "--no-report"])
    };
    run("path = \"gone.csv\"").refused_with(
        "bad.toml:6:8: the trace gone.csv is not there
  |
6 | path = \"gone.csv\"
  |        ^^^^^^^^^^
hint: paths start at the folder of the scenario",
    );
    let said = run("path = \".\"").refused();
    assert!(
        said.starts_with("error: bad.toml:6:8: . is a directory, expected a trace file"),
        "{said}"
    );
    run("path = \"empty.csv\"").refused_with("empty.csv: holds no requests");
    run("path = \"keys.txt\"\nformat = \"txt\"").refused_with(
        "keys.txt: the trace has no stamps\nhint: give its entry a pace, such as `rate = \"1000/s\"`",
    );
    write(dir.path(), "other/trace.csv", csv_trace(100, 2));
    run("path = \"trace.csv\"\n[[traces]]\npath = \"other/trace.csv\"")
        .refused_with("two traces are called `trace`\nhint: give one of them another `name`");
    // Which also shows that another name, and a pace, are enough.
    run("path = \"trace.csv\"\n[[traces]]\npath = \"trace.csv\"\nname = \"other\"").ok();
    run("path = \"keys.txt\"\nformat = \"txt\"\nrate = \"1000/s\"").ok();
}

#[test]
fn errors_of_traces_in_a_replay() {
    let dir = workplace();
    write(dir.path(), "trace.csv", csv_trace(100, 1));
    write(dir.path(), "empty.csv", "");
    write(dir.path(), "unclear.txt", "aaa bbb\n1 2 3\nxx\n");
    write(dir.path(), "cut.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c");
    write(dir.path(), "noise.parquet", b"PAR1 and then nothing that makes sense, PAR1");
    let replay = |args: &[&str]| {
        let args = [&["replay", "--policy", "lru", "--capacity", "10"], args].concat();
        program(dir.path(), &args)
    };
    replay(&["gone.csv"]).refused_with("gone.csv: No such file or directory (os error 2)");
    replay(&["."]).refused_with(".: is a directory, expected a trace file");
    replay(&["empty.csv"]).refused_with("empty.csv: holds no requests");
    replay(&["unclear.txt"]).refused_with(
        "unclear.txt: cannot tell the trace format from its content; say which with --trace-format\nhint: it could be txt",
    );
    replay(&["trace.csv", "--trace-format", "csvv"]).refused_with(
        "no trace format is called `csvv`\nhint: did you mean `csv`? `cache-strategy trace formats` lists them",
    );
    for damaged in ["cut.csv.gz", "noise.parquet"] {
        let stderr = replay(&[damaged]).refused();
        assert!(stderr.contains(damaged) && !stderr.contains("panicked"), "{stderr}");
    }
    // One bad trace among good ones: no table, since it would pass for the whole.
    replay(&["trace.csv", "gone.csv"]).code(2);
}

#[test]
fn errors_in_the_arguments_of_replay() {
    let dir = workplace();
    write(dir.path(), "trace.csv", csv_trace(100, 1));
    let replay = |policy: &str, capacity: &str, more: &[&str]| {
        let args = ["replay", "trace.csv", "--policy", policy, "--capacity", capacity];
        program(dir.path(), &[&args, more].concat())
    };
    replay("lruu", "10", &[]).refused_with(
        "no policy is called `lruu`\nhint: did you mean `lru`? `cache-strategy policies` lists them",
    );
    let stderr = replay("s3-fifo:smal-ratio=0.1", "10", &[]).refused();
    assert!(stderr.contains("unknown field `smal-ratio`"), "{stderr}");
    let stderr = replay("s3-fifo:small-ratio=7", "10", &[]).refused();
    assert!(stderr.contains("`small-ratio` is 7, expected a share between 0 and 1"), "{stderr}");
    replay("lru", "10 parsec", &[])
        .refused_with("`10 parsec` is not a capacity; write 1000, 1% or 64MiB");
    replay("lru", "0", &[]).refused_with("a capacity of 0 holds nothing");
    replay("lru", "10%,64MiB", &[])
        .refused_with("some capacities are in bytes and some are not\nhint: say --unit bytes");
    replay("lru", "64MiB", &["--unit", "objects"])
        .refused_with("--unit objects does not go with a capacity in bytes");
    replay("lru", "10", &["--warmup", "some"]).refused_with(
        "--warmup: `some` is neither a share such as \"10%\" nor a number of requests",
    );
    replay("lru", "10", &["--format", "parquet"])
        .refused_with("--format parquet needs a file\nhint: --output results.parquet");
    let stderr = replay("lru", "10", &["--csv-columns", "keys=1"]).refused();
    assert!(stderr.contains("`keys` is not one of time, key, size"), "{stderr}");
}

#[test]
fn errors_of_other_files() {
    let dir = tiny_study();
    program(dir.path(), &["run", "gone.toml"])
        .refused_with("gone.toml: No such file or directory (os error 2)");
    program(dir.path(), &["rerun", "gone.json"])
        .refused_with("gone.json: No such file or directory (os error 2)");
    let stderr = program(dir.path(), &["rerun", "scenario.toml"]).refused();
    assert!(stderr.starts_with("error: scenario.toml:1:1: not a manifest: "), "{stderr}");
    program(dir.path(), &["trace", "convert", "trace.csv", "trace.bin"])
        .refused_with("trace.bin: the native format is Parquet\nhint: name the file .parquet");
    write(dir.path(), "recipe.toml", "schema = 1\nname = \"x\"\nsede = 1\n");
    let stderr = program(dir.path(), &["trace", "generate", "recipe.toml", "x.parquet"]).refused();
    assert!(stderr.contains("recipe.toml") && stderr.contains("sede"), "{stderr}");
    assert!(!dir.path().join("x.parquet").exists() && !dir.path().join("trace.bin").exists());
}
