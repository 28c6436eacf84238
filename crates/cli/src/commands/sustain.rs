//! `sustain`: the highest rate of requests that a stack sustains.

use std::sync::Arc;

use anyhow::Result;
use experiment::{Limits, Point, RunOptions, RunProgress, Sustained};
use serde_json::Value;

use crate::args::Sustain;
use crate::exit;
use crate::output::{Field, Listing, percent};
use crate::progress::{follow, say, stop_on_interrupt};

pub(crate) fn sustain(args: &Sustain) -> Result<u8> {
    let study = experiment::resolve(&args.scenario, &args.settings)?;
    study.check_traces(&args.scenario, &args.settings)?;
    let limits = Limits { p99: args.p99, errors: args.errors.share() };
    let progress = Arc::new(RunProgress::default());
    stop_on_interrupt(&progress)?;
    let bar = follow(&progress);
    let options = RunOptions { threads: args.how.threads, ..RunOptions::default() };
    let found = experiment::sustain(&study, limits, &options, &progress)?;
    drop(bar);
    listing(&found).print(args.how.format)?;
    for run in &found {
        say(sentence(run));
    }
    let complete = found.len() == study.strategies.len() * study.traces.len();
    Ok(if complete { 0 } else { exit::INTERRUPTED })
}

fn listing(found: &[Sustained]) -> Listing {
    let columns = [
        "strategy",
        "trace",
        "cell",
        "sustained_per_s",
        "speed",
        "p99_ns",
        "error_rate",
        "saturation",
        "broken_per_s",
        "broken_p99_ns",
    ];
    // What all have in common says nothing.
    let one = |key: fn(&Sustained) -> &String| {
        found.windows(2).all(|runs| key(&runs[0]) == key(&runs[1]))
    };
    let mut hidden = vec!["speed"];
    hidden.extend(one(|run| &run.trace).then_some("trace"));
    hidden.extend(one(|run| &run.cell).then_some("cell"));
    let mut listing = Listing::new(&columns).for_programs(&hidden);
    for run in found {
        let (kept, broken) = (run.kept, run.broken);
        listing.push(vec![
            Field::text(&run.strategy),
            Field::text(&run.trace),
            Field::text(&run.cell),
            rate(kept),
            number(kept, |point| (point.speed, format!("{:.3}", point.speed))),
            number(kept, |point| (point.p99.0 as f64, point.p99.rounded())),
            number(kept, |point| (point.error_rate, percent(point.error_rate))),
            number(kept, |point| (point.saturation, percent(point.saturation))),
            rate(broken),
            number(broken, |point| (point.p99.0 as f64, point.p99.rounded())),
        ]);
    }
    listing
}

fn rate(point: Option<Point>) -> Field {
    number(point, |point| (point.requests_per_second, per_second(point.requests_per_second)))
}

fn number(point: Option<Point>, show: impl Fn(&Point) -> (f64, String)) -> Field {
    match point.as_ref().map(show) {
        Some((exact, shown)) => Field::new(exact, shown),
        None => Field::new(Value::Null, "–"),
    }
}

/// Four significant digits.
fn per_second(rate: f64) -> String {
    if rate >= 1000.0 { trace::units::thousands(rate.round() as u64) } else { format!("{rate:.1}") }
}

fn sentence(run: &Sustained) -> String {
    let name = [&run.strategy, &run.trace, &run.cell]
        .into_iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(" / ");
    match (run.kept, run.broken) {
        (Some(kept), Some(broken)) => format!(
            "{name}: sustains {} requests a second, and not {}",
            per_second(kept.requests_per_second),
            per_second(broken.requests_per_second)
        ),
        (Some(kept), None) => format!(
            "{name}: no rate up to {} a second breaks the limits; are there servers in the stack that are finite?",
            per_second(kept.requests_per_second)
        ),
        (None, Some(broken)) => format!(
            "{name}: even {} requests a second break the limits",
            per_second(broken.requests_per_second)
        ),
        (None, None) => format!("{name}: nothing was tried"),
    }
}
