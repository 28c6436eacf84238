//! An audit log: JSON lines, each bound to the one before by a hash.
//!
//! # What exactly is hashed
//!
//! A line is a JSON object that ends in `,"hash":"<64 lower-case hexadecimal digits>"}`, 75 bytes.
//! The hash is BLAKE3 (256 bits, no key) of **all bytes of the line before these 75**. They contain
//! the field `previous`, the hash of the line before; that of the first line is 64 zeros. So a line
//! can be checked with `head -c -75 | b3sum`, without a JSON parser and without any rule of
//! canonical form: the bytes written are the bytes hashed.
//!
//! The first record is `START`: its subject names the run, its details say what is logged. The last
//! is `END`, with the counts; a log without it was cut or belongs to a run that was stopped.
//!
//! # What the chain proves, and what not
//!
//! A changed, removed, inserted or moved record breaks it. It has no key, so whoever can rewrite
//! the whole file can also compute new hashes to the end. Against that, and against an end that is
//! cut off, the hash of the last record (the *head*) must be kept elsewhere, as in the manifest of
//! the run, and given to [`Verifier::finish`].
//!
//! # The subject
//!
//! A log of erasures that names what was erased would itself have to be erased. Keys and clients are
//! therefore written as a keyed BLAKE3 hash, cut to 128 bits, unless [`Naming::Plain`] is asked for.
//! This is pseudonymous, not anonymous: who holds the secret can test a guess. Once the secret is
//! destroyed nobody can. Details are numbers only, so nothing else leaks.
//!
//! # Sampling
//!
//! `SET` is the only kind that comes once a fill or write. It may be limited to one object in n (all
//! its records or none, so that a history is whole) and to a number of records. Everything else is
//! always logged. A record takes some 300 bytes and a few microseconds.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trace::ObjectId;
use trace::stream::Stream;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// The log begins.
    Start,
    /// A copy was written into a tier.
    Set,
    /// An object was deleted by its application.
    Delete,
    /// A person asked to be forgotten.
    GdprDelete,
    /// A tier removed its copies for such a request.
    Purge,
    /// A fill of an erased version was refused.
    Barred,
    /// The last tier has purged.
    Erased,
    /// A tier goes over to a new key.
    KeyRotation,
    /// The log ends.
    End,
}

/// How subjects are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Naming {
    /// As a keyed hash: the log keeps no key and no client.
    #[default]
    Hashed,
    /// As they are. The log itself then holds personal data.
    Plain,
}

/// What is logged, as written in a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct AuditSpec {
    /// How keys and clients are written.
    pub subjects: Naming,
    /// `SET` is logged of one object in this many; 0 logs none.
    pub sets_one_in: u64,
    /// At most this many `SET` records.
    pub sets_at_most: u64,
}

impl Default for AuditSpec {
    fn default() -> Self {
        AuditSpec { subjects: Naming::Hashed, sets_one_in: 1, sets_at_most: 100_000 }
    }
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Record {
    /// Number of the record, from 0.
    pub sequence: u64,
    /// Simulated time in nanoseconds.
    pub time_ns: u64,
    /// What happened.
    pub kind: Kind,
    /// In which tier, if in one.
    pub tier: Option<String>,
    /// Whom or what it is about.
    pub subject: String,
    /// Further figures by name.
    pub details: BTreeMap<String, u64>,
    /// Hash of the record before.
    pub previous: String,
    /// Hash of this one.
    pub hash: String,
}

/// `previous` of the first record.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// What stands before the hash of a record.
const HASH_FIELD: &str = ",\"hash\":\"";
/// What stands after it.
const CLOSE: &str = "\"}";
/// Hexadecimal digits of a hash.
const HASH_DIGITS: usize = 64;
/// Length of what is not hashed.
const TAIL: usize = HASH_FIELD.len() + HASH_DIGITS + CLOSE.len();

/// A log being written, in memory.
#[derive(Debug)]
pub struct AuditLog {
    spec: AuditSpec,
    secret: [u8; 32],
    sample: Stream,
    text: String,
    head: String,
    next: u64,
    sets_seen: u64,
    sets_logged: u64,
}

/// A log that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// What has not been [taken](AuditLog::take): JSON lines, each with its line feed.
    pub text: String,
    /// Hash of the last record, 64 hexadecimal digits, to be kept elsewhere.
    pub head: String,
    /// Records written.
    pub n_records: u64,
    /// `SET`s there were.
    pub sets_seen: u64,
    /// `SET`s that were logged.
    pub sets_logged: u64,
}

impl AuditLog {
    /// Begins the log of `run`, at `now`. `secret` is the key of hashed subjects; a run that is to
    /// be repeated bit for bit needs the same one.
    pub fn new(spec: &AuditSpec, secret: &[u8], run: &str, seed: u64, now: u64) -> Self {
        let mut log = AuditLog {
            spec: *spec,
            secret: blake3::derive_key("cache-strategy 2026-11-25 subjects of audit logs", secret),
            sample: Stream::new(seed, "audit sample"),
            text: String::new(),
            head: GENESIS.into(),
            next: 0,
            sets_seen: 0,
            sets_logged: 0,
        };
        let details = [
            ("hashed-subjects", u64::from(spec.subjects == Naming::Hashed)),
            ("sets-one-in", spec.sets_one_in),
            ("sets-at-most", spec.sets_at_most),
        ];
        log.write(now, Kind::Start, None, run.to_string(), &details);
        log
    }

    /// Counts a `SET` and says whether it is to be logged.
    #[inline]
    pub fn wants_set(&mut self, object: ObjectId) -> bool {
        self.sets_seen += 1;
        let one_in = self.spec.sets_one_in;
        let wanted = one_in != 0
            && self.sets_logged < self.spec.sets_at_most
            && (one_in == 1 || self.sample.bits_at(u64::from(object.0)).is_multiple_of(one_in));
        self.sets_logged += u64::from(wanted);
        wanted
    }

    /// Logs something about a key, a client or a pattern.
    pub fn record(
        &mut self,
        now: u64,
        kind: Kind,
        tier: Option<&str>,
        subject: &[u8],
        details: &[(&str, u64)],
    ) {
        let subject = match self.spec.subjects {
            Naming::Plain => String::from_utf8_lossy(subject).into_owned(),
            Naming::Hashed => {
                let hash = blake3::keyed_hash(&self.secret, subject).to_hex();
                format!("blake3-keyed:{}", &hash[..HASH_DIGITS / 2])
            }
        };
        self.write(now, kind, tier, subject, details);
    }

    /// Takes what has been written since the last call, for a log too long for memory.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Bytes that are written and not yet taken.
    pub fn pending_bytes(&self) -> usize {
        self.text.len()
    }

    /// Ends the log at `now`.
    pub fn finish(mut self, now: u64) -> Finished {
        let details = [("sets-seen", self.sets_seen), ("sets-logged", self.sets_logged)];
        self.write(now, Kind::End, None, String::new(), &details);
        Finished {
            text: self.text,
            head: self.head,
            n_records: self.next,
            sets_seen: self.sets_seen,
            sets_logged: self.sets_logged,
        }
    }

    fn write(
        &mut self,
        now: u64,
        kind: Kind,
        tier: Option<&str>,
        subject: String,
        details: &[(&str, u64)],
    ) {
        let record = Record {
            sequence: self.next,
            time_ns: now,
            kind,
            tier: tier.map(str::to_string),
            subject,
            details: details.iter().map(|(name, value)| (name.to_string(), *value)).collect(),
            previous: std::mem::take(&mut self.head),
            hash: String::new(),
        };
        let line = serde_json::to_string(&record).expect("strings and numbers become JSON");
        let body = &line[..line.len() - HASH_FIELD.len() - CLOSE.len()];
        self.head = blake3::hash(body.as_bytes()).to_hex().to_string();
        for part in [body, HASH_FIELD, &self.head, CLOSE, "\n"] {
            self.text.push_str(part);
        }
        self.next += 1;
    }
}

/// A log that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many records.
    pub n_records: u64,
    /// Hash of the last.
    pub head: String,
    /// Whether the last is `END`. If not, the end may be missing.
    pub ended: bool,
}

/// The first place where a log does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Broken {
    /// Line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub what: What,
}

/// What is wrong with a line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is no record at all.
    Malformed(String),
    /// Its hash is not that of its bytes.
    Changed,
    /// Its number is not the next one.
    Sequence {
        /// The next one.
        expected: u64,
        /// Its number.
        found: u64,
    },
    /// It does not name the record before it.
    Unchained,
    /// It follows the `END`.
    AfterEnd,
    /// The last record is not the one whose hash was kept.
    Head {
        /// The hash that was kept.
        expected: String,
        /// That of the last record.
        found: String,
    },
    /// There is no record.
    Empty,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Malformed(why) => write!(f, "not a record of an audit log: {why}"),
            What::Changed => {
                f.write_str("the record was changed: its hash is not that of its bytes")
            }
            What::Sequence { expected, found } => write!(
                f,
                "record {found} where {expected} was expected: records were removed, inserted or moved"
            ),
            What::Unchained => f.write_str("the record does not continue the one before it"),
            What::AfterEnd => f.write_str("a record after the END of the log"),
            What::Head { expected, found } => write!(
                f,
                "the log ends with hash {found}, but {expected} was kept: its end is missing or it was rewritten"
            ),
            What::Empty => f.write_str("the log is empty; its first record should be START"),
        }
    }
}

/// Checks a log line by line, in constant memory.
#[derive(Debug, Clone)]
pub struct Verifier {
    n_records: u64,
    head: String,
    ended: bool,
}

impl Default for Verifier {
    fn default() -> Self {
        Verifier { n_records: 0, head: GENESIS.into(), ended: false }
    }
}

impl Verifier {
    /// Checks the next line, given without its line feed, and gives its record.
    ///
    /// # Errors
    /// If the chain breaks here. What follows is then not worth checking.
    pub fn line(&mut self, line: &[u8]) -> Result<Record, Broken> {
        let record = self.check(line).map_err(|what| self.broken(self.n_records + 1, what))?;
        self.n_records += 1;
        self.head.clone_from(&record.hash);
        self.ended = record.kind == Kind::End;
        Ok(record)
    }

    /// Ends the check. `head` is the hash of the last record as it was kept elsewhere; without it a
    /// log that was rewritten from some record on, or cut, holds.
    ///
    /// # Errors
    /// If there was no record, or the last is another.
    pub fn finish(self, head: Option<&str>) -> Result<Verified, Broken> {
        if self.n_records == 0 {
            return Err(self.broken(1, What::Empty));
        }
        if let Some(expected) = head
            && !expected.eq_ignore_ascii_case(&self.head)
        {
            let what = What::Head { expected: expected.into(), found: self.head.clone() };
            return Err(self.broken(self.n_records, what));
        }
        Ok(Verified { n_records: self.n_records, head: self.head, ended: self.ended })
    }

    fn broken(&self, line: u64, what: What) -> Broken {
        Broken { line, what }
    }

    fn check(&self, line: &[u8]) -> Result<Record, What> {
        let malformed = |why: &str| What::Malformed(why.into());
        let body_len = line.len().checked_sub(TAIL).ok_or_else(|| malformed("too short"))?;
        let (body, tail) = line.split_at(body_len);
        let stated = tail
            .strip_prefix(HASH_FIELD.as_bytes())
            .and_then(|rest| rest.strip_suffix(CLOSE.as_bytes()))
            .ok_or_else(|| malformed("it does not end in a `hash` of 64 digits"))?;
        if stated != blake3::hash(body).to_hex().as_bytes() {
            return Err(What::Changed);
        }
        let record: Record =
            serde_json::from_slice(line).map_err(|error| What::Malformed(error.to_string()))?;
        if record.sequence != self.n_records {
            return Err(What::Sequence { expected: self.n_records, found: record.sequence });
        }
        if record.previous != self.head {
            return Err(What::Unchained);
        }
        if self.ended {
            return Err(What::AfterEnd);
        }
        if (record.kind == Kind::Start) != (record.sequence == 0) {
            return Err(malformed("a log has one START, its first record"));
        }
        Ok(record)
    }
}

/// Checks all lines, given without line feeds, and the head if it is known.
///
/// # Errors
/// The first line at which the log does not hold.
pub fn verify<L: AsRef<[u8]>>(
    lines: impl IntoIterator<Item = L>,
    head: Option<&str>,
) -> Result<Verified, Broken> {
    let mut verifier = Verifier::default();
    for line in lines {
        verifier.line(line.as_ref())?;
    }
    verifier.finish(head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec(subjects: Naming) -> AuditSpec {
        AuditSpec { subjects, ..AuditSpec::default() }
    }

    /// START, `n` records and END.
    fn log_of(n: u64) -> Finished {
        let mut log = AuditLog::new(&spec(Naming::Hashed), b"secret", "a run", 1, 0);
        for i in 0..n {
            let key = format!("user:{}:cart", i % 3);
            log.record(i * 10, Kind::Set, Some("L1"), key.as_bytes(), &[("bytes", i)]);
        }
        log.finish(n * 10)
    }

    fn lines(text: &[u8]) -> Vec<&[u8]> {
        text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n').collect()
    }

    #[test]
    fn a_log_holds_as_it_is_written() {
        let log = log_of(5);
        let verified = verify(lines(log.text.as_bytes()), Some(&log.head)).unwrap();
        assert_eq!(verified, Verified { n_records: 7, head: log.head, ended: true });
        assert_eq!(log.n_records, 7);
    }

    /// The rule of the module's documentation, followed by hand.
    #[test]
    fn others_can_verify_it_from_the_bytes_alone() {
        let log = log_of(2);
        let mut previous = "0".repeat(64);
        for line in log.text.lines() {
            let (body, hash) = line.split_at(line.len() - 75);
            assert!(body.ends_with(&format!("\"previous\":\"{previous}\"")), "{body}");
            previous = blake3::hash(body.as_bytes()).to_hex().to_string();
            assert_eq!(hash, format!(",\"hash\":\"{previous}\"}}"));
        }
        assert_eq!(previous, log.head);
        assert!(log.text.starts_with(
            "{\"sequence\":0,\"time-ns\":0,\"kind\":\"START\",\"tier\":null,\"subject\":\"a run\","
        ));
    }

    /// Each byte of a log as each of the 255 others; what stands before its line is checked once.
    #[test]
    fn every_single_byte_that_differs_is_detected() {
        let log = log_of(2);
        let mut text = log.text.into_bytes();
        let mut verifier = Verifier::default();
        let mut start = 0;
        while start < text.len() {
            let length = text[start..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
            for at in start..start + length {
                let right = text[at];
                for wrong in (0..=u8::MAX).filter(|byte| *byte != right) {
                    text[at] = wrong;
                    let mut verifier = verifier.clone();
                    let detected = lines(&text[start..]).iter().any(|l| verifier.line(l).is_err());
                    assert!(detected, "byte {at} as {wrong}");
                }
                text[at] = right;
            }
            verifier.line(&text[start..start + length - 1]).unwrap();
            start += length;
        }
        assert_eq!(verifier.finish(Some(&log.head)).unwrap().n_records, 4);
    }

    #[test]
    fn removing_inserting_and_moving_are_detected_where_they_happen() {
        let log = log_of(4);
        let whole = lines(log.text.as_bytes());
        for i in 0..whole.len() - 1 {
            let mut cut = whole.clone();
            cut.remove(i);
            let broken = verify(cut, None).unwrap_err();
            let (expected, line) = (i as u64, i as u64 + 1);
            let found = expected + 1;
            assert_eq!(broken, Broken { line, what: What::Sequence { expected, found } });

            let mut twice = whole.clone();
            twice.insert(i, whole[i]);
            assert_eq!(verify(twice, None).unwrap_err().line, i as u64 + 2);
        }
        for i in 0..whole.len() {
            for j in 0..i {
                let mut moved = whole.clone();
                moved.swap(i, j);
                assert_eq!(verify(moved, None).unwrap_err().line, j as u64 + 1);
            }
        }
    }

    /// A forger who computes a right hash for one record still breaks the chain at the next.
    #[test]
    fn a_forged_record_breaks_the_chain_after_it() {
        let log = log_of(2);
        let mut whole: Vec<String> = log.text.lines().map(str::to_string).collect();
        let body = whole[1][..whole[1].len() - TAIL].replace("\"bytes\":0", "\"bytes\":9");
        let hash = blake3::hash(body.as_bytes()).to_hex();
        whole[1] = format!("{body}{HASH_FIELD}{hash}{CLOSE}");
        assert_eq!(verify(&whole, None), Err(Broken { line: 3, what: What::Unchained }));
    }

    #[test]
    fn a_missing_end_shows_and_a_kept_head_proves_it() {
        let log = log_of(3);
        let whole = lines(log.text.as_bytes());
        let cut = &whole[..3];
        assert!(!verify(cut, None).unwrap().ended);
        let broken = verify(cut, Some(&log.head)).unwrap_err();
        assert!(matches!(broken, Broken { line: 3, what: What::Head { .. } }), "{broken}");
        assert_eq!(verify(&whole[..0], None), Err(Broken { line: 1, what: What::Empty }));
    }

    #[test]
    fn nothing_may_follow_the_end() {
        let log = log_of(0);
        let mut more = AuditLog {
            spec: AuditSpec::default(),
            secret: [0; 32],
            sample: Stream::new(1, "t"),
            text: log.text,
            head: log.head,
            next: 2,
            sets_seen: 0,
            sets_logged: 0,
        };
        more.record(1, Kind::Set, None, b"k", &[]);
        let broken = verify(lines(more.text.as_bytes()), None).unwrap_err();
        assert_eq!(broken, Broken { line: 3, what: What::AfterEnd });
    }

    #[test]
    fn hashed_subjects_hide_the_key_and_stay_the_same() {
        let key = b"user:42:\"secret\"";
        let subject_of = |naming, secret: &[u8]| {
            let mut log = AuditLog::new(&spec(naming), secret, "run", 1, 0);
            log.record(1, Kind::GdprDelete, None, key, &[]);
            log.record(2, Kind::Erased, None, key, &[]);
            let text = log.finish(3).text;
            let mut verifier = Verifier::default();
            let records: Vec<Record> =
                text.lines().map(|line| verifier.line(line.as_bytes()).unwrap()).collect();
            assert_eq!(records[1].subject, records[2].subject);
            (records[1].subject.clone(), text)
        };
        let (hashed, text) = subject_of(Naming::Hashed, b"one");
        assert!(!text.contains("user") && !text.contains("42:"));
        assert_ne!(hashed, subject_of(Naming::Hashed, b"two").0);
        assert_eq!(subject_of(Naming::Plain, b"one").0.as_bytes(), key);
    }

    #[test]
    fn sets_are_sampled_by_object_and_limited() {
        let spec = AuditSpec { sets_one_in: 10, sets_at_most: 150, ..AuditSpec::default() };
        let mut log = AuditLog::new(&spec, b"", "run", 7, 0);
        let first: Vec<bool> = (0..1000).map(|o| log.wants_set(ObjectId(o))).collect();
        let logged = first.iter().filter(|wanted| **wanted).count();
        assert!((60..140).contains(&logged), "{logged}");
        // The same objects again, until the limit.
        for (object, wanted) in first.iter().enumerate() {
            let again = log.wants_set(ObjectId(object as u32));
            assert!(again == *wanted || log.sets_logged == 150);
        }
        let finished = log.finish(0);
        assert_eq!((finished.sets_seen, finished.sets_logged), (2000, 150));
        let none = AuditSpec { sets_one_in: 0, ..spec };
        assert!(!AuditLog::new(&none, b"", "run", 7, 0).wants_set(ObjectId(0)));
    }

    #[test]
    fn a_log_taken_in_pieces_is_the_same() {
        let mut log = AuditLog::new(&spec(Naming::Hashed), b"secret", "a run", 1, 0);
        let mut text = String::new();
        for i in 0..4 {
            let key = format!("user:{}:cart", i % 3);
            log.record(i * 10, Kind::Set, Some("L1"), key.as_bytes(), &[("bytes", i)]);
            assert!(log.pending_bytes() > 0);
            text += &log.take();
        }
        text += &log.finish(40).text;
        assert_eq!(text, log_of(4).text);
    }

    proptest! {
        #[test]
        fn any_text_is_logged_and_any_change_detected(
            subjects in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..8),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..6),
        ) {
            let mut log = AuditLog::new(&spec(Naming::Plain), b"", "run", 1, 0);
            for subject in &subjects {
                log.record(5, Kind::Purge, Some("L\"2"), subject, &[("objects", 1)]);
            }
            let log = log.finish(9);
            prop_assert!(verify(lines(log.text.as_bytes()), Some(&log.head)).is_ok());
            let mut text = log.text.clone().into_bytes();
            for (at, byte, what) in edits {
                let at = at.index(text.len());
                match what {
                    0 => text[at] = byte,
                    1 => text.insert(at, byte),
                    _ => drop(text.remove(at)),
                }
            }
            let same_lines = lines(&text) == lines(log.text.as_bytes());
            prop_assert_eq!(verify(lines(&text), Some(&log.head)).is_ok(), same_lines);
        }

        #[test]
        fn garbage_is_an_error_never_a_panic(text in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(verify(lines(&text), None).is_err());
        }
    }
}
