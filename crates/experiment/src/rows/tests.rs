//! Rows of small runs, against what they must be by hand.

use std::ops::ControlFlow;
use std::path::Path;

use cache::PolicySpec;
use frames::{CostRow, FaultRow, Results, TierRow};
use tiers::{
    Failure, Fault, LatencyProfile, Misses, Origin, Run, Stack, StationSpec, Tier, Writes, simulate,
};
use trace::units::Nanos;
use trace::{Op, ReadReport, Sizes, Trace};

use super::rows;
use crate::resolve::resolve_source;
use crate::{Resolved, Source};

const SECOND: u64 = 1_000_000_000;

fn study() -> Resolved {
    let text = "schema = 1\nname = \"t\"\nstack.preset = \"brief\"\ntraces = [{ path = \"t.csv\" }]\n\
                strategies = [{ name = \"s\" }]\n";
    resolve_source(&Source::new("t.toml", text), Path::new("."), &[]).unwrap()
}

/// The rows of a run over the stack.
fn counted(trace: &Trace, arrivals: &[u64], stack: &Stack, n_windows: usize) -> Results {
    let run = Run { n_windows, ..Run::new(trace, arrivals, stack, 1) };
    let outcome = simulate(&run, &mut |_| ControlFlow::Continue(())).unwrap().unwrap();
    let study = study();
    rows(&study, &study.strategies[0], trace, stack, &outcome)
}

fn tier(name: &str, capacity: u64, latency: u64) -> Tier {
    let latency = LatencyProfile::constant(Nanos(latency));
    Tier::new(name, PolicySpec::named("lru"), capacity, latency)
}

fn origin(latency: u64) -> Origin {
    Origin::new(LatencyProfile::constant(Nanos(latency)))
}

fn numbers(objects: impl IntoIterator<Item = u64>) -> Trace {
    Trace::from_numbers("t", objects)
}

fn sized(objects: &[u64], sizes: &[u32]) -> Trace {
    let mut columns = numbers(objects.iter().copied()).into_columns();
    columns.size = Some(Sizes::Narrow(sizes.to_vec()));
    Trace::new("t", columns, ReadReport::default()).unwrap()
}

fn row<'a>(results: &'a Results, name: &str) -> &'a TierRow {
    results.tiers.iter().find(|tier| tier.tier == name).unwrap()
}

#[test]
fn every_hit_ratio_of_four_reads() {
    // A misses: 1 + 100. A again waits for the rest of that: 51. A is a hit: 1. B misses: 101.
    let mut stack = Stack::new(vec![tier("L1", 30, 1)], origin(100));
    stack.tiers[0].misses = Misses::Coalesce;
    // A request costs as much as a byte.
    stack.origin.price.requests = Some("$0.000000009/request".parse().unwrap());
    stack.origin.price.egress = Some("$9/GB".parse().unwrap());
    let trace = sized(&[0, 0, 0, 1], &[10, 10, 10, 30]);
    let results = counted(&trace, &[0, 50, 200, 300], &stack, 1);
    let run = &results.runs[0];
    assert_eq!((run.reads, run.hits, run.fresh_hits, run.delayed_hits), (4, 1, 1, 1));
    assert_eq!((run.stale_hits, run.misses, run.errors), (0, 2, 0));
    assert_eq!((run.hit_ratio, run.delayed_hit_ratio, run.miss_ratio), (0.25, 0.25, 0.5));
    assert_eq!((run.byte_hit_ratio, run.byte_miss_ratio), (20.0 / 60.0, 40.0 / 60.0));
    assert!((run.cost_hit_ratio - 22.0 / 64.0).abs() < 1e-9, "{}", run.cost_hit_ratio);
    let saved = 1.0 - f64::from(101 + 51 + 1 + 101) / (4.0 * 101.0);
    assert!((run.latency_hit_ratio - saved).abs() < 1e-9, "{}", run.latency_hit_ratio);
    assert_eq!(run.answers_per_second, 4.0 / 300e-9);
    let l1 = row(&results, "L1");
    assert_eq!((l1.lookups, l1.hits, l1.delayed_hits, l1.share), (4, 1, 1, 0.5));
    let window = &results.windows[0];
    assert_eq!((window.requests, window.hits, window.delayed_hits, window.misses), (4, 1, 1, 2));
    // Half of the delayed read was spent at L1: 1 there, 50 waiting.
    let spent = results.spent.iter().find(|row| row.group == "all" && row.tier == "L1").unwrap();
    assert_eq!((spent.served_ns, spent.joined_ns, spent.latency_ns), (4, 50, 254));
    assert_eq!(results.faults.len() + results.stations.len() + results.writes.len(), 0);
}

#[test]
fn without_prices_or_misses_there_is_no_such_ratio() {
    let stack = Stack::new(vec![tier("L1", 30, 1)], origin(100));
    let results = counted(&numbers([0]), &[0], &stack, 1);
    assert!(results.runs[0].cost_hit_ratio.is_nan());
    assert_eq!((results.runs[0].latency_hit_ratio, results.runs[0].answers_per_second), (0.0, 0.0));
    let nothing = counted(&numbers([]), &[], &stack, 1);
    assert!(nothing.runs[0].latency_hit_ratio.is_nan());
    assert_eq!((nothing.runs[0].availability, nothing.quantiles.len()), (1.0, 0));
}

#[test]
fn a_server_that_is_busy_all_the_time_is_saturated() {
    // Three requests at once, each 100 on the only server; the last event is the third answer.
    let mut stack = Stack::new(vec![tier("L1", 1, 1)], origin(100));
    stack.origin.station = Some(StationSpec::new(1));
    let results = counted(&numbers([0, 1, 2]), &[0, 0, 0], &stack, 1);
    let station = &results.stations[0];
    assert_eq!((station.tier.as_str(), station.servers, station.served), ("origin", 1, 3));
    assert_eq!((station.busy_ns, station.wait_ns, station.wait_ns_mean), (300, 300, 100.0));
    assert_eq!((station.waited, station.queue_max, station.shed_ratio), (2, 2, 0.0));
    assert_eq!(station.saturation, 300.0 / 301.0);
    let run = &results.runs[0];
    assert_eq!((run.saturation, run.saturation_tier.as_str()), (300.0 / 301.0, "origin"));
    let window = results.tier_windows.iter().find(|row| row.tier == "origin").unwrap();
    assert_eq!((window.length_ns, window.busy_share, window.queue_max), (301, 300.0 / 301.0, 2));
    assert_eq!((row(&results, "L1").servers, row(&results, "L1").saturation), (0, 0.0));
}

/// Fifty objects, one after the other and over again, ten a second for 200 seconds.
fn round_robin(faults: Vec<Fault>) -> Vec<FaultRow> {
    let mut stack = Stack::new(vec![tier("L1", 50, 1_000)], origin(1_000_000));
    stack.faults = faults;
    let arrivals: Vec<u64> = (0..2_000).map(|i| i * SECOND / 10).collect();
    counted(&numbers((0..2_000).map(|i| i % 50)), &arrivals, &stack, 20).faults
}

fn fault(at_ms: u64, tier: usize, what: Failure) -> Fault {
    Fault { at: Nanos(at_ms * 1_000_000), tier, what }
}

#[test]
fn a_flush_costs_each_object_one_fetch() {
    // The 50 reads from 144.1 s on miss, all in the window from 139.93 s on; the next is whole again.
    let faults = round_robin(vec![fault(144_050, 0, Failure::Flush)]);
    let row = &faults[0];
    assert_eq!((row.tier.as_str(), row.what.as_str()), ("L1", "flushed"));
    assert_eq!((row.hit_ratio_before, row.extra_origin_fetches), (1.0, 50.0));
    assert_eq!(row.hit_ratio_low, 0.5);
    let window_ns = (1_999 * SECOND / 10) / 20 + 1;
    assert_eq!(row.recovery_ns, (15 * window_ns - 144_050_000_000) as f64);
}

#[test]
fn what_ends_a_fault_is_judged_by_the_time_before_the_fault() {
    let down = fault(124_050, 0, Failure::Down { stations: Vec::new() });
    let up = fault(144_050, 0, Failure::Up { stations: Vec::new(), warm: true });
    let faults = round_robin(vec![up, down]);
    assert_eq!((faults[0].what.as_str(), faults[1].what.as_str()), ("down", "up again, warm"));
    assert_eq!((faults[0].hit_ratio_before, faults[1].hit_ratio_before), (1.0, 1.0));
    // Both recover in the same window.
    let back = faults[0].recovery_ns - faults[1].recovery_ns;
    assert_eq!(back, 20e9);
    assert_eq!((faults[0].hit_ratio_low, faults[1].hit_ratio_low > 0.4), (0.0, true));
}

#[test]
fn what_does_no_harm_needs_no_recovery_and_what_stays_broken_has_none() {
    let slow = fault(100_000, 1, Failure::Slow { stations: Vec::new(), factor: 2.0 });
    let faults = round_robin(vec![slow]);
    assert_eq!((faults[0].recovery_ns, faults[0].extra_origin_fetches), (0.0, 0.0));
    assert_eq!(faults[0].what, "2 times as slow");
    let faults = round_robin(vec![fault(150_000, 0, Failure::Cut)]);
    assert!(faults[0].recovery_ns.is_nan() && faults[0].hit_ratio_low == 0.0);
    assert_eq!(faults[0].extra_origin_fetches, 500.0);
    // Before the first window is over, nothing is known of how it was.
    let faults = round_robin(vec![fault(5_000, 0, Failure::Flush)]);
    assert!(faults[0].hit_ratio_before.is_nan() && faults[0].extra_origin_fetches.is_nan());
}

#[test]
fn whatever_happens_every_read_is_accounted_for() {
    let mut l1 = tier("L1", 40, 1_000);
    l1.misses = Misses::Coalesce;
    l1.freshness.ttl = Some(Nanos(5 * SECOND));
    l1.freshness.stale_if_error = Nanos(3 * SECOND);
    let mut stack = Stack::new(vec![l1, tier("L2", 200, 50_000)], origin(20_000_000));
    stack.writes = Writes::Invalidate;
    let mut station = StationSpec::new(2);
    (station.queue, station.timeout) = (Some(20), Some(Nanos(200_000_000)));
    stack.origin.station = Some(station);
    stack.faults = vec![
        fault(20_000, 2, Failure::Cut),
        fault(24_000, 2, Failure::Healed),
        fault(30_000, 1, Failure::Flush),
    ];
    let stream = trace::stream::Stream::new(3, "objects");
    let objects = (0..12_000).map(|i| (stream.uniform_at(i).powi(3) * 600.0) as u64);
    let mut columns = numbers(objects).into_columns();
    columns.op = Some((0..12_000).map(|i| if i % 40 == 0 { Op::Set } else { Op::Get }).collect());
    let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
    let arrivals: Vec<u64> = (0..12_000).map(|i| i * SECOND / 250).collect();
    let results = counted(&trace, &arrivals, &stack, 12);

    let run = &results.runs[0];
    for (what, n) in [
        ("hits", run.fresh_hits),
        ("delayed", run.delayed_hits),
        ("stale", run.stale_hits),
        ("misses", run.misses),
        ("errors", run.errors),
        ("failed writes", results.writes[0].failures),
    ] {
        assert!(n > 0, "no {what}");
    }
    assert_eq!(run.hits, run.fresh_hits + run.stale_hits);
    assert_eq!(run.hits + run.delayed_hits + run.misses + run.errors, run.reads);
    assert_eq!(run.reads + run.writes, run.requests);
    let shares: f64 = results.tiers.iter().map(|tier| tier.share).sum();
    assert!((shares + run.error_ratio - 1.0).abs() < 1e-12);
    assert!((run.availability + run.error_ratio - 1.0).abs() < 1e-12);
    let caches = results.tiers.iter().filter(|tier| tier.tier != "origin");
    assert_eq!(
        caches.map(|tier| tier.hits + tier.delayed_hits).sum::<u64>(),
        run.hits + run.delayed_hits
    );
    let windows = results.windows.iter();
    let ended = windows.map(|w| w.hits + w.delayed_hits + w.misses + w.errors).sum::<u64>();
    assert_eq!(ended, run.reads);
    let answers: u64 = results.tier_windows.iter().map(|window| window.answers).sum();
    assert_eq!(answers, run.reads - run.errors);
    for group in ["all", "slowest"] {
        let rows: Vec<_> = results.spent.iter().filter(|row| row.group == group).collect();
        let parts = rows.iter().map(|r| r.queued_ns + r.served_ns + r.joined_ns + r.lost_ns);
        assert_eq!(parts.sum::<u64>() + rows[0].timer_ns, rows[0].latency_ns);
    }
    let slowest = results.spent.iter().find(|row| row.group == "slowest").unwrap();
    assert!(slowest.reads * 100 >= run.reads && slowest.from_ns <= run.latency_ns_p99);
    for row in &results.quantiles {
        let value = row.value as f64;
        assert!(!(row.low > value || row.high < value), "{row:?}");
    }
    let p99 = results.quantiles.iter().find(|row| row.scope == "run" && row.quantile == 0.99);
    assert_eq!(p99.unwrap().value, run.latency_ns_p99);
}

#[test]
fn a_closed_loop_is_measured_by_its_own_time() {
    // One client: 101, then 1 and 1, though the trace says that all came at once.
    let stack = Stack::new(vec![tier("L1", 30, 1)], origin(100));
    let trace = numbers([0, 0, 0]);
    let run = Run { closed_loop: Some(1), ..Run::new(&trace, &[0, 0, 0], &stack, 1) };
    let outcome = simulate(&run, &mut |_| ControlFlow::Continue(())).unwrap().unwrap();
    let study = Resolved { closed_loop: Some(1), ..study() };
    let results = rows(&study, &study.strategies[0], &trace, &stack, &outcome);
    assert_eq!((results.runs[0].end_ns, results.runs[0].answers_per_second), (103, 3.0 / 103e-9));
}

#[test]
fn the_schema_names_every_line_of_a_price() {
    let schema = <CostRow as frames::table::Table>::schema();
    let component = schema.iter().find(|column| column.name == "component").unwrap();
    for line in tiers::Component::ALL {
        assert!(component.doc.contains(&format!("`{line}`")), "{line}");
    }
}

#[test]
fn a_month_is_720_hours_of_dollars() {
    let mut stack = Stack::new(vec![tier("L1", 30, 1)], origin(100));
    stack.tiers[0].price.memory = Some("$1/GB/h".parse().unwrap());
    stack.tiers[0].priced_bytes = 2_000_000_000;
    let results = counted(&numbers([0]), &[0], &stack, 1);
    let cost = &results.costs[0];
    assert_eq!((cost.nanodollars_hour, cost.nanodollars_day), (2_000_000_000, 48_000_000_000));
    assert_eq!(results.runs[0].cost_nanodollars_month, 1_440_000_000_000);
}
