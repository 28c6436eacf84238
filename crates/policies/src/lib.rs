//! Cache policies, one file each, and the list of them.
//!
//! To add one: write `eviction/my_policy.rs` after the model of [`eviction::lru`], and add its name
//! to the list in `eviction/mod.rs`. Documentation, command line, scenario schema and the
//! conformance tests follow from the list. [`bounds`] are run like policies and evict nothing.

pub mod bounds;
pub mod eviction;
mod fifo_queue;
mod heap;
mod index_set;
mod lists;
#[cfg(feature = "products")]
pub mod products;
mod queue;
mod redis_pool;
mod roster;
mod sketch;
#[cfg(test)]
mod tests;

use cache::{Error, PolicyInfo, PolicySpec};

/// All eviction policies, in alphabetical order.
pub use eviction::ALL;

/// All that can be run by name: eviction policies, then bounds, then products if they are built in.
pub fn all() -> impl Iterator<Item = &'static PolicyInfo> {
    #[cfg(feature = "products")]
    let products = products::ALL;
    #[cfg(not(feature = "products"))]
    let products = &[];
    [ALL, bounds::ALL, products].into_iter().flatten().copied()
}

/// The policy called `name`, by name or alias.
pub fn find(name: &str) -> Result<&'static PolicyInfo, Error> {
    let known = |info: &&PolicyInfo| info.name == name || info.aliases.contains(&name);
    all().find(known).ok_or_else(|| Error::NoSuchPolicy {
        name: name.to_string(),
        nearest: trace::error::nearest(
            name,
            all().flat_map(|info| std::iter::once(info.name).chain(info.aliases.iter().copied())),
        )
        .map(str::to_string),
    })
}

/// What parameters are checked at before a capacity is known.
const NOMINAL: cache::Setup = cache::Setup {
    capacity: 1000,
    unit: cache::Unit::Objects,
    n_objects: 1,
    n_requests: 1,
    seed: 0,
};

/// Looks a specification up and checks its parameters at a nominal capacity, so that a misspelt
/// one is refused before any trace is read.
pub fn resolve(spec: &PolicySpec) -> Result<&'static PolicyInfo, Error> {
    let info = find(&spec.name)?;
    (info.check)(&NOMINAL, &spec.parameters)?;
    Ok(info)
}

/// The same for a tier, which needs a cache: bounds and products are refused.
pub fn resolve_for_tier(spec: &PolicySpec) -> Result<&'static PolicyInfo, Error> {
    let info = find(&spec.name)?;
    (info.build)(&NOMINAL, &spec.parameters)?;
    Ok(info)
}
