//! What a prefetcher decides: what to bring in before it is asked for.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use trace::ObjectId;

use crate::{Addresses, Error, Info, ParamError, Request, Setup};

/// What became of the request that a prefetcher sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The object was not resident.
    Miss,
    /// It was.
    Hit,
    /// It was, thanks to a prefetch, and is used for the first time since.
    FirstUse,
}

/// A prefetcher beside a cache of any eviction policy.
///
/// It sees every request with its outcome, and then names objects. Those that are not resident come
/// in as if they had been missed, in the order named: victims leave for them.
pub trait Prefetch {
    /// Parameters.
    type Params: Default + Serialize + DeserializeOwned + JsonSchema
    where
        Self: Sized;

    /// For prefetchers that compute with addresses: names every address that it may ever want, given
    /// the addresses of all requests in order. Those that no request is for become objects as well,
    /// so that prefetching them in vain takes their place in the cache.
    fn prospects(
        _params: &Self::Params,
        _requests: &mut dyn Iterator<Item = u64>,
        _want: &mut dyn FnMut(u64),
    ) -> Result<(), ParamError>
    where
        Self: Sized,
    {
        Ok(())
    }

    /// A prefetcher beside an empty cache. `addresses` is empty unless it is declared to need them.
    fn new(setup: &Setup, params: &Self::Params, addresses: Addresses) -> Result<Self, ParamError>
    where
        Self: Sized;

    /// A request was served; appends what to bring in to `want`, which is empty.
    fn on_request(&mut self, request: &Request, outcome: Outcome, want: &mut Vec<ObjectId>);

    /// Bytes of state.
    fn state_bytes(&self) -> usize;
}

/// Makes a prefetcher with parameters given as values.
pub type BuildPrefetch =
    fn(&Setup, &Map<String, Value>, Addresses) -> Result<Box<dyn Prefetch>, Error>;

/// [`Prefetch::prospects`] with parameters given as values.
pub type Prospects = fn(
    &Map<String, Value>,
    &mut dyn Iterator<Item = u64>,
    &mut dyn FnMut(u64),
) -> Result<(), Error>;

/// What only prefetchers say of themselves.
#[derive(Debug, Clone, Copy)]
pub struct PrefetchKind {
    /// It computes with addresses, so keys must be numbers; what it may ask for.
    pub prospects: Option<Prospects>,
    /// One with parameters given as values.
    pub build: BuildPrefetch,
}

/// A registered prefetcher.
pub type PrefetchInfo = Info<PrefetchKind>;

/// Declares a prefetcher as [`policy!`](crate::policy) does an eviction policy, and whether it needs
/// addresses.
#[macro_export]
macro_rules! prefetch {
    (
        #[doc = $doc:literal]
        $type:ty = $name:literal {
            addresses: $addresses:literal,
            aliases: [$($alias:literal),*],
            paper: ($($paper:literal),*) $(,)?
        }
    ) => {
        $crate::info! {
            $crate::PrefetchInfo, $doc, $name, [$($alias),*], ($($paper),*),
            <$type as $crate::Prefetch>::Params,
            $crate::PrefetchKind {
                prospects: if $addresses {
                    Some(|parameters, requests, want| {
                        let params = $crate::params_of("prefetcher", $name, parameters)?;
                        <$type as $crate::Prefetch>::prospects(&params, requests, want)
                            .map_err(|source| $crate::Error::parameter("prefetcher", $name, source))
                    })
                } else {
                    None
                },
                build: |setup, parameters, addresses| {
                    let params = $crate::params_of("prefetcher", $name, parameters)?;
                    match <$type as $crate::Prefetch>::new(setup, &params, addresses) {
                        Ok(prefetcher) => Ok(Box::new(prefetcher)),
                        Err(source) => Err($crate::Error::parameter("prefetcher", $name, source)),
                    }
                },
            }
        }
    };
}
