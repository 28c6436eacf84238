//! The page of an A/B test.

use frames::{AbMeasureRow, AbTestRow, AbTests};
use minijinja::context;
use serde::Serialize;

use super::{Meaning, Origin, environment, figure};
use crate::views::ab::{change, test_charts, value, words};
use crate::{DataTable, Error, format, palette};

/// All that the report of a test says.
#[derive(Debug, Clone, Copy)]
pub struct TestDocument<'a> {
    /// Its name.
    pub title: &'a str,
    /// What the study asks; may be empty.
    pub description: &'a str,
    /// The result tables.
    pub tests: &'a AbTests,
    /// The scenario with all defaults filled in, as TOML.
    pub resolved_scenario: &'a str,
    /// Digests, seed and versions, as JSON.
    pub manifest: &'a str,
    /// Caveats, shown where the numbers are read.
    pub notes: &'a [String],
    /// Where the figures of the model come from.
    pub sources: &'a [Origin],
    /// Version of the program.
    pub version: &'a str,
}

/// A test as the template sees it.
#[derive(Serialize)]
struct Part {
    name: String,
    measures: DataTable,
    computed: Vec<(&'static str, String)>,
}

/// The page as HTML.
pub fn test_page(document: &TestDocument<'_>) -> Result<String, Error> {
    let tests = document.tests;
    let mut charts = test_charts(tests);
    let later = charts.split_off(charts.iter().take_while(|c| c.id.starts_with("diff")).count());
    let figures =
        |charts: Vec<crate::Chart>| charts.into_iter().map(figure).collect::<Result<Vec<_>, _>>();
    let one = tests.tests.len() == 1;
    let context = context! {
        kind => "A/B test on simulated traffic",
        repeats => "Simulated figures: the same trace, scenario, seed and version give the same report.",
        title => document.title,
        description => document.description,
        version => document.version,
        headline => headline(tests),
        reasons => reasons(tests),
        leads => figures(charts)?,
        figures => figures(later)?,
        parts => tests.tests.iter().map(|test| part(tests, test)).collect::<Vec<_>>(),
        several => !one,
        naive => naive(tests),
        notes => document.notes,
        sources => document.sources,
        meanings => meanings(tests),
        scenario => document.resolved_scenario,
        manifest => document.manifest,
        colours => palette::css(),
        style => include_str!("../../templates/style.css"),
        script => include_str!("../../templates/script.js"),
    };
    Ok(environment()?.get_template("test.html")?.render(context)?)
}

/// What the columns of the tables mean.
fn meanings(tests: &AbTests) -> Vec<Meaning> {
    [
        Meaning::of::<AbTestRow>("a test", &tests.tests),
        Meaning::of::<AbMeasureRow>("a measure", &tests.measures),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Of one test its verdict and reason, of several their verdicts.
fn headline(tests: &AbTests) -> String {
    match &tests.tests[..] {
        [one] => format!("{}: {}", capital(verdict(one)), one.reason),
        several => {
            let each: Vec<String> =
                several.iter().map(|test| format!("{}: {}", test.test, verdict(test))).collect();
            format!("{}.", each.join("; "))
        }
    }
}

/// Why, test by test where there are several, and how the rollouts ended.
fn reasons(tests: &AbTests) -> Vec<String> {
    let of_tests = tests.tests.iter().filter(|_| tests.tests.len() > 1).map(reason);
    let of_rollouts = tests.rollouts.iter().map(|rollout| {
        let (test, state, share) = (&rollout.test, &rollout.state, rollout.share);
        let share = format::percent(share);
        format!("{test}: the rollout, apart from that, is {state} at {share}: {}", rollout.reason)
    });
    of_tests.chain(of_rollouts).collect()
}

fn verdict(test: &AbTestRow) -> &str {
    if test.verdict == "no-difference" { "no difference" } else { &test.verdict }
}

fn reason(test: &AbTestRow) -> String {
    format!("{}: {}: {}", test.test, verdict(test), test.reason)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn part(tests: &AbTests, test: &AbTestRow) -> Part {
    let measures = tests.measures.iter().filter(|row| row.test == test.test);
    Part {
        name: test.test.clone(),
        measures: measures_table(test, measures),
        computed: computed(tests, test),
    }
}

fn measures_table<'a>(test: &AbTestRow, rows: impl Iterator<Item = &'a AbMeasureRow>) -> DataTable {
    let mut columns =
        vec!["Measure".to_string(), format!("A: {}", test.a), format!("B: {}", test.b)];
    let rest = ["Change", "Interval", "Relative", "Margin", "P(better)", "Result"];
    columns.extend(rest.map(String::from));
    let cells = |row: &AbMeasureRow| {
        let interval = match row.basis.as_str() {
            "whole run" => "exact".into(),
            "estimate" => "not known".into(),
            _ => format!("{} to {}", change(row, row.low), change(row, row.high)),
        };
        vec![
            words(&row.measure).to_string(),
            value(row, row.a),
            value(row, row.b),
            change(row, row.difference),
            interval,
            format::change(row.relative, 1),
            change(row, row.margin).trim_start_matches('+').to_string(),
            format::percent(row.probability_better),
            row.result.clone(),
        ]
    };
    DataTable { columns, names: 1, rows: rows.map(cells).collect() }
}

/// How the verdict came about.
fn computed(tests: &AbTests, test: &AbTestRow) -> Vec<(&'static str, String)> {
    let primary = tests.measures.iter().find(|row| row.test == test.test);
    let mut facts = vec![
        (
            "Traffic",
            match test.traffic {
                all if all >= 1.0 => {
                    format!("all: {} requests", format::count(test.requests_simulated))
                }
                part => format!(
                    "{} of the {}s, {} in number, with {} of {} requests; {:.2} of what such a part should have",
                    format::percent(part),
                    test.by,
                    format::count(test.units),
                    format::count(test.requests_simulated),
                    format::count(test.requests_in_trace),
                    test.share_of_expected
                ),
            },
        ),
        ("Reads counted in each arm", format::count(test.reads)),
    ];
    if let Some(row) = primary {
        facts.push(("Interval by resampling", row.basis.clone()));
        let number = |name, value: f64, text: String| value.is_finite().then_some((name, text));
        let p = format::p_value;
        facts.extend(number("p-value of no difference", row.p_value, p(row.p_value)));
        let length = format!("{:.1} windows", row.block_length);
        facts.extend(number("Mean length of a block", row.block_length, length));
        let others = format!(
            "Newey-West {}, Diebold-Mariano {}",
            p(row.p_newey_west),
            p(row.p_diebold_mariano)
        );
        facts.extend(number("Second opinions, p-values", row.p_newey_west, others));
        let hodges = change(row, row.hodges_lehmann);
        facts.extend(number("Hodges-Lehmann estimate", row.hodges_lehmann, hodges));
        let cliff = format!("{:.2}", row.cliffs_delta);
        facts.extend(number("Cliff's delta of windows", row.cliffs_delta, cliff));
        let whole = format!(
            "{} to {}",
            change(row, row.whole_trace_low),
            change(row, row.whole_trace_high)
        );
        let name = "What the whole trace would have shown";
        facts.extend(number(name, row.whole_trace_low, whole));
        let least = change(row, test.minimum_detectable);
        let least = least.trim_start_matches('+').to_string();
        facts.extend(number("Finds differences from", test.minimum_detectable, least));
    }
    if test.requests_needed.is_finite() {
        let needed = format::count(test.requests_needed as u64);
        facts.push(("Reads that would decide", needed));
    }
    if test.aa_repetitions > 0 {
        facts.push((
            "A/A: found where there is nothing",
            format!(
                "{} of {} (95 % interval {} to {}), {} expected",
                format::percent(test.aa_rate),
                format::count(test.aa_repetitions),
                format::percent(test.aa_low),
                format::percent(test.aa_high),
                format::percent(1.0 - test.level)
            ),
        ));
    }
    facts
}

/// What a z-test would have said, test by test.
fn naive(tests: &AbTests) -> Option<DataTable> {
    if tests.naive.is_empty() {
        return None;
    }
    let columns = [
        "Test",
        "A, one part",
        "B, another part",
        "p-value",
        "z-test says",
        "A differs from A",
        "95 % interval of that",
        "Verdict here",
        "A/A here",
    ];
    let row = |row: &frames::AbNaiveRow| {
        let test = tests.tests.iter().find(|test| test.test == row.test)?;
        Some(vec![
            row.test.clone(),
            format::percent(row.hit_ratio_a),
            format::percent(row.hit_ratio_b),
            format::p_value(row.p_value),
            row.verdict.replace('-', " "),
            format!("{} of {} pairs", format::percent(row.aa_rate), row.aa_pairs),
            format!("{} to {}", format::percent(row.aa_low), format::percent(row.aa_high)),
            verdict(test).to_string(),
            format::percent(test.aa_rate),
        ])
    };
    Some(DataTable {
        columns: columns.map(String::from).to_vec(),
        names: 1,
        rows: tests.naive.iter().filter_map(row).collect(),
    })
}
