//! How fast every policy replays a trace, on one core, and how much state it keeps.
//!
//! The capacity is a tenth of the objects (unit sizes) or of their bytes (sized). Misses are printed
//! so that a change of results is not mistaken for a change of speed.
//!
//!     replay [--trace zipf-1.0-1m|zipf-0.8-10m | --file TRACE] [--policies LIST]
//!            [--sizes unit|sized] [--rounds N] [--record FILE]

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;

use benches::{Arguments, ROUNDS, Recipe, Speed, counting, measure, show, size_of};
use cache::{Job, PolicyInfo, Unit, split_specs};
use serde_json::{Map, Value};
use trace::readers::{ReadOptions, read};
use trace::{Columns, ReadReport, Sizes, Trace, next_use};

/// Million requests a second that we want, with unit sizes: on the small trace, on the large one.
const GOALS: &[(&str, Option<u32>, Option<u32>)] = &[
    ("fifo", Some(250), Some(100)),
    ("lru", Some(120), Some(60)),
    ("clock", Some(150), Some(60)),
    ("sieve", Some(100), Some(40)),
    ("s3-fifo", Some(100), Some(30)),
    ("arc", Some(40), Some(15)),
    ("2q", Some(40), None),
    ("slru", Some(40), None),
    ("lirs", Some(40), None),
    ("w-tiny-lfu", Some(40), None),
    ("lfu", Some(40), None),
];

/// What sampled and greedy-dual policies should reach on the small trace.
const GOAL_OF_SAMPLED: u32 = 15;
const SAMPLED: &[&str] = &[
    "camp",
    "gd-wheel",
    "gds",
    "gdsf",
    "hyperbolic",
    "lfu-da",
    "lhd",
    "random",
    "random-two",
    "redis-allkeys-lfu",
    "redis-allkeys-lru",
    "sampled",
];

#[global_allocator]
static ALLOCATOR: counting::Allocator = counting::Allocator;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(&["trace", "file", "policies", "sizes", "rounds", "record"])?;
    let header = [
        "policy",
        "sizes",
        "requests",
        "objects",
        "capacity",
        "goal_m_per_s",
        "median_m_per_s",
        "min",
        "max",
        "cpu_median",
        "state_bytes_per_object",
        "misses",
    ];
    let recipe = arguments.get("trace").unwrap_or("zipf-1.0-1m");
    let load = || match arguments.get("file") {
        None => Ok(Recipe::named(recipe)?.generate()?),
        Some(path) => objects_of(Path::new(path)),
    };
    let rounds = arguments.get("rounds").map_or(Ok(ROUNDS), str::parse)?;
    let policies = match arguments.get("policies") {
        None => policies::ALL.iter().map(|info| (*info, Map::new())).collect(),
        Some(list) => split_specs(list)?
            .into_iter()
            .map(|spec| Ok((policies::resolve(&spec)?, spec.parameters)))
            .collect::<Result<Vec<_>, cache::Error>>()?,
    };
    let mut rows = Vec::new();
    for (label, unit) in [("unit", Unit::Objects), ("sized", Unit::Bytes)] {
        if arguments.get("sizes").is_some_and(|wanted| wanted != label) {
            continue;
        }
        let trace = match unit {
            Unit::Objects => load()?,
            Unit::Bytes => with_sizes(load()?)?,
        };
        let clairvoyant = policies.iter().any(|(info, _)| info.kind.clairvoyant);
        let next_use = clairvoyant.then(|| next_use(trace.objects(), trace.n_objects()));
        let job = Job {
            trace: &trace,
            capacity: match unit {
                Unit::Objects => u64::from(trace.n_objects()) / 10,
                Unit::Bytes => trace.footprint_bytes() / 10,
            },
            unit,
            warmup: 0,
            seed: 1,
            next_use: next_use.as_deref(),
            check: false,
            admission: None,
            prefetch: None,
        };
        for (policy, parameters) in &policies {
            let (Speed { median, min, max, cpu_median }, (misses, state)) =
                measure(rounds, trace.n_requests(), || run(policy, parameters, &job))?;
            let spec = cache::PolicySpec { parameters: parameters.clone(), ..named(policy) };
            let mut row = vec![spec.to_string(), label.to_string()];
            row.extend([trace.n_requests().to_string(), trace.n_objects().to_string()]);
            row.push(job.capacity.to_string());
            let goal = (unit == Unit::Objects).then(|| goal(policy.name, recipe)).flatten();
            row.push(goal.map_or(String::new(), |goal| goal.to_string()));
            row.extend([median, min, max, cpu_median].map(|speed| format!("{speed:.1}")));
            row.push(format!("{:.1}", state as f64 / f64::from(trace.n_objects())));
            row.push(misses.to_string());
            rows.push(row);
        }
    }
    show(&header, &rows, arguments.get("record").map(Into::into))
}

fn named(policy: &PolicyInfo) -> cache::PolicySpec {
    cache::PolicySpec::named(policy.name)
}

fn goal(policy: &str, recipe: &str) -> Option<u32> {
    let small = recipe == "zipf-1.0-1m";
    match GOALS.iter().find(|goal| goal.0 == policy) {
        Some((_, goal, _)) if small => *goal,
        Some((.., goal)) => *goal,
        None => (small && SAMPLED.contains(&policy)).then_some(GOAL_OF_SAMPLED),
    }
}

/// The objects asked for in a file, and nothing else.
fn objects_of(path: &Path) -> Result<Trace, Box<dyn Error>> {
    let options = ReadOptions { ignore_time: true, ignore_op: true, ..ReadOptions::default() };
    let trace = read(path, &options, &mut |_, _| {})?;
    let columns = Columns::untimed(trace.objects().to_vec());
    Ok(Trace::new(trace.name(), columns, ReadReport::default())?)
}

/// The same trace with a size for each object.
fn with_sizes(trace: Trace) -> Result<Trace, Box<dyn Error>> {
    let name = trace.name().to_string();
    let mut columns = trace.into_columns();
    let sizes = columns.object.iter().map(|object| size_of(u64::from(object.0)));
    columns.size = Some(Sizes::Narrow(sizes.collect()));
    Ok(Trace::new(name, columns, ReadReport::default())?)
}

/// Misses, and the most memory held beyond what was held before.
fn run(
    policy: &PolicyInfo,
    parameters: &Map<String, Value>,
    job: &Job<'_>,
) -> Result<(u64, usize), Box<dyn Error>> {
    let (counts, state) = counting::peak_of(|| {
        (policy.kind.run)(job, parameters, &mut |_| ControlFlow::Continue(()))
    });
    Ok((counts?.ok_or("stopped")?.misses(), state))
}
