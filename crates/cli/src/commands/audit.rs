//! `audit`: whether the log of a run holds.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail};
use tiers::security::{Verified, Verifier};

use crate::args::{Audit, AuditVerify};
use crate::exit;
use crate::output::line;
use crate::progress::{end_on_interrupt, say};

pub(crate) fn audit(command: &Audit) -> Result<u8> {
    end_on_interrupt()?;
    match command {
        Audit::Verify(args) => verify(args),
    }
}

fn verify(args: &AuditVerify) -> Result<u8> {
    if let Some(head) = args.head.as_ref().filter(|head| !is_hash(head)) {
        bail!("--head: `{head}` is not a hash of 64 hexadecimal digits");
    }
    let log = args.log.display();
    let verified = match check(&args.log, args.head.as_deref())? {
        Ok(verified) => verified,
        Err(broken) => {
            say(format!("{log}:{}: {}", broken.line, broken.what));
            return Ok(exit::DIFFERENT);
        }
    };
    if !verified.ended {
        say(format!(
            "{log}:{}: the log does not end with END: its end is missing, or its run was stopped",
            verified.n_records
        ));
        return Ok(exit::DIFFERENT);
    }
    line(&format!("{log}: {} records hold, head {}", verified.n_records, verified.head))?;
    if args.head.is_none() {
        say(
            "hint: a log that was rewritten as a whole holds too; --head HASH tells, with the one in the manifest",
        );
    }
    Ok(0)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Reads line by line; a log may be larger than memory.
fn check(path: &Path, head: Option<&str>) -> Result<Result<Verified, tiers::security::Broken>> {
    let name = || path.display().to_string();
    let mut file = BufReader::new(File::open(path).with_context(name)?);
    let mut verifier = Verifier::default();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if file.read_until(b'\n', &mut bytes).with_context(name)? == 0 {
            return Ok(verifier.finish(head));
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        if let Err(broken) = verifier.line(&bytes) {
            return Ok(Err(broken));
        }
    }
}
