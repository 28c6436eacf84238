//! Bytes read as `cloud-physics`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("cloud-physics"), bytes));
