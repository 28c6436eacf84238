//! Cache policies, one file each, and the lists of them: eviction policies, admission policies and
//! prefetchers; and [`bounds`], which are run like eviction policies and evict nothing.
//!
//! To add one: write `eviction/my_policy.rs` after the model of [`eviction::lru`] (or a file in
//! `admission/` or `prefetch/`), and add its name to the list in `mod.rs` beside it. Documentation,
//! command line, scenario schema and the conformance tests follow from the list.

/// Expands a list of module names to the modules, the slice of what they say of themselves, and the
/// conformance tests for each.
macro_rules! policies {
    ($info:ident checked by $check:ident: $($module:ident),* $(,)?) => {
        $(pub mod $module;)*

        /// All of them, in alphabetical order of their files.
        pub static ALL: &[&cache::$info] = &[$(&$module::INFO),*];

        #[cfg(test)]
        mod conformance {
            $(
                #[test]
                fn $module() {
                    crate::tests::$check::check(&super::$module::INFO);
                }
            )*
        }
    };
}

pub mod admission;
pub mod bounds;
pub mod eviction;
mod fifo_queue;
mod heap;
mod index_set;
mod lists;
pub mod prefetch;
#[cfg(feature = "products")]
pub mod products;
mod queue;
mod recency_log;
mod redis_pool;
mod ring;
mod roster;
mod sketch;
#[cfg(test)]
mod tests;

use cache::{AdmissionInfo, Error, Info, PolicyInfo, PolicySpec, PrefetchInfo, Setup, Unit};

/// All eviction policies, in alphabetical order.
pub use eviction::ALL;

/// All that can be run by name: eviction policies, then bounds, then products if they are built in.
pub fn all() -> impl Iterator<Item = &'static PolicyInfo> + Clone {
    #[cfg(feature = "products")]
    let products = products::ALL;
    #[cfg(not(feature = "products"))]
    let products = &[];
    [ALL, bounds::ALL, products].into_iter().flatten().copied()
}

/// The eviction policy, bound or product called `name`, by name or alias.
pub fn find(name: &str) -> Result<&'static PolicyInfo, Error> {
    find_in(all(), "policy", name).map_err(|error| match PRODUCTS.contains(&name) {
        true => Error::NotBuiltIn { name: name.to_string() },
        false => error,
    })
}

/// Names of the products, which a build without them knows as well.
const PRODUCTS: [&str; 3] = ["foyer", "moka", "quick-cache"];

/// The admission policy called `name`, by name or alias.
pub fn find_admission(name: &str) -> Result<&'static AdmissionInfo, Error> {
    find_in(admission::ALL.iter().copied(), "admission policy", name)
}

/// The prefetcher called `name`, by name or alias.
pub fn find_prefetch(name: &str) -> Result<&'static PrefetchInfo, Error> {
    find_in(prefetch::ALL.iter().copied(), "prefetcher", name)
}

fn find_in<K>(
    all: impl Iterator<Item = &'static Info<K>> + Clone,
    what: &'static str,
    name: &str,
) -> Result<&'static Info<K>, Error> {
    let known = |info: &&'static Info<K>| info.name == name || info.aliases.contains(&name);
    all.clone().find(known).ok_or_else(|| {
        let names =
            all.flat_map(|info| [info.name].into_iter().chain(info.aliases.iter().copied()));
        let nearest = trace::error::nearest(&name.to_lowercase(), names).map(str::to_string);
        Error::NoSuchPolicy { what, name: name.to_string(), nearest }
    })
}

/// What policies are built for when only their parameters are checked.
fn nominal(unit: Unit) -> Setup {
    Setup { capacity: 1000, unit, n_objects: 1, n_requests: 1, seed: 0 }
}

/// Looks a specification up and checks its parameters at a nominal capacity, so that a misspelt
/// one is refused before any trace is read.
pub fn resolve(spec: &PolicySpec) -> Result<&'static PolicyInfo, Error> {
    let info = find(&spec.name)?;
    (info.kind.check)(&nominal(Unit::Objects), &spec.parameters)?;
    Ok(info)
}

/// As [`resolve`], for a tier, which needs a cache: bounds and products are refused.
pub fn resolve_for_tier(spec: &PolicySpec) -> Result<&'static PolicyInfo, Error> {
    let info = find(&spec.name)?;
    (info.kind.build)(&nominal(Unit::Objects), &spec.parameters)?;
    Ok(info)
}

/// As [`resolve`], an admission policy before a cache whose capacity counts `unit`.
pub fn resolve_admission(spec: &PolicySpec, unit: Unit) -> Result<&'static AdmissionInfo, Error> {
    let info = find_admission(&spec.name)?;
    (info.kind.build)(&nominal(unit), &spec.parameters)?;
    Ok(info)
}

/// As [`resolve`], a prefetcher.
pub fn resolve_prefetch(spec: &PolicySpec) -> Result<&'static PrefetchInfo, Error> {
    let info = find_prefetch(&spec.name)?;
    (info.kind.build)(&nominal(Unit::Objects), &spec.parameters, cache::Addresses::default())?;
    Ok(info)
}
