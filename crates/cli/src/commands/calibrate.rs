//! `calibrate`: latency profiles from a file of samples, or measured on this machine.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use calibrate::cipher::{self, CipherTimes, Line};
use calibrate::{Measured, ReadOptions, SampleSet, Source, memory, redis, toml_text};
use serde_json::Value;
use tiers::LatencySpec;
use tiers::latency::fit::{Fit, Judgement, Kind, RegimeFit, Samples, fit};
use trace::units::{Bytes, Nanos, thousands};

use crate::args::{self, CalibrateFit, CalibrateMeasure};
use crate::exit;
use crate::output::{Field, Listing};
use crate::progress::{end_on_interrupt, say};

pub(crate) fn calibrate(command: &args::Calibrate) -> Result<u8> {
    end_on_interrupt()?;
    match command {
        args::Calibrate::Fit(args) => fit_file(args),
        args::Calibrate::Measure(args) => measure(args),
    }
}

fn fit_file(args: &CalibrateFit) -> Result<u8> {
    let wanted = args.kind.as_deref().map(kind).transpose()?;
    let set = calibrate::read_samples(&args.samples, ReadOptions { latency_unit: args.unit })?;
    let name = args.samples.display().to_string();
    let fitted = fit(&Samples {
        latency_ns: &set.latency_ns,
        sizes: set.sizes.as_deref(),
        times_ns: set.times_ns.as_deref(),
        interval_ns: args.interval.map(|interval| interval.0),
    })
    .with_context(|| name)?;
    report(&fitted).print(args.format)?;
    say(correlation(&fitted));
    say(format!("use {}", fitted.why));
    if let Some(refusal) = wanted.and_then(|kind| fitted.refusal(kind)) {
        bail!("{} is refused: {refusal}", wanted.map_or("", Kind::name));
    }
    let Some(kind) = wanted.or(fitted.verdict) else { return Ok(exit::DIFFERENT) };
    if let Some(path) = &args.output {
        let source = args.source.clone().unwrap_or_else(|| about(&args.samples, &set, kind));
        let date = args.date.clone().unwrap_or_else(today);
        let profile = fitted.profile(kind, &source, &date).context("the profile is refused")?;
        write(path, &toml_text(&[(profile_name(args), profile)], &[]))?;
    }
    Ok(0)
}

fn kind(name: &str) -> Result<Kind> {
    let known = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    known.with_context(|| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        format!("--use: `{name}` is not one of {}", names.join(", "))
    })
}

/// `1,200 samples in redis.csv, as a table`.
fn about(path: &Path, set: &SampleSet, kind: Kind) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{} samples in {file}, as {kind}", thousands(set.latency_ns.len() as u64))
}

/// The name given, or that of the file in small letters and dashes.
fn profile_name(args: &CalibrateFit) -> String {
    let stem = || args.samples.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    args.name.clone().unwrap_or_else(|| stem().replace([' ', '_', '.'], "-"))
}

/// A row for every candidate and size, and one for the regimes.
fn report(fitted: &Fit) -> Listing {
    let columns = [
        "profile",
        "size",
        "fitted_to",
        "judged_on",
        "ks",
        "ks_by_chance",
        "p50_error",
        "p99_error",
        "use",
        "why_not",
        "autocorrelation",
    ];
    let mut listing = Listing::new(&columns).for_programs(&["autocorrelation"]);
    for candidate in &fitted.candidates {
        for judgement in &candidate.judgements {
            listing.push(judged(fitted, candidate.kind, judgement));
        }
    }
    if let Some(regimes) = &fitted.regimes {
        let none = || Field::new(Value::Null, "–");
        let mut row = vec![Field::text(Kind::Regimes.name())];
        row.extend((0..7).map(|_| none()));
        row.push(usable(fitted, Kind::Regimes, regimes.refused.is_some()));
        row.push(Field::text(regimes.refused.clone().unwrap_or_default()));
        row.push(Field::new(regimes.autocorrelation, ""));
        listing.push(row);
    }
    listing
}

fn judged(fitted: &Fit, kind: Kind, judgement: &Judgement) -> Vec<Field> {
    let ratio = |value: f64| Field::new(value, format!("{value:.3}"));
    let error = |value: f64| Field::new(value, format!("{:+.1} %", 100.0 * value));
    vec![
        Field::text(kind.name()),
        Field::new(judgement.size, Bytes(judgement.size).to_string()),
        Field::count(judgement.n_samples[0] as u64),
        Field::count(judgement.n_samples[1] as u64),
        ratio(judgement.ks),
        ratio(judgement.ks_noise),
        error(judgement.p50_error),
        error(judgement.p99_error),
        usable(fitted, kind, judgement.refused.is_some()),
        Field::text(judgement.refused.clone().unwrap_or_default()),
        Field::new(fitted.autocorrelation, ""),
    ]
}

/// Whether the verdict names it, or it could be used, or is refused.
fn usable(fitted: &Fit, kind: Kind, refused_here: bool) -> Field {
    Field::text(match (fitted.verdict == Some(kind), refused_here) {
        (_, true) => "refused",
        (true, false) => "yes",
        (false, false) if fitted.refusal(kind).is_some() => "refused elsewhere",
        (false, false) => "possible",
    })
}

/// What was found of neighbours, in words.
fn correlation(fitted: &Fit) -> String {
    let measured = format!(
        "neighbouring samples are correlated by {:.2}; up to {:.2} may be chance",
        fitted.autocorrelation, fitted.autocorrelation_noise
    );
    let Some(RegimeFit { stay, share, factor, autocorrelation, .. }) = &fitted.regimes else {
        return measured;
    };
    format!(
        "{measured}\ntwo regimes make {autocorrelation:.2}: the slow one takes {factor:.1} times as long, \
         holds {:.0} % of the samples, and lasts {:.1} of them, the fast one {:.1}",
        100.0 * share[1],
        1.0 / (1.0 - stay[1]),
        1.0 / (1.0 - stay[0])
    )
}

fn measure(args: &CalibrateMeasure) -> Result<u8> {
    if cfg!(debug_assertions) {
        say("this is a debug build: its times are no measure of anything");
    }
    let n_samples = args.samples as usize;
    let mut profiles = Vec::new();
    let mut listing =
        Listing::new(&["measured", "size", "samples", "p50_ns", "p99_ns", "p999_ns", "max_ns"]);
    say("measuring a map of this process");
    let (of_memory, clock_ns) = memory::measure(n_samples, 1);
    list(&mut listing, "memory", &of_memory);
    let how = format!(
        "look-up and copy in a hash map of this process, {} of values a size, one thread, less {clock_ns} ns of clock",
        Bytes(memory::BYTES_A_SIZE)
    );
    profiles.push(("measured-memory".to_string(), profile(&of_memory, &how)?));
    if let Some(address) = &args.redis {
        say(format!("measuring the Redis at {address}"));
        let of_redis = redis::measure(address, n_samples)?;
        list(&mut listing, "redis", &of_redis);
        let how = format!("GET from the Redis at {address}, one connection, one request at a time");
        profiles.push(("measured-redis".to_string(), profile(&of_redis, &how)?));
    }
    let mut ciphers = Vec::new();
    if args.aes {
        say("measuring AES-256-GCM");
        let times = cipher::measure(&cipher::SIZES, n_samples);
        list(&mut listing, "aes-256-gcm seal", &times.seal);
        list(&mut listing, "aes-256-gcm open", &times.open);
        ciphers.push(times);
    }
    listing.print(args.format)?;
    for times in &ciphers {
        say(cost_of(times)?);
    }
    if let Some(path) = &args.output {
        let of_cipher = |times| ("aes-256-gcm".to_string(), cipher_source(times), times);
        write(path, &toml_text(&profiles, &ciphers.iter().map(of_cipher).collect::<Vec<_>>()))?;
    }
    Ok(0)
}

fn list(listing: &mut Listing, what: &str, measured: &Measured) {
    for (size, sorted) in measured.by_size() {
        let at = |q: f64| {
            let place = (q * (sorted.len() - 1) as f64).round() as usize;
            Field::new(sorted[place], Nanos(sorted[place]).rounded())
        };
        listing.push(vec![
            Field::text(what),
            Field::new(size, Bytes(size).to_string()),
            Field::count(sorted.len() as u64),
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0),
        ]);
    }
}

/// The table of what was measured. Where halves of the samples do not foretell each other, that is
/// said, here and in the file: figures of a busy machine are still figures.
fn profile(measured: &Measured, how: &str) -> Result<LatencySpec> {
    let samples = Samples {
        latency_ns: &measured.latency_ns,
        sizes: Some(&measured.sizes),
        ..Samples::default()
    };
    let fitted = fit(&samples)?;
    let mut source = format!("measured by calibrate on {}: {how}", machine());
    if let Some(refused) = fitted.refusal(Kind::Table) {
        let unsteady = format!("the machine was not steady: {refused}");
        say(&unsteady);
        source.push_str(&format!("; {unsteady}"));
    }
    Ok(fitted.table(&source, &today()))
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{} {}, {cores} cores", std::env::consts::OS, std::env::consts::ARCH)
}

fn cipher_source(times: &CipherTimes) -> Source {
    let source = format!(
        "measured by calibrate on {}: AES-256-GCM of the crate aes-gcm in place, keys by HKDF-SHA256, \
         lines through the medians of {} to {}, less {} ns of clock",
        machine(),
        Bytes(cipher::SIZES[0]),
        Bytes(cipher::SIZES[cipher::SIZES.len() - 1]),
        times.clock_ns
    );
    Source { source, date: today() }
}

fn cost_of(times: &CipherTimes) -> Result<String> {
    let line = |what: &str, measured| -> Result<String> {
        let line = Line::of(measured).with_context(|| {
            format!("{what}: larger objects took no longer; measure on a quiet machine")
        })?;
        Ok(format!(
            "{what} takes {} and 1 s for {}, within {:.0} % at every size",
            Nanos(line.base_ns).rounded(),
            Bytes(line.bytes_per_second).rounded(),
            100.0 * line.worst_error
        ))
    };
    Ok(format!(
        "{}; {}; a key takes {}",
        line("seal", &times.seal)?,
        line("open", &times.open)?,
        Nanos(times.key_derivation_ns).rounded()
    ))
}

fn today() -> String {
    chrono::Utc::now().date_naive().to_string()
}

fn write(path: &Path, text: &str) -> Result<()> {
    frames::write_atomically::<anyhow::Error>(path, |file| Ok(file.write_all(text.as_bytes())?))?;
    let name = path.display();
    say(format!("{name}: a scenario takes it in with include = [\"{name}\"]"));
    Ok(())
}
