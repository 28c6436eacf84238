//! The page of a comparison.

use frames::{CellRow, Comparison, LeaderRow};
use minijinja::context;
use serde::Serialize;

use super::{definitions, environment, figure};
use crate::select::unique;
use crate::{DataTable, Error, comparison_charts, format, palette};

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
    columns: [&'static str; 9],
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
    cells: [String; 8],
}

/// The page as HTML.
pub fn comparison_page(document: &ComparisonDocument<'_>) -> Result<String, Error> {
    let comparison = document.comparison;
    let charts = comparison_charts(comparison, document.baseline);
    let figures = charts.into_iter().map(figure).collect::<Result<Vec<_>, _>>()?;
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
        figures,
        traces => traces(comparison),
        cell_columns => definitions::<CellRow>(),
        leader_columns => definitions::<LeaderRow>(),
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

fn sizes(comparison: &Comparison) -> Vec<&str> {
    unique(comparison.leaders.iter().map(|row| row.size.as_str()))
}

/// `At 1%, arc is ahead with 12.3 % fewer misses than fifo in the mean; at 10%, lirs with 8.1 %.`
fn headline(comparison: &Comparison, baseline: &str) -> String {
    let mut text = String::new();
    for size in sizes(comparison) {
        let Some(best) = best(comparison, size) else { continue };
        let lead = format::change(best.reduction_mean, 1);
        let lead = lead.trim_start_matches('+');
        if best.policy == baseline {
            text += &format!("at {size}, nothing is ahead of {baseline}; ");
        } else if text.is_empty() {
            text += &format!(
                "at {size}, {} is ahead with {lead} fewer misses than {baseline} in the mean; ",
                best.policy
            );
        } else {
            text += &format!("at {size}, {} with {lead}; ", best.policy);
        }
    }
    let text = text.trim_end_matches("; ");
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
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
