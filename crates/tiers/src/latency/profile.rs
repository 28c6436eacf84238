//! A profile that was checked and is ready for draws.

use trace::units::Nanos;

use super::body::Body;
use super::chain::Chain;
use super::spec::{LatencySpec, Regimes};

/// A profile that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("latency profile: {0}")]
pub struct ProfileError(String);

/// A profile ready for draws.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyProfile {
    /// One a state; one in all without regimes.
    pub(super) bodies: Vec<Body>,
    pub(super) regimes: Option<Regime>,
}

/// How states follow one another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Regime {
    pub(super) step_ns: u64,
    pub(super) chain: Chain,
}

impl LatencyProfile {
    /// Checks a profile and prepares it.
    ///
    /// # Errors
    /// If it makes no sense; the message names the field.
    pub fn new(spec: &LatencySpec) -> Result<Self, ProfileError> {
        prepare(spec).map_err(ProfileError)
    }

    /// The same latency for everything.
    pub fn constant(latency: Nanos) -> Self {
        LatencyProfile { bodies: vec![Body::constant(latency.0)], regimes: None }
    }

    /// Latency of an answer of `size` bytes at quantile `u` in [0, 1), in the first regime if there
    /// are any. [`Draws`](super::Draws) follow the regimes.
    #[inline]
    pub fn at(&self, u: f64, size: u64) -> Nanos {
        Nanos(self.bodies[0].at(u, size))
    }

    /// Latency of an answer without a body at quantile `u`, in the first regime if there are any.
    #[inline]
    pub fn at_smallest(&self, u: f64) -> Nanos {
        Nanos(self.bodies[0].at_smallest(u))
    }

    /// Share of the time spent in each regime; empty without regimes.
    pub fn regime_shares(&self) -> &[f64] {
        self.regimes.as_ref().map_or(&[], |regimes| regimes.chain.long_run())
    }
}

fn prepare(spec: &LatencySpec) -> Result<LatencyProfile, String> {
    let body = Body::new(&spec.quantiles, &spec.sizes, &spec.laws)?;
    match (&spec.regimes, body) {
        (None, Some(body)) => Ok(LatencyProfile { bodies: vec![body], regimes: None }),
        (None, None) => Err("give `quantiles` and `sizes`, or `laws`".into()),
        (Some(regimes), body) => {
            with_regimes(regimes, body.as_ref()).map_err(|what| format!("`regimes`: {what}"))
        }
    }
}

fn with_regimes(regimes: &Regimes, shared: Option<&Body>) -> Result<LatencyProfile, String> {
    let chain = Chain::new(&regimes.transitions)?;
    if regimes.step.0 == 0 {
        return Err("`step` must be above 0".into());
    }
    let (n_states, n_rows) = (regimes.states.len(), regimes.transitions.len());
    if n_states != n_rows {
        return Err(format!("there are {n_states} `states` for {n_rows} rows of `transitions`"));
    }
    let mut bodies = Vec::new();
    for (i, state) in regimes.states.iter().enumerate() {
        let fail = |what: String| format!("state {}: {what}", i + 1);
        let own = Body::new(&state.quantiles, &state.sizes, &state.laws).map_err(fail)?;
        bodies.push(match (state.factor, own, shared) {
            (None, Some(own), _) => own,
            (Some(factor), None, Some(shared)) if (0.001..=1000.0).contains(&factor) => {
                shared.times(factor)
            }
            (Some(factor), None, Some(_)) => {
                return Err(fail(format!(
                    "`factor` is {factor}; it must lie between 0.001 and 1000"
                )));
            }
            (Some(_), None, None) => {
                return Err(fail(
                    "the profile has no latencies that `factor` could apply to".into(),
                ));
            }
            _ => return Err(fail("give a `factor`, or a table or laws of its own".into())),
        });
    }
    if shared.is_some() && regimes.states.iter().all(|state| state.factor.is_none()) {
        return Err(
            "every state has latencies of its own, so those of the profile go unused".into()
        );
    }
    Ok(LatencyProfile { bodies, regimes: Some(Regime { step_ns: regimes.step.0, chain }) })
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::latency) fn table() -> LatencySpec {
        toml::from_str(
            r#"
            source = "test"
            date = "2026-11-23"
            quantiles = [0, 0.5, 1]
            sizes = [
                { size = "1KiB", latency = ["1us", "100us", "10ms"] },
                { size = "1MiB", latency = ["10us", "1ms", "10ms"] },
            ]
            "#,
        )
        .unwrap()
    }

    pub(in crate::latency) fn regimes(states: &str) -> Option<Regimes> {
        let text =
            format!("step = '1ms'\ntransitions = [[0.9, 0.1], [0.3, 0.7]]\nstates = [{states}]");
        Some(toml::from_str(&text).unwrap())
    }

    #[test]
    fn knots_are_met_and_between_them_logarithms_are_linear() {
        let profile = LatencyProfile::new(&table()).unwrap();
        assert_eq!(profile.at(0.0, 1024), Nanos(1_000));
        assert_eq!(profile.at(0.5, 1024), Nanos(100_000));
        assert_eq!(profile.at(0.25, 1024), Nanos(10_000));
        assert_eq!(profile.at(0.5, 1 << 20), Nanos(1_000_000));
        // Half way between 1 KiB and 1 MiB on a logarithmic axis is 32 KiB.
        assert_eq!(profile.at(0.5, 32 << 10), Nanos(316_228));
        // Outside the sizes the nearest row holds.
        assert_eq!(profile.at(0.5, 1), Nanos(100_000));
        assert_eq!(profile.at(0.5, 1 << 40), Nanos(1_000_000));
        assert_eq!(profile.at_smallest(0.5), Nanos(100_000));
    }

    #[test]
    fn laws_are_drawn_from_by_size_as_tables_are() {
        let spec: LatencySpec = toml::from_str(
            r#"
            source = "test"
            date = "2026-11-23"
            laws = [
                { size = "1KiB", law = { lognormal = { median = "100us", sigma = 1.0 } } },
                { size = "1MiB", law = { weibull = { scale = "1ms", shape = 2.0 } } },
            ]
            "#,
        )
        .unwrap();
        let profile = LatencyProfile::new(&spec).unwrap();
        assert_eq!(profile.at(0.5, 1024), Nanos(100_000));
        // One standard deviation above the median, e times as long.
        assert!(profile.at(0.841_344_746, 1024).0.abs_diff(271_828) < 272);
        // Half of a Weibull lies below scale (ln 2)^(1/2).
        assert_eq!(profile.at(0.5, 1 << 20), Nanos(832_555));
        // The geometric mean of both, half way.
        assert_eq!(profile.at(0.5, 32 << 10), Nanos(288_540));
    }

    #[test]
    fn profiles_that_make_no_sense_are_refused() {
        let law = "{ size = '1KiB', law = { weibull = { scale = '1ms', shape = 2 } } }";
        let laws: Vec<super::super::LawRow> =
            toml::from_str::<LatencySpec>(&format!("source = ''\ndate = ''\nlaws = [{law}]"))
                .unwrap()
                .laws;
        type Broken = (fn(&mut LatencySpec), &'static str);
        let broken: [Broken; 14] = [
            (|s| s.sizes[1].latency[2] = Nanos(u64::MAX), "exceed"),
            (|s| s.quantiles = vec![0.0, 0.5], "rise from 0 to 1"),
            (|s| s.quantiles = vec![0.0, 0.0, 1.0], "rise from 0 to 1"),
            (|s| s.sizes.clear(), "at least one row"),
            (|s| s.sizes.reverse(), "must rise in size"),
            (|s| s.sizes[0].latency.truncate(2), "2 latencies for 3 quantiles"),
            (|s| s.sizes[0].latency[0] = Nanos(0), "above 0"),
            (|s| (s.sizes, s.quantiles) = (vec![], vec![]), "or `laws`"),
            (|s| s.regimes = regimes("{ factor = 1 }"), "1 `states` for 2 rows"),
            (|s| s.regimes = regimes("{ factor = 1 }, { factor = 0 }"), "state 2: `factor` is 0"),
            (|s| s.regimes = regimes("{ factor = 1 }, {}"), "state 2: give a `factor`"),
            (
                |s| {
                    s.regimes = regimes("{ factor = 1 }, { factor = 2 }");
                    s.regimes.as_mut().unwrap().step = Nanos(0);
                },
                "`step` must be above 0",
            ),
            (
                |s| {
                    (s.sizes, s.quantiles) = (vec![], vec![]);
                    s.regimes = regimes("{ factor = 1 }, { factor = 2 }");
                },
                "no latencies that `factor`",
            ),
            (
                |s| {
                    s.regimes = regimes("{ factor = 1 }, { factor = 2 }");
                    s.regimes.as_mut().unwrap().transitions[0] = vec![0.5, 0.6];
                },
                "row 1 of `transitions`",
            ),
        ];
        for (i, (break_it, says)) in broken.iter().enumerate() {
            let mut spec = table();
            break_it(&mut spec);
            let said = LatencyProfile::new(&spec).unwrap_err().to_string();
            assert!(said.contains(says), "case {i}: {said}");
        }
        let both = LatencySpec { laws, ..table() };
        assert!(LatencyProfile::new(&both).unwrap_err().to_string().contains("cannot have both"));
        let unknown = "source = ''\ndate = ''\nquantile = [0, 1]";
        assert!(toml::from_str::<LatencySpec>(unknown).is_err());
    }

    proptest! {
        #[test]
        fn latency_rises_with_the_quantile(u in 0.0..1.0f64, v in 0.0..1.0f64, size in 0..1u64 << 32) {
            let profile = LatencyProfile::new(&table()).unwrap();
            let (low, high) = (u.min(v), u.max(v));
            prop_assert!(profile.at(low, size) <= profile.at(high, size));
        }

        /// The formula as it stands in the description, with the functions of `libm`.
        #[test]
        fn a_draw_is_the_formula_to_the_nanosecond(u in 0.0..1.0f64, size in 1..1u64 << 22) {
            let spec = table();
            let ln = |row: usize| {
                let (q, latency) = (&spec.quantiles, &spec.sizes[row].latency);
                let at = if u < 0.5 { 0 } else { 1 };
                let (low, high) = (libm::log(latency[at].0 as f64), libm::log(latency[at + 1].0 as f64));
                low + (u - q[at]) / (q[at + 1] - q[at]) * (high - low)
            };
            let weight = (libm::log(size as f64) / libm::log(2.0) - 10.0) / 10.0;
            let weight = weight.clamp(0.0, 1.0);
            let exact = libm::exp(ln(0) + weight * (ln(1) - ln(0)));
            let drawn = LatencyProfile::new(&spec).unwrap().at(u, size).0 as f64;
            prop_assert!((drawn - exact).abs() <= 0.5 + 1e-6, "{drawn} {exact}");
        }
    }
}
