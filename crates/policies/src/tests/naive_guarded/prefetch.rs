use cache::{Outcome, PolicySpec};
use std::collections::{BTreeMap, BTreeSet};

use super::NaivePrefetch;
use crate::prefetch::next_block::Trigger;
use crate::prefetch::{markov, next_block, probability_graph, stride};

pub(super) fn twin(spec: Option<&PolicySpec>) -> Box<dyn NaivePrefetch> {
    let Some(spec) = spec else { return Box::new(Nothing) };
    let params = serde_json::Value::Object(spec.parameters.clone());
    fn of<P: serde::de::DeserializeOwned>(params: serde_json::Value) -> P {
        serde_json::from_value(params).unwrap()
    }
    match spec.name.as_str() {
        "next-block" => Box::new(NaiveNextBlock(of(params))),
        "stride" => Box::new(NaiveStride { params: of(params), zones: BTreeMap::new() }),
        "markov" => Box::new(NaiveMarkov { params: of(params), next: BTreeMap::new(), last: None }),
        "probability-graph" => {
            Box::new(NaiveGraph { params: of(params), log: Vec::new(), nodes: BTreeMap::new() })
        }
        other => panic!("{other} has no twin"),
    }
}

struct Nothing;

impl NaivePrefetch for Nothing {
    fn request(&mut self, _key: u64, _outcome: Outcome) -> Vec<u64> {
        Vec::new()
    }
}

struct NaiveNextBlock(next_block::Params);

impl NaivePrefetch for NaiveNextBlock {
    fn request(&mut self, key: u64, outcome: Outcome) -> Vec<u64> {
        let asks = match (self.0.trigger, outcome) {
            (Trigger::Always, _) | (_, Outcome::Miss) | (Trigger::Tagged, Outcome::FirstUse) => {
                true
            }
            (Trigger::Miss, _) | (Trigger::Tagged, Outcome::Hit) => false,
        };
        let degree = if asks { u64::from(self.0.degree) } else { 0 };
        (1..=degree).map(|n| key + n * u64::from(self.0.step)).collect()
    }
}

/// The states by name, and each arrow of the figure a line.
struct NaiveStride {
    params: stride::Params,
    zones: BTreeMap<u64, (i128, i128, &'static str)>,
}

impl NaivePrefetch for NaiveStride {
    fn request(&mut self, key: u64, _outcome: Outcome) -> Vec<u64> {
        let zone = if self.params.zone_bits == 64 { 0 } else { key >> self.params.zone_bits };
        let address = i128::from(key);
        let Some((last, stride, state)) = self.zones.get(&zone).copied() else {
            self.zones.insert(zone, (address, 0, "initial"));
            return Vec::new();
        };
        let (stride, state) = match (state, address == last + stride) {
            ("initial", true) => (stride, "steady"),
            ("initial", false) => (address - last, "transient"),
            ("transient", true) => (stride, "steady"),
            ("transient", false) => (address - last, "no prediction"),
            ("steady", true) => (stride, "steady"),
            ("steady", false) => (stride, "initial"),
            (_, true) => (stride, "transient"),
            (_, false) => (address - last, "no prediction"),
        };
        self.zones.insert(zone, (address, stride, state));
        if state == "no prediction" || stride == 0 {
            return Vec::new();
        }
        let ahead = (1..=i128::from(self.params.degree)).map(|n| address + n * stride);
        ahead.filter_map(|address| u64::try_from(address).ok()).collect()
    }
}

struct NaiveMarkov {
    params: markov::Params,
    next: BTreeMap<u64, Vec<u64>>,
    last: Option<u64>,
}

impl NaivePrefetch for NaiveMarkov {
    fn request(&mut self, key: u64, outcome: Outcome) -> Vec<u64> {
        if outcome == Outcome::Hit || self.last == Some(key) {
            return Vec::new();
        }
        if let Some(last) = self.last.replace(key) {
            let next = self.next.entry(last).or_default();
            next.retain(|other| *other != key);
            next.insert(0, key);
            next.truncate(self.params.successors as usize);
        }
        self.next.get(&key).cloned().unwrap_or_default()
    }
}

struct NaiveGraph {
    params: probability_graph::Params,
    log: Vec<u64>,
    /// Followers with their counts, oldest first, and the sum of all counts ever.
    nodes: BTreeMap<u64, (Vec<(u64, u64)>, u64)>,
}

impl NaivePrefetch for NaiveGraph {
    fn request(&mut self, key: u64, _outcome: Outcome) -> Vec<u64> {
        let start = self.log.len().saturating_sub(self.params.lookahead as usize);
        let window: BTreeSet<u64> = self.log[start..].iter().copied().collect();
        self.log.push(key);
        for earlier in window.into_iter().filter(|earlier| *earlier != key) {
            let (arcs, total) = self.nodes.entry(earlier).or_default();
            *total += 1;
            match arcs.iter_mut().find(|(follower, _)| *follower == key) {
                Some((_, count)) => *count += 1,
                None => {
                    if arcs.len() == self.params.arcs as usize {
                        let least = arcs.iter().map(|(_, count)| *count).min().unwrap();
                        let at = arcs.iter().position(|(_, count)| *count == least).unwrap();
                        arcs.remove(at);
                    }
                    arcs.push((key, 1));
                }
            }
        }
        let Some((arcs, total)) = self.nodes.get(&key) else { return Vec::new() };
        let least = self.params.min_chance * *total as f64;
        let mut likely: Vec<_> = arcs.iter().filter(|(_, count)| *count as f64 >= least).collect();
        likely.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        likely.into_iter().map(|(follower, _)| *follower).collect()
    }
}
