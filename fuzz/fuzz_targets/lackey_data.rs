//! Bytes read as `lackey-data`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("lackey-data"), bytes));
