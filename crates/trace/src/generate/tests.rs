//! Whole recipes, from text to trace.

use std::path::Path;

use super::*;
use crate::trace::ObjectId;

fn recipe(text: &str) -> Recipe {
    Recipe::from_toml(&format!("schema = 1\nname = \"t\"\nseed = 1\n{text}"), "t.toml").unwrap()
}

fn labels(trace: &Trace) -> Vec<String> {
    let keys = trace.columns().keys.as_ref().unwrap();
    trace.objects().iter().map(|object| keys.label(*object).into_owned()).collect()
}

#[test]
fn phases_follow_one_another_and_sources_keep_their_place() {
    let recipe = recipe(
        r#"
        source.a = { access.loop = { objects = 3 }, key = "a{}" }
        source.b = { access = "scan", key = "b{}" }
        phase = [
            { requests = 2, mix = { a = 1 } },
            { requests = 3, mix = { b = 1 } },
            { requests = 2, mix = { a = 1 } },
        ]"#,
    );
    let trace = generate(&recipe, None).unwrap();
    assert_eq!(labels(&trace), ["a0", "a1", "b0", "b1", "b2", "a2", "a0"]);
    assert_eq!(trace.report().format, "generated: t");
    assert_eq!(trace.name(), "t");
}

#[test]
fn sources_share_objects_only_if_told_so() {
    let text = r#"
        source.a = { access.loop = { objects = 3 } }
        source.b = { access.loop = { objects = 3 } }
        phase = [{ requests = 3, mix = { a = 1 } }, { requests = 3, mix = { b = 1 } }]"#;
    assert_eq!(generate(&recipe(text), None).unwrap().n_objects(), 6);
    let shared = text.replace("source.a = {", "source.a = { first = 0,");
    let shared = shared.replace("source.b = {", "source.b = { first = 1,");
    let trace = generate(&recipe(&shared), None).unwrap();
    assert_eq!(labels(&trace), ["0", "1", "2", "1", "2", "3"]);
}

#[test]
fn a_mix_interleaves_by_weight() {
    let recipe = recipe(
        r#"
        source.a = { access = "scan", key = "a{}" }
        source.b = { access = "scan", key = "b{}" }
        phase = [{ requests = 10_000, mix = { a = 3, b = 1 } }]"#,
    );
    let trace = generate(&recipe, None).unwrap();
    let from_a = labels(&trace).iter().filter(|label| label.starts_with('a')).count();
    assert!((7350..7650).contains(&from_a), "{from_a}");
}

#[test]
fn a_flash_crowd_takes_its_share_for_a_while() {
    let recipe = recipe(
        r#"
        source.a = { access.uniform = { objects = 1000 }, key = "a{}" }
        source.promo = { access.uniform = { objects = 2 }, key = "promo{}" }
        phase = [{ requests = 9000, mix = { a = 1 } }]
        [[flash-crowd]]
        source = "promo"
        share = 0.5
        after = 3000
        for = 3000"#,
    );
    let labels = labels(&generate(&recipe, None).unwrap());
    let crowd = |part: &[String]| part.iter().filter(|label| label.starts_with("promo")).count();
    assert_eq!((crowd(&labels[..3000]), crowd(&labels[6000..])), (0, 0));
    assert!((1400..1600).contains(&crowd(&labels[3000..6000])));
}

#[test]
fn segments_give_clients_and_regions_and_own_objects() {
    let recipe = recipe(
        r#"
        source.cart = { access = "client", key = "user:{}:cart" }
        [segment.mobile]
        clients = 10
        region = "eu"
        mix = { cart = 1 }
        [segment.web]
        clients = 5
        region = "us"
        mix = { cart = 1 }
        [[phase]]
        requests = 1000
        mix = { mobile = 4, web = 1 }"#,
    );
    let trace = generate(&recipe, None).unwrap();
    let client = trace.columns().client.as_ref().unwrap();
    let region = trace.columns().region.as_ref().unwrap();
    assert_eq!((client.names.len(), region.names.len(), trace.n_objects()), (15, 2, 15));
    for (i, label) in labels(&trace).iter().enumerate() {
        let name = client.names.label(ObjectId(client.ids[i]));
        let (segment, number) = name.split_once('-').unwrap();
        assert_eq!(*label, format!("user:{number}:cart"));
        let place = region.names.label(ObjectId(region.ids[i]));
        assert_eq!(place, if segment == "mobile" { "eu" } else { "us" });
        assert_eq!(segment == "mobile", number.parse::<u64>().unwrap() < 10);
    }
}

#[test]
fn objects_keep_their_size_and_operations_their_shares() {
    let recipe = recipe(
        r#"
        size.lognormal = { median = "4kB", sigma = 1.0 }
        ttl.constant = "1h"
        operations = { set = 0.2, delete = 0.05 }
        source.a = { access.zipf = { objects = 100, exponent = 0.8 } }
        source.eternal = { access = "scan", size.constant = "7B", operations = {} }
        phase = [{ requests = 20_000, mix = { a = 9, eternal = 1 } }]"#,
    );
    let trace = generate(&recipe, None).unwrap();
    let mut sizes = vec![None; trace.n_objects() as usize];
    for (i, object) in trace.objects().iter().enumerate() {
        let size = trace.size(i);
        assert_eq!(*sizes[object.index()].get_or_insert(size), size);
    }
    let share =
        |op| (0..trace.n_requests()).filter(|i| trace.op(*i) == op).count() as f64 / 18_000.0;
    assert!((share(Op::Set) - 0.2).abs() < 0.015 && (share(Op::Delete) - 0.05).abs() < 0.01);
    assert!(trace.columns().ttl_ns.as_ref().unwrap().iter().all(|ttl| *ttl == 3_600_000_000_000));
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_another() {
    let recipe = recipe(
        r#"
        source.a = { access.zipf = { objects = 1000, exponent = 1 } }
        phase = [{ requests = 5000, mix = { a = 1 } }]"#,
    );
    let digest = |seed| generate(&recipe, seed).unwrap().digest();
    assert_eq!(digest(None), digest(Some(1)));
    assert_ne!(digest(None), digest(Some(2)));
}

#[test]
fn adding_a_source_leaves_the_draws_of_others_alone() {
    let with = |extra: &str, mix: &str| {
        let recipe = recipe(&format!(
            r#"
            source.m = {{ access.zipf = {{ objects = 1000, exponent = 1 }}, key = "m{{}}" }}
            {extra}
            phase = [{{ requests = 3000, mix = {{ {mix} }} }}]"#
        ));
        let labels = labels(&generate(&recipe, None).unwrap());
        labels.into_iter().filter(|label| label.starts_with('m')).take(1000).collect::<Vec<_>>()
    };
    let extra = r#"source.a = { access = "scan", key = "a{}" }"#;
    assert_eq!(with("", "m = 1"), with(extra, "m = 1, a = 1"));
}

/// Recipes that come with the project.
fn shipped() -> Vec<(String, Recipe)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../traces/recipes");
    let mut recipes: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let file = path.file_stem().unwrap().to_string_lossy().into_owned();
            let recipe = Recipe::from_toml(&text, &file).unwrap();
            (file, recipe)
        })
        .collect();
    recipes.sort_by(|a, b| a.0.cmp(&b.0));
    recipes
}

#[test]
fn shipped_recipes_are_valid_and_named_like_their_files() {
    let recipes = shipped();
    assert!(recipes.len() >= 4);
    for (file, recipe) in recipes {
        assert_eq!(file, recipe.name);
    }
}

#[test]
fn the_shop_is_what_it_says() {
    let (_, recipe) = shipped().into_iter().find(|(file, _)| file == "ecommerce").unwrap();
    let trace = generate(&recipe, None).unwrap();
    assert_eq!(trace.n_requests(), 500_000);
    let (_, end) = trace.span_ns().unwrap();
    let days = end as f64 / 86_400e9;
    assert!((13.5..14.5).contains(&days), "{days}");
    let keys = trace.columns().keys.as_ref().unwrap();
    for start in ["product:", "user:", "session:", "profile:"] {
        let found = (0..trace.n_objects()).any(|id| keys.label(ObjectId(id)).starts_with(start));
        assert!(found, "{start}");
    }
    // A change in what a recipe makes must be noticed and told.
    assert_eq!(
        trace.digest().to_string(),
        "blake3:5a123b420d01d3af626d80158254186f7467e2406a2384c073849ab8c0abee99"
    );
}

#[test]
fn the_schema_names_what_a_recipe_can_say() {
    let schema = serde_json::to_value(schemars::schema_for!(Recipe)).unwrap();
    for field in ["source", "segment", "phase", "flash-crowd", "operations"] {
        assert!(schema["properties"][field].is_object(), "{field}");
    }
}
