//! The report of A/B tests, of made-up results.

use frames::{
    AbBatchRow, AbLatencyRow, AbMeasureRow, AbNaiveRow, AbRolloutRow, AbStageRow, AbTestRow,
    AbTests, AbWindowRow,
};
use report::{TestDocument, Theme, test_charts, test_page, write_tests};

use crate::files::assert_well_formed;

/// Two tests, the second of which was rolled out and compared with a z-test; or the first alone.
pub(crate) fn tests(n: usize) -> AbTests {
    let mut made = AbTests::default();
    for (i, test) in ["web & crawl", "a-trace-with-a-long-name"].into_iter().take(n).enumerate() {
        let verdict = ["ship", "no-difference"][i];
        made.tests.push(AbTestRow {
            test: test.into(),
            trace: test.into(),
            a: "current".into(),
            b: "new <algorithm>".into(),
            traffic: [1.0, 0.1][i],
            by: "object".into(),
            reads: 200_000,
            measure: "hit-ratio".into(),
            verdict: verdict.into(),
            reason: "hit ratio is better, by +1.00 pp.".into(),
            level: 0.95,
            aa_rate: 0.04,
            aa_low: 0.02,
            aa_high: 0.08,
            aa_repetitions: 200,
            minimum_detectable: 0.002,
            requests_needed: [12_000.0, f64::NAN][i],
            series: "hit-ratio".into(),
            ..AbTestRow::default()
        });
        made.measures.extend(measures(test));
        for window in 0..200u64 {
            let settled = window as f64 / 200.0;
            let known = window >= 20;
            made.windows.push(AbWindowRow {
                test: test.into(),
                window,
                start_ns: window * 2_000_000_000,
                reads: 1_000,
                a: 0.8,
                b: 0.81,
                so_far: 0.01 * settled,
                low: if known { 0.01 * settled - 0.004 / settled } else { f64::NAN },
                high: if known { 0.01 * settled + 0.004 / settled } else { f64::NAN },
            });
        }
        for strategy in ["current", "new <algorithm>"] {
            for step in 1..=50u64 {
                made.latency.push(AbLatencyRow {
                    test: test.into(),
                    strategy: strategy.into(),
                    latency_ns: 1_000 * step * step * step,
                    share: step as f64 / 50.0,
                });
            }
        }
    }
    if n > 1 {
        roll_out(&mut made, "a-trace-with-a-long-name");
    }
    made
}

fn measures(test: &str) -> Vec<AbMeasureRow> {
    let row = |measure: &str, unit: &str, [difference, low, high, margin]: [f64; 4]| AbMeasureRow {
        test: test.into(),
        measure: measure.into(),
        role: if measure == "hit-ratio" { "primary" } else { "guardrail" }.into(),
        unit: unit.into(),
        better: if measure == "hit-ratio" { "higher" } else { "lower" }.into(),
        a: 1e9 * margin,
        b: 1e9 * margin,
        difference,
        low,
        high,
        basis: if low == high { "whole run" } else { "time" }.into(),
        relative: f64::NAN,
        relative_low: f64::NAN,
        relative_high: f64::NAN,
        margin,
        probability_better: 0.98,
        result: if measure == "hit-ratio" { "better" } else { "holds" }.into(),
        whole_trace_low: f64::NAN,
        whole_trace_high: f64::NAN,
        ..AbMeasureRow::default()
    };
    let open = [f64::NEG_INFINITY, f64::INFINITY];
    vec![
        row("hit-ratio", "ratio", [0.01, 0.008, 0.012, 0.005]),
        row("p99", "ns", [1e6, -3e6, 5e6, 4e6]),
        row("cost", "nanodollars", [9e12, 9e12, 9e12, 1e11]),
        row("error-ratio", "ratio", [0.0002, open[0], open[1], 0.001]),
    ]
}

fn roll_out(made: &mut AbTests, test: &str) {
    const MINUTE: u64 = 60_000_000_000;
    for (stage, (share, state)) in
        [(0.01, "holding"), (0.01, "ramping"), (0.05, "failing")].into_iter().enumerate()
    {
        let start_ns = stage.saturating_sub(1) as u64 * 2 * MINUTE;
        made.stages.push(AbStageRow {
            test: test.into(),
            stage: u64::from(stage > 1),
            share,
            state: state.into(),
            reason: "p99 latency is worse.".into(),
            start_ns,
            end_ns: start_ns + 2 * MINUTE,
            reads: 4_000,
            measure: "hit-ratio".into(),
            a: 0.8,
            b: 0.79,
            undivided: 0.805,
            everybody: 0.77,
            stayed_reads: 76_000,
            stayed_a: 0.81,
            stayed_b: 0.8 + share / 10.0,
        });
    }
    for batch in 0..80u64 {
        let so_far = if batch % 40 < 19 { f64::NAN } else { -0.01 };
        made.batches.push(AbBatchRow {
            test: test.into(),
            stage: batch / 40,
            share: [0.01, 0.05][batch as usize / 40],
            start_ns: batch * 3_000_000_000,
            reads: 100,
            difference: -0.01,
            so_far,
            low: so_far - 0.02,
            high: so_far + 0.02,
        });
    }
    made.rollouts.push(AbRolloutRow {
        test: test.into(),
        by: "object".into(),
        world: "shared".into(),
        stages: "ramp".into(),
        state: "rolled-back".into(),
        reason: "p99 latency is worse.".into(),
        share: 0.05,
        end_ns: 4 * MINUTE,
        exposed_reads: 8_000,
        extra_misses: 80,
        extra_errors: -1,
        stayed_misses: 7,
        cold_misses: 12,
        extra_nanodollars: 2_000_000,
    });
    made.naive.push(AbNaiveRow {
        test: test.into(),
        hit_ratio_a: 0.6,
        hit_ratio_b: 0.8,
        p_value: 1e-99,
        verdict: "better".into(),
        aa_pairs: 45,
        aa_rate: 0.93,
        aa_low: 0.43,
        aa_high: 1.0,
        ..AbNaiveRow::default()
    });
}

pub(crate) fn document(tests: &AbTests) -> TestDocument<'_> {
    TestDocument {
        title: "study: new <algorithm> against current",
        description: "Is it better?",
        tests,
        resolved_scenario: "name = \"s\"",
        manifest: "{}",
        notes: &[],
        sources: &[],
        version: "0",
    }
}

#[test]
fn the_verdict_comes_first_and_nothing_is_shown_that_is_no_number() {
    let one = tests(1);
    let page = test_page(&document(&one)).unwrap();
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text}"));
    let order = [
        "Ship: hit ratio is better, by +1.00 pp.",
        "id=\"differences\"",
        "<h2 id=\"results\">",
        "id=\"so-far\"",
        "How it was computed",
    ];
    assert!(order.map(at).is_sorted(), "{:?}", order.map(at));
    // The explanations of the columns speak of what is no number, the figures show none.
    let (_, body) = page.split_once("<body>").unwrap();
    let (body, _) = body.split_once("id=\"method\"").unwrap();
    for absurd in ["NaN", ">inf", "<algorithm>"] {
        assert!(!body.contains(absurd), "{absurd}");
    }
    let two = test_page(&document(&tests(2))).unwrap();
    for said in [
        "web &amp; crawl: ship; a-trace-with-a-long-name: no difference.",
        "Rolled back at 5.0 % of the objects, 4 min into the trace",
        "−1 errors",
        "At 5.0 %, B changed the hit ratio of its reads by −1.00 pp; had all others been with B, it would have been by −3.00 pp.",
        "For those that stayed with A, the hit ratio changed most at 1.0 %: −0.90 pp over 76,000 reads.",
    ] {
        assert!(two.contains(said), "{said}");
    }
}

#[test]
fn every_chart_is_a_file_and_well_formed() {
    let dir = tempfile::tempdir().unwrap();
    let made = tests(2);
    let written = write_tests(dir.path(), &document(&made)).unwrap();
    let charts = test_charts(&made);
    assert_eq!(written.len(), 2 * charts.len() + 1);
    let ids: Vec<&str> = charts.iter().map(|chart| chart.id.as_str()).collect();
    let expected = [
        "differences-1",
        "differences-2",
        "rollout-2",
        "interference-2",
        "so-far-1",
        "so-far-2",
        "latency-1",
        "latency-2",
    ];
    assert_eq!(ids, expected);
    for chart in charts {
        for theme in [Theme::Light, Theme::Dark] {
            assert_well_formed(&chart.svg(theme).unwrap());
        }
    }
}
