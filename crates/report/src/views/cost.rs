//! What a month costs.

use frames::RunRow;

use crate::chart::axis::Axis;
use crate::chart::bars::{Bar, Bars, Segment};
use crate::figure::{DataTable, Plot};
use crate::palette::Role;
use crate::select::{self, Case};
use crate::{Chart, format};

pub(super) fn chart(case: &Case<'_>) -> Option<Chart> {
    let roles = super::tier_roles(&tiers(case));
    let bars: Vec<Bar> = case.runs.iter().map(|(_, run)| bar(case, run, &roles)).collect();
    let length = |bar: &Bar| bar.segments.iter().map(|segment| segment.value.max(0.0)).sum::<f64>();
    let longest = bars.iter().map(length).fold(0.0, f64::max);
    if longest <= 0.0 {
        return None;
    }
    let paid = |(tier, _): &&(&str, Role)| {
        case.runs.iter().any(|(_, run)| sum(case, run, |row| row.0 == *tier) > 0)
    };
    let legend = roles.iter().filter(paid).map(|(tier, role)| (tier.to_string(), *role)).collect();
    let said = |(_, run): &(usize, &RunRow)| {
        format!("{} {}", run.strategy, format::money(run.cost_nanodollars_month))
    };
    let costs: Vec<String> = case.runs.iter().map(said).collect();
    Some(Chart {
        id: format!("cost{}", case.suffix),
        group: case.group.clone(),
        title: "Cost a month".into(),
        caption: case.caption(
            "Cost of 30 days at the simulated rates, by the tier that causes it; \
             the data below splits it into memory, requests and egress.",
        ),
        alt: format!("Stacked bars of cost by tier. Totals a month: {}.", super::listed(&costs)),
        table: table(case, &roles),
        plot: Plot::Bars(Bars { axis: Axis::money("US dollars a month", longest), legend, bars }),
    })
}

/// Tiers of the runs, and what else costs money.
fn tiers<'a>(case: &Case<'a>) -> Vec<&'a str> {
    let drawn = |run: &str| case.runs.iter().any(|(_, row)| row.run == run);
    let others =
        case.results.costs.iter().filter(|row| drawn(&row.run)).map(|row| row.tier.as_str());
    let mut all = select::unique(case.tiers().into_iter().chain(others));
    all.sort_by_key(|tier| *tier == select::ORIGIN);
    all
}

/// Nano-dollars of a run in the rows wanted, which are named by tier and component.
fn sum(case: &Case<'_>, run: &RunRow, wanted: impl Fn((&str, &str)) -> bool) -> i64 {
    let rows = case.results.costs.iter().filter(|row| row.run == run.run);
    rows.filter(|row| wanted((&row.tier, &row.component))).map(|row| row.nanodollars_month).sum()
}

fn bar(case: &Case<'_>, run: &RunRow, roles: &[(&str, Role)]) -> Bar {
    let segment = |(tier, role): &(&str, Role)| {
        let cost = sum(case, run, |row| row.0 == *tier);
        let label = format::money(cost);
        let tip = format!("{}, {tier}: {label} a month", run.strategy);
        Segment { value: cost as f64, label, tip, role: *role }
    };
    Bar {
        name: run.strategy.clone(),
        total: format::money(run.cost_nanodollars_month),
        segments: roles.iter().map(segment).collect(),
    }
}

fn table(case: &Case<'_>, roles: &[(&str, Role)]) -> DataTable {
    let components = select::unique(case.results.costs.iter().map(|row| row.component.as_str()));
    let mut columns = super::strings(["Strategy", "Tier"]);
    columns.extend(components.iter().map(|component| component.to_string()));
    let mut rows = Vec::new();
    for (_, run) in &case.runs {
        for (tier, _) in roles {
            let cost = |part: &&str| format::money(sum(case, run, |row| row == (tier, part)));
            let names = [run.strategy.clone(), tier.to_string()];
            rows.push(names.into_iter().chain(components.iter().map(cost)).collect());
        }
    }
    DataTable { columns, names: 2, rows }
}
