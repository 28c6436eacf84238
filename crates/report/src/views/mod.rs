//! The figures of the report, one a file: each chooses rows and says what to show.

pub(crate) mod ab;
pub(crate) mod comparison;
mod cost;
pub(crate) mod curves;
pub(crate) mod endings;
mod erasure;
mod latency;
mod miss_ratio;
mod over_time;
pub(crate) mod rollout;
mod shares;
mod spent;
pub(crate) mod trend;

use frames::Results;

use crate::select::{self, Case};
use crate::{Chart, palette::Role};

pub use ab::test_charts;
pub use comparison::comparison_charts;

/// The figures there is something to show in, trace by trace.
pub fn charts(results: &Results) -> Vec<Chart> {
    select::cases(results).iter().flat_map(of_case).collect()
}

fn of_case(case: &Case<'_>) -> Vec<Chart> {
    let one = |chart: Option<Chart>| chart.into_iter().collect::<Vec<_>>();
    [
        one(shares::chart(case)),
        one(endings::chart(case)),
        one(latency::chart(case)),
        spent::charts(case),
        over_time::charts(case),
        cost::charts(case),
        one(miss_ratio::chart(case)),
        erasure::charts(case),
    ]
    .concat()
}

/// The tier within a sentence.
fn named(tier: &str) -> String {
    if tier == select::ORIGIN { "the origin".into() } else { tier.to_string() }
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
pub(crate) fn listed(items: &[String]) -> String {
    match items {
        [] => "nothing".into(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(String::from).to_vec()
}
