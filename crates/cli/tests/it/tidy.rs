//! House rules that a compiler does not hold.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::{files, files_but, repository};

/// What each crate may use of ours: arrows point down only.
const MAY_USE: &[(&str, &[&str])] = &[
    ("trace", &[]),
    ("cache", &["trace"]),
    ("policies", &["trace", "cache"]),
    // The policies only in its tests.
    ("curves", &["trace", "cache", "policies"]),
    ("learn", &["trace"]),
    ("tiers", &["trace", "cache", "policies", "learn"]),
    // The one that measures: it needs a clock and a network.
    ("calibrate", &["trace", "tiers"]),
    ("analysis", &[]),
    ("frames", &["trace"]),
    ("experiment", &["trace", "cache", "policies", "learn", "tiers", "analysis", "frames"]),
    ("report", &["trace", "analysis", "frames"]),
    (
        "cli",
        &[
            "trace",
            "cache",
            "policies",
            "curves",
            "learn",
            "tiers",
            "analysis",
            "frames",
            "experiment",
            "report",
            "calibrate",
        ],
    ),
];

/// What only some crates may use of others', and why.
const KEPT_IN: &[(&str, &[&str], &str)] = &[
    ("polars", &["frames"], "it costs more build time than all the rest"),
    ("rayon", &["experiment", "cli"], "the core knows no threads"),
    ("aes-gcm", &["calibrate"], "only measuring needs a real cipher"),
    ("chrono", &["cli"], "only the program knows what day it is"),
    ("clap", &["cli"], "only the program has arguments"),
    ("comfy-table", &["cli"], "only the program prints"),
    ("indicatif", &["cli"], "only the program prints"),
    ("anyhow", &["cli"], "libraries have errors with a type"),
];

fn crates() -> Vec<(String, toml::Table)> {
    let mut crates = Vec::new();
    for entry in std::fs::read_dir(repository().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(folder.join("Cargo.toml")) else { continue };
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        let name = manifest["package"]["name"].as_str().unwrap().to_string();
        assert_eq!(folder.file_name().unwrap().to_str(), Some(name.as_str()), "folder and crate");
        crates.push((name, manifest));
    }
    crates.sort_by(|a, b| a.0.cmp(&b.0));
    crates
}

fn dependencies(manifest: &toml::Table, section: &str) -> Vec<String> {
    let table = manifest.get(section).and_then(toml::Value::as_table);
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

/// Files with Rust of ours, tests included.
fn sources() -> Vec<PathBuf> {
    let root = repository();
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "rs");
    files(&root.join("crates")).into_iter().filter(is_rust).collect()
}

/// All files of the repository but what is built or ignored.
fn shared() -> Vec<PathBuf> {
    files_but(&repository(), &["target", ".git", "reports"])
}

fn relative(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap().display().to_string()
}

#[test]
fn crates_use_only_those_below_them() {
    let crates = crates();
    let ours: BTreeSet<&String> = crates.iter().map(|(name, _)| name).collect();
    for (name, manifest) in &crates {
        let (_, may_use) = MAY_USE
            .iter()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("say in this file what crate `{name}` may use"));
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for used in dependencies(manifest, section) {
                let allowed = !ours.contains(&used) || may_use.contains(&used.as_str());
                assert!(allowed, "`{name}` must not use `{used}`");
            }
        }
    }
    let map = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    for name in ours {
        assert!(map.contains(&format!("\n| `{name}` | ")), "ARCHITECTURE.md does not map `{name}`");
    }
}

#[test]
fn heavy_crates_stay_where_they_belong() {
    for (name, manifest) in crates() {
        for used in dependencies(&manifest, "dependencies") {
            for (heavy, homes, why) in KEPT_IN {
                let is_it = used == *heavy || used.starts_with(&format!("{heavy}-"));
                assert!(!is_it || homes.contains(&name.as_str()), "`{name}` uses {used}: {why}");
            }
        }
    }
}

#[test]
fn crates_share_lints_and_versions() {
    for (name, manifest) in crates() {
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{name}");
        for section in ["dependencies", "dev-dependencies"] {
            for (used, how) in
                manifest.get(section).and_then(toml::Value::as_table).into_iter().flatten()
            {
                let shared = how.get("workspace").and_then(toml::Value::as_bool);
                assert_eq!(shared, Some(true), "{name}: the version of {used} belongs in the root");
            }
        }
    }
}

#[test]
fn libraries_do_not_print_and_nothing_is_left_undone() {
    let undone = ["todo!(", "unimplemented!(", "dbg!("];
    let printing = ["println!(", "print!("];
    for path in sources() {
        let name = relative(&path);
        let library = name.contains("/src/") && !name.starts_with("crates/cli/");
        let banned = undone.iter().chain(printing.iter().filter(|_| library));
        let text = std::fs::read_to_string(&path).unwrap();
        // This file spells them out.
        let text = if name.ends_with("it/tidy.rs") { String::new() } else { text };
        for (i, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in banned.clone() {
                assert!(!code.contains(word), "{name}:{}: {word}", i + 1);
            }
        }
    }
}

#[test]
fn every_crate_and_module_says_what_it_is() {
    for path in sources() {
        let name = relative(&path);
        let text = std::fs::read_to_string(&path).unwrap();
        let documented = text.starts_with("//!") || text.starts_with("#![");
        let shipped = name.contains("/src/") && !name.contains("/tests/");
        assert!(documented || !shipped, "{name} does not start with `//!`");
    }
}

#[test]
fn every_policy_is_listed_and_says_where_it_is_from() {
    check_words(policies::all());
    check_words(policies::admission::ALL.iter().copied());
    check_words(policies::prefetch::ALL.iter().copied());
    check_files("eviction", policies::ALL);
    check_files("admission", policies::admission::ALL);
    check_files("prefetch", policies::prefetch::ALL);
    assert!(policies::bounds::ALL.is_sorted_by_key(|info| info.file), "bounds are not in order");
}

fn check_words<K: 'static>(list: impl Iterator<Item = &'static cache::Info<K>> + Clone) {
    for info in list.clone() {
        assert!(!info.paper.venue.is_empty(), "{}: no venue; say folklore", info.name);
        assert!(!info.paper.title.is_empty(), "{}: no title", info.name);
        assert!(!info.doc.trim().is_empty(), "{}: no words", info.name);
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(info.name.chars().all(kebab), "{}: not in kebab case", info.name);
    }
    // A name or alias means one policy of a kind.
    let mut all: Vec<&str> =
        list.flat_map(|info| info.aliases.iter().copied().chain([info.name])).collect();
    all.sort_unstable();
    assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "{all:?}");
}

fn check_files<K>(folder: &str, list: &[&cache::Info<K>]) {
    assert!(list.is_sorted_by_key(|info| info.file), "the list is not in order");
    for path in files(&repository().join("crates/policies/src").join(folder)) {
        let name = relative(&path);
        let listed = list.iter().any(|info| info.file == name);
        assert!(listed || name.ends_with("/mod.rs"), "{name} is not in the list");
    }
}

#[test]
fn no_file_is_large() {
    for path in shared() {
        let name = relative(&path);
        let elsewhere = name.starts_with("traces/") || name.contains("/assets/");
        let size = path.metadata().map(|m| m.len()).unwrap_or(0);
        assert!(elsewhere || size <= 1_000_000, "{name}: {size} bytes");
    }
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    // Put together here, so that this file does not hold them.
    let machine =
        [["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"], ["/tmp", "/bash"]].map(|p| p.concat());
    let text = ["rs", "toml", "md", "json", "html", "css", "js", "yml", "py", "sh", "txt"];
    for path in shared() {
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if !text.contains(&ending.as_str()) {
            continue;
        }
        let name = relative(&path);
        let content = std::fs::read_to_string(&path).unwrap();
        for (i, line) in content.lines().enumerate() {
            for place in &machine {
                assert!(!line.contains(place), "{name}:{}: {place}", i + 1);
            }
        }
    }
}

#[test]
fn every_package_is_from_the_public_registry() {
    let lock = std::fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    let lock: toml::Table = toml::from_str(&lock).unwrap();
    for package in lock["package"].as_array().unwrap() {
        let source = package.get("source").and_then(toml::Value::as_str);
        let public = "registry+https://github.com/rust-lang/crates.io-index";
        assert!(source.is_none_or(|source| source == public), "{package}");
    }
}
