//! Bytes read as `cache2k`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("cache2k"), bytes));
