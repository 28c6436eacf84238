//! The tables of results.

use frames::{Results, RunRow, TierRow};
use serde::Serialize;

use crate::select::{tiers as tier_names, unique};
use crate::{Winner, format};

/// Rows that the page shows; the result files have all.
const MAX_ROWS: usize = 240;
/// Runs whose tiers the page shows.
const MAX_TIER_RUNS: usize = 60;

/// The main table.
#[derive(Serialize)]
pub(super) struct ResultTable {
    /// Whether it has a column for it.
    availability: bool,
    tiers: Vec<String>,
    groups: Vec<Group>,
    left_out: usize,
}

/// The strategies of one trace and cell.
#[derive(Serialize)]
struct Group {
    name: String,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    strategy: String,
    /// `winner`, `tie`, or nothing.
    badge: &'static str,
    figures: Vec<Cell>,
    shares: Vec<String>,
}

#[derive(Serialize)]
struct Cell {
    text: String,
    best: bool,
}

/// A column in which strategies are compared.
struct Column {
    /// The lowest is best.
    rank: fn(&RunRow) -> f64,
    show: fn(&RunRow) -> String,
}

const COLUMNS: [Column; 6] = [
    Column { rank: |run| -run.hit_ratio, show: |run| format::percent(run.hit_ratio) },
    Column { rank: |run| run.byte_miss_ratio, show: |run| format::percent(run.byte_miss_ratio) },
    Column { rank: |run| run.latency_ns_p50 as f64, show: |run| format::nanos(run.latency_ns_p50) },
    Column { rank: |run| run.latency_ns_p95 as f64, show: |run| format::nanos(run.latency_ns_p95) },
    Column { rank: |run| run.latency_ns_p99 as f64, show: |run| format::nanos(run.latency_ns_p99) },
    Column {
        rank: |run| run.cost_nanodollars_month as f64,
        show: |run| format::money(run.cost_nanodollars_month),
    },
];

/// Shown where some reads had no answer.
const AVAILABILITY: Column =
    Column { rank: |run| -run.availability, show: |run| format::percent(run.availability) };

/// The main table, in groups of runs that can be compared.
pub(super) fn results(results: &Results, winners: &[Winner<'_>]) -> ResultTable {
    let shown = &results.runs[..results.runs.len().min(MAX_ROWS)];
    let names: Vec<&str> = shown.iter().map(|run| run.run.as_str()).collect();
    let tiers = tier_names(results, &names);
    let mut groups: Vec<(&RunRow, Vec<&RunRow>)> = Vec::new();
    for run in shown {
        match groups.iter_mut().find(|(key, _)| key.trace == run.trace && key.cell == run.cell) {
            Some((_, runs)) => runs.push(run),
            None => groups.push((run, vec![run])),
        }
    }
    let availability = shown.iter().any(|run| run.errors > 0);
    let columns: Vec<&Column> =
        COLUMNS.iter().chain(availability.then_some(&AVAILABILITY)).collect();
    let group = |(key, runs): (&RunRow, Vec<&RunRow>)| Group {
        name: [key.trace.as_str(), key.cell.as_str()]
            .join(" · ")
            .trim_end_matches(" · ")
            .to_string(),
        rows: runs.iter().map(|run| row(results, run, &runs, &columns, &tiers, winners)).collect(),
    };
    ResultTable {
        availability,
        groups: groups.into_iter().map(group).collect(),
        tiers: tiers.iter().map(|tier| tier.to_string()).collect(),
        left_out: results.runs.len() - shown.len(),
    }
}

fn row(
    results: &Results,
    run: &RunRow,
    rivals: &[&RunRow],
    columns: &[&Column],
    tiers: &[&str],
    winners: &[Winner<'_>],
) -> Row {
    let share = |tier: &&str| {
        let row = results.tiers.iter().find(|row| row.run == run.run && row.tier == **tier);
        row.map_or("–".into(), |row| format::percent(row.share))
    };
    Row {
        strategy: run.strategy.clone(),
        badge: badge(run, winners),
        figures: columns.iter().map(|column| column.cell(run, rivals)).collect(),
        shares: tiers.iter().map(share).collect(),
    }
}

fn badge(run: &RunRow, winners: &[Winner<'_>]) -> &'static str {
    let of_case = |winner: &&Winner<'_>| (winner.trace, winner.cell) == (&run.trace, &run.cell);
    let best = winners.iter().find(of_case).map_or(&[][..], |winner| winner.strategies);
    match best.len() {
        _ if !best.contains(&run.strategy) => "",
        1 => "winner",
        _ => "tie",
    }
}

impl Column {
    /// The cell of a run. What reads the same is equally good, and nothing is best where all do.
    fn cell(&self, run: &RunRow, rivals: &[&RunRow]) -> Cell {
        let text = (self.show)(run);
        let ranked = rivals.iter().filter(|rival| (self.rank)(rival).is_finite());
        let first = ranked.min_by(|a, b| (self.rank)(a).total_cmp(&(self.rank)(b)));
        let leads = first.is_some_and(|first| (self.show)(first) == text);
        let differ = rivals.iter().any(|rival| (self.show)(rival) != text);
        Cell { text, best: leads && differ }
    }
}

/// The tiers of the runs, run by run.
#[derive(Serialize)]
pub(super) struct TierTable {
    columns: [&'static str; 11],
    groups: Vec<TierGroup>,
    left_out: usize,
}

/// The tiers of one run.
#[derive(Serialize)]
struct TierGroup {
    name: String,
    rows: Vec<[String; 11]>,
}

/// The tiers of every run that has some.
pub(super) fn tiers(results: &Results) -> TierTable {
    let runs = unique(results.tiers.iter().map(|row| row.run.as_str()));
    let group = |run: &&str| {
        let mut rows: Vec<&TierRow> = results.tiers.iter().filter(|row| row.run == *run).collect();
        rows.sort_by_key(|row| row.position);
        TierGroup { name: run.to_string(), rows: rows.into_iter().map(tier).collect() }
    };
    TierTable {
        columns: [
            "Tier",
            "Policy",
            "Capacity",
            "Most used",
            "Lookups",
            "Hits",
            "Hit ratio",
            "Evictions",
            "Bypassed",
            "p50",
            "p99",
        ],
        groups: runs.iter().take(MAX_TIER_RUNS).map(group).collect(),
        left_out: runs.len().saturating_sub(MAX_TIER_RUNS),
    }
}

fn tier(row: &TierRow) -> [String; 11] {
    let some = |text: String, exists: bool| if exists { text } else { "–".into() };
    let cache = row.capacity_bytes > 0;
    [
        row.tier.clone(),
        some(row.policy.clone(), !row.policy.is_empty()),
        some(format::bytes(row.capacity_bytes), cache),
        some(format::bytes(row.used_bytes_max), cache),
        format::count(row.lookups),
        format::count(row.hits),
        format::percent(row.hit_ratio),
        some(format::count(row.evictions), cache),
        some(format::count(row.bypassed), cache),
        format::nanos(row.latency_ns_p50),
        format::nanos(row.latency_ns_p99),
    ]
}
