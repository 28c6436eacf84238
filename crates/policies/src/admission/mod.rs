//! The list of admission policies.

use cache::{ParamError, Setup, Unit};

policies! {
    AdmissionInfo checked by admission:
    adapt_size,
    always,
    bloom,
    probability,
    size,
    size_probability,
    tiny_lfu,
}

/// Refuses a policy that goes by size where every object counts 1.
fn check_sizes_count(setup: &Setup) -> Result<(), ParamError> {
    match setup.unit {
        Unit::Bytes => Ok(()),
        Unit::Objects => {
            Err(ParamError("it goes by size, and capacities count objects: count bytes".into()))
        }
    }
}
