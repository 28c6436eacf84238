//! The figures of the report, one a file: each chooses rows and says what to show.

mod comparison;
mod cost;
pub(crate) mod curves;
mod erasure;
mod latency;
mod miss_ratio;
mod over_time;
mod shares;

use frames::Results;

use crate::select::{self, Case};
use crate::{Chart, palette::Role};

pub use comparison::comparison_charts;

/// The figures there is something to show in, trace by trace.
pub fn charts(results: &Results) -> Vec<Chart> {
    let views: [fn(&Case<'_>) -> Option<Chart>; 5] =
        [shares::chart, latency::chart, over_time::chart, cost::chart, miss_ratio::chart];
    let cases = select::cases(results);
    let of_case = |case: &Case<'_>| {
        let mut charts: Vec<Chart> = views.iter().filter_map(|view| view(case)).collect();
        charts.extend(erasure::charts(case));
        charts
    };
    cases.iter().flat_map(of_case).collect()
}

/// The colour of each tier, and of the origin.
fn tier_roles<'a>(tiers: &[&'a str]) -> Vec<(&'a str, Role)> {
    let n = tiers.iter().filter(|tier| **tier != select::ORIGIN).count();
    let role = |(i, tier): (usize, &&'a str)| match *tier {
        select::ORIGIN => (*tier, Role::ORIGIN),
        tier => (tier, Role::tier(i, n)),
    };
    tiers.iter().enumerate().map(role).collect()
}

/// `a`, `a and b`, `a, b and c`.
fn listed(items: &[String]) -> String {
    match items {
        [] => "nothing".into(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(String::from).to_vec()
}
