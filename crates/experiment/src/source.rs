//! A text file with positions: errors point at file, line and column.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::{Error, Setting};

/// A TOML file and its text.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    text: String,
}

impl Source {
    /// A text under the name its errors show.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Source { name: name.into(), text: text.into() }
    }

    /// Reads a file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
        Ok(Source::new(path.display().to_string(), text))
    }

    /// Reads a file again, to point at the value with this path. There is no line to point at where one of
    /// `settings` gave the value, nor in what can be read only once, such as a pipe.
    pub(crate) fn again(file: &Path, settings: &[Setting], path: &[&str]) -> Source {
        let path = path.join(".");
        let gives = |setting: &Setting| {
            let (given, of) = (format!("{}.", setting.path), format!("{path}."));
            of.starts_with(&given) || given.starts_with(&of)
        };
        if settings.iter().any(gives) {
            return Source::new("the scenario with --set", "");
        }
        let again = Some(file).filter(|file| file.is_file()).map(Source::open);
        again.and_then(Result::ok).unwrap_or_else(|| Source::new(file.display().to_string(), ""))
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Parses the whole text as `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        toml::from_str(&self.text).map_err(|error| {
            let (message, hint) = explained(error.message());
            self.error(error.span(), message, hint.as_deref())
        })
    }

    /// An error at the value with this dotted path, or at the nearest ancestor in the file.
    pub fn error_at(&self, path: &[&str], message: &str, hint: Option<&str>) -> Error {
        self.error(self.span_of(path), message, hint)
    }

    fn error(&self, span: Option<Range<usize>>, message: &str, hint: Option<&str>) -> Error {
        let mut out = match &span {
            Some(span) => self.render(span.clone(), message),
            None => format!("{}: {message}", self.name),
        };
        if let Some(hint) = hint {
            let _ = write!(out, "\nhint: {hint}");
        }
        Error::Diagnostic(out)
    }

    /// `file:line:column: message` with the line and a caret under the span.
    fn render(&self, span: Range<usize>, message: &str) -> String {
        let start = span.start.min(self.text.len());
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let line_number = self.text[..start].matches('\n').count() + 1;
        let column = self.text[line_start..start].chars().count() + 1;
        let width =
            self.text[start..span.end.clamp(start, line_end.max(start))].chars().count().max(1);
        let gutter = " ".repeat(line_number.to_string().len());
        format!(
            "{}:{line_number}:{column}: {message}\n{gutter} |\n{line_number} | {}\n{gutter} | {}{}",
            self.name,
            &self.text[line_start..line_end],
            " ".repeat(column - 1),
            "^".repeat(width)
        )
    }

    /// Where values stand, for many look-ups.
    pub(crate) fn places(&self) -> Option<Places<'_>> {
        Some(Places { text: &self.text, root: DeTable::parse(&self.text).ok()? })
    }

    fn span_of(&self, path: &[&str]) -> Option<Range<usize>> {
        let root = DeTable::parse(&self.text).ok()?;
        let (first, rest) = path.split_first()?;
        Some(deepest_span(child(root.get_ref(), first)?, rest))
    }
}

/// A parsed text that knows the lines of its values.
pub(crate) struct Places<'a> {
    text: &'a str,
    root: Spanned<DeTable<'a>>,
}

impl Places<'_> {
    /// The line, from 1, of the value with this path, or of its nearest ancestor in the file.
    pub(crate) fn line(&self, path: &[&str]) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        let span = deepest_span(child(self.root.get_ref(), first)?, rest);
        Some(self.text[..span.start.min(self.text.len())].matches('\n').count() + 1)
    }
}

fn child<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
}

/// Follows the path as far as it goes; elements of arrays are addressed by their number.
fn deepest_span(value: &Spanned<DeValue<'_>>, path: &[&str]) -> Range<usize> {
    let next = path.split_first().and_then(|(key, rest)| {
        let next = match value.get_ref() {
            DeValue::Table(table) => child(table, key),
            DeValue::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        };
        next.map(|next| (next, rest))
    });
    next.map_or_else(|| value.span(), |(next, rest)| deepest_span(next, rest))
}

/// A parser's message and the hint that goes with it: the one it ends in, or the name that was
/// probably meant.
pub(crate) fn explained(message: &str) -> (&str, Option<String>) {
    match message.split_once("\nhint: ") {
        Some((message, hint)) => (message, Some(hint.to_string())),
        // What the parser says of a value that should be one of some names.
        None if message.trim_end() == "wanted string or table" => {
            ("expected a name in quotes", None)
        }
        None => (message.trim_end(), trace::error::did_you_mean(message)),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        #[allow(dead_code)]
        policy: String,
    }

    #[test]
    fn a_misspelt_field_is_shown_with_its_place_and_the_nearest_name() {
        let source = Source::new("a.toml", "# first\npolcy = \"lru\"\n");
        let error = source.parse::<Example>().unwrap_err().to_string();
        assert!(error.starts_with("a.toml:2:1: unknown field `polcy`"), "{error}");
        assert!(error.contains("2 | polcy = \"lru\"\n  | ^^^^^\n"), "{error}");
        assert!(error.ends_with("hint: did you mean `policy`?"), "{error}");
    }

    #[test]
    fn a_hint_comes_last_wherever_it_is_from() {
        let hint = |message| explained(message).1;
        assert_eq!(explained("no `x`\nhint: try `y`"), ("no `x`", Some("try `y`".into())));
        let nested = "policy `p`: unknown field `smal`, expected `small` or `large`";
        assert_eq!(hint(nested).as_deref(), Some("did you mean `small`?"));
        assert_eq!(hint("invalid type: string \"x\", expected u64"), None);
    }

    #[test]
    fn a_path_is_found_in_tables_and_in_arrays_of_tables() {
        let text = "[a.b]\nc = 1\n[[d]]\ne = 2\n[[d]]\ne.f = 3\n";
        let source = Source::new("a.toml", text);
        let at = |path: &[&str]| source.error_at(path, "here", None).to_string();
        assert!(at(&["a", "b", "c"]).starts_with("a.toml:2:5: here"), "{}", at(&["a", "b", "c"]));
        assert!(at(&["d", "1", "e", "f"]).starts_with("a.toml:6:7: here"));
        assert!(at(&["a", "b", "gone"]).starts_with("a.toml:1:"));
        assert!(at(&["gone"]).starts_with("a.toml: here"));
        let places = source.places().unwrap();
        assert_eq!(places.line(&["d", "1", "e", "f"]), Some(6));
        assert_eq!(places.line(&["gone"]), None);
    }
}
