//! Each output is read back by a parser of its form.

use frames::{CauseRow, CheckRow};
use serde_json::Value;

use super::{Gate, bench, github, gitlab, junit, sarif};

fn row(status: &str, metric: &str, line: u64) -> CheckRow {
    CheckRow {
        status: status.into(),
        trace: "web|<crawl>".into(),
        strategy: "s3-fifo:small-ratio=0.2, \"x\" & y".into(),
        metric: metric.into(),
        against: if status == "broken" || status == "held" { "limit" } else { "baseline" }.into(),
        unit: "ratio".into(),
        better: if metric.starts_with("hit") { "higher" } else { "lower" }.into(),
        expected: 0.5,
        actual: 0.4,
        change: -0.1,
        relative: -0.2,
        allowed: "0.1 % worse".into(),
        reason: "50 % then,\n40 % now: 100% worse".into(),
        line,
        ..CheckRow::default()
    }
}

fn rows() -> Vec<CheckRow> {
    vec![
        row("same", "errors", 10),
        row("improved", "byte_miss_ratio", 11),
        row("regressed", "hit_ratio", 12),
        row("broken", "hit_ratio", 3),
        row("inconclusive", "miss_ratio", 13),
        row("incomparable", "latency_ns_p99", 14),
    ]
}

fn gate<'a>(rows: &'a [CheckRow], reasons: &'a [String]) -> Gate<'a> {
    Gate {
        study: "quick|start",
        baseline: "./base lines/q.toml",
        program: "0.1.0",
        verdict: "regressed",
        allows_inconclusive: false,
        rows,
        causes: &[],
        divergences: &[],
        reasons,
        notes: &[],
    }
}

fn reasons(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("another trace t{i}")).collect()
}

#[test]
fn junit_has_a_case_a_figure() {
    let (rows, reasons) = (rows(), reasons(1));
    let xml = junit::report(&gate(&rows, &reasons)).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (7, 2, 3), "{xml}");
    let cases: Vec<_> = report.test_suites.iter().flat_map(|suite| &suite.test_cases).collect();
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names[..2], ["is comparable", "errors"]);
    assert!(names.contains(&"hit_ratio") && names.contains(&"hit_ratio 0.1 % worse"), "{names:?}");
    let suite = &report.test_suites[1];
    assert_eq!(suite.name.as_str(), "s3-fifo:small-ratio=0.2, \"x\" & y / web|<crawl>");
    assert!(xml.contains("expected: 0.5\nactual: 0.4"), "{xml}");
}

#[test]
fn what_is_allowed_to_be_inconclusive_is_skipped_and_no_finding() {
    let rows = [row("same", "errors", 1), row("inconclusive", "miss_ratio", 2)];
    let refused = gate(&rows, &[]);
    let allowed = Gate { verdict: "pass", allows_inconclusive: true, ..refused };
    let counts = |gate: &Gate<'_>| {
        let xml = junit::report(gate).unwrap();
        let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
        (report.errors, report.failures, xml.matches("<skipped ").count())
    };
    assert_eq!(counts(&refused), (1, 0, 0));
    assert_eq!(counts(&allowed), (0, 0, 1));
    assert!(junit::report(&allowed).unwrap().contains("message=\"50 % then,"));
    let results = |gate: &Gate<'_>| {
        let report: Value = serde_json::from_str(&sarif::report(gate)).unwrap();
        report["runs"][0]["results"].as_array().unwrap().len()
    };
    assert_eq!((results(&refused), results(&allowed)), (1, 0));
    assert_ne!(gitlab::report(&refused), "[]\n");
    assert_eq!(gitlab::report(&allowed), "[]\n");
    assert_ne!(github::annotations(&refused), "");
    assert_eq!(github::annotations(&allowed), "");
    // The summary has it still.
    assert!(github::summary(&allowed, github::MOST_BYTES).contains("| inconclusive |"));
}

#[test]
fn sarif_has_what_code_scanning_reads() {
    let (rows, reasons) = (rows(), reasons(1));
    let gate = gate(&rows, &reasons);
    let report: Value = serde_json::from_str(&sarif::report(&gate)).unwrap();
    assert_eq!(report["version"], "2.1.0");
    let run = &report["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    let mut fingerprints = Vec::new();
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "base%20lines/q.toml");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        fingerprints.push(result["partialFingerprints"]["cacheStrategyCheck/v1"].clone());
    }
    fingerprints.sort_by_key(Value::to_string);
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), 5, "a finding needs a name of its own");
    assert_eq!(results[0]["ruleId"], "regression");
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["region"]["startLine"], 12);
    // Line and value may change: it is the same finding still.
    let mut moved = rows.clone();
    moved[2].line = 99;
    moved[2].reason = "worse still".into();
    let again: Value =
        serde_json::from_str(&sarif::report(&Gate { rows: &moved, ..gate })).unwrap();
    let fingerprint =
        |report: &Value| report["runs"][0]["results"][0]["partialFingerprints"].clone();
    assert_eq!(fingerprint(&again), fingerprint(&report));
}

#[test]
fn sarif_leaves_out_what_would_not_be_shown() {
    let mut many: Vec<CheckRow> = (0..sarif::MOST).map(|_| row("improved", "errors", 1)).collect();
    many.push(row("regressed", "hit_ratio", 2));
    let report: Value = serde_json::from_str(&sarif::report(&gate(&many, &[]))).unwrap();
    let run = &report["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), sarif::MOST);
    assert_eq!(run["results"][0]["ruleId"], "regression");
    let note = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!(note, "1 more results are left out: 5000 are shown at most");
}

#[test]
fn gitlab_has_its_five_fields() {
    let (rows, reasons) = (rows(), reasons(1));
    let issues: Value = serde_json::from_str(&gitlab::report(&gate(&rows, &reasons))).unwrap();
    let issues = issues.as_array().unwrap();
    assert_eq!(issues.len(), 5);
    for issue in issues {
        assert_eq!(issue["location"]["path"], "base lines/q.toml");
        assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
        let severity = issue["severity"].as_str().unwrap();
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity));
        assert_eq!(issue["fingerprint"].as_str().unwrap().len(), 32);
        assert!(issue["check_name"].is_string() && issue["description"].is_string());
    }
    assert_eq!(gitlab::report(&gate(&rows[..1], &[])), "[]\n");
}

#[test]
fn annotations_are_escaped_and_keep_to_what_a_step_shows() {
    let many: Vec<CheckRow> = (1..=40).map(|line| row("regressed", "hit_ratio", line)).collect();
    let stale: Vec<CheckRow> = (1..=40).map(|line| row("improved", "hit_ratio", line)).collect();
    let all: Vec<CheckRow> = many.iter().chain(&stale).cloned().collect();
    let text = github::annotations(&gate(&all, &reasons(3)));
    let of = |level: &str| text.lines().filter(|line| line.starts_with(level)).count();
    assert_eq!((of("::error "), of("::warning ")), (github::MOST_ERRORS, github::MOST_WARNINGS));
    assert_eq!(text.lines().count(), github::MOST_ERRORS + github::MOST_WARNINGS);
    assert!(text.contains("::35 more findings: see the summary"), "{text}");
    let first = text.lines().next().unwrap();
    assert!(
        first.starts_with("::error file=base lines/q.toml,line=1,title=regression::"),
        "{first}"
    );
    assert!(first.ends_with("50 %25 then,%0A40 %25 now: 100%25 worse"), "{first}");
    let text = github::annotations(&gate(&rows(), &[]));
    assert_eq!(text.lines().count(), 4, "{text}");
}

#[test]
fn a_summary_fits_and_holds_no_markup_of_others() {
    let rows = rows();
    let reasons = reasons(1);
    let causes = [CauseRow { group: "a|b".into(), change: -2.0, ..CauseRow::default() }];
    let gate = Gate { causes: &causes, ..gate(&rows, &reasons) };
    let text = github::summary(&gate, github::MOST_BYTES);
    assert!(text.starts_with("### ❌ cache-strategy check: quick\\|start, regressed\n"), "{text}");
    assert!(text.contains("web\\|&lt;crawl&gt;") && !text.contains("<crawl>"), "{text}");
    let table = |line: &&str| line.starts_with("| ");
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let rows_of = text.lines().filter(table).map(bars).collect::<Vec<_>>();
    assert_eq!(rows_of, [5, 5, 5, 5, 5, 5, 7, 7], "{text}");
    assert!(text.contains("a\\|b"));
    // The worst comes first.
    assert!(text.find("| regressed |").unwrap() < text.find("| improved |").unwrap());

    let many: Vec<CheckRow> = (0..2_000).map(|line| row("regressed", "hit_ratio", line)).collect();
    for room in [0, 10, 500, 3_000, 20_000] {
        let text = github::summary(&Gate { rows: &many, ..gate }, room);
        assert!(text.len() <= room, "{} of {room}", text.len());
        assert!(room < 3_000 || text.contains("more rows do not fit"), "{room}");
    }
}

#[test]
fn benchmarks_are_named_and_sorted_by_what_is_better() {
    let mut rows = rows();
    rows[0].actual = f64::NAN;
    let gate = gate(&rows, &[]);
    let parse = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let bencher = parse(bench::bencher(&gate));
    let benchmarks = bencher.as_object().unwrap();
    assert_eq!(benchmarks.len(), 1);
    let (name, measures) = benchmarks.iter().next().unwrap();
    assert!(name.starts_with("quick|start / s3-fifo"), "{name}");
    assert_eq!(measures["hit_ratio"], serde_json::json!({ "value": 0.4 }));
    assert!(measures.get("errors").is_none(), "not a number");
    let names = |text: String| {
        let list = parse(text);
        let list = list.as_array().unwrap().clone();
        assert!(list.iter().all(|entry| entry["unit"] == "ratio" && entry["value"].is_number()));
        list.len()
    };
    assert_eq!(names(bench::bigger_is_better(&gate)), 1);
    assert_eq!(names(bench::smaller_is_better(&gate)), 3);
}

/// It fails the gate, and is worse in nobody's words.
#[test]
fn a_denied_improvement_fails_as_what_it_is() {
    let denied =
        [CheckRow { reason: "better, which is denied".into(), ..row("denied", "hit_ratio", 1) }];
    let gate = Gate { verdict: "denied", ..gate(&denied, &[]) };
    let xml = junit::report(&gate).unwrap();
    assert!(xml.contains("failures=\"1\"") && xml.contains("type=\"denied-improvement\""), "{xml}");
    let line = github::annotations(&gate);
    assert!(line.starts_with("::error ") && line.contains("title=denied-improvement"), "{line}");
    let sarif: Value = serde_json::from_str(&sarif::report(&gate)).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(
        (&result["ruleId"], &result["level"]),
        (&"denied-improvement".into(), &"error".into())
    );
    let issues: Value = serde_json::from_str(&gitlab::report(&gate)).unwrap();
    assert_eq!(issues[0]["check_name"], "denied-improvement");
    let summary = github::summary(&gate, github::MOST_BYTES);
    assert!(summary.contains(", 1 better, 0 worse."), "{summary}");
    for text in [xml, line, result.to_string(), issues.to_string()] {
        assert!(!text.contains("regress"), "{text}");
    }
}
