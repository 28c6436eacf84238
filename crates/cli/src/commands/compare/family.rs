//! Which traces are of one family: statistics count a family as one observation.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use regex::Regex;

const HINT: &str = "hint: write `trace`, `folder`, or an expression over the path of a trace, such as '([a-z]+)-[^/]*$'";

/// Paths that an error lists.
const FEW: usize = 6;

/// How traces are put together.
#[derive(Debug)]
pub(super) enum Families {
    /// Each is its own.
    Trace,
    /// Those of one folder.
    Folder,
    /// Those whose paths agree in the first group of the expression, or in all that it matches.
    Pattern(Regex),
}

impl Families {
    pub(super) fn parse(text: &str) -> Result<Families> {
        Ok(match text {
            "trace" => Families::Trace,
            "folder" => Families::Folder,
            pattern => Families::Pattern(Regex::new(pattern).map_err(|error| {
                let error = error.to_string();
                let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
                anyhow!("--family: `{pattern}` is no regular expression: {reason}\n{HINT}")
            })?),
        })
    }

    /// Refuses an expression that matches none of the paths: it puts nothing together.
    pub(super) fn check(&self, paths: &[&Path]) -> Result<()> {
        let Families::Pattern(pattern) = self else { return Ok(()) };
        if paths.iter().any(|path| pattern.is_match(&path.to_string_lossy())) {
            return Ok(());
        }
        let few: Vec<String> =
            paths.iter().take(FEW).map(|path| path.display().to_string()).collect();
        let more = match paths.len() {
            0..=FEW => String::new(),
            n => format!(" and {} more", n - FEW),
        };
        bail!(
            "--family: `{pattern}` matches no path of a trace: there is {}{more}\n{HINT}",
            few.join(", ")
        )
    }

    /// The family of a trace. One that the expression does not match is its own.
    pub(super) fn of(&self, path: &Path, name: &str) -> String {
        let text = path.to_string_lossy();
        let found = match self {
            Families::Trace => None,
            Families::Folder => {
                path.parent().and_then(Path::file_name).map(|f| f.to_string_lossy())
            }
            Families::Pattern(pattern) => pattern.captures(&text).and_then(|groups| {
                let part = groups.iter().skip(1).flatten().next().or(groups.get(0));
                part.map(|part| part.as_str().into())
            }),
        };
        found.filter(|family| !family.is_empty()).map_or_else(|| name.into(), Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_what_paths_have_in_common() {
        let of = |how: &str, path: &str| Families::parse(how).unwrap().of(Path::new(path), "name");
        assert_eq!(of("trace", "a/lirs-gli.gz"), "name");
        assert_eq!(of("folder", "a/lirs-gli.gz"), "a");
        assert_eq!(of("folder", "lirs-gli.gz"), "name");
        assert_eq!(of("/([a-z]+)-[^/]*$", "a/lirs-gli.gz"), "lirs");
        assert_eq!(of("lirs|oltp", "a/lirs-gli.gz"), "lirs", "without a group, all of it");
        assert_eq!(of("(x)|(lirs)", "a/lirs-gli.gz"), "lirs", "the group that took part");
        assert_eq!(of("arc", "a/lirs-gli.gz"), "name");
        assert!(Families::parse("(").is_err());
    }
}
