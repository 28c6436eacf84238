//! `test`: verdicts, what they rest on, and what is refused.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    SCENARIO, csv_trace, program, read_json, repository, snapshot, workplace, write,
};

/// A study of strategy `a`, the baseline, and `b`, which differs by these lines.
fn study(b: &str) -> TempDir {
    let dir = workplace();
    let (common, _) = SCENARIO.split_once("[[strategies]]").unwrap();
    let text = format!("{common}[[strategies]]\nname = \"a\"\n\n[[strategies]]\nname = \"b\"\n{b}");
    write(dir.path(), "scenario.toml", text);
    write(dir.path(), "trace.csv", csv_trace(20_000, 1));
    dir
}

/// The rows of a test of `b`.
fn tested(dir: &Path, more: &[&str]) -> Vec<Value> {
    let args = [&["test", "-s", "b", "--no-report", "--format", "json"], more, &["scenario.toml"]];
    program(dir, &args.concat()).ok().json()
}

#[track_caller]
fn results(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["result"].as_str().unwrap()).collect()
}

#[test]
fn a_strategy_against_its_like_is_no_difference_exactly() {
    let dir = study("");
    for more in [&[][..], &["--traffic", "20%"], &["--metric", "p99"], &["--metric", "cost"]] {
        let rows = tested(dir.path(), more);
        assert_eq!(rows[0]["result"], "within margin", "{more:?}");
        for row in &rows {
            assert_eq!(row["verdict"], "no-difference", "{more:?} {row}");
            assert_eq!(row["difference"], 0.0, "{more:?} {row}");
            assert_ne!(row["result"], "broken", "{more:?} {row}");
        }
    }
}

#[test]
fn a_better_one_ships_and_a_worse_one_does_not() {
    let dir = study("stack.tiers.L1.capacity = \"60%\"\n");
    let rows = tested(dir.path(), &["--guardrail", "cost=none"]);
    assert_eq!(results(&rows), ["better", "holds", "holds"]);
    assert_eq!(rows[0]["verdict"], "ship");
    assert!(rows[0]["low"].as_f64().unwrap() > 0.005);
    assert_eq!(rows[0]["probability_better"], 1.0);
    // The other way round the same figures are as much worse.
    let args = ["test", "-s", "a", "-b", "b", "--no-report", "--format", "json", "scenario.toml"];
    let swapped = program(dir.path(), &args).ok().json();
    assert_eq!((&swapped[0]["result"], &swapped[0]["verdict"]), (&"worse".into(), &"worse".into()));
    let sum = |field: &str| swapped[0][field].as_f64().unwrap() + rows[0][field].as_f64().unwrap();
    assert!(sum("difference").abs() < 1e-12);
}

#[test]
fn a_guardrail_that_breaks_makes_it_worse_and_tells_ci() {
    // More memory is better, and dear.
    let dear = "stack.tiers.L1.price = { memory = \"$5000/GB/h\" }\n";
    let dir = study(&format!("stack.tiers.L1.capacity = \"60%\"\n{dear}"));
    let args = ["test", "-s", "b", "--no-report", "scenario.toml"];
    // Its own measure is better all the same, and its row says so.
    let rows = tested(dir.path(), &[]);
    let of = |row: &Value| [&row["measure"], &row["result"], &row["verdict"]].map(Value::to_string);
    assert_eq!(of(&rows[0]), ["\"hit-ratio\"", "\"better\"", "\"worse\""]);
    assert_eq!(of(rows.last().unwrap()), ["\"cost\"", "\"broken\"", "\"worse\""]);
    let outcome = program(dir.path(), &args).ok();
    assert!(!outcome.stdout.contains("worse"), "{}", outcome.stdout);
    let reason = "trace: worse: cost a month is worse by more than the ";
    assert!(outcome.stderr.contains(reason), "{outcome:?}");
    assert!(outcome.stderr.contains(", exactly on this trace.\n"), "{outcome:?}");
    let strict = [&args[..], &["--fail-on", "worse"]].concat();
    program(dir.path(), &strict).code(1);
    let other = [&args[..], &["--fail-on", "inconclusive,no-difference"]].concat();
    program(dir.path(), &other).ok();
    // Over a part, a bill is no more than a hint: what looks dear keeps it from shipping.
    let rows = tested(dir.path(), &["--traffic", "50%"]);
    let cost = rows.iter().find(|row| row["measure"] == "cost").unwrap();
    assert_eq!((&cost["result"], &cost["low"]), (&"doubtful".into(), &Value::Null));
    assert_eq!(
        (&rows[0]["result"], &rows[0]["verdict"]),
        (&"better".into(), &"inconclusive".into())
    );
}

#[test]
fn a_test_is_the_same_at_any_number_of_threads() {
    let dir = study("stack.tiers.L1.policy = \"random\"\n");
    let files = |threads: &str| {
        let out = format!("out-{threads}");
        let args = ["test", "-s", "b", "--traffic", "50%", "--naive", "--threads", threads];
        program(dir.path(), &[&args[..], &["-o", &out, "scenario.toml"]].concat()).ok();
        let names = ["manifest.json", "summary.json", "index.html", "ab_tests.parquet"];
        names.map(|name| std::fs::read(dir.path().join(&out).join(name)).unwrap())
    };
    assert_eq!(files("1"), files("4"));
    let manifest = read_json(&dir.path().join("out-1"), "manifest.json");
    assert_eq!(manifest["plan"]["strategy"], "b");
    program(dir.path(), &["rerun", "out-1/manifest.json"]).refused_with(
        "out-1/manifest.json: is the manifest of a test\nhint: `cache-strategy test` with the same arguments and another --out makes it again",
    );
}

#[test]
fn a_report_has_a_page_charts_and_tables() {
    let dir = study("stack.tiers.L1.policy = \"fifo\"\n");
    let outcome = program(dir.path(), &["test", "-s", "b", "scenario.toml"]).ok();
    snapshot("test", &outcome.stdout);
    let report = dir.path().join("reports/tiny-test");
    let names = ["differences", "so-far", "latency"];
    for chart in names.map(|name| report.join(format!("charts/{name}.svg"))) {
        assert!(chart.is_file(), "{chart:?}");
    }
    let tables = frames::AbTests::read(&report).unwrap();
    assert_eq!((tables.tests.len(), tables.measures.len()), (1, 4));
    let row = &tables.tests[0];
    assert_eq!((row.reads, row.traffic, row.share_of_expected), (18_000, 1.0, 1.0));
    assert_eq!(tables.windows.iter().map(|window| window.reads).sum::<u64>(), 18_000);
    let last = tables.windows.last().unwrap();
    assert!((last.so_far - tables.measures[0].difference).abs() < 1e-9);
    let summary = read_json(&report, "summary.json");
    assert_eq!(summary["verdicts"][0]["verdict"], row.verdict.as_str());
    let page = std::fs::read_to_string(report.join("index.html")).unwrap();
    assert!(page.contains(&row.reason), "{}", row.reason);
}

#[test]
fn the_scenario_says_what_the_command_line_does_not() {
    let dir = study(
        "stack.tiers.L1.policy = \"fifo\"\n[test]\nstrategy = \"b\"\nmetric = \"p99\"\nmargin = \"1ms\"\nguardrails = { cost = \"none\", error-ratio = \"none\" }\n",
    );
    let args = ["test", "--no-report", "--format", "json", "scenario.toml"];
    let rows = program(dir.path(), &args).ok().json();
    let measures: Vec<&Value> = rows.iter().map(|row| &row["measure"]).collect();
    assert_eq!(measures, ["p99", "hit-ratio"]);
    assert_eq!(rows[0]["margin"], 1e6);
    let over = tested(dir.path(), &["--metric", "hit-ratio", "--margin", "1pp"]);
    assert_eq!((&over[0]["measure"], &over[0]["margin"]), (&"hit-ratio".into(), &0.01.into()));
}

#[test]
fn what_cannot_be_tested_is_refused_with_a_hint() {
    let dir = study("");
    let refused = |args: &[&str]| {
        let args = [&["test", "--no-report"], args, &["scenario.toml"]].concat();
        program(dir.path(), &args).refused()
    };
    let cases: [(&[&str], &str); 8] = [
        (&[], "which strategy is to be tested?\nhint: give --strategy NAME, one of a, b"),
        (&["-s", "bb"], "no strategy is called `bb`\nhint: did you mean `b`?"),
        (&["-s", "b", "-b", "b"], "`b` cannot be tested against itself"),
        (&["-s", "b", "--traffic", "0%"], "traffic: traffic must be above 0% and at most 100%"),
        (&["-s", "b", "--margin", "2ms"], "margin: `2ms` is no amount of `hit-ratio`"),
        (&["-s", "b", "--metric", "cost", "--traffic", "5%"], "cost cannot decide over a part"),
        (
            &["-s", "b", "--traffic", "5%", "--by", "client"],
            "trace: the trace does not say who asks",
        ),
        (&["-s", "b", "--traffic", "0.001%"], "trace: holds no requests"),
    ];
    for (args, words) in cases {
        let error = refused(args);
        assert!(error.starts_with(&format!("error: {words}")), "{args:?}: {error}");
    }
    for (line, words) in [
        ("strategie = \"b\"", "unknown field `strategie`"),
        ("strategy = \"c\"", "no strategy is called `c`"),
        ("guardrails.p99 = \"1pp\"", "`1pp` is no amount of `p99`"),
        ("guardrails.p98 = \"5%\"", "unknown variant `p98`"),
        ("level = \"100%\"", "a level must be from 50% to 99.99%, such as 95%"),
    ] {
        let dir = study(&format!("[test]\n{line}\n"));
        let error = program(dir.path(), &["validate", "scenario.toml"]).refused();
        assert!(error.contains("scenario.toml:"), "{error}");
        assert!(error.contains(words), "{line}: {error}");
    }
}

/// Either side makes sense alone.
#[test]
fn what_the_scenario_and_the_command_line_say_must_go_together() {
    let dir = study("[test]\nmargin = \"0.5pp\"\nstage = \"1s\"\nguardrails.p99 = \"10%\"\n");
    let go = |more: &[&str]| {
        let args = [&["test", "-s", "b", "--no-report", "--aa", "0"], more, &["scenario.toml"]];
        program(dir.path(), &args.concat())
    };
    go(&["--metric", "p99"]).refused_with(
        "scenario.toml:19:10: `0.5pp` is no amount of `p99`
   |
19 | margin = \"0.5pp\"
   |          ^^^^^^^
hint: write \"5%\" or \"2ms\", or give --margin",
    );
    let outcome = go(&["--metric", "p99", "--margin", "5%"]).ok();
    for note in [
        "note: the guardrail p99 of the scenario plays no part: p99 decides\n",
        "note: `stage` of the scenario plays no part: there is no rollout\n",
    ] {
        assert!(outcome.stderr.contains(note), "{outcome:?}");
    }
    let rollout =
        "needs a rollout\nhint: give --rollout ramp, or `rollout` in [test] of the scenario";
    go(&["--stage", "1s"]).refused_with(&format!("--stage {rollout}"));
    go(&["--world", "shared"]).refused_with(&format!("--world {rollout}"));
    go(&["--fail-on", "worse,rolled-back"])
        .refused_with(&format!("--fail-on rolled-back {rollout}"));
    go(&["--rollout", "50%,100%", "--fail-on", "rolled-back"]).ok();
    go(&["--guardrail", "hit-ratio=1pp"]).refused_with(
        "--guardrail hit-ratio: what decides is no guardrail\nhint: --margin says how much of it does not matter",
    );
    go(&["--guardrail", "hit-ratio=none"]).ok();
    for option in ["--margin=500pp", "--guardrail=error-ratio=100pp"] {
        let said = go(&[option]).refused();
        assert!(said.contains("is all of a share") && said.contains("\nhint: "), "{said}");
    }
    let dir = study("[test]\nmetric = \"hit-ratio\"\nguardrails.hit-ratio = \"1pp\"\n");
    let said = program(dir.path(), &["validate", "scenario.toml"]).refused();
    assert!(said.starts_with("error: scenario.toml:20:24: `hit-ratio` decides"), "{said}");
    // What decides a run may be what a test watches.
    let dir = study("[test]\nguardrails.hit-ratio = \"1pp\"\n");
    program(dir.path(), &["validate", "scenario.toml"]).ok();
    program(dir.path(), &["validate", "--set", "metric=p99", "scenario.toml"]).ok();
}

#[test]
fn a_rollout_of_a_better_one_ships_and_of_a_worse_one_is_rolled_back_with_its_cost() {
    let dir = study("stack.tiers.L1.capacity = \"90%\"\n[test]\nguardrails.cost = \"none\"\n");
    let go = |arms: &[&str], more: &[&str]| {
        let args =
            [&["test", "--rollout", "10%,50%,100%"], arms, more, &["scenario.toml"]].concat();
        program(dir.path(), &args)
    };
    let better = go(&["-s", "b"], &["--fail-on", "rolled-back"]).ok();
    assert!(better.stderr.contains("rollout: shipped at 100 % of the objects"), "{better:?}");
    let tables = frames::AbTests::read(&dir.path().join("reports/tiny-test")).unwrap();
    assert!(tables.rollouts[0].extra_misses < 0, "{:?}", tables.rollouts);
    assert_eq!(tables.rollouts[0].cold_misses, 0);
    let shares: Vec<f64> = tables.stages.iter().map(|stage| stage.share).collect();
    assert!(shares.is_sorted() && shares.ends_with(&[1.0]), "{shares:?}");
    assert!(dir.path().join("reports/tiny-test/charts/rollout.svg").is_file());

    let back = ["-s", "a", "-b", "b"];
    let worse = go(&back, &["--fail-on", "rolled-back", "--format", "json"]).code(1);
    let stages = worse.json();
    assert_eq!(stages.last().unwrap()["state"], "failing");
    let summary = read_json(&dir.path().join("reports/tiny-test"), "summary.json");
    let rollout = &summary["rollouts"][0];
    assert_eq!(rollout["state"], "rolled-back");
    for harm in ["extra_misses", "extra_usd", "exposed_reads"] {
        assert!(rollout[harm].as_f64().unwrap() > 0.0, "{rollout}");
    }
    // Stages of a length of one's own, which the trace is too short for.
    let short = go(&["-s", "b"], &["--stage", "20min", "--no-report"]).ok();
    let words = "rollout: inconclusive at 50 % of the objects";
    assert!(short.stderr.contains(words), "{short:?}");
    go(&["-s", "b"], &["--stage", "0s"]).refused();
}

/// In one world a stage has the room that others leave, faults come upon all alike, and a rollback finds A's
/// memory empty.
#[test]
fn in_a_shared_world_strategies_do_something_to_each_other() {
    let stages = |scenario: &str| -> Vec<Value> {
        let args = ["test", "--no-report", "--aa", "0", "--format", "json", scenario];
        program(&repository(), &args).ok().json()
    };
    let rows = stages("scenarios/canary.toml");
    let of = |row: &Value, name: &str| row[name].as_f64().unwrap();
    // The stages show little of what it would be among others like them.
    for row in &rows {
        let [by_b, by_all] = ["b", "everybody"].map(|world| of(row, world) - of(row, "a"));
        assert!(by_b > -0.005 && by_all < by_b - 0.001, "{row}");
        assert!((of(row, "a") - of(row, "undivided")).abs() < 0.01, "{row}");
    }
    let last = &rows[rows.len() - 1];
    assert!(of(last, "stayed_b") < of(last, "stayed_a"), "{last}");
    assert!(rows.iter().all(|row| of(row, "stayed_reads") > 0.0));

    let dir = study(
        "stack.tiers.L1.capacity = \"90%\"\n[[faults]]\nat = \"50%\"\nfor = \"5%\"\ntier = \"origin\"\nwhat = \"errors\"\nshare = \"50%\"\n[test]\nguardrails.cost = \"none\"\n",
    );
    let go = |world: &str| {
        let args = ["test", "-s", "a", "-b", "b", "--rollout", "10%,50%", "--world", world];
        program(dir.path(), &[&args[..], &["--fail-on", "rolled-back", "scenario.toml"]].concat())
    };
    let refused = go("separate").refused();
    assert!(refused.contains("[[faults]] in separate worlds"), "{refused}");
    assert!(refused.contains("--world shared"), "{refused}");
    let back = go("shared").code(1);
    assert!(back.stderr.contains("those that stayed with A had"), "{back:?}");
    let summary = read_json(&dir.path().join("reports/tiny-test"), "summary.json");
    let rollout = &summary["rollouts"][0];
    assert_eq!((&rollout["state"], &rollout["world"]), (&"rolled-back".into(), &"shared".into()));
    for harm in ["extra_misses", "cold_misses", "extra_usd"] {
        assert!(of(rollout, harm) > 0.0, "{rollout}");
    }
    assert!(dir.path().join("reports/tiny-test/charts/interference.svg").is_file());

    let dir = study("stack.tiers.L1.ttl = \"7s\"\n");
    let args = ["test", "-s", "b", "--rollout", "ramp", "--world", "shared", "scenario.toml"];
    let refused = program(dir.path(), &args).refused();
    assert!(refused.contains("strategies that differ in `stack.tiers.L1.ttl`"), "{refused}");
}

/// On three recordings: the whole difference lies in the interval of a tenth of the objects, and a
/// z-test finds a strategy to differ from itself nearly always.
#[test]
fn a_tenth_of_shipped_traces_agrees_with_the_whole_and_a_z_test_with_nobody() {
    let rows = |more: &[&str]| {
        let args = ["test", "--strategy=new-algorithm", "--no-report", "--format", "json"];
        let args = [&args[..], more, &["scenarios/ab-test.toml"]].concat();
        program(&repository(), &args).ok().json()
    };
    let primary = |rows: Vec<Value>| -> Vec<Value> {
        rows.into_iter().filter(|row| row["role"] == "primary").collect()
    };
    let (whole, tenth) = (primary(rows(&[])), primary(rows(&["--traffic=10%"])));
    assert_eq!((whole.len(), tenth.len()), (3, 3));
    for (whole, tenth) in whole.iter().zip(&tenth) {
        let truth = whole["difference"].as_f64().unwrap();
        let [low, high] = ["low", "high"].map(|end| tenth[end].as_f64().unwrap());
        assert!(low <= truth && truth <= high, "{whole}\n{tenth}");
        // It is less sure than the whole.
        let [from, to] = ["low", "high"].map(|end| whole[end].as_f64().unwrap());
        assert!(high - low > 0.5 * (to - from), "{whole}\n{tenth}");
    }
    for row in rows(&["--traffic=10%", "--naive", "--aa", "50"]) {
        assert!(row["naive_aa_rate"].as_f64().unwrap() > 0.8, "{row}");
        assert!(row["aa_rate"].as_f64().unwrap() < 0.2, "{row}");
    }
}
