//! How fast an oracleGeneral file comes in, and in how much memory. Not a check but a measurement:
//!
//! `cargo test --release -p trace --test it -- --ignored --nocapture speed`

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use trace::readers::{ReadOptions, read};
use trace::stream::Stream;

const N_REQUESTS: u64 = 20_000_000;
const N_OBJECTS: usize = 1_000_000;

#[test]
#[ignore = "a measurement; run it in release mode"]
fn speed() {
    let path = std::env::temp_dir().join(format!("speed-{}.oracleGeneral.bin", std::process::id()));
    write_zipf(&path);
    let all = ReadOptions::default();
    let bare = ReadOptions { ignore_time: true, ignore_size: true, ..ReadOptions::default() };
    for (what, options) in [("times and sizes", &all), ("neither", &bare)] {
        for _ in 0..3 {
            let before = reset_peak();
            let (start, busy) = (Instant::now(), cpu_seconds());
            let trace = read(&path, options, &mut |_, _| {}).unwrap();
            let (seconds, busy) = (start.elapsed().as_secs_f64(), cpu_seconds() - busy);
            let n = trace.n_requests() as f64;
            println!(
                "{what}: {:.1} M requests/s, {:.1} by CPU time, {:.1} bytes a request at most, {} objects",
                n / seconds / 1e6,
                n / busy / 1e6,
                (peak().saturating_sub(before)) as f64 / n,
                trace.n_objects()
            );
        }
    }
    fs::remove_file(&path).unwrap();
}

/// Zipf with exponent 1 over a million objects in random order, a second every thousand requests.
fn write_zipf(path: &Path) {
    let mut cumulative = Vec::with_capacity(N_OBJECTS);
    let mut total = 0.0;
    for rank in 1..=N_OBJECTS {
        total += 1.0 / rank as f64;
        cumulative.push(total);
    }
    let stream = Stream::new(1, "speed");
    let mut out = BufWriter::new(fs::File::create(path).unwrap());
    for n in 0..N_REQUESTS {
        let draw = stream.uniform_at(n) * total;
        let rank = cumulative.partition_point(|sum| *sum < draw) as u64;
        let id = rank.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        out.write_all(&((n / 1000) as u32).to_le_bytes()).unwrap();
        out.write_all(&id.to_le_bytes()).unwrap();
        out.write_all(&(rank as u32 % 5000 + 1).to_le_bytes()).unwrap();
        out.write_all(&(-1i64).to_le_bytes()).unwrap();
    }
    out.flush().unwrap();
}

/// Processor time of this process so far, in hundredths: other work on the machine does not count.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or("");
    let ticks = |i| after_name.split_whitespace().nth(i).and_then(|t| t.parse::<f64>().ok());
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}

/// Starts a new peak and gives the resident bytes now.
fn reset_peak() -> u64 {
    let _ = fs::write("/proc/self/clear_refs", "5");
    status("VmRSS:")
}

/// Resident bytes at most since the last reset.
fn peak() -> u64 {
    status("VmHWM:")
}

fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) * 1024
}
