//! What was replayed, a row of facts a trace.

use frames::{Results, RunRow};
use serde::Serialize;

use crate::format;

/// The facts of one trace.
#[derive(Serialize)]
pub(super) struct TraceFacts {
    pub(super) trace: String,
    pub(super) facts: Vec<(&'static str, String)>,
}

/// All traces, each by its first run.
pub(super) fn facts(results: &Results) -> Vec<TraceFacts> {
    let mut seen: Vec<&RunRow> = Vec::new();
    for run in &results.runs {
        if seen.iter().all(|known| known.trace != run.trace) {
            seen.push(run);
        }
    }
    seen.into_iter().map(of_trace).collect()
}

fn of_trace(run: &RunRow) -> TraceFacts {
    let mut facts = vec![
        ("Requests counted", format::count(run.requests)),
        ("Warm-up requests", format::count(run.requests_replayed.saturating_sub(run.requests))),
        ("Objects", format::count(run.objects)),
        ("Bytes requested", format::bytes(run.bytes)),
    ];
    if run.span_ns > 0 {
        facts.push(("Time span", format::nanos(run.span_ns)));
    }
    if run.scale != 1.0 && run.scale.is_finite() {
        facts.push(("One request stands for", format!("{:.3}", run.scale)));
    }
    TraceFacts { trace: run.trace.clone(), facts }
}
