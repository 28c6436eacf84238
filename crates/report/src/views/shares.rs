//! Which tier answers the reads.

use frames::{RunRow, TierRow};

use crate::chart::axis::Axis;
use crate::chart::bars::{Bar, Bars, Segment};
use crate::figure::{DataTable, Plot};
use crate::palette::Role;
use crate::select::Case;
use crate::{Chart, format};

pub(super) fn chart(case: &Case<'_>) -> Option<Chart> {
    let roles = super::tier_roles(&case.tiers());
    if roles.is_empty() {
        return None;
    }
    let bars = case.runs.iter().map(|(_, run)| bar(case, run, &roles)).collect();
    let plot = Bars {
        axis: Axis::whole("Share of reads"),
        legend: roles.iter().map(|(tier, role)| (tier.to_string(), *role)).collect(),
        bars,
    };
    let said = |(_, run): &(usize, &RunRow)| {
        format!("{} {}", run.strategy, format::percent(run.hit_ratio))
    };
    let hit_ratios: Vec<String> = case.runs.iter().map(said).collect();
    Some(Chart {
        id: format!("hit-ratio{}", case.suffix),
        group: case.group.clone(),
        title: "Who answers the reads".into(),
        findings: Vec::new(),
        caption: case.caption(caption(case)),
        alt: format!("Stacked bars of reads by tier. Hit ratios: {}.", super::listed(&hit_ratios)),
        table: table(case, &roles),
        plot: Plot::Bars(plot),
    })
}

fn caption(case: &Case<'_>) -> &'static str {
    if case.runs.iter().any(|(_, run)| run.delayed_hits + run.errors > 0) {
        "Share of the reads that each tier answers, nearest to the client first. \
         The figure at the end is the hit ratio: what the tiers answer at once. Reads that wait for \
         another's fetch are in the part of their tier, but are no hits; what is missing to 100 % had \
         no answer."
    } else {
        "Share of the reads that each tier answers, nearest to the client first. \
         The figure at the end is the hit ratio: all but what the origin answers."
    }
}

fn bar(case: &Case<'_>, run: &RunRow, roles: &[(&str, Role)]) -> Bar {
    let segment = |(tier, role): &(&str, Role)| {
        let row = row(case, run, tier)?;
        let share = format::percent(row.share);
        Some(Segment {
            value: row.share,
            tip: format!("{}, {tier}: {share} of reads", run.strategy),
            label: share,
            role: *role,
        })
    };
    Bar {
        name: run.strategy.clone(),
        total: format!("{} hits", format::percent(run.hit_ratio)),
        segments: roles.iter().filter_map(segment).collect(),
    }
}

fn row<'a>(case: &Case<'a>, run: &RunRow, tier: &str) -> Option<&'a TierRow> {
    case.results.tiers.iter().find(|row| row.run == run.run && row.tier == tier)
}

fn table(case: &Case<'_>, roles: &[(&str, Role)]) -> DataTable {
    let mut columns = super::strings(["Strategy"]);
    columns.extend(roles.iter().map(|(tier, _)| tier.to_string()));
    let cells = |run: &RunRow| {
        let share = |(tier, _): &(&str, Role)| {
            row(case, run, tier).map_or("–".into(), |row| format::percent(row.share))
        };
        std::iter::once(run.strategy.clone()).chain(roles.iter().map(share)).collect()
    };
    DataTable { columns, names: 1, rows: case.runs.iter().map(|(_, run)| cells(run)).collect() }
}
