//! Bytes read as `arc`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("arc"), bytes));
