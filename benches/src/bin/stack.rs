//! How fast the stack is simulated: four tiers with the latencies of the preset `brief`.
//!
//!     stack [--requests N] [--rounds N] [--queues off|on] [--record FILE]
//!
//! One million objects of one byte, Zipf 1.0, at 20,000 requests a second; the tiers hold 0.1, 1, 10
//! and 50 % of the objects. `queues off` has no stations; `queues on` has one in every tier but the
//! first and at the origin, with coalesced misses. Histograms and series are on in both.
//!
//! Bytes are the most held during a run, by objects of the trace and tiers, the origin not counted.
//!
//! Where the CPU time of `queues off` goes (`perf record -e cpu-clock`, 2026-11-26): draws of latencies
//! 18 % (of these a fifth drawing rows of eight, the rest looking up what they mean), the contents of tiers
//! 17 %, mostly waiting for memory, fetching ahead 9 %, LRU-K's heap 6 %, asking 8 %, events 7 %, keeping
//! 6 %, answers and counting 8 %. It is flat: no function has more than 8 %. A read that misses the first
//! tier asks three and a half tiers and fills two and a half.

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::ControlFlow;

use benches::{Arguments, ROUNDS, Recipe, counting, measure, show};
use cache::PolicySpec;
use tiers::{
    Arrivals, LatencyProfile, LatencySpec, Misses, Origin, Outcome, Rate, Run, Service, Stack,
    StationSpec, Tier, simulate,
};
use trace::Trace;
use trace::units::Nanos;

#[global_allocator]
static ALLOCATOR: counting::Allocator = counting::Allocator;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(&["requests", "rounds", "queues", "record"])?;
    let n = arguments.get("requests").unwrap_or("5000000").parse()?;
    let rounds = arguments.get("rounds").map_or(Ok(ROUNDS), str::parse)?;
    let trace = Recipe::named("zipf-1.0-1m")?.generate_first(n)?;
    let arrivals = Arrivals::Poisson.times(&trace, Some(Rate(20_000.0)), 1).ok_or("no rate")?;
    let mut rows = Vec::new();
    for (queues, goal, stack) in
        [("off", 3.0, stack(&trace)?), ("on", 1.5, with_queues(stack(&trace)?))]
    {
        if arguments.get("queues").is_some_and(|wanted| wanted != queues) {
            continue;
        }
        let (speed, (outcome, held)) = measure(rounds, trace.n_requests(), || {
            let run = Run { n_windows: 48, ..Run::new(&trace, &arrivals, &stack, 1) };
            let (outcome, held) =
                counting::peak_of(|| simulate(&run, &mut |_| ControlFlow::Continue(())));
            Ok((outcome?.ok_or("stopped")?, held))
        })?;
        let mut row = vec![format!("queues {queues}"), format!("{goal:.1}")];
        row.extend(
            [speed.cpu_median, speed.median, speed.min, speed.max].map(|s| format!("{s:.2}")),
        );
        let places = f64::from(trace.n_objects()) * stack.tiers.len() as f64;
        row.push(format!("{:.1}", held as f64 / places));
        row.extend(counts(&outcome));
        rows.push(row);
    }
    let header = [
        "run",
        "goal_m_per_s",
        "cpu_m_per_s",
        "m_per_s",
        "min",
        "max",
        "bytes_per_object_and_tier",
        "hits",
        "p99_ns",
        "waited",
        "in_flight",
    ];
    show(&header, &rows, arguments.get("record").map(Into::into))
}

fn counts(outcome: &Outcome) -> [String; 4] {
    let waited: u64 = outcome.tiers.iter().flat_map(|tier| &tier.stations).map(|s| s.waited).sum();
    [
        outcome.hits().to_string(),
        outcome.latency.value_at_quantile(0.99).to_string(),
        waited.to_string(),
        outcome.in_flight_max.to_string(),
    ]
}

fn stack(trace: &Trace) -> Result<Stack, Box<dyn Error>> {
    #[derive(serde::Deserialize)]
    struct Library {
        latency: BTreeMap<String, LatencySpec>,
    }
    let text = include_str!("../../../crates/experiment/presets/latency.toml");
    let library: Library = toml::from_str(text)?;
    let profile = |name: &str| -> Result<LatencyProfile, Box<dyn Error>> {
        Ok(LatencyProfile::new(library.latency.get(name).ok_or("no such profile")?)?)
    };
    let tier = |name, per_mille: u64, policy, latency| -> Result<Tier, Box<dyn Error>> {
        let capacity = u64::from(trace.n_objects()) * per_mille / 1000;
        Ok(Tier::new(name, PolicySpec::named(policy), capacity, profile(latency)?))
    };
    let mut tiers = vec![
        tier("L0", 1, "lru", "processor-cache")?,
        tier("L1", 10, "lru-k", "process-memory")?,
        tier("L2", 100, "lru", "redis-same-zone")?,
        tier("L3", 500, "lru", "cdn-edge")?,
    ];
    tiers[1].freshness.ttl = Some(Nanos(60_000_000_000));
    tiers[2].freshness.ttl = Some(Nanos(3_600_000_000_000));
    tiers[3].freshness.ttl = Some(Nanos(86_400_000_000_000));
    Ok(Stack::new(tiers, Origin::new(profile("origin-database")?)))
}

fn with_queues(mut stack: Stack) -> Stack {
    let thread = |ns| Service::Own(LatencyProfile::constant(Nanos(ns)));
    stack.tiers[1].station = Some(StationSpec { service: thread(1_000), ..StationSpec::new(1) });
    stack.tiers[2].station = Some(StationSpec { service: thread(20_000), ..StationSpec::new(1) });
    stack.tiers[3].station = Some(StationSpec::new(400));
    stack.origin.station = Some(StationSpec::new(200));
    for tier in &mut stack.tiers[1..] {
        tier.misses = Misses::Coalesce;
    }
    stack
}
