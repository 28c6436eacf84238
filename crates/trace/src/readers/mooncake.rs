//! Mooncake's traces of a language model service: a JSON object a line, with the blocks of the
//! prompt's prefix in `hash_ids`, each of which is a request to the prefix cache.
//!
//! Qin et al., "Mooncake: trading more storage for less computation", FAST '25.

use serde::Deserialize;

use crate::builder::{Has, Row};
use crate::error::Error;
use crate::input::Input;
use crate::interner::Key;
use crate::trace::{MAX_TIME_NS, Trace};

use super::lines::each_line;
use super::rows::{Problem, Rows, TOO_LATE};
use super::{Evidence, Format, Kind, Prefix, ReadOptions};

const MILLISECOND: u64 = 1_000_000;

pub(super) static FORMAT: Format = Format {
    name: "mooncake",
    aliases: &["llm-blocks"],
    doc: "Prefix-cache blocks of a language model service, as Mooncake published them.",
    layout: "JSON lines: timestamp in ms, hash_ids: block keys in order; other fields are not used",
    kind: Kind::Text,
    detect,
    read,
};

/// One prompt. Its list of blocks is the only allocation, once for some twenty requests.
#[derive(Deserialize)]
struct Prompt {
    timestamp: f64,
    hash_ids: Vec<u64>,
}

/// The first object may be longer than the prefix, so its names must do.
fn detect(prefix: &Prefix<'_>) -> Evidence {
    let start = prefix.bytes.trim_ascii_start();
    let line = &start[..memchr::memchr(b'\n', start).unwrap_or(start.len())];
    let names = |name: &str| memchr::memmem::find(line, name.as_bytes()).is_some();
    Evidence::certain_if(start.starts_with(b"{") && names("\"hash_ids\"") && names("\"timestamp\""))
}

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let has = Has { time: true, ..Has::default() };
    let mut rows = Rows::new(&FORMAT, input, options, has)?;
    rows.set_resolution(MILLISECOND);
    each_line(input, &mut rows, parse)?;
    rows.finish()
}

fn parse(line: &[u8], rows: &mut Rows<'_>) -> Result<(), Problem> {
    let prompt: Prompt = serde_json::from_slice(line)
        .map_err(|_| "not a JSON object with a number `timestamp` and whole numbers `hash_ids`")?;
    if prompt.timestamp < 0.0 {
        return Err("negative time".into());
    }
    let time_ns = (prompt.timestamp * MILLISECOND as f64).round();
    if time_ns > MAX_TIME_NS as f64 {
        return Err(TOO_LATE.into());
    }
    for block in prompt.hash_ids {
        rows.push(&Row { time_ns: time_ns as u64, ..Row::of(Key::Int(block)) })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ids, options, reasons, times};
    use crate::readers::read_bytes;

    #[test]
    fn every_block_of_a_prompt_is_a_request() {
        let text =
            br#"{"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}
{"timestamp": 27.5, "hash_ids": [0, 14, 15]}
{"timestamp": 28, "hash_ids": []}
{"timestamp": 28, "hash_ids": [-1]}
{"timestamp": 29, "hash_
"#;
        let trace = read_bytes("conversation.jsonl", text, &options("")).unwrap();
        assert_eq!((trace.name(), trace.report().format.as_str()), ("conversation", "mooncake"));
        assert_eq!(ids(&trace), [0, 1, 0, 2, 3]);
        assert_eq!(times(&trace), [0, 0, 27_500_000, 27_500_000, 27_500_000]);
        assert_eq!(reasons(&trace.report().skipped)[0].1, 2);
    }
}
