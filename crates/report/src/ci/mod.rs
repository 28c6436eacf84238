//! What the gate found, in the forms that build servers read. Each is a pure function of a [`Gate`].
//!
//! - [`junit`]: JUnit XML, a test case a figure;
//! - [`sarif`]: SARIF 2.1.0, which code scanning shows;
//! - [`gitlab`]: GitLab's code quality report;
//! - [`github`]: annotations of a step of GitHub Actions and its summary, within their limits;
//! - [`bench`]: figures for continuous-benchmark tools.

pub mod bench;
pub mod github;
pub mod gitlab;
pub mod junit;
pub mod sarif;

use frames::{CauseRow, CheckRow};

/// What the gate found.
#[derive(Debug, Clone, Copy)]
pub struct Gate<'a> {
    /// Name of the study.
    pub study: &'a str,
    /// Path of the baseline from the root of the repository, with `/`.
    pub baseline: &'a str,
    /// Version of the program.
    pub program: &'a str,
    /// `pass`, `regressed`, `denied`, `incomparable` or `inconclusive`.
    pub verdict: &'a str,
    /// Whether figures may be inconclusive.
    pub allows_inconclusive: bool,
    /// A row a figure.
    pub rows: &'a [CheckRow],
    /// What explains those that changed; may be empty.
    pub causes: &'a [CauseRow],
    /// Where runs part from those of the baseline, in words; may be empty.
    pub divergences: &'a [String],
    /// Why figures cannot be compared.
    pub reasons: &'a [String],
    /// What readers should know.
    pub notes: &'a [String],
}

/// What is wrong with a figure, or with the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Regression,
    Limit,
    Denied,
    Incomparable,
    Inconclusive,
    StaleBaseline,
}

const KINDS: [Kind; 6] = [
    Kind::Regression,
    Kind::Limit,
    Kind::Denied,
    Kind::Incomparable,
    Kind::Inconclusive,
    Kind::StaleBaseline,
];

impl Kind {
    /// What is not as it was with a row; `None` if nothing is.
    fn of(row: &CheckRow) -> Option<Kind> {
        match row.status.as_str() {
            "regressed" => Some(Kind::Regression),
            "broken" => Some(Kind::Limit),
            "denied" => Some(Kind::Denied),
            "incomparable" => Some(Kind::Incomparable),
            "inconclusive" => Some(Kind::Inconclusive),
            "improved" => Some(Kind::StaleBaseline),
            _ => None,
        }
    }

    fn id(self) -> &'static str {
        match self {
            Kind::Regression => "regression",
            Kind::Limit => "limit",
            Kind::Denied => "denied-improvement",
            Kind::Incomparable => "incomparable",
            Kind::Inconclusive => "inconclusive",
            Kind::StaleBaseline => "stale-baseline",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Kind::Regression => "A simulated figure is worse than its baseline allows",
            Kind::Limit => "A simulated figure passed a limit",
            Kind::Denied => "A figure is better than its baseline, which is denied",
            Kind::Incomparable => "A figure has no baseline to be compared with",
            Kind::Inconclusive => "The interval of a change does not decide",
            Kind::StaleBaseline => "A figure is better than its baseline, which is stale",
        }
    }
}

/// Something to be told, at a line of the baseline.
struct Finding {
    kind: Kind,
    /// Names it from run to run.
    name: String,
    message: String,
    /// 0 if no line says it.
    line: u64,
}

impl Gate<'_> {
    /// What is wrong with a row; `None` if nothing is, or if it is allowed.
    fn kind(&self, row: &CheckRow) -> Option<Kind> {
        Kind::of(row).filter(|kind| *kind != Kind::Inconclusive || !self.allows_inconclusive)
    }

    /// What is wrong, the worst first: rows by themselves, but one finding for each reason not to
    /// compare, however many figures it is about.
    fn findings(&self) -> Vec<Finding> {
        let of_row = |row: &CheckRow| {
            let kind = self.kind(row).filter(|kind| *kind != Kind::Incomparable)?;
            let name = format!("{}: {}", run(row), row.metric);
            let message = format!("{name}: {}", row.reason);
            Some(Finding { kind, name, message, line: row.line })
        };
        let of_reason = |reason: &String| Finding {
            kind: Kind::Incomparable,
            name: reason.clone(),
            message: format!("{}: {reason}", self.study),
            line: 0,
        };
        let rows = self.rows.iter().filter_map(of_row);
        let mut findings: Vec<Finding> = rows.chain(self.reasons.iter().map(of_reason)).collect();
        findings.sort_by_key(|finding| finding.kind);
        findings
    }

    fn count(&self, status: &str) -> usize {
        self.rows.iter().filter(|row| row.status == status).count()
    }
}

/// The run of a row: `strategy / trace`, then ` / cell` if there is one.
fn run(row: &CheckRow) -> String {
    match row.cell.as_str() {
        "" => format!("{} / {}", row.strategy, row.trace),
        cell => format!("{} / {} / {cell}", row.strategy, row.trace),
    }
}

/// What tells a finding from others and stays the same from build to build.
fn fingerprint(gate: &Gate<'_>, finding: &Finding) -> String {
    let text = [gate.study, finding.kind.id(), &finding.name].join("\n");
    blake3::hash(text.as_bytes()).to_hex()[..32].to_string()
}

/// A path as servers want it: relative, without a leading `./`.
fn relative(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

#[cfg(test)]
mod tests;
