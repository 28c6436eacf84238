//! Security: what encryption costs, who did what, and erasure that can be proved.
//!
//! * [`Cipher`] and [`Keys`]: bytes and processor time of sealed copies, keys that rotate;
//! * [`AuditLog`]: JSON lines with a hash chain, and [`Verifier`] that checks one;
//! * [`Pattern`] and [`Template`]: globs over keys, and `user:ID:*`;
//! * [`ErasureSpec`], [`Plan`], [`Ledger`]: requests to erase, and the account of what is left of an
//!   object in which tier, and for how long.
//!
//! Nothing here encrypts, reads a clock or does input or output: the engine asks these types what
//! things cost and tells them what happens.

mod audit;
mod cipher;
mod erasure;
mod keys;
mod pattern;
mod subjects;

pub use audit::{
    AuditLog, AuditSpec, Broken, Finished, Kind, Naming, Record, Verified, Verifier, What, verify,
};
pub use cipher::{Cipher, CipherSpec};
pub use erasure::{
    Asked, ErasureOutcome, ErasureSpec, Ledger, Plan, PurgeSpec, Purging, RandomSpec,
    RequestOutcome, RequestSpec, SubjectKind, TierErasure, nearest_rank,
};
pub use keys::{EncryptionSpec, KeyCounters, KeyPer, Keys, Opened, Rotation, Seal, Sealed};
pub use pattern::{Pattern, Template};
pub use subjects::{KeyIndex, matching, objects_of_clients};

/// A setting of this module that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {what}")]
pub struct SecurityError {
    /// The field, as it is written in a scenario.
    pub field: String,
    /// What is wrong with it, and what was expected.
    pub what: String,
}

impl SecurityError {
    fn new(field: impl Into<String>, what: impl Into<String>) -> Self {
        SecurityError { field: field.into(), what: what.into() }
    }
}
