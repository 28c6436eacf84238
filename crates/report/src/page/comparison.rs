//! The page of a comparison.

use frames::{CellRow, Comparison, FamilyRow, LeaderRow, PairRow, StandingRow, TestRow};
use minijinja::context;
use serde::Serialize;

use super::{Meaning, environment, figure};
use crate::select::unique;
use crate::views::comparison::ALPHA;
use crate::views::listed;
use crate::{DataTable, Error, comparison_charts, format, latex_table, palette, summary};

/// All that the report of a comparison says.
#[derive(Debug, Clone, Copy)]
pub struct ComparisonDocument<'a> {
    /// Its name.
    pub title: &'a str,
    /// The result tables.
    pub comparison: &'a Comparison,
    /// The policy that the others are measured against.
    pub baseline: &'a str,
    /// Digests, seed and versions, as JSON.
    pub manifest: &'a str,
    /// Caveats, shown where the numbers are read.
    pub notes: &'a [String],
    /// Version of the program.
    pub version: &'a str,
}

/// Policies that the first table has of each size.
const N_LEADERS: usize = 10;

/// Policies, size by size.
#[derive(Serialize)]
struct Leaders {
    columns: Vec<&'static str>,
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    name: String,
    rows: Vec<Leader>,
}

#[derive(Serialize)]
struct Leader {
    name: String,
    bound: bool,
    winner: bool,
    cells: Vec<String>,
}

/// The page as HTML.
pub fn comparison_page(document: &ComparisonDocument<'_>) -> Result<String, Error> {
    let comparison = document.comparison;
    let charts = comparison_charts(comparison, document.baseline);
    let mut figures = charts.into_iter().map(figure).collect::<Result<Vec<_>, _>>()?;
    // The first one shows what the verdict says.
    let lead = (!figures.is_empty()).then(|| figures.remove(0));
    let mut summary = summary(comparison, document.baseline, document.version);
    let method = summary.pop();
    let context = context! {
        kind => "Comparison of cache policies",
        repeats => "The same traces, policies, sizes, seed and version give the same report.",
        title => document.title,
        version => document.version,
        baseline => document.baseline,
        headline => headline(comparison, document.baseline),
        facts => facts(comparison),
        leaders => leaders(comparison, document.baseline, N_LEADERS),
        all => leaders(comparison, document.baseline, usize::MAX),
        n_leaders => N_LEADERS,
        notes => document.notes,
        lead,
        figures,
        summary,
        method,
        latex => latex_table(comparison, document.baseline),
        traces => traces(comparison),
        meanings => meanings(comparison),
        manifest => document.manifest,
        colours => palette::css(),
        style => include_str!("../../templates/style.css"),
        script => include_str!("../../templates/script.js"),
    };
    Ok(environment()?.get_template("compare.html")?.render(context)?)
}

/// The best rival of a size: rows come with the best mean first.
fn best<'a>(comparison: &'a Comparison, size: &str) -> Option<&'a LeaderRow> {
    comparison.leaders.iter().find(|row| row.size == size && row.clairvoyant != "yes")
}

/// What the columns of the tables mean.
fn meanings(comparison: &Comparison) -> Vec<Meaning> {
    [
        Meaning::of::<CellRow>("a cell", &comparison.cells),
        Meaning::of::<LeaderRow>("a policy over all traces", &comparison.leaders),
        Meaning::of::<TestRow>("the tests of a size", &comparison.tests),
        Meaning::of::<StandingRow>("a policy over the families of traces", &comparison.standings),
        Meaning::of::<PairRow>("two policies", &comparison.pairs),
        Meaning::of::<FamilyRow>("a policy in a family of traces", &comparison.families),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn sizes(comparison: &Comparison) -> Vec<&str> {
    unique(comparison.leaders.iter().map(|row| row.size.as_str()))
}

/// The best rival of each size, and how sure that is.
fn headline(comparison: &Comparison, baseline: &str) -> String {
    let sentences: Vec<String> =
        sizes(comparison).iter().filter_map(|size| sentence(comparison, baseline, size)).collect();
    let mut text = sentences.join(" ");
    let families = comparison.tests.first().map_or(0, |test| test.families);
    if (1..analysis::LEAST_ROWS as u64).contains(&families) {
        let n = if families == 1 { "One family" } else { "So few families" };
        text += &format!(" {n} of traces allow no conclusion about others.");
    }
    text
}

/// `At 1%, arc has 12.3 % fewer misses than fifo in the mean (95 % interval +8.0 % to +15.1 %); lirs may be as good.`
fn sentence(comparison: &Comparison, baseline: &str, size: &str) -> Option<String> {
    let best = best(comparison, size)?;
    if best.policy == baseline {
        return Some(format!("At {size}, nothing is ahead of {baseline}."));
    }
    let of_size = |row: &&StandingRow| row.size == size;
    let standing = comparison.standings.iter().filter(of_size).find(|row| row.policy == best.policy);
    let mean = standing.map_or(best.reduction_mean, |row| row.reduction);
    let lead = format::change(mean, 1);
    let mut text = format!(
        "At {size}, {} has {} fewer misses than {baseline} in the mean",
        best.policy,
        lead.trim_start_matches('+')
    );
    if let Some(row) = standing.filter(|row| row.reduction_low_of_many.is_finite()) {
        let ends = [row.reduction_low_of_many, row.reduction_high_of_many];
        let [low, high] = ends.map(|end| format::change(end, 1));
        text += &format!(" (95 % interval {low} to {high})");
        if row.wilcoxon_p_holm >= ALPHA {
            text += ", which may be chance";
        }
    }
    let rivals = comparison.standings.iter().filter(of_size);
    let equals: Vec<String> = rivals
        .filter(|row| row.best_p > ALPHA && row.policy != best.policy)
        .map(|row| row.policy.clone())
        .collect();
    text += &match equals.len() {
        0 => String::new(),
        n if n > 3 => format!("; {n} others may be as good"),
        _ => format!("; {} may be as good", listed(&equals)),
    };
    Some(text + ".")
}

fn facts(comparison: &Comparison) -> Vec<(&'static str, String)> {
    let cells = &comparison.cells;
    let traces = unique(cells.iter().map(|cell| cell.trace.as_str()));
    let policies = unique(cells.iter().map(|cell| cell.policy.as_str()));
    let requests = traces
        .iter()
        .filter_map(|trace| cells.iter().find(|cell| cell.trace == *trace))
        .map(|cell| cell.requests)
        .sum();
    let mut facts = vec![
        ("Traces", format::count(traces.len() as u64)),
        ("Requests in them", format::count(requests)),
        ("Policies", format::count(policies.len() as u64)),
        ("Sizes", sizes(comparison).join(", ")),
    ];
    facts.extend(cells.first().map(|cell| ("Capacities count", cell.unit.clone())));
    facts.extend(cells.first().map(|cell| ("Seed", cell.seed.to_string())));
    facts
}

fn leaders(comparison: &Comparison, baseline: &str, most: usize) -> Leaders {
    let group = |size: &str| {
        let winner = best(comparison, size).map(|row| row.policy.as_str());
        let of_size = comparison.leaders.iter().filter(|row| row.size == size);
        Group {
            name: format!("Caches of {size}"),
            rows: of_size.take(most).map(|row| leader(row, baseline, winner)).collect(),
        }
    };
    Leaders {
        columns: [
            "Policy",
            "Mean reduction",
            "10th percentile",
            "25th",
            "Median",
            "75th",
            "90th",
            "Wins",
            "Gap closed",
        ],
        groups: sizes(comparison).into_iter().map(group).collect(),
    }
}

fn leader(row: &LeaderRow, baseline: &str, winner: Option<&str>) -> Leader {
    let bound = row.clairvoyant == "yes";
    Leader {
        name: row.policy.clone(),
        bound,
        winner: winner == Some(row.policy.as_str()) && row.policy != baseline,
        cells: [
            format::change(row.reduction_mean, 1),
            format::change(row.reduction_p10, 1),
            format::change(row.reduction_p25, 1),
            format::change(row.reduction_p50, 1),
            format::change(row.reduction_p75, 1),
            format::change(row.reduction_p90, 1),
            if bound { "–".into() } else { format::count(row.wins) },
            format::change(row.gap_closed_mean, 1),
        ],
    }
}

fn traces(comparison: &Comparison) -> DataTable {
    let columns = ["Trace", "Requests", "Objects", "Bytes requested", "Digest"];
    let names = unique(comparison.cells.iter().map(|cell| cell.trace.as_str()));
    let row = |trace: &&str| {
        let cell = comparison.cells.iter().find(|cell| cell.trace == *trace)?;
        let short: String =
            cell.trace_digest.trim_start_matches("blake3:").chars().take(12).collect();
        let bytes = if cell.unit == "bytes" { format::bytes(cell.bytes) } else { "–".into() };
        let counts = [cell.requests, cell.objects].map(format::count);
        let [requests, objects] = counts;
        Some(vec![cell.trace.clone(), requests, objects, bytes, short])
    };
    DataTable {
        columns: columns.map(String::from).to_vec(),
        names: 1,
        rows: names.iter().filter_map(row).collect(),
    }
}
