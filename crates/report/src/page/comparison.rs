//! The page of a comparison.

mod verdict;

use frames::{CellRow, Comparison, FamilyRow, LeaderRow, PairRow, StandingRow, TestRow};
use minijinja::context;
use serde::Serialize;

use super::{Meaning, environment, figure};
use crate::select::unique;
use crate::views::comparison::at;
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
        headline => verdict::headline(comparison, document.baseline),
        facts => facts(comparison, document.baseline),
        leaders => leaders(comparison, document.baseline, N_LEADERS),
        reading => reading(comparison, document.baseline),
        cut => sizes(comparison).iter().any(|size| of_size(comparison, size).count() > N_LEADERS),
        all => leaders(comparison, document.baseline, usize::MAX),
        n_leaders => N_LEADERS,
        notes => document.notes,
        lead,
        figures,
        summary,
        method,
        latex => latex_table(comparison, document.baseline),
        families => families(comparison),
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

fn facts(comparison: &Comparison, baseline: &str) -> Vec<(&'static str, String)> {
    let cells = &comparison.cells;
    let traces = unique(cells.iter().map(|cell| cell.trace.as_str()));
    // A bound is no policy that one could choose.
    let is = |bound: bool| {
        let rows = comparison.leaders.iter().filter(|row| (row.clairvoyant == "yes") == bound);
        unique(rows.map(|row| row.policy.as_str()))
    };
    let (policies, bounds) = (is(false), is(true));
    let families = unique(cells.iter().map(|cell| cell.family.as_str()));
    let requests = traces
        .iter()
        .filter_map(|trace| cells.iter().find(|cell| cell.trace == *trace))
        .map(|cell| cell.requests)
        .sum();
    let mut facts = vec![
        ("Traces", format::count(traces.len() as u64)),
        ("Requests in them", format::count(requests)),
        ("Families of traces", format::count(families.len() as u64)),
        ("Policies", format::count(policies.len() as u64)),
        ("Baseline, one of them", baseline.to_string()),
        ("Sizes", sizes(comparison).join(", ")),
    ];
    if !bounds.is_empty() {
        facts.insert(5, ("Bounds", bounds.join(", ")));
    }
    facts.extend(cells.first().map(|cell| ("Capacities count", cell.unit.clone())));
    facts.extend(cells.first().map(|cell| ("Seed", cell.seed.to_string())));
    facts
}

fn of_size<'a>(comparison: &'a Comparison, size: &'a str) -> impl Iterator<Item = &'a LeaderRow> {
    comparison.leaders.iter().filter(move |row| row.size == size)
}

fn is_tested(comparison: &Comparison) -> bool {
    comparison.standings.iter().any(|row| row.wilcoxon_p_holm.is_finite())
}

/// Whether some family holds several traces, so that its mean is another than that over the traces.
fn is_weighed(comparison: &Comparison) -> bool {
    comparison.tests.iter().any(|test| test.families < test.traces)
}

/// How to read the table of leaders: of the columns that it has.
fn reading(comparison: &Comparison, baseline: &str) -> String {
    let over = match (is_weighed(comparison), is_tested(comparison)) {
        (true, true) => "; the mean over families, intervals, p and ranks are over their families",
        (true, false) => "; the mean over families weighs each family alike",
        (false, true) => "; intervals, p and ranks are over their families, each trace being one",
        (false, false) => "",
    };
    let bounds = comparison.leaders.iter().any(|row| row.clairvoyant == "yes");
    format!(
        "Reductions of misses against {baseline}, over the traces{over}. Wins are traces on which no other \
         policy misses less often.{}",
        if bounds { " Bounds know the future." } else { "" }
    )
}

fn leaders(comparison: &Comparison, baseline: &str, most: usize) -> Leaders {
    let (tested, weighed) = (is_tested(comparison), is_weighed(comparison));
    let group = |size: &str| {
        let winner = best(comparison, size).map(|row| row.policy.as_str());
        let row = |leader_row: &LeaderRow| {
            let mut standings = comparison.standings.iter().filter(|row| row.size == size);
            let standing = standings.find(|row| row.policy == leader_row.policy);
            leader(leader_row, standing, [weighed, tested], baseline, winner)
        };
        Group { name: at(size), rows: of_size(comparison, size).take(most).map(row).collect() }
    };
    let mut columns = vec!["Policy", "Mean reduction"];
    if weighed {
        columns.push("Mean over families");
    }
    if tested {
        columns.extend(["95 % interval", "p (Holm)", "Mean rank"]);
    }
    columns.extend(["10th percentile", "Median", "90th", "Wins", "Gap closed"]);
    Leaders { columns, groups: sizes(comparison).into_iter().map(group).collect() }
}

fn leader(
    row: &LeaderRow,
    standing: Option<&StandingRow>,
    [weighed, tested]: [bool; 2],
    baseline: &str,
    winner: Option<&str>,
) -> Leader {
    let bound = row.clairvoyant == "yes";
    let interval = |row: &StandingRow| match row.reduction_low.is_finite() {
        true => {
            let [low, high] =
                [row.reduction_low, row.reduction_high].map(|end| format::change(end, 1));
            format!("{} to {high}", low.trim_end_matches(" %"))
        }
        false => "–".into(),
    };
    let of_standing = |text: &dyn Fn(&StandingRow) -> String| standing.map_or("–".into(), text);
    let mut cells = vec![format::change(row.reduction_mean, 1)];
    if weighed {
        cells.push(of_standing(&|row| format::change(row.reduction, 1)));
    }
    if tested {
        cells.push(of_standing(&interval));
        cells.push(of_standing(&|row| format::p_value(row.wilcoxon_p_holm)));
        cells.push(of_standing(&|row| format::decimal(row.mean_rank, 2)));
    }
    cells.extend([
        format::change(row.reduction_p10, 1),
        format::change(row.reduction_p50, 1),
        format::change(row.reduction_p90, 1),
        if bound { "–".into() } else { format::count(row.wins) },
        format::change(row.gap_closed_mean, 1),
    ]);
    Leader {
        name: row.policy.clone(),
        bound,
        winner: winner == Some(row.policy.as_str()) && row.policy != baseline,
        cells,
    }
}

/// How the best of each size does, family by family; nothing where every trace is its own.
fn families(comparison: &Comparison) -> Option<DataTable> {
    let rows = || comparison.families.iter();
    if rows().all(|row| row.wins + row.ties + row.losses < 2) {
        return None;
    }
    let of_size = |size: &&str| {
        let best = best(comparison, size).map(|row| row.policy.as_str());
        let size = size.to_string();
        rows().filter(move |row| row.size == size && Some(row.policy.as_str()) == best)
    };
    let row = |row: &FamilyRow| {
        let names = [&row.size, &row.policy, &row.family].map(String::clone);
        let counts = [row.wins, row.ties, row.losses].map(format::count);
        let mean = format::change(row.reduction, 1);
        names.into_iter().chain(counts).chain([mean]).collect()
    };
    let columns = ["Size", "Policy", "Family", "Wins", "Ties", "Losses", "Mean reduction"];
    Some(DataTable {
        columns: columns.map(String::from).to_vec(),
        names: 3,
        rows: sizes(comparison).iter().flat_map(of_size).map(row).collect(),
    })
}

fn traces(comparison: &Comparison) -> DataTable {
    let columns = ["Trace", "Family", "Requests", "Objects", "Bytes requested", "Digest"];
    let names = unique(comparison.cells.iter().map(|cell| cell.trace.as_str()));
    let row = |trace: &&str| {
        let cell = comparison.cells.iter().find(|cell| cell.trace == *trace)?;
        let short: String =
            cell.trace_digest.trim_start_matches("blake3:").chars().take(12).collect();
        let bytes = if cell.unit == "bytes" { format::bytes(cell.bytes) } else { "–".into() };
        let counts = [cell.requests, cell.objects].map(format::count);
        let [requests, objects] = counts;
        Some(vec![cell.trace.clone(), cell.family.clone(), requests, objects, bytes, short])
    };
    DataTable {
        columns: columns.map(String::from).to_vec(),
        names: 2,
        rows: names.iter().filter_map(row).collect(),
    }
}
