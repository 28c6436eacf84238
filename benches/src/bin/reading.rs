//! How fast traces are read, on one core, and how much memory that takes.
//!
//! Each case runs in a process of its own, which is this program again with the case's name and
//! input, so that peak memory is the case's own. All inputs hold the same requests.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use benches::{Arguments, ROUNDS, Speed, measure, peak_bytes, show, write_oracle_general, zipf};
use frames::{TraceColumns, read_trace, write_trace};
use serde::{Deserialize, Serialize};
use trace::Trace;
use trace::readers::{ReadOptions, read};

struct Case {
    name: &'static str,
    input: &'static str,
    read: fn(&Path) -> Result<Trace, Box<dyn Error>>,
    /// Million requests a second.
    goal: Option<u32>,
    /// Bytes a request.
    goal_peak: Option<u32>,
}

const RAW: &str = "zipf.oracleGeneral.bin";
const NATIVE: &str = "zipf.parquet";

const CASES: &[Case] = &[
    Case {
        name: "oracleGeneral, all columns",
        input: RAW,
        read: |path| Ok(read(path, &ReadOptions::default(), &mut |_, _| {})?),
        goal: Some(25),
        goal_peak: None,
    },
    Case {
        name: "oracleGeneral, objects only",
        input: RAW,
        read: |path| {
            let bare = ReadOptions { ignore_time: true, ignore_size: true, ..Default::default() };
            Ok(read(path, &bare, &mut |_, _| {})?)
        },
        goal: Some(25),
        goal_peak: Some(12),
    },
    Case {
        name: "Parquet, all columns",
        input: NATIVE,
        read: |path| Ok(read_trace(path, &TraceColumns::default())?),
        goal: None,
        goal_peak: None,
    },
    Case {
        name: "Parquet, objects only",
        input: NATIVE,
        read: |path| {
            let bare = TraceColumns { time: false, size: false, others: false, names: false };
            Ok(read_trace(path, &bare)?)
        },
        goal: Some(100),
        goal_peak: Some(12),
    },
];

/// What a child finds out.
#[derive(Serialize, Deserialize)]
struct Found {
    requests: usize,
    objects: u32,
    peak: Option<u64>,
    speed: Speed,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, name, path] = arguments.as_slice()
        && flag == "--case"
    {
        return child(name, Path::new(path));
    }
    let arguments = Arguments::parse(&["record"])?;
    let dir = tempfile::tempdir()?;
    write_inputs(dir.path())?;
    let header = [
        "case",
        "requests",
        "objects",
        "goal_m_per_s",
        "median_m_per_s",
        "min",
        "max",
        "cpu_median",
        "goal_peak_bytes_per_request",
        "peak_bytes_per_request",
    ];
    let goal = |goal: Option<u32>| goal.map_or(String::new(), |goal| goal.to_string());
    let mut rows = Vec::new();
    for case in CASES {
        let found = parent(case, &dir.path().join(case.input))?;
        let Speed { median, min, max, cpu_median } = found.speed;
        let mut row = vec![case.name.to_string(), found.requests.to_string()];
        row.extend([found.objects.to_string(), goal(case.goal)]);
        row.extend([median, min, max, cpu_median].map(|speed| format!("{speed:.1}")));
        row.push(goal(case.goal_peak));
        let peak = found.peak.map(|bytes| bytes as f64 / found.requests as f64);
        row.push(peak.map_or(String::new(), |peak| format!("{peak:.1}")));
        rows.push(row);
    }
    show(&header, &rows, arguments.get("record").map(Into::into))
}

fn parent(case: &Case, input: &Path) -> Result<Found, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let output = Command::new(program).args(["--case", case.name]).arg(input).output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", case.name, String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn child(name: &str, input: &Path) -> Result<(), Box<dyn Error>> {
    let case = CASES.iter().find(|case| case.name == name).ok_or("no such case")?;
    let n_requests = (case.read)(input)?.n_requests();
    let (speed, trace) = measure(ROUNDS, n_requests, || (case.read)(input))?;
    let found =
        Found { requests: n_requests, objects: trace.n_objects(), peak: peak_bytes(), speed };
    Ok(serde_json::to_writer(std::io::stdout(), &found)?)
}

/// The same requests in both formats.
fn write_inputs(dir: &Path) -> Result<(), Box<dyn Error>> {
    let raw = dir.join(RAW);
    write_oracle_general(&zipf()?, &raw)?;
    let trace = read(&raw, &ReadOptions::default(), &mut |_, _| {})?;
    Ok(write_trace(&dir.join(NATIVE), &trace, true)?)
}
