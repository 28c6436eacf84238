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
