//! `policies`: the list, and one explained.

use crate::support::{program, repository, snapshot};

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
