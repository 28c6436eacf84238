//! Documents that the program prints and the repository keeps.

use serde_json::Value;

use crate::support::{
    SCENARIO, files, program, read, repository, same_as_file, snapshot, tiny_study,
};

#[test]
fn documents_are_up_to_date() {
    for (file, args) in [
        ("docs/policies.md", &["policies", "--markdown"][..]),
        ("docs/formats.md", &["trace", "formats", "--markdown"]),
        ("docs/scenario.schema.json", &["schema", "scenario"]),
        ("docs/flat.schema.json", &["schema", "flat"]),
        ("docs/baseline.schema.json", &["schema", "baseline"]),
        ("docs/recipe.schema.json", &["schema", "recipe"]),
        ("docs/results.md", &["schema", "results"]),
    ] {
        let outcome = program(&repository(), args).ok();
        assert_eq!(outcome.stderr, "");
        same_as_file(file, &outcome.stdout);
    }
}

fn schema(what: &str) -> Value {
    let outcome = program(&repository(), &["schema", what]).ok();
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// Follows `$ref`, and of an `anyOf` the arm that is an object if a table is looked for, or else the first
/// that is not null.
fn followed<'a>(root: &'a Value, node: &'a Value, is_table: bool) -> &'a Value {
    if let Some(name) = node["$ref"].as_str() {
        let definition = root.pointer(name.trim_start_matches('#')).expect("a definition");
        return followed(root, definition, is_table);
    }
    match node["anyOf"].as_array() {
        Some(arms) => {
            let object = arms.iter().find(|arm| is_table && arm["type"] == "object");
            let arm = object.or_else(|| arms.iter().find(|arm| arm["type"] != "null"));
            followed(root, arm.expect("not only null"), is_table)
        }
        None => node,
    }
}

/// Checks the fields of tables against their schema, which is what misspelt names fail on.
fn check(root: &Value, node: &Value, value: &toml::Value, path: &str) -> Result<(), String> {
    let node = followed(root, node, value.is_table());
    match value {
        toml::Value::Table(table) => {
            for name in node["required"].as_array().into_iter().flatten() {
                let name = name.as_str().expect("a name");
                if !table.contains_key(name) {
                    return Err(format!("{path} lacks {name}"));
                }
            }
            for (name, value) in table {
                let inner = match (&node["properties"][name], &node["additionalProperties"]) {
                    (Value::Null, open @ Value::Object(_)) => open,
                    (Value::Null, _) => return Err(format!("{path} has no field {name}")),
                    (inner, _) => inner,
                };
                check(root, inner, value, &format!("{path}.{name}"))?;
            }
            Ok(())
        }
        toml::Value::Array(values) => values
            .iter()
            .enumerate()
            .try_for_each(|(i, value)| check(root, &node["items"], value, &format!("{path}.{i}"))),
        _ => Ok(()),
    }
}

#[test]
fn the_schema_knows_the_fields_of_scenarios_and_no_others() {
    let schema = schema("scenario");
    let quickstart = read(&repository(), "scenarios/quickstart.toml");
    let accepts = |text: &str| check(&schema, &schema, &toml::from_str(text).unwrap(), "");
    accepts(&quickstart).unwrap();
    accepts(SCENARIO).unwrap();
    assert_eq!(
        accepts(&quickstart.replace("metric =", "metrics =")).unwrap_err(),
        " has no field metrics"
    );
    let misspelt = quickstart.replace("tiers.L3.capacity", "tiers.L3.capcity");
    assert_eq!(accepts(&misspelt).unwrap_err(), ".stack.tiers.L3 has no field capcity");
    assert_eq!(
        accepts(&quickstart.replace("[[traces]]", "[[trace]]")).unwrap_err(),
        " lacks traces"
    );
}

#[test]
fn shipped_files_name_their_schema_for_editors_and_keep_to_it() {
    for path in files(&repository().join("scenarios")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let kind = match path.parent().unwrap().ends_with("baselines") {
            true => "baseline",
            false if text.contains("\nkind = \"flat\"") => "flat",
            false => "scenario",
        };
        let Some(reference) = text.lines().next().and_then(|l| l.strip_prefix("#:schema ")) else {
            panic!("{path:?} does not start with `#:schema ...`")
        };
        let named = path.parent().unwrap().join(reference).canonicalize().unwrap();
        let kept = format!("docs/{kind}.schema.json");
        assert_eq!(named, repository().join(kept).canonicalize().unwrap(), "{path:?}");
        let schema = schema(kind);
        let accepts = |text: &str| check(&schema, &schema, &toml::from_str(text).unwrap(), "");
        assert_eq!(accepts(&text), Ok(()), "{path:?}");
        let misspelt = text.replacen("\nschema =", "\nschemas =", 1);
        assert!(accepts(&misspelt).is_err(), "{path:?}");
    }
}

#[test]
fn show_prints_the_file_or_everything_worked_out() {
    let dir = tiny_study();
    let plain = program(dir.path(), &["show", "scenario.toml"]).ok();
    assert_eq!(plain.stdout, SCENARIO);
    let resolved = program(dir.path(), &["show", "scenario.toml", "--resolved"]).ok();
    snapshot("show-resolved", &resolved.stdout);
    let set = ["show", "scenario.toml", "--resolved", "--set", "stack.tiers.L1.capacity=5MiB"];
    let changed = program(dir.path(), &set).ok().stdout;
    assert!(changed.contains("capacity = \"5MiB\"") && !changed.contains("20%"), "{changed}");
}
