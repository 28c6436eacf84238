//! Bytes read as `oracle-general`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("oracle-general"), bytes));
