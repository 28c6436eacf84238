//! Nominal 95 % intervals must cover the truth in 92 to 97 of 100 cases, and tests at 5 % must see a
//! difference between equal arms in 3.5 to 6.5. Seeds are fixed, so a failure is a change of code, not
//! bad luck. `examples/calibration.rs` measures more, and longer.

mod process;
mod trials;

use trials::Tally;

#[track_caller]
fn covers(what: &str, tally: Tally) {
    assert!((0.92..=0.97).contains(&tally.share()), "{what}: {tally:?} cover the truth");
}

#[track_caller]
fn rarely_finds(what: &str, tally: Tally) {
    assert!((0.035..=0.065).contains(&tally.share()), "{what}: {tally:?} equal arms differ");
}

#[track_caller]
fn between(low: f64, high: f64, tally: Tally) {
    assert!((low..=high).contains(&tally.share()), "{tally:?} is not within {low} and {high}");
}

/// The bootstraps are calibrated; the second opinions are what they are known to be: near 95 % for independent
/// windows, too narrow for dependent ones.
#[test]
fn autoregressions_are_covered() {
    for kept in [0.0, 0.3, 0.6, 0.8] {
        let [stationary, circular, newey_west, diebold_mariano] =
            trials::autoregressions(200, kept, 1_000).unwrap();
        covers(&format!("stationary, {kept}"), stationary);
        covers(&format!("circular, {kept}"), circular);
        between(if kept > 0.0 { 0.73 } else { 0.92 }, 0.96, newey_west);
        between(0.87, 0.96, diebold_mariano);
    }
}

#[test]
fn differences_of_caches_are_covered() {
    for skew in [0.7, 0.9, 1.1] {
        let tallies = trials::caches(skew, 400).unwrap();
        covers(trials::METHODS[0], tallies[0]);
    }
}

#[test]
fn equal_arms_rarely_differ() {
    let [stationary, circular, newey_west, diebold_mariano] = trials::equal_caches(1_500).unwrap();
    rarely_finds("stationary", stationary);
    rarely_finds("circular", circular);
    between(0.035, 0.08, newey_west);
    between(0.035, 0.08, diebold_mariano);
}

#[test]
fn swapped_labels_rarely_differ() {
    rarely_finds("swapped labels", trials::swapped_labels(0.6, 30).unwrap());
}

#[test]
fn samples_of_keys_cover() {
    for skew in [0.7, 0.9, 1.1] {
        let [this, like, naive] = trials::samples_of_keys(skew, 30).unwrap();
        // Each sample is a tenth of the trace that it is about, for which no credit is taken: a little
        // wide.
        between(0.94, 0.99, this);
        covers("traffic", like);
        // The reason for all this.
        between(0.0, 0.8, naive);
    }
}

#[test]
fn equal_arms_rarely_differ_in_samples_of_keys() {
    let [this, like] = trials::equal_samples_of_keys(0.9, 60).unwrap();
    rarely_finds("traffic", like);
    // Random eviction is luck that all keys of a cache share: see `key_sample`.
    between(0.035, 0.09, this);
}

#[test]
fn quantiles_are_covered() {
    for kept in [0.0, 0.6] {
        covers("p95", trials::quantiles(kept, 300).unwrap());
    }
}

#[test]
fn many_strategies_are_corrected_for() {
    between(0.02, 0.065, trials::many_equal(400).unwrap());
    between(0.95, 1.0, trials::best_is_in_the_set(300).unwrap());
}

/// Six rows are few: their intervals are rather too wide than too narrow.
#[test]
fn independent_rows_are_covered() {
    for skewed in [false, true] {
        for tally in trials::independent_rows(20, skewed, 600).unwrap() {
            covers("twenty rows", tally);
        }
        for tally in trials::independent_rows(6, skewed, 600).unwrap() {
            between(0.93, 1.0, tally);
        }
    }
}

#[test]
fn looking_all_the_time_is_allowed() {
    between(0.005, 0.05, trials::looks(1_000).unwrap());
}
