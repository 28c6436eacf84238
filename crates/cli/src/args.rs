//! The command line.

mod check;
mod test;

use std::path::PathBuf;

use cache::PolicySpec;
use clap::{Parser, Subcommand, ValueEnum};
use experiment::Setting;
use experiment::scenario::Fraction;
use trace::units::Nanos;

pub(crate) use check::{Check, CiArgs, Trend, When};
pub(crate) use test::{FailOn, Test};

/// Replay access traces through simulated cache tiers, and compare strategies
#[derive(Debug, Parser)]
#[command(name = "cache-strategy", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 a comparison found a difference, 2 bad usage or input, 3 check has nothing to compare with, 4 check is inconclusive, 70 a bug, 130 interrupted."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Run),
    Rerun(Rerun),
    Sustain(Sustain),
    Test(Test),
    Validate(Validate),
    Show(Show),
    Schema(Schema),
    Replay(Replay),
    Mrc(Mrc),
    Compare(Compare),
    Verify(Verify),
    Check(Check),
    Trend(Trend),
    #[command(subcommand)]
    Audit(Audit),
    Policies(Policies),
    #[command(subcommand)]
    Trace(Trace),
    #[command(subcommand)]
    Calibrate(Calibrate),
}

/// Check the audit logs that runs leave
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check that a log was not changed: 0 if it holds, 1 if it does not
    ///
    /// Every record holds a hash of itself and of the one before, so the first record that was changed,
    /// removed, inserted or moved is found. Whoever rewrites a whole log can also compute its hashes, or
    /// cut its end off: against that, give the head that was kept elsewhere, as in the run's manifest.
    #[command(
        after_help = "Examples:\n  cache-strategy audit verify reports/erasure/audit/tombstones-people.jsonl\n  cache-strategy audit verify a.jsonl --head $(jq -r '.audits[0].head' manifest.json)"
    )]
    Verify(AuditVerify),
}

#[derive(Debug, Parser)]
pub(crate) struct AuditVerify {
    /// Audit log, JSON lines
    pub(crate) log: PathBuf,
    /// Hash of the last record, as it was kept elsewhere
    #[arg(long, value_name = "HASH")]
    pub(crate) head: Option<String>,
}

/// A number of threads that a machine can have.
fn threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|threads| *threads <= 1024);
    threads.ok_or_else(|| "expected a number up to 1024".into())
}

/// A file to write, which shows before the work begins. Standard output is where tables go.
fn file(text: &str) -> Result<PathBuf, String> {
    match PathBuf::from(text) {
        _ if text == "-" => {
            Err("`-` is no file to write\nhint: `./-` is one that is called so".into())
        }
        path if path.is_dir() => Err("this is a directory, expected a file to write".into()),
        path => Ok(path),
    }
}

/// The same, or `-`.
fn file_or_stdout(text: &str) -> Result<PathBuf, String> {
    if text == "-" { Ok(text.into()) } else { file(text) }
}

fn share(text: &str) -> Result<f64, String> {
    let percent = text.parse::<Fraction>().map(Fraction::share);
    percent.or_else(|_| text.parse()).map_err(|_| "expected a share such as 0.01 or 1%".into())
}

/// How tables are printed
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns, rounded for reading
    #[default]
    Table,
    /// One JSON object a line, exact
    Json,
    /// Comma-separated values, exact
    Csv,
}

/// How results are printed
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ReplayFormat {
    /// Aligned columns, rounded for reading
    #[default]
    Table,
    /// One JSON object a line, exact
    Json,
    /// Comma-separated values, exact
    Csv,
    /// A Parquet file, with --output
    Parquet,
}

/// Replay a scenario through the tiers and write a report
///
/// Prints the result table, and writes index.html, charts, Parquet tables, summary.json and
/// manifest.json to reports/NAME.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  cache-strategy run scenarios/quickstart.toml\n  cache-strategy run scenarios/quickstart.toml --set stack.tiers.L1.capacity=1GiB\n  cache-strategy run my.toml --format json | jq .hit_ratio"
)]
pub(crate) struct Run {
    /// Scenario file
    pub(crate) scenario: PathBuf,
    /// Override a value, such as stack.tiers.L1.policy=arc; has the last word
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) settings: Vec<Setting>,
    /// Folder for the report [default: reports/NAME]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write the report even where index.html is not of this program
    #[arg(long)]
    pub(crate) force: bool,
    /// Print and compute, but write no files
    #[arg(long, conflicts_with = "out")]
    pub(crate) no_report: bool,
    #[command(flatten)]
    pub(crate) how: How,
}

#[derive(Debug, Parser)]
pub(crate) struct How {
    /// Worker threads, 0 for one a core; results are the same at any number
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = threads)]
    pub(crate) threads: usize,
    /// How the result table is printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Run a study again from its manifest and check that the results are the same
///
/// Leaves the report of the first run as it is. Ends with 0 if they are the same, with 1 if anything differs.
/// Of a run that was interrupted, only the runs that it finished are compared; without the tables
/// beside its manifest, which say which these are, it is refused.
#[derive(Debug, Parser)]
pub(crate) struct Rerun {
    /// Manifest that a run left in its report
    pub(crate) manifest: PathBuf,
    /// Folder for a report of this run [default: none is written]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write the report even where index.html is not of this program
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) how: How,
}

/// Find the highest rate of requests that a stack sustains
///
/// Compresses the time of the trace until the 99th percentile of the latency or the share of errors
/// passes its limit, and prints the bracket: the highest rate tried that keeps to both, and the lowest
/// that does not. A rate becomes too high where servers are finite (`station` in the scenario), and where
/// reads wait for another's fetch (`misses = "coalesce"`), of which there are more the denser they come.
/// Times to live are not compressed. That no rate keeps to the limits is a result like any other: exit
/// code 0.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  cache-strategy sustain scenarios/brief.toml --p99 150ms\n  cache-strategy sustain my.toml --p99 50ms --errors 1% --format json"
)]
pub(crate) struct Sustain {
    /// Scenario file
    pub(crate) scenario: PathBuf,
    /// Longest 99th percentile of the latency of reads
    #[arg(long, value_name = "TIME")]
    pub(crate) p99: Nanos,
    /// Largest share of reads that may fail
    #[arg(long, default_value = "0.1%", value_name = "SHARE")]
    pub(crate) errors: Fraction,
    /// Override a value
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) settings: Vec<Setting>,
    #[command(flatten)]
    pub(crate) how: How,
}

/// Check a scenario without running it
#[derive(Debug, Parser)]
pub(crate) struct Validate {
    /// Scenario file
    pub(crate) scenario: PathBuf,
    /// Override a value
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) settings: Vec<Setting>,
}

/// Print a scenario with every preset, default and matrix cell filled in
///
/// What --resolved prints is the study that a run replays and that its manifest holds, for `rerun`. It
/// depends on no other file but the traces. It is no scenario: each strategy and cell has a whole stack of
/// its own, and prices stand in the tiers, so `run` does not take it.
#[derive(Debug, Parser)]
pub(crate) struct Show {
    /// Scenario file
    pub(crate) scenario: PathBuf,
    /// Override a value
    #[arg(long = "set", value_name = "PATH=VALUE", requires = "resolved")]
    pub(crate) settings: Vec<Setting>,
    /// Work everything out; without it the file is printed as it stands
    #[arg(long)]
    pub(crate) resolved: bool,
}

/// Print the JSON Schema of a kind of file, for editors
#[derive(Debug, Parser)]
pub(crate) struct Schema {
    /// Which document
    #[arg(value_enum, default_value_t)]
    pub(crate) what: Document,
}

/// What `schema` prints
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Document {
    /// JSON Schema of scenario files
    #[default]
    Scenario,
    /// JSON Schema of flat studies
    Flat,
    /// JSON Schema of baselines
    Baseline,
    /// JSON Schema of trace recipes
    Recipe,
    /// The result tables and their columns, as Markdown
    Results,
}

/// Replay traces through single caches, counting hits and misses
///
/// Every request is a read that fills on a miss. Runs the whole grid of traces, policies and
/// capacities in parallel.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  cache-strategy replay traces/build-opens.csv.zst --policy lru,arc --capacity 1%,10%\n  cache-strategy replay t.bin --policy s3-fifo:version=v1,small-ratio=0.2 --capacity 64MiB\n  cache-strategy replay t.lis --policy belady --capacity 1000 --format json\n  cache-strategy replay t.lis --policy lru --capacity 1000 --prefetch next-block:degree=4"
)]
pub(crate) struct Replay {
    /// Trace files
    #[arg(required = true, value_name = "TRACE")]
    pub(crate) traces: Vec<PathBuf>,
    /// Policies, comma-separated, or `all`; parameters after a colon, as in s3-fifo:version=v1
    #[arg(long, short, required = true, value_name = "LIST")]
    pub(crate) policy: Vec<String>,
    /// Capacities, comma-separated: 1000 (objects or bytes, by --unit), 1% (of the distinct objects
    /// or of the footprint), 64MiB
    #[arg(long, short, required = true, value_name = "LIST")]
    pub(crate) capacity: Vec<String>,
    /// What capacities count [default: objects; bytes if every capacity is an amount of memory]
    #[arg(long, value_enum)]
    pub(crate) unit: Option<Unit>,
    /// Requests at the start that fill the cache but are not counted: 10% or a number
    #[arg(long, default_value = "0", value_name = "AMOUNT")]
    pub(crate) warmup: String,
    /// Admission policy before every cache, such as size:threshold=64KiB
    #[arg(long, value_name = "POLICY")]
    pub(crate) admission: Option<PolicySpec>,
    /// Prefetcher beside every cache, such as next-block:degree=4
    #[arg(long, value_name = "POLICY")]
    pub(crate) prefetch: Option<PolicySpec>,
    /// Seed of policies that draw
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Worker threads, 0 for one a core; counts are the same at any number
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = threads)]
    pub(crate) threads: usize,
    /// Check every policy's invariants at the end of its run
    #[arg(long)]
    pub(crate) check: bool,
    /// How results are printed [default: by the ending of --output, else table]
    #[arg(long, value_enum)]
    pub(crate) format: Option<ReplayFormat>,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE", value_parser = file)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// Draw miss-ratio curves: how often caches of every size miss
///
/// Prints a row a policy and capacity. With --out, also a page with the curves and with what explains
/// them: working set, reuse, popularity. Every request is a read that fills on a miss.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  cache-strategy mrc traces/build-opens.csv.zst\n  cache-strategy mrc traces/build-opens.csv.zst --policy lru,s3-fifo,belady --out reports/mrc\n  cache-strategy mrc big.oracleGeneral.zst --method shards --rate 0.001\n  cache-strategy mrc t.parquet --sizes 64MiB,1GiB,16GiB --format json"
)]
pub(crate) struct Mrc {
    /// Trace files
    #[arg(required = true, value_name = "TRACE")]
    pub(crate) traces: Vec<PathBuf>,
    /// Policies, comma-separated, or `all`; parameters after a colon, as in s3-fifo:version=v1
    #[arg(long, short, default_value = "lru", value_name = "LIST")]
    pub(crate) policy: Vec<String>,
    /// How curves are found
    #[arg(long, short, value_enum, default_value_t)]
    pub(crate) method: Method,
    /// Share of the objects that shards and mini sample, such as 0.01 or 1%; mini takes more where a
    /// cache would be too small
    #[arg(long, default_value_t = 0.01, value_name = "SHARE", value_parser = share)]
    pub(crate) rate: f64,
    /// Objects that shards-fixed-size samples
    #[arg(long, default_value_t = 8192, value_name = "N")]
    pub(crate) samples: usize,
    /// How many capacities, spread from 0.1% to 100% over the logarithm
    #[arg(long, default_value_t = 15, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) points: u16,
    /// Capacities instead, comma-separated: 1000 (objects or bytes, by --unit), 1%, 64MiB
    #[arg(long, short, value_name = "LIST", conflicts_with = "points")]
    pub(crate) sizes: Vec<String>,
    /// What capacities count [default: objects; bytes if every size is an amount of memory]
    #[arg(long, value_enum)]
    pub(crate) unit: Option<Unit>,
    /// Seed of samples and of policies that draw
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Worker threads, 0 for one a core; curves are the same at any number
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = threads)]
    pub(crate) threads: usize,
    /// How the curves are printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Folder for a page, charts and Parquet tables
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write the report even where index.html is not of this program
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// Compare policies over many traces and sizes, and write a report
///
/// Prints how many fewer misses each policy has than a baseline, over the traces, and writes
/// index.html, charts, Parquet tables, summary.json and manifest.json. Finished cells of the grid are
/// kept in cells.jsonl beside them: after an interruption, the same command goes on from there, and a
/// larger grid takes what it can use. Where capacities count objects, Belady's optimum is added.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  cache-strategy compare --traces 'traces/*.zst' --policies all --sizes 0.1%,1%,10%\n  cache-strategy compare --traces 'lirs:old/*.gz' arc:OLTP.lis.zst --policies lru,arc,lirs --sizes 1% --family folder"
)]
pub(crate) struct Compare {
    /// Trace files, or patterns such as 'traces/*.zst'; a format may stand before a colon, as in
    /// 'lirs:old/*.gz'
    #[arg(long, required = true, num_args = 1.., value_name = "GLOB")]
    pub(crate) traces: Vec<String>,
    /// Policies, comma-separated, or `all`; parameters after a colon, as in s3-fifo:version=v1
    #[arg(long, short, required = true, value_name = "LIST")]
    pub(crate) policies: Vec<String>,
    /// Sizes of the caches, comma-separated: 1% (of the distinct objects or of the footprint of each
    /// trace), 1000, 64MiB
    #[arg(long, short, required = true, value_name = "LIST")]
    pub(crate) sizes: Vec<String>,
    /// What sizes count [default: objects; bytes if every size is an amount of memory]
    #[arg(long, value_enum)]
    pub(crate) unit: Option<Unit>,
    /// Policy that the others are measured against
    #[arg(long, default_value = "fifo", value_name = "POLICY")]
    pub(crate) baseline: String,
    /// Traces that count as one observation: `trace` (each is its own), `folder`, or a regular expression
    /// over the path, whose first group names the family
    #[arg(long, default_value = "trace", value_name = "HOW")]
    pub(crate) family: String,
    /// Differences of reductions that do not matter: the region of practical equivalence
    #[arg(long, default_value = "1%", value_name = "SHARE")]
    pub(crate) rope: String,
    /// Folder for the report and the finished cells
    #[arg(long, short, default_value = "reports/compare", value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Write the report even where index.html is not of this program
    #[arg(long)]
    pub(crate) force: bool,
    /// Seed of policies that draw
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) how: How,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// How a miss-ratio curve is found
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Method {
    /// Exact where that takes seconds, else mini
    #[default]
    Auto,
    /// LRU in one pass; others by a replay a capacity
    Exact,
    /// LRU from a sample of the objects, at --rate
    Shards,
    /// LRU from a sample of --samples objects
    ShardsFixedSize,
    /// Any policy from samples at --rate or more, replayed in caches as much smaller; where a full
    /// replay is no more work, that
    Mini,
}

impl Method {
    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Method::Auto => "auto",
            Method::Exact => "exact",
            Method::Shards => "shards",
            Method::ShardsFixedSize => "shards-fixed-size",
            Method::Mini => "mini",
        }
    }
}

/// Compare published figures with what this program counts
///
/// Replays the traces that ship with the program, from the folder `traces` where it is run, and those
/// it finds below the folders given. A trace is known by its counts of requests and objects,
/// whatever its file is called. Ends with 1 if a figure differs for no known reason.
#[derive(Debug, Parser)]
#[command(
    after_help = "Verdicts: equal; within rounding (of the digits that were printed); differs: explained (the\nsource's rule is known to be another, and the count is the one that was explained); differs; not run (no such policy, or trace absent).\n\nExamples:\n  cache-strategy verify\n  cache-strategy verify --traces ~/traces --format csv > figures.csv"
)]
pub(crate) struct Verify {
    /// Folder with copies of traces that figures were published about; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) traces: Vec<PathBuf>,
    /// List figures about absent traces too
    #[arg(long)]
    pub(crate) all: bool,
    /// How the figures are printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Worker threads, 0 for one a core; counts are the same at any number
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = threads)]
    pub(crate) threads: usize,
    /// Instead count the shipped traces anew, as crates/experiment/data/golden.csv holds them
    #[arg(long, conflicts_with_all = ["traces", "all", "format"])]
    pub(crate) golden: bool,
    /// Instead print the counts that differ for a known reason, as
    /// crates/experiment/data/explained.csv holds them
    #[arg(long, conflicts_with_all = ["golden", "all", "format"])]
    pub(crate) explained: bool,
}

/// What capacities count
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unit {
    /// Every object counts 1
    Objects,
    /// Every object counts its size
    Bytes,
}

/// How a trace is read
#[derive(Debug, Clone, Parser)]
#[command(next_help_heading = "Reading")]
pub(crate) struct ReadArgs {
    /// Format of the traces [default: detected where the content is certain]
    #[arg(long, value_name = "NAME")]
    pub(crate) trace_format: Option<String>,
    /// Stop at the first broken row instead of counting it
    #[arg(long)]
    pub(crate) strict: bool,
    /// Read at most this many requests
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Take (key, size) for the object, so that sizes never change
    #[arg(long)]
    pub(crate) key_with_size: bool,
    /// Columns of a CSV file, such as time=1,key=3,size=bytes (numbers from 1, or header names)
    #[arg(long, value_name = "MAP")]
    pub(crate) csv_columns: Option<String>,
    /// Delimiter of a CSV file [default: found from the first lines]
    #[arg(long, value_name = "CHAR")]
    pub(crate) csv_delimiter: Option<char>,
    /// Unit of the stamps of a CSV file: s, ms, us or ns [default: s]
    #[arg(long, value_name = "UNIT")]
    pub(crate) csv_time_unit: Option<String>,
}

/// List eviction and admission policies and prefetchers, or explain one
#[derive(Debug, Parser)]
pub(crate) struct Policies {
    /// Policy to explain
    pub(crate) name: Option<String>,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Print the list as Markdown, for docs/policies.md
    #[arg(long, conflicts_with_all = ["name", "format"])]
    pub(crate) markdown: bool,
}

/// Look at, convert, sample and generate traces
#[derive(Debug, Subcommand)]
pub(crate) enum Trace {
    /// Measure a trace: requests, objects, bytes, popularity, working set
    Info(Info),
    /// Write a trace in the native format, Parquet
    Convert(Convert),
    /// Print the first requests
    Head(Head),
    Sample(Sample),
    /// Make a trace from a recipe
    Generate(Generate),
    /// List the formats that can be read
    Formats(Formats),
}

#[derive(Debug, Parser)]
pub(crate) struct Info {
    /// Trace files
    #[arg(required = true, value_name = "TRACE")]
    pub(crate) traces: Vec<PathBuf>,
    /// How many of the most popular objects to list
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) top: usize,
    /// How the profile is printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Debug, Parser)]
pub(crate) struct Convert {
    /// Trace file
    pub(crate) trace: PathBuf,
    /// File to write, ending in .parquet
    pub(crate) output: PathBuf,
    /// Leave out the keys of objects, clients and regions
    #[arg(long)]
    pub(crate) without_keys: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Debug, Parser)]
pub(crate) struct Head {
    /// Trace file
    pub(crate) trace: PathBuf,
    /// How many requests
    #[arg(long, short = 'n', default_value_t = 10, value_name = "N")]
    pub(crate) count: usize,
    /// How requests are printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// Keep a part of a trace, by object, client or time
///
/// By object or client, the same ones are kept in every trace: the choice is by a hash of the key.
/// A sample of objects misses most of the hottest ones, so its hit ratio is not that of the whole.
#[derive(Debug, Parser)]
pub(crate) struct Sample {
    /// Trace file
    pub(crate) trace: PathBuf,
    /// File to write, ending in .parquet
    pub(crate) output: PathBuf,
    /// Keep this share of the objects, such as 10%
    #[arg(long, value_name = "SHARE", group = "how")]
    pub(crate) objects: Option<String>,
    /// Keep this share of the clients, such as 10%
    #[arg(long, value_name = "SHARE", group = "how")]
    pub(crate) clients: Option<String>,
    /// Keep a span of trace time, such as 1h..2h
    #[arg(long, value_name = "FROM..TO", group = "how")]
    pub(crate) time: Option<String>,
    /// Keep a range of requests, such as 0..100000
    #[arg(long, value_name = "FROM..TO", group = "how")]
    pub(crate) requests: Option<String>,
    /// Seed of the hash
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Debug, Parser)]
pub(crate) struct Generate {
    /// Recipe file; traces/recipes holds some
    pub(crate) recipe: PathBuf,
    /// File to write, ending in .parquet
    pub(crate) output: PathBuf,
    /// Seed in place of the recipe's
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Parser)]
pub(crate) struct Formats {
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Print the list as Markdown, for docs/formats.md
    #[arg(long, conflicts_with = "format")]
    pub(crate) markdown: bool,
}

/// Make latency profiles of your own: measure, fit, judge
///
/// A profile is a section of a TOML file, [latency.NAME], which a scenario includes with include =
/// ["FILE"] and a tier uses with latency = "NAME".
#[derive(Debug, Subcommand)]
pub(crate) enum Calibrate {
    /// Fit profiles to latencies in a CSV file, and judge them
    ///
    /// The file has a header and a row a sample. Columns: latency_us (or _ns, _ms, _s), and, where
    /// known, size in bytes and time_s (or _ms ...) of the request. Others are ignored.
    ///
    /// A table of quantiles and five laws are fitted to half of the samples and judged on the rest: the
    /// Kolmogorov-Smirnov distance (ks, beside what chance allows) and the errors of p50 and p99. What
    /// is further off than chance and a margin allow is refused, and cannot be written. Where latencies
    /// are like those just before, two regimes are fitted: a fast and a slow state that change in time.
    Fit(CalibrateFit),
    /// Measure this machine's memory, a Redis and AES-256-GCM, and write profiles
    ///
    /// Always measures look-ups in a hash map of this process. Each is one client that waits for its
    /// answer before it asks again, so that the figures hold no waiting for others. Use a release build
    /// on a machine that does nothing else; what the clock itself costs is left out.
    Measure(CalibrateMeasure),
}

#[derive(Debug, Parser)]
#[command(
    after_help = "Exit codes: 1 if every profile is refused, and then nothing is written.\n\nExamples:\n  cache-strategy calibrate fit redis.csv\n  cache-strategy calibrate fit redis.csv --output redis.toml --name redis-eu\n  cache-strategy calibrate fit s3.csv --interval 20ms --output s3.toml"
)]
pub(crate) struct CalibrateFit {
    /// CSV file of samples, in the order they were measured
    #[arg(value_name = "SAMPLES")]
    pub(crate) samples: PathBuf,
    /// Unit of a column that is called just latency: ns, us, ms or s
    #[arg(long, value_name = "UNIT")]
    pub(crate) unit: Option<calibrate::TimeUnit>,
    /// Time between two samples, where the file has no times: regimes need to know
    #[arg(long, value_name = "TIME")]
    pub(crate) interval: Option<trace::units::Nanos>,
    /// Write this profile instead of the one the verdict names: table, lognormal, gamma, weibull,
    /// burr, bimodal or regimes
    #[arg(long = "use", value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Name of the profile [default: the file's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// What the profile says about where its figures are from [default: the file and its samples]
    #[arg(long, value_name = "TEXT")]
    pub(crate) source: Option<String>,
    /// Day the samples were measured, as 2026-11-25 [default: today]
    #[arg(long, value_name = "DAY")]
    pub(crate) date: Option<String>,
    /// Write the profile to this file
    #[arg(long, short, value_name = "FILE", value_parser = file)]
    pub(crate) output: Option<PathBuf>,
    /// How the report is printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Parser)]
#[command(
    after_help = "The Redis gets six keys, cache-strategy:calibrate:..., which are removed at the end.\n\nExamples:\n  cache-strategy calibrate measure --output here.toml\n  cache-strategy calibrate measure --redis 127.0.0.1:6379 --aes --output here.toml"
)]
pub(crate) struct CalibrateMeasure {
    /// Measure GET from the Redis at this address
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) redis: Option<String>,
    /// Measure sealing and opening with AES-256-GCM
    #[arg(long)]
    pub(crate) aes: bool,
    /// Samples of each size
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(crate) samples: u32,
    /// Write the profiles to this file
    #[arg(long, short, value_name = "FILE", value_parser = file)]
    pub(crate) output: Option<PathBuf>,
    /// How the figures are printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
