//! What the page says.

use frames::ErasureRow;
use report::{Winner, page};

use crate::made_up;

#[test]
fn the_verdict_is_a_sentence_with_value_and_lead() {
    let study = made_up::three();
    let html = page(&study.document(&study.winners())).expect("renders");
    assert!(
        html.contains(
            "tinylfu-everywhere has the highest hit ratio: 83.1 %, 2.4 pp over s3-fifo-l1."
        )
    );
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
        let strategies = &["tinylfu-everywhere".to_string()];
        let winner = Winner { trace: "wiki-cdn", cell: "", strategies, metric };
        page(&study.document(&[winner])).expect("renders")
    };
    assert!(says("latency_ns_p50").contains("has the lowest median latency"));
    assert!(says("cost_nanodollars_month").contains("has the lowest cost a month: $"));
    assert!(says("something_new").contains("tinylfu-everywhere is best by something_new."));
}

#[test]
fn equals_tie_and_nobody_is_crowned() {
    let mut study = made_up::three();
    study.results.runs.iter_mut().for_each(|run| run.hit_ratio = 0.75);
    let strategies = ["baseline", "tinylfu-everywhere"].map(String::from);
    let (trace, cell) = ("wiki-cdn", "");
    let winner = Winner { trace, cell, strategies: &strategies, metric: "hit_ratio" };
    let html = page(&study.document(&[winner])).expect("renders");
    assert!(html.contains(
        "baseline and tinylfu-everywhere tie for the highest hit ratio: 75.0 %, level with "
    ));
    assert_eq!((html.matches(">tie<").count(), html.matches(">winner<").count()), (2, 0));
}

/// What was promised to be erased comes before any other figure, and who broke the promise is not crowned.
#[test]
fn the_promise_to_erase_is_the_first_of_the_verdict() {
    let mut study = made_up::three();
    let says = |study: &made_up::Study, winners: &[&str]| {
        let strategies: Vec<String> = winners.iter().map(|name| name.to_string()).collect();
        let (trace, cell, metric) = ("wiki-cdn", "", "latency_ns_p99");
        let winner = Winner { trace, cell, strategies: &strategies, metric };
        let html = page(&study.document(&[winner])).expect("renders");
        let (_, after) = html.split_once("Verdict: </span>").expect("a verdict");
        (after.split_once("</p>").expect("an end").0.to_string(), html.matches(">winner<").count())
    };
    let promise = |study: &mut made_up::Study, holds: [u64; 3]| {
        let row = |(run, holds): (&frames::RunRow, u64)| ErasureRow {
            run: run.run.clone(),
            violations: 1_755 * (1 - holds),
            residual_end: 2 * (1 - holds),
            holds,
            ..ErasureRow::default()
        };
        study.results.erasures = study.results.runs.iter().zip(holds).map(row).collect();
        study.results.runs.iter().map(|run| run.strategy.clone()).collect::<Vec<_>>()
    };
    let names = promise(&mut study, [0, 1, 0]);
    let [a, b, c] = &names[..] else { panic!("{names:?}") };
    let broken = "(1,755 reads of something erased, 2 copies left)";
    let (verdict, crowned) = says(&study, &[b]);
    let words = format!(
        "Only {b} kept the promise to erase; it was broken by {a} {broken} and {c} {broken}. The p99 latency of {b} is "
    );
    assert!(verdict.starts_with(&words), "{verdict}");
    assert_eq!(crowned, 1);
    promise(&mut study, [0, 0, 0]);
    let (verdict, crowned) = says(&study, &[]);
    assert!(verdict.starts_with(&format!("The promise to erase was broken by {a} (")), "{verdict}");
    assert!(verdict.ends_with("2 copies left)."), "{verdict}");
    assert_eq!(crowned, 0);
    promise(&mut study, [1, 1, 0]);
    study.results.runs[0].latency_ns_p99 = 1_000_000;
    let (verdict, _) = says(&study, &[a]);
    let words = format!(
        "{a} and {b} kept the promise to erase; it was broken by {c} {broken}. {a} has the lowest p99 latency of those that kept the promise to erase: 1 ms, "
    );
    assert!(verdict.starts_with(&words), "{verdict}");
}

#[test]
fn an_outage_is_told_in_sentences_and_tables() {
    let study = made_up::storm();
    let html = page(&study.document(&study.winners())).expect("renders");
    for told in [
        "baseline: 38 % of the time of the slowest 1.1 % of reads, those from 190 ms on, was waiting \
         for a server of the origin, 20 % in service at the origin and 11 % in service at L3.",
        "pp over s3-fifo-l1. 7.5 % of its reads had no answer.",
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
        let strategies = &["baseline".to_string()];
        let winner = Winner { trace: "wiki-cdn", cell: "", strategies, metric };
        let html = page(&study.document(&[winner])).expect("renders");
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
