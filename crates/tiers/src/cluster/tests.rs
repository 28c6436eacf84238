//! The cluster as a tier sees it.

use proptest::prelude::*;
use trace::stream::Stream;
use trace::units::Nanos;
use trace::{Columns, Keys, Labels, ObjectId, ReadReport, Trace};

use super::*;
use crate::Rate;

const SECOND: u64 = 1_000_000_000;

/// Requests at each station that somebody counted.
struct Counted(Vec<usize>);

impl Queues for Counted {
    fn length(&self, station: u32) -> usize {
        self.0[station as usize]
    }
}

const IDLE: &Counted = &Counted(Vec::new());

/// A placement on a clock: what is due happens before what is asked.
struct Driven<P> {
    placement: P,
    changes: Vec<Change>,
}

impl<P: Placement> Driven<P> {
    fn new(placement: P) -> Self {
        Driven { placement, changes: Vec::new() }
    }

    fn advance(&mut self, now: u64) {
        while let Some(at) = self.placement.wakes_at().filter(|at| *at <= now) {
            self.placement.wake(at, &mut |change| self.changes.push(change));
            assert!(self.placement.wakes_at() != Some(at), "asks to be woken for ever");
        }
    }

    fn ask(&mut self, object: u32, now: u64) -> Route {
        self.ask_as(0, object, now, false, IDLE)
    }

    fn ask_as(&mut self, client: u32, object: u32, now: u64, write: bool, q: &Counted) -> Route {
        self.advance(now);
        let object = ObjectId(object);
        self.placement.route(&Ask { object, request: 0, client, region: 0, now, write }, q)
    }

    fn notice(&mut self, station: u32, health: Health, now: u64) {
        self.advance(now);
        self.placement.notice(station, health, now);
        self.advance(now);
    }
}

fn to(shard: u32, station: u32) -> Route {
    Route::To { node: shard, station, extra_ns: 0 }
}

const REFUSED: Route = Route::Unreachable { after_ns: 500_000 };
const TIMED_OUT: Route = Route::Unreachable { after_ns: SECOND };

fn spec() -> ClusterSpec {
    ClusterSpec::default()
}

/// Objects 0, 1, 2 belong to shards 0, 1, 2 of 3: hello is in slot 866, world in 9059, foo in
/// 12182.
fn three_keys() -> Trace {
    let mut keys = trace::TextKeys::default();
    [b"hello".as_slice(), b"world", b"foo"].iter().for_each(|key| keys.push(key));
    let mut columns = Columns::untimed((0..3).map(ObjectId).collect());
    columns.keys = Some(Keys::Text(keys));
    columns.client = Some(Labels { ids: vec![0, 1, 0], names: Keys::Ints(vec![70, 71]) });
    Trace::new("t", columns, ReadReport::default()).unwrap()
}

fn cluster(spec: &ClusterSpec) -> Driven<Cluster> {
    Driven::new(Cluster::new(spec, &three_keys(), 0).unwrap())
}

#[test]
fn keys_go_to_the_masters_of_their_slots() {
    let mut cluster = cluster(&spec());
    let slots = [0, 1, 2].map(|object| cluster.placement.group(ObjectId(object)));
    assert_eq!(slots, [866, 9059, 12_182]);
    assert_eq!([0, 1, 2].map(|object| cluster.ask(object, 0)), [to(0, 0), to(1, 1), to(2, 2)]);
    assert_eq!((cluster.placement.n_nodes(), cluster.placement.n_stations()), (3, 6));
    assert_eq!(cluster.placement.share(0), 1.0 / 3.0);
    let named = |name| cluster.placement.stations_named(name);
    assert_eq!(
        (named("shard-1"), named("shard-1-replica-1"), named("shard-")),
        (vec![1, 4], vec![4], vec![])
    );
    assert_eq!(cluster.placement.station_name(5), "shard-2-replica-1");
}

/// The master of shard 1 fails at 10 s. Its failure is known 15 s later, and a second on its replica
/// serves, which is station 3 + 1. The others serve all the time.
#[test]
fn a_failover_takes_detection_and_an_election() {
    let mut cluster = cluster(&spec());
    cluster.notice(1, Health::Down, 10 * SECOND);
    assert_eq!(cluster.ask(1, 10 * SECOND), TIMED_OUT);
    assert_eq!(cluster.ask(0, 10 * SECOND), to(0, 0));
    assert_eq!(cluster.ask(1, 26 * SECOND - 1), TIMED_OUT);
    assert_eq!(cluster.ask(1, 26 * SECOND), to(1, 4));
    // The old master comes back as a replica, and takes over in its turn.
    cluster.notice(1, Health::Up, 30 * SECOND);
    assert_eq!(cluster.ask(1, 30 * SECOND), to(1, 4));
    cluster.notice(4, Health::Down, 40 * SECOND);
    assert_eq!(cluster.ask(1, 50 * SECOND), TIMED_OUT);
    assert_eq!(cluster.ask(1, 56 * SECOND), to(1, 1));
    assert_eq!(cluster.changes, []);
}

#[test]
fn without_a_replica_the_contents_are_lost_and_the_slots_wait_for_the_machine() {
    let mut cluster = cluster(&ClusterSpec { replicas_per_master: 0, ..spec() });
    cluster.notice(2, Health::Down, 10 * SECOND);
    assert_eq!(cluster.changes, [Change::Lose { node: 2 }]);
    assert_eq!(cluster.ask(2, 100 * SECOND), TIMED_OUT);
    assert_eq!(cluster.ask(0, 100 * SECOND), to(0, 0));
    cluster.notice(2, Health::Up, 200 * SECOND);
    assert_eq!(cluster.ask(2, 200 * SECOND), to(2, 2));
    assert_eq!(cluster.changes.len(), 1);
}

#[test]
fn when_master_and_replica_are_down_the_contents_are_lost() {
    let mut cluster = cluster(&spec());
    cluster.notice(3, Health::Down, SECOND);
    assert_eq!((cluster.ask(0, SECOND), cluster.changes.len()), (to(0, 0), 0));
    cluster.notice(0, Health::Down, 2 * SECOND);
    assert_eq!(cluster.changes, [Change::Lose { node: 0 }]);
    // The replica has nothing to take over with.
    cluster.notice(3, Health::Up, 3 * SECOND);
    assert_eq!(cluster.ask(0, 100 * SECOND), TIMED_OUT);
    cluster.notice(0, Health::Up, 101 * SECOND);
    assert_eq!(cluster.ask(0, 101 * SECOND), to(0, 0));
}

/// Redis Cluster serves nothing while most masters are down, and elects nobody; Sentinel would.
#[test]
fn a_majority_of_masters_is_needed() {
    let mut elected = cluster(&spec());
    elected.notice(0, Health::Down, SECOND);
    elected.notice(1, Health::Down, SECOND);
    assert_eq!([0, 2].map(|object| elected.ask(object, 2 * SECOND)), [TIMED_OUT, to(2, 2)]);
    assert_eq!([0, 2].map(|o| elected.ask(o, 16 * SECOND)), [TIMED_OUT, REFUSED]);
    assert_eq!([0, 2].map(|o| elected.ask(o, 100 * SECOND)), [TIMED_OUT, REFUSED]);
    // With master 1 there are two of three again: shard 0 elects its replica.
    elected.notice(1, Health::Up, 200 * SECOND);
    assert_eq!([0, 2].map(|o| elected.ask(o, 200 * SECOND)), [TIMED_OUT, to(2, 2)]);
    assert_eq!(elected.ask(0, 201 * SECOND), to(0, 3));
    // Master 1 came back empty, before its replica took over.
    assert_eq!(elected.changes, [Change::Lose { node: 1 }]);

    let mut watched = cluster(&ClusterSpec { election: Election::Outside, ..spec() });
    watched.notice(0, Health::Down, SECOND);
    watched.notice(1, Health::Down, SECOND);
    assert_eq!([0, 1, 2].map(|o| watched.ask(o, 17 * SECOND)), [to(0, 3), to(1, 4), to(2, 2)]);
}

/// Master 3 joins at 10 s and gets 4096 slots at 100 a second. foo's slot 12182 moves when it is
/// its turn; a client that did not hear of it is redirected once.
#[test]
fn a_resize_migrates_slots_and_redirects_clients() {
    let resize = vec![Resize { at: Nanos(10 * SECOND), masters: 4 }];
    let mut cluster = cluster(&ClusterSpec { resize, migration_rate: Rate(100.0), ..spec() });
    assert_eq!((cluster.placement.n_nodes(), cluster.placement.share(3)), (4, 1.0 / 3.0));
    cluster.advance(9 * SECOND);
    assert_eq!(cluster.changes, []);
    cluster.advance(10 * SECOND + SECOND);
    assert_eq!(cluster.changes.len(), 100);
    cluster.advance(100 * SECOND);
    assert_eq!(cluster.changes.len(), 4096);
    assert_eq!(cluster.placement.wakes_at(), None);
    let n_owned = cluster.placement.owners.iter().filter(|owner| **owner == 3).count();
    assert_eq!(n_owned, 4096);
    // Slots 0 to 1364 of shard 0 have moved, hello's 866 among them.
    let redirected = |client, cluster: &mut Driven<Cluster>| {
        matches!(
            cluster.ask_as(client, 0, 100 * SECOND, false, IDLE),
            Route::To { node: 3, station: 3, extra_ns: 500_000 }
        )
    };
    assert!(redirected(0, &mut cluster) && !redirected(0, &mut cluster));
    assert!(redirected(1, &mut cluster) && !redirected(1, &mut cluster));
    // foo moved, too, which the client knows by now; world did not.
    assert_eq!([1, 2].map(|object| cluster.ask(object, 100 * SECOND)), [to(1, 1), to(3, 3)]);
}

#[test]
fn a_slot_on_the_move_costs_a_redirection_and_waits_for_both_ends() {
    let resize = vec![Resize { at: Nanos(SECOND), masters: 4 }];
    let mut cluster = cluster(&ClusterSpec { resize, migration_rate: Rate(1.0), ..spec() });
    let owner_of = |cluster: &Driven<Cluster>| cluster.placement.owners[866];
    let turn = {
        let moves = rebalance::evenly(&cluster.placement.owners, 4, 4);
        moves.iter().position(|step| step.slot == 866).unwrap() as u64
    };
    let start = (1 + turn) * SECOND;
    let asking = Route::To { node: 0, station: 0, extra_ns: 500_000 };
    assert_eq!(cluster.ask(0, start - 1), to(0, 0));
    assert_eq!(cluster.ask(0, start), asking);
    let mut holders = Vec::new();
    cluster.placement.holders(ObjectId(0), &mut |node| holders.push(node));
    assert_eq!(holders, [0, 3]);
    cluster.notice(3, Health::Down, start + SECOND / 2);
    assert_eq!(cluster.ask(0, start + 10 * SECOND), to(0, 0));
    // The replica of the new shard is station 4 + 3. It serves 16 s after the failure, and the move
    // takes its second from there.
    let served = start + SECOND / 2 + 16 * SECOND;
    assert_eq!(cluster.ask(0, served), asking);
    cluster.advance(served + SECOND - 1);
    assert_eq!(owner_of(&cluster), 0);
    cluster.advance(served + SECOND);
    assert_eq!(owner_of(&cluster), 3);
    assert_eq!(
        cluster.ask(0, served + SECOND),
        Route::To { node: 3, station: 7, extra_ns: 500_000 }
    );
}

#[test]
fn on_a_ring_a_resize_moves_requests_and_no_contents() {
    let resize = vec![Resize { at: Nanos(SECOND), masters: 4 }];
    let spec = ClusterSpec { hashing: Hashing::Ring, resize, ..spec() };
    let trace = Trace::from_numbers("t", 0..10_000);
    let mut cluster = Driven::new(Cluster::new(&spec, &trace, 0).unwrap());
    let shards = |cluster: &mut Driven<Cluster>, now| {
        let shard = |object| match cluster.ask(object, now) {
            Route::To { node, extra_ns: 0, .. } => node,
            other => panic!("{other:?}"),
        };
        (0..10_000).map(shard).collect::<Vec<_>>()
    };
    let (before, after) = (shards(&mut cluster, 0), shards(&mut cluster, SECOND));
    let moved = before.iter().zip(&after).filter(|(b, a)| b != a).count();
    assert!((2000..3000).contains(&moved), "{moved}");
    assert_eq!(cluster.changes, []);
    let mut holders = 0;
    cluster.placement.holders(ObjectId(0), &mut |_| holders += 1);
    assert_eq!(holders, 4);
}

/// Zipf with exponent 1 over so many objects, by inversion.
fn zipf(n: u64, draw: f64) -> u32 {
    ((n as f64).powf(draw) - 1.0) as u32
}

/// Sends so many requests a second for so long; returns how many each station got.
fn drive(cluster: &mut Driven<Cluster>, seconds: std::ops::Range<u64>, n_objects: u64) -> Vec<u64> {
    let draws = Stream::new(5, "test");
    let mut served = vec![0; cluster.placement.n_stations() as usize];
    for n in seconds.start * 1000..seconds.end * 1000 {
        match cluster.ask(zipf(n_objects, draws.uniform_at(n)), n * (SECOND / 1000)) {
            Route::To { station, .. } => served[station as usize] += 1,
            Route::Unreachable { .. } => panic!("nothing fails"),
        }
    }
    served
}

fn max_over_mean(served: &[u64]) -> f64 {
    *served.iter().max().unwrap() as f64 * served.len() as f64 / served.iter().sum::<u64>() as f64
}

#[test]
fn rebalancing_evens_out_a_zipf_load_and_then_rests() {
    let trace = Trace::from_numbers("t", 0..1000);
    let run = |strategy| {
        let spec = ClusterSpec { strategy, masters: 5, replicas_per_master: 0, ..spec() };
        let mut cluster = Driven::new(Cluster::new(&spec, &trace, 0).unwrap());
        drive(&mut cluster, 0..300, 1000);
        let moves = cluster.changes.len();
        let late = drive(&mut cluster, 300..600, 1000);
        (max_over_mean(&late), moves, cluster.changes)
    };
    let (fixed, _, moves) = run(ClusterStrategy::Static);
    assert!(fixed > 1.25 && moves.is_empty(), "{fixed}");
    let (balanced, early, moves) = run(ClusterStrategy::RebalanceByLoad);
    assert!(balanced < 1.12, "{balanced}, static {fixed}");
    // It has found its balance in the first half, and no slot went anywhere twice.
    assert!(early > 0 && moves.len() == early, "{early} of {}", moves.len());
    let mut slots: Vec<_> = moves
        .iter()
        .map(|change| match change {
            Change::Move { group, .. } => *group,
            Change::Lose { .. } | Change::GiveUp { .. } => panic!("nothing fails"),
        })
        .collect();
    slots.sort_unstable();
    slots.dedup();
    assert_eq!(slots.len(), moves.len());
}

/// Object 0 of 10 has 30 % of the requests, the law being log 2 / log 10. Slots cannot help
/// against that; replicas can.
#[test]
fn reads_of_hot_keys_are_spread_and_writes_are_not() {
    let trace = Trace::from_numbers("t", 0..10);
    let run = |strategy| {
        let spec = ClusterSpec { strategy, replicas_per_master: 2, hot_key_share: 0.25, ..spec() };
        Driven::new(Cluster::new(&spec, &trace, 0).unwrap())
    };
    let mut fixed = run(ClusterStrategy::Static);
    let fixed = drive(&mut fixed, 0..60, 10);
    assert_eq!(fixed[3..].iter().sum::<u64>(), 0);
    let mut spread = run(ClusterStrategy::ReplicaReadsForHotKeys);
    let shard = spread.placement.shard_of(ObjectId(0)) as usize;
    let served = drive(&mut spread, 0..60, 10);
    let replicas = &served[3 + 2 * shard..5 + 2 * shard];
    let hot = 60_000.0 * std::f64::consts::LOG10_2;
    for served in replicas {
        assert!((*served as f64 - hot / 3.0).abs() < 0.03 * hot, "{served} of {hot}");
    }
    assert_eq!(served[3..].iter().sum::<u64>(), replicas.iter().sum::<u64>());
    assert!(served[shard] + replicas[0] + replicas[1] == fixed[shard]);
    for n in 0..10 {
        let route = spread.ask_as(0, 0, 60 * SECOND + n, true, IDLE);
        assert_eq!(route, to(shard as u32, shard as u32));
    }
    // A replica that is down is passed over.
    spread.notice(3 + 2 * shard as u32, Health::Down, 61 * SECOND);
    let stations: Vec<_> = (0..4).map(|n| spread.ask(0, 61 * SECOND + n)).collect();
    assert!(!stations.contains(&to(shard as u32, 3 + 2 * shard as u32)));
    assert_ne!(stations[0], stations[1]);
}

#[test]
fn two_choices_take_the_shorter_queue() {
    let trace = Trace::from_numbers("t", 0..1000);
    let spec = TwoChoicesSpec { nodes: 8, ..TwoChoicesSpec::default() };
    let mut nodes = Driven::new(TwoChoices::new(&spec, &trace).unwrap());
    let draws = Stream::new(6, "test");
    let (mut served, mut first) = (Counted(vec![0; 8]), vec![0u64; 8]);
    for n in 0..20_000 {
        let object = zipf(1000, draws.uniform_at(n));
        let mut holders = Vec::new();
        nodes.placement.holders(ObjectId(object), &mut |node| holders.push(node));
        let Route::To { node, .. } = nodes.ask_as(0, object, n, false, &served) else {
            panic!("nothing fails")
        };
        assert!(holders.len() == 2 && holders[0] != holders[1] && holders.contains(&node));
        served.0[node as usize] += 1;
        first[holders[0] as usize] += 1;
    }
    let both: Vec<_> = served.0.iter().map(|n| *n as u64).collect();
    assert!(max_over_mean(&both) < 1.01, "{both:?}");
    assert!(max_over_mean(&first) > 1.3, "{first:?}");
}

#[test]
fn two_choices_leave_a_failed_node_alone_once_they_know() {
    let trace = three_keys();
    let mut nodes = Driven::new(TwoChoices::new(&TwoChoicesSpec::default(), &trace).unwrap());
    let mut holders = Vec::new();
    nodes.placement.holders(ObjectId(0), &mut |node| holders.push(node));
    let queues = &Counted(vec![0; 3]);
    nodes.notice(holders[0], Health::Down, SECOND);
    assert_eq!(nodes.changes, [Change::Lose { node: holders[0] }]);
    assert_eq!(nodes.ask_as(0, 0, 2 * SECOND, false, queues), TIMED_OUT);
    let second = to(holders[1], holders[1]);
    assert_eq!(nodes.ask_as(0, 0, 16 * SECOND, false, queues), second);
    nodes.notice(holders[1], Health::Down, 20 * SECOND);
    assert_eq!(nodes.ask_as(0, 0, 50 * SECOND, false, queues), TIMED_OUT);
    nodes.notice(holders[0], Health::Up, 51 * SECOND);
    assert_eq!(nodes.ask_as(0, 0, 51 * SECOND, true, queues), to(holders[0], holders[0]));
    assert!(TwoChoices::new(&TwoChoicesSpec { nodes: 1, ..Default::default() }, &trace).is_err());
}

#[test]
fn a_spec_is_read_from_toml_and_what_makes_no_sense_is_refused() {
    let read = |text: &str| toml::from_str::<ClusterSpec>(text).map_err(|e| e.to_string());
    let spec = read(
        "masters = 4\nstrategy = \"intelligent-sharding\"\nmigration-rate = \"5/s\"\nresize = [{ at = \"1h\", masters = 5 }]",
    )
    .unwrap();
    assert_eq!((spec.masters, spec.migration_rate), (4, Rate(5.0)));
    assert!(spec.strategy.rebalances() && spec.strategy.spreads_hot_keys());
    assert_eq!(toml::from_str::<ClusterSpec>(&toml::to_string(&spec).unwrap()), Ok(spec));
    assert!(read("master = 4").is_err());
    let trace = three_keys();
    let bad = [
        ("masters = 0", "`masters`"),
        ("masters = 1001", "`masters`"),
        ("masters = 2", "election"),
        ("resize = [{ at = \"1h\", masters = 2 }]", "election"),
        ("replicas-per-master = 101", "`replicas-per-master`"),
        ("hashing = \"ring\"\nmasters = 500", "points"),
        ("hashing = \"ring\"\npoints-per-master = 0", "points"),
        ("hashing = \"ring\"\nstrategy = \"rebalance-by-load\"", "ring"),
        ("rebalance-every = \"0s\"", "`rebalance-every`"),
        ("rebalance-above = 0.5", "`rebalance-above`"),
        ("slots-per-round = 0", "`slots-per-round`"),
        ("migration-rate = \"0.0001/s\"", "`migration-rate`"),
        ("hot-key-share = 0.0", "`hot-key-share`"),
        ("resize = [{ at = \"1h\", masters = 4 }, { at = \"1h\", masters = 5 }]", "`resize`"),
    ];
    for (text, names) in bad {
        let error = Cluster::new(&read(text).unwrap(), &trace, 0).unwrap_err();
        assert!(error.0.contains(names), "{text}: {error}");
    }
    let one = read("masters = 1\nelection = \"outside\"").unwrap();
    assert!(Cluster::new(&one, &trace, 0).is_ok());
}

proptest! {
    /// Whatever fails when: every request is answered or fails, by a machine of its shard that is up;
    /// the slots stay whole; the cluster is never woken in vain for ever; twice is the same.
    #[test]
    fn any_weather(
        events in prop::collection::vec((0..8u32, any::<bool>(), 0..20u64), 0..60),
        intelligent in any::<bool>(),
        election in prop::sample::select(vec![Election::Masters, Election::Outside]),
        persistence in any::<bool>(),
    ) {
        let strategy = if intelligent { ClusterStrategy::IntelligentSharding } else { ClusterStrategy::Static };
        let resize = vec![
            Resize { at: Nanos(30 * SECOND), masters: 4 },
            Resize { at: Nanos(200 * SECOND), masters: 3 },
        ];
        let spec = ClusterSpec {
            strategy, election, persistence, resize,
            hot_key_share: 0.2,
            migration_rate: Rate(200.0),
            ..ClusterSpec::default()
        };
        let trace = Trace::from_numbers("t", 0..50);
        let run = || {
            let mut cluster = Driven::new(Cluster::new(&spec, &trace, 0).unwrap());
            let draws = Stream::new(1, "test");
            let mut up = [true; 8];
            let (mut now, mut log) = (0, Vec::new());
            for (n, (station, fails, gap)) in events.iter().enumerate() {
                now += gap * SECOND;
                let health = if *fails { Health::Down } else { Health::Up };
                cluster.notice(*station, health, now);
                up[*station as usize] = !fails;
                for k in 0..20 {
                    let object = zipf(50, draws.uniform_at(n as u64 * 20 + k));
                    let write = k % 5 == 0;
                    let route = cluster.ask_as(0, object, now + k, write, IDLE);
                    if let Route::To { node, station, .. } = route {
                        assert!(up[station as usize]);
                        assert_eq!(node, cluster.placement.shard_of(ObjectId(object)));
                        assert_eq!(cluster.placement.machine(station).0, node as usize);
                    }
                    log.push(route);
                }
            }
            // Once all is well, everybody is served, and the resizes come to their ends.
            now += 20 * SECOND;
            (0..8).for_each(|station| cluster.notice(station, Health::Up, now));
            now += 20 * SECOND;
            for object in 0..50 {
                assert!(matches!(cluster.ask(object, now), Route::To { .. }));
            }
            cluster.advance(now + 1000 * SECOND);
            let owners = &cluster.placement.owners;
            assert!(owners.iter().all(|owner| *owner < 3));
            (log, cluster.changes)
        };
        prop_assert_eq!(run(), run());
    }
}
