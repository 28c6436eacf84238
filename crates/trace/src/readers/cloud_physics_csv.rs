//! The comma-separated form of CloudPhysics block traces: `version,time,op,size,lbn`.
//!
//! Not left to [`super::csv`], because its operations are SCSI commands in hexadecimal.

use crate::builder::{Has, Row};
use crate::error::Error;
use crate::input::Input;
use crate::interner::Key;
use crate::trace::Trace;

use super::lines::each_line;
use super::parse::{decimal_time, hexadecimal_digits, size, whole};
use super::rows::{Problem, Rows};
use super::vscsi::scsi_op;
use super::{Evidence, Format, Kind, Prefix, ReadOptions};

const HEADER: &[u8] = b"version,time,op,size,lbn";
const SECOND: u64 = 1_000_000_000;

pub(super) static FORMAT: Format = Format {
    name: "cloud-physics-csv",
    aliases: &[],
    doc: "CloudPhysics block I/O as comma-separated values.",
    layout: "text: version,time in s,SCSI command in hexadecimal,bytes,block",
    kind: Kind::Text,
    detect: |prefix: &Prefix<'_>| {
        Evidence::certain_if(prefix.lines().next().is_some_and(|line| line == HEADER))
    },
    read,
};

fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Trace, Error> {
    let has = Has { time: true, size: true, op: true, ..Has::default() };
    let mut rows = Rows::new(&FORMAT, input, options, has)?;
    rows.set_resolution(SECOND);
    each_line(input, &mut rows, parse)?;
    rows.finish()
}

fn parse(line: &[u8], rows: &mut Rows<'_>) -> Result<(), Problem> {
    if line == HEADER {
        return Ok(());
    }
    let mut fields = line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let mut next = || fields.next().ok_or("too few fields");
    let (_version, time, command, bytes, block) = (next()?, next()?, next()?, next()?, next()?);
    let command = hexadecimal_digits(command).ok_or("the command is not hexadecimal")?;
    let Some(op) = scsi_op(command) else {
        rows.filter(&format!("SCSI command {command:#04x}"));
        return Ok(());
    };
    let key = Key::Int(whole(block).ok_or("the block is not a whole number")?);
    let time_ns = decimal_time(time, SECOND)?.nanos;
    Ok(rows.push(&Row { time_ns, size: size(bytes)?, op, ..Row::of(key) })?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ids, options, reasons, sizes, times};
    use super::*;
    use crate::readers::read_bytes;
    use crate::trace::Op;

    #[test]
    fn commands_are_hexadecimal() {
        let text =
            b"version,time,op,size,lbn\n1,5,2a,512,9\n1,6,28,1024,9\n1,6,zz,5,9\n1,7,0,5,9\n1,7";
        let trace = read_bytes("disk.csv", text, &options("")).unwrap();
        assert_eq!(trace.report().format, "cloud-physics-csv");
        assert_eq!((ids(&trace), sizes(&trace)), (vec![0, 0], vec![512, 1024]));
        assert_eq!(times(&trace), [0, SECOND]);
        assert_eq!(trace.columns().op, Some(vec![Op::Set, Op::Get]));
        assert_eq!(
            reasons(&trace.report().skipped),
            [("the command is not hexadecimal", 1, 4, 52), ("too few fields", 1, 6, 73)]
        );
    }
}
