//! SARIF 2.1.0: a result a finding, at the line of the baseline that says what was expected.
//!
//! OASIS standard, <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>. Only what code scanning of GitHub
//! reads is written: a dozen fields, for which a model of the whole format would be far larger than this
//! file. GitHub takes 25,000 results of a run and shows the 5,000 most severe
//! (docs.github.com, "SARIF results exceed limits", as of 2026-11); more than that are left out, the
//! least severe first, and counted in a note.

use serde_json::{Value, json};

use super::{Finding, Gate, KINDS, Kind, fingerprint, relative};

/// Results that GitHub shows.
pub const MOST: usize = 5_000;

/// The report.
pub fn report(gate: &Gate<'_>) -> String {
    let findings = gate.findings();
    let left_out = findings.len().saturating_sub(MOST);
    let results: Vec<Value> = findings.iter().take(MOST).map(|found| result(gate, found)).collect();
    let rules = KINDS.map(|kind| {
        json!({
            "id": kind.id(),
            "shortDescription": { "text": kind.words() },
            "defaultConfiguration": { "level": level(kind) },
        })
    });
    let notes: Vec<Value> = match left_out {
        0 => Vec::new(),
        n => {
            let text = format!("{n} more results are left out: {MOST} are shown at most");
            vec![json!({ "level": "note", "message": { "text": text } })]
        }
    };
    let report = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cache-strategy check",
                "semanticVersion": gate.program,
                "rules": rules,
            } },
            "invocations": [{
                "executionSuccessful": gate.verdict != "incomparable",
                "toolExecutionNotifications": notes,
            }],
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&report).expect("a report is plain JSON") + "\n"
}

fn result(gate: &Gate<'_>, finding: &Finding) -> Value {
    json!({
        "ruleId": finding.kind.id(),
        "ruleIndex": finding.kind as usize,
        "level": level(finding.kind),
        "message": { "text": finding.message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(gate.baseline) },
            "region": { "startLine": finding.line.max(1) },
        } }],
        "partialFingerprints": { "cacheStrategyCheck/v1": fingerprint(gate, finding) },
    })
}

fn level(kind: Kind) -> &'static str {
    match kind {
        Kind::Regression | Kind::Limit | Kind::Denied | Kind::Incomparable => "error",
        Kind::Inconclusive => "warning",
        Kind::StaleBaseline => "note",
    }
}

/// A path as a relative reference of RFC 3986: what is not unreserved is escaped.
fn uri(path: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    let escape = |byte: u8| match keep(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    relative(path).bytes().map(escape).collect()
}
