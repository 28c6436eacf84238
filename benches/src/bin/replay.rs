//! How fast every policy replays a trace, on one core, and how much state it keeps.
//!
//! The capacity is a tenth of the objects (unit sizes) or of their bytes (sized). Misses are printed
//! so that a change of results is not mistaken for a change of speed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use benches::{Speed, measure, record_path, show, size_of, zipf};
use cache::{Job, PolicyInfo, Unit};
use serde_json::Map;
use trace::{ReadReport, Sizes, Trace, next_use};

/// Million requests a second that throw-away kernels without a `Cache` around them reached on this
/// trace with unit sizes: what there is to reach.
const GOALS: [(&str, u32); 3] = [("fifo", 300), ("lru", 165), ("s3-fifo", 130)];

/// The system's allocator, counting. Replay allocates next to nothing in its loop, so this costs
/// nothing that is measured.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[allow(unsafe_code, reason = "the only way to see what a policy allocates")]
// SAFETY: every call is passed on as it is; the counters do not touch the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

fn add(bytes: usize) {
    let held = HELD.fetch_add(bytes, Relaxed) + bytes;
    PEAK.fetch_max(held, Relaxed);
}

fn main() -> Result<(), Box<dyn Error>> {
    let record = record_path("replay")?;
    let header = [
        "policy",
        "sizes",
        "requests",
        "objects",
        "capacity",
        "goal_m_per_s",
        "median_m_per_s",
        "min",
        "max",
        "cpu_median",
        "state_bytes_per_object",
        "misses",
    ];
    let unit = zipf()?;
    let next_use = next_use(unit.objects(), unit.n_objects());
    let mut columns = unit.columns().clone();
    columns.size = Some(Sizes::Narrow(
        unit.objects().iter().map(|object| size_of(u64::from(object.0))).collect(),
    ));
    let sized = Trace::new(unit.name(), columns, ReadReport::default())?;
    let mut rows = Vec::new();
    for (label, trace, unit) in [("unit", &unit, Unit::Objects), ("sized", &sized, Unit::Bytes)] {
        let job = Job {
            trace,
            capacity: match unit {
                Unit::Objects => u64::from(trace.n_objects()) / 10,
                Unit::Bytes => trace.footprint_bytes() / 10,
            },
            unit,
            warmup: 0,
            seed: 1,
            next_use: Some(&next_use),
            check: false,
            admission: None,
            prefetch: None,
        };
        for policy in policies::ALL {
            let (Speed { median, min, max, cpu_median }, (misses, state)) =
                measure(trace.n_requests(), || run(policy, &job))?;
            let mut row = vec![policy.name.to_string(), label.to_string()];
            row.extend([trace.n_requests().to_string(), trace.n_objects().to_string()]);
            row.push(job.capacity.to_string());
            let goal = GOALS.iter().find(|goal| goal.0 == policy.name && unit == Unit::Objects);
            row.push(goal.map_or(String::new(), |goal| goal.1.to_string()));
            row.extend([median, min, max, cpu_median].map(|speed| format!("{speed:.1}")));
            row.push(format!("{:.1}", state as f64 / f64::from(trace.n_objects())));
            row.push(misses.to_string());
            rows.push(row);
        }
    }
    show(&header, &rows, record)
}

/// Misses, and the most memory held beyond what was held before.
fn run(policy: &PolicyInfo, job: &Job<'_>) -> Result<(u64, usize), Box<dyn Error>> {
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    let counts = (policy.kind.run)(job, &Map::new(), &mut |_| ControlFlow::Continue(()))?;
    Ok((counts.ok_or("stopped")?.misses(), PEAK.load(Relaxed) - before))
}
