//! `trace`: the recordings of the repository against their catalogue, and each subcommand.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use trace::ObjectId;
use trace::generate::Recipe;
use trace::readers::{FORMATS, ReadOptions};

use crate::support::{csv_trace, files, program, repository, workplace, write};

#[derive(Debug, Deserialize)]
struct Catalogue {
    trace: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    file: String,
    format: String,
    requests: u64,
    objects: u64,
    sha256: String,
    script: String,
}

impl Entry {
    fn path(&self) -> PathBuf {
        repository().join("traces").join(&self.file)
    }

    fn info(&self) -> (Value, String) {
        let path = self.path();
        let args = ["trace", "info", path.to_str().unwrap(), "--format", "json", "--top", "3"];
        let outcome = program(&repository(), &args).ok();
        (outcome.json().remove(0), outcome.stderr)
    }
}

fn catalogue() -> Vec<Entry> {
    let text = std::fs::read_to_string(repository().join("traces/catalogue.toml")).unwrap();
    toml::from_str::<Catalogue>(&text).unwrap().trace
}

fn entry(name: &str) -> Entry {
    catalogue().into_iter().find(|entry| entry.name == name).expect("in the catalogue")
}

#[test]
fn the_catalogue_lists_every_recording_with_its_digest() {
    let entries = catalogue();
    for entry in &entries {
        let digest = Sha256::digest(std::fs::read(entry.path()).unwrap());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, entry.sha256, "{}", entry.file);
        assert!(repository().join("traces").join(&entry.script).is_file(), "{}", entry.script);
    }
    let recorded = files(&repository().join("traces"));
    for path in recorded.iter().filter(|p| p.extension().is_some_and(|e| e == "zst" || e == "xz")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(entries.iter().any(|entry| entry.file == name), "{name} is not in the catalogue");
    }
}

#[test]
fn info_counts_what_the_catalogue_says() {
    for entry in catalogue() {
        let (info, said) = entry.info();
        assert_eq!(info["format"], entry.format.as_str());
        let counted = (info["n_requests"].as_u64().unwrap(), info["n_objects"].as_u64().unwrap());
        match entry.name.as_str() {
            // The reader leaves out what was not found; the catalogue counts the lines.
            "web-crawl" => {
                assert_eq!(counted, (232_189, 11_941));
                let said = said.replace(',', "");
                assert!(said.contains("44638 rows left out: status 404"), "{said}");
                assert_eq!(counted.0 + 44_638, entry.requests);
            }
            // The reader takes every address for an object; the catalogue counts lines of 64 bytes.
            "memory-gzip" => assert_eq!(counted, (entry.requests, 109_090)),
            _ => assert_eq!(counted, (entry.requests, entry.objects), "{}", entry.name),
        }
    }
}

#[test]
fn the_addresses_of_gzip_lie_in_the_lines_of_the_catalogue() {
    let entry = entry("memory-gzip");
    let trace =
        trace::readers::read(&entry.path(), &ReadOptions::default(), &mut |_, _| {}).unwrap();
    let keys = trace.columns().keys.as_ref().unwrap();
    let line = |id| keys.label(ObjectId(id)).parse::<u64>().unwrap() / 64;
    let lines: HashSet<u64> = (0..trace.n_objects()).map(line).collect();
    assert_eq!(lines.len() as u64, entry.objects);
}

#[test]
fn every_recording_can_be_looked_at_and_converted() {
    let dir = workplace();
    for entry in catalogue() {
        let path = entry.path();
        let path = path.to_str().unwrap();
        let run = |args: &[&str]| program(dir.path(), &[&["trace"], args].concat()).ok();
        let head = run(&["head", path, "-n", "5", "--format", "json"]).json();
        assert_eq!(head.len(), 5);
        assert!(
            head.iter().enumerate().all(|(i, row)| row["request"] == i && row["key"].is_string())
        );
        assert_eq!(head[0]["object"], 0, "ids are given by first appearance");
        assert_eq!(head[0]["time_ns"].is_null(), entry.name == "memory-gzip");

        let native = format!("{}.parquet", entry.name);
        let said = run(&["convert", path, &native, "--limit", "20000"]).stderr;
        assert!(said.contains(&format!("{native}: 20,000 requests")), "{said}");
        let digest = |args: &[&str]| {
            let info = run(&[&["info", "--format", "json"], args].concat()).json().remove(0);
            (info["digest"].clone(), info["top_objects"].clone())
        };
        assert_eq!(digest(&[path, "--limit", "20000"]), digest(&[&native]), "{}", entry.name);
    }
}

/// Reads a native trace of a workplace.
fn native(dir: &Path, name: &str) -> trace::Trace {
    frames::read_trace(&dir.join(name), &frames::TraceColumns::default()).unwrap()
}

#[test]
fn samples_keep_what_they_are_told() {
    let dir = workplace();
    write(dir.path(), "trace.csv", csv_trace(5000, 1));
    let whole = program(dir.path(), &["trace", "convert", "trace.csv", "all.parquet"]).ok();
    assert_eq!(whole.stdout, "");
    let whole = native(dir.path(), "all.parquet");
    let sample = |how: &[&str]| {
        let args = [&["trace", "sample", "all.parquet", "part.parquet"], how].concat();
        program(dir.path(), &args).ok();
        native(dir.path(), "part.parquet")
    };
    let half = sample(&["--objects", "50%"]);
    assert!((50..=150).contains(&half.n_objects()), "{} of 200", half.n_objects());
    // An object is kept with all of its requests or not at all.
    let count = |trace: &trace::Trace| {
        let keys = trace.columns().keys.clone().unwrap();
        let mut counts = std::collections::BTreeMap::new();
        for object in trace.objects() {
            *counts.entry(keys.label(*object).into_owned()).or_insert(0u32) += 1;
        }
        counts
    };
    let all = count(&whole);
    assert!(count(&half).iter().all(|(key, n)| all[key] == *n));
    assert_eq!(half.digest(), sample(&["--objects", "50%"]).digest());
    assert_ne!(half.digest(), sample(&["--objects", "50%", "--seed", "2"]).digest());

    assert_eq!(sample(&["--requests", "1000..2500"]).n_requests(), 1500);
    // Ten requests a second.
    assert_eq!(sample(&["--time", "1min..2min"]).n_requests(), 600);
    let args = ["trace", "sample", "all.parquet", "part.parquet"];
    let stderr = program(dir.path(), &args).refused();
    assert!(stderr.contains("say what to keep"), "{stderr}");

    let path = entry("build-opens").path();
    let args = ["trace", "sample", path.to_str().unwrap(), "c.parquet", "--clients", "20%"];
    program(dir.path(), &[&args[..], &["--limit", "50000"]].concat()).ok();
    assert!(native(dir.path(), "c.parquet").n_requests() < 50_000);
}

#[test]
fn every_recipe_parses_and_the_small_ones_generate() {
    let dir = workplace();
    let recipes = files(&repository().join("traces/recipes"));
    assert!(recipes.len() >= 4);
    for path in &recipes {
        let text = std::fs::read_to_string(path).unwrap();
        let recipe = Recipe::from_toml(&text, &path.display().to_string()).unwrap();
        assert_eq!(path.file_stem().unwrap().to_str(), Some(recipe.name.as_str()));
    }
    let recipe = repository().join("traces/recipes/loop-scan-mix.toml");
    let generate = |output: &str, more: &[&str]| {
        let args = ["trace", "generate", recipe.to_str().unwrap(), output];
        program(dir.path(), &[&args[..], more].concat()).ok();
        native(dir.path(), output)
    };
    let first = generate("a.parquet", &[]);
    assert_eq!(first.n_requests(), 1_000_000);
    assert_eq!(first.digest(), generate("b.parquet", &[]).digest());
    assert_ne!(first.digest(), generate("c.parquet", &["--seed", "2"]).digest());
}

#[test]
fn the_list_of_formats_is_whole() {
    let json = program(&repository(), &["trace", "formats", "--format", "json"]).ok().json();
    let names: Vec<&str> = json.iter().map(|format| format["format"].as_str().unwrap()).collect();
    let mut expected: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    expected.push("parquet");
    assert_eq!(names, expected);
}

#[test]
fn people_see_times_with_their_unit() {
    let dir = workplace();
    write(dir.path(), "trace.csv", "time,key,size\n0,a,1\n1.5,b,1200\n");
    let table = program(dir.path(), &["trace", "head", "trace.csv"]).ok().stdout;
    let last: Vec<&str> = table.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(last, ["1", "1500ms", "get", "b", "1", "1,200"]);
    let info = program(dir.path(), &["trace", "info", "trace.csv"]).ok().stdout;
    assert!(info.contains("span") && info.contains("1.50 s") && info.contains("digest"), "{info}");
    let csv = program(dir.path(), &["trace", "info", "trace.csv", "--format", "csv"]).ok().stdout;
    assert!(csv.starts_with("fact,value\n") && csv.contains("\nrequests,2\n"), "{csv}");
}
