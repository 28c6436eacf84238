//! The cache against worked examples, naive twins, and laws.

use cache::{Contents, Filled, Removal, Request, Setup, Unit};
use proptest::prelude::*;
use serde_json::Map;
use trace::units::Bytes;
use trace::{Has, Key, NEVER, ObjectId, Row, Trace, TraceBuilder};

use super::lines::Lines;
use super::replacement::Order;
use super::*;

/// 64-byte lines at addresses.
fn spec(ways: u32, replacement: Replacement) -> CpuCache {
    CpuCache { ways, replacement, placing: Placing::Addresses, largest: 1.0, ..CpuCache::default() }
}

fn build(spec: &CpuCache, sets: u64, trace: &Trace) -> SetAssociative {
    SetAssociative::new(spec, sets * u64::from(spec.ways) * spec.line.0, trace).unwrap()
}

fn addresses(addresses: &[u64]) -> Trace {
    Trace::from_numbers("addresses", addresses.iter().copied())
}

/// Addresses and sizes.
fn references(references: impl IntoIterator<Item = (u64, u64)>) -> Trace {
    let mut builder = TraceBuilder::new(Has { size: true, ..Has::default() });
    for (address, size) in references {
        builder.push(&Row { size, ..Row::of(Key::Int(address)) }).unwrap();
    }
    builder.finish_even_if_empty("references")
}

fn reference(trace: &Trace, index: usize) -> Request {
    request(trace, index, trace.size(index))
}

fn request(trace: &Trace, index: usize, size: u64) -> Request {
    Request { object: trace.objects()[index], size, seq: index as u64, next_use: NEVER }
}

/// A lookup, and a fill after a miss. Checks that victims are those that ceased to be resident.
fn access(cache: &mut SetAssociative, request: &Request) -> bool {
    let mut victims = Vec::new();
    if cache.lookup(request, &mut |_| panic!("a lookup has no victims")) {
        assert!(cache.residents().contains(request.object));
        assert_eq!(cache.residents().size_of(request.object), request.size);
        return true;
    }
    let before = cache.residents().clone();
    cache.fill(request, &mut |victim| victims.push(victim));
    for victim in &victims {
        assert!(before.contains(*victim) && !cache.residents().contains(*victim), "{victim:?}");
    }
    let left = (0..cache.places.n_objects())
        .map(ObjectId)
        .filter(|object| before.contains(*object) && !cache.residents().contains(*object))
        .count();
    assert_eq!(victims.len(), left, "objects that are gone");
    false
}

/// Whether each request hits.
fn hits(cache: &mut SetAssociative, trace: &Trace, size: u64) -> Vec<bool> {
    let hits = (0..trace.n_requests()).map(|i| {
        let hit = access(cache, &request(trace, i, size));
        cache.check();
        hit
    });
    hits.collect()
}

fn n_hits(spec: &CpuCache, sets: u64, trace: &Trace) -> usize {
    hits(&mut build(spec, sets, trace), trace, 1).into_iter().filter(|hit| *hit).count()
}

/// One letter a request: whether it hits, in a single set.
fn hits_of_letters(letters: &str, ways: u32, replacement: Replacement) -> String {
    let trace =
        addresses(&letters.bytes().map(|letter| u64::from(letter) * 64).collect::<Vec<_>>());
    let hits = hits(&mut build(&spec(ways, replacement), 1, &trace), &trace, 1);
    hits.into_iter().map(|hit| if hit { 'h' } else { '.' }).collect()
}

#[test]
fn the_tree_goes_by_its_published_table() {
    // Mark Smotherman, Clemson University, "pseudoLRU" (people.cs.clemson.edu/~mark/464/p_lru.txt), after
    // figure 37 of Intel's Embedded Pentium Processor Family Developer's Manual, 1998. Of the three bits,
    // 1 says that the left half was used more recently. State, line to replace, state once it is used;
    // x: does not matter, _: stays.
    let table = [("00x", 0, "11_"), ("01x", 1, "10_"), ("1x0", 2, "0_1"), ("1x1", 3, "0_0")];
    let bit = |state: usize, n: usize| if state >> n & 1 == 1 { '1' } else { '0' };
    for state in 0..8 {
        let fits = |row: &&(&str, usize, &str)| {
            row.0.chars().enumerate().all(|(n, c)| c == 'x' || c == bit(state, n))
        };
        let (_, line, next) = table.iter().find(fits).unwrap();
        let mut order = Order::new(Replacement::TreePlru, 1, 4);
        // The root is node 1, so the table's bit n is bit n + 1 here.
        let Order::Tree { bits, .. } = &mut order else { unreachable!() };
        bits[0] = (state as u64) << 1;
        let mut tags = [0, 1, 2, 3];
        assert_eq!(order.victim(0, tags.len()), *line, "{state:03b}");
        order.touch(0, &mut tags, *line);
        let Order::Tree { bits, .. } = &order else { unreachable!() };
        for (n, c) in next.chars().enumerate() {
            let expected = if c == '_' { bit(state, n) } else { c };
            assert_eq!(bit(bits[0] as usize >> 1, n), expected, "{state:03b} bit {n}");
        }
    }
}

#[test]
fn a_tree_errs_where_lru_does_not() {
    // After a b c d and a again, the left half was used last: the tree gives e the place of c, the one
    // used longer ago on the right, though b is older. LRU gives it that of b.
    assert_eq!(hits_of_letters("abcdaec", 4, Replacement::Lru), "....h.h");
    assert_eq!(hits_of_letters("abcdaec", 4, Replacement::TreePlru), "....h..");
    // By bits: d sets the last one, which clears a, b and c; a sets its own; e takes the place of b.
    assert_eq!(hits_of_letters("abcdaecb", 4, Replacement::BitPlru), "....h.h.");
}

#[test]
fn lru_by_hand() {
    // Two ways: the third line pushes out the first, then the first the second.
    assert_eq!(hits_of_letters("abacba", 2, Replacement::Lru), "..h...");
    assert_eq!(hits_of_letters("abacca", 2, Replacement::Lru), "..h.hh");
}

#[test]
fn lines_of_one_set_conflict() {
    // 4 KiB in lines of 64 B: the addresses 0 and 4096 share a set. Direct-mapped, they push each other
    // out for ever; with two ways, of the same capacity, both stay.
    let trace = addresses(&[0, 4096].repeat(10));
    assert_eq!(n_hits(&spec(1, Replacement::Lru), 64, &trace), 0);
    for replacement in [Replacement::Lru, Replacement::TreePlru, Replacement::BitPlru] {
        assert_eq!(n_hits(&spec(2, replacement), 32, &trace), 18, "{replacement:?}");
    }
    // In the neighbouring set they do not meet.
    assert_eq!(n_hits(&spec(1, Replacement::Lru), 64, &addresses(&[0, 4096 + 64].repeat(10))), 18);
}

#[test]
fn folding_breaks_up_strides() {
    // 16 lines, all of them multiples of the number of sets: one set by its low bits, 16 when folded.
    let stride: Vec<u64> = (0..16).map(|i| i * 64 * 16).collect();
    let trace = addresses(&stride.repeat(4));
    let modulo = spec(2, Replacement::Lru);
    assert_eq!(n_hits(&modulo, 16, &trace), 0);
    assert_eq!(n_hits(&CpuCache { index: Index::XorFold, ..modulo }, 16, &trace), 48);
}

#[test]
fn what_shares_a_line_comes_and_goes_with_it() {
    let trace = references([(0, 8), (8, 8), (60, 1), (64, 1), (128, 1), (60, 8)]);
    let mut cache = build(&spec(1, Replacement::Lru), 2, &trace);
    let resident = |cache: &SetAssociative| {
        (0..5).filter(|id| cache.residents().contains(ObjectId(*id))).collect::<Vec<_>>()
    };
    assert!(!access(&mut cache, &reference(&trace, 0)));
    // A byte at 60 is in the line, too; eight bytes from there are half in the next.
    assert_eq!(resident(&cache), [0, 1, 2]);
    assert!(access(&mut cache, &reference(&trace, 1)));
    assert!(!access(&mut cache, &reference(&trace, 5)));
    assert_eq!(resident(&cache), [0, 1, 2, 3]);
    assert_eq!(cache.residents().used(), 128);
    // 128 lies in the first set and pushes out the first line: three objects end.
    let mut victims = Vec::new();
    let filled = cache.fill(&reference(&trace, 4), &mut |victim| victims.push(victim.0));
    assert_eq!((filled, victims), (Filled::Inserted, vec![0, 1, 2]));
    assert_eq!(resident(&cache), [3, 4]);
    // One byte of it is enough for one byte; what is left of eight spares one fill.
    assert!(!access(&mut cache, &reference(&trace, 5)));
    assert_eq!(resident(&cache), [0, 1, 2, 3]);
    assert!(cache.remove(ObjectId(2), Removal::Deleted));
    assert_eq!((resident(&cache), cache.residents().used()), (vec![], 0));
    cache.check();
}

#[test]
fn large_objects_need_all_of_their_lines() {
    let trace = addresses(&[1, 2, 1]);
    let hashed = CpuCache { placing: Placing::Hashed, ..spec(2, Replacement::Lru) };
    let mut cache = build(&hashed, 4, &trace);
    // 200 bytes are four lines, one in every set.
    assert!(!access(&mut cache, &request(&trace, 0, 200)));
    assert!(!access(&mut cache, &request(&trace, 1, 200)));
    assert_eq!((cache.residents().used(), cache.residents().len()), (512, 2));
    assert!(access(&mut cache, &request(&trace, 0, 200)));
    // It has shrunk: what it has is enough. It has grown by two lines in sets of which one way is the
    // other object's least recently used.
    assert!(access(&mut cache, &request(&trace, 0, 100)));
    let mut victims = Vec::new();
    let grown = request(&trace, 0, 300);
    assert!(!cache.lookup(&grown, &mut |_| ()));
    assert_eq!(cache.fill(&grown, &mut |victim| victims.push(victim)), Filled::Inserted);
    assert_eq!((victims, cache.residents().size_of(ObjectId(0))), (vec![ObjectId(1)], 300));
    assert_eq!(cache.fill(&grown, &mut |_| ()), Filled::AlreadyIn);
    assert!(
        cache.remove(ObjectId(0), Removal::Expired) && !cache.remove(ObjectId(0), Removal::Expired)
    );
    // Three lines of the other object are left and count.
    assert_eq!((cache.residents().used(), cache.residents().len()), (192, 0));
    cache.check();
}

#[test]
fn what_is_too_large_passes_by() {
    let trace = addresses(&[1, 2]);
    let quarter = CpuCache { placing: Placing::Hashed, ways: 2, ..CpuCache::default() };
    let mut cache = build(&quarter, 8, &trace);
    assert_eq!(cache.fill(&request(&trace, 0, 257), &mut |_| ()), Filled::Oversized);
    assert_eq!(cache.fill(&request(&trace, 0, 256), &mut |_| ()), Filled::Inserted);
    // A line is never too large.
    let mut one = build(&CpuCache { ways: 1, ..quarter }, 1, &trace);
    assert_eq!(one.fill(&request(&trace, 0, 64), &mut |_| ()), Filled::Inserted);
}

#[test]
fn an_object_that_pushes_itself_out_is_refused() {
    // A reference over the end of a line, in a cache of one line.
    let trace = references([(60, 8)]);
    let mut cache = build(&spec(1, Replacement::Lru), 1, &trace);
    let reference = reference(&trace, 0);
    assert_eq!(cache.fill(&reference, &mut |_| panic!("it was not in")), Filled::Refused);
    assert!(!cache.lookup(&reference, &mut |_| ()) && cache.residents().used() == 64);
    cache.check();
}

#[test]
fn hashed_objects_spread_over_the_sets_wherever_they_are() {
    let keys =
        |salt: u64| Trace::from_numbers("t", (0..32_000).map(move |key| (key + salt) * 4096));
    let hashed = CpuCache { placing: Placing::Auto, ..CpuCache::default() };
    let shape = hashed.shape(32_000_000).unwrap();
    let shape = Shape { sets: 320, ..shape };
    let trace = keys(0);
    let places = super::places::Places::new(&hashed, shape, &trace).unwrap();
    let set = |places: &super::places::Places, id| places.lines(ObjectId(id), 1).next().unwrap().0;
    let mut load = [0; 320];
    (0..32_000).for_each(|id| load[set(&places, id)] += 1);
    // 100 each on average; ten standard deviations either way would be a fault.
    assert!(load.iter().all(|n| (50..200).contains(n)), "{load:?}");
    // Numbered otherwise, the same key lies in the same set.
    let other = super::places::Places::new(&hashed, shape, &keys(1)).unwrap();
    assert!((0..1000).all(|id| set(&places, id + 1) == set(&other, id)));
}

#[test]
fn the_default_is_a_last_level() {
    let cache = SetAssociative::new(&CpuCache::default(), 32_000_000, &addresses(&[1])).unwrap();
    assert_eq!((cache.n_sets(), cache.capacity_bytes()), (31_250, 32_000_000));
    let cache = SetAssociative::new(&CpuCache::default(), 32 << 20, &addresses(&[1])).unwrap();
    assert_eq!((cache.n_sets(), cache.capacity_bytes()), (32_768, 32 << 20));
    // Whole sets of 1 KiB.
    let cache = SetAssociative::new(&CpuCache::default(), 5_000, &addresses(&[1])).unwrap();
    assert_eq!((cache.n_sets(), cache.capacity_bytes()), (4, 4_096));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refusal = |spec: CpuCache, capacity: u64| {
        SetAssociative::new(&spec, capacity, &addresses(&[1])).unwrap_err().to_string()
    };
    let default = CpuCache::default();
    let mib = 1 << 20;
    for (spec, capacity, part) in [
        (
            CpuCache { line: Bytes(48), ..default },
            mib,
            "`line` is 48B, expected a power of two from 8B",
        ),
        (CpuCache { line: Bytes(4), ..default }, mib, "`line` is 4B"),
        (CpuCache { ways: 0, ..default }, mib, "at least 1"),
        (CpuCache { sets: Some(0), ..default }, mib, "at least 1"),
        (
            CpuCache { ways: 12, ..default },
            mib,
            "hint: lru takes any number, bit-plru any up to 64",
        ),
        (CpuCache { ways: 128, ..default }, mib, "up to 64, not 128"),
        (
            CpuCache { ways: 65, replacement: Replacement::BitPlru, ..default },
            mib,
            "at most 64 `ways`",
        ),
        (CpuCache { largest: 0.0, ..default }, mib, "`largest` is 0"),
        (CpuCache { largest: f64::NAN, ..default }, mib, "`largest` is NaN"),
        (default, 1000, "no room for a set of 16 lines of 64B, which is 1KiB"),
        (
            CpuCache { sets: Some(7), ..default },
            mib,
            "7 sets of 16 lines of 64B are not the capacity of 1MiB",
        ),
        (default, u64::MAX, "none of a processor"),
        (CpuCache { index: Index::XorFold, ..default }, 3 * 1024, "power of two of sets"),
    ] {
        let message = refusal(spec, capacity);
        assert!(message.starts_with("processor cache: ") && message.contains(part), "{message}");
    }
    let trace = trace::readers::read_bytes("t", b"key,size\na,1\n5,99999\n", &Default::default());
    let message =
        SetAssociative::new(&spec(1, Replacement::Lru), mib, &trace.unwrap()).unwrap_err();
    assert!(message.to_string().contains("are not numbers"), "{message}");
    let trace = trace::readers::read_bytes("t", b"key,size\n5,99999\n", &Default::default());
    let message =
        SetAssociative::new(&spec(1, Replacement::Lru), mib, &trace.unwrap()).unwrap_err();
    assert!(message.to_string().contains("99999B: more than 16KiB"), "{message}");
}

#[test]
fn it_is_written_in_a_scenario() {
    let text = "line = \"128B\"\nways = 12\nreplacement = \"bit-plru\"\nindex = \"xor-fold\"\nplacing = \"hashed\"\n";
    let spec: CpuCache = toml::from_str(text).unwrap();
    let expected = CpuCache {
        line: Bytes(128),
        ways: 12,
        replacement: Replacement::BitPlru,
        index: Index::XorFold,
        placing: Placing::Hashed,
        ..CpuCache::default()
    };
    assert_eq!(spec, expected);
    assert_eq!(toml::from_str::<CpuCache>(&toml::to_string(&spec).unwrap()).unwrap(), spec);
    assert!(toml::from_str::<CpuCache>("way = 4").is_err());
}

/// The policies, word by word, on a set of few ways.
enum Naive {
    /// From the least to the most recently used.
    Lru(Vec<u64>),
    Tree(Vec<Option<u64>>, Tree),
    Bits(Vec<Option<u64>>, Vec<bool>),
}

enum Tree {
    Way(usize),
    Node { right_is_older: bool, left: Box<Tree>, right: Box<Tree> },
}

impl Tree {
    fn over(ways: std::ops::Range<usize>) -> Tree {
        if ways.len() == 1 {
            return Tree::Way(ways.start);
        }
        let middle = ways.start + ways.len() / 2;
        let half = |ways| Box::new(Tree::over(ways));
        Tree::Node {
            right_is_older: false,
            left: half(ways.start..middle),
            right: half(middle..ways.end),
        }
    }

    fn oldest(&self) -> usize {
        match self {
            Tree::Way(way) => *way,
            Tree::Node { right_is_older: true, right, .. } => right.oldest(),
            Tree::Node { left, .. } => left.oldest(),
        }
    }

    /// Whether the way is below.
    fn touch(&mut self, way: usize) -> bool {
        match self {
            Tree::Way(this) => *this == way,
            Tree::Node { right_is_older, left, right } => {
                let (on_left, on_right) = (left.touch(way), right.touch(way));
                if on_left || on_right {
                    *right_is_older = on_left;
                }
                on_left || on_right
            }
        }
    }
}

impl Naive {
    fn new(replacement: Replacement, ways: usize) -> Naive {
        match replacement {
            Replacement::Lru => Naive::Lru(Vec::new()),
            Replacement::TreePlru => Naive::Tree(vec![None; ways], Tree::over(0..ways)),
            Replacement::BitPlru => Naive::Bits(vec![None; ways], vec![false; ways]),
        }
    }

    /// Whether the line was in; it is, afterwards.
    fn access(&mut self, line: u64, ways: usize) -> bool {
        let slot = |slots: &mut Vec<Option<u64>>, victim: usize| {
            let found = slots.iter().position(|slot| *slot == Some(line));
            let free = slots.iter().position(Option::is_none);
            let way = found.or(free).unwrap_or(victim);
            slots[way] = Some(line);
            (way, found.is_some())
        };
        match self {
            Naive::Lru(order) => {
                let found = order.iter().position(|other| *other == line);
                if let Some(at) = found {
                    order.remove(at);
                } else if order.len() == ways {
                    order.remove(0);
                }
                order.push(line);
                found.is_some()
            }
            Naive::Tree(slots, tree) => {
                let (way, hit) = slot(slots, tree.oldest());
                tree.touch(way);
                hit
            }
            Naive::Bits(slots, used) => {
                let victim = used.iter().position(|used| !used).unwrap_or(0);
                let (way, hit) = slot(slots, victim);
                used[way] = true;
                if used.iter().all(|used| *used) {
                    used.fill(false);
                    used[way] = true;
                }
                hit
            }
        }
    }

    fn remove(&mut self, line: u64) {
        match self {
            Naive::Lru(order) => order.retain(|other| *other != line),
            Naive::Tree(slots, _) | Naive::Bits(slots, _) => {
                slots.iter_mut().filter(|slot| **slot == Some(line)).for_each(|slot| *slot = None);
            }
        }
    }
}

const REPLACEMENTS: [Replacement; 3] =
    [Replacement::Lru, Replacement::TreePlru, Replacement::BitPlru];

#[test]
fn twins_agree_on_all_small_traces() {
    const LENGTH: u32 = 7;
    const LINES: u64 = 5;
    for replacement in REPLACEMENTS {
        for ways in [1, 2, 4] {
            let shape = spec(ways, replacement).shape(u64::from(ways) * 64).unwrap();
            for code in 0..LINES.pow(LENGTH) {
                let mut cache = super::lines::Lines::new(shape, replacement);
                let mut twin = Naive::new(replacement, ways as usize);
                for at in 0..LENGTH {
                    let line = code / LINES.pow(at) % LINES;
                    let hit = cache.touch(0, line);
                    if !hit {
                        cache.fill(0, line);
                    }
                    assert_eq!(
                        hit,
                        twin.access(line, ways as usize),
                        "{replacement:?} {ways} {code}"
                    );
                }
            }
        }
    }
}

/// What to do with a line.
fn steps(lines: u64, n: usize) -> impl Strategy<Value = Vec<(u64, bool)>> {
    prop::collection::vec((0..lines, prop::bool::weighted(0.1)), 1..n)
}

proptest! {
    #[test]
    fn twins_agree_with_removals(
        replacement in prop::sample::select(REPLACEMENTS.as_slice()),
        ways in prop::sample::select(&[1u32, 2, 4, 8, 16, 64][..]),
        steps in steps(80, 600),
    ) {
        let lines: Vec<u64> = (0..80).map(|line| line * 64).collect();
        let trace = addresses(&lines);
        let mut cache = build(&spec(ways, replacement), 1, &trace);
        let mut twin = Naive::new(replacement, ways as usize);
        for (line, remove) in steps {
            if remove {
                cache.remove(ObjectId(line as u32), Removal::Deleted);
                twin.remove(line);
            } else {
                let hit = access(&mut cache, &request(&trace, line as usize, 1));
                prop_assert_eq!(hit, twin.access(line, ways as usize));
            }
        }
        cache.check();
    }

    #[test]
    fn one_set_of_lru_is_the_policy(ways in 1u32..12, steps in steps(16, 400)) {
        let keys: Vec<u64> = (0..16).collect();
        let trace = addresses(&keys);
        let hashed = CpuCache { placing: Placing::Hashed, ..spec(ways, Replacement::Lru) };
        let mut cache = build(&hashed, 1, &trace);
        let setup = Setup {
            capacity: ways.into(), unit: Unit::Objects, n_objects: 16, n_requests: 400, seed: 1,
        };
        let lru = policies::find("lru").unwrap();
        let mut policy = (lru.kind.build)(&setup, &Map::new()).unwrap();
        for (key, remove) in steps {
            let request = request(&trace, key as usize, 1);
            if remove {
                let removed = cache.remove(request.object, Removal::Deleted);
                prop_assert_eq!(removed, policy.remove(request.object, Removal::Deleted));
                continue;
            }
            let hit = cache.lookup(&request, &mut |_| ());
            prop_assert_eq!(hit, policy.lookup(&request, &mut |_| ()));
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            let filled = cache.fill(&request, &mut |victim| ours.push(victim));
            prop_assert_eq!(filled, policy.fill(&request, &mut |victim| theirs.push(victim)));
            prop_assert_eq!(ours, theirs);
        }
        cache.check();
    }

    #[test]
    fn lru_of_more_ways_holds_what_fewer_hold(
        ways in 1u32..8,
        requests in prop::collection::vec((0u64..2000, 1u64..9), 1..300),
    ) {
        let trace = references(requests);
        let mut small = build(&spec(ways, Replacement::Lru), 4, &trace);
        let mut large = build(&spec(ways + 1, Replacement::Lru), 4, &trace);
        for i in 0..trace.n_requests() {
            let request = reference(&trace, i);
            let hit = access(&mut small, &request);
            prop_assert!(access(&mut large, &request) >= hit);
            for id in (0..trace.n_objects()).map(ObjectId) {
                prop_assert!(large.residents().contains(id) >= small.residents().contains(id));
            }
        }
    }

    /// References of any size, over the ends of lines and in shared ones, removals between: the
    /// record of residents is what the lines say, and each set behaves as its twin.
    #[test]
    fn references_are_those_of_their_lines(
        replacement in prop::sample::select(REPLACEMENTS.as_slice()),
        index in prop::sample::select(&[Index::Modulo, Index::XorFold][..]),
        sets in prop::sample::select(&[1u64, 2, 3, 4, 8][..]),
        steps in prop::collection::vec((0u64..1500, 1u64..100, prop::bool::weighted(0.05)), 1..200),
    ) {
        prop_assume!(index == Index::Modulo || sets.is_power_of_two());
        let trace = references(steps.iter().map(|step| (step.0, step.1)));
        let mut cache = build(&CpuCache { index, ..spec(4, replacement) }, sets, &trace);
        let mut twins: Vec<Naive> = (0..sets).map(|_| Naive::new(replacement, 4)).collect();
        let set = |line: u64| match index {
            Index::Modulo => (line % sets) as usize,
            // Five bits number all lines of these addresses.
            Index::XorFold => {
                let bits = sets.trailing_zeros();
                (0..5).fold(0, |set, k| if bits == 0 { 0 } else { set ^ (line >> k & 1) << (k % bits) }) as usize
            }
        };
        for (i, (address, size, remove)) in steps.iter().enumerate() {
            let request = reference(&trace, i);
            if *remove {
                let size = cache.residents().size_of(request.object);
                cache.remove(request.object, Removal::Deleted);
                (address / 64..=(address + size - 1) / 64)
                    .for_each(|line| twins[set(line)].remove(line));
            } else {
                let mut expected = true;
                for line in address / 64..=(address + size - 1) / 64 {
                    expected &= twins[set(line)].access(line, 4);
                }
                prop_assert_eq!(access(&mut cache, &request), expected);
            }
            cache.check();
        }
    }

    /// Objects of many lines, whose sizes change.
    #[test]
    fn large_objects_keep_the_record_true(
        replacement in prop::sample::select(REPLACEMENTS.as_slice()),
        largest in prop::sample::select(&[0.25, 1.0][..]),
        steps in prop::collection::vec((0u64..12, 1u64..1200, prop::bool::weighted(0.1)), 1..120),
    ) {
        let trace = addresses(&(0..12).collect::<Vec<_>>());
        let spec = CpuCache { placing: Placing::Hashed, largest, ..spec(4, replacement) };
        let mut cache = build(&spec, 3, &trace);
        for (key, size, remove) in steps {
            let request = request(&trace, key as usize, size);
            if remove {
                let resident = cache.residents().contains(request.object);
                prop_assert_eq!(cache.remove(request.object, Removal::Moved), resident);
            } else {
                access(&mut cache, &request);
            }
            cache.check();
        }
    }
}

#[test]
fn lines_without_content_come_first() {
    let shape = Shape { line_bits: 6, ways: 4, sets: 1, largest: 64 };
    for replacement in [Replacement::Lru, Replacement::TreePlru, Replacement::BitPlru] {
        let mut lines = Lines::new(shape, replacement);
        let fill = |lines: &mut Lines, line| lines.fill(0, line);
        assert!((0..4).all(|line| fill(&mut lines, line).is_none()));
        assert!(lines.drop(0, 1) && lines.drop(0, 3));
        assert!((4..6).all(|line| fill(&mut lines, line).is_none()));
        assert!([0, 2, 4, 5].iter().all(|line| lines.contains(0, *line)));
        assert!(fill(&mut lines, 6).is_some());
    }
}
