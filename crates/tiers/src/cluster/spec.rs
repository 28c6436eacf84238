//! A cluster as written in a scenario.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::Nanos;

use super::slots::N_SLOTS;
use crate::Rate;

/// A specification that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SpecError(pub String);

/// A Redis Cluster.
///
/// ```toml
/// masters = 3
/// replicas-per-master = 1
/// strategy = "intelligent-sharding"
/// resize = [{ at = "1h", masters = 4 }]
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClusterSpec {
    /// Shards at the start, each with a master. The tier's capacity is theirs, in equal parts.
    #[schemars(range(min = 1, max = 1000))]
    pub masters: u16,
    /// Further machines of each shard, which hold what its master holds.
    #[schemars(range(max = 100))]
    pub replicas_per_master: u16,
    /// How keys are mapped to shards.
    pub hashing: Hashing,
    /// Points of each master on the ring; Ketama's 160 by default.
    #[schemars(range(min = 1))]
    pub points_per_master: u16,
    /// What it does against uneven load.
    pub strategy: ClusterStrategy,
    /// Who decides that a replica takes over.
    pub election: Election,
    /// After how long a silent master counts as failed: Redis's cluster-node-timeout, 15s by default.
    pub detection: Nanos,
    /// From there until a replica serves: in Redis 0.5s to 1s of delay, and the vote.
    pub failover: Nanos,
    /// Whether a master that restarts has its contents (from an append-only file or a snapshot). This,
    /// not the `warm` of a fault, decides what a machine that comes back holds.
    pub persistence: bool,
    /// After how long a client gives up on a machine that does not answer. Assumed.
    pub timeout: Nanos,
    /// What a redirection (MOVED, ASK) or a refusal (CLUSTERDOWN) costs: one more round trip. Assumed.
    pub redirect: Nanos,
    /// Time between two rounds of rebalancing by load.
    pub rebalance_every: Nanos,
    /// A round moves slots if the most loaded master has more than so many times the mean.
    #[schemars(range(min = 1.0))]
    pub rebalance_above: f64,
    /// The most slots that a round moves.
    #[schemars(range(min = 1, max = 16384))]
    pub slots_per_round: u16,
    /// How fast slots move, one after the other. Assumed.
    pub migration_rate: Rate,
    /// Keys with at least this share of the tier's requests are hot.
    #[schemars(range(min = 0.0001, max = 1.0))]
    pub hot_key_share: f64,
    /// Changes of the number of masters, in the order of their times.
    pub resize: Vec<Resize>,
}

impl Default for ClusterSpec {
    fn default() -> Self {
        ClusterSpec {
            masters: 3,
            replicas_per_master: 1,
            hashing: Hashing::Slots,
            points_per_master: 160,
            strategy: ClusterStrategy::Static,
            election: Election::Masters,
            detection: Nanos(15_000_000_000),
            failover: Nanos(1_000_000_000),
            persistence: false,
            timeout: Nanos(1_000_000_000),
            redirect: Nanos(500_000),
            rebalance_every: Nanos(60_000_000_000),
            rebalance_above: 1.1,
            slots_per_round: 64,
            migration_rate: Rate(10.0),
            hot_key_share: 0.01,
            resize: Vec::new(),
        }
    }
}

/// How keys are mapped to shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hashing {
    /// Redis Cluster's 16,384 slots, which migrate with their contents when masters come or go.
    #[default]
    Slots,
    /// A consistent-hash ring in the clients. Nothing migrates when masters come or go: what a master
    /// held for arcs that it lost is asked for elsewhere, and lies there until it is evicted.
    Ring,
}

/// What a cluster does against uneven load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterStrategy {
    /// Nothing.
    #[default]
    Static,
    /// Moves slots from loaded masters to idle ones.
    RebalanceByLoad,
    /// Spreads reads of hot keys over the machines of their shard, by turns.
    ReplicaReadsForHotKeys,
    /// Both.
    IntelligentSharding,
}

impl ClusterStrategy {
    pub(super) fn rebalances(self) -> bool {
        matches!(self, ClusterStrategy::RebalanceByLoad | ClusterStrategy::IntelligentSharding)
    }

    pub(super) fn spreads_hot_keys(self) -> bool {
        matches!(
            self,
            ClusterStrategy::ReplicaReadsForHotKeys | ClusterStrategy::IntelligentSharding
        )
    }
}

/// Who decides that a replica takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Election {
    /// The masters, as in Redis Cluster: while most of them are down, no replica takes over and no
    /// request is served.
    #[default]
    Masters,
    /// Somebody else: Sentinel, or a provider's control plane. It needs no majority of masters.
    Outside,
}

/// A change of the number of masters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resize {
    /// When, from the first request on.
    pub at: Nanos,
    /// How many masters from then on.
    pub masters: u16,
}

impl ClusterSpec {
    /// The most masters there ever are.
    pub(super) fn most_masters(&self) -> u16 {
        self.resize.iter().map(|resize| resize.masters).fold(self.masters, u16::max)
    }

    /// Whether masters must agree on a failover.
    pub(super) fn masters_elect(&self) -> bool {
        self.election == Election::Masters && self.hashing == Hashing::Slots
    }

    /// Whether all of it makes sense.
    pub(super) fn check(&self) -> Result<(), SpecError> {
        let ensure = |holds: bool, what: &str| {
            if holds { Ok(()) } else { Err(SpecError(what.to_string())) }
        };
        let counts =
            || std::iter::once(self.masters).chain(self.resize.iter().map(|resize| resize.masters));
        let most = usize::from(self.most_masters());
        let n_points = most * usize::from(self.points_per_master);
        ensure(
            counts().all(|n| (1..=1000).contains(&n)),
            "`masters` is expected to be from 1 to 1000, the most that Redis Cluster is made for",
        )?;
        ensure(
            self.replicas_per_master <= 100,
            "`replicas-per-master` is expected to be at most 100",
        )?;
        ensure(
            !self.masters_elect() || self.replicas_per_master == 0 || counts().all(|n| n >= 3),
            "with fewer than 3 masters no majority is left to elect a replica\nhint: write `election = \"outside\"` for Sentinel or a managed service, or `replicas-per-master = 0`",
        )?;
        ensure(
            self.hashing == Hashing::Slots || (1..=usize::from(u16::MAX)).contains(&n_points),
            "the ring is expected to have from 1 to 65,535 points: `points-per-master` times masters",
        )?;
        ensure(
            self.hashing == Hashing::Slots || !self.strategy.rebalances(),
            "a ring has no slots to rebalance\nhint: write `hashing = \"slots\"`, or another `strategy`",
        )?;
        ensure(self.rebalance_every.0 > 0, "`rebalance-every` is expected to be above 0")?;
        ensure(
            self.rebalance_above >= 1.0 && self.rebalance_above.is_finite(),
            "`rebalance-above` is expected to be at least 1: it is a multiple of the mean load",
        )?;
        ensure(
            (1..=N_SLOTS).contains(&self.slots_per_round),
            "`slots-per-round` is expected to be from 1 to 16,384",
        )?;
        ensure(
            self.migration_rate.0.is_finite() && self.migration_rate.0 >= 0.001,
            "`migration-rate` is expected to be at least 0.001/s",
        )?;
        ensure(
            (0.0001..=1.0).contains(&self.hot_key_share),
            "`hot-key-share` is expected to be from 0.0001 to 1",
        )?;
        ensure(
            self.resize.is_sorted_by(|a, b| a.at < b.at),
            "the times of `resize` are expected to rise",
        )
    }
}
