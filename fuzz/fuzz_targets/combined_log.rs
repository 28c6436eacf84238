//! Bytes read as `combined-log`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("combined-log"), bytes));
