//! The page of miss-ratio curves.

use frames::{CurveRow, Curves, FootprintRow, RankRow, ReuseRow};
use minijinja::context;

use super::facts::TraceFacts;
use super::{Meaning, environment, figure};
use crate::select::unique;
use crate::views::curves::{charts, sampled, traces, traces_left_out};
use crate::views::listed;
use crate::{DataTable, Error, format, palette};

/// Shares of all objects, or of the footprint, that the table has columns for.
const SHARES: [(f64, &str); 5] =
    [(0.001, "At 0.1 %"), (0.01, "1 %"), (0.1, "10 %"), (0.3, "30 %"), (0.6, "60 %")];
/// The share that the verdict is about.
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

/// The curve of a policy over one trace.
struct Curve<'a> {
    policy: &'a str,
    /// By capacity.
    rows: Vec<&'a CurveRow>,
}

/// A point of a curve, or between two.
#[derive(Clone, Copy)]
struct Point<'a> {
    policy: &'a str,
    miss_ratio: f64,
    low: f64,
    high: f64,
    sampled: bool,
}

impl<'a> Curve<'a> {
    fn all(curves: &'a Curves, trace: &str) -> Vec<Curve<'a>> {
        let of_trace = || curves.curves.iter().filter(|row| row.trace == trace);
        let policies = unique(of_trace().map(|row| row.policy.as_str()));
        let curve = |policy: &'a str| {
            let own = of_trace().filter(|row| row.policy == policy && row.miss_ratio.is_finite());
            let mut rows: Vec<&CurveRow> = own.collect();
            rows.sort_by_key(|row| row.capacity);
            Curve { policy, rows }
        };
        policies.into_iter().map(curve).collect()
    }

    /// At a capacity; between two points, on the line between them.
    fn at(&self, capacity: u64) -> Option<Point<'a>> {
        let next = self.rows.partition_point(|row| row.capacity < capacity);
        let after = self.rows.get(next)?;
        let before =
            if after.capacity == capacity { after } else { self.rows.get(next.checked_sub(1)?)? };
        let width = (after.capacity - before.capacity) as f64;
        let along = if width > 0.0 { (capacity - before.capacity) as f64 / width } else { 0.0 };
        let between =
            |value: fn(&CurveRow) -> f64| value(before) + along * (value(after) - value(before));
        Some(Point {
            policy: self.policy,
            miss_ratio: between(|row| row.miss_ratio),
            low: between(|row| row.low),
            high: between(|row| row.high),
            sampled: sampled(before) || sampled(after),
        })
    }
}

/// The point to compare all curves at: of the curve with the fewest points that nearest to the share, if
/// one is near.
fn meeting<'a>(curves: &[Curve<'a>], share: f64) -> Option<&'a CurveRow> {
    let far = |row: &CurveRow| (row.share.max(f64::MIN_POSITIVE) / share).ln().abs();
    let coarsest = curves.iter().min_by_key(|curve| curve.rows.len())?;
    let nearest = coarsest.rows.iter().min_by(|a, b| far(a).total_cmp(&far(b)))?;
    (far(nearest) <= NEAR.ln()).then_some(*nearest)
}

/// `With room for 9.8 % of the objects, arc misses least on web: 31.2 % of requests; lru 40.1 %.`
fn verdict(curves: &Curves, trace: &str) -> Option<String> {
    let curves = Curve::all(curves, trace);
    let meeting = meeting(&curves, VERDICT)?;
    let mut points: Vec<Point<'_>> =
        curves.iter().filter_map(|curve| curve.at(meeting.capacity)).collect();
    points.sort_by(|a, b| a.miss_ratio.total_cmp(&b.miss_ratio));
    let (best, rest) = points.split_first()?;
    let of = if meeting.unit == "bytes" { "bytes" } else { "objects" };
    let room = format!("With room for {} of the {of}", format::percent(meeting.share));
    let ratio = format::percent(best.miss_ratio);
    let Some(second) = rest.first() else {
        return Some(format!("{room}, {} misses {ratio} of the requests of {trace}.", best.policy));
    };
    // Where one is estimated, so is the difference.
    let equals: Vec<String> = rest
        .iter()
        .filter(|point| point.low <= best.high && (point.sampled || best.sampled))
        .map(|point| point.policy.to_string())
        .collect();
    let second_ratio = format::percent(second.miss_ratio);
    let against = match equals.len() {
        0 if second_ratio == ratio => format!(", level with {}", second.policy),
        0 => format!("; {} {second_ratio}", second.policy),
        n if n > 3 => format!("; {n} others may be as good"),
        _ => format!("; {} may be as good", listed(&equals)),
    };
    Some(format!("{room}, {} misses least on {trace}: {ratio} of requests{against}.", best.policy))
}

/// A row a trace and policy, a column a share.
fn results(curves: &Curves, traces: &[&str]) -> DataTable {
    let of_trace = |trace: &&str| -> Vec<Vec<String>> {
        let curves = Curve::all(curves, trace);
        let meetings = SHARES.map(|(share, _)| (share, meeting(&curves, share)));
        let row = |curve: &Curve<'_>| {
            let ratio = |(share, meeting): (f64, Option<&CurveRow>)| {
                let point = meeting.and_then(|row| Some((row.share, curve.at(row.capacity)?)));
                point.map_or("–".into(), |(at, point)| {
                    let ratio = format::percent(point.miss_ratio);
                    // The curves have points where they have them: near the share is not at it.
                    let is_near = (at / share - 1.0).abs() > 0.01;
                    if is_near { format!("{ratio} at {}", format::percent(at)) } else { ratio }
                })
            };
            let names = [trace.to_string(), curve.policy.to_string()];
            names.into_iter().chain(meetings.map(ratio)).collect()
        };
        curves.iter().map(row).collect()
    };
    let shares = SHARES.map(|(_, label)| label.to_string());
    DataTable {
        columns: ["Trace".to_string(), "Policy".into()].into_iter().chain(shares).collect(),
        names: 2,
        rows: traces.iter().flat_map(of_trace).collect(),
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
