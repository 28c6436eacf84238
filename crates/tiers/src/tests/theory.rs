//! The engine against queueing theory and the closed formulas of caching.

use trace::Trace;
use trace::stream::Stream;
use trace::units::{Bytes, Nanos};

use super::{run, stack, tier, trace_of};
use crate::{
    Arrivals, Ending, Inclusion, LatencyProfile, LatencySpec, Misses, Origin, Outcome, Rate, Run,
    SizeRow, Stack, StationSpec, simulate,
};

const MS: u64 = 1_000_000;

/// A profile whose draws are exponential, up to the table's grain.
fn exponential(mean_ns: f64) -> LatencyProfile {
    let quantiles: Vec<f64> = (0..=4_000).map(|k| f64::from(k) / 4_000.0).collect();
    let latency = |u: f64| {
        let u = u.clamp(1e-6, 1.0 - 2.5e-5);
        Nanos((-libm::log(1.0 - u) * mean_ns).max(1.0) as u64)
    };
    let row = SizeRow { size: Bytes(1), latency: quantiles.iter().map(|u| latency(*u)).collect() };
    LatencyProfile::new(&LatencySpec {
        laws: Vec::new(),
        regimes: None,
        source: "exponential".into(),
        date: "2026-11-25".into(),
        quantiles,
        sizes: vec![row],
    })
    .unwrap()
}

/// Mean and mean square of what a profile draws, in ns, from the profile itself: its table is not
/// quite the law it stands for.
fn moments(profile: &LatencyProfile) -> (f64, f64) {
    let n = 1_000_000;
    let draws = (0..n).map(|k| profile.at((f64::from(k) + 0.5) / f64::from(n), 1).0 as f64);
    let (sum, squares) = draws.fold((0.0, 0.0), |(s, q), x| (s + x, q + x * x));
    (sum / f64::from(n), squares / f64::from(n))
}

/// Every request is for a new object, so all go to the origin, which is the station under test.
fn station_alone(servers: u32, profile: &LatencyProfile, per_second: f64, n: u32) -> Outcome {
    let trace = trace_of(&(0..n).collect::<Vec<_>>());
    let arrivals = Arrivals::Poisson.times(&trace, Some(Rate(per_second)), 3).unwrap();
    let mut origin = Origin::new(profile.clone());
    origin.station = Some(StationSpec::new(servers));
    let first = tier("L1", "fifo", 1, Nanos(1));
    let stack = Stack::new(vec![first], origin);
    let run = Run { warmup: n as usize / 20, ..Run::new(&trace, &arrivals, &stack, 5) };
    simulate(&run, &mut |_| std::ops::ControlFlow::Continue(())).unwrap().unwrap()
}

fn mean_wait_ns(outcome: &Outcome) -> f64 {
    let slowest = outcome.explained.slowest(0);
    slowest.tiers[1].queued_ns as f64 / slowest.reads as f64
}

fn assert_close(measured: f64, expected: f64, share: f64, what: &str) {
    let error = (measured - expected) / expected;
    assert!(error.abs() <= share, "{what}: {measured} for {expected}");
}

/// Probability that a job waits in M/M/c at load `a` Erlang (Erlang C).
fn erlang_c(servers: u32, a: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..servers {
        term *= a / f64::from(k);
        sum += term;
    }
    let last = term * a / f64::from(servers) / (1.0 - a / f64::from(servers));
    last / (sum + last)
}

#[test]
fn one_server_waits_as_in_m_m_1() {
    let profile = exponential(MS as f64);
    let (mean, _) = moments(&profile);
    for load in [0.3, 0.6, 0.8] {
        let rate = load / mean * 1e9;
        let outcome = station_alone(1, &profile, rate, 2_000_000);
        let expected = load / (1.0 - load) * mean;
        assert_close(mean_wait_ns(&outcome), expected, 0.02, &format!("M/M/1 wait at {load}"));
    }
}

#[test]
fn many_servers_wait_as_erlang_c_says() {
    let profile = exponential(MS as f64);
    let (mean, _) = moments(&profile);
    for (servers, load) in [(2, 0.7), (8, 0.8), (30, 0.85)] {
        let erlangs = load * f64::from(servers);
        let outcome = station_alone(servers, &profile, erlangs / mean * 1e9, 2_000_000);
        let wait = erlang_c(servers, erlangs) * mean / (f64::from(servers) * (1.0 - load));
        assert_close(mean_wait_ns(&outcome), wait, 0.02, &format!("M/M/{servers} wait at {load}"));
        let station = &outcome.origin().stations[0];
        let waits = station.waited as f64 / station.served as f64;
        assert_close(waits, erlang_c(servers, erlangs), 0.02, &format!("M/M/{servers} waiting"));
    }
}

#[test]
fn one_server_waits_as_pollaczek_and_khinchine_say() {
    let two_point = LatencyProfile::new(&LatencySpec {
        laws: Vec::new(),
        regimes: None,
        source: "one in ten takes ten times as long".into(),
        date: "2026-11-25".into(),
        quantiles: vec![0.0, 0.9, 0.900_000_1, 1.0],
        sizes: vec![SizeRow {
            size: Bytes(1),
            latency: vec![Nanos(MS), Nanos(MS), Nanos(10 * MS), Nanos(10 * MS)],
        }],
    })
    .unwrap();
    for (name, profile) in [("D", LatencyProfile::constant(Nanos(MS))), ("two-point", two_point)] {
        let (mean, square) = moments(&profile);
        for load in [0.5, 0.8] {
            let rate = load / mean;
            let outcome = station_alone(1, &profile, rate * 1e9, 3_000_000);
            let expected = rate * square / (2.0 * (1.0 - load));
            let what = format!("M/{name}/1 wait at {load}");
            assert_close(mean_wait_ns(&outcome), expected, 0.02, &what);
        }
    }
}

/// One object, fetched for Z; requests during the fetch wait for the rest of it. A fetch and those
/// who wait for it take Z (1 + lambda Z / 2) together.
#[test]
fn delayed_hits_wait_as_their_formula_says() {
    let n = 400_000;
    let trace = Trace::from_numbers("t", std::iter::repeat_n(1, n));
    let arrivals = Arrivals::Poisson.times(&trace, Some(Rate(1_000.0)), 9).unwrap();
    let z = 20 * MS;
    let mut stack = stack(vec![tier("L1", "lru", 1, Nanos(1))], Nanos(z - 1));
    stack.tiers[0].misses = Misses::Coalesce;
    stack.tiers[0].freshness.ttl = Some(Nanos(10 * MS));
    let outcome = run_uncounted(&trace, &arrivals, &stack);
    let fetches = outcome.ended(Ending::Miss) as f64;
    let delayed = outcome.ended(Ending::Delayed) as f64;
    let slow = outcome.explained.slowest(2);
    let aggregate = (slow.latency_ns as f64) / fetches;
    let (lambda, z) = (1_000.0 / 1e9, z as f64);
    assert_close(aggregate, z * (1.0 + lambda * z / 2.0), 0.02, "aggregate delay of a fetch");
    assert_close(delayed / fetches, lambda * z, 0.02, "delayed hits of a fetch");
    let (hit, waits) = (10.0, 20.0);
    let expected = hit / (1.0 + hit + waits);
    assert_close(outcome.hit_ratio(), expected, 0.01, "hits with a time to live and a delay");
}

fn run_uncounted(trace: &Trace, arrivals: &[u64], stack: &Stack) -> Outcome {
    let run = Run::new(trace, arrivals, stack, 1);
    simulate(&run, &mut |_| std::ops::ControlFlow::Continue(())).unwrap().unwrap()
}

/// Copies renewed by each hit: a request hits if the last one came less than T before.
#[test]
fn renewed_copies_hit_as_their_formula_says() {
    let trace = Trace::from_numbers("t", std::iter::repeat_n(1, 400_000));
    let arrivals = Arrivals::Poisson.times(&trace, Some(Rate(1_000.0)), 9).unwrap();
    for ttl_us in [200, 1_000, 3_000u64] {
        let mut stack = stack(vec![tier("L1", "lru", 1, Nanos(1))], Nanos(1));
        stack.tiers[0].freshness.ttl = Some(Nanos(ttl_us * 1_000));
        stack.tiers[0].freshness.renew = true;
        let expected = 1.0 - libm::exp(-(ttl_us as f64) / 1_000.0);
        let measured = run(&trace, &arrivals, &stack).hit_ratio();
        assert_close(measured, expected, 0.01, &format!("renewing, {ttl_us} us"));
    }
}

fn zipf(n_objects: u32, alpha: f64, n: usize) -> Trace {
    let weights: Vec<f64> =
        (1..=n_objects).map(|rank| libm::pow(f64::from(rank), -alpha)).collect();
    let mut sums = weights.clone();
    for i in 1..sums.len() {
        sums[i] += sums[i - 1];
    }
    let total = sums[sums.len() - 1];
    let stream = Stream::new(11, "zipf");
    let object = |k: u64| {
        let u = stream.uniform_at(k) * total;
        sums.partition_point(|sum| *sum <= u) as u32
    };
    trace_of(&(0..n as u64).map(object).collect::<Vec<_>>())
}

/// Che's approximation of LRU under independent requests: a request hits if its object was asked
/// for within the characteristic time T, at which the expected number of such objects is C.
#[test]
fn lru_hits_as_ches_approximation_says() {
    let n_objects = 10_000;
    for alpha in [0.7, 1.0] {
        let trace = zipf(n_objects, alpha, 1_000_000);
        let arrivals: Vec<u64> = (0..trace.n_requests() as u64).map(|k| k * 1_000).collect();
        let weights: Vec<f64> =
            (1..=n_objects).map(|rank| libm::pow(f64::from(rank), -alpha)).collect();
        let total: f64 = weights.iter().sum();
        for capacity in [100u32, 1_000] {
            let expected_residents =
                |t: f64| -> f64 { weights.iter().map(|w| 1.0 - libm::exp(-w / total * t)).sum() };
            let (mut low, mut high) = (0.0, 1e9);
            for _ in 0..100 {
                let mid = (low + high) / 2.0;
                if expected_residents(mid) < f64::from(capacity) { low = mid } else { high = mid }
            }
            let expected: f64 =
                weights.iter().map(|w| w / total * (1.0 - libm::exp(-w / total * low))).sum();
            let stack = stack(vec![tier("L1", "lru", u64::from(capacity), Nanos(1))], Nanos(10));
            let run = Run { warmup: 200_000, ..Run::new(&trace, &arrivals, &stack, 1) };
            let outcome =
                simulate(&run, &mut |_| std::ops::ControlFlow::Continue(())).unwrap().unwrap();
            let difference = outcome.hit_ratio() - expected;
            assert!(difference.abs() < 0.005, "{alpha} {capacity}: {difference}");
        }
    }
}

/// What L1 evicts comes down to L2, what L2 answers moves up: together they are one LRU.
#[test]
fn an_exclusive_pair_of_lrus_is_one_lru_of_the_sum() {
    let trace = zipf(300, 0.9, 30_000);
    let arrivals: Vec<u64> = (0..trace.n_requests() as u64).map(|k| k * 1_000).collect();
    for (upper, lower) in [(1, 1), (5, 20), (20, 5), (30, 60)] {
        let mut pair = stack(
            vec![tier("L1", "lru", upper, Nanos(1)), tier("L2", "lru", lower, Nanos(2))],
            Nanos(10),
        );
        pair.tiers[1].inclusion = Inclusion::Exclusive;
        let one = stack(vec![tier("L", "lru", upper + lower, Nanos(1))], Nanos(10));
        let (pair, one) = (run(&trace, &arrivals, &pair), run(&trace, &arrivals, &one));
        assert_eq!(pair.hits(), one.hits(), "{upper} + {lower}");
    }
}

/// The number of requests at a station is the rate times the time they spend there. Waiting is held
/// to it exactly in every run; here it is seen from outside.
#[test]
fn littles_law_holds_for_what_is_in_service() {
    let profile = exponential(MS as f64);
    let outcome = station_alone(4, &profile, 3_000.0, 300_000);
    let station = &outcome.origin().stations[0];
    let served = outcome.explained.slowest(0);
    let by_job = served.tiers[1].served_ns as f64 / served.reads as f64;
    let by_server = station.busy_ns as f64 / station.served as f64;
    assert_close(by_job, by_server, 0.01, "service by job and by server");
}
