//! The report of a comparison, of made-up results.

use frames::{CellRow, Comparison, LeaderRow};
use report::{ComparisonDocument, Theme, comparison_charts, comparison_page, write_comparison};

use crate::files::assert_well_formed;

const BASELINE: &str = "fifo";

/// Every policy a little better than the one before it, and on every other trace as much worse.
pub(crate) fn comparison(policies: &[&str], traces: &[&str], sizes: &[&str]) -> Comparison {
    let mut made = Comparison::default();
    for (t, trace) in traces.iter().enumerate() {
        for (s, size) in sizes.iter().enumerate() {
            for (p, policy) in policies.iter().enumerate() {
                let change = 0.07 * p as f64 * if t % 2 == 0 { 1.0 } else { -1.0 };
                made.cells.push(cell(trace, policy, size, 0.9 - 0.2 * s as f64, change));
            }
        }
    }
    for size in sizes {
        for (p, policy) in policies.iter().enumerate().rev() {
            made.leaders.push(leader(policy, size, 0.03 * p as f64, traces.len()));
        }
    }
    made
}

fn cell(trace: &str, policy: &str, size: &str, baseline: f64, reduction: f64) -> CellRow {
    let reduction = reduction.clamp(-1.0, 1.0);
    let miss_ratio = (baseline * (1.0 - reduction / 2.0)).min(1.0);
    CellRow {
        trace: trace.into(),
        trace_digest: "blake3:0123456789abcdef".into(),
        policy: policy.into(),
        clairvoyant: if policy == "belady" { "yes" } else { "no" }.into(),
        size: size.into(),
        capacity: 1234,
        unit: "objects".into(),
        seed: 1,
        requests: 100_000,
        objects: 9000,
        hits: 100_000 - (1e5 * miss_ratio) as u64,
        misses: (1e5 * miss_ratio) as u64,
        miss_ratio,
        bytes: 100_000,
        byte_misses: 1,
        byte_miss_ratio: 0.1,
        oversized: 0,
        refused: 0,
        reduction,
        gap_closed: 2.0 * reduction,
    }
}

fn leader(policy: &str, size: &str, mean: f64, traces: usize) -> LeaderRow {
    LeaderRow {
        size: size.into(),
        policy: policy.into(),
        clairvoyant: if policy == "belady" { "yes" } else { "no" }.into(),
        traces: traces as u64,
        reduction_mean: mean,
        reduction_p10: mean - 0.1,
        reduction_p25: mean - 0.05,
        reduction_p50: mean,
        reduction_p75: mean + 0.04,
        reduction_p90: mean + 0.2,
        wins: 1,
        gap_closed_mean: 2.0 * mean,
        gap_closed_p10: mean - 9.0,
        gap_closed_p25: mean,
        gap_closed_p50: 2.0 * mean,
        gap_closed_p75: 2.0 * mean,
        gap_closed_p90: 3.0 * mean,
        gap_closed_traces: traces as u64,
    }
}

pub(crate) fn usual() -> Comparison {
    let policies = ["fifo", "lru", "arc", "a-policy:with=many,parameters=7", "belady"];
    comparison(&policies, &["web", "block-storage-of-a-long-name", "kv"], &["0.1%", "1%", "10%"])
}

/// More traces than have columns or panels, and many policies.
pub(crate) fn crowd() -> Comparison {
    let policies: Vec<String> =
        ["fifo".to_string()].into_iter().chain((1..40).map(|i| format!("policy-{i}"))).collect();
    let traces: Vec<String> = (0..70).map(|i| format!("trace-{i}")).collect();
    let borrowed = |names: &[String]| -> Vec<&'static str> {
        names.iter().map(|name| &*name.clone().leak()).collect()
    };
    comparison(&borrowed(&policies), &borrowed(&traces), &["1%", "10%"])
}

pub(crate) fn document<'a>(
    comparison: &'a Comparison,
    notes: &'a [String],
) -> ComparisonDocument<'a> {
    ComparisonDocument {
        title: "Made up",
        comparison,
        baseline: BASELINE,
        manifest: "{\n  \"kind\": \"compare\"\n}\n",
        notes,
        version: "0.1.0",
    }
}

#[test]
fn every_chart_is_there_and_well_formed() {
    let made = usual();
    let charts = comparison_charts(&made, BASELINE);
    let ids: Vec<&str> = charts.iter().map(|chart| chart.id.as_str()).collect();
    assert_eq!(ids[..4], ["miss-ratio", "reduction-1", "heat-1", "gap-closed-1"]);
    assert_eq!(ids.len(), 10);
    for chart in charts.iter().chain(&comparison_charts(&crowd(), BASELINE)) {
        for theme in [Theme::Light, Theme::Dark] {
            let svg = chart.svg(theme).expect("draws");
            assert_well_formed(&svg);
            assert!(!svg.contains("#0102"), "a stand-in colour is left in {}", chart.id);
        }
        assert!(!chart.png().expect("draws").is_empty());
        let n = chart.table.columns.len();
        assert!(!chart.table.rows.is_empty() && chart.table.rows.iter().all(|row| row.len() == n));
    }
}

#[test]
fn the_heat_map_says_what_its_cells_are() {
    let made = usual();
    let charts = comparison_charts(&made, BASELINE);
    let heat = charts.iter().find(|chart| chart.id == "heat-2").expect("is drawn");
    // The best mean first, the baseline not at all.
    let names: Vec<&str> = heat.table.rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["belady (bound)", "a-policy:with=many,parameters=7", "arc", "lru"]);
    let arc = &heat.table.rows[2];
    assert_eq!(arc[1..], ["+6.0 %", "+14.0 %", "−14.0 %", "+14.0 %"]);
    let svg = heat.svg(Theme::Light).expect("draws");
    assert!(svg.contains("arc on web at 1%: 14.0 % fewer misses than fifo; miss ratio "));
    assert!(svg.contains("fifo has 14.0 % fewer misses"), "the other way round where it is worse");
}

#[test]
fn names_are_text_wherever_they_appear() {
    const ATTACK: &str = "<script>alert(1)</script>\"'&\u{0}";
    let made = comparison(&["fifo", ATTACK], &[ATTACK, "b"], &[ATTACK, "1%"]);
    let notes = vec![ATTACK.to_string()];
    let document =
        ComparisonDocument { title: ATTACK, manifest: ATTACK, ..document(&made, &notes) };
    let html = comparison_page(&document).expect("renders");
    assert!(html.contains("&lt;script&gt;alert(1)") && !html.contains("<script>alert"));
    assert_eq!(html.matches("</script>").count(), 1, "only our own script ends");
    for chart in comparison_charts(&made, BASELINE) {
        assert!(chart.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{}", chart.id);
        let svg = chart.svg(Theme::Light).expect("draws");
        assert_well_formed(&svg);
        assert!(!svg.contains("<script"));
    }
}

#[test]
fn the_page_says_who_is_ahead_and_where() {
    let made = usual();
    let html = comparison_page(&document(&made, &["Read this.".into()])).expect("renders");
    let headline = "At 0.1%, a-policy:with=many,parameters=7 is ahead with 9.0 % fewer misses than fifo in the mean; at 1%, a-policy:with=many,parameters=7 with 9.0 %;";
    assert!(html.contains(headline), "bounds are not ahead of anybody");
    assert!(html.contains("Read this.") && html.contains("<code>gap_closed_p25</code>"));
    assert!(html.contains("&quot;kind&quot;: &quot;compare&quot;"));
}

#[test]
fn nothing_and_no_numbers_are_no_reason_to_fail() {
    let mut holes = usual();
    for cell in &mut holes.cells {
        (cell.reduction, cell.gap_closed, cell.miss_ratio) = (f64::NAN, f64::NAN, f64::NAN);
    }
    for leader in &mut holes.leaders {
        (leader.reduction_mean, leader.reduction_p50) = (f64::NAN, f64::NAN);
        (leader.gap_closed_mean, leader.gap_closed_p90) = (f64::NAN, f64::INFINITY);
    }
    for made in [Comparison::default(), holes, comparison(&["fifo"], &["a"], &["1%"])] {
        for chart in comparison_charts(&made, BASELINE) {
            assert_well_formed(&chart.svg(Theme::Light).expect("draws"));
        }
        let html = comparison_page(&document(&made, &[])).expect("renders");
        // Below, the columns are explained, and what is NaN in them.
        let figures = html.split("<h2 id=\"background\">").next().expect("comes first");
        assert!(!figures.contains("NaN") && !figures.contains("inf"), "a number that is none");
    }
}

#[test]
fn files_are_written_and_those_of_others_removed() {
    let dir = tempfile::tempdir().expect("a directory");
    let (three, one) = (usual(), comparison(&["fifo", "lru"], &["a"], &["1%"]));
    write_comparison(dir.path(), &document(&three, &[])).expect("writes");
    assert!(dir.path().join("charts/heat-3.png").exists());
    write_comparison(dir.path(), &document(&one, &[])).expect("writes");
    assert!(dir.path().join("charts/heat.svg").exists());
    assert!(!dir.path().join("charts/heat-3.png").exists());
}
