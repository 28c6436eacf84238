//! Who wins, in a sentence.

use frames::{Results, RunRow};

use crate::format;

/// The winner of one case. The experiment decides it; the report only says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winner<'a> {
    /// Name of the trace.
    pub trace: &'a str,
    /// Matrix cell, or empty.
    pub cell: &'a str,
    /// Name of the strategy.
    pub strategy: &'a str,
    /// The column of `results` that decided, such as `hit_ratio`.
    pub metric: &'a str,
}

/// A column that can decide.
struct Metric {
    column: &'static str,
    /// `highest hit ratio`
    phrase: &'static str,
    more_is_better: bool,
    value: fn(&RunRow) -> f64,
    show: fn(f64) -> String,
    /// How far the first value is ahead of the second.
    lead: fn(f64, f64) -> String,
}

macro_rules! latency {
    ($column:ident, $phrase:literal) => {
        Metric {
            column: stringify!($column),
            phrase: $phrase,
            more_is_better: false,
            value: |run| run.$column as f64,
            show: |value| format::nanos(value.round() as u64),
            lead: |first, second| format!("{} below", format::percent(1.0 - first / second)),
        }
    };
}

const METRICS: [Metric; 10] = [
    Metric {
        column: "hit_ratio",
        phrase: "highest hit ratio",
        more_is_better: true,
        value: |run| run.hit_ratio,
        show: format::percent,
        lead: |first, second| format!("{} over", format::points(first - second)),
    },
    Metric {
        column: "byte_miss_ratio",
        phrase: "lowest byte miss ratio",
        more_is_better: false,
        value: |run| run.byte_miss_ratio,
        show: format::percent,
        lead: |first, second| format!("{} below", format::points(second - first)),
    },
    Metric {
        column: "availability",
        phrase: "highest availability",
        more_is_better: true,
        value: |run| run.availability,
        show: format::percent,
        lead: |first, second| format!("{} over", format::points(first - second)),
    },
    Metric {
        column: "cost_nanodollars_month",
        phrase: "lowest cost a month",
        more_is_better: false,
        value: |run| run.cost_nanodollars_month as f64,
        show: |value| format::money(value as i64),
        lead: |first, second| format!("{} below", format::money((second - first) as i64)),
    },
    latency!(latency_ns_mean, "lowest mean latency"),
    latency!(latency_ns_p50, "lowest median latency"),
    latency!(latency_ns_p90, "lowest p90 latency"),
    latency!(latency_ns_p95, "lowest p95 latency"),
    latency!(latency_ns_p99, "lowest p99 latency"),
    latency!(latency_ns_p999, "lowest p99.9 latency"),
];

/// `arc has the highest hit ratio: 83.1 %, 2.4 points over lru.`, and what goes against it.
pub(crate) fn sentence(results: &Results, winner: &Winner<'_>) -> String {
    let claim = claim(results, winner);
    let failed = case(results, winner)
        .find(|run| run.strategy == winner.strategy && run.errors > 0)
        .map(|run| format!(" {} of its reads had no answer.", format::percent(run.error_ratio)));
    claim + &failed.unwrap_or_default()
}

fn claim(results: &Results, winner: &Winner<'_>) -> String {
    let Winner { strategy, metric, .. } = *winner;
    let Some(metric) = METRICS.iter().find(|known| known.column == metric) else {
        return format!("{strategy} is best by {metric}.");
    };
    let runs: Vec<&RunRow> = case(results, winner).collect();
    let Some(first) =
        runs.iter().find(|run| run.strategy == strategy).map(|run| (metric.value)(run))
    else {
        return format!("{strategy} has the {}.", metric.phrase);
    };
    let claim = format!("{strategy} has the {}: {}", metric.phrase, (metric.show)(first));
    let others = runs.into_iter().filter(|run| run.strategy != strategy);
    let second = others.filter(|run| (metric.value)(run).is_finite()).min_by(|a, b| {
        let order = (metric.value)(a).total_cmp(&(metric.value)(b));
        if metric.more_is_better { order.reverse() } else { order }
    });
    let better = |a: f64, b: f64| if metric.more_is_better { a > b } else { a < b };
    match second {
        _ if !first.is_finite() => {
            format!("{strategy} is best by {}, of which there is no value.", metric.column)
        }
        Some(run) if better((metric.value)(run), first) => {
            let other = (metric.show)((metric.value)(run));
            format!(
                "{strategy} is chosen with {}, though {} has {other}.",
                (metric.show)(first),
                run.strategy
            )
        }
        None => format!("{claim}."),
        // What reads the same is no lead worth telling.
        Some(run) if (metric.show)((metric.value)(run)) == (metric.show)(first) => {
            format!("{claim}, level with {}.", run.strategy)
        }
        Some(run) => {
            format!("{claim}, {} {}.", (metric.lead)(first, (metric.value)(run)), run.strategy)
        }
    }
}

/// One sentence over all cases: the sentence of the only one, or who wins how many.
pub(crate) fn headline(results: &Results, winners: &[Winner<'_>]) -> Option<String> {
    let [first, rest @ ..] = winners else { return None };
    if rest.is_empty() {
        return Some(sentence(results, first));
    }
    let wins = |strategy: &str| winners.iter().filter(|winner| winner.strategy == strategy).count();
    let best = winners.iter().rev().max_by_key(|winner| wins(winner.strategy))?;
    let phrase =
        METRICS.iter().find(|metric| metric.column == best.metric).map(|metric| metric.phrase);
    let claim =
        phrase.map_or(format!("is best by {}", best.metric), |phrase| format!("has the {phrase}"));
    Some(match wins(best.strategy) {
        n if n == winners.len() => format!("{} {claim} in all {n} cases.", best.strategy),
        n => format!("{} {claim} in {n} of {} cases.", best.strategy, winners.len()),
    })
}

fn case<'a>(results: &'a Results, winner: &Winner<'_>) -> impl Iterator<Item = &'a RunRow> {
    let (trace, cell) = (winner.trace.to_string(), winner.cell.to_string());
    results.runs.iter().filter(move |run| run.trace == trace && run.cell == cell)
}
