//! What goes wrong, and when: faults by schedule.

use trace::units::Nanos;

/// One thing that happens at one time. What ends is an event of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// When, in nanoseconds since the first arrival.
    pub at: Nanos,
    /// Which tier; the number of tiers means the origin.
    pub tier: usize,
    /// What.
    pub what: Failure,
}

/// What happens to a tier or to some of its stations.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// Stations answer no more, and those who ask them learn it by waiting.
    Down {
        /// Which stations, by name or number; all if empty.
        stations: Vec<String>,
    },
    /// They answer again.
    Up {
        /// Which stations, by name or number; all if empty.
        stations: Vec<String>,
        /// Whether the contents survived.
        warm: bool,
    },
    /// Nothing reaches the tier any more, though it is well: a partition of the network.
    Cut,
    /// The partition is over.
    Healed,
    /// Latency and service times are this many times as long; 1 ends it.
    Slow {
        /// Which stations, by name or number; all if empty.
        stations: Vec<String>,
        /// How many times.
        factor: f64,
    },
    /// This share of the answers are errors; 0 ends it.
    Errors {
        /// The share.
        share: f64,
    },
    /// The contents of all nodes are dropped.
    Flush,
    /// The clock that times to live are read by is set forward by this much.
    ClockForward {
        /// How much.
        by: Nanos,
    },
}

impl Failure {
    /// The stations it is about; none means all, or none in particular.
    pub fn stations(&self) -> &[String] {
        match self {
            Failure::Down { stations }
            | Failure::Up { stations, .. }
            | Failure::Slow { stations, .. } => stations,
            _ => &[],
        }
    }
}

/// How long a client takes to find that a station which does not answer is down, where the tier sets
/// no timeout of its own: a usual time limit for connecting.
pub(crate) const CONNECT_TIMEOUT: Nanos = Nanos(1_000_000_000);
