//! `trend`: where the figures of a history changed.

use std::io::Write;

use anyhow::{Result, bail};
use experiment::check::{self, ChangePoint, Entry, Series, read_history, unit_of};
use report::{Theme, TrendLine};
use serde_json::Value;

use crate::args::Trend;
use crate::output::{Field, Listing};
use crate::progress::say;

pub(crate) fn trend(args: &Trend) -> Result<u8> {
    let history = read_history(&args.history)?;
    if history.is_empty() {
        bail!("{}: the history is empty", args.history.display());
    }
    let mut series = check::trend(&history, args.least);
    if let Some(metric) = &args.metric {
        let names: Vec<String> = series.iter().map(|series| series.metric.clone()).collect();
        series.retain(|series| series.metric == *metric);
        if series.is_empty() {
            let nearest = trace::error::nearest(metric, names.iter().map(String::as_str));
            let hint = nearest.map(|name| format!("\nhint: did you mean `{name}`?"));
            bail!("the history has no metric `{metric}`{}", hint.unwrap_or_default());
        }
    }
    listing(&history, &series).print_if_any(args.format)?;
    if let (Some(path), Some(metric)) = (&args.svg, &args.metric) {
        let commits: Vec<String> = history.iter().map(|entry| entry.commit.clone()).collect();
        let svg = report::trend_chart(metric, &commits, &lines(&series)).svg(Theme::Light)?;
        frames::write_atomically::<anyhow::Error>(
            path,
            |file| Ok(file.write_all(svg.as_bytes())?),
        )?;
        say(format!("written: {}", path.display()));
    }
    let changed = series.iter().filter(|series| !series.changes.is_empty()).count();
    say(format!("{} checks; {changed} of {} figures changed", history.len(), series.len()));
    Ok(0)
}

/// A line a run; several studies in one history tell theirs apart.
fn lines(series: &[Series]) -> Vec<TrendLine> {
    let several = series.iter().any(|other| other.study != series[0].study);
    let line = |series: &Series| TrendLine {
        name: match several {
            true => format!("{}: {}", series.study, series.run),
            false => series.run.to_string(),
        },
        points: series.points.iter().map(|(entry, value)| (entry + 1, *value)).collect(),
    };
    series.iter().map(line).collect()
}

fn listing(history: &[Entry], series: &[Series]) -> Listing {
    let columns = [
        "study", "trace", "strategy", "cell", "metric", "entry", "commit", "before", "after",
        "relative", "cause",
    ];
    let mut hidden = vec!["entry"];
    hidden.extend(series.iter().all(|series| series.run.cell.is_empty()).then_some("cell"));
    let mut listing = Listing::new(&columns).for_programs(&hidden);
    for series in series {
        for change in &series.changes {
            listing.push(row(history, series, change));
        }
    }
    listing
}

fn row(history: &[Entry], series: &Series, change: &ChangePoint) -> Vec<Field> {
    let unit = unit_of(&series.metric);
    let relative = change.relative();
    let shown = match relative.is_finite() {
        true => format!("{:+.2} %", relative * 100.0),
        false => "–".into(),
    };
    vec![
        Field::text(&series.study),
        Field::text(&series.run.trace),
        Field::text(&series.run.strategy),
        Field::text(&series.run.cell),
        Field::text(&series.metric),
        Field::count(change.entry as u64 + 1),
        Field::text(&history[change.entry].commit),
        Field::new(Value::from(change.before), unit.show(change.before)),
        Field::new(Value::from(change.after), unit.show(change.after)),
        Field::new(Value::from(relative), shown),
        Field::text(change.cause),
    ]
}
