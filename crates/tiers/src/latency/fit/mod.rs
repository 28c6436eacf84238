//! Profiles fitted to measured latencies, and how well they fit.
//!
//! Samples are put into classes by object size. Each class is cut into twenty stretches in the order it
//! was measured; candidates are fitted to every other stretch and judged on the rest, so that a
//! drift in the middle of a measurement does not pass for a bad fit, and neighbours, which are alike,
//! do not stand on both sides. What is written is then fitted to all samples.
//!
//! Candidates are a quantile table ([`table`]) and the laws ([`laws`]). A judgement holds the
//! Kolmogorov-Smirnov distance and the errors of p50 and p99, each beside what chance allows
//! ([`judge`]); a candidate that is further off in any class is refused. Where neighbouring
//! samples are correlated, a chain of two regimes is fitted ([`regimes`]).
//!
//! The verdict is the table, unless samples are few (below [`ENOUGH_FOR_A_TABLE`] in every class) and
//! a law does as well: a law has fewer parameters, and a tail beyond the longest sample. If the
//! table itself is refused, the samples do not even foretell each other, and nothing is.
//! The cost is O(n log n) for sorting, and some thousand evaluations of each law at 200 points.

mod classes;
mod judge;
mod laws;
mod minimise;
mod regimes;
mod table;

use std::fmt;

use trace::units::{Bytes, Nanos};

use super::law::Curve;
use super::spec::{LatencySpec, LawRow, SizeRow};
use classes::{Class, classes};
pub use judge::Judgement;
pub use regimes::RegimeFit;
use table::QuantileTable;

/// The least samples that are fitted at all.
pub const LEAST_SAMPLES: usize = 40;
/// From so many samples a class on, a table is never worse than a law by much and assumes nothing.
pub const ENOUGH_FOR_A_TABLE: usize = 500;

/// Measured latencies, in the order they were measured.
#[derive(Debug, Clone, Copy, Default)]
pub struct Samples<'a> {
    /// Nanoseconds.
    pub latency_ns: &'a [u64],
    /// Bytes of each answer, if known.
    pub sizes: Option<&'a [u64]>,
    /// When each was asked for, never falling, if known.
    pub times_ns: Option<&'a [u64]>,
    /// Time between two samples, where it is not known from `times_ns`. Regimes need one of both.
    pub interval_ns: Option<u64>,
}

/// Samples that cannot be fitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// Too few for any statement.
    #[error("{0} samples are too few to fit anything; measure at least {LEAST_SAMPLES}")]
    TooFew(usize),
    /// Columns of different lengths.
    #[error("{0} latencies, but {1} {2}")]
    Lengths(usize, usize, &'static str),
    /// Times that fall.
    #[error("sample {0} was measured before the one before it; sort the samples by time")]
    Unsorted(usize),
}

/// What can be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Quantiles by size.
    Table,
    /// A shifted lognormal by size.
    Lognormal,
    /// A shifted gamma by size.
    Gamma,
    /// A shifted Weibull by size.
    Weibull,
    /// A Burr XII by size.
    Burr,
    /// Two lognormals by size.
    Bimodal,
    /// A table for each of two regimes.
    Regimes,
}

impl Kind {
    /// All, in the order they are reported.
    pub const ALL: [Kind; 7] = [
        Kind::Table,
        Kind::Lognormal,
        Kind::Gamma,
        Kind::Weibull,
        Kind::Burr,
        Kind::Bimodal,
        Kind::Regimes,
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Table => "table",
            Kind::Lognormal => "lognormal",
            Kind::Gamma => "gamma",
            Kind::Weibull => "weibull",
            Kind::Burr => "burr",
            Kind::Bimodal => "bimodal",
            Kind::Regimes => "regimes",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A table or law for all size classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Which.
    pub kind: Kind,
    /// How well it does in each class, by rising size.
    pub judgements: Vec<Judgement>,
    /// Why it must not be used, if it must not.
    pub refused: Option<String>,
    rows: Rows,
}

/// What a candidate writes.
#[derive(Debug, Clone, PartialEq)]
enum Rows {
    Table(Vec<f64>, Vec<SizeRow>),
    Laws(Vec<LawRow>),
}

impl Rows {
    fn fill(&self, spec: &mut LatencySpec) {
        match self {
            Rows::Table(quantiles, rows) => {
                (spec.quantiles, spec.sizes) = (quantiles.clone(), rows.clone());
            }
            Rows::Laws(rows) => spec.laws = rows.clone(),
        }
    }
}

/// All that was fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Correlation of the logarithms of neighbouring latencies, each less its class's mean.
    pub autocorrelation: f64,
    /// From here on a correlation is no chance.
    pub autocorrelation_noise: f64,
    /// The table first, then the laws.
    pub candidates: Vec<Candidate>,
    /// The chain, if neighbours are correlated and there are enough of them.
    pub regimes: Option<RegimeFit>,
    /// What to use, if anything.
    pub verdict: Option<Kind>,
    /// In words.
    pub why: String,
}

/// Fits everything and judges it.
///
/// # Errors
/// If there are too few samples or columns do not match.
pub fn fit(samples: &Samples<'_>) -> Result<Fit, FitError> {
    check(samples)?;
    let classes = classes(samples);
    let residuals = classes::residuals(&classes, samples.latency_ns.len());
    let autocorrelation = regimes::lag_one(&residuals);
    let autocorrelation_noise = (3.0 / libm::sqrt(residuals.len() as f64)).max(0.1);
    // Samples that are alike tell less: the usual allowance for a first-order process.
    let rho = autocorrelation.clamp(0.0, 0.99);
    let worth = (1.0 - rho) / (1.0 + rho);
    let mut candidates = vec![table_candidate(&classes, worth)];
    for law in laws::LAWS {
        candidates.push(law_candidate(law, &classes, worth));
    }
    let regimes = (autocorrelation > autocorrelation_noise)
        .then(|| regimes::fit(&classes, &residuals, autocorrelation, interval(samples)));
    let (verdict, why) = verdict(&candidates, regimes.as_ref(), &classes);
    Ok(Fit { autocorrelation, autocorrelation_noise, candidates, regimes, verdict, why })
}

impl Fit {
    /// The profile of a kind, fitted to all samples, if it was fitted and is not refused.
    pub fn profile(&self, kind: Kind, source: &str, date: &str) -> Option<LatencySpec> {
        if self.refusal(kind).is_some() {
            return None;
        }
        let mut spec =
            LatencySpec { source: source.into(), date: date.into(), ..LatencySpec::default() };
        if kind == Kind::Regimes {
            spec.regimes = Some(self.regimes.as_ref()?.written()?);
            return Some(spec);
        }
        self.candidates.iter().find(|candidate| candidate.kind == kind)?.rows.fill(&mut spec);
        Some(spec)
    }

    /// The quantile table of all samples, refused or not: for callers that say so.
    pub fn table(&self, source: &str, date: &str) -> LatencySpec {
        let mut spec =
            LatencySpec { source: source.into(), date: date.into(), ..LatencySpec::default() };
        self.candidates[0].rows.fill(&mut spec);
        spec
    }

    /// Why a kind must not be used.
    pub fn refusal(&self, kind: Kind) -> Option<String> {
        if kind != Kind::Regimes {
            return self.candidates.iter().find(|c| c.kind == kind)?.refused.clone();
        }
        match &self.regimes {
            None => Some("neighbouring samples are not correlated".into()),
            Some(regimes) => regimes.refused.clone(),
        }
    }
}

fn check(samples: &Samples<'_>) -> Result<(), FitError> {
    let n = samples.latency_ns.len();
    if n < LEAST_SAMPLES {
        return Err(FitError::TooFew(n));
    }
    for (column, name) in [(samples.sizes, "sizes"), (samples.times_ns, "times")] {
        if let Some(column) = column.filter(|column| column.len() != n) {
            return Err(FitError::Lengths(n, column.len(), name));
        }
    }
    let falls = |times: &[u64]| times.windows(2).position(|pair| pair[1] < pair[0]);
    match samples.times_ns.and_then(falls) {
        Some(at) => Err(FitError::Unsorted(at + 2)),
        None => Ok(()),
    }
}

/// The usual time between two samples.
fn interval(samples: &Samples<'_>) -> Option<Nanos> {
    let gaps = samples.times_ns.map(|times| {
        let mut gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        gaps.sort_unstable();
        gaps[gaps.len() / 2]
    });
    gaps.or(samples.interval_ns).filter(|gap| *gap > 0).map(Nanos)
}

fn table_candidate(classes: &[Class], worth: f64) -> Candidate {
    let (fitted_to, judged_on): (Vec<_>, Vec<_>) = classes.iter().map(Class::halves).unzip();
    let half = QuantileTable::fit(&fitted_to);
    let judge =
        |i: usize| judge::judge(classes[i].size, &fitted_to[i], &judged_on[i], worth, &half.row(i));
    let judgements: Vec<Judgement> = (0..classes.len()).map(judge).collect();
    let whole = QuantileTable::fit(&classes.iter().map(Class::sorted).collect::<Vec<_>>());
    let rows = whole.rows(classes.iter().map(|class| class.size));
    let refused = refusal(&judgements);
    Candidate { kind: Kind::Table, judgements, refused, rows: Rows::Table(whole.quantiles, rows) }
}

fn law_candidate(kind: Kind, classes: &[Class], worth: f64) -> Candidate {
    let (mut judgements, mut rows) = (Vec::new(), Vec::new());
    for class in classes {
        let (fitted_to, judged_on) = class.halves();
        // As it would be written: times to the nanosecond.
        let written = |latencies: &[u64]| laws::fit(kind, latencies).law();
        let half = Curve::from(&written(&fitted_to));
        judgements.push(judge::judge(class.size, &fitted_to, &judged_on, worth, &half));
        rows.push(LawRow { size: Bytes(class.size), law: written(&class.sorted()) });
    }
    let nonsense = rows.iter().find_map(|row| super::law::check(&row.law).err());
    let refused = refusal(&judgements).or(nonsense);
    Candidate { kind, judgements, refused, rows: Rows::Laws(rows) }
}

/// The first class that a candidate does badly in, in words.
fn refusal(judgements: &[Judgement]) -> Option<String> {
    let several = judgements.len() > 1;
    let bad =
        judgements.iter().find_map(|judgement| Some((judgement, judgement.refused.clone()?)))?;
    Some(if several { format!("at {}: {}", Bytes(bad.0.size), bad.1) } else { bad.1 })
}

fn verdict(
    candidates: &[Candidate],
    regimes: Option<&RegimeFit>,
    classes: &[Class],
) -> (Option<Kind>, String) {
    let table = &candidates[0];
    if let Some(refused) = &table.refused {
        let why = format!(
            "nothing: even a table of one half of the samples does not foretell the other ({refused}); \
             measure longer, or under steadier conditions"
        );
        return (None, why);
    }
    if regimes.is_some_and(|regimes| regimes.refused.is_none()) {
        return (
            Some(Kind::Regimes),
            "regimes: neighbours are correlated, and two regimes explain it".into(),
        );
    }
    let few = classes.iter().all(|class| class.n() < ENOUGH_FOR_A_TABLE);
    let worst =
        |candidate: &Candidate| candidate.judgements.iter().map(|j| j.ks).fold(0.0, f64::max);
    let law = candidates[1..]
        .iter()
        .filter(|candidate| candidate.refused.is_none())
        .min_by(|a, b| worst(a).total_cmp(&worst(b)));
    match law {
        Some(law) if few && worst(law) <= worst(table) => (
            Some(law.kind),
            format!("{}: it fits no worse than a table, and samples are few", law.kind),
        ),
        _ => (Some(Kind::Table), "table: it fits to within chance and assumes no law".into()),
    }
}

#[cfg(test)]
mod tests;
