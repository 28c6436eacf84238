//! Replays one policy once over half a million requests, for counting instructions.
//!
//!     once [--policy NAME]
//!
//! Without a policy it makes the same trace and replays nothing: the difference of the two counts is
//! what the replay takes. `benches/instructions.py` runs both under callgrind.

use std::error::Error;
use std::ops::ControlFlow;

use benches::Arguments;
use cache::{Job, Unit};
use serde_json::Map;
use trace::generate::{Recipe, generate};

/// Small enough for callgrind, which is fifty times slower; large enough for a steady state.
const RECIPE: &str = r#"
schema = 1
name = "zipf-1.0-50k"
seed = 1

[source.zipf]
access.zipf = { objects = 50_000, exponent = 1.0 }

[[phase]]
requests = 500_000
mix = { zipf = 1 }
"#;

#[allow(clippy::print_stdout, reason = "these programs print")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse(&["policy"])?;
    let trace = generate(&Recipe::from_toml(RECIPE, "once")?, None)?;
    let mut misses = 0;
    if let Some(name) = arguments.get("policy") {
        let job = Job {
            trace: &trace,
            capacity: u64::from(trace.n_objects()) / 10,
            unit: Unit::Objects,
            warmup: 0,
            seed: 1,
            next_use: None,
            check: false,
            admission: None,
            prefetch: None,
        };
        let run = policies::find(name)?.kind.run;
        let counts = run(&job, &Map::new(), &mut |_| ControlFlow::Continue(()))?;
        misses = counts.ok_or("stopped")?.misses();
    }
    println!("requests {} misses {misses}", trace.n_requests());
    Ok(())
}
