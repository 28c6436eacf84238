//! Whatever the bytes, reading ends, soon, with a trace or an error: never with a panic.
//!
//! The corpus is small valid samples of every format, made here, and what chance makes of them. The
//! same entry point is fuzzed under `fuzz/`.

use std::io::Write;

use proptest::prelude::*;
use trace::readers::{CsvOptions, FORMATS, ReadOptions, read_bytes};

/// A valid sample of every format, and of its stranger corners.
fn samples() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 15] = [
        b"5 3 0 0\n6 1 0 1\n4 2 0 2\n1 65536 0 3\n1 1000000000000000000 0 4\n",
        b"7\n7\n*\n\n9\n*\n18446744073709551615\n",
        b"l 0x1fffff50 1\ns 0x1fffff58 6\n",
        b"s 0x1fffff50 1 1 100\nl 0x1fffff58 1 1 10\n",
        b"==7== Lackey\nI  0401ab70,3\n S 1fff000d78,8\n M 1fff000d78,8\n L ffffffffffffffff,64\n",
        b"1 7 100\n2 8 30 4 5\n2 7 100\n3 7 0\n",
        b"{\"timestamp\": 27.5, \"hash_ids\": [0, 14, 18446744073709551615]}\n{\"timestamp\": 1e300, \"hash_ids\": []}\n",
        b"::1 - frank [17/May/2015:12:05:04 +0200] \"GET /a?b=\\\"1 HTTP/1.1\" 304 - \"-\" \"-\"\n\
          ::1 - - [29/Feb/2000:00:00:60 -0930] \"GET / HTTP/1.0\" 200 5\n",
        b"OK\n1339518083.107413 [3 [::1]:60866] \"SET\" \"a\\x20\\\"b\" \"12345\" \"EX\" \"60\"\n\
          1339518084.5 [0 lua] \"mset\" \"k\" \"1\" \"l\" \"22\"\n1339518085.0 [0 x] \"expireat\" \"k\" \"-9\"\n",
        b"version,time,op,size,lbn\n1,5,2a,512,9\n1,6,28,1024,9\n",
        b"timestamp;key;size;op;client;region;ttl;penalty\n10.5;a;512.0;GET;c1;eu;60;3\n",
        b"time,\"key\"\n2015-05-17T10:05:03.25+02:00,\"a,\"\"b\"\n2015-05-17 10:05:04,x\n",
        b"# time, object, size, next_access_vtime\n0, 7, 737, 13\n",
        b"\xEF\xBB\xBF/a\n\xFF\xFE\n/b\r\n",
        b"1,2,3\n4,5,6\n",
    ];
    let mut samples: Vec<Vec<u8>> = texts.iter().map(|text| text.to_vec()).collect();
    let binaries =
        [oracle_general(), lcs(1), lcs(2), lcs(3), lcs(8), vscsi(), vec![0, 0, 0, 1, 0, 0, 0, 2]];
    samples.extend(binaries);
    let compressed: Vec<Vec<u8>> = samples
        .iter()
        .take(2)
        .flat_map(|sample| [gzip(sample), xz(sample), zstd(sample)])
        .collect();
    samples.extend(compressed);
    samples
}

fn oracle_general() -> Vec<u8> {
    let record = |time: u32, id: u64, next: i64| {
        [&time.to_le_bytes()[..], &id.to_le_bytes(), &[1, 0, 0, 0], &next.to_le_bytes()].concat()
    };
    [record(1, 7, 3), record(2, 8, -1), record(2, 7, -1)].concat()
}

fn lcs(version: u64) -> Vec<u8> {
    let magic = 0x1234_5678_9ABC_DEF0u64.to_le_bytes();
    let mut header = vec![0; 8192];
    header[..8].copy_from_slice(&magic);
    header[8..16].copy_from_slice(&version.to_le_bytes());
    header[8184..].copy_from_slice(&magic);
    header.extend((0..200u8).map(|i| i / 8));
    header
}

fn vscsi() -> Vec<u8> {
    let mut record = [0u8; 32];
    (record[5], record[12], record[15], record[16]) = (2, 0x2A, 1, 9);
    record.repeat(3)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// Detected, and as every format there is; a limit, since a line of arc may be 65,536 requests.
fn read_every_way(bytes: &[u8]) {
    let names = FORMATS.iter().map(|format| Some(format.name.to_string()));
    for format in names.chain([None]) {
        for odd in [false, true] {
            let csv = CsvOptions { key: odd.then(|| "1".to_string()), ..Default::default() };
            let options = ReadOptions {
                format: format.clone(),
                csv,
                strict: odd,
                key_with_size: odd,
                limit: Some(10_000),
                ..ReadOptions::default()
            };
            match read_bytes("hostile", bytes, &options) {
                Ok(trace) => assert!(trace.n_requests() > 0 && trace.n_requests() <= 10_000),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    }
}

#[test]
fn every_sample_is_read_by_at_least_one_format() {
    for sample in samples() {
        let read = FORMATS.iter().any(|format| {
            let csv = CsvOptions { key: Some("1".into()), ..Default::default() };
            let format = Some(format.name.to_string());
            read_bytes("sample", &sample, &ReadOptions { format, csv, ..Default::default() })
                .is_ok()
        });
        assert!(read, "{}", sample.escape_ascii());
        read_every_way(&sample);
    }
}

#[test]
fn every_truncation_ends() {
    for sample in samples() {
        let start = sample.len().saturating_sub(300);
        for end in start..sample.len() {
            read_every_way(&sample[..end]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read_every_way(&bytes);
    }

    #[test]
    fn random_text_ends(text in "[0-9a-z ,:;\"'\\\\\\[\\]{}./*\n\t-]{0,300}") {
        read_every_way(text.as_bytes());
    }

    #[test]
    fn mutations_end(
        sample in prop::sample::select(samples()),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..6),
    ) {
        let mut bytes = sample;
        for (place, byte, kind) in edits {
            let at = place.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match kind {
                _ if bytes.is_empty() => bytes.push(byte),
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => {
                    bytes.remove(at);
                },
            }
        }
        read_every_way(&bytes);
    }
}
