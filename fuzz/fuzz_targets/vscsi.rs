//! Bytes read as `vscsi`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("vscsi"), bytes));
