//! The average footprint: how many distinct objects a window of each length holds, on average over
//! all windows of the trace, overlapping ones too.
//!
//! Xiang, Bao, Ding and Gao: "Linear-time modeling of program working set in shared cache", PACT '11,
//! and Xiang, Ding, Luo and Bao: "HOTL: a higher order theory of locality", ASPLOS '13; the formula
//! below was derived here, not taken from their text. A window of length w misses an object if it lies in
//! one of the gaps between the object's requests, or before the first or after the last. A gap of g
//! steps (from one request to the next, from before the trace to the first, from the last to after
//! the trace) has room for g - w windows. So of the n - w + 1 windows
//!
//! ```text
//! footprint(w) = objects - sum over all gaps g > w of (g - w) / (n - w + 1)
//! ```
//!
//! exactly. It is the working set (Denning 1968) as a curve; that of [`trace::profile`] is of windows
//! end to end, at a few lengths and in bytes as well. Its slope at w is about the miss ratio of an LRU
//! cache as large as footprint(w).
//!
//! Cost: one pass, and 4 bytes a request for the histogram of gaps.

use trace::Trace;

/// Window lengths kept, in each tenfold.
const A_DECADE: f64 = 20.0;

/// Lengths from 1 to all requests, evenly spread over the logarithm: enough to draw the curve.
pub fn windows(n_requests: u64) -> Vec<u64> {
    let length = |i: u32| libm::pow(10.0, f64::from(i) / A_DECADE) as u64;
    let mut windows: Vec<u64> = (0..).map(length).take_while(|n| *n < n_requests).collect();
    windows.extend((n_requests > 0).then_some(n_requests));
    windows.dedup();
    windows
}

/// Mean distinct objects in windows of these lengths, which are from 1 to the number of requests and
/// ascend.
pub fn footprint(trace: &Trace, windows: &[u64]) -> Vec<f64> {
    let n = trace.n_requests() as u64;
    let gaps = gaps(trace);
    // From the longest window down, with the number and the sum of the gaps that are longer.
    let (mut count, mut sum, mut below) = (0u128, 0u128, gaps.len());
    let mut mean: Vec<f64> = windows
        .iter()
        .rev()
        .map(|window| {
            let longer = (*window as usize + 1).min(below);
            for (gap, n) in (longer as u128..).zip(&gaps[longer..below]) {
                count += u128::from(*n);
                sum += gap * u128::from(*n);
            }
            below = longer;
            let missing = sum - count * u128::from(*window);
            f64::from(trace.n_objects()) - missing as f64 / (n - window + 1) as f64
        })
        .collect();
    mean.reverse();
    mean
}

/// How many gaps there are of each length, from 0 to requests.
fn gaps(trace: &Trace) -> Vec<u32> {
    let n = trace.n_requests();
    // Steps are counted from 1, and 0 is before the trace.
    let mut last = vec![0u32; trace.n_objects() as usize];
    // A trace has at most 2^32 - 2 requests, so no count overflows.
    let mut gaps = vec![0u32; n + 1];
    for (step, object) in (1u32..).zip(trace.objects()) {
        let before = std::mem::replace(&mut last[object.index()], step);
        gaps[(step - before) as usize] += 1;
    }
    for last in last {
        gaps[n + 1 - last as usize] += 1;
    }
    gaps
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_example_by_hand() {
        // Windows of two requests of A B B A: {A B}, {B}, {A B}.
        let trace = Trace::from_numbers("t", [1, 2, 2, 1]);
        let means = footprint(&trace, &[1, 2, 3, 4]);
        assert_eq!(means, [1.0, 5.0 / 3.0, 2.0, 2.0]);
    }

    #[test]
    fn nothing_has_no_windows() {
        assert!(windows(0).is_empty());
        assert!(footprint(&Trace::from_numbers("t", []), &[]).is_empty());
    }

    #[test]
    fn windows_rise_to_the_whole_trace() {
        assert_eq!((windows(1), windows(3)), (vec![1], vec![1, 2, 3]));
        let many = windows(1_000_000);
        assert!(many.len() < 125 && many.last() == Some(&1_000_000), "{many:?}");
        assert!(many.is_sorted_by(|a, b| a < b), "{many:?}");
    }

    proptest! {
        #[test]
        fn it_is_the_mean_over_all_windows(numbers in prop::collection::vec(0..12u64, 1..60)) {
            let trace = Trace::from_numbers("t", numbers.iter().copied());
            let windows: Vec<u64> = (1..=numbers.len() as u64).collect();
            for (window, mean) in windows.iter().zip(footprint(&trace, &windows)) {
                let sizes: Vec<usize> = numbers
                    .windows(*window as usize)
                    .map(|window| window.iter().collect::<BTreeSet<_>>().len())
                    .collect();
                let naive = sizes.iter().sum::<usize>() as f64 / sizes.len() as f64;
                prop_assert!((mean - naive).abs() < 1e-9, "{window}: {mean} and {naive}");
            }
        }
    }
}
