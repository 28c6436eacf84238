//! `check` and `trend`: every exit code, every output, and what is written.

use std::path::Path;

use serde_json::Value;

use crate::support::{Outcome, command, csv_trace, read, read_json, tiny_study, write};

/// The study of `tiny_study`, by `check` with nothing around it that looks like a build server.
fn check(dir: &Path, args: &[&str]) -> Outcome {
    check_in(dir, args, &[])
}

fn check_in(dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let all: Vec<&str> = ["check", "scenario.toml"].iter().chain(args).copied().collect();
    run(dir, &all, variables)
}

fn run(dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let mut command = command(dir, args);
    for name in ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_SHA", "CI_COMMIT_SHA"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    let output = command.output().expect("the program starts");
    Outcome::new(format!("cache-strategy {}", args.join(" ")), output)
}

const BASELINE: &str = "baselines/scenario.toml";

/// What reading the trace of it adjusts.
const NOTE: &str = "note: trace: stamps are 1 ms apart at best; within that, requests are spread by the rule \"uniform\".\n";

/// A study with a baseline.
fn based() -> tempfile::TempDir {
    let dir = tiny_study();
    check(dir.path(), &["--update-baseline", "--reason", "first"]).ok();
    dir
}

/// The strategy `lru` under the policy that evicts the wrong victim: as if its code were damaged.
const DAMAGED: [&str; 4] =
    ["--set", "strategies.0.stack.tiers.L1.policy=mru", "--allow", "scenario-change"];

#[test]
fn code_0_the_same_figures_pass() {
    let dir = based();
    let outcome = check(dir.path(), &[]).ok();
    assert_eq!(outcome.stdout, "");
    assert_eq!(outcome.stderr, format!("{NOTE}pass: 2 runs, 14 as they were\n"));
    let one = check(dir.path(), &["--threads", "1", "--format", "json"]).ok();
    assert_eq!(one.stdout, check(dir.path(), &["--threads", "4", "--format", "json"]).ok().stdout);
    let rows = one.json();
    assert_eq!(rows.len(), 14);
    assert!(rows.iter().all(|row| row["status"] == "same" && row["line"].as_u64() > Some(0)));
    let shown = check(dir.path(), &["--all"]).ok();
    assert_eq!(shown.stdout.lines().count(), 2 + 14, "{}", shown.stdout);
}

#[test]
fn code_1_a_damaged_policy_turns_the_gate_red() {
    let dir = based();
    let outcome = check(dir.path(), &DAMAGED).code(1);
    assert!(outcome.stdout.contains("regressed"), "{outcome:?}");
    assert!(outcome.stderr.contains("\nregressed: 2 runs, "), "{outcome:?}");
    let json = [&DAMAGED[..], &["--format", "json"]].concat();
    let rows = check(dir.path(), &json).code(1).json();
    let failed: Vec<&Value> = rows.iter().filter(|row| row["status"] == "regressed").collect();
    assert!(failed.iter().any(|row| row["metric"] == "hit_ratio"), "{failed:?}");
    // The other strategy has a policy of its own, and is as it was.
    assert!(failed.iter().all(|row| row["strategy"] == "lru"), "{failed:?}");
    let text = read(dir.path(), BASELINE);
    for row in failed {
        let line = text.lines().nth(row["line"].as_u64().unwrap() as usize - 1).unwrap();
        let metric = row["metric"].as_str().unwrap();
        assert!(line.starts_with(&format!("{metric} = ")), "{line}");
        let expected = line.split(" = ").nth(1).unwrap().parse::<f64>().unwrap();
        assert_eq!(row["expected"].as_f64(), Some(expected));
    }
}

#[test]
fn code_1_a_limit_is_a_limit() {
    let dir = based();
    let limit = "\n[[limits]]\nmetric = \"hit_ratio\"\nat-least = \"99.9%\"\n\n[traces]";
    let text = read(dir.path(), BASELINE).replacen("\n[traces]", limit, 1);
    write(dir.path(), BASELINE, text);
    let outcome = check(dir.path(), &[]).code(1);
    assert!(outcome.stdout.contains("at least 99.900 % is asked for"), "{outcome:?}");
}

#[test]
fn code_2_what_makes_no_sense_is_refused_with_its_place() {
    let dir = based();
    let text = read(dir.path(), BASELINE);
    let line = text.lines().position(|line| line.contains("\"hit_ratio\",")).unwrap() + 1;
    write(dir.path(), BASELINE, text.replacen("\"hit_ratio\"", "\"hitratio\"", 1));
    let error = check(dir.path(), &[]).refused();
    let place = format!("error: {BASELINE}:{line}:3: unknown metric `hitratio`");
    assert!(error.starts_with(&place) && error.contains("did you mean `hit_ratio`?"), "{error}");

    write(dir.path(), BASELINE, text.replace("strategy = \"fifo\"", "strategy = \"fido\""));
    let error = check(dir.path(), &[]).refused();
    assert!(error.contains("unused: the study has no run `fido / trace`"), "{error}");

    write(dir.path(), BASELINE, &text);
    for args in [
        &["--update-baseline"][..],
        &["--reason", "x"],
        &["--accept"],
        &["--update-baseline", "--reason", " "],
        &["--history", "h.jsonl"],
        &["--explain", "--format", "csv"],
        &["--allow", "everything"],
        &["--junit", "a.xml", "--update-baseline", "--reason", "x"],
    ] {
        check(dir.path(), args).refused();
    }
    assert_eq!(read(dir.path(), BASELINE), text);
}

#[test]
fn one_report_may_go_to_standard_output() {
    let dir = based();
    let args = ["--set", "seed=2"];
    for option in ["--junit", "--sarif", "--gitlab", "--bencher", "--bigger", "--smaller"] {
        let there = check(dir.path(), &[&args[..], &[option, "-"]].concat()).code(3).stdout;
        let file = check(dir.path(), &[&args[..], &[option, "new/folder/file"]].concat()).code(3);
        assert_eq!(there, read(dir.path(), "new/folder/file"), "{option}");
        assert_ne!(there, file.stdout, "{option}");
    }
    let refused = check(dir.path(), &["--junit", "-", "--sarif", "-"]).refused();
    let words = "error: --junit and --sarif cannot both go to standard output\nhint: ";
    assert!(refused.starts_with(words), "{refused}");
    let refused = check(dir.path(), &["--history", "-", "--commit", "x"]).refused();
    assert!(refused.contains("`-` is no file to write\nhint: "), "{refused}");
    assert!(!dir.path().join("-").exists());
    // A folder in the way shows before the study is run.
    let refused = check(dir.path(), &["--sarif", "new"]).refused();
    assert!(refused.contains("this is a directory, expected a file to write"), "{refused}");
}

#[test]
fn code_3_no_baseline_or_that_of_another_study() {
    let dir = tiny_study();
    let outcome = check(dir.path(), &[]).code(3);
    assert_eq!(
        outcome.stderr,
        "incomparable: there is no baseline baselines/scenario.toml\nhint: cache-strategy check scenario.toml --update-baseline --reason 'first figures'\n"
    );
    check(dir.path(), &["--update-baseline", "--reason", "first"]).ok();

    let other = check(dir.path(), &["--set", "strategies.0.stack.tiers.L1.policy=mru"]).code(3);
    assert!(
        other.stderr.contains("incomparable: another scenario: strategies.lru changed"),
        "{other:?}"
    );
    let allow = "--allow scenario-change";
    assert!(other.stderr.contains(allow), "{other:?}");
    let seeded = check(dir.path(), &["--set", "seed=7"]).code(3);
    assert!(seeded.stderr.contains("another seed: 1 then, 7 now"), "{seeded:?}");
    // What does not help is no hint.
    let undo = "hint: undo the change, or write the baseline anew with --update-baseline";
    assert!(seeded.stderr.contains(undo) && !seeded.stderr.contains(allow), "{seeded:?}");

    write(dir.path(), "trace.csv", csv_trace(3000, 2));
    let moved = check(dir.path(), &["--allow", "scenario-change"]).code(3);
    assert!(moved.stderr.contains("incomparable: another trace trace: blake3:"), "{moved:?}");
    assert!(moved.stderr.contains(undo) && !moved.stderr.contains(allow), "{moved:?}");
    let both = check(dir.path(), &["--set", "stack.tiers.L1.capacity=9%"]).code(3);
    assert!(both.stderr.contains("another scenario") && both.stderr.contains("another trace"));
    assert!(both.stderr.contains(undo) && !both.stderr.contains(allow), "{both:?}");
    assert_eq!(check(dir.path(), &["--format", "json"]).code(3).json().len(), 14);
}

#[test]
fn code_4_an_interval_does_not_decide() {
    let dir = tiny_study();
    // Rules may come first: an update fills in the rest.
    let rules = "schema = 1\nstudy = \"\"\nprogram = \"\"\nseed = 0\nscenario = \"\"\nmetrics = [\"hit_ratio\"]\n\n[[tolerances]]\nmetric = \"hit_ratio\"\nabs = \"1%\"\ninterval = true\n";
    write(dir.path(), BASELINE, rules);
    check(dir.path(), &["--update-baseline", "--reason", "first", "--with-detail"]).ok();
    check(dir.path(), &[]).ok();
    let args =
        ["--set", "strategies.0.stack.tiers.L1.capacity=18.5%", "--allow", "scenario-change"];
    let outcome = check(dir.path(), &args).code(4);
    let said = &outcome.stdout;
    assert!(said.contains("inconclusive") && said.contains("95 % interval"), "{outcome:?}");
    let allow = ["--allow", "inconclusive", "--junit", "j.xml", "--gitlab", "g.json"];
    check(dir.path(), &[&args[..], &allow].concat()).ok();
    let junit = read(dir.path(), "j.xml");
    assert!(junit.contains("errors=\"0\"") && junit.contains("<skipped "), "{junit}");
    assert_eq!(read(dir.path(), "g.json"), "[]\n");
    // The figure alone is beyond the tolerance, which is not sure of requests like these. Further off it is,
    // and nearer there is nothing to doubt.
    let at = |capacity: &str, code: i32| {
        let set = format!("strategies.0.stack.tiers.L1.capacity={capacity}");
        check(dir.path(), &["--set", &set, "--allow", "scenario-change"]).code(code)
    };
    assert!(at("17.5%", 1).stdout.contains("95 % interval"));
    assert!(at("19.5%", 0).stdout.contains("blocks differ, so the figure itself decides"));
    // An update goes by the figure, inconclusive or not.
    let update = ["--update-baseline", "--reason", "less"];
    check(dir.path(), &[&args[..2], &update].concat()).code(1);
    // Without details there is nothing to decide by.
    std::fs::remove_file(dir.path().join("baselines/scenario.detail.zst")).unwrap();
    let outcome = check(dir.path(), &[]).code(3);
    assert!(outcome.stderr.contains("needs details for its interval"), "{outcome:?}");
    // Lost or damaged, they come back, and the baseline stays as it is.
    let before = read(dir.path(), BASELINE);
    let again = ["--update-baseline", "--reason", "again"];
    let outcome = check(dir.path(), &again).ok();
    assert!(outcome.stderr.contains("written: baselines/scenario.detail.zst"), "{outcome:?}");
    check(dir.path(), &[]).ok();
    write(dir.path(), "baselines/scenario.detail.zst", "damaged");
    let error = check(dir.path(), &[]).refused();
    assert!(error.contains("is not the file that the baseline was written with"), "{error}");
    check(dir.path(), &again).ok();
    check(dir.path(), &[]).ok();
    assert_eq!(read(dir.path(), BASELINE), before);
    assert!(check(dir.path(), &again).ok().stderr.contains("says all this already"));
}

#[test]
fn a_baseline_is_written_with_a_reason_and_regressions_only_if_accepted() {
    let dir = based();
    let first = read(dir.path(), BASELINE);
    assert!(
        first.contains(concat!(
            "[[history]]\nprogram = \"",
            env!("CARGO_PKG_VERSION"),
            "\"\nreason = \"first\"\n"
        )),
        "{first}"
    );
    let same = check(dir.path(), &["--update-baseline", "--reason", "again"]).ok();
    assert!(same.stderr.contains("says all this already"), "{same:?}");
    assert_eq!(read(dir.path(), BASELINE), first);

    let update = [
        "--set",
        "strategies.0.stack.tiers.L1.policy=mru",
        "--update-baseline",
        "--reason",
        "a try",
    ];
    let refused = check(dir.path(), &update).code(1);
    assert!(
        refused.stderr.contains("refused: ")
            && refused.stderr.contains("hint: if that is meant, say --accept")
    );
    assert_eq!(read(dir.path(), BASELINE), first);
    write(dir.path(), BASELINE, format!("# mine\n{first}"));
    check(dir.path(), &[&update[..], &["--accept"]].concat()).ok();
    let second = read(dir.path(), BASELINE);
    assert!(second.starts_with("# mine\n# What `cache-strategy check`"), "{second}");
    assert!(
        second.contains("reason = \"a try\"\naccepted = [\n  \"lru / trace: hit_ratio "),
        "{second}"
    );

    // Back again is better: the baseline is stale, which is told, and may be refused.
    let better = check(dir.path(), &["--allow", "scenario-change"]).ok();
    assert!(better.stderr.contains("the baseline is stale"), "{better:?}");
    let denied =
        check(dir.path(), &["--allow", "scenario-change", "--deny", "improvement"]).code(1);
    assert!(denied.stdout.contains(" denied "), "{denied:?}");
    assert!(!denied.stdout.contains("regressed"), "{denied:?}");
    assert!(denied.stderr.contains("denied: 2 runs, "), "{denied:?}");
    assert!(denied.stderr.contains(" better, which is denied\n"), "{denied:?}");
    assert!(!denied.stderr.contains(" worse"), "{denied:?}");
}

#[test]
fn a_change_is_explained_by_requests_and_by_the_first_that_differs() {
    let dir = based();
    let without = check(dir.path(), &["--explain"]).ok();
    assert!(without.stderr.contains("note: the baseline has no details"), "{without:?}");
    check(dir.path(), &["--update-baseline", "--reason", "more", "--with-detail"]).ok();
    let args = [&DAMAGED[..], &["--explain", "--format", "json"]].concat();
    let outcome = check(dir.path(), &args).code(1);
    let rows = outcome.json();
    let causes: Vec<&Value> = rows.iter().filter(|row| row.get("group").is_some()).collect();
    let kinds = |by: &str| causes.iter().filter(|row| row["by"] == by).count();
    for by in ["window", "answer", "size", "popularity", "bill"] {
        assert!(kinds(by) > 0, "{by}: {causes:?}");
    }
    // The answers add up to the figures.
    let regressed = |row: &&Value| row["metric"] == "hit_ratio" && row["status"] == "regressed";
    let regressed = rows.iter().find(regressed).unwrap();
    let answer = causes.iter().find(|row| {
        row["by"] == "answer" && row["measure"] == "hits" && row["group"] == "hit at L1"
    });
    let share = answer.unwrap()["change"].as_f64().unwrap() / 2700.0;
    let change = regressed["change"].as_f64().unwrap();
    assert!((share - change).abs() < 1e-6, "{share} {change}");
    assert!(outcome.stderr.contains("lru / trace: the runs part at request "), "{outcome:?}");
    assert!(outcome.stderr.contains("hit at L1 then, miss now"), "{outcome:?}");
    // An update keeps the details, and they stay those of the baseline.
    let update = [
        "--set",
        "strategies.0.stack.tiers.L1.policy=mru",
        "--update-baseline",
        "--reason",
        "x",
        "--accept",
    ];
    check(dir.path(), &update).ok();
    let again = check(dir.path(), &[&DAMAGED[..], &["--explain"]].concat()).ok();
    assert_eq!(again.stderr, format!("{NOTE}pass: 2 runs, 14 as they were\n"));
    let back = check(dir.path(), &["--allow", "scenario-change", "--explain"]).ok();
    assert!(back.stderr.contains("miss then, hit at L1 now"), "{back:?}");
    // What differs in the scenario is told value by value.
    assert!(outcome.stderr.contains("policy: \"lru-k\" then, \"mru\" now"), "{outcome:?}");
}

#[test]
fn a_flat_study_is_gated_to_the_miss() {
    let dir = tiny_study();
    let study = "schema = 1\nkind = \"flat\"\nname = \"flat\"\npolicies = [\"lru\", \"s3-fifo\"]\ncapacities = [\"5%\", \"20%\"]\n[[traces]]\npath = \"trace.csv\"\n";
    write(dir.path(), "flat.toml", study);
    let check = |args: &[&str]| run(dir.path(), &[&["check", "flat.toml"], args].concat(), &[]);
    check(&["--update-baseline", "--reason", "first", "--with-detail"]).ok();
    check(&["--explain"]).ok();
    let path = "baselines/flat.toml";
    let text = read(dir.path(), path);
    assert!(
        text.contains("strategy = \"s3-fifo\"\ncell = \"20%\"\n\n[runs.figures]\nmisses = "),
        "{text}"
    );
    // One miss fewer there is one more here.
    let line = text.lines().find(|line| line.starts_with("misses = ")).unwrap();
    let misses: u64 = line.trim_start_matches("misses = ").parse().unwrap();
    write(dir.path(), path, text.replacen(line, &format!("misses = {}", misses - 1), 1));
    let outcome = check(&[]).code(1);
    assert!(outcome.stdout.contains("now: +1"), "{outcome:?}");
    let error = check(&["--set", "stack.x=1"]).refused();
    assert!(error.contains("a flat study has no settings"), "{error}");
}

#[test]
fn every_output_is_written() {
    let dir = based();
    let files = ["--junit", "o/j.xml", "--sarif", "o/s.sarif", "--gitlab", "o/g.json"];
    let more = ["--bencher", "o/b.json", "--bigger", "o/up.json", "--smaller", "o/down.json"];
    check(dir.path(), &[&DAMAGED[..], &files, &more].concat()).code(1);
    let junit = read(dir.path(), "o/j.xml");
    assert!(
        junit.contains("<testsuite name=\"lru / trace\"") && junit.contains("<failure "),
        "{junit}"
    );
    let sarif = read_json(dir.path(), "o/s.sarif");
    let result = &sarif["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], BASELINE);
    assert_eq!(result["ruleId"], "regression");
    let gitlab = read_json(dir.path(), "o/g.json");
    assert_eq!(gitlab[0]["location"]["lines"]["begin"], place["region"]["startLine"]);
    let bencher = read_json(dir.path(), "o/b.json");
    assert!(bencher["tiny / lru / trace"]["hit_ratio"]["value"].is_number(), "{bencher}");
    let up = read_json(dir.path(), "o/up.json");
    assert_eq!(up[0]["unit"], "ratio");
    assert_eq!(read_json(dir.path(), "o/down.json").as_array().unwrap().len(), 12);
    // Nothing wrong is an empty list, and not no file.
    check(dir.path(), &["--gitlab", "o/g.json"]).ok();
    assert_eq!(read(dir.path(), "o/g.json"), "[]\n");
}

#[test]
fn a_step_of_github_actions_is_annotated_and_summed_up() {
    let dir = based();
    write(dir.path(), "summary.md", "before\n");
    let inside = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "summary.md")];
    let args = [&DAMAGED[..], &["--format", "json"]].concat();
    let outcome = check_in(dir.path(), &args, &inside).code(1);
    // Standard output stays data.
    assert_eq!(outcome.json().len(), 14);
    let errors: Vec<&str> =
        outcome.stderr.lines().filter(|line| line.starts_with("::error ")).collect();
    assert!(!errors.is_empty() && errors.len() <= 9, "{outcome:?}");
    assert!(errors[0].starts_with("::error file=baselines/scenario.toml,line="), "{errors:?}");
    let summary = read(dir.path(), "summary.md");
    assert!(
        summary.starts_with("before\n### ❌ cache-strategy check: tiny, regressed\n"),
        "{summary}"
    );
    let never = [&args[..], &["--github", "never"]].concat();
    assert!(!check_in(dir.path(), &never, &inside).code(1).stderr.contains("::error"));
    assert_eq!(read(dir.path(), "summary.md"), summary);
    check_in(dir.path(), &[], &inside).ok();
    assert!(read(dir.path(), "summary.md").contains("### ✅ cache-strategy check: tiny, pass"));
}

#[test]
fn a_history_has_its_change_points() {
    let dir = based();
    let at = |commit: &str, more: &[&str], code: i32| {
        let args = [&["--history", "h.jsonl", "--commit", commit], more].concat();
        check(dir.path(), &args).code(code);
    };
    at("a1", &[], 0);
    at("b2", &[], 0);
    at("c3", &DAMAGED, 1);
    let sha = [("GITHUB_SHA", "d4")];
    check_in(dir.path(), &["--history", "h.jsonl"], &sha).ok();
    let trend = |args: &[&str]| run(dir.path(), &[&["trend", "h.jsonl"], args].concat(), &[]);
    let rows = trend(&["--metric", "hit_ratio", "--format", "json"]).ok().json();
    let told: Vec<[&str; 3]> = rows
        .iter()
        .map(|row| ["strategy", "commit", "cause"].map(|name| row[name].as_str().unwrap()))
        .collect();
    assert_eq!(told, [["lru", "c3", "scenario"], ["lru", "d4", "scenario"]]);
    assert_eq!(rows[0]["before"], rows[1]["after"]);
    trend(&["--metric", "hit_ratio", "--svg", "o/hit-ratio.svg"]).ok();
    let svg = read(dir.path(), "o/hit-ratio.svg");
    for text in ["lru / trace", "1: a1", "4: d4"] {
        assert!(svg.lines().any(|line| line == text), "{text}: {svg}");
    }
    trend(&["--svg", "o/all.svg"]).refused();
    let outcome = trend(&["--least", "99%"]).ok();
    assert!(outcome.stderr.starts_with("4 checks; "), "{outcome:?}");
    let error = trend(&["--metric", "hitratio"]).refused();
    assert!(error.contains("did you mean `hit_ratio`?"), "{error}");
    write(dir.path(), "h.jsonl", format!("{}{{\n", read(dir.path(), "h.jsonl")));
    let error = trend(&[]).refused();
    assert!(error.starts_with("error: h.jsonl:5: no entry of a history"), "{error}");
}

#[test]
fn the_examples_of_the_guide_are_what_the_program_takes() {
    let docs = crate::support::repository().join("docs");
    let guide = std::fs::read_to_string(docs.join("check.md")).unwrap();
    let help = run(&docs, &["check", "--help"], &[]).ok().stdout;
    for file in ["examples/github-actions.yml", "examples/gitlab-ci.yml"] {
        assert!(guide.contains(file), "{file} is not in the guide");
        let text = std::fs::read_to_string(docs.join(file)).unwrap();
        let words = text.split_whitespace().filter(|word| word.starts_with("--"));
        let ours = words.filter(|word| {
            !["--release", "--locked", "--path", "--default-toolchain"].contains(word)
        });
        for option in ours {
            assert!(help.contains(option), "{file}: {option}");
        }
    }
    for line in help.lines().filter_map(|line| line.trim().split_once("--")) {
        let option = line.1.split_whitespace().next().unwrap_or_default().trim_end_matches(',');
        let known = ["help", "threads", "format", "all", "set"].contains(&option);
        assert!(
            known || line.0.len() > 8 || guide.contains(&format!("--{option}")),
            "--{option} is not in the guide"
        );
    }
}
