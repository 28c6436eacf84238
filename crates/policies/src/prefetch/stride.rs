//! Stride: requests that step through memory by equal distances are followed further.
//!
//! The reference prediction table of Baer and Chen: an entry has the last address, the last stride and
//! a state. A request is as predicted if it is one stride after the last.
//!
//! | state | as predicted | not so |
//! |---|---|---|
//! | initial | steady | transient, new stride |
//! | transient | steady | no prediction, new stride |
//! | steady | steady | initial |
//! | no prediction | transient | no prediction, new stride |
//!
//! In all states but no prediction, the blocks at 1 to `degree` strides from the request are brought
//! in; the paper has one. The table follows every request, hit or miss.
//!
//! The paper has an entry for each load instruction. Traces name none, so here an entry is for each
//! zone of 2^`zone-bits` addresses, the way Palacharla and Kessler tell streams apart without
//! instructions ("Evaluating stream buffers as a secondary cache replacement", ISCA '94); 64 makes the
//! whole trace one stream. The default, 16, is ours. Every zone has its entry; a real table has some
//! hundred. The paper's look-ahead in time has no meaning where a prefetch takes no time.
//!
//! The rules are from memory and agree with a student's program after the 1995 journal paper; the
//! paper's text was not at hand. Keys must be numbers. O(degree × log distance) a request.
//!
//! State: 20 bytes an object, those that are only ever prefetched included, and 24 a zone.

use std::collections::BTreeMap;

use cache::prelude::*;

use super::check_range;

cache::prefetch! {
    #[doc = "Follows requests that step through memory by equal distances"]
    Stride = "stride" {
        addresses: true,
        aliases: ["rpt"],
        paper: ("Baer and Chen, An effective on-chip preloading scheme to reduce data access penalty", "Supercomputing '91", "10.1145/125826.125932"),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// How many strides ahead, 1 to 1024.
    #[schemars(range(min = 1, max = 1024))]
    pub degree: u32,
    /// Requests in one zone of 2^zone-bits addresses are one stream. 1 to 64; 64 is all.
    #[schemars(range(min = 1, max = 64))]
    pub zone_bits: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { degree: 1, zone_bits: 16 }
    }
}

impl Params {
    fn check(&self) -> Result<(), ParamError> {
        check_range("degree", self.degree, 1024)?;
        check_range("zone-bits", self.zone_bits, 64)
    }

    fn zone(&self, address: u64) -> u64 {
        address.checked_shr(self.zone_bits).unwrap_or(0)
    }

    /// Distances of the blocks to bring in.
    fn offsets(&self, stride: i64) -> impl Iterator<Item = i64> + use<> {
        (1..=i64::from(self.degree)).map_while(move |n| stride.checked_mul(n))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Initial,
    Transient,
    Steady,
    NoPrediction,
}

/// A stream of requests.
#[derive(Debug, Clone, Copy)]
struct Entry {
    last: u64,
    stride: i64,
    state: State,
}

impl Entry {
    fn new(address: u64) -> Self {
        Entry { last: address, stride: 0, state: State::Initial }
    }

    /// Takes note of a request; the stride to follow it by, if any.
    fn follow(&mut self, address: u64) -> Option<i64> {
        // Wraps for addresses half the range apart, which no stride is.
        let distance = address.wrapping_sub(self.last) as i64;
        let predicted = distance == self.stride;
        if !predicted && self.state != State::Steady {
            self.stride = distance;
        }
        self.state = match (self.state, predicted) {
            (State::Initial | State::Transient | State::Steady, true) => State::Steady,
            (State::NoPrediction, true) | (State::Initial, false) => State::Transient,
            (State::Transient | State::NoPrediction, false) => State::NoPrediction,
            (State::Steady, false) => State::Initial,
        };
        self.last = address;
        (self.stride != 0 && self.state != State::NoPrediction).then_some(self.stride)
    }
}

/// The prefetcher.
#[derive(Debug)]
pub struct Stride {
    params: Params,
    addresses: Addresses,
    /// Number of its zone, by object.
    zone: Vec<u32>,
    /// By number of the zone, where one was requested.
    entries: Vec<Option<Entry>>,
}

impl Prefetch for Stride {
    type Params = Params;

    /// The table does not depend on hits, so what it will ask for is known beforehand.
    fn prospects(
        params: &Params,
        requests: &mut dyn Iterator<Item = u64>,
        want: &mut dyn FnMut(u64),
    ) -> Result<(), ParamError> {
        params.check()?;
        let mut entries = BTreeMap::new();
        for address in requests {
            let followed = match entries.entry(params.zone(address)) {
                std::collections::btree_map::Entry::Occupied(entry) => {
                    Entry::follow(entry.into_mut(), address)
                }
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(Entry::new(address));
                    None
                }
            };
            for offset in followed.into_iter().flat_map(|stride| params.offsets(stride)) {
                address.checked_add_signed(offset).into_iter().for_each(&mut *want);
            }
        }
        Ok(())
    }

    fn new(setup: &Setup, params: &Params, addresses: Addresses) -> Result<Self, ParamError> {
        params.check()?;
        let mut numbers = BTreeMap::new();
        let objects = (0..setup.n_objects.min(addresses.n_objects())).map(ObjectId);
        let zone = objects
            .map(|object| {
                let next = numbers.len() as u32;
                *numbers.entry(params.zone(addresses.of(object))).or_insert(next)
            })
            .collect();
        let entries = vec![None; numbers.len()];
        Ok(Stride { params: params.clone(), addresses, zone, entries })
    }

    fn on_request(&mut self, request: &Request, _outcome: Outcome, want: &mut Vec<ObjectId>) {
        let address = self.addresses.of(request.object);
        match &mut self.entries[self.zone[request.object.index()] as usize] {
            none @ None => *none = Some(Entry::new(address)),
            Some(entry) => {
                if let Some(stride) = entry.follow(address) {
                    let at = |offset| self.addresses.at_offset(request.object, offset);
                    want.extend(self.params.offsets(stride).filter_map(at));
                }
            }
        }
    }

    fn state_bytes(&self) -> usize {
        let entry = std::mem::size_of::<Option<Entry>>();
        self.addresses.state_bytes() + 4 * self.zone.len() + entry * self.entries.len()
    }
}
