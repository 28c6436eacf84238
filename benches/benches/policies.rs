//! Every policy and every reader's hot path in small: a suite to run before and after a change.
//!
//!     cargo bench -p benches
//!     cargo bench -p benches -- arc
//!
//! A million requests over 100 thousand objects, Zipf 1.0, at a tenth of the objects: it fits the
//! third-level cache and takes a minute. `src/bin/replay.rs` is the benchmark whose figures are quoted.

use std::ops::ControlFlow;
use std::sync::LazyLock;

use cache::{Job, Unit};
use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::Map;
use trace::Trace;
use trace::generate::{Recipe, generate};

const RECIPE: &str = r#"
schema = 1
name = "zipf-1.0-100k"
seed = 1

[source.zipf]
access.zipf = { objects = 100_000, exponent = 1.0 }

[[phase]]
requests = 1_000_000
mix = { zipf = 1 }
"#;

static TRACE: LazyLock<Trace> = LazyLock::new(|| {
    let recipe = Recipe::from_toml(RECIPE, "suite").expect("a recipe");
    generate(&recipe, None).expect("a trace")
});

static NEXT_USE: LazyLock<Vec<u32>> =
    LazyLock::new(|| trace::next_use(TRACE.objects(), TRACE.n_objects()));

fn main() {
    divan::main();
}

fn names() -> impl Iterator<Item = &'static str> {
    policies::ALL.iter().map(|info| info.name)
}

#[divan::bench(args = names(), sample_count = 5, sample_size = 1)]
fn replay(bencher: Bencher<'_, '_>, name: &str) {
    let info = policies::find(name).expect("it is listed");
    let job = Job {
        trace: &TRACE,
        capacity: u64::from(TRACE.n_objects()) / 10,
        unit: Unit::Objects,
        warmup: 0,
        seed: 1,
        next_use: info.kind.clairvoyant.then(|| NEXT_USE.as_slice()),
        check: false,
        admission: None,
        prefetch: None,
    };
    bencher.counter(ItemsCount::new(TRACE.n_requests())).bench(|| {
        (info.kind.run)(&job, &Map::new(), &mut |_| ControlFlow::Continue(()))
            .expect("defaults are right")
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn stack_distances(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(TRACE.n_requests())).bench(|| {
        curves::stack_distance::LruCurve::of(&TRACE, Unit::Objects, &mut |_| {
            ControlFlow::Continue(())
        })
    });
}
