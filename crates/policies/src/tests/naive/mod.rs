//! Every policy once more, as plainly as it can be said, and the comparison with the real one.
//!
//! A twin owns its residents and follows the text of the paper (or of the rules that a policy's
//! module doc states), with vectors searched from end to end. Twins share no code with policies.

mod arc;
mod b_lru;
mod belady;
mod belady_size;
mod cacheus;
mod camp;
mod car;
mod cart;
mod clock;
mod clock2q_plus;
mod clock_pro;
mod clock_pro_plus;
mod dlirs;
mod fbr;
mod fifo;
mod fifo_merge;
mod frd;
mod gd_wheel;
mod gds;
mod gdsf;
mod hyperbolic;
mod lecar;
mod lfu;
mod lfu_aging;
mod lfu_da;
mod lhd;
mod lirs;
mod lirs2;
mod lrfu;
mod lru;
mod lru_k;
mod lru_prob;
mod memcached_lru;
mod mq;
mod mru;
mod qd_lp;
mod random;
mod random_two;
mod redis_lfu;
mod redis_lru;
mod redis_volatile_ttl;
mod s3_fifo;
mod s3_fifo_d;
mod s4lru;
mod sampled;
mod sieve;
mod size;
mod slru;
pub(super) mod tiny_lfu;
mod tu_q;
mod two_q;
mod w_tiny_lfu;

use cache::{Eviction, PolicySpec, Removal, Request, Unit};
use trace::ObjectId;
use trace::stream::Stream;

use super::{Draws, SEED, VARIANTS, access, cache_of, expiry_of, requests_of};

/// A cache that is obviously right.
pub(crate) trait Naive {
    /// A read that fills on a miss; whether it hit.
    fn request(&mut self, request: &Request) -> bool;
    /// Removes an object, if it is resident.
    fn remove(&mut self, object: ObjectId);
    /// Says when a resident expires.
    fn note_expiry(&mut self, _object: ObjectId, _at: u64) {}
}

/// What a twin is made for. Most need no more than the capacity, which it turns into.
#[derive(Clone, Copy)]
pub(crate) struct World {
    capacity: u64,
    bytes: bool,
    n_objects: u32,
}

impl From<World> for u64 {
    fn from(world: World) -> u64 {
        world.capacity
    }
}

/// The numbers drawn by a policy under test. Twins of policies that draw make the same draws.
fn stream(purpose: &str) -> Stream {
    Stream::new(SEED, purpose)
}

/// The places drawn for a sample from `n` members, as `roster` defines them.
fn sample(purpose: &str, number: u64, size: u32, n: usize) -> Vec<usize> {
    let mut state = stream(purpose).bits_at(number);
    let mut places = Vec::new();
    for _ in 0..size {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        places.push((u128::from(z) * n as u128 / (1 << 64)) as usize);
    }
    places
}

/// An object and the size it came with.
type Entry = (ObjectId, u64);

fn weight(entries: &[Entry]) -> u64 {
    entries.iter().map(|(_, size)| size).sum()
}

fn contains(entries: &[Entry], object: ObjectId) -> bool {
    entries.iter().any(|(there, _)| *there == object)
}

fn take(entries: &mut Vec<Entry>, object: ObjectId) -> Option<Entry> {
    let at = entries.iter().position(|(there, _)| *there == object)?;
    Some(entries.remove(at))
}

fn share(capacity: u64, ratio: f64) -> u64 {
    (capacity as f64 * ratio).floor() as u64
}

fn params<E: Eviction>(spec: &PolicySpec) -> E::Params {
    serde_json::from_value(spec.parameters.clone().into()).unwrap()
}

/// Lists the twins, and makes a test of each.
macro_rules! twins {
    ($($module:ident::$twin:ident of $policy:ident),* $(,)?) => {
        fn twin(spec: &PolicySpec, world: World) -> Box<dyn Naive> {
            let name = crate::find(&spec.name).unwrap().name;
            $(
                if name == crate::eviction::$module::INFO.name {
                    let params = params::<crate::eviction::$module::$policy>(spec);
                    return Box::new($module::$twin::new(world.into(), &params));
                }
            )*
            panic!("{name} has no twin");
        }

        mod equal {
            $(
                #[test]
                fn $module() {
                    super::check(crate::eviction::$module::INFO.name);
                }
            )*
        }
    };
}

twins! {
    arc::NaiveArc of Arc,
    b_lru::NaiveBLru of BLru,
    belady::NaiveBelady of Belady,
    cacheus::NaiveCacheus of Cacheus,
    belady_size::NaiveBeladySize of BeladySize,
    camp::NaiveCamp of Camp,
    car::NaiveCar of Car,
    cart::NaiveCart of Cart,
    clock::NaiveClock of Clock,
    clock2q_plus::NaiveClock2QPlus of Clock2QPlus,
    clock_pro::NaiveClockPro of ClockPro,
    clock_pro_plus::NaiveClockProPlus of ClockProPlus,
    dlirs::NaiveDlirs of Dlirs,
    fbr::NaiveFbr of Fbr,
    fifo::NaiveFifo of Fifo,
    fifo_merge::NaiveFifoMerge of FifoMerge,
    frd::NaiveFrd of Frd,
    gd_wheel::NaiveGdWheel of GdWheel,
    gds::NaiveGds of Gds,
    gdsf::NaiveGdsf of Gdsf,
    hyperbolic::NaiveHyperbolic of Hyperbolic,
    lecar::NaiveLeCaR of LeCaR,
    lfu::NaiveLfu of Lfu,
    lfu_aging::NaiveLfuAging of LfuAging,
    lfu_da::NaiveLfuDa of LfuDa,
    lhd::NaiveLhd of Lhd,
    lirs::NaiveLirs of Lirs,
    lirs2::NaiveLirs2 of Lirs2,
    lrfu::NaiveLrfu of Lrfu,
    lru::NaiveLru of Lru,
    lru_k::NaiveLruK of LruK,
    lru_prob::NaiveLruProb of LruProb,
    memcached_lru::NaiveMemcachedLru of MemcachedLru,
    mq::NaiveMq of Mq,
    mru::NaiveMru of Mru,
    qd_lp::NaiveQdLp of QdLp,
    random::NaiveRandom of Random,
    random_two::NaiveRandomTwo of RandomTwo,
    redis_lfu::NaiveRedisLfu of RedisLfu,
    redis_lru::NaiveRedisLru of RedisLru,
    redis_volatile_ttl::NaiveRedisVolatileTtl of RedisVolatileTtl,
    s3_fifo::NaiveS3Fifo of S3Fifo,
    s3_fifo_d::NaiveS3FifoD of S3FifoD,
    s4lru::NaiveS4Lru of S4Lru,
    sampled::NaiveSampled of Sampled,
    sieve::NaiveSieve of Sieve,
    size::NaiveSize of Size,
    slru::NaiveSlru of Slru,
    tiny_lfu::NaiveTinyLfu of TinyLfu,
    tu_q::NaiveTuQ of TuQ,
    two_q::NaiveTwoQ of TwoQ,
    w_tiny_lfu::NaiveWTinyLfu of WTinyLfu,
}

fn check(policy: &str) {
    for spec in VARIANTS {
        let name = spec.parse::<PolicySpec>().unwrap().name;
        if name == policy {
            all_small_traces(spec);
            random_traces(spec);
        }
    }
}

/// All traces of 7 requests over 4 objects, and with them all shorter ones.
fn all_small_traces(spec: &str) {
    for code in 0..4u32.pow(7) {
        let steps: Vec<_> = (0..7).map(|i| (code >> (2 * i) & 3, 1)).collect();
        let requests = requests_of(&steps);
        for capacity in 1..=4 {
            compare(spec, capacity, Unit::Objects, &requests, 0);
        }
    }
}

/// Longer ones, with scans and removals; with sizes, too, some of which change.
fn random_traces(spec: &str) {
    for seed in 0..120 {
        let mut draws = Draws(seed);
        let unit = if seed % 2 == 0 { Unit::Objects } else { Unit::Bytes };
        let n_objects = 10 + draws.below(120);
        let changing = draws.below(2) == 0;
        let mut scan = 0;
        let steps: Vec<_> = (0..800)
            .map(|_| {
                if draws.below(100) == 0 {
                    scan = draws.below(60);
                }
                scan = scan.saturating_sub(1);
                let number = if scan > 0 { scan } else { draws.skewed(n_objects) };
                let size = match unit {
                    Unit::Objects => 1,
                    Unit::Bytes if changing => 1 + draws.below(12),
                    Unit::Bytes => 1 + number * 5 % 12,
                };
                (number as u32, size)
            })
            .collect();
        let capacity = match unit {
            Unit::Objects => 5 + draws.below(56),
            Unit::Bytes => 5 + draws.below(400),
        };
        compare(spec, capacity, unit, &requests_of(&steps), seed % 3 * 20);
    }
}

/// Both see the same requests and times to live, and about one removal every `removal_every`, if not 0.
fn compare(spec: &str, capacity: u64, unit: Unit, requests: &[Request], removal_every: u64) {
    let mut cache = cache_of(spec, capacity, unit, requests);
    let n_objects = requests.iter().map(|request| request.object.0 + 1).max().unwrap_or(0);
    let world = World { capacity, bytes: unit == Unit::Bytes, n_objects };
    let mut twin = twin(&spec.parse().unwrap(), world);
    let mut draws = Draws(capacity);
    for request in requests {
        if removal_every > 0 && draws.below(removal_every) == 0 {
            let object = requests[draws.below(requests.len() as u64) as usize].object;
            cache.remove(object, Removal::Expired);
            twin.remove(object);
        }
        let (hit, expected) = (access(&mut *cache, request), twin.request(request));
        if hit != expected {
            let trace: Vec<_> = requests.iter().map(|r| (r.object.0, r.size)).collect();
            panic!(
                "{spec}, capacity {capacity}: {request:?} hits: {hit}, twin: {expected}; {trace:?}"
            );
        }
        // Now and then a hit sets another one.
        if cache.residents().contains(request.object) && (!hit || request.seq % 5 == 0) {
            cache.note_expiry(request.object, expiry_of(request));
            twin.note_expiry(request.object, expiry_of(request));
        }
    }
    cache.check();
}
