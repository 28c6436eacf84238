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
