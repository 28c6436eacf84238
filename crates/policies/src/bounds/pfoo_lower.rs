//! PFOO-L: no cache of this capacity misses less, whatever it knows, and whatever the sizes.
//!
//! To hit, a cache must hold the object since its last request: an interval that takes up the
//! object's size for so many requests. In all, a cache has its capacity times the number of
//! requests to give. PFOO-L asks no more than that this sum is kept, not that the intervals fit at
//! every moment, and so is a knapsack: it takes the intervals that need least, as long as there
//! is anything left. What is left over may hold a part of the next one; hits are whole, so that
//! part counts for none.
//!
//! The lower bound is one of misses: the hits shown are the most possible. The hit bytes shown are
//! the most possible too, by a knapsack of their own that prefers bytes by size and time. The
//! two are reached by no one cache at a time, and mostly by none. Bypass is allowed, so that the bound
//! holds for policies with admission. It bounds what is linear in both, too: with a miss at 2 packets
//! and one for each 536 bytes, no more than 2 x hits + hit bytes / 536 packets are saved.
//!
//! After a warm-up only what happens later is counted, hits and space: the bound holds whatever a
//! cache holds at its end. If the size of an object changes, its least size so far stands for what a
//! cache gives it. Objects larger than the capacity are never held.
//!
//! O(n log n). Comparisons are of exact integers. State: 24 bytes an object and 48 a request.
//!
//! The paper's text was not at hand: the rule is the one its authors' program and abstract describe,
//! and it is proved here by comparison with all schedules of small traces and with the flow problem
//! (FOO) that it simplifies.

use cache::prelude::*;
use cache::{Counts, Plan, Progress, WholeRun};

use super::intervals::{Interval, Weigh, intervals};

cache::whole_run! {
    #[doc = "Knows the future: a bound that no cache beats, of any sizes; hits and hit bytes apart"]
    PfooLower = "pfoo-lower" {
        family: Offline,
        aliases: ["pfoo-l"],
        paper: ("Berger, Beckmann and Harchol-Balter, Practical bounds on optimal caching with variable object sizes", "POMACS 2(2) (SIGMETRICS '18)", "10.1145/3224427"),
    }
}

/// PFOO-L takes no parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

/// The bound.
#[derive(Debug)]
pub struct PfooLower {
    capacity: u64,
}

impl WholeRun for PfooLower {
    type Params = Params;
    // Each interval looks back, not ahead; but what it decides, it decides from the whole trace.
    const NEEDS: Needs = Needs { next_use: true };

    fn new(setup: &Setup, _params: &Params) -> Result<Self, ParamError> {
        Ok(PfooLower { capacity: setup.capacity })
    }

    fn run(self, plan: &Plan<'_>, progress: Progress<'_>) -> Option<Counts> {
        let mut counts = super::requested(plan);
        let mut claims: Vec<Claim> = intervals(plan, self.capacity, Weigh::Least)
            .into_iter()
            .map(|interval| Claim::new(interval, plan))
            .collect();
        let n_requests = plan.trace.n_requests();
        if progress(n_requests / 2).is_break() {
            return None;
        }
        // Moments lie between counted requests.
        let moments = counts.requests.saturating_sub(1);
        let supply = u128::from(self.capacity) * u128::from(moments);
        claims.sort_unstable_by_key(|claim| claim.space);
        counts.hits = filled(&claims, supply, |_| 1);
        claims.sort_unstable_by(Claim::denser_first);
        counts.hit_bytes = filled(&claims, supply, |claim| claim.bytes);
        progress(n_requests).is_continue().then_some(counts)
    }
}

/// What an interval needs, and what it is good for.
#[derive(Debug, Clone, Copy)]
struct Claim {
    /// Weight times moments after the warm-up.
    space: u128,
    /// Bytes hit at its end.
    bytes: u64,
}

impl Claim {
    fn new(interval: Interval, plan: &Plan<'_>) -> Self {
        let from = (interval.start as usize).max(plan.warmup);
        let moments = interval.end as usize - from;
        Claim {
            space: u128::from(interval.weight) * moments as u128,
            bytes: plan.trace.size(interval.end as usize),
        }
    }

    /// By bytes / space, the largest first.
    fn denser_first(&self, other: &Claim) -> std::cmp::Ordering {
        wide(other.bytes, self.space).cmp(&wide(self.bytes, other.space))
    }
}

/// The product in full, higher part first.
fn wide(a: u64, b: u128) -> (u128, u64) {
    let low = u128::from(a) * u128::from(b as u64);
    let high = u128::from(a) * (b >> 64) + (low >> 64);
    (high, low as u64)
}

/// The worth of the claims that `supply` satisfies in this order, the last one in part.
fn filled(claims: &[Claim], mut supply: u128, worth: impl Fn(&Claim) -> u64) -> u64 {
    let mut total = 0;
    for claim in claims {
        let worth = worth(claim);
        if claim.space > supply {
            // Rounded down, or, where the product is too large, generously up.
            let part = supply.checked_mul(worth.into()).map(|product| product / claim.space);
            return total + part.map_or(worth, |part| part as u64);
        }
        supply -= claim.space;
        total += worth;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_in_full() {
        assert_eq!(wide(3, 5), (0, 15));
        assert_eq!(wide(u64::MAX, 1 << 64), (u64::MAX.into(), 0));
        assert_eq!(wide(1 << 63, 6), (3, 0));
    }

    #[test]
    fn the_last_claim_is_met_in_part() {
        let claims = [(2, 10), (4, 10), (4, 9)].map(|(space, bytes)| Claim { space, bytes });
        assert_eq!(filled(&claims, 9, |claim| claim.bytes), 10 + 10 + 9 * 3 / 4);
        assert_eq!(filled(&claims, 9, |_| 1), 2);
        assert_eq!(filled(&claims, 10, |_| 1), 3);
    }
}
