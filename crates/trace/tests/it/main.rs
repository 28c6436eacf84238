//! Tests of the trace crate from outside: real traces, and input that means harm.

// Measurements and skipped tests say so.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod hostile;
mod real_traces;
mod speed;
