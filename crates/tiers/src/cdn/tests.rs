//! Routes worked out by hand, laws of routing and failover, and what splitting traffic costs.

use std::collections::BTreeMap;

use cache::{Filled, Request, Setup, Unit};
use proptest::prelude::*;
use serde::Deserialize;
use trace::generate::{Recipe, generate};
use trace::units::Nanos;
use trace::{Columns, Keys, Labels, NEVER, ObjectId, ReadReport, TextKeys, Trace};

use super::*;

/// No placement here looks at queues.
struct Empty;

impl Queues for Empty {
    fn length(&self, _station: u32) -> usize {
        0
    }
}

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;

/// Two regions on the equator, at 0 and 90 degrees east. `a` has a point of presence at each, `b` one
/// at 30 degrees.
fn spec() -> CdnSpec {
    toml::from_str(
        r#"
        source = "test"
        date = "2026-11-25"
        last-mile = "0"
        path-factor = 1
        fibre-km-per-s = 200000
        unhealthy-after = 3
        healthy-after = 2
        [regions]
        east = { at = [0, 90], share = 1, labels = ["JP"] }
        west = { at = [0, 0], share = 3 }
        [providers.a]
        source = "test"
        weight = 3
        pops.east = { at = [0, 90] }
        pops.west = { at = [0, 0], weight = 2 }
        [providers.b]
        source = "test"
        pops.middle = { at = [0, 30], round-trip = { east = "7ms" } }
        "#,
    )
    .unwrap()
}

const EAST: u32 = 0;
const WEST: u32 = 1;
const MIDDLE: u32 = 2;

fn labels(ids: Vec<u32>, names: &[&str]) -> Labels {
    let mut keys = TextKeys::default();
    names.iter().for_each(|name| keys.push(name.as_bytes()));
    Labels { ids, names: Keys::Text(keys) }
}

/// A request by each of `n` clients, without regions.
fn clients(n: u32) -> Trace {
    let names: Vec<String> = (0..n).map(|i| format!("client {i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut columns = Columns::untimed(vec![ObjectId(0); n as usize]);
    columns.client = Some(labels((0..n).collect(), &names));
    Trace::new("t", columns, ReadReport::default()).unwrap()
}

/// A request by each of `n` clients from each of the regions.
fn regional(n: u32, regions: &[&str]) -> Trace {
    let all = || (0..n).flat_map(|client| (0..regions.len() as u32).map(move |r| (client, r)));
    let mut columns = clients(n).columns().clone();
    columns.object = vec![ObjectId(0); all().count()];
    columns.client.as_mut().unwrap().ids = all().map(|(client, _)| client).collect();
    columns.region = Some(labels(all().map(|(_, region)| region).collect(), regions));
    Trace::new("t", columns, ReadReport::default()).unwrap()
}

fn ask(trace: &Trace, request: usize, now: u64) -> Ask {
    let id = |column: &Option<Labels>| column.as_ref().map_or(0, |labels| labels.ids[request]);
    Ask {
        object: trace.objects()[request],
        request: request as u64,
        client: id(&trace.columns().client),
        region: id(&trace.columns().region),
        now,
        write: false,
    }
}

fn routes(placement: &mut impl Placement, trace: &Trace, now: u64) -> Vec<Route> {
    (0..trace.n_requests()).map(|i| placement.route(&ask(trace, i, now), &Empty)).collect()
}

fn station(route: Route) -> Option<u32> {
    match route {
        Route::To { node, station, .. } => {
            assert_eq!(node, station);
            Some(station)
        }
        Route::Unreachable { .. } => None,
    }
}

/// Share of routes that lead to each of `n` stations.
fn shares(routes: &[Route], n: u32) -> Vec<f64> {
    let to = |s| routes.iter().filter(|route| station(**route) == Some(s)).count();
    (0..n).map(|s| to(s) as f64 / routes.len() as f64).collect()
}

fn close(shares: &[f64], expected: &[f64]) -> bool {
    // Four standard errors of a share of 20,000 clients at the most.
    shares.iter().zip(expected).all(|(share, expected)| (share - expected).abs() < 0.015)
}

#[test]
fn a_worked_example() {
    let trace = regional(1, &["west", "JP"]);
    let mut spec = spec();
    spec.steering = Steering::Fastest;
    let mut cdn = Cdn::new(&spec, &trace, 1).unwrap();
    assert_eq!((cdn.n_nodes(), cdn.n_stations()), (3, 3));
    let routes = routes(&mut cdn, &trace, 0);
    // At home the way is 0, and from the east `middle` would take the measured 7 ms.
    assert_eq!(routes[0], Route::To { node: WEST, station: WEST, extra_ns: 0 });
    assert_eq!(routes[1], Route::To { node: EAST, station: EAST, extra_ns: 0 });
    cdn.notice(EAST, Health::Down, 0);
    cdn.notice(WEST, Health::Down, 0);
    let later = 30 * SECOND;
    assert_eq!(
        cdn.route(&ask(&trace, 1, later), &Empty),
        Route::To { node: MIDDLE, station: MIDDLE, extra_ns: 7 * MS }
    );
    // 30 degrees are a third of a quarter of the equator, 3335.85 km: 33.36 ms there and back.
    let Route::To { station: MIDDLE, extra_ns, .. } = cdn.route(&ask(&trace, 0, later), &Empty)
    else {
        panic!("from the west to the middle")
    };
    assert!(extra_ns.abs_diff(33_358_478) < 100, "{extra_ns}");
}

#[test]
fn among_the_equally_fast_weight_decides() {
    let trace = regional(20_000, &["west"]);
    let mut spec = CdnSpec { steering: Steering::Fastest, ..spec() };
    let middle = spec.providers.get_mut("b").unwrap().pops.get_mut("middle").unwrap();
    middle.round_trip.insert("west".into(), Nanos(0));
    let by_weight = shares(&routes(&mut Cdn::new(&spec, &trace, 1).unwrap(), &trace, 0), 3);
    assert!(close(&by_weight, &[0.0, 0.75, 0.25]), "{by_weight:?}");
}

#[test]
fn stations_have_names_and_faults_find_them() {
    let cdn = Cdn::new(&spec(), &clients(1), 1).unwrap();
    let names: Vec<String> = (0..3).map(|s| cdn.station_name(s)).collect();
    assert_eq!(names, ["a/east", "a/west", "b/middle"]);
    assert_eq!(cdn.stations_named("a"), [EAST, WEST]);
    assert_eq!(cdn.stations_named("a/west"), [WEST]);
    assert_eq!(cdn.stations_named("middle"), [MIDDLE]);
    assert!(cdn.stations_named("c").is_empty());
}

#[test]
fn clients_and_capacity_go_by_their_shares() {
    let trace = clients(20_000);
    let mut spec = spec();
    let of = |spec: &CdnSpec| {
        let mut cdn = Cdn::new(spec, &trace, 5).unwrap();
        assert_eq!((0..3).map(|node| cdn.share(node)).collect::<Vec<_>>(), [0.25, 0.5, 0.25]);
        shares(&routes(&mut cdn, &trace, 0), 3)
    };
    // A quarter is in the east; three quarters of all have provider `a`.
    let by_region = of(&spec);
    assert!(close(&by_region, &[0.1875, 0.5625, 0.25]), "{by_region:?}");
    // Within `a` a third has weight 1, wherever they are.
    spec.routing = Routing::Weights;
    let by_weight = of(&spec);
    assert!(close(&by_weight, &[0.25, 0.5, 0.25]), "{by_weight:?}");
}

#[test]
fn latency_and_place_may_disagree() {
    let trace = regional(1, &["west"]);
    let mut spec = spec();
    spec.providers.remove("b");
    let west = spec.providers.get_mut("a").unwrap().pops.get_mut("west").unwrap();
    west.round_trip.insert("west".into(), Nanos(SECOND));
    let mut to = |routing| {
        spec.routing = routing;
        station(routes(&mut Cdn::new(&spec, &trace, 1).unwrap(), &trace, 0)[0])
    };
    assert_eq!(to(Routing::Latency), Some(EAST));
    assert_eq!(to(Routing::Geo), Some(WEST));
}

#[test]
fn a_client_keeps_its_place_and_a_trace_without_clients_has_one_a_request() {
    let twice = {
        let mut columns = clients(500).columns().clone();
        columns.object.extend_from_within(..);
        columns.client.as_mut().unwrap().ids.extend_from_within(..);
        Trace::new("t", columns, ReadReport::default()).unwrap()
    };
    let routed = routes(&mut Cdn::new(&spec(), &twice, 1).unwrap(), &twice, 0);
    assert_eq!(routed[..500], routed[500..]);
    let bare = Trace::from_numbers("t", std::iter::repeat_n(1, 20_000));
    let routed = routes(&mut Cdn::new(&spec(), &bare, 1).unwrap(), &bare, 0);
    let spread = shares(&routed, 3);
    assert!(close(&spread, &[0.1875, 0.5625, 0.25]), "{spread:?}");
}

#[test]
fn requests_without_a_client_or_a_region_are_drawn_one_by_one() {
    let mut columns = Columns::untimed(vec![ObjectId(0); 20_000]);
    columns.client = Some(labels(vec![1; 20_000], &["somebody", ""]));
    columns.region = Some(labels(vec![0; 20_000], &[""]));
    let trace = Trace::new("t", columns, ReadReport::default()).unwrap();
    let spread = shares(&routes(&mut Cdn::new(&spec(), &trace, 1).unwrap(), &trace, 0), 3);
    assert!(close(&spread, &[0.1875, 0.5625, 0.25]), "{spread:?}");
}

#[test]
fn an_outage_is_felt_until_checks_notice_and_moves_only_its_clients() {
    let trace = clients(20_000);
    let mut cdn = Cdn::new(&spec(), &trace, 1).unwrap();
    let before = routes(&mut cdn, &trace, 0);
    for pop in cdn.stations_named("a") {
        cdn.notice(pop, Health::Down, 12 * SECOND);
    }
    let check = |during: &[Route], moved: Option<u32>| {
        for (before, during) in before.iter().zip(during) {
            match station(*before) {
                Some(MIDDLE) => assert_eq!(before, during),
                _ => assert_eq!(station(*during), moved),
            }
        }
    };
    // Checks at 20, 30 and 40 s fail.
    let unnoticed = routes(&mut cdn, &trace, 40 * SECOND - 1);
    check(&unnoticed, None);
    assert!(unnoticed.contains(&Route::Unreachable { after_ns: SECOND }));
    check(&routes(&mut cdn, &trace, 40 * SECOND), Some(MIDDLE));
    for pop in cdn.stations_named("a") {
        cdn.notice(pop, Health::Up, 55 * SECOND);
    }
    // Checks at 60 and 70 s pass.
    check(&routes(&mut cdn, &trace, 70 * SECOND - 1), Some(MIDDLE));
    assert_eq!(routes(&mut cdn, &trace, 70 * SECOND), before);
}

#[test]
fn without_fallback_clients_keep_asking() {
    let trace = clients(200);
    let spec = CdnSpec { fallback: false, ..spec() };
    let mut cdn = Cdn::new(&spec, &trace, 1).unwrap();
    let before = routes(&mut cdn, &trace, 0);
    cdn.notice(MIDDLE, Health::Down, 0);
    let during = routes(&mut cdn, &trace, 3_600 * SECOND);
    for (before, during) in before.iter().zip(&during) {
        let lost = Route::Unreachable { after_ns: SECOND };
        assert_eq!(*during, if station(*before) == Some(MIDDLE) { lost } else { *before });
    }
    assert!(during.iter().any(|route| station(*route).is_none()));
}

#[test]
fn one_that_stands_by_is_asked_last() {
    let trace = clients(500);
    let mut spec = spec();
    spec.providers.get_mut("b").unwrap().weight = 0.0;
    let mut cdn = Cdn::new(&spec, &trace, 1).unwrap();
    assert_eq!(shares(&routes(&mut cdn, &trace, 0), 3)[MIDDLE as usize], 0.0);
    cdn.notice(WEST, Health::Down, 0);
    assert_eq!(shares(&routes(&mut cdn, &trace, 30 * SECOND), 3), [1.0, 0.0, 0.0]);
    cdn.notice(EAST, Health::Down, 30 * SECOND);
    assert_eq!(shares(&routes(&mut cdn, &trace, 60 * SECOND), 3), [0.0, 0.0, 1.0]);
    // With nothing left to trust everybody goes home, and finds the one that is up again.
    cdn.notice(MIDDLE, Health::Down, 60 * SECOND);
    cdn.notice(WEST, Health::Up, 91 * SECOND);
    let home = shares(&routes(&mut cdn, &trace, 92 * SECOND), 3);
    assert!(home[WEST as usize] > 0.6 && home[EAST as usize] == 0.0, "{home:?}");
}

proptest! {
    #[test]
    fn everybody_reaches_one_that_is_up_once_checks_have_noticed(
        down in prop::collection::vec(any::<bool>(), 3),
        at in 0..100 * SECOND,
        routing in prop::sample::select(vec![Routing::Latency, Routing::Geo, Routing::Weights]),
        steering in prop::sample::select(vec![Steering::Weights, Steering::Fastest]),
        seed: u64,
    ) {
        let trace = regional(50, &["east", "west"]);
        let spec = CdnSpec { routing, steering, ..spec() };
        let mut cdn = Cdn::new(&spec, &trace, seed).unwrap();
        let before = routes(&mut cdn, &trace, 0);
        for (station, down) in down.iter().enumerate() {
            if *down {
                cdn.notice(station as u32, Health::Down, at);
            }
        }
        // The fastest of offers by weight may be faster still when a slow one is gone.
        let stays = (routing, steering) != (Routing::Weights, Steering::Fastest);
        let after = routes(&mut cdn, &trace, at + 30 * SECOND);
        for (before, after) in before.iter().zip(&after) {
            let (home, now) = (station(*before).unwrap(), station(*after));
            prop_assert_eq!(now.is_some(), down.contains(&false));
            if let Some(now) = now {
                prop_assert!(!down[now as usize]);
                prop_assert!(!stays || down[home as usize] || now == home);
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presets {
    cdn: BTreeMap<String, CdnSpec>,
    shield: BTreeMap<String, ShieldSpec>,
}

fn presets() -> Presets {
    toml::from_str(include_str!("../../../experiment/presets/cdn.toml")).unwrap()
}

#[test]
fn presets_make_sense_and_keep_every_region_near() {
    let Presets { cdn: presets, shield } = presets();
    let trace = clients(20_000);
    for (name, spec) in &presets {
        let mut cdn = Cdn::new(spec, &trace, 1).unwrap();
        let total: f64 = (0..cdn.n_nodes()).map(|node| cdn.share(node)).sum();
        assert!((total - 1.0).abs() < 1e-12, "{name}: {total}");
        let routed = routes(&mut cdn, &trace, 0);
        let idle = shares(&routed, cdn.n_nodes()).iter().position(|share| *share == 0.0);
        assert_eq!(idle.map(|pop| cdn.station_name(pop as u32)), None, "{name}");
        let ways = routed.into_iter().map(|route| match route {
            Route::To { extra_ns, .. } => extra_ns as f64 / MS as f64,
            Route::Unreachable { .. } => panic!("{name}: nothing is down"),
        });
        let mean = ways.sum::<f64>() / trace.n_requests() as f64;
        assert!((10.0..50.0).contains(&mean), "{name}: {mean} ms");
    }
    let multi = &presets["three-cdns"];
    assert_eq!(presets["one-cdn"].regions, multi.regions, "the same clients");
    for spec in shield.values() {
        let shield = Shield::new(spec, multi, &trace, 1).unwrap();
        let total: f64 = (0..shield.n_nodes()).map(|node| shield.share(node)).sum();
        assert!((total - 1.0).abs() < 1e-12);
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let trace = regional(1, &["east", "west"]);
    type Break = fn(&mut CdnSpec);
    let broken: [(Break, &str); 12] = [
        (|s| s.regions.clear(), "regions"),
        (|s| s.providers.clear(), "providers"),
        (|s| s.providers.get_mut("a").unwrap().pops.clear(), "providers.a.pops"),
        (|s| s.regions.get_mut("east").unwrap().share = -1.0, "share"),
        (|s| s.providers.values_mut().for_each(|p| p.weight = 0.0), "weight"),
        (|s| pop(s).weight = 0.0, "weight"),
        (|s| _ = pop(s).round_trip.insert("north".into(), Nanos(1)), "no region `north`"),
        (|s| s.health_check_every = Nanos(0), "health-check-every"),
        (|s| s.unhealthy_after = 0, "unhealthy-after"),
        (|s| s.path_factor = f64::NAN, "path-factor"),
        (|s| s.fibre_km_per_s = 300_000.0, "fibre-km-per-s"),
        (|s| s.regions.get_mut("west").unwrap().labels = vec!["east".into()], "label of two"),
    ];
    for (break_it, field) in broken {
        let mut spec = spec();
        break_it(&mut spec);
        let error = Cdn::new(&spec, &trace, 1).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
    let elsewhere = regional(1, &["east", "mars"]);
    let error = Cdn::new(&spec(), &elsewhere, 1).unwrap_err().to_string();
    assert!(error.contains("`mars`") && error.contains("labels"), "{error}");
    let unknown = "source = \"t\"\npops.x = { at = [0, 0], wieght = 1 }";
    assert!(toml::from_str::<ProviderSpec>(unknown).is_err());
}

fn pop(spec: &mut CdnSpec) -> &mut PopSpec {
    spec.providers.get_mut("a").unwrap().pops.get_mut("east").unwrap()
}

fn shield_spec(text: &str) -> ShieldSpec {
    toml::from_str(&format!("source = \"test\"\ndate = \"2026-11-25\"\n{text}")).unwrap()
}

#[test]
fn a_shield_is_asked_by_the_point_of_presence_the_client_is_at() {
    let trace = clients(2_000);
    let per_provider = shield_spec(
        "sites.for-a = { at = [0, 0], provider = \"a\" }\n\
         sites.for-b = { at = [0, 0], provider = \"b\", weight = 3 }",
    );
    let mut cdn = Cdn::new(&spec(), &trace, 9).unwrap();
    let mut shield = Shield::new(&per_provider, &spec(), &trace, 9).unwrap();
    assert_eq!([shield.share(0), shield.share(1)], [0.25, 0.75]);
    assert_eq!(shield.station_name(1), "for-b");
    assert_eq!(shield.stations_named("b"), [1]);
    assert_eq!(shield.stations_named("for-a"), [0]);
    // A provider's outage takes its shield along; the two agree at every moment but while unnoticed.
    let agree = |cdn: &mut Cdn, shield: &mut Shield, now| {
        for (edge, site) in routes(cdn, &trace, now).iter().zip(routes(shield, &trace, now)) {
            let Some(pop) = station(*edge) else { continue };
            assert_eq!(station(site), Some(u32::from(pop == MIDDLE)));
        }
    };
    agree(&mut cdn, &mut shield, 0);
    for outage in [&mut cdn as &mut dyn Placement, &mut shield] {
        for station in outage.stations_named("a") {
            outage.notice(station, Health::Down, 5 * SECOND);
        }
    }
    for now in [6, 29, 30, 100] {
        agree(&mut cdn, &mut shield, now * SECOND);
    }
}

/// A quarter of the equator at 200,000 km/s, there and back.
const QUARTER: u64 = 100_075_000;

#[test]
fn a_distant_origin_is_as_far_as_it_is_from_who_asks() {
    let trace = regional(1, &["east", "west"]);
    let mut all_a = spec();
    all_a.providers.remove("b");
    let at = Place::try_from([0.0, 0.0]).unwrap();
    let ways = |shield: Option<&ShieldSpec>| -> Vec<u64> {
        let mut origin = DistantOrigin::new(at, shield, &all_a, &trace, 9).unwrap();
        let routes = routes(&mut origin, &trace, 0);
        let way = |route: Route| match route {
            Route::To { node: 0, station: 0, extra_ns } => extra_ns,
            other => panic!("{other:?}"),
        };
        routes.into_iter().map(way).collect()
    };
    let near = |ways: Vec<u64>, expected: [u64; 2]| {
        for (way, expected) in ways.into_iter().zip(expected) {
            assert!(way.abs_diff(expected) < expected / 500 + 1, "{way} is not {expected}");
        }
    };
    near(ways(None), [QUARTER, 0]);
    near(ways(Some(&shield_spec("sites.there = { at = [0, 90] }"))), [QUARTER, QUARTER]);
    near(ways(Some(&shield_spec("sites.here = { at = [0, 0] }"))), [0, 0]);
}

#[test]
fn the_way_to_a_shield_has_no_last_mile_and_leads_to_the_nearest() {
    let trace = regional(1, &["east", "west"]);
    let mut spec = spec();
    spec.last_mile = Nanos(50 * MS);
    spec.providers.remove("b");
    let two = shield_spec("sites.at-0 = { at = [0, 0] }\nsites.at-60 = { at = [0, 60] }");
    let mut shield = Shield::new(&two, &spec, &trace, 1).unwrap();
    let routed = routes(&mut shield, &trace, 0);
    let Route::To { station: 1, extra_ns, .. } = routed[0] else { panic!("{:?}", routed[0]) };
    assert!(extra_ns.abs_diff(33_358_478) < 100, "30 degrees: {extra_ns}");
    assert_eq!(routed[1], Route::To { node: 0, station: 0, extra_ns: 0 });
    shield.notice(0, Health::Down, 0);
    assert_eq!(station(routes(&mut shield, &trace, 0)[1]), None);
    assert_eq!(station(routes(&mut shield, &trace, 30 * SECOND)[1]), Some(1));
    shield.notice(1, Health::Down, 30 * SECOND);
    let none_left = routes(&mut shield, &trace, 60 * SECOND);
    assert_eq!(none_left, [Route::Unreachable { after_ns: 0 }; 2]);
}

#[test]
fn shields_that_make_no_sense_are_refused() {
    let trace = clients(1);
    let refused = |text| Shield::new(&shield_spec(text), &spec(), &trace, 1).unwrap_err();
    let only_a = refused("sites.x = { at = [0, 0], provider = \"a\" }").to_string();
    assert!(only_a.contains("`b`"), "{only_a}");
    let unknown = refused("sites.x = { at = [0, 0], provider = \"z\" }").to_string();
    assert!(unknown.contains("`z`") && unknown.contains("a, b"), "{unknown}");
    let empty = refused("sites = {}").to_string();
    assert!(empty.contains("sites"), "{empty}");
}

/// Hit ratio of LRU caches of one node each, sharing `capacity` objects, in the second half of the trace.
fn hit_ratio(trace: &Trace, placement: &mut impl Placement, capacity: u64) -> f64 {
    let mut nodes: Vec<_> = (0..placement.n_nodes())
        .map(|node| {
            let setup = Setup {
                capacity: (capacity as f64 * placement.share(node)).round() as u64,
                unit: Unit::Objects,
                n_objects: trace.n_objects(),
                n_requests: trace.n_requests() as u64,
                seed: 1,
            };
            let lru = policies::find("lru").unwrap();
            (lru.kind.build)(&setup, &Default::default()).unwrap()
        })
        .collect();
    let mut hits = 0;
    for i in 0..trace.n_requests() {
        let node = station(placement.route(&ask(trace, i, 0), &Empty)).unwrap();
        let contents = &mut nodes[node as usize];
        let object = trace.objects()[i];
        let request = Request { object, size: 1, seq: i as u64, next_use: NEVER };
        if contents.lookup(&request, &mut |_| ()) {
            hits += usize::from(i >= trace.n_requests() / 2);
        } else {
            assert_eq!(contents.fill(&request, &mut |_| ()), Filled::Inserted);
        }
    }
    nodes.iter().for_each(|node| node.check());
    hits as f64 / (trace.n_requests() / 2) as f64
}

/// `n` points of presence that share clients and capacity alike.
fn split(n: usize) -> CdnSpec {
    let mut spec = CdnSpec { routing: Routing::Weights, ..spec() };
    spec.providers.remove("b");
    let pops = &mut spec.providers.get_mut("a").unwrap().pops;
    let one = PopSpec { weight: 1.0, ..pops["east"].clone() };
    *pops = (0..n).map(|i| (format!("pop-{i}"), one.clone())).collect();
    spec
}

/// Independent requests without clients, so that every split is one at random.
fn zipf(exponent: f64, requests: u64, seed: u64) -> Trace {
    let recipe = format!(
        "schema = 1\nname = \"zipf\"\nseed = {seed}\n\
         source.zipf.access.zipf = {{ objects = 5000, exponent = {exponent} }}\n\
         [[phase]]\nrequests = {requests}\nmix = {{ zipf = 1 }}"
    );
    generate(&Recipe::from_toml(&recipe, "test").unwrap(), None).unwrap()
}

/// Thinning independent requests changes nothing but their pace, so that n caches of C / n are as
/// good as one of C / n: dilution costs what losing all but one of them would.
#[test]
fn splitting_over_n_leaves_the_hit_ratio_of_one_nth_of_the_capacity() {
    let trace = zipf(0.8, 400_000, 3);
    let whole = |capacity| hit_ratio(&trace, &mut crate::Single, capacity);
    for n in [2, 5, 10] {
        let mut cdn = Cdn::new(&split(n), &trace, 1).unwrap();
        let diluted = hit_ratio(&trace, &mut cdn, 1_000);
        let part = whole(1_000 / n as u64);
        assert!((diluted - part).abs() < 0.01, "{n}: {diluted} and {part}");
        assert!(diluted < whole(1_000) - 0.05, "{n}: {diluted}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn splitting_traffic_never_raises_the_hit_ratio(
        exponent in 0.0..1.3f64,
        n in 2..12usize,
        capacity in 100..3_000u64,
        seed: u64,
    ) {
        let trace = zipf(exponent, 20_000, seed);
        // Whole objects a node, so that none gains by rounding.
        let capacity = capacity / n as u64 * n as u64;
        let whole = hit_ratio(&trace, &mut crate::Single, capacity);
        let mut cdn = Cdn::new(&split(n), &trace, seed).unwrap();
        let diluted = hit_ratio(&trace, &mut cdn, capacity);
        prop_assert!(diluted <= whole, "{n} points of presence: {diluted} above {whole}");
    }
}
