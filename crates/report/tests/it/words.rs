//! What the page says.

use report::{Winner, page};

use crate::made_up;

#[test]
fn the_verdict_is_a_sentence_with_value_and_lead() {
    let study = made_up::three();
    let html = page(&study.document(&study.winners())).expect("renders");
    assert!(html.contains(
        "tinylfu-everywhere has the highest hit ratio: 83.1 %, 2.4 points over s3-fifo-l1."
    ));
    assert_eq!(html.matches(">winner<").count(), 1);
}

#[test]
fn many_cases_are_counted() {
    let study = made_up::matrix();
    let html = page(&study.document(&study.winners())).expect("renders");
    assert!(html.contains("arc has the highest hit ratio in all 12 cases."));
    assert!(html.contains("All 12 cases"));
}

#[test]
fn other_metrics_have_their_own_words() {
    let study = made_up::three();
    let says = |metric: &str| {
        let (trace, cell, strategy) = ("wiki-cdn", "", "tinylfu-everywhere");
        page(&study.document(&[Winner { trace, cell, strategy, metric }])).expect("renders")
    };
    assert!(says("latency_ns_p50").contains("has the lowest median latency"));
    assert!(says("cost_nanodollars_month").contains("has the lowest cost a month: $"));
    assert!(says("something_new").contains("tinylfu-everywhere is best by something_new."));
}

#[test]
fn the_page_needs_nothing_else() {
    let study = made_up::crowd();
    let html = page(&study.document(&study.winners())).expect("renders");
    for outside in
        ["<link rel=\"stylesheet\"", "<script src", "@import", "url(", "<img", "https://"]
    {
        assert!(!html.contains(outside), "{outside}");
    }
    assert_eq!(html.matches("http://").count(), html.matches("http://www.w3.org/2000/svg").count());
}

#[test]
fn notes_scenario_and_manifest_are_there() {
    let study = made_up::three();
    let html = page(&study.document(&[])).expect("renders");
    assert!(html.contains("Latency profiles are assumed"));
    assert!(html.contains("capacity = &quot;256MiB&quot;"));
    assert!(html.contains("&quot;seed&quot;: 7"));
    assert!(html.contains("<code>byte_miss_ratio</code>"));
}
