//! The tables of erasure and encryption.

use frames::{EncryptionRow, ErasureRow, ErasureTierRow, Results};
use serde::Serialize;

use crate::{DataTable, format};

/// Rows that the page shows; the result files have all.
const MAX_ROWS: usize = 120;

/// What there is to say of erasure and encryption; nothing if a study has neither.
#[derive(Serialize)]
pub(super) struct Security {
    erasures: Option<DataTable>,
    erasure_tiers: Option<DataTable>,
    encryption: Option<DataTable>,
}

pub(super) fn security(results: &Results) -> Security {
    let security = &results.security;
    Security {
        erasures: table(
            1,
            [
                "Run", "Requests", "Erased in, p50", "p99", "Incomplete", "Came back", "Refused",
                "Read after", "Left", "Holds",
            ],
            &security.erasures,
            erasure,
        ),
        erasure_tiers: table(
            2,
            [
                "Run", "Tier", "Purged in, p50", "p99", "Removed", "Most left", "Left", "Came back",
                "Refused", "Read after",
            ],
            &security.erasure_tiers,
            erasure_tier,
        ),
        encryption: table(
            2,
            [
                "Run", "Tier", "Sealed", "Opened", "Sealed anew", "Keys derived", "Rotations",
                "Processor time", "Extra bytes",
            ],
            &security.encryption,
            encryption,
        ),
    }
}

fn table<T, const N: usize>(
    names: usize,
    columns: [&str; N],
    rows: &[T],
    cells: fn(&T) -> [String; N],
) -> Option<DataTable> {
    let rows: Vec<Vec<String>> = rows.iter().take(MAX_ROWS).map(|row| cells(row).to_vec()).collect();
    let columns = columns.map(String::from).to_vec();
    (!rows.is_empty()).then_some(DataTable { columns, names, rows })
}

fn erasure(row: &ErasureRow) -> [String; 10] {
    [
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
}

fn erasure_tier(row: &ErasureTierRow) -> [String; 10] {
    [
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
}

fn encryption(row: &EncryptionRow) -> [String; 9] {
    [
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
}
