//! What all targets share: read the bytes as one format, in two ways, and let nothing panic.

use trace::readers::{CsvOptions, ReadOptions, read_bytes};

/// Bounds one run: a line of arc may stand for 65,536 requests.
const LIMIT: u64 = 100_000;

/// Reads `bytes` as `format`, or as what they look like if it is `None`.
pub fn check(format: Option<&str>, bytes: &[u8]) {
    for strict in [false, true] {
        let options = ReadOptions {
            format: format.map(str::to_string),
            strict,
            limit: Some(LIMIT),
            csv: CsvOptions { key: strict.then(|| "1".to_string()), ..CsvOptions::default() },
            ..ReadOptions::default()
        };
        if let Ok(trace) = read_bytes("fuzz", bytes, &options) {
            assert!(trace.n_requests() > 0);
        }
    }
}
