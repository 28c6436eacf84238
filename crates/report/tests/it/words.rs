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
fn an_outage_is_told_in_sentences_and_tables() {
    let study = made_up::storm();
    let html = page(&study.document(&study.winners())).expect("renders");
    for told in [
        "baseline: 38 % of the time of the slowest 1.1 % of reads, those from 190 ms on, was waiting \
         for a server of the origin, 20 % in service at the origin and 11 % in service at L3.",
        "points over s3-fifo-l1. 7.5 % of its reads had no answer.",
        "Availability",
        "<td>+12,345</td>",
        "<td>not by the end</td>",
        "(40 ms to 42 ms)",
        "1,204 (0.09 %)",
        "What the figures mean: a fault",
    ] {
        assert!(html.contains(told), "{told}");
    }
    let plain = made_up::three();
    let html = page(&plain.document(&plain.winners())).expect("renders");
    for absent in [
        "<h2 id=\"faults\"",
        "<h2 id=\"servers\"",
        "<h2 id=\"writes\"",
        "Availability</th>",
        "of its reads had no answer",
        "delayed hit waited",
    ] {
        assert!(!html.contains(absent), "{absent}");
    }
}

#[test]
fn the_chart_that_shows_the_verdict_stands_before_the_table() {
    let study = made_up::three();
    for (metric, id) in [
        ("hit_ratio", "hit-ratio"),
        ("latency_ns_p99", "latency"),
        ("cost_nanodollars_month", "cost"),
    ] {
        let (trace, cell, strategy) = ("wiki-cdn", "", "baseline");
        let html =
            page(&study.document(&[Winner { trace, cell, strategy, metric }])).expect("renders");
        let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text}"));
        let figure = at(&format!("id=\"{id}\""));
        assert!(at("class=\"verdict\"") < figure && figure < at("Results by strategy"));
        assert_eq!(html.matches(&format!("<figure class=\"chart\" id=\"{id}\"")).count(), 1);
    }
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
