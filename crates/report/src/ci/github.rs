//! Annotations of a step of GitHub Actions, and its summary in Markdown.
//!
//! A step shows at most ten errors and ten warnings (github.com/orgs/community/discussions/26680), one of
//! which the runner itself takes for "Process completed with exit code 1". So nine errors are written at
//! most, the ninth of which stands for all that are left. A summary may have 1 MiB a step; what does
//! not fit is counted.

use std::fmt::Write as _;

use frames::{CauseRow, CheckRow};

use super::{Finding, Gate, Kind, relative, run};

/// Errors that a step shows beside the runner's own.
pub const MOST_ERRORS: usize = 9;
/// Warnings that a step shows.
pub const MOST_WARNINGS: usize = 10;
/// Bytes of a summary, with some room.
pub const MOST_BYTES: usize = 1_000_000;

/// The annotations, a workflow command a line.
pub fn annotations(gate: &Gate<'_>) -> String {
    let findings = gate.findings();
    let (warnings, errors): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|finding| finding.kind >= Kind::Inconclusive);
    let mut out = String::new();
    commands(&mut out, gate, "error", &errors, MOST_ERRORS);
    commands(&mut out, gate, "warning", &warnings, MOST_WARNINGS);
    out
}

fn commands(out: &mut String, gate: &Gate<'_>, level: &str, findings: &[&Finding], most: usize) {
    let told = if findings.len() > most { most - 1 } else { findings.len() };
    for finding in &findings[..told] {
        let line = match finding.line {
            0 => String::new(),
            line => format!(",line={line}"),
        };
        let _ = writeln!(
            out,
            "::{level} file={}{line},title={}::{}",
            property(relative(gate.baseline)),
            property(finding.kind.id()),
            data(&finding.message)
        );
    }
    if told < findings.len() {
        let more = format!("{} more findings: see the summary of the step", findings.len() - told);
        let _ = writeln!(out, "::{level} file={}::{more}", property(relative(gate.baseline)));
    }
}

/// As the value of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The summary, of at most `room` bytes.
pub fn summary(gate: &Gate<'_>, room: usize) -> String {
    let mark = if gate.verdict == "pass" { "✅" } else { "❌" };
    let mut head =
        format!("### {mark} cache-strategy check: {}, {}\n\n", cell(gate.study), gate.verdict);
    for reason in gate.reasons {
        let _ = writeln!(head, "- **incomparable**: {}", cell(reason));
    }
    for note in gate.notes.iter().chain(gate.divergences) {
        let _ = writeln!(head, "- {}", cell(note));
    }
    let same = gate.count("same") + gate.count("held");
    let _ = writeln!(
        head,
        "\n{} figures against `{}`: {same} as they were or within limits, {} changed by no more than is allowed, {} better, {} worse.\n",
        gate.rows.len(),
        relative(gate.baseline),
        gate.count("allowed"),
        gate.count("improved") + gate.count("denied"),
        gate.count("regressed") + gate.count("broken"),
    );
    let mut changed: Vec<&CheckRow> =
        gate.rows.iter().filter(|row| row.status != "same" && row.status != "held").collect();
    // The worst first; those that are no finding last.
    changed.sort_by_key(|row| gate.kind(row).map_or(usize::MAX, |kind| kind as usize));
    let rows: Vec<String> = changed
        .iter()
        .map(|row| {
            let cells = [&row.status, &run(row), &row.metric, &row.reason];
            format!("| {} |\n", cells.map(|text| cell(text)).join(" | "))
        })
        .collect();
    let causes: Vec<String> = gate
        .causes
        .iter()
        .map(|cause: &CauseRow| {
            let run = format!("{} / {} {}", cause.strategy, cause.trace, cause.cell);
            let run = run.trim_end().to_string();
            let cells =
                [&run, &cause.metric, &cause.measure, &cause.by, &cause.group, &cause.reason];
            format!("| {} |\n", cells.map(|text| cell(text)).join(" | "))
        })
        .collect();
    let mut out = head;
    section(&mut out, room, "| | run | metric | what |\n|---|---|---|---|\n", &rows);
    let head = "\n#### Why\n\n| run | metric | counted | by | group | change |\n|---|---|---|---|---|---|\n";
    section(&mut out, room, head, &causes);
    truncated(out, room)
}

/// What a table may say of what does not fit.
const ROOM_FOR_REST: usize = 100;

/// A table of as many rows as fit.
fn section(out: &mut String, room: usize, head: &str, rows: &[String]) {
    if rows.is_empty() {
        return;
    }
    out.push_str(head);
    for (i, row) in rows.iter().enumerate() {
        if out.len() + row.len() + ROOM_FOR_REST > room {
            let _ = writeln!(out, "\n{} more rows do not fit.", rows.len() - i);
            return;
        }
        out.push_str(row);
    }
}

/// Cut at a character, if even the head is too long.
fn truncated(mut out: String, room: usize) -> String {
    if out.len() > room {
        let end = (0..=room).rev().find(|end| out.is_char_boundary(*end)).unwrap_or(0);
        out.truncate(end);
    }
    out
}

/// Text in a cell or a line of Markdown: nothing in it is markup.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '~' | '#' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
