//! What a comparison of policies over traces and sizes leaves behind, in two tables.

use std::path::Path;

use crate::parquet::{digest_of, feed, file_of};
use crate::table::table;
use crate::{Error, read_table, write_table};

table! {
    #[doc = "One row a cell of a comparison: one policy at one size over one trace."]
    CellRow = "cells" {
        #[doc = "Name of the trace."]
        trace: String,
        #[doc = "Digest of the trace's columns."]
        trace_digest: String,
        #[doc = "The policy as written, parameters and all."]
        policy: String,
        #[doc = "`yes` if the policy knows the future, and is a bound rather than a rival; otherwise `no`."]
        clairvoyant: String,
        #[doc = "The size as written, such as `1%`."]
        size: String,
        #[doc = "Capacity that the size means for this trace, in `unit`."]
        capacity: u64,
        #[doc = "`objects` or `bytes`: what capacity and sizes count."]
        unit: String,
        #[doc = "Seed of policies that draw."]
        seed: u64,
        #[doc = "Requests: the denominator of the miss ratio."]
        requests: u64,
        #[doc = "Distinct objects of the trace."]
        objects: u64,
        #[doc = "Requests whose object was resident."]
        hits: u64,
        #[doc = "Requests whose object was not."]
        misses: u64,
        #[doc = "misses / requests."]
        miss_ratio: f64,
        #[doc = "Sum of the sizes of the requests, in bytes (of 1 each where capacities count objects)."]
        bytes: u64,
        #[doc = "Sum of the sizes of the misses, in bytes."]
        byte_misses: u64,
        #[doc = "byte_misses / bytes."]
        byte_miss_ratio: f64,
        #[doc = "Misses on objects larger than the capacity."]
        oversized: u64,
        #[doc = "Misses on objects that the policy would not have."]
        refused: u64,
        #[doc = "How many fewer misses than the baseline has, as a share of the larger of the two: (b - m) / max(b, m), from -1 to 1."]
        reduction: f64,
        #[doc = "The part of the way from the baseline to Belady's optimum: (b - m) / (b - optimum). NaN where capacities count bytes, so that Belady is no optimum, and where the baseline is optimal."]
        gap_closed: f64,
    }
}

table! {
    #[doc = "One row a policy and size of a comparison: how its reductions are spread over the traces. Percentiles are interpolated between the nearest two traces."]
    LeaderRow = "leaders" {
        #[doc = "The size as written, such as `1%`."]
        size: String,
        #[doc = "The policy as written, parameters and all."]
        policy: String,
        #[doc = "`yes` if the policy knows the future, and is a bound rather than a rival; otherwise `no`."]
        clairvoyant: String,
        #[doc = "Traces compared."]
        traces: u64,
        #[doc = "Mean over the traces of `reduction` in `cells`."]
        reduction_mean: f64,
        #[doc = "10th percentile of it."]
        reduction_p10: f64,
        #[doc = "25th percentile of it."]
        reduction_p25: f64,
        #[doc = "Median of it."]
        reduction_p50: f64,
        #[doc = "75th percentile of it."]
        reduction_p75: f64,
        #[doc = "90th percentile of it."]
        reduction_p90: f64,
        #[doc = "Traces on which no rival has fewer misses; shared wins count for all who share them. 0 for bounds."]
        wins: u64,
        #[doc = "Mean of `gap_closed` in `cells`, over the traces that have it; NaN if none has."]
        gap_closed_mean: f64,
        #[doc = "10th percentile of it."]
        gap_closed_p10: f64,
        #[doc = "25th percentile of it."]
        gap_closed_p25: f64,
        #[doc = "Median of it."]
        gap_closed_p50: f64,
        #[doc = "75th percentile of it."]
        gap_closed_p75: f64,
        #[doc = "90th percentile of it."]
        gap_closed_p90: f64,
        #[doc = "Traces that have it."]
        gap_closed_traces: u64,
    }
}

/// Both tables of one comparison.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparison {
    /// By trace, then size, then policy, each in the order given.
    pub cells: Vec<CellRow>,
    /// By size, then from the highest mean reduction to the lowest.
    pub leaders: Vec<LeaderRow>,
}

impl Comparison {
    /// Writes `cells.parquet` and `leaders.parquet` to `dir`.
    pub fn write(&self, dir: &Path) -> Result<(), Error> {
        write_table(&dir.join(file_of::<CellRow>()), &self.cells)?;
        write_table(&dir.join(file_of::<LeaderRow>()), &self.leaders)
    }

    /// Reads what [`Comparison::write`] wrote.
    pub fn read(dir: &Path) -> Result<Comparison, Error> {
        Ok(Comparison {
            cells: read_table(&dir.join(file_of::<CellRow>()))?,
            leaders: read_table(&dir.join(file_of::<LeaderRow>()))?,
        })
    }

    /// BLAKE3 over every value of both tables.
    pub fn digest(&self) -> String {
        digest_of(|hasher| {
            feed(hasher, &self.cells);
            feed(hasher, &self.leaders);
        })
    }
}
