//! How fast the exact LRU curve is, on one core, and how far SHARDS is from it.
//!
//! Errors are mean absolute errors over capacities from a thousandth of the objects to all of them,
//! evenly spread over the logarithm, averaged over seeds.

use std::error::Error;
use std::ops::ControlFlow;

use benches::{Arguments, ROUNDS, measure, recordings, show, size_of, zipf};
use cache::Unit;
use curves::shards::{self, Sample};
use curves::stack_distance::LruCurve;
use curves::{spread, whole};
use trace::{ReadReport, Sizes, Trace};

/// Million requests a second of the exact curve.
const GOAL_SPEED: &str = "10";
/// Mean absolute error at a rate of 0.01.
const GOAL_ERROR: &str = "0.01";
const N_CAPACITIES: usize = 100;
const SEEDS: std::ops::Range<u64> = 1..11;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(&["record"])?;
    let header = [
        "measure", "trace", "requests", "objects", "goal", "value", "min", "max", "unit", "covered",
    ];
    let unit_sizes = zipf()?;
    let mut columns = unit_sizes.columns().clone();
    let sizes = unit_sizes.objects().iter().map(|object| size_of(u64::from(object.0)));
    columns.size = Some(Sizes::Narrow(sizes.collect()));
    let sized = Trace::new(unit_sizes.name(), columns, ReadReport::default())?;
    let mut rows = vec![
        speed(&unit_sizes, Unit::Objects, "exact LRU, objects")?,
        speed(&sized, Unit::Bytes, "exact LRU, bytes")?,
    ];
    drop(sized);
    rows.extend(errors(&unit_sizes)?);
    for trace in recordings()? {
        rows.extend(errors(&trace)?);
    }
    show(&header, &rows, arguments.get("record").map(Into::into))
}

fn go_on(_: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn exact(trace: &Trace, unit: Unit) -> Result<LruCurve, Box<dyn Error>> {
    LruCurve::of(trace, unit, &mut go_on).ok_or_else(|| "nothing stops it".into())
}

/// Speed by CPU time: the median, and wall-clock extremes.
fn speed(trace: &Trace, unit: Unit, what: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let (speed, _) = measure(ROUNDS, trace.n_requests(), || exact(trace, unit))?;
    let values = [speed.cpu_median, speed.min, speed.max].map(|speed| format!("{speed:.1}"));
    Ok(row(what, trace, GOAL_SPEED, values, "M requests/s of CPU time, extremes by wall clock", ""))
}

fn row(
    what: &str,
    trace: &Trace,
    goal: &str,
    [value, min, max]: [String; 3],
    unit: &str,
    covered: &str,
) -> Vec<String> {
    let (requests, objects) = (trace.n_requests().to_string(), trace.n_objects().to_string());
    let texts = [what, trace.name(), &requests, &objects, goal, &value, &min, &max, unit, covered];
    texts.map(String::from).to_vec()
}

/// The error of SHARDS in each of its forms.
fn errors(trace: &Trace) -> Result<Vec<Vec<String>>, Box<dyn Error>> {
    let capacities = spread(whole(trace, Unit::Objects), N_CAPACITIES);
    let curve = exact(trace, Unit::Objects)?;
    let truth: Vec<f64> = capacities.iter().map(|capacity| curve.miss_ratio(*capacity)).collect();
    let forms = [
        ("SHARDS at 0.01", Sample::Rate(0.01), GOAL_ERROR),
        ("SHARDS at 0.1", Sample::Rate(0.1), ""),
        ("SHARDS of 8192 objects", Sample::Size(8192), ""),
    ];
    let form = |(what, sample, goal): (&str, Sample, &str)| {
        let unit = "mean absolute error, extremes by seed";
        let none = [String::new(), String::new(), String::new()];
        let mut errors = Vec::new();
        let mut covered = 0;
        for seed in SEEDS {
            let points = shards::curve(trace, Unit::Objects, sample, seed, &capacities, &mut go_on);
            let points = match points {
                Ok(points) => points.ok_or("nothing stops it")?,
                Err(curves::Error::SmallSample { n_sampled, .. }) => {
                    let why = format!("refused: {n_sampled} objects in the sample");
                    return Ok(row(what, trace, goal, none, &why, ""));
                }
                Err(error) => return Err(error.into()),
            };
            let pairs = || points.iter().zip(&truth);
            let error: f64 = pairs().map(|(point, truth)| (point.miss_ratio - truth).abs()).sum();
            errors.push(error / truth.len() as f64);
            let within = |(point, truth): &(&curves::Point, &f64)| {
                // Sums of floating-point numbers may differ in their last bits.
                (point.low - 1e-12..=point.high + 1e-12).contains(*truth)
            };
            covered += pairs().filter(within).count();
        }
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        let min = errors.iter().copied().fold(f64::INFINITY, f64::min);
        let max = errors.iter().copied().fold(0.0, f64::max);
        let covered = covered as f64 / (errors.len() * truth.len()) as f64;
        let values = [mean, min, max].map(|error| format!("{error:.4}"));
        Ok(row(what, trace, goal, values, unit, &format!("{covered:.2}")))
    };
    forms.into_iter().map(form).collect()
}
