//! The gate over whole baselines.
