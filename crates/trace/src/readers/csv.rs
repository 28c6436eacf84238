//! Text tables: comma-separated values and their relatives.
//!
//! What is in which column comes from the options, else from usual names in a header. Fields may be
//! quoted; a quoted field may not hold a line break.

use crate::builder::{Has, Row};
use crate::error::{Error, nearest};
use crate::input::Input;
use crate::interner::Key;
use crate::trace::{NO_TTL, Trace};

use super::lines::each_line;
use super::parse::{decimal_time, iso_time, op, size, whole};
use super::pieces::Pieces;
use super::rows::{Problem, Rows};
use super::{CsvOptions, Evidence, Format, Kind, Prefix, ReadOptions};

const SECOND: u64 = 1_000_000_000;
/// In order of preference; the colon is last because times of day have it too.
const DELIMITERS: [u8; 5] = [b',', b'\t', b';', b'|', b':'];
/// Lines that must agree on a delimiter.
const JUDGED: usize = 20;
const N_ROLES: usize = 8;

pub(super) static FORMAT: Format = Format {
    name: "csv",
    aliases: &["tsv", "table"],
    doc: "Text tables with one request a row; columns by usual names or as you say.",
    layout: "text: columns by header (time, key, size, op, client, region, ttl, penalty) or options",
    kind: Kind::Text,
    detect,
    read,
};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Time,
    Key,
    Size,
    Op,
    Client,
    Region,
    Ttl,
    Penalty,
}

/// Roles, what headers call them, and what the options call them.
#[rustfmt::skip]
const ROLES: [(Role, &[&str]); N_ROLES] = [
    (Role::Time, &["time", "timestamp", "ts", "clock_time", "real_time", "time_s", "date", "datetime"]),
    (Role::Key, &["key", "id", "object", "obj", "obj_id", "object_id", "objectid", "lbn", "lba", "block", "url", "uri", "path", "item", "item_id"]),
    (Role::Size, &["size", "bytes", "obj_size", "object_size", "size_bytes", "length", "value_size"]),
    (Role::Op, &["op", "operation", "command", "cmd", "method"]),
    (Role::Client, &["client", "client_id", "client_ip", "user", "user_id", "host", "tenant"]),
    (Role::Region, &["region", "pop", "location", "country", "edge"]),
    (Role::Ttl, &["ttl", "ttl_s", "expiry"]),
    (Role::Penalty, &["penalty", "miss_penalty", "cost"]),
];

/// How a table is laid out: found once, before the first row.
struct Layout {
    delimiter: u8,
    header: bool,
    /// Column of each role, from 0.
    columns: [Option<usize>; N_ROLES],
}

/// A header with a key and another known column; a table without a header could be anything.
fn detect(prefix: &Prefix<'_>) -> Evidence {
    let Some(first) = prefix.lines().next() else { return Evidence::No };
    let Some(delimiter) = sniff(prefix.lines()) else { return Evidence::No };
    let mut fields = Pieces::default();
    split(first, delimiter, &mut fields);
    let roles: Vec<Role> = fields.iter().filter_map(role_of).collect();
    match roles.contains(&Role::Key) && roles.len() > 1 {
        true => Evidence::Certain,
        false => Evidence::Possible,
    }
}

/// The first delimiter that cuts the first line into several fields and most others into as many.
fn sniff<'a>(lines: impl Iterator<Item = &'a [u8]> + Clone) -> Option<u8> {
    let mut fields = Pieces::default();
    DELIMITERS.into_iter().find(|delimiter| {
        let mut counts = lines.clone().take(JUDGED).map(|line| {
            split(line, *delimiter, &mut fields);
            fields.len()
        });
        let first = counts.next().unwrap_or(0);
        let (agreeing, others): (Vec<_>, Vec<_>) = counts.partition(|count| *count == first);
        first > 1 && agreeing.len() >= others.len() * 4
    })
}

/// What a header calls a column usually tells what it holds.
fn role_of(name: &[u8]) -> Option<Role> {
    let name = plain_name(name);
    ROLES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(role, _)| *role)
}

fn plain_name(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let name = name.trim_matches(|c: char| c == '#' || c == '"' || c.is_whitespace());
    name.to_ascii_lowercase().replace([' ', '-'], "_")
}

/// Why a layout cannot be found, and what to try.
struct Doubt {
    what: String,
    note: Option<String>,
}

impl Layout {
    fn find(prefix: &Prefix<'_>, options: &CsvOptions) -> Result<Layout, Doubt> {
        let delimiter = delimiter(prefix, options)?;
        let mut first = Pieces::default();
        split(prefix.lines().next().unwrap_or(b""), delimiter, &mut first);
        let wanted = wanted(options);
        let header = options.header.unwrap_or_else(|| looks_like_header(&first, &wanted));
        let names: Vec<String> = first.iter().filter(|_| header).map(plain_name).collect();
        let mut columns = [None; N_ROLES];
        for (column, wanted) in columns.iter_mut().zip(wanted) {
            *column = wanted.map(|wanted| column_of(wanted, &names, first.len())).transpose()?;
        }
        map_usual_names(&names, &mut columns);
        let key = &mut columns[Role::Key as usize];
        if key.is_none() && first.len() == 1 {
            *key = Some(0);
        }
        if key.is_none() {
            let note = match header {
                true => format!("its columns are {}", names.join(", ")),
                false => "without a header, columns go by number from 1".into(),
            };
            return Err(Doubt { what: "say which column is the key".into(), note: Some(note) });
        }
        Ok(Layout { delimiter, header, columns })
    }

    fn has(&self) -> Has {
        let has = |role: Role| self.columns[role as usize].is_some();
        Has {
            time: has(Role::Time),
            size: has(Role::Size),
            op: has(Role::Op),
            client: has(Role::Client),
            region: has(Role::Region),
            ttl: has(Role::Ttl),
            miss_penalty: has(Role::Penalty),
        }
    }
}

fn delimiter(prefix: &Prefix<'_>, options: &CsvOptions) -> Result<u8, Doubt> {
    match options.delimiter {
        Some(c) if c.is_ascii() => Ok(c as u8),
        Some(c) => Err(Doubt { what: format!("the delimiter `{c}` is not ASCII"), note: None }),
        None => Ok(sniff(prefix.lines()).unwrap_or(b',')),
    }
}

/// What the options say about columns, by role.
fn wanted(options: &CsvOptions) -> [Option<&str>; N_ROLES] {
    let CsvOptions { time, key, size, op, client, region, ttl, penalty, .. } = options;
    [time, key, size, op, client, region, ttl, penalty].map(Option::as_deref)
}

/// It is one if columns are asked for by name, if it is a comment, or if it has a usual name.
fn looks_like_header(first: &Pieces, wanted: &[Option<&str>]) -> bool {
    wanted.iter().flatten().any(|name| name.parse::<usize>().is_err())
        || first.get(0).is_some_and(|field| field.starts_with(b"#"))
        || first.iter().any(|field| role_of(field).is_some())
}

/// Gives roles that have no column yet the first free column of a usual name.
fn map_usual_names(names: &[String], columns: &mut [Option<usize>; N_ROLES]) {
    for (role, usual) in ROLES {
        let named = |i: &usize| usual.contains(&names[*i].as_str());
        let free = (0..names.len()).filter(named).find(|i| !columns.contains(&Some(*i)));
        columns[role as usize] = columns[role as usize].or(free);
    }
}

/// The index of the column that the options call `wanted`.
fn column_of(wanted: &str, names: &[String], n_columns: usize) -> Result<usize, Doubt> {
    if let Ok(number) = wanted.parse::<usize>() {
        return match number {
            1.. if number <= n_columns => Ok(number - 1),
            _ => Err(Doubt {
                what: format!("there is no column {number} among {n_columns}"),
                note: None,
            }),
        };
    }
    let plain = plain_name(wanted.as_bytes());
    names.iter().position(|name| *name == plain).ok_or_else(|| {
        let note = match nearest(&plain, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its columns are {}", names.join(", ")),
        };
        Doubt { what: format!("no column is called `{wanted}`"), note: Some(note) }
    })
}

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let prefix = Prefix { bytes: input.unread(), whole: input.ended() };
    let layout = Layout::find(&prefix, &options.csv).map_err(|Doubt { what, note }| {
        Error::Invalid { what: format!("{}: {what}", input.file()), note }
    })?;
    let mut rows = Rows::new(&FORMAT, input, options, layout.has())?;
    let unit_ns = options.csv.time_unit.nanos();
    let mut resolution_ns = unit_ns;
    let mut fields = Pieces::default();
    let mut header = layout.header;
    each_line(input, &mut rows, |line, rows| {
        if std::mem::take(&mut header) {
            return Ok(());
        }
        if line.starts_with(b"#") {
            rows.filter("comments");
            return Ok(());
        }
        split(line, layout.delimiter, &mut fields);
        parse(&fields, &layout.columns, unit_ns, &mut resolution_ns, rows)
    })?;
    rows.set_resolution(resolution_ns);
    rows.finish()
}

fn parse(
    fields: &Pieces,
    columns: &[Option<usize>; N_ROLES],
    unit_ns: u64,
    resolution_ns: &mut u64,
    rows: &mut Rows<'_>,
) -> Result<(), Problem> {
    let field = |role: Role| -> Result<Option<&[u8]>, &'static str> {
        match columns[role as usize] {
            None => Ok(None),
            Some(i) => fields.get(i).map(Some).ok_or("too few fields"),
        }
    };
    let key = field(Role::Key)?.filter(|key| !key.is_empty()).ok_or("the key is empty")?;
    let mut row = Row::of(Key::Text(key));
    if let Some(text) = field(Role::Time)? {
        let stamp = match iso_time(text) {
            Some(stamp) => stamp,
            None => decimal_time(text, unit_ns)?,
        };
        row.time_ns = stamp.nanos;
        *resolution_ns = (*resolution_ns).min(stamp.resolution_ns);
    }
    if let Some(text) = field(Role::Size)? {
        row.size = size(text)?;
    }
    if let Some(text) = field(Role::Op)? {
        row.op = op(text).ok_or("the operation is not known")?;
    }
    row.client = field(Role::Client)?.unwrap_or(b"");
    row.region = field(Role::Region)?.unwrap_or(b"");
    if let Some(text) = field(Role::Ttl)?.filter(|text| !text.is_empty()) {
        let ttl = decimal_time(text, SECOND).map_err(|_| "the ttl is not a number of seconds")?;
        row.ttl_ns = if ttl.nanos == 0 { NO_TTL } else { ttl.nanos };
    }
    if let Some(text) = field(Role::Penalty)? {
        row.miss_penalty = whole(text)
            .and_then(|penalty| u32::try_from(penalty).ok())
            .ok_or("the penalty is not a whole number below 2^32")?;
    }
    Ok(rows.push(&row)?)
}

/// Cuts a line into fields without the blanks and quotes around them.
fn split(line: &[u8], delimiter: u8, fields: &mut Pieces) {
    fields.clear();
    let mut rest = Some(line);
    while let Some(text) = rest {
        rest = match text.trim_ascii_start() {
            [b'"', quoted @ ..] => unquote(quoted, delimiter, fields),
            _ => {
                let end = memchr::memchr(delimiter, text);
                fields.extend(text[..end.unwrap_or(text.len())].trim_ascii());
                end.map(|end| &text[end + 1..])
            }
        };
        fields.end();
    }
}

/// Takes a field to its closing quote, `""` standing for a quote, and gives what follows the next
/// delimiter.
fn unquote<'t>(mut text: &'t [u8], delimiter: u8, fields: &mut Pieces) -> Option<&'t [u8]> {
    while let Some(quote) = memchr::memchr(b'"', text) {
        fields.extend(&text[..quote]);
        text = &text[quote + 1..];
        if text.first() != Some(&b'"') {
            return memchr::memchr(delimiter, text).map(|end| &text[end + 1..]);
        }
        fields.extend(b"\"");
        text = &text[1..];
    }
    fields.extend(text);
    None
}

#[cfg(test)]
mod tests {
    use super::super::testing::{counts, ids, keys, options, problem, reasons, sizes, times};
    use super::*;
    use crate::readers::{TimeUnit, read_bytes};
    use crate::trace::Op;

    fn with(csv: CsvOptions) -> ReadOptions {
        ReadOptions { csv, ..options("csv") }
    }

    fn column(column: &str) -> Option<String> {
        Some(column.to_string())
    }

    #[test]
    fn usual_names_map_themselves() {
        let text = b"timestamp;Obj-ID;size;op;client;region;ttl;miss penalty\n\
            10.5;a;512.0;GET;c1;eu;60;3\n10.75;\"b;\"\"x\"\"\";0;put;c2;us;;4\n11;a;512;del;c1;eu;0;5\n";
        let trace = read_bytes("t.csv", text, &options("")).unwrap();
        assert_eq!(trace.report().format, "csv");
        assert_eq!(
            (keys(&trace), ids(&trace)),
            (vec!["a".into(), "b;\"x\"".into()], vec![0, 1, 0])
        );
        assert_eq!(times(&trace), [0, 250_000_000, 500_000_000]);
        assert_eq!(sizes(&trace), [512, 1, 512]);
        let columns = trace.columns();
        assert_eq!(columns.clock.resolution_ns, 10_000_000);
        assert_eq!(columns.op, Some(vec![Op::Get, Op::Set, Op::Delete]));
        assert_eq!(columns.client.as_ref().unwrap().ids, [0, 1, 0]);
        assert_eq!(columns.region.as_ref().unwrap().ids, [0, 1, 0]);
        assert_eq!(columns.ttl_ns, Some(vec![60 * SECOND, NO_TTL, NO_TTL]));
        assert_eq!(columns.miss_penalty, Some(vec![3, 4, 5]));
    }

    #[test]
    fn a_header_may_be_a_comment() {
        let text = b"# time, object, size, next_access_vtime\n0, 7, 737, 13\n0, 7, 737, 1\n";
        let trace = read_bytes("t.csv", text, &options("")).unwrap();
        assert_eq!((counts(&trace), keys(&trace)), ((2, 1), vec!["7".to_string()]));
    }

    #[test]
    fn columns_go_by_number_and_by_name() {
        let text = b"1500 9 k1\n1600 9 k2\n1600 9 k1\n";
        let by_number = with(CsvOptions {
            delimiter: Some(' '),
            time: column("1"),
            key: column("3"),
            time_unit: TimeUnit::Millis,
            ..Default::default()
        });
        let trace = read_bytes("t", text, &by_number).unwrap();
        assert_eq!(
            (ids(&trace), times(&trace)),
            (vec![0, 1, 0], &[0, 100_000_000, 100_000_000][..])
        );
        let text = b"when\twhat\n2015-05-17T10:05:03Z\tx\n2015-05-17 10:05:04\ty\n";
        let by_name =
            with(CsvOptions { time: column("when"), key: column("What"), ..Default::default() });
        let trace = read_bytes("t", text, &by_name).unwrap();
        assert_eq!((counts(&trace), times(&trace)), ((2, 2), &[0, SECOND][..]));
        assert_eq!(trace.columns().clock.epoch_unix_ns, Some(1_431_857_103 * SECOND));
    }

    #[test]
    fn what_cannot_be_mapped_is_asked_for() {
        assert!(problem("t", b"1,2\n3,4\n", "").contains("it could be csv, txt"));
        assert!(problem("t", b"1,2\n3,4\n", "csv").contains("say which column is the key"));
        let error = |csv| read_bytes("t", b"time,kee\n1,2\n", &with(csv)).unwrap_err().to_string();
        let by_slip = error(CsvOptions { key: column("key"), ..Default::default() });
        assert!(by_slip.contains("did you mean `kee`"), "{by_slip}");
        let beyond = error(CsvOptions { key: column("3"), ..Default::default() });
        assert!(beyond.contains("no column 3 among 2"), "{beyond}");
    }

    #[test]
    fn broken_rows_are_counted() {
        let text = b"key,size,time\na,1,1\nb\n,1,1\nc,-1,2\nd,x,2\ne,1,99999999999999\n#end\na,1,3\nb,1,3\nf,1,4\ng,1,5\nh,1,6";
        let trace = read_bytes("t", text, &options("")).unwrap();
        assert_eq!(counts(&trace), (6, 5));
        let skipped: Vec<_> =
            reasons(&trace.report().skipped).into_iter().map(|r| (r.0, r.1, r.2)).collect();
        assert_eq!(
            skipped,
            [
                ("negative size", 1, 5),
                ("the key is empty", 1, 4),
                ("the size is not a whole number", 1, 6),
                ("the time is too large for its unit", 1, 7),
                ("too few fields", 1, 3),
            ]
        );
    }
}
