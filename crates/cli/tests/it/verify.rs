//! `verify`: figures that ship with the program, and whether it still gets them.

use std::path::Path;

use serde_json::Value;

use crate::support::{program, repository, same_as_file, snapshot, workplace, write};

const GOLDEN: &str = "crates/experiment/data/golden.csv";

/// A folder from which the program sees one of its traces.
fn place(trace: &str) -> tempfile::TempDir {
    let dir = workplace();
    let bytes = std::fs::read(repository().join("traces").join(trace)).unwrap();
    write(dir.path(), "traces/renamed.bin", bytes);
    dir
}

fn verdicts(rows: &[Value], source: &str) -> Vec<String> {
    let of_source = rows.iter().filter(|row| row["source"] == source);
    of_source.map(|row| row["verdict"].as_str().unwrap().to_string()).collect()
}

#[test]
fn golden_counts_are_those_of_all_policies_and_what_is_counted_now() {
    let counted = program(&repository(), &["verify", "--golden"]).ok();
    same_as_file(GOLDEN, &counted.stdout);
    for info in policies::ALL {
        let of_policy = format!(",{},objects,", info.name);
        assert_eq!(counted.stdout.matches(&of_policy).count(), 12, "{}", info.name);
    }
}

#[test]
fn a_shipped_trace_is_known_by_its_counts_and_gives_its_figures() {
    let dir = place("sqlite-transactional.csv.zst");
    let outcome = program(dir.path(), &["verify", "--format", "json"]).ok();
    let rows = outcome.json();
    assert_eq!(rows.len(), 2 * policies::ALL.len());
    assert!(verdicts(&rows, "golden").iter().all(|verdict| verdict == "equal"), "{rows:?}");
    assert!(
        rows.iter().all(|row| row["difference"] == 0.0 && row["trace"] == "sqlite-transactional")
    );
    assert!(rows[0]["about"].as_str().unwrap().starts_with("golden counts of version"));
    let said = &outcome.stderr;
    assert!(said.contains("traces/renamed.bin: sqlite-transactional\n"), "{said}");
    let n = rows.len();
    assert!(said.contains(&format!("{n} figures checked: {n} equal, 0 within rounding")), "{said}");

    let table = program(dir.path(), &["verify"]).ok();
    let some: Vec<&str> = table
        .stdout
        .lines()
        .filter(|line| !line.contains("golden") || line.contains(" lru "))
        .collect();
    snapshot("verify", &(some.join("\n") + "\n"));
}

#[test]
fn what_is_not_run_is_listed_with_the_reason_if_asked_for() {
    let dir = place("sqlite-transactional.csv.zst");
    let rows = program(dir.path(), &["verify", "--all", "--format", "json"]).ok().json();
    let absent = rows.iter().filter(|row| row["why"] == "trace absent").count();
    assert!(absent > 1500 && absent + 2 * policies::ALL.len() == rows.len(), "{absent}");
    assert!(rows.iter().all(|row| row["ours"].is_null() == (row["verdict"] == "not run")));
}

#[test]
fn another_trace_is_no_known_one() {
    let dir = workplace();
    write(dir.path(), "x/a.csv", "key\na\nb\na\n");
    let words = "none of 1 files is a trace that figures are known of\nhint: --traces DIR says where the traces lie; traces/ of the source has six";
    program(dir.path(), &["verify", "--traces", "x"]).refused_with(words);
}

/// With other people's traces beside the checkout: every deterministic figure, and no difference that
/// is not explained.
#[test]
#[expect(clippy::print_stderr, reason = "says what is skipped")]
fn figures_of_others_are_met_or_explained() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let folder = std::env::var_os("CACHE_STRATEGY_REFERENCE").unwrap_or(beside.into());
    let folder = Path::new(&folder).join("traces");
    let small = ["lirs-cs.trace.gz", "lirs-cpp.trace.gz", "cloudPhysicsIO.oracleGeneral.bin"];
    if !small.iter().all(|name| folder.join(name).is_file()) {
        eprintln!("skipped: no traces in {}", folder.display());
        return;
    }
    let dir = workplace();
    for (i, name) in small.into_iter().enumerate() {
        // Their names do not matter.
        let bytes = std::fs::read(folder.join(name)).unwrap();
        write(dir.path(), &format!("old/{i}"), bytes);
    }
    let rows = program(dir.path(), &["verify", "--traces", "old", "--format", "json"]).ok().json();
    let tests = verdicts(&rows, "libcachesim-tests");
    assert!(tests.iter().filter(|verdict| *verdict == "equal").count() >= 88, "{tests:?}");
    let authors = verdicts(&rows, "lirs-c");
    assert!(authors.len() > 20 && authors.iter().all(|verdict| verdict == "equal"), "{authors:?}");
}
