//! A Redis Cluster as the tier of a stack: what the engine makes of failures, moves and expiry.

use std::ops::ControlFlow;

use trace::units::Nanos;
use trace::{ReadReport, Trace};

use super::{assert_all_ended, hits, stack, tier, trace_of};
use crate::cluster::{Cluster, ClusterSpec, Hashing, Resize};
use crate::{Failure, Fault, Layout, Outcome, Rate, Run, Stack, simulate};

const SECOND: u64 = 1_000_000_000;

/// 60 objects, asked for in turn, all of them once a second, for so many seconds.
fn rounds(seconds: u64) -> (Trace, Vec<u64>) {
    let numbers: Vec<_> = (0..seconds).flat_map(|_| 0..60).collect();
    let arrivals = (0..numbers.len() as u64).map(|n| n * SECOND / 60).collect();
    (trace_of(&numbers), arrivals)
}

fn cluster(spec: ClusterSpec) -> Stack {
    let mut stack = stack(vec![tier("L2", "lru", 300, Nanos(10))], Nanos(100));
    stack.tiers[0].layout = Layout::of(move |site| {
        let cluster =
            Cluster::new(&spec, site.trace, site.start_ns).map_err(|error| error.to_string())?;
        Ok(Box::new(cluster))
    });
    stack
}

fn run(trace: &Trace, arrivals: &[u64], stack: &Stack) -> Outcome {
    let run = Run::new(trace, arrivals, stack, 1);
    let outcome = simulate(&run, &mut |_| ControlFlow::Continue(())).unwrap().unwrap();
    assert_all_ended(&outcome);
    outcome
}

fn fault(seconds: u64, what: Failure) -> Fault {
    Fault { at: Nanos(seconds * SECOND), tier: 0, what }
}

fn down(seconds: u64, station: &str) -> Fault {
    fault(seconds, Failure::Down { stations: vec![station.into()] })
}

/// How many of the 60 objects are on shard 1.
fn on_shard_1(trace: &Trace) -> u64 {
    let cluster = Cluster::new(&ClusterSpec::default(), trace, 0).unwrap();
    (0..60).filter(|object| cluster.shard_of(trace::ObjectId(*object)) == 1).count() as u64
}

/// After the first second all is there. The master of shard 1 is down from second 10; its replica has
/// the contents and serves from second 26: its share of the reads of 16 s goes to the origin, no more.
#[test]
fn a_failover_costs_the_reads_of_its_shard_while_it_lasts() {
    let (trace, arrivals) = rounds(60);
    let mut stack = cluster(ClusterSpec::default());
    assert_eq!(hits(&run(&trace, &arrivals, &stack)), [59 * 60, 60]);
    stack.faults = vec![down(10, "shard-1-master")];
    let lost = 16 * on_shard_1(&trace);
    assert!(lost > 0);
    assert_eq!(hits(&run(&trace, &arrivals, &stack)), [59 * 60 - lost, 60 + lost]);
}

/// Without a replica the slots wait for the machine, which comes back empty after 20 s: one miss for
/// each object more.
#[test]
fn a_shard_without_a_replica_starts_anew() {
    let (trace, arrivals) = rounds(60);
    let mut stack = cluster(ClusterSpec { replicas_per_master: 0, ..ClusterSpec::default() });
    let up = Failure::Up { stations: vec!["shard-1".into()], warm: false };
    stack.faults = vec![down(10, "shard-1"), fault(30, up)];
    let lost = 21 * on_shard_1(&trace);
    assert_eq!(hits(&run(&trace, &arrivals, &stack)), [59 * 60 - lost, 60 + lost]);
}

/// Slots migrate with their contents, so nothing misses; on a ring what moves is asked for anew.
#[test]
fn a_resize_moves_contents_with_their_slots_and_not_on_a_ring() {
    let (trace, arrivals) = rounds(60);
    let resize = vec![Resize { at: Nanos(10 * SECOND + 1), masters: 4 }];
    let spec = ClusterSpec { resize, migration_rate: Rate(200.0), ..ClusterSpec::default() };
    let slots = cluster(spec.clone());
    assert_eq!(hits(&run(&trace, &arrivals, &slots)), [59 * 60, 60]);
    let ring = cluster(ClusterSpec { hashing: Hashing::Ring, ..spec });
    let misses = hits(&run(&trace, &arrivals, &ring))[1];
    assert!((60 + 5..60 + 30).contains(&misses), "{misses}");
}

/// Room for two objects: C pushes out A or B, whichever expires first.
#[test]
fn volatile_ttl_evicts_what_expires_first() {
    for (ttl, expected) in [([900, 5000], [1, 4]), ([5000, 900], [2, 3])] {
        let mut columns = trace_of(&[0, 1, 2, 0, 0]).into_columns();
        columns.ttl_ns = Some([ttl[0], ttl[1], 9000, 9000, 9000].map(|t| t * SECOND).to_vec());
        let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
        let stack = stack(vec![tier("L2", "redis-volatile-ttl", 2, Nanos(10))], Nanos(100));
        let arrivals = [0, SECOND, 2 * SECOND, 3 * SECOND, 4 * SECOND];
        assert_eq!(hits(&run(&trace, &arrivals, &stack)), expected);
    }
}
