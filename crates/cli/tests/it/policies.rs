//! `policies`: the list, and one explained.

use crate::support::{program, repository, snapshot};

#[test]
fn the_list_has_every_policy() {
    let json = program(&repository(), &["policies", "--format", "json"]).ok().json();
    let names: Vec<&str> = json.iter().map(|policy| policy["policy"].as_str().unwrap()).collect();
    let expected: Vec<&str> = policies::all().map(|info| info.name).collect();
    assert_eq!(names, expected);
    let table = program(&repository(), &["policies"]).ok().stdout;
    let csv = program(&repository(), &["policies", "--format", "csv"]).ok().stdout;
    for name in expected {
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
        assert!(repository().join(info.file).is_file(), "{}", info.file);
        for parameter in (info.parameters)() {
            assert!(text.contains(&parameter.doc) && !parameter.doc.is_empty(), "{text}");
        }
        for alias in info.aliases {
            assert_eq!(explain(alias), text);
        }
    }
}

#[test]
fn an_unknown_policy_gets_the_nearest_name() {
    program(&repository(), &["policies", "lur"]).refused_with(
        "no policy is called `lur`\nhint: did you mean `lru`? `cache-strategy policies` lists them",
    );
}
