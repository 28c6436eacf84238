//! Bytes read as `lirs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("lirs"), bytes));
