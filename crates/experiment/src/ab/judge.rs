//! From findings to a verdict, and how many requests it would have taken.

use analysis::power::Demand;
use analysis::verdict::{Guardrail, Outcome, Question, decide};
use analysis::{Better, Interval, Options, Rope, aa};

use super::finding::{Basis, Finding};
use super::measure::Margin;
use super::spec::Plan;

/// How a guardrail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Surely not worse by more than is allowed.
    Holds,
    /// Surely worse by more than is allowed.
    Broken,
    /// The data do not say.
    Doubtful,
    /// Its error is not known.
    NotJudged,
}

impl Standing {
    pub(super) fn name(self) -> &'static str {
        match self {
            Standing::Holds => "holds",
            Standing::Broken => "broken",
            Standing::Doubtful => "doubtful",
            Standing::NotJudged => "not judged",
        }
    }
}

/// The verdict of a test.
pub(super) struct Judgement {
    pub(super) outcome: Outcome,
    /// Why, in a sentence.
    pub(super) reason: String,
    /// What the measure that decides says by itself, whatever guardrails and A/A tests say.
    pub(super) alone: Outcome,
    /// Of each guardrail.
    pub(super) standings: Vec<Standing>,
    /// The smallest difference that this many requests find four times in five.
    pub(super) minimum_detectable: Option<f64>,
    /// Requests that decide four times in five, if the difference is what was measured.
    pub(super) requests_needed: Option<u64>,
    /// Requests that it rests on.
    pub(super) n_requests: u64,
}

/// How often this test finds a difference where there is none, on this very trace; `None` where it
/// resamples nothing.
pub(super) fn false_positives(
    primary: &Finding,
    n_repetitions: u64,
    options: &Options,
) -> Result<Option<Interval>, analysis::Error> {
    if primary.differences.is_empty() || n_repetitions == 0 {
        return Ok(None);
    }
    let by_units = matches!(primary.basis, Basis::Units | Basis::UnitsAndTime);
    let block_length = if by_units { Some(1.0) } else { options.block_length };
    let n_resamples = resolving(options.level, 199);
    let options = Options { n_resamples, block_length, ..*options };
    aa::false_positive_rate(&primary.differences, n_repetitions, &options).map(Some)
}

/// As many resamples as resolve a level, at least so many: p-values below 1 - level need them.
pub(super) fn resolving(level: f64, least: usize) -> usize {
    least.max((10.0 / (1.0 - level)).ceil() as usize - 1)
}

/// Whether the test finds what is not there more than twice as often as it says.
fn is_too_sure(rate: Interval, level: f64) -> bool {
    rate.low > 2.0 * (1.0 - level)
}

/// Decides. What a test says in favour that is too sure on this trace does not count.
pub(super) fn judge(
    plan: &Plan,
    primary: &Finding,
    guardrails: &[(&Finding, Margin)],
    n_requests: u64,
    false_positives: Option<Interval>,
) -> Result<Judgement, analysis::Error> {
    let margin = plan.margin.of(primary.a);
    let standings: Vec<Standing> =
        guardrails.iter().map(|(finding, allowed)| standing(finding, *allowed)).collect();
    let judged: Vec<Guardrail<'_>> = guardrails
        .iter()
        .zip(&standings)
        .filter(|(_, standing)| **standing != Standing::NotJudged)
        .map(|((finding, allowed), _)| Guardrail {
            metric: finding.measure.words(),
            better: finding.measure.better(),
            difference: finding.difference,
            tolerance: allowed.of(finding.a),
        })
        .collect();
    let question = Question {
        metric: primary.measure.words(),
        better: primary.measure.better(),
        rope: Rope::within(margin),
    };
    let found = decide(&question, primary.difference, &judged)?.outcome;
    let alone = decide(&question, primary.difference, &[])?.outcome;
    let too_sure = false_positives.filter(|rate| is_too_sure(*rate, plan.level));
    let rests_on_interval = matches!(found, Outcome::Ship | Outcome::NoDifference);
    let too_sure = too_sure.filter(|_| rests_on_interval);
    let outcome = if too_sure.is_some() { Outcome::Inconclusive } else { found };
    let (minimum_detectable, requests_needed) = power(plan, primary, margin, n_requests)?;
    let case = Case { primary, margin, guardrails, standings: &standings };
    let reason = match too_sure {
        Some(rate) => case.distrust(rate),
        None => case.reason(outcome, alone, requests_needed, n_requests),
    };
    Ok(Judgement {
        outcome,
        reason,
        alone,
        standings,
        minimum_detectable,
        requests_needed,
        n_requests,
    })
}

fn standing(finding: &Finding, allowed: Margin) -> Standing {
    let (least, most) = harm(finding);
    let allowed = allowed.of(finding.a);
    if finding.basis == Basis::Estimate {
        // What looks worse than is allowed is a doubt, however far the estimate may be off.
        let looks_worse = -finding.measure.better().orient(finding.difference.estimate) > allowed;
        return if looks_worse { Standing::Doubtful } else { Standing::NotJudged };
    }
    match () {
        () if least > allowed => Standing::Broken,
        () if most <= allowed => Standing::Holds,
        () => Standing::Doubtful,
    }
}

/// Change for the worse, from the least to the most plausible one.
fn harm(finding: &Finding) -> (f64, f64) {
    let Interval { low, high, .. } = finding.difference;
    match finding.measure.better() {
        Better::Higher => (-high, -low),
        Better::Lower => (low, high),
    }
}

/// A difference decides if it is far enough from the nearest end of what does not matter.
fn power(
    plan: &Plan,
    primary: &Finding,
    margin: f64,
    n_requests: u64,
) -> Result<(Option<f64>, Option<u64>), analysis::Error> {
    let error = primary.standard_error;
    if primary.basis == Basis::WholeRun || !error.is_finite() || error == 0.0 {
        return Ok((None, None));
    }
    let demand = Demand { alpha: 1.0 - plan.level, ..Demand::default() };
    let distance = (primary.difference.estimate.abs() - margin).abs();
    let needed = match distance > 0.0 {
        true => Some(demand.needed(distance, n_requests, error)?.max(1)),
        false => None,
    };
    Ok((Some(demand.minimum_detectable(error)?), needed))
}

/// What the sentence is about.
struct Case<'a> {
    primary: &'a Finding,
    margin: f64,
    guardrails: &'a [(&'a Finding, Margin)],
    standings: &'a [Standing],
}

impl Case<'_> {
    fn reason(
        &self,
        outcome: Outcome,
        alone: Outcome,
        needed: Option<u64>,
        n_requests: u64,
    ) -> String {
        let of = |standing| {
            let place = self.standings.iter().position(|known| *known == standing);
            place.map(|place| self.guardrails[place])
        };
        let (broken, doubtful) = (of(Standing::Broken), of(Standing::Doubtful));
        match (outcome, alone, broken, doubtful) {
            (Outcome::Worse, Outcome::Worse, ..) => {
                format!("{}, more than the {} that matter.", self.change("worse"), self.matter())
            }
            (Outcome::Worse, _, Some((guardrail, allowed)), _) => format!(
                "{} is worse by more than the {} allowed: {}.",
                guardrail.measure.words(),
                shown(guardrail, allowed.of(guardrail.a)),
                interval(guardrail)
            ),
            (Outcome::Ship, ..) => format!(
                "{}, more than the {} that matter{}.",
                self.change("better"),
                self.matter(),
                self.about_guardrails()
            ),
            (Outcome::Inconclusive, Outcome::Ship, _, Some((guardrail, allowed))) => format!(
                "{}, but {} may be worse by more than the {} allowed: {}.",
                self.change("better"),
                guardrail.measure.words(),
                shown(guardrail, allowed.of(guardrail.a)),
                interval(guardrail)
            ),
            (Outcome::NoDifference, ..) => format!(
                "{} changes by {}, too little to matter either way ({} would).",
                self.primary.measure.words(),
                interval(self.primary),
                self.matter()
            ),
            _ => format!(
                "{} changes by {}: that may matter ({} would) or not{}.",
                self.primary.measure.words(),
                interval(self.primary),
                self.matter(),
                more(needed, n_requests)
            ),
        }
    }

    fn distrust(&self, rate: Interval) -> String {
        format!(
            "{} changes by {}, but on this trace the test finds a difference where there is none in {:.0} % of cases, not {:.0} %: the interval is too narrow.",
            self.primary.measure.words(),
            interval(self.primary),
            rate.estimate * 100.0,
            (1.0 - self.primary.difference.level) * 100.0
        )
    }

    fn matter(&self) -> String {
        shown(self.primary, self.margin)
    }

    fn change(&self, how: &str) -> String {
        let words = self.primary.measure.words();
        format!("{words} is {how}, by {}", interval(self.primary))
    }

    fn about_guardrails(&self) -> String {
        let n = self.standings.len();
        let not_judged = self.standings.iter().filter(|s| **s == Standing::NotJudged).count();
        match (n, not_judged) {
            (0, _) => String::new(),
            (_, 0) => "; every guardrail holds".into(),
            (n, left) if n == left => "; no guardrail could be judged".into(),
            _ => {
                let names: Vec<&str> = self
                    .guardrails
                    .iter()
                    .zip(self.standings)
                    .filter(|(_, standing)| **standing == Standing::NotJudged)
                    .map(|((finding, _), _)| finding.measure.words())
                    .collect();
                format!("; every guardrail holds but {}, which was not judged", names.join(" and "))
            }
        }
    }
}

/// `+1.23 pp (95 % interval +1.01 to +1.45 pp)`.
fn interval(finding: &Finding) -> String {
    let show = |value| finding.measure.show_change(value);
    let Interval { estimate, low, high, level } = finding.difference;
    match finding.basis {
        Basis::WholeRun => format!("{}, exactly on this trace", show(estimate)),
        Basis::Estimate => format!("about {}", show(estimate)),
        _ => format!(
            "{} ({} % interval {} to {})",
            show(estimate),
            (level * 1e4).round() / 100.0,
            show(low),
            show(high)
        ),
    }
}

/// An amount without a sign.
fn shown(finding: &Finding, amount: f64) -> String {
    finding.measure.show_change(amount).trim_start_matches('+').to_string()
}

fn more(needed: Option<u64>, n_requests: u64) -> String {
    match needed {
        Some(needed) if needed > n_requests => format!(
            "; if the difference is what was measured, about {} requests like these {} decide",
            trace::units::thousands(rounded_up(needed)),
            trace::units::thousands(n_requests)
        ),
        _ => String::new(),
    }
}

/// To two digits.
fn rounded_up(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    number.div_ceil(unit).saturating_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ab::measure::Measure;
    use crate::ab::tests::plan;

    fn finding(measure: Measure, a: f64, [estimate, low, high]: [f64; 3]) -> Finding {
        let known = Finding::without_error(measure, Basis::WholeRun, (a, a + estimate), 0.95);
        Finding {
            basis: Basis::Time,
            difference: Interval { estimate, low, high, level: 0.95 },
            standard_error: (high - low) / 3.92,
            ..known
        }
    }

    fn judged(primary: [f64; 3], slower_ns: [f64; 3]) -> Judgement {
        let primary = finding(Measure::HitRatio, 0.8, primary);
        let p99 = finding(Measure::P99, 20e6, slower_ns);
        judge(&plan(), &primary, &[(&p99, Margin::Relative(5.0))], 100_000, None).unwrap()
    }

    #[test]
    fn verdicts_come_with_a_reason_in_units_that_people_read() {
        let fine = [0.0, -1e5, 1e5];
        let cases = [
            (
                [0.02, 0.015, 0.025],
                fine,
                "ship",
                "hit ratio is better, by +2.00 pp (95 % interval +1.50 pp to +2.50 pp), more than the 0.50 pp that matter; every guardrail holds.",
            ),
            (
                [-0.02, -0.025, -0.015],
                fine,
                "worse",
                "hit ratio is worse, by −2.00 pp (95 % interval −2.50 pp to −1.50 pp), more than the 0.50 pp that matter.",
            ),
            (
                [0.001, -0.001, 0.003],
                fine,
                "no-difference",
                "hit ratio changes by +0.10 pp (95 % interval −0.10 pp to +0.30 pp), too little to matter either way (0.50 pp would).",
            ),
            (
                [0.02, 0.015, 0.025],
                [3e6, 2e6, 4e6],
                "worse",
                "p99 latency is worse by more than the 1 ms allowed: +3 ms (95 % interval +2 ms to +4 ms).",
            ),
            (
                [0.02, 0.015, 0.025],
                [1e6, 0.0, 2e6],
                "inconclusive",
                "hit ratio is better, by +2.00 pp (95 % interval +1.50 pp to +2.50 pp), but p99 latency may be worse by more than the 1 ms allowed: +1 ms (95 % interval 0 ns to +2 ms).",
            ),
        ];
        for (primary, slower, outcome, reason) in cases {
            let found = judged(primary, slower);
            assert_eq!((found.outcome.word(), found.reason.as_str()), (outcome, reason));
        }
        let open = judged([0.006, 0.001, 0.011], fine);
        assert_eq!(open.outcome, Outcome::Inconclusive);
        // 0.1 points from what matters, with an error of 0.255: (2.80 x 2.55)² times as many.
        assert_eq!(open.requests_needed, Some(5_107_820));
        assert!(open.reason.ends_with("about 5,200,000 requests like these 100,000 decide."));
    }

    #[test]
    fn a_test_that_finds_what_is_not_there_ships_nothing() {
        let primary = finding(Measure::HitRatio, 0.8, [0.02, 0.015, 0.025]);
        let rate = |estimate, low| Interval { estimate, low, high: 1.0, level: 0.95 };
        let with = |rate| judge(&plan(), &primary, &[], 1_000, Some(rate)).unwrap();
        assert_eq!(with(rate(0.07, 0.04)).outcome, Outcome::Ship);
        let found = with(rate(0.21, 0.16));
        assert_eq!(found.outcome, Outcome::Inconclusive);
        assert!(found.reason.ends_with("in 21 % of cases, not 5 %: the interval is too narrow."));
        // Against a strategy it may be too sure.
        let worse = finding(Measure::HitRatio, 0.8, [-0.02, -0.025, -0.015]);
        let found = judge(&plan(), &worse, &[], 1_000, Some(rate(0.21, 0.16))).unwrap();
        assert_eq!(found.outcome, Outcome::Worse);
    }

    #[test]
    fn what_has_no_interval_is_not_judged() {
        let primary = finding(Measure::HitRatio, 0.8, [0.02, 0.015, 0.025]);
        let cost = Finding::without_error(Measure::Cost, Basis::Estimate, (1e9, 1e9), 0.95);
        let found =
            judge(&plan(), &primary, &[(&cost, Margin::Relative(5.0))], 1_000, None).unwrap();
        assert_eq!((found.outcome, found.standings[0]), (Outcome::Ship, Standing::NotJudged));
        assert!(found.reason.ends_with("; no guardrail could be judged."), "{}", found.reason);
        // A doubt, if it looks worse than is allowed.
        let dear = Finding::without_error(Measure::Cost, Basis::Estimate, (1e9, 1.1e9), 0.95);
        let found =
            judge(&plan(), &primary, &[(&dear, Margin::Relative(5.0))], 1_000, None).unwrap();
        assert_eq!(
            (found.outcome, found.standings[0]),
            (Outcome::Inconclusive, Standing::Doubtful)
        );
        assert!(
            found.reason.ends_with("more than the $0.05 allowed: about +$0.10."),
            "{}",
            found.reason
        );
        let exact = Finding::without_error(Measure::Cost, Basis::WholeRun, (1e9, 9e9), 0.95);
        let found =
            judge(&plan(), &primary, &[(&exact, Margin::Relative(5.0))], 1_000, None).unwrap();
        assert_eq!((found.outcome, found.standings[0]), (Outcome::Worse, Standing::Broken));
        assert!(found.reason.contains("+$8.00, exactly on this trace"), "{}", found.reason);
    }
}
