//! The gate over whole baselines: what is compared, what is refused, what is written.

use std::collections::BTreeMap;
use std::path::Path;

use cache::prelude::*;
use cache::{Job, run_erased};
use serde_json::Map;
use trace::Trace;

use super::baseline::{Allow, Baseline, Deny};
use super::detail::RunKey;
use super::flat_study::FlatStudy;
use super::judge::{Judged, Policy, Verdict, judge};
use super::measure::{Keep, Measured, MeasuredRun, measure};
use super::metric::{Figure, Figures, Known, Unit, of_flat};
use super::study::{Study, digest, parts};
use super::update::{Update, Updated};
use crate::{Error, RunOptions, RunProgress, Source};

const STUDY: &str = "schema = 1\nkind = \"flat\"\nname = \"f\"\npolicies = [\"lru\", \"fifo\"]\ncapacities = [\"10%\"]\n[[traces]]\npath = \"t.csv\"\n";

fn study(text: &str) -> Study {
    let source = Source::new("f.toml", text);
    Study::Flat(FlatStudy::parse(&source, Path::new("")).unwrap())
}

fn key(strategy: &str) -> RunKey {
    RunKey { trace: "t".into(), strategy: strategy.into(), cell: "10%".into() }
}

/// A study with these ratios of misses, by policy.
fn measured(text: &str, misses: &[(&str, f64)]) -> Measured {
    let study = study(text);
    let figures = |ratio: f64| -> Figures {
        [("miss_ratio", Figure::real(ratio, Unit::Ratio)), ("requests", Figure::Whole(100))]
            .map(|(name, figure)| (name.to_string(), figure))
            .into()
    };
    let run = |(strategy, ratio): &(&str, f64)| MeasuredRun {
        key: key(strategy),
        figures: figures(*ratio),
        detail: None,
    };
    Measured {
        study: "f".into(),
        seed: study.seed(),
        leaves: study.leaves(&["t"]),
        traces: BTreeMap::from([("t".to_string(), "blake3:1".to_string())]),
        runs: misses.iter().map(run).collect(),
        notes: Vec::new(),
        recordings: Vec::new(),
    }
}

fn now() -> Measured {
    measured(STUDY, &[("fifo", 0.5), ("lru", 0.4)])
}

/// A baseline of `now`, with rules.
fn baseline_text(rules: &str) -> String {
    let measured = now();
    let parts: String = parts(&measured.leaves)
        .iter()
        .map(|(part, digest)| format!("\"{part}\" = \"{digest}\"\n"))
        .collect();
    format!(
        "schema = 1\nstudy = \"f\"\nprogram = \"1\"\nseed = 1\nscenario = \"{}\"\nmetrics = [\"miss_ratio\"]\n{rules}\n[traces]\nt = \"blake3:1\"\n[parts]\n{parts}\n[[runs]]\ntrace = \"t\"\nstrategy = \"fifo\"\ncell = \"10%\"\n[runs.figures]\nmiss_ratio = 0.500000000\n[[runs]]\ntrace = \"t\"\nstrategy = \"lru\"\ncell = \"10%\"\n[runs.figures]\nmiss_ratio = 0.400000000\n",
        digest(&measured.leaves)
    )
}

fn parse(text: &str) -> Result<Baseline, Error> {
    Baseline::parse(Source::new("b.toml", text), Path::new("b.toml"), &Known::of_flat())
}

fn judged_with(text: &str, measured: &Measured, policy: &Policy) -> Result<Judged, Error> {
    judge(&parse(text)?, measured, &Known::of_flat(), None, policy, "1")
}

fn judged(text: &str, measured: &Measured) -> Judged {
    judged_with(text, measured, &Policy::default()).unwrap()
}

fn refused(text: &str) -> String {
    judged_with(text, &now(), &Policy::default()).unwrap_err().to_string()
}

fn line_of(text: &str, line: &str) -> usize {
    text.lines().position(|other| other == line).unwrap() + 1
}

#[test]
fn the_same_figures_pass_and_a_worse_one_is_named_with_its_line() {
    let text = baseline_text("");
    let same = judged(&text, &now());
    assert_eq!((same.verdict, same.count("same")), (Verdict::Pass, 2));
    let worse = judged(&text, &measured(STUDY, &[("fifo", 0.5), ("lru", 0.41)]));
    assert_eq!(worse.verdict, Verdict::Regressed);
    let [row] = &worse.failures().collect::<Vec<_>>()[..] else { panic!("{worse:?}") };
    assert_eq!((row.strategy.as_str(), row.metric.as_str()), ("lru", "miss_ratio"));
    assert_eq!(row.line as usize, line_of(&text, "miss_ratio = 0.400000000"));
    assert_eq!(row.reason, "40.000 % then, 41.000 % now: +1.000 pp (+2.50 %); allowed: no worse");
    assert_eq!(row.allowed, "no worse");
}

#[test]
fn another_version_is_told_and_no_reason_to_fail() {
    let found = judge(
        &parse(&baseline_text("")).unwrap(),
        &now(),
        &Known::of_flat(),
        None,
        &Policy::default(),
        "2",
    )
    .unwrap();
    assert_eq!(found.verdict, Verdict::Pass);
    assert_eq!(found.notes, ["the baseline is of version 1, this is 2"]);
}

#[test]
fn of_the_rules_that_fit_the_last_counts() {
    let worse = measured(STUDY, &[("fifo", 0.51), ("lru", 0.41)]);
    let wide = "[[tolerances]]\nmetric = \"*\"\nabs = 0.02\n";
    let narrow = "[[tolerances]]\nmetric = \"miss_ratio\"\nstrategy = \"lr*\"\nrel = \"1%\"\n";
    let statuses = |rules: &str| {
        let found = judged(&baseline_text(rules), &worse);
        let statuses: Vec<String> = found.rows.iter().map(|row| row.status.clone()).collect();
        (found.verdict, statuses)
    };
    assert_eq!(statuses(wide), (Verdict::Pass, vec!["allowed".into(), "allowed".into()]));
    let both = (Verdict::Regressed, vec!["allowed".to_string(), "regressed".into()]);
    assert_eq!(statuses(&format!("{wide}{narrow}")), both);
    // The other way round the first is about nothing.
    let error = refused(&baseline_text(&format!("{narrow}{wide}")));
    assert!(error.contains("unused: this rule is about no figure"), "{error}");
}

#[test]
fn a_limit_holds_whatever_the_figure_was() {
    let rules = "[[limits]]\nmetric = \"miss_ratio\"\nstrategy = \"lru\"\nat-most = \"30%\"\n";
    let text = baseline_text(rules);
    let found = judged(&text, &now());
    assert_eq!(found.verdict, Verdict::Regressed);
    let row = found.failures().next().unwrap();
    assert_eq!(row.line as usize, line_of(&text, "[[limits]]"));
    assert_eq!(row.reason, "40.000 %, and at most 30.000 % is asked for");
    assert_eq!(judged(&text.replace("30%", "40%"), &now()).verdict, Verdict::Pass);
    // It holds for figures that the baseline does not keep, and for another trace as well.
    let others =
        text.replace("miss_ratio\"\nstrategy", "requests\"\nstrategy").replace("\"30%\"", "99");
    let mut moved = now();
    moved.traces = BTreeMap::from([("t".to_string(), "blake3:2".to_string())]);
    assert_eq!(judged(&others, &moved).verdict, Verdict::Regressed);
}

#[test]
fn a_better_figure_is_stale_and_may_be_refused() {
    let better = measured(STUDY, &[("fifo", 0.5), ("lru", 0.3)]);
    let found = judged(&baseline_text(""), &better);
    assert_eq!((found.verdict, found.count("improved")), (Verdict::Pass, 1));
    let policy = Policy { deny: vec![Deny::Improvement], ..Policy::default() };
    let found = judged_with(&baseline_text(""), &better, &policy).unwrap();
    assert_eq!((found.verdict, found.count("denied")), (Verdict::Denied, 1));
    let row = found.failures().next().unwrap();
    assert_eq!(row.status, "denied");
    assert!(row.reason.contains("better, which is denied"), "{}", row.reason);
    let found = judged(&baseline_text("deny = [\"improvement\"]"), &better);
    assert_eq!(found.verdict, Verdict::Denied);
    // What is worse comes first.
    let mixed = measured(STUDY, &[("fifo", 0.6), ("lru", 0.3)]);
    let found = judged_with(&baseline_text(""), &mixed, &policy).unwrap();
    assert_eq!((found.verdict, found.failures().count()), (Verdict::Regressed, 2));
    let both = "[[tolerances]]\nmetric = \"miss_ratio\"\nsides = \"both\"\n";
    assert_eq!(judged(&baseline_text(both), &better).count("regressed"), 1);
}

#[test]
fn what_is_of_another_question_is_incomparable_and_never_passes() {
    let text = baseline_text("");
    let other = STUDY.replace("10%", "20%");
    let found = judged(&text, &measured(&other, &[("fifo", 0.1), ("lru", 0.1)]));
    assert_eq!((found.verdict, found.count("incomparable")), (Verdict::Incomparable, 2));
    assert_eq!(found.reasons, ["another scenario: capacities changed"]);
    assert!(found.is_scenario_change());
    let mut both = measured(&other, &[("fifo", 0.1), ("lru", 0.1)]);
    both.traces = BTreeMap::from([("t".to_string(), "blake3:2".to_string())]);
    let found = judged(&text, &both);
    assert_eq!(found.reasons.len(), 2, "{:?}", found.reasons);
    assert!(!found.is_scenario_change());

    let mut moved = now();
    moved.traces = BTreeMap::from([("t".to_string(), "blake3:2".to_string())]);
    let found = judged(&text, &moved);
    assert_eq!(found.verdict, Verdict::Incomparable);
    assert_eq!(found.reasons, ["another trace t: blake3:1 then, blake3:2 now"]);
    assert!(!found.is_scenario_change());

    let mut seeded = now();
    seeded.seed = 2;
    assert_eq!(judged(&text, &seeded).verdict, Verdict::Incomparable);

    // A run or a figure without a baseline is nothing that could pass.
    let found = judged(&text, &measured(STUDY, &[("fifo", 0.5), ("lru", 0.4), ("arc", 0.3)]));
    assert_eq!(found.verdict, Verdict::Incomparable);
    assert_eq!(found.reasons, ["the baseline has no run `arc / t / 10%`"]);
    let without = text.replacen("miss_ratio = 0.500000000\n", "", 1);
    assert_eq!(judged(&without, &now()).verdict, Verdict::Incomparable);
    let mut missing = now();
    missing.runs[0].figures.clear();
    assert_eq!(judged(&text, &missing).verdict, Verdict::Incomparable);
}

#[test]
fn another_scenario_over_the_same_traces_may_be_compared() {
    let policy = Policy { allow: vec![Allow::ScenarioChange], ..Policy::default() };
    let other = STUDY.replace("schema = 1", "schema = 1\nunit = \"bytes\"");
    let compare = |ratio: f64| {
        let now = measured(&other, &[("fifo", 0.5), ("lru", ratio)]);
        judged_with(&baseline_text(""), &now, &policy).unwrap()
    };
    assert_eq!(compare(0.4).verdict, Verdict::Pass);
    assert_eq!(compare(0.4).notes, ["another scenario: unit changed"]);
    assert_eq!(compare(0.5).verdict, Verdict::Regressed);
    let inside = baseline_text("allow = [\"scenario-change\"]");
    let now = measured(&other, &[("fifo", 0.5), ("lru", 0.4)]);
    assert_eq!(judged(&inside, &now).verdict, Verdict::Pass);
    // The same traces they must be.
    let mut moved = now;
    moved.traces = BTreeMap::from([("t".to_string(), "blake3:2".to_string())]);
    assert_eq!(judged(&inside, &moved).verdict, Verdict::Incomparable);
}

#[test]
fn what_nothing_uses_and_what_nobody_knows_are_errors_with_a_place() {
    for (from, to, words) in [
        ("[\"miss_ratio\"]", "[\"mis_ratio\"]", "unknown metric `mis_ratio`"),
        ("[\"miss_ratio\"]", "[\"mis_ratio\"]", "hint: did you mean `miss_ratio`?"),
        (
            "[\"miss_ratio\"]",
            "[\"miss_ratio\", \"miss_ratio\"]",
            "b.toml:6:26: `miss_ratio` is listed twice",
        ),
        ("[\"miss_ratio\"]", "[]", "unused: `miss_ratio` is not in the list `metrics`"),
        (
            "strategy = \"lru\"",
            "strategy = \"lruu\"",
            "unused: the study has no run `lruu / t / 10%`",
        ),
        (
            "strategy = \"lru\"",
            "strategy = \"fifo\"",
            "a run called `fifo / t / 10%` is there already",
        ),
        ("seed = 1", "seed = 1\nsede = 1", "b.toml:5:1: unknown field `sede`"),
        ("schema = 1", "schema = 2", "b.toml:1:10: schema 2 is not known"),
        ("0.400000000", "\"much\"", "expected a number"),
    ] {
        let text = baseline_text("").replacen(from, to, 1);
        let error = refused(&text);
        assert!(error.contains(words) && error.starts_with("b.toml:"), "{error}");
    }
    for (rule, words) in [
        ("[[tolerances]]\nmetric = \"mis_ratio\"\n", "b.toml:8:10: unknown metric `mis_ratio`"),
        ("[[tolerances]]\nmetric = \"hits\"\nabs = 1\n", "unused: this rule is about no figure"),
        (
            "[[tolerances]]\nmetric = \"miss_ratio\"\ntrace = \"u\"\n",
            "unused: this rule is about no",
        ),
        ("[[tolerances]]\nmetric = \"miss_ratio\"\nabs = \"1ms\"\n", "b.toml:9:7: `miss_ratio`: "),
        (
            "[[tolerances]]\nmetric = \"miss_ratio\"\nabs = -1\n",
            "b.toml:9:7: expected a number of 0",
        ),
        (
            "[[tolerances]]\nmetric = \"miss_ratio\"\nabs = inf\n",
            "b.toml:9:7: expected a finite number",
        ),
        (
            "[[tolerances]]\nmetric = \"miss_ratio\"\nabs = nan\n",
            "b.toml:9:7: expected a finite number",
        ),
        ("[[tolerances]]\nmetric = \"miss_ratio\"\nabs = \"-1%\"\n", "b.toml:9:7: `miss_ratio`: "),
        ("[[tolerances]]\nmetric = \"miss_ratio\"\nrel = \"-1%\"\n", "b.toml:9:7: "),
        ("[[tolerances]]\nmetric = \"miss_ratio\"\nrel = \"inf%\"\n", "b.toml:9:7: "),
        (
            "[[tolerances]]\nmetric = \"misses\"\ninterval = true\n",
            "b.toml:9:12: `misses` is no ratio",
        ),
        ("[[limits]]\nmetric = \"miss_ratio\"\nat-most = nan\n", "b.toml:9:11: expected a finite"),
        ("[[limits]]\nmetric = \"miss_ratio\"\n", "expected `at-least` or `at-most`"),
        (
            "[[limits]]\nmetric = \"miss_ratio\"\nstrategy = \"arc\"\nat-most = 1\n",
            "unused: this rule",
        ),
    ] {
        let error = refused(&baseline_text(rule));
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_negative_amount_of_money_is_no_tolerance() {
    let rule = "[[tolerances]]\nmetric = \"cost_nanodollars_month\"\nabs = \"$-1\"\n";
    let source = Source::new("b.toml", baseline_text(rule));
    let known = Known::of_stack(Vec::new());
    let error = Baseline::parse(source, Path::new("b.toml"), &known).unwrap_err().to_string();
    assert!(
        error.contains("b.toml:9:7: `cost_nanodollars_month`: expected a number of 0"),
        "{error}"
    );
}

#[test]
fn a_baseline_that_guards_nothing_is_an_error_and_no_pass() {
    let text = baseline_text("")
        .replace("metrics = [\"miss_ratio\"]", "metrics = []")
        .replace("miss_ratio = 0.500000000\n", "")
        .replace("miss_ratio = 0.400000000\n", "");
    let error = refused(&text);
    assert!(error.starts_with("b.toml:6:11: no figure of the study is kept here"), "{error}");
    // One limit is something.
    let limit = "[[limits]]\nmetric = \"miss_ratio\"\nat-most = \"50%\"\n\n[traces]";
    assert_eq!(judged(&text.replace("[traces]", limit), &now()).verdict, Verdict::Pass);
}

/// Writes the baseline of `measured` to `path`.
fn update(path: &Path, measured: &Measured, accept: bool) -> Updated {
    let study = study(STUDY);
    let known = study.known();
    let baseline = Baseline::open(path, &known).unwrap();
    let policy = Policy { updating: true, ..Policy::default() };
    let judged = baseline
        .as_ref()
        .map(|baseline| judge(baseline, measured, &known, None, &policy, "2").unwrap());
    let update = Update {
        study: &study,
        measured,
        judged: judged.as_ref(),
        program: "2",
        reason: "because \"x\"\ny",
        accept,
        with_detail: false,
    };
    update.write(path, baseline.as_ref()).unwrap()
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn an_update_changes_figures_and_nothing_of_the_user() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("b.toml");
    let rules =
        "# Mine.\n[[tolerances]]  # why\nmetric = \"miss_ratio\"   # aligned\nabs = \"1%\"\n";
    let before = baseline_text(rules)
        .replace(
            "[[runs]]\ntrace = \"t\"\nstrategy = \"lru\"",
            "# The one we run.\n[[runs]]\ntrace = \"t\"\nstrategy = \"lru\"",
        )
        .replace("miss_ratio = 0.400000000", "miss_ratio = 0.400000000 # measured");
    std::fs::write(&path, &before).unwrap();
    let better = measured(STUDY, &[("fifo", 0.5), ("lru", 0.25)]);
    assert_eq!(update(&path, &better, false), Updated::Written);
    let after = text_of(&path);
    let expected =
        before.replace("0.400000000", "0.250000000").replace("program = \"1\"", "program = \"2\"");
    let (kept, history) = after.split_once("\n[[history]]\n").unwrap();
    assert_eq!(kept, expected, "{after}");
    assert!(history.starts_with("program = \"2\"\nreason = "), "{history}");
    // Once more is no change, and no further entry.
    assert_eq!(update(&path, &better, false), Updated::Unchanged);
    assert_eq!(text_of(&path), after);
    // What was written passes, and keeps its text when read and written by others.
    assert_eq!(judged(&after, &better).verdict, Verdict::Pass);
    let reason = after.parse::<toml_edit::DocumentMut>().unwrap();
    assert_eq!(reason["history"][0]["reason"].as_str(), Some("because \"x\"\ny"));
}

#[test]
fn a_regression_is_blessed_only_if_somebody_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("b.toml");
    std::fs::write(&path, baseline_text("")).unwrap();
    let worse = measured(STUDY, &[("fifo", 0.5), ("lru", 0.45)]);
    let Updated::Refused(told) = update(&path, &worse, false) else { panic!("not refused") };
    assert_eq!(told, ["lru / t / 10%: miss_ratio 0.4 then, 0.45 now"]);
    assert_eq!(text_of(&path), baseline_text(""));
    assert_eq!(update(&path, &worse, true), Updated::Written);
    assert!(
        text_of(&path)
            .contains("accepted = [\n  \"lru / t / 10%: miss_ratio 0.4 then, 0.45 now\",\n]"),
        "{}",
        text_of(&path)
    );
    assert_eq!(judged(&text_of(&path), &worse).verdict, Verdict::Pass);
}

#[test]
fn no_tolerance_and_no_interval_walks_a_baseline_down() {
    let worse = measured(STUDY, &[("fifo", 0.5), ("lru", 0.401)]);
    for rule in ["abs = \"1%\"", "rel = \"1%\"", "abs = \"1%\"\ninterval = true"] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.toml");
        let text = baseline_text(&format!("[[tolerances]]\nmetric = \"miss_ratio\"\n{rule}\n"));
        std::fs::write(&path, &text).unwrap();
        let Updated::Refused(told) = update(&path, &worse, false) else { panic!("{rule}") };
        assert_eq!(told, ["lru / t / 10%: miss_ratio 0.4 then, 0.401 now"], "{rule}");
        assert_eq!(text_of(&path), text);
        assert_eq!(update(&path, &worse, true), Updated::Written);
        assert!(text_of(&path).contains("accepted = [\n  \"lru / t"), "{rule}");
        // Better needs nobody's word, and another scenario is compared all the same.
        assert_eq!(update(&path, &now(), false), Updated::Written);
        let other = STUDY.replace("schema = 1", "schema = 1\nunit = \"bytes\"");
        let other = measured(&other, &[("fifo", 0.501), ("lru", 0.4)]);
        assert!(matches!(update(&path, &other, false), Updated::Refused(_)), "{rule}");
    }
}

#[test]
fn runs_come_and_go_in_order_and_a_new_baseline_passes_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new").join("b.toml");
    let first = measured(STUDY, &[("fifo", 0.5), ("lru", 0.4)]);
    assert_eq!(update(&path, &first, false), Updated::Written);
    let text = text_of(&path).replace("[\"misses\", \"byte_misses\"]", "[\"miss_ratio\"]");
    std::fs::write(&path, text).unwrap();
    assert_eq!(update(&path, &first, false), Updated::Written);
    let found = judged(&text_of(&path), &first);
    assert_eq!((found.verdict, found.count("same")), (Verdict::Pass, 2));
    let second = measured(STUDY, &[("arc", 0.3), ("lru", 0.4), ("sieve", 0.2)]);
    assert_eq!(update(&path, &second, false), Updated::Written);
    let text = text_of(&path);
    let strategies: Vec<&str> = text.lines().filter(|line| line.starts_with("strategy")).collect();
    assert_eq!(strategies, ["arc", "lru", "sieve"].map(|name| format!("strategy = \"{name}\"")));
    let runs = text.find("[[runs]]").unwrap();
    assert!(
        text.find("[parts]").unwrap() < runs && runs < text.find("[[history]]").unwrap(),
        "{text}"
    );
    assert_eq!(text.matches("[[history]]").count(), 3);
    assert_eq!(judged(&text, &second).verdict, Verdict::Pass);
    // Each head stands before what is its own.
    for run in text.split("[[runs]]").skip(1) {
        assert_eq!(run.matches("[runs.figures]\nmiss_ratio").count(), 1, "{text}");
    }
}

#[test]
fn a_figure_that_a_run_has_no_more_goes_with_the_next_update() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("b.toml");
    let text = baseline_text("")
        .replace("[\"miss_ratio\"]", "[\"miss_ratio\", \"requests\"]")
        .replace("miss_ratio = 0.5", "requests = 100\nmiss_ratio = 0.5")
        .replace("miss_ratio = 0.4", "requests = 100\nmiss_ratio = 0.4");
    std::fs::write(&path, text).unwrap();
    let mut less = now();
    less.runs[1].figures.remove("requests");
    assert_eq!(judged(&text_of(&path), &less).verdict, Verdict::Incomparable);
    assert_eq!(update(&path, &less, false), Updated::Written);
    assert_eq!(text_of(&path).matches("requests = 100").count(), 1, "{}", text_of(&path));
    assert_eq!(judged(&text_of(&path), &less).verdict, Verdict::Pass);
    assert_eq!(update(&path, &less, false), Updated::Unchanged);
}

/// LRU with a bug: now and then its victim is the object used last.
struct Damaged {
    order: Vec<ObjectId>,
    evictions: u64,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
struct NoParams {}

impl Eviction for Damaged {
    type Params = NoParams;
    fn new(_: &Setup, _: &NoParams) -> Result<Self, ParamError> {
        Ok(Damaged { order: Vec::new(), evictions: 0 })
    }
    fn on_hit(&mut self, request: &Request, _: &Residents) {
        self.order.retain(|object| *object != request.object);
        self.order.push(request.object);
    }
    fn evict(&mut self, _: &Request, _: &Residents) -> ObjectId {
        self.evictions += 1;
        let damaged = self.evictions.is_multiple_of(10);
        self.order.remove(if damaged { self.order.len() - 1 } else { 0 })
    }
    fn on_insert(&mut self, request: &Request, _: &Residents) -> bool {
        self.order.push(request.object);
        true
    }
    fn remove(&mut self, object: ObjectId, _: Removal, _: &Residents) {
        self.order.retain(|other| *other != object);
    }
    fn state_bytes(&self) -> usize {
        0
    }
}

/// What the gate is for: somebody breaks a policy, and no file changes but its code.
#[test]
fn a_damaged_policy_turns_the_gate_red() {
    let dir = tempfile::tempdir().unwrap();
    // Objects come in waves that drift, so that recency is worth something.
    let mut state = 5u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % 60
    };
    let numbers: Vec<u64> = (0..6000u64).map(|i| i / 40 + draw()).collect();
    let csv: String = numbers.iter().map(|number| format!("1,{number},1\n")).collect();
    std::fs::write(dir.path().join("t.csv"), format!("time,key,size\n{csv}")).unwrap();
    let path = dir.path().join("f.toml");
    std::fs::write(&path, STUDY.replace("\"10%\"", "\"40\"")).unwrap();
    let study = Study::open(&path, &[]).unwrap();
    let measure = || {
        let (options, progress) = (RunOptions::default(), RunProgress::default());
        measure(&study, Keep::Figures, &options, &progress).unwrap().unwrap()
    };
    let known = study.known();
    let baseline_path = dir.path().join("b.toml");
    let healthy = measure();
    let update = Update {
        study: &study,
        measured: &healthy,
        judged: None,
        program: "1",
        reason: "first",
        accept: false,
        with_detail: false,
    };
    assert_eq!(update.write(&baseline_path, None).unwrap(), Updated::Written);
    let baseline = Baseline::open(&baseline_path, &known).unwrap().unwrap();
    let check = |measured: &Measured| {
        judge(&baseline, measured, &known, None, &Policy::default(), "1").unwrap()
    };
    assert_eq!(check(&measure()).verdict, Verdict::Pass);

    let trace = Trace::from_numbers("t", numbers);
    let job = Job {
        trace: &trace,
        capacity: 40,
        unit: cache::Unit::Objects,
        warmup: 0,
        seed: 1,
        next_use: None,
        check: true,
        admission: None,
        prefetch: None,
    };
    let mut go_on = |_| std::ops::ControlFlow::Continue(());
    let counts = run_erased::<Damaged>("lru", &job, &Map::new(), &mut go_on).unwrap().unwrap();
    let mut broken = measure();
    let lru = broken.runs.iter_mut().find(|run| run.key.strategy == "lru").unwrap();
    lru.figures = of_flat(&counts);
    let found = check(&broken);
    assert_eq!(found.verdict, Verdict::Regressed, "{found:?}");
    let failed: Vec<&str> = found.failures().map(|row| row.metric.as_str()).collect();
    assert_eq!(failed, ["misses", "byte_misses"]);
    assert!(found.failures().all(|row| row.strategy == "lru"));
}
