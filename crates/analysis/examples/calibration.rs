//! Do intervals cover the truth as often as they claim, and are equal arms found to differ as rarely?
//!
//! `cargo run --release -p analysis --example calibration -- [--record FILE]` prints a table of shares over
//! simulated truth, each with the 95 % interval of its Monte Carlo error. Takes about four minutes of one
//! core. A record is `benches/record/2026-11-26-calibration.csv`.

#![allow(clippy::print_stdout)]

#[path = "../tests/calibration/process.rs"]
mod process;
#[path = "../tests/calibration/trials.rs"]
mod trials;

use std::error::Error;
use std::fmt::Write;

use analysis::proportion::proportion;
use trials::{METHODS, Tally};

const COVERS: &str = "95 % interval covers";
const FINDS: &str = "p <= 0.05 without a difference";

#[derive(Default)]
struct Table {
    csv: String,
}

impl Table {
    fn row(
        &mut self,
        claim: &str,
        data: &str,
        method: &str,
        tally: Tally,
    ) -> Result<(), Box<dyn Error>> {
        let share = proportion(tally.count, tally.n, 0.95)?;
        let (low, high) = (share.low, share.high);
        println!("{claim:31} {data:42} {method:24} {:.4} [{low:.4}, {high:.4}]", tally.share());
        let (n, estimate) = (tally.n, tally.share());
        writeln!(self.csv, "{claim},{data},{method},{n},{estimate:.4},{low:.4},{high:.4}")?;
        Ok(())
    }

    fn rows(&mut self, claim: &str, data: &str, tallies: [Tally; 4]) -> Result<(), Box<dyn Error>> {
        METHODS
            .iter()
            .zip(tallies)
            .try_for_each(|(method, tally)| self.row(claim, data, method, tally))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let record = match arguments.as_slice() {
        [] => None,
        [flag, file] if flag == "--record" => Some(file),
        _ => return Err("usage: calibration [--record FILE]".into()),
    };
    let mut table = Table::default();
    for n_windows in [50, 100, 200, 500] {
        for kept in [0.0, 0.3, 0.6, 0.8] {
            let data = format!("{n_windows} windows keeping {kept} of the last");
            table.rows(COVERS, &data, trials::autoregressions(n_windows, kept, 4_000)?)?;
        }
    }
    for skew in [0.7, 0.9, 1.1] {
        let data = format!("LRU and FIFO over Zipf {skew}");
        table.rows(COVERS, &data, trials::caches(skew, 4_000)?)?;
    }
    let data = "random eviction over Zipf 0.9";
    table.rows(FINDS, data, trials::equal_caches(4_000)?)?;
    for kept in [0.0, 0.6] {
        let data = format!("200 windows keeping {kept} of the last");
        table.row(FINDS, &data, "swapped labels", trials::swapped_labels(kept, 200)?)?;
    }
    const ABOUT: [&str; 3] = ["keys: this trace", "keys x time: traffic", "single requests"];
    for skew in [0.7, 0.9, 1.1] {
        let data = format!("LRU and FIFO over Zipf {skew} a tenth of keys");
        for (about, tally) in ABOUT.iter().zip(trials::samples_of_keys(skew, 200)?) {
            table.row(COVERS, &data, about, tally)?;
        }
        let data = format!("random eviction Zipf {skew} a tenth of keys");
        for (about, tally) in ABOUT.iter().zip(trials::equal_samples_of_keys(skew, 200)?) {
            table.row(FINDS, &data, about, tally)?;
        }
    }
    for kept in [0.0, 0.6] {
        let data = format!("p95 over 120 blocks keeping {kept} of the last");
        table.row(COVERS, &data, "histograms", trials::quantiles(kept, 2_000)?)?;
    }
    for n in [6, 10, 20] {
        for (skewed, law) in [(false, "normal"), (true, "skewed")] {
            let [alone, all] = trials::independent_rows(n, skewed, 4_000)?;
            table.row(COVERS, &format!("{n} independent {law} rows"), "bootstrap-t", alone)?;
            let data = format!("{n} independent {law} rows of 8 strategies");
            table.row(COVERS, &data, "max-t, all at once", all)?;
        }
    }
    table.row("any p <= 0.05 without any", "10 strategies", "max-t", trials::many_equal(2_000)?)?;
    let best = trials::best_is_in_the_set(2_000)?;
    table.row("95 % set holds the best", "10 strategies", "model confidence set", best)?;
    let looks = trials::looks(2_000)?;
    table.row("truth ever left out at 95 %", "1000 looks", "confidence sequence", looks)?;
    if let Some(file) = record {
        std::fs::write(file, format!("claim,data,method,n,share,low,high\n{}", table.csv))?;
    }
    Ok(())
}
