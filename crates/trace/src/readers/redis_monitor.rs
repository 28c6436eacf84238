//! What Redis prints under `MONITOR`: `1339518083.107412 [0 127.0.0.1:60866] "get" "key"`.
//!
//! Commands on keys become gets, sets and deletes; those that name several keys become a request
//! for each. A change of expiry is a set, since it rewrites how long the object lives. Sizes are the
//! lengths of values where the command carries one; otherwise the object's last known size.

use crate::builder::{Has, Row, UNKNOWN_SIZE};
use crate::error::Error;
use crate::input::Input;
use crate::interner::Key;
use crate::trace::{NO_TTL, Op, Trace};

use super::lines::each_line;
use super::parse::{decimal_time, hexadecimal_digits, whole};
use super::pieces::Pieces;
use super::rows::{Problem, Rows};
use super::{Evidence, Format, Kind, Prefix, ReadOptions};

const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;
const MICROSECOND: u64 = 1_000;

pub(super) static FORMAT: Format = Format {
    name: "redis-monitor",
    aliases: &["monitor", "redis", "valkey"],
    doc: "The output of MONITOR of Redis and Valkey.",
    layout: "text: time in s [database client] \"command\" \"argument\" ...",
    kind: Kind::Text,
    detect,
    read,
};

/// The first line, after the client's `OK`.
fn detect(prefix: &Prefix<'_>) -> Evidence {
    let first = prefix.lines().find(|line| line.trim_ascii() != b"OK");
    Evidence::certain_if(first.is_some_and(|line| {
        Entry::parse(line).is_ok_and(|entry| split(entry.arguments, &mut Pieces::default()).is_ok())
    }))
}

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let has = Has { time: true, size: true, op: true, client: true, ttl: true, ..Has::default() };
    let mut rows = Rows::new(&FORMAT, input, options, has)?;
    rows.set_resolution(MICROSECOND);
    let mut arguments = Pieces::default();
    each_line(input, &mut rows, |line, rows| {
        if line.trim_ascii() == b"OK" {
            rows.filter("the client's OK");
            return Ok(());
        }
        let entry = Entry::parse(line)?;
        split(entry.arguments, &mut arguments)?;
        request(&entry, &arguments, rows)
    })?;
    rows.finish()
}

/// A line, its arguments not yet unquoted.
struct Entry<'a> {
    time_ns: u64,
    database: &'a [u8],
    client: &'a [u8],
    arguments: &'a [u8],
}

impl<'a> Entry<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, &'static str> {
        const NOT: &str = "not like `1339518083.107412 [0 127.0.0.1:60866] \"command\" ...`";
        let space = memchr::memchr(b' ', line).ok_or(NOT)?;
        let time = decimal_time(&line[..space], SECOND)?;
        let rest = line[space + 1..].strip_prefix(b"[").ok_or(NOT)?;
        let end = memchr::memmem::find(rest, b"] ").ok_or(NOT)?;
        let (source, arguments) = (&rest[..end], &rest[end + 2..]);
        let space = memchr::memchr(b' ', source).ok_or(NOT)?;
        let (database, client) = (&source[..space], without_port(&source[space + 1..]));
        whole(database).ok_or(NOT)?;
        Ok(Entry { time_ns: time.nanos, database, client, arguments })
    }
}

impl Entry<'_> {
    /// A span from now, given as such or as a Unix time.
    fn span(&self, number: i64, unit_ns: u64, until: bool) -> i64 {
        if until { number.saturating_sub((self.time_ns / unit_ns) as i64) } else { number }
    }
}

/// Connections come and go; the host is who asks.
fn without_port(address: &[u8]) -> &[u8] {
    match memchr::memrchr(b':', address) {
        Some(colon) if whole(&address[colon + 1..]).is_some() => &address[..colon],
        _ => address,
    }
}

/// Cuts a command into its arguments, unquoted.
fn split(mut text: &[u8], arguments: &mut Pieces) -> Result<(), &'static str> {
    arguments.clear();
    loop {
        text = text.trim_ascii_start();
        if text.is_empty() {
            break;
        }
        text = unquote(text, arguments).ok_or("an argument is not well quoted")?;
        arguments.end();
    }
    if arguments.len() == 0 { Err("no command") } else { Ok(()) }
}

/// Takes one argument and gives what follows its closing quote.
fn unquote<'t>(text: &'t [u8], arguments: &mut Pieces) -> Option<&'t [u8]> {
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        let i = memchr::memchr2(b'"', b'\\', rest)?;
        arguments.extend(&rest[..i]);
        if rest[i] == b'"' {
            return Some(&rest[i + 1..]);
        }
        let (byte, len) = match rest.get(i + 1)? {
            b'x' => (hexadecimal_digits(rest.get(i + 2..i + 4)?)? as u8, 4),
            b'n' => (b'\n', 2),
            b'r' => (b'\r', 2),
            b't' => (b'\t', 2),
            b'a' => (7, 2),
            b'b' => (8, 2),
            other => (*other, 2),
        };
        arguments.extend(&[byte]);
        rest = &rest[i + len..];
    }
}

fn argument(arguments: &Pieces, i: usize) -> Result<&[u8], &'static str> {
    arguments.get(i).ok_or("too few arguments")
}

fn number(arguments: &Pieces, i: usize) -> Result<i64, &'static str> {
    let text = std::str::from_utf8(argument(arguments, i)?).ok();
    text.and_then(|text| text.parse().ok()).ok_or("the expiry is not a whole number")
}

/// What a command does, and where its keys are.
#[derive(Clone, Copy)]
enum Shape {
    /// Reads the key in argument 1.
    Get,
    /// Reads the key in argument 1; expiry options follow.
    GetExpiring,
    /// Reads all its arguments.
    GetEach,
    /// Changes the key in argument 1 in a way that does not tell its size.
    Set,
    /// Writes argument 2 under argument 1; expiry options follow.
    SetValue,
    /// Writes argument 3 under argument 1 to live for argument 2.
    SetExpiring { unit_ns: u64 },
    /// Writes pairs of key and value.
    SetEach,
    /// Removes the key in argument 1.
    Delete,
    /// Removes all its arguments.
    DeleteEach,
    /// Sets how long the key in argument 1 lives, from now or until a Unix time.
    Expire { unit_ns: u64, until: bool },
}

#[rustfmt::skip]
const COMMANDS: &[(Shape, &[&str])] = &[
    (Shape::Get, &[
        "get", "getrange", "substr", "strlen", "getbit", "bitcount", "bitpos", "dump",
        "hget", "hmget", "hgetall", "hexists", "hkeys", "hvals", "hlen", "hstrlen", "hscan", "hrandfield",
        "lrange", "lindex", "llen", "lpos", "smembers", "sismember", "smismember", "scard", "srandmember", "sscan",
        "zrange", "zrangebyscore", "zrangebylex", "zrevrange", "zrevrangebyscore", "zscore", "zmscore", "zcard",
        "zcount", "zlexcount", "zrank", "zrevrank", "zscan", "xrange", "xrevrange", "xlen", "pfcount",
        "geopos", "geodist", "geosearch", "json.get",
    ]),
    (Shape::GetExpiring, &["getex"]),
    (Shape::GetEach, &["mget", "exists", "touch"]),
    (Shape::Set, &[
        "append", "setrange", "setbit", "incr", "incrby", "incrbyfloat", "decr", "decrby", "restore", "persist",
        "hset", "hmset", "hsetnx", "hdel", "hincrby", "hincrbyfloat",
        "lpush", "rpush", "lpushx", "rpushx", "lpop", "rpop", "lset", "lrem", "ltrim", "linsert",
        "sadd", "srem", "spop", "zadd", "zrem", "zincrby", "zpopmin", "zpopmax", "zremrangebyscore", "zremrangebyrank",
        "xadd", "xdel", "xtrim", "pfadd", "geoadd", "json.set",
    ]),
    (Shape::SetValue, &["set", "setnx", "getset"]),
    (Shape::SetExpiring { unit_ns: SECOND }, &["setex"]),
    (Shape::SetExpiring { unit_ns: MILLISECOND }, &["psetex"]),
    (Shape::SetEach, &["mset", "msetnx"]),
    (Shape::Delete, &["getdel"]),
    (Shape::DeleteEach, &["del", "unlink"]),
    (Shape::Expire { unit_ns: SECOND, until: false }, &["expire"]),
    (Shape::Expire { unit_ns: MILLISECOND, until: false }, &["pexpire"]),
    (Shape::Expire { unit_ns: SECOND, until: true }, &["expireat"]),
    (Shape::Expire { unit_ns: MILLISECOND, until: true }, &["pexpireat"]),
];

fn shape(command: &[u8]) -> Option<Shape> {
    let is = |name: &&str| name.as_bytes().eq_ignore_ascii_case(command);
    COMMANDS.iter().find(|(_, names)| names.iter().any(is)).map(|(shape, _)| *shape)
}

fn request(entry: &Entry<'_>, arguments: &Pieces, rows: &mut Rows<'_>) -> Result<(), Problem> {
    let command = argument(arguments, 0)?;
    let Some(shape) = shape(command) else {
        let name = command.get(..command.len().min(24)).unwrap_or(command).to_ascii_uppercase();
        rows.filter(&format!("command {}", name.escape_ascii()));
        return Ok(());
    };
    if let Shape::SetEach = shape {
        return set_each(entry, arguments, rows);
    }
    let first = argument(arguments, 1)?;
    let effect = effect(shape, entry, arguments)?;
    push(entry, first, effect, rows)?;
    if let Shape::GetEach | Shape::DeleteEach = shape {
        for key in arguments.iter().skip(2) {
            push(entry, key, effect, rows)?;
        }
    }
    Ok(())
}

/// What the command does to each of its keys.
fn effect(shape: Shape, entry: &Entry<'_>, arguments: &Pieces) -> Result<Effect, &'static str> {
    let length = |i: usize| argument(arguments, i).map(|value| value.len() as u64);
    let mut effect = Effect { op: Op::Set, size: UNKNOWN_SIZE, ttl_ns: NO_TTL };
    match shape {
        Shape::Set => {}
        Shape::Get | Shape::GetEach => effect.op = Op::Get,
        Shape::Delete | Shape::DeleteEach => effect.op = Op::Delete,
        Shape::GetExpiring => {
            effect.op = Op::Get;
            effect.ttl_ns = expiry(entry, arguments, 2)?;
        }
        Shape::SetValue | Shape::SetEach => {
            effect.size = length(2)?;
            effect.ttl_ns = expiry(entry, arguments, 3)?;
        }
        Shape::SetExpiring { unit_ns } => {
            effect.size = length(3)?;
            effect.ttl_ns = life(number(arguments, 2)?, unit_ns)?;
        }
        Shape::Expire { unit_ns, until } => {
            match life(entry.span(number(arguments, 2)?, unit_ns, until), unit_ns) {
                Ok(ttl_ns) => effect.ttl_ns = ttl_ns,
                // An expiry in the past deletes at once.
                Err(_) => effect.op = Op::Delete,
            }
        }
    }
    Ok(effect)
}

fn set_each(entry: &Entry<'_>, arguments: &Pieces, rows: &mut Rows<'_>) -> Result<(), Problem> {
    if arguments.len().is_multiple_of(2) {
        return Err("a key without a value".into());
    }
    for i in (1..arguments.len()).step_by(2) {
        let size = argument(arguments, i + 1)?.len() as u64;
        push(entry, argument(arguments, i)?, Effect { op: Op::Set, size, ttl_ns: NO_TTL }, rows)?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Effect {
    op: Op,
    size: u64,
    ttl_ns: u64,
}

fn push(entry: &Entry<'_>, key: &[u8], effect: Effect, rows: &mut Rows<'_>) -> Result<(), Problem> {
    let Effect { op, size, ttl_ns } = effect;
    let row = Row {
        time_ns: entry.time_ns,
        size,
        op,
        client: entry.client,
        ttl_ns,
        ..Row::of(Key::Text(key))
    };
    if entry.database == b"0" {
        return Ok(rows.push(&row)?);
    }
    // The same key in another database is another object.
    let key = [b"[", entry.database, b"] ", key].concat();
    Ok(rows.push(&Row { key: Key::Text(&key), ..row })?)
}

/// The expiry among a command's options from argument `from` on.
fn expiry(entry: &Entry<'_>, arguments: &Pieces, from: usize) -> Result<u64, &'static str> {
    const OPTIONS: [(&[u8], u64, bool); 4] = [
        (b"ex", SECOND, false),
        (b"px", MILLISECOND, false),
        (b"exat", SECOND, true),
        (b"pxat", MILLISECOND, true),
    ];
    for i in from..arguments.len() {
        let word = argument(arguments, i)?;
        let option = OPTIONS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(word));
        if let Some((_, unit_ns, until)) = option {
            return life(entry.span(number(arguments, i + 1)?, *unit_ns, *until), *unit_ns);
        }
    }
    Ok(NO_TTL)
}

fn life(span: i64, unit_ns: u64) -> Result<u64, &'static str> {
    let span = u64::try_from(span).ok().filter(|span| *span > 0);
    Ok(span.ok_or("the expiry is not in the future")?.saturating_mul(unit_ns))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ids, keys, options, problem, reasons, sizes, times};
    use super::*;
    use crate::readers::read_bytes;

    const SAMPLE: &[u8] = br#"OK
1339518083.107412 [0 127.0.0.1:60866] "keys" "*"
1339518083.107413 [0 127.0.0.1:60866] "SET" "a\x20\"b\"\\" "12345" "EX" "60"
1339518084.107413 [0 [::1]:6000] "get" "a \"b\"\\"
1339518084.107413 [3 127.0.0.1:60866] "get" "k"
1339518084.107413 [0 lua] "mget" "k" "a \"b\"\\"
1339518084.107413 [0 lua] "mset" "k" "1" "l" "22"
1339518085.000000 [0 lua] "psetex" "k" "1500" "333"
1339518085.000000 [0 lua] "expire" "k" "5"
1339518085.000000 [0 lua] "expireat" "k" "1339518095"
1339518085.000000 [0 lua] "expire" "k" "0"
1339518085.000000 [0 unix:/run/redis.sock] "del" "k" "l"
1339518085.000000 [0 lua] "hget" "k" "ex"
1339518086.000000 [0 lua] "get" "k
1339518086.000000 [0 lua] "get"
not a line
"#;

    #[test]
    fn commands_on_keys_become_requests() {
        let trace = read_bytes("r.monitor", SAMPLE, &options("")).unwrap();
        assert_eq!(trace.report().format, "redis-monitor");
        assert_eq!(keys(&trace), ["a \"b\"\\", "[3] k", "k", "l"]);
        assert_eq!(ids(&trace), [0, 0, 1, 2, 0, 2, 3, 2, 2, 2, 2, 2, 3, 2]);
        assert_eq!(sizes(&trace), [5, 5, 1, 1, 5, 1, 2, 3, 3, 3, 3, 3, 2, 3]);
        assert_eq!(times(&trace)[..3], [0, SECOND, SECOND]);
        let columns = trace.columns();
        assert_eq!(columns.clock.epoch_unix_ns, Some(1_339_518_083_107_413_000));
        let ops = columns.op.as_ref().unwrap();
        assert_eq!(ops[..2], [Op::Set, Op::Get]);
        assert_eq!(ops[8..13], [Op::Set, Op::Set, Op::Delete, Op::Delete, Op::Delete]);
        let ttls = columns.ttl_ns.as_ref().unwrap();
        assert_eq!(ttls[..2], [60 * SECOND, NO_TTL]);
        assert_eq!(ttls[7..10], [1_500 * MILLISECOND, 5 * SECOND, 10 * SECOND]);
        let clients = columns.client.as_ref().unwrap();
        assert_eq!(clients.ids[..5], [0, 1, 0, 2, 2]);
        assert_eq!(clients.names.label(crate::ObjectId(1)), "[::1]");
    }

    #[test]
    fn the_rest_is_counted() {
        let trace = read_bytes("r", SAMPLE, &options("redis")).unwrap();
        let names = |table| reasons(table).into_iter().map(|r| (r.0, r.1, r.2)).collect::<Vec<_>>();
        assert_eq!(
            names(&trace.report().filtered),
            [("command KEYS", 1, 2), ("the client's OK", 1, 1)]
        );
        let skipped = names(&trace.report().skipped);
        assert_eq!(skipped.iter().map(|s| s.2).collect::<Vec<_>>(), [14, 16, 15]);
    }

    #[test]
    fn other_text_is_not_a_monitor() {
        assert!(!problem("x", b"1.5 [0 x] get k\n", "").contains("redis"));
    }
}
