//! What to do about a difference.
//!
//! An interval is held against the region of practical equivalence: wholly beyond it on the good side is
//! `ship`, wholly inside is `no-difference`, wholly beyond it on the bad side is `worse`, and all else is
//! `inconclusive`, which is a verdict like the others. J. K. Kruschke: "Rejecting or accepting parameter
//! values in Bayesian estimation", Advances in Methods and Practices in Psychological Science 1(2), 2018, doi
//! 10.1177/2515245918771304; here with intervals of confidence.
//!
//! Guardrails are metrics that must not get worse by more than a tolerance. One that surely does makes the
//! verdict `worse`; one that may do keeps it from being `ship`.

use std::fmt;

use crate::error::Error;
use crate::{Better, Interval, Rope};

/// A metric's difference and what would matter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question<'a> {
    /// The metric, in words: "hit ratio".
    pub metric: &'a str,
    /// Which way is better.
    pub better: Better,
    /// Differences that do not matter.
    pub rope: Rope,
}

/// A metric that must not get worse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guardrail<'a> {
    /// The metric, in words: "p99 latency".
    pub metric: &'a str,
    /// Which way is better.
    pub better: Better,
    /// Its difference.
    pub difference: Interval,
    /// By how much it may get worse: at least 0.
    pub tolerance: f64,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Better by more than what does not matter.
    Ship,
    /// Equal for all practical purposes.
    NoDifference,
    /// Worse by more than what does not matter, or a guardrail is broken.
    Worse,
    /// The data do not say.
    Inconclusive,
}

impl Outcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Ship => "ship",
            Outcome::NoDifference => "no-difference",
            Outcome::Worse => "worse",
            Outcome::Inconclusive => "inconclusive",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What to do, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What to do.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
}

/// Decides about the difference of a metric.
///
/// # Errors
///
/// If the region does not hold 0, or an interval has an end that is no number.
pub fn decide(
    question: &Question<'_>,
    difference: Interval,
    guardrails: &[Guardrail<'_>],
) -> Result<Verdict, Error> {
    question.rope.check()?;
    check(difference)?;
    for guardrail in guardrails {
        check(guardrail.difference)?;
    }
    let by_itself = question.judge(difference);
    let broken = guardrails.iter().find(|guardrail| guardrail.is_broken());
    let doubtful = guardrails.iter().find(|guardrail| !guardrail.holds());
    Ok(match (by_itself.outcome, broken, doubtful) {
        (Outcome::Worse, ..) => by_itself,
        (_, Some(broken), _) => Verdict { outcome: Outcome::Worse, reason: broken.words("is") },
        (Outcome::Ship, _, Some(doubtful)) => {
            Verdict { outcome: Outcome::Inconclusive, reason: doubtful.words("may be") }
        }
        _ => by_itself,
    })
}

impl Question<'_> {
    fn judge(&self, difference: Interval) -> Verdict {
        let Interval { estimate, low, high, level } = difference;
        let above = low > self.rope.high;
        let below = high < self.rope.low;
        let inside = self.rope.low <= low && high <= self.rope.high;
        let good = self.better == Better::Higher;
        let outcome = match (above, below) {
            (true, _) if good => Outcome::Ship,
            (_, true) if !good => Outcome::Ship,
            (true, _) | (_, true) => Outcome::Worse,
            _ if inside => Outcome::NoDifference,
            _ => Outcome::Inconclusive,
        };
        let says = match outcome {
            Outcome::Ship => "better by more than what does not matter",
            Outcome::Worse => "worse by more than what does not matter",
            Outcome::NoDifference => "too little to matter either way",
            Outcome::Inconclusive => "compatible with a difference that matters and with none",
        };
        let reason = format!(
            "{} changes by {} ({} % interval {} to {}; {} to {} does not matter): {says}.",
            self.metric,
            Short(estimate),
            Short(level * 100.0),
            Short(low),
            Short(high),
            Short(self.rope.low),
            Short(self.rope.high),
        );
        Verdict { outcome, reason }
    }
}

impl Guardrail<'_> {
    /// Change for the worse, from the least to the most plausible one.
    fn harm(&self) -> (f64, f64) {
        let ends = [self.difference.low, self.difference.high].map(|end| -self.better.orient(end));
        (ends[0].min(ends[1]), ends[0].max(ends[1]))
    }

    fn is_broken(&self) -> bool {
        self.harm().0 > self.tolerance
    }

    fn holds(&self) -> bool {
        self.harm().1 <= self.tolerance
    }

    fn words(&self, how: &str) -> String {
        format!(
            "{} {how} worse by more than the {} that are allowed ({} % interval of its change {} to {}).",
            self.metric,
            Short(self.tolerance),
            Short(self.difference.level * 100.0),
            Short(self.difference.low),
            Short(self.difference.high),
        )
    }
}

fn check(interval: Interval) -> Result<(), Error> {
    crate::error::setting("the lower end", interval.low, |v| !v.is_nan(), "a number")?;
    crate::error::setting("the upper end", interval.high, |v| !v.is_nan(), "a number")
}

/// A number with four significant digits.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0.0 || !self.0.is_finite() {
            return write!(f, "{}", self.0 + 0.0);
        }
        let magnitude = libm::floor(libm::log10(self.0.abs()));
        let n_decimals = (3.0 - magnitude).clamp(0.0, 12.0) as usize;
        let text = format!("{:.n_decimals$}", self.0);
        let kept =
            if n_decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        f.write_str(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(low: f64, high: f64) -> Interval {
        Interval { estimate: (low + high) / 2.0, low, high, level: 0.95 }
    }

    fn hit_ratio(low: f64, high: f64, guardrails: &[Guardrail<'_>]) -> Verdict {
        let rope = Rope::within(0.005);
        let question = Question { metric: "hit ratio", better: Better::Higher, rope };
        decide(&question, interval(low, high), guardrails).unwrap()
    }

    #[test]
    fn where_the_interval_lies_decides() {
        for (low, high, outcome) in [
            (0.006, 0.02, Outcome::Ship),
            (0.005, 0.02, Outcome::Inconclusive),
            (0.001, 0.02, Outcome::Inconclusive),
            (-0.02, 0.02, Outcome::Inconclusive),
            (-0.005, 0.005, Outcome::NoDifference),
            (0.001, 0.004, Outcome::NoDifference),
            (-0.02, -0.006, Outcome::Worse),
            (f64::NEG_INFINITY, f64::INFINITY, Outcome::Inconclusive),
        ] {
            assert_eq!(hit_ratio(low, high, &[]).outcome, outcome, "{low} to {high}");
        }
    }

    #[test]
    fn less_may_be_better() {
        let question = Question { metric: "cost", better: Better::Lower, rope: Rope::NONE };
        let outcome = |low, high| decide(&question, interval(low, high), &[]).unwrap().outcome;
        assert_eq!(outcome(-3.0, -1.0), Outcome::Ship);
        assert_eq!(outcome(1.0, 3.0), Outcome::Worse);
        assert_eq!(outcome(-1.0, 3.0), Outcome::Inconclusive);
        assert_eq!(outcome(0.0, 0.0), Outcome::NoDifference);
    }

    #[test]
    fn guardrails_hold_back_and_turn_round() {
        let p99 = |low, high| Guardrail {
            metric: "p99 latency",
            better: Better::Lower,
            difference: interval(low, high),
            tolerance: 2.0,
        };
        assert_eq!(hit_ratio(0.01, 0.02, &[p99(-1.0, 2.0)]).outcome, Outcome::Ship);
        let doubtful = hit_ratio(0.01, 0.02, &[p99(-1.0, 2.5)]);
        assert_eq!(doubtful.outcome, Outcome::Inconclusive);
        assert_eq!(
            doubtful.reason,
            "p99 latency may be worse by more than the 2 that are allowed (95 % interval of its change -1 to 2.5)."
        );
        assert_eq!(hit_ratio(0.01, 0.02, &[p99(-1.0, 2.5), p99(2.1, 3.0)]).outcome, Outcome::Worse);
        assert_eq!(hit_ratio(0.0, 0.001, &[p99(2.1, 3.0)]).outcome, Outcome::Worse);
        // No difference is no reason to ship, so nothing is held back.
        assert_eq!(hit_ratio(0.0, 0.001, &[p99(-1.0, 2.5)]).outcome, Outcome::NoDifference);
    }

    #[test]
    fn reasons_are_sentences() {
        assert_eq!(
            hit_ratio(0.0101234, 0.02, &[]).reason,
            "hit ratio changes by 0.01506 (95 % interval 0.01012 to 0.02; -0.005 to 0.005 does not matter): \
             better by more than what does not matter."
        );
        assert_eq!(Outcome::NoDifference.to_string(), "no-difference");
        let short = |x| Short(x).to_string();
        assert_eq!(
            [short(0.0), short(-12345.6), short(99.99), short(1e-9), short(f64::INFINITY)],
            ["0", "-12346", "99.99", "0.000000001", "inf"]
        );
    }

    #[test]
    fn intervals_that_are_no_numbers_are_refused() {
        let question = Question { metric: "cost", better: Better::Lower, rope: Rope::NONE };
        assert!(decide(&question, interval(f64::NAN, 1.0), &[]).is_err());
        let rope = Rope { low: 1.0, high: 2.0 };
        assert!(decide(&Question { rope, ..question }, interval(0.0, 1.0), &[]).is_err());
    }
}
