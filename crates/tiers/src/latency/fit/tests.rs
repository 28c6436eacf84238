//! Fits of simulated truth: samples drawn from a known profile must lead back to it.

use trace::stream::Stream;

use super::super::axis::{Axis, ln_knots};
use super::super::law::tests::examples;
use super::super::law::{Curve, Normal};
use super::super::spec::{LatencySpec, Law};
use super::super::{Draws, LatencyProfile};
use super::*;

/// Samples of a law, by exact quantiles.
fn drawn(curve: &Curve, n: u64, seed: u64) -> Vec<u64> {
    let (stream, knots) = (Stream::new(seed, "test"), ln_knots(curve));
    let draw = |i| {
        let (knot, part) = Axis::Law.locate(stream.uniform_at(i));
        libm::exp(knots[knot] + part * (knots[knot + 1] - knots[knot])) as u64
    };
    (0..n).map(draw).collect()
}

fn fitted(latency_ns: &[u64]) -> Fit {
    fit(&Samples { latency_ns, ..Samples::default() }).unwrap()
}

fn candidate(fit: &Fit, kind: Kind) -> &Candidate {
    fit.candidates.iter().find(|candidate| candidate.kind == kind).unwrap()
}

/// The only law of a candidate.
fn law(fit: &Fit, kind: Kind) -> Law {
    let spec = fit.profile(kind, "test", "2026-11-25").expect("not refused");
    LatencyProfile::new(&spec).unwrap();
    spec.laws[0].law.clone()
}

#[track_caller]
fn near(ours: f64, truth: f64, tolerance: f64) {
    assert!((ours / truth - 1.0).abs() <= tolerance, "{ours} is not {truth}");
}

#[test]
fn the_law_that_made_the_samples_passes_and_the_table_too() {
    for (curve, kind) in examples().iter().zip(laws::LAWS) {
        let fit = fitted(&drawn(curve, 4_000, 1));
        for kind in [Kind::Table, kind] {
            let candidate = candidate(&fit, kind);
            assert_eq!(candidate.refused, None, "{kind} of {curve:?}");
            let judgement = &candidate.judgements[0];
            assert!(judgement.ks <= judgement.ks_noise, "{kind} of {curve:?}: {judgement:?}");
        }
        assert_eq!(fit.verdict, Some(Kind::Table), "enough samples for a table");
        assert_eq!(fit.regimes, None);
    }
}

#[test]
fn parameters_are_recovered() {
    let [lognormal, gamma, weibull, burr, _] = examples().try_into().unwrap();
    let fitted = |curve: &Curve, kind, seed| {
        let mut latencies = drawn(curve, 20_000, seed);
        latencies.sort_unstable();
        laws::fit(kind, &latencies).law()
    };
    match fitted(&lognormal, Kind::Lognormal, 2) {
        Law::Lognormal(of) => {
            near(of.shift.0 as f64, 5e6, 0.05);
            near(of.median.0 as f64, 10e6, 0.05);
            near(of.sigma, 0.7, 0.05);
        }
        other => panic!("{other:?}"),
    }
    match fitted(&gamma, Kind::Gamma, 3) {
        Law::Gamma(of) => {
            near(of.shift.0 as f64, 2e6, 0.15);
            near(of.shape, 2.5, 0.1);
            near(of.scale.0 as f64, 4e6, 0.1);
        }
        other => panic!("{other:?}"),
    }
    match fitted(&weibull, Kind::Weibull, 4) {
        Law::Weibull(of) => {
            near(of.shift.0 as f64, 1e6, 0.05);
            near(of.shape, 0.8, 0.05);
            near(of.scale.0 as f64, 10e6, 0.05);
        }
        other => panic!("{other:?}"),
    }
    match fitted(&burr, Kind::Burr, 5) {
        Law::Burr(of) => {
            near(of.scale.0 as f64, 10e6, 0.1);
            near(of.c, 3.0, 0.1);
            near(of.k, 0.9, 0.1);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_modes_are_recovered_and_no_law_of_one_mode_passes() {
    let first = Normal { shift: 0.0, median: 92e6, sigma: 0.1 };
    let second = Normal { shift: 0.0, median: 288e6, sigma: 0.15 };
    let fit = fitted(&drawn(&Curve::Bimodal { share: 0.29, first, second }, 5_000, 6));
    match law(&fit, Kind::Bimodal) {
        Law::Bimodal(of) => {
            near(of.share, 0.29, 0.05);
            near(of.first.median.0 as f64, 92e6, 0.02);
            near(of.second.median.0 as f64, 288e6, 0.02);
            near(of.first.sigma, 0.1, 0.1);
            near(of.second.sigma, 0.15, 0.1);
        }
        other => panic!("{other:?}"),
    }
    for kind in [Kind::Lognormal, Kind::Gamma, Kind::Weibull, Kind::Burr] {
        assert!(fit.refusal(kind).is_some(), "{kind}");
        assert_eq!(fit.profile(kind, "", ""), None, "{kind}");
    }
}

#[test]
fn the_table_is_within_chance_whatever_made_the_samples() {
    let (mut beyond, mut refused) = (0, 0);
    for curve in examples() {
        let all = drawn(&curve, 40 * 600, 100);
        for latencies in all.chunks(600) {
            let class = &classes(&Samples { latency_ns: latencies, ..Samples::default() })[0];
            let (fitted_to, judged_on) = class.halves();
            let table = QuantileTable::fit(std::slice::from_ref(&fitted_to));
            let judgement = judge::judge(1, &fitted_to, &judged_on, 1.0, &table.row(0));
            beyond += usize::from(judgement.ks > judgement.ks_noise);
            refused += usize::from(judgement.refused.is_some());
        }
    }
    // One time in a thousand each, of 200.
    assert!(beyond <= 1 && refused <= 1, "{beyond} {refused}");
}

#[test]
fn few_samples_of_a_law_are_given_that_law() {
    let fit = fitted(&drawn(&examples()[0], 300, 8));
    let verdict = fit.verdict.unwrap();
    assert!(verdict != Kind::Regimes && fit.refusal(verdict).is_none(), "{}", fit.why);
    assert!(!fit.why.is_empty());
}

/// Draws of a profile with regimes, one a step.
fn with_regimes(n: u64) -> (Vec<u64>, Vec<u64>) {
    let spec: LatencySpec = toml::from_str(
        r#"
        source = "test"
        date = "2026-11-25"
        laws = [{ size = "1KiB", law = { lognormal = { median = "10ms", sigma = 0.3 } } }]
        [regimes]
        step = "20ms"
        transitions = [[0.95, 0.05], [0.2, 0.8]]
        states = [{ factor = 1 }, { factor = 5 }]
        "#,
    )
    .unwrap();
    let mut draws = Draws::new(&LatencyProfile::new(&spec).unwrap(), 1, "L3");
    let times: Vec<u64> = (0..n).map(|i| i * 20_000_000).collect();
    (times.iter().zip(0..).map(|(now, i)| draws.at(i, *now, 1024)).collect(), times)
}

#[test]
fn regimes_are_recovered_and_make_the_correlation_they_were_fitted_to() {
    let (latency, times) = with_regimes(8_000);
    let samples = Samples { latency_ns: &latency, times_ns: Some(&times), ..Samples::default() };
    let fit = fit(&samples).unwrap();
    let regimes = fit.regimes.as_ref().unwrap();
    assert_eq!((fit.verdict, &regimes.refused), (Some(Kind::Regimes), &None), "{}", fit.why);
    assert!((regimes.stay[0] - 0.95).abs() < 0.02, "{regimes:?}");
    assert!((regimes.stay[1] - 0.8).abs() < 0.04, "{regimes:?}");
    assert!((regimes.share[1] - 0.2).abs() < 0.03);
    near(regimes.factor, 5.0, 0.05);
    assert!((regimes.autocorrelation - fit.autocorrelation).abs() < 0.05);

    // Draws of what is written are correlated as the samples are, and as long.
    let spec = fit.profile(Kind::Regimes, "test", "2026-11-25").unwrap();
    let mut draws = Draws::new(&LatencyProfile::new(&spec).unwrap(), 5, "other");
    let again: Vec<u64> = (0..8_000).map(|i| draws.at(i, i * 20_000_000, 1)).collect();
    let ln: Vec<f64> = again.iter().map(|ns| libm::log(*ns as f64)).collect();
    assert!((regimes::lag_one(&ln) - fit.autocorrelation).abs() < 0.08);
    let median = |values: &[u64]| {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        sorted[sorted.len() / 2] as f64
    };
    near(median(&again), median(&latency), 0.05);
}

#[test]
fn regimes_need_the_time_between_samples() {
    let (latency, _) = with_regimes(2_000);
    let fit = fitted(&latency);
    assert!(fit.refusal(Kind::Regimes).unwrap().contains("time between samples"));
    assert_eq!(fit.profile(Kind::Regimes, "", ""), None);
}

#[test]
fn sizes_are_fitted_each_for_itself() {
    let small = drawn(&examples()[0], 1_000, 9);
    let latency: Vec<u64> = small.iter().flat_map(|ns| [*ns, ns * 10]).collect();
    let sizes: Vec<u64> = (0..1_000).flat_map(|_| [1 << 10, 1 << 20]).collect();
    let samples = Samples { latency_ns: &latency, sizes: Some(&sizes), ..Samples::default() };
    let fit = fit(&samples).unwrap();
    let spec = fit.profile(Kind::Table, "test", "2026-11-25").unwrap();
    assert_eq!(spec.sizes.iter().map(|row| row.size.0).collect::<Vec<_>>(), [1 << 10, 1 << 20]);
    let profile = LatencyProfile::new(&spec).unwrap();
    for u in [0.01, 0.5, 0.99] {
        near(profile.at(u, 1 << 20).0 as f64, 10.0 * profile.at(u, 1 << 10).0 as f64, 1e-3);
    }
    // Pairs share their luck, and that a larger answer takes longer hides none of it.
    assert!(fit.autocorrelation > 0.3);
}

#[test]
fn samples_that_drift_are_refused_whole() {
    // Every other twentieth is ten times as long, which is just what is fitted to and judged on.
    let steady = drawn(&examples()[0], 4_000, 10);
    let place = |i: usize| i * 20 / 4_000;
    let drifting: Vec<u64> = steady
        .iter()
        .enumerate()
        .map(|(i, ns)| if place(i) % 2 == 1 { ns * 10 } else { *ns })
        .collect();
    let fit = fitted(&drifting);
    assert_eq!(fit.verdict, None, "{}", fit.why);
    assert_eq!(fit.profile(Kind::Table, "", ""), None);
}

#[test]
fn nonsense_is_an_error_and_constants_are_not() {
    assert_eq!(fit(&Samples::default()), Err(FitError::TooFew(0)));
    let hundred = [7; 100];
    let short = Samples { latency_ns: &hundred, sizes: Some(&[1]), ..Samples::default() };
    assert_eq!(fit(&short), Err(FitError::Lengths(100, 1, "sizes")));
    let mut times: Vec<u64> = (0..100).collect();
    times[50] = 3;
    let unsorted = Samples { latency_ns: &hundred, times_ns: Some(&times), ..Samples::default() };
    assert_eq!(fit(&unsorted), Err(FitError::Unsorted(51)));
    for constant in [0, 1, 7, u64::MAX / 2] {
        let fit = fitted(&[constant; 100]);
        if let Some(kind) = fit.verdict {
            assert!(fit.profile(kind, "", "").is_some());
        }
    }
}
