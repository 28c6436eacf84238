//! Latency profiles: what an answer takes, by its size and by the regime of the time.
//!
//! A profile is written as one of two bodies: a table of quantiles for each of some object sizes, or
//! a law (lognormal, gamma, Weibull, Burr XII, two modes) for each of some sizes. Both are drawn from
//! in one way. A uniform number picks a quantile; the logarithm of the latency is interpolated
//! linearly between the knots of the quantile function and, between two sizes, linearly in the
//! logarithm of the size. Outside the sizes given the nearest row is used. One uniform makes one
//! latency, so strategies under one seed share their luck. A law is turned into knots when a profile
//! is prepared ([`axis`]).
//!
//! Of the laws tried on published samples of memory and object-store latencies, a table of some
//! fifteen quantiles was the only one that fitted all of them within sampling noise; gammas fitted by
//! moments missed p99 by factors of 0.7 to 3.4. [`fit`] measures that for samples of your own.
//!
//! Draws of a plain profile are independent. Real latencies are not: neighbours in time are
//! correlated. A profile may therefore have regimes, states of a Markov chain that walks with the
//! simulated time ([`chain`]), each with a body of its own or a factor.
//!
//! No function of the system's mathematics is used: it differs in the last bit from machine to
//! machine, and a run must give the same bits on all.

mod axis;
mod body;
mod chain;
mod draws;
mod elementary;
pub mod fit;
mod law;
mod profile;
mod quantile;
mod spec;
mod special;

pub use draws::Draws;
pub use profile::{LatencyProfile, ProfileError};
pub use spec::{
    Bimodal, Burr, LatencySpec, Law, LawRow, Lognormal, Regime, Regimes, ShapeAndScale, SizeRow,
};

use trace::units::Nanos;

/// The longest latency of a profile: sums over all tiers stay far from overflow.
pub(crate) const LONGEST: Nanos = Nanos(24 * 3_600_000_000_000);
