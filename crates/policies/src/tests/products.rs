//! What other people's caches are held to here: the same counts every time, and sense.

use std::ops::ControlFlow;

use cache::{Counts, Job, PolicySpec, Unit};
use trace::{Columns, ObjectId, ReadReport, Sizes, Trace};

use super::Draws;

/// Every product, and each of its policies.
const SPECS: &[&str] = &[
    "foyer",
    "foyer:policy=fifo",
    "foyer:policy=lfu",
    "foyer:policy=s3-fifo",
    "moka",
    "moka:policy=lru",
    "quick-cache",
];

/// A Zipf trace, exponent 1, over 2000 objects with sizes of 1 to 40.
fn zipf() -> Trace {
    let mut total = 0;
    let sums: Vec<u64> = (1..=2000u64)
        .map(|rank| {
            total += 1_000_000 / rank;
            total
        })
        .collect();
    let mut draws = Draws(3);
    let mut by_appearance: Vec<usize> = Vec::new();
    let mut number_of = vec![None; sums.len()];
    let mut sizes = Vec::new();
    let mut objects = Vec::new();
    for _ in 0..40_000 {
        let drawn = draws.below(total);
        let rank = sums.partition_point(|sum| *sum <= drawn);
        let number = *number_of[rank].get_or_insert_with(|| {
            by_appearance.push(rank);
            by_appearance.len() as u32 - 1
        });
        objects.push(ObjectId(number));
        sizes.push(1 + rank as u64 * 7919 % 40);
    }
    let mut columns = Columns::untimed(objects);
    columns.size = Some(Sizes::Wide(sizes));
    Trace::new("zipf", columns, ReadReport::default()).unwrap()
}

#[test]
fn a_build_without_them_knows_their_names() {
    let names: Vec<&str> = crate::products::ALL.iter().map(|info| info.name).collect();
    assert_eq!(names, crate::PRODUCTS);
}

fn run(spec: &str, trace: &Trace, unit: Unit, capacity: u64) -> Counts {
    let spec: PolicySpec = spec.parse().unwrap();
    let job = Job {
        trace,
        capacity,
        unit,
        warmup: 500,
        seed: 1,
        next_use: None,
        check: true,
        admission: None,
        prefetch: None,
    };
    let info = crate::find(&spec.name).unwrap();
    (info.kind.run)(&job, &spec.parameters, &mut |_| ControlFlow::Continue(())).unwrap().unwrap()
}

const CAPACITIES: [(Unit, u64); 4] =
    [(Unit::Objects, 20), (Unit::Objects, 200), (Unit::Bytes, 400), (Unit::Bytes, 4000)];

#[test]
fn twice_is_the_same() {
    let trace = zipf();
    for spec in SPECS {
        for (unit, capacity) in CAPACITIES {
            let first = run(spec, &trace, unit, capacity);
            for _ in 0..2 {
                assert_eq!(run(spec, &trace, unit, capacity), first, "{spec}");
            }
        }
    }
}

/// Frequency is all that counts in a Zipf trace, and FIFO knows none of it.
#[test]
fn hits_lie_between_those_of_fifo_and_of_a_bound() {
    let trace = zipf();
    for spec in SPECS {
        for (unit, capacity) in CAPACITIES {
            let counts = run(spec, &trace, unit, capacity);
            let most = match unit {
                Unit::Objects => run("belady:bypass=true", &trace, unit, capacity),
                Unit::Bytes => run("pfoo-lower", &trace, unit, capacity),
            };
            assert_eq!((counts.requests, counts.bytes), (most.requests, most.bytes));
            assert!(counts.hits <= most.hits, "{spec} {unit:?} {capacity}");
            let least = run("fifo", &trace, unit, capacity);
            assert!(counts.hits >= least.hits, "{spec} {unit:?} {capacity}: {counts:?} {least:?}");
        }
    }
}

/// With twice the room for everything, since some give a part of it to queues of their own.
#[test]
fn only_compulsory_misses_with_room_for_all() {
    let trace = zipf();
    for spec in SPECS {
        for unit in [Unit::Objects, Unit::Bytes] {
            let counts = run(spec, &trace, unit, 2 * 40 * 2000);
            assert_eq!(counts.hits, run("infinite", &trace, unit, 1).hits, "{spec}");
        }
    }
}

/// Where a product says that it has a policy that we have, it does the same with objects of one size.
#[test]
fn known_policies_are_the_same_elsewhere() {
    let trace = zipf();
    for (theirs, ours) in [("foyer:policy=fifo", "fifo"), ("moka:policy=lru", "lru")] {
        for capacity in [20, 200, 1000] {
            let theirs_counts = run(theirs, &trace, Unit::Objects, capacity);
            assert_eq!(theirs_counts, run(ours, &trace, Unit::Objects, capacity), "{theirs}");
        }
    }
}

#[test]
fn products_are_found_and_refuse_to_be_tiers() {
    for info in crate::products::ALL {
        assert!(SPECS.contains(&info.name));
        assert_eq!(crate::find(info.name).unwrap().name, info.name);
        assert!(crate::resolve_for_tier(&PolicySpec::named(info.name)).is_err());
    }
    assert!(crate::resolve(&"moka:policy=fifo".parse().unwrap()).is_err());
}
