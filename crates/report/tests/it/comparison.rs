//! The report of a comparison, of made-up results.

use frames::{CellRow, Comparison, FamilyRow, LeaderRow, PairRow, StandingRow, TestRow};
use report::{
    ComparisonDocument, Theme, comparison_charts, comparison_page, latex_table, summary,
    write_comparison,
};

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
        family: trace.into(),
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

/// The same with what may be concluded from so many families: nothing from few.
pub(crate) fn judged(mut made: Comparison, families: u64) -> Comparison {
    let sure = |value: f64| if families < 6 { f64::NAN } else { value };
    let sizes: Vec<String> = made.leaders.iter().map(|row| row.size.clone()).collect();
    let traces = made.leaders.first().map_or(0, |row| row.traces);
    for (i, size) in sizes.iter().enumerate().filter(|(i, size)| !sizes[..*i].contains(size)) {
        let of_size: Vec<LeaderRow> =
            made.leaders.iter().filter(|row| row.size == *size).cloned().collect();
        let rivals: Vec<&LeaderRow> =
            of_size.iter().filter(|row| row.clairvoyant != "yes").collect();
        made.tests.push(TestRow {
            size: size.clone(),
            traces,
            families,
            policies: rivals.len() as u64,
            friedman_chi_squared: sure(11.3),
            friedman_chi_squared_p: sure(0.01),
            friedman_f: sure(4.56),
            friedman_p: sure(if i == 0 { 0.0069 } else { 0.2 }),
            critical_difference: sure(1.563),
            rope: 0.01,
        });
        for (place, row) in rivals.iter().enumerate() {
            let (mean, rank) = (row.reduction_mean, place as f64 + 1.2);
            let versus = |value: f64| if row.policy == BASELINE { f64::NAN } else { sure(value) };
            made.standings.push(StandingRow {
                size: size.clone(),
                policy: row.policy.clone(),
                mean_rank: rank,
                reduction: mean,
                reduction_low: versus(mean - 0.05),
                reduction_high: versus(mean + 0.06),
                reduction_low_of_many: versus(mean - 0.08),
                reduction_high_of_many: versus(mean + 0.09),
                p_of_many: versus(0.02),
                wilcoxon_p: versus(0.01),
                wilcoxon_p_holm: versus(if place < 2 { 0.031 } else { 0.4 }),
                wilcoxon_for: versus(if mean > 0.0 { 0.9 } else { 0.1 }),
                better: versus(0.93),
                same: versus(0.05),
                worse: versus(0.02),
                wins: 7,
                ties: 1,
                losses: 1,
                best_p: sure(if place < 2 { 0.6 } else { 0.01 }),
                gap_closed: 2.0 * mean,
            });
            made.families.push(FamilyRow {
                size: size.clone(),
                policy: row.policy.clone(),
                family: "all".into(),
                wins: if families < traces { 7 } else { 1 },
                reduction: mean,
                ..FamilyRow::default()
            });
            for (b, other) in rivals.iter().enumerate().skip(place + 1).filter(|_| families > 5) {
                made.pairs.push(PairRow {
                    size: size.clone(),
                    a: row.policy.clone(),
                    b: other.policy.clone(),
                    difference: other.reduction_mean - mean,
                    wilcoxon_p: 0.02,
                    wilcoxon_p_holm: if b > place + 1 { 0.04 } else { 0.3 },
                    nemenyi_p: 0.2,
                });
            }
        }
    }
    made
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
    let made = judged(usual(), 9);
    let charts = comparison_charts(&made, BASELINE);
    let ids: Vec<&str> = charts.iter().map(|chart| chart.id.as_str()).collect();
    let of_size = ["intervals-1", "reduction-1", "ranks-1", "heat-1", "pairs-1", "gap-closed-1"];
    assert_eq!(ids[..2], ["leading", "miss-ratio"]);
    assert_eq!(ids[2..8], of_size);
    assert_eq!(ids.len(), 2 + 3 * of_size.len());
    let few: Vec<String> =
        comparison_charts(&judged(usual(), 3), BASELINE).into_iter().map(|c| c.id).collect();
    assert!(few.contains(&"intervals-1".into()) && !few.contains(&"ranks-1".into()), "{few:?}");
    let crowd = comparison_charts(&judged(crowd(), 70), BASELINE);
    for chart in &charts {
        assert!(!chart.png().expect("draws").is_empty());
    }
    for (chart, theme) in charts
        .iter()
        .flat_map(|chart| [Theme::Light, Theme::Dark].map(|theme| (chart, theme)))
        .chain(crowd.iter().map(|chart| (chart, Theme::Light)))
    {
        let svg = chart.svg(theme).expect("draws");
        assert_well_formed(&svg);
        assert!(!svg.contains("#0102"), "a stand-in colour is left in {}", chart.id);
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
    let made = judged(comparison(&["fifo", ATTACK], &[ATTACK, "b"], &[ATTACK, "1%"]), 8);
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
fn the_page_says_who_is_ahead_and_how_sure_that_is() {
    let page = |made: &Comparison| {
        comparison_page(&document(made, &["Read this.".into()])).expect("renders")
    };
    let html = page(&usual());
    let headline = "At 0.1%, a-policy:with=many,parameters=7 has 9.0\u{a0}% fewer misses than fifo in the mean. At 1%, ";
    assert!(html.contains(headline), "bounds are not ahead of anybody");
    assert!(!html.contains("Families of traces</h2>"));
    let grouped = page(&judged(usual(), 1));
    assert!(grouped.contains("Families of traces</h2>") && grouped.contains("<td>7</td>"));
    let sure = page(&judged(usual(), 9));
    let headline = "in the mean (95\u{a0}% interval as the best of 3 against fifo: +1.0\u{a0}% to +18.0\u{a0}%); arc may be as good. At 1%, ";
    assert!(sure.contains(headline));
    let few = page(&judged(usual(), 3));
    assert!(
        few.contains("in the mean. At 1%, ")
            && few.contains(" So few families of traces allow no conclusion about others.")
    );
    assert!(html.contains("Read this.") && html.contains("<code>gap_closed_p25</code>"));
    assert!(html.contains("&quot;kind&quot;: &quot;compare&quot;"));
}

/// The title, the facts and the summary count alike: the baseline is a policy, a bound is none. What is said
/// of columns is said of those that are there.
#[test]
fn policies_are_counted_in_one_way_and_captions_speak_of_what_is_there() {
    let page = |made: &Comparison| comparison_page(&document(made, &[])).expect("renders");
    let (few, many) = (page(&judged(usual(), 3)), page(&judged(usual(), 9)));
    for html in [&few, &many] {
        assert!(html.contains("<dt>Policies</dt><dd>4</dd>"), "{html}");
        assert!(html.contains("<dt>Baseline, one of them</dt><dd>fifo</dd>"));
        assert!(html.contains("<dt>Bounds</dt><dd>belady</dd>"));
        assert!(html.contains("4 policies, fifo among them"));
        assert!(!html.contains("The first 10 of each size"), "there are no more");
        assert!(!html.contains("policies with the highest mean of each size"), "all are drawn");
    }
    let column = ">p (Holm)</th>";
    let caption = "intervals, p and ranks are over their families";
    assert_eq!((few.contains(column), few.contains(caption)), (false, false));
    assert_eq!((many.contains(column), many.contains(caption)), (true, true));
    let unbounded = page(&comparison(&["fifo", "lru"], &["a"], &["1%"]));
    assert!(!unbounded.contains("<dt>Bounds</dt>") && !unbounded.contains("Bounds know"));
}

#[test]
fn what_stands_between_backticks_is_code() {
    let notes = ["The field `a<b` is new, `c` is not.", "One ` alone."].map(String::from);
    let html = comparison_page(&document(&usual(), &notes)).expect("renders");
    assert!(html.contains("<li>The field <code>a&lt;b</code> is new, <code>c</code> is not.</li>"));
    assert!(html.contains("<li>One ` alone.</li>"));
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
    let mut empty = judged(usual(), 9);
    for row in &mut empty.standings {
        (row.mean_rank, row.reduction, row.gap_closed) = (f64::NAN, f64::NAN, f64::NAN);
        (row.reduction_low, row.reduction_high) = (f64::NEG_INFINITY, f64::INFINITY);
        (row.wilcoxon_p_holm, row.best_p, row.better) = (f64::NAN, f64::NAN, f64::NAN);
    }
    let one = judged(comparison(&["fifo"], &["a"], &["1%"]), 1);
    for made in [Comparison::default(), holes, empty, one] {
        for chart in comparison_charts(&made, BASELINE) {
            assert_well_formed(&chart.svg(Theme::Light).expect("draws"));
        }
        let html = comparison_page(&document(&made, &[])).expect("renders");
        // Below, the columns are explained, and what is NaN in them.
        let figures = html.split("<h2 id=\"method\">").next().expect("comes first");
        assert!(!figures.contains("NaN") && !figures.contains("inf"), "a number that is none");
    }
}

#[test]
fn a_star_stands_where_means_differ_and_the_legend_says_so() {
    let star = |made: &Comparison| {
        let charts = comparison_charts(made, BASELINE);
        let heat = charts.iter().find(|chart| chart.id == "heat-1").expect("is drawn");
        let svg = heat.svg(Theme::Light).expect("draws");
        (svg.contains("differs from fifo (p &lt; 0.05)"), svg.matches("9*").count())
    };
    assert_eq!(star(&judged(usual(), 9)), (true, 1));
    assert_eq!(star(&judged(usual(), 3)), (false, 0));
}

#[test]
fn a_paper_can_quote_what_was_tested() {
    let text = summary(&judged(usual(), 9), BASELINE, "0.1.0");
    assert_eq!(text.len(), 4, "a paragraph a size, and how it was computed");
    for part in [
        "Caches of 0.1%: 4 policies, fifo among them, over 3 traces of 9 families.",
        "corrected for 3 comparisons with fifo, ",
        "The policies differ (Friedman, Iman–Davenport F(3, 24) = 4.56, p = 0.007)",
        "a-policy:with=many,parameters=7: +9.0 % (95 % bootstrap interval +4.0 % to +15.0 %;",
        "Significantly better than fifo: a-policy:with=many,parameters=7 and arc; not told apart from it: 1 of 3.",
        "May be the best (95 % model confidence set): a-policy:with=many,parameters=7 and arc.",
        "closes 18.0 % of the gap",
    ] {
        assert!(text[0].contains(part), "{part}: {}", text[0]);
    }
    assert!(text[1].contains("The policies are not told apart"), "{}", text[1]);
    let latex = latex_table(&judged(usual(), 9), BASELINE);
    for part in [
        "\\multicolumn{7}{l}{Caches of 0.1\\%, $n = 9$}",
        "\\textbf{a-policy:with=many,parameters=7}\\,$^\\dagger$ & 1.20 & $+9.0$ & $[+4.0, +15.0]$ & $0.031$ & 7/1/1 & $+18.0$ \\\\",
        "\\begin{tabular}{lrrrrrr}",
    ] {
        assert!(latex.contains(part), "{part}: {latex}");
    }
    // As many columns in every row.
    let rows = latex.lines().filter(|line| line.contains(" & "));
    assert!(rows.clone().count() == 10 && rows.clone().all(|row| row.matches(" & ").count() == 6));
}

#[test]
fn from_few_families_nothing_is_concluded() {
    let made = judged(usual(), 3);
    let text = summary(&made, BASELINE, "0.1.0").join("\n");
    assert!(
        text.contains(
            "3 families are too few to conclude anything about other traces (6 at least)"
        )
    );
    assert!(!text.contains("p = ") && !text.contains("interval"), "{text}");
    let latex = latex_table(&made, BASELINE);
    assert!(!latex.contains("Holm") && latex.contains("{lrrrr}"), "{latex}");
    assert!(summary(&Comparison::default(), BASELINE, "0").is_empty());
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
    assert!(dir.path().join("summary.txt").exists() && dir.path().join("table.tex").exists());
}
