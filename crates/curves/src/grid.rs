//! Any policy at given capacities, exactly: a replay each.
//!
//! Replays are independent, so whoever calls may run them on all cores. The alternative, several caches
//! of one policy sharing a pass block by block, was measured and does not pay: reading the trace is 4
//! bytes a request in order, what costs is a cache's own state, and eight caches push each other's
//! out of the processor's. Million requests a second and capacity, CPU time on one core, eight
//! capacities from 5 to 40 % of 915,278 objects (Zipf 1.0, 20 million requests, throw-away kernel):
//!
//! | | one after the other | by blocks of 512 | of 4,096 | of 32,768 |
//! |---|---|---|---|---|
//! | `lru` | 65 | 29 | 31 | 36 |
//! | `s3-fifo` | 97 | 34 | 38 | 41 |

use std::ops::ControlFlow;

use cache::{Job, PolicyInfo, PolicySpec, Progress, Unit};
use trace::{Has, Key, Row, Trace, TraceBuilder};

use crate::{Error, Point};

/// The miss ratio of a policy at one capacity; `None` if `progress` stopped it. `next_use` is
/// computed if the policy needs it and it is not given.
pub fn point(
    trace: &Trace,
    unit: Unit,
    (spec, info): (&PolicySpec, &PolicyInfo),
    capacity: u64,
    seed: u64,
    next_use: Option<&[u32]>,
    progress: Progress<'_>,
) -> Result<Option<Point>, Error> {
    let job = Job {
        trace,
        capacity,
        unit,
        warmup: 0,
        seed,
        next_use,
        check: false,
        admission: None,
        prefetch: None,
    };
    let counts = (info.kind.run)(&job, &spec.parameters, progress)?;
    Ok(counts.map(|counts| Point::exact(capacity, counts.miss_ratio())))
}

/// Whether a policy keeps an object of this size that is all it is asked for. Where its parts round to
/// no room, as those of S3-FIFO do below 20 objects, it does not, and its miss ratio says nothing.
pub fn keeps(
    policy: (&PolicySpec, &PolicyInfo),
    unit: Unit,
    capacity: u64,
    size: u64,
) -> Result<bool, Error> {
    let mut four = TraceBuilder::new(Has { size: true, ..Has::default() });
    for _ in 0..4 {
        four.push(&Row { size, ..Row::of(Key::Int(1)) }).expect("four requests fit");
    }
    let trace = four.finish("one object", "").expect("it has requests");
    let found = point(&trace, unit, policy, capacity, 1, None, &mut |_| ControlFlow::Continue(()))?;
    Ok(found.is_none_or(|point| point.miss_ratio < 1.0))
}
