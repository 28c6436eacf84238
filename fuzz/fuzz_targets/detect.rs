//! Bytes in no format that is named: detection.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(None, bytes));
