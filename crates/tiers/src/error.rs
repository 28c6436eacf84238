//! What keeps a stack from being simulated.

/// Why a stack cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The trace is too long for 32-bit request numbers.
    #[error("the trace has {0} requests; at most 4294967294 can be simulated")]
    TooLong(usize),
    /// The stack is too deep.
    #[error("the stack has {0} tiers; at most {max} can be simulated", max = crate::MOST_TIERS)]
    TooManyTiers(usize),
    /// A policy cannot be built.
    #[error(transparent)]
    Policy(#[from] cache::Error),
    /// A tier cannot be built.
    #[error("tier {tier}: {what}")]
    Tier {
        /// Name of the tier.
        tier: String,
        /// What is wrong.
        what: String,
    },
}
