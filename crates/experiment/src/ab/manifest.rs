//! Everything needed to make a test again.

use serde::Serialize;

use super::{Plan, TestOptions, Tested};
use crate::{Resolved, TraceIdentity};

/// What a test leaves beside its tables. It depends neither on when nor on how many threads it was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TestManifest {
    /// Tells it from the manifest of a run.
    pub kind: &'static str,
    /// Version of this form: 1.
    pub schema: u32,
    /// Version of the program.
    pub version: String,
    /// Version of the result schema.
    pub results_schema: u32,
    /// Digest of all rows.
    pub results_digest: String,
    /// The traces replayed.
    pub traces: Vec<TraceIdentity>,
    /// The test.
    pub plan: Plan,
    /// Times that labels were swapped.
    pub aa_repetitions: u64,
    /// The study.
    pub study: Resolved,
}

impl TestManifest {
    /// The manifest of a finished test.
    pub fn new(
        version: &str,
        study: &Resolved,
        plan: &Plan,
        options: &TestOptions,
        tested: &Tested,
    ) -> Self {
        TestManifest {
            kind: "test",
            schema: 1,
            version: version.to_string(),
            results_schema: frames::results::SCHEMA_VERSION,
            results_digest: tested.tables.digest(),
            traces: tested.traces.clone(),
            plan: plan.clone(),
            aa_repetitions: options.aa_repetitions,
            study: study.clone(),
        }
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a manifest is plain JSON") + "\n"
    }
}
