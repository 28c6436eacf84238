//! What every policy is held to: worked examples, conformance, naive twins, laws.

pub(crate) mod admission;
mod bounds;
pub(crate) mod conformance;
mod guarded;
mod laws;
mod naive;
mod naive_guarded;
pub(crate) mod prefetch;
#[cfg(feature = "products")]
mod products;

use cache::{Contents, Filled, PolicySpec, Request, Setup, Unit};
use trace::ObjectId;

/// Small numbers that are always the same: splitmix64.
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    /// A number below `n`, small ones more often.
    pub(crate) fn skewed(&mut self, n: u64) -> u64 {
        let bound = self.below(n) + 1;
        self.below(bound)
    }
}

/// Requests for numbered objects of the given sizes, with their next uses.
pub(crate) fn requests_of(steps: &[(u32, u64)]) -> Vec<Request> {
    let objects: Vec<_> = steps.iter().map(|(number, _)| ObjectId(*number)).collect();
    let n_objects = objects.iter().map(|object| object.0 + 1).max().unwrap_or(0);
    let next_use = trace::next_use(&objects, n_objects);
    let request = |(seq, ((number, size), next_use))| Request {
        object: ObjectId(number),
        size,
        seq,
        next_use,
    };
    (0..).zip(steps.iter().copied().zip(next_use)).map(request).collect()
}

/// What policies under test draw from.
pub(crate) const SEED: u64 = 7;

/// A cache of the policy for these requests.
pub(crate) fn cache_of(
    spec: &str,
    capacity: u64,
    unit: Unit,
    requests: &[Request],
) -> Box<dyn Contents> {
    let spec: PolicySpec = spec.parse().unwrap();
    let n_objects = requests.iter().map(|request| request.object.0 + 1).max().unwrap_or(0);
    let n_requests = requests.len() as u64;
    let setup = Setup { capacity, unit, n_objects, n_requests, seed: SEED };
    (crate::find(&spec.name).unwrap().kind.build)(&setup, &spec.parameters).unwrap()
}

/// A time to live for an object that was brought in by this request, or none, always the same.
pub(crate) fn expiry_of(request: &Request) -> u64 {
    let mut draws = Draws(request.seq);
    if draws.below(4) == 0 { u64::MAX } else { request.seq + draws.below(200) }
}

/// A read that fills on a miss; whether it hit.
pub(crate) fn access(cache: &mut dyn Contents, request: &Request) -> bool {
    cache.lookup(request, &mut |_| {}) || {
        assert_ne!(cache.fill(request, &mut |_| {}), Filled::AlreadyIn);
        false
    }
}

/// For each request, whether it hits.
pub(crate) fn hits(spec: &str, capacity: u64, unit: Unit, requests: &[Request]) -> Vec<bool> {
    let mut cache = cache_of(spec, capacity, unit, requests);
    let hits = requests.iter().map(|request| access(&mut *cache, request)).collect();
    cache.check();
    hits
}

/// Numbers the requests of a text such as `A B A`, by first appearance.
fn steps_of(text: &str) -> Vec<(u32, u64)> {
    let mut names = Vec::new();
    let mut number = |name| {
        names.iter().position(|known| *known == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        }) as u32
    };
    text.split_whitespace().map(|name| (number(name), 1)).collect()
}

/// Checks that objects of one size, requested in this order, hit (H) and miss (M) like this.
#[track_caller]
pub(crate) fn check_example(spec: &str, capacity: u64, requests: &str, outcome: &str) {
    let hits = hits(spec, capacity, Unit::Objects, &requests_of(&steps_of(requests)));
    let got: Vec<_> = hits.iter().map(|hit| if *hit { "H" } else { "M" }).collect();
    assert_eq!(got.join(" "), outcome, "{spec} with capacity {capacity} over {requests}");
}

/// Every policy, and each of its variants.
pub(crate) const VARIANTS: &[&str] = &[
    "arc",
    "b-lru",
    "belady",
    "belady:bypass=true",
    "cacheus",
    "belady-size",
    "belady-size:samples=0",
    "belady-size:rules=libcachesim,samples=3",
    "camp",
    "camp:inflation=remaining,precision=2",
    "camp:cost=packets,precision=16",
    "car",
    "cart",
    "clock",
    "clock:bits=0",
    "clock:bits=2",
    "clock2q-plus",
    "clock2q-plus:ghost-ratio=0.3,small-ratio=0.5,threshold=2",
    "clock2q-plus:small-ratio=0.5,window-ratio=0.2",
    "clock-pro",
    "clock-pro:cold-ratio=0.3",
    "clock-pro:rules=program",
    "clock-pro:cold-ratio=0.3,rules=program",
    "clock-pro-plus",
    "clock-pro-plus:cold-ratio=0.4",
    "dlirs",
    "dlirs:hir-ratio=0.4",
    "fbr",
    "fbr:max-average=2,max-count=3,new-ratio=0.2,old-ratio=0.6",
    "fbr:max-average=1.5,new-ratio=0.5,old-ratio=0.5",
    "fifo",
    "fifo-merge",
    "fifo-merge:examine=5,keep=2",
    "frd",
    "frd:main-ratio=0.5",
    "gd-wheel",
    "gd-wheel:cost=packets",
    "gd-wheel:cost=packets,queues=2,wheels=3",
    "gds",
    "gds:cost=packets",
    "gdsf",
    "hyperbolic",
    "hyperbolic:samples=3,sizes=true",
    "lecar",
    "lecar:history-ratio=1.5,initial-weight=0.2,learning-rate=3.0",
    "lecar:rules=libcachesim",
    "lfu",
    "lfu-aging",
    "lfu-aging:max-average=1.5",
    "lfu-aging:max-average=4",
    "lfu-da",
    "lhd",
    "lhd:app=1,interval=11,max-age=3,samples=4",
    "lhd:interval=13,max-age=40",
    "lirs",
    "lirs:hir-ratio=0.3",
    "lirs2",
    "lirs2:hir-ratio=0.5,stack-limit=2",
    "lrfu",
    "lrfu:lambda=0",
    "lrfu:lambda=0.1",
    "lrfu:lambda=1",
    "lru",
    "lru-k",
    "lru-k:k=1",
    "lru-k:correlated-period=3,k=3,retained-period=40",
    "lru-k:rules=libcachesim",
    "lru-k:k=3,rules=libcachesim",
    "lru-prob",
    "lru-prob:probability=0.1",
    "memcached-lru",
    "memcached-lru:hot-lru-pct=5,warm-lru-pct=70",
    "mq",
    "mq:lifetime=7,out-ratio=0.5,queues=3",
    "mq:rules=libcachesim",
    "mq:lifetime=7,out-ratio=0.5,rules=libcachesim",
    "mru",
    "qd-lp",
    "qd-lp:ghost-ratio=0.3,small-ratio=0.5,threshold=2",
    "qd-lp:small-ratio=0.8",
    "random",
    "random-two",
    "redis-allkeys-lfu",
    "redis-allkeys-lfu:lfu-decay-time=20,lfu-log-factor=1,samples=3",
    "redis-allkeys-lru",
    "redis-allkeys-lru:clock-resolution=10,samples=2",
    "redis-volatile-ttl",
    "redis-volatile-ttl:samples=2",
    "s3-fifo",
    "s3-fifo:ghost-ratio=0.3,small-ratio=0.5,threshold=1",
    "s3-fifo:small-ratio=0.5,version=v1",
    "s3-fifo-d",
    "s3-fifo-d:small-ratio=0.5,threshold=2",
    "s4lru",
    "sampled",
    "sampled:order=mru,samples=2",
    "sampled:order=lfu,samples=5",
    "sampled:order=mfu",
    "sampled:order=fifo",
    "sampled:order=hyperbolic,samples=3",
    "sieve",
    "size",
    "slru",
    "slru:weights=1:1:1",
    "slru:fill=room,weights=1:4",
    "slru:fill=share,weights=1:2",
    "slru:fill=room,weights=1:1:1:1",
    "tiny-lfu",
    "tiny-lfu:doorkeeper=true,period=3",
    "tu-q",
    "tu-q:hot-ratio=0.1,warm-ratio=0.8",
    "tu-q:hot-ratio=1.0,warm-ratio=1.0",
    "2q",
    "2q:in-ratio=0.5,out-ratio=1.0",
    "2q:version=simplified",
    "2q:in-ratio=0.6,version=simplified",
    "2q:rules=libcachesim",
    "2q:in-ratio=0.4,rules=libcachesim",
    "w-tiny-lfu",
    "w-tiny-lfu:doorkeeper=true,period=4,protected-ratio=0.5,window-ratio=0.3",
    "w-tiny-lfu:window-ratio=0.0",
    "w-tiny-lfu:adaptive=true,period=1",
    "w-tiny-lfu:adaptive=true,period=1,protected-ratio=0.9,window-ratio=0.4",
];

#[test]
fn every_policy_has_a_variant_under_test() {
    for info in crate::ALL {
        assert!(VARIANTS.contains(&info.name), "{} is missing from VARIANTS", info.name);
    }
}

#[test]
fn policies_are_found_by_name_and_alias_and_nothing_else() {
    assert!(crate::ALL.is_sorted_by_key(|info| info.file));
    for info in crate::ALL {
        for name in std::iter::once(&info.name).chain(info.aliases) {
            assert_eq!(crate::find(name).unwrap().name, info.name);
        }
    }
    assert!(crate::find("lur").unwrap_err().to_string().contains("did you mean `lru`"));
}

#[test]
fn parameters_without_sense_are_refused() {
    let bad = [
        "lru:k=2",
        "clock:bits=9",
        "s3-fifo:version=v9",
        "s3-fifo:small-ratio=1.5",
        "s3-fifo:threshold=64",
        "slru:weights=1:0",
        "slru:weights=1:x",
        "slru:fill=upper",
        "2q:in-ratio=-1",
        "2q:rules=mine",
        "2q:rules=libcachesim,version=simplified",
        "lrfu:lambda=2",
        "lirs:hir-ratio=2",
        "lirs2:hir-ratio=2",
        "lirs2:stack-limit=1",
        "clock2q-plus:window-ratio=2",
        "clock-pro:cold-ratio=2",
        "clock-pro:rules=mine",
        "clock-pro-plus:cold-ratio=2",
        "dlirs:hir-ratio=2",
        "fifo-merge:examine=0",
        "fifo-merge:examine=5,keep=5",
        "frd:main-ratio=-1",
        "memcached-lru:hot-lru-pct=50",
        "memcached-lru:warm-lru-pct=4294967295",
        "s3-fifo-d:small-ratio=2",
        "s3-fifo-d:threshold=8",
        "s4lru:weights=1",
        "tu-q:hot-ratio=2",
        "lru-k:k=0",
        "lru-k:k=256",
        "lru-k:rules=libcachesim,correlated-period=3",
        "mq:queues=0",
        "mq:queues=33",
        "mq:out-ratio=-1",
        "qd-lp:threshold=64",
        "belady:bypass=maybe",
        "fbr:new-ratio=0.6,old-ratio=0.6",
        "fbr:max-count=0",
        "fbr:max-average=0.5",
        "belady-size:samples=-1",
        "camp:precision=0",
        "camp:precision=17",
        "gd-wheel:queues=1",
        "gd-wheel:wheels=0",
        "gd-wheel:queues=65536,wheels=2",
        "gds:cost=two",
        "hyperbolic:samples=0",
        "lecar:initial-weight=2",
        "lecar:learning-rate=-1",
        "lecar:history-ratio=-0.5",
        "lfu-aging:max-average=0",
        "lhd:samples=0",
        "lhd:interval=0",
        "lhd:max-age=1",
        "lhd:app=16",
        "lru-prob:probability=1.5",
        "redis-allkeys-lfu:samples=0",
        "redis-allkeys-lru:clock-resolution=0",
        "redis-volatile-ttl:samples=0",
        "sampled:samples=0",
        "sampled:order=random",
        "tiny-lfu:period=0",
        "w-tiny-lfu:period=0",
        "w-tiny-lfu:window-ratio=-0.1",
    ];
    for spec in bad {
        assert!(crate::resolve(&spec.parse().unwrap()).is_err(), "{spec}");
    }
    for spec in VARIANTS {
        crate::resolve(&spec.parse().unwrap()).unwrap();
    }
}
