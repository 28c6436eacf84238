//! `verify`: published figures, and whether this program gets them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use experiment::RunProgress;
use experiment::verify::{self, Checked, Figure, Tables, Value, Verdict};
use trace::units::thousands;

use crate::args::Verify;
use crate::exit;
use crate::output::{Field, Listing};
use crate::progress::{follow, say, stop_on_interrupt};

/// Where the traces that ship with the program lie, seen from the root of its source.
const SHIPPED: &str = "traces";
/// Why a figure about a trace that is not here is not run.
const ABSENT: &str = "trace absent";

pub(crate) fn verify(args: &Verify) -> Result<u8> {
    let tables = Tables::shipped();
    let progress = Arc::new(RunProgress::default());
    stop_on_interrupt(&progress)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    if args.golden {
        return pool.install(|| golden(&tables, &progress));
    }
    let Some(checked) = pool.install(|| check(args, &tables, &progress))? else {
        return Ok(exit::INTERRUPTED);
    };
    if args.explained {
        let rows: Vec<_> = checked.iter().filter_map(Checked::explained).collect();
        crate::output::line(verify::explained_csv(&rows).trim_end())?;
        return Ok(0);
    }
    listing(&tables, &checked, args.all).print(args.format)?;
    say(summary(&checked));
    say(kinds(&tables, &checked));
    let differs = checked.iter().any(|checked| checked.verdict == Verdict::Differs);
    Ok(if differs { exit::DIFFERENT } else { 0 })
}

/// Every figure of the tables, in their order; `None` if interrupted.
fn check<'a>(
    args: &Verify,
    tables: &'a Tables,
    progress: &Arc<RunProgress>,
) -> Result<Option<Vec<Checked<'a>>>> {
    let files = files(&args.traces)?;
    let mut seen = BTreeSet::new();
    let mut checked: Vec<Checked<'a>> = Vec::new();
    for path in &files {
        let Some(mut found) = verify::recognise(path, tables) else { continue };
        found.names.retain(|name| seen.insert(name.clone()));
        if found.names.is_empty() {
            continue;
        }
        say(format!("{}: {}", path.display(), found.names.join("; ")));
        let bar = follow(progress);
        let of_trace = verify::check(tables, &found, progress)?;
        drop(bar);
        match of_trace {
            Some(of_trace) => checked.extend(of_trace),
            None => return Ok(None),
        }
    }
    if seen.is_empty() {
        bail!(
            "none of {} files is a trace that figures are known of\nhint: --traces DIR says where the traces lie; {SHIPPED}/ of the source has six",
            files.len()
        );
    }
    let absent = tables.figures.iter().filter(|figure| !seen.contains(&figure.trace));
    checked.extend(absent.map(|figure| Checked::not_run(figure, ABSENT)));
    let place = |figure: &Figure| tables.figures.iter().position(|f| std::ptr::eq(f, figure));
    checked.sort_by_cached_key(|checked| place(checked.figure));
    Ok(Some(checked))
}

/// Files of the folders given, and of the shipped traces if they are here.
fn files(folders: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let shipped = Some(PathBuf::from(SHIPPED)).filter(|folder| folder.is_dir());
    let mut files = Vec::new();
    for folder in shipped.iter().chain(folders) {
        files.extend(verify::files(folder)?);
    }
    Ok(files)
}

/// Prints `data/golden.csv` anew.
fn golden(tables: &Tables, progress: &Arc<RunProgress>) -> Result<u8> {
    let mut text = String::from("trace,policy,unit,capacity,misses\n");
    let mut missing: BTreeSet<&str> =
        tables.traces.iter().filter(|known| known.is_shipped()).map(|k| k.name.as_str()).collect();
    for path in files(&[])? {
        let Some(found) = verify::recognise(&path, tables) else { continue };
        let bar = follow(progress);
        let rows = verify::golden(&found, progress)?;
        drop(bar);
        let Some(rows) = rows else { return Ok(exit::INTERRUPTED) };
        text.push_str(&rows);
        missing.retain(|name| !found.names.iter().any(|found| found == name));
    }
    if !missing.is_empty() {
        let missing: Vec<&str> = missing.into_iter().collect();
        bail!("{SHIPPED}/ lacks {}", missing.join(", "));
    }
    crate::output::line(text.trim_end())?;
    Ok(0)
}

fn listing(tables: &Tables, checked: &[Checked<'_>], all: bool) -> Listing {
    let columns = [
        "trace",
        "kind",
        "source",
        "policy",
        "run_as",
        "unit",
        "capacity",
        "measure",
        "expected",
        "ours",
        "difference",
        "verdict",
        "why",
        "about",
    ];
    let mut listing = Listing::new(&columns).for_programs(&["unit", "about"]);
    let absent = |checked: &&Checked<'_>| all || checked.why != ABSENT;
    for Checked { figure, ours, verdict, why } in checked.iter().filter(absent) {
        let checked = Checked { figure, ours: *ours, verdict: *verdict, why: why.clone() };
        let (measure, published) = match &figure.value {
            Value::Misses(misses) => ("misses", Field::count(*misses)),
            Value::HitPercent(text) => {
                let exact = serde_json::Value::from(text.parse::<f64>().unwrap_or(f64::NAN));
                ("hit_percent", Field::new(exact, format!("{text} %")))
            }
        };
        let none = || Field::new(serde_json::Value::Null, "–");
        let ours = match (&figure.value, ours) {
            (_, None) => none(),
            (Value::Misses(_), Some(ours)) => Field::count(ours.misses),
            (Value::HitPercent(text), Some(ours)) => {
                let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
                let percent = ours.hit_percent();
                Field::new(percent, format!("{percent:.digits$} %"))
            }
        };
        let difference = checked
            .difference()
            .map_or_else(none, |gap| Field::new(gap, shown_gap(gap, &figure.value, *verdict)));
        listing.push(vec![
            Field::text(&figure.trace),
            Field::text(tables.kind(figure)),
            Field::text(&figure.source),
            Field::text(&figure.policy),
            Field::text(&figure.spec),
            Field::text(figure.unit.name()),
            Field::count(figure.capacity),
            Field::new(measure, measure.replace('_', " ")),
            published,
            ours,
            difference,
            Field::text(verdict.name()),
            Field::text(why),
            Field::text(tables.about(figure)),
        ]);
    }
    listing
}

/// A difference to the digits that matter; 0 where nothing was seen.
fn shown_gap(gap: f64, value: &Value, verdict: Verdict) -> String {
    match value {
        _ if matches!(verdict, Verdict::Equal | Verdict::Rounded) => "0".into(),
        Value::HitPercent(_) => format!("{gap:+.4}"),
        Value::Misses(_) => {
            let sign = if gap < 0.0 { '-' } else { '+' };
            format!("{sign}{}", thousands(gap.abs() as u64))
        }
    }
}

/// `Of these 224 published, 612 golden`: what kind of evidence was checked.
fn kinds(tables: &Tables, checked: &[Checked<'_>]) -> String {
    let of = |kind: &str| {
        let run = checked.iter().filter(|checked| checked.verdict != Verdict::NotRun);
        run.filter(|checked| tables.kind(checked.figure) == kind).count() as u64
    };
    format!(
        "of these, {} published and {} recalled from publications, {} counted by other people's programs, {} by an earlier version of this one",
        thousands(of("published")),
        thousands(of("recalled")),
        thousands(of("program run")),
        thousands(of("golden"))
    )
}

/// `412 figures checked: 400 equal, 10 within rounding, 2 differ for a known reason, 0 differ; ...`
fn summary(checked: &[Checked<'_>]) -> String {
    let of = |verdict| {
        thousands(checked.iter().filter(|checked| checked.verdict == verdict).count() as u64)
    };
    let n = checked.len() as u64;
    let is_absent = |checked: &&Checked<'_>| checked.why == ABSENT;
    let absent = checked.iter().filter(is_absent).count() as u64;
    let not_run = checked.iter().filter(|c| c.verdict == Verdict::NotRun).count() as u64;
    format!(
        "{} figures checked: {} equal, {} within rounding, {} differ for a known reason, {} differ; \
         {} not run: {} for want of a trace, {} of a policy",
        thousands(n - not_run),
        of(Verdict::Equal),
        of(Verdict::Rounded),
        of(Verdict::Explained),
        of(Verdict::Differs),
        thousands(not_run),
        thousands(absent),
        thousands(not_run - absent)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_keep_what_can_be_seen() {
        let misses = Value::Misses(1);
        assert_eq!(shown_gap(-12345.0, &misses, Verdict::Explained), "-12,345");
        assert_eq!(shown_gap(0.0, &misses, Verdict::Equal), "0");
        let percent = Value::HitPercent("38.93".into());
        assert_eq!(shown_gap(0.0152, &percent, Verdict::Explained), "+0.0152");
        assert_eq!(shown_gap(0.0042, &percent, Verdict::Rounded), "0");
    }
}
