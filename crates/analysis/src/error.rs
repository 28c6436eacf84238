//! What can be wrong with the numbers one is given.

/// Numbers that cannot be analysed as asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Too few for the method.
    #[error("{n} {what} are too few: it takes at least {least}")]
    TooFew {
        /// What there are too few of.
        what: &'static str,
        /// How many there are.
        n: usize,
        /// How many it takes.
        least: usize,
    },
    /// Arrays that should go side by side.
    #[error("{n} {what} stand beside {expected}: there must be as many of both")]
    Unequal {
        /// What there are too many or too few of.
        what: &'static str,
        /// How many there are.
        n: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A value that cannot be.
    #[error("{what} number {index} is {value}: expected {expected}")]
    Value {
        /// What has the value.
        what: &'static str,
        /// Its place, from 0.
        index: usize,
        /// The value.
        value: f64,
        /// What was expected.
        expected: &'static str,
    },
    /// A setting that cannot be.
    #[error("{what} is {value}: expected {expected}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What was expected.
        expected: &'static str,
    },
}

/// Checks that there are at least so many.
pub(crate) fn at_least(what: &'static str, n: usize, least: usize) -> Result<(), Error> {
    if n >= least { Ok(()) } else { Err(Error::TooFew { what, n, least }) }
}

/// Checks that two arrays go side by side.
pub(crate) fn as_many(what: &'static str, n: usize, expected: usize) -> Result<(), Error> {
    if n == expected { Ok(()) } else { Err(Error::Unequal { what, n, expected }) }
}

/// Checks that all values are numbers.
pub(crate) fn finite(what: &'static str, values: &[f64]) -> Result<(), Error> {
    each(what, values, f64::is_finite, "a finite number")
}

/// Checks that all values are numbers and none is below 0.
pub(crate) fn not_negative(what: &'static str, values: &[f64]) -> Result<(), Error> {
    each(what, values, |v| v.is_finite() && v >= 0.0, "a finite number of at least 0")
}

/// Checks that all values lie in [0, 1].
pub(crate) fn probabilities(what: &'static str, values: &[f64]) -> Result<(), Error> {
    each(what, values, |v| (0.0..=1.0).contains(&v), "a number in [0, 1]")
}

fn each(
    what: &'static str,
    values: &[f64],
    fits: impl Fn(f64) -> bool,
    expected: &'static str,
) -> Result<(), Error> {
    match values.iter().position(|&value| !fits(value)) {
        Some(index) => Err(Error::Value { what, index, value: values[index], expected }),
        None => Ok(()),
    }
}

/// Checks a setting.
pub(crate) fn setting(
    what: &'static str,
    value: f64,
    fits: impl Fn(f64) -> bool,
    expected: &'static str,
) -> Result<(), Error> {
    if fits(value) { Ok(()) } else { Err(Error::Setting { what, value, expected }) }
}

/// Checks a level or a probability that must be neither 0 nor 1.
pub(crate) fn inside_unit(what: &'static str, value: f64) -> Result<(), Error> {
    setting(what, value, |v| v > 0.0 && v < 1.0, "a number between 0 and 1")
}
