//! Machines: they come whole, replicas are machines too, and an hour begun is an hour billed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::units::{Bytes, Nanos};

use super::checked::{share, some_memory, some_rate, some_time};
use super::{MONTH_HOURS, PeakOf, TimePrice, Usage};

const HOUR: Nanos = Nanos(3_600_000_000_000);

/// A price by machine and hour.
///
/// As many machines are billed as the tier has, as its memory needs, or as its busiest time needs,
/// whichever is most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NodePrice {
    /// For one machine: "$0.219/h".
    pub price: TimePrice,
    /// Its memory; without it, memory asks for no machines.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_memory")]
    pub memory: Option<Bytes>,
    /// The share of its memory that objects may fill, above 0 and at most 1.
    #[serde(default = "whole", deserialize_with = "share")]
    pub usable: f64,
    /// Lookups a second that one machine is good for; without it, traffic asks for no machines.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some_rate")]
    pub lookups_per_second: Option<f64>,
    /// The rate of lookups that the machines are enough for: "max" or "p95".
    #[serde(default)]
    pub sized_by: PeakOf,
    /// Time is billed in whole multiples of this.
    #[serde(default = "an_hour", deserialize_with = "some_time")]
    pub billed_by: Nanos,
    /// The least time that is billed for a machine.
    #[serde(default = "no_time")]
    pub least: Nanos,
}

fn whole() -> f64 {
    1.0
}

fn an_hour() -> Nanos {
    HOUR
}

fn no_time() -> Nanos {
    Nanos(0)
}

impl NodePrice {
    /// Machines that are billed all month.
    pub fn n_billed(&self, usage: &Usage) -> u64 {
        usage.n_nodes.max(self.n_for_memory(usage)).max(self.n_for_peak(usage))
    }

    fn n_for_memory(&self, usage: &Usage) -> u64 {
        let Some(memory) = self.memory else { return 0 };
        let usable = ((memory.0 as f64 * self.usable).round() as u64).max(1);
        let one_copy = usage.provisioned_bytes.div_ceil(usable);
        one_copy.saturating_mul(usage.replicas.saturating_add(1))
    }

    fn n_for_peak(&self, usage: &Usage) -> u64 {
        let Some(one_node) = self.lookups_per_second else { return 0 };
        let peak = usage.peak_lookups_per_second.rate(self.sized_by) * usage.scale;
        (peak / one_node).ceil() as u64
    }

    /// The time billed for a machine that was up for `time`.
    pub fn billed_time(&self, time: Nanos) -> Nanos {
        let steps = time.0.div_ceil(self.billed_by.0.max(1));
        Nanos(steps.saturating_mul(self.billed_by.0).max(self.least.0))
    }

    /// Nano-dollars for a month: machines that were up all along, and those that came or went, which
    /// are taken to do so again in every span of the month.
    pub(super) fn month(&self, usage: &Usage) -> f64 {
        let all_along = self.n_billed(usage) as f64 * self.price.cost(MONTH_HOURS);
        let billed = usage.part_time_nodes.iter().map(|&time| self.billed_time(time).0 as f64);
        let hours = billed.sum::<f64>() / HOUR.0 as f64;
        all_along + self.price.cost(hours) * usage.spans_a_month().unwrap_or(0.0)
    }
}
