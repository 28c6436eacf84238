//! `mrc`: miss-ratio curves.

mod explain;
mod find;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Result, bail};
use cache::{PolicyInfo, PolicySpec};
use curves::{Point, spread, whole};
use experiment::RunProgress;
use frames::{CurveRow, Curves};
use rayon::ThreadPoolBuilder;
use trace::Trace;
use trace::units::Bytes;

use crate::args::{Method, Mrc};
use crate::capacity::{self, Capacity};
use crate::exit;
use crate::folder;
use crate::output::{Field, Listing, percent};
use crate::progress::{follow, say, stop_on_interrupt};

use super::replay::{load, parse_policies};
use find::{Found, Task};

/// Capacities that a curve is drawn at where more cost nothing.
const N_DRAWN: usize = 200;
/// Exact replays that `auto` takes on, in requests over all capacities of a policy.
const AUTO_REQUESTS: u64 = 1_000_000_000;

/// A policy as asked for.
type Policy = (PolicySpec, &'static PolicyInfo);

pub(crate) fn mrc(args: &Mrc) -> Result<u8> {
    let policies = parse_policies(&args.policy)?;
    let sizes = capacity::parse_list(&args.sizes)?;
    let unit = match args.unit {
        None if sizes.is_empty() => cache::Unit::Objects,
        said => capacity::unit(said, &sizes)?,
    };
    check(args, &policies)?;
    args.out.as_deref().map_or(Ok(()), |dir| folder::check(dir, args.force))?;
    let progress = Arc::new(RunProgress::default());
    stop_on_interrupt(&progress)?;
    let pool = ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let mut curves = Curves::default();
    let mut shown = Vec::new();
    for path in &args.traces {
        let trace = load(&args.read, path, unit)?;
        let question = Question::new(args, &trace, unit, &sizes);
        question.warn_of_idle(&policies)?;
        let bar = follow(&progress);
        let found = pool.install(|| question.answer(&policies, &progress));
        drop(bar);
        let Some(rows) = found? else { break };
        shown.extend(rows.iter().filter(|row| question.shown.contains(&row.capacity)).cloned());
        curves.curves.extend(rows);
        if args.out.is_some() {
            explain::explain(&trace, unit, &mut curves);
        }
    }
    listing(&shown).print(args.format)?;
    if shown.iter().any(|row| row.low < row.high) {
        say(
            "intervals hold the chance of samples, and with mini their bias as far as half the rate shows it; for policies that count uses close together as one, such as lirs, take --method exact",
        );
    }
    if progress.stop.load(Ordering::Relaxed) {
        return Ok(exit::INTERRUPTED);
    }
    if let Some(dir) = &args.out {
        curves.write(dir)?;
        report::write_curves(dir, &curves, super::run::VERSION)?;
        say(format!("report: {}", dir.join("index.html").display()));
    }
    Ok(0)
}

/// Refuses what has no answer before a trace is read.
fn check(args: &Mrc, policies: &[Policy]) -> Result<()> {
    if !(args.rate > 0.0 && args.rate <= 1.0) {
        bail!("--rate: {} is not a share above 0 and up to 1, such as 0.01 or 1%", args.rate);
    }
    let of_lru = matches!(args.method, Method::Shards | Method::ShardsFixedSize);
    if let Some((spec, _)) = policies.iter().find(|(_, info)| of_lru && !find::is_lru(info)) {
        let method = args.method.name();
        bail!(
            "--method {method} is for lru, not for {spec}\nhint: --method mini samples any policy"
        );
    }
    Ok(())
}

/// What is asked about one trace.
struct Question<'a> {
    args: &'a Mrc,
    trace: &'a Trace,
    unit: cache::Unit,
    /// Everything distinct, in the unit.
    whole: u64,
    /// Capacities to print.
    shown: BTreeSet<u64>,
    /// Those and more, where more cost nothing and somebody draws them.
    drawn: BTreeSet<u64>,
}

impl<'a> Question<'a> {
    fn new(args: &'a Mrc, trace: &'a Trace, unit: cache::Unit, sizes: &[Capacity]) -> Self {
        let whole = whole(trace, unit);
        let shown: BTreeSet<u64> = match sizes {
            [] => spread(whole, args.points.into()).into_iter().collect(),
            sizes => sizes.iter().map(|size| size.of(trace, unit)).collect(),
        };
        let mut drawn = shown.clone();
        if args.out.is_some() && sizes.is_empty() {
            drawn.extend(spread(whole, N_DRAWN));
        }
        Question { args, trace, unit, whole, shown, drawn }
    }

    /// Says which policies have no room for anything in the smallest of the caches.
    fn warn_of_idle(&self, policies: &[Policy]) -> Result<()> {
        let size = (self.whole / u64::from(self.trace.n_objects()).max(1)).max(1);
        for (spec, info) in policies {
            let mut idle = None;
            for capacity in &self.shown {
                if curves::grid::keeps((spec, info), self.unit, *capacity, size)? {
                    break;
                }
                idle = Some(*capacity);
            }
            if let Some(capacity) = idle {
                let capacity = match self.unit {
                    cache::Unit::Objects => format!("{capacity} objects"),
                    cache::Unit::Bytes => Bytes(capacity).rounded(),
                };
                say(format!(
                    "{}: {spec} keeps no object of average size in caches of up to {capacity}: it is meant for larger ones",
                    self.trace.name()
                ));
            }
        }
        Ok(())
    }

    /// The method for a policy.
    fn method(&self, info: &PolicyInfo) -> Method {
        let replays = self.shown.len() as u64 * self.trace.n_requests() as u64;
        match self.args.method {
            Method::Auto if find::is_lru(info) || replays <= AUTO_REQUESTS => Method::Exact,
            Method::Auto => Method::Mini,
            said => said,
        }
    }

    /// The rows of all policies; `None` if interrupted.
    fn answer(&self, policies: &[Policy], progress: &RunProgress) -> Result<Option<Vec<CurveRow>>> {
        let tasks: Vec<Task<'_>> =
            policies.iter().map(|policy| Task { policy, method: self.method(policy.1) }).collect();
        let found = find::find(self, &tasks, progress)?;
        Ok(found.map(|found| found.iter().flat_map(|found| self.rows(found)).collect()))
    }

    fn rows(&self, found: &Found<'_>) -> Vec<CurveRow> {
        let row = |point: &Point| CurveRow {
            trace: self.trace.name().to_string(),
            policy: found.task.policy.0.to_string(),
            method: found.task.method.name().to_string(),
            capacity: point.capacity,
            unit: self.unit.name().to_string(),
            share: point.capacity as f64 / self.whole.max(1) as f64,
            miss_ratio: point.miss_ratio,
            low: point.low,
            high: point.high,
            requests: self.trace.n_requests() as u64,
            objects: u64::from(self.trace.n_objects()),
        };
        found.points.iter().map(row).collect()
    }
}

fn listing(rows: &[CurveRow]) -> Listing {
    let columns = [
        "trace",
        "policy",
        "method",
        "capacity",
        "unit",
        "share",
        "miss_ratio",
        "low",
        "high",
        "requests",
        "objects",
    ];
    // Where all is exact, there is no interval to show.
    let mut exact_only = vec!["unit", "requests", "objects"];
    if rows.iter().all(|row| row.low == row.high) {
        exact_only.extend(["low", "high"]);
    }
    let mut listing = Listing::new(&columns).for_programs(&exact_only);
    for row in rows {
        let capacity = match row.unit.as_str() {
            "bytes" => Field::new(row.capacity, Bytes(row.capacity).rounded()),
            _ => Field::count(row.capacity),
        };
        let ratio = |ratio: f64| Field::new(ratio, percent(ratio));
        listing.push(vec![
            Field::text(&row.trace),
            Field::text(&row.policy),
            Field::text(&row.method),
            capacity,
            Field::text(&row.unit),
            ratio(row.share),
            ratio(row.miss_ratio),
            ratio(row.low),
            ratio(row.high),
            Field::count(row.requests),
            Field::count(row.objects),
        ]);
    }
    listing
}
