//! The page of miss-ratio curves.

use frames::{CurveRow, Curves, FootprintRow, RankRow, ReuseRow};
use minijinja::context;

use super::facts::TraceFacts;
use super::{Meaning, environment, figure};
use crate::select::unique;
use crate::views::curves::{charts, sampled, traces, traces_left_out};
use crate::views::listed;
use crate::{DataTable, Error, format, palette};

/// Shares of all objects, or of the footprint, that the table has columns for; the verdict is about the
/// third.
const SHARES: [f64; 5] = [0.001, 0.01, 0.1, 0.3, 0.6];
const VERDICT: f64 = 0.1;
/// A capacity stands for a share if it is no further from it than by this factor.
const NEAR: f64 = 1.5;
/// Traces that the verdict speaks of.
const N_TRACES: usize = 4;

/// The page as HTML.
pub(crate) fn page(curves: &Curves, version: &str) -> Result<String, Error> {
    let mut figures = charts(curves).into_iter().map(figure).collect::<Result<Vec<_>, _>>()?;
    let traces = traces(curves);
    // Of several traces, each has its own.
    let lead = (traces.len() == 1 && !figures.is_empty()).then(|| figures.remove(0));
    let verdicts: Vec<String> =
        traces.iter().take(N_TRACES).filter_map(|trace| verdict(curves, trace)).collect();
    let context = context! {
        kind => "Miss-ratio curves",
        repeats => "The same trace, options and version give the same report.",
        title => match traces[..] {
            [trace] => trace.to_string(),
            _ => format!("{} traces", traces.len()),
        },
        version => version,
        headline => verdicts.join(" "),
        notes => notes(curves),
        left_out => traces_left_out(curves),
        facts => traces.iter().filter_map(|trace| facts(curves, trace)).collect::<Vec<_>>(),
        results => results(curves, &traces),
        lead,
        figures,
        meanings => meanings(curves),
        colours => palette::css(),
        style => include_str!("../../templates/style.css"),
        script => include_str!("../../templates/script.js"),
    };
    Ok(environment()?.get_template("curves.html")?.render(context)?)
}

/// `With room for 9.8 % of the objects, arc misses least on web: 31.2 % of requests; lru 40.1 %.`
fn verdict(curves: &Curves, trace: &str) -> Option<String> {
    let mut rows: Vec<&CurveRow> = unique(policies(curves, trace))
        .into_iter()
        .filter_map(|policy| at(curves, trace, policy, VERDICT))
        .collect();
    rows.sort_by(|a, b| a.miss_ratio.total_cmp(&b.miss_ratio));
    let (best, rest) = rows.split_first()?;
    let of = if best.unit == "bytes" { "bytes" } else { "objects" };
    let room = format!("With room for {} of the {of}", format::percent(best.share));
    let ratio = format::percent(best.miss_ratio);
    let Some(second) = rest.first() else {
        return Some(format!("{room}, {} misses {ratio} of the requests of {trace}.", best.policy));
    };
    // Where one is estimated, so is the difference.
    let equals: Vec<String> = rest
        .iter()
        .filter(|row| row.low <= best.high && (sampled(row) || sampled(best)))
        .map(|row| row.policy.clone())
        .collect();
    let against = match equals.len() {
        0 if second.miss_ratio == best.miss_ratio => format!("as {} does", second.policy),
        0 => format!("{} {}", second.policy, format::percent(second.miss_ratio)),
        n if n > 3 => format!("{n} others may be as good"),
        _ => format!("{} may be as good", listed(&equals)),
    };
    let separator = if against.starts_with("as ") { "," } else { ";" };
    Some(format!(
        "{room}, {} misses least on {trace}: {ratio} of requests{separator} {against}.",
        best.policy
    ))
}

fn policies<'a>(curves: &'a Curves, trace: &str) -> impl Iterator<Item = &'a str> {
    let trace = trace.to_string();
    curves.curves.iter().filter(move |row| row.trace == trace).map(|row| row.policy.as_str())
}

/// The point of a curve that is nearest to a share, if one is near.
fn at<'a>(curves: &'a Curves, trace: &str, policy: &str, share: f64) -> Option<&'a CurveRow> {
    let far = |row: &CurveRow| (row.share.max(f64::MIN_POSITIVE) / share).ln().abs();
    curves
        .curves
        .iter()
        .filter(|row| row.trace == trace && row.policy == policy && row.miss_ratio.is_finite())
        .min_by(|a, b| far(a).total_cmp(&far(b)))
        .filter(|row| far(row) <= NEAR.ln())
}

/// A row a trace and policy, a column a share.
fn results(curves: &Curves, traces: &[&str]) -> DataTable {
    let ratio = |trace: &str, policy: &str, share: f64| {
        at(curves, trace, policy, share).map_or("–".into(), |row| format::percent(row.miss_ratio))
    };
    let row = |trace: &str, policy: &str| -> Vec<String> {
        let names = [trace.to_string(), policy.to_string()];
        names.into_iter().chain(SHARES.map(|share| ratio(trace, policy, share))).collect()
    };
    let rows = traces.iter().flat_map(|trace| {
        unique(policies(curves, trace)).into_iter().map(move |policy| row(trace, policy))
    });
    let shares = SHARES.map(|share| format!("At {}", format::percent(share)));
    DataTable {
        columns: ["Trace".to_string(), "Policy".into()].into_iter().chain(shares).collect(),
        names: 2,
        rows: rows.collect(),
    }
}

fn meanings(curves: &Curves) -> Vec<Meaning> {
    [
        Meaning::of::<CurveRow>("a point of a curve", &curves.curves),
        Meaning::of::<FootprintRow>("the working set", &curves.footprint),
        Meaning::of::<ReuseRow>("reuse", &curves.reuse),
        Meaning::of::<RankRow>("popularity", &curves.ranks),
    ]
    .into_iter()
    .flatten()
    .collect()
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
