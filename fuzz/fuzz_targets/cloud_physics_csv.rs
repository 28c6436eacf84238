//! Bytes read as `cloud-physics-csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::check(Some("cloud-physics-csv"), bytes));
