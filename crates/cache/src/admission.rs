//! What an admission policy decides: whether a missed object is let in at all.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use trace::ObjectId;

use crate::{Info, ParamError, Request, Residents, Setup};

/// An admission policy: it stands before a cache of any eviction policy and turns objects away.
///
/// It sees every request, hit or miss, and is asked on a miss whose object is not larger than the
/// capacity. The eviction policy's own objections come after. What a prefetcher brings in does not
/// pass it: prefetching is a decision of its own.
///
/// Which resident would have to go is not told: most eviction policies find out only by doing it.
pub trait Admission {
    /// Parameters.
    type Params: Default + Serialize + DeserializeOwned + JsonSchema
    where
        Self: Sized;

    /// A policy before an empty cache.
    fn new(setup: &Setup, params: &Self::Params) -> Result<Self, ParamError>
    where
        Self: Sized;

    /// A request, after the cache was looked up and before [`admits`](Self::admits).
    fn on_request(&mut self, _request: &Request, _hit: bool, _residents: &Residents) {}

    /// Whether the missed object is let in. Once a miss.
    fn admits(&mut self, request: &Request, residents: &Residents) -> bool;

    /// The object is resident now, by a request or a prefetch.
    fn on_insert(&mut self, _object: ObjectId) {}

    /// The object is not resident any more.
    fn on_leave(&mut self, _object: ObjectId) {}

    /// Bytes of state.
    fn state_bytes(&self) -> usize;
}

/// Makes an admission policy with parameters given as values.
pub type BuildAdmission = fn(
    &Setup,
    &serde_json::Map<String, serde_json::Value>,
) -> Result<Box<dyn Admission>, crate::Error>;

/// What only admission policies say of themselves.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionKind {
    /// One with parameters given as values.
    pub build: BuildAdmission,
}

/// A registered admission policy.
pub type AdmissionInfo = Info<AdmissionKind>;

/// Declares an admission policy as [`policy!`](crate::policy) does an eviction policy.
#[macro_export]
macro_rules! admission {
    (
        #[doc = $doc:literal]
        $type:ty = $name:literal {
            aliases: [$($alias:literal),*],
            paper: ($($paper:literal),*) $(,)?
        }
    ) => {
        $crate::info! {
            $crate::AdmissionInfo, $doc, $name, [$($alias),*], ($($paper),*),
            <$type as $crate::Admission>::Params,
            $crate::AdmissionKind {
                build: |setup, parameters| {
                    let params = $crate::params_of("admission policy", $name, parameters)?;
                    match <$type as $crate::Admission>::new(setup, &params) {
                        Ok(policy) => Ok(Box::new(policy)),
                        Err(source) => Err($crate::Error::parameter("admission policy", $name, source)),
                    }
                },
            }
        }
    };
}
