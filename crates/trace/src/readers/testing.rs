//! What the readers' tests share.

use std::collections::BTreeMap;

use crate::report::Tally;
use crate::trace::Trace;

use super::{ReadOptions, read_bytes};

/// Options that name a format, or none if it is empty.
pub(super) fn options(format: &str) -> ReadOptions {
    let format = (!format.is_empty()).then(|| format.to_string());
    ReadOptions { format, ..ReadOptions::default() }
}

/// Requests and objects.
pub(super) fn counts(trace: &Trace) -> (usize, u32) {
    (trace.n_requests(), trace.n_objects())
}

/// The ids of all requests.
pub(super) fn ids(trace: &Trace) -> Vec<u32> {
    trace.objects().iter().map(|object| object.0).collect()
}

/// The sizes of all requests.
pub(super) fn sizes(trace: &Trace) -> Vec<u64> {
    let sizes = trace.columns().size.as_ref().expect("a trace with sizes");
    (0..sizes.len()).map(|i| sizes.get(i)).collect()
}

/// The stamps of all requests.
pub(super) fn times(trace: &Trace) -> &[u64] {
    trace.columns().time_ns.as_ref().expect("a trace with stamps")
}

/// The key of every object.
pub(super) fn keys(trace: &Trace) -> Vec<String> {
    let keys = trace.columns().keys.as_ref().expect("a trace with keys");
    (0..trace.n_objects()).map(|id| keys.label(crate::trace::ObjectId(id)).into_owned()).collect()
}

/// Reasons with count, first row and first byte.
pub(super) fn reasons(table: &BTreeMap<String, Tally>) -> Vec<(&str, u64, u64, u64)> {
    let place = |tally: &Tally| (tally.count, tally.first.row, tally.first.byte);
    table
        .iter()
        .map(|(reason, tally)| {
            let (count, row, byte) = place(tally);
            (reason.as_str(), count, row, byte)
        })
        .collect()
}

/// The message of the error that reading must end with.
pub(super) fn problem(name: &str, bytes: &[u8], format: &str) -> String {
    read_bytes(name, bytes, &options(format)).expect_err("must not be readable").to_string()
}
