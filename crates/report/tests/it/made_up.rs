//! Results that look like real ones, from closed formulas: nothing here was simulated.

use frames::{
    CostRow, FaultRow, LatencyRow, QuantileRow, Results, RunRow, SpentRow, StationRow, TierRow,
    TierWindowRow, WindowRow, WriteRow,
};
use report::{Document, Winner};

const HOUR: u64 = 3_600_000_000_000;
const MIB: u64 = 1 << 20;
const REQUESTS: u64 = 1_240_000;

/// A study with all that its document borrows.
pub(crate) struct Study {
    /// Name of its folder.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) results: Results,
    pub(crate) notes: Vec<String>,
}

/// What a strategy of these studies is made of.
#[derive(Clone)]
struct Arm<'a> {
    strategy: &'a str,
    trace: &'a str,
    cell: String,
    capacity: u64,
    /// Names of the tiers, without the origin, with the share of reads that each answers.
    tiers: Vec<(&'a str, f64)>,
}

impl Study {
    pub(crate) fn winners(&self) -> Vec<Winner<'_>> {
        let mut best: Vec<&RunRow> = Vec::new();
        for run in &self.results.runs {
            match best.iter_mut().find(|b| (&b.trace, &b.cell) == (&run.trace, &run.cell)) {
                Some(known) if known.hit_ratio < run.hit_ratio => *known = run,
                Some(_) => {}
                None => best.push(run),
            }
        }
        let winner = |run: &&RunRow| -> Winner<'_> {
            let run = self.results.runs.iter().find(|row| row.run == run.run).expect("from there");
            Winner {
                trace: &run.trace,
                cell: &run.cell,
                strategies: std::slice::from_ref(&run.strategy),
                metric: "hit_ratio",
            }
        };
        best.iter().map(winner).collect()
    }

    pub(crate) fn document<'a>(&'a self, winners: &'a [Winner<'a>]) -> Document<'a> {
        Document {
            title: self.title,
            description: "Does a frequency-aware memory tier pay for itself under the same budget?",
            results: &self.results,
            winners,
            resolved_scenario: "schema = 1\nname = \"made-up\"\n\n[stack.l1]\ncapacity = \"256MiB\"\nttl = \"60s\"\n",
            manifest: "{\n  \"version\": \"0.1.0\",\n  \"seed\": 7\n}\n",
            notes: &self.notes,
            sources: &[],
            version: "0.1.0",
        }
    }
}

/// The studies of the gallery.
pub(crate) fn studies() -> Vec<Study> {
    vec![three(), matrix(), crowd(), storm()]
}

/// Three strategies over four tiers.
pub(crate) fn three() -> Study {
    let arm = |strategy, shares: [f64; 4]| Arm {
        strategy,
        trace: "wiki-cdn",
        cell: String::new(),
        capacity: 33_000 * MIB,
        tiers: ["L0", "L1", "L2", "L3"].into_iter().zip(shares).collect(),
    };
    Study {
        name: "three",
        title: "Frequency in the memory tier",
        results: results(&[
            arm("baseline", [0.031, 0.262, 0.341, 0.112]),
            arm("s3-fifo-l1", [0.033, 0.341, 0.312, 0.121]),
            arm("tinylfu-everywhere", [0.034, 0.372, 0.308, 0.117]),
        ]),
        notes: vec![
            "Latency profiles are assumed, not measured: read differences, not absolute values."
                .into(),
            "The trace has one-second stamps; requests within a second are spread evenly.".into(),
        ],
    }
}

/// Three policies at six capacities over two traces.
pub(crate) fn matrix() -> Study {
    let mut arms = Vec::new();
    for (t, trace) in ["wiki-cdn", "block-store-07"].into_iter().enumerate() {
        for step in 0..6u32 {
            for (s, strategy) in ["lru", "sieve", "arc"].into_iter().enumerate() {
                let hits = 0.32 + 0.09 * f64::from(step) + 0.03 * s as f64
                    - 0.004 * s as f64 * f64::from(step)
                    - 0.05 * t as f64;
                arms.push(Arm {
                    strategy,
                    trace,
                    cell: format!("stack.l1.capacity={}MiB", 64 << step),
                    capacity: (64 << step) * MIB,
                    tiers: vec![("L1", hits)],
                });
            }
        }
    }
    Study {
        name: "matrix",
        title: "What capacity buys",
        results: results(&arms),
        notes: Vec::new(),
    }
}

/// As many strategies as can be drawn, with long names everywhere.
pub(crate) fn crowd() -> Study {
    let names = [
        "baseline-lru-everywhere1",
        "lru-k-with-short-history",
        "s3-fifo-small-queue-0.25",
        "tinylfu-window-adaptive2",
        "arc-in-memory-and-redis3",
        "hyperbolic-cost-aware-v2",
        "hedged-race-first-hit-5m",
        "belady-offline-optimum-x",
    ];
    let tiers = [
        "L0 processor cache line",
        "L1 in-process memory",
        "L2 Redis cluster, 6 nodes",
        "L3 edge in own region",
        "L4 multi-CDN, geo-routed",
    ];
    let arm = |(i, strategy): (usize, &'static str)| Arm {
        strategy,
        trace: "a-trace-with-a-rather-long-name-2025-08",
        cell: String::new(),
        capacity: 34_000 * MIB,
        tiers: tiers.into_iter().zip([0.012, 0.3 + 0.004 * i as f64, 0.29, 0.07, 0.11]).collect(),
    };
    let arms: Vec<Arm> = names.into_iter().enumerate().map(arm).collect();
    let notes = vec!["Eight strategies are within 3 points: differences are small.".into()];
    Study {
        name: "crowd",
        title: "Eight strategies that differ by very little",
        results: results(&arms),
        notes,
    }
}

/// Three strategies through an outage: queues, errors, writes, everything there are tables for.
pub(crate) fn storm() -> Study {
    let mut study = Study { name: "storm", title: "An outage of the origin", ..three() };
    let runs = study.results.runs.clone();
    for (nth, run) in runs.iter().enumerate() {
        disturb(&mut study.results, run, nth as u64 + 1);
    }
    study
}

const OUTAGE: std::ops::Range<u64> = 14..18;

fn disturb(results: &mut Results, run: &RunRow, nth: u64) {
    let name = || run.run.clone();
    let row = results.runs.iter_mut().find(|row| row.run == run.run).expect("is there");
    (row.errors, row.delayed_hits) = (31_000 * nth, 24_000);
    row.misses -= row.errors + row.delayed_hits;
    row.error_ratio = row.errors as f64 / row.reads as f64;
    row.availability = 1.0 - row.error_ratio;
    row.saturation = 0.97;
    row.cost_hit_ratio = f64::NAN;
    for window in results.windows.iter_mut().filter(|row| row.run == run.run) {
        if OUTAGE.contains(&window.window) {
            window.errors = window.requests * nth / 8;
            window.hits = window.hits * 3 / 4;
            window.latency_ns_p99 *= 12;
        }
    }
    for (station, tier) in [(0, "L2"), (1, "L2"), (0, "origin")] {
        results.stations.push(StationRow {
            run: name(),
            tier: tier.into(),
            station,
            name: station.to_string(),
            servers: 8,
            served: 190_000,
            waited: 61_000,
            shed: 12,
            wait_ns_mean: 4.2e6,
            queue_max: 319,
            saturation: 0.81,
            ..StationRow::default()
        });
    }
    for tier in results.tiers.iter_mut().filter(|row| row.run == run.run) {
        tier.servers = if tier.tier == "L2" || tier.tier == "origin" { 16 } else { 0 };
        for window in (0..40).filter(|_| tier.servers > 0) {
            let busy_share = if OUTAGE.contains(&window) { 1.02 } else { 0.5 + 0.04 * nth as f64 };
            results.tier_windows.push(TierWindowRow {
                run: name(),
                tier: tier.tier.clone(),
                window,
                start_ns: window * HOUR,
                length_ns: HOUR,
                busy_share,
                ..TierWindowRow::default()
            });
        }
        for (group, reads, ms) in [("all", run.reads, 9u64), ("slowest", run.reads / 95, 240 * nth)]
        {
            let ns = |share: u64| reads * ms * 10_000 * share;
            let part = match tier.tier.as_str() {
                "L0" => [0, 1, 0, 0],
                "L1" => [0, 2, 9, 0],
                "L2" => [4, 5, 0, 0],
                "L3" => [0, 11, 0, 0],
                _ => [38, 20, 0, 7],
            };
            results.spent.push(SpentRow {
                run: name(),
                group: group.into(),
                from_ns: if group == "all" { 0 } else { 190_000_000 },
                reads,
                latency_ns: ns(100),
                timer_ns: ns(3),
                tier: tier.tier.clone(),
                queued_ns: ns(part[0]),
                served_ns: ns(part[1]),
                joined_ns: ns(part[2]),
                lost_ns: ns(part[3]),
                answered: 0,
            });
        }
    }
    for (at, what, recovery_ns) in
        [(OUTAGE.start, "down", 4.2 * HOUR as f64), (OUTAGE.end, "up again, empty", f64::NAN)]
    {
        results.faults.push(FaultRow {
            run: name(),
            at_ns: at * HOUR + HOUR / 7,
            tier: "origin".into(),
            what: what.into(),
            hit_ratio_before: 0.81,
            hit_ratio_low: 0.604,
            recovery_ns,
            extra_origin_fetches: 12_345.4,
        });
    }
    for quantile in [0.5, 0.95, 0.99, 0.999] {
        results.quantiles.push(QuantileRow {
            run: name(),
            scope: "run".into(),
            name: String::new(),
            quantile,
            value: 41_000_000,
            low: 40_000_000.0,
            high: if quantile < 0.999 { 42_000_000.0 } else { f64::NAN },
            n: run.reads,
        });
    }
    results.writes.push(WriteRow {
        run: name(),
        writes: 90_000,
        failures: 31,
        latency_ns_p50: 21_000_000,
        latency_ns_p99: 90_000_000,
        stale_reads: 1_204,
        stale_read_ratio: 0.0009,
        dirty_bytes_max: 31 * MIB,
        lost: 2,
        lost_bytes: 9_000,
        ..WriteRow::default()
    });
}

fn results(arms: &[Arm<'_>]) -> Results {
    let mut all = Results::default();
    for (i, arm) in arms.iter().enumerate() {
        all.extend(of(arm, i));
    }
    all
}

fn of(arm: &Arm<'_>, nth: usize) -> Results {
    let names = [arm.strategy, arm.trace, &arm.cell];
    let run = names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" / ");
    let hits: f64 = arm.tiers.iter().map(|tier| tier.1).sum();
    let (tiers, costs) = tiers(arm, &run, hits);
    let latency = latency(arm, &run);
    let at = |share: f64| {
        latency.iter().find(|row| row.cumulative >= share).map_or(0, |row| row.latency_ns)
    };
    let row = RunRow {
        run: run.clone(),
        study: "made-up".into(),
        strategy: arm.strategy.into(),
        trace: arm.trace.into(),
        cell: arm.cell.clone(),
        trace_digest: "b3:0".into(),
        seed: 7,
        requests_replayed: REQUESTS + REQUESTS / 10,
        requests: REQUESTS,
        reads: REQUESTS,
        objects: 184_311,
        bytes: 41_000_000_000,
        span_ns: 36 * HOUR,
        capacity_bytes: arm.capacity,
        scale: 1.0,
        hits: (REQUESTS as f64 * hits) as u64,
        fresh_hits: (REQUESTS as f64 * hits) as u64,
        misses: (REQUESTS as f64 * (1.0 - hits)) as u64,
        hit_ratio: hits,
        fresh_hit_ratio: hits,
        miss_ratio: 1.0 - hits,
        availability: 1.0,
        byte_misses: 11_000_000_000,
        byte_miss_ratio: (1.0 - hits) * 1.21,
        writes: 0,
        latency_ns_mean: 9.1e6,
        latency_ns_p50: at(0.5),
        latency_ns_p90: at(0.9),
        latency_ns_p95: at(0.95),
        latency_ns_p99: at(0.99),
        latency_ns_p999: at(0.999),
        latency_ns_max: at(1.0),
        cost_nanodollars_month: costs.iter().map(|cost| cost.nanodollars_month).sum(),
        ..RunRow::default()
    };
    let windows = (0..40).map(|i| window(&run, i, hits, nth)).collect();
    Results { runs: vec![row], tiers, costs, windows, latency, ..Results::default() }
}

fn tiers(arm: &Arm<'_>, run: &str, hits: f64) -> (Vec<TierRow>, Vec<CostRow>) {
    let (mut tiers, mut costs) = (Vec::new(), Vec::new());
    let mut reached = REQUESTS as f64;
    let all = arm.tiers.iter().copied().chain([("origin", 1.0 - hits)]);
    for (i, (tier, share)) in all.enumerate() {
        let answered = share * REQUESTS as f64;
        let origin = tier == "origin";
        tiers.push(TierRow {
            run: run.into(),
            tier: tier.into(),
            position: i as u64,
            policy: if origin { String::new() } else { "s3-fifo:small-ratio=0.1".into() },
            capacity_bytes: if origin { 0 } else { (32 * MIB) << (3 * i) },
            lookups: reached as u64,
            hits: answered as u64,
            expired: 0,
            hit_bytes: (answered * 30_000.0) as u64,
            fills: (answered * 0.2) as u64,
            evictions: (answered * 0.18) as u64,
            bypassed: 12,
            hit_ratio: answered / reached,
            share,
            used_bytes_max: if origin { 0 } else { (31 * MIB) << (3 * i) },
            latency_ns_p50: 300 * 20u64.pow(i as u32),
            latency_ns_p99: 900 * 20u64.pow(i as u32),
            ..TierRow::default()
        });
        let parts = [
            ("memory", 8.0 * (i as f64 + 1.0)),
            ("requests", 40.0 * share),
            ("egress", 210.0 * share),
        ];
        for (component, dollars) in parts {
            costs.push(CostRow {
                run: run.into(),
                tier: tier.into(),
                component: component.into(),
                nanodollars_month: (dollars * 1e9) as i64,
                ..CostRow::default()
            });
        }
        reached -= answered;
    }
    (tiers, costs)
}

/// Each tier spreads its reads over a decade around its typical latency.
fn latency(arm: &Arm<'_>, run: &str) -> Vec<LatencyRow> {
    let hits: f64 = arm.tiers.iter().map(|tier| tier.1).sum();
    let tiers: Vec<f64> = arm.tiers.iter().map(|tier| tier.1).chain([1.0 - hits]).collect();
    let row = |step: u32| {
        let decades = 2.0 + f64::from(step) / 28.0;
        let answered = |(i, share): (usize, &f64)| {
            let at = ((decades - 2.6 - 1.15 * i as f64) / 1.2 + 0.5).clamp(0.0, 1.0);
            share * at * at * (3.0 - 2.0 * at)
        };
        let cumulative = tiers.iter().enumerate().map(answered).sum::<f64>().min(1.0);
        LatencyRow { run: run.into(), latency_ns: 10f64.powf(decades) as u64, cumulative }
    };
    let rows = (0..=200).map(row);
    rows.filter(|row| row.cumulative > 0.0 && row.cumulative < 0.999_99)
        .chain([LatencyRow { cumulative: 1.0, ..row(28 * (tiers.len() as u32 + 1)) }])
        .collect()
}

fn window(run: &str, i: u64, hits: f64, nth: usize) -> WindowRow {
    let requests = REQUESTS / 40;
    let warm = 1.0 - (-(i as f64 + 1.0) / 4.0).exp();
    let daily = 0.02 * (i as f64 / 6.0 + nth as f64 * 0.2).sin();
    WindowRow {
        run: run.into(),
        window: i,
        start_ns: i * HOUR,
        requests,
        hits: (requests as f64 * (hits * warm + daily).clamp(0.0, 1.0)) as u64,
        latency_ns_p99: 90_000_000,
        ..WindowRow::default()
    }
}
