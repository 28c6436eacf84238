//! JUnit XML: a suite a run, a test case a figure.
//!
//! A figure that is worse than allowed, or better where that is denied, is a failure, one that cannot be judged an error, or skipped if
//! that is allowed. The suite `baseline` says whether the study is the one that the baseline is of.

use frames::CheckRow;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Gate, Kind, run};
use crate::Error;
use crate::select::unique;

/// The report.
///
/// # Errors
///
/// If it cannot be put together.
pub fn report(gate: &Gate<'_>) -> Result<String, Error> {
    let mut report = Report::new(gate.study);
    report.add_test_suite(comparable(gate));
    let runs: Vec<String> = gate.rows.iter().map(run).collect();
    for name in unique(runs.iter().map(String::as_str)) {
        let mut suite = TestSuite::new(name);
        for row in gate.rows.iter().filter(|row| run(row) == name) {
            suite.add_test_case(case(gate, row));
        }
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| Error::Ci(error.to_string()))
}

/// Whether the study is that of the baseline.
fn comparable(gate: &Gate<'_>) -> TestSuite {
    let mut suite = TestSuite::new("baseline");
    let mut status = TestCaseStatus::success();
    if !gate.reasons.is_empty() {
        status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type(Kind::Incomparable.id()).set_message(gate.reasons.join("; "));
    }
    let mut case = TestCase::new("is comparable", status);
    case.set_classname(gate.study);
    suite.add_test_case(case);
    suite
}

fn case(gate: &Gate<'_>, row: &CheckRow) -> TestCase {
    let status = match gate.kind(row) {
        None if row.status == "inconclusive" => {
            let mut status = TestCaseStatus::skipped();
            status.set_type(Kind::Inconclusive.id()).set_message(row.reason.as_str());
            status
        }
        // A better figure is no failure; the summary says that the baseline is stale.
        None | Some(Kind::StaleBaseline) => TestCaseStatus::success(),
        Some(kind) => {
            let failed = matches!(kind, Kind::Regression | Kind::Limit | Kind::Denied);
            let mut status = TestCaseStatus::non_success(match failed {
                true => NonSuccessKind::Failure,
                false => NonSuccessKind::Error,
            });
            status.set_type(kind.id());
            status.set_message(row.reason.as_str());
            status.set_description(format!(
                "expected: {}\nactual: {}\nchange: {}\nallowed: {}\nunit: {}\nat: {}:{}",
                row.expected,
                row.actual,
                row.change,
                row.allowed,
                row.unit,
                gate.baseline,
                row.line
            ));
            status
        }
    };
    let name = match row.against.as_str() {
        "limit" => format!("{} {}", row.metric, row.allowed),
        _ => row.metric.clone(),
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("{}.{}", gate.study, run(row)));
    case
}
