//! Which node of a tier a request asks.
//!
//! A tier is made of **nodes**, each with contents of its own, and **stations**, the servers that
//! answer for them. A process's memory has one of each. A cluster of masters and replicas has a node
//! a shard and a station a machine, since a replica holds what its master holds. A content delivery
//! network has a node and a station a point of presence.
//!
//! A placement maps a request to a node and a station. What it knows of its machines it learns from
//! [`Placement::notice`]; what it does by itself, as a failover once a failure is detected or a slot
//! that moves, happens at the times it asks to be woken at.

use cache::PolicySpec;
use trace::ObjectId;

/// A request as a placement sees it.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// What is asked for.
    pub object: ObjectId,
    /// Number of the request in the trace.
    pub request: u64,
    /// Who asks; 0 if the trace does not say.
    pub client: u32,
    /// From where; 0 if the trace does not say.
    pub region: u32,
    /// Simulated time in nanoseconds.
    pub now: u64,
    /// Whether it must reach the node that takes writes.
    pub write: bool,
}

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// To a server.
    To {
        /// Whose contents.
        node: u32,
        /// Which server.
        station: u32,
        /// Added to the tier's own latency: the way there and back.
        extra_ns: u64,
    },
    /// To none that answers; the client learns it after this long.
    Unreachable {
        /// How long the client takes to know.
        after_ns: u64,
    },
}

/// What happens to a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It answers no more.
    Down,
    /// It answers again. Its contents are what the engine made of them.
    Up,
}

/// What a placement does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// These objects belong to another node now: what of them is resident moves there.
    Move {
        /// Which objects: those for which [`Placement::group`] gives this.
        group: u32,
        /// Node they were on.
        from: u32,
        /// Node they are on now.
        to: u32,
    },
    /// The contents of a node are lost: its last copy was on a machine that failed.
    Lose {
        /// Which node.
        node: u32,
    },
    /// The contents of a node are given up: what only it has is written to the origin first.
    GiveUp {
        /// Which node.
        node: u32,
    },
}

/// How long the queues of a tier's stations are, for placements that look.
pub trait Queues {
    /// Requests at the station, waiting or in service.
    fn length(&self, station: u32) -> usize;
}

/// Maps requests to nodes and stations.
pub trait Placement: Send {
    /// How many contents there are.
    fn n_nodes(&self) -> u32;

    /// How many servers there are.
    fn n_stations(&self) -> u32;

    /// Where this request goes. Times never decrease from call to call.
    fn route(&mut self, ask: &Ask, queues: &dyn Queues) -> Route;

    /// Share of the tier's capacity that a node has.
    fn share(&self, _node: u32) -> f64 {
        1.0 / f64::from(self.n_nodes())
    }

    /// Eviction policy of a node, if it is not the tier's.
    fn policy(&self, _node: u32) -> Option<&PolicySpec> {
        None
    }

    /// The only station that answers from a node's contents, which are lost with it; `None` if there are
    /// others.
    fn only_station(&self, node: u32) -> Option<u32> {
        (self.n_nodes() == self.n_stations()).then_some(node)
    }

    /// The group an object moves with.
    fn group(&self, _object: ObjectId) -> u32 {
        0
    }

    /// A station failed or came back.
    fn notice(&mut self, _station: u32, _health: Health, _now: u64) {}

    /// When it next wants to act by itself; `None` if never.
    fn wakes_at(&self) -> Option<u64> {
        None
    }

    /// Acts; called at the time asked for. What changed is told to `change`.
    fn wake(&mut self, _now: u64, _change: &mut dyn FnMut(Change)) {}

    /// The stations that a fault by this name takes down, such as all of a provider; none if it means
    /// nothing here.
    fn stations_named(&self, _name: &str) -> Vec<u32> {
        Vec::new()
    }

    /// What a report calls a station.
    fn station_name(&self, station: u32) -> String {
        station.to_string()
    }

    /// Which nodes may hold copies of an object: those a purge must reach.
    fn holders(&self, _object: ObjectId, each: &mut dyn FnMut(u32)) {
        (0..self.n_nodes()).for_each(each);
    }
}

/// The stations that these names and numbers mean; all if there are none. A name that means nothing
/// adds nothing.
pub fn stations_meant(placement: &dyn Placement, chosen: &[String]) -> Vec<u32> {
    let n = placement.n_stations();
    if chosen.is_empty() {
        return (0..n).collect();
    }
    let by_name = |name: &String| match name.parse::<u32>() {
        Ok(number) => vec![number],
        Err(_) => placement.stations_named(name),
    };
    chosen.iter().flat_map(by_name).filter(|station| *station < n).collect()
}

/// One node, one station.
#[derive(Debug, Clone, Copy, Default)]
pub struct Single;

impl Placement for Single {
    fn n_nodes(&self) -> u32 {
        1
    }

    fn n_stations(&self) -> u32 {
        1
    }

    #[inline]
    fn route(&mut self, _ask: &Ask, _queues: &dyn Queues) -> Route {
        Route::To { node: 0, station: 0, extra_ns: 0 }
    }
}
