//! Bytes read as `adapt-size`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("adapt-size"), bytes));
