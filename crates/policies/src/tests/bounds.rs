//! The bounds against the optimum of small traces, found by trying everything.

use std::ops::ControlFlow;

use cache::{Counts, Job, PolicySpec, Unit};
use trace::{Columns, NEVER, ObjectId, ReadReport, Sizes, Trace, next_use};

use super::{Draws, SEED, VARIANTS};

fn trace_of(steps: &[(u32, u64)]) -> Trace {
    let mut columns = Columns::untimed(steps.iter().map(|(number, _)| ObjectId(*number)).collect());
    columns.size = Some(Sizes::Wide(steps.iter().map(|(_, size)| *size).collect()));
    Trace::new("test", columns, ReadReport::default()).unwrap()
}

fn run(spec: &str, trace: &Trace, unit: Unit, capacity: u64, warmup: usize) -> Counts {
    let spec: PolicySpec = spec.parse().unwrap();
    let job = Job {
        trace,
        capacity,
        unit,
        warmup,
        seed: SEED,
        next_use: None,
        check: true,
        admission: None,
        prefetch: None,
    };
    let info = crate::find(&spec.name).unwrap();
    (info.kind.run)(&job, &spec.parameters, &mut |_| ControlFlow::Continue(())).unwrap().unwrap()
}

/// The most of something that a cache can get: after each request it may keep any residents, and
/// the object asked for, that fit. Contents are sets of objects as bits, with the best way to each.
fn optimum(steps: &[(u32, u64)], capacity: u64, warmup: usize, worth: impl Fn(u64) -> u64) -> u64 {
    let size_in: Vec<u64> = (0..4)
        .map(|object| steps.iter().find(|(other, _)| *other == object).map_or(0, |(_, size)| *size))
        .collect();
    let fits = |set: usize| {
        (0..4).filter(|object| set >> object & 1 != 0).map(|object| size_in[object]).sum::<u64>()
            <= capacity
    };
    let mut best = [None; 16];
    best[0] = Some(0);
    for (at, (object, size)) in steps.iter().enumerate() {
        let mut next = [None; 16];
        for (set, so_far) in best.into_iter().enumerate() {
            let Some(mut so_far) = so_far else { continue };
            if set >> object & 1 != 0 && at >= warmup {
                so_far += worth(*size);
            }
            let all = set | 1 << object;
            for kept in (0..16).filter(|kept| kept & !all == 0 && fits(*kept)) {
                next[kept] = next[kept].max(Some(so_far));
            }
        }
        best = next;
    }
    best.into_iter().flatten().max().unwrap()
}

/// All traces of 6 requests over 3 objects numbered by first appearance, and some of 16 over 4, with
/// sizes of 1 to 3.
fn small_traces() -> Vec<Vec<(u32, u64)>> {
    let mut traces = Vec::new();
    for code in 0..3u32.pow(6) {
        let numbers: Vec<u32> = (0..6).map(|i| code / 3u32.pow(i) % 3).collect();
        for sizes in 0..27u64 {
            traces.push(numbers.iter().map(|n| (*n, 1 + sizes / 3u64.pow(*n) % 3)).collect());
        }
    }
    let mut draws = Draws(1);
    for _ in 0..4000 {
        let sizes: Vec<u64> = (0..4).map(|_| 1 + draws.below(3)).collect();
        let numbers: Vec<u32> = (0..16).map(|_| draws.below(4) as u32).collect();
        traces.push(numbers.iter().map(|n| (*n, sizes[*n as usize])).collect());
    }
    let by_appearance = |steps: &Vec<(u32, u64)>| {
        let mut n_seen = 0;
        steps.iter().all(|(number, _)| {
            let known = *number < n_seen;
            n_seen += u32::from(*number == n_seen);
            known || *number + 1 == n_seen
        })
    };
    traces.retain(by_appearance);
    assert!(traces.len() > 3000);
    traces
}

#[test]
fn the_optimum_lies_between_the_bounds() {
    let (mut n_points, mut n_reached, mut n_packed) = (0, 0, 0);
    for steps in small_traces() {
        let trace = trace_of(&steps);
        for capacity in 1..=6 {
            for warmup in [0, 3] {
                let run = |spec| run(spec, &trace, Unit::Bytes, capacity, warmup);
                let hits = optimum(&steps, capacity, warmup, |_| 1);
                let bytes = optimum(&steps, capacity, warmup, |size| size);
                let upper = run("pfoo-lower");
                assert!(upper.hits >= hits, "{steps:?} {capacity} {warmup}");
                assert!(upper.hit_bytes >= bytes, "{steps:?} {capacity} {warmup}");
                let lower = run("greedy-intervals");
                assert!(lower.hits <= hits && lower.hit_bytes <= bytes);
                let for_bytes = run("greedy-intervals:goal=bytes");
                assert!(for_bytes.hits <= hits && for_bytes.hit_bytes <= bytes);
                assert!(run("infinite").hits >= upper.hits.min(hits));
                n_points += 1;
                n_reached += u64::from(upper.hits == hits);
                n_packed += u64::from(lower.hits == hits);
            }
        }
    }
    // The bounds are of use: each is the optimum at most points.
    assert!(
        2 * n_reached > n_points && 2 * n_packed > n_points,
        "{n_reached} {n_packed} {n_points}"
    );
}

/// Whatever they know, and with sizes that change.
#[test]
fn no_policy_beats_pfoo_lower() {
    for seed in 0..6 {
        let mut draws = Draws(seed);
        let changing = seed % 2 == 0;
        let mut number_of = Vec::new();
        let steps: Vec<_> = (0..1500)
            .map(|_| {
                let drawn = draws.skewed(60);
                let known = number_of.iter().position(|other| *other == drawn);
                let number = known.unwrap_or_else(|| {
                    number_of.push(drawn);
                    number_of.len() - 1
                });
                let size = if changing { 1 + draws.below(12) } else { 1 + drawn * 5 % 12 };
                (number as u32, size)
            })
            .collect();
        let trace = trace_of(&steps);
        for unit in [Unit::Objects, Unit::Bytes] {
            for capacity in [1, 7, 30, 100] {
                for warmup in [0, 400] {
                    let run = |spec| run(spec, &trace, unit, capacity, warmup);
                    let (bound, all) = (run("pfoo-lower"), run("infinite"));
                    let specs = VARIANTS.iter().copied();
                    for spec in specs.chain(["greedy-intervals", "greedy-intervals:goal=bytes"]) {
                        let counts = run(spec);
                        assert_eq!((counts.requests, counts.bytes), (bound.requests, bound.bytes));
                        assert!(
                            counts.hits <= bound.hits.min(all.hits),
                            "{spec} {unit:?} {capacity}"
                        );
                        assert!(
                            counts.hit_bytes <= bound.hit_bytes.min(all.hit_bytes),
                            "{spec} {unit:?} {capacity}"
                        );
                    }
                }
            }
        }
    }
}

/// FOO by min-cost flow, for sizes 1 to 3: the most hits with fractions of objects allowed, in
/// sixths. Each object sends its size from its first request to its last, either along the time line,
/// which holds the capacity, or past it from one request to the next, where a whole object costs 6.
fn foo_sixths(steps: &[(u32, u64)], capacity: u64) -> u64 {
    struct Edge {
        from: usize,
        to: usize,
        left: u64,
        cost: i64,
    }
    // Each edge is followed by its reverse.
    let mut edges: Vec<Edge> = Vec::new();
    let mut connect = |from, to, left, cost| {
        edges.push(Edge { from, to, left, cost });
        edges.push(Edge { from: to, to: from, left: 0, cost: -cost });
    };
    let objects: Vec<_> = steps.iter().map(|(number, _)| ObjectId(*number)).collect();
    let n_objects = objects.iter().map(|object| object.0 + 1).max().unwrap();
    let next = next_use(&objects, n_objects);
    let (source, sink) = (steps.len(), steps.len() + 1);
    let mut n_intervals = 0;
    for at in 0..steps.len() {
        let size = steps[at].1;
        if at + 1 < steps.len() {
            connect(at, at + 1, capacity, 0);
        }
        let first = !steps[..at].iter().any(|(number, _)| *number == steps[at].0);
        let last = next[at] == NEVER;
        if size > capacity || (first && last) {
            continue;
        }
        match (first, last) {
            (true, _) => connect(source, at, size, 0),
            (_, true) => connect(at, sink, size, 0),
            _ => {}
        }
        if !last {
            n_intervals += 1;
            connect(at, next[at] as usize, size, 6 / size as i64);
        }
    }
    // Cheapest paths by Bellman and Ford, a unit at a time, until nothing gets through.
    let mut total = 0;
    loop {
        let mut reached = vec![None; steps.len() + 2];
        reached[source] = Some((0, usize::MAX));
        for _ in 0..steps.len() + 2 {
            for (number, edge) in edges.iter().enumerate() {
                if let Some((cost, _)) = reached[edge.from]
                    && edge.left > 0
                    && reached[edge.to].is_none_or(|(known, _)| cost + edge.cost < known)
                {
                    reached[edge.to] = Some((cost + edge.cost, number));
                }
            }
        }
        let Some((cost, _)) = reached[sink] else { break };
        total += cost;
        let mut at = sink;
        while at != source {
            let number = reached[at].unwrap().1;
            edges[number].left -= 1;
            edges[number ^ 1].left += 1;
            at = edges[number].from;
        }
    }
    6 * n_intervals - total as u64
}

/// PFOO-L drops constraints of FOO, and FOO those of a real cache.
#[test]
fn foo_lies_between_pfoo_lower_and_the_optimum() {
    for steps in small_traces().into_iter().step_by(5) {
        let trace = trace_of(&steps);
        for capacity in 1..=6 {
            let foo = foo_sixths(&steps, capacity);
            assert!(foo >= 6 * optimum(&steps, capacity, 0, |_| 1));
            let bound = run("pfoo-lower", &trace, Unit::Bytes, capacity, 0).hits;
            assert!(bound >= foo / 6, "{steps:?} {capacity}: {bound} {foo}");
        }
    }
}

/// With objects of one size the flow problem has whole solutions, and MIN with bypass is one.
#[test]
fn foo_of_one_size_is_belady_with_bypass() {
    let mut draws = Draws(9);
    for _ in 0..300 {
        let mut steps: Vec<(u32, u64)> = Vec::new();
        for _ in 0..24 {
            let n_seen = steps.iter().map(|(number, _)| number + 1).max().unwrap_or(0);
            steps.push((draws.below(u64::from(n_seen.min(6)) + 1) as u32, 1));
        }
        let trace = trace_of(&steps);
        for capacity in 1..=4 {
            let hits = run("belady:bypass=true", &trace, Unit::Objects, capacity, 0).hits;
            assert_eq!(foo_sixths(&steps, capacity), 6 * hits);
        }
    }
}

#[test]
fn a_worked_example() {
    // A of size 1 is asked for 4 requests later, B of size 3 twice 1 later. A cache of 2 cannot hold B.
    let steps = [(0, 1), (1, 3), (1, 3), (1, 3), (0, 1)];
    let trace = trace_of(&steps);
    let hits = |spec, capacity| run(spec, &trace, Unit::Bytes, capacity, 0).hits;
    assert_eq!(hits("infinite", 1), 3);
    assert_eq!(hits("pfoo-lower", 2), 1);
    // With 3 the needs of 3 + 3 + 4 are within 3 x 4, but A and B do not fit at one time.
    assert_eq!(hits("pfoo-lower", 3), 3);
    assert_eq!(hits("greedy-intervals", 3), 2);
    assert_eq!(hits("greedy-intervals", 4), 3);
}

#[test]
fn bounds_are_found_and_refuse_to_be_tiers() {
    for info in crate::bounds::ALL {
        assert_eq!(crate::find(info.name).unwrap().name, info.name);
        let spec = PolicySpec::named(info.name);
        crate::resolve(&spec).unwrap();
        let error = crate::resolve_for_tier(&spec).unwrap_err().to_string();
        assert!(error.contains("cannot be a tier"), "{error}");
    }
    assert!(crate::resolve(&"infinite:size=1".parse().unwrap()).is_err());
    assert!(crate::resolve(&"greedy-intervals:goal=money".parse().unwrap()).is_err());
    crate::resolve_for_tier(&PolicySpec::named("lru")).unwrap();
}
