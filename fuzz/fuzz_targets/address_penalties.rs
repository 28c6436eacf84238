//! Bytes read as `address-penalties`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("address-penalties"), bytes));
