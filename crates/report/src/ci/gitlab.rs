//! The code quality report of GitLab: a subset of the format of Code Climate, with five fields a finding
//! (docs.gitlab.com, "Code Quality report format", as of 2026-11).

use serde_json::{Value, json};

use super::{Finding, Gate, Kind, fingerprint, relative};

/// The report; an empty list if nothing is wrong.
pub fn report(gate: &Gate<'_>) -> String {
    let issue = |finding: &Finding| {
        json!({
            "description": finding.message,
            "check_name": finding.kind.id(),
            "fingerprint": fingerprint(gate, finding),
            "severity": severity(finding.kind),
            "location": {
                "path": relative(gate.baseline),
                "lines": { "begin": finding.line.max(1) },
            },
        })
    };
    let issues: Vec<Value> = gate.findings().iter().map(issue).collect();
    serde_json::to_string_pretty(&issues).expect("a report is plain JSON") + "\n"
}

fn severity(kind: Kind) -> &'static str {
    match kind {
        Kind::Limit => "critical",
        Kind::Regression | Kind::Incomparable => "major",
        Kind::Denied | Kind::Inconclusive => "minor",
        Kind::StaleBaseline => "info",
    }
}
