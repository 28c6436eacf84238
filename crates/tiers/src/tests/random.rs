//! Random traces and random stacks, of everything the engine has.

use std::ops::ControlFlow;

use cache::PolicySpec;
use proptest::prelude::*;
use trace::units::{Bytes, Nanos};
use trace::{NO_TTL, Op, ReadReport, Sizes, Trace};

use super::trace_of;
use crate::{
    Ask, Demotion, Failure, Fault, Fill, Freshness, Health, Hedge, HedgeLeg, Inclusion,
    LatencyProfile, LatencySpec, Layout, Misses, OnMiss, Origin, Outcome, Placement, Predicted,
    Queues, Retry, Route, Router, Run, Service, Settle, SizeRow, Stack, StationSpec, Tier, Writes,
    simulate,
};

/// A trace and when its requests arrive.
#[derive(Debug)]
pub(super) struct Requests {
    pub(super) trace: Trace,
    pub(super) arrivals: Vec<u64>,
}

/// Reads and writes of a few objects of many sizes, some with a time to live.
pub(super) fn requests(most: usize) -> impl Strategy<Value = Requests> {
    let gap = prop_oneof![
        4 => 0..3u64,
        12 => 0..300u64,
        1 => 5_000_000..30_000_000u64,
        1 => 500_000_000..2_500_000_000u64,
    ];
    let op = prop_oneof![8 => Just(Op::Get), 2 => Just(Op::Set), 1 => Just(Op::Delete)];
    let ttl = prop_oneof![6 => Just(NO_TTL), 1 => 1..2_000u64];
    prop::collection::vec((0..9u32, gap, op, 1..12u32, ttl), 1..most).prop_map(|rows| {
        let mut columns =
            trace_of(&rows.iter().map(|row| row.0).collect::<Vec<_>>()).into_columns();
        columns.op = Some(rows.iter().map(|row| row.2).collect());
        columns.size = Some(Sizes::Narrow(rows.iter().map(|row| row.3).collect()));
        columns.ttl_ns = Some(rows.iter().map(|row| row.4).collect());
        Requests {
            trace: Trace::new("random", columns, ReadReport::default()).unwrap(),
            arrivals: times(rows.iter().map(|row| row.1)),
        }
    })
}

/// Arrivals so long after each other.
pub(super) fn times(gaps: impl Iterator<Item = u64>) -> Vec<u64> {
    gaps.scan(0, |now, gap| {
        *now += gap;
        Some(*now)
    })
    .collect()
}

/// Any stack: any router, stations, faults, writes, freshness, fills and inclusion.
pub(super) fn stacks() -> impl Strategy<Value = Stack> {
    (1..4usize).prop_flat_map(|n_tiers| {
        (
            prop::collection::vec(tiers(), n_tiers),
            (profiles(), prop::option::of(stations()), prop_oneof![Just(0.0), Just(0.3)]),
            routers(n_tiers),
            writes(),
            prop::option::of((1..12u64, 1..4u32, 1..=n_tiers)),
            prop::collection::vec(faults(n_tiers), 0..5),
        )
            .prop_map(
                |(tiers, (latency, station, absent), router, writes, demotion, faults)| {
                    let named = tiers.into_iter().enumerate();
                    let tiers = named.map(|(at, tier)| Tier { name: format!("T{at}"), ..tier });
                    Stack {
                        router,
                        writes,
                        demotion: demotion.map(|(above_bytes, reads_below, to)| Demotion {
                            above_bytes,
                            reads_below,
                            to,
                        }),
                        faults,
                        ..Stack::new(
                            tiers.collect(),
                            Origin { station, absent, ..Origin::new(latency) },
                        )
                    }
                },
            )
    })
}

fn tiers() -> impl Strategy<Value = Tier> {
    let policies = vec!["lru", "fifo", "s3-fifo", "arc", "gdsf"];
    let misses = [Misses::Independent, Misses::Coalesce, Misses::Lease];
    let inclusions = [
        Inclusion::NonInclusive,
        Inclusion::NonInclusive,
        Inclusion::Inclusive,
        Inclusion::Exclusive,
    ];
    let placements = prop_oneof![3 => Just(None), 2 => (1..4u32, 1..3u32).prop_map(Some)];
    (
        (prop::sample::select(policies), 1..40u64, 0..3u64, profiles()),
        freshness(),
        prop::option::of(stations()),
        prop::sample::select(misses.to_vec()),
        prop::sample::select(inclusions.to_vec()),
        fills(),
        placements,
    )
        .prop_map(
            |(
                (policy, capacity, overhead, latency),
                freshness,
                station,
                misses,
                inclusion,
                fill,
                nodes,
            )| {
                Tier {
                    object_overhead: overhead,
                    layout: nodes
                        .map_or_else(Layout::single, |(nodes, copies)| hashed(nodes, copies)),
                    freshness,
                    station,
                    misses,
                    inclusion,
                    fill,
                    ..Tier::new("", PolicySpec::named(policy), capacity, latency)
                }
            },
        )
}

/// Constant, or spread over two sizes.
fn profiles() -> impl Strategy<Value = LatencyProfile> {
    prop_oneof![
        (1..80u64).prop_map(|ns| LatencyProfile::constant(Nanos(ns))),
        (1..80u64, 1..200u64, 1..5u64)
            .prop_map(|(low, spread, factor)| spread_of(low, spread, factor)),
    ]
}

pub(super) fn spread_of(low: u64, spread: u64, factor: u64) -> LatencyProfile {
    let row = |size, factor: u64| SizeRow {
        size: Bytes(size),
        latency: vec![Nanos(low * factor), Nanos((low + spread) * factor)],
    };
    LatencyProfile::new(&LatencySpec {
        laws: Vec::new(),
        regimes: None,
        source: "random".into(),
        date: "2026-11-25".into(),
        quantiles: vec![0.0, 1.0],
        sizes: vec![row(1, 1), row(10, factor)],
    })
    .unwrap()
}

fn freshness() -> impl Strategy<Value = Freshness> {
    (
        prop::option::of(1..5_000u64),
        prop_oneof![Just(0.0), Just(0.5)],
        any::<bool>(),
        prop_oneof![Just(0), 1..2_000u64],
        prop_oneof![Just(0), 1..3_000_000_000u64],
        prop::option::of(1..5_000u64),
        prop_oneof![Just(0.0), Just(1.0)],
    )
        .prop_map(|(ttl, jitter, renew, revalidate, if_error, negative, early_refresh)| {
            Freshness {
                ttl: ttl.map(Nanos),
                jitter,
                renew,
                stale_while_revalidate: Nanos(revalidate),
                stale_if_error: Nanos(if_error),
                negative_ttl: negative.map(Nanos),
                early_refresh,
            }
        })
}

fn fills() -> impl Strategy<Value = Fill> {
    prop_oneof![
        4 => Just(Fill::Always),
        1 => Just(Fill::Down),
        1 => Just(Fill::Probability(0.5)),
        1 => (0..4u32).prop_map(Fill::Nth),
        1 => (0..4u32).prop_map(Fill::Accesses),
    ]
}

fn stations() -> impl Strategy<Value = StationSpec> {
    let budget = prop::option::of(prop_oneof![Just(0.0), Just(0.1)]);
    (
        1..4u32,
        prop::option::of(profiles()),
        prop::option::of(0..4u32),
        prop::option::of(1..400u64),
        (0..4u32, 0..50u64, budget),
    )
        .prop_map(|(servers, own, queue, timeout, (attempts, backoff, budget))| StationSpec {
            service: own.map_or(Service::Latency, Service::Own),
            queue,
            timeout: timeout.map(Nanos),
            retry: Retry { attempts, backoff: Nanos(backoff), budget },
            ..StationSpec::new(servers)
        })
}

fn routers(n_tiers: usize) -> impl Strategy<Value = Router> {
    let settles = prop::sample::select(vec![Settle::FirstHit, Settle::FirstSettled]);
    let on_miss = prop::sample::select(vec![OnMiss::LaunchNext, OnMiss::WaitForTimer]);
    let afters = prop::collection::vec(0..150u64, n_tiers);
    let hedged = (0..n_tiers, afters, settles, on_miss, any::<bool>()).prop_map(
        move |(first, mut afters, settle, on_miss, cancel)| {
            afters.sort_unstable();
            let legs = (first..n_tiers).zip(afters);
            let legs = legs.map(|(tier, after)| HedgeLeg { tier, after: Nanos(after) }).collect();
            Router::Hedged(Hedge { legs, settle, on_miss, cancel })
        },
    );
    prop_oneof![
        2 => Just(Router::Sequential),
        3 => hedged,
        1 => Just(Router::Predicted(Predicted)),
    ]
}

fn writes() -> impl Strategy<Value = Writes> {
    prop::sample::select(vec![
        Writes::Invalidate,
        Writes::Through,
        Writes::Around,
        Writes::Back,
        Writes::Ignore,
    ])
}

fn faults(n_tiers: usize) -> impl Strategy<Value = Fault> {
    let what = prop_oneof![
        Just(Failure::Down { stations: Vec::new() }),
        Just(Failure::Down { stations: vec!["0".into()] }),
        any::<bool>().prop_map(|warm| Failure::Up { stations: Vec::new(), warm }),
        Just(Failure::Cut),
        Just(Failure::Healed),
        prop_oneof![Just(0.0), Just(0.5), Just(7.0)]
            .prop_map(|factor| Failure::Slow { stations: Vec::new(), factor }),
        prop_oneof![Just(0.0), Just(0.4), Just(1.0)].prop_map(|share| Failure::Errors { share }),
        Just(Failure::Flush),
        (0..2_000u64).prop_map(|by| Failure::ClockForward { by: Nanos(by) }),
    ];
    let at = prop_oneof![4 => 0..6_000u64, 1 => 0..3_000_000_000u64];
    (at, 0..=n_tiers, what).prop_map(|(at, tier, what)| Fault { at: Nanos(at), tier, what })
}

/// Objects by number over nodes, each with some machines that take turns; a machine that fails is
/// noticed at once, and a node without machines is unreachable.
pub(super) fn hashed(nodes: u32, copies: u32) -> Layout {
    Layout::of(move |_| {
        let down = vec![false; (nodes * copies) as usize];
        Ok(Box::new(Hashed { nodes, copies, down }) as Box<dyn Placement>)
    })
}

struct Hashed {
    nodes: u32,
    copies: u32,
    down: Vec<bool>,
}

impl Placement for Hashed {
    fn n_nodes(&self) -> u32 {
        self.nodes
    }

    fn n_stations(&self) -> u32 {
        self.nodes * self.copies
    }

    fn route(&mut self, ask: &Ask, _queues: &dyn Queues) -> Route {
        let node = ask.object.0 % self.nodes;
        let turn = (ask.request % u64::from(self.copies)) as u32;
        let machines = (0..self.copies).map(|k| node * self.copies + (turn + k) % self.copies);
        match machines.into_iter().find(|machine| !self.down[*machine as usize]) {
            Some(station) => Route::To { node, station, extra_ns: u64::from(node) * 3 },
            None => Route::Unreachable { after_ns: 5 },
        }
    }

    fn notice(&mut self, station: u32, health: Health, _now: u64) {
        self.down[station as usize] = health == Health::Down;
    }
}

/// Runs without looking at the outcome.
pub(super) fn run_any(requests: &Requests, stack: &Stack, closed_loop: Option<u32>) -> Outcome {
    let run = Run {
        closed_loop,
        n_windows: 3,
        keep_reads: true,
        ..Run::new(&requests.trace, &requests.arrivals, stack, 1)
    };
    simulate(&run, &mut |_| ControlFlow::Continue(())).unwrap().unwrap()
}
