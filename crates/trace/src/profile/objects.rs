//! One pass over the requests: what is to be known of each object.

use crate::trace::Trace;

/// Tables by object id.
#[derive(Debug)]
pub(super) struct PerObject {
    /// How often it is requested.
    pub(super) n_requests: Vec<u32>,
    /// Its size as first seen; empty if the trace has no sizes.
    pub(super) bytes: Vec<u64>,
    /// Whether it is ever requested with another size; empty if the trace has no sizes.
    pub(super) resized: Vec<bool>,
}

impl PerObject {
    /// The tables of `trace`, and the time in requests from each request to the next for the same
    /// object. Counts and times stop at 2^32 - 1.
    pub(super) fn count(trace: &Trace) -> (Self, Vec<u32>) {
        let n_objects = trace.n_objects() as usize;
        let mut n_requests = vec![0u32; n_objects];
        let mut last = vec![0usize; n_objects];
        let mut reuse_times = Vec::with_capacity(trace.n_requests() - n_objects);
        for (i, object) in trace.objects().iter().enumerate() {
            let id = object.index();
            if n_requests[id] > 0 {
                reuse_times.push(u32::try_from(i - last[id]).unwrap_or(u32::MAX));
            }
            n_requests[id] = n_requests[id].saturating_add(1);
            last[id] = i;
        }
        let (bytes, resized) = sizes(trace);
        (PerObject { n_requests, bytes, resized }, reuse_times)
    }
}

fn sizes(trace: &Trace) -> (Vec<u64>, Vec<bool>) {
    let Some(sizes) = &trace.columns().size else { return (Vec::new(), Vec::new()) };
    let mut bytes = Vec::with_capacity(trace.n_objects() as usize);
    let mut resized = vec![false; trace.n_objects() as usize];
    for (i, object) in trace.objects().iter().enumerate() {
        let size = sizes.get(i);
        // Ids are numbered by first appearance, so the next unknown one is new.
        if object.index() == bytes.len() {
            bytes.push(size);
        }
        resized[object.index()] |= size != bytes[object.index()];
    }
    (bytes, resized)
}
