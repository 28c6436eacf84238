//! Names that are code, and results with holes.

use frames::Results;
use report::{Theme, charts, page};

use crate::files::assert_well_formed;
use crate::made_up::{self, Study};

const ATTACK: &str = "<script>alert(1)</script>\"'&\u{0}";

/// Everything can be drawn and said.
fn check(results: Results) {
    for chart in charts(&results) {
        assert_well_formed(&chart.svg(Theme::Light).expect("draws"));
        chart.png().expect("draws");
    }
    let study = Study { results, ..made_up::three() };
    let winners = study.winners();
    let html = page(&study.document(&winners)).expect("renders");
    assert!(!html.contains("NaN") && !html.contains("inf"), "a number that is none");
}

#[test]
fn names_are_text_wherever_they_appear() {
    let mut study = made_up::matrix();
    for run in &mut study.results.runs {
        run.strategy = format!("{ATTACK}{}", run.strategy);
        run.trace = format!("{ATTACK}{}", run.trace);
        run.cell = format!("{ATTACK}{}", run.cell);
    }
    for tier in &mut study.results.tiers {
        tier.tier = format!("{ATTACK}{}", tier.tier);
        tier.policy = ATTACK.into();
    }
    for cost in &mut study.results.costs {
        cost.tier = format!("{ATTACK}{}", cost.tier);
        cost.component = ATTACK.into();
    }
    study.title = ATTACK;
    study.notes = vec![ATTACK.into()];
    let winners = study.winners();
    let mut document = study.document(&winners);
    document.description = ATTACK;
    document.manifest = ATTACK;
    document.resolved_scenario = ATTACK;
    let html = page(&document).expect("renders");
    assert!(html.contains("&lt;script&gt;alert(1)"));
    assert!(!html.contains("<script>alert"));
    assert_eq!(html.matches("</script>").count(), 1, "only our own script ends");
    for chart in charts(&study.results) {
        assert!(chart.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{}", chart.id);
        let svg = chart.svg(Theme::Light).expect("draws");
        assert_well_formed(&svg);
        assert!(!svg.contains("<script"));
    }
}

#[test]
fn nothing_at_all() {
    check(Results::default());
}

#[test]
fn no_windows_no_latency_no_costs_no_tiers() {
    let runs = made_up::three().results.runs;
    check(Results { runs, ..Results::default() });
}

#[test]
fn one_strategy_one_tier_one_window() {
    let mut results = made_up::matrix().results;
    let run = results.runs[0].run.clone();
    results.runs.truncate(1);
    results.tiers.retain(|row| row.run == run && row.tier == "L1");
    results.costs.retain(|row| row.run == run);
    results.windows.retain(|row| row.run == run && row.window == 0);
    results.latency.retain(|row| row.run == run);
    results.latency.truncate(1);
    check(results);
}

#[test]
fn no_requests_and_ratios_of_nothing() {
    let mut results = made_up::three().results;
    for run in &mut results.runs {
        (run.requests, run.hits, run.misses, run.span_ns) = (0, 0, 0, 0);
        (run.hit_ratio, run.byte_miss_ratio, run.scale) = (f64::NAN, f64::NAN, f64::NAN);
        (run.latency_ns_p50, run.latency_ns_p99, run.cost_nanodollars_month) = (0, 0, i64::MIN);
        run.latency_ns_mean = f64::INFINITY;
    }
    for tier in &mut results.tiers {
        (tier.hit_ratio, tier.share) = (f64::NAN, f64::NAN);
    }
    for window in &mut results.windows {
        (window.requests, window.hits, window.start_ns) = (0, 0, 0);
    }
    for row in &mut results.latency {
        (row.latency_ns, row.cumulative) = (0, f64::NAN);
    }
    check(results);
}

#[test]
fn an_outage_without_reads_or_names() {
    let mut results = made_up::storm().results;
    for run in &mut results.runs {
        (run.reads, run.availability, run.latency_hit_ratio) = (0, f64::NAN, f64::NAN);
    }
    for row in &mut results.spent {
        (row.latency_ns, row.timer_ns, row.tier) = (0, 0, ATTACK.into());
    }
    for row in &mut results.faults {
        (row.hit_ratio_before, row.hit_ratio_low) = (f64::NAN, f64::NAN);
        (row.extra_origin_fetches, row.what) = (f64::NAN, ATTACK.into());
    }
    for row in &mut results.stations {
        (row.served, row.wait_ns_mean, row.saturation) = (0, f64::NAN, f64::NAN);
    }
    results.tier_windows.iter_mut().for_each(|row| row.busy_share = f64::NAN);
    check(results);
}

#[test]
fn untimed_traces_are_drawn_by_reads() {
    let mut results = made_up::three().results;
    results.windows.iter_mut().for_each(|window| window.start_ns = 0);
    let over_time = charts(&results).into_iter().find(|chart| chart.id == "over-time");
    let svg = over_time.expect("is drawn").svg(Theme::Light).expect("draws");
    assert!(svg.contains("Reads since the beginning") && svg.contains("500,000"));
}

#[test]
fn more_strategies_and_traces_than_can_be_drawn() {
    let three = made_up::three().results;
    let mut results = Results::default();
    for i in 0..12 {
        let mut copy = three.clone();
        for run in &mut copy.runs {
            run.strategy = format!("{}-{i}", run.strategy);
            run.trace = format!("trace-{}", i % 6);
        }
        results.extend(copy);
    }
    let charts = charts(&results);
    assert!(charts.iter().any(|chart| chart.caption.contains("The first 8 of 36 strategies")));
    let study = Study { results, ..made_up::three() };
    let html = page(&study.document(&[])).expect("renders");
    assert!(html.contains("first 4 of 6 traces"));
}
