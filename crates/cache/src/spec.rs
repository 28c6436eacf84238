//! A policy as people write it: `lru`, `s3-fifo:version=v1,small-ratio=0.1`.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::Error;

/// A policy name with parameters, not yet looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicySpec {
    /// Name or alias.
    pub name: String,
    /// Parameters given; the rest have their defaults.
    pub parameters: Map<String, Value>,
}

impl PolicySpec {
    /// A policy with its default parameters.
    pub fn named(name: &str) -> Self {
        PolicySpec { name: name.to_string(), parameters: Map::new() }
    }
}

impl FromStr for PolicySpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = |what: String| Error::Spec { spec: text.to_string(), what };
        let (name, rest) = match text.split_once(':') {
            Some((name, rest)) => (name.trim(), Some(rest)),
            None => (text.trim(), None),
        };
        if name.is_empty() {
            return Err(fail("the policy has no name".into()));
        }
        // `weights=1:4` is one parameter: after a colon, what has no `=` belongs to the value.
        let mut parts: Vec<String> = Vec::new();
        for list in rest.into_iter().flat_map(|rest| rest.split(',')) {
            for (i, piece) in list.split(':').enumerate() {
                match parts.last_mut() {
                    Some(last) if i > 0 && !piece.contains('=') => {
                        last.push(':');
                        last.push_str(piece);
                    }
                    _ => parts.push(piece.to_string()),
                }
            }
        }
        let mut parameters = Map::new();
        for part in &parts {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| fail(format!("`{}` is not `parameter=value`", part.trim())))?;
            let (key, value) = (key.trim().to_string(), value.trim());
            // Numbers and booleans as such, all else as text.
            let value = serde_json::from_str::<Value>(value)
                .ok()
                .filter(|parsed| parsed.is_number() || parsed.is_boolean())
                .unwrap_or_else(|| Value::String(value.to_string()));
            if parameters.insert(key.clone(), value).is_some() {
                return Err(fail(format!("`{key}` is given twice")));
            }
        }
        Ok(PolicySpec { name: name.to_string(), parameters })
    }
}

impl fmt::Display for PolicySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (i, (key, value)) in self.parameters.iter().enumerate() {
            let separator = if i == 0 { ':' } else { ',' };
            match value {
                Value::String(text) => write!(f, "{separator}{key}={text}")?,
                other => write!(f, "{separator}{key}={other}")?,
            }
        }
        Ok(())
    }
}

/// Splits a comma-separated list of specifications. A piece that is only `parameter=value` belongs
/// to the policy before it, so `s3-fifo:version=v1,small-ratio=0.1,lru` is two policies.
pub fn split_specs(list: &str) -> Result<Vec<PolicySpec>, Error> {
    let mut texts: Vec<String> = Vec::new();
    for piece in list.split(',') {
        let is_parameter = piece.split_once('=').is_some_and(|(key, _)| !key.contains(':'));
        match texts.last_mut() {
            Some(last) if is_parameter => {
                last.push(if last.contains(':') { ',' } else { ':' });
                last.push_str(piece);
            }
            _ => texts.push(piece.to_string()),
        }
    }
    texts.iter().map(|text| text.parse()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_print_as_they_are_written() {
        for text in
            ["lru", "s3-fifo:version=v1", "slru:fill=room", "slru:weights=1:4", "2q:in-ratio=0.25"]
        {
            let spec: PolicySpec = text.parse().unwrap();
            let mut parts: Vec<_> = text.split([':', ',']).collect();
            let printed = spec.to_string();
            let mut printed: Vec<_> = printed.split([':', ',']).collect();
            parts.sort_unstable();
            printed.sort_unstable();
            assert_eq!(printed, parts);
        }
    }

    #[test]
    fn a_list_keeps_parameters_with_their_policy() {
        let specs = split_specs("lru,s3-fifo:version=v1,small-ratio=0.2,arc").unwrap();
        let names: Vec<_> = specs.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["lru", "s3-fifo", "arc"]);
        assert_eq!(specs[1].parameters["small-ratio"], 0.2);
        assert_eq!(specs[1].parameters["version"], "v1");
        let specs = split_specs("slru:weights=1:1:2,fill=room,lru").unwrap();
        assert_eq!(specs.len(), 2);
        assert_eq!(specs[0].parameters["weights"], "1:1:2");
    }

    #[test]
    fn what_is_not_a_spec_is_refused() {
        for text in ["", ":a=1", "lru:k", "lru:k=1,k=2", "lru:k=1,2"] {
            assert!(text.parse::<PolicySpec>().is_err(), "{text}");
        }
    }
}
