//! Tests of the tiers from outside.

#[cfg(unix)]
mod redis;
#[cfg(unix)]
mod resp;
