//! The list of prefetchers.

use cache::ParamError;

policies! {
    PrefetchInfo checked by prefetch:
    markov,
    next_block,
    probability_graph,
    stride,
}

/// Checks that a parameter lies between 1 and `most`.
fn check_range(name: &str, value: u32, most: u32) -> Result<(), ParamError> {
    if (1..=most).contains(&value) {
        Ok(())
    } else {
        Err(ParamError(format!("`{name}` is {value}, expected 1 to {most}")))
    }
}
