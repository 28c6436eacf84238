//! Bytes read as `lcs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("lcs"), bytes));
