//! A study of flat replays as a file: every policy at every capacity over every trace, exact counts.
//!
//! ```toml
//! schema = 1
//! kind = "flat"
//! name = "eviction"
//! policies = ["lru", "s3-fifo:small-ratio=0.2"]
//! capacities = ["1%", "10%"]     # of the distinct objects; or "1000", or "64MiB" for bytes
//!
//! [[traces]]
//! path = "access.log.zst"
//! ```

use std::fmt;
use std::path::{Path, PathBuf};

use cache::{PolicySpec, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use trace::units::Bytes;

use crate::compare::{Capacity, Size};
use crate::resolve::tidy;
use crate::scenario::Fraction;
use crate::{Error, FORMAT_PARQUET, Source};

/// A complete flat study.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FlatStudy {
    /// Version of this form: 1.
    pub schema: u32,
    /// Name of the study.
    pub name: String,
    /// For policies that draw.
    pub seed: u64,
    /// What capacities and sizes count.
    pub unit: Unit,
    /// The policies, as written.
    pub policies: Vec<String>,
    /// The capacities.
    pub capacities: Vec<Size>,
    /// The traces.
    pub traces: Vec<FlatTrace>,
}

/// A trace of a flat study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FlatTrace {
    /// File, relative to the study.
    pub path: PathBuf,
    /// Name in results; the file's name without endings by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Format; detected from the content where that is certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

/// A flat study: every policy at every capacity over every trace, single caches, counts only.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "FlatStudy")]
struct File {
    /// Version of this file format: 1.
    schema: u32,
    /// "flat", which tells it from a scenario.
    #[allow(dead_code)]
    #[schemars(extend("const" = KIND))]
    kind: String,
    /// Name of the study.
    name: String,
    /// What the study asks.
    #[serde(default)]
    #[allow(dead_code)]
    description: String,
    /// For policies that draw.
    #[serde(default = "one")]
    seed: u64,
    /// What capacities and sizes count: objects, or bytes if all capacities are amounts of memory.
    #[serde(default)]
    unit: Option<Unit>,
    /// Policies with parameters, such as "s3-fifo:small-ratio=0.2"; `cache-strategy policies` lists them.
    policies: Vec<String>,
    /// Capacities: "1000" objects, "1%" of the distinct objects or of the footprint, "64MiB".
    #[serde(deserialize_with = "in_quotes")]
    capacities: Vec<String>,
    /// The traces to replay.
    traces: Vec<FlatTrace>,
}

/// The JSON Schema of a flat study, for editors.
pub fn flat_schema() -> String {
    let schema = schemars::schema_for!(File);
    serde_json::to_string_pretty(&schema).expect("a schema is plain JSON") + "\n"
}

/// A capacity as text: what a bare number counts is for the unit to say.
struct InQuotes(String);

impl<'de> Deserialize<'de> for InQuotes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = InQuotes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a capacity in quotes, such as \"1000\" (objects), \"1%\" or \"64MiB\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<InQuotes, E> {
                Ok(InQuotes(text.to_string()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

fn in_quotes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<InQuotes>::deserialize(deserializer)?;
    Ok(texts.into_iter().map(|text| text.0).collect())
}

fn one() -> u64 {
    1
}

/// What `kind` says of a study of this sort.
pub(crate) const KIND: &str = "flat";

impl FlatStudy {
    /// Reads a study whose paths start at `dir`.
    pub(super) fn parse(source: &Source, dir: &Path) -> Result<FlatStudy, Error> {
        let file: File = source.parse()?;
        if file.schema != 1 {
            let message =
                format!("schema {} is not known to this version, which reads 1", file.schema);
            return Err(source.error_at(&["schema"], &message, None));
        }
        for (list, empty) in [
            ("policies", file.policies.is_empty()),
            ("capacities", file.capacities.is_empty()),
            ("traces", file.traces.is_empty()),
        ] {
            if empty {
                let message = format!("`{list}` needs at least one entry");
                return Err(source.error_at(&[list], &message, None));
            }
        }
        each_once(source, "policies", &file.policies)?;
        each_once(source, "capacities", &file.capacities)?;
        for (i, policy) in file.policies.iter().enumerate() {
            let known = policy.parse::<PolicySpec>().and_then(|spec| policies::resolve(&spec));
            known.map_err(|error| at(source, "policies", i, &error.to_string()))?;
        }
        let capacities = capacities(source, &file)?;
        for (i, trace) in file.traces.iter().enumerate() {
            if let Some(format) = trace.format.as_deref().filter(|name| *name != FORMAT_PARQUET) {
                trace::readers::find(format)
                    .map_err(|error| at(source, "traces", i, &error.to_string()))?;
            }
        }
        let here = |trace: FlatTrace| FlatTrace { path: tidy(&dir.join(&trace.path)), ..trace };
        Ok(FlatStudy {
            schema: 1,
            name: file.name,
            seed: file.seed,
            unit: capacities.1,
            policies: file.policies,
            capacities: capacities.0,
            traces: file.traces.into_iter().map(here).collect(),
        })
    }
}

fn at(source: &Source, list: &str, i: usize, message: &str) -> Error {
    let (message, hint) = crate::source::explained(message);
    source.error_at(&[list, &i.to_string()], message, hint.as_deref())
}

fn each_once(source: &Source, list: &str, texts: &[String]) -> Result<(), Error> {
    let twice = (0..texts.len()).find(|i| texts[..*i].contains(&texts[*i]));
    twice.map_or(Ok(()), |i| Err(at(source, list, i, &format!("`{}` is given twice", texts[i]))))
}

/// The capacities and what they count: as said, or bytes if all are amounts of memory.
fn capacities(source: &Source, file: &File) -> Result<(Vec<Size>, Unit), Error> {
    let mut sizes = Vec::new();
    let mut in_bytes = Vec::new();
    for (i, text) in file.capacities.iter().enumerate() {
        let (capacity, memory) =
            capacity(text).map_err(|message| at(source, "capacities", i, &message))?;
        sizes.push(Size { label: text.clone(), capacity });
        in_bytes.push(memory);
    }
    let unit = match file.unit {
        Some(unit) => unit,
        None if in_bytes.iter().all(|memory| *memory) => Unit::Bytes,
        None => Unit::Objects,
    };
    match in_bytes.iter().position(|memory| *memory && unit == Unit::Objects) {
        Some(i) => {
            let message = "an amount of memory does not go with capacities that count objects\nhint: say `unit = \"bytes\"`";
            Err(at(source, "capacities", i, message))
        }
        None => Ok((sizes, unit)),
    }
}

/// The capacity, and whether it is an amount of memory.
fn capacity(text: &str) -> Result<(Capacity, bool), String> {
    let capacity = if text.trim().ends_with('%') {
        (Capacity::Share(text.parse::<Fraction>()?.share()), false)
    } else if let Ok(number) = text.replace('_', "").parse::<u64>() {
        (Capacity::Amount(number), false)
    } else {
        let bytes = text.parse::<Bytes>();
        let bytes =
            bytes.map_err(|_| format!("`{text}` is not a capacity; write 1000, 1% or 64MiB"))?;
        (Capacity::Amount(bytes.0), true)
    };
    match capacity.0 {
        Capacity::Amount(0) => Err("a capacity of 0 holds nothing".into()),
        Capacity::Share(share) if share <= 0.0 => Err("a capacity of 0 holds nothing".into()),
        Capacity::Amount(amount) if amount > 1 << 53 => {
            Err(format!("`{text}` is more than a capacity can be: at most 2^53"))
        }
        _ => Ok(capacity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<FlatStudy, String> {
        let head = "schema = 1\nkind = \"flat\"\nname = \"f\"\n";
        let tail = "\n[[traces]]\npath = \"a.csv\"\n";
        let source = Source::new("f.toml", format!("{head}{text}{tail}"));
        FlatStudy::parse(&source, Path::new("dir")).map_err(|error| error.to_string())
    }

    #[test]
    fn capacities_say_what_they_count() {
        let unit = |list: &str| {
            parse(&format!("policies = [\"lru\"]\ncapacities = {list}")).map(|study| study.unit)
        };
        assert_eq!(unit("[\"1%\", \"1_000\"]"), Ok(Unit::Objects));
        assert_eq!(unit("[\"64MiB\"]"), Ok(Unit::Bytes));
        let mixed = unit("[\"64MiB\", \"1%\"]").unwrap_err();
        assert!(mixed.starts_with("f.toml:5:15: an amount of memory"), "{mixed}");
        assert_eq!(unit("[\"64MiB\", \"1%\"]\nunit = \"bytes\""), Ok(Unit::Bytes));
    }

    #[test]
    fn what_makes_no_sense_is_shown_with_its_place() {
        for (text, words) in [
            (
                "policies = [\"lru\"]\ncapacities = [\"1%\", 100]",
                "f.toml:5:21: invalid type: integer `100`, expected a capacity in quotes, such as \"1000\"",
            ),
            ("policies = [\"lru\", \"lruu\"]\ncapacities = [\"1%\"]", "f.toml:4:20: "),
            ("policies = [\"lru\"]\ncapacities = [\"0\"]", "f.toml:5:15: a capacity of 0"),
            (
                "policies = [\"lru\"]\ncapacities = [\"much\"]",
                "f.toml:5:15: `much` is not a capacity",
            ),
            (
                "policies = [\"lru\", \"lru\"]\ncapacities = [\"1%\"]",
                "f.toml:4:20: `lru` is given twice",
            ),
            ("policies = []\ncapacities = [\"1%\"]", "f.toml:4:12: `policies` needs at least one"),
            ("policy = [\"lru\"]\ncapacities = [\"1%\"]", "f.toml:4:1: unknown field `policy`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(words), "{error}");
        }
        let error = parse("policies = [\"lruu\"]\ncapacities = [\"1%\"]").unwrap_err();
        assert!(error.contains("did you mean `lru`"), "{error}");
    }

    #[test]
    fn a_study_finds_its_traces_beside_itself() {
        let study = parse("policies = [\"lru\"]\ncapacities = [\"1%\"]").unwrap();
        assert_eq!(study.traces[0].path, Path::new("dir/a.csv"));
    }
}
