//! The page of A/B tests, of made-up results.

use frames::{AbLatencyRow, AbMeasureRow, AbNaiveRow, AbTestRow, AbTests, AbWindowRow};
use report::{TestDocument, test_page};

/// Tests of these names: the first on all traffic, the others on a part.
pub(crate) fn made_up(names: &[&str]) -> AbTests {
    let mut made = AbTests::default();
    for (nth, name) in names.iter().enumerate() {
        let (test, a, b) = (name.to_string(), "lru".to_string(), "s3-fifo".to_string());
        made.tests.push(AbTestRow {
            test: test.clone(),
            a: a.clone(),
            b: b.clone(),
            traffic: if nth == 0 { 1.0 } else { 0.1 },
            by: "key".into(),
            reads: 500_000,
            measure: "hit-ratio".into(),
            verdict: "ship".into(),
            reason: "B is better by more than what matters.".into(),
            level: 0.95,
            aa_rate: 0.05,
            aa_low: 0.03,
            aa_high: 0.07,
            aa_repetitions: 400,
            minimum_detectable: 0.002,
            requests_needed: 90_000.0,
            series: "hit-ratio".into(),
            ..AbTestRow::default()
        });
        for (measure, unit, better, role) in [
            ("hit-ratio", "ratio", "higher", "primary"),
            ("p99", "ns", "lower", "guardrail"),
            ("cost", "nanodollars", "lower", "guardrail"),
        ] {
            let scale = if unit == "ratio" { 1.0 } else { 1e9 };
            made.measures.push(AbMeasureRow {
                test: test.clone(),
                measure: measure.into(),
                role: role.into(),
                unit: unit.into(),
                better: better.into(),
                a: 0.6 * scale,
                b: 0.62 * scale,
                difference: 0.02 * scale,
                low: 0.015 * scale,
                high: 0.025 * scale,
                basis: "windows".into(),
                p_value: 0.001,
                margin: 0.01 * scale,
                probability_better: 0.99,
                standing: if role == "primary" { "" } else { "holds" }.into(),
                block_length: 6.0,
                p_newey_west: 0.002,
                p_diebold_mariano: 0.003,
                ..AbMeasureRow::default()
            });
        }
        for window in 0..60u64 {
            let half = 0.2 / (window as f64 + 1.0);
            made.windows.push(AbWindowRow {
                test: test.clone(),
                window,
                start_ns: window * 60_000_000_000,
                reads: 8_000,
                a: 0.6,
                b: 0.62,
                so_far: 0.02,
                low: 0.02 - half,
                high: 0.02 + half,
            });
        }
        for (arm, nth) in [(&a, 1), (&b, 2)] {
            for step in 1..=40u32 {
                made.latency.push(AbLatencyRow {
                    test: test.clone(),
                    strategy: arm.clone(),
                    latency_ns: 10u64.pow(3 + step / 8) * u64::from(step + nth),
                    share: f64::from(step) / 40.0,
                });
            }
        }
        made.naive.push(AbNaiveRow {
            test,
            verdict: "a-is-better".into(),
            ..AbNaiveRow::default()
        });
    }
    made
}

pub(crate) fn page(tests: &AbTests) -> String {
    let document = TestDocument {
        title: "Made up",
        description: "Is it better?",
        tests,
        resolved_scenario: "schema = 1\n",
        manifest: "{}\n",
        notes: &["Read this.".to_string()],
        sources: &[],
        version: "0.1.0",
    };
    test_page(&document).expect("renders")
}

#[test]
fn verdict_chart_table_and_method_come_in_this_order() {
    for names in [&["one"][..], &["one", "<b>two"]] {
        let html = page(&made_up(names));
        let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text}"));
        let places = ["class=\"verdict\"", "class=\"chart\"", "Measures of one", "id=\"method\""];
        assert!(places.map(at).is_sorted(), "{:?}", places.map(at));
        assert!(!html.contains("<b>two"));
    }
}
