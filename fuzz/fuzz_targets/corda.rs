//! Bytes read as `corda`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("corda"), bytes));
