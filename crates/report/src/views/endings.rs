//! How reads ended, where that is more than hit or miss.

use frames::RunRow;

use crate::chart::axis::Axis;
use crate::chart::bars::{Bar, Bars, Segment};
use crate::figure::{DataTable, Plot};
use crate::palette::Role;
use crate::select::Case;
use crate::{Chart, format};

/// An ending: from best to worst, as the bars are stacked.
struct Ending {
    name: &'static str,
    /// From blue, the better, to orange.
    role: Role,
    reads: fn(&RunRow) -> u64,
}

fn endings() -> [Ending; 5] {
    [
        Ending { name: "hit", role: Role::change(4), reads: |run| run.fresh_hits },
        Ending { name: "stale hit", role: Role::change(3), reads: |run| run.stale_hits },
        Ending { name: "delayed hit", role: Role::change(2), reads: |run| run.delayed_hits },
        Ending { name: "miss", role: Role::ORIGIN, reads: |run| run.misses },
        Ending { name: "error", role: Role::change(-4), reads: |run| run.errors },
    ]
}

/// Whether a read ended otherwise than as a hit or a miss.
pub(crate) fn is_varied(run: &RunRow) -> bool {
    run.stale_hits + run.delayed_hits + run.errors > 0
}

pub(super) fn chart(case: &Case<'_>) -> Option<Chart> {
    if !case.runs.iter().any(|(_, run)| is_varied(run)) {
        return None;
    }
    let endings = endings();
    let occurs = |ending: &&Ending| case.runs.iter().any(|(_, run)| (ending.reads)(run) > 0);
    let named = |ending: &Ending| (ending.name.to_string(), ending.role);
    let said = |(_, run): &(usize, &RunRow)| {
        format!("{} {}", run.strategy, format::percent(run.availability))
    };
    let answered: Vec<String> = case.runs.iter().map(said).collect();
    Some(Chart {
        id: format!("endings{}", case.suffix),
        group: case.group.clone(),
        title: "How reads ended".into(),
        findings: Vec::new(),
        caption: case.caption(
            "A delayed hit waited for the fetch of an earlier read; a stale hit was answered from a \
             copy past its time, as the scenario allows; an error had no answer. The figure at the \
             end is the availability, the share of reads that had one.",
        ),
        alt: format!("Stacked bars of how reads ended. Availability: {}.", super::listed(&answered)),
        table: table(case, &endings),
        plot: Plot::Bars(Bars {
            axis: Axis::whole("Share of reads"),
            legend: endings.iter().filter(occurs).map(named).collect(),
            bars: case.runs.iter().map(|(_, run)| bar(run, &endings)).collect(),
        }),
    })
}

fn bar(run: &RunRow, endings: &[Ending]) -> Bar {
    let segment = |ending: &Ending| {
        let share = (ending.reads)(run) as f64 / run.reads as f64;
        let label = format::percent(share);
        let tip = format!("{}, {}: {label} of reads", run.strategy, ending.name);
        Segment { value: share, label, tip, role: ending.role }
    };
    Bar {
        name: run.strategy.clone(),
        total: format!("{} answered", format::percent(run.availability)),
        segments: endings.iter().map(segment).collect(),
    }
}

fn table(case: &Case<'_>, endings: &[Ending]) -> DataTable {
    let mut columns = super::strings(["Strategy", "Reads"]);
    columns.extend(endings.iter().map(|ending| ending.name.to_string()));
    let cells = |run: &RunRow| {
        let n = |ending: &Ending| {
            let reads = (ending.reads)(run);
            let share = format::percent(reads as f64 / run.reads as f64);
            format!("{} ({share})", format::count(reads))
        };
        [run.strategy.clone(), format::count(run.reads)]
            .into_iter()
            .chain(endings.iter().map(n))
            .collect()
    };
    DataTable { columns, names: 1, rows: case.runs.iter().map(|(_, run)| cells(run)).collect() }
}
