//! Tests of the stack from outside: against cachegrind and against a real Redis, where they are.

// Skipped tests and comparisons say so.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod cachegrind;
#[cfg(unix)]
mod redis;
#[cfg(unix)]
mod resp;
