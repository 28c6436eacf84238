//! What `--help` says, and bad usage.

use crate::support::{program, repository, snapshot};

const COMMANDS: &[&str] = &[
    "",
    "run",
    "rerun",
    "sustain",
    "test",
    "validate",
    "show",
    "schema",
    "replay",
    "mrc",
    "compare",
    "verify",
    "check",
    "trend",
    "audit",
    "audit verify",
    "policies",
    "trace",
    "trace info",
    "trace convert",
    "trace head",
    "trace sample",
    "trace generate",
    "trace formats",
    "calibrate",
    "calibrate fit",
    "calibrate measure",
];

fn help(command: &str) -> String {
    let args: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
    let outcome = program(&repository(), &args).ok();
    assert_eq!(outcome.stderr, "");
    outcome.stdout
}

#[test]
fn help_of_every_command() {
    let mut all = String::new();
    for command in COMMANDS {
        let name = format!("cache-strategy {command}");
        all.push_str(&format!("==== {}\n\n{}\n", name.trim_end(), help(command)));
    }
    // Blank lines of clap hold blanks, which editors take away.
    let all: Vec<&str> = all.lines().map(str::trim_end).collect();
    snapshot("help", &(all.join("\n") + "\n"));
    assert!(all.iter().all(|line| line.chars().count() <= 100), "a line is wider than 100");
}

#[test]
fn every_command_has_its_help_above() {
    for group in ["", "audit", "trace", "calibrate"] {
        let text = help(group);
        let (_, list) = text.split_once("Commands:\n").expect("a list of commands");
        let list = list.lines().take_while(|line| line.starts_with("  "));
        // What is further in goes on with the line before.
        for line in list.filter(|line| !line.starts_with("   ")) {
            let name = line.split_whitespace().next().expect("a name");
            let whole = format!("{group} {name}");
            assert!(name == "help" || COMMANDS.contains(&whole.trim()), "{whole} is not listed");
        }
    }
}

#[test]
fn exit_codes_are_those_that_help_promises() {
    let text = help("");
    let (_, codes) = text.split_once("Exit codes: ").expect("exit codes");
    let codes = codes.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        codes,
        "0 done, 1 a comparison found a difference, 2 bad usage or input, 3 check has nothing to \
         compare with, 4 check is inconclusive, 70 a bug, 130 interrupted."
    );
    // The tests of this crate see each of them; here is that there is no other.
    let source = repository().join("crates/cli/src/exit.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let mut used: Vec<&str> = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub(crate) const ")?.split_once(": u8 = "))
        .map(|(_, code)| code.trim_end_matches(';'))
        .collect();
    used.sort_by_key(|code| code.parse::<u8>().unwrap());
    assert_eq!(used, ["1", "2", "3", "4", "70", "130"]);
}

#[test]
fn the_version_is_that_of_the_package() {
    let outcome = program(&repository(), &["--version"]).ok();
    assert_eq!(outcome.stdout, concat!("cache-strategy ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn bad_usage_ends_with_2() {
    for args in [
        &["no-such-command"][..],
        &["run"],
        &["run", "a.toml", "--no-such-option"],
        &["run", "a.toml", "--set", "nonsense"],
        &["run", "a.toml", "--threads", "many"],
        &["run", "a.toml", "--out", "x", "--no-report"],
        &["replay", "a.csv", "--policy", "lru"],
        &["replay", "a.csv", "--policy", "lru", "--capacity", "10", "--format", "xml"],
        &["mrc"],
        &["mrc", "a.csv", "--method", "guess"],
        &["mrc", "a.csv", "--points", "0"],
        &["mrc", "a.csv", "--points", "5", "--sizes", "1%"],
        &["trace", "sample", "a.csv", "b.parquet", "--objects", "1%", "--clients", "1%"],
        &["policies", "lru", "--markdown"],
        &["calibrate", "fit", "a.csv", "--unit", "parsec"],
        &["calibrate", "measure", "--samples", "1"],
    ] {
        program(&repository(), args).refused();
    }
    // Without a command, the help is what is missing.
    let outcome = program(&repository(), &[]).code(2);
    assert_eq!(outcome.stdout, "");
    assert!(outcome.stderr.contains("Usage: cache-strategy <COMMAND>"), "{outcome:?}");
}
