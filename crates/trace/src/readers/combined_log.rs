//! Access logs of web servers: Apache's and nginx's combined format, and the common format it extends.
//!
//! What a cache in front of the server would see is, by default, GETs that were answered with 2xx or
//! 304. The key is the path with its query; the size is the bytes sent. A 304 carries no body, so
//! it counts with the object's last known size. Servers log when a request ends but stamp when it
//! began, so small steps back in time are usual.

use crate::builder::{Has, Row, UNKNOWN_SIZE};
use crate::error::Error;
use crate::input::Input;
use crate::interner::Key;
use crate::trace::{Op, Trace};

use super::lines::each_line;
use super::parse::{log_time, whole};
use super::rows::{Problem, Rows};
use super::{Evidence, Format, Kind, LogOptions, Prefix, ReadOptions};

const SECOND: u64 = 1_000_000_000;
/// Lines a detector judges by; logs hold some rubbish, so not all need fit.
const JUDGED: usize = 20;

pub(super) static FORMAT: Format = Format {
    name: "combined-log",
    aliases: &["apache", "nginx", "combined", "common-log", "clf"],
    doc: "Access logs of Apache and nginx, combined or common.",
    layout: "text: client ident user [time] \"METHOD path HTTP/x\" status bytes, then anything",
    kind: Kind::Text,
    detect,
    read,
};

fn detect(prefix: &Prefix<'_>) -> Evidence {
    let lines = prefix.lines().take(JUDGED);
    let fitting = lines.clone().filter(|line| Entry::parse(line).is_ok()).count();
    Evidence::certain_if(fitting * 5 >= lines.count() * 4 && fitting > 0)
}

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let op = options.log.every_method;
    let has = Has { time: true, size: true, client: true, op, ..Has::default() };
    let mut rows = Rows::new(&FORMAT, input, options, has)?;
    rows.set_resolution(SECOND);
    each_line(input, &mut rows, parse)?;
    rows.finish()
}

fn parse(line: &[u8], rows: &mut Rows<'_>) -> Result<(), Problem> {
    let entry = Entry::parse(line)?;
    if let Some(reason) = entry.reason_to_leave_out(&rows.options().log) {
        rows.filter(&reason);
        return Ok(());
    }
    let (method, path) = entry.request()?;
    Ok(rows.push(&Row {
        time_ns: entry.time_ns,
        size: entry.size,
        client: entry.client,
        op: op(method),
        ..Row::of(Key::Text(path))
    })?)
}

fn op(method: &[u8]) -> Op {
    match method {
        b"PUT" | b"POST" | b"PATCH" => Op::Set,
        b"DELETE" => Op::Delete,
        _ => Op::Get,
    }
}

/// A line of the log.
struct Entry<'a> {
    client: &'a [u8],
    time_ns: u64,
    request: &'a [u8],
    status: u64,
    size: u64,
}

impl<'a> Entry<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, &'static str> {
        let (client, rest) = split_at_byte(line, b' ').ok_or("no client address")?;
        let (_, rest) = split_at_byte(rest, b'[').ok_or("no time in brackets")?;
        let (time, rest) = split_at_byte(rest, b']').ok_or("no time in brackets")?;
        let time_ns = log_time(time).ok_or("the time is not like 17/May/2015:10:05:03 +0000")?;
        let rest = rest.strip_prefix(b" \"").ok_or("no request in quotes")?;
        let end = closing_quote(rest).ok_or("no request in quotes")?;
        let (request, rest) = (&rest[..end], &rest[end + 1..]);
        let mut fields = rest.split(|byte| *byte == b' ').skip(1);
        let status = fields.next().filter(|status| status.len() == 3).and_then(whole);
        let status = status.ok_or("the status is not a number of three digits")?;
        let size = match fields.next() {
            _ if status == 304 => UNKNOWN_SIZE,
            Some(b"-") => 0,
            Some(size) => {
                let size = whole(size).filter(|size| *size != UNKNOWN_SIZE);
                size.ok_or("the size is not a whole number")?
            }
            None => return Err("no size"),
        };
        Ok(Entry { client, time_ns, request, status, size })
    }

    fn reason_to_leave_out(&self, wanted: &LogOptions) -> Option<String> {
        if !wanted.every_status && !matches!(self.status, 200..=299 | 304) {
            return Some(format!("status {}", self.status));
        }
        let (method, _) = self.request().ok()?;
        if !wanted.every_method && method != b"GET" {
            return Some(format!("method {}", method.escape_ascii()));
        }
        None
    }

    /// Method and path; the protocol is missing in requests of HTTP/0.9.
    fn request(&self) -> Result<(&'a [u8], &'a [u8]), &'static str> {
        const NOT: &str = "the request is not a method and a path";
        let (method, rest) = split_at_byte(self.request, b' ').ok_or(NOT)?;
        let is_method = (1..=16).contains(&method.len())
            && method.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'));
        let path = match memchr::memrchr(b' ', rest) {
            Some(end) if rest[end..].starts_with(b" HTTP/") => &rest[..end],
            _ => rest,
        };
        if is_method && !path.is_empty() { Ok((method, path)) } else { Err(NOT) }
    }
}

fn split_at_byte(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let i = memchr::memchr(at, text)?;
    Some((&text[..i], &text[i + 1..]))
}

/// The first quote that is not escaped.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let i = from + memchr::memchr2(b'"', b'\\', text.get(from..)?)?;
        if text[i] == b'"' {
            return Some(i);
        }
        from = i + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{counts, ids, keys, options, problem, reasons, sizes, times};
    use super::*;
    use crate::readers::read_bytes;

    const SAMPLE: &[u8] = br#"83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /a?b=1 HTTP/1.1" 200 203023 "http://x/" "Mozilla/5.0 (\"x\")"
::1 - frank [17/May/2015:12:05:04 +0200] "GET /a?b=1 HTTP/1.1" 304 - "-" "-"
::1 - - [17/May/2015:10:05:04 +0000] "GET /new HTTP/1.1" 304 0
::1 - - [17/May/2015:10:05:04 +0000] "POST /form HTTP/1.1" 200 7
::1 - - [17/May/2015:10:05:05 +0000] "GET /\"q\" x HTTP/1.0" 206 -
::1 - - [17/May/2015:10:05:05 +0000] "GET /gone HTTP/1.1" 404 12
::1 - - [17/May/2015:10:05:06 +0000] "-" 408 0
::1 - - [17/May/2015:10:05:04 +0000] "GET /old" 200 5
::1 - - [17/May/2015:10:05:06 +0000] "\x16\x03" 200 0
::1 - - [17/Mai/2015:10:05:06 +0000] "GET /a HTTP/1.1" 200 0
"#;

    #[test]
    fn what_a_cache_would_see_is_taken() {
        let trace = read_bytes("web-crawl.log", SAMPLE, &options("")).unwrap();
        assert_eq!((trace.name(), trace.report().format.as_str()), ("web-crawl", "combined-log"));
        assert_eq!(keys(&trace), ["/a?b=1", "/new", r#"/\"q\" x"#, "/old"]);
        assert_eq!(ids(&trace), [0, 0, 1, 2, 3]);
        assert_eq!(sizes(&trace), [203_023, 203_023, 1, 1, 5]);
        assert_eq!(times(&trace), [0, SECOND, SECOND, 2 * SECOND, 2 * SECOND]);
        let columns = trace.columns();
        assert_eq!(columns.clock.epoch_unix_ns, Some(1_431_857_103 * SECOND));
        assert_eq!(columns.client.as_ref().unwrap().ids, [0, 1, 1, 1, 1]);
        assert!(columns.op.is_none());
    }

    #[test]
    fn the_rest_is_counted() {
        let trace = read_bytes("x", SAMPLE, &options("nginx")).unwrap();
        let report = trace.report();
        let names = |table| reasons(table).into_iter().map(|r| (r.0, r.1, r.2)).collect::<Vec<_>>();
        assert_eq!(
            names(&report.filtered),
            [("method POST", 1, 4), ("status 404", 1, 6), ("status 408", 1, 7)]
        );
        assert_eq!(
            names(&report.skipped),
            [
                ("the request is not a method and a path", 1, 9),
                ("the time is not like 17/May/2015:10:05:03 +0000", 1, 10)
            ]
        );
        assert_eq!(
            names(&report.adjusted),
            [
                ("sizes of 0, raised to 1", 1, 5),
                (
                    "sizes the source does not state, taken from the object's last or next known one, or 1",
                    2,
                    2
                ),
                ("stamps before their predecessor, set to it", 1, 8),
            ]
        );
    }

    #[test]
    fn everything_may_be_taken() {
        let log = LogOptions { every_method: true, every_status: true };
        let trace = read_bytes("x", SAMPLE, &ReadOptions { log, ..options("") }).unwrap();
        assert_eq!(counts(&trace), (7, 6));
        assert_eq!(trace.columns().op.as_ref().unwrap()[3], Op::Set);
    }

    #[test]
    fn other_text_is_not_a_log() {
        assert!(!problem("x", b"GET /a\nGET /b\n", "").contains("combined-log"));
    }
}
