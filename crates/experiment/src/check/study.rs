//! What is gated: a scenario or a flat study, and what tells one from another.
//!
//! A study is identified by its leaves: every value of the resolved study with its path, but for what
//! cannot change a figure (name, description, what decides the winner or an A/B test, where traces lie).
//! From them come one digest of the whole, one of each part, so that a baseline can say which part
//! changed, and the list of changed values where the leaves themselves were kept.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::flat_study::{FlatStudy, KIND};
use super::metric::Known;
use crate::resolve::{Setting, resolve_source};
use crate::{Error, Resolved, Source};

/// A study to gate.
#[derive(Debug, Clone, PartialEq)]
pub enum Study {
    /// Strategies through a stack of tiers.
    Stack(Box<Resolved>),
    /// Policies at capacities, one cache each.
    Flat(FlatStudy),
}

/// Values of a study by path, each as JSON.
pub type Leaves = BTreeMap<String, String>;

impl Study {
    /// Reads the study in `path`: a scenario, or what says `kind = "flat"`.
    ///
    /// # Errors
    ///
    /// Those of a scenario; and a flat study takes no settings.
    pub fn open(path: &Path, settings: &[Setting]) -> Result<Study, Error> {
        let source = Source::open(path)?;
        let dir = path.parent().unwrap_or(Path::new(""));
        let table: toml::Table = source.parse()?;
        match table.get("kind").map(toml::Value::as_str) {
            None => Ok(Study::Stack(Box::new(resolve_source(&source, dir, settings)?))),
            Some(Some(KIND)) if settings.is_empty() => {
                Ok(Study::Flat(FlatStudy::parse(&source, dir)?))
            }
            Some(Some(KIND)) => {
                let message = "a flat study has no settings\nhint: `--set` is for scenarios; edit the file instead";
                Err(Error::Unfit(format!("{}: {message}", path.display())))
            }
            Some(_) => {
                let hint = Some("write kind = \"flat\", or leave it out of a scenario");
                Err(source.error_at(&["kind"], "there is no such kind of study", hint))
            }
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Study::Stack(study) => &study.name,
            Study::Flat(study) => &study.name,
        }
    }

    /// Seed of all draws.
    pub fn seed(&self) -> u64 {
        match self {
            Study::Stack(study) => study.seed,
            Study::Flat(study) => study.seed,
        }
    }

    /// The metrics it has.
    pub fn known(&self) -> Known {
        match self {
            Study::Stack(study) => Known::of_stack(study.all_tiers()),
            Study::Flat(_) => Known::of_flat(),
        }
    }

    /// Every value that can change a figure. Its traces, in their order, are called `names`.
    pub fn leaves(&self, names: &[&str]) -> Leaves {
        let value = match self {
            Study::Stack(study) => serde_json::to_value(study),
            Study::Flat(study) => serde_json::to_value(study),
        };
        let mut value = value.expect("a study is plain JSON");
        if let Some(fields) = value.as_object_mut() {
            let aside = ["schema", "name", "description", "metric", "test", "seed"];
            fields.retain(|name, _| !aside.contains(&&**name));
        }
        value["traces"] = by_name(value["traces"].take(), names);
        leaves(&value)
    }
}

/// Every value within another, by its path.
pub(crate) fn leaves(value: &Value) -> Leaves {
    let mut leaves = Leaves::new();
    collect(value, String::new(), &mut leaves);
    leaves
}

/// What is said of each trace but for where it lies, which of most is nothing. By name, for in which order
/// they are replayed changes no figure, but of which of them something is said does.
fn by_name(traces: Value, names: &[&str]) -> Value {
    let Value::Array(traces) = traces else { return traces };
    let mut named = serde_json::Map::new();
    for (name, mut trace) in names.iter().zip(traces) {
        if let Some(fields) = trace.as_object_mut() {
            fields.retain(|field, _| field != "path" && field != "name");
            if !fields.is_empty() {
                named.insert((*name).to_string(), trace);
            }
        }
    }
    Value::Object(named)
}

/// Elements of arrays go by their names, with their cells, or else by their numbers.
fn collect(value: &Value, path: String, leaves: &mut Leaves) {
    let below = |name: &str| if path.is_empty() { name.into() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                collect(value, below(name), leaves);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (i, item) in items.iter().enumerate() {
                let name = match (item["name"].as_str(), item["cell"].as_str()) {
                    (Some(name), None | Some("")) => name.to_string(),
                    (Some(name), Some(cell)) => format!("{name} [{cell}]"),
                    (None, _) => i.to_string(),
                };
                collect(item, below(&name), leaves);
            }
        }
        leaf => {
            leaves.insert(path, leaf.to_string());
        }
    }
}

/// The digest of the whole.
pub(super) fn digest(leaves: &Leaves) -> String {
    format!("blake3:{}", hash(leaves.iter()))
}

/// A short digest of each part: of each strategy, of each thing of the library, and of each setting
/// beside them.
pub(super) fn parts(leaves: &Leaves) -> BTreeMap<String, String> {
    let mut grouped: BTreeMap<String, Vec<(&String, &String)>> = BTreeMap::new();
    for leaf in leaves {
        grouped.entry(part(leaf.0)).or_default().push(leaf);
    }
    let short = |leaves: Vec<_>| hash(leaves.into_iter())[..16].to_string();
    grouped.into_iter().map(|(part, leaves)| (part, short(leaves))).collect()
}

fn part(path: &str) -> String {
    let depth = match path.split('.').next() {
        Some("strategies" | "traces" | "faults") => 2,
        Some("library") => 3,
        _ => 1,
    };
    path.split('.').take(depth).collect::<Vec<_>>().join(".")
}

fn hash<'a>(leaves: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (path, value) in leaves {
        hasher.update(format!("{path}\t{value}\n").as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// What differs between two sets of values, in words.
pub(super) fn differences(
    before: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
    shown: bool,
) -> Vec<String> {
    let mut paths: Vec<&String> = before.keys().chain(now.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let words = |path: &String| match (before.get(path), now.get(path)) {
        (Some(before), Some(now)) if before == now => None,
        (Some(before), Some(now)) if shown => Some(format!("{path}: {before} then, {now} now")),
        (Some(_), Some(_)) => Some(format!("{path} changed")),
        (Some(_), None) => Some(format!("{path} is gone")),
        (None, _) => Some(format!("{path} is new")),
    };
    paths.into_iter().filter_map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENARIO: &str = "schema = 1\nname = \"s\"\n[[traces]]\npath = \"a.csv\"\n[stack]\npreset = \"brief\"\n[[strategies]]\nname = \"a\"\n[[strategies]]\nname = \"b\"\n";

    fn leaves(text: &str, set: &[&str]) -> Leaves {
        leaves_of(text, set, &["a"])
    }

    fn leaves_of(text: &str, set: &[&str], names: &[&str]) -> Leaves {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.toml");
        std::fs::write(&path, text).unwrap();
        let settings: Vec<Setting> = set.iter().map(|text| text.parse().unwrap()).collect();
        Study::open(&path, &settings).unwrap().leaves(names)
    }

    #[test]
    fn what_cannot_change_a_figure_is_no_difference() {
        let before = leaves(SCENARIO, &[]);
        let other = SCENARIO.replace("\"s\"", "\"t\"\ndescription = \"d\"\nmetric = \"cost\"");
        assert_eq!(digest(&leaves(&other.replace("a.csv", "b/a.csv"), &[])), digest(&before));
        // Tables of TOML have no order.
        let other = SCENARIO.replace("schema = 1\nname = \"s\"", "name = \"s\"\nschema = 1");
        assert_eq!(leaves(&other, &[]), before);
    }

    #[test]
    fn what_is_said_of_a_trace_stays_with_it() {
        let scenario = |first: &str, second: &str| {
            SCENARIO.replace("path = \"a.csv\"\n", &format!("{first}\n[[traces]]\n{second}\n"))
        };
        let leaves = |text: &str, names: &[&str]| leaves_of(text, &[], names);
        let (a, b) = ("path = \"a.csv\"", "path = \"b.csv\"");
        let scaled = |trace: &str| format!("{trace}\nscale = 100");
        let before = leaves(&scenario(&scaled(a), b), &["a", "b"]);
        let moved = leaves(&scenario(&scaled(b), a), &["b", "a"]);
        assert_ne!(digest(&before), digest(&moved));
        assert_eq!(
            differences(&before, &moved, true),
            ["traces.a.scale: 100.0 then, 1.0 now", "traces.b.scale: 1.0 then, 100.0 now"]
        );
        // The order alone says nothing, nor does a name that it would have anyway.
        assert_eq!(leaves(&scenario(b, &scaled(a)), &["b", "a"]), before);
        let named = scenario(&scaled(&format!("{a}\nname = \"a\"")), b);
        assert_eq!(leaves(&named, &["a", "b"]), before);
    }

    #[test]
    fn a_changed_value_is_named_and_so_is_its_part() {
        let before = leaves(SCENARIO, &[]);
        let now = leaves(SCENARIO, &["stack.tiers.L1.capacity=1MiB"]);
        assert_ne!(digest(&before), digest(&now));
        assert_eq!(
            differences(&before, &now, true),
            ["a", "b"].map(|strategy| format!(
                "strategies.{strategy}.stack.tiers.L1.capacity: \"256MB\" then, \"1MiB\" now"
            ))
        );
        let parts = differences(&parts(&before), &parts(&now), false);
        assert_eq!(parts, ["strategies.a changed", "strategies.b changed"]);
    }

    #[test]
    fn a_kind_is_known_or_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.toml");
        std::fs::write(&path, "schema = 1\nkind = \"flatt\"\n").unwrap();
        let error = Study::open(&path, &[]).unwrap_err().to_string();
        assert!(error.contains("s.toml:2:8: there is no such kind of study"), "{error}");
    }
}
