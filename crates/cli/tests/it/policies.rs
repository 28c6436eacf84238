//! `policies`: the list, and one explained.

use crate::support::{Outcome, command, program, repository, snapshot};

#[test]
fn the_list_has_every_policy() {
    let json = program(&repository(), &["policies", "--format", "json"]).ok().json();
    let text =
        |policy: &'_ serde_json::Value, field: &str| policy[field].as_str().unwrap().to_string();
    let names: Vec<_> =
        json.iter().map(|policy| (text(policy, "policy"), text(policy, "kind"))).collect();
    let names: Vec<_> = names.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
    let eviction = policies::ALL.iter().map(|info| (info.name, "eviction"));
    let bounds = policies::bounds::ALL.iter().map(|info| (info.name, "bound"));
    let admission = policies::admission::ALL.iter().map(|info| (info.name, "admission"));
    let prefetch = policies::prefetch::ALL.iter().map(|info| (info.name, "prefetch"));
    let expected: Vec<_> = eviction.chain(bounds).chain(admission).chain(prefetch).collect();
    assert_eq!(names, expected);
    let table = program(&repository(), &["policies"]).ok().stdout;
    let csv = program(&repository(), &["policies", "--format", "csv"]).ok().stdout;
    for (name, _) in expected {
        let starts = |line: &str, end: char| line.trim_start().starts_with(&format!("{name}{end}"));
        assert!(table.lines().any(|line| starts(line, ' ')), "{name}");
        assert!(csv.lines().any(|line| starts(line, ',')), "{name}");
    }
}

#[test]
fn the_list_fits_the_terminal() {
    let list = |columns: &str| {
        let output = command(&repository(), &["policies"]).env("COLUMNS", columns).output();
        let outcome = Outcome::new("cache-strategy policies".into(), output.unwrap()).ok();
        let widest = outcome.stdout.lines().map(|line| line.chars().count()).max();
        (widest.unwrap(), outcome.stdout, outcome.stderr)
    };
    let (widest, table, said) = list("200");
    assert!(
        (150..=200).contains(&widest) && table.contains("source") && said.is_empty(),
        "{widest}"
    );
    let (widest, table, said) = list("90");
    assert!((80..=90).contains(&widest) && !table.contains("source"), "{widest}");
    assert_eq!(said, "not all columns fit the terminal; --format csv has them all\n");
    // Long texts go on in the next line, whole words at a time, with nothing before them.
    assert!(table.lines().any(|line| line.trim() == "ghost hits advise"), "{table}");
    let (widest, table, _) = list("60");
    assert!(widest <= 60 && !table.contains("family") && table.contains("w-tiny-lfu"), "{widest}");
    let (unlimited, table, _) = list("");
    assert!(
        unlimited > 200
            && table.contains("Recency and frequency share the cache as ghost hits advise")
    );
}

#[test]
fn a_library_that_is_not_built_in_says_how_to_get_it() {
    if policies::find("moka").is_ok() {
        return;
    }
    for args in [
        &["policies", "moka"][..],
        &["replay", "t", "-c", "1", "-p", "lru,quick-cache"],
        &["mrc", "t", "-p", "foyer"],
    ] {
        let said = program(&repository(), args).refused();
        assert!(said.contains("which is a library of others\nhint: build it in: `cargo run --release --features products -- ...`"), "{said}");
    }
}

#[test]
fn a_policy_is_explained_by_name_and_by_alias() {
    let explain = |name: &str| program(&repository(), &["policies", name]).ok().stdout;
    snapshot("policy-s3-fifo", &explain("s3-fifo"));
    for info in policies::all() {
        let text = explain(info.name);
        assert!(text.starts_with(&format!("{}: {}", info.name, info.doc.trim())), "{text}");
        for alias in info.aliases {
            assert!(text.contains(explain(alias).trim()), "{alias}");
        }
        check_entry(info, &text);
    }
    for info in policies::admission::ALL {
        check_entry(info, &explain(info.name));
    }
    for info in policies::prefetch::ALL {
        check_entry(info, &explain(info.name));
    }
}

fn check_entry<K>(info: &cache::Info<K>, text: &str) {
    assert!(text.contains(&format!("{}: {}", info.name, info.doc.trim())), "{text}");
    assert!(repository().join(info.file).is_file(), "{}", info.file);
    for parameter in (info.parameters)() {
        assert!(text.contains(&parameter.doc) && !parameter.doc.is_empty(), "{text}");
    }
}

/// `size` is an eviction policy and an admission policy.
#[test]
fn a_name_of_two_kinds_explains_both() {
    let text = program(&repository(), &["policies", "size"]).ok().stdout;
    assert_eq!(text.matches("\n  kind        ").count(), 2, "{text}");
    let json = program(&repository(), &["policies", "size", "--format", "json"]).ok().json();
    let kinds: Vec<_> = json.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["eviction", "admission"]);
}

#[test]
fn an_unknown_policy_gets_the_nearest_name() {
    program(&repository(), &["policies", "lur"]).refused_with(
        "no policy is called `lur`\nhint: did you mean `lru`? `cache-strategy policies` lists them",
    );
}
