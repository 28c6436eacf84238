//! Bounds: what no cache can beat, and what some schedule that knows the future reaches.
//!
//! They are found and run like policies, but evict nothing: each counts over the whole trace by a
//! function of its own, and no tier can be built of one.

pub mod greedy_intervals;
pub mod infinite;
mod intervals;
mod load;
pub mod pfoo_lower;

/// All bounds, in alphabetical order.
pub static ALL: &[&cache::PolicyInfo] =
    &[&greedy_intervals::INFO, &infinite::INFO, &pfoo_lower::INFO];

/// Requests and bytes after the warm-up, and no hits.
fn requested(plan: &cache::Plan<'_>) -> cache::Counts {
    let counted = plan.warmup.min(plan.trace.n_requests())..plan.trace.n_requests();
    cache::Counts {
        requests: counted.len() as u64,
        bytes: counted.map(|i| plan.trace.size(i)).sum(),
        ..cache::Counts::default()
    }
}
