//! Replay behind an admission policy, beside a prefetcher, or both: how tests run it, and what holds
//! whatever the three policies are.

use cache::{Chosen, Counts, Error, Job, PolicySpec, Unit};
use trace::{Has, Key, Row, Trace, TraceBuilder};

use super::{Draws, SEED, VARIANTS};

/// Every admission policy, and variants of it.
pub(super) const ADMISSIONS: &[&str] = &[
    "adapt-size",
    "adapt-size:c=20B,interval=300",
    "always",
    "bloom",
    "probability",
    "probability:probability=0.1",
    "size",
    "size:threshold=9B",
    "size-probability",
    "size-probability:c=7B",
    "tiny-lfu",
    "tiny-lfu:doorkeeper=true,period=3,samples=2",
];

/// Every prefetcher, and variants of it.
pub(super) const PREFETCHERS: &[&str] = &[
    "markov",
    "markov:successors=1",
    "next-block",
    "next-block:degree=3,trigger=miss",
    "next-block:degree=2,step=3,trigger=tagged",
    "probability-graph",
    "probability-graph:arcs=2,lookahead=2,min-chance=0.3",
    "probability-graph:lookahead=1,min-chance=0",
    "stride",
    "stride:degree=3,zone-bits=64",
    "stride:degree=2,zone-bits=4",
];

/// A run, by specifications.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) policy: &'a str,
    pub(super) admission: Option<&'a str>,
    pub(super) prefetch: Option<&'a str>,
    pub(super) capacity: u64,
    pub(super) unit: Unit,
    pub(super) warmup: usize,
}

/// LRU with nothing beside it.
pub(super) fn lru(capacity: u64, unit: Unit) -> Setting<'static> {
    Setting { policy: "lru", admission: None, prefetch: None, capacity, unit, warmup: 0 }
}

impl Setting<'_> {
    pub(super) fn run(&self, trace: &Trace) -> Result<Counts, Error> {
        let parse = |text: &str| text.parse::<PolicySpec>();
        let policy = parse(self.policy)?;
        let admission = self.admission.map(parse).transpose()?;
        let prefetch = self.prefetch.map(parse).transpose()?;
        let job = Job {
            trace,
            capacity: self.capacity,
            unit: self.unit,
            warmup: self.warmup,
            seed: SEED,
            next_use: None,
            check: true,
            admission: admission
                .as_ref()
                .map(|spec| {
                    let info = crate::find_admission(&spec.name)?;
                    Ok(Chosen { info, parameters: &spec.parameters })
                })
                .transpose()?,
            prefetch: prefetch
                .as_ref()
                .map(|spec| {
                    let info = crate::find_prefetch(&spec.name)?;
                    Ok(Chosen { info, parameters: &spec.parameters })
                })
                .transpose()?,
        };
        let go_on = &mut |_| std::ops::ControlFlow::Continue(());
        let counts = (crate::find(&policy.name)?.kind.run)(&job, &policy.parameters, go_on)?;
        Ok(counts.expect("nobody stopped it"))
    }

    #[track_caller]
    pub(super) fn counts(&self, trace: &Trace) -> Counts {
        self.run(trace).unwrap()
    }
}

/// A trace of numbered blocks of these sizes.
pub(super) fn sized(steps: &[(u64, u64)]) -> Trace {
    let mut builder = TraceBuilder::new(Has { size: true, ..Has::default() });
    for (number, size) in steps {
        builder.push(&Row { size: *size, ..Row::of(Key::Int(*number)) }).unwrap();
    }
    builder.finish_even_if_empty("blocks")
}

/// A skewed trace over some blocks, with scans and strides in it; sizes may change.
pub(super) fn some_steps(seed: u64) -> Vec<(u64, u64)> {
    let mut draws = Draws(seed);
    let n_blocks = 10 + draws.below(120);
    let changing = draws.below(2) == 0;
    let (mut left, mut at, mut stride) = (0, 0, 1);
    (0..800)
        .map(|_| {
            if draws.below(50) == 0 {
                (left, at, stride) = (draws.below(40), draws.below(n_blocks), 1 + draws.below(5));
            }
            left = u64::saturating_sub(left, 1);
            at += stride;
            let number = if left > 0 { at } else { draws.skewed(n_blocks) };
            let size = if changing { 1 + draws.below(12) } else { 1 + number * 5 % 12 };
            (number, size)
        })
        .collect()
}

pub(super) fn some_trace(seed: u64) -> Trace {
    sized(&some_steps(seed))
}

/// Whether the policy can be had where capacities count this.
pub(super) fn goes_with(admission: &str, unit: Unit) -> bool {
    crate::resolve_admission(&admission.parse().unwrap(), unit).is_ok()
}

const UNITS: [(Unit, u64); 2] = [(Unit::Objects, 20), (Unit::Bytes, 150)];

/// Count for count, whatever the policy, with and without a warm-up.
#[test]
fn letting_everything_in_changes_nothing() {
    let trace = some_trace(1);
    for policy in VARIANTS {
        for (unit, capacity) in UNITS {
            for warmup in [0, 333, 800] {
                let plain = Setting { policy, warmup, ..lru(capacity, unit) };
                let guarded = Setting { admission: Some("always"), ..plain };
                assert_eq!(plain.counts(&trace), guarded.counts(&trace), "{guarded:?}");
            }
        }
    }
}

/// Every policy copes with objects that no request is for, with any prefetcher and most doors.
#[test]
fn prefetching_adds_no_request_and_uses_no_more_than_it_brought() {
    let trace = some_trace(2);
    for policy in VARIANTS {
        for (i, prefetch) in PREFETCHERS.iter().enumerate() {
            for (unit, capacity) in UNITS {
                let doors: Vec<_> =
                    ADMISSIONS.iter().filter(|door| goes_with(door, unit)).collect();
                let admission = (i > 0).then(|| *doors[i % doors.len()]);
                let run = Setting {
                    policy,
                    admission,
                    prefetch: Some(prefetch),
                    warmup: 100,
                    ..lru(capacity, unit)
                };
                let counts = run.counts(&trace);
                assert_eq!(counts.requests, 700, "{run:?}");
                let ahead = counts.prefetches;
                assert!(ahead.used + ahead.unused <= ahead.issued, "{run:?}: {counts:?}");
                assert!(ahead.used <= counts.hits && ahead.issued <= ahead.bytes, "{run:?}");
                assert_eq!(counts, run.counts(&trace), "{run:?} is not deterministic");
            }
        }
    }
}

/// The rules about doors hold for prefetches: these do not pass them.
#[test]
fn what_is_prefetched_does_not_pass_the_door() {
    let trace = Trace::from_numbers("scan", 0..100);
    let run = Setting {
        admission: Some("probability:probability=0"),
        prefetch: Some("next-block"),
        ..lru(10, Unit::Objects)
    };
    let counts = run.counts(&trace);
    assert_eq!((counts.hits, counts.denied), (99, 1));
}

#[test]
fn every_kind_has_its_variants_under_test() {
    for info in crate::admission::ALL {
        assert!(ADMISSIONS.contains(&info.name), "{}", info.name);
    }
    for info in crate::prefetch::ALL {
        assert!(PREFETCHERS.contains(&info.name), "{}", info.name);
    }
    assert!(crate::admission::ALL.is_sorted_by_key(|info| info.file));
    assert!(crate::prefetch::ALL.is_sorted_by_key(|info| info.file));
}

#[test]
fn parameters_without_sense_are_refused() {
    let doors = [
        "adapt-size:interval=0",
        "adapt-size:c=0B",
        "always:p=1",
        "bloom:rate=0.1",
        "probability:probability=1.1",
        "size:threshold=12",
        "size-probability:c=0B",
        "tiny-lfu:period=0",
        "tiny-lfu:samples=0",
        "alway",
    ];
    for door in doors {
        assert!(crate::resolve_admission(&door.parse().unwrap(), Unit::Bytes).is_err(), "{door}");
    }
    let prefetchers = [
        "markov:successors=0",
        "next-block:degree=0",
        "next-block:step=0",
        "next-block:trigger=never",
        "probability-graph:arcs=0",
        "probability-graph:lookahead=0",
        "probability-graph:min-chance=2",
        "stride:zone-bits=0",
        "stride:zone-bits=65",
        "next",
    ];
    for prefetch in prefetchers {
        assert!(crate::resolve_prefetch(&prefetch.parse().unwrap()).is_err(), "{prefetch}");
        let run = Setting { prefetch: Some(prefetch), ..lru(5, Unit::Objects) };
        assert!(run.run(&some_trace(1)).is_err(), "{prefetch}");
    }
    let error = crate::find_prefetch("next-blok").unwrap_err().to_string();
    assert!(error.contains("no prefetcher") && error.contains("did you mean `next-block`"));
}
