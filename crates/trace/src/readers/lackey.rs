//! What valgrind's example tool prints: `valgrind --tool=lackey --trace-mem=yes --log-file=FILE`.
//!
//! A line is a reference to memory: `I  04001090,3` fetches an instruction, ` L 1fff000d78,8` loads,
//! ` S` stores, and ` M` loads and then stores, which makes two requests. The address of the first byte
//! is the key, whole; the bytes asked for are the size, so that a reference over the end of a cache
//! line can be told. The lines valgrind itself writes, between `==`, are left out.
//!
//! Processors have caches for instructions and for data, so either can be read alone. The log does not
//! say which is wanted: detection takes both.

use crate::builder::{Has, Row};
use crate::error::Error;
use crate::input::Input;
use crate::interner::Key;
use crate::trace::{Op, Trace};

use super::lines::each_line;
use super::parse::{hexadecimal_digits, whole};
use super::rows::{Problem, Rows};
use super::{Evidence, Format, Kind, Prefix, ReadOptions};

const LAYOUT: &str = "text: I, L, S or M in three columns, then hexadecimal address,bytes";

pub(super) static FORMAT: Format = Format {
    name: "lackey",
    aliases: &["valgrind"],
    doc: "Instructions, loads and stores of a program, as valgrind's lackey traces them.",
    layout: LAYOUT,
    kind: Kind::Text,
    detect,
    read: |input, options| read(&FORMAT, input, options, |_| true),
};

pub(super) static DATA: Format = Format {
    name: "lackey-data",
    aliases: &[],
    doc: "The loads and stores of a trace of valgrind's lackey.",
    layout: LAYOUT,
    kind: Kind::Text,
    detect: |_| Evidence::No,
    read: |input, options| read(&DATA, input, options, |kind| kind != Reference::Instruction),
};

pub(super) static INSTRUCTIONS: Format = Format {
    name: "lackey-instructions",
    aliases: &[],
    doc: "The instructions of a trace of valgrind's lackey.",
    layout: LAYOUT,
    kind: Kind::Text,
    detect: |_| Evidence::No,
    read: |input, options| {
        read(&INSTRUCTIONS, input, options, |kind| kind == Reference::Instruction)
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reference {
    Instruction,
    Load,
    Store,
    Modify,
}

fn detect(prefix: &Prefix<'_>) -> Evidence {
    let mut lines = prefix.lines().filter(|line| !is_valgrinds(line)).peekable();
    Evidence::certain_if(lines.peek().is_some() && lines.all(|line| parse(line).is_ok()))
}

fn read(
    format: &'static Format,
    input: &mut Input<'_>,
    options: &ReadOptions,
    wanted: fn(Reference) -> bool,
) -> Result<Trace, Error> {
    let mut rows =
        Rows::new(format, input, options, Has { size: true, op: true, ..Has::default() })?;
    each_line(input, &mut rows, |line, rows| {
        if is_valgrinds(line) {
            rows.filter("lines of valgrind itself");
            return Ok(());
        }
        let (kind, row) = parse(line)?;
        if !wanted(kind) {
            rows.filter(if kind == Reference::Instruction { "instructions" } else { "data" });
            return Ok(());
        }
        request(kind, &row, rows)
    })?;
    rows.finish()
}

fn request(kind: Reference, row: &Row<'_>, rows: &mut Rows<'_>) -> Result<(), Problem> {
    let ops: &[Op] = match kind {
        Reference::Instruction | Reference::Load => &[Op::Get],
        Reference::Store => &[Op::Set],
        Reference::Modify => &[Op::Get, Op::Set],
    };
    for op in ops {
        rows.push(&Row { op: *op, ..*row })?;
    }
    Ok(())
}

/// `==1234== words`
fn is_valgrinds(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"==") else { return false };
    let n_digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    n_digits > 0 && rest[n_digits..].starts_with(b"==")
}

fn parse(line: &[u8]) -> Result<(Reference, Row<'static>), &'static str> {
    let (kind, operand) = line.split_at_checked(3).unwrap_or((line, b""));
    let kind = match kind {
        b"I  " => Reference::Instruction,
        b" L " => Reference::Load,
        b" S " => Reference::Store,
        b" M " => Reference::Modify,
        _ => return Err("does not start with `I  `, ` L `, ` S ` or ` M `"),
    };
    let comma = memchr::memchr(b',', operand).ok_or("no comma between address and bytes")?;
    let address = hexadecimal_digits(&operand[..comma]).ok_or("the address is not hexadecimal")?;
    let size = whole(&operand[comma + 1..])
        .filter(|size| *size > 0)
        .ok_or("the bytes are not a whole number above 0")?;
    Ok((kind, Row { size, ..Row::of(Key::Int(address)) }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ids, keys, options, problem, reasons, sizes};
    use super::*;
    use crate::readers::read_bytes;

    const LOG: &[u8] =
        b"==7== Lackey, an example Valgrind tool\n==7== \nI  0401ab70,3\n S 1fff000d78,8\n\
        I  0401ab73,5\n M 1fff000d78,8\n L 1fff000d70,16\n==7== Exit code:       0\n";

    #[test]
    fn references_become_requests() {
        let trace = read_bytes("log", LOG, &options("")).unwrap();
        assert_eq!(trace.report().format, "lackey");
        let address = |text| u64::from_str_radix(text, 16).unwrap().to_string();
        let expected = ["0401ab70", "1fff000d78", "0401ab73", "1fff000d70"].map(address);
        assert_eq!(keys(&trace), expected);
        assert_eq!((ids(&trace), sizes(&trace)), (vec![0, 1, 2, 1, 1, 3], vec![3, 8, 5, 8, 8, 16]));
        let (get, set) = (Op::Get, Op::Set);
        assert_eq!(trace.columns().op, Some(vec![get, set, get, get, set, get]));
        assert_eq!(reasons(&trace.report().filtered), [("lines of valgrind itself", 3, 1, 0)]);
    }

    #[test]
    fn either_side_can_be_read_alone() {
        let data = read_bytes("log", LOG, &options("lackey-data")).unwrap();
        assert_eq!(sizes(&data), [8, 8, 8, 16]);
        assert_eq!(reasons(&data.report().filtered)[0], ("instructions", 2, 3, 46));
        let instructions = read_bytes("log", LOG, &options("lackey-instructions")).unwrap();
        assert_eq!(sizes(&instructions), [3, 5]);
        assert_eq!(reasons(&instructions.report().filtered)[0].0, "data");
    }

    #[test]
    fn broken_lines_are_counted() {
        let text = b"I  1,3\nI 1,3\n L x,3\n L 1,0\n L 1\n S 2,1\n M 3,1\nI  4,1\n L 5,1";
        let trace = read_bytes("log", text, &options("lackey")).unwrap();
        assert_eq!(trace.n_requests(), 6);
        let places: Vec<u64> = reasons(&trace.report().skipped).iter().map(|r| r.2).collect();
        assert_eq!(places, [2, 5, 3, 4]);
    }

    #[test]
    fn other_text_is_not_lackeys() {
        assert!(!problem("x", b"==7== Memcheck\n", "").contains("lackey"));
        assert!(!problem("x", b"I  1,3\nhello from the program\n", "").contains("could be lackey"));
    }
}
