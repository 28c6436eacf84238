//! `policies`: what there is, from the registry.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::Result;
use cache::{EvictionKind, Family, Info, Paper, Parameter, PolicyInfo};
use serde_json::Value;

use crate::args::{Format, Policies};
use crate::output::{Field, Listing};

pub(crate) fn policies(args: &Policies) -> Result<u8> {
    let mut out = std::io::stdout().lock();
    match &args.name {
        _ if args.markdown => out.write_all(markdown().as_bytes())?,
        Some(name) => {
            let found = named(name)?;
            match args.format {
                Format::Json => {
                    for entry in &found {
                        writeln!(out, "{}", entry.as_json())?;
                    }
                }
                _ => {
                    let texts: Vec<String> = found.iter().map(Entry::explained).collect();
                    out.write_all(texts.join("\n").as_bytes())?;
                }
            }
        }
        None if args.format == Format::Json => {
            for entry in all() {
                writeln!(out, "{}", entry.as_json())?;
            }
        }
        None => {
            drop(out);
            listing().print(args.format)?;
        }
    }
    Ok(0)
}

/// What is registered, of any kind.
struct Entry {
    kind: &'static str,
    /// Of eviction policies, bounds and products.
    eviction: Option<EvictionKind>,
    name: &'static str,
    aliases: &'static [&'static str],
    doc: &'static str,
    paper: Paper,
    parameters: Vec<Parameter>,
    file: &'static str,
}

/// In the order they are listed in: the kinds, then by file.
fn all() -> Vec<Entry> {
    let eviction = policies::all().map(|info| {
        let listed = |list: &[&PolicyInfo]| list.iter().any(|other| other.name == info.name);
        let kind = match info.kind.family {
            Family::Product => "product",
            _ if listed(policies::bounds::ALL) => "bound",
            _ => "eviction",
        };
        Entry { eviction: Some(info.kind), ..Entry::of(kind, info) }
    });
    let admission = policies::admission::ALL.iter().map(|info| Entry::of("admission", info));
    let prefetch = policies::prefetch::ALL.iter().map(|info| Entry::of("prefetch", info));
    eviction.chain(admission).chain(prefetch).collect()
}

/// Those that go by a name, of each kind at most one.
fn named(name: &str) -> Result<Vec<Entry>, cache::Error> {
    let mut found = all();
    found.retain(|entry| entry.name == name || entry.aliases.contains(&name));
    if found.is_empty() {
        if let Err(error @ cache::Error::NotBuiltIn { .. }) = policies::find(name) {
            return Err(error);
        }
        let all = all();
        let names = all.iter().flat_map(|entry| std::iter::once(&entry.name).chain(entry.aliases));
        let nearest = trace::error::nearest(name, names.copied()).map(str::to_string);
        return Err(cache::Error::NoSuchPolicy { what: "policy", name: name.into(), nearest });
    }
    Ok(found)
}

fn listing() -> Listing {
    let columns = ["policy", "kind", "family", "parameters", "what_it_does", "source"];
    let mut listing = Listing::new(&columns).wrapped(&["source", "parameters", "family", "kind"]);
    for entry in all() {
        let parameters: Vec<String> = entry.parameters.iter().map(written).collect();
        listing.push(vec![
            Field::text(entry.name),
            Field::text(entry.kind),
            Field::text(entry.eviction.map_or("", |kind| kind.family.name())),
            Field::text(parameters.join(", ")),
            Field::text(entry.doc),
            Field::text(entry.paper.venue),
        ]);
    }
    listing
}

/// `name=default`, as in a specification.
fn written(parameter: &Parameter) -> String {
    match &parameter.default {
        Value::String(text) => format!("{}={text}", parameter.name),
        other => format!("{}={other}", parameter.name),
    }
}

impl Entry {
    fn of<K>(kind: &'static str, info: &Info<K>) -> Self {
        Entry {
            kind,
            eviction: None,
            name: info.name,
            aliases: info.aliases,
            doc: info.doc.trim(),
            paper: info.paper,
            parameters: (info.parameters)(),
            file: info.file,
        }
    }

    fn as_json(&self) -> Value {
        let parameters: Vec<Value> = self
            .parameters
            .iter()
            .map(|p| serde_json::json!({ "name": p.name, "default": p.default, "doc": p.doc }))
            .collect();
        let Paper { title, venue, doi } = self.paper;
        serde_json::json!({
            "policy": self.name,
            "kind": self.kind,
            "aliases": self.aliases,
            "family": self.eviction.map(|kind| kind.family.name()),
            "doc": self.doc,
            "clairvoyant": self.eviction.is_some_and(|kind| kind.clairvoyant),
            "parameters": parameters,
            "paper": { "title": title, "venue": venue, "doi": doi },
            "file": self.file,
        })
    }

    fn explained(&self) -> String {
        let mut out = format!("{}: {}\n\n", self.name, self.doc);
        let _ = writeln!(out, "  kind        {}", self.kind);
        if let Some(kind) = self.eviction {
            let _ = writeln!(out, "  family      {}", kind.family.name());
        }
        if !self.aliases.is_empty() {
            let _ = writeln!(out, "  also called {}", self.aliases.join(", "));
        }
        if self.eviction.is_some_and(|kind| kind.clairvoyant) {
            out.push_str("  knows the future: a bound, not a policy to deploy\n");
        }
        let Paper { title, venue, doi } = self.paper;
        let _ = writeln!(out, "  source      {title}");
        let doi = if doi.is_empty() { String::new() } else { format!(", doi {doi}") };
        let _ = writeln!(out, "              {venue}{doi}");
        let _ = writeln!(out, "  written in  {}", self.file);
        if self.parameters.is_empty() {
            out.push_str("\nIt takes no parameters.\n");
        } else {
            out.push_str("\nParameters, with their defaults:\n");
            for parameter in &self.parameters {
                let _ = writeln!(out, "  {}\n      {}", written(parameter), parameter.doc);
            }
        }
        out
    }

    fn as_markdown(&self) -> String {
        let mut out = format!("\n## {}\n\n{}.", self.name, self.doc);
        if let Some(kind) = self.eviction {
            let _ = write!(out, " Family: {}.", kind.family.name());
        }
        if !self.aliases.is_empty() {
            let _ = write!(out, " Also called {}.", self.aliases.join(", "));
        }
        let Paper { title, venue, doi } = self.paper;
        let _ = write!(out, "\n\nSource: {title}. {venue}.");
        if !doi.is_empty() {
            let _ = write!(out, " doi:{doi}.");
        }
        out.push('\n');
        if !self.parameters.is_empty() {
            out.push_str("\n| parameter | meaning |\n|---|---|\n");
            for parameter in &self.parameters {
                let doc = parameter.doc.replace('|', "\\|");
                let _ = writeln!(out, "| `{}` | {doc} |", written(parameter));
            }
        }
        out
    }
}

/// docs/policies.md.
fn markdown() -> String {
    let mut out = String::from(
        "# Eviction policies\n\nGenerated by `cache-strategy policies --markdown`; a test keeps it up to date.\nParameters are shown with their defaults, which are the source's.\n",
    );
    let mut kind = "eviction";
    // The same text from any build: products are there only if asked for.
    let product = |entry: &Entry| entry.eviction.is_some_and(|kind| kind.family == Family::Product);
    for entry in all().into_iter().filter(|entry| !product(entry)) {
        if entry.kind != kind {
            kind = entry.kind;
            out.push_str(match kind {
                "bound" => "\n# Bounds\n\nThey know the future, evict nothing, and are run like policies: `cache-strategy replay --policy NAME`.\n",
                "admission" => "\n# Admission policies\n\nBefore a cache of any eviction policy: `cache-strategy replay --admission NAME`. The right size or\nprobability depends on the trace; defaults of those are examples.\n",
                _ => "\n# Prefetchers\n\nBeside a cache of any eviction policy: `cache-strategy replay --prefetch NAME`.\n",
            });
        }
        out.push_str(&entry.as_markdown());
    }
    out
}
