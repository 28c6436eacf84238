//! The page of miss-ratio curves and its figures.

use std::fs;

use frames::{CurveRow, Curves, FootprintRow, RankRow, ReuseRow};
use report::{Theme, curve_charts, write_curves};

use crate::files::assert_well_formed;

/// Made-up curves of two traces: exact in objects, and sampled in bytes under hostile names.
pub(crate) fn made_up() -> Curves {
    let mut curves = Curves::default();
    for (trace, unit, whole, method) in
        [("web", "objects", 50_000u64, "exact"), ("<b>&amp; \"trace\"", "bytes", 1 << 36, "mini")]
    {
        let policies = ["lru", "s3-fifo:small-ratio=0.2", "<script>alert(1)</script>"];
        for (nth, policy) in policies.into_iter().enumerate() {
            for step in 0..12u32 {
                let share = 0.5f64.powi(11 - step as i32);
                let miss_ratio = 0.9 - 0.06 * f64::from(step) - 0.02 * nth as f64;
                let half = if method == "exact" { 0.0 } else { 0.05 };
                curves.curves.push(CurveRow {
                    trace: trace.into(),
                    policy: policy.into(),
                    method: method.into(),
                    capacity: (whole as f64 * share) as u64,
                    unit: unit.into(),
                    share,
                    miss_ratio,
                    low: miss_ratio - half,
                    high: miss_ratio + half,
                    requests: 1_000_000,
                    objects: 50_000,
                });
            }
        }
        for step in 0..=6u32 {
            let window = 10u64.pow(step);
            let objects = (window as f64).powf(0.75);
            curves.footprint.push(FootprintRow { trace: trace.into(), window, objects });
            let rank = 1 + 8000 * u64::from(step);
            let exponent = if unit == "bytes" { f64::NAN } else { 0.8 };
            let fitted = 50_000.0 * (rank as f64).powf(-exponent);
            let requests = 60_000 / rank;
            curves.ranks.push(RankRow { trace: trace.into(), rank, requests, fitted, exponent });
        }
        for (measure, unit) in [("time", "requests"), ("distance", unit)] {
            for digits in 3..20 {
                curves.reuse.push(ReuseRow {
                    trace: trace.into(),
                    measure: measure.into(),
                    unit: unit.into(),
                    from: 1 << digits,
                    to: 2 << digits,
                    requests: 1000 * digits,
                    share: 0.005 * digits as f64,
                });
            }
        }
    }
    curves
}

#[test]
fn every_figure_is_there_and_well_formed() {
    let charts = curve_charts(&made_up());
    let ids: Vec<&str> = charts.iter().map(|chart| chart.id.as_str()).collect();
    assert_eq!(
        ids[..5],
        ["miss-ratio-1", "working-set-1", "reuse-distance-1", "reuse-time-1", "popularity-1"]
    );
    assert_eq!(ids.len(), 10);
    for chart in &charts {
        for theme in [Theme::Light, Theme::Dark] {
            let svg = chart.svg(theme).expect("draws");
            assert_well_formed(&svg);
            assert!(!svg.contains("#0102"), "a stand-in colour is left in {}", chart.id);
        }
        let n = chart.table.columns.len();
        assert!(!chart.table.rows.is_empty(), "{}", chart.id);
        assert!(chart.table.rows.iter().all(|row| row.len() == n), "{}", chart.id);
    }
    // Only estimates have bands.
    let is_banded = |nth: usize| charts[nth].svg(Theme::Light).unwrap().contains("opacity=\"0.2\"");
    assert!(!is_banded(0) && is_banded(5));
}

#[test]
fn nothing_is_no_reason_to_fail() {
    assert!(curve_charts(&Curves::default()).is_empty());
    let mut one = made_up();
    one.curves.truncate(1);
    one.reuse.truncate(1);
    one.ranks.truncate(1);
    one.footprint.truncate(1);
    let dir = tempfile::tempdir().expect("a directory");
    write_curves(dir.path(), &one, "0").expect("writes");
    write_curves(dir.path(), &Curves::default(), "0").expect("writes");
    // The charts of the report before are gone.
    assert_eq!(fs::read_dir(dir.path().join("charts")).unwrap().count(), 0);
}

#[test]
fn the_page_holds_what_was_found_and_no_foreign_markup() {
    let dir = tempfile::tempdir().expect("a directory");
    let written = write_curves(dir.path(), &made_up(), "1.2.3").expect("writes");
    let page = dir.path().join("index.html");
    assert_eq!(written.last(), Some(&page));
    let html = fs::read_to_string(page).expect("a page");
    assert!(html.contains("cache-strategy 1.2.3") && html.contains("95 % interval"));
    assert!(!html.contains("<script>alert") && !html.contains("<b>"));
    assert!(dir.path().join("charts/miss-ratio-2.png").exists());
}

#[test]
fn the_verdict_is_about_one_size_and_knows_what_was_sampled() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut curves = made_up();
    let verdict = |curves: &Curves| {
        write_curves(dir.path(), curves, "0").expect("writes");
        let html = fs::read_to_string(dir.path().join("index.html")).expect("a page");
        let text = html.split("Verdict: </span>").nth(1).expect("there is one");
        text.split("</p>").next().expect("it ends").to_string()
    };
    let both = verdict(&curves);
    let exact = "With room for 12.5 % of the objects, &lt;script&gt;alert(1)&lt;&#x2f;script&gt; misses least on web: 38.0 % of requests; s3-fifo:small-ratio=0.2 40.0 %. With";
    assert!(both.starts_with(exact), "{both}");
    assert!(both.ends_with("; s3-fifo:small-ratio=0.2 and lru may be as good."), "{both}");
    // A curve with other points is compared at the same capacity, on the line between two of them.
    let mut shifted = made_up();
    shifted.curves.retain(|row| row.trace == "web" && !row.policy.starts_with('<'));
    for row in shifted.curves.iter_mut().filter(|row| row.policy == "lru") {
        (row.capacity, row.share) = (row.capacity * 4 / 3, row.share * 4.0 / 3.0);
    }
    let extra =
        CurveRow { capacity: 3, share: 0.00006, miss_ratio: 1.0, ..shifted.curves[0].clone() };
    shifted.curves.push(extra);
    // 6,250 lies halfway between 4,166 and 8,333: between 48 and 42 %.
    assert_eq!(
        verdict(&shifted),
        "With room for 12.5 % of the objects, s3-fifo:small-ratio=0.2 misses least on web: 40.0 % of requests; lru 45.0 %."
    );
    curves.curves.retain(|row| row.policy == "lru" && row.trace == "web");
    assert_eq!(
        verdict(&curves),
        "With room for 12.5 % of the objects, lru misses 42.0 % of the requests of web."
    );
}
