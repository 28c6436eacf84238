//! The statistical rule: fail only if the paired interval of a change excludes what is allowed.
//!
//! A run says exactly what a study does on its trace. The rule asks another question: does the change
//! hold for requests *like* these? The requests that both
//! runs count are cut into blocks of as many each, and the difference of the two runs over blocks is
//! bootstrapped (`analysis::paired`). If the whole 95 % interval is worse than the tolerance, the figure has
//! regressed; if none of it is, it passes; else it is inconclusive.
//!
//! It needs how every request ended then and now, so it needs a baseline with details, and is about
//! ratios of requests or of their bytes.

use analysis::paired;
use tiers::Ending;
use trace::Trace;

use super::detail::{End, RunDetail};
use super::metric::Better;
use super::tolerance::Change;

/// What of a request a ratio counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    endings: &'static [Ending],
    in_bytes: bool,
}

/// The ratio that a metric is; `None` if it is none of requests.
pub(super) fn of(metric: &str) -> Option<Counted> {
    use Ending::{Delayed, Error, Hit, Miss, Stale};
    let of_requests = |endings| Some(Counted { endings, in_bytes: false });
    match metric {
        "hit_ratio" => of_requests(&[Hit, Stale]),
        "fresh_hit_ratio" => of_requests(&[Hit]),
        "stale_hit_ratio" => of_requests(&[Stale]),
        "delayed_hit_ratio" => of_requests(&[Delayed]),
        "miss_ratio" => of_requests(&[Miss]),
        "error_ratio" => of_requests(&[Error]),
        "availability" => of_requests(&[Hit, Delayed, Stale, Miss]),
        "byte_miss_ratio" => Some(Counted { endings: &[Miss], in_bytes: true }),
        _ => None,
    }
}

/// Most blocks that the requests are cut into: some hundred are a good number, says `analysis::paired`.
const N_BLOCKS: usize = 240;

/// Blocks that must differ: an interval of fewer says nothing, for most resamples hold none of them.
const LEAST_DIFFERING: usize = 20;

/// What the interval says of a change that may be as bad as `allowed`, with the reason in words; no
/// change where the runs part in too few blocks, so that the figure itself must decide.
///
/// # Errors
///
/// In words, if the trace is too short.
pub(super) fn judge(
    counted: Counted,
    better: Better,
    [before, now]: [&RunDetail; 2],
    trace: &Trace,
    allowed: f64,
) -> Result<(Option<Change>, String), String> {
    let reads = counted_by_both(before, now);
    let (a, weights) = blocks(counted, before, &reads, trace);
    let (b, _) = blocks(counted, now, &reads, trace);
    let differing = a.iter().zip(&b).filter(|(a, b)| a != b).count();
    if differing < LEAST_DIFFERING {
        let n = a.len();
        return Ok((
            None,
            format!("only {differing} of {n} blocks differ, so the figure itself decides"),
        ));
    }
    let found = paired::compare_weighted(&a, &b, &weights, &analysis::Options::default())
        .map_err(|error| error.to_string())?;
    // Change for the worse, from the least to the most plausible one.
    let difference = found.difference;
    let (least, most) = match better {
        Better::Higher => (-difference.high, -difference.low),
        Better::Lower | Better::Neither => (difference.low, difference.high),
    };
    let change = match (least > allowed, most <= allowed) {
        (true, _) => Change::Regressed,
        (false, true) => Change::Allowed,
        (false, false) => Change::Inconclusive,
    };
    let mut words = format!(
        "95 % interval of the change {:+.6} to {:+.6} over {} blocks of requests",
        difference.low,
        difference.high,
        a.len()
    );
    if before.warmup != now.warmup {
        words += ", those that both runs count, as the warm-up changed";
    }
    Ok((Some(change), words))
}

/// The reads behind both warm-ups: a block must be of the same requests then and now.
fn counted_by_both(before: &RunDetail, now: &RunDetail) -> Vec<usize> {
    let is_read = |end: &End| end.ending().is_some();
    let ends = before.ends.iter().zip(&now.ends).enumerate();
    ends.skip(before.warmup.max(now.warmup))
        .filter(|(_, (before, now))| is_read(before) && is_read(now))
        .map(|(i, _)| i)
        .collect()
}

/// The ratio in each block of these reads, and what the block weighs.
fn blocks(
    counted: Counted,
    run: &RunDetail,
    reads: &[usize],
    trace: &Trace,
) -> (Vec<f64>, Vec<f64>) {
    let length = reads.len().div_ceil(N_BLOCKS).max(1);
    let weight = |i: usize| if counted.in_bytes { trace.size(i) } else { 1 };
    let block = |reads: &[usize]| {
        let all: u64 = reads.iter().map(|i| weight(*i)).sum();
        let is_counted = |i: &&usize| {
            run.ends[**i].ending().is_some_and(|ending| counted.endings.contains(&ending))
        };
        let part: u64 = reads.iter().filter(is_counted).map(|i| weight(*i)).sum();
        (part as f64 / all.max(1) as f64, all as f64)
    };
    reads.chunks(length).map(block).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::detail::RunKey;

    fn run(hits: impl Iterator<Item = bool>) -> RunDetail {
        let key = RunKey { trace: "t".into(), strategy: "s".into(), cell: String::new() };
        RunDetail::of_flat(key, &hits.collect::<Vec<_>>())
    }

    #[test]
    fn the_interval_decides_what_a_point_cannot() {
        let trace = Trace::from_numbers("t", 0..24_000);
        let mut state = 7u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % 1000
        };
        let draws: Vec<u64> = (0..24_000).map(|_| uniform()).collect();
        let at = |ratio: u64| run(draws.iter().map(|draw| *draw < ratio));
        let counted = of("hit_ratio").unwrap();
        let judge = |now: &RunDetail, allowed| {
            judge(counted, Better::Higher, [&at(500), now], &trace, allowed).unwrap().0
        };
        assert_eq!(judge(&at(400), 0.05), Some(Change::Regressed));
        assert_eq!(judge(&at(490), 0.05), Some(Change::Allowed));
        assert_eq!(judge(&at(600), 0.0), Some(Change::Allowed));
        // Where next to nothing differs, resamples have next to no variance to go by.
        assert_eq!(judge(&at(500), 0.0), None);
        let one = run(draws.iter().enumerate().map(|(i, draw)| i != 77 && *draw < 500));
        assert_eq!(judge(&one, 0.0), None);
        // Whole blocks of 100 change, as many for the better as for the worse: the sum stays, and
        // nobody can say which way it would go with other requests.
        let better = |block: usize| draws[block % 120] % 2 == usize::from(block >= 120) as u64;
        let noisy = run((0..24_000).map(|i| better(i / 100)));
        assert_eq!(judge(&noisy, 0.02), Some(Change::Inconclusive));
    }

    #[test]
    fn blocks_are_of_the_same_requests_whatever_the_warm_up() {
        let behind = |warmup: usize, mut run: RunDetail| {
            run.warmup = warmup;
            run
        };
        // Hits come in bursts, so that blocks of other requests differ a lot.
        let bursts = || run((0..24_000).map(|i| (i / 150) % 2 == 0));
        let trace = Trace::from_numbers("t", 0..24_000);
        let counted = of("hit_ratio").unwrap();
        let judge = |runs| judge(counted, Better::Higher, runs, &trace, 0.0).unwrap();
        let (then, now) = (bursts(), behind(6_050, bursts()));
        for runs in [[&then, &now], [&now, &then]] {
            let (change, words) = judge(runs);
            assert_eq!(change, None, "{words}");
            assert!(words.starts_with("only 0 of "), "{words}");
        }
        // What differs is found, and that fewer requests count is said.
        let worse = behind(6_050, run([false; 24_000].into_iter()));
        let (change, words) = judge([&then, &worse]);
        assert_eq!(change, Some(Change::Regressed));
        assert!(words.ends_with("those that both runs count, as the warm-up changed"), "{words}");
    }

    #[test]
    fn bytes_weigh_what_they_are() {
        let counted = of("byte_miss_ratio").unwrap();
        let trace = Trace::from_numbers("t", 0..480);
        let run = run((0..480).map(|i| i % 2 == 0));
        let (ratios, weights) = blocks(counted, &run, &counted_by_both(&run, &run), &trace);
        assert_eq!((ratios.len(), ratios[0], weights[0]), (240, 0.5, 2.0));
        assert!(of("latency_ns_p99").is_none() && of("L1.hit_ratio").is_none());
    }
}
