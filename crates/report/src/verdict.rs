//! Who wins, in a sentence.

use frames::{Results, RunRow};

use crate::format;
use crate::views::listed;

/// The winners of one case. The experiment decides them; the report only says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Winner<'a> {
    /// Name of the trace.
    pub trace: &'a str,
    /// Matrix cell, or empty.
    pub cell: &'a str,
    /// Names of the best strategies: one, several that tie, or none where nobody may win.
    pub strategies: &'a [String],
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
        show: format::availability,
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

/// `arc has the highest hit ratio: 83.1 %, 2.4 pp over lru.`, and what goes against it.
pub(crate) fn sentence(results: &Results, winner: &Winner<'_>) -> String {
    let claim = claim(results, winner);
    let failed = case(results, winner)
        .filter(|run| winner.strategies.contains(&run.strategy) && run.errors > 0)
        .map(|run| {
            // Of several that tie, "its" would be nobody's.
            let whose = match winner.strategies {
                [_] => "its reads".to_string(),
                _ => format!("the reads of {}", run.strategy),
            };
            format!(" {} of {whose} had no answer.", format::percent(run.error_ratio))
        });
    claim + &failed.collect::<String>()
}

fn claim(results: &Results, winner: &Winner<'_>) -> String {
    let names = listed(winner.strategies);
    let [strategy, tied @ ..] = winner.strategies else { return "None of them wins.".into() };
    let Some(metric) = METRICS.iter().find(|known| known.column == winner.metric) else {
        return format!("{names} is best by {}.", winner.metric);
    };
    let (runs, broke): (Vec<&RunRow>, Vec<&RunRow>) =
        case(results, winner).partition(|run| kept_promise(results, run) != Some(false));
    let Some(first) =
        runs.iter().find(|run| run.strategy == *strategy).map(|run| (metric.value)(run))
    else {
        return format!("{names} has the {}.", metric.phrase);
    };
    let shown = (metric.show)(first);
    // Who alone may win is not above anybody.
    if let ([_], [_, ..], Some((_, metric))) =
        (&runs[..], &broke[..], metric.phrase.split_once(' '))
    {
        return format!("The {metric} of {names} is {shown}.");
    }
    let among = if broke.is_empty() { "" } else { " of those that kept the promise to erase" };
    let claim = match tied {
        [] => format!("{names} has the {}{among}: {shown}", metric.phrase),
        _ => format!("{names} tie for the {}{among}: {shown}", metric.phrase),
    };
    let others = runs.into_iter().filter(|run| !winner.strategies.contains(&run.strategy));
    let second = others.filter(|run| (metric.value)(run).is_finite()).min_by(|a, b| {
        let order = (metric.value)(a).total_cmp(&(metric.value)(b));
        if metric.more_is_better { order.reverse() } else { order }
    });
    let better = |a: f64, b: f64| if metric.more_is_better { a > b } else { a < b };
    match second {
        _ if !first.is_finite() => {
            format!("{names} is best by {}, of which there is no value.", metric.column)
        }
        Some(run) if better((metric.value)(run), first) => {
            let other = (metric.show)((metric.value)(run));
            format!("{names} is chosen with {shown}, though {} has {other}.", run.strategy)
        }
        None => format!("{claim}."),
        Some(run) if (metric.value)(run) == first => {
            format!("{claim}, level with {}.", run.strategy)
        }
        Some(run) => {
            format!("{claim}, {} {}.", (metric.lead)(first, (metric.value)(run)), run.strategy)
        }
    }
}

/// One sentence over all cases: the sentence of the only one, or who wins how many. What was promised to
/// be erased comes first.
pub(crate) fn headline(results: &Results, winners: &[Winner<'_>]) -> Option<String> {
    let erasure = erasure(results);
    let best = match winners {
        // That nobody wins is said with the promise that they broke.
        [] => None,
        [one] if one.strategies.is_empty() => None,
        [one] => Some(sentence(results, one)),
        several => Some(most_wins(several)),
    };
    let parts: Vec<String> = erasure.into_iter().chain(best).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn most_wins(winners: &[Winner<'_>]) -> String {
    let wins = |strategy: &String| -> Vec<usize> {
        let won = winners.iter().filter(|winner| winner.strategies.contains(strategy));
        won.map(|winner| winner.strategies.len()).collect()
    };
    let mut leaders: Vec<&String> = Vec::new();
    for strategy in winners.iter().flat_map(|winner| winner.strategies) {
        let ahead = leaders.first().map_or(0, |leader| wins(leader).len());
        if wins(strategy).len() > ahead {
            leaders.clear();
        }
        if wins(strategy).len() >= ahead && !leaders.contains(&strategy) {
            leaders.push(strategy);
        }
    }
    let column = winners[0].metric;
    let phrase = METRICS.iter().find(|metric| metric.column == column).map(|metric| metric.phrase);
    let claim = phrase.map_or(format!("best by {column}"), |phrase| format!("the {phrase}"));
    let verb = |one: &'static str, several: &'static str| match (phrase, leaders.len()) {
        (None, 1) => "is",
        (None, _) => "are each",
        (Some(_), 1) => one,
        (Some(_), _) => several,
    };
    let Some(best) = leaders.first() else { return "Nobody wins in any case.".into() };
    let names: Vec<String> = leaders.iter().map(|name| (*name).clone()).collect();
    let (names, verb) = (listed(&names), verb("has", "each have"));
    // Of several leaders, whose ties they are would be open.
    let ties = wins(best).iter().filter(|n| **n > 1).count();
    let tied =
        if ties > 0 && leaders.len() == 1 { format!(", tied in {ties}") } else { String::new() };
    match wins(best).len() {
        n if n == winners.len() => format!("{names} {verb} {claim} in all {n} cases{tied}."),
        n => format!("{names} {verb} {claim} in {n} of {} cases{tied}.", winners.len()),
    }
}

/// Whether a run kept what it had promised to erase; none if it had nothing to.
pub(crate) fn kept_promise(results: &Results, run: &RunRow) -> Option<bool> {
    let row = results.erasures.iter().find(|row| row.run == run.run)?;
    Some(row.holds == 1)
}

/// Who kept the promise to erase, and how far the others were from it; of several cases, in how many runs.
fn erasure(results: &Results) -> Option<String> {
    let promised: Vec<&RunRow> =
        results.runs.iter().filter(|run| kept_promise(results, run).is_some()).collect();
    let (kept, broke): (Vec<&RunRow>, Vec<&RunRow>) =
        promised.iter().partition(|run| kept_promise(results, run) == Some(true));
    let first = promised.first()?;
    if promised.iter().any(|run| (&run.trace, &run.cell) != (&first.trace, &first.cell)) {
        let (n, all) = (kept.len(), promised.len());
        return Some(format!("The promise to erase was kept in {n} of {all} runs."));
    }
    let how = |run: &&RunRow| -> Option<String> {
        let row = results.erasures.iter().find(|row| row.run == run.run)?;
        let counts = [
            (row.violations, "reads of something erased"),
            (row.residual_end, "copies left"),
            (row.incomplete, "requests not obeyed"),
        ];
        let told = counts.iter().filter(|(n, _)| *n > 0);
        let told: Vec<String> =
            told.map(|(n, what)| format!("{} {what}", format::count(*n))).collect();
        Some(format!("{} ({})", run.strategy, told.join(", ")))
    };
    let names: Vec<String> = kept.iter().map(|run| run.strategy.clone()).collect();
    let told: Vec<String> = broke.iter().filter_map(how).collect();
    Some(match (&names[..], &told[..]) {
        ([_, _, ..], []) => format!("All {} strategies kept the promise to erase.", names.len()),
        (_, []) => format!("{} kept the promise to erase.", listed(&names)),
        ([], _) => format!("The promise to erase was broken by {}.", listed(&told)),
        ([one], _) => {
            format!("Only {one} kept the promise to erase; it was broken by {}.", listed(&told))
        }
        _ => {
            let (kept, broke) = (listed(&names), listed(&told));
            format!("{kept} kept the promise to erase; it was broken by {broke}.")
        }
    })
}

fn case<'a>(results: &'a Results, winner: &Winner<'_>) -> impl Iterator<Item = &'a RunRow> {
    let (trace, cell) = (winner.trace.to_string(), winner.cell.to_string());
    results.runs.iter().filter(move |run| run.trace == trace && run.cell == cell)
}
