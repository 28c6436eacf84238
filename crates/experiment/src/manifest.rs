//! Everything needed to run a study again, bit for bit.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use trace::Trace;

use crate::{Error, Finished, Resolved, ResolvedTrace};

/// What a run leaves behind beside its results. Nothing in it depends on when or on how many threads
/// the study ran, and nothing but the paths of the traces on where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// Version of this form: 1.
    pub schema: u32,
    /// Version of the program.
    pub version: String,
    /// Version of the result schema.
    pub results_schema: u32,
    /// Digest of the resolved study.
    pub study_digest: String,
    /// Digest of all result rows.
    pub results_digest: String,
    /// Whether every run of the grid finished.
    pub complete: bool,
    /// The traces replayed.
    pub traces: Vec<TraceIdentity>,
    /// The audit logs, if there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audits: Vec<AuditIdentity>,
    /// The study.
    pub study: Resolved,
}

/// Which audit log a run has: whoever rewrites the file cannot keep this hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AuditIdentity {
    /// Which run.
    pub run: String,
    /// File below the folder of the report.
    pub file: String,
    /// Records in it.
    pub records: u64,
    /// Hash of the last.
    pub head: String,
}

/// Which trace was replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TraceIdentity {
    /// Name in results.
    pub name: String,
    /// File.
    pub path: PathBuf,
    /// Digest of its columns.
    pub digest: String,
    /// Requests.
    pub requests: u64,
    /// Distinct objects.
    pub objects: u64,
}

impl TraceIdentity {
    pub(crate) fn of(entry: &ResolvedTrace, trace: &Trace) -> Self {
        TraceIdentity {
            name: trace.name().to_string(),
            path: entry.path.clone(),
            digest: trace.digest().to_string(),
            requests: trace.n_requests() as u64,
            objects: u64::from(trace.n_objects()),
        }
    }
}

impl Manifest {
    /// The manifest of a finished study.
    pub fn new(version: &str, study: &Resolved, finished: &Finished) -> Self {
        Manifest {
            schema: 1,
            version: version.to_string(),
            results_schema: frames::results::SCHEMA_VERSION,
            study_digest: digest(study),
            results_digest: finished.results.digest(),
            complete: finished.is_complete(),
            traces: finished.traces.clone(),
            audits: finished
                .audits
                .iter()
                .map(|audited| AuditIdentity {
                    run: audited.run.clone(),
                    file: audited.file.clone(),
                    records: audited.log.n_records,
                    head: audited.log.head.clone(),
                })
                .collect(),
            study: study.clone(),
        }
    }

    /// Reads a manifest.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
        let kind = serde_json::from_str::<serde_json::Value>(&text).ok();
        if kind.as_ref().is_some_and(|manifest| manifest["kind"] == "compare") {
            let what = "is the manifest of a comparison\nhint: `cache-strategy compare` with the same arguments and another --out counts it again";
            return Err(Error::Unfit(format!("{}: {what}", path.display())));
        }
        if kind.is_some_and(|manifest| manifest["kind"] == "test") {
            let what = "is the manifest of a test\nhint: `cache-strategy test` with the same arguments and another --out makes it again";
            return Err(Error::Unfit(format!("{}: {what}", path.display())));
        }
        let manifest: Manifest = serde_json::from_str(&text).map_err(|error| {
            Error::Unfit(format!(
                "{}:{}:{}: not a manifest: {error}",
                path.display(),
                error.line(),
                error.column()
            ))
        })?;
        let known = (1, frames::results::SCHEMA_VERSION);
        if (manifest.schema, manifest.results_schema) != known {
            let what = "was made by a version with other schemas";
            return Err(Error::Unfit(format!("{}: {what}", path.display())));
        }
        Ok(manifest)
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a manifest is plain JSON") + "\n"
    }

    /// What differs between the figures of this manifest and those of another run of its study; empty
    /// if nothing does. Another version with the same figures is no difference.
    pub fn differences(&self, other: &Manifest) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, ours: &str, theirs: &str| {
            if ours != theirs {
                differences.push(format!("{what}: {ours} then, {theirs} now"));
            }
        };
        compare("study", &self.study_digest, &other.study_digest);
        for (before, now) in self.traces.iter().zip(&other.traces) {
            compare(&format!("trace {}", before.name), &before.digest, &now.digest);
        }
        for (before, now) in self.audits.iter().zip(&other.audits) {
            compare(&format!("audit log of {}", before.run), &before.head, &now.head);
        }
        compare("results", &self.results_digest, &other.results_digest);
        if !differences.is_empty() && self.version != other.version {
            differences.push(format!("version: {} then, {} now", self.version, other.version));
        }
        differences
    }
}

/// Identifies everything about a study but where its traces lie.
fn digest(study: &Resolved) -> String {
    let mut study = study.clone();
    for trace in &mut study.traces {
        trace.path = trace.path.file_name().map(PathBuf::from).unwrap_or_default();
    }
    let text = serde_json::to_string(&study).expect("a study is plain JSON");
    format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex())
}
