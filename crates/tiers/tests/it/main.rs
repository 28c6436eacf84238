//! Tests of the stack from outside.

// Skipped tests and comparisons say so.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod cachegrind;
