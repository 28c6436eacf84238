//! Tables of what only some studies have: each is a section of the page, and is left out if empty.

use frames::{Results, RunRow};
use serde::Serialize;

use crate::views::endings;
use crate::{DataTable, format};

/// Rows of a section that the page shows; the result files have all.
const MAX_ROWS: usize = 120;

/// A section of the page.
#[derive(Serialize)]
pub(super) struct Section {
    id: &'static str,
    title: &'static str,
    /// How to read it.
    note: &'static str,
    table: DataTable,
    left_out: usize,
}

/// The sections that have something to show.
pub(super) fn sections(results: &Results) -> Vec<Section> {
    [
        ratios(results),
        endings(results),
        stations(results),
        writes(results),
        faults(results),
        erasures(results),
        erasure_tiers(results),
        encryption(results),
    ]
    .into_iter()
    .filter(|section| !section.table.rows.is_empty())
    .map(Section::cut)
    .collect()
}

impl Section {
    fn new(
        id: &'static str,
        title: &'static str,
        note: &'static str,
        columns: &[&str],
        rows: Vec<Vec<String>>,
    ) -> Section {
        let columns = columns.iter().map(|name| name.to_string()).collect();
        let table = DataTable { columns, names: 1, rows };
        Section { id, title, note, table, left_out: 0 }
    }

    /// The first of its columns are names.
    fn named_by(mut self, columns: usize) -> Section {
        self.table.names = columns;
        self
    }

    fn cut(mut self) -> Section {
        self.left_out = self.table.rows.len().saturating_sub(MAX_ROWS);
        self.table.rows.truncate(MAX_ROWS);
        self
    }
}

fn ratios(results: &Results) -> Section {
    let row = |run: &RunRow| {
        let ratios = [run.hit_ratio, run.byte_hit_ratio, run.cost_hit_ratio, run.latency_hit_ratio];
        let reads = [run.run.clone(), format::count(run.reads)];
        reads.into_iter().chain(ratios.map(format::percent)).collect()
    };
    Section::new(
        "ratios",
        "Hit ratios by what is counted",
        "Of the reads, of their bytes, of what the origin would charge for them, and of the time they \
         would take if each were a miss. A dash stands where nothing is charged or missed.",
        &["Run", "Reads", "Objects", "Bytes", "Cost", "Time"],
        results.runs.iter().map(row).collect(),
    )
}

fn endings(results: &Results) -> Section {
    let latency = |run: &RunRow, ending: &str, quantile: f64| {
        let rows = results.quantiles.iter().filter(|row| row.run == run.run);
        let mut of_ending = rows.filter(|row| row.scope == "ending" && row.name == ending);
        let found = of_ending.find(|row| row.quantile == quantile);
        found.map_or("–".into(), |row| format::nanos(row.value))
    };
    let rows = |run: &RunRow| {
        let counts = [
            ("hit", run.fresh_hits),
            ("stale hit", run.stale_hits),
            ("delayed hit", run.delayed_hits),
            ("miss", run.misses),
            ("error", run.errors),
        ];
        let row = |(ending, n): (&str, u64)| {
            vec![
                run.run.clone(),
                ending.to_string(),
                format::count(n),
                format::percent(n as f64 / run.reads as f64),
                latency(run, ending, 0.5),
                latency(run, ending, 0.99),
            ]
        };
        counts.into_iter().filter(|(_, n)| *n > 0).map(row).collect::<Vec<_>>()
    };
    let varied = results.runs.iter().filter(|run| endings::is_varied(run));
    Section::new(
        "how-reads-ended",
        "How reads ended",
        "Runs in which reads ended otherwise than as a hit or a miss.",
        &["Run", "Ending", "Reads", "Share", "p50", "p99"],
        varied.flat_map(rows).collect(),
    )
    .named_by(2)
}

fn stations(results: &Results) -> Section {
    let row = |row: &frames::StationRow| {
        vec![
            row.run.clone(),
            row.tier.clone(),
            row.name.clone(),
            format::count(row.servers),
            format::percent(row.saturation),
            format::count(row.served),
            format::percent(row.waited as f64 / row.served as f64),
            format::nanos(row.wait_ns_mean.round() as u64),
            format::count(row.queue_max),
            format::count(row.shed),
        ]
    };
    Section::new(
        "servers",
        "Servers",
        "Each station is some servers before one queue. Warm-up is included. Saturation is the share of \
         their time that the servers were busy; the mean wait is over all requests served.",
        &[
            "Run",
            "Tier",
            "Station",
            "Servers",
            "Saturation",
            "Served",
            "Had to wait",
            "Mean wait",
            "Longest queue",
            "Shed",
        ],
        results.stations.iter().map(row).collect(),
    )
    .named_by(2)
}

fn writes(results: &Results) -> Section {
    let row = |row: &frames::WriteRow| {
        vec![
            row.run.clone(),
            format::count(row.writes),
            format::count(row.failures),
            format::nanos(row.latency_ns_p50),
            format::nanos(row.latency_ns_p99),
            format!(
                "{} ({})",
                format::count(row.stale_reads),
                format::percent(row.stale_read_ratio)
            ),
            format::bytes(row.dirty_bytes_max),
            format!("{} ({})", format::count(row.lost), format::bytes(row.lost_bytes)),
        ]
    };
    Section::new(
        "writes",
        "Writes",
        "Stale reads were answered with an older version than the last one acknowledged before they \
         arrived. Dirty bytes are those that a tier had and the origin had not yet.",
        &["Run", "Writes", "Failed", "p50", "p99", "Stale reads", "Most dirty", "Lost"],
        results.writes.iter().map(row).collect(),
    )
}

fn faults(results: &Results) -> Section {
    let row = |row: &frames::FaultRow| {
        let recovery = match row.recovery_ns {
            unknown if row.hit_ratio_before.is_nan() && unknown.is_nan() => "–".into(),
            never if never.is_nan() => "not by the end".into(),
            0.0 => "no need".into(),
            after => format::nanos(after as u64),
        };
        let extra = row.extra_origin_fetches;
        vec![
            row.run.clone(),
            format::nanos(row.at_ns),
            format!("{}: {}", row.tier, row.what),
            format::percent(row.hit_ratio_before),
            format::percent(row.hit_ratio_low),
            recovery,
            if extra.is_finite() { format::signed(extra.round() as i64) } else { "–".into() },
        ]
    };
    Section::new(
        "faults",
        "Faults",
        "The hit ratio before is over at most ten whole windows; it is back when a window is within 1 \
         pp of that. Extra requests at the origin are those beyond what the same reads would have \
         caused before. What ends a fault is judged by the time before the fault. Where the hit ratio \
         moves by more than 1 pp of itself, so do these figures.",
        &["Run", "At", "What", "Hit ratio before", "Lowest", "Back after", "Extra at the origin"],
        results.faults.iter().map(row).collect(),
    )
    .named_by(3)
}

fn erasures(results: &Results) -> Section {
    let row = |row: &frames::ErasureRow| {
        vec![
            row.run.clone(),
            format::count(row.requests),
            format::nanos(row.time_to_erasure_ns_p50),
            format::nanos(row.time_to_erasure_ns_p99),
            format::count(row.incomplete),
            format::count(row.reinserted),
            format::count(row.refused),
            format::count(row.violations),
            format::count(row.residual_end),
            if row.holds == 1 { "yes" } else { "no" }.into(),
        ]
    };
    Section::new(
        "erasure",
        "Erasure",
        "A request is obeyed when its last tier has purged. What came back was filled in after a tier's \
         purge, what was refused would have been. Whatever was read after the last purge breaks the \
         promise. It holds if every request was obeyed, nothing erased was read afterwards and no copy \
         is left. Warm-up is included.",
        &[
            "Run",
            "Requests",
            "Obeyed after, p50",
            "p99",
            "Not obeyed",
            "Came back",
            "Refused",
            "Read after",
            "Left",
            "Holds",
        ],
        results.erasures.iter().map(row).collect(),
    )
}

fn erasure_tiers(results: &Results) -> Section {
    let row = |row: &frames::ErasureTierRow| {
        vec![
            row.run.clone(),
            row.tier.clone(),
            format::nanos(row.time_to_purge_ns_p50),
            format::nanos(row.time_to_purge_ns_p99),
            format::count(row.removed),
            format::count(row.residual_max),
            format::count(row.residual_end),
            format::count(row.reinserted),
            format::count(row.refused),
            format::count(row.violations),
        ]
    };
    Section::new(
        "erasure-by-tier",
        "Erasure by tier",
        "Copies are left from a request to the purge, and again if they come back.",
        &[
            "Run",
            "Tier",
            "Purged after, p50",
            "p99",
            "Removed",
            "Most left",
            "Left at the end",
            "Came back",
            "Refused",
            "Read after",
        ],
        results.erasure_tiers.iter().map(row).collect(),
    )
    .named_by(2)
}

fn encryption(results: &Results) -> Section {
    let row = |row: &frames::EncryptionRow| {
        vec![
            row.run.clone(),
            row.tier.clone(),
            format::count(row.seals),
            format::count(row.opens),
            format::count(row.reseals),
            format::count(row.derivations),
            format::count(row.rotations),
            format::nanos(row.cpu_ns),
            format::bytes(row.extra_bytes_max),
        ]
    };
    Section::new(
        "encryption",
        "Encryption",
        "Opening a copy is part of the latency of its read; sealing is not, since the answer goes on to \
         the client meanwhile. The processor time is on the bill where the price book has a price for \
         it. Warm-up is not included, but in the rotations and in the most bytes of nonces and tags.",
        &[
            "Run",
            "Tier",
            "Sealed",
            "Opened",
            "Sealed anew",
            "Keys derived",
            "Rotations",
            "Processor time",
            "Nonces and tags",
        ],
        results.encryption.iter().map(row).collect(),
    )
    .named_by(2)
}
