//! A processor's cache: sets of a few lines each, instead of one queue of objects.
//!
//! A line of memory can lie only in the set that its address says, in one of its *ways*. So two busy
//! lines of one set push each other out while others idle (conflict misses), and replacement is
//! decided among a handful of lines, by bits instead of queues. [`SetAssociative`] keeps real sets of
//! tags, and can stand in a tier where a policy's cache would.
//!
//! **What an object is to it.** The hardware knows bytes at addresses; a request asks for an object.
//! - Where the keys of a trace are addresses of memory ([`Placing::Addresses`]), a request asks for as
//!   many bytes as its size says, from its key on. Objects in one line share it: filling it makes all of
//!   them resident, losing it none.
//! - Otherwise ([`Placing::Hashed`]) each object has memory of its own, from a line on that a hash of its
//!   key picks, and shares lines with no other, as an allocator that aligns to lines would do.
//!
//! An object of n bytes lies in consecutive lines, which lie in consecutive sets (unless their numbers
//! are folded, [`Index::XorFold`]). A request hits if all of its lines are in, and uses each; if not, the
//! lines that are missing are filled and the others used. An object is resident while the lines of its
//! last size are in, so it ceases to be with the first that leaves. The others stay until they are
//! replaced, as in hardware: they count as used, and spare their fills if the object returns. Objects
//! larger than a share of the cache ([`CpuCache::largest`]) pass it by.
//!
//! **Cost.** O(ways) a line of a lookup: no hash, no allocation. Memory: 8 bytes a line of the cache,
//! another 8 a set, 20 an object; with addresses another 12 a line of the trace, and 4 an object in it.
//!
//! **Simplified.** Addresses are used as they are, without the pages that map virtual to physical ones,
//! which outer levels of real processors are indexed by. There is no prefetching, no coherence, no
//! sectoring, and no difference between a load and a store: both fill.

mod lines;
mod places;
mod replacement;
mod set_associative;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::{Bytes, thousands};

pub use set_associative::SetAssociative;

/// The most lines of a cache: 16 GiB of 64-byte lines, 2 GiB of tags.
const MOST_LINES: u64 = 1 << 28;
/// The most ways whose replacement fits the 64 bits of a set.
const MOST_WAYS_IN_BITS: u32 = 64;
const SHORTEST_LINE: Bytes = Bytes(8);
const LONGEST_LINE: Bytes = Bytes(1 << 20);

/// The shape of a processor's cache; its capacity is the tier's.
///
/// The default is the last level of a server processor, 64-byte lines in 16 ways: what an AMD EPYC
/// (family 25, model 17) says of its 32 MiB of third level, as Linux showed it on 2026-11-25. How a last
/// level replaces lines, and indexes them, is not published: tree pseudo-LRU and modulo are assumed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct CpuCache {
    /// Size of a line: a power of two from 8 bytes to 1 MiB.
    pub line: Bytes,
    /// Lines of a set: 1 is direct-mapped.
    pub ways: u32,
    /// How many sets. By default as many as the capacity has room for: any number, a power of two or
    /// not, since capacities are scaled with samples, and real last levels come in slices of any number.
    /// If given, line x ways x sets must be the capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sets: Option<u32>,
    /// Which line of a set makes room.
    pub replacement: Replacement,
    /// How an address picks its set.
    pub index: Index,
    /// Where objects lie.
    pub placing: Placing,
    /// Objects of more than this share of the capacity (or than a line, if that is more) pass the cache
    /// by. Hardware has no such rule; software that makes large copies does: a quarter, the default, is
    /// from where on glibc's memcpy bypasses the cache, unless a thread's own share of it is larger (its
    /// x86 `non_temporal_threshold` by default, sysdeps/x86/dl-cacheinfo.h, read in a copy of 2023).
    pub largest: f64,
}

/// Which line of a set makes room. A line without content always comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Replacement {
    /// The least recently used. Exact, so rare in hardware beyond few ways.
    Lru,
    /// Tree pseudo-LRU, a bit an inner node of a binary tree over the ways, which must be a power of
    /// two up to 64: each bit points away from the half used last, and the victim is where they lead.
    #[default]
    TreePlru,
    /// Bit pseudo-LRU, also called MRU or not recently used: a bit a way, set on use; when the last is
    /// set all others are cleared. The victim is the first way without. Up to 64 ways.
    BitPlru,
}

/// How an address picks its set. Hashed objects are spread already, and it does not concern them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Index {
    /// The number of the line modulo the sets: its low bits, if these are a power of two.
    #[default]
    Modulo,
    /// All bits of the number of the line folded by XOR to as many as the sets, a power of two, need.
    /// Last levels use functions of this kind against strides that would hit one set.
    XorFold,
}

/// Where objects lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Placing {
    /// At their addresses if the trace was read from a format of memory references, else hashed.
    #[default]
    Auto,
    /// At the address that the key is.
    Addresses,
    /// In lines of their own, from one on that a hash of the key picks.
    Hashed,
}

/// The name by which a tier has such a cache in place of one under an eviction policy.
pub const SET_ASSOCIATIVE: &str = "set-associative";

/// A cache that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("processor cache: {0}")]
pub struct CpuCacheError(pub(crate) String);

impl Default for CpuCache {
    fn default() -> Self {
        CpuCache {
            line: Bytes(64),
            ways: 16,
            sets: None,
            replacement: Replacement::default(),
            index: Index::default(),
            placing: Placing::default(),
            largest: 0.25,
        }
    }
}

/// A cache's dimensions, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    /// A line has 2 to the power of these bytes.
    line_bits: u32,
    ways: u32,
    sets: u32,
    /// The largest object that is taken, in bytes.
    largest: u64,
}

impl Shape {
    fn line_bytes(self) -> u64 {
        1 << self.line_bits
    }

    fn capacity_bytes(self) -> u64 {
        u64::from(self.ways) * u64::from(self.sets) * self.line_bytes()
    }
}

impl CpuCache {
    /// From the parameters of a policy called [`SET_ASSOCIATIVE`], such as `line=64B,ways=8`.
    ///
    /// # Errors
    /// If there is no such parameter, or its value makes no sense.
    pub fn from_parameters(
        parameters: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self, CpuCacheError> {
        let spec: CpuCache = serde_json::from_value(parameters.clone().into())
            .map_err(|error| CpuCacheError(error.to_string()))?;
        spec.check()?;
        Ok(spec)
    }

    /// Checks what can be checked without a capacity.
    ///
    /// # Errors
    /// The first thing that makes no sense.
    pub fn check(&self) -> Result<(), CpuCacheError> {
        let fail = |what: String| Err(CpuCacheError(what));
        let CpuCache { line, ways, sets, largest, .. } = *self;
        if !line.0.is_power_of_two() || !(SHORTEST_LINE..=LONGEST_LINE).contains(&line) {
            return fail(format!(
                "`line` is {line}, expected a power of two from {SHORTEST_LINE} to {LONGEST_LINE}"
            ));
        }
        if ways == 0 || sets == Some(0) {
            return fail("`ways` and `sets` are at least 1".into());
        }
        match self.replacement {
            Replacement::TreePlru if !ways.is_power_of_two() || ways > MOST_WAYS_IN_BITS => {
                fail(format!(
                    "tree-plru needs a power of two of `ways` up to {MOST_WAYS_IN_BITS}, not {ways}\nhint: lru takes any number, bit-plru any up to {MOST_WAYS_IN_BITS}"
                ))
            }
            Replacement::BitPlru if ways > MOST_WAYS_IN_BITS => fail(format!(
                "bit-plru has at most {MOST_WAYS_IN_BITS} `ways`, not {ways}\nhint: lru takes any number"
            )),
            _ if !(largest > 0.0 && largest <= 1.0) => fail(format!(
                "`largest` is {largest}, expected a share of the capacity above 0 and at most 1"
            )),
            _ => Ok(()),
        }
    }

    /// The dimensions of a cache of this capacity: as many whole sets as it has room for.
    fn shape(&self, capacity_bytes: u64) -> Result<Shape, CpuCacheError> {
        self.check()?;
        let fail = |what: String| Err(CpuCacheError(what));
        let capacity = Bytes(capacity_bytes);
        let set = Bytes(self.line.0 * u64::from(self.ways));
        let sets = self.sets.map_or(capacity_bytes / set.0, u64::from);
        if self.sets.is_some() && sets.checked_mul(set.0) != Some(capacity_bytes) {
            return fail(format!(
                "{sets} sets of {} lines of {} are not the capacity of {capacity}\nhint: leave out `sets`, and they follow from the capacity",
                self.ways, self.line
            ));
        }
        if sets == 0 {
            return fail(format!(
                "the capacity of {capacity} has no room for a set of {} lines of {}, which is {set}\nhint: fewer `ways`, or a shorter `line`",
                self.ways, self.line
            ));
        }
        if sets.saturating_mul(u64::from(self.ways)) > MOST_LINES {
            return fail(format!(
                "a capacity of {capacity} has more than {} lines of {}\nhint: a larger cache is none of a processor; give the tier a policy",
                thousands(MOST_LINES),
                self.line
            ));
        }
        if self.index == Index::XorFold && !sets.is_power_of_two() {
            return fail(format!(
                "xor-fold needs a power of two of sets, and a capacity of {capacity} has {}\nhint: choose another capacity, or `index = \"modulo\"`",
                thousands(sets)
            ));
        }
        let shape = Shape {
            line_bits: self.line.0.ilog2(),
            ways: self.ways,
            sets: sets as u32,
            largest: 0,
        };
        let largest = (shape.capacity_bytes() as f64 * self.largest) as u64;
        Ok(Shape { largest: largest.max(self.line.0), ..shape })
    }
}
