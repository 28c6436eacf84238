//! What a draw of a latency costs.
//!
//!     cargo bench -p benches --bench draws

use divan::Bencher;
use divan::counter::ItemsCount;
use tiers::{Draws, LatencyProfile, LatencySpec};

/// Draws a run.
const N: u64 = 10_000;

const TABLE: &str = r#"
quantiles = [0, 0.5, 0.9, 0.99, 0.999, 1]
sizes = [
    { size = "1KiB", latency = ["112us", "423us", "800us", "1287us", "1600us", "1847us"] },
    { size = "256KiB", latency = ["400us", "900us", "1600us", "3ms", "4ms", "5ms"] },
    { size = "4MiB", latency = ["4ms", "5ms", "8ms", "15ms", "20ms", "25ms"] },
]
"#;
const LAWS: &str = r#"
laws = [
    { size = "1KiB", law = { lognormal = { shift = "5ms", median = "10ms", sigma = 0.7 } } },
    { size = "1MiB", law = { burr = { scale = "40ms", c = 3, k = 0.9 } } },
]
"#;
const REGIMES: &str = r#"
[regimes]
step = "10us"
transitions = [[0.99, 0.01], [0.1, 0.9]]
states = [{ factor = 1 }, { factor = 4 }]
"#;

fn main() {
    divan::main();
}

fn profile(text: &str) -> LatencyProfile {
    let spec: LatencySpec =
        toml::from_str(&format!("source = ''\ndate = ''\n{text}")).expect("a profile");
    LatencyProfile::new(&spec).expect("a profile")
}

/// Answers of 500 bytes to 64 KiB, a request every `gap_ns`.
fn draw(bencher: Bencher<'_, '_>, text: &str, gap_ns: u64) {
    let mut draws = Draws::new(&profile(text), 1, "L2");
    bencher.counter(ItemsCount::new(N)).bench_local(move || {
        let size = |i: u64| 500 + (i.wrapping_mul(2_654_435_761) & 0xffff);
        (0..N).fold(0, |sum: u64, i| sum.wrapping_add(draws.at(i, i * gap_ns, size(i))))
    });
}

#[divan::bench]
fn table(bencher: Bencher<'_, '_>) {
    draw(bencher, TABLE, 1_000);
}

#[divan::bench]
fn table_smallest(bencher: Bencher<'_, '_>) {
    let mut draws = Draws::new(&profile(TABLE), 1, "L2");
    bencher.counter(ItemsCount::new(N)).bench_local(move || {
        (0..N).fold(0, |sum: u64, i| sum.wrapping_add(draws.at_smallest(i, i)))
    });
}

#[divan::bench]
fn laws(bencher: Bencher<'_, '_>) {
    draw(bencher, LAWS, 1_000);
}

/// Steps of the chain between two draws: a tenth, one, a hundred.
#[divan::bench(args = [1_000, 10_000, 1_000_000])]
fn regimes(bencher: Bencher<'_, '_>, gap_ns: u64) {
    draw(bencher, &format!("{LAWS}{REGIMES}"), gap_ns);
}

#[divan::bench]
fn preparing_two_laws() -> LatencyProfile {
    profile(LAWS)
}
