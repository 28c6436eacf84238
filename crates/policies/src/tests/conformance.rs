//! What holds for any policy, whatever it decides. The list of policies makes a test of each.

use cache::{Filled, Job, PolicyInfo, PolicySpec, Removal, Request, Unit};
use trace::Trace;

use super::{Draws, SEED, VARIANTS, access, cache_of, expiry_of, requests_of};

/// Holds a policy and its variants to it.
pub(crate) fn check(info: &PolicyInfo) {
    let specs = VARIANTS
        .iter()
        .filter(|spec| spec.parse::<PolicySpec>().is_ok_and(|spec| spec.name == info.name));
    for spec in specs {
        for (unit, capacity) in [
            (Unit::Objects, 1),
            (Unit::Objects, 2),
            (Unit::Objects, 7),
            (Unit::Objects, 40),
            (Unit::Bytes, 1),
            (Unit::Bytes, 60),
            (Unit::Bytes, 300),
        ] {
            keeps_its_promises(spec, unit, capacity);
        }
        only_compulsory_misses_with_room_for_all(spec);
        the_compiled_run_says_the_same(info, spec);
    }
}

/// A skewed trace over 80 objects with a scan in it. Sizes may change from request to request.
fn some_requests(unit: Unit, seed: u64) -> Vec<Request> {
    let mut draws = Draws(seed);
    let steps: Vec<_> = (0..3000)
        .map(|i| {
            let scan = (1000..1100).contains(&i);
            let number = if scan { i as u32 % 80 } else { draws.skewed(80) as u32 };
            let size = match unit {
                Unit::Objects => 1,
                Unit::Bytes => 1 + u64::from(number) * 7 % 40 + draws.below(30) / 29,
            };
            (number, size)
        })
        .collect();
    requests_of(&steps)
}

/// Victims are resident and the cache is never overfull, with objects removed now and then, most of
/// them with a time to live, which only some policies look at; the
/// invariants hold at every moment; twice is the same.
fn keeps_its_promises(spec: &str, unit: Unit, capacity: u64) {
    let requests = some_requests(unit, capacity);
    let run = || {
        let mut draws = Draws(5);
        let mut cache = cache_of(spec, capacity, unit, &requests);
        let mut resident = std::collections::BTreeSet::new();
        let mut log = Vec::new();
        for request in &requests {
            let hit = cache.lookup(request, &mut |_| {});
            assert!(!hit || resident.contains(&request.object), "{spec}: a hit on nothing");
            let mut victims = Vec::new();
            if !hit {
                match cache.fill(request, &mut |victim| victims.push(victim)) {
                    Filled::AlreadyIn => panic!("{spec}: missed, yet in"),
                    Filled::Oversized => assert!(request.size > capacity),
                    Filled::Refused => {}
                    Filled::Inserted => {
                        assert!(resident.insert(request.object));
                        cache.note_expiry(request.object, expiry_of(request));
                    }
                }
                for victim in &victims {
                    assert!(resident.remove(victim), "{spec}: {victim:?} was not resident");
                }
            }
            // Some policies shed objects on a hit, which the cache does not report.
            resident.retain(|object| cache.residents().contains(*object));
            if draws.below(8) == 0 {
                let object = trace::ObjectId(draws.below(80) as u32);
                assert_eq!(cache.remove(object, Removal::Deleted), resident.remove(&object));
            }
            assert_eq!(cache.residents().len(), resident.len());
            cache.check();
            log.push((hit, victims));
        }
        log
    };
    assert_eq!(run(), run(), "{spec} is not deterministic");
}

/// With room for everything, only the first use of an object misses. The capacity is large enough
/// for the shares that policies derive from it, too: S3-FIFO refuses objects as large as its small
/// queue, and segments with shares of their own (S3-FIFO v0 until its queues are balanced, SLRU
/// filling by room) still evict only when the whole is full; with a lowest segment bounded by its
/// share, as in S4LRU, that share alone holds all. B-LRU lets objects in on their second miss.
fn only_compulsory_misses_with_room_for_all(spec: &str) {
    for unit in [Unit::Objects, Unit::Bytes] {
        let requests = some_requests(unit, 3);
        let mut cache = cache_of(spec, 4 * 80 * 42, unit, &requests);
        let misses = if spec.starts_with("b-lru") { 2 } else { 1 };
        let mut seen = std::collections::BTreeMap::new();
        for request in &requests {
            let times = seen.entry(request.object).or_insert(0);
            *times += 1;
            assert_eq!(access(&mut *cache, request), *times > misses, "{spec}");
        }
    }
}

/// The compiled run counts what a cache driven by hand does.
fn the_compiled_run_says_the_same(info: &PolicyInfo, spec: &str) {
    let spec: PolicySpec = spec.parse().unwrap();
    let mut draws = Draws(11);
    let trace = Trace::from_numbers("random", (0..20_000).map(|_| draws.skewed(500)));
    let steps: Vec<_> = trace.objects().iter().map(|object| (object.0, 1)).collect();
    let requests = requests_of(&steps);
    let capacity = 50;
    let mut cache = cache_of(&spec.to_string(), capacity, Unit::Objects, &requests);
    let hits: Vec<_> = requests.iter().map(|request| access(&mut *cache, request)).collect();
    let warmup = 777;
    let job = Job {
        trace: &trace,
        capacity,
        unit: Unit::Objects,
        warmup,
        seed: SEED,
        next_use: None,
        check: true,
        admission: None,
        prefetch: None,
    };
    let run = (info.kind.run)(&job, &spec.parameters, &mut |_| std::ops::ControlFlow::Continue(()));
    let counts = run.unwrap().unwrap();
    assert_eq!(counts.requests, (requests.len() - warmup) as u64);
    assert_eq!(counts.hits, hits[warmup..].iter().filter(|hit| **hit).count() as u64, "{spec}");
}
