//! How far mini-simulation is off on the recordings, and how often its intervals hold the truth.
//!
//! Over capacities from a thousandth of the objects to all but the last of 25 steps, evenly spread over
//! the logarithm; those that are replayed in full are counted but not judged. The width is half of an
//! interval.

use std::error::Error;
use std::ops::ControlFlow;

use benches::{Arguments, recordings, show};
use cache::{PolicyInfo, PolicySpec, Unit};
use curves::mini_simulation::MiniSimulation;
use curves::{Point, grid, spread, whole};
use trace::Trace;

const POLICIES: [&str; 7] = ["lru", "fifo", "s3-fifo", "sieve", "arc", "lirs", "w-tiny-lfu"];
const RATES: [f64; 4] = [0.01, 0.02, 0.04, 0.08];
const N_CAPACITIES: usize = 25;
const SEEDS: std::ops::Range<u64> = 1..11;

type Policy<'a> = (&'a PolicySpec, &'static PolicyInfo);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(&["record"])?;
    let header =
        ["trace", "policy", "rate", "capacities", "sampled", "error", "error max", "width", "held"];
    let mut rows = Vec::new();
    for trace in recordings()? {
        let mut capacities = spread(whole(&trace, Unit::Objects), N_CAPACITIES);
        // A cache of everything has compulsory misses only, which no sample gets wrong.
        capacities.pop();
        for rate in RATES {
            let draw =
                |seed| MiniSimulation::new(&trace, Unit::Objects, rate, 1000 * seed, &capacities);
            let minis = SEEDS.map(draw).collect::<Result<Vec<_>, _>>()?;
            for policy in POLICIES {
                rows.push(judge(&trace, &minis, policy, rate, &capacities)?);
            }
        }
    }
    show(&header, &rows, arguments.get("record").map(Into::into))
}

fn go_on(_: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn judge(
    trace: &Trace,
    minis: &[MiniSimulation],
    policy: &str,
    rate: f64,
    capacities: &[u64],
) -> Result<Vec<String>, Box<dyn Error>> {
    let spec = PolicySpec::named(policy);
    let named: Policy<'_> = (&spec, policies::find(policy)?);
    let mut judged: Vec<(Point, f64)> = Vec::new();
    let sampled: Vec<u64> = capacities.iter().copied().filter(|c| minis[0].reaches(*c)).collect();
    for capacity in &sampled {
        let exact = grid::point(trace, Unit::Objects, named, *capacity, 1, None, &mut go_on)?;
        let exact = exact.ok_or("nothing stops it")?.miss_ratio;
        for mini in minis {
            let point = mini.point(named, *capacity, 1, &mut go_on)?.ok_or("nothing stops it")?;
            judged.push((point, exact));
        }
    }
    let mut row = vec![trace.name().to_string(), policy.to_string(), rate.to_string()];
    row.extend([capacities.len(), sampled.len()].map(|n| n.to_string()));
    if judged.is_empty() {
        row.resize(9, String::new());
        return Ok(row);
    }
    let mean = |of: &dyn Fn(&(Point, f64)) -> f64| {
        judged.iter().map(of).sum::<f64>() / judged.len() as f64
    };
    let error = |(point, exact): &(Point, f64)| (point.miss_ratio - exact).abs();
    // Sums of floating-point numbers may differ in their last bits.
    let holds = |(point, exact): &(Point, f64)| {
        f64::from(u8::from((point.low - 1e-12..=point.high + 1e-12).contains(exact)))
    };
    let worst = judged.iter().map(error).fold(0.0, f64::max);
    let width = |(point, _): &(Point, f64)| (point.high - point.low) / 2.0;
    row.extend([mean(&error), worst, mean(&width)].map(|value| format!("{value:.4}")));
    row.push(format!("{:.2}", mean(&holds)));
    Ok(row)
}
