//! How long erased copies are left, tier by tier: a figure a run.

use frames::{ResidueRow, RunRow};

use crate::chart::axis::Axis;
use crate::chart::lines::{Line, Lines};
use crate::figure::{DataTable, Plot};
use crate::select::{Case, ORIGIN};
use crate::{Chart, format};

/// The changes of a tier's copies: when, and how many from then on.
type Changes = Vec<(u64, u64)>;

/// Runs that get a figure; the result files have all.
const N_RUNS: usize = 4;
/// Stretches of time in the table, and places where the pointer reads something.
const N_STRETCHES: usize = 24;

/// The figures of the runs of a case in which something was to be erased. All have the same axes.
pub(super) fn charts(case: &Case<'_>) -> Vec<Chart> {
    let residue = |run: &str| case.results.erasure_residue.iter().any(|row| row.run == run);
    let runs: Vec<&(usize, &RunRow)> =
        case.runs.iter().filter(|(_, run)| residue(&run.run)).collect();
    let shown = &runs[..runs.len().min(N_RUNS)];
    let rows = || shown.iter().flat_map(|(_, run)| rows_of(case, &run.run, None));
    let end =
        shown.iter().filter_map(|(_, run)| end_of(case, run)).chain(rows().map(|r| r.time_ns));
    let Some(end) = end.max() else { return Vec::new() };
    let high = rows().map(|row| row.copies).max().unwrap_or(0);
    shown.iter().map(|(slot, run)| chart(case, *slot, run, end, high)).collect()
}

fn chart(case: &Case<'_>, slot: usize, run: &RunRow, end: u64, high: u64) -> Chart {
    let tiers: Vec<&str> = case.tiers().into_iter().filter(|tier| *tier != ORIGIN).collect();
    let series: Vec<(&str, Changes)> =
        tiers.iter().map(|tier| (*tier, changes(case, &run.run, tier))).collect();
    let line = |(slot, (tier, changes)): (usize, &(&str, Changes))| Line {
        name: tier.to_string(),
        slot,
        points: steps(changes, end),
        band: Vec::new(),
        tips: tips(tier, changes, end),
    };
    let left = |(tier, changes): &(&str, Changes)| {
        let most = changes.iter().map(|(_, copies)| *copies).max().unwrap_or(0);
        let last = changes.last().map_or(0, |(_, copies)| *copies);
        format!("{tier} has at most {}, {} at the end", format::count(most), format::count(last))
    };
    let told: Vec<String> = series.iter().map(left).collect();
    Chart {
        id: format!("residual-copies-{}{}", slot + 1, case.suffix),
        group: case.group.clone(),
        title: format!("Residual copies over time: {}", run.strategy),
        findings: finding(case, &run.run).into_iter().collect(),
        caption: case.caption(
            "Copies in each tier whose erasure is asked for: they rise at a request, and go when the \
             tier purges. What rises between requests came back after a purge.",
        ),
        alt: format!("Copies left by tier. {}.", super::listed(&told)),
        table: table(&series, end),
        plot: Plot::Lines(Lines {
            x: Axis::time("Time since the first request", end as f64),
            y: Axis::count("Copies left", high as f64),
            lines: series.iter().enumerate().map(line).collect(),
            guides: Vec::new(),
            marks: Vec::new(),
            name_ends: false,
        }),
    }
}

/// What it came to.
fn finding(case: &Case<'_>, run: &str) -> Option<String> {
    let row = case.results.erasures.iter().find(|row| row.run == run)?;
    let (back, read) = (format::count(row.reinserted), format::count(row.violations));
    Some(match (row.holds, row.reinserted) {
        (1, 0) => "Nothing erased came back, was read after the last purge, or is left.".into(),
        _ => format!(
            "{back} copies came back after a purge, {read} reads found one after the last purge, and {} are left at the end.",
            format::count(row.residual_end)
        ),
    })
}

fn rows_of<'a>(
    case: &Case<'a>,
    run: &'a str,
    tier: Option<&'a str>,
) -> impl Iterator<Item = &'a ResidueRow> {
    let rows = case.results.erasure_residue.iter();
    rows.filter(move |row| row.run == run && tier.is_none_or(|tier| row.tier == tier))
}

/// The start of the last window with a read.
fn end_of(case: &Case<'_>, run: &RunRow) -> Option<u64> {
    case.results.windows.iter().filter(|row| row.run == run.run).map(|row| row.start_ns).max()
}

fn changes(case: &Case<'_>, run: &str, tier: &str) -> Changes {
    rows_of(case, run, Some(tier)).map(|row| (row.time_ns, row.copies)).collect()
}

/// A number stays until the next change.
fn steps(changes: &[(u64, u64)], end: u64) -> Vec<(f64, f64)> {
    let mut points = vec![(0.0, 0.0)];
    let mut before = 0;
    for (time, copies) in changes {
        points.push((*time as f64, before as f64));
        points.push((*time as f64, *copies as f64));
        before = *copies;
    }
    points.push((end as f64, before as f64));
    points
}

/// The most copies in each of equal stretches of time, those there at its beginning included.
fn peaks(changes: &[(u64, u64)], end: u64) -> Changes {
    let length = end / N_STRETCHES as u64 + 1;
    let mut before = 0;
    let mut changes = changes.iter().peekable();
    let stretch = |i: u64| {
        let mut most = before;
        while let Some((_, copies)) = changes.next_if(|(time, _)| *time < (i + 1) * length) {
            most = most.max(*copies);
            before = *copies;
        }
        (i * length, most)
    };
    (0..N_STRETCHES as u64).map(stretch).collect()
}

/// What the pointer reads at the highest change of each stretch.
fn tips(tier: &str, changes: &[(u64, u64)], end: u64) -> Vec<((f64, f64), String)> {
    let length = end / N_STRETCHES as u64 + 1;
    let stretches = changes.chunk_by(|a, b| a.0 / length == b.0 / length);
    let highest = stretches.filter_map(|s| s.iter().max_by_key(|(_, copies)| *copies));
    highest
        .map(|(time, copies)| {
            let told = format!("{tier} from {}: {}", format::nanos(*time), format::count(*copies));
            ((*time as f64, *copies as f64), told)
        })
        .collect()
}

fn table(series: &[(&str, Changes)], end: u64) -> DataTable {
    let mut columns = super::strings(["From"]);
    columns.extend(series.iter().map(|(tier, _)| format!("{tier}, most")));
    let all: Vec<Changes> = series.iter().map(|(_, changes)| peaks(changes, end)).collect();
    let row = |i: usize| {
        let from = i as u64 * (end / N_STRETCHES as u64 + 1);
        let cells = all.iter().map(|peaks| format::count(peaks[i].1));
        std::iter::once(format::nanos(from)).chain(cells).collect()
    };
    DataTable { columns, names: 1, rows: (0..N_STRETCHES).map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stays_until_the_next_change() {
        assert_eq!(
            steps(&[(10, 3), (20, 0)], 30),
            [(0.0, 0.0), (10.0, 0.0), (10.0, 3.0), (20.0, 3.0), (20.0, 0.0), (30.0, 0.0)]
        );
    }

    #[test]
    fn a_stretch_has_what_was_there_when_it_began() {
        // Stretches of 10.
        let end = 239;
        let peaks = peaks(&[(5, 2), (8, 7), (9, 4), (30, 0), (31, 1), (32, 0)], end);
        let most: Vec<u64> = peaks.iter().map(|(_, copies)| *copies).collect();
        assert_eq!(most[..6], [7, 4, 4, 4, 0, 0]);
        assert_eq!((peaks.len(), peaks[3].0), (N_STRETCHES, 30));
    }
}
