//! Relations between policies, and to theory, that must hold on any trace.

use cache::{Request, Unit};

use super::{Draws, VARIANTS, cache_of, hits, requests_of};

fn random_requests(seed: u64, n_objects: u64, n_requests: usize) -> Vec<Request> {
    let mut draws = Draws(seed);
    let steps: Vec<_> = (0..n_requests).map(|_| (draws.skewed(n_objects) as u32, 1)).collect();
    requests_of(&steps)
}

fn n_hits(spec: &str, capacity: u64, requests: &[Request]) -> usize {
    hits(spec, capacity, Unit::Objects, requests).iter().filter(|hit| **hit).count()
}

#[track_caller]
fn same(a: &str, b: &str, unit: Unit) {
    for seed in 0..5 {
        let mut requests = random_requests(seed, 100, 3000);
        if unit == Unit::Bytes {
            for request in &mut requests {
                request.size = 1 + u64::from(request.object.0) % 13;
            }
        }
        for capacity in [1, 2, 5, 20, 50, 150] {
            let (left, right) =
                (hits(a, capacity, unit, &requests), hits(b, capacity, unit, &requests));
            assert_eq!(left, right, "{a} and {b} with capacity {capacity}, seed {seed}");
        }
    }
}

/// Objects of one size, all taken in: none beats MIN. With bypass allowed, none at all does.
#[test]
fn none_beats_belady() {
    for seed in 0..8 {
        let requests = random_requests(seed, 60, 2000);
        for capacity in [1, 3, 10, 25, 50] {
            let must_insert = n_hits("belady", capacity, &requests);
            let may_bypass = n_hits("belady:bypass=true", capacity, &requests);
            assert!(may_bypass >= must_insert);
            for spec in VARIANTS {
                let refuses = [
                    "b-lru",
                    "s3-fifo",
                    "qd-lp",
                    "clock2q-plus",
                    "tiny-lfu",
                    "bypass=true",
                    "belady-size",
                    "fill=room",
                    "fill=share",
                    "s4lru",
                    "redis-volatile-ttl",
                ];
                let refuses = refuses.iter().any(|name| spec.contains(name));
                let bound = if refuses { may_bypass } else { must_insert };
                assert!(n_hits(spec, capacity, &requests) <= bound, "{spec} beats belady");
            }
        }
    }
}

/// Distinct objects since the last use of each request's object, itself counted: Mattson's stack
/// distance, by definition and slowly.
fn stack_distance(requests: &[Request], at: usize) -> Option<usize> {
    let object = requests[at].object;
    let last = requests[..at].iter().rposition(|request| request.object == object)?;
    let mut between: Vec<_> = requests[last..at].iter().map(|request| request.object).collect();
    between.sort_unstable();
    between.dedup();
    Some(between.len())
}

/// LRU hits where the stack distance is within the capacity: so it equals Mattson's curve at every
/// point, and a request that hits keeps hitting as the capacity grows.
#[test]
fn lru_follows_from_stack_distances() {
    let requests = random_requests(1, 60, 2000);
    let distances: Vec<_> = (0..requests.len()).map(|at| stack_distance(&requests, at)).collect();
    for capacity in 1..=60 {
        let expected: Vec<_> = distances
            .iter()
            .map(|distance| distance.is_some_and(|distance| distance as u64 <= capacity))
            .collect();
        assert_eq!(hits("lru", capacity, Unit::Objects, &requests), expected);
    }
}

/// LRU and MIN are stack algorithms: what a smaller cache holds, a larger one does.
#[test]
fn larger_stack_caches_include_smaller_ones() {
    for spec in ["lru", "lfu", "belady"] {
        // LFU that forgets counts on eviction is no stack algorithm; it shows that the test bites.
        let included = (0..5).all(|seed| {
            let requests = random_requests(seed, 40, 1000);
            let mut caches: Vec<_> =
                (1..30).map(|c| cache_of(spec, c, Unit::Objects, &requests)).collect();
            requests.iter().all(|request| {
                for cache in &mut caches {
                    super::access(&mut **cache, request);
                }
                (0..40).map(trace::ObjectId).all(|object| {
                    caches.is_sorted_by_key(|cache| cache.residents().contains(object))
                })
            })
        });
        assert_eq!(included, spec != "lfu", "{spec}");
    }
}

/// Numbers are only names, but for those that hash them.
#[test]
fn other_object_numbers_change_nothing() {
    let requests = random_requests(4, 50, 3000);
    let renamed: Vec<_> =
        requests.iter().map(|request| (request.object.0 * 37 % 101, request.size)).collect();
    let renamed = requests_of(&renamed);
    for spec in VARIANTS.iter().filter(|spec| !spec.contains("tiny-lfu")) {
        for capacity in [1, 4, 13, 40] {
            assert_eq!(
                hits(spec, capacity, Unit::Objects, &requests),
                hits(spec, capacity, Unit::Objects, &renamed),
                "{spec}"
            );
        }
    }
}

/// Looking at all residents of one size, what is wanted last leaves, as in MIN: the counts are equal,
/// since what MIN lets in for no later use is the first to leave.
#[test]
fn belady_with_sizes_of_one_size_is_belady() {
    for seed in 0..5 {
        let requests = random_requests(seed, 100, 3000);
        for capacity in [1, 2, 5, 20, 50, 150] {
            let exact = n_hits("belady-size:samples=0", capacity, &requests);
            assert!(exact >= n_hits("belady", capacity, &requests));
            let made_room = n_hits("belady-size:rules=libcachesim,samples=0", capacity, &requests);
            assert_eq!(made_room, n_hits("belady", capacity, &requests));
        }
    }
}

#[test]
fn one_segment_is_lru() {
    same("slru:weights=1", "lru", Unit::Objects);
    same("slru:weights=1", "lru", Unit::Bytes);
    same("slru:weights=1,fill=room", "lru", Unit::Bytes);
}

/// L only rises, and what was used last has the largest value.
#[test]
fn greedy_dual_size_of_one_size_is_lru() {
    same("gds", "lru", Unit::Objects);
}

/// All residents are in one queue. The queue of a cost of 1 is always the next one, whatever the sizes.
#[test]
fn greedy_dual_in_queues_is_lru_where_all_cost_the_same() {
    same("camp", "lru", Unit::Objects);
    same("camp:inflation=remaining,precision=1", "lru", Unit::Objects);
    same("gd-wheel", "lru", Unit::Objects);
    same("gd-wheel", "lru", Unit::Bytes);
    same("gd-wheel:queues=2,wheels=1", "lru", Unit::Bytes);
}

/// Sizes that are powers of two, the largest first, and no bit rounded away: ratios are those of
/// GreedyDual-Size times that size, to the last bit, and ties are broken alike.
#[test]
fn camp_without_rounding_is_greedy_dual_size() {
    let mut rounding_matters = false;
    for seed in 0..10 {
        let mut requests = random_requests(seed, 100, 3000);
        for request in &mut requests {
            request.size = 1 << (request.object.0 * 7 % 11);
        }
        requests[0].size = 1 << 10;
        for capacity in [1 << 10, 3000, 10_000] {
            let gds = hits("gds", capacity, Unit::Bytes, &requests);
            assert_eq!(hits("camp:precision=16", capacity, Unit::Bytes, &requests), gds);
            // Powers of two have one significant bit.
            assert_eq!(hits("camp:precision=1", capacity, Unit::Bytes, &requests), gds);
            let mut odd = requests.clone();
            for request in &mut odd[1..] {
                request.size += u64::from(request.object.0) % 3;
            }
            let run = |spec| hits(spec, capacity, Unit::Bytes, &odd);
            rounding_matters |= run("camp:precision=1") != run("camp:precision=16");
        }
    }
    assert!(rounding_matters);
}

/// Costs of less than a round of one wheel are in that wheel, exactly, however many queues are left
/// empty and however many wheels are above.
#[test]
fn one_wheel_is_enough_for_small_costs() {
    for seed in 0..5 {
        let mut requests = random_requests(seed, 100, 3000);
        for request in &mut requests {
            request.size = 1 + u64::from(request.object.0) * 7919 % 130_000;
        }
        for capacity in [200_000, 1_000_000] {
            let run = |spec| hits(spec, capacity, Unit::Bytes, &requests);
            let plain = run("gd-wheel:cost=packets,queues=65536,wheels=1");
            assert_eq!(run("gd-wheel:cost=packets"), plain);
            assert_ne!(run("gd-wheel:cost=packets,queues=16"), plain);
        }
    }
}

#[test]
fn the_largest_of_one_size_is_lru() {
    same("size", "lru", Unit::Objects);
}

#[test]
fn the_ends_of_lru_prob_are_lru_and_fifo() {
    same("lru-prob:probability=1.0", "lru", Unit::Bytes);
    same("lru-prob:probability=0.0", "fifo", Unit::Bytes);
}

/// The window is all there is.
#[test]
fn w_tiny_lfu_with_a_window_only_is_lru() {
    same("w-tiny-lfu:window-ratio=1.0", "lru", Unit::Objects);
    same("w-tiny-lfu:window-ratio=1.0", "lru", Unit::Bytes);
}

#[test]
fn the_ends_of_lrfu_are_lfu_and_lru() {
    for unit in [Unit::Objects, Unit::Bytes] {
        same("lrfu:lambda=0", "lfu", unit);
        same("lrfu:lambda=1", "lru", unit);
    }
}

/// Every hit halves, or none does.
#[test]
fn the_ends_of_lfu_aging_are_lru_and_lfu() {
    for unit in [Unit::Objects, Unit::Bytes] {
        same("lfu-aging:max-average=1", "lru", unit);
        same("lfu-aging:max-average=1e9", "lfu", unit);
    }
}

/// All sections are old, and all counts are told apart.
#[test]
fn fbr_without_a_new_section_is_lfu_aging() {
    for unit in [Unit::Objects, Unit::Bytes] {
        let fbr = "fbr:max-average=2,max-count=1000000,new-ratio=0.0,old-ratio=1.0";
        same(fbr, "lfu-aging:max-average=2", unit);
    }
}

/// The middle section's last leaves.
#[test]
fn fbr_without_an_old_section_is_lru() {
    same("fbr:new-ratio=0.5,old-ratio=0.0", "lru", Unit::Objects);
}

#[test]
fn lru_1_is_lru() {
    same("lru-k:k=1", "lru", Unit::Objects);
    same("lru-k:k=1", "lru", Unit::Bytes);
}

/// Counts that nothing is told apart by.
#[test]
fn one_queue_of_mq_is_lru() {
    same("mq:queues=1", "lru", Unit::Objects);
    same("mq:queues=1", "lru", Unit::Bytes);
}

#[test]
fn a_clock_without_bits_is_fifo() {
    same("clock:bits=0", "fifo", Unit::Objects);
    same("clock:bits=0", "fifo", Unit::Bytes);
}

/// No object can be hot.
#[test]
fn clock_pro_with_cold_objects_only_is_clock_or_fifo() {
    for unit in [Unit::Objects, Unit::Bytes] {
        same("clock-pro:cold-ratio=1.0", "clock", unit);
        same("clock-pro:cold-ratio=1.0,rules=program", "fifo", unit);
    }
}

/// All on trial, nothing remembered.
#[test]
fn two_q_on_trial_only_is_fifo() {
    same("2q:in-ratio=1.0,out-ratio=0.0", "fifo", Unit::Objects);
    same("2q:in-ratio=1.0,out-ratio=0.0", "fifo", Unit::Bytes);
}

/// No object can be LIR.
#[test]
fn lirs_with_hir_objects_only_is_lru() {
    same("lirs:hir-ratio=1.0", "lru", Unit::Objects);
    same("lirs:hir-ratio=1.0", "lru", Unit::Bytes);
    same("lirs2:hir-ratio=1.0", "lru", Unit::Objects);
    same("lirs2:hir-ratio=1.0", "lru", Unit::Bytes);
}

/// The small queue is all there is, and its objects need more uses than are counted.
#[test]
fn s3_fifo_with_a_small_queue_only_is_fifo() {
    let only_small = "s3-fifo:small-ratio=1.0,ghost-ratio=0.0,threshold=63";
    for seed in 0..5 {
        // Too few requests for 63 uses of one object, and room for more than one.
        let requests = random_requests(seed, 100, 400);
        for capacity in [2, 5, 20, 50] {
            assert_eq!(
                hits(only_small, capacity, Unit::Objects, &requests),
                hits("fifo", capacity, Unit::Objects, &requests)
            );
        }
    }
}

/// Until the first eviction v1 fills the main queue once the small one is full; a small queue of
/// the whole capacity never is.
#[test]
fn s3_fifo_versions_agree_without_warm_up_room() {
    same("s3-fifo:small-ratio=1.0", "s3-fifo:small-ratio=1.0,version=v1", Unit::Objects);
}
