//! Probability graph: what often follows within a few requests is brought in.
//!
//! An arc from A to B counts how often B was requested within `lookahead` requests after A. The chance
//! of B after A is the arc's count over the counts of all arcs that leave A. After a request for A,
//! those with a chance of at least `min-chance` are brought in, the likeliest first.
//!
//! From the abstract, from memory and from what other programs do; the paper's text was not at hand.
//! - An A requested twice within the window counts once.
//! - A has no arc to itself.
//! - The paper's graph is unbounded. Here an object has up to `arcs` of them; a new one takes the place
//!   of the one least counted (of the oldest of those), and begins at 1. The count of all arcs goes on.
//! - The defaults of `lookahead` and `min-chance` are libCacheSim's, 20 and 0.05, and `arcs`, 64, is
//!   ours. Every request updates the graph, hit or miss.
//!
//! O(lookahead × arcs) a request. State: 32 bytes an object and 8 an arc.

use std::cmp::Reverse;
use std::collections::VecDeque;

use cache::prelude::*;

use super::check_range;

cache::prefetch! {
    #[doc = "Brings in what often follows within a few requests"]
    ProbabilityGraph = "probability-graph" {
        addresses: false,
        aliases: ["pg"],
        paper: ("Griffioen and Appleton, Reducing file system latency using a predictive approach", "USENIX Summer 1994", ""),
    }
}

/// Parameters.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Requests after one that are taken to follow it, 1 to 1024.
    #[schemars(range(min = 1, max = 1024))]
    pub lookahead: u32,
    /// Least share of what follows.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_chance: f64,
    /// Objects remembered to follow one, 1 to 65536.
    #[schemars(range(min = 1, max = 65536))]
    pub arcs: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { lookahead: 20, min_chance: 0.05, arcs: 64 }
    }
}

/// What followed an object.
#[derive(Debug, Default)]
struct Node {
    /// Objects and counts, oldest arc first.
    arcs: Vec<(ObjectId, u32)>,
    /// All that ever followed.
    total: u64,
}

/// The prefetcher.
#[derive(Debug)]
pub struct ProbabilityGraph {
    params: Params,
    nodes: Vec<Node>,
    /// The objects requested of late and when last, oldest first.
    window: VecDeque<(ObjectId, u64)>,
    /// Count, place and object of what is likely; kept for its memory.
    likely: Vec<(Reverse<u32>, usize, ObjectId)>,
}

impl Node {
    fn count(&mut self, follower: ObjectId, most: usize) {
        self.total += 1;
        if let Some((_, count)) = self.arcs.iter_mut().find(|(object, _)| *object == follower) {
            *count = count.saturating_add(1);
            return;
        }
        if self.arcs.len() == most
            && let Some(at) = (0..most).min_by_key(|at| self.arcs[*at].1)
        {
            self.arcs.remove(at);
        }
        self.arcs.push((follower, 1));
    }
}

impl Prefetch for ProbabilityGraph {
    type Params = Params;

    fn new(setup: &Setup, params: &Params, _addresses: Addresses) -> Result<Self, ParamError> {
        check_range("lookahead", params.lookahead, 1024)?;
        check_range("arcs", params.arcs, 65536)?;
        ParamError::check_share("min-chance", params.min_chance)?;
        Ok(ProbabilityGraph {
            params: params.clone(),
            nodes: (0..setup.n_objects).map(|_| Node::default()).collect(),
            window: VecDeque::new(),
            likely: Vec::new(),
        })
    }

    fn on_request(&mut self, request: &Request, _outcome: Outcome, want: &mut Vec<ObjectId>) {
        let Request { object, seq, .. } = *request;
        let oldest = seq.saturating_sub(self.params.lookahead.into());
        while self.window.front().is_some_and(|(_, at)| *at < oldest) {
            self.window.pop_front();
        }
        self.window.retain(|(earlier, _)| *earlier != object);
        for (earlier, _) in &self.window {
            self.nodes[earlier.index()].count(object, self.params.arcs as usize);
        }
        self.window.push_back((object, seq));

        let node = &self.nodes[object.index()];
        let least = self.params.min_chance * node.total as f64;
        self.likely.clear();
        for (place, (follower, count)) in node.arcs.iter().enumerate() {
            if f64::from(*count) >= least {
                self.likely.push((Reverse(*count), place, *follower));
            }
        }
        self.likely.sort_unstable();
        want.extend(self.likely.iter().map(|(.., follower)| *follower));
    }

    fn state_bytes(&self) -> usize {
        let arcs = self.nodes.iter().map(|node| node.arcs.capacity()).sum::<usize>();
        std::mem::size_of::<Node>() * self.nodes.len()
            + std::mem::size_of::<(ObjectId, u32)>() * arcs
            + std::mem::size_of::<(ObjectId, u64)>() * self.window.capacity()
            + std::mem::size_of::<(Reverse<u32>, usize, ObjectId)>() * self.likely.capacity()
    }
}
