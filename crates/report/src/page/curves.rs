//! The page of miss-ratio curves.

use frames::{CurveRow, Curves};
use minijinja::context;

use super::facts::TraceFacts;
use super::{environment, figure};
use crate::views::curves::{charts, sampled, traces, traces_left_out};
use crate::{Error, format, palette};

/// The page as HTML.
pub(crate) fn page(curves: &Curves, version: &str) -> Result<String, Error> {
    let figures = charts(curves).into_iter().map(figure).collect::<Result<Vec<_>, _>>()?;
    let traces = traces(curves);
    let context = context! {
        kind => "Miss-ratio curves",
        repeats => "The same trace, options and version give the same report.",
        title => match traces[..] {
            [trace] => trace.to_string(),
            _ => format!("{} traces", traces.len()),
        },
        version => version,
        notes => notes(curves),
        left_out => traces_left_out(curves),
        facts => traces.iter().filter_map(|trace| facts(curves, trace)).collect::<Vec<_>>(),
        figures,
        colours => palette::css(),
        style => include_str!("../../templates/style.css"),
        script => include_str!("../../templates/script.js"),
    };
    Ok(environment()?.get_template("curves.html")?.render(context)?)
}

fn notes(curves: &Curves) -> Vec<String> {
    let mut notes = vec![
        "How often a cache of each size misses, if every request is a read that fills on a miss and \
         the cache is empty at the start."
            .to_string(),
    ];
    if curves.curves.iter().any(sampled) {
        notes.push(
            "Curves with a band are estimates from a sample of the objects; the band is the 95 % \
             interval of sampling, and of the method mini also the bias that half the sample shows. \
             Policies that count uses close together as one, such as LIRS, can lie outside."
                .to_string(),
        );
    }
    notes
}

fn facts(curves: &Curves, trace: &str) -> Option<TraceFacts> {
    let rows = || curves.curves.iter().filter(|row| row.trace == trace);
    let first: &CurveRow = rows().next()?;
    let compulsory = first.objects as f64 / first.requests.max(1) as f64;
    let mut facts = vec![
        ("Requests", format::count(first.requests)),
        ("Objects", format::count(first.objects)),
        ("First requests", format::percent(compulsory)),
    ];
    let exponent = curves.ranks.iter().find(|row| row.trace == trace).map(|row| row.exponent);
    facts.extend(
        exponent
            .filter(|exponent| exponent.is_finite())
            .map(|exponent| ("Zipf exponent fitted", format!("{exponent:.2}"))),
    );
    Some(TraceFacts { trace: trace.to_string(), facts })
}
