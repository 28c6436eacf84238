//! Bytes read as `redis-monitor`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("redis-monitor"), bytes));
