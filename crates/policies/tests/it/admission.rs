//! AdaptSize on the trace that its authors give away with it, if it is there.

use std::ops::ControlFlow;

use cache::{Chosen, Job, PolicySpec, Unit};
use trace::Trace;

use crate::reference::{folders, load};

fn object_hit_ratio(trace: &Trace, door: &str, share: f64) -> f64 {
    let door: PolicySpec = door.parse().unwrap();
    let info = policies::find_admission(&door.name).unwrap();
    let job = Job {
        trace,
        capacity: (trace.footprint_bytes() as f64 * share) as u64,
        unit: Unit::Bytes,
        warmup: 0,
        seed: 1,
        next_use: None,
        check: true,
        admission: Some(Chosen { info, parameters: &door.parameters }),
        prefetch: None,
    };
    let lru = policies::find("lru").unwrap();
    let counts = (lru.kind.run)(&job, &Default::default(), &mut |_| ControlFlow::Continue(()));
    1.0 - counts.unwrap().unwrap().miss_ratio()
}

/// The trace has 67,000 requests, so it is tuned more often than by default. It must beat plain LRU,
/// and come near the best of all powers of four as a fixed c.
#[test]
fn adapt_size_beats_lru_on_its_own_trace() {
    let Some((folder, _)) = folders() else { return };
    let source = ("adapt_size_keyed", "adapt_size-request.trace.xz", "adapt-size");
    let Some(trace) = load(&folder.join("traces"), source) else { return };
    for share in [0.01, 0.05, 0.1] {
        let tuned = object_hit_ratio(&trace, "adapt-size:interval=5000", share);
        let lru = object_hit_ratio(&trace, "always", share);
        assert!(tuned > 1.05 * lru, "{share}: {tuned}, LRU {lru}");
        let fixed = (3..12).map(|i| format!("size-probability:c={}B", 1u64 << (2 * i)));
        let best = fixed.map(|door| object_hit_ratio(&trace, &door, share)).fold(0.0, f64::max);
        assert!(tuned > 0.9 * best, "{share}: {tuned}, the best fixed c {best}");
    }
}
