//! The page: one file that needs nothing else.

mod ab;
mod comparison;
pub(crate) mod curves;
mod facts;
mod sections;
mod tables;

use frames::table::Table;
use frames::{
    EncryptionRow, ErasureRow, ErasureTierRow, FaultRow, QuantileRow, Results, RunRow, SpentRow,
    StationRow, TierRow, TierWindowRow, WriteRow,
};
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

use crate::{Chart, Error, Winner, charts, palette, select, verdict};

pub use ab::{TestDocument, test_page};
pub use comparison::{ComparisonDocument, comparison_page};

/// All that a report says.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Name of the study.
    pub title: &'a str,
    /// What it asks, in a sentence or two; may be empty.
    pub description: &'a str,
    /// The result tables.
    pub results: &'a Results,
    /// The winner of each trace and cell.
    pub winners: &'a [Winner<'a>],
    /// The scenario with all defaults filled in, as TOML.
    pub resolved_scenario: &'a str,
    /// Digests, seed and versions, as JSON.
    pub manifest: &'a str,
    /// Caveats and simplifications, shown where the numbers are read.
    pub notes: &'a [String],
    /// Where the figures of the model come from: latency profiles, prices.
    pub sources: &'a [Origin],
    /// Version of the program.
    pub version: &'a str,
}

/// Where some figures of the model come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The figures, such as "Latency of `redis-same-zone`".
    pub what: String,
    /// Their source, with its date.
    pub text: String,
}

/// A figure as the template sees it.
#[derive(Serialize)]
struct Figure {
    #[serde(flatten)]
    words: Words,
    wide: String,
    narrow: String,
}

#[derive(Serialize)]
struct Words {
    id: String,
    group: String,
    title: String,
    findings: Vec<String>,
    caption: String,
    table: crate::DataTable,
    series: Vec<(String, usize)>,
}

/// A column and its meaning.
#[derive(Serialize)]
struct Definition {
    name: &'static str,
    doc: &'static str,
}

/// The page as HTML.
pub fn page(document: &Document<'_>) -> Result<String, Error> {
    let results = document.results;
    let mut charts = charts(results);
    let lead = lead(results, &charts, document.winners)
        .map(|at| charts.remove(at))
        .map(|chart| figure(on_its_own(chart)))
        .transpose()?;
    let figures = charts.into_iter().map(figure).collect::<Result<Vec<_>, _>>()?;
    let sentences: Vec<String> =
        document.winners.iter().map(|winner| one_of_many(results, winner)).collect();
    let context = context! {
        kind => "Cache simulation report",
        repeats => "Simulated figures: the same trace, scenario, seed and version give the same report.",
        title => document.title,
        description => document.description,
        version => document.version,
        headline => verdict::headline(results, document.winners),
        sentences => if sentences.len() > 1 { sentences } else { Vec::new() },
        notes => document.notes,
        sources => document.sources,
        left_out => select::traces_left_out(results),
        facts => facts::facts(results),
        results => tables::results(results, document.winners),
        tiers => tables::tiers(results),
        sections => sections::sections(results),
        lead,
        figures,
        meanings => meanings(results),
        scenario => document.resolved_scenario,
        manifest => document.manifest,
        colours => palette::css(),
        style => include_str!("../../templates/style.css"),
        script => include_str!("../../templates/script.js"),
    };
    Ok(environment()?.get_template("index.html")?.render(context)?)
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.add_template("index.html", include_str!("../../templates/index.html"))?;
    environment.add_template("compare.html", include_str!("../../templates/compare.html"))?;
    environment.add_template("curves.html", include_str!("../../templates/curves.html"))?;
    environment.add_template("facts.html", include_str!("../../templates/facts.html"))?;
    environment.add_template("figures.html", include_str!("../../templates/figures.html"))?;
    environment.add_template("foot.html", include_str!("../../templates/foot.html"))?;
    environment.add_template("head.html", include_str!("../../templates/head.html"))?;
    environment.add_template("macros.html", include_str!("../../templates/macros.html"))?;
    environment.add_template("test.html", include_str!("../../templates/test.html"))?;
    Ok(environment)
}

fn figure(chart: Chart) -> Result<Figure, Error> {
    let [wide, narrow] = chart.inline()?;
    let series = chart.plot.series();
    let Chart { id, group, title, findings, caption, table, .. } = chart;
    Ok(Figure { words: Words { id, group, title, findings, caption, table, series }, wide, narrow })
}

/// The figure that shows what the verdict says; of several traces, that of the first. What a promise to
/// erase came to is in no figure by itself.
fn lead(results: &Results, charts: &[Chart], winners: &[Winner<'_>]) -> Option<usize> {
    if !results.erasures.is_empty() {
        return None;
    }
    let id = match winners.first()?.metric {
        metric if metric.starts_with("latency") => "latency",
        metric if metric.starts_with("cost_nanodollars") => "cost",
        _ => "hit-ratio",
    };
    let is_it = |chart: &Chart| chart.id == id || chart.id == format!("{id}-1");
    charts.iter().position(is_it)
}

/// A figure that stands outside its group says itself what it is about.
fn on_its_own(mut chart: Chart) -> Chart {
    let group = std::mem::take(&mut chart.group);
    if !group.is_empty() {
        chart.title = format!("{}: {group}", chart.title);
    }
    chart
}

/// What the columns of the tables mean that have rows.
#[derive(Serialize)]
struct Meaning {
    of: &'static str,
    columns: Vec<Definition>,
}

impl Meaning {
    /// The columns of a table, if it has rows.
    fn of<T: Table>(of: &'static str, rows: &[T]) -> Option<Meaning> {
        (!rows.is_empty()).then(|| Meaning { of, columns: definitions::<T>() })
    }
}

fn meanings(results: &Results) -> Vec<Meaning> {
    [
        Meaning::of::<RunRow>("a run", &results.runs),
        Meaning::of::<TierRow>("a tier", &results.tiers),
        Meaning::of::<QuantileRow>("a quantile of latency", &results.quantiles),
        Meaning::of::<SpentRow>("where the time went", &results.spent),
        Meaning::of::<StationRow>("servers", &results.stations),
        Meaning::of::<TierWindowRow>("a tier in a window", &results.tier_windows),
        Meaning::of::<WriteRow>("writes", &results.writes),
        Meaning::of::<FaultRow>("a fault", &results.faults),
        Meaning::of::<ErasureRow>("erasure", &results.erasures),
        Meaning::of::<ErasureTierRow>("erasure in a tier", &results.erasure_tiers),
        Meaning::of::<EncryptionRow>("encryption in a tier", &results.encryption),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn one_of_many(results: &Results, winner: &Winner<'_>) -> String {
    let place = match winner.cell {
        "" => winner.trace.to_string(),
        cell => format!("{}, {cell}", winner.trace),
    };
    format!("{place}: {}", verdict::sentence(results, winner))
}

fn definitions<T: Table>() -> Vec<Definition> {
    T::schema()
        .into_iter()
        .map(|column| Definition { name: column.name, doc: column.doc.trim() })
        .collect()
}
