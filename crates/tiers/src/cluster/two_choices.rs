//! Two nodes for every object, and the less loaded of them for each request.
//!
//! An object is hashed to two different nodes, independently of others, and each request goes to the
//! one with the shorter queue, the first of equals. This power of two choices (M. Mitzenmacher, IEEE
//! TPDS 12(10), 2001, doi 10.1109/71.963420) is how DistCache (Z. Liu et al., FAST '19) spreads hot
//! objects over two layers of caches; here there is one layer. A hot object gets two servers at the
//! most, and popular ones take room on two nodes.
//!
//! A node that fails loses what it held. Clients leave it alone once its failure is detected, and
//! until then wait for their timeout if they choose it.
//!
//! Writes go to the first node; the other's copy is for the engine to purge
//! ([`holders`](Placement::holders)).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::Nanos;
use trace::{ObjectId, Trace};

use super::SpecError;
use super::keys::map_keys;
use crate::{Ask, Change, Health, Placement, Queues, Route};

/// Nodes that share the objects of a tier by two choices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TwoChoicesSpec {
    /// Nodes, each with one station.
    #[schemars(range(min = 2))]
    pub nodes: u16,
    /// After how long clients know that a node is down. Assumed.
    pub detection: Nanos,
    /// After how long a client gives up on a node that does not answer. Assumed.
    pub timeout: Nanos,
}

impl Default for TwoChoicesSpec {
    fn default() -> Self {
        let (detection, timeout) = (Nanos(15_000_000_000), Nanos(1_000_000_000));
        TwoChoicesSpec { nodes: 3, detection, timeout }
    }
}

/// The placement.
#[derive(Debug)]
pub struct TwoChoices {
    spec: TwoChoicesSpec,
    /// The two nodes of every object.
    homes: Vec<[u16; 2]>,
    nodes: Vec<Node>,
    wakes_at: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    down_since: Option<u64>,
    /// Its contents are gone, which the engine has not heard of yet.
    lost: bool,
}

impl TwoChoices {
    /// Nodes for the objects of a trace, all up.
    ///
    /// # Errors
    /// If there are fewer than two.
    pub fn new(spec: &TwoChoicesSpec, trace: &Trace) -> Result<Self, SpecError> {
        if spec.nodes < 2 {
            return Err(SpecError("`nodes` is expected to be at least 2".into()));
        }
        let nodes = vec![Node::default(); spec.nodes.into()];
        let homes = map_keys(trace, |key| homes_of(key, spec.nodes));
        Ok(TwoChoices { spec: spec.clone(), homes, nodes, wakes_at: None })
    }

    /// Whether clients still ask the node.
    fn is_asked(&self, node: u16, now: u64) -> bool {
        let since = self.nodes[usize::from(node)].down_since;
        since.is_none_or(|since| now < since.saturating_add(self.spec.detection.0))
    }
}

/// Two different nodes, each as likely as any other.
fn homes_of(key: &[u8], n_nodes: u16) -> [u16; 2] {
    let digest = blake3::hash(key);
    let [a, b, c, d, e, f, g, h, ..] = *digest.as_bytes();
    let below =
        |bits: [u8; 4], n: u16| ((u64::from(u32::from_le_bytes(bits)) * u64::from(n)) >> 32) as u16;
    let first = below([a, b, c, d], n_nodes);
    let second = below([e, f, g, h], n_nodes - 1);
    [first, second + u16::from(second >= first)]
}

impl Placement for TwoChoices {
    fn n_nodes(&self) -> u32 {
        self.nodes.len() as u32
    }

    fn n_stations(&self) -> u32 {
        self.n_nodes()
    }

    fn route(&mut self, ask: &Ask, queues: &dyn Queues) -> Route {
        let [first, second] = self.homes[ask.object.index()];
        let node = match (self.is_asked(first, ask.now), self.is_asked(second, ask.now)) {
            (true, true) if ask.write => first,
            (true, true) => [first, second]
                .into_iter()
                .min_by_key(|node| queues.length(u32::from(*node)))
                .unwrap_or(first),
            (true, false) => first,
            (false, _) => second,
        };
        if self.nodes[usize::from(node)].down_since.is_some() {
            return Route::Unreachable { after_ns: self.spec.timeout.0 };
        }
        Route::To { node: node.into(), station: node.into(), extra_ns: 0 }
    }

    fn notice(&mut self, station: u32, health: Health, now: u64) {
        let node = &mut self.nodes[station as usize];
        match health {
            Health::Down if node.down_since.is_none() => {
                *node = Node { down_since: Some(now), lost: true };
                self.wakes_at = Some(now);
            }
            Health::Down => {}
            Health::Up => node.down_since = None,
        }
    }

    fn wakes_at(&self) -> Option<u64> {
        self.wakes_at
    }

    fn wake(&mut self, _now: u64, change: &mut dyn FnMut(Change)) {
        self.wakes_at = None;
        for (number, node) in self.nodes.iter_mut().enumerate() {
            if std::mem::take(&mut node.lost) {
                change(Change::Lose { node: number as u32 });
            }
        }
    }

    fn holders(&self, object: ObjectId, each: &mut dyn FnMut(u32)) {
        self.homes[object.index()].iter().for_each(|node| each(u32::from(*node)));
    }
}
