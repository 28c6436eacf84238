//! `trace`: look at, convert, sample and generate traces.

use std::io::Write as _;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use experiment::{FORMAT_PARQUET, open_trace};
use serde_json::Value;
use trace::generate::{Recipe, generate};
use trace::readers::{CsvOptions, FORMATS, ReadOptions, TimeUnit};
use trace::units::{Bytes, Nanos, thousands};
use trace::{NO_TTL, Trace, sample};

use crate::args::{self, Format, ReadArgs};
use crate::output::{Field, Listing, percent};
use crate::progress::{end_on_interrupt, say};

pub(crate) fn trace(command: &args::Trace) -> Result<u8> {
    end_on_interrupt()?;
    match command {
        args::Trace::Info(args) => info(args)?,
        args::Trace::Convert(args) => {
            check_ending(&args.output)?;
            let trace = read(&args.trace, &args.read)?;
            write(&args.output, &trace, !args.without_keys)?;
        }
        args::Trace::Head(args) => head(args)?,
        args::Trace::Sample(args) => {
            check_ending(&args.output)?;
            let sampled = sampled(args)?;
            write(&args.output, &sampled, true)?;
        }
        args::Trace::Generate(args) => {
            check_ending(&args.output)?;
            let name = args.recipe.display().to_string();
            let text = std::fs::read_to_string(&args.recipe).with_context(|| name.clone())?;
            let trace = generate(&Recipe::from_toml(&text, &name)?, args.seed)?;
            write(&args.output, &trace, true)?;
        }
        args::Trace::Formats(args) if args.markdown => {
            std::io::stdout().write_all(formats_markdown().as_bytes())?;
        }
        args::Trace::Formats(args) => formats().print(args.format)?,
    }
    Ok(0)
}

/// The reader's options for these arguments.
pub(crate) fn read_options(args: &ReadArgs) -> Result<ReadOptions> {
    let mut csv = CsvOptions { delimiter: args.csv_delimiter, ..CsvOptions::default() };
    if let Some(unit) = &args.csv_time_unit {
        csv.time_unit = match unit.as_str() {
            "s" => TimeUnit::Seconds,
            "ms" => TimeUnit::Millis,
            "us" => TimeUnit::Micros,
            "ns" => TimeUnit::Nanos,
            other => bail!("--csv-time-unit: `{other}` is not one of s, ms, us, ns"),
        };
    }
    for pair in args.csv_columns.iter().flat_map(|map| map.split(',')) {
        let (column, place) = pair
            .split_once('=')
            .ok_or_else(|| anyhow!("--csv-columns: `{pair}` is not column=place, as in key=2"))?;
        let place = Some(place.trim().to_string());
        match column.trim() {
            "time" => csv.time = place,
            "key" => csv.key = place,
            "size" => csv.size = place,
            "op" => csv.op = place,
            "client" => csv.client = place,
            "region" => csv.region = place,
            "ttl" => csv.ttl = place,
            "penalty" => csv.penalty = place,
            other => bail!(
                "--csv-columns: `{other}` is not one of time, key, size, op, client, region, ttl, penalty"
            ),
        }
    }
    Ok(ReadOptions {
        format: args.trace_format.clone(),
        strict: args.strict,
        limit: args.limit,
        key_with_size: args.key_with_size,
        csv,
        ..ReadOptions::default()
    })
}

/// Reads a trace as the arguments say.
fn read(path: &Path, args: &ReadArgs) -> Result<Trace> {
    read_with(path, &read_options(args)?)
}

/// Reads a trace with a bar, and says what was skipped or adjusted.
pub(crate) fn read_with(path: &Path, options: &ReadOptions) -> Result<Trace> {
    let bar = crate::progress::bytes("reading");
    let trace = open_trace(path, options, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let report = trace.report().to_string();
    for line in report.lines() {
        say(format!("{}: {line}", path.display()));
    }
    Ok(trace)
}

/// Before any reading, which may take long.
fn check_ending(path: &Path) -> Result<()> {
    if path.extension().is_none_or(|ending| ending != FORMAT_PARQUET) {
        bail!("{}: the native format is Parquet\nhint: name the file .parquet", path.display());
    }
    Ok(())
}

fn write(path: &Path, trace: &Trace, names: bool) -> Result<()> {
    frames::write_trace(path, trace, names)?;
    let size = std::fs::metadata(path).map(|m| m.len()).unwrap_or(0);
    say(format!(
        "{}: {} requests, {} objects, {}",
        path.display(),
        thousands(trace.n_requests() as u64),
        thousands(u64::from(trace.n_objects())),
        Bytes(size).rounded()
    ));
    Ok(())
}

fn sampled(args: &args::Sample) -> Result<Trace> {
    let trace = read(&args.trace, &args.read)?;
    let share = |text: &str| {
        text.parse::<experiment::scenario::Fraction>()
            .map(|f| f.share())
            .map_err(|what| anyhow!(what))
    };
    Ok(match (&args.objects, &args.clients, &args.time, &args.requests) {
        (Some(rate), ..) => sample::by_object(&trace, share(rate)?, args.seed)?,
        (_, Some(rate), ..) => sample::by_client(&trace, share(rate)?, args.seed)?,
        (_, _, Some(span), _) => {
            let span = range(span, |text| text.parse::<Nanos>())?;
            sample::by_time(&trace, span.start, span.end)?
        }
        (_, _, _, Some(rows)) => {
            let number = |text: &str| {
                text.replace('_', "")
                    .parse::<usize>()
                    .map_err(|_| format!("`{text}` is not a number"))
            };
            sample::by_index(&trace, range(rows, number)?)?
        }
        _ => bail!(
            "say what to keep: --objects 10%, --clients 10%, --time 1h..2h or --requests 0..1000"
        ),
    })
}

fn range<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Range<T>> {
    let (from, to) = text
        .split_once("..")
        .ok_or_else(|| anyhow!("`{text}` is not a range such as 1h..2h or 0..1000"))?;
    let parse = |text: &str| parse(text.trim()).map_err(|what| anyhow!(what));
    Ok(parse(from)?..parse(to)?)
}

fn head(args: &args::Head) -> Result<()> {
    let mut reading = args.read.clone();
    reading.limit = Some(reading.limit.unwrap_or(u64::MAX).min(args.count as u64));
    let trace = read(&args.trace, &reading)?;
    let columns = trace.columns();
    let mut listing = Listing::new(&[
        "request", "time_ns", "op", "key", "object", "size", "client", "region", "ttl_ns",
    ]);
    for i in 0..trace.n_requests().min(args.count) {
        let object = trace.objects()[i];
        let key = columns.keys.as_ref().map(|keys| keys.label(object).into_owned());
        let named = |labels: &Option<trace::Labels>| {
            labels.as_ref().map(|l| l.names.label(trace::ObjectId(l.ids[i])).into_owned())
        };
        let text = |value: Option<String>| value.map_or(Field::new(Value::Null, ""), Field::text);
        let time = |value: Option<u64>| {
            value.map_or(Field::new(Value::Null, ""), |ns| Field::new(ns, Nanos(ns).to_string()))
        };
        listing.push(vec![
            Field::count(i as u64),
            time(columns.time_ns.as_ref().map(|times| times[i])),
            Field::text(trace.op(i).name()),
            text(key),
            Field::count(u64::from(object.0)),
            columns
                .size
                .as_ref()
                .map_or(Field::new(Value::Null, ""), |sizes| Field::count(sizes.get(i))),
            text(named(&columns.client)),
            text(named(&columns.region)),
            time(columns.ttl_ns.as_ref().map(|ttls| ttls[i]).filter(|ttl| *ttl != NO_TTL)),
        ]);
    }
    listing.print(args.format)?;
    Ok(())
}

fn formats() -> Listing {
    let mut listing = Listing::new(&["format", "aliases", "what_it_is", "layout"]);
    for format in FORMATS {
        listing.push(vec![
            Field::text(format.name),
            Field::text(format.aliases.join(", ")),
            Field::text(format.doc),
            Field::text(format.layout),
        ]);
    }
    listing.push(vec![
        Field::text(FORMAT_PARQUET),
        Field::text(""),
        Field::text("The native format; `trace convert` writes it"),
        Field::text("object, time_ns, size, op, client, region, ttl_ns, key: one row a request"),
    ]);
    listing
}

/// docs/formats.md.
fn formats_markdown() -> String {
    let mut out = String::from(
        "# Trace formats\n\nGenerated by `cache-strategy trace formats --markdown`; a test keeps it up to date.\nA format is found from the content where that is certain; otherwise name it with `--trace-format`\nor in the scenario's trace entry. Files may be compressed with gzip, xz or zstd.\n\n| format | also called | what it is | layout |\n|---|---|---|---|\n",
    );
    for row in formats().objects() {
        let cell = |name: &str| row[name].as_str().unwrap_or_default().replace('|', "\\|");
        out.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            cell("format"),
            cell("aliases"),
            cell("what_it_is"),
            cell("layout")
        ));
    }
    out
}

fn info(args: &args::Info) -> Result<()> {
    for (i, path) in args.traces.iter().enumerate() {
        let trace = read(path, &args.read)?;
        let profile = trace::profile::profile(&trace, args.top);
        let mut exact = serde_json::json!({
            "trace": trace.name(),
            "format": trace.report().format,
            "digest": trace.digest().to_string(),
        });
        let Value::Object(object) = &mut exact else { unreachable!("a literal object") };
        if let Value::Object(figures) = serde_json::to_value(&profile)? {
            object.extend(figures);
        }
        match args.format {
            Format::Json => crate::output::line(&exact.to_string())?,
            Format::Table => {
                if i > 0 {
                    crate::output::line("")?;
                }
                facts(&trace, &profile).print(Format::Table)?;
                top(&profile).print(Format::Table)?;
            }
            Format::Csv => facts(&trace, &profile).print(Format::Csv)?,
        }
    }
    Ok(())
}

/// A fact a row.
fn facts(trace: &Trace, profile: &trace::profile::Profile) -> Listing {
    let mut listing = Listing::new(&["fact", "value"]);
    let mut fact = |name: &str, exact: Value, shown: String| {
        listing.push(vec![Field::text(name), Field::new(exact, shown)]);
    };
    let count = |n: u64| (Value::from(n), thousands(n));
    let bytes = |n: u64| (Value::from(n), Bytes(n).rounded());
    let mut pair = |name: &str, (exact, shown): (Value, String)| fact(name, exact, shown);
    pair("trace", (trace.name().into(), trace.name().into()));
    pair("format", (trace.report().format.clone().into(), trace.report().format.clone()));
    pair("requests", count(profile.n_requests));
    pair("gets", count(profile.n_ops.get));
    pair("sets", count(profile.n_ops.set));
    pair("deletes", count(profile.n_ops.delete));
    pair("objects", count(profile.n_objects));
    for (name, number) in [("clients", profile.n_clients), ("regions", profile.n_regions)] {
        if let Some(number) = number {
            pair(name, count(number));
        }
    }
    pair("requested bytes", bytes(profile.requested_bytes));
    pair("footprint", bytes(profile.footprint_bytes));
    if let Some(time) = &profile.time {
        pair("span", (time.span_ns.into(), Nanos(time.span_ns).rounded()));
        if let Some(rate) = time.requests_per_second {
            pair("requests per second", (rate.into(), format!("{rate:.1}")));
        }
        pair(
            "resolution of stamps",
            (time.resolution_ns.into(), Nanos(time.resolution_ns).rounded()),
        );
    }
    let mean = profile.mean_requests_per_object;
    pair("requests per object, mean", (mean.into(), format!("{mean:.2}")));
    pair("objects asked for once", (profile.one_hit_ratio.into(), percent(profile.one_hit_ratio)));
    pair(
        "compulsory misses",
        (profile.compulsory_miss_ratio.into(), percent(profile.compulsory_miss_ratio)),
    );
    if let Some(reuse) = &profile.reuse_time_requests {
        pair(
            "reuse time, median",
            (reuse.p50.into(), format!("{} requests", thousands(reuse.p50))),
        );
    }
    if let Some(sizes) = &profile.object_bytes {
        pair("object size, median", bytes(sizes.p50));
        pair("object size, p99", bytes(sizes.p99));
        pair("object size, largest", bytes(sizes.max));
        pair("objects that change size", count(profile.n_objects_resized));
    }
    if let Some(fit) = &profile.popularity {
        let shown = format!(
            "{:.3} ± {:.3} (KS distance {:.3}, over the {} objects with {} requests or more, {} of all requests)",
            fit.zipf_exponent,
            1.96 * fit.standard_error,
            fit.ks_distance,
            thousands(fit.n_objects),
            thousands(fit.least_requests),
            percent(fit.share_of_requests)
        );
        pair("Zipf exponent, fitted, 95 %", (fit.zipf_exponent.into(), shown));
    }
    for set in &profile.working_sets {
        let shown = format!(
            "{} objects, {} on average over {} windows",
            thousands(set.mean_objects.round() as u64),
            Bytes(set.mean_bytes.round() as u64).rounded(),
            thousands(set.n_windows)
        );
        pair(&format!("working set of {}", set.window), (set.mean_objects.into(), shown));
    }
    let digest = trace.digest().to_string();
    pair("digest", (digest.clone().into(), digest));
    listing
}

fn top(profile: &trace::profile::Profile) -> Listing {
    let mut listing = Listing::new(&["top_object", "requests", "share", "size"]);
    for object in &profile.top_objects {
        listing.push(vec![
            Field::text(&object.key),
            Field::count(object.n_requests),
            Field::new(object.share, percent(object.share)),
            Field::new(object.bytes, Bytes(object.bytes).rounded()),
        ]);
    }
    listing
}
