//! What a month costs: by tier, and by what is charged for.

use frames::{CostRow, RunRow};

use crate::chart::axis::Axis;
use crate::chart::bars::{Bar, Bars, Segment};
use crate::figure::{DataTable, Plot};
use crate::palette::Role;
use crate::select::{self, Case};
use crate::{Chart, format};

/// A way to split the costs.
struct Split<'a> {
    id: &'static str,
    title: &'static str,
    caption: &'static str,
    /// What a row is named by.
    key: fn(&CostRow) -> &str,
    /// The parts, with their colours.
    parts: Vec<(&'a str, Role)>,
}

pub(super) fn charts(case: &Case<'_>) -> Vec<Chart> {
    let by_tier = Split {
        id: "cost",
        title: "Cost a month",
        caption: "Cost of 30 days at the simulated rates, by the tier that causes it.",
        key: |row| &row.tier,
        parts: super::tier_roles(&tiers(case)),
    };
    let components = components(case);
    let several = components.len() > 1;
    let by_component = Split {
        id: "cost-parts",
        title: "Cost a month by component",
        caption: "The same by what is charged for, as the lines of the prices have it.",
        key: |row| &row.component,
        parts: (0..).map(Role::part).zip(components).map(|(role, part)| (part, role)).collect(),
    };
    let by_component = if several { chart(case, &by_component) } else { None };
    [chart(case, &by_tier), by_component].into_iter().flatten().collect()
}

fn chart(case: &Case<'_>, split: &Split<'_>) -> Option<Chart> {
    let bars: Vec<Bar> = case.runs.iter().map(|(_, run)| bar(case, split, run)).collect();
    let length = |bar: &Bar| bar.segments.iter().map(|segment| segment.value.max(0.0)).sum::<f64>();
    let longest = bars.iter().map(length).fold(0.0, f64::max);
    if longest <= 0.0 {
        return None;
    }
    let paid = |(part, _): &&(&str, Role)| {
        case.runs.iter().any(|(_, run)| sum(case, run, |row| (split.key)(row) == *part) > 0)
    };
    let named = |(part, role): &(&str, Role)| (part.to_string(), *role);
    let said = |(_, run): &(usize, &RunRow)| {
        format!("{} {}", run.strategy, format::money(run.cost_nanodollars_month))
    };
    let costs: Vec<String> = case.runs.iter().map(said).collect();
    Some(Chart {
        id: format!("{}{}", split.id, case.suffix),
        group: case.group.clone(),
        title: split.title.into(),
        findings: Vec::new(),
        caption: case.caption(split.caption),
        alt: format!("Stacked bars of cost. Totals a month: {}.", super::listed(&costs)),
        table: table(case),
        plot: Plot::Bars(Bars {
            axis: Axis::money("US dollars a month", longest),
            legend: split.parts.iter().filter(paid).map(named).collect(),
            bars,
        }),
    })
}

/// Tiers of the runs, and what else costs money.
fn tiers<'a>(case: &Case<'a>) -> Vec<&'a str> {
    let others = rows(case).map(|row| row.tier.as_str());
    let mut all = select::unique(case.tiers().into_iter().chain(others));
    all.sort_by_key(|tier| *tier == select::ORIGIN);
    all
}

fn components<'a>(case: &Case<'a>) -> Vec<&'a str> {
    select::unique(rows(case).map(|row| row.component.as_str()))
}

fn rows<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a CostRow> {
    case.results.costs.iter().filter(|row| case.draws(&row.run))
}

/// Nano-dollars of a run in the rows wanted.
fn sum(case: &Case<'_>, run: &RunRow, wanted: impl Fn(&CostRow) -> bool) -> i64 {
    let rows = case.results.costs.iter().filter(|row| row.run == run.run);
    rows.filter(|row| wanted(row)).map(|row| row.nanodollars_month).sum()
}

fn bar(case: &Case<'_>, split: &Split<'_>, run: &RunRow) -> Bar {
    let segment = |(part, role): &(&str, Role)| {
        let cost = sum(case, run, |row| (split.key)(row) == *part);
        let label = format::money(cost);
        let tip = format!("{}, {part}: {label} a month", run.strategy);
        Segment { value: cost as f64, label, tip, role: *role }
    };
    Bar {
        name: run.strategy.clone(),
        total: format::money(run.cost_nanodollars_month),
        segments: split.parts.iter().map(segment).collect(),
    }
}

/// Every part of the cost, and its sums by the hour, the day and the month.
fn table(case: &Case<'_>) -> DataTable {
    let components = components(case);
    let mut columns = super::strings(["Strategy", "Tier"]);
    columns.extend(components.iter().map(|component| component.to_string()));
    columns.extend(super::strings(["An hour", "A day", "A month"]));
    let mut table = Vec::new();
    for (_, run) in &case.runs {
        let of_run = || case.results.costs.iter().filter(|row| row.run == run.run);
        for tier in select::unique(of_run().map(|row| row.tier.as_str())) {
            let of_tier = || of_run().filter(|row| row.tier == tier);
            let part = |part: &&str| {
                let rows = of_tier().filter(|row| row.component == **part);
                format::money(rows.map(|row| row.nanodollars_month).sum())
            };
            let sums = [
                of_tier().map(|row| row.nanodollars_hour).sum(),
                of_tier().map(|row| row.nanodollars_day).sum(),
                of_tier().map(|row| row.nanodollars_month).sum(),
            ];
            let names = [run.strategy.clone(), tier.to_string()];
            let cells = names.into_iter().chain(components.iter().map(part));
            table.push(cells.chain(sums.map(format::money)).collect());
        }
    }
    DataTable { columns, names: 2, rows: table }
}
