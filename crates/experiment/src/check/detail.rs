//! How every single request of a run ended, kept beside a baseline so that a change can be explained.
//!
//! The file is a line of JSON and the ends of all requests behind one another, a byte each, compressed
//! with zstd. Latencies are too many to keep: what is kept of them are sums by group, and a digest of
//! each thousand reads, which finds the first thousand that differs.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tiers::{ENDINGS, Ending, ReadEnd};
use trace::Trace;

use super::groups::{By, Groups};
use super::study::Leaves;
use crate::Error;

/// Names a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunKey {
    /// Name of the trace.
    pub trace: String,
    /// Name of the strategy; of a flat study, the policy as written.
    pub strategy: String,
    /// Cell of the matrix; of a flat study, the capacity as written. May be empty.
    #[serde(default)]
    pub cell: String,
}

impl std::fmt::Display for RunKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} / {}", self.strategy, self.trace)?;
        if self.cell.is_empty() { Ok(()) } else { write!(f, " / {}", self.cell) }
    }
}

/// How one request ended, in a byte: 0 if it was no read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End(pub(super) u8);

/// Stands for "nobody answered" in the place of a tier.
const NOBODY: u8 = 15;

impl End {
    pub(super) const NO_READ: End = End(0);

    pub(super) fn new(ending: Ending, tier: Option<u8>) -> End {
        End((ending as u8 + 1) << 4 | tier.unwrap_or(NOBODY).min(NOBODY))
    }

    /// `None` if it was no read, or is of no run.
    pub(super) fn ending(self) -> Option<Ending> {
        ENDINGS.get(usize::from(self.0 >> 4).wrapping_sub(1)).copied()
    }

    pub(super) fn tier(self) -> Option<usize> {
        Some(self.0 & 15).filter(|tier| *tier != NOBODY).map(usize::from)
    }
}

/// What is known of a run beyond its figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunDetail {
    /// Which run.
    pub key: RunKey,
    /// Names of the tiers, the origin last.
    pub(super) tiers: Vec<String>,
    /// Requests that are not counted.
    pub(super) warmup: usize,
    /// 99th percentile of the latency; 0 of a flat replay.
    pub(super) p99_ns: u64,
    /// Time of the reads counted, by group.
    pub(super) time: Vec<Time>,
    /// A month's cost in nano-dollars, by line of the bill.
    pub(super) bill: Vec<(String, i64)>,
    /// A digest of each thousand reads, latencies and all; empty for a flat replay.
    pub(super) blocks: Vec<u64>,
    /// Requests of the trace.
    n_requests: usize,
    /// How each ended.
    #[serde(skip)]
    pub(super) ends: Vec<End>,
}

/// Time of the reads of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Time {
    pub(super) by: By,
    pub(super) group: String,
    pub(super) total_ns: u64,
    /// Reads slower than the baseline's 99th percentile.
    pub(super) slow: u64,
}

/// Reads of a block.
pub(super) const BLOCK: usize = 1000;

impl RunDetail {
    /// Of a run through a stack. `slow_ns` is the time beyond which a read counts as slow.
    pub(super) fn of_stack(
        key: RunKey,
        tiers: Vec<String>,
        trace: &Trace,
        warmup: usize,
        reads: &[ReadEnd],
        (p99_ns, slow_ns): (u64, u64),
        bill: Vec<(String, i64)>,
    ) -> RunDetail {
        let mut ends = vec![End::NO_READ; trace.n_requests()];
        let groups = Groups::new(trace, warmup, &tiers);
        let mut time = groups.sums::<(u64, u64)>();
        for read in reads {
            let i = read.request as usize;
            ends[i] = End::new(read.ending, read.tier);
            if i >= warmup {
                time.add(i, ends[i], |(total, slow)| {
                    *total = total.saturating_add(read.latency);
                    *slow += u64::from(read.latency > slow_ns);
                });
            }
        }
        let of_group = |(by, group, (total_ns, slow))| Time { by, group, total_ns, slow };
        let time = time.finish().map(of_group).collect();
        let blocks = reads.chunks(BLOCK).map(digest).collect();
        let n_requests = trace.n_requests();
        RunDetail { key, tiers, warmup, p99_ns, time, bill, blocks, n_requests, ends }
    }

    /// Of a flat replay.
    pub(super) fn of_flat(key: RunKey, hits: &[bool]) -> RunDetail {
        let end = |hit: &bool| match hit {
            true => End::new(Ending::Hit, Some(0)),
            false => End::new(Ending::Miss, Some(1)),
        };
        RunDetail {
            key,
            tiers: vec!["cache".into(), "origin".into()],
            warmup: 0,
            p99_ns: 0,
            time: Vec::new(),
            bill: Vec::new(),
            blocks: Vec::new(),
            n_requests: hits.len(),
            ends: hits.iter().map(end).collect(),
        }
    }

    /// Hits of a flat replay.
    #[cfg(test)]
    pub(super) fn hits(&self) -> usize {
        self.ends.iter().filter(|end| end.ending() == Some(Ending::Hit)).count()
    }
}

/// The first eight bytes of a BLAKE3 hash.
fn digest(reads: &[ReadEnd]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for read in reads {
        hasher.update(&read.request.to_le_bytes());
        hasher.update(&[End::new(read.ending, read.tier).0]);
        hasher.update(&read.latency.to_le_bytes());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

/// Everything kept beside a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// Version of this form: 1.
    schema: u32,
    /// The study, value by value.
    pub(super) study: Leaves,
    /// The runs.
    pub(super) runs: Vec<RunDetail>,
}

/// How hard the ends are compressed: a little time, and half the bytes of the default.
const LEVEL: i32 = 15;

impl Detail {
    /// Of a study.
    pub(super) fn new(study: Leaves, runs: Vec<RunDetail>) -> Detail {
        Detail { schema: 1, study, runs }
    }

    /// The runs, for [`Keep::Ends`](super::Keep::Ends).
    pub fn runs(&self) -> &[RunDetail] {
        &self.runs
    }

    /// What is known of a run.
    pub(super) fn run(&self, key: &RunKey) -> Option<&RunDetail> {
        self.runs.iter().find(|run| run.key == *key)
    }

    /// As a file has it.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("detail is plain JSON");
        bytes.push(b'\n');
        bytes.extend(self.runs.iter().flat_map(|run| run.ends.iter().map(|end| end.0)));
        zstd::encode_all(&bytes[..], LEVEL).expect("memory takes what is written to it")
    }

    /// Reads what [`Self::to_bytes`] made.
    pub(super) fn from_bytes(bytes: &[u8], path: &Path) -> Result<Detail, Error> {
        let damaged = |what: &str| {
            let hint = "hint: `check --update-baseline --with-detail` writes it anew";
            Error::Unfit(format!("{}: {what}\n{hint}", path.display()))
        };
        let text = zstd::decode_all(bytes).map_err(|error| damaged(&error.to_string()))?;
        let end = text.iter().position(|byte| *byte == b'\n');
        let end = end.ok_or_else(|| damaged("it has no head"))?;
        let mut detail: Detail = serde_json::from_slice(&text[..end])
            .map_err(|error| damaged(&format!("its head is not as expected: {error}")))?;
        if detail.schema != 1 {
            return Err(damaged("it was made by a version with another schema"));
        }
        let mut rest = &text[end + 1..];
        for run in &mut detail.runs {
            let ends = rest.split_at_checked(run.n_requests);
            let (ends, others) = ends.ok_or_else(|| damaged("it ends too early"))?;
            if run.warmup > run.n_requests {
                return Err(damaged("a warm-up is longer than its trace"));
            }
            run.ends = ends.iter().map(|byte| End(*byte)).collect();
            rest = others;
        }
        if rest.is_empty() { Ok(detail) } else { Err(damaged("it goes on after its end")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(strategy: &str) -> RunKey {
        RunKey { trace: "t".into(), strategy: strategy.into(), cell: String::new() }
    }

    #[test]
    fn an_end_fits_in_a_byte_and_comes_back() {
        for ending in ENDINGS {
            for tier in [None, Some(0), Some(8)] {
                let end = End::new(ending, tier);
                assert_eq!((end.ending(), end.tier()), (Some(ending), tier.map(usize::from)));
            }
        }
        assert_eq!(End::NO_READ.ending(), None);
    }

    #[test]
    fn what_is_written_is_read_and_damage_is_found() {
        let runs = vec![
            RunDetail::of_flat(key("a"), &[true, false, true]),
            RunDetail::of_flat(key("b"), &[false; 5]),
        ];
        let detail = Detail::new(Leaves::from([("x".into(), "1".into())]), runs);
        let bytes = detail.to_bytes();
        let path = Path::new("d");
        assert_eq!(Detail::from_bytes(&bytes, path).unwrap(), detail);
        assert_eq!(detail.run(&key("a")).unwrap().hits(), 2);
        for cut in 0..bytes.len() {
            assert!(Detail::from_bytes(&bytes[..cut], path).is_err(), "{cut}");
        }
        let mut longer = zstd::decode_all(&bytes[..]).unwrap();
        longer.push(0);
        let longer = zstd::encode_all(&longer[..], 1).unwrap();
        assert!(
            Detail::from_bytes(&longer, path).unwrap_err().to_string().contains("after its end")
        );
    }
}
