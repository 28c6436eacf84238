//! Bytes read as `mooncake`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("mooncake"), bytes));
