//! What the benchmark programs share: the trace they run on, the clock, and the record.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

pub mod counting;

use serde::{Deserialize, Serialize};
use trace::readers::{ReadOptions, read};
use trace::{NEVER, Trace, next_use};

/// Runs that are measured unless said otherwise; one before them is not, since it finds everything
/// cold.
pub const ROUNDS: usize = 5;

/// The recipe of a trace to measure on.
pub struct Recipe {
    name: &'static str,
    text: &'static str,
}

impl Recipe {
    /// The recipe called `name` in `traces/recipes/`.
    pub fn named(name: &str) -> Result<Self, Box<dyn Error>> {
        let recipes = [
            // One million objects, Zipf 1.0, 20 million requests, neither time nor size.
            ("zipf-1.0-1m", include_str!("../../traces/recipes/zipf-1.0-1m.toml")),
            // Ten million objects, Zipf 0.8, 100 million requests.
            ("zipf-0.8-10m", include_str!("../../traces/recipes/zipf-0.8-10m.toml")),
        ];
        let found = recipes.into_iter().find(|recipe| recipe.0 == name);
        let (name, text) = found.ok_or_else(|| format!("there is no trace called {name}"))?;
        Ok(Recipe { name, text })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The trace.
    pub fn generate(&self) -> Result<Trace, trace::Error> {
        self.generate_first(u64::MAX)
    }

    /// Its first `n` requests.
    pub fn generate_first(&self, n: u64) -> Result<Trace, trace::Error> {
        let mut recipe = trace::generate::Recipe::from_toml(self.text, self.name)?;
        let mut left = n;
        for phase in &mut recipe.phases {
            phase.requests = phase.requests.min(left);
            left -= phase.requests;
        }
        recipe.phases.retain(|phase| phase.requests > 0);
        trace::generate::generate(&recipe, None)
    }
}

/// The trace that most benchmarks run on.
pub fn zipf() -> Result<Trace, Box<dyn Error>> {
    Ok(Recipe::named("zipf-1.0-1m")?.generate()?)
}

/// The recordings in `traces/`, without what flat replay has no use for.
pub fn recordings() -> Result<Vec<Trace>, trace::Error> {
    const FILES: [&str; 6] = [
        "build-opens.csv.zst",
        "memory-gzip.addr.xz",
        "redis-monitor.log.zst",
        "sqlite-analytical.csv.zst",
        "sqlite-transactional.csv.zst",
        "web-crawl.log.zst",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
    let options = ReadOptions { ignore_time: true, ignore_op: true, ..ReadOptions::default() };
    FILES.iter().map(|file| read(&folder.join(file), &options, &mut |_, _| {})).collect()
}

/// A number that looks random: the finaliser of splitmix64, a bijection.
pub fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A size in bytes from 1 to 64 Ki, fixed by its object's key.
pub fn size_of(key: u64) -> u32 {
    1 + (scramble(key) >> 48) as u32
}

/// Writes the requests as raw oracleGeneral records: keys scrambled, 10 000 requests a second, sizes
/// by key.
pub fn write_oracle_general(trace: &Trace, path: &Path) -> Result<(), Box<dyn Error>> {
    let next = next_use(trace.objects(), trace.n_objects());
    let mut file = BufWriter::new(File::create(path)?);
    for (i, (object, next)) in trace.objects().iter().zip(next).enumerate() {
        let key = scramble(u64::from(object.0));
        let next = if next == NEVER { -1 } else { i64::from(next) + 1 };
        file.write_all(&((i / 10_000) as u32).to_le_bytes())?;
        file.write_all(&key.to_le_bytes())?;
        file.write_all(&size_of(key).to_le_bytes())?;
        file.write_all(&next.to_le_bytes())?;
    }
    Ok(file.flush()?)
}

/// Million requests a second over some runs on one core.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// By wall clock.
    pub median: f64,
    /// Slowest run.
    pub min: f64,
    /// Fastest run.
    pub max: f64,
    /// By CPU time: what the median would be on a quiet machine. 0 where the system does not say.
    pub cpu_median: f64,
}

/// Runs `work`, which handles `n_requests`, `rounds` times and once before, and also gives what the
/// last run returned.
pub fn measure<T>(
    rounds: usize,
    n_requests: usize,
    mut work: impl FnMut() -> Result<T, Box<dyn Error>>,
) -> Result<(Speed, T), Box<dyn Error>> {
    let mut last = work()?;
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        // Freed before the clock starts, and before the next one takes memory.
        drop(last);
        let (start, cpu_start) = (Instant::now(), cpu_seconds());
        last = work()?;
        wall.push(start.elapsed().as_secs_f64());
        cpu.extend(cpu_seconds().zip(cpu_start).map(|(end, start)| end - start));
    }
    let speed = |seconds: f64| n_requests as f64 / seconds / 1e6;
    wall.sort_by(f64::total_cmp);
    cpu.sort_by(f64::total_cmp);
    let speed = Speed {
        median: speed(wall[rounds / 2]),
        min: speed(wall[rounds - 1]),
        max: speed(wall[0]),
        cpu_median: cpu.get(rounds / 2).map_or(0.0, |seconds| speed(*seconds)),
    };
    Ok((speed, last))
}

/// CPU time of this thread, on Linux.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

/// The largest resident set this process has had, in bytes, on Linux.
pub fn peak_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// The arguments of a benchmark: `--name value` pairs.
pub struct Arguments(Vec<(String, String)>);

impl Arguments {
    /// Those of this process. Names that are not in `known` are an error.
    pub fn parse(known: &[&str]) -> Result<Self, Box<dyn Error>> {
        let usage = || {
            let options: Vec<_> = known.iter().map(|name| format!("[--{name} VALUE]")).collect();
            format!("usage: {}", options.join(" "))
        };
        let mut pairs = Vec::new();
        let mut arguments = std::env::args().skip(1);
        while let Some(flag) = arguments.next() {
            let name = flag.strip_prefix("--").filter(|name| known.contains(name));
            let name = name.ok_or_else(usage)?;
            pairs.push((name.to_string(), arguments.next().ok_or_else(usage)?));
        }
        Ok(Arguments(pairs))
    }

    /// The value given for `name`, if any.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_str())
    }
}

/// Prints the rows as a table and, if asked, writes them as CSV.
#[allow(clippy::print_stdout, reason = "these programs print")]
pub fn show(
    header: &[&str],
    rows: &[Vec<String>],
    record: Option<PathBuf>,
) -> Result<(), Box<dyn Error>> {
    let header: Vec<String> = header.iter().map(|name| name.to_string()).collect();
    let lines = || std::iter::once(&header).chain(rows);
    for line in lines() {
        for (i, cell) in line.iter().enumerate() {
            let width = lines().map(|line| line[i].len()).max().unwrap_or(0);
            print!("{cell:width$}  ");
        }
        println!();
    }
    if let Some(path) = record {
        let mut writer = csv::Writer::from_writer(File::create(path)?);
        for line in lines() {
            writer.write_record(line)?;
        }
        writer.flush()?;
    }
    Ok(())
}
